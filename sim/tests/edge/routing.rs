//! Where packets go, and what becomes of them when the line is renumbered.

use std::net::Ipv6Addr;

use dhcproto::v6::DhcpOption;
use etherparse::TcpHeader;
use ngnlab_sim::Time;
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::dhcpv6::{self, Delegated, MessageType, prefixes};
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::{Packet, solicited_node};
use ngnlab_sim::node::edge::Edge;
use ngnlab_sim::trace::LineState;

use crate::bench::Bench;
use crate::subscriber::{WAN, client_id, ia, router_advert};

#[test]
fn hosts_of_an_ra_line_are_resolved_one_by_one() {
    let mut bench = Bench::new("next-ra", Area::East);
    let host = bench.host();
    bench.server_sends(host);
    bench.run_for(1);
    let asks = bench.received();
    let packet = Packet::parse(&asks[0]).unwrap();
    assert_eq!(packet.destination, solicited_node(host));
    assert_eq!(
        (packet.source, packet.traffic_class),
        (bench.edge_address(), 0xb8)
    );
    let target = Ndp::parse(&packet);
    assert!(matches!(target, Some(Ndp::NeighborSolicit(ask)) if ask.target == host));

    bench.subscriber.answer(host);
    bench.run_for(1);
    let frames = bench.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    assert_eq!((packet.destination, packet.eth_destination), (host, WAN));
    assert_eq!(packet.hop_limit, 63);
}

#[test]
fn a_silent_host_is_reported_to_the_server_after_three_asks() {
    let mut bench = Bench::new("next-ra", Area::East);
    let host = bench.host();
    bench.server_sends(host);
    bench.run_for(60);
    // 10 s apart, as the advertised timer says.
    assert_eq!(bench.received().len(), 3);
    let error = bench.core.pop().unwrap();
    let message = Packet::parse(&error).unwrap().icmpv6().unwrap();
    assert_eq!((message.kind, message.code), (1, 3));
}

#[test]
fn a_delegated_prefix_goes_to_the_client() {
    let mut bench = Bench::new("next-pd", Area::West);
    let inside = bench.in_assignment(7);
    bench.server_sends(inside);
    bench.run_for(1);
    assert!(
        bench.received().is_empty(),
        "no route before the delegation"
    );
    bench.delegate();
    bench.server_sends(inside);
    bench.run_for(1);
    let frames = bench.received();
    assert_eq!(Packet::parse(&frames[0]).unwrap().destination, inside);
    assert_eq!(Packet::parse(&frames[0]).unwrap().eth_destination, WAN);
}

#[test]
fn only_sources_inside_the_assignment_pass() {
    let mut bench = Bench::new("next-ra", Area::East);
    assert!(bench.passes(bench.host()));
    assert!(!bench.passes(WAN.link_local()));
    assert!(!bench.passes("2408:3ff:e00:ca01::1".parse().unwrap()));
    assert!(!bench.passes(Ipv6Addr::UNSPECIFIED));
    let mut bench = Bench::new("next-pd", Area::East);
    let inside = bench.in_assignment(1);
    assert!(!bench.passes(inside), "nothing was delegated yet");
    bench.delegate();
    assert!(bench.passes(inside));
}

#[test]
fn the_wireguard_mark_is_dropped() {
    let mut bench = Bench::new("next-ra", Area::East);
    let to = bench.line.area.values().line_auth;
    let envelope = bench.to_edge(bench.host(), to);
    bench.send(envelope.with_traffic_class(0x88).udp(9, 9, b"x"));
    bench.run_for(1);
    assert!(bench.core.pop().is_none());
}

#[test]
fn an_exhausted_hop_limit_is_reported() {
    let mut bench = Bench::new("next-ra", Area::East);
    let source = bench.host();
    bench.introduce(source);
    let to = bench.line.area.values().line_auth;
    bench.send(bench.to_edge(source, to).with_hop_limit(1).udp(9, 9, b"x"));
    bench.run_for(1);
    let frames = bench.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    let message = packet.icmpv6().unwrap();
    assert_eq!(
        (message.kind, message.code, packet.destination),
        (3, 0, source)
    );
    assert_eq!(packet.traffic_class, 0xb8);
}

