//! Runs jobs: with the built-in router in this thread, with the device of a file in a worker, which
//! is started, waited for within a bound, and leaves its trace.

use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::iter;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio, id};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::{Pace, Time};
use ngnlab_sim::trace::Trace;

use crate::dut::description::Description;
use crate::dut::qemu::saved::Files;
use crate::dut::reference::Reference;
use crate::dut::{self, DeviceFailure, Dut as _, Prepared, needs};
use crate::error::Error;
use crate::job::{Device, Job};
use crate::play::{self, Ending, Run};
use crate::scenario::Scenario;
use crate::stages::Reached;
use crate::terminal;

mod assignment;
pub mod bench;
mod desk;
mod drivers;
mod signs;
mod worker;

use assignment::{Answer, Assignment, News, Task};
use desk::Desk;
pub use signs::Sign;
use signs::Signs;

/// Serves as a worker or as one of its helpers, if this process was started as one.
///
/// It must come first in `main`, while there is a single thread.
pub fn hidden_command() -> Option<ExitCode> {
    let name = env::args().nth(1)?;
    match name.as_str() {
        worker::COMMAND => Some(worker::main()),
        name => dut::hidden_command(name).or_else(|| terminal::hidden_command(name)),
    }
}

impl Job {
    /// Runs the job to its end, in this thread or in a worker process, as its driver does.
    ///
    /// The running program serves as the worker, so its `main` begins with [`hidden_command`].
    pub fn run(&self) -> Result<Run, Error> {
        self.run_unless_stopped(&AtomicBool::new(false))
    }

    /// Runs the job like [`Job::run`]; once `stop` is set it may end early, as an error.
    pub fn run_unless_stopped(&self, stop: &AtomicBool) -> Result<Run, Error> {
        self.run_watched(stop, &mut |_| {})
    }

    /// Runs the job like [`Job::run_unless_stopped`], and tells how it is getting on.
    pub fn run_watched(&self, stop: &AtomicBool, tell: &mut dyn FnMut(Sign)) -> Result<Run, Error> {
        let scenario = match &self.device {
            Device::Reference(_) => self.scenario()?,
            // Its worker reads it.
            Device::File(path) => return self.run_in_worker(path, stop, tell),
        };
        self.run_loaded(&scenario, stop, tell)
    }

    /// Runs the job like [`Job::run_watched`], whose scenario was read before.
    pub(crate) fn run_loaded(
        &self,
        scenario: &Scenario,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Sign),
    ) -> Result<Run, Error> {
        match &self.device {
            Device::Reference(defects) => {
                let mut dut = Reference::new(defects.clone()).stopped_by(stop);
                let pace = self.pace.unwrap_or(dut.pace());
                let files = self.files();
                let (area, seed) = (self.area, self.seed);
                let mut signs = Signs::default();
                play::watched(
                    scenario,
                    area,
                    seed,
                    &mut dut,
                    pace,
                    files.as_deref(),
                    &mut |records| {
                        signs.take_in(records).into_iter().for_each(&mut *tell);
                        false
                    },
                )
            }
            Device::File(path) => self.run_in_worker(path, stop, tell),
        }
    }

    fn run_in_worker(
        &self,
        device: &Path,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Sign),
    ) -> Result<Run, Error> {
        start(self, device, stop, false, &mut |news| {
            if let News::Sign(sign) = news {
                tell(sign);
            }
        })
    }
}

/// Runs a job with the device of a file in a worker, tells how far the device comes, and ends when
/// it has come all the way.
pub fn run_staged(
    job: &Job,
    device: &Path,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Reached),
) -> Result<Run, Error> {
    start(job, device, stop, true, &mut |news| {
        if let News::Reached(reached) = news {
            tell(reached);
        }
    })
}

/// Runs a job in a worker that ends with this thread or once `stop` is set.
fn start(
    job: &Job,
    device: &Path,
    stop: &AtomicBool,
    staged: bool,
    tell: Tell<'_>,
) -> Result<Run, Error> {
    let scenario = job.scenario()?;
    let description = Description::load(device)?;
    if job.pace == Some(Pace::Virtual) {
        return Err(Error::Usage {
            what: format!("{} cannot run in virtual time", description.name),
            help: Some("a real device runs in real time".to_owned()),
        });
    }
    needs::check(&description)?;
    let desk = Desk::new(&description)?;
    let trace = desk.trace();
    let assignment = Assignment {
        device: device.to_owned(),
        task: Some(Task {
            scenario: job.scenario.clone(),
            area: job.area,
            delivery: job.delivery,
            seed: job.seed,
            trace: trace.clone(),
            prepared: job.prepared.clone(),
            staged,
            files: job.files().map(|_| desk.files()),
            measured: None,
        }),
        save: None,
        parent: own_id(),
        logs: desk.logs(),
        gates: desk.gates(),
    };
    let limit = limit(&scenario, &description);
    let ended = ending(&assignment, &scenario.name, limit, stop, tell);
    // Whatever came of it, the logs may tell why.
    if let Some(out) = &job.out {
        desk.hand_in(out)?;
    }
    let mut ending = ended?;
    if let Ending::DeviceFailed(failure) = &mut ending {
        drivers::explain(failure, &description);
        // Without a folder of the user's it goes with the desk; the message has the last words.
        let log = failure.log.take().zip(job.out.as_ref());
        failure.log = log.map(|(log, out)| desk.handed_in(&log, out));
    }
    let trace = File::open(&trace)
        .and_then(Trace::load)
        .map_err(|source| broken(&scenario.name, &source.to_string()))?;
    Ok(Run { trace, ending })
}

