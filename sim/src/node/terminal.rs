//! The terminal of オンライン資格確認: a computer on the LAN, as the guide's p.8–p.16 sets it up.
//!
//! It configures itself by SLAAC and stateless DHCPv6, looks names up, browses and pings. Each
//! action ends with one [`Fact`], whatever happens. IPv4 is left out (guide Q4).

use std::net::Ipv6Addr;
use std::time::Duration;

use rand::Rng;

pub use hickory_proto::rr::RecordType;

use crate::frame::Frame;
use crate::message::dhcpv6::CLIENT_PORT;
use crate::message::ndp::Ndp;
use crate::message::packet::{Icmpv6, Mac, Packet, Payload, Udp};
use crate::node::tcp::TcpStack;
use crate::node::{Context, Node};
use crate::time::Time;
use crate::trace::Fact;

use host::{Body, Host, Outgoing};
use information::Information;
use name_servers::NameServers;
use resolver::{LookupId, Means, Resolver};

mod addresses;
mod host;
mod information;
mod name_servers;
mod resolver;
mod routers;

/// A computer on the LAN.
pub struct Terminal {
    config: TerminalConfig,
    started: bool,
    host: Host,
    information: Information,
    name_servers: NameServers,
    tcp: TcpStack,
    resolver: Resolver,
    asked: Vec<LookupId>,
    pings: Vec<Ping>,
    told_online: bool,
}

/// How a terminal is set up.
#[derive(Clone, Debug)]
pub struct TerminalConfig {
    /// Its MAC address.
    pub mac: Mac,
    /// Whether the root certificate of ONS was installed (guide Q8).
    pub trusts_ons_root: bool,
    /// DNS servers set by hand instead of those learnt (guide p.12).
    pub fixed_dns: Vec<Ipv6Addr>,
}

/// A name to be looked up.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The name; its case is kept.
    pub name: String,
    /// What is asked for.
    pub kind: RecordType,
    /// How to ask.
    pub transport: Transport,
    /// The payload size announced with EDNS, or no EDNS.
    pub edns: Option<u16>,
    /// Whom to ask instead of the terminal's own servers.
    pub server: Option<Ipv6Addr>,
}

/// How a name is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Over UDP, and over TCP after a truncated answer.
    Udp,
    /// Over TCP from the start.
    Tcp,
}

struct Ping {
    to: Ipv6Addr,
    id: u16,
    deadline: Time,
}

impl Terminal {
    /// The only socket.
    pub const PORT: u8 = PORT;

    /// Makes a terminal that starts with the world.
    pub fn new(config: TerminalConfig) -> Self {
        Self {
            started: false,
            host: Host::new(config.mac),
            information: Information::default(),
            name_servers: NameServers::new(config.fixed_dns.clone()),
            // Replaced at the start, when there is randomness.
            tcp: TcpStack::new(0),
            resolver: Resolver::default(),
            asked: Vec::new(),
            pings: Vec::new(),
            told_online: false,
            config,
        }
    }

    /// Looks a name up; ends with [`Fact::Resolved`], IPv4 addresses mapped into IPv6.
    pub fn resolve(&mut self, ask: Ask, cx: &mut Context<'_>) {
        let id = self.look_up(ask, cx);
        self.asked.push(id);
        self.work(cx);
    }

    /// Sends an echo request; ends with [`Fact::Pinged`], after two seconds at the latest.
    pub fn ping(&mut self, to: Ipv6Addr, hop_limit: Option<u8>, cx: &mut Context<'_>) {
        let id: u16 = cx.random().random();
        let mut body = vec![0; 4 + PING_DATA.len()];
        body[..2].copy_from_slice(&id.to_be_bytes());
        body[3] = 1;
        body[4..].copy_from_slice(PING_DATA);
        let deadline = cx.now() + PING_TIMEOUT;
        self.pings.push(Ping { to, id, deadline });
        let body = Body::Icmpv6 {
            kind: ECHO_REQUEST,
            body: &body,
        };
        let out = Outgoing {
            to,
            hop_limit,
            body,
        };
        self.host.send(out, cx);
        self.work(cx);
    }

    /// Sends a datagram of any kind from a port of its own, and expects nothing.
    pub fn send_udp(
        &mut self,
        to: Ipv6Addr,
        port: u16,
        payload: &[u8],
        hop_limit: Option<u8>,
        cx: &mut Context<'_>,
    ) {
        let body = Body::Udp {
            from_port: ephemeral_port(cx),
            to_port: port,
            payload,
        };
        let out = Outgoing {
            to,
            hop_limit,
            body,
        };
        self.host.send(out, cx);
    }

