//! The namespaces of one device, entered by a worker process while it has a single thread.
//!
//! No privileges are asked for, and root takes the same path as everybody else: a user namespace
//! with one user, and below it the network and the processes of the device. The worker keeps its
//! view of the host's files; pid 1 makes a mount namespace of its own.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
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

use super::init::FOUNDER_COMMAND;
use super::plan::Plan;
use crate::dut::DeviceFailure;
use crate::error::Error;

/// What a worker may ask pid 1 for.
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
    /// Where the programs' logs go, on the host.
    pub logs: PathBuf,
}

/// What pid 1 has to tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The files of the sandbox are there.
    Entered,
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
    init: Child,
    orders: ChildStdin,
    events: Receiver<Event>,
    waker: Arc<Mutex<Option<Waker>>>,
}

impl Sandbox {
    /// Moves this process into namespaces of its own and starts their pid 1.
    ///
    /// `parent` is the process that this one must not outlive.
    pub fn enter(parent: Pid, entry: &Entry) -> Result<Self, Error> {
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
        let mut sandbox = Self::start_init()
            .map_err(|error| cannot("start pid 1 of the sandbox", "", Some(error)))?;
        sandbox.order(&Order::Enter(entry.clone()))?;
        match sandbox.wait(ENTER_WITHIN)? {
            Some(Event::Entered) => Ok(sandbox),
            other => {
                let doing = "set up the files of the sandbox";
                Err(cannot(doing, &format!("pid 1 said {other:?}"), None))
            }
        }
    }

    /// Lets pid 1's events wake a world.
    pub fn wake_with(&self, waker: Waker) {
        let mut place = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(waker);
    }

    /// Gives an order to pid 1.
    pub fn order(&mut self, order: &Order) -> Result<(), Error> {
        let mut line = serde_json::to_string(order).expect("an order is plain data");
        line.push('\n');
        self.orders
            .write_all(line.as_bytes())
            .map_err(|error| cannot("give an order to pid 1 of the sandbox", "", Some(error)))
    }

    /// Returns what pid 1 has told, if anything.
    pub fn event(&mut self) -> Result<Option<Event>, Error> {
        match self.events.try_recv() {
            Ok(event) => event.checked().map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(self.gone()),
        }
    }

    /// Returns what pid 1 tells next, or nothing if it is silent for so long.
    pub fn wait(&mut self, within: Duration) -> Result<Option<Event>, Error> {
        match self.events.recv_timeout(within) {
            Ok(event) => event.checked().map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(self.gone()),
        }
    }

    fn start_init() -> io::Result<Self> {
        // A path such as /proc/self/exe also works when the file was replaced meanwhile.
        let mut init = Command::new(env::current_exe()?)
            .arg(FOUNDER_COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = init.stdin.take().expect("it is piped");
        let output = init.stdout.take().expect("it is piped");
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
            init,
            orders,
            events,
            waker,
        })
    }

    fn gone(&mut self) -> Error {
        let how = match self.init.try_wait() {
            Ok(Some(status)) => format!("it ended with {status}"),
            _ => "it closed its end".to_owned(),
        };
        cannot("keep pid 1 of the sandbox running", &how, None)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Everything in the namespace ends with its pid 1.
        let _ = self.init.kill();
        let _ = self.init.wait();
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

fn read_events(output: ChildStdout) -> impl Iterator<Item = Event> {
    BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .map(|line| {
            serde_json::from_str(&line).unwrap_or_else(|error| Event::Cannot {
                doing: "read what pid 1 of the sandbox tells".to_owned(),
                why: error.to_string(),
            })
        })
}

/// Moves this process into a user and a network namespace.
pub(crate) fn isolate() -> Result<(), Error> {
    let (uid, gid) = (getuid(), getgid());
    // Not the process namespace: a process that has asked for one can start no more threads.
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET;
    unshare(flags).map_err(|errno| missing("make a user namespace", &advice(errno), errno))?;
    let maps = [
        // Without it an unprivileged process may not map its group.
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {uid} 1")),
        ("gid_map", format!("0 {gid} 1")),
    ];
    for (name, text) in maps {
        fs::write(format!("/proc/self/{name}"), text).map_err(|error| {
            let errno = Errno::from_raw(error.raw_os_error().unwrap_or_default());
            let doing = format!("write {name} of a user namespace");
            missing(&doing, &advice(errno), errno)
        })?;
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
