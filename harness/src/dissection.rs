//! A trace taken apart once, into an index that all checks share.
//!
//! Every list keeps the order of the trace, and each entry knows its record. Frames that do not
//! parse are in the trace, but in no list here. Nothing in this module judges.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Evidence, RecordId};
use ngnlab_sim::message::dhcpv4;
use ngnlab_sim::message::fragment::Reassembly;
use ngnlab_sim::message::ndp::{Ndp, NeighborAdvert, NeighborSolicit, RouterAdvert, RouterSolicit};
use ngnlab_sim::message::packet::ipv4::{Ipv4, in_frame};
use ngnlab_sim::message::packet::{Ipv6, Mac, Packet, is_routable};
use ngnlab_sim::message::ppp::IPV4;
use ngnlab_sim::setup::{Aspect, Mode, Setup};
use ngnlab_sim::trace::{End, Fact, Frames, Header, Role, Seen, TerminalTruth};
use ngnlab_sim::{Fate, Time, Trace};

use crate::decode::Decoder;

#[cfg(test)]
pub(crate) mod builder;
mod conversations;
pub mod crossing;
pub mod dhcpv6;
mod disturbances;
pub mod dns;
mod found;
pub mod icmpv6;
pub mod ipv4;
mod ipv4_pieces;
pub mod lateness;
pub mod pppoe;
mod steps;
pub mod tcp;
pub mod words;

use conversations::Conversations;
use crossing::Crossings;
pub use dhcpv6::{Delegation, Dhcpv6, Kind};
pub use dns::{Dns, Exchange, Question, Transport};
pub use found::{Found, Told};
pub use icmpv6::{Echo, IcmpError, Quoted};
pub use ipv4::Ipv4Packet;
pub use ipv4_pieces::Piece;
pub use lateness::Lateness;
pub use pppoe::PppoePacket;
pub use steps::{Stepped, UnknownStep};
pub use tcp::Connection;

/// A trace, taken apart.
#[derive(Debug)]
pub struct Dissection<'t> {
    /// The trace itself.
    pub trace: &'t Trace,
    /// Which of its records are frames.
    pub frames: Frames,
    /// Every IPv6 packet.
    pub packets: Vec<Found<Packet<'t>>>,
    /// Every valid Neighbour Discovery message.
    pub ndp: Vec<Found<Ndp>>,
    /// Every DHCPv6 message between clients and servers.
    pub dhcpv6: Vec<Found<Dhcpv6>>,
    /// Every DNS message, over UDP and over TCP.
    pub dns: Vec<Found<Dns>>,
    /// Every PPPoE packet of the device's own sessions; it has no IPv6 addresses.
    pub pppoe: Vec<Found<PppoePacket>>,
    /// Every PPPoE packet of terminals that dial themselves; what is in their sessions stands nowhere
    /// else.
    pub terminals_pppoe: Vec<Found<PppoePacket>>,
    /// Every IPv4 packet, on the LAN and in sessions; its addresses are mapped outside of it (RFC 3493
    /// §3.7), and so are those of DNS messages over IPv4. One in fragments stands in place of the last.
    pub ipv4: Vec<Found<Ipv4Packet>>,
    /// Every DHCPv4 message.
    pub dhcpv4: Vec<Found<dhcpv4::Message>>,
    /// Every TCP connection on each cable.
    pub connections: Vec<Connection>,
    /// Every ICMPv6 error message.
    pub errors: Vec<Found<IcmpError>>,
    /// Every echo request and reply.
    pub echoes: Vec<Found<Echo>>,
    /// Every fact.
    pub facts: Vec<Told<'t>>,
    /// Every step.
    pub steps: Vec<Stepped<'t>>,
    /// The most that the host was late, which bounds what timing can prove.
    pub late: Duration,
    /// How late it was, and when.
    pub lateness: Lateness,
    /// Whether frames moved that the trace does not have.
    pub suppressed: bool,
    /// What takes its frames apart for people.
    pub decoder: Decoder<'t>,
    device_macs: BTreeSet<Mac>,
    /// Where in `dhcpv6` the questions of clients on the LAN are.
    lan_questions: Vec<usize>,
    terminal_sources: BTreeSet<Ipv6Addr>,
    upstream_sources: BTreeSet<Ipv6Addr>,
    lan_prefixes: Vec<Ipv6Net>,
    crossings: Crossings<'t>,
    /// When frames were lost.
    losses: Vec<Time>,
    conversations: Conversations,
    /// The IAIDs of the prefixes that the device has asked for.
    asked_for: BTreeSet<u32>,
    /// The packets on each cable of which fragments have come.
    fragments: BTreeMap<Role, Reassembly>,
    ipv4_pieces: ipv4_pieces::Pieces,
}

