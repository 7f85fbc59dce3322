//! The IPv4 side of a terminal: an address by DHCPv4 or set by hand, ARP, and a default router; or a
//! PPPoE session that the terminal dials itself (guide Q4, p.7: オンライン請求), and nothing beside it.

use std::net::{Ipv4Addr, Ipv6Addr};

use rand::Rng as _;

use super::outgoing::Body;
use super::{PORT, earliest};
use ipnet::Ipv4Net;

use crate::frame::Frame;
use crate::line::pppoe::MTU;
use crate::message::arp::Arp;
use crate::message::dhcpv4::CLIENT_PORT;
use crate::message::icmpv4::{ECHO_REPLY, ECHO_REQUEST};
use crate::message::icmpv6;
use crate::message::packet::Mac;
use crate::message::packet::ipv4::fragment::{Reassembly, fragments, is_fragment};
use crate::message::packet::ipv4::rewrite::clamp_mss;
use crate::message::packet::ipv4::{Header4, Ipv4, Payload4, in_frame};
use crate::message::pppoe::is_pppoe;
use crate::node::Context;
use crate::node::part::arp::ArpTable;
use crate::node::part::dhcpv4_client::{Departure, Dhcpv4Client, Lease, Outcome};
use crate::node::part::pppoe_client::PppoeClient;
use crate::node::router::defect::Defects;
use crate::setup::PppoeAccount;
use crate::time::Time;
use crate::trace::Fact;

/// How a terminal gets its IPv4 address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ipv4Config {
    /// By DHCPv4.
    Automatic,
    /// By hand, as for a router that binds its sessions to source addresses (members-club article).
    Fixed {
        /// The address; its network has 24 bits, as home routers' have.
        address: Ipv4Addr,
        /// The default router, and the DNS server.
        router: Ipv4Addr,
    },
    /// By a PPPoE session that it dials itself.
    Dialled(PppoeAccount),
}

/// What a terminal has by DHCPv4, for those who look at it from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv4Lease {
    /// Its address, with the length of the LAN's prefix.
    pub address: Ipv4Net,
    /// The DNS servers that it was told, in their order.
    pub name_servers: Vec<Ipv4Addr>,
}

/// What IPv4 needs on one interface.
pub(super) struct Ipv4Side {
    mac: Mac,
    config: Ipv4Config,
    client: Dhcpv4Client,
    arp: ArpTable,
    /// Its own session, if it is to dial one.
    sessions: PppoeClient,
    /// The address of the session, as it was told last.
    told: Option<Ipv4Addr>,
    /// What has come of packets in fragments.
    pieces: Reassembly,
    is_up: bool,
}

/// What a frame held for the layers above.
pub(super) enum Arrival<'a> {
    /// A packet for this host.
    Packet(Ipv4<'a>),
    /// A packet for this host that came by its session, or in fragments.
    Unpacked(Vec<u8>),
    /// The address, or what came with it, has changed.
    Configured,
    /// Nothing.
    Nothing,
}

impl Ipv4Side {
    pub(super) fn new(mac: Mac, config: Ipv4Config) -> Self {
        let accounts = match &config {
            Ipv4Config::Dialled(account) => std::slice::from_ref(account),
            Ipv4Config::Automatic | Ipv4Config::Fixed { .. } => &[],
        };
        Self {
            mac,
            client: Dhcpv4Client::new(mac),
            arp: ArpTable::new(mac),
            sessions: PppoeClient::new((PORT, mac), accounts, &Defects::default()),
            told: None,
            pieces: Reassembly::default(),
            is_up: false,
            config,
        }
    }

    /// Brings the interface up.
    pub(super) fn start(&mut self, cx: &mut Context<'_>) {
        self.is_up = true;
        match &self.config {
            Ipv4Config::Automatic => self.client.start(cx),
            Ipv4Config::Fixed { address, router } => cx.record(Fact::Ipv4Ready {
                address: *address,
                router: Some(*router),
                dns: vec![*router],
                by_hand: true,
                in_session: false,
            }),
            // It dials when its time comes, which is at once.
            Ipv4Config::Dialled(_) => {}
        }
    }

