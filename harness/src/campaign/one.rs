//! One entry of a campaign: run, judged and kept, whatever goes wrong on the way.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ngnlab_reports::{Case, Outcome};
use ngnlab_sim::Trace;

use super::Entry;
use crate::caught::caught;
use crate::error::Error;
use crate::launch::Sign;
use crate::play::Run;
use crate::report;
use crate::wireshark;

/// What runs an entry and what judges it.
#[derive(Clone, Copy)]
pub(super) struct Hands<'a> {
    pub(super) run: &'a RunIt,
    pub(super) judge: &'a JudgeIt,
}

/// Runs an entry, unless it is stopped, and tells how it is getting on.
type RunIt = dyn Fn(&Entry, &AtomicBool, &mut dyn FnMut(Sign)) -> Result<Run, Error> + Sync;
/// Judges the run of an entry, whose trace goes into a file.
type JudgeIt = dyn Fn(&Entry, &Result<Run, Error>, Option<String>) -> Case + Sync;

/// The hands of every campaign.
pub(super) const HANDS: Hands<'static> = Hands {
    run: &|entry, stop, tell| entry.job.run_loaded(&entry.scenario, stop, tell),
    judge: &judge,
};

fn judge(entry: &Entry, run: &Result<Run, Error>, trace: Option<String>) -> Case {
    let (known, excuses) = (&entry.known, &entry.excuses);
    report::case(&entry.scenario, entry.job.area, run, known, excuses, trace)
}

/// Runs and judges one entry; `None` if it broke because everything is being stopped.
///
/// A panic is our own error, and this entry's alone.
pub(super) fn case(
    entry: &Entry,
    hands: Hands<'_>,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Sign),
) -> Option<Case> {
    let job = &entry.job;
    let panicked = |doing: &'static str| {
        move |message| Error::Panicked {
            doing,
            seed: job.seed,
            message,
        }
    };
    let run = caught(|| (hands.run)(entry, stop, tell));
    let run = run.unwrap_or_else(|message| Err(panicked("running it")(message)));
    if run.is_err() && stop.load(Ordering::Relaxed) {
        return None;
    }
    let file = job.out.as_deref().map(|out| out.join(TRACE));
    let shown = file.map(|file| file.display().to_string());
    let judged = caught(|| (hands.judge)(entry, &run, shown.clone()));
    let mut case = judged.unwrap_or_else(|message| {
        let error = Err(panicked("judging it")(message));
        judge(entry, &error, shown)
    });
    if let (Ok(run), Some(out)) = (&run, job.out.as_deref()) {
        match keep(&run.trace, &case, out) {
            Ok(()) => case.capture = Some(out.join(CAPTURE).display().to_string()),
            Err(error) => case.outcome = Outcome::HarnessError(error.with_causes()),
        }
    }
    Some(case)
}

/// Writes the trace, and the capture in which frames say what they decided.
pub fn keep(trace: &Trace, case: &Case, out: &Path) -> Result<(), Error> {
    let fail = |path: PathBuf| move |source: io::Error| Error::Write { path, source };
    fs::create_dir_all(out).map_err(fail(out.to_owned()))?;
    let path = out.join(TRACE);
    let file = File::create(&path).map_err(fail(path.clone()))?;
    trace.save(BufWriter::new(file)).map_err(fail(path))?;
    let path = out.join(CAPTURE);
    let file = File::create(&path).map_err(fail(path.clone()))?;
    let mut file = BufWriter::new(file);
    let written = wireshark::write(trace, case, &mut file);
    written.and_then(|()| file.flush()).map_err(fail(path))
}

/// The trace in the folder of a case.
pub(crate) const TRACE: &str = "trace.jsonl";
/// The capture, beside the trace.
pub(crate) const CAPTURE: &str = "capture.pcapng";

#[cfg(test)]
mod tests;