/// What was done for a device before its first run; it lasts as long as this does.
#[derive(Debug, Default)]
pub struct Preparation {
    /// What the runs are told of it.
    pub prepared: Option<Prepared>,
    _files: Option<Files>,
}

/// Prepares the device of a file, and finds out whether the machine gives what it needs: programs,
/// namespaces, interfaces, images.
pub fn prepare(device: &Path, stop: &AtomicBool) -> Result<Preparation, Error> {
    let description = Description::load(device)?;
    needs::check(&description)?;
    let files = drivers::files(&description.driver)?;
    let saved = files.as_ref().map(Files::places);
    let desk = Desk::new(&description)?;
    let assignment = Assignment {
        device: device.to_owned(),
        task: None,
        save: saved.clone(),
        parent: own_id(),
        logs: desk.logs(),
        gates: desk.gates(),
    };
    let within = description.ready_within() + SLACK;
    let prepared = match ending(&assignment, &description.name, within, stop, &mut |_| {})? {
        Ending::DeviceFailed(failure) => {
            // Its log goes with the desk; the message has the last words.
            Some(Prepared::Failed(DeviceFailure {
                log: None,
                ..failure
            }))
        }
        Ending::Complete | Ending::NotOffered(_) => saved.map(Prepared::Saved),
    };
    Ok(Preparation {
        prepared,
        _files: files,
    })
}

/// Finds out whether the machine gives what the device of a file needs, as [`prepare`] does, but
/// boots nothing.
pub fn attempt(device: &Path) -> Result<(), Error> {
    let description = Description::load(device)?;
    needs::check(&description)?;
    let desk = Desk::new(&description)?;
    let assignment = Assignment {
        device: device.to_owned(),
        task: None,
        save: None,
        parent: own_id(),
        logs: desk.logs(),
        gates: desk.gates(),
    };
    let never = AtomicBool::new(false);
    ending(&assignment, &description.name, SLACK, &never, &mut |_| {}).map(drop)
}

/// Has a worker do its assignment; `what` it is about is for messages.
fn ending(
    assignment: &Assignment,
    what: &str,
    within: Duration,
    stop: &AtomicBool,
    tell: Tell<'_>,
) -> Result<Ending, Error> {
    let worker = Worker::start(assignment).map_err(|source| broken(what, &source.to_string()))?;
    let said = worker.answer(within, stop, tell);
    match said {
        Ok(Answer::Ended(ending)) => Ok(ending),
        Ok(Answer::News(_)) => Err(broken(what, "it ended without an answer")),
        Ok(Answer::Missing { doing, help }) => Err(Error::Missing {
            doing,
            help,
            source: None,
        }),
        Ok(Answer::Panicked(message)) => Err(Error::Panicked {
            doing: "driving the device",
            seed: assignment.task.as_ref().map_or(0, |task| task.seed),
            message,
        }),
        Ok(Answer::Broken(message)) | Err(NoAnswer::Because(message)) => {
            Err(broken(what, &message))
        }
        Err(NoAnswer::Stopped) => Err(Error::Stopped),
    }
}

fn own_id() -> i32 {
    i32::try_from(id()).unwrap_or_default()
}

/// A worker process; dropping it ends it, and its sandbox with it.
struct Worker {
    process: Child,
    said: Receiver<Said>,
}

/// Whom to tell what there is to tell before a run has ended.
type Tell<'a> = &'a mut dyn FnMut(News);

/// Why a worker has no answer.
enum NoAnswer {
    /// The user has had enough.
    Stopped,
    /// It broke down, and how.
    Because(String),
}

enum Said {
    Answer(String),
    LastWords(String),
}

impl Worker {
    fn start(assignment: &Assignment) -> io::Result<Self> {
        // Its input ends with the assignment.
        Self::start_and_order(assignment).map(|(worker, _)| worker)
    }