impl<'t> Dissection<'t> {
    /// Takes a trace apart.
    pub fn new(trace: &'t Trace) -> Result<Self, UnknownStep> {
        let mut this = Self {
            trace,
            frames: Frames::of(trace),
            packets: Vec::new(),
            ndp: Vec::new(),
            dhcpv6: Vec::new(),
            dns: Vec::new(),
            pppoe: Vec::new(),
            terminals_pppoe: Vec::new(),
            ipv4: Vec::new(),
            dhcpv4: Vec::new(),
            connections: Vec::new(),
            errors: Vec::new(),
            echoes: Vec::new(),
            facts: Vec::new(),
            steps: Vec::new(),
            late: Duration::ZERO,
            lateness: Lateness::of(trace),
            suppressed: false,
            decoder: Decoder::new(trace),
            device_macs: BTreeSet::from([trace.header.setup.wan_mac, trace.header.setup.lan_mac]),
            lan_questions: Vec::new(),
            terminal_sources: BTreeSet::new(),
            upstream_sources: BTreeSet::new(),
            lan_prefixes: Vec::new(),
            crossings: Crossings::default(),
            losses: Vec::new(),
            conversations: Conversations::default(),
            asked_for: BTreeSet::new(),
            fragments: BTreeMap::new(),
            ipv4_pieces: ipv4_pieces::Pieces::default(),
        };
        let mut streams = tcp::Streams::default();
        for (record, entry) in trace.records.iter().enumerate() {
            let at = entry.at;
            match &entry.seen {
                Seen::Frame {
                    on,
                    from,
                    frame,
                    fate,
                    injected,
                } => {
                    let place = Found {
                        record,
                        at,
                        arrives: match fate {
                            Fate::Delay(by) => at + *by,
                            Fate::Pass | Fate::Drop | Fate::Duplicate => at,
                        },
                        on: *on,
                        from: *from,
                        injected: *injected,
                        lost: *fate == Fate::Drop,
                        eth_source: Mac([0; 6]),
                        eth_destination: Mac([0; 6]),
                        source: Ipv6Addr::UNSPECIFIED,
                        destination: Ipv6Addr::UNSPECIFIED,
                        hop_limit: 0,
                        is: (),
                    };
                    if place.lost {
                        this.losses.push(at);
                    }
                    if let Some(packet) = Packet::parse(frame) {
                        let found = Found {
                            eth_source: packet.eth_source,
                            eth_destination: packet.eth_destination,
                            source: packet.source,
                            destination: packet.destination,
                            hop_limit: packet.hop_limit,
                            ..place.with(packet)
                        };
                        this.take_in(found, &mut streams);
                    } else if let Some(packet) = PppoePacket::read(frame) {
                        let place = Found {
                            eth_source: packet.packet.source,
                            eth_destination: packet.packet.destination,
                            ..place
                        };
                        if this.is_terminals(&place) {
                            this.terminals_pppoe.push(place.with(packet));
                            continue;
                        }
                        if let Some(ip) = packet.ppp.as_ref().filter(|ppp| ppp.protocol == IPV4)
                            && let Some(ip) = Ipv4::parse(&ip.information)
                        {
                            this.take_in_ipv4(&place, Some(packet.session()), &ip);
                        }
                        this.pppoe.push(place.with(packet));
                    } else if let Some((source, destination, packet)) = in_frame(frame) {
                        let place = Found {
                            eth_source: source,
                            eth_destination: destination,
                            ..place
                        };
                        this.take_in_ipv4(&place, None, &packet);
                    }
                }
                Seen::Fact { node, fact } => this.facts.push(Told {
                    record,
                    at,
                    node,
                    fact,
                }),
                Seen::Step { step, outcome } => {
                    this.steps.push(Stepped::read(record, at, step, outcome)?);
                }
                Seen::Late(by) => this.late = this.late.max(*by),
                Seen::Suppressed { .. } => this.suppressed = true,
            }
        }
        this.connections = streams.into_connections();
        Ok(this)
    }

