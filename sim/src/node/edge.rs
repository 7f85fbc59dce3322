//! The edge router of the NGN, where the subscriber's line ends.
//!
//! Advertises (ngn-facts §1), delegates (§2), resolves and routes the assigned prefix, and stands
//! between the subscriber and the servers of the network (§4.2). A renumbered PD line is noticed
//! at the next Renew, or when the lease is asked for anew, unless the edge sends Reconfigure.

use std::net::Ipv6Addr;
use std::ops::Range;
use std::time::Duration;

use ipnet::Ipv6Net;
use rand::Rng as _;

use crate::frame::Frame;
use crate::line::{Delivery, Dhcpv6Quirk, EdgeQuirk, Line, Upstream};
use crate::message::dhcpv6::{self, CLIENT_PORT, SERVER_PORT};
use crate::message::ndp::Ndp;
use crate::message::packet::{
    ALL_DHCP, ETHERNET_HEADER, Mac, Packet, Payload, forward, frame_ip, is_link_local, is_routable,
    with_interface_id,
};
use crate::message::pppoe;
use crate::node::part::advertiser::Advertiser;
use crate::node::part::dhcpv6_server::{Arrival, Dhcpv6Server};
use crate::node::part::icmp_error::{Problem, error_about};
use crate::node::part::neighbors::Timers;
use crate::node::part::router_port::RouterPort;
use crate::node::{Context, Node};
use crate::registry::Registry;
use crate::time::Time;

mod advert;
mod change;
pub(in crate::node) mod offers;
mod routing;

pub use change::Renumbering;

use routing::Way;

/// What an edge router is made from.
#[derive(Clone, Debug)]
pub struct EdgeConfig {
    /// The contract.
    pub line: Line,
    /// The network's book of assignments.
    pub registry: Registry,
    /// Which server prefixes lie behind which core port.
    pub routes: Vec<(Ipv6Net, u8)>,
}

/// The edge router of the NGN.
pub struct Edge {
    line: Line,
    registry: Registry,
    routes: Vec<(Ipv6Net, u8)>,
    access: RouterPort,
    advertiser: Advertiser,
    dhcpv6: Dhcpv6Server,
    /// How often the line was renumbered.
    index: usize,
    assignment: Ipv6Net,
    /// On a PD line, the next assignment until the client has been told.
    pending: Option<Ipv6Net>,
    /// A /64 that a PD line advertises besides.
    side: Option<Ipv6Net>,
    /// Whether the line was left without a prefix.
    bereft: bool,
    /// On an RA line, old assignments, and until when they are withdrawn in RAs.
    withdrawn: Vec<(Ipv6Net, Time)>,
    down_until: Time,
    dhcpv6_silent_until: Time,
    advertising_silent_until: Time,
    started: bool,
}

impl Edge {
    /// The socket of the subscriber's line.
    pub const ACCESS: u8 = 0;
    /// The first of the sockets towards servers.
    pub const CORE: u8 = 1;
    /// The socket towards the PPPoE concentrator, which the line is switched to by EtherType: how it
    /// hangs together in the network no device can see (inferred).
    pub const PPPOE: u8 = u8::MAX;

    /// Makes the edge router of a line.
    pub fn new(config: EdgeConfig) -> Self {
        let EdgeConfig {
            line,
            registry,
            routes,
        } = config;
        let values = line.area.values();
        let assignment = line.assignment(0);
        let mut dhcpv6 = Dhcpv6Server::new(values.server_duid_mac.duid_ll(), offers::rules(&line));
        dhcpv6.set_options(offers::options(&line));
        // Below a home gateway it is that one's server which the device meets.
        if line.upstream == Upstream::Onu {
            dhcpv6.set_quirks(line.quirks.dhcpv6.clone(), values.edge_mac.link_local());
        }
        if line.delegates() {
            dhcpv6.set_pool(vec![assignment]);
        }
        if line.quirks.edge.contains(&EdgeQuirk::HeldByAnotherRouter) {
            dhcpv6.hold(assignment, Time::ZERO + offers::HELD_FOR);
        }
        let unsolicited = line.ra_interval.map_or(UNSOLICITED, |(least, most)| {
            least..most.max(least + Duration::from_millis(1))
        });
        Self {
            access: RouterPort::new(Self::ACCESS, values.edge_mac, NETWORK_CLASS),
            advertiser: Advertiser::new(unsolicited, SOLICITED),
            dhcpv6,
            index: 0,
            assignment,
            pending: None,
            side: line.side_prefix(0),
            bereft: false,
            withdrawn: Vec::new(),
            down_until: Time::ZERO,
            dhcpv6_silent_until: Time::ZERO,
            advertising_silent_until: Time::ZERO,
            started: false,
            line,
            registry,
            routes,
        }
    }

