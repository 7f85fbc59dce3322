//! How long the programs of the device waited for a processor: what they answer late because of
//! the host is no fault of theirs.
//!
//! Linux counts it for each process (`/proc/<pid>/schedstat`), and a process that waits is charged
//! when it runs again.

use std::collections::BTreeMap;
use std::time::Duration;

use ngnlab_sim::time::Time;

use super::processes::Processes;

/// Watches every process of the namespace but pid 1.
#[derive(Debug, Default)]
pub(super) struct Hunger {
    waited: BTreeMap<u32, Duration>,
    next: Time,
}

impl Hunger {
    /// Returns how long the programs waited since this was looked at last, if it is worth telling.
    pub(super) fn look(&mut self, processes: &Processes, now: Time) -> Option<Duration> {
        if now < self.next {
            return None;
        }
        self.next = now + LOOK_EVERY;
        let before = std::mem::replace(&mut self.waited, waits(processes));
        let lately = self.waited.iter().map(|(pid, waited)| {
            let before = before.get(pid).copied().unwrap_or_default();
            waited.saturating_sub(before)
        });
        // Programs wait side by side: what takes longest is what a question waits for.
        let lately = lately.max().unwrap_or_default();
        (lately > WORTH_TELLING).then_some(lately)
    }
}

/// Returns how long each process has waited in all.
fn waits(processes: &Processes) -> BTreeMap<u32, Duration> {
    let pids = processes.pids().into_iter();
    pids.filter_map(|pid| {
        let counts = processes.read(pid, "schedstat")?;
        Some((pid, waited(&counts)?))
    })
    .collect()
}

/// Reads the second number: nanoseconds spent ready to run, and not running.
pub(in crate::dut) fn waited(counts: &str) -> Option<Duration> {
    let nanos = counts.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Less is what a host of several processes always costs.
const WORTH_TELLING: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn the_second_number_counts() {
        assert_eq!(waited("12 3456 7\n"), Some(Duration::from_nanos(3456)));
        assert_eq!(waited(""), None);
    }

    #[test]
    fn what_was_waited_is_told_once() {
        let mut hunger = Hunger::default();
        let processes = Processes::new(File::open("/proc").unwrap().into());
        hunger.look(&processes, Time::ZERO);
        assert_eq!(hunger.look(&processes, Time::ZERO), None);
        let total: Duration = hunger.waited.values().sum();
        let lately = hunger
            .look(&processes, Time::ZERO + LOOK_EVERY)
            .unwrap_or_default();
        assert!(lately <= total + LOOK_EVERY * 1000);
    }
}
