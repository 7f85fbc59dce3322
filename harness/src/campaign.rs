//! Many jobs at the same time: who runs which, how far it is, and what is kept of each.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::panic::resume_unwind;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ngnlab_reports::{Case, Verdict};
use ngnlab_sim::time::{Pace, Time};

use crate::dut::description::{Description, Known};
use crate::error::Error;
use crate::job::{Device, Job};
use crate::report;
use crate::runner::Run;
use crate::scenario::Scenario;

pub mod estimate;
mod pacer;
mod progress;

use pacer::Pacer;
use progress::Progress;

/// A job with its scenario.
pub struct Entry {
    /// What to run.
    pub job: Job,
    /// Its scenario.
    pub scenario: Scenario,
    /// What the device's file says about its failures.
    pub known: Arc<[Known]>,
}

impl Entry {
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
                    description.offers(setup.mode)
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
    /// How many at the same time.
    pub jobs: usize,
    /// Whether somebody watches.
    pub progress: bool,
    /// Set from outside to start no further job.
    pub stop: &'a AtomicBool,
}

impl Campaign<'_> {
    /// Runs every job; returns a case for each in their order, `None` where it was stopped.
    pub fn run<E: Borrow<Entry> + Sync>(&self, entries: &[E]) -> Vec<Option<Case>> {
        let next = AtomicUsize::new(0);
        let pacer = Pacer::new();
        let cases: Mutex<Vec<Option<Case>>> = Mutex::new(vec![None; entries.len()]);
        let progress = Progress::new(entries, self.jobs, self.progress);
        thread::scope(|scope| {
            let mover = scope.spawn(|| progress.keep_moving());
            let work = || {
                while !self.stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(entry) = entries.get(index).map(Borrow::borrow) else {
                        return;
                    };
                    if matches!(entry.job.device, Device::File(_)) {
                        pacer.take_turn(self.stop);
                    }
                    progress.start(index, entry);
                    let case = self.case(entry);
                    let mut cases = cases.lock().unwrap_or_else(PoisonError::into_inner);
                    cases[index] = case;
                    drop(cases);
                    progress.end(index);
                }
            };
            let jobs = 0..self.jobs.clamp(1, entries.len().max(1));
            let workers: Vec<_> = jobs.map(|_| scope.spawn(work)).collect();
            let ended: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
            progress.finish();
            mover.thread().unpark();
            if let Some(panic) = ended.into_iter().find_map(Result::err) {
                resume_unwind(panic);
            }
        });
        cases.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs and judges one job; `None` if it broke because everything is being stopped.
    fn case(&self, entry: &Entry) -> Option<Case> {
        let job = &entry.job;
        let run = job.run_unless_stopped(self.stop);
        if run.is_err() && self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let file = job.out.as_deref().map(|out| out.join(TRACE));
        let shown = file.map(|file| file.display().to_string());
        let mut case = report::case(&entry.scenario, job.area, &run, &entry.known, shown);
        if let (Ok(run), Some(out)) = (&run, job.out.as_deref())
            && let Err(error) = keep(run, &case, out)
        {
            case.outcome = ngnlab_reports::Outcome::HarnessError(error.with_causes());
        }
        Some(case)
    }
}

/// Returns the folder of one case below the user's, whatever the scenario is called.
pub fn folder(out: &Path, scenario: &str, area: &str) -> PathBuf {
    let name = format!("{scenario}-{area}");
    let parts = Path::new(&name).components();
    let down = parts.filter(|part| matches!(part, Component::Normal(_)));
    out.join(down.collect::<PathBuf>())
}

/// Writes the trace, and a capture with comments on the frames that decided.
fn keep(run: &Run, case: &Case, out: &Path) -> Result<(), Error> {
    let fail = |path: PathBuf| move |source: io::Error| Error::Write { path, source };
    fs::create_dir_all(out).map_err(fail(out.to_owned()))?;
    let path = out.join(TRACE);
    let file = File::create(&path).map_err(fail(path.clone()))?;
    run.trace.save(BufWriter::new(file)).map_err(fail(path))?;
    let path = out.join(CAPTURE);
    let file = File::create(&path).map_err(fail(path.clone()))?;
    let comments = comments(case);
    let written = run.trace.write_pcapng(&comments, BufWriter::new(file));
    written.map_err(fail(path))
}

fn comments(case: &Case) -> BTreeMap<usize, String> {
    let mut comments: BTreeMap<usize, String> = BTreeMap::new();
    for (id, judged) in &case.verdicts {
        let Verdict::Fail(finding) = &judged.verdict else {
            continue;
        };
        for record in &finding.records {
            let text = comments.entry(*record).or_default();
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!(
                "{id}: expected {}, seen {}",
                finding.expected, finding.actual
            ));
        }
    }
    comments
}

/// How long a real device takes to get ready, roughly; an estimate needs no more.
const STARTING: Duration = Duration::from_secs(2);
const TRACE: &str = "trace.jsonl";
const CAPTURE: &str = "capture.pcapng";

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
