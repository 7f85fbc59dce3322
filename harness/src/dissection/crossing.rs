//! Packets on their way through the device: which came out again, and to which flow they belong.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::net::Ipv6Addr;
use std::sync::OnceLock;
use std::time::Duration;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::{Packet, Payload, is_routable};
use ngnlab_sim::trace::Role;

use super::{ADDRESSES, Dissection, Found};

/// A transport protocol between two ends; what has no ports has zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// The protocol number.
    pub protocol: u8,
    /// Where it comes from.
    pub source: (Ipv6Addr, u16),
    /// Where it goes.
    pub destination: (Ipv6Addr, u16),
}

impl Flow {
    /// Returns the flow of a packet; ICMPv6 and fragments have none.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let (protocol, source, destination) = match &packet.payload {
            Payload::Udp(udp) => (UDP, udp.source_port, udp.destination_port),
            Payload::Tcp(tcp) => (TCP, tcp.source_port(), tcp.destination_port()),
            Payload::Icmpv6(_) => return None,
            Payload::Other { next_header, .. } if is_fragment(packet) || *next_header == ICMPV6 => {
                return None;
            }
            Payload::Other { next_header, .. } => (*next_header, 0, 0),
        };
        Some(Self {
            protocol,
            source: (packet.source, source),
            destination: (packet.destination, destination),
        })
    }

    /// Returns the flow in the other direction.
    pub fn reversed(self) -> Self {
        Self {
            protocol: self.protocol,
            source: self.destination,
            destination: self.source,
        }
    }

    /// Returns whether neither port is a well-known one.
    pub fn has_high_ports(self) -> bool {
        self.source.1 >= 1024 && self.destination.1 >= 1024
    }
}

/// Returns whether a packet is a fragment, as its first header says.
pub fn is_fragment(packet: &Packet<'_>) -> bool {
    packet.ip.get(NEXT_HEADER) == Some(&FRAGMENT)
}

/// Which packets went through the device: found once, when it is asked for first.
#[derive(Debug, Default)]
pub(super) struct Crossings<'t> {
    /// The numbers of packets as they came in and as they left.
    pairs: OnceLock<Vec<(usize, usize)>>,
    left: OnceLock<ByContents<'t>>,
}

/// The numbers of packets, by cable and by what stands after the hop limit.
type ByContents<'t> = HashMap<(Role, Contents<'t>), Vec<usize>>;

/// What stands in a packet after the hop limit. It is hashed by its beginning alone, which has the
/// transport's checksum over the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Contents<'t>(&'t [u8]);

impl<'t> Contents<'t> {
    fn of(packet: &Packet<'t>) -> Option<Self> {
        packet.ip.get(ADDRESSES..).map(Self)
    }
}

impl Hash for Contents<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let length = self.0.len();
        (length, &self.0[..length.min(HASHED)]).hash(state);
    }
}

/// Two addresses and the longest header that has a checksum, TCP's.
const HASHED: usize = 32 + 20;

impl<'t> Dissection<'t> {
    /// Returns a packet as it left the device on the other cable; only what stands before the
    /// addresses may have changed.
    pub fn crossed(&self, before: &Found<Packet<'t>>) -> Option<&Found<Packet<'t>>> {
        let other = match before.on {
            Role::Wan => Role::Lan,
            Role::Lan => Role::Wan,
            Role::Uplink => return None,
        };
        let rest = Contents::of(&before.is)?;
        let left = self.crossings.left.get_or_init(|| self.left());
        let alike = left.get(&(other, rest))?.iter();
        alike
            .map(|index| &self.packets[*index])
            .find(|after| after.record > before.record)
    }

    /// Returns what left the device, by cable and by what stands after the hop limit.
    fn left(&self) -> ByContents<'t> {
        let mut left = ByContents::new();
        for (index, found) in self.packets.iter().enumerate() {
            if found.by_device(found.on)
                && let Some(rest) = Contents::of(&found.is)
            {
                left.entry((found.on, rest)).or_default().push(index);
            }
        }
        left
    }

    /// Returns the packets that went through the device, as they came in and as they left.
    ///
    /// Both are alike but for the hop limit and what stands before it. Packets that it changes
    /// otherwise, as the MSS of a SYN, are not found, nor are those that it sends back to where
    /// they came from last.
    pub fn forwarded(&self) -> Vec<(&Found<Packet<'t>>, &Found<Packet<'t>>)> {
        let pairs = self.crossings.pairs.get_or_init(|| self.pairs());
        let pairs = pairs.iter();
        pairs
            .map(|(before, after)| (&self.packets[*before], &self.packets[*after]))
            .collect()
    }

