//! A whole line with a computer at its end, and a device beside it that sends what it likes.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use etherparse::TcpHeader;
use ipnet::Ipv6Net;
use ngnlab_sim::access::{self, Access};
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::dhcpv6::{self, MessageType};
use ngnlab_sim::message::ndp::{Ndp, NeighborAdvert};
use ngnlab_sim::message::packet::{Envelope, Mac, Packet};
use ngnlab_sim::node::home_gateway::HomeGateway;
use ngnlab_sim::node::terminal::{Ask, RecordType, Terminal, TerminalConfig, Transport};
use ngnlab_sim::trace::{End, Fact, Resolution, Role, Screen, Seen};
use ngnlab_sim::{Cable, Context, Frame, Handle, Node, Pace, Time, World};

use super::{multicast, options};

/// How much of everything is sent.
pub(crate) const FLOOD: u32 = 100_000;
/// The device that has a prefix.
pub(crate) const DEVICE: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x00, 0x01]);
/// Whoever floods.
pub(crate) const STRANGER: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x00, 0x66]);
const TERMINAL: Mac = Mac([0x02, 0x00, 0x5e, 0x40, 0x00, 0x01]);

pub(crate) struct Lab {
    pub(crate) world: World,
    pub(crate) access: Access,
    /// The router that the computer and the device see.
    pub(crate) router: Mac,
    line: Line,
    terminal: Handle<Terminal>,
    ear: Handle<Ear>,
    cable: Cable,
}

impl Lab {
    pub(crate) fn new(preset: &str) -> Self {
        Self::with(preset, |_| ())
    }

    /// Makes a line whose computer knows the servers that it was told on the line.
    pub(crate) fn automatic(preset: &str) -> Self {
        Self::build(preset, Vec::new(), |_| ())
    }

    pub(crate) fn with(preset: &str, change: impl FnOnce(&mut Line)) -> Self {
        let servers = Area::East.values().ons_dns.to_vec();
        Self::build(preset, servers, change)
    }

