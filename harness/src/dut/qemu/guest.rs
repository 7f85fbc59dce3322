//! A machine that is played: its process, console and control socket, and how it fares.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::Duration;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::link::stream::StreamLink;
use ngnlab_sim::setup::Macs;
use ngnlab_sim::time::Time;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::console::Console;
use super::dialogue::Dialogue;
use super::emulator::{Emulator, Sockets};
use super::qmp::Qmp;
use super::restarts::Restarts;
use super::saved::{Saved, Start};
use crate::dut::description::machine::script::Script;
use crate::dut::description::machine::{Accel, Machine, NicPort, START_WITHIN};
use crate::dut::lines::Line;
use crate::dut::process::hunger;
use crate::dut::{DeviceFailure, DutError, Failure};
use crate::error::Error;

/// A machine that is played.
pub(super) struct Guest {
    machine: Machine,
    emulator: Emulator,
    control: Rc<RefCell<Qmp>>,
    console: Console,
    clock: Clock,
    restarts: Restarts,
    is_up: bool,
    /// When an Enter was typed that has to be answered.
    asked_at: Option<Time>,
    ask_next: Time,
    closed_since: Option<Time>,
    waited: Duration,
    logs: PathBuf,
    /// Our ends of its cables, until somebody takes them.
    cables: BTreeMap<NicPort, UnixStream>,
}

impl Guest {
    /// Switches a machine on, from a saved state if there is one; its cables are unplugged.
    pub(super) fn start(
        machine: &Machine,
        macs: Macs,
        start: Start<'_>,
        logs: &Path,
    ) -> Result<Self, DutError> {
        let log = |name| log_file(logs, name);
        let own = log(OWN_LOG)?;
        let (emulator, sockets) = Emulator::start(machine, macs, start, own)
            .map_err(|error| cannot("start QEMU", error))?;
        let Sockets {
            wan,
            lan,
            console,
            control,
        } = sockets;
        let words = machine.panics.iter().chain(&machine.disk_full).cloned();
        let made = Console::new(console, log(CONSOLE_LOG)?, words.collect())
            .and_then(|console| Ok((console, Qmp::new(control)?)));
        let (console, control) = made.map_err(|error| cannot("open QEMU's sockets", error))?;
        let mut guest = Self {
            machine: machine.clone(),
            emulator,
            control: Rc::new(RefCell::new(control)),
            console,
            clock: Clock::starting_at(Time::ZERO),
            restarts: Restarts::default(),
            is_up: false,
            asked_at: None,
            ask_next: Time::ZERO,
            closed_since: None,
            waited: Duration::ZERO,
            logs: logs.to_owned(),
            cables: BTreeMap::from([(NicPort::Wan, wan), (NicPort::Lan, lan)]),
        };
        guest.switch_on(matches!(start, Start::Saved(_)))?;
        Ok(guest)
    }

    fn switch_on(&mut self, is_saved: bool) -> Result<(), DutError> {
        let begun = self.control.borrow_mut().begin();
        begun.map_err(|error| self.no_answer(&error))?;
        if is_saved {
            // The state is read in the background.
            let deadline = self.clock.now() + START_WITHIN;
            while self.order("query-status", json!({}))?["status"] == "inmigrate" {
                if self.clock.now() > deadline {
                    let what = format!("the saved state was not read within {START_WITHIN:?}");
                    return Err(cannot("go on from a saved state", io::Error::other(what)));
                }
                self.sleep(Duration::from_millis(10));
            }
        }
        for port in [NicPort::Wan, NicPort::Lan] {
            self.order("set_link", json!({ "name": port.name(), "up": false }))?;
        }
        self.order("cont", json!({})).map(drop)
    }

    /// Goes through a script, or fails.
    pub(super) fn play(&mut self, script: Script) -> Result<(), DutError> {
        let mut dialogue = Dialogue::new(script);
        while !self.go_on(&mut dialogue)? {
            self.sleep(TICK);
        }
        Ok(())
    }

    /// Goes on with a script as far as it goes; true once it is over.
    pub(super) fn go_on(&mut self, dialogue: &mut Dialogue) -> Result<bool, DutError> {
        self.look()?;
        let now = self.clock.now();
        match dialogue.turn(&mut self.console, now) {
            Ok(is_over) => {
                self.console.turn(now);
                self.is_up |= is_over;
                if is_over {
                    self.restarts.forget();
                    self.ask_next = now + ASK_EVERY;
                }
                Ok(is_over)
            }
            Err(what) => {
                let hint = match self.machine.accel {
                    Accel::Tcg => "",
                    Accel::Kvm => KVM_HINT,
                };
                Err(self.failed(Failure::NeverReady, &format!("{what}{hint}")))
            }
        }
    }

