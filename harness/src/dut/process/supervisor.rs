//! The programs of the device: started one after the other, each when the one before is ready.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::os::fd::BorrowedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use ngnlab_sim::time::Time;
use nix::poll::{PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::hunger::Hunger;
use super::init::Logs;
use super::mounts;
use super::plan::{Action, Condition, Plan, PlannedRun};
use super::program::Program;
use super::sandbox::Event;
use super::watch::Watch;
use crate::dut::{DeviceFailure, Failure};

/// Keeps the programs of a plan running, and tells once when that has failed.
pub(super) struct Supervisor {
    logs: Logs,
    programs: Vec<Program>,
    waiting: VecDeque<PlannedRun>,
    current: Option<PlannedRun>,
    hunger: Hunger,
    environment: BTreeMap<String, String>,
    watch: Watch,
    told: bool,
}

impl Supervisor {
    /// Makes one that runs nothing.
    pub(super) fn new(logs: Logs) -> Self {
        Self {
            logs,
            programs: Vec::new(),
            waiting: VecDeque::new(),
            current: None,
            hunger: Hunger::default(),
            environment: BTreeMap::new(),
            watch: Watch::new(),
            told: true,
        }
    }

    /// Returns whether a program is being waited for, so that every moment counts.
    pub(super) fn is_booting(&self) -> bool {
        !self.told && (self.current.is_some() || !self.waiting.is_empty())
    }

    /// Returns what to sleep on until a program writes.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.programs.iter().filter_map(Program::fd)
    }

    /// Ends everything in the sandbox at once, as a power cut does.
    pub(super) fn stop(&mut self) {
        self.waiting.clear();
        self.current = None;
        self.told = true;
        // From pid 1: every process of the namespace but itself.
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        for _ in 0..STOP_TURNS {
            self.reap();
            let all = self.programs.iter().all(|program| program.ended.is_some());
            if all && waitpid(None, Some(WaitPidFlag::WNOHANG)).is_err() {
                break;
            }
            let _ = poll(&mut [], PollTimeout::from(10_u8));
        }
        self.programs.clear();
    }

    /// Writes the plan's files and begins with its first command.
    pub(super) fn start(&mut self, plan: Plan) -> Result<(), mounts::Trouble> {
        for file in &plan.files {
            mounts::write(file)?;
        }
        self.waiting = plan.runs.into();
        self.environment = plan.environment;
        self.told = false;
        Ok(())
    }

    /// Does what can be done at this moment, and returns what there is to tell.
    pub(super) fn turn(&mut self, now: Time) -> Option<Event> {
        self.programs.iter_mut().for_each(Program::read);
        self.reap();
        if self.told {
            return None;
        }
        let event = self
            .trouble(now)
            .or_else(|| self.excess(now))
            .or_else(|| self.boot(now))
            .or_else(|| self.hunger.look(now).map(Event::Starved));
        self.told |= matches!(event, Some(Event::Failed(_)));
        event
    }

    /// Starts the next command whenever the one before is ready.
    fn boot(&mut self, now: Time) -> Option<Event> {
        loop {
            if let Some(run) = &self.current {
                let program = self.programs.last()?;
                if !is_ready(run, program, now) {
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
                let _ = fs::remove_file(path);
            }
            let words = match &run.action {
                Action::Setup(script) => ["/bin/sh", "-e", "-c", script].map(str::to_owned).into(),
                Action::Daemon { words, .. } => words.clone(),
            };
            let started = self
                .logs
                .file(&run.name)
                .and_then(|log| Program::start(&run.name, &words, &self.environment, log, now));
            match started {
                Ok(mut program) => {
                    program.is_script = matches!(run.action, Action::Setup(_));
                    self.programs.push(program);
                }
                Err(error) => {
                    let program = words.first().map_or("", String::as_str);
                    return Some(Event::Failed(DeviceFailure {
                        how: Failure::NeverStarted,
                        message: format!("cannot start {program}: {error}"),
                        log: None,
                    }));
                }
            }
            self.current = Some(run);
        }
    }

    /// Looks for a device that harms itself, and ends one that harms its machine.
    fn excess(&mut self, now: Time) -> Option<Event> {
        let (how, message) = self.watch.look(now)?;
        if how == Failure::Bloated {
            let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
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
                && !is_ready(run, program, now)
            {
                let what = format!("{name} {} within {:?}", unmet(&run.action), run.within);
                return failed(Failure::NeverReady, program, what);
            }
        }
        None
    }

    /// Takes in which processes have ended; orphans of daemons come here, too.
    fn reap(&mut self) {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let (pid, raw) = match status {
                WaitStatus::Exited(pid, code) => (pid, code << 8),
                WaitStatus::Signaled(pid, signal, _) => (pid, signal as i32),
                WaitStatus::StillAlive => return,
                _ => continue,
            };
            let ended = self
                .programs
                .iter_mut()
                .find(|program| program.pid == pid.as_raw() && program.ended.is_none());
            if let Some(program) = ended {
                // What it wrote last is still in the pipe.
                program.read();
                program.ended = Some(ExitStatus::from_raw(raw));
            }
        }
    }
}

fn is_ready(run: &PlannedRun, program: &Program, now: Time) -> bool {
    match &run.action {
        Action::Setup(_) => program.ended.is_some_and(|status| status.success()),
        Action::Daemon { ready, .. } => match ready {
            Condition::Started => true,
            Condition::File(path) => path.exists(),
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

const STOP_TURNS: u32 = 200;