    fn take_in(&mut self, found: Found<Packet<'t>>, streams: &mut tcp::Streams) {
        let ndp = Ndp::parse(&found.is);
        // What a bridge sends is others', but for what came in nowhere.
        if !self.is_bridge() && (found.by_device(Role::Wan) || found.by_device(Role::Lan)) {
            self.device_macs.insert(found.eth_source);
        }
        // Who claims an address by a crafted advertisement shows nobody who has it.
        let is_claim = found.injected && ndp.is_some();
        if found.from == End::Network && is_routable(found.source) && !is_claim {
            match found.on {
                Role::Lan => self.terminal_sources.insert(found.source),
                Role::Wan => self.upstream_sources.insert(found.source),
                Role::Uplink => false,
            };
        }
        if let Some(ndp) = ndp {
            self.learn_prefixes(&found, &ndp);
            self.ndp.push(found.with(ndp));
        } else if let Some(message) = found.is.icmpv6() {
            if let Some(echo) = Echo::read(&message) {
                self.echoes.push(found.with(echo));
            } else if let Some(error) = IcmpError::read(&message) {
                self.errors.push(found.with(error));
            }
        } else if let Some(udp) = found.is.udp() {
            let ports = (udp.source_port, udp.destination_port);
            if let Some(mut dhcpv6) = Dhcpv6::read(ports, udp.payload) {
                self.mark_unasked(&found, &mut dhcpv6);
                if found.to_device(Role::Lan) && dhcpv6.is_from_client() {
                    self.lan_questions.push(self.dhcpv6.len());
                }
                self.dhcpv6.push(found.with(dhcpv6));
            } else if (ports.0 == dns::PORT || ports.1 == dns::PORT)
                && let Some(dns) = Dns::read(Transport::Udp, ports, udp.payload)
            {
                self.dns.push(found.with(dns));
            }
        } else if let Some(segment) = found.is.tcp() {
            let whole = streams.take_in(&found, &segment);
            self.dns
                .extend(whole.into_iter().map(|dns| found.with(dns)));
        } else {
            self.put_together(&found);
        }
        self.packets.push(found);
    }

    /// Notes which associations the device asks for, and which of an answer it has not asked for.
    fn mark_unasked(&mut self, found: &Found<Packet<'t>>, message: &mut Dhcpv6) {
        let iaids = message.all_delegations().into_iter().map(|ia| ia.iaid);
        if found.by_device(Role::Wan) && message.is_from_client() {
            self.asked_for.extend(iaids);
        } else if found.to_device(Role::Wan) && !self.asked_for.is_empty() {
            message.unasked = iaids
                .filter(|iaid| !self.asked_for.contains(iaid))
                .collect();
        }
    }

    /// Takes in what is whole once the last fragment of it has come: it stands at that record.
    fn put_together(&mut self, found: &Found<Packet<'t>>) {
        if found.lost {
            return;
        }
        let fragments = self.fragments.entry(found.on).or_default();
        let Some(whole) = fragments.take_in(found.is.ip) else {
            return;
        };
        let Some(packet) = Ipv6::parse(&whole) else {
            return;
        };
        if let Some(echo) = packet.icmpv6().and_then(|message| Echo::read(&message)) {
            self.echoes.push(found.with(echo));
        } else if let Some(udp) = packet.udp() {
            let ports = (udp.source_port, udp.destination_port);
            let is_dns = ports.0 == dns::PORT || ports.1 == dns::PORT;
            if let Some(dns) = Dns::read(Transport::Udp, ports, udp.payload).filter(|_| is_dns) {
                self.dns.push(found.with(dns));
            }
        }
    }

    fn learn_prefixes(&mut self, found: &Found<Packet<'t>>, ndp: &Ndp) {
        let Ndp::RouterAdvert(advert) = ndp else {
            return;
        };
        if !found.by_device(Role::Lan) || self.is_bridge() {
            return;
        }
        for prefix in advert.prefixes() {
            if let Ok(net) = Ipv6Net::new(prefix.prefix, prefix.length) {
                let net = net.trunc();
                if !self.lan_prefixes.contains(&net) {
                    self.lan_prefixes.push(net);
                }
            }
        }
    }

