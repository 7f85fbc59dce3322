//! Pid 1 of the sandbox: makes its files, starts the programs, reaps, and tells how they fare.
//!
//! It ends with its worker, and with it everything that runs in the sandbox.

use std::env;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, ExitCode};

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;
use nix::fcntl::{OFlag, open, openat};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;

use super::mounts;
use super::sandbox::{Entry, Event, Order};
use super::supervisor::Supervisor;

/// The hidden subcommand that makes a process namespace and starts its pid 1.
pub const FOUNDER_COMMAND: &str = "process-founder";
/// The hidden subcommand that pid 1 of a sandbox runs as.
pub const INIT_COMMAND: &str = "process-init";

/// Makes a process namespace, starts its pid 1 and waits for its end.
pub fn found() -> ExitCode {
    let ended = || -> io::Result<bool> {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        unshare(CloneFlags::CLONE_NEWPID)?;
        let mut init = Command::new(env::current_exe()?)
            .arg(INIT_COMMAND)
            .spawn()?;
        Ok(init.wait()?.success())
    };
    exit_code(ended())
}

/// Serves as pid 1 until the worker is gone.
pub fn main() -> ExitCode {
    exit_code(serve().map(|()| true))
}

fn exit_code(ended: io::Result<bool>) -> ExitCode {
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // The worker keeps what is written here for its own last words.
            let _ = writeln!(io::stderr(), "pid 1 of the sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    let clock = Clock::starting_at(Time::ZERO);
    let mut orders = io::stdin().lock();
    let mut supervisor = None;
    loop {
        let now = clock.now();
        if let Some(event) = supervisor
            .as_mut()
            .and_then(|one: &mut Supervisor| one.turn(now))
        {
            tell(&event)?;
        }
        if !wait(supervisor.as_ref())? {
            continue;
        }
        let mut line = String::new();
        if orders.read_line(&mut line)? == 0 {
            // The worker has ended.
            return Ok(());
        }
        match (serde_json::from_str(&line)?, &mut supervisor) {
            (Order::Enter(entry), _) => match enter(&entry) {
                Ok(one) => {
                    supervisor = Some(one);
                    tell(&Event::Entered)?;
                }
                Err((doing, error)) => tell(&cannot(doing, &error))?,
            },
            (Order::Start(plan), Some(supervisor)) => {
                supervisor.stop();
                if let Err((doing, error)) = supervisor.start(plan) {
                    tell(&cannot(doing, &error))?;
                }
            }
            (Order::Start(_), None) => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn enter(entry: &Entry) -> Result<Supervisor, mounts::Trouble> {
    // Before the mounts, which may cover it.
    let logs =
        Logs::open(entry).map_err(|error| (format!("open {}", entry.logs.display()), error))?;
    mounts::enter(entry)?;
    Ok(Supervisor::new(logs))
}

/// Sleeps until something happens; true if it is an order.
fn wait(supervisor: Option<&Supervisor>) -> io::Result<bool> {
    let stdin = io::stdin();
    let mut fds = vec![PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    if let Some(supervisor) = supervisor {
        let outputs = supervisor.fds();
        fds.extend(outputs.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
    }
    let tick = match supervisor {
        Some(supervisor) if supervisor.is_booting() => TICK,
        _ => LAZY_TICK,
    };
    match poll(&mut fds, PollTimeout::from(tick)) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    Ok(fds[0].any().unwrap_or(false))
}

fn tell(event: &Event) -> io::Result<()> {
    let mut line = serde_json::to_string(event)?;
    line.push('\n');
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

fn cannot(doing: String, error: &io::Error) -> Event {
    let why = error.to_string();
    Event::Cannot { doing, why }
}

/// The folder of logs on the host, held open.
pub(super) struct Logs {
    folder: OwnedFd,
    path: String,
}

impl Logs {
    fn open(entry: &Entry) -> io::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self {
            folder: open(&entry.logs, flags, Mode::empty())?,
            path: entry.logs.display().to_string(),
        })
    }

    /// Returns the path of a program's log on the host.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}.log", self.path)
    }

    /// Opens a program's log at its end.
    pub(super) fn file(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_APPEND | OFlag::O_CLOEXEC;
        let name = format!("{name}.log");
        let file = openat(
            &self.folder,
            name.as_str(),
            flags,
            Mode::from_bits_truncate(0o644),
        )?;
        Ok(file.into())
    }
}

/// How often it looks for programs that become ready.
const TICK: u16 = 20;
/// How often it looks for programs that have ended.
const LAZY_TICK: u16 = 100;
