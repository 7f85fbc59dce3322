//! The frames that are on the cables: sent, and not yet delivered.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::cable::{Cable, End};
use crate::frame::Frame;
use crate::time::Time;

/// The frames on all cables, ordered by when they arrive, and then by when they were sent.
#[derive(Default)]
pub(super) struct Transit {
    queue: BinaryHeap<Reverse<Delivery>>,
    sequence: u64,
}

/// A frame on its way.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Delivery {
    at: Time,
    sequence: u64,
    /// The cable it is on.
    pub(super) cable: Cable,
    /// The end it travels to.
    pub(super) to: End,
    frame: Unordered,
}

/// A frame that takes no part in the ordering of deliveries.
struct Unordered(Frame);

impl Transit {
    /// Puts a frame on a cable, to arrive at its end at `at`.
    pub(super) fn push(&mut self, at: Time, cable: Cable, to: End, frame: Frame) {
        self.sequence += 1;
        self.queue.push(Reverse(Delivery {
            at,
            sequence: self.sequence,
            cable,
            to,
            frame: Unordered(frame),
        }));
    }

    /// Returns how many frames there are.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Returns when the next frame arrives.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.queue.peek().map(|Reverse(delivery)| delivery.at)
    }

    /// Takes out the next frame that has arrived by `now`.
    pub(super) fn pop(&mut self, now: Time) -> Option<Delivery> {
        if self.next_at()? > now {
            return None;
        }
        self.queue.pop().map(|Reverse(delivery)| delivery)
    }

    /// Throws every frame away, and returns how many there were.
    pub(super) fn clear(&mut self) -> usize {
        let count = self.queue.len();
        self.queue.clear();
        count
    }
}

impl Delivery {
    /// Returns the frame.
    pub(super) fn frame(&self) -> &Frame {
        &self.frame.0
    }
}

impl PartialEq for Unordered {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Unordered {}

impl PartialOrd for Unordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Unordered {
    fn cmp(&self, _other: &Self) -> Ordering {
        Ordering::Equal
    }
}
