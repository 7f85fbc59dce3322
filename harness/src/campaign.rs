//! Many jobs at the same time: who runs which, how far it is, and what is kept of each.

use std::borrow::Borrow;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ngnlab_reports::{Case, Outcome};
use ngnlab_sim::time::{Pace, Time};

use crate::dut::description::excuse::Excuse;
use crate::dut::description::part::Cost;
use crate::dut::description::{Description, Known};
use crate::error::Error;
use crate::job::{Device, Job};
use crate::scenario::Scenario;

pub mod estimate;
mod gate;
mod one;
mod pacer;
mod progress;

pub use one::keep;
pub(crate) use one::{CAPTURE, TRACE};
use one::{HANDS, Hands};
use pacer::Pacer;
pub use pacer::processors;
use progress::Progress;
pub use progress::Watched;

/// A job with its scenario.
pub struct Entry {
    /// What to run.
    pub job: Job,
    /// Its scenario.
    pub scenario: Scenario,
    /// What the device's file says about its failures.
    pub known: Arc<[Known]>,
    /// What its file says need not be judged.
    pub excuses: Arc<[Excuse]>,
}

impl Entry {
    /// Returns whether it takes its time, and what it shares the host with can spoil it.
    fn is_real_time(&self) -> bool {
        match &self.job.device {
            Device::Reference(_) => self.job.pace == Some(Pace::Realtime),
            Device::File(_) => true,
        }
    }

    /// Returns what it takes of this machine.
    fn cost(&self) -> Cost {
        match &self.job.device {
            Device::Reference(_) => Cost::default(),
            Device::File(path) => Description::load(path)
                .map(|description| description.driver.part().cost())
                .unwrap_or_default(),
        }
    }

    /// Returns how long it takes in real time: nothing where time is virtual, or where the device
    /// does not offer what the scenario asks for.
    pub fn length(&self) -> Duration {
        let length = self.scenario.end().since(Time::ZERO);
        match &self.job.device {
            Device::Reference(_) if self.job.pace == Some(Pace::Realtime) => length,
            Device::Reference(_) => Duration::ZERO,
            Device::File(path) => {
                let offered = Description::load(path).is_ok_and(|description| {
                    let setup = self.scenario.setup(self.job.area, description.macs);
                    description.offers(&setup)
                });
                if offered {
                    length + STARTING
                } else {
                    Duration::ZERO
                }
            }
        }
    }
}

/// How jobs are run.
pub struct Campaign<'a> {
    /// How many at the same time, at most: where time is real, as many as the host keeps up with.
    pub jobs: usize,
    /// Who watches how far they are.
    pub progress: Watched,
    /// Set from outside to start no further job.
    pub stop: &'a AtomicBool,
}

/// Keeps a case that has ended, by the number of its entry.
pub type Keep<'a> = &'a (dyn Fn(usize, &Case) -> Result<(), Error> + Sync);

impl Campaign<'_> {
    /// Runs every job; returns a case for each in their order, `None` where it was stopped.
    pub fn run<E: Borrow<Entry> + Sync>(&self, entries: &[E]) -> Vec<Option<Case>> {
        self.run_and_keep(entries, &|_, _| Ok(()))
    }

    /// Runs every job like [`Campaign::run`], and has each case kept as soon as it ends.
    ///
    /// A case that cannot be kept is an error of ours.
    pub fn run_and_keep<E: Borrow<Entry> + Sync>(
        &self,
        entries: &[E],
        keep: Keep<'_>,
    ) -> Vec<Option<Case>> {
        self.run_by(entries, HANDS, keep)
    }

    /// Runs every job like [`Campaign::run`], and hands each case over as soon as it ends: of many
    /// jobs, there is no room for all of them.
    pub fn run_and_hand_over<E: Borrow<Entry> + Sync>(
        &self,
        entries: &[E],
        take: &(dyn Fn(usize, Case) + Sync),
    ) {
        self.hand_over(entries, HANDS, &|_, _| Ok(()), take);
    }

    fn run_by<E: Borrow<Entry> + Sync>(
        &self,
        entries: &[E],
        hands: Hands<'_>,
        keep: Keep<'_>,
    ) -> Vec<Option<Case>> {
        let cases: Mutex<Vec<Option<Case>>> = Mutex::new(vec![None; entries.len()]);
        self.hand_over(entries, hands, keep, &|index, case| {
            let mut cases = cases.lock().unwrap_or_else(PoisonError::into_inner);
            cases[index] = Some(case);
        });
        cases.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand_over<E: Borrow<Entry> + Sync>(
        &self,
        entries: &[E],
        hands: Hands<'_>,
        keep: Keep<'_>,
        take: &(dyn Fn(usize, Case) + Sync),
    ) {
        let next = AtomicUsize::new(0);
        let pacer = Pacer::new();
        let progress = Progress::new(entries, self.jobs, self.progress);
        let paced = entries.iter().any(|entry| entry.borrow().is_real_time());
        thread::scope(|scope| {
            let mover = scope.spawn(|| progress.keep_moving());
            if paced {
                scope.spawn(|| pacer.keep_measuring());
            }
            let work = || {
                while !self.stop.load(Ordering::Relaxed) {
                    let queue = pacer.queue();
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(entry) = entries.get(index).map(Borrow::borrow) else {
                        return;
                    };
                    let real_time = entry.is_real_time();
                    let turn = real_time.then(|| pacer.take_turn(entry.cost(), self.stop));
                    // Beside those, one that computes without end would keep them waiting.
                    let processor = (paced && !real_time).then(|| pacer.take_processor(self.stop));
                    drop(queue);
                    progress.start(index);
                    let mut case = one::case(entry, hands, self.stop, &mut |sign| {
                        if let Some(turn) = &turn {
                            turn.take_in(sign);
                        }
                    });
                    drop((turn, processor));
                    if let Some(case) = &mut case
                        && let Err(error) = keep(index, case)
                    {
                        case.outcome = Outcome::HarnessError(error.with_causes());
                    }
                    if let Some(case) = case {
                        take(index, case);
                    }
                    progress.end(index);
                }
            };
            let jobs = 0..self.jobs.clamp(1, entries.len().max(1));
            let workers: Vec<_> = jobs.map(|_| scope.spawn(work)).collect();
            for worker in workers {
                // Whatever it has done by then is in its place.
                let _ = worker.join();
            }
            progress.finish();
            pacer.finish();
            mover.thread().unpark();
        });
    }
}

/// Returns the folder of one case below the user's, whatever the scenario is called.
pub fn folder(out: &Path, scenario: &str, area: &str) -> PathBuf {
    let name = format!("{scenario}-{area}");
    let parts = Path::new(&name).components();
    let down = parts.filter(|part| matches!(part, Component::Normal(_)));
    out.join(down.collect::<PathBuf>())
}

/// How long a real device takes to get ready, roughly; an estimate needs no more.
const STARTING: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_scenario_leads_out_of_the_folder() {
        let folder = |scenario| folder(Path::new("out"), scenario, "east");
        assert_eq!(folder("dns/odd"), Path::new("out/dns/odd-east"));
        for name in ["../../odd", "/odd", "./../odd", "//odd"] {
            assert_eq!(folder(name), Path::new("out/odd-east"), "{name}");
        }
    }
}
