//! What the device had of its processors, and how long it waited for what others had of them.

use std::collections::BTreeMap;
use std::fs;
use std::process;
use std::time::Duration;

use super::effort::{Machine, Used, of_this_process, span};

/// A device as far as the kernel counts what it does.
#[derive(Clone, Debug)]
pub(super) struct Device {
    /// Whose time is its own.
    pub(super) whose: Whose,
    /// The processors that it alone is kept to; none where it shares those of the tester.
    pub(super) processors: Vec<usize>,
}

/// Whose processor time is the device's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    /// That of every process below this one.
    Below,
    /// That of a thread of this process.
    Thread(i32),
    /// Nobody's here: it is a machine of its own.
    Nobodys,
}

/// What a device has done since it began.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// For how long it ran.
    ran: Duration,
    /// For how long each of its threads could have run, but another one did.
    waited: BTreeMap<i32, Duration>,
    /// What its processors did, for whomever, without what the tester had them do.
    busy: Duration,
}

impl Device {
    /// One of which nothing is known here.
    pub(super) const NOBODYS: Self = Self {
        whose: Whose::Nobodys,
        processors: Vec::new(),
    };

    /// Returns what it has done, if that is known.
    pub(super) fn done(&self) -> Option<Done> {
        let (ran, waited) = match self.whose {
            Whose::Below => below(process::id()),
            Whose::Thread(id) => {
                let used = Used::of_thread(id);
                (used.ran, [(id, used.waited)].into())
            }
            Whose::Nobodys => return None,
        };
        let busy = match (self.processors.is_empty(), self.whose) {
            (false, _) => Machine::of(&self.processors).busy,
            // The device's thread is in what this process has used.
            (true, Whose::Thread(_)) => {
                (Machine::now().busy + ran).saturating_sub(of_this_process())
            }
            (true, _) => Machine::now().busy.saturating_sub(of_this_process()),
        };
        Some(Done { ran, waited, busy })
    }
}

impl Done {
    /// Returns for how long it ran after an earlier look.
    pub(super) fn ran_since(&self, before: &Self) -> Duration {
        self.ran.saturating_sub(before.ran)
    }

    /// Returns for how long it waited after an earlier look while its processors worked for others.
    ///
    /// Its own threads keep each other waiting as well, and so does a quota, while processors are
    /// idle: both are the device's.
    pub(super) fn starved_since(&self, before: &Self) -> Duration {
        let waited = self.waited.iter().map(|(id, waited)| {
            let before = before.waited.get(id).copied().unwrap_or_default();
            waited.saturating_sub(before)
        });
        let busy = self.busy.saturating_sub(before.busy);
        let for_others = busy.saturating_sub(self.ran_since(before));
        waited.max().unwrap_or_default().min(for_others)
    }
}

/// Returns for how long all processes below one ran, and for how long each thread of theirs waited.
fn below(top: u32) -> (Duration, BTreeMap<i32, Duration>) {
    let mut ticks = 0;
    let mut waited = BTreeMap::new();
    let all: Vec<Process> = numbers("/proc").filter_map(Process::read).collect();
    let mut family = vec![top];
    // Each round finds the next generation; a device may have a few.
    while let Some(parent) = family.pop() {
        for process in all.iter().filter(|process| process.parent == parent) {
            ticks += process.ticks;
            waited.extend(process.waited());
            family.push(process.pid);
        }
    }
    (span(ticks), waited)
}

struct Process {
    pid: u32,
    parent: u32,
    ticks: u64,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may have anything in it, brackets too.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            // Its own, and its children's that have ended.
            ticks: number(11)? + number(12)? + number(13)? + number(14)?,
        })
    }

    /// Returns for how long each of its threads waited.
    fn waited(&self) -> impl Iterator<Item = (i32, Duration)> {
        let tasks = format!("/proc/{}/task", self.pid);
        numbers(&tasks).filter_map(move |id| {
            let used = Used::read(&format!("{tasks}/{id}/schedstat"))?;
            Some((i32::try_from(id).ok()?, used.waited))
        })
    }
}

/// Returns the entries of a folder of the kernel's that are numbers.
fn numbers(folder: &str) -> impl Iterator<Item = u32> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_counts_as_far_as_others_had_the_processors() {
        // It ran for two seconds, and one of its threads waited for six.
        let starved = |busy: u64| {
            let now = done(3, [(1, 1), (2, 8)], 10 + busy);
            now.starved_since(&done(1, [(1, 1), (2, 2)], 10)).as_secs()
        };
        // Its processors were idle besides: a quota, or its own threads.
        assert_eq!(starved(2), 0);
        assert_eq!(starved(5), 3);
        // However much others do, nobody waits for longer than it does.
        assert_eq!(starved(20), 6);
    }

    #[test]
    fn a_thread_that_has_begun_meanwhile_waited_from_then_on() {
        let now = done(0, [(1, 1), (7, 4)], 10);
        assert_eq!(
            now.starved_since(&done(0, [(1, 1), (2, 9)], 0)).as_secs(),
            4
        );
    }

    #[test]
    fn what_runs_below_this_process_is_found_by_its_threads() {
        let mut child = process::Command::new("sleep").arg("60").spawn().unwrap();
        let (_, waited) = below(process::id());
        let id = i32::try_from(child.id()).unwrap();
        assert!(waited.contains_key(&id), "{waited:?}");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn done(ran: u64, waited: [(i32, u64); 2], busy: u64) -> Done {
        let waited = waited.into_iter();
        Done {
            ran: Duration::from_secs(ran),
            waited: waited
                .map(|(id, seconds)| (id, Duration::from_secs(seconds)))
                .collect(),
            busy: Duration::from_secs(busy),
        }
    }
}
