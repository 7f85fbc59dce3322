//! The side of the tester that asks: in front of the terminals, it sends the questions of the
//! benchmark by the clock and leaves all answers but its own to them.

use std::hint::spin_loop;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use ngnlab_reports::benchmark::Transport;
use ngnlab_sim::link::aside::Aside;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::link::plane::Plane;
use ngnlab_sim::time::Time;

use super::bulk::Download;
use super::callers::{self, Callers, News};
use super::effort::Used;
use super::guest::Guest;
use super::heard::{Heard, nanos};
use super::message::{Datagram, PORT, Question, judge};
use super::offer::{Mark, Offer};
use super::sleep::sleep;
use super::stream::segment::Segment;
use super::stream::wire::Wire;
use super::wan::{Answerer, LONGEST_FRAME, now};

/// Asks what it is told to, until nobody tells it anything any more.
pub(super) struct Generator {
    /// The cable to the device.
    pub(super) aside: Aside,
    /// The other side, where both share a processor and so take turns.
    pub(super) beside: Option<Answerer>,
    /// What to do.
    pub(super) tasks: Receiver<Task>,
    /// The real terminal on the LAN, if there is one.
    pub(super) guest: Option<Guest>,
    /// What was heard.
    pub(super) heard: Sender<Outcome>,
    /// Whether to end.
    pub(super) stop: Arc<AtomicBool>,
}

/// What the asking side is told.
pub(super) enum Task {
    /// To ask.
    Ask(Offer),
    /// To let a real terminal ask, or no one any more.
    Host(Option<Guest>),
}

/// What came of an offer.
pub(super) struct Outcome {
    /// The answers.
    pub(super) heard: Heard,
    /// How many questions were sent.
    pub(super) sent: u32,
    /// How many connections were begun for them.
    pub(super) connections: u64,
    /// How many bits a second went through the device beside them, if any were to.
    pub(super) beside: Option<f64>,
    /// For how long questions were sent.
    pub(super) lasted: Duration,
    /// For how long it was busy meanwhile.
    pub(super) busy: Duration,
    /// For how long the other side was, where both take turns.
    pub(super) answerer_busy: Duration,
    /// What the thread had and waited for of a processor meanwhile.
    pub(super) used: Used,
}

impl Generator {
    /// Serves until it is stopped.
    pub(super) fn serve(mut self) -> io::Result<()> {
        let mut buffer = vec![0; LONGEST_FRAME];
        while !self.stop.load(Ordering::Relaxed) {
            match self.tasks.try_recv() {
                Ok(Task::Host(guest)) => self.guest = guest,
                Ok(Task::Ask(offer)) => {
                    let outcome = self.ask(&offer)?;
                    if self.heard.send(outcome).is_err() {
                        break;
                    }
                }
                Err(_) => self.idle(&mut buffer)?,
            }
        }
        Ok(())
    }

    /// Hands to and fro what has come between trials, or sleeps.
    fn idle(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let mut any = self.aside.send_on()?;
        for _ in 0..BATCH {
            let Some(length) = self.aside.plane.receive(buffer)? else {
                break;
            };
            any = true;
            let frame = &buffer[..length];
            let is_guests = match &mut self.guest {
                Some(guest) => guest.take(frame)?,
                None => false,
            };
            if !is_guests {
                self.aside.hand_on(frame);
            }
        }
        if let Some(guest) = &mut self.guest {
            any |= guest.step(&mut self.aside)?;
        }
        if let Some(answerer) = &mut self.beside {
            any |= answerer.step()?;
        }
        if !any {
            let beside = self.beside.as_ref();
            let within = beside.map_or(IDLE, |answerer| answerer.idle_for(IDLE));
            let asides = [&self.aside].into_iter().chain(beside.map(Answerer::cable));
            let guest = self.guest.as_ref().map(Guest::plane);
            let fds = asides.flat_map(Aside::fds);
            sleep(fds.chain(guest.and_then(Plane::descriptor)), within)?;
        }
        Ok(())
    }