#[test]
fn connections_to_the_internet_are_reset() {
    let mut bench = Bench::new("next-ra", Area::East);
    let source = bench.host();
    bench.introduce(source);
    let outside: Ipv6Addr = "2606:4700:4700::1111".parse().unwrap();
    let mut syn = TcpHeader::new(40_000, 443, 1000, 65_535);
    syn.syn = true;
    bench.send(bench.to_edge(source, outside).tcp(syn, &[]));
    bench.run_for(1);
    let frames = bench.received();
    let packet = Packet::parse(&frames[0]).unwrap();
    let segment = packet.tcp().unwrap();
    assert_eq!((packet.source, packet.destination), (outside, source));
    assert!(segment.rst() && segment.ack());
    assert_eq!(segment.acknowledgment_number(), 1001);

    bench.send(bench.to_edge(source, outside).udp(9, 9, b"x"));
    bench.run_for(1);
    let frames = bench.received();
    let message = Packet::parse(&frames[0]).unwrap().icmpv6().unwrap();
    assert_eq!((message.kind, message.code), (1, 0));
}

#[test]
fn delivery_hosts_need_the_v6_option() {
    let mut bench = Bench::new("next-ra", Area::East);
    let delivery = bench.line.area.values().delivery;
    assert!(bench.passes_to(bench.host(), delivery));
    let mut line = Line::preset("next-ra", Area::East).unwrap();
    line.v6_option = false;
    let mut bench = Bench::of(line);
    bench.introduce(bench.host());
    assert!(!bench.passes_to(bench.host(), delivery));
    let frames = bench.received();
    let message = Packet::parse(&frames[0]).unwrap().icmpv6().unwrap();
    assert_eq!(message.kind, 1);
}

#[test]
fn renumbering_an_ra_line_withdraws_the_old_prefix_at_once() {
    let mut bench = Bench::new("next-ra", Area::East);
    let (old, new) = (bench.line.assignment(0), bench.line.assignment(1));
    bench.run_to(Time::from_secs(20));
    let edge = bench.edge;
    bench
        .registry
        .write()
        .set_state(old.addr(), LineState::Authenticated);
    bench.world.with(edge, Edge::renumber);
    bench.run_for(1);
    let advert = router_advert(&bench.received()[0]).unwrap();
    let told: Vec<_> = advert
        .prefixes()
        .map(|prefix| (prefix.prefix, prefix.valid, prefix.preferred))
        .collect();
    assert_eq!(told, [(old.addr(), 0, 0), (new.addr(), 2_592_000, 604_800)]);
    assert!(bench.registry.read().entry_of(old.addr()).is_none());
    let state = bench.registry.read().entry_of(new.addr()).unwrap().state;
    assert_eq!(state, bench.line.first_state());
    assert_eq!(bench.assigned(), [old, new]);
    assert!(!bench.passes(WAN.in_prefix(old.addr())));
    assert!(bench.passes(WAN.in_prefix(new.addr())));
}

#[test]
fn a_renumbered_pd_line_tells_at_the_next_renew() {
    let mut bench = Bench::new("next-pd", Area::East);
    let (old, new) = (bench.line.assignment(0), bench.line.assignment(1));
    let server = bench.delegate();
    let edge = bench.edge;
    bench.world.with(edge, Edge::renumber);
    assert!(
        bench.passes(WAN.in_prefix(old.addr())),
        "the lease still holds"
    );
    bench.run_to(Time::from_secs(7200));
    let held = Delegated {
        prefix: old,
        preferred: 12_600,
        valid: 14_400,
    };
    let renew = [client_id(), DhcpOption::ServerId(server), ia(1, &[held])];
    let reply = bench.ask(MessageType::Renew, renew).unwrap();
    let told: Vec<_> = prefixes(dhcpv6::delegations(&reply).next().unwrap())
        .into_iter()
        .map(|delegated| (delegated.prefix, delegated.preferred, delegated.valid))
        .collect();
    assert_eq!(told, [(old, 0, 0), (new, 12_600, 14_400)]);
    assert_eq!(bench.assigned(), [old, new]);
    assert!(!bench.passes(WAN.in_prefix(old.addr())));
    assert!(bench.passes(WAN.in_prefix(new.addr())));
}

#[test]
fn renumbering_a_pd_line_without_a_lease_takes_effect_at_once() {
    let mut bench = Bench::new("next-pd", Area::West);
    bench.run_to(Time::from_secs(1));
    let edge = bench.edge;
    bench.world.with(edge, Edge::renumber);
    assert_eq!(
        bench.assigned(),
        [bench.line.assignment(0), bench.line.assignment(1)]
    );
}
