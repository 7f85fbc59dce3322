use std::net::Ipv6Addr;

use ngnlab_sim::message::ndp::{Ndp, RouterSolicit};
use ngnlab_sim::message::packet::{ALL_ROUTERS, Envelope};
use ngnlab_sim::trace::{End, Fact};

use super::*;
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{PC, ROUTER_LAN, TraceBuilder};

fn solicit(trace: &mut TraceBuilder, at: u64, hop_limit: u8) {
    let rs = Ndp::RouterSolicit(RouterSolicit {
        source_link_layer: None,
    });
    let envelope = trace.envelope(Role::Lan, End::Network, PC.link_local(), ALL_ROUTERS);
    let mut bytes = rs.build(envelope).to_vec();
    bytes[21] = hop_limit;
    trace.at(at).frame(Role::Lan, End::Network, bytes.into());
}

fn on_line() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let prefix = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix });
    trace.at(500).wan_ra(|_| {});
    trace
}

#[test]
fn a_terminal_gets_its_answer_at_once() {
    let mut trace = on_line();
    trace.at(1000).lan_ra(|_| {});
    solicit(&mut trace, 9000, 255);
    assert!(fails("lan.ra.solicited-delay", &trace));
    trace.at(9400).lan_ra(|_| {});
    assert!(passes("lan.ra.solicited-delay", &trace));
    assert!(passes("lan.ra.multicast-rate", &trace));
    solicit(&mut trace, 10_000, 255);
    trace.at(12_500).lan_ra(|_| {});
    assert!(passes("lan.ra.solicited-delay", &trace));
}

#[test]
fn a_forwarded_solicitation_stays_unanswered() {
    let mut trace = on_line();
    trace.at(1000).lan_ra(|_| {});
    solicit(&mut trace, 20_000, 64);
    trace.at(20_200).lan_ra(|_| {});
    assert!(passes("lan.ra.rs-validation", &trace));
    let (own, advert) = (ROUTER_LAN.link_local(), Ndp::RouterAdvert(trace.advert()));
    trace.ndp(Role::Lan, End::Device, own, PC.link_local(), &advert);
    assert!(fails("lan.ra.rs-validation", &trace));
}

#[test]
fn one_multicast_answer_may_be_an_accident() {
    let mut trace = on_line();
    let body = [&[0, 0, 0, 0, 1, 1][..], &PC.0].concat();
    let bytes = Envelope::new(PC, PC, Ipv6Addr::UNSPECIFIED, ALL_ROUTERS)
        .with_hop_limit(255)
        .icmpv6(ROUTER_SOLICITATION, 0, &body);
    for at in [20_000, 30_000] {
        trace
            .at(at)
            .frame(Role::Lan, End::Network, bytes.clone())
            .at(at + 100)
            .lan_ra(|_| {});
        let verdict = verdict("lan.ra.rs-validation", &trace);
        match at {
            20_000 => assert!(matches!(verdict, Verdict::Inconclusive(_)), "{verdict:?}"),
            _ => assert!(matches!(verdict, Verdict::Fail(_)), "{verdict:?}"),
        }
    }
}
