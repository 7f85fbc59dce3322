//! The one place that reads a clock, for worlds that run in real pace.
#![expect(clippy::disallowed_methods, reason = "this is where real time enters")]

use std::time::Instant;

use crate::time::Time;

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
