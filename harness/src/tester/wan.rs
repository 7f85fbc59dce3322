//! The side of the tester that answers: in front of the network, it takes the questions of the
//! benchmark and leaves it everything else.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ngnlab_sim::link::aside::Aside;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;

use super::bulk::{self, Uploads};
use super::heard::nanos;
use super::ledger::Ledger;
use super::listener::Listener;
use super::message::{Asking, Datagram, PORT};
use super::stream::segment::Segment;
use super::stream::wire::Wire;

/// What the last trial counts in; nothing before the first one.
pub(super) type Book = Arc<Mutex<Option<Arc<Ledger>>>>;

/// Answers what comes.
pub(super) struct Answerer {
    /// The cable to the device.
    aside: Aside,
    /// The addresses of the network's DNS servers.
    servers: BTreeSet<Ipv6Addr>,
    book: Book,
    listener: Listener,
    uploads: Uploads,
    clock: Clock,
    buffer: Vec<u8>,
    answer: Vec<u8>,
    /// Answers that leave later, in the order of their questions.
    later: VecDeque<(Time, Arc<Ledger>, Vec<u8>)>,
}

impl Answerer {
    /// Makes one at the end of a cable.
    pub(super) fn new(aside: Aside, servers: BTreeSet<Ipv6Addr>, book: Book) -> Self {
        Self {
            aside,
            servers,
            book,
            listener: Listener::new(),
            uploads: Uploads::default(),
            clock: Clock::starting_at(Time::ZERO),
            buffer: vec![0; LONGEST_FRAME],
            answer: Vec::with_capacity(LONGEST_FRAME),
            later: VecDeque::new(),
        }
    }

    /// Returns the cable.
    pub(super) fn cable(&self) -> &Aside {
        &self.aside
    }

    /// Returns whether it has to go on whatever comes.
    pub(super) fn is_busy(&self) -> bool {
        self.uploads.is_busy()
    }

    /// Answers what has come, a batch at most, and returns whether there was anything.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        let mut any = self.aside.send_on()?;
        any |= self.send_later()?;
        let mut ledger = None;
        for _ in 0..BATCH {
            let Some(length) = self.aside.plane.receive(&mut self.buffer)? else {
                break;
            };
            if ledger.is_none() {
                let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
                ledger.clone_from(&book);
            }
            any = true;
            self.take(length, ledger.as_ref())?;
        }
        let now = now(&self.clock);
        let mut wire = Wire::new(&mut *self.aside.plane, &mut self.answer, now);
        any |= self.listener.go_on(&mut wire)?;
        any |= self.uploads.go_on(&mut wire)?;
        Ok(any)
    }

    /// Returns how long it may sleep at most.
    pub(super) fn idle_for(&self, most: Duration) -> Duration {
        match self.later.front() {
            Some((due, ..)) => most.min(due.since(self.clock.now())),
            None => most,
        }
    }

    /// Sends what was to leave later and is due.
    fn send_later(&mut self) -> io::Result<bool> {
        let mut any = false;
        while let Some((due, ..)) = self.later.front()
            && *due <= self.clock.now()
            && let Some((_, ledger, answer)) = self.later.pop_front()
        {
            any = true;
            if !self.aside.plane.put(&answer)? {
                ledger.note_unanswered();
            }
        }
        Ok(any)
    }

    fn take(&mut self, length: usize, ledger: Option<&Arc<Ledger>>) -> io::Result<()> {
        let frame = &self.buffer[..length];
        if let Some(segment) = Segment::read(frame)
            && segment.destination_port == PORT
            && self.servers.contains(&segment.ends.addresses.1)
            && let Some(ledger) = ledger
        {
            let now = now(&self.clock);
            let mut wire = Wire::new(&mut *self.aside.plane, &mut self.answer, now);
            return self.listener.take(&segment, ledger, &mut wire);
        }
        if let Some(segment) = Segment::read(frame)
            && segment.destination_port == bulk::PORT
        {
            let now = now(&self.clock);
            let mut wire = Wire::new(&mut *self.aside.plane, &mut self.answer, now);
            return self.uploads.take(&segment, &mut wire);
        }
        let asked = Datagram::read(frame).filter(|datagram| {
            datagram.destination_port == PORT && self.servers.contains(&datagram.ends.addresses.1)
        });
        let asking = asked.zip(ledger).and_then(|(datagram, ledger)| {
            let asking = Asking::read(datagram.payload, &ledger.zones)?;
            Some((datagram, ledger, asking))
        });
        let Some((datagram, ledger, asking)) = asking else {
            self.aside.hand_on(frame);
            return Ok(());
        };
        let server = datagram.ends.addresses.1;
        let right = ledger.asked_at(&asking, server, datagram.source_port);
        asking.answer(&datagram, right, &mut self.answer);
        if ledger.delay > Duration::ZERO {
            let due = self.clock.now() + ledger.delay;
            let answer = self.answer.clone();
            self.later.push_back((due, Arc::clone(ledger), answer));
        } else if !self.aside.plane.put(&self.answer)? {
            ledger.note_unanswered();
        }
        Ok(())
    }
}

/// Returns how long a clock has been going, in nanoseconds.
pub(super) fn now(clock: &Clock) -> u64 {
    nanos(clock.now().since(Time::ZERO))
}

const BATCH: usize = 64;
/// The largest frame of our own cables, and some.
pub(super) const LONGEST_FRAME: usize = 16 << 10;
