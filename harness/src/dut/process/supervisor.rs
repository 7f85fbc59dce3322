//! The programs of the device: started one after the other, each when the one before is ready.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use ngnlab_sim::time::Time;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;

use super::hunger::Hunger;
use super::messages::{Entry, Event};
use super::pid1::{NotRun, Pid1};
use super::processes::Processes;
use super::program::Program;
use super::watch::Watch;
use crate::dut::description::programs::plan::{Action, Condition, Plan, PlannedRun};
use crate::dut::lines::Line;
use crate::dut::{DeviceFailure, Failure};
use crate::namespaces::mounts::Trouble;

/// Keeps the programs of a plan running, and tells once when that has failed.
pub(super) struct Supervisor {
    logs: Logs,
    pid1: Pid1,
    processes: Processes,
    programs: Vec<Program>,
    /// What programs of before a power cut have written.
    written: Vec<Line>,
    waiting: VecDeque<PlannedRun>,
    current: Option<PlannedRun>,
    hunger: Hunger,
    environment: BTreeMap<String, String>,
    watch: Watch,
    has_started: bool,
    /// What has gone wrong and is not told yet.
    failure: Option<DeviceFailure>,
    told: bool,
}

impl Supervisor {
    /// Makes the sandbox, in which nothing runs yet.
    pub(super) fn enter(entry: &Entry) -> Result<Self, Trouble> {
        let logs = Logs::open(&entry.logs);
        let logs = logs.map_err(|error| (format!("open {}", entry.logs.display()), error))?;
        let (pid1, processes) = Pid1::start(entry)?;
        // A root of its own has a layer that can be full.
        let layer = entry.root.as_ref().map(|_| "/");
        let others = layer.into_iter().chain(["/dev/shm"]).map(PathBuf::from);
        let places = entry.places().into_iter().chain(others);
        let places = places.filter_map(|place| {
            let folder = pid1.open(&place).ok()?;
            Some((place, File::from(folder)))
        });
        Ok(Self {
            logs,
            watch: Watch::new(places.collect::<Vec<_>>()),
            pid1,
            processes,
            programs: Vec::new(),
            written: Vec::new(),
            waiting: VecDeque::new(),
            current: None,
            hunger: Hunger::default(),
            environment: BTreeMap::new(),
            has_started: false,
            failure: None,
            told: true,
        })
    }

    /// Returns the number of the sandbox's pid 1, as the host counts.
    pub(super) fn pid1(&self) -> u32 {
        self.pid1.id()
    }

    /// Returns whether a program is being waited for, so that every moment counts.
    pub(super) fn is_booting(&self) -> bool {
        !self.told && (self.current.is_some() || !self.waiting.is_empty())
    }

