//! The one place that reads a clock, for worlds that run in real pace.
#![expect(clippy::disallowed_methods, reason = "this is where real time enters")]

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

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

    /// Returns what [`reading`] was when this clock showed zero.
    pub fn reading_at_zero(&self) -> Duration {
        reading().saturating_sub(self.now().since(Time::ZERO))
    }
}

/// Returns what the machine's monotonic clock shows, which is the same for all its processes.
pub fn reading() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clocks_are_told_from_each_other_by_what_the_machine_reads() {
        let early = Clock::starting_at(Time::ZERO);
        let late = Clock::starting_at(Time::from_secs(10));
        let apart = early.reading_at_zero().abs_diff(late.reading_at_zero());
        assert!(
            apart.abs_diff(Duration::from_secs(10)) < Duration::from_secs(1),
            "{apart:?}"
        );
    }
}
