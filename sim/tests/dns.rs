//! The DNS servers of the network, asked frame by frame in a world of their own.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use ngnlab_sim::frame::Frame;
use ngnlab_sim::line::{Area, DnsQuirk, Line};
use ngnlab_sim::message::dns;
use ngnlab_sim::message::packet::{Envelope, Mac, Packet, frame_ip};
use ngnlab_sim::node::dns::{DnsServer, DnsServerConfig, Zones};
use ngnlab_sim::node::part::tcp::{ConnState, TcpStack};
use ngnlab_sim::{Context, Handle, Node, Pace, Time, World};
use proptest::prelude::*;

#[test]
fn an_answer_comes_back_from_where_the_question_went() {
    let mut bench = Bench::new(&[]);
    let frames = bench.exchange(udp(53, &query("www.lineauth.mnw.", RecordType::AAAA)));
    let packet = Packet::parse(&frames[0]).unwrap();
    assert_eq!((packet.source, packet.destination), (SERVER, CLIENT));
    assert_eq!(
        (packet.eth_source, packet.eth_destination),
        (SERVER_MAC, EDGE_MAC)
    );
    let udp = packet.udp().unwrap();
    assert_eq!((udp.source_port, udp.destination_port), (53, 40_000));
    let response = Message::from_vec(udp.payload).unwrap();
    assert_eq!(response.metadata.response_code, ResponseCode::NoError);
    assert_eq!(response.answers.len(), 1);
}

#[test]
fn every_answer_fits_into_a_packet_of_1500_bytes() {
    let mut bench = Bench::new(&[]);
    let question = with_edns(&query("pweb.base.oqs-pdl.org.", RecordType::ANY), u16::MAX);
    let frames = bench.exchange(udp(53, &question));
    assert!(frames[0].len() <= 14 + 1500);
    assert!(payload(&frames[0]).len() > 512);
}

#[test]
fn other_ports_are_unreachable_and_echo_is_not_answered() {
    let mut bench = Bench::new(&[]);
    let frames = bench.exchange(udp(123, b"time?"));
    let icmpv6 = Packet::parse(&frames[0]).unwrap().icmpv6().unwrap();
    assert_eq!((icmpv6.kind, icmpv6.code), (1, 4));
    let echo = envelope().icmpv6(128, 0, &[0, 1, 0, 1]);
    assert!(bench.exchange(echo).is_empty());
}

#[test]
fn a_silenced_server_answers_again_afterwards() {
    let mut bench = Bench::new(&[]);
    let question = udp(53, &query("www.lineauth.mnw.", RecordType::AAAA));
    bench.world.with(bench.server, |server, _| {
        server.silence(Time::from_secs(10))
    });
    assert!(bench.exchange(question.clone()).is_empty());
    bench.world.run_until(Time::from_secs(10)).unwrap();
    assert_eq!(bench.exchange(question).len(), 1);
}

#[test]
fn a_server_that_truncates_at_512_does_so_whatever_edns_says() {
    let mut bench = Bench::new(&[DnsQuirk::TruncatesAt512]);
    let question = with_edns(&query("pweb.base.oqs-pdl.org.", RecordType::AAAA), 4096);
    let frames = bench.exchange(udp(53, &question));
    let payload = payload(&frames[0]);
    assert!(payload.len() <= 512);
    assert!(Message::from_vec(payload).unwrap().metadata.truncation);
}

#[test]
fn reverse_names_are_not_answered_unless_the_server_denies_or_refuses_them() {
    let name = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.a.c.0.0.e.0.f.f.3.0.8.0.4.2.ip6.arpa.";
    let reverse = udp(53, &query(name, RecordType::PTR));
    assert!(Bench::new(&[]).exchange(reverse.clone()).is_empty());
    for (quirk, code) in [
        (DnsQuirk::DeniesPtr, ResponseCode::NXDomain),
        (DnsQuirk::RefusesPtr, ResponseCode::Refused),
    ] {
        let frames = Bench::new(&[quirk]).exchange(reverse.clone());
        let response = Message::from_vec(payload(&frames[0])).unwrap();
        assert_eq!(response.metadata.response_code, code);
    }
    // A PTR record below a name of ours is no reverse look-up.
    let forward = query("pointer.ngnlab.onshikaku.org.", RecordType::PTR);
    assert_eq!(Bench::new(&[]).exchange(udp(53, &forward)).len(), 1);
}

#[test]
fn pipelined_questions_over_tcp_are_all_answered_in_full() {
    let mut bench = Bench::new(&[]);
    let mut stream = dns::to_stream(&query("pweb.base.oqs-pdl.org.", RecordType::AAAA));
    stream.extend(dns::to_stream(&query(
        "www.lineauth.mnw.",
        RecordType::AAAA,
    )));
    // The cut falls into the first length prefix.
    let mut received = bench.over_tcp(&[&stream[..1], &stream[1..]]);
    let first = Message::from_vec(&dns::take_from_stream(&mut received).unwrap()).unwrap();
    assert_eq!((first.answers.len(), first.additionals.len()), (15, 8));
    assert!(!first.metadata.truncation);
    let second = Message::from_vec(&dns::take_from_stream(&mut received).unwrap()).unwrap();
    assert_eq!(second.answers.len(), 1);
    assert!(received.is_empty());
}

