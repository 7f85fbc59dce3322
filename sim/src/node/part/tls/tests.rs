//! A client and a server on one wire.

use std::net::{Ipv6Addr, SocketAddrV6};

use proptest::prelude::*;

use super::*;
use crate::time::Time;

#[test]
fn a_client_with_the_root_talks_to_the_server() {
    take_secrets();
    let mut wire = Wire::new(Trust::Installed, HOST);
    wire.settle();
    assert_eq!(wire.client.state(), TlsState::Open);
    assert_eq!(wire.server.state(), TlsState::Open);
    assert_eq!(wire.server.host(), Some(HOST));

    wire.client.write("こんにちは".as_bytes());
    wire.settle();
    assert_eq!(wire.server.read(), "こんにちは".as_bytes());
    let page = vec![b'x'; 100_000];
    wire.server.write(&page);
    wire.settle();
    assert_eq!(wire.client.read(), page);

    wire.server.close(&mut wire.stacks.1);
    wire.settle();
    assert_eq!(wire.client.state(), TlsState::Closed);
    let secrets = take_secrets();
    assert!(
        secrets
            .iter()
            .any(|line| line.starts_with("SERVER_TRAFFIC_SECRET_0 "))
    );
}

#[test]
fn a_client_without_the_root_rejects_the_certificate_and_the_server_learns_why() {
    let mut wire = Wire::new(Trust::Missing, HOST);
    wire.settle();
    let TlsState::Failed(failure) = wire.client.state() else {
        panic!("{:?}", wire.client.state());
    };
    assert!(failure.certificate);
    let TlsState::Failed(failure) = wire.server.state() else {
        panic!("{:?}", wire.server.state());
    };
    assert!(!failure.certificate);
    assert!(failure.reason.contains("UnknownCA"), "{}", failure.reason);
}

#[test]
fn a_certificate_for_another_host_is_rejected_unless_the_user_goes_on() {
    let mut wire = Wire::new(Trust::Installed, "www.example.org");
    wire.settle();
    assert!(matches!(wire.client.state(), TlsState::Failed(why) if why.certificate));
    let mut wire = Wire::new(Trust::Overridden, "www.example.org");
    wire.settle();
    assert_eq!(wire.client.state(), TlsState::Open);
}

#[test]
fn the_root_is_a_pem_certificate() {
    let pem = Pki::shared().root_pem();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(TlsSession::server(wire_conn(), "www.example.org").is_none());
}

#[test]
fn a_connection_that_ends_early_is_a_failed_handshake() {
    let mut wire = Wire::new(Trust::Installed, HOST);
    wire.stacks.0.abort(wire.client.tcp());
    wire.settle();
    assert!(matches!(wire.server.state(), TlsState::Failed(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_do_not_upset_the_server(mut bytes: Vec<u8>, looks_like_tls: bool) {
        if looks_like_tls {
            let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
            bytes.splice(0..0, [22, 3, 1, length[0], length[1]]);
        }
        let mut session = TlsSession::server(wire_conn(), HOST).unwrap();
        session.take_in(&bytes);
        session.take_in(&bytes);
        session.give_out(&mut TcpStack::new(1));
        prop_assert_ne!(session.state(), TlsState::Open);
    }
}

const HOST: &str = "www.lineauth.mnw";
const CLIENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1);
const SERVER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1);

fn wire_conn() -> ConnId {
    let mut stack = TcpStack::new(1);
    stack.set_addresses(&[CLIENT]);
    let to = SocketAddrV6::new(SERVER, 443, 0, 0);
    stack.connect(CLIENT, to, Time::ZERO).unwrap()
}

struct Wire {
    stacks: (TcpStack, TcpStack),
    client: TlsSession,
    server: TlsSession,
}

impl Wire {
    fn new(trust: Trust, host: &str) -> Self {
        let mut stacks = (TcpStack::new(1), TcpStack::new(2));
        stacks.0.set_addresses(&[CLIENT]);
        stacks.1.set_addresses(&[SERVER]);
        stacks.1.listen(443);
        let to = SocketAddrV6::new(SERVER, 443, 0, 0);
        let conn = stacks.0.connect(CLIENT, to, Time::ZERO).unwrap();
        while carry(&mut stacks) {}
        let accepted = stacks.1.accept().unwrap();
        Self {
            stacks,
            client: TlsSession::client(conn, host, trust).unwrap(),
            server: TlsSession::server(accepted, HOST).unwrap(),
        }
    }

    fn settle(&mut self) {
        loop {
            self.client.pump(&mut self.stacks.0);
            self.server.pump(&mut self.stacks.1);
            if !carry(&mut self.stacks) {
                return;
            }
        }
    }
}

fn carry(stacks: &mut (TcpStack, TcpStack)) -> bool {
    let there = stacks.0.poll(Time::ZERO);
    let back = stacks.1.poll(Time::ZERO);
    there.iter().for_each(|p| stacks.1.receive(p, Time::ZERO));
    back.iter().for_each(|p| stacks.0.receive(p, Time::ZERO));
    !(there.is_empty() && back.is_empty())
}
