//! Which prefix is delegated to whom, and until when.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use crate::message::dhcpv6::{self, IAPD};
use crate::time::Time;

/// One delegated prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The client's DUID.
    pub(crate) duid: Vec<u8>,
    /// Its identity association.
    pub(crate) iaid: u32,
    /// The address it asked from, the next hop towards the prefix.
    pub(crate) client: Ipv6Addr,
    /// The prefix.
    pub(crate) prefix: Ipv6Net,
    /// When it runs out.
    pub(crate) until: Time,
}

/// The leases of one server and the prefixes they are cut from.
#[derive(Default)]
pub(crate) struct Leases {
    pool: Vec<Ipv6Net>,
    leases: Vec<Lease>,
    /// Where the search for a free prefix goes on.
    cursor: usize,
    /// Whether all identity associations of a client share one prefix.
    shared: bool,
}

impl Leases {
    /// Makes an empty book; with `shared` all identity associations of a client have one prefix.
    pub(crate) fn new(shared: bool) -> Self {
        Self {
            shared,
            ..Self::default()
        }
    }

    /// Replaces the pool and keeps the leases.
    pub(crate) fn set_pool(&mut self, pool: Vec<Ipv6Net>) {
        self.pool = pool;
    }

    /// Returns the prefixes to delegate.
    pub(crate) fn pool(&self) -> &[Ipv6Net] {
        &self.pool
    }

    /// Forgets every lease; the search for a free prefix goes on where it was.
    pub(crate) fn clear(&mut self) {
        self.leases.clear();
    }

    /// Drops the leases that have run out.
    pub(crate) fn expire(&mut self, now: Time) {
        self.leases.retain(|lease| lease.until > now);
    }

    /// Returns the leases.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Lease> {
        self.leases.iter()
    }

    /// Returns whether a prefix is one to delegate.
    pub(crate) fn is_in_pool(&self, prefix: Ipv6Net) -> bool {
        self.pool.contains(&prefix)
    }

    /// Returns whether there is nothing to delegate.
    pub(crate) fn pool_is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    /// Returns the lease of a client's identity association.
    pub(crate) fn find(&self, duid: &[u8], iaid: u32) -> Option<&Lease> {
        self.leases
            .iter()
            .find(|lease| lease.duid == duid && lease.iaid == iaid)
    }

    /// Chooses a prefix for a client: the one it has, else the one it names if that is free,
    /// else the next free one, else, where clients may take over, the first.
    pub(crate) fn choose(
        &self,
        duid: &[u8],
        wanted: &IAPD,
        given: &[Ipv6Net],
        takes_over: bool,
    ) -> Option<Ipv6Net> {
        let own = self
            .find(duid, wanted.id)
            .map(|lease| lease.prefix)
            .filter(|prefix| self.is_in_pool(*prefix))
            .filter(|prefix| self.shared || !given.contains(prefix));
        if own.is_some() {
            return own;
        }
        if self.shared {
            let mut theirs = self.leases.iter().filter(|lease| lease.duid == duid);
            let theirs = theirs.find(|lease| self.is_in_pool(lease.prefix));
            let shared = theirs.map(|lease| lease.prefix);
            if let Some(prefix) = given.first().copied().or(shared) {
                return Some(prefix);
            }
        }
        let is_free = |prefix: &Ipv6Net| {
            !given.contains(prefix) && self.leases.iter().all(|lease| lease.prefix != *prefix)
        };
        let named = dhcpv6::prefixes(wanted)
            .into_iter()
            .map(|delegated| delegated.prefix)
            .find(|prefix| self.is_in_pool(*prefix) && is_free(prefix));
        let round = self.pool.iter().cycle().skip(self.cursor);
        named
            .or_else(|| round.take(self.pool.len()).copied().find(is_free))
            .or_else(|| {
                let first = self.pool.first().copied();
                first.filter(|prefix| takes_over && !given.contains(prefix))
            })
    }

    /// Notes a lease in place of the client's last one and of anybody else's on the prefix.
    pub(crate) fn put(&mut self, lease: Lease) {
        if let Some(slot) = self.pool.iter().position(|prefix| *prefix == lease.prefix)
            && self.leases.iter().all(|other| other.prefix != lease.prefix)
        {
            self.cursor = (slot + 1) % self.pool.len();
        }
        let shared = self.shared;
        self.leases.retain(|other| {
            let same_client = other.duid == lease.duid;
            let same_prefix = other.prefix == lease.prefix && !(shared && same_client);
            !(same_prefix || same_client && other.iaid == lease.iaid)
        });
        self.leases.push(lease);
    }

    /// Leaves a client's lease to nobody until it runs out.
    pub(crate) fn orphan(&mut self, duid: &[u8], iaid: u32) {
        for lease in &mut self.leases {
            if lease.duid == duid && lease.iaid == iaid {
                lease.duid.clear();
                // Any number of them may lie about.
                lease.iaid = u32::from(lease.prefix.addr().octets()[7]);
            }
        }
    }

    /// Removes a client's lease and returns whether there was one.
    pub(crate) fn remove(&mut self, duid: &[u8], iaid: u32) -> bool {
        let before = self.leases.len();
        self.leases
            .retain(|lease| lease.duid != duid || lease.iaid != iaid);
        self.leases.len() < before
    }
}