    /// Returns what to sleep on until a program writes or ends.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let outputs = self.programs.iter().filter_map(Program::fd);
        // Who has failed has nothing more to tell.
        outputs.chain((!self.told).then(|| self.pid1.fd()))
    }

    /// Ends everything in the sandbox at once, as a power cut does, writes the plan's files and
    /// begins with its first command.
    pub(super) fn start(&mut self, plan: Plan) -> Result<(), Trouble> {
        self.waiting.clear();
        self.current = None;
        let written = self.programs.drain(..);
        let written = written.flat_map(|mut program| program.lines());
        self.written.extend(written);
        self.told = false;
        if self.has_started
            && let Err(error) = self.pid1.stop()
        {
            self.lose(&error);
            return Ok(());
        }
        self.environment = plan.environment;
        match self.pid1.write(plan.files) {
            Ok(()) => {}
            // The machine or the device file is to blame: the device has done nothing yet.
            Err(trouble) if !self.has_started => return Err(trouble),
            Err((doing, error)) => {
                let message = format!("after the power cut, pid 1 cannot {doing}: {error}");
                self.failure = Some(DeviceFailure {
                    how: Failure::NeverStarted,
                    message,
                    log: None,
                });
                return Ok(());
            }
        }
        self.has_started = true;
        self.waiting = plan.runs.into();
        Ok(())
    }

    /// Does what can be done at this moment, and returns what there is to tell.
    pub(super) fn turn(&mut self, now: Time) -> Option<Event> {
        self.programs.iter_mut().for_each(Program::read);
        self.reap();
        if self.told {
            return None;
        }
        let event = (self.failure.take().map(Event::Failed))
            .or_else(|| self.trouble(now))
            .or_else(|| self.excess(now))
            .or_else(|| self.boot(now))
            .or_else(|| self.hunger.look(&self.processes, now).map(Event::Starved));
        self.told |= matches!(event, Some(Event::Failed(_)));
        event
    }

    /// Hands out what the programs have written.
    pub(super) fn lines(&mut self) -> Vec<Line> {
        let mut lines = std::mem::take(&mut self.written);
        lines.extend(self.programs.iter_mut().flat_map(Program::lines));
        lines
    }

    /// Gives up a device whose pid 1 does not do its part: nobody else can have hampered it.
    fn lose(&mut self, error: &io::Error) {
        let how = self.pid1.fate(error);
        self.failure = Some(DeviceFailure {
            how: Failure::Crashed,
            message: format!("the device hampered pid 1 of its sandbox: {how}"),
            log: None,
        });
    }

    /// Starts the next command whenever the one before is ready.
    fn boot(&mut self, now: Time) -> Option<Event> {
        loop {
            if let Some(run) = &self.current {
                let program = self.programs.last()?;
                if !is_ready(&self.pid1, run, program, now) {
                    return None;
                }
                self.current = None;
                if self.waiting.is_empty() {
                    return Some(Event::Ready);
                }
            }
            let Some(run) = self.waiting.pop_front() else {
                let nothing_to_run = self.programs.is_empty() && !self.told;
                self.told |= nothing_to_run;
                return nothing_to_run.then_some(Event::Ready);
            };
            if let Action::Daemon {
                ready: Condition::File(path),
                ..
            } = &run.action
            {
                // Left behind by a power cut, it would speak for a program that has only begun.
                self.pid1.forget(path);
            }
            if let Err(failure) = self.run(&run, now) {
                return Some(Event::Failed(failure));
            }
            self.current = Some(run);
        }
    }

    /// Starts a command.
    fn run(&mut self, run: &PlannedRun, now: Time) -> Result<(), DeviceFailure> {
        let why = match self.pid1.run(run, &self.environment) {
            Ok((pid, output)) => {
                let is_script = matches!(run.action, Action::Setup(_));
                let program = self
                    .logs
                    .file(&run.name)
                    .and_then(|log| Program::new(&run.name, pid, is_script, output, log, now));
                match program {
                    Ok(program) => {
                        self.programs.push(program);
                        return Ok(());
                    }
                    Err(error) => format!("its log: {error}"),
                }
            }
            Err(NotRun::NotStarted(why)) => why,
            Err(NotRun::Lost(error)) => {
                self.lose(&error);
                let lost = self.failure.take();
                return Err(lost.expect("it was just made"));
            }
        };
        let words = run.action.words();
        let program = words.first().map_or("", String::as_str);
        Err(DeviceFailure {
            how: Failure::NeverStarted,
            message: format!("cannot start {program}: {why}"),
            log: None,
        })
    }

    /// Looks for a device that harms itself, and ends one that harms its machine.
    fn excess(&mut self, now: Time) -> Option<Event> {
        let (how, message) = self.watch.look(&self.processes, now)?;
        if matches!(how, Failure::Bloated | Failure::Crowded) {
            self.pid1.end();
        }
        let program = self.programs.last();
        Some(Event::Failed(DeviceFailure {
            how,
            message,
            log: program.map(|program| self.logs.path(&program.name)),
        }))
    }

    /// Looks for a program that does not do its part.
    fn trouble(&self, now: Time) -> Option<Event> {
        let failed = |how, program: &Program, what: String| {
            let words = program.last_words();
            let message = match words.is_empty() {
                true => what,
                false => format!("{what}; its last words:\n{words}"),
            };
            Some(Event::Failed(DeviceFailure {
                how,
                message,
                log: Some(self.logs.path(&program.name)),
            }))
        };
        for (index, program) in self.programs.iter().enumerate() {
            let name = &program.name;
            if program.is_flooding() {
                let what = format!("{name} writes without end");
                return failed(Failure::Flooding, program, what);
            }
            let booting = self
                .current
                .as_ref()
                .filter(|_| index + 1 == self.programs.len());
            if let Some(status) = program.ended
                && !(program.is_script && status.success())
            {
                let how = match booting {
                    Some(_) => Failure::NeverStarted,
                    None => Failure::Crashed,
                };
                let what = format!("{name} ended with {}", in_words(status));
                return failed(how, program, what);
            }
            if let Some(run) = booting
                && now.since(program.started_at) > run.within
                && !is_ready(&self.pid1, run, program, now)
            {
                let what = format!("{name} {} within {:?}", unmet(&run.action), run.within);
                return failed(Failure::NeverReady, program, what);
            }
        }
        None
    }

    /// Takes in which processes have ended.
    fn reap(&mut self) {
        if self.told {
            return;
        }
        loop {
            let (pid, raw) = match self.pid1.ended() {
                Ok(Some(ended)) => ended,
                Ok(None) => return,
                Err(error) => return self.lose(&error),
            };
            let mut programs = self.programs.iter_mut();
            let ended = programs.find(|program| program.pid == pid && program.ended.is_none());
            if let Some(program) = ended {
                // What it wrote last is still in the pipe.
                program.read();
                program.ended = Some(ExitStatus::from_raw(raw));
            }
        }
    }
}

/// The folder of logs on the host, held open.
struct Logs {
    folder: OwnedFd,
    path: String,
}

impl Logs {
    fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self {
            folder: open(path, flags, Mode::empty())?,
            path: path.display().to_string(),
        })
    }

    /// Returns the path of a program's log on the host.
    fn path(&self, name: &str) -> String {
        format!("{}/{name}.log", self.path)
    }

    /// Opens a program's log at its end.
    fn file(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_APPEND | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(0o644);
        let name = format!("{name}.log");
        Ok(openat(&self.folder, name.as_str(), flags, mode)?.into())
    }
}

fn is_ready(pid1: &Pid1, run: &PlannedRun, program: &Program, now: Time) -> bool {
    match &run.action {
        Action::Setup(_) => program.ended.is_some_and(|status| status.success()),
        Action::Daemon { ready, .. } => match ready {
            Condition::Started => true,
            Condition::File(path) => pid1.open(path).is_ok(),
            Condition::Alive(span) => now.since(program.started_at) >= *span,
            Condition::Log(part) => program.has_written(part),
        },
    }
}

fn unmet(action: &Action) -> String {
    match action {
        Action::Setup(_) => "did not end".to_owned(),
        Action::Daemon { ready, .. } => match ready {
            Condition::Started => "did not start".to_owned(),
            Condition::File(path) => format!("did not make {}", path.display()),
            Condition::Alive(span) => format!("did not stay alive for {span:?}"),
            Condition::Log(part) => format!("did not write `{part}`"),
        },
    }
}

fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(signal) => format!("signal {signal}"),
            Err(_) => format!("signal {signal}"),
        },
        (None, None) => status.to_string(),
    }
}
