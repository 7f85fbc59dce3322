use ngnlab_sim::Frame;
use ngnlab_sim::message::ndp::{Ndp, NeighborAdvert, NeighborSolicit, RouterSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, ALL_ROUTERS, Envelope, Mac, solicited_node};
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::{End, Role};

use crate::checks::test_verdicts::{fails, open, passes};
use crate::dissection::builder::{PC, ROUTER_LAN, ROUTER_WAN, TraceBuilder};

/// A bridge through which a terminal and the line have heard of each other.
fn bridge() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    trace.trace.header.setup.mode = Mode::Bridge;
    let (up, down) = (out(&trace, b"first"), back(&trace, b"first"));
    crosses(trace.at(1000), Role::Lan, &up);
    crosses(&mut trace, Role::Wan, &down);
    trace
}

fn crosses(trace: &mut TraceBuilder, from: Role, frame: &Frame) {
    let to = match from {
        Role::Lan => Role::Wan,
        _ => Role::Lan,
    };
    trace.frame(from, End::Network, frame.clone());
    trace.frame(to, End::Device, frame.clone());
}

fn out(trace: &TraceBuilder, payload: &[u8]) -> Frame {
    let envelope = Envelope::new(PC, trace.edge(), trace.pc(), trace.ons_dns());
    envelope.udp(40_000, 40_001, payload)
}

fn back(trace: &TraceBuilder, payload: &[u8]) -> Frame {
    let envelope = Envelope::new(trace.edge(), PC, trace.ons_dns(), trace.pc());
    envelope.udp(40_001, 40_000, payload)
}

fn with(frame: &Frame, change: impl Fn(&mut [u8])) -> Frame {
    let mut bytes = frame.to_vec();
    change(&mut bytes);
    bytes.into()
}

#[test]
fn frames_cross_as_they_are() {
    let trace = bridge();
    assert!(passes("bridge.frames.cross", &trace));
    assert!(passes("bridge.frames.unchanged", &trace));
    let mut trace = bridge();
    let lost = out(&trace, b"lost");
    trace.at(2000).frame(Role::Lan, End::Network, lost.clone());
    assert!(fails("bridge.frames.cross", &trace));
    // What is sent again and crosses is no other than itself.
    crosses(trace.at(9000), Role::Lan, &lost);
    assert!(fails("bridge.frames.cross", &trace));
    assert!(passes("bridge.frames.once", &trace));
}

#[test]
fn what_is_changed_has_crossed_and_is_found_out() {
    let changes: [fn(&mut [u8]); 3] = [
        // The hop limit, the first byte of the source, the last one of what it carries.
        |bytes| bytes[21] -= 1,
        |bytes| bytes[6..12].copy_from_slice(&ROUTER_WAN.0),
        |bytes| bytes[62] ^= 1,
    ];
    for change in changes {
        let mut trace = bridge();
        let frame = out(&trace, b"second");
        trace.at(2000).frame(Role::Lan, End::Network, frame.clone());
        trace.frame(Role::Wan, End::Device, with(&frame, change));
        assert!(fails("bridge.frames.unchanged", &trace));
        assert!(passes("bridge.frames.cross", &trace));
    }
}

#[test]
fn of_two_that_differ_in_their_class_each_is_itself() {
    let mut trace = bridge();
    let plain = out(&trace, b"second");
    let marked = with(&plain, |bytes| bytes[14] |= 2);
    for frame in [&plain, &marked] {
        trace.at(2000).frame(Role::Lan, End::Network, frame.clone());
    }
    for frame in [&plain, &marked] {
        trace.frame(Role::Wan, End::Device, frame.clone());
    }
    assert!(passes("bridge.frames.unchanged", &trace));
}

#[test]
fn a_frame_leaves_once_and_on_the_other_side() {
    let trace = bridge();
    assert!(passes("bridge.frames.once", &trace));
    assert!(passes("bridge.frames.not-reflected", &trace));
    let mut trace = bridge();
    let frame = out(&trace, b"second");
    crosses(trace.at(2000), Role::Lan, &frame);
    trace.frame(Role::Wan, End::Device, frame.clone());
    assert!(fails("bridge.frames.once", &trace));
    assert!(passes("bridge.frames.not-reflected", &trace));
    trace.frame(Role::Lan, End::Device, frame);
    assert!(fails("bridge.frames.not-reflected", &trace));
}

