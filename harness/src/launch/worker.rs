//! The worker: one process that runs one job with a real device, and leaves a trace.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ngnlab_sim::line::Area;
use ngnlab_sim::link::descriptors;
use ngnlab_sim::trace::Trace;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::caught::caught;
use crate::dut::description::{Description, Driver};
use crate::dut::nic::{self, NicDut};
use crate::dut::process::{self, ProcessDut};
use crate::dut::qemu::saved::Saved;
use crate::dut::qemu::{self, QemuDut};
use crate::dut::{Dut, Prepared};
use crate::error::Error;
use crate::play::{self, Ending};
use crate::scenario::Scenario;
use crate::stages::{Progress, Reached};

/// The hidden subcommand that a worker runs as.
pub(super) const COMMAND: &str = "device-worker";

/// What a worker is given on its standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// The device's file.
    pub(super) device: PathBuf,
    /// What to run; without, the device is only prepared, and it is tried whether the machine
    /// gives what it needs.
    pub(super) task: Option<Task>,
    /// Where to save the state of a device that has booted.
    pub(super) save: Option<Saved>,
    /// The process it must not outlive.
    pub(super) parent: i32,
    /// Where the device's logs go.
    pub(super) logs: PathBuf,
    /// What leads into the control groups of the device.
    pub(super) gates: Vec<PathBuf>,
}

/// What a worker runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    /// The scenario's file.
    pub(super) scenario: PathBuf,
    /// The area.
    pub(super) area: Area,
    /// The run's seed.
    pub(super) seed: u64,
    /// Where the trace goes.
    pub(super) trace: PathBuf,
    /// What was done for the device before.
    pub(super) prepared: Option<Prepared>,
    /// Whether to tell how far the device comes, and to end when it has come all the way.
    pub(super) staged: bool,
    /// Where the files of real terminals go, if they are kept.
    pub(super) files: Option<PathBuf>,
}

/// What a worker tells on its standard output, each in a line of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The device has come so far; more follows.
    Reached(Reached),
    /// The task was run, and there is a trace; or nothing is in the way of one.
    Ended(Ending),
    /// The machine lacks something.
    Missing {
        /// What was tried.
        doing: String,
        /// How to get it.
        help: String,
    },
    /// Anything else of ours that could not be done.
    Broken(String),
    /// Something of ours panicked: what it said, and where.
    Panicked(String),
}

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
    let read = io::stdin().read_to_string(&mut text);
    let assignment: Assignment = read
        .and_then(|_| serde_json::from_str(&text).map_err(io::Error::from))
        .map_err(|source| Error::Missing {
            doing: "read the worker's assignment".to_owned(),
            help: String::new(),
            source: Some(source),
        })?;
    // Everything of the host's is read before a sandbox covers it.
    let description = Description::load(&assignment.device)?;
    let Some(task) = &assignment.task else {
        return prepare(&assignment, &description);
    };
    let scenario = Scenario::load(&task.scenario)?;
    let mut dut = device(&assignment, &description, task)?;
    let pace = dut.pace();
    let setup = scenario.setup(task.area, description.macs);
    let mut progress = task.staged.then(|| Progress::new(setup.mode));
    let run = play::watched(
        &scenario,
        task.area,
        task.seed,
        dut.as_mut(),
        pace,
        task.files.as_deref(),
        &mut |records| {
            let Some(progress) = &mut progress else {
                return false;
            };
            for reached in progress.take_in(records) {
                // Whoever no longer listens has ended this process already.
                let _ = tell(&Answer::Reached(reached));
            }
            progress.is_over()
        },
    )?;
    save(&run.trace, &task.trace)?;
    Ok(run.ending)
}

/// Makes the device in this process, which must not outlive its parent.
fn device(
    assignment: &Assignment,
    description: &Description,
    task: &Task,
) -> Result<Box<dyn Dut>, Error> {
    let parent = Pid::from_raw(assignment.parent);
    Ok(match &description.driver {
        Driver::Process(programs) => {
            let sandbox = process::enter(
                parent,
                &description.needs,
                programs,
                &assignment.logs,
                &assignment.gates,
            )?;
            Box::new(ProcessDut::new(description, programs, task.area, sandbox))
        }
        Driver::Qemu(machine) => {
            qemu::enter(parent)?;
            let (prepared, logs) = (task.prepared.clone(), assignment.logs.clone());
            Box::new(QemuDut::new(
                description,
                machine,
                task.area,
                prepared,
                logs,
            ))
        }
        Driver::Nic(cabled) => {
            nic::enter(parent)?;
            Box::new(NicDut::new(
                description,
                cabled,
                task.area,
                &assignment.logs,
            ))
        }
    })
}

/// Prepares the device, and tries what it needs of the machine.
fn prepare(assignment: &Assignment, description: &Description) -> Result<Ending, Error> {
    let parent = Pid::from_raw(assignment.parent);
    match &description.driver {
        Driver::Process(programs) => {
            let _sandbox = process::enter(
                parent,
                &description.needs,
                programs,
                &assignment.logs,
                &assignment.gates,
            )?;
            process::open_taps(description.macs)?;
            Ok(Ending::Complete)
        }
        Driver::Qemu(machine) => {
            qemu::enter(parent)?;
            match &assignment.save {
                Some(to) => {
                    let saved = qemu::prepare(description, machine, to, &assignment.logs);
                    Ending::of(saved)
                }
                None => Ok(Ending::Complete),
            }
        }
        Driver::Nic(cabled) => nic::attempt(cabled).map(|()| Ending::Complete),
    }
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
