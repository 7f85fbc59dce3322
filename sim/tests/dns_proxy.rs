//! The reference router's DNS forwarder between a terminal and the servers of the network.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeSet;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use ngnlab_sim::frame::Frame;
use ngnlab_sim::line::{Area, Line, ONS_DOMAINS};
use ngnlab_sim::message::dns;
use ngnlab_sim::message::packet::{Envelope, Mac, Packet, Payload, frame_ip};
use ngnlab_sim::node::dns::{DnsServer, DnsServerConfig, Zones};
use ngnlab_sim::node::part::tcp::TcpStack;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::dns_proxy::{DnsProxy, Side, Transmit};
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::{Context, Handle, Node, Pace, Time, World};
use proptest::prelude::*;

#[test]
fn the_payload_is_the_same_on_both_sides_but_for_the_id() {
    let mut bench = Bench::new(&[]);
    let mut question = question("wWw.LineAuth.mnw.", RecordType::AAAA, Some(1400));
    let response = bench.ask(&question).unwrap();
    let (upstream, to) = bench.asked_upstream()[0].clone();
    assert_eq!(to, bench.ons[0]);
    assert_eq!(question[2..], upstream[2..]);
    question.truncate(2);
    assert_eq!(response[..2], question);
    let response = Message::from_vec(&response).unwrap();
    assert_eq!(response.queries[0].name.to_ascii(), "wWw.LineAuth.mnw.");
    assert_eq!(response.answers.len(), 1);
    assert_eq!(response.edns.unwrap().max_payload(), 1232);
}

#[test]
fn each_name_goes_to_the_preferred_server_of_its_domain() {
    let mut bench = Bench::new(&[]);
    for name in [
        "assv.asc.flets-east.jp.",
        "FLETS-EAST.jp.",
        "www.example.jp.",
    ] {
        bench.ask(&question(name, RecordType::AAAA, None)).unwrap();
    }
    for domain in ONS_DOMAINS {
        let name = format!("some.host.{domain}.");
        bench.ask(&question(&name, RecordType::A, None)).unwrap();
    }
    let asked = bench.servers_asked();
    assert!(asked[..3].iter().all(|to| *to == bench.ngn[0]));
    assert!(asked[3..].iter().all(|to| *to == bench.ons[0]));
    assert_eq!(asked.len(), 9);
}

#[test]
fn a_silent_server_is_replaced_remembered_and_tried_again() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(20));
    let question = question("www.lineauth.mnw.", RecordType::AAAA, None);
    for waits in [true, true, false] {
        let asked_at = bench.world.now();
        assert!(bench.ask(&question).is_some());
        assert_eq!(
            bench.answered_at.since(asked_at) > Duration::from_secs(1),
            waits
        );
    }
    bench.world.run_until(Time::from_secs(60)).unwrap();
    bench.forget();
    assert!(bench.ask(&question).is_some());
    assert_eq!(bench.servers_asked(), [bench.ons[0]]);
}

#[test]
fn a_question_that_nobody_answers_fails() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(100));
    bench.silence(1, Time::from_secs(100));
    let question = question("www.lineauth.mnw.", RecordType::AAAA, Some(1232));
    let response = Message::from_vec(&bench.ask(&question).unwrap()).unwrap();
    assert_eq!(response.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(response.queries.len(), 1);
    assert!(response.edns.is_some());
    assert_eq!(bench.servers_asked().len(), 4);
    let over_tcp = bench.ask_over_tcp(&[&question]);
    assert_eq!(dns::id(&over_tcp[0]), Some(7));
    assert_eq!(dns::response_code(&over_tcp[0]), Some(dns::SERVER_FAILURE));
}

