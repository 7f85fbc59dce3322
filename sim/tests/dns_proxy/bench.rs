//! The forwarder between a terminal and four DNS servers that can be silenced and spoken for.

use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};
use ngnlab_sim::frame::Frame;
use ngnlab_sim::line::{Area, Line, ONS_DOMAINS};
use ngnlab_sim::message::dns;
use ngnlab_sim::message::packet::{Envelope, Mac, Packet, Payload, frame_ip};
use ngnlab_sim::node::dns::{DnsServer, DnsServerConfig, Zones};
use ngnlab_sim::node::part::tcp::TcpStack;
use ngnlab_sim::node::router::defect::{Defect, Defects};
use ngnlab_sim::node::router::dns_proxy::{DnsProxy, Side, Transmit};
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::{Context, Handle, Node, Pace, Time, World};

/// A terminal, the forwarder, and the network's four servers.
pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) servers: [Handle<DnsServer>; 2],
    pub(crate) terminal: Handle<Ear>,
    pub(crate) line: Handle<Ear>,
    pub(crate) ons: [Ipv6Addr; 2],
    pub(crate) ngn: [Ipv6Addr; 2],
    pub(crate) answered_at: Time,
}

/// A node that keeps what it hears.
#[derive(Default)]
pub(crate) struct Ear {
    heard: Vec<Frame>,
}

/// The forwarder with just enough of a router around it.
struct ProxyNode(DnsProxy);

impl Bench {
    /// A forwarder with the defects of these names.
    pub(crate) fn new(defects: &[&str]) -> Self {
        let line = Line::preset("next-pd", Area::East).unwrap();
        let values = line.area.values();
        let (ons, ngn) = (values.ons_dns, values.ngn_dns);
        let domain = |name: &str, servers: [Ipv6Addr; 2]| DomainServers {
            name: name.to_owned(),
            servers: servers.to_vec(),
        };
        let ons_rows = ONS_DOMAINS.iter().map(|name| domain(name, ons));
        let setup = Setup {
            mode: Mode::Pd,
            wan_mac: WAN_MAC,
            lan_mac: WAN_MAC,
            default_dns: ngn.to_vec(),
            domains: ons_rows.chain([domain(values.ngn_domain, ngn)]).collect(),
            pppoe: Vec::new(),
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        };
        let named = |name: &&str| Defect::from_name(name).expect("it is a defect");
        let defects = Defects::new(defects.iter().map(named).collect());
        let mut proxy = DnsProxy::new(&setup, defects);
        proxy.set_addresses(&[LAN], Some(WAN));

        let mut world = World::new(1, Pace::Virtual);
        let router = world.add("router", ProxyNode(proxy));
        let wire = world.add("wire", Segment::new(6));
        world.connect(router.port(0), wire.port(0));
        let mut server = |port: u8, address: Ipv6Addr, zones: Zones| {
            let config = DnsServerConfig {
                address,
                zones,
                quirks: Vec::new(),
            };
            let handle = world.add(&format!("dns{port}"), DnsServer::new(config));
            world.connect(handle.port(DnsServer::PORT), wire.port(port));
            handle
        };
        let servers = [
            server(1, ons[0], Zones::ons(&line)),
            server(2, ons[1], Zones::ons(&line)),
        ];
        server(3, ngn[0], Zones::ngn(&line));
        server(4, ngn[1], Zones::ngn(&line));
        let line = world.add("line", Ear::default());
        world.connect(line.port(0), wire.port(5));
        let terminal = world.add("terminal", Ear::default());
        world.connect(terminal.port(0), router.port(1));
        Self {
            world,
            servers,
            terminal,
            line,
            ons,
            ngn,
            answered_at: Time::ZERO,
        }
    }

    pub(crate) fn silence(&mut self, server: usize, until: Time) {
        self.world
            .with(self.servers[server], |server, _| server.silence(until));
    }

    /// Sends a query and lets the world settle without letting time pass.
    pub(crate) fn send(&mut self, query: &[u8]) {
        let frame = Envelope::new(OTHER_MAC, WAN_MAC, TERMINAL, LAN).udp(5000, 53, query);
        self.world.with(self.terminal, |_, cx| cx.send(0, frame));
        let now = self.world.now();
        self.world.run_until(now).unwrap();
    }

    /// Sends a query and waits up to ten seconds for its answer.
    pub(crate) fn ask(&mut self, query: &[u8]) -> Option<Vec<u8>> {
        self.received();
        self.send(query);
        for _ in 0..100 {
            let now = self.world.now();
            self.answered_at = now;
            if let Some(response) = self.received().pop() {
                return Some(response);
            }
            self.world
                .run_until(now + Duration::from_millis(100))
                .unwrap();
        }
        None
    }

    /// Sends queries on one TCP connection and returns the answers.
    pub(crate) fn ask_over_tcp(&mut self, queries: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut stack = TcpStack::new(self.world.now().as_nanos().unsigned_abs());
        stack.set_addresses(&[TERMINAL]);
        let to = SocketAddrV6::new(LAN, 53, 0, 0);
        let connection = stack.connect(TERMINAL, to, self.world.now()).unwrap();
        for query in queries {
            stack.write(connection, &dns::to_stream(query));
        }
        let (mut stream, mut responses) = (Vec::new(), Vec::new());
        for _ in 0..200 {
            for ip in stack.poll(self.world.now()) {
                let frame = frame_ip(OTHER_MAC, WAN_MAC, &ip);
                self.world.with(self.terminal, |_, cx| cx.send(0, frame));
            }
            let later = self.world.now() + Duration::from_millis(50);
            self.world.run_until(later).unwrap();
            for frame in self.lan_frames() {
                stack.receive(&frame[14..], later);
            }
            stream.extend(stack.read(connection));
            responses.extend(dns::take_from_stream(&mut stream));
        }
        responses
    }

