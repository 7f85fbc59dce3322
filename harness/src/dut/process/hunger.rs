//! How long the programs of the device waited for a processor: what they answer late because of
//! the host is no fault of theirs.
//!
//! Linux counts it for each process (`/proc/<pid>/schedstat`), and a process that waits is charged
//! when it runs again. Now and then it charges one that slept for many seconds (seen on virtual
//! machines, once or twice in a thousand runs), so nobody is believed to have waited for longer
//! than it can have been ready.

use std::collections::BTreeMap;
use std::time::Duration;

use ngnlab_sim::time::Time;

use super::processes::Processes;

/// Watches every process of the namespace but pid 1.
#[derive(Debug, Default)]
pub(super) struct Hunger {
    counts: BTreeMap<u32, Counts>,
    looked: Option<Time>,
}

/// How long a process has run and waited.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    ran: Duration,
    waited: Duration,
    /// Whether it wanted a processor at that time.
    ready: bool,
}

impl Counts {
    /// Returns how long it ran and waited after an earlier look, if it was there then.
    fn since(self, before: Option<Self>, elapsed: Duration) -> Self {
        let before = before.unwrap_or_default();
        let waited = self.waited.saturating_sub(before.waited);
        Self {
            ran: self.ran.saturating_sub(before.ran),
            waited: match before.ready {
                true => waited,
                false => waited.min(elapsed),
            },
            ready: self.ready,
        }
    }
}

impl Hunger {
    /// Returns how long the programs waited since this was looked at last, if it is worth telling.
    pub(super) fn look(&mut self, processes: &Processes, now: Time) -> Option<Duration> {
        let elapsed = now.since(self.looked.unwrap_or(Time::ZERO));
        if self.looked.is_some() && elapsed < LOOK_EVERY {
            return None;
        }
        self.looked = Some(now);
        let before = std::mem::replace(&mut self.counts, counts(processes));
        let lately: Vec<Counts> = self
            .counts
            .iter()
            .map(|(pid, now)| now.since(before.get(pid).copied(), elapsed))
            .collect();
        let ran: Duration = lately.iter().map(|one| one.ran).sum();
        // Programs wait side by side: what takes longest is what a question waits for. While the
        // others of the device ran, it was they who kept it waiting, and not the host.
        let by_host = lately
            .iter()
            .map(|one| (one.waited + one.ran).saturating_sub(ran));
        let lately = by_host.max().unwrap_or_default();
        (lately > WORTH_TELLING).then_some(lately)
    }
}

fn counts(processes: &Processes) -> BTreeMap<u32, Counts> {
    let pids = processes.pids().into_iter();
    pids.filter_map(|pid| {
        let counts = processes.read(pid, "schedstat")?;
        let ran = nanos(&counts, 0)?;
        let waited = waited(&counts)?;
        let ready = is_ready(&processes.read(pid, "stat")?);
        Some((pid, Counts { ran, waited, ready }))
    })
    .collect()
}

/// Reads whether a process runs or waits for a processor: its state stands behind its name.
fn is_ready(stat: &str) -> bool {
    let state = stat.rsplit_once(") ");
    state.is_some_and(|(_, rest)| rest.starts_with('R'))
}

/// Reads the second number: nanoseconds spent ready to run, and not running.
pub(in crate::dut) fn waited(counts: &str) -> Option<Duration> {
    nanos(counts, 1)
}

fn nanos(counts: &str, field: usize) -> Option<Duration> {
    let nanos = counts.split_ascii_whitespace().nth(field)?.parse().ok()?;
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
    fn nobody_waited_for_longer_than_it_was_ready() {
        let counts = |waited, ready| Counts {
            ran: Duration::ZERO,
            waited: Duration::from_secs(waited),
            ready,
        };
        let lately = |before| counts(20, false).since(before, LOOK_EVERY).waited;
        assert_eq!(lately(Some(counts(3, false))), LOOK_EVERY);
        assert_eq!(lately(None), LOOK_EVERY);
        // It may have been waiting for long.
        assert_eq!(lately(Some(counts(3, true))), Duration::from_secs(17));
        assert!(is_ready("7 (a) b) R 1 7"));
        assert!(!is_ready("7 (R) S 1 7") && !is_ready(""));
    }

    #[test]
    fn what_was_waited_is_told_once() {
        let mut hunger = Hunger::default();
        let processes = Processes::new(File::open("/proc").unwrap().into());
        hunger.look(&processes, Time::ZERO);
        assert_eq!(hunger.look(&processes, Time::ZERO), None);
        let total: Duration = hunger.counts.values().map(|one| one.waited).sum();
        let lately = hunger
            .look(&processes, Time::ZERO + LOOK_EVERY)
            .unwrap_or_default();
        assert!(lately <= total + LOOK_EVERY * 1000);
    }
}
