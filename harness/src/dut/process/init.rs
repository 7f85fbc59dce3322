//! Pid 1 of the sandbox: makes it, starts the device's programs in it, and reaps.
//!
//! It makes the device's root while it is a process of the namespace that owns the mounts, moves
//! into the device's own namespaces below, and never leaves them. The programs can neither look
//! into it nor stop it; it does what its supervisor asks for, and ends with it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write, pipe, stdin};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use keyutils::Keyring;
use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, setsid};

use super::channel::Channel;
use super::messages::{Ask, Entry, Told};
use super::{calls, own_program, root, wall};
use crate::dut::description::programs::RUN_DIR;
use crate::dut::description::programs::plan::PlannedFile;
use crate::installed::PATH;
use crate::namespaces::become_user_0;
use crate::namespaces::mounts::{Trouble, attach, put};

/// The hidden subcommand that pid 1 of a sandbox runs as.
pub const COMMAND: &str = "process-init";

/// Serves as pid 1 until the supervisor is gone.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The worker keeps what is written here for its own last words.
            let _ = writeln!(io::stderr(), "pid 1 of the sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    own_program::uncover();
    let socket = stdin().as_fd().try_clone_to_owned()?;
    let mut init = Init {
        channel: Channel::new(UnixStream::from(socket)),
        entry: None,
        is_walled: false,
        held: None,
    };
    loop {
        init.reap()?;
        if !init.channel.has_message() && !is_readable(&init.channel)? {
            continue;
        }
        match init.channel.receive() {
            Ok(ask) => init.answer(ask)?,
            // The supervisor has ended.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

struct Init {
    channel: Channel<Told, Ask>,
    entry: Option<Entry>,
    is_walled: bool,
    /// What the supervisor was told by number, and has opened once it asks again.
    held: Option<OwnedFd>,
}

impl Init {
    fn answer(&mut self, ask: Ask) -> io::Result<()> {
        self.held = None;
        let told = match ask {
            Ask::Enter(entry) => match enter(&entry) {
                Ok(proc) => {
                    self.entry = Some(entry);
                    Told::Entered(self.hold(proc))
                }
                Err(trouble) => cannot(trouble),
            },
            Ask::Write(files) => {
                let written = files.iter().try_for_each(write);
                match written.and_then(|()| self.close_the_wall(&files)) {
                    Ok(()) => Told::Written,
                    Err(trouble) => cannot(trouble),
                }
            }
            Ask::Run { words, environment } => match start(&words, environment) {
                Ok((pid, output)) => {
                    let output = self.hold(output);
                    Told::Started { pid, output }
                }
                Err(error) => Told::NotStarted(error.to_string()),
            },
            Ask::Stop => {
                self.stop()?;
                Told::Stopped
            }
        };
        self.channel.send(&told)
    }

    fn hold(&mut self, fd: OwnedFd) -> i32 {
        self.held.insert(fd).as_raw_fd()
    }

    /// Lets nothing be mounted from here on, and nothing be written but in the device's places and
    /// to its files, which are written anew after a power cut.
    fn close_the_wall(&mut self, files: &[PlannedFile]) -> Result<(), Trouble> {
        let Some(entry) = &self.entry else {
            return Ok(());
        };
        if !self.is_walled && !entry.mounts {
            wall::close(entry, files.iter().map(|file| file.path.clone()))?;
            self.is_walled = true;
        }
        Ok(())
    }

    /// Ends everything in the sandbox at once, as a power cut does.
    fn stop(&mut self) -> io::Result<()> {
        // From pid 1: every process of the namespace but itself.
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        for _ in 0..STOP_TURNS {
            self.reap()?;
            if waitpid(None, Some(WaitPidFlag::WNOHANG)).is_err() {
                break;
            }
            let _ = poll(&mut [], PollTimeout::from(10_u8));
        }
        Ok(())
    }

    /// Tells which processes have ended; orphans of daemons come here, too.
    fn reap(&mut self) -> io::Result<()> {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let (pid, status) = match status {
                WaitStatus::Exited(pid, code) => (pid, code << 8),
                WaitStatus::Signaled(pid, signal, _) => (pid, signal as i32),
                WaitStatus::StillAlive => break,
                _ => continue,
            };
            let pid = pid.as_raw();
            self.channel.send(&Told::Ended { pid, status })?;
        }
        Ok(())
    }
}

/// Makes the sandbox and moves into it; returns the root of its `/proc`.
fn enter(entry: &Entry) -> Result<OwnedFd, Trouble> {
    let told = |doing: &str| {
        let doing = doing.to_owned();
        move |errno: Errno| (doing, io::Error::from(errno))
    };
    for (resource, most) in LIMITS {
        // Those that are lower already stay.
        let _ = setrlimit(*resource, *most, *most);
    }
    // Of a session of its own, it shares no turn on the processors with its supervisor.
    setsid().map_err(told("begin a session"))?;
    // The caller's keys stay the caller's.
    let _ = Keyring::join_anonymous_session();
    root::enter(entry)?;
    // Of a mount that nothing can be mounted over later.
    let proc = File::open("/proc").map_err(|error| ("open /proc".to_owned(), error))?;
    let flags = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    unshare(flags).map_err(told("make the device's own namespaces"))?;
    // A copy in a namespace of less power: every mount in it is locked.
    become_user_0(0, 0).map_err(|(name, error)| (format!("write {name}"), error))?;
    unshare(CloneFlags::CLONE_NEWNS).map_err(told("make the device's mount namespace"))?;
    // Read-only, as systemd-networkd waits for udev otherwise.
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC | MsFlags::MS_RDONLY;
    attach(Some("sysfs"), "/sys", Some("sysfs"), flags, None)?;
    prctl::set_no_new_privs().map_err(told("give up new privileges"))?;
    calls::close().map_err(|error| ("close system calls".to_owned(), error))?;
    prctl::set_dumpable(false).map_err(told("keep the device out of its pid 1"))?;
    // What belongs to a group of processes ends with it, and a terminal is nobody's here.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(told("end with the supervisor"))?;
    Ok(proc.into())
}

/// Writes one file of the device.
fn write(file: &PlannedFile) -> Result<(), Trouble> {
    put(&file.path, &file.bytes, file.mode, Path::new(RUN_DIR))
}

/// Starts a program of the device; returns its number, and the pipe into which it writes.
fn start(
    words: &[String],
    environment: impl IntoIterator<Item = (String, String)>,
) -> io::Result<(i32, OwnedFd)> {
    let (output, end) = pipe()?;
    let (program, arguments) = words.split_first().ok_or(ErrorKind::InvalidInput)?;
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        // Where router programs live; an ordinary user's PATH often lacks the sbin ones.
        .env("PATH", PATH)
        .env("HOME", RUN_DIR)
        .env("LANG", "C.UTF-8")
        .envs(environment)
        .current_dir(RUN_DIR)
        .stdin(Stdio::null())
        .stdout(end.try_clone()?)
        .stderr(end)
        .spawn()?;
    // If memory runs out, it shall be a program that ends, and not this one.
    let _ = fs::write(format!("/proc/{}/oom_score_adj", child.id()), "500");
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    Ok((pid, output.into()))
}

fn is_readable(channel: &Channel<Told, Ask>) -> io::Result<bool> {
    let mut fds = [PollFd::new(channel.fd(), PollFlags::POLLIN)];
    match poll(&mut fds, PollTimeout::from(TICK)) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    Ok(fds[0].any().unwrap_or(false))
}

fn cannot((doing, error): Trouble) -> Told {
    let why = error.to_string();
    Told::Cannot { doing, why }
}

/// How often it looks for processes that have ended.
const TICK: u8 = 20;
const STOP_TURNS: u32 = 200;
/// What a process or the whole device can have at most.
const LIMITS: &[(Resource, u64)] = &[
    // More than a device may have: it is found out before.
    (Resource::RLIMIT_NPROC, 2 * super::watch::MOST_PROCESSES),
    (Resource::RLIMIT_NOFILE, 16 << 10),
    (Resource::RLIMIT_FSIZE, super::watch::LARGEST_FILE),
    // One byte: neither a file nor, where the host pipes cores into a program, that program.
    (Resource::RLIMIT_CORE, 1),
];