#[test]
fn forged_answers_are_ignored_and_malformed_ones_fail() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(100));
    let asked = question("www.lineauth.mnw.", RecordType::AAAA, None);
    bench.send(&asked);
    let (query, server, port) = bench.last_upstream();
    let mut good = query.clone();
    good[2] |= dns::QR;
    let mut wrong_id = good.clone();
    wrong_id[1] ^= 1;
    let mut wrong_name = good.clone();
    wrong_name[dns::HEADER + 1] = b'x';
    let mut wrong_server = server;
    wrong_server.set_port(54);
    let elsewhere = SocketAddrV6::new(bench.ons[1], 53, 0, 0);
    bench.reply(server, port, &wrong_id);
    bench.reply(server, port, &wrong_name);
    bench.reply(server, port, &query);
    bench.reply(wrong_server, port, &good);
    bench.reply(elsewhere, port, &good);
    bench.reply(server, port ^ 1, &good);
    assert!(bench.received().is_empty());
    let mut cut = good.clone();
    cut[7] = 1;
    bench.reply(server, port, &cut);
    let failed = bench.received();
    assert_eq!(dns::response_code(&failed[0]), Some(dns::SERVER_FAILURE));
    bench.reply(server, port, &good);
    assert!(bench.received().is_empty());
}

#[test]
fn ids_and_ports_differ_and_the_defects_make_them_plain() {
    let numbers = |defects: &[Defect]| {
        let mut bench = Bench::new(defects);
        let kinds = [RecordType::AAAA, RecordType::A, RecordType::TXT];
        kinds.map(|kind| {
            bench
                .ask(&question("www.lineauth.mnw.", kind, None))
                .unwrap();
            let (query, _, port) = bench.last_upstream();
            (dns::id(&query).unwrap(), port)
        })
    };
    let [a, b, c] = numbers(&[]);
    assert!(b.0 != a.0.wrapping_add(1) || c.0 != b.0.wrapping_add(1));
    assert!(a.1 != b.1 && b.1 != c.1);
    let [a, b, c] = numbers(&[Defect::SequentialDnsIds, Defect::FixedDnsPort]);
    assert_eq!((b.0, c.0), (a.0 + 1, a.0 + 2));
    assert!(a.1 == b.1 && b.1 == c.1);
}

#[test]
fn questions_over_tcp_go_upstream_over_tcp_on_one_connection() {
    let mut bench = Bench::new(&[]);
    let long = question("pweb.base.oqs-pdl.org.", RecordType::AAAA, None);
    let short = question("www.lineauth.mnw.", RecordType::AAAA, None);
    let responses = bench.ask_over_tcp(&[&long, &short]);
    let counts = responses
        .iter()
        .map(|response| Message::from_vec(response).unwrap().answers.len());
    assert_eq!(counts.collect::<BTreeSet<_>>(), BTreeSet::from([1, 15]));
    assert!(bench.asked_upstream().is_empty());
    assert!(bench.ask_over_tcp(&[&short]).len() == 1);
}

#[test]
fn tcp_fails_over_to_the_alternate_server() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(100));
    let question = question("www.lineauth.mnw.", RecordType::AAAA, None);
    let responses = bench.ask_over_tcp(&[&question]);
    assert_eq!(Message::from_vec(&responses[0]).unwrap().answers.len(), 1);
}

#[test]
fn the_line_is_not_served_without_the_defect() {
    let asked = question("www.lineauth.mnw.", RecordType::AAAA, None);
    for defects in [&[][..], &[Defect::DnsOpenOnWan]] {
        let mut bench = Bench::new(defects);
        let frame = Envelope::new(OTHER_MAC, WAN_MAC, STRANGER, WAN).udp(4000, 53, &asked);
        bench.forget();
        bench.world.with(bench.line, |_, cx| cx.send(0, frame));
        bench.world.run_until(Time::from_secs(1)).unwrap();
        let answered = bench
            .wan_frames()
            .iter()
            .any(|frame| Packet::parse(frame).is_some_and(|packet| packet.destination == STRANGER));
        assert_eq!(answered, !defects.is_empty());
    }
}

#[test]
fn more_questions_than_there_is_room_for_fail_at_once() {
    let mut bench = Bench::new(&[]);
    bench.silence(0, Time::from_secs(100));
    bench.silence(1, Time::from_secs(100));
    for count in 0..520 {
        let name = format!("host{count}.lineauth.mnw.");
        bench.send(&question(&name, RecordType::AAAA, None));
    }
    assert_eq!(bench.received().len(), 8);
}

