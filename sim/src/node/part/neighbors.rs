//! One interface's neighbour cache with unreachability detection (RFC 4861 §7.2 and §7.3).
//!
//! There are no upper-layer hints: an entry is confirmed by solicited advertisements alone.

use std::net::Ipv6Addr;
use std::time::Duration;

use rand::Rng;

use crate::frame::Frame;
use crate::message::ndp::{Ndp, NeighborAdvert, NeighborSolicit};
use crate::message::packet::{Envelope, Mac, frame_ip, solicited_node};
use crate::time::Time;
use table::{Entry, State, Table};

mod table;

/// The neighbours behind one interface.
pub struct Neighbors {
    mac: Mac,
    source: Ipv6Addr,
    traffic_class: u8,
    timers: Timers,
    table: Table,
}

/// How long a neighbour counts as reachable, and how often it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// ReachableTime.
    pub reachable: Duration,
    /// RetransTimer.
    pub retrans: Duration,
}

impl Timers {
    /// Draws ReachableTime between half and one and a half times its base (RFC 4861 §6.3.2).
    pub fn drawn(base_reachable: Duration, retrans: Duration, rng: &mut impl Rng) -> Self {
        Self {
            reachable: base_reachable.mul_f64(rng.random_range(0.5..1.5)),
            retrans,
        }
    }
}

impl Default for Timers {
    /// RFC 4861 §10: 30 s and 1 s.
    fn default() -> Self {
        Self {
            reachable: Duration::from_secs(30),
            retrans: Duration::from_secs(1),
        }
    }
}

/// A neighbour that did not answer, and what was waiting for it.
#[derive(Debug)]
pub struct Unreachable {
    /// The neighbour.
    pub address: Ipv6Addr,
    /// The IPv6 packets that were not sent.
    pub waiting: Vec<Vec<u8>>,
}

impl Neighbors {
    /// Makes an empty cache; solicitations leave from `source`, a link-local address.
    pub fn new(mac: Mac, source: Ipv6Addr) -> Self {
        Self {
            mac,
            source,
            traffic_class: 0,
            timers: Timers::default(),
            table: Table::default(),
        }
    }

    /// Sets the traffic class of solicitations.
    pub fn set_traffic_class(&mut self, traffic_class: u8) {
        self.traffic_class = traffic_class;
    }

    /// Sets the timers for what happens from now on.
    pub fn set_timers(&mut self, timers: Timers) {
        self.timers = timers;
    }

    /// Sends an IPv6 packet to a neighbour, at once or when its address is resolved.
    pub fn send(&mut self, next_hop: Ipv6Addr, ip: &[u8], now: Time, out: &mut Vec<Frame>) {
        if self.table.get(next_hop).is_none() {
            out.push(self.solicit(next_hop, None));
            let again = now + self.timers.retrans;
            let state = State::Incomplete { asked: 1, again };
            self.table.insert(next_hop, Entry::new(None, state));
        }
        let mac = self.table.change(next_hop, |entry| {
            if entry.mac.is_none() {
                entry.keep_waiting(ip);
            }
            let until = now + DELAY_FIRST_PROBE;
            match entry.state {
                State::Stale => entry.state = State::Delay { until },
                State::Reachable { until: end } if end <= now => {
                    entry.state = State::Delay { until };
                }
                _ => {}
            }
            entry.mac
        });
        if let Some(mac) = mac.flatten() {
            out.push(frame_ip(self.mac, mac, ip));
        }
    }

    /// Notes a link-layer address seen in a Source Link-Layer option (RFC 4861 §7.2.3).
    pub fn learn(&mut self, address: Ipv6Addr, mac: Mac, _now: Time, out: &mut Vec<Frame>) {
        let Some(known) = self.table.get(address) else {
            let entry = Entry::new(Some(mac), State::Stale);
            return self.table.insert(address, entry);
        };
        if known.mac == Some(mac) {
            return;
        }
        self.table.change(address, |entry| {
            entry.mac = Some(mac);
            entry.state = State::Stale;
        });
        self.flush(address, out);
    }

    /// Takes in a Neighbor Advertisement (RFC 4861 §7.2.5).
    pub fn handle_advert(&mut self, advert: &NeighborAdvert, now: Time, out: &mut Vec<Frame>) {
        let reachable = State::Reachable {
            until: now + self.timers.reachable,
        };
        let flushes = self.table.change(advert.target, |entry| {
            let Some(known) = entry.mac else {
                let Some(mac) = advert.target_link_layer else {
                    return false;
                };
                entry.mac = Some(mac);
                entry.state = if advert.solicited {
                    reachable
                } else {
                    State::Stale
                };
                return true;
            };
            let other = advert.target_link_layer.filter(|mac| *mac != known);
            if other.is_some() && !advert.replace {
                if matches!(entry.state, State::Reachable { .. }) {
                    entry.state = State::Stale;
                }
                return false;
            }
            if let Some(mac) = other {
                entry.mac = Some(mac);
            }
            if advert.solicited {
                entry.state = reachable;
            } else if other.is_some() {
                entry.state = State::Stale;
            }
            other.is_some()
        });
        if flushes == Some(true) {
            self.flush(advert.target, out);
        }
    }

