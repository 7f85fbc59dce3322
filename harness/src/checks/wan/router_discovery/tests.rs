use ngnlab_sim::message::ndp::{Ndp, RouterSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, ALL_ROUTERS, Envelope};
use ngnlab_sim::trace::{End, Seen};

use super::*;
use crate::checks::test_verdicts::{is_explained, verdict};
use crate::dissection::builder::{PC, ROUTER_LAN, ROUTER_WAN, TraceBuilder};

const ROGUE: Mac = Mac([2, 0, 0x5e, 0x30, 0, 9]);

/// A stranger's advertisement with a hop limit of 254.
fn rogue(trace: &mut TraceBuilder, at: u64) {
    let frame = Ndp::RouterAdvert(trace.advert()).build(Envelope::new(
        ROGUE,
        ROGUE,
        ROGUE.link_local(),
        ALL_NODES,
    ));
    let mut bytes = frame.to_vec();
    bytes[21] = 254;
    trace.at(at).injected(Role::Wan, bytes.into());
}

/// The device sends a datagram to the line by way of this neighbour.
fn send_by(trace: &mut TraceBuilder, at: u64, mac: Mac) {
    let envelope = Envelope::new(ROUTER_WAN, mac, trace.router(), trace.ons_dns());
    let frame = envelope.udp(4000, 4000, b"out");
    trace.at(at).frame(Role::Wan, End::Device, frame);
}

#[test]
fn an_invalid_advertisement_must_not_tempt() {
    let id = "wan.nd.ra-validation";
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(1_000).wan_ra(|_| {});
    rogue(&mut trace, 20_000);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    let edge = trace.edge();
    send_by(&mut trace, 25_000, edge);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    send_by(&mut trace, 26_000, ROGUE);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn the_default_route_leads_to_who_advertised() {
    let id = "wan.nd.default-route-from-ra";
    let mut trace = TraceBuilder::new("next-pd");
    let edge = trace.edge();
    trace.at(1_000).wan_ra(|_| {});
    send_by(&mut trace, 5_000, edge);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    send_by(&mut trace, 6_000, ROGUE);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn nobody_is_no_router_unless_a_capture_does_not_tell() {
    let id = "wan.nd.default-route-from-ra";
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(1_000).wan_ra(|_| {});
    send_by(&mut trace, 5_000, Mac([0; 6]));
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn a_neighbour_on_the_link_is_no_router() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(1_000).wan_ra(|_| {});
    let neighbour = ROGUE.in_prefix(trace.prefix());
    let envelope = Envelope::new(ROUTER_WAN, ROGUE, trace.router(), neighbour);
    let frame = envelope.udp(4000, 4000, b"out");
    trace.at(5_000).frame(Role::Wan, End::Device, frame);
    let verdict = verdict("wan.nd.default-route-from-ra", &trace);
    assert!(matches!(verdict, Verdict::Inconclusive(_)));
}

#[test]
fn a_router_that_withdrew_itself_gets_no_packets() {
    let id = "wan.nd.router-lifetime-zero";
    let mut trace = withdrawn();
    let edge = trace.edge();
    // Under way already.
    send_by(&mut trace, 20_200, edge);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    let asked = Envelope::new(PC, ROUTER_LAN, trace.pc(), trace.ons_dns());
    let asked = asked.udp(4000, 4000, b"out");
    trace.at(25_000).injected(Role::Lan, asked);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    send_by(&mut trace, 25_001, edge);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn who_goes_on_with_a_router_that_withdrew_is_not_late() {
    let id = "wan.nd.router-lifetime-zero";
    let mut trace = withdrawn();
    let edge = trace.edge();
    trace.at(22_000).seen(Seen::Late(Duration::from_secs(2)));
    send_by(&mut trace, 22_500, edge);
    assert!(is_explained(id, &trace));
    send_by(&mut trace, 40_000, edge);
    assert!(!is_explained(id, &trace));
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn no_delay_makes_a_router_of_what_never_was_one() {
    let id = "wan.nd.default-route-from-ra";
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(1_000).wan_ra(|_| {});
    trace.at(5_000).seen(Seen::Late(Duration::from_secs(3)));
    send_by(&mut trace, 6_000, ROGUE);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    assert!(!is_explained(id, &trace));
}

#[test]
fn unknown_options_do_no_harm() {
    let id = "wan.nd.ra-unknown-option";
    let strange = |trace: &mut TraceBuilder| {
        trace.at(1_000).wan_ra(|advert| {
            advert.options.push(NdpOption::Other(253, vec![0; 6]));
        });
    };
    let mut deaf = TraceBuilder::new("next-ra");
    strange(&mut deaf);
    assert!(matches!(verdict(id, &deaf), Verdict::Fail(_)));
    let mut sound = TraceBuilder::new("next-ra");
    strange(&mut sound);
    sound.at(5_000).lan_ra(|_| {});
    assert!(matches!(verdict(id, &sound), Verdict::Pass(_)));
    // A plain one among them, and nobody knows which was used.
    deaf.at(8_000).wan_ra(|_| {});
    assert!(matches!(verdict(id, &deaf), Verdict::Inconclusive(_)));
}

#[test]
fn a_host_answers_no_router_solicitation() {
    let id = "wan.nd.no-rs-response";
    let solicit = Ndp::RouterSolicit(RouterSolicit {
        source_link_layer: Some(ROGUE),
    });
    let source = ROGUE.link_local();
    let mut trace = TraceBuilder::new("next-ra");
    trace
        .at(20_000)
        .ndp(Role::Wan, End::Network, source, ALL_ROUTERS, &solicit);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let (own, advert) = (ROUTER_WAN.link_local(), Ndp::RouterAdvert(trace.advert()));
    trace
        .at(20_300)
        .ndp(Role::Wan, End::Device, own, source, &advert);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

/// A line router that withdraws itself at 20 s.
fn withdrawn() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(1_000).wan_ra(|_| {});
    trace
        .at(20_000)
        .wan_ra(|advert| advert.lifetime = Duration::ZERO);
    trace
}
