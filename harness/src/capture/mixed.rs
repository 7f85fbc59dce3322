//! Whether one place holds both sides of a router, as a switch that mirrors two ports into one does,
//! or `-i any` without the number of the interface.
//!
//! There a packet is seen twice, once on its way in and once on its way out, over IPv4 in a session;
//! and so is a question that the router passes on. On one side alone a router has one address: what
//! leaves again there, as in a loop, leaves from where it came in.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;

use ipnet::Ipv6Net;
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::ipv4::rewrite::{Protocol, ends};
use ngnlab_sim::message::packet::ipv4::{Ipv4, Payload4, in_frame};
use ngnlab_sim::message::packet::{Mac, Packet, is_routable};
use ngnlab_sim::message::ppp::{self, Ppp};
use ngnlab_sim::message::pppoe::Pppoe;

use super::encapsulation::UNKNOWN;
use crate::dissection::{Dhcpv6, Dns, Kind, Transport, dns};

/// Two addresses in one place that are one router's.
pub(super) type Sides = (Mac, Mac);

/// A frame that was caught in a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caught<'f> {
    /// When, in nanoseconds.
    pub(super) at: i128,
    /// The frame.
    pub(super) frame: &'f [u8],
    /// Whether the capturing machine sent it itself, where that is known.
    pub(super) sent: bool,
}

/// Returns a router of which both sides are in one place, if there is one.
pub(super) fn both_sides<'f>(frames: impl IntoIterator<Item = Caught<'f>>) -> Option<Sides> {
    let mut heard = Heard::default();
    frames.into_iter().find_map(|caught| heard.hear(&caught))
}

/// What was heard in a place so far.
#[derive(Default)]
struct Heard<'f> {
    crossing: HashMap<&'f [u8], Way>,
    questions: HashMap<(String, u16), Asked>,
    /// The questions that seem to have been passed on.
    relayed: BTreeSet<(String, u16)>,
    /// Who advertised itself as a router, and what.
    advertised: BTreeSet<(Mac, Option<Ipv6Net>)>,
    /// What was delegated, and by whom.
    delegated: BTreeSet<(Mac, Ipv6Net)>,
    /// Who asked for a prefix, or for routers.
    asking: BTreeSet<Mac>,
    /// The addresses that the capturing machine sends from.
    own: BTreeSet<Mac>,
    /// What went over IPv4 without a session, and to which address.
    inside: HashMap<SaidBeyond, Mac>,
}

/// To whom an IPv4 packet says what: what a NAPT leaves as it is (RFC 3022 §2.2).
type SaidBeyond = (Ipv4Addr, u16, Vec<u8>);

fn said_beyond(packet: &Ipv4<'_>) -> Option<SaidBeyond> {
    let (port, mut said) = match &packet.payload {
        Payload4::Udp(udp) => (udp.destination_port, udp.payload.to_vec()),
        Payload4::Tcp(tcp) => {
            let sequence = tcp.sequence_number().to_be_bytes();
            let said = [&sequence[..], &[u8::from(tcp.syn())], tcp.payload()].concat();
            (tcp.destination_port(), said)
        }
        // RFC 791 §3.2: the first fragment has the ports.
        Payload4::Other { bytes, .. } => {
            let ends = ends(packet.ip).filter(|ends| ends.protocol == Protocol::Udp)?;
            (ends.destination.1, bytes.get(UDP_HEADER..)?.to_vec())
        }
        Payload4::Icmp(_) => return None,
    };
    said.truncate(MOST_SAID);
    (said.len() >= LEAST_SAID).then_some((packet.destination, port, said))
}

/// The first sight of a packet.
struct Way {
    hop_limit: u8,
    from: Mac,
    to: Mac,
}

/// Who asked a question last, and whom.
struct Asked {
    at: i128,
    by: Mac,
    whom: Mac,
}

impl<'f> Heard<'f> {
    fn hear(&mut self, caught: &Caught<'f>) -> Option<Sides> {
        let Some(packet) = Packet::parse(caught.frame) else {
            return self.is_translated(caught.frame);
        };
        if packet.eth_source == UNKNOWN {
            return None;
        }
        if caught.sent && self.own.len() < MOST {
            self.own.insert(packet.eth_source);
        }
        self.crosses(&packet)
            .or_else(|| self.is_told(&packet))
            .or_else(|| self.is_passed_on(&packet, caught.at))
            .or_else(|| self.is_ours_twice(&packet))
    }

    /// A packet that comes in at one address and leaves, a hop later, from another.
    fn crosses(&mut self, packet: &Packet<'f>) -> Option<Sides> {
        let is_meant = is_routable(packet.source) && is_routable(packet.destination);
        // RFC 8200 §3: addresses and payload stay as they are.
        let rest = packet.ip.get(8..).filter(|_| is_meant)?;
        let way = Way {
            hop_limit: packet.hop_limit,
            from: packet.eth_source,
            to: packet.eth_destination,
        };
        let Some(other) = self.crossing.get(rest) else {
            if self.crossing.len() < MOST {
                self.crossing.insert(rest, way);
            }
            return None;
        };
        // A mirror may write down the second before the first.
        let (came, left) = match way.hop_limit.checked_add(1) == Some(other.hop_limit) {
            true => (other, &way),
            false if other.hop_limit.checked_add(1) == Some(way.hop_limit) => (&way, other),
            false => return None,
        };
        (came.to != UNKNOWN && came.to != left.from).then_some((came.to, left.from))
    }

