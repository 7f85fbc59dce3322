//! Lets runs in real time begin one after the other, in their order, as soon as the host keeps up.

use std::fs;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;

use super::gate::{Gate, Ticket};
use crate::dut::description::part::Cost;
use crate::launch::Sign;

/// Gives out turns.
pub(super) struct Pacer {
    clock: Clock,
    gate: Mutex<Gate>,
    door: Mutex<()>,
    computing: AtomicUsize,
    over: AtomicBool,
}

/// A processor for a run in virtual time, as long as it is held.
pub(super) struct Processor<'a>(&'a AtomicUsize);

/// The right to run, as long as it is held.
pub(super) struct Turn<'a> {
    pacer: &'a Pacer,
    ticket: Ticket,
}

impl Pacer {
    pub(super) fn new() -> Self {
        Self {
            clock: Clock::starting_at(Time::ZERO),
            gate: Mutex::new(Gate::new(processors())),
            door: Mutex::new(()),
            computing: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// Waits for all who came before; whoever holds this is the next one.
    pub(super) fn queue(&self) -> MutexGuard<'_, ()> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more run of this cost may begin, or until everything is to stop.
    pub(super) fn take_turn(&self, cost: Cost, stop: &AtomicBool) -> Turn<'_> {
        loop {
            let free = free_memory();
            let now = self.clock.now();
            let mut gate = self.gate();
            if stop.load(Ordering::Relaxed) || gate.is_open(now, cost, free) {
                let ticket = gate.start(now, cost);
                return Turn {
                    pacer: self,
                    ticket,
                };
            }
            drop(gate);
            thread::park_timeout(LOOK_EVERY);
        }
    }

    /// Waits until a processor is left for a run that needs all of one, or until everything is to
    /// stop.
    pub(super) fn take_processor(&self, stop: &AtomicBool) -> Processor<'_> {
        while self.computing.load(Ordering::Relaxed) >= processors()
            && !stop.load(Ordering::Relaxed)
        {
            thread::park_timeout(LOOK_EVERY);
        }
        self.computing.fetch_add(1, Ordering::Relaxed);
        Processor(&self.computing)
    }

    /// Measures how late this thread wakes, until [`Pacer::finish`]; for a thread of its own.
    pub(super) fn keep_measuring(&self) {
        while !self.over.load(Ordering::Relaxed) {
            let due = self.clock.now() + NAP;
            thread::park_timeout(NAP);
            let now = self.clock.now();
            self.gate().late(now, now.since(due));
        }
    }

    /// Ends what measures.
    pub(super) fn finish(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Takes in how the run is getting on.
    pub(super) fn take_in(&self, sign: Sign) {
        let mut gate = self.pacer.gate();
        match sign {
            Sign::Ready => gate.ready(self.ticket),
            Sign::Late(by) => gate.late(self.pacer.clock.now(), by),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pacer.gate().end(self.ticket);
    }
}

impl Drop for Processor<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns as many as there are processors.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Returns how many bytes new programs can have without anything being swapped out, as Linux
/// estimates it.
fn free_memory() -> Option<u64> {
    available(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Short enough to see what keeps a packet waiting, long enough to cost nothing.
const NAP: Duration = Duration::from_millis(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_end_with_what_holds_them() {
        let (pacer, stop) = (Pacer::new(), AtomicBool::new(false));
        let cost = Cost::default();
        let alone = pacer.take_turn(cost, &stop);
        let open = || pacer.gate().is_open(Time::ZERO, cost, None);
        assert!(!open(), "one is starting");
        drop(alone);
        assert!(open());
        // Whoever is to stop waits for nothing.
        let _first = pacer.take_turn(cost, &stop);
        stop.store(true, Ordering::Relaxed);
        let second = pacer.take_turn(cost, &stop);
        second.take_in(Sign::Ready);
    }

    #[test]
    fn what_is_available_is_read() {
        let text = "MemTotal:       24684000 kB\nMemAvailable:   20991552 kB\n";
        assert_eq!(available(text), Some(20_991_552 << 10));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert_eq!(available("MemAvailable: much\n"), None);
    }
}
