//! What came upstream in a trial, written by the side of the tester that answers and read by the one
//! that asks.

use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use ngnlab_reports::benchmark::{Asked, Upstream};

use super::label::Label;
use super::message::Asking;
use super::zone::Zone;

/// The counts of one trial.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The trial that the names of new questions carry.
    pub(super) trial: u16,
    /// The set that the names of repeated questions carry.
    pub(super) set: u16,
    /// The domains.
    pub(super) zones: Vec<Zone>,
    /// The type that is asked for.
    pub(super) asked: Asked,
    /// How long an answer takes.
    pub(super) delay: Duration,
    /// How often each new name came upstream.
    unique: Box<[AtomicU8]>,
    /// How often each repeated name came upstream.
    repeated: Box<[AtomicU8]>,
    ports: Box<[AtomicBool]>,
    ids: Box<[AtomicBool]>,
    questions: AtomicU64,
    retries: AtomicU64,
    unasked: AtomicU64,
    misdirected: AtomicU64,
    unanswered: AtomicU64,
}

impl Ledger {
    /// Makes an empty one for so many names of each kind.
    pub(super) fn new(
        (trial, set): (u16, u16),
        (unique, repeated): (usize, usize),
        zones: Vec<Zone>,
        asked: Asked,
    ) -> Self {
        Self {
            trial,
            set,
            zones,
            asked,
            delay: Duration::ZERO,
            unique: (0..unique).map(|_| AtomicU8::new(0)).collect(),
            repeated: (0..repeated).map(|_| AtomicU8::new(0)).collect(),
            ports: flags(),
            ids: flags(),
            questions: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            unasked: AtomicU64::new(0),
            misdirected: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
        }
    }

    /// Has answers take so long.
    pub(super) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    fn note(&self, label: Label, port: u16, id: u16) {
        add(&self.questions);
        self.ports[usize::from(port)].store(true, Ordering::Relaxed);
        self.ids[usize::from(id)].store(true, Ordering::Relaxed);
        match self.times(label) {
            Some(times) => {
                let before = times.load(Ordering::Relaxed);
                times.store(before.saturating_add(1), Ordering::Relaxed);
                // A repeated name may have been forgotten rightly and be asked for anew.
                if before > 0 && !label.repeats {
                    add(&self.retries);
                }
            }
            None => add(&self.unasked),
        }
    }

    /// Notes a question that came to a server from a port, and returns whether that server is one of
    /// its domain.
    pub(super) fn asked_at(&self, asking: &Asking, server: Ipv6Addr, port: u16) -> bool {
        self.note(asking.label, port, asking.id);
        let right = self.zones[asking.zone].servers.contains(&server);
        if !right {
            add(&self.misdirected);
        }
        right
    }

    /// Notes an answer that the cable did not take.
    pub(super) fn note_unanswered(&self) {
        add(&self.unanswered);
    }

    /// Returns how often a name came upstream.
    pub(super) fn came(&self, label: Label) -> u8 {
        self.times(label)
            .map_or(0, |times| times.load(Ordering::Relaxed))
    }

    /// Returns how often repeated names came upstream.
    pub(super) fn repeated_upstream(&self) -> u64 {
        let times = self.repeated.iter();
        times
            .map(|times| u64::from(times.load(Ordering::Relaxed)))
            .sum()
    }

    /// Returns retries, questions that nobody had asked, misdirected ones, and answers that were not
    /// taken.
    pub(super) fn oddities(&self) -> [u64; 4] {
        let all = [
            &self.retries,
            &self.unasked,
            &self.misdirected,
            &self.unanswered,
        ];
        all.map(|count| count.load(Ordering::Relaxed))
    }

    /// Returns how the device sends what it forwards.
    pub(super) fn upstream(&self) -> Upstream {
        let count = |flags: &[AtomicBool]| {
            let set = flags.iter().filter(|flag| flag.load(Ordering::Relaxed));
            set.count() as u64
        };
        Upstream {
            questions: self.questions.load(Ordering::Relaxed),
            ports: count(&self.ports),
            ids: count(&self.ids),
        }
    }

    fn times(&self, label: Label) -> Option<&AtomicU8> {
        let (own, names) = match label.repeats {
            true => (self.set, &self.repeated),
            false => (self.trial, &self.unique),
        };
        let names = (label.trial == own).then_some(names)?;
        names.get(label.number as usize)
    }
}

fn flags() -> Box<[AtomicBool]> {
    (0..=u16::MAX).map(|_| AtomicBool::new(false)).collect()
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}
