//! What a run tells while it goes on, for whoever decides when the next one may begin.

use std::time::Duration;

use ngnlab_sim::trace::{Record, Seen};
use serde::{Deserialize, Serialize};

/// A sign of how a run is getting on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sign {
    /// The device is ready, and its cables are plugged in.
    Ready,
    /// The host kept the device or the line waiting.
    Late(Duration),
}

/// Reads the signs off the records of a run.
#[derive(Debug, Default)]
pub(super) struct Signs {
    begun: bool,
    seen: usize,
    told: usize,
}

impl Signs {
    /// Takes in all records so far, of a device that has started; returns what they newly show.
    pub(super) fn take_in(&mut self, records: &[Record]) -> Vec<Sign> {
        let mut signs = Vec::new();
        if !self.begun {
            self.begun = true;
            signs.push(Sign::Ready);
        }
        let new = records.get(self.seen..).unwrap_or_default();
        self.seen = records.len();
        let late = new.iter().filter_map(|record| match record.seen {
            Seen::Late(by) => Some(by),
            _ => None,
        });
        let late = late.max().filter(|by| *by >= WORTH_TELLING);
        if let Some(by) = late
            && self.told < MOST
        {
            self.told += 1;
            signs.push(Sign::Late(by));
        }
        signs
    }
}

/// Less keeps nobody from starting another run.
const WORTH_TELLING: Duration = Duration::from_millis(50);
/// Whoever was late so often has been heard; a worker may say no more than so much.
const MOST: usize = 300;

#[cfg(test)]
mod tests {
    use ngnlab_sim::Time;

    use super::*;

    #[test]
    fn each_sign_is_told_once_and_never_without_end() {
        let late = |millis| Record {
            at: Time::ZERO,
            seen: Seen::Late(Duration::from_millis(millis)),
        };
        let mut records = vec![late(10), late(70), late(60)];
        let mut signs = Signs::default();
        let worst = Sign::Late(Duration::from_millis(70));
        assert_eq!(signs.take_in(&records), [Sign::Ready, worst]);
        assert!(signs.take_in(&records).is_empty());
        records.push(late(20));
        assert!(signs.take_in(&records).is_empty());
        let mut told = 0;
        for _ in 0..1_000 {
            records.push(late(400));
            told += signs.take_in(&records).len();
        }
        assert_eq!(told, MOST - 1);
    }
}