    /// Sends a datagram to the forwarder's address on the line.
    pub(crate) fn reply(&mut self, from: SocketAddrV6, port: u16, payload: &[u8]) {
        let envelope = Envelope::new(OTHER_MAC, WAN_MAC, *from.ip(), WAN);
        let frame = envelope.udp(from.port(), port, payload);
        self.world.with(self.line, |_, cx| cx.send(0, frame));
        let now = self.world.now();
        self.world.run_until(now).unwrap();
    }

    pub(crate) fn received(&mut self) -> Vec<Vec<u8>> {
        let payload = |frame: &Frame| Some(Packet::parse(frame)?.udp()?.payload.to_vec());
        self.lan_frames().iter().filter_map(payload).collect()
    }

    fn lan_frames(&mut self) -> Vec<Frame> {
        self.world
            .with(self.terminal, |ear, _| std::mem::take(&mut ear.heard))
    }

    pub(crate) fn wan_frames(&mut self) -> Vec<Frame> {
        self.world.with(self.line, |ear, _| ear.heard.clone())
    }

    pub(crate) fn forget(&mut self) {
        self.world.with(self.line, |ear, _| ear.heard.clear());
    }

    /// Returns the UDP queries that went to servers, each with its server.
    pub(crate) fn asked_upstream(&mut self) -> Vec<(Vec<u8>, Ipv6Addr)> {
        let query = |frame: &Frame| {
            let packet = Packet::parse(frame)?;
            let udp = packet.udp()?;
            (udp.destination_port == 53).then(|| (udp.payload.to_vec(), packet.destination))
        };
        self.wan_frames().iter().filter_map(query).collect()
    }

    pub(crate) fn servers_asked(&mut self) -> Vec<Ipv6Addr> {
        let asked = self.asked_upstream();
        asked.into_iter().map(|(_, server)| server).collect()
    }

    /// Returns the last query that went to a server, that server, and the port it came from.
    pub(crate) fn last_upstream(&mut self) -> (Vec<u8>, SocketAddrV6, u16) {
        let frames = self.wan_frames();
        let mut packets = frames.iter().rev().filter_map(|frame| Packet::parse(frame));
        let found = packets.find_map(|packet| {
            let udp = packet.udp().filter(|udp| udp.destination_port == 53)?;
            let server = SocketAddrV6::new(packet.destination, 53, 0, 0);
            Some((udp.payload.to_vec(), server, udp.source_port))
        });
        found.unwrap()
    }
}

impl ProxyNode {
    fn flush(&mut self, cx: &mut Context<'_>) {
        while let Some(transmit) = self.0.poll_transmit() {
            let (side, frame) = match transmit {
                Transmit::Udp {
                    side,
                    source,
                    destination,
                    payload,
                } => {
                    let (from, to) = (*source.ip(), *destination.ip());
                    let envelope = Envelope::new(WAN_MAC, OTHER_MAC, from, to);
                    let (from, to) = (source.port(), destination.port());
                    (side, envelope.udp(from, to, &payload))
                }
                Transmit::Tcp { side, ip } => (side, frame_ip(WAN_MAC, OTHER_MAC, &ip)),
            };
            cx.send(u8::from(side == Side::Lan), frame);
        }
    }
}

impl Node for ProxyNode {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let side = if port == 0 { Side::Wan } else { Side::Lan };
        let now = cx.now();
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        match packet.payload {
            Payload::Udp(udp) if [LAN, WAN].contains(&packet.destination) => {
                let from = SocketAddrV6::new(packet.source, udp.source_port, 0, 0);
                let to = SocketAddrV6::new(packet.destination, udp.destination_port, 0, 0);
                self.0
                    .handle_udp(side, from, to, udp.payload, now, cx.random());
            }
            Payload::Tcp(_) => self.0.handle_tcp(side, packet.ip, now, cx.random()),
            _ => {}
        }
        self.flush(cx);
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.0.handle_timeout(cx.now(), cx.random());
        self.flush(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        self.0.poll_timeout()
    }
}

impl Node for Ear {
    fn handle_frame(&mut self, _port: u8, frame: &Frame, _cx: &mut Context<'_>) {
        self.heard.push(frame.clone());
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

pub(crate) fn question(name: &str, kind: RecordType, edns: Option<u16>) -> Vec<u8> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    if let Some(size) = edns {
        let mut edns = Edns::new();
        edns.set_max_payload(size);
        message.set_edns(edns);
    }
    message.to_vec().unwrap()
}

pub(crate) const WAN_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
pub(crate) const OTHER_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 2]);
pub(crate) const WAN: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca00, 0, 0, 0, 1);
const LAN: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca01, 0, 0, 0, 1);
const TERMINAL: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca01, 0, 0, 0, 2);
pub(crate) const STRANGER: Ipv6Addr = Ipv6Addr::new(0x2408, 0x210, 0, 1, 0, 0, 0, 2);