    /// Returns the link of one of its cables, once.
    pub(super) fn link(
        &mut self,
        port: NicPort,
    ) -> Result<StreamLink<impl FnMut(bool) -> io::Result<()> + use<>>, DutError> {
        let stream = self.cables.remove(&port);
        let stream = stream.expect("a cable is taken once");
        let control = Rc::clone(&self.control);
        let carrier = move |up: bool| {
            let arguments = json!({ "name": port.name(), "up": up });
            let told = control.borrow_mut().execute("set_link", arguments);
            match told {
                // Whoever looks after the process tells that it has ended.
                Err(error) if is_end(&error) => Ok(()),
                other => other.map(drop),
            }
        };
        StreamLink::new(stream, carrier).map_err(|error| cannot("open a cable to QEMU", error))
    }

    /// Takes the power away and gives it back.
    pub(super) fn reset(&mut self) -> Result<(), DutError> {
        self.is_up = false;
        self.asked_at = None;
        self.console.turn(self.clock.now());
        self.console.forget();
        self.order("system_reset", json!({}))?;
        self.restarts.forget();
        // The firmware restarts the machine once or twice by itself.
        self.restarts.note(self.clock.now());
        Ok(())
    }

    /// Saves what the machine is once it is quiet, after which it stands still.
    pub(super) fn save(&mut self, to: &Saved) -> Result<(), DutError> {
        let deadline = self.clock.now() + START_WITHIN;
        while self.console.heard_at() > Some(self.clock.now() - QUIET)
            && self.clock.now() < deadline
        {
            self.sleep(QUIET);
            self.look()?;
        }
        // It also writes to the disk what is on its way there.
        self.order("stop", json!({}))?;
        self.order(
            "migrate-set-parameters",
            json!({ "max-bandwidth": 100_000_000_000_u64 }),
        )?;
        let memory = to.memory.display();
        self.order("migrate", json!({ "uri": format!("exec:cat >'{memory}'") }))?;
        self.until("save the memory", |guest| {
            match guest.order("query-migrate", json!({}))?["status"].as_str() {
                Some("completed") => Ok(true),
                Some("failed" | "cancelled") => {
                    let error = io::Error::other("QEMU could not write it");
                    Err(cannot("save the memory of a machine", error))
                }
                _ => Ok(false),
            }
        })
    }