    /// An IPv4 packet for one address that leaves from another one, in a session.
    fn is_translated(&mut self, frame: &[u8]) -> Option<Sides> {
        if let Some((_, to, packet)) = in_frame(frame) {
            let said = said_beyond(&packet).filter(|_| !to.is_multicast());
            if self.inside.len() < MOST {
                self.inside.extend(said.map(|said| (said, to)));
            }
            return None;
        }
        let outside = Pppoe::parse(frame)?;
        let ppp = outside.ppp().and_then(Ppp::parse)?;
        let packet = Ipv4::parse(&ppp.information).filter(|_| ppp.protocol == ppp::IPV4)?;
        let came = *self.inside.get(&said_beyond(&packet)?)?;
        (came != outside.source).then_some((outside.source, came))
    }

    /// Advertisements on a LAN of what was delegated on the WAN, neither by who delegated it nor by
    /// who asked for it.
    fn is_told(&mut self, packet: &Packet<'_>) -> Option<Sides> {
        let by = packet.eth_source;
        match Ndp::parse(packet) {
            Some(Ndp::RouterSolicit(_)) => self.asks(by),
            Some(Ndp::RouterAdvert(advert)) if self.advertised.len() < MOST => {
                self.advertised.insert((by, None));
                let nets = advert.prefixes().filter_map(|prefix| {
                    let net = Ipv6Net::new(prefix.prefix, prefix.length).ok()?;
                    Some((by, Some(net.trunc())))
                });
                self.advertised.extend(nets);
            }
            _ => {
                let udp = packet.udp()?;
                let ports = (udp.source_port, udp.destination_port);
                let message = Dhcpv6::read(ports, udp.payload)?;
                match message.kind {
                    _ if message.is_from_client() && !message.delegations().is_empty() => {
                        self.asks(by);
                    }
                    Kind::Reply if self.delegated.len() < MOST => {
                        let granted = message.granted().into_iter();
                        let granted = granted.map(|(_, given)| (by, given.prefix.trunc()));
                        self.delegated.extend(granted);
                    }
                    _ => {}
                }
            }
        }
        self.delegated.iter().find_map(|(server, whole)| {
            let mut advertised = self.advertised.iter();
            let (side, _) = advertised.find(|(by, net)| {
                by != server
                    && !self.asking.contains(by)
                    && net.is_some_and(|net| whole.contains(&net))
            })?;
            Some((self.asking.first().copied()?, *side))
        })
    }

    fn asks(&mut self, by: Mac) {
        if self.asking.len() < MOST {
            self.asking.insert(by);
        }
    }

    /// Questions to a router that soon are asked again from another address, and of somebody else.
    fn is_passed_on(&mut self, packet: &Packet<'_>, at: i128) -> Option<Sides> {
        let udp = packet
            .udp()
            .filter(|udp| udp.destination_port == dns::PORT)?;
        let ports = (udp.source_port, udp.destination_port);
        let message = Dns::read(Transport::Udp, ports, udp.payload)?;
        let question = message.question.filter(|_| !message.response)?;
        let key = (question.name.to_ascii_lowercase(), question.kind);
        let (by, whom) = (packet.eth_source, packet.eth_destination);
        let first = self.questions.get(&key).filter(|first| {
            let is_router = self.advertised.contains(&(first.whom, None));
            let others = [first.by, first.whom];
            is_router
                && at - first.at < SOON
                && !others.contains(&by)
                && !others.contains(&whom)
                && whom != UNKNOWN
                && self.asking.contains(&by)
        });
        if let Some(first) = first {
            let sides = (by, first.whom);
            self.relayed.insert(key);
            return (self.relayed.len() >= ENOUGH).then_some(sides);
        }
        if self.questions.len() < MOST {
            self.questions.insert(key, Asked { at, by, whom });
        }
        None
    }

    /// The capturing machine is the router itself, and asks from one address and advertises from
    /// another.
    fn is_ours_twice(&self, packet: &Packet<'_>) -> Option<Sides> {
        if packet.eth_destination != UNKNOWN && !packet.eth_destination.is_multicast() {
            return None;
        }
        let own = || self.own.iter().copied();
        let asking = own().find(|mac| self.asking.contains(mac))?;
        let advertising = own().find(|mac| self.advertised.contains(&(*mac, None)))?;
        (asking != advertising).then_some((asking, advertising))
    }
}

/// More talk in one place is an attack on our memory.
const MOST: usize = 50_000;
/// What packets say behind this is not needed to tell them apart.
const MOST_SAID: usize = 64;
/// Less may be said by two.
const LEAST_SAID: usize = 5;
/// One question may be asked by two by chance.
const ENOUGH: usize = 2;
/// A second, in nanoseconds: nobody waits longer before passing a question on.
const SOON: i128 = 1_000_000_000;
/// How long the header before the data is (RFC 768).
const UDP_HEADER: usize = 8;
