//! The supervisor's end of the sandbox: starts its pid 1 and asks it for things.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns, unshare};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, openat, openat2, unlinkat};

use super::channel::Channel;
use super::init;
use super::messages::{Ask, Entry, Told};
use super::own_program::{self, OWN_PROGRAM};
use super::processes::Processes;
use crate::dut::description::programs::plan::{PlannedFile, PlannedRun};
use crate::namespaces::mounts::Trouble;

/// Pid 1 of the sandbox; dropping it ends everything there.
pub(super) struct Pid1 {
    process: Child,
    channel: Channel<Ask, Told>,
    ended: VecDeque<(i32, i32)>,
    root: OwnedFd,
}

/// Why a program does not run.
pub(super) enum NotRun {
    /// It cannot be started.
    NotStarted(String),
    /// Pid 1 of the sandbox does not do its part.
    Lost(io::Error),
}

impl Pid1 {
    /// Makes the sandbox, and moves this process into its network.
    pub(super) fn start(entry: &Entry) -> Result<(Self, Processes), Trouble> {
        let told = |doing: &str| {
            let doing = doing.to_owned();
            move |error: io::Error| (doing, error)
        };
        for (name, most) in LIMITS {
            // Where settings are closed, the user's own are all there is.
            let _ = fs::write(format!("/proc/sys/user/{name}"), most.to_string());
        }
        unshare(CloneFlags::CLONE_NEWPID)
            .map_err(|errno| ("make a process namespace".to_owned(), errno.into()))?;
        let doing = "start pid 1 of the sandbox";
        let (ours, theirs) = UnixStream::pair().map_err(told(doing))?;
        ours.set_read_timeout(Some(ANSWERS_WITHIN))
            .map_err(told(doing))?;
        let program = own_program::cover().unwrap_or(OWN_PROGRAM);
        let process = Command::new(program)
            .arg(init::COMMAND)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .map_err(told(doing))?;
        let mut channel = Channel::new(ours);
        channel
            .send(&Ask::Enter(entry.clone()))
            .map_err(told(doing))?;
        let number = match channel.receive() {
            Ok(Told::Entered(number)) => number,
            Ok(Told::Cannot { doing, why }) => return Err((doing, io::Error::other(why))),
            Ok(other) => {
                let why = io::Error::other(format!("pid 1 said {other:?}"));
                return Err(("make the sandbox".to_owned(), why));
            }
            Err(error) => return Err(("make the sandbox".to_owned(), error)),
        };
        let of_device = PathBuf::from(format!("/proc/{}", process.id()));
        let proc = of_device.join("fd").join(number.to_string());
        let proc = File::open(proc).map_err(told("look at the device's processes"))?;
        let root = folder(&of_device.join("root")).map_err(told("look into the sandbox"))?;
        join(&of_device).map_err(told("enter the device's network"))?;
        let pid1 = Self {
            process,
            channel,
            ended: VecDeque::new(),
            root,
        };
        Ok((pid1, Processes::new(proc.into())))
    }

