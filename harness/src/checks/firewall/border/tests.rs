use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{PC, ROUTER_LAN, TraceBuilder};

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
fn unique_local_addresses_stay_inside() {
    let id = "ce.gen.ula-not-on-wan";
    let local: Ipv6Addr = "fd12:3456:789a:1::5".parse().unwrap();
    let mut sound = TraceBuilder::new("next-pd");
    let frame = datagram(&sound, local);
    sound.at(10_000).injected(Role::Lan, frame);
    assert!(matches!(verdict(id, &sound), Verdict::Pass(_)));
    let mut leaky = TraceBuilder::new("next-pd");
    pass_on(&mut leaky, 10_000, local);
    assert!(matches!(verdict(id, &leaky), Verdict::Fail(_)));
}