    fn pairs(&self) -> Vec<(usize, usize)> {
        let mut came: HashMap<(Role, Contents<'_>), usize> = HashMap::new();
        // Linux labels what it repeats anew.
        let mut labelled: HashMap<(Role, Contents<'_>, u32), usize> = HashMap::new();
        let mut pairs = Vec::new();
        for (index, found) in self.packets.iter().enumerate() {
            let Some(rest) = Contents::of(&found.is) else {
                continue;
            };
            let other = match found.on {
                Role::Wan => Role::Lan,
                Role::Lan => Role::Wan,
                Role::Uplink => continue,
            };
            if !is_routable(found.source) || !is_routable(found.destination) {
                continue;
            }
            let label = found.is.flow_label;
            if found.to_device(found.on) {
                came.insert((found.on, rest), index);
                labelled.insert((found.on, rest, label), index);
            } else if let same = labelled.get(&(other, rest, label))
                && let Some(before) = same.or_else(|| came.get(&(other, rest)))
                && found.by_device(found.on)
                // In a routing loop it is sent back where it came from, pass after pass.
                && came
                    .get(&(found.on, rest))
                    .is_none_or(|again| again < before)
            {
                pairs.push((*before, index));
            }
        }
        pairs
    }

    /// Returns whether the device was looking for the neighbour that a packet had to go to next: of
    /// what waits for that, it need keep no more than one packet (RFC 4861 §7.2.2).
    pub fn was_looking_for_next_hop(&self, before: &Found<Packet<'t>>, within: Duration) -> bool {
        let other = match before.on {
            Role::Wan => Role::Lan,
            Role::Lan => Role::Wan,
            Role::Uplink => return false,
        };
        self.neighbor_solicits().any(|solicit| {
            let target = solicit.is.target;
            let is_router = other == Role::Wan && target.is_unicast_link_local();
            solicit.by_device(other)
                && solicit.destination.is_multicast()
                && !solicit.source.is_unspecified()
                && (is_router || target == before.destination)
                && before.at <= solicit.at
                && solicit.at <= before.arrives + within
        })
    }

    /// Returns the last packet of a flow that the device passed on to the line before a record.
    pub fn last_out(&self, flow: Flow, record: RecordId) -> Option<&Found<Packet<'t>>> {
        let end = self.packets.partition_point(|found| found.record < record);
        self.packets[..end]
            .iter()
            .rev()
            .find(|found| found.by_device(Role::Wan) && Flow::of(&found.is) == Some(flow))
    }

    /// Returns whether the device has to pass a terminal's packet on as far as anything but the
    /// packet itself says: it did so for that terminal, and nothing got in the way.
    pub fn passes_out_for(&self, found: &Found<Packet<'t>>, within: Duration) -> bool {
        let over = found.arrives + within;
        // What is told at once comes first: this is asked of most packets.
        if !found.to_device(Role::Lan)
            || found.eth_destination != self.setup().lan_mac
            || self.end() < over
        {
            return false;
        }
        let latest = self.assignments().filter(|(at, _)| *at <= found.at).last();
        let current = latest.is_none_or(|(_, whole)| whole.contains(&found.source));
        let before = || {
            self.packets.iter().any(|other| {
                other.by_device(Role::Wan) && other.source == found.source && other.at <= found.at
            })
        };
        current && !self.is_disturbed(found.at, over) && before() && self.has_router(found.at)
    }

    /// Returns whether a router on the line has said last that it is one, and the time that it said is
    /// not over (RFC 4861 §6.3.4, §6.3.5): without one, nothing can be passed on.
    pub fn has_router(&self, at: Time) -> bool {
        let adverts = self.router_adverts().filter(|ra| ra.to_device(Role::Wan));
        let last: BTreeMap<Ipv6Addr, Time> = adverts
            .filter(|ra| ra.arrives <= at)
            .map(|ra| (ra.source, ra.arrives + ra.is.lifetime))
            .collect();
        // Who never heard of one may know it otherwise.
        last.is_empty() || last.values().any(|until| at < *until)
    }

    /// Returns whether the device has to pass a packet on that answers what a terminal sent less
    /// than `idle` ago.
    pub fn passes_in_for(
        &self,
        found: &Found<Packet<'t>>,
        idle: Duration,
        within: Duration,
    ) -> bool {
        let over = found.arrives + within;
        if !found.to_device(Role::Wan)
            || found.eth_destination != self.setup().wan_mac
            || self.end() < over
        {
            return false;
        }
        let asked =
            Flow::of(&found.is).and_then(|flow| self.last_out(flow.reversed(), found.record));
        asked.is_some_and(|asked| {
            found.at.since(asked.at) < idle && !self.is_disturbed(asked.at, over)
        })
    }
}

/// RFC 8200 §3, and the protocol numbers.
const NEXT_HEADER: usize = 6;
const TCP: u8 = 6;
const UDP: u8 = 17;
const FRAGMENT: u8 = 44;
const ICMPV6: u8 = 58;