    /// Returns whether an action is under way.
    pub fn is_busy(&self) -> bool {
        !self.resolver.is_idle() || !self.pings.is_empty()
    }

    /// Returns whether it has had a global address, a router and a DNS server at the same time.
    pub fn is_online(&self) -> bool {
        self.told_online
    }

    /// Returns the addresses in use with whether each is temporary, the preferred source first
    /// and the link-local address last.
    pub fn addresses(&self) -> Vec<(Ipv6Addr, bool)> {
        // Deprecated addresses stay in use until they become invalid, so the time does not matter.
        let usable = self.host.addresses().usable(Time::ZERO);
        usable
            .into_iter()
            .map(|own| (own.address, own.temporary))
            .collect()
    }

    /// Returns the DNS servers in the order they are asked.
    pub fn name_servers(&self) -> Vec<Ipv6Addr> {
        self.name_servers.servers()
    }

    /// Returns the router that gets what is not on the link.
    pub fn default_router(&self) -> Option<Ipv6Addr> {
        self.host.default_router()
    }

    fn look_up(&mut self, ask: Ask, cx: &mut Context<'_>) -> LookupId {
        let mut means = Means {
            host: &mut self.host,
            tcp: &mut self.tcp,
        };
        let servers = self.name_servers.servers();
        let search = self.name_servers.search();
        self.resolver.start(ask, servers, &search, &mut means, cx)
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        self.started = true;
        self.tcp = TcpStack::new(cx.random().random());
        self.name_servers.start(cx);
        self.host.start(cx);
    }

    /// Does everything that has become due; called after every event.
    fn work(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        self.host.handle_timeout(cx);
        if let Some(link_local) = self.host.link_local() {
            self.information
                .handle_timeout(self.config.mac, link_local, cx);
        }
        self.name_servers.handle_timeout(cx);
        self.give_addresses(now);
        let mut means = Means {
            host: &mut self.host,
            tcp: &mut self.tcp,
        };
        self.resolver.handle_timeout(&mut means, cx);
        self.tell_resolved(cx);
        self.end_pings(cx);
        for packet in self.tcp.poll(now) {
            if let Some(to) = destination(&packet) {
                self.host.send_ip(&packet, to, cx);
            }
        }
        if !self.told_online && self.has_everything(now) {
            self.told_online = true;
            cx.record(Fact::Online);
        }
    }

    fn has_everything(&self, now: Time) -> bool {
        self.host.is_connected(now) && !self.name_servers.servers().is_empty()
    }

    fn give_addresses(&mut self, now: Time) {
        let usable = self.host.addresses().usable(now);
        let addresses: Vec<_> = usable.into_iter().map(|own| own.address).collect();
        self.tcp.set_addresses(&addresses);
    }

    fn tell_resolved(&mut self, cx: &mut Context<'_>) {
        for ended in self.resolver.take_ended() {
            if self.asked.contains(&ended.id) {
                self.asked.retain(|id| *id != ended.id);
                cx.record(Fact::Resolved {
                    name: ended.name,
                    addresses: ended.addresses,
                    outcome: ended.outcome,
                });
            }
        }
    }

    fn end_pings(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        self.pings.retain(|ping| {
            let waiting = ping.deadline > now;
            if !waiting {
                cx.record(Fact::Pinged {
                    to: ping.to,
                    answered: false,
                });
            }
            waiting
        });
    }

    fn handle_udp(&mut self, packet: &Packet<'_>, udp: &Udp<'_>, cx: &mut Context<'_>) {
        if udp.destination_port == CLIENT_PORT {
            let learnt = self.information.handle(udp, self.config.mac, cx.now());
            if let Some(learnt) = learnt {
                self.name_servers.replied(learnt, cx);
            }
            return;
        }
        if udp.source_port == DNS_PORT {
            let mut means = Means {
                host: &mut self.host,
                tcp: &mut self.tcp,
            };
            self.resolver.handle_udp(packet.source, udp, &mut means, cx);
        }
    }

