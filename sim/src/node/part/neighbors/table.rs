//! The entries of a neighbour cache, of which there are never too many.
//!
//! Where room is needed, addresses that nobody has answered for go first, then neighbours that
//! only claimed to be there, then those that once answered; of each kind the one that was touched
//! longest ago. So a flood of either kind does not push out who has answered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv6Addr;

use crate::message::packet::Mac;
use crate::time::Time;

/// The entries by address, by when they are due, and by who goes first.
#[derive(Default)]
pub(super) struct Table {
    entries: BTreeMap<Ipv6Addr, Slot>,
    due: BTreeSet<(Time, Ipv6Addr)>,
    expendable: BTreeSet<(Standing, u64, Ipv6Addr)>,
    touches: u64,
}

/// What is known of one neighbour.
pub(super) struct Entry {
    pub(super) mac: Option<Mac>,
    pub(super) state: State,
    pub(super) waiting: VecDeque<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Incomplete { asked: u8, again: Time },
    Reachable { until: Time },
    Stale,
    Delay { until: Time },
    Probe { asked: u8, again: Time },
}

struct Slot {
    entry: Entry,
    standing: Standing,
    touched: u64,
}

/// How sure it is that a neighbour is there.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Nothing was heard of it.
    #[default]
    Sought,
    /// It said so itself, which anybody can.
    Claimed,
    /// It answered when it was asked.
    Confirmed,
}

impl Table {
    /// Returns the entry of an address.
    pub(super) fn get(&self, address: Ipv6Addr) -> Option<&Entry> {
        self.entries.get(&address).map(|slot| &slot.entry)
    }

    /// Adds an entry, for which another one goes if there is no room.
    pub(super) fn insert(&mut self, address: Ipv6Addr, entry: Entry) {
        self.remove(address);
        if self.entries.len() >= ENTRIES_MAX
            && let Some((.., victim)) = self.expendable.first().copied()
        {
            self.remove(victim);
        }
        let slot = Slot {
            entry,
            standing: Standing::default(),
            touched: 0,
        };
        self.put(address, slot);
    }

    /// Changes the entry of an address, if there is one.
    pub(super) fn change<R>(
        &mut self,
        address: Ipv6Addr,
        f: impl FnOnce(&mut Entry) -> R,
    ) -> Option<R> {
        let mut slot = self.take(address)?;
        let result = f(&mut slot.entry);
        self.put(address, slot);
        Some(result)
    }

    /// Removes an entry.
    pub(super) fn remove(&mut self, address: Ipv6Addr) -> Option<Entry> {
        self.take(address).map(|slot| slot.entry)
    }

    /// Returns when the first entry is due.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Returns the entries that are due, in the order of their addresses.
    pub(super) fn due(&self, now: Time) -> Vec<Ipv6Addr> {
        let due = self.due.iter().take_while(|(at, _)| *at <= now);
        let mut addresses: Vec<_> = due.map(|(_, address)| *address).collect();
        addresses.sort_unstable();
        addresses
    }

    fn take(&mut self, address: Ipv6Addr) -> Option<Slot> {
        let slot = self.entries.remove(&address)?;
        if let Some(at) = slot.entry.due() {
            self.due.remove(&(at, address));
        }
        let key = (slot.standing, slot.touched, address);
        self.expendable.remove(&key);
        Some(slot)
    }

    fn put(&mut self, address: Ipv6Addr, mut slot: Slot) {
        self.touches += 1;
        slot.touched = self.touches;
        slot.standing = match (slot.entry.state, slot.entry.mac) {
            (State::Reachable { .. }, _) => Standing::Confirmed,
            (_, Some(_)) => slot.standing.max(Standing::Claimed),
            (_, None) => Standing::Sought,
        };
        if let Some(at) = slot.entry.due() {
            self.due.insert((at, address));
        }
        self.expendable
            .insert((slot.standing, slot.touched, address));
        self.entries.insert(address, slot);
    }
}

impl Entry {
    /// Makes an entry for which nothing waits.
    pub(super) fn new(mac: Option<Mac>, state: State) -> Self {
        Self {
            mac,
            state,
            waiting: VecDeque::new(),
        }
    }

    /// Keeps a packet until the neighbour is found; the oldest one goes when there are too many.
    pub(super) fn keep_waiting(&mut self, ip: &[u8]) {
        if ip.len() > LONGEST_WAITING {
            return;
        }
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(ip.to_vec());
    }

    fn due(&self) -> Option<Time> {
        match self.state {
            State::Incomplete { again, .. } | State::Probe { again, .. } => Some(again),
            State::Delay { until } => Some(until),
            State::Reachable { .. } | State::Stale => None,
        }
    }
}

// RFC 4861 §7.2.2 asks for room for one packet at least.
const WAITING_MAX: usize = 8;
/// The MTU of Ethernet (RFC 2464 §2): nothing longer can be sent once the neighbour is found.
const LONGEST_WAITING: usize = 1_500;
/// What Linux keeps by default at most (`gc_thresh3`).
const ENTRIES_MAX: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_answered_outlives_any_flood() {
        let mut table = Table::default();
        let answered = neighbor(u64::MAX);
        let until = Time::from_secs(30);
        table.insert(
            answered,
            entry(
                State::Incomplete {
                    asked: 1,
                    again: until,
                },
                None,
            ),
        );
        table.change(answered, |entry| {
            entry.mac = Some(MAC);
            entry.state = State::Reachable { until };
        });
        // Silence and doubts do not take away that it once answered.
        table.change(answered, |entry| entry.state = State::Stale);
        for number in 0..100_000 {
            let again = Time::from_secs(1);
            let sought = entry(State::Incomplete { asked: 1, again }, None);
            table.insert(neighbor(2 * number), sought);
            table.insert(neighbor(2 * number + 1), entry(State::Stale, Some(MAC)));
        }
        assert!(table.get(answered).is_some());
        assert_eq!(table.entries.len(), ENTRIES_MAX);
        assert_eq!(table.expendable.len(), ENTRIES_MAX);
        assert!(table.due.len() <= ENTRIES_MAX);
    }

    #[test]
    fn the_one_that_was_used_longest_ago_goes_first() {
        let mut table = Table::default();
        for number in 0..1_024 {
            table.insert(neighbor(number), entry(State::Stale, Some(MAC)));
        }
        table.change(neighbor(0), |_| ());
        table.insert(neighbor(1_024), entry(State::Stale, Some(MAC)));
        assert!(table.get(neighbor(0)).is_some());
        assert!(table.get(neighbor(1)).is_none());
    }

    const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 2]);

    fn neighbor(number: u64) -> Ipv6Addr {
        Ipv6Addr::from_bits(0xfe80 << 112 | u128::from(number))
    }

    fn entry(state: State, mac: Option<Mac>) -> Entry {
        Entry::new(mac, state)
    }
}
