//! The records a world leaves, with a bound for each cable and each node: a flood must not fill the
//! memory.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::time::Duration;

use crate::cable::{End, Role};
use crate::fault::Fate;
use crate::frame::Frame;
use crate::time::Time;
use crate::trace::{Fact, Record, Seen};

/// Collects records.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) records: Vec<Record>,
    frames: BTreeMap<Role, Share>,
    facts: BTreeMap<String, usize>,
    lates: usize,
    loops: usize,
    /// What was left out, by its cable if it was a frame on one.
    suppressed: BTreeMap<Option<Role>, u64>,
    /// The first failure of a link that could not be told at once.
    pub(super) failure: Option<io::Error>,
}

/// What a cable has had of the trace.
#[derive(Default)]
struct Share {
    frames: u64,
    bytes: usize,
}

impl Recorder {
    /// Adds a record.
    pub(super) fn push(&mut self, at: Time, seen: Seen) {
        self.records.push(Record { at, seen });
    }

    /// Adds what a node tells, or only counts it once the node has told enough.
    pub(super) fn fact(&mut self, at: Time, node: &str, fact: Fact) {
        if !self.facts.contains_key(node) {
            self.facts.insert(node.to_owned(), 0);
        }
        let told = self.facts.get_mut(node);
        if told.is_some_and(|count| take(count, FACTS_PER_NODE)) {
            let node = node.to_owned();
            self.push(at, Seen::Fact { node, fact });
        } else {
            *self.suppressed.entry(None).or_default() += 1;
        }
    }

    /// Adds that the host was late, unless that was said often enough.
    pub(super) fn late(&mut self, at: Time, by: Duration) {
        if take(&mut self.lates, LATES_PER_TRACE) {
            self.push(at, Seen::Late(by));
        }
    }

    /// Adds that frames never stopped moving, or only counts them once that was said often enough.
    pub(super) fn stuck(&mut self, at: Time, count: u64) {
        if take(&mut self.loops, LOOPS_PER_TRACE) {
            self.push(at, Seen::Suppressed { on: None, count });
        } else {
            *self.suppressed.entry(None).or_default() += count;
        }
    }

    /// Counts a frame that found no room on its cable.
    pub(super) fn lose(&mut self, on: Option<Role>) {
        *self.suppressed.entry(on).or_default() += 1;
    }

    /// Returns whether a cable has carried more than a trace holds.
    pub(super) fn is_flooded(&self) -> bool {
        self.suppressed.keys().any(Option::is_some)
    }

    /// Adds a frame, or only counts it once its cable has had its share.
    pub(super) fn frame(
        &mut self,
        at: Time,
        on: Role,
        from: End,
        frame: &Frame,
        fate: Fate,
        injected: bool,
    ) {
        let share = self.frames.entry(on).or_default();
        share.frames += 1;
        share.bytes = share.bytes.saturating_add(frame.len());
        if share.frames > FRAMES_PER_TRACE || share.bytes > BYTES_PER_TRACE {
            *self.suppressed.entry(Some(on)).or_default() += 1;
            return;
        }
        self.push(
            at,
            Seen::Frame {
                on,
                from,
                frame: frame.clone(),
                fate,
                injected,
            },
        );
    }

    /// Returns the records, with how many were left out at the end.
    pub(super) fn finish(mut self, now: Time) -> Vec<Record> {
        for (on, count) in mem::take(&mut self.suppressed) {
            self.push(now, Seen::Suppressed { on, count });
        }
        self.records
    }
}

/// Counts one more, and returns whether that is still within the bound.
fn take(count: &mut usize, most: usize) -> bool {
    let within = *count < most;
    *count += usize::from(within);
    within
}

/// More than an hour of downloads has.
const FRAMES_PER_TRACE: u64 = 200_000;
/// As many bytes as so many frames of the line's MTU have (ngn-facts §1.2), for devices whose
/// interfaces take longer ones.
const BYTES_PER_TRACE: usize = 200_000 * 1_514;
/// A node tells some tens of things in a scenario; a device that connects without end makes a
/// server tell more.
const FACTS_PER_NODE: usize = 10_000;
/// A host that was late so often is overloaded, however much later it gets.
const LATES_PER_TRACE: usize = 50_000;
/// A loop on the LAN shows itself every millisecond.
const LOOPS_PER_TRACE: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Note;

    #[test]
    fn a_node_that_tells_without_end_fills_its_own_share_only() {
        let mut recorder = Recorder::default();
        for _ in 0..100_000 {
            recorder.fact(Time::ZERO, "talker", note());
        }
        recorder.fact(Time::ZERO, "quiet", note());
        assert!(!recorder.is_flooded());
        let records = recorder.finish(Time::ZERO);
        assert_eq!(records.len(), FACTS_PER_NODE + 2);
        let left_out = 100_000 - FACTS_PER_NODE as u64;
        let last = records.last().map(|record| &record.seen);
        let (on, count) = (None, left_out);
        assert_eq!(last, Some(&Seen::Suppressed { on, count }));
    }

    #[test]
    fn long_frames_fill_a_cables_share_by_their_bytes() {
        let mut recorder = Recorder::default();
        let frame = Frame::from(vec![0; 65_535]);
        let (wan, device) = (Role::Wan, End::Device);
        for _ in 0..10_000 {
            recorder.frame(Time::ZERO, wan, device, &frame, Fate::Pass, false);
        }
        assert!(recorder.is_flooded());
        assert!(recorder.records.len() * frame.len() <= BYTES_PER_TRACE);
        recorder.frame(Time::ZERO, Role::Lan, device, &frame, Fate::Pass, false);
        assert_eq!(recorder.finish(Time::ZERO).len(), 4_620 + 2);
    }

    #[test]
    fn a_host_that_is_always_late_is_recorded_often_enough() {
        let mut recorder = Recorder::default();
        for _ in 0..=LATES_PER_TRACE {
            recorder.late(Time::ZERO, Duration::from_millis(3));
        }
        assert_eq!(recorder.finish(Time::ZERO).len(), LATES_PER_TRACE);
    }

    fn note() -> Fact {
        let text = "again".to_owned();
        Fact::Note(Note { text })
    }
}
