//! Two stacks on one wire.

use etherparse::TcpHeader;
use proptest::prelude::*;

use super::*;
use crate::message::packet::{ETHERNET_HEADER, Envelope, Mac};

#[test]
fn two_stacks_exchange_data_and_close() {
    let mut wire = Wire::new();
    let client = wire.connect(80);
    wire.settle();
    let server = wire.server.accept().unwrap();
    assert_eq!(wire.client.state(client), ConnState::Open);
    assert_eq!(wire.server.peer(server), wire.client.local(client));
    assert_eq!(*wire.server.local(server).ip(), SERVER);

    wire.client.write(client, b"hello");
    wire.settle();
    assert_eq!(wire.server.read(server), b"hello");
    let long = vec![7; 300_000];
    wire.server.write(server, &long);
    wire.server.close(server);
    let mut got = Vec::new();
    for _ in 0..100 {
        wire.settle();
        got.extend(wire.client.read(client));
    }
    assert_eq!(got, long);
    assert_eq!(wire.client.state(client), ConnState::PeerClosed);
    wire.client.close(client);
    wire.settle();
    assert_eq!(wire.client.state(client), ConnState::Closed);
    assert_eq!(wire.server.state(server), ConnState::Closed);
}

#[test]
fn a_closed_port_refuses() {
    let mut wire = Wire::new();
    let client = wire.connect(81);
    wire.settle();
    assert_eq!(wire.client.state(client), ConnState::Refused);
    assert!(wire.server.accept().is_none());
}

#[test]
fn a_reset_reaches_the_other_end() {
    let mut wire = Wire::new();
    let client = wire.connect(80);
    wire.settle();
    let server = wire.server.accept().unwrap();
    wire.client.abort(client);
    wire.client.forget(client);
    wire.settle();
    assert_eq!(wire.server.state(server), ConnState::Closed);
    assert!(wire.client.connections.is_empty());
}

#[test]
fn a_lost_packet_is_sent_again() {
    let mut wire = Wire::new();
    let client = wire.connect(80);
    wire.settle();
    let server = wire.server.accept().unwrap();
    wire.client.write(client, b"once");
    assert_eq!(wire.client.poll(wire.now).len(), 1);
    wire.settle();
    assert!(wire.server.read(server).is_empty());
    wire.run_for(Duration::from_secs(5));
    assert_eq!(wire.server.read(server), b"once");
}

#[test]
fn a_connection_survives_25_silent_seconds_and_sends_nothing() {
    let mut wire = Wire::new();
    let client = wire.connect(80);
    wire.settle();
    let server = wire.server.accept().unwrap();
    let packets = wire.run_for(Duration::from_secs(25));
    assert_eq!(packets, 0);
    wire.server.write(server, b"late");
    wire.settle();
    assert_eq!(wire.client.read(client), b"late");
}

#[test]
fn many_connections_are_accepted_up_to_a_bound() {
    let mut wire = Wire::new();
    let clients: Vec<_> = (0..MAX_PER_PORT + 3).map(|_| wire.connect(80)).collect();
    wire.settle();
    let open = clients
        .iter()
        .filter(|c| wire.client.state(**c) == ConnState::Open)
        .count();
    // One place is kept free while others are half-open.
    assert_eq!(open, MAX_PER_PORT - 1);
    while let Some(server) = wire.server.accept() {
        wire.server.abort(server);
        wire.server.forget(server);
    }
    wire.settle();
    let again = wire.connect(80);
    wire.settle();
    assert_eq!(wire.client.state(again), ConnState::Open);
}

#[test]
fn half_open_connections_expire() {
    let mut wire = Wire::new();
    wire.connect(80);
    let syn = wire.client.poll(wire.now).remove(0);
    wire.server.receive(&syn, wire.now);
    assert_eq!(wire.server.connections.len(), 1);
    for _ in 0..100 {
        let Some(due) = wire.server.poll_timeout() else {
            break;
        };
        wire.now = wire.now.max(due);
        wire.server.poll(wire.now);
    }
    assert!(wire.server.connections.is_empty());
}

#[test]
fn segments_are_no_longer_than_a_lowered_mtu() {
    let mut wire = Wire::new();
    let client = wire.connect(80);
    wire.settle();
    wire.client.lower_mtu(1_300);
    wire.client.lower_mtu(1_400);
    wire.client.write(client, &[1; 5_000]);
    let lengths: Vec<_> = wire.client.poll(wire.now).iter().map(Vec::len).collect();
    assert_eq!(lengths.iter().max(), Some(&1_300));
    wire.client.lower_mtu(68);
    assert_eq!(wire.client.queues.mtu, 1_280);
}

#[test]
fn time_before_zero_is_time_too() {
    let mut wire = Wire::new();
    wire.now = Time::from_secs(-30);
    let client = wire.connect(80);
    wire.settle();
    assert_eq!(wire.client.state(client), ConnState::Open);
}

#[test]
fn an_unanswered_syn_is_repeated_and_polls_never_stand_still() {
    let mut wire = Wire::new();
    wire.connect(80);
    let mut polls = 0;
    while wire.now < Time::from_secs(20) {
        polls += 1;
        wire.client.poll(wire.now);
        let due = wire.client.poll_timeout().unwrap();
        assert!(due > wire.now);
        wire.now = due;
    }
    assert!(polls < 30, "{polls}");
}