    /// Returns the prefix the line has: a /64 on RA lines, a /56 on PD lines.
    pub fn assignment(&self) -> Ipv6Net {
        self.assignment
    }

    /// Answers no DHCPv6 until then.
    pub fn silence_dhcpv6(&mut self, until: Time) {
        self.dhcpv6_silent_until = until;
    }

    /// Sends no Router Advertisement until then, whoever solicits.
    pub fn silence_advertising(&mut self, until: Time) {
        self.advertising_silent_until = until;
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        self.started = true;
        self.assign(cx);
        let quirks = &self.line.quirks.edge;
        let retrans = if quirks.contains(&EdgeQuirk::SolicitsAsAdvertised) {
            advert::RETRANS
        } else {
            Timers::default().retrans
        };
        let timers = Timers::drawn(advert::REACHABLE, retrans, cx.random());
        self.access.set_timers(timers);
        self.advertiser.begin(cx.now(), cx.random());
    }

    fn advertise(&mut self, cx: &mut Context<'_>) {
        self.withdrawn.retain(|(_, until)| *until > cx.now());
        let withdrawn: Vec<_> = self.withdrawn.iter().map(|(prefix, _)| *prefix).collect();
        let current = match self.line.delivery() {
            Delivery::NextRa => Some(self.assignment).filter(|_| !self.bereft),
            Delivery::NextPd | Delivery::Cross => self.side,
        };
        let mut advert = advert::advert(&self.line, self.access.mac(), current, &withdrawn);
        if self.line.quirks.edge.contains(&EdgeQuirk::UnknownRaOption) {
            advert.options.insert(0, advert::unknown_option());
        }
        cx.send(
            Self::ACCESS,
            Ndp::RouterAdvert(advert).build(self.access.to_all_nodes()),
        );
    }

    fn handle_access(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if !self.access.hears(packet) {
            return;
        }
        if packet.destination.is_multicast() || self.access.owns(packet.destination) {
            self.handle_local(packet, cx);
        } else if self.access.is_addressed(packet) {
            self.handle_outbound(packet, cx);
        }
    }

    /// Takes in what is meant for the edge itself.
    fn handle_local(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if let Some(ndp) = Ndp::parse(packet) {
            if let Ndp::RouterSolicit(solicit) = &ndp {
                // RFC 4861 §6.1.1: without a source there is no link-layer address to tell.
                if packet.source.is_unspecified() && solicit.source_link_layer.is_some() {
                    return;
                }
                let quirks = &self.line.quirks.edge;
                if !quirks.contains(&EdgeQuirk::IgnoresSolicitations) {
                    self.advertiser.solicit(cx.now(), cx.random());
                }
            }
            self.access.handle_ndp(&ndp, packet, cx);
        } else if packet.udp().is_some() {
            self.handle_dhcpv6(packet, cx);
        } else if self.line.quirks.edge.contains(&EdgeQuirk::AnswersEcho) {
            // ngn-facts §1.2: normally an echo request to the link-local address is ignored.
            self.access.answer_echo(packet, cx);
        }
    }

    fn handle_dhcpv6(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let Some(udp) = packet
            .udp()
            .filter(|udp| udp.destination_port == SERVER_PORT)
        else {
            return;
        };
        let unicast = !packet.destination.is_multicast();
        let heard = unicast || packet.destination == ALL_DHCP;
        if cx.now() < self.dhcpv6_silent_until || !heard || !is_link_local(packet.source) {
            return;
        }
        let arrival = Arrival {
            from: packet.source,
            unicast,
            now: cx.now(),
        };
        let Some(message) = dhcpv6::decode(udp.payload) else {
            let source = self.access.link_local();
            // RFC 8415 §7.2: relay agents listen on the port of servers.
            for answer in self.dhcpv6.handle_relayed(udp.payload, arrival) {
                let to = (packet.source, SERVER_PORT);
                self.access.send_udp(source, to, SERVER_PORT, &answer, cx);
            }
            return;
        };
        for answer in self.dhcpv6.handle(&message, arrival) {
            self.send_dhcpv6(packet.source, &dhcpv6::encode(&answer), cx);
        }
        self.settle_renumbering(cx);
    }

    /// Tells the clients that accept Reconfigure to renew.
    pub fn reconfigure(&mut self, cx: &mut Context<'_>) {
        self.dhcpv6.reconfigure(cx.now());
        self.send_reconfigures(cx);
    }

