use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::End;

use super::super::verdicts::verdict;
use super::*;
use crate::dissection::builder::{PC, ROUTER_LAN, TraceBuilder, grant};

/// The line's router advertises itself for so many seconds.
fn advertise(trace: &mut TraceBuilder, at: u64, lifetime: u64) {
    trace
        .at(at)
        .wan_ra(|advert| advert.lifetime = Duration::from_secs(lifetime));
}

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

#[test]
fn without_a_router_on_the_wan_nobody_is_a_default_router() {
    let id = "ce.gen.no-default-without-wan-router";
    let mut honest = TraceBuilder::new("next-pd");
    honest
        .at(5_000)
        .lan_ra(|advert| advert.lifetime = Duration::ZERO);
    assert!(matches!(verdict(id, &honest), Verdict::Pass(_)));
    let mut boastful = TraceBuilder::new("next-pd");
    boastful.at(5_000).lan_ra(|_| {});
    assert!(matches!(verdict(id, &boastful), Verdict::Fail(_)));
    // What was advertised a moment after the withdrawal was under way already.
    let mut soon = TraceBuilder::new("next-pd");
    advertise(&mut soon, 1_000, 1800);
    advertise(&mut soon, 20_000, 0);
    soon.at(20_500).lan_ra(|_| {});
    assert!(matches!(verdict(id, &soon), Verdict::Inconclusive(_)));
}

#[test]
fn a_lost_router_is_withdrawn_at_once() {
    let id = "ce.gen.withdraw-on-wan-loss";
    let lost = || {
        let mut trace = TraceBuilder::new("next-pd");
        advertise(&mut trace, 1_000, 1800);
        trace.at(5_000).lan_ra(|_| {});
        advertise(&mut trace, 20_000, 0);
        trace
    };
    let mut prompt = lost();
    prompt
        .at(22_000)
        .lan_ra(|advert| advert.lifetime = Duration::ZERO);
    assert!(matches!(verdict(id, &prompt), Verdict::Pass(_)));
    assert!(matches!(verdict(id, &lost()), Verdict::Fail(_)));
    // Back before the time was over: nothing to say any more.
    let mut back = lost();
    advertise(&mut back, 22_000, 1800);
    assert!(matches!(verdict(id, &back), Verdict::Inconclusive(_)));
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