    /// Returns its number as the host counts.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns what to sleep on until it tells something.
    pub(super) fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.channel.fd()
    }

    /// Opens a directory of the device's to look at, whatever links there are on the way.
    pub(super) fn open(&self, path: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let within = ResolveFlags::IN_ROOT;
        Ok(openat2(&self.root, path, flags, Mode::empty(), within)?)
    }

    /// Writes the device's files.
    pub(super) fn write(&mut self, files: Vec<PlannedFile>) -> Result<(), Trouble> {
        let doing = || "write the device's files".to_owned();
        match self.ask(&Ask::Write(files)) {
            Ok(Told::Written) => Ok(()),
            Ok(Told::Cannot { doing, why }) => Err((doing, io::Error::other(why))),
            Ok(other) => Err((doing(), unexpected(&other))),
            Err(error) => Err((doing(), error)),
        }
    }

    /// Removes a file of the device, if it is there.
    pub(super) fn forget(&self, path: &Path) {
        if let (Some(folder), Some(name)) = (path.parent(), path.file_name())
            && let Ok(folder) = self.open(folder)
        {
            let _ = unlinkat(folder, name, AtFlags::empty());
        }
    }

    /// Starts a program; returns its number and what it writes.
    pub(super) fn run(
        &mut self,
        run: &PlannedRun,
        environment: &std::collections::BTreeMap<String, String>,
    ) -> Result<(i32, File), NotRun> {
        let ask = Ask::Run {
            words: run.action.words(),
            environment: environment.clone(),
        };
        match self.ask(&ask) {
            Ok(Told::Started { pid, output }) => {
                let output = format!("/proc/{}/fd/{output}", self.process.id());
                Ok((pid, File::open(output).map_err(NotRun::Lost)?))
            }
            Ok(Told::NotStarted(why)) => Err(NotRun::NotStarted(why)),
            Ok(other) => Err(NotRun::Lost(unexpected(&other))),
            Err(error) => Err(NotRun::Lost(error)),
        }
    }

    /// Ends every process of the device.
    pub(super) fn stop(&mut self) -> io::Result<()> {
        match self.ask(&Ask::Stop)? {
            Told::Stopped => {
                self.ended.clear();
                Ok(())
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Returns a process that has ended, with its status.
    pub(super) fn ended(&mut self) -> io::Result<Option<(i32, i32)>> {
        while self.ended.is_empty() && (self.channel.has_message() || self.is_readable()?) {
            let told = self.channel.receive()?;
            self.keep(told)
                .map_or(Ok(()), |other| Err(unexpected(&other)))?;
        }
        Ok(self.ended.pop_front())
    }

    /// Ends pid 1, and with it everything in the sandbox.
    pub(super) fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Says what became of it where it does not do its part, and ends it.
    pub(super) fn fate(&mut self, error: &io::Error) -> String {
        let status = match error.kind() {
            // Whose end of a socket is closed has ended, or is about to.
            ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => self.process.wait().ok(),
            _ => None,
        };
        self.end();
        match status {
            Some(status) => format!("it ended with {status}"),
            None => error.to_string(),
        }
    }

    fn ask(&mut self, ask: &Ask) -> io::Result<Told> {
        self.channel.send(ask)?;
        self.answer()
    }

    /// Returns the next thing it tells that is no end of a process.
    fn answer(&mut self) -> io::Result<Told> {
        loop {
            let told = self.channel.receive()?;
            if let Some(answer) = self.keep(told) {
                return Ok(answer);
            }
        }
    }

    /// Keeps the end of a process for later; anything else is given back.
    fn keep(&mut self, told: Told) -> Option<Told> {
        match told {
            Told::Ended { pid, status } => {
                self.ended.push_back((pid, status));
                None
            }
            other => Some(other),
        }
    }

    fn is_readable(&self) -> io::Result<bool> {
        let mut fds = [PollFd::new(self.channel.fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO)?;
        Ok(fds[0].any().unwrap_or(false))
    }
}

impl Drop for Pid1 {
    fn drop(&mut self) {
        self.end();
    }
}

/// Joins the network of a process, and what its segments of memory are known by.
pub(super) fn join(process: &Path) -> io::Result<()> {
    for (name, kind) in [
        ("net", CloneFlags::CLONE_NEWNET),
        ("ipc", CloneFlags::CLONE_NEWIPC),
    ] {
        let path = process.join("ns").join(name);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        setns(openat(CWD, path, flags, Mode::empty())?, kind)?;
    }
    Ok(())
}

fn folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(CWD, path, flags, Mode::empty())?)
}

fn unexpected(told: &Told) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("pid 1 said {told:?}"))
}

/// What the whole device can have of what a user shares out.
const LIMITS: [(&str, u32); 5] = [
    // A device with a group of its own could mount it, and end its whole surroundings.
    ("max_cgroup_namespaces", 0),
    ("max_inotify_instances", 64),
    ("max_mnt_namespaces", 32),
    ("max_net_namespaces", 16),
    ("max_user_namespaces", 32),
];
/// Long enough on a busy host.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