    fn build(preset: &str, fixed_dns: Vec<Ipv6Addr>, change: impl FnOnce(&mut Line)) -> Self {
        let mut line = Line::preset(preset, Area::East).unwrap();
        change(&mut line);
        let mut world = World::new(1, Pace::Virtual);
        let access = access::lay(&mut world, &line);
        let config = TerminalConfig {
            mac: TERMINAL,
            trusts_ons_root: true,
            fixed_dns,
            ipv4: None,
        };
        let terminal = world.add("pc", Terminal::new(config));
        let ear = world.add("ear", Ear::default());
        // The computer's cable goes through the device's ear.
        world.connect(terminal.port(Terminal::PORT), ear.port(1));
        let cable = world.connect(ear.port(0), access.wan);
        world.record_as(cable, Role::Wan);
        let router = if access.home_gateway.is_some() {
            Mac([0x02, 0x00, 0x5e, 0x00, 0x67, 0x01])
        } else {
            line.area.values().edge_mac
        };
        let mut lab = Self {
            world,
            access,
            router,
            line,
            terminal,
            ear,
            cable,
        };
        let own = lab.own();
        let known = vec![own, DEVICE.link_local()];
        lab.world.with(lab.ear, |ear, _| ear.known = known);
        lab.run_for(Duration::from_secs(20));
        lab
    }

    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.world.now() + span;
        self.world.run_until(end).unwrap();
    }

    /// Sends frames on the line, so fast that time hardly passes.
    pub(crate) fn flood(&mut self, count: u32, frame: impl Fn(&Self, u32) -> Frame) {
        for number in 0..count {
            let frame = frame(self, number);
            self.world.inject(self.cable, End::Device, frame).unwrap();
            if number % BATCH == 0 {
                self.run_for(Duration::from_micros(100));
                assert!(self.world.frames_under_way() < 100);
            }
        }
        self.run_for(Duration::from_millis(1));
    }

    /// Sends frames to the computer.
    pub(crate) fn flood_terminal(&mut self, count: u32, frame: impl Fn(u32) -> Frame) {
        for number in 0..count {
            let frame = frame(number);
            self.world.with(self.ear, |_, cx| cx.send(1, frame));
            if number % BATCH == 0 {
                self.run_for(Duration::from_micros(100));
            }
        }
        self.run_for(Duration::from_secs(2));
    }

    /// Opens connections to servers and leaves them alone.
    pub(crate) fn occupy(&mut self, count: u32, servers: &[(Ipv6Addr, u16)]) {
        for number in 0..count {
            let server = servers[number as usize % servers.len()];
            self.establish(number, server, &[]);
        }
    }

    /// Opens connections one after the other, and says the same on each, without end.
    pub(crate) fn talk(&mut self, count: u32, server: (Ipv6Addr, u16), text: &[u8]) {
        for number in 0..count {
            self.establish(number, server, text);
        }
    }

    fn establish(&mut self, number: u32, server: (Ipv6Addr, u16), text: &[u8]) {
        let own = self.guest(0);
        let from = super::port(number);
        let mut syn = TcpHeader::new(from, server.1, number, 60_000);
        syn.syn = true;
        let envelope = self.to_line(own, server.0);
        self.inject(envelope.tcp(syn, &[]));
        let socket = (server.0, server.1, from);
        let answer = self
            .world
            .with(self.ear, |ear, _| ear.accepted.remove(&socket));
        let Some(answer) = answer else { return };
        let mut ack = TcpHeader::new(from, server.1, number + 1, 60_000);
        ack.ack = true;
        ack.acknowledgment_number = answer.wrapping_add(1);
        self.inject(envelope.tcp(ack.clone(), &[]));
        if !text.is_empty() {
            ack.psh = true;
            self.inject(envelope.tcp(ack, text));
        }
    }

    fn inject(&mut self, frame: Frame) {
        self.world.inject(self.cable, End::Device, frame).unwrap();
        self.run_for(Duration::from_micros(10));
    }

    /// Returns the address of one of endless hosts on the line.
    pub(crate) fn guest(&self, number: u32) -> Ipv6Addr {
        let network = self.line.assignment(0).addr().to_bits();
        Ipv6Addr::from_bits(network | 0xbad << 48 | u128::from(number))
    }

    /// Returns an address on the line that the line's router knows to be the flooder's.
    pub(crate) fn own(&self) -> Ipv6Addr {
        self.guest(0)
    }

    /// Returns the home gateway's DNS proxy.
    pub(crate) fn proxy(&self) -> Ipv6Addr {
        HomeGateway::lan_address(self.line.assignment(0))
    }

    pub(crate) fn to_line(&self, from: Ipv6Addr, to: Ipv6Addr) -> Envelope {
        Envelope::new(STRANGER, self.router, from, to)
    }

    pub(crate) fn dhcpv6(&self, kind: MessageType, duid: &[u8], iaid: u32) -> Frame {
        let mut options = options(duid, iaid);
        if kind == MessageType::Request {
            options.push(DhcpOption::ServerId(self.router.duid_ll()));
        }
        multicast(&dhcpv6::message(kind, [1, 2, 3], options))
    }

    /// Asks for a prefix, and returns the one that was granted.
    pub(crate) fn delegated(&mut self, duid: &[u8]) -> Option<Ipv6Net> {
        self.world.with(self.ear, |ear, _| ear.granted = None);
        let frame = self.dhcpv6(MessageType::Request, duid, 1);
        self.inject(frame);
        self.run_for(Duration::from_secs(5));
        self.world.with(self.ear, |ear, _| ear.granted)
    }

    /// Has the computer open the line-authentication site.
    pub(crate) fn page(&mut self) -> Option<Screen> {
        let fact = self.act(
            |terminal, cx| terminal.open("https://www.lineauth.mnw/", cx),
            |fact| matches!(fact, Fact::PageSeen { .. } | Fact::PageFailed { .. }),
        );
        match fact {
            Some(Fact::PageSeen { screen, .. }) => screen,
            other => panic!("no page: {other:?}"),
        }
    }

    pub(crate) fn resolves(&mut self) -> bool {
        self.resolves_by(Transport::Udp, "www.lineauth.mnw", None)
    }

    /// Asks for a name that the network's own servers know.
    pub(crate) fn resolves_service(&mut self, server: Option<Ipv6Addr>) -> bool {
        self.resolves_by(Transport::Udp, "assv.asc.flets-east.jp", server)
    }

    pub(crate) fn resolves_over_tcp(&mut self) -> bool {
        self.resolves_by(Transport::Tcp, "www.lineauth.mnw", None)
    }

    fn resolves_by(&mut self, transport: Transport, name: &str, server: Option<Ipv6Addr>) -> bool {
        let ask = Ask {
            name: name.to_owned(),
            kind: RecordType::AAAA,
            transport,
            edns: None,
            server,
        };
        let fact = self.act(
            |terminal, cx| terminal.resolve(ask, cx),
            |fact| matches!(fact, Fact::Resolved { .. }),
        );
        let answered = Resolution::Answered;
        matches!(fact, Some(Fact::Resolved { outcome, .. }) if outcome == answered)
    }

    /// Has the computer fetch the revocation list.
    pub(crate) fn downloads(&mut self) -> bool {
        let fact = self.act(
            |terminal, cx| terminal.download("http://crldownload.obn.managedpki.ne.jp/crl", cx),
            |fact| matches!(fact, Fact::Downloaded { .. } | Fact::PageFailed { .. }),
        );
        matches!(fact, Some(Fact::Downloaded { .. }))
    }

    fn act(
        &mut self,
        f: impl FnOnce(&mut Terminal, &mut Context<'_>),
        wanted: impl Fn(&Fact) -> bool,
    ) -> Option<Fact> {
        let before = self.world.records().len();
        self.world.with(self.terminal, f);
        let end = self.world.now() + Duration::from_secs(60);
        while self.world.now() < end {
            self.run_for(Duration::from_millis(100));
            let told = self.world.records()[before..].iter();
            let found = told.filter_map(|record| match &record.seen {
                Seen::Fact { node, fact } if node == "pc" && wanted(fact) => Some(fact.clone()),
                _ => None,
            });
            if let Some(fact) = found.last() {
                return Some(fact);
            }
        }
        None
    }

    pub(crate) fn router_and_servers(&mut self) -> (Option<Ipv6Addr>, Vec<Ipv6Addr>) {
        self.world.with(self.terminal, |terminal, _| {
            (terminal.default_router(), terminal.name_servers())
        })
    }

    pub(crate) fn addresses(&mut self) -> usize {
        self.world
            .with(self.terminal, |terminal, _| terminal.addresses().len())
    }

    /// Returns how many answers came from DNS servers.
    pub(crate) fn answers(&mut self) -> u32 {
        self.world.with(self.ear, |ear, _| ear.answers)
    }

    /// Returns how often the line's router looked for one of the computer's addresses.
    pub(crate) fn asked_by_edge(&mut self) -> u32 {
        self.world.with(self.ear, |ear, _| ear.sought)
    }
}

