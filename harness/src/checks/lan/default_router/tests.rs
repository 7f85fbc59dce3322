use ngnlab_sim::trace::End;

use super::*;
use crate::checks::evidence::test_adverts::{lan_ra, on_line};
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

/// The line's router advertises itself for so many seconds.
fn advertise(trace: &mut TraceBuilder, at: u64, lifetime: u64) {
    trace
        .at(at)
        .wan_ra(|advert| advert.lifetime = Duration::from_secs(lifetime));
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
fn a_router_waits_for_its_prefix() {
    let mut trace = on_line();
    lan_ra(&mut trace, 2000, 1700, 3500);
    assert!(passes("lan.ra.no-default-without-prefix", &trace));
    let mut trace = TraceBuilder::new("next-ra");
    lan_ra(&mut trace, 500, 0, 0);
    trace.at(1000).wan_ra(|_| {});
    assert!(fails("lan.ra.no-default-without-prefix", &trace));
}

const PUBLIC: Ipv6Addr = Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111);

#[test]
fn who_asks_the_internet_and_gives_up_fails() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(1000).wan_ra(|_| {});
    trace.at(12_000).lan_ra(|_| {});
    assert!(passes("ngn.closed-network.stays-router", &trace));
    // Without having asked anybody, there are other reasons.
    let end =
        |advert: &mut ngnlab_sim::message::ndp::RouterAdvert| advert.lifetime = Duration::ZERO;
    trace.at(40_000).lan_ra(end);
    assert!(passes("ngn.closed-network.stays-router", &trace));
    let source = ROUTER_WAN.in_prefix(trace.prefix());
    trace.at(41_000).udp(
        Role::Wan,
        End::Device,
        ((source, 4000), (PUBLIC, 443)),
        b"?",
    );
    trace.at(50_000).lan_ra(end);
    assert!(fails("ngn.closed-network.stays-router", &trace));
    // A line that has ended is another reason.
    trace.trace.header.line.isp = Isp::Ipoe;
    assert!(!fails("ngn.closed-network.stays-router", &trace));
}

#[test]
fn a_line_that_is_renumbered_leaves_nothing_to_route_for_a_while() {
    for (renumbered, gives_up) in [(false, true), (true, false)] {
        let mut trace = TraceBuilder::new("next-ra");
        trace.trace.header.line.isp = Isp::None;
        trace.at(1000).wan_ra(|_| {});
        trace.at(2000).lan_ra(|_| {});
        let source = ROUTER_WAN.in_prefix(trace.prefix());
        let ends = ((source, 4000), (PUBLIC, 443));
        trace.at(41_000).udp(Role::Wan, End::Device, ends, b"?");
        if renumbered {
            let prefix = trace.trace.header.line.assignment(1);
            let assigned = ngnlab_sim::trace::Fact::Assigned { prefix };
            trace.at(49_000).fact("edge", assigned);
        }
        trace
            .at(50_000)
            .lan_ra(|advert| advert.lifetime = Duration::ZERO);
        assert_eq!(fails("ngn.closed-network.stays-router", &trace), gives_up);
    }
}
