//! The frames among the records of a trace, as a capture of it counts them.

use super::{Seen, Trace};

/// The records of a trace that are frames, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames(Vec<usize>);

impl Frames {
    /// Finds the frames of a trace.
    pub fn of(trace: &Trace) -> Self {
        let records = trace.records.iter().enumerate();
        let frames = records.filter(|(_, record)| matches!(record.seen, Seen::Frame { .. }));
        Self(frames.map(|(number, _)| number).collect())
    }

    /// Returns the number of a record in the capture, counted from 1 as Wireshark does, if it is a
    /// frame.
    pub fn number(&self, record: usize) -> Option<u32> {
        let index = self.0.binary_search(&record).ok()?;
        u32::try_from(index + 1).ok()
    }

    /// Returns the frame at which a record can be seen in the capture: itself, the next frame
    /// after what is none, or the last one. There is none without frames.
    pub fn beside(&self, record: usize) -> Option<usize> {
        let next = self.0.partition_point(|frame| *frame < record);
        self.0.get(next).or(self.0.last()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_from_one_and_carry_what_comes_before_them() {
        let frames = Frames(vec![1, 4, 5]);
        let numbers: Vec<Option<u32>> = (0..6).map(|record| frames.number(record)).collect();
        assert_eq!(numbers, [None, Some(1), None, None, Some(2), Some(3)]);
        let beside: Vec<Option<usize>> = [0, 1, 2, 5, 6]
            .into_iter()
            .map(|record| frames.beside(record))
            .collect();
        assert_eq!(beside, [Some(1), Some(1), Some(4), Some(5), Some(5)]);
        assert_eq!(Frames::default().beside(0), None);
    }
}