    /// Takes the interface down: what was learnt on it is gone.
    pub(super) fn stop(&mut self, cx: &mut Context<'_>) {
        if let Some(address) = self.address() {
            cx.record(Fact::Ipv4Gone { address });
        }
        *self = Self::new(self.mac, self.config.clone());
    }

    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        match &self.config {
            Ipv4Config::Automatic => self.client.lease().map(|lease| lease.address),
            Ipv4Config::Fixed { address, .. } => self.is_up.then_some(*address),
            Ipv4Config::Dialled(_) => self.sessions.up().first().map(|own| own.address),
        }
    }

    /// Returns what it has by DHCPv4, if it has it so.
    pub(super) fn lease(&self) -> Option<Ipv4Lease> {
        let lease = self.client.lease()?;
        Some(Ipv4Lease {
            address: Ipv4Net::new(lease.address, lease.prefix_len).ok()?,
            name_servers: lease.dns.clone(),
        })
    }

    /// Returns the link-layer address that a neighbour has told.
    pub(super) fn neighbor(&self, neighbor: Ipv4Addr) -> Option<Mac> {
        self.arp.told(neighbor)
    }

    /// Returns whether it is a session of the terminal's own.
    pub(super) fn is_dialled(&self) -> bool {
        matches!(self.config, Ipv4Config::Dialled(_))
    }

    /// Returns the DNS servers, mapped into IPv6.
    pub(super) fn dns(&self) -> Vec<Ipv6Addr> {
        match &self.config {
            Ipv4Config::Automatic => {
                let dns = self.client.lease().map_or(&[][..], |lease| &lease.dns);
                dns.iter().map(Ipv4Addr::to_ipv6_mapped).collect()
            }
            Ipv4Config::Fixed { router, .. } => vec![router.to_ipv6_mapped()],
            Ipv4Config::Dialled(_) => {
                let up = self.sessions.up();
                let named = up.iter().flat_map(|own| &own.dns);
                named.map(Ipv4Addr::to_ipv6_mapped).collect()
            }
        }
    }

    /// Takes in a frame that is no IPv6.
    pub(super) fn handle<'a>(&mut self, frame: &'a Frame, cx: &mut Context<'_>) -> Arrival<'a> {
        if !self.is_up {
            return Arrival::Nothing;
        }
        if self.is_dialled() {
            return self.handle_session(frame, cx);
        }
        if let Some(arp) = Arp::parse(frame) {
            let mut out = Vec::new();
            self.arp.handle(self.address(), &arp, cx.now(), &mut out);
            out.into_iter().for_each(|frame| cx.send(PORT, frame));
            return Arrival::Nothing;
        }
        let Some((from, to, packet)) = in_frame(frame) else {
            return Arrival::Nothing;
        };
        if from == self.mac || to != self.mac && to != Mac::BROADCAST {
            return Arrival::Nothing;
        }
        let is_dhcp = packet
            .udp()
            .is_some_and(|udp| udp.destination_port == CLIENT_PORT);
        if is_dhcp {
            let outcome = self.client.handle(&packet, cx);
            return match tell(outcome, cx) {
                true => Arrival::Configured,
                false => Arrival::Nothing,
            };
        }
        if Some(packet.destination) != self.address() {
            return Arrival::Nothing;
        }
        if is_fragment(packet.ip) {
            return self.handle_piece(packet.ip, cx);
        }
        match self.answer_echo(&packet, cx) {
            true => Arrival::Nothing,
            false => Arrival::Packet(packet),
        }
    }

    /// Takes in a fragment for this host.
    fn handle_piece(&mut self, ip: &[u8], cx: &mut Context<'_>) -> Arrival<'static> {
        let Some(whole) = self.pieces.take_in(ip, cx.now()) else {
            return Arrival::Nothing;
        };
        match Ipv4::parse(&whole) {
            Some(packet) if !self.answer_echo(&packet, cx) => Arrival::Unpacked(whole),
            _ => Arrival::Nothing,
        }
    }

    /// Takes in a frame of the terminal's own session; no others are for it.
    fn handle_session(&mut self, frame: &Frame, cx: &mut Context<'_>) -> Arrival<'static> {
        if !is_pppoe(frame) {
            return Arrival::Nothing;
        }
        let arrived = self.sessions.handle_frame(frame, cx);
        let changed = self.tell_of_session(cx);
        let Some((_, mut ip)) = arrived else {
            return match changed {
                true => Arrival::Configured,
                false => Arrival::Nothing,
            };
        };
        // An interface of this MTU has no room for longer segments (RFC 9293 §3.7.1).
        clamp_mss(&mut ip, MTU - TCP_HEADERS);
        match Ipv4::parse(&ip) {
            Some(packet) if Some(packet.destination) != self.address() => Arrival::Nothing,
            Some(packet) if is_fragment(packet.ip) => self.handle_piece(packet.ip, cx),
            Some(packet) if self.answer_echo(&packet, cx) => Arrival::Nothing,
            Some(_) => Arrival::Unpacked(ip),
            None => Arrival::Nothing,
        }
    }

    /// Records that the session has come up or is gone; returns whether anything changed.
    fn tell_of_session(&mut self, cx: &mut Context<'_>) -> bool {
        let up = self.sessions.up();
        let address = up.first().map(|own| own.address);
        let changed = address != self.told;
        if let Some(address) = self.told.filter(|_| changed) {
            cx.record(Fact::Ipv4Gone { address });
        }
        if let Some(own) = up.into_iter().next().filter(|_| changed) {
            cx.record(Fact::Ipv4Ready {
                address: own.address,
                router: None,
                dns: own.dns,
                by_hand: false,
                in_session: true,
            });
        }
        self.told = address;
        changed
    }

    /// Does everything that has become due.
    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        if !self.is_up {
            return;
        }
        self.sessions.handle_timeout(cx);
        if self.is_dialled() {
            self.tell_of_session(cx);
        }
        let mut out = Vec::new();
        let outcome = self.client.handle_timeout(&mut out, cx);
        for departure in out {
            match departure {
                Departure::Broadcast(frame) => cx.send(PORT, frame),
                Departure::To(neighbor, ip) => self.send_to(neighbor, &ip, cx),
            }
        }
        tell(outcome, cx);
        let mut frames = Vec::new();
        self.arp
            .handle_timeout(self.address(), cx.now(), &mut frames);
        frames.into_iter().for_each(|frame| cx.send(PORT, frame));
    }

    /// Returns when [`Ipv4Side::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let sessions = self.sessions.poll_timeout().filter(|_| self.is_up);
        earliest([
            self.client.poll_timeout(),
            self.arp.poll_timeout(),
            sessions,
        ])
    }

    /// Sends a datagram or an echo; IPv6's name for an echo is IPv4's, too.
    pub(super) fn send(
        &mut self,
        to: Ipv4Addr,
        ttl: Option<u8>,
        body: Body<'_>,
        cx: &mut Context<'_>,
    ) -> Option<Ipv4Addr> {
        let source = self.address()?;
        let header = Header4::new(source, to);
        let header = ttl.map_or(header, |ttl| header.with_ttl(ttl));
        let ip = match body {
            Body::Udp {
                from_port,
                to_port,
                payload,
                may_be_cut: true,
            } => {
                let header = header.that_may_be_cut(cx.random().random());
                header.udp(from_port, to_port, payload)
            }
            Body::Udp {
                from_port,
                to_port,
                payload,
                may_be_cut: false,
            } => {
                let payload = &payload[..payload.len().min(MAX_PAYLOAD)];
                header.udp(from_port, to_port, payload)
            }
            Body::Icmpv6 { kind, body } if kind == icmpv6::ECHO_REQUEST => {
                header.icmp(ECHO_REQUEST, 0, body)
            }
            Body::Icmpv6 { .. } => return None,
        };
        self.send_ip(&ip, to, cx);
        Some(source)
    }

    /// Sends a whole packet to where its destination is reached.
    pub(super) fn send_ip(&mut self, ip: &[u8], to: Ipv4Addr, cx: &mut Context<'_>) {
        if self.is_dialled() {
            let mut ip = ip.to_vec();
            clamp_mss(&mut ip, MTU - TCP_HEADERS);
            let may_be_cut = Ipv4::parse(&ip).is_some_and(|packet| !packet.dont_fragment);
            if ip.len() <= usize::from(MTU) || may_be_cut {
                for piece in fragments(&ip, MTU.into()) {
                    self.sessions.send_ipv4(0, piece, cx);
                }
            }
            return;
        }
        let (on_link, router) = match &self.config {
            Ipv4Config::Automatic => {
                let Some(lease) = self.client.lease() else {
                    return;
                };
                (is_on_link(lease, to), lease.router)
            }
            Ipv4Config::Fixed { address, router } => {
                (address.octets()[..3] == to.octets()[..3], Some(*router))
            }
            Ipv4Config::Dialled(_) => return,
        };
        let next_hop = if on_link { Some(to) } else { router };
        if let Some(next_hop) = next_hop {
            for piece in fragments(ip, LAN_MTU) {
                self.send_to(next_hop, &piece, cx);
            }
        }
    }

    fn send_to(&mut self, neighbor: Ipv4Addr, ip: &[u8], cx: &mut Context<'_>) {
        let Some(own) = self.address() else {
            return;
        };
        let mut frames = Vec::new();
        self.arp.send(own, neighbor, ip, cx.now(), &mut frames);
        frames.into_iter().for_each(|frame| cx.send(PORT, frame));
    }

    /// RFC 1122 §3.2.2.6.
    fn answer_echo(&mut self, packet: &Ipv4<'_>, cx: &mut Context<'_>) -> bool {
        let echo = match &packet.payload {
            Payload4::Icmp(icmp) if icmp.checksum_ok && icmp.kind == ECHO_REQUEST => icmp,
            _ => return false,
        };
        if echo.body.len() >= 4 {
            let mut header = Header4::new(packet.destination, packet.source);
            if !packet.dont_fragment {
                header = header.that_may_be_cut(cx.random().random());
            }
            let ip = header.icmp(ECHO_REPLY, 0, echo.body);
            self.send_ip(&ip, packet.source, cx);
        }
        true
    }
}

fn is_on_link(lease: &Lease, to: Ipv4Addr) -> bool {
    let mask = u32::MAX
        .checked_shl(32 - u32::from(lease.prefix_len.min(32)))
        .unwrap_or(0);
    u32::from(lease.address) & mask == u32::from(to) & mask
}

/// Records what came of DHCPv4; returns whether anything did.
fn tell(outcome: Outcome, cx: &mut Context<'_>) -> bool {
    match outcome {
        Outcome::Nothing => return false,
        Outcome::Bound(lease) => cx.record(Fact::Ipv4Ready {
            address: lease.address,
            router: lease.router,
            dns: lease.dns,
            by_hand: false,
            in_session: false,
        }),
        Outcome::Lost(address) => cx.record(Fact::Ipv4Gone { address }),
    }
    true
}

/// That of Ethernet (RFC 894).
const LAN_MTU: usize = 1500;
/// The longest UDP payload in one packet of 1500 bytes.
const MAX_PAYLOAD: usize = 1472;
/// What IPv4 and TCP take of a packet.
const TCP_HEADERS: u16 = 40;