/// Stands on the line before the computer: passes everything on, and answers for the flooder.
#[derive(Default)]
struct Ear {
    /// The sequence numbers of servers that accepted, by server and the port they accepted.
    accepted: BTreeMap<(Ipv6Addr, u16, u16), u32>,
    granted: Option<Ipv6Net>,
    /// The addresses of the flooder and of the device.
    known: Vec<Ipv6Addr>,
    computers: Vec<Ipv6Addr>,
    sought: u32,
    answers: u32,
}

impl Node for Ear {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        if port == 1 {
            if !self.computers.contains(&packet.source) {
                self.computers.push(packet.source);
            }
            return cx.send(0, frame.clone());
        }
        if let Some(tcp) = packet.tcp().filter(|tcp| tcp.syn() && tcp.ack()) {
            let socket = (packet.source, tcp.source_port(), tcp.destination_port());
            self.accepted.insert(socket, tcp.sequence_number());
        }
        if let Some(Ndp::NeighborSolicit(solicit)) = Ndp::parse(&packet) {
            let known = self.computers.contains(&solicit.target);
            self.sought += u32::from(known && packet.destination.is_multicast());
            if self.known.contains(&solicit.target) {
                let advert = Ndp::NeighborAdvert(NeighborAdvert {
                    target: solicit.target,
                    router: false,
                    solicited: true,
                    replace: true,
                    target_link_layer: Some(STRANGER),
                });
                let back =
                    Envelope::new(STRANGER, packet.eth_source, solicit.target, packet.source);
                cx.send(0, advert.build(back));
            }
        }
        let answer = packet.udp().is_some_and(|udp| udp.source_port == 53);
        self.answers += u32::from(answer);
        if let Some(message) = packet.udp().and_then(|udp| dhcpv6::in_datagram(&udp)) {
            let granted = dhcpv6::delegations(&message).flat_map(dhcpv6::prefixes);
            self.granted = granted.map(|delegated| delegated.prefix).next();
        }
        cx.send(1, frame.clone());
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

/// Returns a question for the address of a name.
pub(crate) fn question(name: &str) -> Vec<u8> {
    let header = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    [&header[..], &dhcpv6::wire_name(name), &[0, 28, 0, 1]].concat()
}

/// Frames that come at the same time.
const BATCH: u32 = 500;
