use std::net::Ipv6Addr;

use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{PC, ROUTER_LAN, TraceBuilder, grant};

fn datagram(trace: &TraceBuilder, from: Ipv6Addr) -> ngnlab_sim::Frame {
    Envelope::new(PC, ROUTER_LAN, from, trace.ons_dns()).udp(4000, 4000, b"early")
}

/// The datagram comes in on the LAN and leaves on the WAN.
fn pass_on(trace: &mut TraceBuilder, at: u64, from: Ipv6Addr) {
    let frame = datagram(trace, from);
    trace.at(at).injected(Role::Lan, frame.clone());
    trace.at(at + 1).frame(Role::Wan, End::Device, frame);
}

#[test]
fn nothing_leaves_before_the_delegation() {
    let id = "ce.gen.no-forward-before-pd";
    let mut quiet = TraceBuilder::new("next-pd");
    let source = PC.in_prefix(quiet.prefix());
    let frame = datagram(&quiet, source);
    quiet.at(10_000).injected(Role::Lan, frame);
    assert!(matches!(verdict(id, &quiet), Verdict::Pass(_)));

    let mut hasty = TraceBuilder::new("next-pd");
    pass_on(&mut hasty, 10_000, source);
    assert!(matches!(verdict(id, &hasty), Verdict::Fail(_)));

    let mut late = TraceBuilder::new("next-pd");
    let reply = grant(1, late.trace.header.line.assignment(0), [1, 2, 3000, 4000]);
    late.at(5_000).dhcpv6(Role::Wan, End::Network, &reply);
    pass_on(&mut late, 10_000, source);
    assert!(matches!(verdict(id, &late), Verdict::Inconclusive(_)));
    let ra_line = TraceBuilder::new("next-ra");
    assert!(matches!(verdict(id, &ra_line), Verdict::NotApplicable(_)));
}
