//! The one place that reads a clock, for worlds that run in real pace.
#![expect(clippy::disallowed_methods, reason = "this is where real time enters")]

use std::time::{Instant, SystemTime};

use crate::time::Time;

/// Returns the date and time of this machine, for what is written down beside a run.
pub fn date() -> SystemTime {
    SystemTime::now()
}

/// The machine's monotonic clock, counted from a chosen moment.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    zero: Instant,
    start: Time,
}

impl Clock {
    /// Starts a clock that shows `start` at this moment.
    pub fn starting_at(start: Time) -> Self {
        Self {
            zero: Instant::now(),
            start,
        }
    }

    /// Returns what the clock shows.
    pub fn now(&self) -> Time {
        self.start + self.zero.elapsed()
    }
}
