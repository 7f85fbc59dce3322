//! The namespaces of one device, entered by a worker process while it has a single thread.
//!
//! No privileges are asked for. The worker and the supervisor are processes of a user namespace with
//! one user, to which the mounts belong; the device's programs are processes of another one below,
//! to which their network belongs. Root becomes an ordinary user first, so that user 0 of the
//! sandbox is nobody on the host.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ngnlab_sim::link::wake::Waker;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

use super::messages::{Entry, Event, Order};
use super::own_program::OWN_PROGRAM;
use super::stranger::Stranger;
use super::{group, pid1, supervise};
use crate::dut::{DeviceFailure, Failure};
use crate::error::Error;
use crate::namespaces::isolate;

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
            .map_err(|errno| cannot("tie this worker to its parent", "", Some(errno.into())))?;
        if getppid() != parent {
            return Err(cannot(
                "start a worker",
                "its parent has ended",
                Some(Errno::ESRCH.into()),
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
            Ok(event) => checked(event).map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(self.gone()),
        }
    }

    /// Returns what the supervisor tells next, or nothing if it is silent for so long.
    pub fn wait(&mut self, within: Duration) -> Result<Option<Event>, Error> {
        match self.events.recv_timeout(within) {
            Ok(event) => checked(event).map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(self.gone()),
        }
    }

    fn start() -> io::Result<Self> {
        let mut supervisor = Command::new(OWN_PROGRAM)
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

/// Tells what the supervisor could not do from all else that it says.
fn checked(event: Event) -> Result<Event, Error> {
    match event {
        Event::Cannot { doing, why } => Err(cannot(&doing, &why, None)),
        other => Ok(other),
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
