//! How late the host was, and when: time that is not the device's.

use std::collections::VecDeque;
use std::time::Duration;

use ngnlab_sim::trace::Seen;
use ngnlab_sim::{Time, Trace};

/// Every time that the host was late, in the order of the trace.
#[derive(Debug, Default)]
pub struct Lateness {
    /// When it was noticed, and by how much.
    late: Vec<(Time, Duration)>,
}

impl Lateness {
    pub(super) fn of(trace: &Trace) -> Self {
        let records = trace.records.iter();
        let late = records.filter_map(|record| match record.seen {
            Seen::Late(by) => Some((record.at, by)),
            _ => None,
        });
        Self {
            late: late.collect(),
        }
    }

    /// Returns the most that the host was late in all within a few seconds.
    pub fn at_a_time(&self) -> Duration {
        most_at_a_time(self.late.iter().copied())
    }

    /// Returns the most that it was late in all within a few seconds between two points in time.
    pub fn between(&self, from: Time, to: Time) -> Duration {
        most_at_a_time(self.meeting(from, to))
    }

    /// Returns what it was late in all between two points in time, but for what is always lost.
    pub fn in_all(&self, from: Time, to: Time) -> Duration {
        let late = self.meeting(from, to).map(|(_, by)| by);
        late.filter(|by| *by >= WORTH_ADDING).sum()
    }

    fn meeting(&self, from: Time, to: Time) -> impl Iterator<Item = (Time, Duration)> {
        let late = self.late.iter().copied();
        // What was noticed later may have been late by then.
        late.filter(move |(noticed, by)| from <= *noticed && *noticed - *by <= to + NOTICED_AFTER)
    }
}

fn most_at_a_time(late: impl Iterator<Item = (Time, Duration)>) -> Duration {
    let mut recent: VecDeque<(Time, Duration)> = VecDeque::new();
    let mut most = Duration::ZERO;
    for (at, by) in late {
        recent.push_back((at, by));
        while recent
            .front()
            .is_some_and(|(first, _)| at.since(*first) > A_TIME)
        {
            recent.pop_front();
        }
        most = most.max(recent.iter().map(|(_, by)| *by).sum());
    }
    most
}

/// As long as a question and its answer take, the repetitions included.
pub const A_TIME: Duration = Duration::from_secs(5);
/// Protocols repeat themselves after a second: who was kept waiting for longer was asked again.
pub const OVERLOADED: Duration = Duration::from_secs(1);
/// Less is what a host of several processes always costs, over and over.
const WORTH_ADDING: Duration = Duration::from_millis(50);
/// The device's programs are looked at twice a second, and what they say four times.
const NOTICED_AFTER: Duration = Duration::from_millis(750);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissection::builder::TraceBuilder;

    #[test]
    fn what_comes_close_together_adds_up() {
        let mut trace = TraceBuilder::new("next-pd");
        let late = Seen::Late(Duration::from_millis(400));
        for at in [1_000, 3_000, 5_000] {
            trace.at(at).seen(late.clone());
        }
        let most = |trace: &TraceBuilder| Lateness::of(&trace.trace).at_a_time();
        assert_eq!(most(&trace), Duration::from_millis(1200));
        trace.at(30_000).seen(late);
        assert_eq!(most(&trace), Duration::from_millis(1200));
    }

    #[test]
    fn what_was_late_at_another_time_does_not_count() {
        let mut trace = TraceBuilder::new("next-pd");
        let late = Seen::Late(Duration::from_millis(2000));
        trace.at(20_000).seen(late);
        let lateness = Lateness::of(&trace.trace);
        let between = |from: u64, to: u64| {
            let at = |millis| Time::ZERO + Duration::from_millis(millis);
            lateness.between(at(from), at(to))
        };
        assert_eq!(between(0, 17_000), Duration::ZERO);
        assert_eq!(between(0, 19_000), Duration::from_secs(2));
        assert_eq!(between(19_000, 30_000), Duration::from_secs(2));
        assert_eq!(between(20_001, 30_000), Duration::ZERO);
    }

    #[test]
    fn a_host_that_is_late_all_the_time_delays_what_takes_long() {
        let mut trace = TraceBuilder::new("next-pd");
        for second in 0..30 {
            let late = |millis| Seen::Late(Duration::from_millis(millis));
            trace.at(1_000 * second).seen(late(200)).seen(late(4));
        }
        let lateness = Lateness::of(&trace.trace);
        let all = (Time::ZERO, Time::from_secs(60));
        assert_eq!(lateness.in_all(all.0, all.1), Duration::from_secs(6));
        assert!(lateness.between(all.0, all.1) < Duration::from_secs(2));
    }
}