#[test]
fn each_defect_shows() {
    let large = question("pweb.base.oqs-pdl.org.", RecordType::AAAA, Some(1400));
    let with_edns = question("www.lineauth.mnw.", RecordType::AAAA, Some(1232));
    let plain = question("WWW.lineauth.mnw.", RecordType::AAAA, None);
    let ask = |defect, question: &[u8]| Bench::new(&[defect]).ask(question);
    let read =
        |defect, question: &[u8]| Message::from_vec(&ask(defect, question).unwrap()).unwrap();

    assert_eq!(ask(Defect::NoDnsProxy, &plain), None);
    assert_eq!(ask(Defect::DropsEdns, &with_edns), None);
    assert!(ask(Defect::DropsEdns, &plain).is_some());
    assert_eq!(ask(Defect::DropsLargeAnswers, &large), None);
    let strange = question("www.lineauth.mnw.", RecordType::Unknown(65400), None);
    assert_eq!(ask(Defect::DropsUnknownTypes, &strange), None);

    let cut = read(Defect::Truncates512, &large);
    assert!(cut.metadata.truncation && cut.edns.is_some());
    let cut = ask(Defect::TruncatesWithoutTc, &large).unwrap();
    assert!(!dns::is_truncated(&cut) && cut.len() <= 512);
    assert!(Message::from_vec(&cut).unwrap().answers.len() < 15);

    assert!(read(Defect::FiltersAaaa, &plain).answers.is_empty());
    assert!(read(Defect::StripsEdns, &with_edns).edns.is_none());
    let name = read(Defect::LowercasesNames, &plain).queries[0]
        .name
        .to_ascii();
    assert_eq!(name, "www.lineauth.mnw.");
    let missing = question("nobody.lineauth.mnw.", RecordType::AAAA, None);
    let hidden = read(Defect::HidesNxdomain, &missing).metadata.response_code;
    assert_eq!(hidden, ResponseCode::NoError);
    let mut deaf = Bench::new(&[Defect::NoDnsTcp]);
    assert!(deaf.ask_over_tcp(&[&plain]).is_empty());
}

