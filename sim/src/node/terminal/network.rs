//! Everything below the terminal's applications: addresses, DNS servers, TCP, and the look-ups.

use std::net::Ipv6Addr;

use rand::Rng;

use super::addresses::Usable;
use super::asker::{Asker, Inquiry};
use super::host::Host;
use super::information::Information;
use super::ipv4::Ipv4Side;
use super::name_servers::NameServers;
use super::outgoing::{Body, Outgoing};
use super::resolver::{Ended, LookupId, Means, Resolver};
use super::{Ask, DNS_PORT, TerminalConfig, earliest};
use crate::message::dhcpv6::CLIENT_PORT;
use crate::message::icmpv4;
use crate::message::icmpv6::{DESTINATION_UNREACHABLE, ECHO_REPLY, ECHO_REQUEST, PACKET_TOO_BIG};
use crate::message::ndp::Ndp;
use crate::message::packet::ipv4::{self, Ipv4, Payload4};
use crate::message::packet::{Icmpv6, Mac, Packet, Payload, Udp};
use crate::node::Context;
use crate::node::part::tcp::TcpStack;
use crate::time::Time;

/// What applications send and receive through.
pub(super) struct Network {
    mac: Mac,
    pub(super) host: Host,
    pub(super) tcp: TcpStack,
    information: Information,
    pub(super) name_servers: NameServers,
    resolver: Resolver,
    asker: Asker,
    now: Time,
}

impl Network {
    pub(super) fn new(config: &TerminalConfig) -> Self {
        Self {
            mac: config.mac,
            host: Host::new(config.mac).with_ipv4(config.ipv4.clone()),
            // Replaced at the start, when there is randomness.
            tcp: TcpStack::new(0),
            information: Information::default(),
            name_servers: NameServers::new(config.fixed_dns.clone()),
            resolver: Resolver::default(),
            asker: Asker::default(),
            now: Time::ZERO,
        }
    }

    pub(super) fn start(&mut self, ipv6: bool, cx: &mut Context<'_>) {
        self.tcp = TcpStack::new(cx.random().random());
        self.tcp.hide();
        self.name_servers.start(cx);
        self.host.start(ipv6, cx);
    }

    /// Forgets what was learnt on the link, and learns anew if it is up.
    pub(super) fn handle_carrier(&mut self, up: bool, ipv6: bool, cx: &mut Context<'_>) {
        self.host.stop(cx);
        self.information = Information::default();
        self.name_servers.clear();
        if up {
            self.host.start(ipv6, cx);
        }
    }

    /// Takes in an IPv4 packet that was meant for this host; returns the identifier of an echo reply.
    pub(super) fn handle_ipv4(&mut self, packet: &Ipv4<'_>, cx: &mut Context<'_>) -> Option<u16> {
        match &packet.payload {
            Payload4::Udp(udp) if udp.checksum_ok && udp.source_port == DNS_PORT => {
                self.asker.handle_udp(udp);
                let (resolver, mut means) = self.split();
                resolver.handle_udp(packet.source.to_ipv6_mapped(), udp, &mut means, cx);
            }
            Payload4::Tcp(_) => self.tcp.receive(packet.ip, cx.now()),
            Payload4::Icmp(icmp) if icmp.checksum_ok => match (icmp.kind, icmp.code) {
                (icmpv4::ECHO_REPLY, _) => {
                    let (id, _) = icmp.body.split_first_chunk()?;
                    return Some(u16::from_be_bytes(*id));
                }
                (icmpv4::DESTINATION_UNREACHABLE, icmpv4::FRAGMENTATION_NEEDED) => {
                    // RFC 1191 §4: the MTU stands in the last two octets of the head.
                    if let Some([_, _, high, low]) = icmp.body.first_chunk() {
                        self.tcp.lower_mtu(u16::from_be_bytes([*high, *low]).into());
                    }
                }
                _ => {}
            },
            Payload4::Udp(_) | Payload4::Icmp(_) | Payload4::Other { .. } => {}
        }
        None
    }

    /// Takes in a packet that was meant for this host.
    pub(super) fn handle(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        match &packet.payload {
            Payload::Udp(udp) if udp.checksum_ok => self.handle_udp(packet, udp, cx),
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok => {
                self.handle_icmpv6(packet, *icmpv6, cx);
            }
            Payload::Tcp(_) => self.tcp.receive(packet.ip, cx.now()),
            Payload::Udp(_) | Payload::Icmpv6(_) | Payload::Other { .. } => {}
        }
    }