    fn handle_icmpv6(&mut self, packet: &Packet<'_>, icmpv6: Icmpv6<'_>, cx: &mut Context<'_>) {
        match icmpv6.kind {
            ECHO_REQUEST if icmpv6.body.len() >= 4 => self.answer_echo(packet, icmpv6.body, cx),
            ECHO_REPLY => self.handle_echo_reply(packet.source, icmpv6.body, cx),
            PACKET_TOO_BIG => {
                if let Some((mtu, _)) = icmpv6.body.split_first_chunk() {
                    let mtu = u32::from_be_bytes(*mtu);
                    self.tcp
                        .lower_mtu(usize::try_from(mtu).unwrap_or(usize::MAX));
                }
            }
            DESTINATION_UNREACHABLE => self.handle_unreachable(icmpv6.body, cx),
            _ => {
                let Some(message) = Ndp::parse(packet) else {
                    return;
                };
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
        }
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

    fn handle_echo_reply(&mut self, from: Ipv6Addr, body: &[u8], cx: &mut Context<'_>) {
        let Some((id, _)) = body.split_first_chunk() else {
            return;
        };
        let id = u16::from_be_bytes(*id);
        self.pings.retain(|ping| {
            // A group is answered by its members.
            let answered = ping.id == id && (ping.to == from || ping.to.is_multicast());
            if answered {
                cx.record(Fact::Pinged {
                    to: ping.to,
                    answered: true,
                });
            }
            !answered
        });
    }

    /// Lets a look-up go on at once when its query could not be delivered.
    fn handle_unreachable(&mut self, body: &[u8], cx: &mut Context<'_>) {
        let Some(quoted) = body.get(4..) else {
            return;
        };
        let Some(to) = destination(quoted) else {
            return;
        };
        let ports = quoted.get(IPV6_NEXT_HEADER) == Some(&UDP_NUMBER);
        let ports = quoted.get(40..44).filter(|_| ports);
        let Some([from_high, from_low, to_high, to_low]) = ports else {
            return;
        };
        if u16::from_be_bytes([*to_high, *to_low]) == DNS_PORT {
            let from_port = u16::from_be_bytes([*from_high, *from_low]);
            let mut means = Means {
                host: &mut self.host,
                tcp: &mut self.tcp,
            };
            self.resolver
                .handle_unreachable(to, from_port, &mut means, cx);
        }
    }
}

impl Node for Terminal {
    fn handle_frame(&mut self, _port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        if !self.host.is_for_us(&packet) {
            return;
        }
        match &packet.payload {
            Payload::Udp(udp) if udp.checksum_ok => self.handle_udp(&packet, udp, cx),
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok => {
                self.handle_icmpv6(&packet, *icmpv6, cx);
            }
            Payload::Tcp(_) => self.tcp.receive(packet.ip, cx.now()),
            Payload::Udp(_) | Payload::Icmpv6(_) | Payload::Other { .. } => return,
        }
        self.work(cx);
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        if !self.started {
            self.start(cx);
        }
        self.work(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        if !self.started {
            return Some(Time::ZERO);
        }
        let information = self
            .host
            .link_local()
            .and_then(|_| self.information.poll_timeout());
        earliest([
            self.host.poll_timeout(),
            information,
            self.name_servers.poll_timeout(),
            self.resolver.poll_timeout(),
            self.tcp.poll_timeout(),
            self.pings.iter().map(|ping| ping.deadline).min(),
        ])
    }

    fn handle_carrier(&mut self, _port: u8, up: bool, cx: &mut Context<'_>) {
        if !self.started {
            return;
        }
        self.host.stop(cx);
        self.information = Information::default();
        self.name_servers.clear();
        if up {
            self.host.start(cx);
        }
        self.work(cx);
    }
}

/// Returns the earliest of some times, where `None` means never.
fn earliest<T: Into<Option<Time>>>(times: impl IntoIterator<Item = T>) -> Option<Time> {
    times.into_iter().filter_map(Into::into).min()
}

/// Draws a port of the dynamic range (RFC 6335 §6).
fn ephemeral_port(cx: &mut Context<'_>) -> u16 {
    cx.random().random_range(49_152..=u16::MAX)
}

/// Returns the destination of an IPv6 packet.
fn destination(ip: &[u8]) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = ip.get(24..40)?.try_into().ok()?;
    Some(octets.into())
}

const PORT: u8 = 0;
const DNS_PORT: u16 = 53;
// RFC 4443.
const DESTINATION_UNREACHABLE: u8 = 1;
const PACKET_TOO_BIG: u8 = 2;
const ECHO_REQUEST: u8 = 128;
const ECHO_REPLY: u8 = 129;
const IPV6_NEXT_HEADER: usize = 6;
const UDP_NUMBER: u8 = 17;
const PING_TIMEOUT: Duration = Duration::from_secs(2);
const PING_DATA: &[u8; 32] = b"abcdefghijklmnopqrstuvwabcdefghi";
