//! Both sides of the tester, at the ends of two cables: a thread that asks and one that answers.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ngnlab_sim::link::aside::Aside;
use nix::unistd::gettid;

use super::cores::{Cores, Part};
use super::effort::Used;
use super::guest::Guest;
use super::lan::{Generator, Outcome, Task};
use super::ledger::Ledger;
use super::offer::Offer;
use super::sleep::sleep;
use super::wan::{Answerer, Book};

/// The tester; dropping it ends its threads.
pub(super) struct Sides {
    tasks: Sender<Task>,
    heard: Receiver<Outcome>,
    book: Book,
    stop: Arc<AtomicBool>,
    /// The number of the answering thread, if there is one of its own.
    answerer: Arc<AtomicI32>,
    threads: Vec<JoinHandle<io::Result<()>>>,
    /// Whether each part was kept to processors of its own.
    pub(super) pinned: bool,
    /// How many processors both threads are kept to.
    pub(super) processors: u32,
}

impl Sides {
    /// Starts both threads.
    pub(super) fn start(
        lan: Aside,
        wan: Aside,
        servers: BTreeSet<Ipv6Addr>,
        cores: Option<&Cores>,
    ) -> Self {
        let (tasks, tasks_end) = channel();
        let (heard_end, heard) = channel();
        let book = Book::default();
        let stop = Arc::new(AtomicBool::new(false));
        let answerer = Answerer::new(wan, servers, Arc::clone(&book));
        let processors = cores.map_or(1, Cores::of_tester);
        let (beside, apart) = match processors {
            1 => (Some(answerer), None),
            _ => (None, Some(answerer)),
        };
        let generator = Generator {
            aside: lan,
            beside,
            tasks: tasks_end,
            guest: None,
            heard: heard_end,
            stop: Arc::clone(&stop),
        };
        let mut threads = vec![spawn(cores, Part::Generator, move || generator.serve())];
        let thread = Arc::new(AtomicI32::new(0));
        if let Some(answerer) = apart {
            let (stop, thread) = (Arc::clone(&stop), Arc::clone(&thread));
            threads.push(spawn(cores, Part::Answerer, move || {
                thread.store(gettid().as_raw(), Ordering::Relaxed);
                answer(answerer, &stop)
            }));
        }
        Self {
            tasks,
            heard,
            book,
            stop,
            answerer: thread,
            threads,
            pinned: cores.is_some(),
            processors,
        }
    }

    /// Begins a trial.
    pub(super) fn begin(&self, offer: Offer) {
        self.answer_by(&offer.ledger);
        // Who is no longer there has ended with an error, which `outcome` returns.
        let _ = self.tasks.send(Task::Ask(offer));
    }

    /// Has a real terminal ask, or no one any more.
    pub(super) fn host(&self, guest: Option<Guest>) {
        let _ = self.tasks.send(Task::Host(guest));
    }

    /// Has the other side answer what this is about, and count in it.
    pub(super) fn answer_by(&self, ledger: &Arc<Ledger>) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        *book = Some(Arc::clone(ledger));
    }

    /// Returns what came of the trial, once it is over.
    pub(super) fn outcome(&mut self) -> io::Result<Option<Outcome>> {
        match self.heard.try_recv() {
            Ok(outcome) => Ok(Some(outcome)),
            Err(TryRecvError::Empty) => {
                self.look()?;
                Ok(None)
            }
            Err(TryRecvError::Disconnected) => Err(self.error()),
        }
    }

    /// Waits for what comes of the trial.
    pub(super) fn wait(&mut self) -> io::Result<Outcome> {
        loop {
            match self.heard.recv_timeout(GLANCE) {
                Ok(outcome) => return Ok(outcome),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => self.look()?,
                Err(_) => return Err(self.error()),
            }
        }
    }

    /// Returns what the answering thread has used since it began; nothing where there is none.
    pub(super) fn answerer_used(&self) -> Used {
        Used::of_thread(self.answerer.load(Ordering::Relaxed))
    }

    /// Looks whether both threads are still there.
    fn look(&mut self) -> io::Result<()> {
        match self.threads.iter().any(JoinHandle::is_finished) {
            true => Err(self.error()),
            false => Ok(()),
        }
    }

    fn error(&mut self) -> io::Error {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.threads.drain(..).map(JoinHandle::join);
        let mut errors = ended.filter_map(|ended| match ended {
            Ok(ended) => ended.err(),
            Err(_) => Some(io::Error::other("a thread of the tester panicked")),
        });
        errors
            .next()
            .unwrap_or_else(|| io::Error::other("a thread of the tester has ended"))
    }
}

impl Drop for Sides {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Answers on a processor of its own.
fn answer(mut answerer: Answerer, stop: &AtomicBool) -> io::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        if !answerer.step()? && !answerer.is_busy() {
            sleep(answerer.cable().fds(), answerer.idle_for(IDLE))?;
        }
    }
    Ok(())
}

fn spawn(
    cores: Option<&Cores>,
    part: Part,
    serve: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> JoinHandle<io::Result<()>> {
    let cores = cores.cloned();
    thread::spawn(move || {
        if let Some(cores) = cores {
            cores.take(part);
        }
        serve()
    })
}

/// How often to look whether to end.
const IDLE: Duration = Duration::from_millis(20);
const GLANCE: Duration = Duration::from_millis(100);
