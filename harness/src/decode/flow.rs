//! One direction of a TCP connection: its bytes in their order.

use std::collections::BTreeMap;
use std::ops::Range;

/// The bytes of one direction.
#[derive(Debug, Default)]
pub(super) struct Flow {
    next: Option<u32>,
    early: BTreeMap<u32, Vec<u8>>,
    /// What came in order, and was not read so far.
    pub(super) waiting: Vec<u8>,
}

/// What became of a segment's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The first so many bytes were there before, and the rest stands in what waits.
    InOrder(usize, Range<usize>),
    /// Something before it is missing.
    Early,
    /// More waits for what is missing than can be kept.
    Lost,
}

impl Flow {
    /// Begins with the byte after this one, unless it began already.
    pub(super) fn begin_after(&mut self, sequence: u32) {
        self.next.get_or_insert(sequence.wrapping_add(1));
    }

    /// Takes in a segment's data. Where nobody saw a SYN, the first data begins the stream.
    pub(super) fn push(&mut self, sequence: u32, data: &[u8]) -> Arrival {
        let next = *self.next.get_or_insert(sequence);
        // Sequence numbers wrap (RFC 9293 §3.4).
        let ahead = sequence.wrapping_sub(next);
        if ahead != 0 && ahead < 1 << 31 {
            if self.early.len() >= MOST_EARLY {
                return Arrival::Lost;
            }
            self.early.insert(sequence, data.to_vec());
            return Arrival::Early;
        }
        let known = (next.wrapping_sub(sequence) as usize).min(data.len());
        let start = self.waiting.len();
        self.append(&data[known..]);
        let own = start..self.waiting.len();
        while let Some(bytes) = self.follower() {
            self.append(&bytes);
        }
        Arrival::InOrder(known, own)
    }

    fn append(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap_or(0);
        self.next = self.next.map(|next| next.wrapping_add(length));
        self.waiting.extend_from_slice(bytes);
    }

    /// Takes out what continues the stream of that which came early.
    fn follower(&mut self) -> Option<Vec<u8>> {
        let next = self.next?;
        let is_due = |sequence: &u32| next.wrapping_sub(*sequence) < 1 << 31;
        let sequence = self.early.keys().copied().find(is_due)?;
        let bytes = self.early.remove(&sequence)?;
        let known = (next.wrapping_sub(sequence) as usize).min(bytes.len());
        Some(bytes[known..].to_vec())
    }
}

/// Segments that may wait for one that comes late.
const MOST_EARLY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_early_waits_and_what_comes_again_is_known() {
        let mut flow = Flow::default();
        flow.begin_after(u32::MAX - 2);
        assert_eq!(flow.push(u32::MAX - 1, b"abc"), Arrival::InOrder(0, 0..3));
        assert_eq!(flow.push(4, b"gh"), Arrival::Early);
        assert_eq!(flow.push(0, b"cdef"), Arrival::InOrder(1, 3..6));
        assert_eq!(flow.waiting, b"abcdefgh");
        assert_eq!(flow.push(4, b"gh"), Arrival::InOrder(2, 8..8));
    }

    #[test]
    fn a_gap_that_never_closes_is_given_up() {
        let mut flow = Flow::default();
        flow.push(0, b"a");
        let arrivals = (1..100).map(|number| flow.push(number * 10, b"x"));
        assert_eq!(arrivals.last(), Some(Arrival::Lost));
    }
}