    /// Asks by the clock. It never sleeps: who wakes up late sends late, and takes the time that an
    /// answer waits for its own.
    fn ask(&mut self, offer: &Offer) -> io::Result<Outcome> {
        let before = Used::of_this_thread();
        let mut trial = Trial::new(offer);
        trial.begin(&mut self.aside)?;
        let mut sending = None;
        let (mut busy, mut answerer_busy) = (0, 0);
        let deadline = |sent: u32| offer.due(sent) + nanos(offer.timeout + LINGER);
        let mut now = trial.now();
        while !self.stop.load(Ordering::Relaxed) {
            let mut any = trial.send(&mut self.aside, now)?;
            any |= trial.receive(&mut self.aside)?;
            any |= trial.go_on(&mut self.aside, now)?;
            any |= self.aside.send_on()?;
            let then = trial.now();
            if any {
                busy += then - now;
            }
            now = then;
            if let Some(answerer) = &mut self.beside
                && answerer.step()?
            {
                any = true;
                now = trial.now();
                answerer_busy += now - then;
            }
            trial.heard.look(offer, trial.sent, now);
            if offer.ends_early && trial.heard.has_failed && now > nanos(LEAST) {
                trial.total = trial.sent;
            }
            if trial.sent >= trial.total {
                sending.get_or_insert_with(|| {
                    let used = Used::of_this_thread() - before;
                    (now, busy, answerer_busy, used, trial.downloaded())
                });
                if trial.heard.is_complete() || now > deadline(trial.sent) {
                    break;
                }
            }
            if !any {
                spin_loop();
            }
        }
        let (lasted, busy, answerer_busy, used, downloaded) = sending.unwrap_or_default();
        trial.hang_up(&mut self.aside)?;
        Ok(Outcome {
            connections: trial.callers.as_ref().map_or(0, Callers::opened),
            heard: trial.heard,
            sent: trial.sent,
            beside: downloaded.map(|bytes| bytes as f64 * 8e9 / lasted.max(1) as f64),
            lasted: Duration::from_nanos(lasted),
            busy: Duration::from_nanos(busy),
            answerer_busy: Duration::from_nanos(answerer_busy),
            used,
        })
    }
}

/// A trial under way.
struct Trial<'o> {
    offer: &'o Offer,
    questions: Vec<Question>,
    /// The connections, where questions come over TCP.
    callers: Option<Callers>,
    download: Option<Download>,
    frame: Vec<u8>,
    clock: Clock,
    buffer: Vec<u8>,
    heard: Heard,
    sent: u32,
    /// How many questions nobody waits for any longer.
    given_up: u32,
    total: u32,
}

impl<'o> Trial<'o> {
    fn new(offer: &'o Offer) -> Self {
        let ledger = &offer.ledger;
        let zones = ledger.zones.iter();
        let questions = zones.map(|zone| Question::new(&offer.ends, zone, ledger.asked));
        let kept = match offer.transport {
            Transport::Udp => None,
            Transport::Tcp => Some(0),
            Transport::TcpKeptOpen => Some(usize::from(offer.connections)),
        };
        Self {
            offer,
            questions: questions.collect(),
            callers: kept.map(|kept| Callers::new(offer.ends, kept, offer.first_port)),
            download: None,
            frame: Vec::with_capacity(LONGEST_FRAME),
            buffer: vec![0; LONGEST_FRAME],
            heard: Heard::new(offer),
            sent: 0,
            given_up: 0,
            total: offer.total,
            // Last: what was made before shall take no time.
            clock: Clock::starting_at(Time::ZERO),
        }
    }

    fn now(&self) -> u64 {
        now(&self.clock)
    }

    /// Begins what goes on beside the questions.
    fn begin(&mut self, aside: &mut Aside) -> io::Result<()> {
        if let Some(bulk) = &self.offer.bulk {
            let now = self.now();
            let mut wire = Wire::new(&mut *aside.plane, &mut self.frame, now);
            self.download = Some(Download::begin(bulk, &mut wire)?);
        }
        Ok(())
    }

    /// Returns how much has come beside the answers.
    fn downloaded(&self) -> Option<u64> {
        self.download.as_ref().map(Download::bytes)
    }

    /// Sends what is due, a batch at most, and returns whether there was anything.
    fn send(&mut self, aside: &mut Aside, now: u64) -> io::Result<bool> {
        let first = self.sent;
        for _ in 0..BATCH {
            if self.sent >= self.total {
                break;
            }
            let due = self.offer.due(self.sent);
            let Some(late) = now.checked_sub(due) else {
                break;
            };
            let label = self.offer.label(self.sent);
            let zone = self.offer.zone(label);
            let question = &mut self.questions[zone];
            if let Some(callers) = &mut self.callers {
                let mut wire = Wire::new(&mut *aside.plane, &mut self.frame, now);
                callers.ask(self.sent, (question, label), &mut wire)?;
                self.heard.sent(self.sent, late, true);
            } else {
                let Mark { port, id } = self.offer.mark(self.sent);
                let taken = aside.plane.put(question.frame(label, port, id))?;
                self.heard.sent(self.sent, late, taken);
            }
            self.sent += 1;
        }
        Ok(self.sent > first)
    }

    /// Takes what has come, a batch at most, and returns whether there was anything.
    fn receive(&mut self, aside: &mut Aside) -> io::Result<bool> {
        let mut any = false;
        for _ in 0..BATCH {
            let Some(length) = aside.plane.receive(&mut self.buffer)? else {
                break;
            };
            any = true;
            if !self.take(length) && !self.take_segment(length, aside)? {
                aside.hand_on(&self.buffer[..length]);
            }
        }
        Ok(any)
    }

