//! The event loop: nodes, cables, links, a clock, and the records they leave.
//!
//! Delivers what has arrived, fires what is due, and moves the clock to the next deadline: by
//! jumping in virtual pace, by sleeping on the links in real pace. Ties go by order of insertion.

use std::any::Any;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::cable::{Cable, End, Port, Role};
use crate::fault::{Fate, Fault};
use crate::frame::Frame;
use crate::link::Link;
use crate::link::clock::Clock;
use crate::link::jitter::Jitter;
use crate::link::wake::{WakeEnd, Waker};
use crate::node::{Context, Handle, Node};
use crate::time::{Pace, Time};
use crate::trace::{Fact, Record, Seen, StepOutcome};

mod cabling;
mod intake;
mod outside;
mod pace;
mod recorder;
mod timers;
mod transit;

use recorder::Recorder;
use timers::Timers;
use transit::{Delivery, Transit};

/// Why [`World::run_until`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The deadline was reached.
    Reached,
    /// A [`Waker`] asked for attention.
    Woken,
}

/// A network in one thread.
pub struct World {
    now: Time,
    pace: Pace,
    seed: u64,
    /// What stands before the names of nodes that are added.
    place: String,
    clock: Option<Clock>,
    wake_end: Option<WakeEnd>,
    jitter: Option<Jitter>,
    /// How much later than due the last sleep ended, until it is recorded.
    overslept: Duration,
    nodes: Vec<Slot>,
    cables: Vec<Wire>,
    /// The cables that end outside.
    links: Vec<Cable>,
    transit: Transit,
    timers: Timers,
    /// Who is due in this turn; empty between turns.
    due: Vec<usize>,
    /// What the node that is being called has sent; empty between calls.
    sent: Vec<(u8, Frame)>,
    events_at_now: usize,
    /// How many frames were delivered since the timers last had their turn.
    deliveries: u32,
    recorder: Recorder,
}

struct Slot {
    name: Box<str>,
    node: Option<Box<dyn Node>>,
    rng: ChaCha8Rng,
    /// Which end of which cable is plugged into each of its sockets.
    sockets: Vec<Option<(Cable, End)>>,
}

struct Wire {
    device: Plug,
    network: Plug,
    role: Option<Role>,
    up: bool,
    faults: Vec<Box<dyn Fault>>,
    /// What faults draw from; most cables have none.
    rng: Option<Box<ChaCha8Rng>>,
}

enum Plug {
    Node(Port),
    Link(Box<dyn Link>),
}

impl World {
    /// Makes an empty world whose clock starts at time zero.
    pub fn new(seed: u64, pace: Pace) -> Self {
        Self {
            now: Time::ZERO,
            pace,
            seed,
            place: String::new(),
            clock: None,
            wake_end: None,
            jitter: None,
            overslept: Duration::ZERO,
            nodes: Vec::new(),
            cables: Vec::new(),
            links: Vec::new(),
            transit: Transit::default(),
            timers: Timers::default(),
            due: Vec::new(),
            sent: Vec::new(),
            events_at_now: 0,
            deliveries: 0,
            recorder: Recorder::default(),
        }
    }

    /// Returns the current time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Sets what the names of the nodes begin with that are added from here on, so that several
    /// lines in one world do not do everything alike.
    pub fn build_at(&mut self, place: &str) {
        place.clone_into(&mut self.place);
    }

    /// Adds a node; its name seeds its randomness and stands in the trace.
    pub fn add<N: Node>(&mut self, name: &str, node: N) -> Handle<N> {
        let index = self.nodes.len();
        let name = format!("{}{name}", self.place);
        self.nodes.push(Slot {
            rng: self.rng_for(&name),
            name: name.into(),
            node: Some(Box::new(node)),
            sockets: Vec::new(),
        });
        self.timers.add();
        Handle {
            index,
            kind: PhantomData,
        }
    }

    /// Gives a cable its role; only cables with one are recorded.
    pub fn record_as(&mut self, cable: Cable, role: Role) {
        self.cables[cable.0].role = Some(role);
    }

    /// Adds a fault to a cable; the first fate but [`Fate::Pass`] wins.
    pub fn impair(&mut self, cable: Cable, fault: impl Fault + 'static) {
        let rng = self.rng_for(&format!("cable {}", cable.0));
        let wire = &mut self.cables[cable.0];
        wire.rng.get_or_insert_with(|| Box::new(rng));
        wire.faults.push(Box::new(fault));
    }

    /// Raises or drops carrier on a cable, and tells both ends.
    pub fn set_carrier(&mut self, cable: Cable, up: bool) -> io::Result<()> {
        self.settle_clock();
        let wire = &mut self.cables[cable.0];
        if wire.up == up {
            return Ok(());
        }
        wire.up = up;
        let mut ports = Vec::new();
        for plug in [&mut wire.device, &mut wire.network] {
            match plug {
                Plug::Link(link) => link.set_carrier(up)?,
                Plug::Node(port) => ports.push(*port),
            }
        }
        for port in ports {
            self.call(port.node, |node, cx| node.handle_carrier(port.port, up, cx))?;
        }
        Ok(())
    }

