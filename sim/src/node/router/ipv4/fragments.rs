//! Fragments on their way through the router. A packet is put together before it is translated, so that
//! its ports are there in whatever order its fragments come (RFC 4787 §11 REQ-14), and cut anew for the
//! next link. Each side has room of its own: a flood on one leaves the other alone.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::line::pppoe::MTU;
use crate::message::packet::ipv4::fragment::{Key, Reassembly, belongs, fragments};
use crate::node::router::defect::{Defects, defects};
use crate::time::Time;

/// What has come of packets in fragments.
pub(super) struct Pieces {
    of_terminals: Reassembly,
    of_sessions: Reassembly,
    /// Packets of which the first fragment has come, for a router that waits for no other.
    begun: BTreeSet<Key>,
    defects: Defects,
}

impl Pieces {
    pub(super) fn new(defects: Defects) -> Self {
        Self {
            of_terminals: Reassembly::default(),
            of_sessions: Reassembly::default(),
            begun: BTreeSet::new(),
            defects,
        }
    }

    /// Returns a terminal's packet once all of it is there.
    pub(super) fn whole_of_terminal<'a>(
        &mut self,
        ip: &'a [u8],
        now: Time,
    ) -> Option<Cow<'a, [u8]>> {
        if belongs(ip).is_some() && self.defects.has(DROPS_TERMINALS_FRAGMENTS) {
            return None;
        }
        self.of_terminals.complete(ip, now)
    }

    /// Returns a session's packet once all of it is there.
    pub(super) fn whole_of_session<'a>(
        &mut self,
        ip: &'a [u8],
        now: Time,
    ) -> Option<Cow<'a, [u8]>> {
        if let Some((key, at)) = belongs(ip) {
            if self.defects.has(DROPS_SESSIONS_FRAGMENTS) {
                return None;
            }
            if self.defects.has(WANTS_FIRST_FRAGMENT_FIRST) {
                let is_known = at > 0 && self.begun.contains(&key);
                let begins = at == 0 && self.begun.insert(key);
                (is_known || begins).then_some(())?;
            }
        }
        self.of_sessions.complete(ip, now)
    }

    /// Cuts a packet for a session; RFC 4787 §10 REQ-13 a) has them sent in order.
    pub(super) fn for_session(&self, ip: &[u8]) -> Vec<Vec<u8>> {
        match self.defects.has(CUTS_NOTHING) && ip.len() > usize::from(MTU) {
            true => Vec::new(),
            false => fragments(ip, MTU.into()),
        }
    }

    /// Cuts a packet for the LAN.
    pub(super) fn for_lan(ip: &[u8]) -> Vec<Vec<u8>> {
        fragments(ip, LAN_MTU)
    }
}

/// That of Ethernet (RFC 894).
const LAN_MTU: usize = 1500;

defects! {
    /// Drops what does not fit into a session, even where it may be fragmented.
    CUTS_NOTHING = "cuts-nothing",
        "PPPoEのMTUを超えるIPv4パケットを、フラグメント化が許されていても破棄する。";
    /// Its NAPT drops the fragments that terminals send.
    DROPS_TERMINALS_FRAGMENTS = "drops-terminals-fragments",
        "端末が送ったIPv4のフラグメントを破棄する。";
    /// Its NAPT drops the fragments that sessions bring.
    DROPS_SESSIONS_FRAGMENTS = "drops-sessions-fragments",
        "PPPoEセッションから届いたIPv4のフラグメントを破棄する。";
    /// Its NAPT drops fragments that come before the first one of their packet.
    WANTS_FIRST_FRAGMENT_FIRST = "wants-first-fragment-first",
        "先頭より先に届いたIPv4のフラグメントを破棄する。";
}