#[test]
fn the_defects_of_the_table_ask_the_wrong_servers() {
    let asked = |defect, name: &str| {
        let mut bench = Bench::new(&[defect]);
        bench.ask(&question(name, RecordType::AAAA, None));
        let servers = bench.servers_asked();
        (servers, bench.ons, bench.ngn)
    };
    let (servers, _, ngn) = asked(Defect::OneDnsForAll, "www.lineauth.mnw.");
    assert_eq!(servers, [ngn[0]]);
    let (servers, ons, ngn) = asked(Defect::LeaksOnsNames, "www.lineauth.mnw.");
    assert_eq!(servers, [ngn[0], ons[0]]);
    let (servers, ons, _) = asked(Defect::AlternateFirst, "www.lineauth.mnw.");
    assert_eq!(servers, [ons[1]]);
    let (servers, ons, _) = asked(Defect::NgnNamesToOns, "assv.asc.flets-east.jp.");
    assert_eq!(servers, [ons[0]]);
    let mut bench = Bench::new(&[Defect::NoFailover]);
    bench.silence(0, Time::from_secs(100));
    bench.ask(&question("www.lineauth.mnw.", RecordType::AAAA, None));
    assert_eq!(bench.servers_asked(), [bench.ons[0]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_from_either_side_leave_the_forwarder_running(
        queries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
        replies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
        flips in prop::collection::vec((2_usize..60, any::<u8>()), 0..6),
        defect in prop::sample::select(&Defect::ALL[..19]),
    ) {
        let mut bench = Bench::new(&[defect]);
        for query in &queries {
            bench.send(query);
            let mut header = question("www.lineauth.mnw.", RecordType::AAAA, Some(1232));
            for (at, byte) in &flips {
                header[*at % 45] = *byte;
            }
            bench.send(&header);
        }
        bench.silence(0, Time::from_secs(1));
        bench.send(&question("www.lineauth.mnw.", RecordType::AAAA, None));
        if !bench.asked_upstream().is_empty() {
            let (query, server, port) = bench.last_upstream();
            for bytes in &replies {
                bench.reply(server, port, bytes);
                let tail = bytes.get(2..).unwrap_or_default();
                bench.reply(server, port, &[&query[..2], tail].concat());
            }
        }
        let end = bench.world.now() + Duration::from_secs(20);
        bench.world.run_until(end).unwrap();
        let last = question("hweb.oqs.onshikaku.org.", RecordType::A, None);
        prop_assert_eq!(bench.ask(&last).is_some(), defect != Defect::NoDnsProxy);
    }
}

/// A terminal, the forwarder, and the network's four servers.
struct Bench {
    world: World,
    servers: [Handle<DnsServer>; 2],
    terminal: Handle<Ear>,
    line: Handle<Ear>,
    ons: [Ipv6Addr; 2],
    ngn: [Ipv6Addr; 2],
    answered_at: Time,
}

/// A node that keeps what it hears.
#[derive(Default)]
struct Ear {
    heard: Vec<Frame>,
}

/// The forwarder with just enough of a router around it.
struct ProxyNode(DnsProxy);

impl Bench {
    fn new(defects: &[Defect]) -> Self {
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
            wrong_on_purpose: Vec::new(),
        };
        let mut proxy = DnsProxy::new(&setup, &defects.iter().copied().collect());
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

    fn silence(&mut self, server: usize, until: Time) {
        self.world
            .with(self.servers[server], |server, _| server.silence(until));
    }

    /// Sends a query and lets the world settle without letting time pass.
    fn send(&mut self, query: &[u8]) {
        let frame = Envelope::new(OTHER_MAC, WAN_MAC, TERMINAL, LAN).udp(5000, 53, query);
        self.world.with(self.terminal, |_, cx| cx.send(0, frame));
        let now = self.world.now();
        self.world.run_until(now).unwrap();
    }

    /// Sends a query and waits up to ten seconds for its answer.
    fn ask(&mut self, query: &[u8]) -> Option<Vec<u8>> {
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
    fn ask_over_tcp(&mut self, queries: &[&[u8]]) -> Vec<Vec<u8>> {
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
    fn reply(&mut self, from: SocketAddrV6, port: u16, payload: &[u8]) {
        let envelope = Envelope::new(OTHER_MAC, WAN_MAC, *from.ip(), WAN);
        let frame = envelope.udp(from.port(), port, payload);
        self.world.with(self.line, |_, cx| cx.send(0, frame));
        let now = self.world.now();
        self.world.run_until(now).unwrap();
    }

    fn received(&mut self) -> Vec<Vec<u8>> {
        let payload = |frame: &Frame| Some(Packet::parse(frame)?.udp()?.payload.to_vec());
        self.lan_frames().iter().filter_map(payload).collect()
    }

    fn lan_frames(&mut self) -> Vec<Frame> {
        self.world
            .with(self.terminal, |ear, _| std::mem::take(&mut ear.heard))
    }

    fn wan_frames(&mut self) -> Vec<Frame> {
        self.world.with(self.line, |ear, _| ear.heard.clone())
    }

    fn forget(&mut self) {
        self.world.with(self.line, |ear, _| ear.heard.clear());
    }

    /// Returns the UDP queries that went to servers, each with its server.
    fn asked_upstream(&mut self) -> Vec<(Vec<u8>, Ipv6Addr)> {
        let query = |frame: &Frame| {
            let packet = Packet::parse(frame)?;
            let udp = packet.udp()?;
            (udp.destination_port == 53).then(|| (udp.payload.to_vec(), packet.destination))
        };
        self.wan_frames().iter().filter_map(query).collect()
    }

    fn servers_asked(&mut self) -> Vec<Ipv6Addr> {
        let asked = self.asked_upstream();
        asked.into_iter().map(|(_, server)| server).collect()
    }

    /// Returns the last query that went to a server, that server, and the port it came from.
    fn last_upstream(&mut self) -> (Vec<u8>, SocketAddrV6, u16) {
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

fn question(name: &str, kind: RecordType, edns: Option<u16>) -> Vec<u8> {
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

const WAN_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
const OTHER_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 2]);
const WAN: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca00, 0, 0, 0, 1);
const LAN: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca01, 0, 0, 0, 1);
const TERMINAL: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca01, 0, 0, 0, 2);
const STRANGER: Ipv6Addr = Ipv6Addr::new(0x2408, 0x210, 0, 1, 0, 0, 0, 2);
