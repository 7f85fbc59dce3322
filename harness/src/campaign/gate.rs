//! When the next run may begin: once the host keeps up with those that run, measured by how late
//! it is, and has memory for one more.
//!
//! No number of runs is fixed. Most of the time they wait; what they need at their start is what
//! keeps the others waiting.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ngnlab_sim::time::Time;

use crate::dut::description::part::Cost;

/// Knows what runs, and how late the host was lately.
#[derive(Debug)]
pub(super) struct Gate {
    processors: usize,
    running: usize,
    starting: BTreeMap<Ticket, Starting>,
    tickets: u64,
    last_start: Option<Starting>,
    late: VecDeque<(Time, Duration)>,
}

/// A run that has begun.
#[derive(Clone, Copy, Debug)]
struct Starting {
    began: Time,
    cost: Cost,
}

/// What names a run that has begun.
pub(super) type Ticket = u64;

impl Gate {
    pub(super) fn new(processors: usize) -> Self {
        Self {
            processors: processors.max(1),
            running: 0,
            starting: BTreeMap::new(),
            tickets: 0,
            last_start: None,
            late: VecDeque::new(),
        }
    }

    /// Takes in that the host was late.
    pub(super) fn late(&mut self, now: Time, by: Duration) {
        self.late.push_back((now, by));
        self.forget(now);
    }

    /// Returns whether a run of this cost may begin, given how many bytes of memory are free, if that
    /// is known.
    pub(super) fn is_open(&mut self, now: Time, cost: Cost, free: Option<u64>) -> bool {
        // Who is alone disturbs nobody, and somebody has to go on.
        if self.running == 0 {
            return true;
        }
        self.starting
            .retain(|_, run| now.since(run.began) < STARTS_WITHIN);
        // What is starting has not taken its memory yet.
        let starting = self.starting.values().map(|run| run.cost.memory);
        let needed = KEPT_FREE + cost.memory + starting.sum::<u64>();
        if self.starting.len() >= self.processors || free.is_some_and(|free| free < needed) {
            return false;
        }
        self.forget(now);
        let late = self.late.iter().map(|(_, by)| *by).max();
        let Some(last) = self.last_start else {
            return true;
        };
        // Twice as late, four times as long: who was late for a moment holds nobody up.
        let times = late.unwrap_or_default().div_duration_f64(CALM).max(1.0);
        let pause = apart(last.cost, self.processors)
            .mul_f64(times * times)
            .min(LONGEST_PAUSE);
        now.since(last.began) >= pause
    }

    /// Takes in that a run of this cost begins.
    pub(super) fn start(&mut self, now: Time, cost: Cost) -> Ticket {
        self.tickets += 1;
        self.running += 1;
        let run = Starting { began: now, cost };
        self.starting.insert(self.tickets, run);
        self.last_start = Some(run);
        self.tickets
    }

    /// Takes in that a run has its device ready.
    pub(super) fn ready(&mut self, ticket: Ticket) {
        self.starting.remove(&ticket);
    }

    /// Takes in that a run has ended.
    pub(super) fn end(&mut self, ticket: Ticket) {
        self.starting.remove(&ticket);
        self.running = self.running.saturating_sub(1);
    }

    fn forget(&mut self, now: Time) {
        let is_old = |(at, _): &(Time, Duration)| now.since(*at) > LATELY;
        while self.late.front().is_some_and(is_old) {
            self.late.pop_front();
        }
    }
}

/// Returns for how long after a start of this cost none follows where nothing is late: as long as
/// all processors are busy with it.
pub(super) fn apart(cost: Cost, processors: usize) -> Duration {
    cost.start / u32::try_from(processors.max(1)).unwrap_or(u32::MAX)
}

/// Whoever starts for longer, as an emulated machine, keeps nobody else from it.
const STARTS_WITHIN: Duration = Duration::from_secs(5);
/// The device's programs are looked at twice a second, and what they say four times.
const LATELY: Duration = Duration::from_millis(1500);
/// So late is no one but for a moment; a failure is excused from a second on.
const CALM: Duration = Duration::from_millis(100);
/// Who is late in spite of it is kept waiting by others than us.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// For the host, and for what traces grow to.
const KEPT_FREE: u64 = 256 << 20;

#[cfg(test)]
mod tests;