#[test]
fn a_server_without_tcp_resets_connections() {
    let mut bench = Bench::new(&[DnsQuirk::NoTcp]);
    assert!(bench.over_tcp(&[b"\0"]).is_empty());
    let refused = bench.world.with(bench.edge, |edge, _| edge.refused);
    assert!(refused);
}

proptest! {
    #[test]
    fn any_bytes_leave_the_server_running(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..8),
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..4),
        flips in prop::collection::vec((0_usize..60, any::<u8>()), 0..6),
    ) {
        let mut bench = Bench::new(&[]);
        for message in messages {
            bench.exchange(udp(53, &message));
        }
        for bytes in frames {
            bench.exchange(Frame::from(bytes));
        }
        let mut bent = with_edns(&query("pweb.base.oqs-pdl.org.", RecordType::AAAA), 1232);
        for (at, byte) in flips {
            if let Some(place) = bent.get_mut(at) {
                *place = byte;
            }
        }
        bench.exchange(udp(53, &bent));
        let question = udp(53, &query("www.lineauth.mnw.", RecordType::AAAA));
        prop_assert_eq!(bench.exchange(question).len(), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_stream_leaves_the_server_running(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..3),
    ) {
        let mut bench = Bench::new(&[]);
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        bench.over_tcp(&pieces);
        let end = bench.world.now() + Duration::from_secs(60);
        bench.world.run_until(end).unwrap();
        let question = dns::to_stream(&query("www.lineauth.mnw.", RecordType::AAAA));
        prop_assert!(!bench.over_tcp(&[&question]).is_empty());
    }
}

/// A DNS server with its core cable in our hands.
struct Bench {
    world: World,
    server: Handle<DnsServer>,
    edge: Handle<Edge>,
}

/// What stands in for the edge: it keeps what it gets.
#[derive(Default)]
struct Edge {
    received: Vec<Frame>,
    refused: bool,
}

impl Bench {
    fn new(quirks: &[DnsQuirk]) -> Self {
        let line = Line::preset("next-pd", Area::East).unwrap();
        let mut world = World::new(1, Pace::Virtual);
        let config = DnsServerConfig {
            address: SERVER,
            zones: Zones::ons(&line),
            quirks: quirks.to_vec(),
        };
        let server = world.add("ons-dns", DnsServer::new(config));
        let edge = world.add("edge", Edge::default());
        world.connect(edge.port(0), server.port(DnsServer::PORT));
        Self {
            world,
            server,
            edge,
        }
    }

    /// Sends a frame and returns what comes back at once.
    fn exchange(&mut self, frame: Frame) -> Vec<Frame> {
        self.world.with(self.edge, |_, cx| cx.send(0, frame));
        let now = self.world.now();
        self.world.run_until(now).unwrap();
        self.received()
    }

    /// Writes pieces on one connection, each in its own segment, and returns what comes back.
    fn over_tcp(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut stack = TcpStack::new(self.world.now().as_nanos().unsigned_abs());
        stack.set_addresses(&[CLIENT]);
        let to = SocketAddrV6::new(SERVER, 53, 0, 0);
        let connection = stack.connect(CLIENT, to, self.world.now()).unwrap();
        self.settle(&mut stack);
        for piece in pieces {
            stack.write(connection, piece);
            self.settle(&mut stack);
        }
        let refused = stack.state(connection) == ConnState::Refused;
        self.world.with(self.edge, |edge, _| edge.refused = refused);
        stack.read(connection)
    }

    /// Carries segments to and fro until both sides are content.
    fn settle(&mut self, stack: &mut TcpStack) {
        for _ in 0..20 {
            let deadline = self.world.now() + Duration::from_millis(50);
            for ip in stack.poll(self.world.now()) {
                for frame in self.exchange(frame_ip(EDGE_MAC, SERVER_MAC, &ip)) {
                    stack.receive(&frame[14..], self.world.now());
                }
            }
            self.world.run_until(deadline).unwrap();
            for frame in self.received() {
                stack.receive(&frame[14..], self.world.now());
            }
        }
    }

    fn received(&mut self) -> Vec<Frame> {
        self.world
            .with(self.edge, |edge, _| std::mem::take(&mut edge.received))
    }
}

impl Node for Edge {
    fn handle_frame(&mut self, _port: u8, frame: &Frame, _cx: &mut Context<'_>) {
        self.received.push(frame.clone());
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

fn udp(port: u16, payload: &[u8]) -> Frame {
    envelope().udp(40_000, port, payload)
}

fn payload(frame: &Frame) -> &[u8] {
    Packet::parse(frame).unwrap().udp().unwrap().payload
}

fn envelope() -> Envelope {
    Envelope::new(EDGE_MAC, SERVER_MAC, CLIENT, SERVER)
}

fn query(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message.to_vec().unwrap()
}

fn with_edns(query: &[u8], size: u16) -> Vec<u8> {
    let mut message = Message::from_vec(query).unwrap();
    let mut edns = Edns::new();
    edns.set_max_payload(size);
    message.set_edns(edns);
    message.to_vec().unwrap()
}

const EDGE_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
const SERVER_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 2]);
const SERVER: Ipv6Addr = Ipv6Addr::new(0x2404, 0x1a8, 0xf583, 0xd00, 0, 0, 0x53, 1);
const CLIENT: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca00, 0, 0, 0, 1);