    /// Does everything that has become due; returns the look-ups that ended.
    pub(super) fn work(&mut self, cx: &mut Context<'_>) -> Vec<Ended> {
        self.now = cx.now();
        self.host.handle_timeout(cx);
        if let Some(link_local) = self.host.link_local() {
            self.information.handle_timeout(self.mac, link_local, cx);
        }
        self.name_servers.handle_timeout(cx);
        let usable = self.host.addresses().usable(cx.now());
        let mut addresses: Vec<_> = usable.into_iter().map(|own| own.address).collect();
        if let Some(ipv4) = &self.host.ipv4
            && let Some(own) = ipv4.address()
        {
            // It must not be what too many IPv6 addresses leave no room for.
            addresses.truncate(TcpStack::MAX_ADDRESSES - 1);
            addresses.push(own.to_ipv6_mapped());
        }
        self.tcp.set_addresses(&addresses);
        self.asker.handle_timeout(&mut self.tcp, cx.now());
        let (resolver, mut means) = self.split();
        resolver.handle_timeout(&mut means, cx);
        resolver.take_ended()
    }

    /// Sends the segments that TCP has ready.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) {
        for mut packet in self.tcp.poll(cx.now()) {
            if let Some(to) = ipv4::destination(&packet) {
                // RFC 4861 §6.3.4: what the router advertises holds for TCP, too.
                if to.to_ipv4_mapped().is_none() {
                    packet[HOP_LIMIT] = self.host.hop_limit();
                }
                self.host.send_ip(&packet, to, cx);
            }
        }
    }

    /// Returns when [`Network::work`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let information = self
            .host
            .link_local()
            .and_then(|_| self.information.poll_timeout());
        earliest([
            self.host.poll_timeout(),
            information,
            self.name_servers.poll_timeout(),
            self.resolver.poll_timeout(),
            self.asker.poll_timeout(),
            self.tcp.poll_timeout(),
        ])
    }

    /// Starts a look-up.
    pub(super) fn look_up(&mut self, ask: Ask, cx: &mut Context<'_>) -> LookupId {
        let servers = (self.servers(), self.session_servers());
        let search = self.name_servers.search();
        let (resolver, mut means) = self.split();
        resolver.start(ask, servers, &search, &mut means, cx)
    }

    /// Sends questions of any shape.
    pub(super) fn ask(&mut self, inquiry: Inquiry, cx: &mut Context<'_>) {
        let mut means = Means {
            host: &mut self.host,
            tcp: &mut self.tcp,
        };
        self.asker.start(inquiry, &mut means, cx);
    }

    /// Returns whether such a question still waits for its answer.
    pub(super) fn is_asking(&self) -> bool {
        self.asker.is_busy()
    }

    /// Stops a look-up whose answer does not matter any more.
    pub(super) fn cancel(&mut self, id: LookupId) {
        self.resolver.cancel(id, &mut self.tcp);
    }

    /// Returns whether a look-up is under way.
    pub(super) fn is_resolving(&self) -> bool {
        !self.resolver.is_idle()
    }

    /// Returns whether look-ups ended that [`Network::work`] has not returned yet.
    pub(super) fn has_ended(&self) -> bool {
        self.resolver.has_ended()
    }

    /// Returns the DNS servers in the order they are asked: IPv6's first, as Windows has it (ngn-facts
    /// §4.4), and none but those set by hand if there are any.
    pub(super) fn servers(&self) -> Vec<Ipv6Addr> {
        let mut servers = self.name_servers.servers();
        if let Some(ipv4) = &self.host.ipv4
            && !self.name_servers.are_fixed()
            && !ipv4.is_dialled()
        {
            servers.extend(ipv4.dns());
        }
        servers
    }

    /// Returns the DNS servers of a session that the terminal itself has dialled. A session is an
    /// interface of its own, and what the LAN's servers do not know is asked of its (inferred from
    /// Windows, which asks those of all interfaces).
    fn session_servers(&self) -> Vec<Ipv6Addr> {
        let dialled = self.host.ipv4.as_ref().filter(|ipv4| ipv4.is_dialled());
        dialled.map_or_else(Vec::new, Ipv4Side::dns)
    }

    /// Returns whether it has an IPv4 address.
    pub(super) fn has_ipv4(&self) -> bool {
        let ipv4 = self.host.ipv4.as_ref();
        ipv4.is_some_and(|ipv4| ipv4.address().is_some())
    }

    /// Returns the addresses in use as of the last event.
    pub(super) fn addresses(&self) -> Vec<Usable> {
        self.host.addresses().usable(self.now)
    }

    /// Returns whether there is a global address, a router and a DNS server.
    pub(super) fn is_complete(&self, now: Time) -> bool {
        self.host.is_connected(now) && !self.name_servers.servers().is_empty()
    }

    fn split(&mut self) -> (&mut Resolver, Means<'_>) {
        let means = Means {
            host: &mut self.host,
            tcp: &mut self.tcp,
        };
        (&mut self.resolver, means)
    }

    fn handle_udp(&mut self, packet: &Packet<'_>, udp: &Udp<'_>, cx: &mut Context<'_>) {
        if udp.destination_port == CLIENT_PORT {
            if let Some(learnt) = self.information.handle(udp, self.mac, cx.now()) {
                self.name_servers.replied(learnt, cx);
            }
            return;
        }
        if udp.source_port == DNS_PORT {
            self.asker.handle_udp(udp);
            let (resolver, mut means) = self.split();
            resolver.handle_udp(packet.source, udp, &mut means, cx);
        }
    }

    fn handle_icmpv6(&mut self, packet: &Packet<'_>, icmpv6: Icmpv6<'_>, cx: &mut Context<'_>) {
        match icmpv6.kind {
            ECHO_REQUEST if icmpv6.body.len() >= 4 => self.answer_echo(packet, icmpv6.body, cx),
            PACKET_TOO_BIG => {
                if let Some((mtu, _)) = icmpv6.body.split_first_chunk() {
                    let mtu = u32::from_be_bytes(*mtu);
                    self.tcp
                        .lower_mtu(usize::try_from(mtu).unwrap_or(usize::MAX));
                }
            }
            DESTINATION_UNREACHABLE => self.handle_unreachable(icmpv6.body, cx),
            _ => {
                if let Some(message) = Ndp::parse(packet) {
                    self.handle_ndp(packet, message, cx);
                }
            }
        }
    }

    fn handle_ndp(&mut self, packet: &Packet<'_>, message: Ndp, cx: &mut Context<'_>) {
        let Some(advertised) = self.host.handle_ndp(packet, message, cx) else {
            return;
        };
        let advert = &advertised.advert;
        self.name_servers.advertised(advert, cx);
        // RFC 4861 §4.2: with M set, O is redundant.
        let wanted = advert.other || advert.managed;
        self.information
            .advertised(wanted, advertised.prefixes_changed, cx);
    }

    fn answer_echo(&mut self, packet: &Packet<'_>, body: &[u8], cx: &mut Context<'_>) {
        if packet.source.is_multicast() || packet.source.is_unspecified() {
            return;
        }
        let source = if packet.destination.is_multicast() {
            self.host.source_for(packet.source, cx.now())
        } else {
            Some(packet.destination)
        };
        let Some(source) = source else {
            return;
        };
        let out = Outgoing {
            to: packet.source,
            hop_limit: None,
            body: Body::Icmpv6 {
                kind: ECHO_REPLY,
                body,
            },
        };
        self.host.send_from(source, out, cx);
    }

    /// Lets a look-up go on at once when its query could not be delivered.
    fn handle_unreachable(&mut self, body: &[u8], cx: &mut Context<'_>) {
        let Some(quoted) = body.get(4..) else {
            return;
        };
        let Some(to) = ipv4::destination(quoted) else {
            return;
        };
        let is_udp = quoted.get(IPV6_NEXT_HEADER) == Some(&UDP_NUMBER);
        let ports = quoted.get(40..44).filter(|_| is_udp);
        let Some([from_high, from_low, to_high, to_low]) = ports else {
            return;
        };
        if u16::from_be_bytes([*to_high, *to_low]) == DNS_PORT {
            let from_port = u16::from_be_bytes([*from_high, *from_low]);
            let (resolver, mut means) = self.split();
            resolver.handle_unreachable(to, from_port, &mut means, cx);
        }
    }
}

const IPV6_NEXT_HEADER: usize = 6;
/// Where the hop limit stands in an IPv6 header (RFC 8200 §3).
const HOP_LIMIT: usize = 7;
const UDP_NUMBER: u8 = 17;