    fn send_reconfigures(&mut self, cx: &mut Context<'_>) {
        for (to, bytes) in self.dhcpv6.reconfigures(cx.now()) {
            self.send_dhcpv6(to, &bytes, cx);
        }
    }

    fn send_dhcpv6(&mut self, to: Ipv6Addr, bytes: &[u8], cx: &mut Context<'_>) {
        let random = Dhcpv6Quirk::RandomSourcePort;
        let odd = self.line.upstream == Upstream::Onu && self.line.quirks.dhcpv6.contains(&random);
        let port = if odd {
            cx.random().random_range(EPHEMERAL)
        } else {
            SERVER_PORT
        };
        let source = self.access.link_local();
        self.access
            .send_udp(source, (to, CLIENT_PORT), port, bytes, cx);
    }

    /// Passes on, or turns back, what the subscriber sends.
    fn handle_outbound(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        // Nothing is forwarded from a link-local source, nor from an address the line has not.
        if !self.is_assigned(packet.source, cx.now()) || !is_routable(packet.destination) {
            return;
        }
        // ngn-facts §4.2: packets with this mark are lost.
        let quirks = &self.line.quirks.edge;
        if packet.traffic_class == DROPPED_CLASS && !quirks.contains(&EdgeQuirk::PassesMarked) {
            return;
        }
        if packet.hop_limit <= 1 {
            self.report(packet.ip, Problem::HopLimitExceeded, Self::ACCESS, cx);
            return;
        }
        if self.is_behind(packet.destination) {
            self.deliver(packet, Self::ACCESS, cx);
            return;
        }
        match routing::way(&self.line, &self.routes, packet.destination) {
            Way::Core(port) => {
                if let Some(frame) = forward(packet, core_mac(0), core_mac(port)) {
                    cx.send(port, frame);
                }
            }
            Way::Prohibited => self.report(packet.ip, Problem::Prohibited, Self::ACCESS, cx),
            Way::None => self.report(packet.ip, Problem::NoRoute, Self::ACCESS, cx),
            Way::Reset if quirks.contains(&EdgeQuirk::SwallowsInternet) => {}
            Way::Reset => match &packet.payload {
                Payload::Tcp(segment) => {
                    if let Some(ip) = routing::reset(packet, segment) {
                        self.send_inward(packet.source, &ip, cx);
                    }
                }
                _ => self.report(packet.ip, Problem::NoRoute, Self::ACCESS, cx),
            },
        }
    }

    /// Passes on what a server sends.
    fn handle_core(&mut self, port: u8, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if !is_routable(packet.source) || !is_routable(packet.destination) {
            return;
        }
        if packet.hop_limit <= 1 {
            self.report(packet.ip, Problem::HopLimitExceeded, port, cx);
        } else if self.is_behind(packet.destination) {
            self.deliver(packet, port, cx);
        } else if let Way::Core(out) = routing::way(&self.line, &self.routes, packet.destination)
            && let Some(frame) = forward(packet, core_mac(0), core_mac(out))
        {
            cx.send(out, frame);
        }
    }

    /// Passes a packet on to the subscriber; errors go back to where it came `from`.
    fn deliver(&mut self, packet: &Packet<'_>, from: u8, cx: &mut Context<'_>) {
        if packet.ip.len() > advert::MTU as usize {
            self.report(packet.ip, Problem::TooBig(advert::MTU), from, cx);
            return;
        }
        let mac = self.access.mac();
        let Some(frame) = forward(packet, mac, mac) else {
            return;
        };
        if !self.send_inward(packet.destination, &frame[ETHERNET_HEADER..], cx) {
            self.report(packet.ip, Problem::NoRoute, from, cx);
        }
    }

    /// Sends a packet to the subscriber, if there is a way to the address.
    fn send_inward(&mut self, to: Ipv6Addr, ip: &[u8], cx: &mut Context<'_>) -> bool {
        let beside = self.side.is_some_and(|side| side.contains(&to));
        let next_hop = match self.line.delivery() {
            _ if beside => Some(to),
            // The /64 is on-link: every host behind the line is resolved.
            Delivery::NextRa => self.is_behind(to).then_some(to),
            // ngn-facts §2.1: there is no route before the prefix was delegated.
            Delivery::NextPd | Delivery::Cross => {
                let lease = self.dhcpv6.lease_of(to, cx.now());
                lease.map(|lease| lease.client)
            }
        };
        let Some(next_hop) = next_hop else {
            return false;
        };
        self.access.send(next_hop, ip, cx);
        true
    }