    /// Puts a frame on a cable as if the node at `from` had sent it; the trace marks it.
    pub fn inject(&mut self, cable: Cable, from: End, frame: impl Into<Frame>) -> io::Result<()> {
        self.settle_clock();
        self.transmit(cable, from, frame.into(), true)
    }

    /// Calls into one node between events, as its operator would.
    ///
    /// # Panics
    ///
    /// If the handle belongs to another world.
    pub fn with<N: Node, R>(
        &mut self,
        handle: Handle<N>,
        f: impl FnOnce(&mut N, &mut Context<'_>) -> R,
    ) -> R {
        self.settle_clock();
        let mut result = None;
        let sent = self.call(handle.index, |node, cx| {
            let node: &mut dyn Any = node;
            let node = node
                .downcast_mut()
                .expect("a handle carries its node's type");
            result = Some(f(node, cx));
        });
        if let Err(error) = sent {
            self.recorder.failure.get_or_insert(error);
        }
        result.expect("the closure was called")
    }

    /// Records a step of the scenario, and how it ended.
    pub fn record_step(&mut self, step: serde_json::Value, outcome: StepOutcome) {
        self.settle_clock();
        self.recorder.push(self.now, Seen::Step { step, outcome });
    }

    /// Records a fact that no node tells.
    pub fn record_fact(&mut self, node: &str, fact: Fact) {
        self.settle_clock();
        self.recorder.fact(self.now, node, fact);
    }

    /// Returns what has been recorded up to this moment.
    pub fn records(&self) -> &[Record] {
        &self.recorder.records
    }

    /// Returns whether a cable has carried more than a trace holds.
    pub fn is_flooded(&self) -> bool {
        self.recorder.is_flooded()
    }

    /// Returns how many frames are on the cables.
    pub fn frames_under_way(&self) -> usize {
        self.transit.len()
    }

    /// Returns what wakes this world while it sleeps.
    pub fn waker(&mut self) -> io::Result<Waker> {
        Ok(self.wake_end()?.waker())
    }

    /// Runs until the clock shows `deadline`, or until woken.
    ///
    /// In real pace somebody may send faster than frames are delivered, so that something is
    /// always due: a little after the deadline it comes back all the same.
    pub fn run_until(&mut self, deadline: Time) -> io::Result<Stop> {
        let stop = self.run_on(deadline);
        self.own_up();
        stop
    }

    fn run_on(&mut self, deadline: Time) -> io::Result<Stop> {
        loop {
            if let Some(error) = self.recorder.failure.take() {
                return Err(error);
            }
            self.settle_clock();
            self.receive()?;
            if let Some(wake_end) = &self.wake_end
                && wake_end.drain()
            {
                return Ok(Stop::Woken);
            }
            let overtime = self.pace == Pace::Realtime && self.now > deadline + OVERTIME;
            match self.next_due() {
                _ if overtime => return Ok(Stop::Reached),
                Some(due) if due <= self.now => self.fire_batch()?,
                Some(due) if due <= deadline => self.sleep_until(due)?,
                _ if self.now >= deadline => return Ok(Stop::Reached),
                _ => self.sleep_until(deadline)?,
            }
        }
    }

    /// Ends the world and returns its records.
    pub fn into_records(self) -> Vec<Record> {
        self.recorder.finish(self.now)
    }

    fn rng_for(&self, name: &str) -> ChaCha8Rng {
        // FNV-1a, so that a node's randomness does not depend on what else is in the world.
        let start = 0xcbf2_9ce4_8422_2325 ^ self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = name.bytes().fold(start, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        ChaCha8Rng::seed_from_u64(hash)
    }

    fn advance(&mut self, to: Time) {
        if to > self.now {
            self.now = to;
            self.events_at_now = 0;
        }
    }

    fn next_due(&mut self) -> Option<Time> {
        let arrives = self.transit.next_at();
        // Nothing is due before what has arrived, so the nodes need not be asked.
        if arrives.is_some_and(|at| at <= self.now) {
            return arrives;
        }
        self.ask_nodes();
        self.timers.next_at().into_iter().chain(arrives).min()
    }

    fn ask_nodes(&mut self) {
        let nodes = &self.nodes;
        self.timers
            .ask(|index| nodes[index].node.as_ref()?.poll_timeout());
    }

    /// Does what is due, and then delivers what else has arrived, before links are read again.
    fn fire_batch(&mut self) -> io::Result<()> {
        self.fire()?;
        for _ in 1..DELIVERIES_PER_READ {
            self.settle_clock();
            if self.transit.next_at().is_none_or(|at| at > self.now) {
                break;
            }
            self.fire()?;
        }
        Ok(())
    }

    fn fire(&mut self) -> io::Result<()> {
        self.events_at_now += 1;
        let most = EVENTS_PER_INSTANT.max(EVENTS_OF_A_NODE * self.nodes.len());
        if self.events_at_now > most {
            self.break_livelock();
            return Ok(());
        }
        if self.deliveries < DELIVERIES_PER_TURN
            && let Some(delivery) = self.transit.pop(self.now)
        {
            self.deliveries += 1;
            return self.deliver(&delivery);
        }
        self.deliveries = 0;
        self.ask_nodes();
        let mut due = std::mem::take(&mut self.due);
        self.timers.collect_due(self.now, &mut due);
        let called = due
            .drain(..)
            .try_for_each(|index| self.call(index, |node, cx| node.handle_timeout(cx)));
        self.due = due;
        called
    }

    /// Throws away what is on the cables and lets time pass.
    fn break_livelock(&mut self) {
        let count = self.transit.clear() as u64;
        self.recorder.stuck(self.now, count);
        self.advance(self.now + LIVELOCK_PAUSE);
    }

    fn deliver(&mut self, delivery: &Delivery) -> io::Result<()> {
        let wire = &mut self.cables[delivery.cable.0];
        if !wire.up {
            return Ok(());
        }
        let plug = match delivery.to {
            End::Device => &mut wire.device,
            End::Network => &mut wire.network,
        };
        match plug {
            Plug::Link(link) => link.send(delivery.frame()),
            Plug::Node(port) => {
                let Port { node, port } = *port;
                self.call(node, |node, cx| {
                    node.handle_frame(port, delivery.frame(), cx)
                })
            }
        }
    }

    fn call(
        &mut self,
        index: usize,
        f: impl FnOnce(&mut dyn Node, &mut Context<'_>),
    ) -> io::Result<()> {
        self.timers.note_call(index);
        let slot = &mut self.nodes[index];
        let mut node = slot
            .node
            .take()
            .expect("a node is never called from within itself");
        let mut sent = std::mem::take(&mut self.sent);
        let mut facts = Vec::new();
        f(
            &mut *node,
            &mut Context {
                now: self.now,
                node: &slot.name,
                rng: &mut slot.rng,
                sent: &mut sent,
                facts: &mut facts,
            },
        );
        slot.node = Some(node);
        for fact in facts {
            self.recorder.fact(self.now, &self.nodes[index].name, fact);
        }
        let sending = sent.drain(..).try_for_each(|(port, frame)| {
            match self.nodes[index].sockets.get(usize::from(port)) {
                Some(&Some((cable, from))) => self.transmit(cable, from, frame, false),
                Some(None) | None => Ok(()),
            }
        });
        self.sent = sent;
        sending
    }

    fn transmit(
        &mut self,
        cable: Cable,
        from: End,
        frame: Frame,
        injected: bool,
    ) -> io::Result<()> {
        let now = self.now;
        let wire = &mut self.cables[cable.0];
        if !wire.up {
            return Ok(());
        }
        let fate = wire.rng.as_mut().and_then(|rng| {
            let faults = wire.faults.iter_mut();
            let mut fates = faults.map(|fault| fault.fate(&frame, from, now, rng));
            fates.find(|fate| *fate != Fate::Pass)
        });
        let fate = fate.unwrap_or_default();
        if let Some(role) = wire.role {
            self.recorder.frame(now, role, from, &frame, fate, injected);
        }
        let (at, copies) = match fate {
            Fate::Pass => (now, 1),
            Fate::Delay(span) => (now + span, 1),
            Fate::Drop => (now, 0),
            Fate::Duplicate => (now, 2),
        };
        for _ in 0..copies {
            if self.transit.len() < FRAMES_UNDER_WAY {
                self.transit.push(at, cable, from.other(), frame.clone());
            } else {
                self.recorder.lose(wire.role);
            }
        }
        Ok(())
    }
}

/// More events than any protocol needs without time passing; many lines have more, for each node.
const EVENTS_PER_INSTANT: usize = 20_000;
const EVENTS_OF_A_NODE: usize = 200;
const LIVELOCK_PAUSE: Duration = Duration::from_millis(1);
/// So many frames are delivered before the links are read again: looking at a link that has nothing
/// costs as much as delivering a frame.
const DELIVERIES_PER_READ: u32 = 64;
/// After so many frames timers get their turn: a flood must not stop the clocks of the nodes. More
/// than a page or a file has segments at a time.
const DELIVERIES_PER_TURN: u32 = 1024;
/// The cables hold no more, however slow they were made and however many answers a frame gets.
const FRAMES_UNDER_WAY: usize = 50_000;
/// How long after its deadline a world may still do what was due before.
const OVERTIME: Duration = Duration::from_millis(50);