#[test]
fn large_frames_and_groups_cross() {
    let mut trace = bridge();
    assert!(open("bridge.full-size", &trace));
    assert!(open("bridge.multicast.crosses", &trace));
    let large = out(&trace, &[0; 1452]);
    let group = solicited_node(trace.pc());
    let edge = trace.edge();
    let looks = Envelope::new(edge, edge, edge.link_local(), group).udp(1, 2, b"");
    let nobodys = Envelope::new(edge, edge, edge.link_local(), solicited_node(ALL_NODES));
    trace.at(2000).frame(Role::Lan, End::Network, large.clone());
    trace.frame(Role::Wan, End::Network, looks.clone());
    trace.frame(Role::Wan, End::Network, nobodys.udp(1, 2, b""));
    assert!(fails("bridge.full-size", &trace));
    assert!(fails("bridge.multicast.crosses", &trace));
    trace.frame(Role::Wan, End::Device, large);
    trace.frame(Role::Lan, End::Device, looks);
    assert!(passes("bridge.full-size", &trace));
    assert!(passes("bridge.multicast.crosses", &trace));
}

fn solicit(mac: Mac) -> Frame {
    let message = RouterSolicit {
        source_link_layer: Some(mac),
    };
    let envelope = Envelope::new(mac, mac, mac.link_local(), ALL_ROUTERS).with_hop_limit(255);
    Ndp::RouterSolicit(message).build(envelope)
}

#[test]
fn the_line_advertises_and_the_bridge_does_not() {
    let mut trace = bridge();
    assert!(open("bridge.lan.no-router", &trace));
    crosses(&mut trace, Role::Lan, &solicit(PC));
    let advert = trace.advert();
    let by = |mac: Mac| {
        let envelope = Envelope::new(mac, mac, mac.link_local(), ALL_NODES).with_hop_limit(255);
        Ndp::RouterAdvert(advert.clone()).build(envelope)
    };
    crosses(trace.at(2000), Role::Wan, &by(trace_edge()));
    assert!(passes("bridge.lan.no-router", &trace));
    trace.frame(Role::Lan, End::Device, by(ROUTER_LAN));
    assert!(fails("bridge.lan.no-router", &trace));
}

fn trace_edge() -> Mac {
    TraceBuilder::new("next-ra").edge()
}

#[test]
fn nobody_but_the_terminal_has_its_address() {
    let mut trace = bridge();
    let (target, edge) = (trace.pc(), trace.edge());
    let looks = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer: Some(edge),
    });
    let group = solicited_node(target);
    let from_edge = Envelope::new(edge, edge, edge.link_local(), group).with_hop_limit(255);
    crosses(trace.at(2000), Role::Wan, &looks.build(from_edge));
    let answer = |mac: Mac| {
        let message = NeighborAdvert {
            target,
            router: false,
            solicited: true,
            replace: true,
            target_link_layer: Some(mac),
        };
        let envelope = Envelope::new(mac, edge, target, edge.link_local()).with_hop_limit(255);
        Ndp::NeighborAdvert(message).build(envelope)
    };
    crosses(&mut trace, Role::Lan, &answer(PC));
    assert!(passes("bridge.nd.claims-nothing", &trace));
    trace.frame(Role::Wan, End::Device, answer(ROUTER_WAN));
    assert!(fails("bridge.nd.claims-nothing", &trace));
}

#[test]
fn what_is_no_ipv6_stays() {
    let mut trace = bridge();
    assert!(open("bridge.only-ipv6", &trace));
    // The EtherType of ARP.
    let arp = with(&out(&trace, b"arp"), |bytes| {
        bytes[12..14].copy_from_slice(&[8, 6])
    });
    trace.at(2000).frame(Role::Lan, End::Network, arp.clone());
    assert!(passes("bridge.only-ipv6", &trace));
    trace.frame(Role::Wan, End::Device, arp);
    assert!(fails("bridge.only-ipv6", &trace));
}
