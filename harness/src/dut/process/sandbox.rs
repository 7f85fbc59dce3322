//! The namespaces of one device, entered by a worker process while it has a single thread.
//!
//! No privileges are asked for. The worker and the supervisor are processes of a user namespace with
//! one user, to which the mounts belong; the device's programs are processes of another one below,
//! to which their network belongs. Root becomes an ordinary user first, so that user 0 of the
//! sandbox is nobody on the host.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ngnlab_sim::link::wake::Waker;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getgid, getppid, getuid};
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::stranger::Stranger;
use super::{group, pid1, supervise};
use crate::dut::{DeviceFailure, Failure};
use crate::error::Error;

/// What a worker may ask the supervisor for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// To make the files of the sandbox.
    Enter(Entry),
    /// To end everything that runs, and start what the plan says.
    Start(Plan),
}

/// What the sandbox is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Directories that are empty and the device's own, beside `/run`.
    pub private: Vec<PathBuf>,
    /// Users that are the namespace's one user inside.
    pub root_users: Vec<String>,
    /// What of the host it sees beside the usual.
    pub sees: Vec<Seen>,
    /// The root file system that it brings along.
    pub root: Option<PathBuf>,
    /// Whether what is written to it goes into a layer already.
    pub root_is_layered: bool,
    /// Whether it mounts things in its own places, and does without the wall that forbids it.
    pub mounts: bool,
    /// Where the programs' logs go, on the host.
    pub logs: PathBuf,
}

/// A file or folder of the host that a device sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where it is on the host.
    pub host: PathBuf,
    /// Where the device finds it.
    pub at: PathBuf,
}

/// What the supervisor has to tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The sandbox is there, and its pid 1 has this number on the host.
    Entered(u32),
    /// Every program is ready.
    Ready,
    /// The host kept the programs waiting for a processor, so long in all.
    Starved(Duration),
    /// The device does not do its part.
    Failed(DeviceFailure),
    /// We could not do ours.
    Cannot {
        /// What was tried.
        doing: String,
        /// Why not.
        why: String,
    },
}

/// The namespaces, as the worker sees them; they end with it.
pub struct Sandbox {
    supervisor: Child,
    orders: ChildStdin,
    events: Receiver<Event>,
    waker: Arc<Mutex<Option<Waker>>>,
}

impl Sandbox {
    /// Makes a sandbox below this process, which moves into its network.
    ///
    /// `parent` is the process that this one must not outlive; `gates` lead into control groups.
    pub fn enter(parent: Pid, mut entry: Entry, gates: &[PathBuf]) -> Result<Self, Error> {
        let mut gates = group::open(gates);
        if let Some(stranger) = Stranger::of_root() {
            stranger
                .become_them(&mut entry)
                .map_err(|error| cannot("become an ordinary user", "", Some(error)))?;
        }
        isolate()?;
        // Only now: writing the id maps and changing credentials clears it.
        prctl::set_pdeathsig(Signal::SIGKILL)
            .map_err(|errno| missing("tie this worker to its parent", "", errno))?;
        if getppid() != parent {
            return Err(missing(
                "start a worker",
                "its parent has ended",
                Errno::ESRCH,
            ));
        }
        let mut sandbox = Self::start()
            .map_err(|error| cannot("start the supervisor of the sandbox", "", Some(error)))?;
        sandbox.order(&Order::Enter(entry))?;
        match sandbox.wait(ENTER_WITHIN)? {
            Some(Event::Entered(pid)) => group::let_in(&mut gates, pid).map_err(|error| {
                cannot("put the device into its control group", "", Some(error))
            })?,
            other => {
                let doing = "make the sandbox";
                return Err(cannot(
                    doing,
                    &format!("the supervisor said {other:?}"),
                    None,
                ));
            }
        }
        let supervisor = PathBuf::from(format!("/proc/{}", sandbox.supervisor.id()));
        pid1::join(&supervisor)
            .map_err(|error| cannot("enter the device's network", "", Some(error)))?;
        Ok(sandbox)
    }

    /// Lets events wake a world.
    pub fn wake_with(&self, waker: Waker) {
        let mut place = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(waker);
    }

    /// Gives an order to the supervisor.
    pub fn order(&mut self, order: &Order) -> Result<(), Error> {
        let mut line = serde_json::to_string(order).expect("an order is plain data");
        line.push('\n');
        self.orders
            .write_all(line.as_bytes())
            .map_err(|error| cannot("give an order to the supervisor", "", Some(error)))
    }

    /// Returns what the supervisor has told, if anything.
    pub fn event(&mut self) -> Result<Option<Event>, Error> {
        match self.events.try_recv() {
            Ok(event) => event.checked().map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(self.gone()),
        }
    }

    /// Returns what the supervisor tells next, or nothing if it is silent for so long.
    pub fn wait(&mut self, within: Duration) -> Result<Option<Event>, Error> {
        match self.events.recv_timeout(within) {
            Ok(event) => event.checked().map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(self.gone()),
        }
    }