    fn is_assigned(&self, source: Ipv6Addr, now: Time) -> bool {
        let beside = self.side.is_some_and(|side| side.contains(&source));
        let granted = || !self.line.delegates() || self.dhcpv6.lease_of(source, now).is_some();
        beside || self.is_behind(source) && granted()
    }

    /// Returns whether an address belongs to the line.
    fn is_behind(&self, address: Ipv6Addr) -> bool {
        let beside = self.side.is_some_and(|side| side.contains(&address));
        beside || !self.bereft && self.assignment.contains(&address)
    }

    /// Sends an ICMPv6 error about a packet back to the side it came from.
    fn report(&mut self, ip: &[u8], problem: Problem, side: u8, cx: &mut Context<'_>) {
        let source = self.own_address();
        let Some((to, error)) = error_about(ip, problem, source, NETWORK_CLASS) else {
            return;
        };
        if side == Self::ACCESS {
            self.send_inward(to, &error, cx);
        } else {
            cx.send(side, frame_ip(core_mac(0), core_mac(side), &error));
        }
    }

    /// Returns the address that errors come from: no capture shows one, so this is one in the
    /// network's service range with the edge's interface identifier (inferred).
    fn own_address(&self) -> Ipv6Addr {
        let range = self.line.area.values().ngn_ranges[0];
        with_interface_id(range.addr(), self.access.mac().interface_id())
    }

    /// Reports packets whose destination stayed silent (RFC 4861 §7.2.2).
    fn report_unreachable(&mut self, waiting: &[Vec<u8>], cx: &mut Context<'_>) {
        for ip in waiting {
            let frame = frame_ip(core_mac(0), core_mac(0), ip);
            let Some(packet) = Packet::parse(&frame) else {
                continue;
            };
            let side = if self.is_behind(packet.source) {
                Some(Self::ACCESS)
            } else {
                match routing::way(&self.line, &self.routes, packet.source) {
                    Way::Core(port) => Some(port),
                    Way::Prohibited | Way::Reset | Way::None => None,
                }
            };
            if let Some(side) = side {
                self.report(ip, Problem::AddressUnreachable, side, cx);
            }
        }
    }
}

impl Node for Edge {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if !self.started {
            self.start(cx);
        }
        if port == Self::PPPOE {
            cx.send(Self::ACCESS, frame.clone());
            return;
        }
        if pppoe::is_pppoe(frame) {
            if port == Self::ACCESS {
                cx.send(Self::PPPOE, frame.clone());
            }
            return;
        }
        if self.is_down(cx.now()) {
            return;
        }
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        if port == Self::ACCESS {
            self.handle_access(&packet, cx);
        } else {
            self.handle_core(port, &packet, cx);
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        if !self.started {
            self.start(cx);
        }
        self.dhcpv6.expire(cx.now());
        self.send_reconfigures(cx);
        self.settle_renumbering(cx);
        let due = self.advertiser.is_due(cx.now(), cx.random());
        let mute = self.is_down(cx.now()) || cx.now() < self.advertising_silent_until;
        if due && self.is_down(cx.now()) {
            self.advertiser.hurry(self.down_until);
        }
        if due && !mute {
            self.advertise(cx);
        }
        for silent in self.access.handle_timeout(cx) {
            self.report_unreachable(&silent.waiting, cx);
        }
    }

    fn poll_timeout(&self) -> Option<Time> {
        if !self.started {
            return Some(Time::ZERO);
        }
        [
            self.advertiser.poll_timeout(),
            self.access.poll_timeout(),
            self.dhcpv6.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// Returns the Ethernet address on a core cable: of the edge itself, or of the server on a port.
fn core_mac(port: u8) -> Mac {
    Mac([0x02, 0x00, 0x5e, 0x00, 0xc0, port])
}

/// DSCP EF, on everything the network sends by itself (ngn-facts §1.1 and §2.1).
const NETWORK_CLASS: u8 = 0xb8;
/// Packets with this traffic class are dropped (ngn-facts §4.2, reported).
const DROPPED_CLASS: u8 = 0x88;
/// An answer to a Router Solicitation was seen 0.22 s after it (ngn-facts §1.1).
const SOLICITED: Range<Duration> = Duration::from_millis(210)..Duration::from_millis(230);
/// ngn-facts §9 row 1: not published; RFC 4861's ratio to the router lifetime (inferred).
const UNSOLICITED: Range<Duration> = Duration::from_secs(200)..Duration::from_secs(600);
/// RFC 6335 §6, as of the home gateway's server (ngn-facts §3.3).
const EPHEMERAL: Range<u16> = 49_152..u16::MAX;