    /// Returns what was set up.
    pub fn header(&self) -> &'t Header {
        &self.trace.header
    }

    /// Returns how the device was configured.
    pub fn setup(&self) -> &'t Setup {
        &self.trace.header.setup
    }

    /// Returns whether the device passes frames on, and is no router.
    pub fn is_bridge(&self) -> bool {
        self.setup().mode == Mode::Bridge
    }

    /// Returns whether the scenario configured this aspect wrong on purpose.
    pub fn is_wrong(&self, aspect: Aspect) -> bool {
        self.setup().wrong_on_purpose.contains(&aspect)
    }

    /// Returns the Router Advertisements.
    pub fn router_adverts(&self) -> impl Iterator<Item = Found<&RouterAdvert>> {
        self.ndp.iter().filter_map(|found| match &found.is {
            Ndp::RouterAdvert(advert) => Some(found.with(advert)),
            _ => None,
        })
    }

    /// Returns the Router Solicitations.
    pub fn router_solicits(&self) -> impl Iterator<Item = Found<&RouterSolicit>> {
        self.ndp.iter().filter_map(|found| match &found.is {
            Ndp::RouterSolicit(solicit) => Some(found.with(solicit)),
            _ => None,
        })
    }

    /// Returns the Neighbor Solicitations.
    pub fn neighbor_solicits(&self) -> impl Iterator<Item = Found<&NeighborSolicit>> {
        self.ndp.iter().filter_map(|found| match &found.is {
            Ndp::NeighborSolicit(solicit) => Some(found.with(solicit)),
            _ => None,
        })
    }

    /// Returns the Neighbor Advertisements.
    pub fn neighbor_adverts(&self) -> impl Iterator<Item = Found<&NeighborAdvert>> {
        self.ndp.iter().filter_map(|found| match &found.is {
            Ndp::NeighborAdvert(advert) => Some(found.with(advert)),
            _ => None,
        })
    }

    /// Returns the terminals that dial PPPoE sessions themselves.
    pub fn dialling_terminals(&self) -> impl Iterator<Item = &'t TerminalTruth> + use<'t> {
        let terminals = self.trace.header.terminals.iter();
        terminals.filter(|terminal| terminal.dials)
    }

    /// Returns whether a frame comes from a terminal that dials itself, or goes to one.
    fn is_terminals<T>(&self, found: &Found<T>) -> bool {
        self.dialling_terminals()
            .any(|own| [found.eth_source, found.eth_destination].contains(&own.mac))
    }

    /// Returns every MAC address the device has shown, and the configured ones.
    pub fn device_macs(&self) -> &BTreeSet<Mac> {
        &self.device_macs
    }

    /// Returns what DHCPv6 clients on the LAN said and the device heard.
    pub fn lan_questions(&self) -> impl Iterator<Item = &Found<Dhcpv6>> {
        let places = self.lan_questions.iter();
        places.filter_map(|place| self.dhcpv6.get(*place))
    }

    /// Returns whether a packet with this source was sent by a terminal and forwarded.
    pub fn is_terminal(&self, source: Ipv6Addr) -> bool {
        self.terminal_sources.contains(&source)
    }

    /// Returns whether a packet with this source came from the line.
    pub fn is_upstream(&self, source: Ipv6Addr) -> bool {
        self.upstream_sources.contains(&source)
    }

    /// Returns whether this address is one of the device's own as terminals see it, and not one
    /// beyond it: link-local, or in a prefix it advertises on the LAN, and of nobody else.
    pub fn is_device_address(&self, address: Ipv6Addr) -> bool {
        if self.is_terminal(address) || self.is_upstream(address) || self.is_bridge() {
            return false;
        }
        address.is_unicast_link_local()
            || self.lan_prefixes.iter().any(|net| net.contains(&address))
    }

    /// Returns the prefixes the device advertised on the LAN, in order of appearance.
    pub fn lan_prefixes(&self) -> &[Ipv6Net] {
        &self.lan_prefixes
    }

    /// Returns what the network assigned to the line, and when.
    pub fn assignments(&self) -> impl Iterator<Item = (Time, Ipv6Net)> {
        self.facts.iter().filter_map(|told| match told.fact {
            Fact::Assigned { prefix } => Some((told.at, *prefix)),
            _ => None,
        })
    }

    /// Returns whether the device spoke on the WAN and not one packet came from the line.
    pub fn is_line_dumb(&self) -> bool {
        let mut packets = self.packets.iter().filter(|found| !found.injected);
        let spoke = packets.clone().any(|found| found.by_device(Role::Wan));
        spoke && !packets.any(|found| found.to_device(Role::Wan))
    }

    /// Returns when the trace ends.
    pub fn end(&self) -> Time {
        let last = self.trace.records.last().map_or(Time::ZERO, |last| last.at);
        last.max(self.header().until)
    }

    /// Returns one record in plain words.
    pub fn summary(&self, record: RecordId) -> String {
        words::summary(self, record)
    }

    /// Returns one record as evidence for a report.
    pub fn evidence(&self, record: RecordId) -> Option<Evidence> {
        words::evidence(self, record)
    }
}

/// Where the addresses stand in an IPv6 header (RFC 8200 §3).
const ADDRESSES: usize = 8;

#[cfg(test)]
mod tests;
