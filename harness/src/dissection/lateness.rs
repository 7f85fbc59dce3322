//! How late the host was: time that is not the device's.

use std::collections::VecDeque;
use std::time::Duration;

use ngnlab_sim::trace::Seen;
use ngnlab_sim::{Time, Trace};

/// Returns the most that a host was late in all within a few seconds.
pub(super) fn at_a_time(trace: &Trace) -> Duration {
    let late = trace.records.iter().filter_map(|record| match record.seen {
        Seen::Late(by) => Some((record.at, by)),
        _ => None,
    });
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
const A_TIME: Duration = Duration::from_secs(5);
/// Protocols repeat themselves after a second: who was kept waiting for longer was asked again.
pub(super) const OVERLOADED: Duration = Duration::from_secs(1);

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
        assert_eq!(at_a_time(&trace.trace), Duration::from_millis(1200));
        trace.at(30_000).seen(late);
        assert_eq!(at_a_time(&trace.trace), Duration::from_millis(1200));
    }
}
