use ngnlab_sim::Frame;
use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::End;

use super::super::verdicts::{fails, passes, verdict};
use super::*;
use crate::dissection::builder::{PC, ROUTER_LAN, TraceBuilder};

fn open(id: &str, trace: &TraceBuilder) -> bool {
    matches!(verdict(id, trace), Verdict::Inconclusive(_))
}

/// A datagram of the terminal as it comes to the router, and as it leaves.
fn out(trace: &TraceBuilder, payload: &[u8]) -> (Frame, Frame) {
    let (pc, site) = (trace.pc(), trace.ons_dns());
    let build = |envelope: Envelope| envelope.udp(47_001, 47_002, payload);
    (
        build(trace.envelope(Role::Lan, End::Network, pc, site)),
        build(
            trace
                .envelope(Role::Wan, End::Device, pc, site)
                .with_hop_limit(63),
        ),
    )
}

/// A line on which the router has forwarded something for the terminal already.
fn online() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {});
    let (before, after) = out(&trace, b"first");
    trace
        .at(1000)
        .frame(Role::Lan, End::Network, before)
        .frame(Role::Wan, End::Device, after);
    trace
}

fn with(frame: &Frame, change: impl Fn(&mut [u8])) -> Frame {
    let mut bytes = frame.to_vec();
    change(&mut bytes);
    bytes.into()
}

#[test]
fn labels_and_classes_stay_as_they_were() {
    for (id, place, value) in [
        ("fwd.flowlabel.kept", 17, 5),
        ("fwd.traffic-class.kept", 14, 0x62),
    ] {
        let mut trace = online();
        assert!(open(id, &trace), "{id}");
        let (before, after) = out(&trace, b"marked");
        let marked = with(&before, |bytes| bytes[place] = value);
        trace.at(2000).frame(Role::Lan, End::Network, marked);
        let mut cleared = online();
        cleared.trace.records.clone_from(&trace.trace.records);
        cleared.frame(Role::Wan, End::Device, after.clone());
        assert!(fails(id, &cleared), "{id}");
        trace.frame(
            Role::Wan,
            End::Device,
            with(&after, |bytes| bytes[place] = value),
        );
        assert!(passes(id, &trace), "{id}");
    }
}

#[test]
fn a_router_may_say_that_it_is_congested() {
    let mut trace = online();
    let (before, after) = out(&trace, b"ecn");
    // The low nibble of the class stands in the high nibble of the second byte.
    let ect = with(&before, |bytes| bytes[15] |= 0x20);
    let ce = with(&after, |bytes| bytes[15] |= 0x30);
    trace
        .frame(Role::Lan, End::Network, ect)
        .frame(Role::Wan, End::Device, ce);
    assert!(passes("fwd.traffic-class.kept", &trace));
}

#[test]
fn packets_of_1500_bytes_have_to_pass() {
    let mut trace = online();
    assert!(open("fwd.mtu.full-size", &trace));
    let (before, after) = out(&trace, &[7; 1452]);
    trace.at(5000).frame(Role::Lan, End::Network, before);
    assert!(fails("fwd.mtu.full-size", &trace));
    trace.frame(Role::Wan, End::Device, after);
    assert!(passes("fwd.mtu.full-size", &trace));
}

#[test]
fn nothing_has_to_pass_that_came_before_anything_did_or_at_the_end() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {});
    let (before, _) = out(&trace, &[7; 1452]);
    trace
        .at(1000)
        .frame(Role::Lan, End::Network, before.clone());
    assert!(open("fwd.mtu.full-size", &trace));
    let mut trace = online();
    trace.at(59_000).frame(Role::Lan, End::Network, before);
    assert!(open("fwd.mtu.full-size", &trace));
}

#[test]
fn datagrams_arrive_byte_by_byte() {
    let trace = online();
    assert!(passes("fwd.payload.intact", &trace));
    let mut trace = online();
    let (before, after) = out(&trace, b"second");
    let spoilt = with(&after, |bytes| bytes[60..62].fill(0));
    trace
        .at(2000)
        .frame(Role::Lan, End::Network, before)
        .frame(Role::Wan, End::Device, spoilt);
    assert!(fails("fwd.payload.intact", &trace));
}

#[test]
fn what_a_terminal_gets_is_for_its_own_mac() {
    let mut trace = online();
    let (site, pc) = (trace.ons_dns(), trace.pc());
    let answer = trace
        .envelope(Role::Wan, End::Network, site, pc)
        .udp(47_002, 47_001, b"answer");
    let mut inside = trace
        .envelope(Role::Lan, End::Device, site, pc)
        .with_hop_limit(63);
    trace.at(2000).frame(Role::Wan, End::Network, answer);
    let mut flooded = online();
    flooded.trace.records.clone_from(&trace.trace.records);
    trace.frame(
        Role::Lan,
        End::Device,
        inside.udp(47_002, 47_001, b"answer"),
    );
    assert!(passes("fwd.to-right-mac", &trace));
    inside.eth_destination = ngnlab_sim::message::packet::Mac([0x33, 0x33, 0, 0, 0, 1]);
    flooded.frame(
        Role::Lan,
        End::Device,
        inside.udp(47_002, 47_001, b"answer"),
    );
    assert!(fails("fwd.to-right-mac", &flooded));
}

#[test]
fn addresses_of_one_link_stay_there() {
    for (id, source) in [
        ("fwd.no-link-local", PC.link_local()),
        ("fwd.no-loopback", Ipv6Addr::LOCALHOST),
        ("fwd.no-unspecified", Ipv6Addr::UNSPECIFIED),
        ("fw6.mcast-source", "ff08::1".parse().unwrap()),
        ("fw6.martian", "fec0::1".parse().unwrap()),
        ("fw6.ula-border", "fd00::1".parse().unwrap()),
        ("fw6.egress-source", "2001:a7ff::1".parse().unwrap()),
    ] {
        let mut trace = online();
        assert!(open(id, &trace), "{id}");
        let site = trace.ons_dns();
        let came = Envelope::new(PC, ROUTER_LAN, source, site);
        let left = trace
            .envelope(Role::Wan, End::Device, source, site)
            .with_hop_limit(63);
        trace.injected(Role::Lan, came.udp(1, 2, b"x"));
        assert!(passes(id, &trace), "{id}");
        trace.frame(Role::Wan, End::Device, left.udp(1, 2, b"x"));
        assert!(fails(id, &trace), "{id}");
    }
}