    /// Starts a worker that goes on to take orders.
    fn start_and_order(assignment: &Assignment) -> io::Result<(Self, ChildStdin)> {
        let mut process = Command::new(env::current_exe()?)
            .arg(worker::COMMAND)
            // A group of its own: an interrupt from the terminal is for the harness alone.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (sender, said) = channel();
        let words_sender = sender.clone();
        let output = process.stdout.take().expect("it is piped");
        let words = process.stderr.take().expect("it is piped");
        let longest = match assignment.task.as_ref().and_then(|task| task.measured) {
            Some(_) => LONGEST_RESULTS,
            None => LONGEST_OUTPUT,
        };
        thread::spawn(move || {
            read_lines(output, longest, |line| {
                sender.send(Said::Answer(line)).is_ok()
            });
        });
        thread::spawn(move || words_sender.send(Said::LastWords(read(words))));
        let mut input = process.stdin.take().expect("it is piped");
        // From here on it ends with this value.
        let worker = Self { process, said };
        let mut line = serde_json::to_vec(assignment)?;
        line.push(b'\n');
        input.write_all(&line)?;
        Ok((worker, input))
    }

    /// Returns what the worker answers, or why it ended without an answer.
    fn answer(
        self,
        within: Duration,
        stop: &AtomicBool,
        tell: Tell<'_>,
    ) -> Result<Answer, NoAnswer> {
        let first = self.first_said(within, stop, tell)?;
        // The two streams end together, in no certain order; what was told before is still told.
        let mut later = iter::from_fn(|| self.said.recv_timeout(LAST_WORDS_WITHIN).ok());
        let second = later.find(|said| news(said).is_none());
        let (mut answer, mut words) = (String::new(), String::new());
        for said in [Some(first), second].into_iter().flatten() {
            match said {
                Said::Answer(text) => answer = text,
                Said::LastWords(text) => words = text,
            }
        }
        serde_json::from_str(&answer).map_err(|_| {
            NoAnswer::Because(format!(
                "it ended without an answer; its last words: {}",
                words.trim()
            ))
        })
    }

    /// Returns the first of answer and last words, and tells what comes before them.
    fn first_said(
        &self,
        within: Duration,
        stop: &AtomicBool,
        tell: Tell<'_>,
    ) -> Result<Said, NoAnswer> {
        let clock = Clock::starting_at(Time::ZERO);
        while clock.now().since(Time::ZERO) < within {
            if stop.load(Ordering::Relaxed) {
                return Err(NoAnswer::Stopped);
            }
            let Ok(said) = self.said.recv_timeout(GLANCE) else {
                continue;
            };
            match news(&said) {
                Some(news) => tell(news),
                None => return Ok(said),
            }
        }
        let how = format!("it did not end within {within:?} and was killed");
        Err(NoAnswer::Because(how))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns what is told before a run has ended, if that is what was said.
fn news(said: &Said) -> Option<News> {
    let Said::Answer(line) = said else {
        return None;
    };
    match serde_json::from_str(line) {
        Ok(Answer::News(news)) => Some(news),
        _ => None,
    }
}

/// Hands on the lines of a stream, as far as they can matter; says so if there is none.
fn read_lines(stream: impl Read, longest: u64, mut hand_on: impl FnMut(String) -> bool) {
    let mut stream = BufReader::new(stream);
    let mut none = true;
    for line in stream.by_ref().take(longest).lines() {
        let Ok(line) = line else { break };
        none = false;
        if !hand_on(line) {
            break;
        }
    }
    if none {
        hand_on(String::new());
    }
    // The writer must not block on a full pipe.
    let _ = io::copy(&mut stream, &mut io::sink());
}

/// Reads a stream to its end, as far as it can matter.
fn read(stream: impl Read) -> String {
    let mut bytes = Vec::new();
    let mut stream = stream;
    let _ = stream.by_ref().take(LONGEST_OUTPUT).read_to_end(&mut bytes);
    // The writer must not block on a full pipe.
    let _ = io::copy(&mut stream, &mut io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A bound on a worker's life: the device's start, the scenario, and some slack for a busy host.
fn limit(scenario: &Scenario, description: &Description) -> Duration {
    let ready = description.ready_within();
    scenario.end().since(Time::ZERO) * 5 / 4 + ready * 2 + SLACK
}

fn broken(what: &str, message: &str) -> Error {
    Error::Worker {
        scenario: what.to_owned(),
        message: message.to_owned(),
    }
}

/// How often to look whether the user has had enough.
const GLANCE: Duration = Duration::from_millis(100);
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(2);
const LONGEST_OUTPUT: u64 = 64 << 10;
/// Some thousand trials that were measured.
const LONGEST_RESULTS: u64 = 1 << 30;
const SLACK: Duration = Duration::from_secs(30);