#[test]
fn packets_for_others_are_ignored() {
    let mut wire = Wire::new();
    wire.connect(80);
    let mut syn = wire.client.poll(wire.now).remove(0);
    syn[39] ^= 1;
    wire.server.receive(&syn, wire.now);
    wire.server.receive(&[0x60; 20], wire.now);
    assert!(wire.server.poll(wire.now).is_empty());
    assert!(wire.client.connect(SERVER, target(80), wire.now).is_none());
}

proptest! {
    /// Segments near the right numbers, so that they get deep into the state machine.
    #[test]
    fn any_segments_are_taken_in_without_panic(
        segments in prop::collection::vec(
            (0..512_u16, 0..4_u32, -2..3_i32, any::<u16>(), any::<[u8; 8]>(), 0..3_000_usize),
            0..40,
        ),
        any_options: bool,
    ) {
        let mut wire = Wire::new();
        let mut seen = 0_u32;
        for (flags, sequence, ahead, window, options, length) in segments {
            let mut header = TcpHeader::new(4_000, 80, 1_000 + sequence, window);
            [header.fin, header.syn, header.rst, header.psh, header.ack, header.urg] =
                [1, 2, 4, 8, 16, 32].map(|bit| flags & bit != 0);
            header.acknowledgment_number = seen.wrapping_add_signed(ahead);
            if any_options {
                header.set_options_raw(&options).unwrap();
            }
            let mac = Mac([2, 0, 0, 0, 0, 1]);
            let envelope = Envelope::new(mac, mac, CLIENT, SERVER);
            let length = if flags & 64 != 0 { length % 1_400 } else { 0 };
            let frame = envelope.tcp(header, &vec![7; length]);
            if flags & 128 != 0 {
                wire.now += Duration::from_millis(700);
            }
            wire.server.receive(&frame[ETHERNET_HEADER..], wire.now);
            while let Some(connection) = wire.server.accept() {
                wire.server.write(connection, b"hello");
                if flags & 256 != 0 {
                    wire.server.close(connection);
                }
            }
            let sent = wire.server.poll(wire.now);
            prop_assert!(sent.len() < 100);
            if let Some(packet) = sent.last() {
                let numbers: [u8; 4] = packet[44..48].try_into().unwrap();
                seen = u32::from_be_bytes(numbers).wrapping_add(1);
            }
            prop_assert!(wire.server.connections.len() <= MAX_CONNECTIONS);
        }
    }

    #[test]
    fn any_bytes_are_taken_in_without_panic(mut bytes: Vec<u8>) {
        let mut wire = Wire::new();
        wire.server.receive(&bytes, wire.now);
        let mut packet = vec![0x60, 0, 0, 0, 0, 0, 6, 64];
        packet.extend(CLIENT.octets());
        packet.extend(SERVER.octets());
        packet[5] = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
        packet.append(&mut bytes);
        wire.server.receive(&packet, wire.now);
        wire.server.poll(wire.now);
    }
}

const CLIENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1);
const SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1);

#[test]
fn a_syn_that_comes_twice_opens_one_connection() {
    let mut wire = Wire::new();
    // The listening socket stands before the connection then, and would be asked first.
    let first = wire.connect(80);
    let second = wire.connect(80);
    wire.settle();
    wire.client.abort(first);
    wire.run_for(Duration::from_secs(60));
    for connection in [first, second] {
        wire.client.forget(connection);
    }
    while let Some(served) = wire.server.accept() {
        wire.server.forget(served);
    }
    wire.run_for(Duration::from_secs(60));
    let again = wire.connect(80);
    let syn = wire.client.poll(wire.now);
    assert_eq!(syn.len(), 1);
    wire.server.receive(&syn[0], wire.now);
    let answer = wire.server.poll(wire.now);
    wire.server.receive(&syn[0], wire.now);
    wire.client.receive(&answer[0], wire.now);
    wire.run_for(Duration::from_secs(5));
    assert_eq!(wire.client.state(again), ConnState::Open);
    assert!(wire.server.accept().is_some());
    assert!(wire.server.accept().is_none());
}

fn target(port: u16) -> SocketAddrV6 {
    SocketAddrV6::new(SERVER, port, 0, 0)
}

struct Wire {
    client: TcpStack,
    server: TcpStack,
    now: Time,
}

impl Wire {
    fn new() -> Self {
        let (mut client, mut server) = (TcpStack::new(1), TcpStack::new(2));
        client.set_addresses(&[CLIENT]);
        server.set_addresses(&[SERVER]);
        server.listen(80);
        Self {
            client,
            server,
            now: Time::ZERO,
        }
    }

    fn connect(&mut self, port: u16) -> ConnId {
        let now = self.now;
        self.client.connect(CLIENT, target(port), now).unwrap()
    }

    /// Carries packets back and forth until there are none; returns how many there were.
    fn settle(&mut self) -> usize {
        let mut carried = 0;
        loop {
            let there = self.client.poll(self.now);
            let back = self.server.poll(self.now);
            if there.is_empty() && back.is_empty() {
                return carried;
            }
            carried += there.len() + back.len();
            there.iter().for_each(|p| self.server.receive(p, self.now));
            back.iter().for_each(|p| self.client.receive(p, self.now));
        }
    }

    fn run_for(&mut self, span: Duration) -> usize {
        let end = self.now + span;
        let mut carried = self.settle();
        loop {
            let due = [self.client.poll_timeout(), self.server.poll_timeout()];
            match due.into_iter().flatten().min() {
                Some(due) if due <= end => self.now = self.now.max(due),
                _ => break,
            }
            carried += self.settle();
        }
        self.now = end;
        carried
    }
}
