//! The process that watches over a device: outside its sandbox, so that nothing in it can reach,
//! see or imitate it.
//!
//! It ends with its worker, and with it everything that runs in the sandbox.

use std::io::{self, BufRead, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::setsid;

use super::messages::{Event, Order};
use super::supervisor::Supervisor;
use crate::namespaces::mounts::Trouble;

/// The hidden subcommand that a supervisor runs as.
pub const COMMAND: &str = "process-supervisor";

/// Serves as a supervisor until the worker is gone.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The worker keeps what is written here for its own last words.
            let _ = writeln!(io::stderr(), "the supervisor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // The user's terminal is out of reach from here on, for all below.
    setsid()?;
    let clock = Clock::starting_at(Time::ZERO);
    let mut orders = io::stdin().lock();
    let mut supervisor: Option<Supervisor> = None;
    loop {
        if let Some(supervisor) = &mut supervisor {
            while let Some(event) = supervisor.turn(clock.now()) {
                tell(&event)?;
            }
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
            (Order::Enter(entry), _) => match Supervisor::enter(&entry) {
                Ok(one) => {
                    tell(&Event::Entered(one.pid1()))?;
                    supervisor = Some(one);
                }
                Err(trouble) => tell(&cannot(trouble))?,
            },
            (Order::Start(plan), Some(supervisor)) => {
                if let Err(trouble) = supervisor.start(plan) {
                    tell(&cannot(trouble))?;
                }
            }
            (Order::Recall, Some(supervisor)) => {
                for lines in supervisor.lines().chunks(LINES_AT_ONCE) {
                    tell(&Event::Wrote(lines.to_vec()))?;
                }
                tell(&Event::WroteAll)?;
            }
            (Order::Start(_) | Order::Recall, None) => {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
    }
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

fn cannot((doing, error): Trouble) -> Event {
    let why = error.to_string();
    Event::Cannot { doing, why }
}

/// How often it looks for programs that become ready.
const TICK: u16 = 20;
/// An event stays far below what the worker reads of one.
const LINES_AT_ONCE: usize = 100;
/// How often it looks for what a device takes.
const LAZY_TICK: u16 = 50;