    /// Does what the connections have to do by now, and returns whether there was anything.
    fn go_on(&mut self, aside: &mut Aside, now: u64) -> io::Result<bool> {
        let mut wire = Wire::new(&mut *aside.plane, &mut self.frame, now);
        let mut any = false;
        if let Some(download) = &mut self.download {
            any |= download.go_on(&mut wire)?;
        }
        if let Some(callers) = &mut self.callers {
            any |= callers.go_on(&mut wire)?;
            let waited = nanos(self.offer.timeout + LINGER);
            while self.given_up < self.sent && self.offer.due(self.given_up) + waited < now {
                self.given_up += 1;
            }
            callers.give_up(self.given_up, &mut wire)?;
            self.learn(aside)?;
        }
        Ok(any)
    }

    /// Ends what connections there are.
    fn hang_up(&mut self, aside: &mut Aside) -> io::Result<()> {
        let now = self.now();
        let mut wire = Wire::new(&mut *aside.plane, &mut self.frame, now);
        if let Some(download) = &mut self.download {
            download.hang_up(&mut wire)?;
        }
        if let Some(callers) = &mut self.callers {
            callers.hang_up(&mut wire)?;
        }
        self.learn(aside)
    }

    /// Takes a frame of one of the connections, and returns whether it was that.
    fn take_segment(&mut self, length: usize, aside: &mut Aside) -> io::Result<bool> {
        let now = self.now();
        let (own, server) = self.offer.ends.addresses;
        let Some(segment) = Segment::read(&self.buffer[..length]) else {
            return Ok(false);
        };
        let mut wire = Wire::new(&mut *aside.plane, &mut self.frame, now);
        if let Some(download) = &mut self.download
            && download.take(&segment, &mut wire)?
        {
            return Ok(true);
        }
        let is_ours = segment.ends.addresses == (server, own)
            && segment.source_port == PORT
            && callers::PORTS.contains(&segment.destination_port);
        let Some(callers) = self.callers.as_mut().filter(|_| is_ours) else {
            return Ok(false);
        };
        callers.take(&segment, &mut wire)?;
        self.learn(aside)?;
        Ok(true)
    }

    /// Notes what has come over connections, and what has become of these.
    fn learn(&mut self, aside: &mut Aside) -> io::Result<()> {
        let now = self.now();
        let ledger = &self.offer.ledger;
        let Some(callers) = &mut self.callers else {
            return Ok(());
        };
        for news in callers.news() {
            let (asked, message) = match news {
                News::Said(asked, message) => (asked, message),
                News::Ended(number, ending) => {
                    self.heard.ended(number, ending);
                    continue;
                }
            };
            let judged = judge(&message, &ledger.zones, ledger.asked);
            let label = |number| self.offer.label(number);
            match asked.zip(judged) {
                Some(((port, number), (about, verdict))) if label(number) == about => {
                    let due = self.offer.due(number);
                    self.heard.answered(number, (due, now), verdict);
                    let mut wire = Wire::new(&mut *aside.plane, &mut self.frame, now);
                    callers.answered(port, &mut wire)?;
                }
                _ => self.heard.unreadable(),
            }
        }
        Ok(())
    }

    /// Takes a datagram, and returns whether it was for us.
    fn take(&mut self, length: usize) -> bool {
        let now = self.now();
        let Some(datagram) = Datagram::read(&self.buffer[..length]) else {
            return false;
        };
        let (own, server) = self.offer.ends.addresses;
        let (sender, receiver) = datagram.ends.addresses;
        if receiver != own {
            return false;
        }
        let port = datagram.destination_port;
        let ports = self.offer.first_port..self.offer.first_port + self.offer.ports();
        if !ports.contains(&port) {
            return false;
        }
        let ledger = &self.offer.ledger;
        let Some((label, verdict)) = judge(datagram.payload, &ledger.zones, ledger.asked) else {
            self.heard.unreadable();
            return true;
        };
        let id = u16::from_be_bytes([datagram.payload[0], datagram.payload[1]]);
        let number = self.offer.number(Mark { port, id }, self.sent);
        match number.filter(|number| self.offer.label(*number) == label) {
            // Of an earlier trial, or with an id that its question did not have.
            None => self.heard.unreadable(),
            Some(number) if sender != server || datagram.source_port != PORT => {
                self.heard.answered_elsewhere(number);
            }
            Some(number) => {
                let due = self.offer.due(number);
                self.heard.answered(number, (due, now), verdict);
            }
        }
        true
    }
}

const BATCH: usize = 64;
/// How long nothing needs to be looked at between trials.
const IDLE: Duration = Duration::from_millis(5);
/// How much longer than the time limit is waited, so that late is told from lost.
const LINGER: Duration = Duration::from_millis(500);
/// How long a trial goes on in any case.
const LEAST: Duration = Duration::from_secs(3);