    fn until(
        &mut self,
        doing: &str,
        mut is_done: impl FnMut(&mut Self) -> Result<bool, DutError>,
    ) -> Result<(), DutError> {
        let deadline = self.clock.now() + START_WITHIN;
        while !is_done(self)? {
            if self.clock.now() > deadline {
                let error = io::Error::from(ErrorKind::TimedOut);
                return Err(cannot(&format!("{doing} of a machine"), error));
            }
            self.sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Hands out the lines that it wrote on its console.
    pub(super) fn lines(&mut self) -> Vec<Line> {
        self.console.turn(self.clock.now());
        self.console.lines()
    }

    /// Returns how long the host kept it waiting for a processor since this was asked last.
    pub(super) fn starved(&mut self) -> Duration {
        let before = std::mem::replace(&mut self.waited, waited(self.emulator.process.id()));
        self.waited.saturating_sub(before)
    }

    /// Finds out how it fares.
    pub(super) fn look(&mut self) -> Result<(), DutError> {
        let now = self.clock.now();
        self.console.turn(now);
        let events = self.control.borrow_mut().events();
        for event in &events {
            self.take_in(event, now)?;
        }
        if let Some(line) = self.console.found().map(str::to_owned) {
            let is_panic = self.machine.panics.iter().any(|words| line.contains(words));
            let how = if is_panic {
                Failure::Panicked
            } else {
                Failure::DiskFull
            };
            return Err(self.failed(how, &format!("the console says `{line}`")));
        }
        if let Ok(Some(status)) = self.emulator.process.try_wait() {
            return Err(self.ended(status));
        }
        if self.console.is_closed() {
            // A process that ends closes its sockets first.
            let since = *self.closed_since.get_or_insert(now);
            if now.since(since) > END_WITHIN {
                let what = "the console was closed while QEMU runs on";
                return Err(self.failed(Failure::ConsoleClosed, what));
            }
        }
        if self.console.log().is_flooding() {
            return Err(self.failed(Failure::Flooding, "the console writes without end"));
        }
        if self.is_up {
            return self.ask(now);
        }
        match self.restarts.is_loop() {
            true => Err(self.failed(Failure::BootLoop, "the machine restarts again and again")),
            false => Ok(()),
        }
    }

    fn take_in(&mut self, event: &Value, now: Time) -> Result<(), DutError> {
        let data = &event["data"];
        match event["event"].as_str() {
            Some("RESET") if data["guest"] == true => {
                self.restarts.note(now);
                if self.is_up {
                    return Err(self.failed(Failure::Crashed, "the machine restarted by itself"));
                }
                Ok(())
            }
            Some("GUEST_PANICKED") => {
                Err(self.failed(Failure::Panicked, "the guest told of a panic"))
            }
            Some("BLOCK_IO_ERROR") if data["nospace"] == true => {
                let error = io::Error::from(ErrorKind::StorageFull);
                Err(cannot("keep what the machine writes to its disk", error))
            }
            _ => Ok(()),
        }
    }

    /// Types an Enter now and then, which a console that lives answers.
    fn ask(&mut self, now: Time) -> Result<(), DutError> {
        let patience = self.machine.hung_after.0;
        if patience.is_zero() {
            return Ok(());
        }
        match self.asked_at {
            Some(asked_at) if self.console.heard_at() >= Some(asked_at) => {
                self.asked_at = None;
                self.ask_next = now + ASK_EVERY;
            }
            Some(asked_at) if now.since(asked_at) > patience => {
                let what = format!("the console has not answered an Enter for {patience:?}");
                return Err(self.failed(Failure::Hung, &what));
            }
            None if now >= self.ask_next => {
                self.asked_at = Some(now);
                self.console.type_in("\n");
                self.console.turn(now);
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    fn order(&mut self, command: &str, arguments: Value) -> Result<Value, DutError> {
        let answer = self.control.borrow_mut().execute(command, arguments);
        answer.map_err(|error| self.no_answer(&error))
    }

    /// Says why QEMU gave no answer: it has ended, it hangs, or it cannot.
    fn no_answer(&mut self, error: &io::Error) -> DutError {
        if is_end(error) {
            for _ in 0..END_TURNS {
                if let Ok(Some(status)) = self.emulator.process.try_wait() {
                    self.console.turn(self.clock.now());
                    return self.ended(status);
                }
                // Not on its sockets: what has ended is always ready.
                let _ = poll(
                    &mut [],
                    PollTimeout::try_from(TICK).unwrap_or(PollTimeout::ZERO),
                );
            }
        }
        match error.kind() {
            ErrorKind::TimedOut => self.failed(Failure::Hung, &error.to_string()),
            _ => cannot("give QEMU an order", io::Error::other(error.to_string())),
        }
    }

    fn ended(&self, status: ExitStatus) -> DutError {
        let how = match (self.is_up, self.console.log().is_empty()) {
            (false, true) => Failure::NeverStarted,
            _ => Failure::Crashed,
        };
        let status = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, signal) => {
                let signal = signal.and_then(|number| Signal::try_from(number).ok());
                signal.map_or("a signal".to_owned(), |signal| format!("signal {signal}"))
            }
        };
        let said = fs::read(self.logs.join(OWN_LOG)).unwrap_or_default();
        let said = String::from_utf8_lossy(&said[said.len().saturating_sub(LONGEST_WORDS)..]);
        let what = format!("{} ended with {status}", self.machine.emulator);
        match said.trim() {
            "" => self.failed(how, &what),
            said => self.failed(how, &format!("{what}: {said}")),
        }
    }

    fn failed(&self, how: Failure, what: &str) -> DutError {
        let last = self.console.log().last_words();
        let message = match last.is_empty() {
            true => what.to_owned(),
            false => format!("{what}; the console's last words:\n{last}"),
        };
        let log = self.logs.join(CONSOLE_LOG).display().to_string();
        DutError::Failed(DeviceFailure {
            how,
            message,
            log: Some(log),
        })
    }

    /// Sleeps until something comes, for so long at most.
    fn sleep(&self, span: Duration) {
        let control = self.control.borrow();
        let mut fds = vec![PollFd::new(control.fd(), PollFlags::POLLIN)];
        fds.extend(
            self.console
                .fd()
                .map(|fd| PollFd::new(fd, PollFlags::POLLIN)),
        );
        if self.console.is_closed() {
            // A socket that has ended is always ready.
            fds.clear();
        }
        let timeout = PollTimeout::try_from(span).unwrap_or(PollTimeout::ZERO);
        let _ = poll(&mut fds, timeout);
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
    )
}

/// Returns how long all threads of a process have waited for a processor.
fn waited(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let waits = threads.filter_map(|thread| {
        let counts = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        hunger::waited(&counts)
    });
    waits.sum()
}

fn log_file(logs: &Path, name: &str) -> Result<File, Error> {
    let path = logs.join(name);
    let mut options = OpenOptions::new();
    let opened = options.create(true).append(true).open(&path);
    opened.map_err(|source| Error::Write { path, source })
}

fn cannot(doing: &str, source: io::Error) -> DutError {
    DutError::Harness(Error::Missing {
        doing: doing.to_owned(),
        help: String::new(),
        source: Some(source),
    })
}

const KVM_HINT: &str = " (KVM can be opened here, but this guest does not get on with it; \
    without `accel = \"kvm\"` it is emulated)";
const CONSOLE_LOG: &str = "console.log";
const OWN_LOG: &str = "qemu.log";
const TICK: Duration = Duration::from_millis(20);
/// What was typed last has been done by then.
const QUIET: Duration = Duration::from_millis(300);
const END_TURNS: u32 = 100;
/// How long a process takes to end once it has closed its sockets.
const END_WITHIN: Duration = Duration::from_secs(2);
const ASK_EVERY: Duration = Duration::from_secs(5);
const LONGEST_WORDS: usize = 2 << 10;