    /// Returns when [`Neighbors::handle_timeout`] is next needed.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.table.next_due()
    }

    /// Asks again where that is due, and returns the neighbours that stayed silent.
    pub fn handle_timeout(&mut self, now: Time, out: &mut Vec<Frame>) -> Vec<Unreachable> {
        let again = now + self.timers.retrans;
        let mut unreachable = Vec::new();
        for address in self.table.due(now) {
            let asks = self.table.change(address, |entry| {
                entry.state = match entry.state {
                    State::Incomplete { asked, .. } if asked < MAX_SOLICIT => {
                        let asked = asked + 1;
                        State::Incomplete { asked, again }
                    }
                    State::Delay { .. } => State::Probe { asked: 1, again },
                    State::Probe { asked, .. } if asked < MAX_SOLICIT => {
                        let asked = asked + 1;
                        State::Probe { asked, again }
                    }
                    _ => return None,
                };
                Some(entry.mac)
            });
            if let Some(mac) = asks.flatten() {
                out.push(self.solicit(address, mac));
            } else if let Some(entry) = self.table.remove(address) {
                let waiting = entry.waiting.into();
                unreachable.push(Unreachable { address, waiting });
            }
        }
        unreachable
    }

    /// Returns the link-layer address of a neighbour, if it is known.
    pub fn mac_of(&self, address: Ipv6Addr) -> Option<Mac> {
        self.table.get(address)?.mac
    }

    /// Returns whether a neighbour was confirmed within ReachableTime.
    pub fn is_reachable(&self, address: Ipv6Addr, now: Time) -> bool {
        self.table
            .get(address)
            .is_some_and(|entry| matches!(entry.state, State::Reachable { until } if until > now))
    }

    /// Forgets a neighbour.
    pub fn forget(&mut self, address: Ipv6Addr) {
        self.table.remove(address);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.table = Table::default();
    }

    /// Builds a solicitation: multicast to resolve, unicast to `mac` to probe.
    fn solicit(&self, target: Ipv6Addr, mac: Option<Mac>) -> Frame {
        let envelope = match mac {
            Some(mac) => Envelope::new(self.mac, mac, self.source, target),
            None => Envelope::new(self.mac, self.mac, self.source, solicited_node(target)),
        };
        Ndp::NeighborSolicit(NeighborSolicit {
            target,
            source_link_layer: Some(self.mac),
        })
        .build(envelope.with_traffic_class(self.traffic_class))
    }

    fn flush(&mut self, address: Ipv6Addr, out: &mut Vec<Frame>) {
        let own = self.mac;
        self.table.change(address, |entry| {
            if let Some(mac) = entry.mac {
                let waiting = entry.waiting.drain(..);
                out.extend(waiting.map(|ip| frame_ip(own, mac, &ip)));
            }
        });
    }
}

// RFC 4861 §10.
const DELAY_FIRST_PROBE: Duration = Duration::from_secs(5);
const MAX_SOLICIT: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::packet::Packet;

    #[test]
    fn a_packet_waits_until_the_neighbour_answers() {
        let (mut neighbors, mut out) = (neighbors(), Vec::new());
        neighbors.send(HOST, b"packet", Time::ZERO, &mut out);
        assert_eq!(out.len(), 1, "only the solicitation leaves");
        neighbors.handle_advert(&advert(true), Time::ZERO, &mut out);
        assert_eq!(&out[1][14..], b"packet");
        assert!(neighbors.is_reachable(HOST, Time::from_secs(29)));
        assert!(!neighbors.is_reachable(HOST, Time::from_secs(31)));
    }

    #[test]
    fn a_stale_neighbour_is_given_up_after_the_delay_and_three_probes() {
        let (mut neighbors, mut out) = (neighbors(), Vec::new());
        neighbors.learn(HOST, HOST_MAC, Time::ZERO, &mut out);
        neighbors.send(HOST, b"packet", Time::ZERO, &mut out);
        assert_eq!(out.len(), 1, "a stale entry is used at once");
        let mut given_up = None;
        while let Some(due) = neighbors.poll_timeout() {
            if !neighbors.handle_timeout(due, &mut out).is_empty() {
                given_up = Some(due);
            }
        }
        // 5 s of delay and three probes, one second apart.
        assert_eq!(given_up, Some(Time::from_secs(8)));
        let probes = out[1..]
            .iter()
            .filter(|frame| Packet::parse(frame).is_some_and(|packet| packet.destination == HOST));
        assert_eq!(probes.count(), 3);
    }

    #[test]
    fn an_unsolicited_advert_does_not_confirm() {
        let (mut neighbors, mut out) = (neighbors(), Vec::new());
        neighbors.learn(HOST, HOST_MAC, Time::ZERO, &mut out);
        neighbors.handle_advert(&advert(false), Time::ZERO, &mut out);
        assert!(!neighbors.is_reachable(HOST, Time::ZERO));
    }

    const OWN_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
    const HOST_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 2]);
    const HOST: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca00, 0, 0, 0, 2);

    fn neighbors() -> Neighbors {
        Neighbors::new(OWN_MAC, OWN_MAC.link_local())
    }

    fn advert(solicited: bool) -> NeighborAdvert {
        NeighborAdvert {
            target: HOST,
            router: false,
            solicited,
            replace: false,
            target_link_layer: Some(HOST_MAC),
        }
    }
}
