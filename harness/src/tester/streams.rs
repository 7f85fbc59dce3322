//! Connections by whatever tells them apart, and which of them is due next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::stream::Stream;

/// Connections.
pub(super) struct Streams<K> {
    all: BTreeMap<K, Entry>,
    agenda: BinaryHeap<Reverse<(u64, K)>>,
}

struct Entry {
    stream: Stream,
    /// The one time in the agenda that counts.
    due: Option<u64>,
}

impl<K: Ord + Copy> Streams<K> {
    /// Makes a set without any.
    pub(super) fn new() -> Self {
        Self {
            all: BTreeMap::new(),
            agenda: BinaryHeap::new(),
        }
    }

    /// Takes one in.
    pub(super) fn insert(&mut self, key: K, stream: Stream) {
        self.all.insert(key, Entry { stream, due: None });
    }

    /// Returns one of them.
    pub(super) fn get(&mut self, key: K) -> Option<&mut Stream> {
        self.all.get_mut(&key).map(|entry| &mut entry.stream)
    }

    /// Returns whether there is one.
    pub(super) fn has(&self, key: K) -> bool {
        self.all.contains_key(&key)
    }

    /// Notes when one is due, after anything was done with it, and lets go of it where nothing more
    /// can come of it.
    pub(super) fn note(&mut self, key: K, now: u64) {
        let Some(entry) = self.all.get_mut(&key) else {
            return;
        };
        if entry.stream.is_gone() {
            self.all.remove(&key);
            return;
        }
        let Some(at) = entry.stream.due(now) else {
            return;
        };
        // One that has become due later is looked at too early, once.
        if entry.due.is_none_or(|due| at < due) {
            entry.due = Some(at);
            self.agenda.push(Reverse((at, key)));
        }
    }

    /// Returns one that is due.
    pub(super) fn next_due(&mut self, now: u64) -> Option<K> {
        loop {
            let Reverse((at, key)) = *self.agenda.peek()?;
            if at > now {
                return None;
            }
            self.agenda.pop();
            if let Some(entry) = self.all.get_mut(&key)
                && entry.due == Some(at)
            {
                entry.due = None;
                return Some(key);
            }
        }
    }

    /// Returns what tells each of them apart.
    pub(super) fn keys(&self) -> Vec<K> {
        self.all.keys().copied().collect()
    }
}
