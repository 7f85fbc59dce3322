//! Packets on their way through the device: which came out again, and to which flow they belong.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::net::Ipv6Addr;
use std::sync::OnceLock;
use std::time::Duration;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::NeighborAdvert;
use ngnlab_sim::message::packet::{Packet, Payload, is_routable};
use ngnlab_sim::trace::Role;

use super::{ADDRESSES, Dissection, Echo, Found};
use crate::scenario::step::cable::Wire;

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
    /// Returns the flow of a packet; fragments and ICMPv6 have none, but for echoes: both sides of
    /// one have its identifier (RFC 4443 §4.1).
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let (protocol, source, destination) = match &packet.payload {
            Payload::Udp(udp) => (UDP, udp.source_port, udp.destination_port),
            Payload::Tcp(tcp) => (TCP, tcp.source_port(), tcp.destination_port()),
            Payload::Icmpv6(message) => {
                let id = Echo::read(message)?.id;
                (ICMPV6, id, id)
            }
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
        let other = before.on.across()?;
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
            let Some(other) = found.on.across() else {
                continue;
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
        let Some(other) = before.on.across() else {
            return false;
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
        let forgotten = self.forgets_routers().filter(|since| *since <= at).max();
        let since = forgotten.unwrap_or(Time::ZERO);
        let adverts = self.router_adverts().filter(|ra| ra.to_device(Role::Wan));
        let mut last: BTreeMap<Ipv6Addr, Time> = adverts
            .filter(|ra| !ra.lost && since <= ra.arrives && ra.arrives <= at)
            .map(|ra| (ra.source, ra.arrives + ra.is.lifetime))
            .collect();
        last.retain(|router, _| !self.has_renounced(*router, at));
        let renounced = self.renounced().next().is_some();
        // Who never heard of one may know it otherwise.
        let knows_none = last.is_empty() && forgotten.is_none() && !renounced;
        knows_none || last.values().any(|until| at < *until)
    }

    /// Returns the advertisements by which a router of the line clears its R flag: it is none any
    /// more (RFC 4861 §7.2.5).
    pub fn renounced(&self) -> impl Iterator<Item = Found<&NeighborAdvert>> {
        self.neighbor_adverts().filter(|na| {
            let mut adverts = self.router_adverts();
            na.to_device(Role::Wan)
                && !na.is.router
                && !na.lost
                && adverts.any(|ra| {
                    ra.to_device(Role::Wan) && ra.source == na.is.target && ra.arrives <= na.arrives
                })
        })
    }

    /// Returns from when on, and until when, a router of the line was none by its own word.
    pub fn times_without_router(&self) -> impl Iterator<Item = (Time, Time)> {
        self.renounced().map(|na| {
            let mut adverts = self.router_adverts();
            let back = adverts.find(|ra| {
                ra.to_device(Role::Wan) && ra.source == na.is.target && ra.record > na.record
            });
            (na.arrives, back.map_or(self.end(), |ra| ra.arrives))
        })
    }

    /// Returns whether a router of the line was none at that time by its own word.
    pub fn is_renounced(&self, at: Time) -> bool {
        let mut times = self.times_without_router();
        times.any(|(from, to)| from <= at && at <= to)
    }

    fn has_renounced(&self, router: Ipv6Addr, at: Time) -> bool {
        let mut words = self.renounced().filter(|na| na.is.target == router);
        words.any(|na| {
            let mut adverts = self.router_adverts();
            na.arrives <= at
                && !adverts.any(|ra| {
                    let is_later = na.record < ra.record && ra.arrives <= at;
                    ra.to_device(Role::Wan) && ra.source == router && is_later
                })
        })
    }

    /// Returns what left the device more often than it came in, and what it came in as.
    pub fn multiplied(&self) -> Vec<(&Found<Packet<'t>>, &Found<Packet<'t>>)> {
        let mut came: HashMap<(Role, Contents<'_>), (usize, usize)> = HashMap::new();
        let mut multiplied = Vec::new();
        for (index, found) in self.packets.iter().enumerate() {
            let routable = is_routable(found.source) && is_routable(found.destination);
            let Some(rest) = Contents::of(&found.is).filter(|_| routable) else {
                continue;
            };
            let Some(other) = found.on.across() else {
                continue;
            };
            if found.to_device(found.on) {
                let times = 1 + usize::from(self.is_doubled(found.record));
                let (_, left) = came.entry((found.on, rest)).or_insert((index, 0));
                *left += times;
            } else if found.by_device(found.on)
                && let Some((first, left)) = came.get_mut(&(other, rest))
            {
                match left.checked_sub(1) {
                    Some(fewer) => *left = fewer,
                    None => multiplied.push((&self.packets[*first], found)),
                }
            }
        }
        multiplied
    }

    /// Returns when the device had reason to forget the routers of the line, and looked for one
    /// anew: its power or the WAN's cable was back (RFC 7084 §4.1 G-5).
    pub fn forgets_routers(&self) -> impl Iterator<Item = Time> {
        let back = self
            .steps
            .iter()
            .filter(|step| step.cuts_power() || step.pulls(Wire::Wan));
        let back = back.map(|step| step.at);
        back.filter(|back| {
            let mut solicits = self.router_solicits();
            solicits.any(|rs| rs.by_device(Role::Wan) && *back <= rs.at)
        })
    }

    /// Returns whether the device was looking for a router of the line that did not answer: what
    /// waits for it may be lost (RFC 4861 §7.2.2).
    pub fn seeks_router_in_vain(&self, from: Time, to: Time) -> bool {
        self.neighbor_solicits().any(|solicit| {
            let target = solicit.is.target;
            let is_sought = solicit.by_device(Role::Wan)
                && solicit.destination.is_multicast()
                && !solicit.source.is_unspecified()
                && target.is_unicast_link_local()
                && from - RETRANS <= solicit.at
                && solicit.at <= to;
            let mut adverts = self.neighbor_adverts();
            is_sought
                && !adverts.any(|advert| {
                    let is_theirs = advert.to_device(Role::Wan) && advert.is.target == target;
                    is_theirs && solicit.at <= advert.at && advert.arrives <= to
                })
        })
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

/// The line's RetransTimer (ngn-facts §1.1): so long after one solicitation comes the next.
const RETRANS: Duration = Duration::from_secs(10);

/// RFC 8200 §3, and the protocol numbers.
const NEXT_HEADER: usize = 6;
const TCP: u8 = 6;
const UDP: u8 = 17;
const FRAGMENT: u8 = 44;
const ICMPV6: u8 = 58;