    fn start() -> io::Result<Self> {
        let mut supervisor = Command::new(pid1::OWN_PROGRAM)
            .arg(supervise::COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = supervisor.stdin.take().expect("it is piped");
        let output = supervisor.stdout.take().expect("it is piped");
        let (sender, events) = channel();
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let for_thread = Arc::clone(&waker);
        thread::spawn(move || {
            for event in read_events(output) {
                // Held while sending, so that what was waited for wakes nobody afterwards.
                let place = for_thread.lock().unwrap_or_else(PoisonError::into_inner);
                if sender.send(event).is_err() {
                    return;
                }
                if let Some(waker) = &*place {
                    waker.wake();
                }
            }
        });
        Ok(Self {
            supervisor,
            orders,
            events,
            waker,
        })
    }

    fn gone(&mut self) -> Error {
        let how = match self.supervisor.try_wait() {
            Ok(Some(status)) => format!("it ended with {status}"),
            _ => "it closed its end".to_owned(),
        };
        cannot("keep the supervisor running", &how, None)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Everything in the sandbox ends with it.
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
    }
}

impl Event {
    fn checked(self) -> Result<Self, Error> {
        match self {
            Self::Cannot { doing, why } => Err(cannot(&doing, &why, None)),
            other => Ok(other),
        }
    }
}

/// Reads events until there are no more; nonsense can only be the device's doing.
fn read_events(output: ChildStdout) -> impl Iterator<Item = Event> {
    let mut output = BufReader::new(output);
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        let read = output
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line);
        if read.unwrap_or_default() == 0 {
            return None;
        }
        Some(serde_json::from_slice(&line).unwrap_or_else(|error| {
            Event::Failed(DeviceFailure {
                how: Failure::Crashed,
                message: format!("the supervisor of the device told nonsense: {error}"),
                log: None,
            })
        }))
    })
}

/// Moves this process into a user and a network namespace.
pub(crate) fn isolate() -> Result<(), Error> {
    let (uid, gid) = (getuid(), getgid());
    // Not the process namespace: a process that has asked for one can start no more threads.
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET;
    unshare(flags).map_err(|errno| missing("make a user namespace", &advice(errno), errno))?;
    become_user_0(uid.as_raw(), gid.as_raw()).map_err(|(name, error)| {
        let errno = Errno::from_raw(error.raw_os_error().unwrap_or_default());
        let doing = format!("write {name} of a user namespace");
        missing(&doing, &advice(errno), errno)
    })
}

/// Makes the user that this process has in the namespace above user 0 of its own, and nobody else;
/// an error comes with the name of the file that could not be written.
pub(super) fn become_user_0(uid: u32, gid: u32) -> Result<(), (&'static str, io::Error)> {
    let maps = [
        // Without it an unprivileged process may not map its group.
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {uid} 1")),
        ("gid_map", format!("0 {gid} 1")),
    ];
    for (name, text) in maps {
        fs::write(Path::new("/proc/self").join(name), text).map_err(|error| (name, error))?;
    }
    Ok(())
}

/// Says which setting of this machine stands in the way of user namespaces.
pub(super) fn advice(errno: Errno) -> String {
    advice_from(errno, |name| {
        let text = fs::read_to_string(format!("/proc/sys/{name}")).ok()?;
        text.trim().parse().ok()
    })
}

fn advice_from(errno: Errno, setting: impl Fn(&str) -> Option<u64>) -> String {
    // Debian's switch, Ubuntu's, and the kernel's own.
    if setting("kernel/unprivileged_userns_clone") == Some(0) {
        return "allow it with `sudo sysctl -w kernel.unprivileged_userns_clone=1`".to_owned();
    }
    if setting("kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        let command = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
        return format!("AppArmor restricts user namespaces here; allow them with `{command}`");
    }
    if setting("user/max_user_namespaces") == Some(0) || errno == Errno::ENOSPC {
        let command = "sudo sysctl -w user.max_user_namespaces=15000";
        return format!("allow more of them with `{command}`");
    }
    match errno {
        Errno::EINVAL | Errno::ENOSYS => {
            "the kernel needs CONFIG_USER_NS, CONFIG_NET_NS and CONFIG_PID_NS".to_owned()
        }
        _ => "a container must allow it, for example with `--security-opt seccomp=unconfined \
              --security-opt apparmor=unconfined --security-opt systempaths=unconfined`; a \
              chroot never does"
            .to_owned(),
    }
}

fn missing(doing: &str, help: &str, errno: Errno) -> Error {
    cannot(doing, help, Some(errno.into()))
}

fn cannot(doing: &str, help: &str, source: Option<io::Error>) -> Error {
    Error::Missing {
        doing: doing.to_owned(),
        help: help.to_owned(),
        source,
    }
}

const ENTER_WITHIN: Duration = Duration::from_secs(60);
/// Last words of a program are the longest thing in it.
const LONGEST_LINE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_in_the_way_is_named() {
        let with = |errno, name: &'static str, value| {
            advice_from(errno, move |asked| (asked == name).then_some(value))
        };
        let debian = with(Errno::EPERM, "kernel/unprivileged_userns_clone", 0);
        assert!(debian.contains("`sudo sysctl -w kernel.unprivileged_userns_clone=1`"));
        let ubuntu = with(
            Errno::EPERM,
            "kernel/apparmor_restrict_unprivileged_userns",
            1,
        );
        assert!(ubuntu.contains("`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"));
        let none = with(Errno::ENOSPC, "user/max_user_namespaces", 0);
        assert!(none.contains("`sudo sysctl -w user.max_user_namespaces=15000`"));
        assert!(with(Errno::EPERM, "", 0).contains("container"));
        assert!(with(Errno::EINVAL, "", 0).contains("CONFIG_USER_NS"));
    }
}
