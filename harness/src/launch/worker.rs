//! The worker: one process that runs one job with a real device, and leaves a trace.

use std::fs::File;
use std::io::{self, BufRead as _, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use ngnlab_reports::benchmark::Family;
use ngnlab_sim::link::descriptors;
use ngnlab_sim::trace::Trace;

use super::assignment::{Answer, Assignment, News, Task};
use super::drivers;
use super::signs::Signs;
use crate::caught::caught;
use crate::dut::description::Description;
use crate::error::Error;
use crate::play::{self, Ending};
use crate::scenario::Scenario;
use crate::stages::Progress;
use crate::tester::line::{self, Offered};
use crate::tester::place::Place;
use crate::tester::serve;

/// The hidden subcommand that a worker runs as.
pub(super) const COMMAND: &str = "device-worker";

/// Serves as a worker.
pub(super) fn main() -> ExitCode {
    match tell(&answer(begin)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer(serve: impl FnOnce() -> Result<Ending, Error>) -> Answer {
    match caught(serve) {
        Ok(Ok(ending)) => Answer::Ended(ending),
        Ok(Err(error)) => Answer::from(&error),
        Err(message) => Answer::Panicked(message),
    }
}

fn tell(answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_string(answer)?;
    line.push('\n');
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

fn begin() -> Result<Ending, Error> {
    descriptors::close_inherited().map_err(|source| Error::Missing {
        doing: "close what the caller has open".to_owned(),
        help: String::new(),
        source: Some(source),
    })?;
    serve()
}

fn serve() -> Result<Ending, Error> {
    let mut text = String::new();
    let read = io::stdin().lock().read_line(&mut text);
    let assignment: Assignment = read
        .and_then(|_| serde_json::from_str(&text).map_err(io::Error::from))
        .map_err(|source| Error::Missing {
            doing: "read the worker's assignment".to_owned(),
            help: String::new(),
            source: Some(source),
        })?;
    // Everything of the host's is read before a sandbox covers it.
    let mut description = Description::load(&assignment.device)?;
    description.measured = assignment
        .task
        .as_ref()
        .is_some_and(|task| task.measured.is_some());
    let Some(task) = &assignment.task else {
        return drivers::prepare(&assignment, &description);
    };
    if let Some(family) = task.measured {
        return measure(&assignment, &description, task, family);
    }
    let scenario = Scenario::load(&task.scenario)?.delivered_by(task.delivery);
    let mut dut = drivers::device(&assignment, &description, task)?;
    let pace = dut.pace();
    let setup = scenario.setup(task.area, description.macs);
    let mut progress = task
        .staged
        .then(|| Progress::new(setup.mode, !setup.pppoe.is_empty()));
    let mut signs = Signs::default();
    let run = play::watched(
        &scenario,
        task.area,
        task.seed,
        dut.as_mut(),
        pace,
        task.files.as_deref(),
        &mut |records| {
            let mut news: Vec<News> = signs.take_in(records).into_iter().map(News::Sign).collect();
            let mut is_over = false;
            if let Some(progress) = &mut progress {
                news.extend(progress.take_in(records).into_iter().map(News::Reached));
                is_over = progress.is_over();
            }
            for news in news {
                // Whoever no longer listens has ended this process already.
                let _ = tell(&Answer::News(news));
            }
            is_over
        },
    )?;
    save(&run.trace, &task.trace)?;
    Ok(run.ending)
}

/// Serves the benchmark.
fn measure(
    assignment: &Assignment,
    description: &Description,
    task: &Task,
    family: Family,
) -> Result<Ending, Error> {
    let offered = Offered {
        modes: &description.offers.modes,
        dials: description.offers.pppoe,
    };
    let scenario = line::scenario(offered, task.delivery, family);
    let mut dut = drivers::device(assignment, description, task)?;
    let (sender, orders) = channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(order) = serde_json::from_str(&line) else {
                return;
            };
            if sender.send(order).is_err() {
                return;
            }
        }
    });
    let place = Place {
        scenario: &scenario,
        family,
        area: task.area,
        seed: task.seed,
        ready_within: description.ready_within(),
        // Whoever no longer waits ends this process.
        stop: Arc::default(),
    };
    let kind = drivers::kind(&description.driver);
    serve::serve(&place, dut.as_mut(), kind, &orders, &mut |reply| {
        // Whoever no longer listens has ended this process already.
        let _ = tell(&Answer::News(News::Reply(reply)));
    })?;
    Ok(Ending::Complete)
}

fn save(trace: &Trace, path: &Path) -> Result<(), Error> {
    let saved = File::create(path).and_then(|file| trace.save(BufWriter::new(file)));
    saved.map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

impl From<&Error> for Answer {
    fn from(error: &Error) -> Self {
        match error {
            Error::Missing {
                doing,
                help,
                source,
            } => Self::Missing {
                doing: source
                    .as_ref()
                    .map_or_else(|| doing.clone(), |source| format!("{doing}: {source}")),
                help: help.clone(),
            },
            other => Self::Broken(in_full(other)),
        }
    }
}

/// Returns an error with everything that led to it.
fn in_full(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", in_full(source)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_answered_with_its_words_and_place() {
        let answer = answer(|| panic!("a frame too many"));
        let Answer::Panicked(said) = answer else {
            panic!("{answer:?}");
        };
        assert!(said.starts_with("a frame too many (at "), "{said}");
        assert!(said.contains("worker.rs:"), "{said}");
    }
}
