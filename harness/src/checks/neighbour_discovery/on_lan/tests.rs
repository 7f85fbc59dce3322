use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{PC, ROUTER_LAN, TraceBuilder};

/// A router that has advertised, and a terminal that asks for it at 20 s.
fn asked() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.at(1000).lan_ra(|_| {});
    ask(&mut trace, 20_000, 255);
    trace
}

fn ask(trace: &mut TraceBuilder, at: u64, hop_limit: u8) {
    let target = ROUTER_LAN.link_local();
    let ns = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer: Some(PC),
    });
    let group = solicited_node(target);
    let envelope = trace.envelope(Role::Lan, End::Network, PC.link_local(), group);
    let mut bytes = ns.build(envelope).to_vec();
    bytes[21] = hop_limit;
    trace.at(at).frame(Role::Lan, End::Network, bytes.into());
}

fn answer(trace: &mut TraceBuilder, at: u64, change: impl FnOnce(&mut NeighborAdvert)) {
    let own = ROUTER_LAN.link_local();
    let mut na = NeighborAdvert {
        target: own,
        router: true,
        solicited: true,
        replace: true,
        target_link_layer: Some(ROUTER_LAN),
    };
    change(&mut na);
    trace.at(at).ndp(
        Role::Lan,
        End::Device,
        own,
        PC.link_local(),
        &Ndp::NeighborAdvert(na),
    );
}

#[test]
fn a_terminal_finds_its_router() {
    let mut trace = asked();
    assert!(fails("lan.nd.answers", &trace));
    answer(&mut trace, 20_001, |_| {});
    for id in [
        "lan.nd.answers",
        "lan.nd.router-flag",
        "lan.nd.target-link-layer",
    ] {
        assert!(passes(id, &trace), "{:?}", verdict(id, &trace));
    }
}

#[test]
fn a_repeated_question_is_one_attempt() {
    let mut trace = asked();
    ask(&mut trace, 21_000, 255);
    answer(&mut trace, 21_001, |_| {});
    assert!(passes("lan.nd.answers", &trace));
    // The run ends before the attempt does.
    let mut late = TraceBuilder::new("next-pd");
    late.at(1000).lan_ra(|_| {});
    ask(&mut late, 58_000, 255);
    assert!(matches!(
        verdict("lan.nd.answers", &late),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn flags_and_mac_are_looked_at() {
    let mut trace = asked();
    answer(&mut trace, 20_001, |na| na.router = false);
    assert!(fails("lan.nd.router-flag", &trace));
    let mut trace = asked();
    answer(&mut trace, 20_001, |na| na.target_link_layer = None);
    assert!(fails("lan.nd.target-link-layer", &trace));
}

#[test]
fn a_forwarded_solicitation_stays_unanswered() {
    let id = "lan.nd.ns-validation";
    let mut trace = asked();
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    ask(&mut trace, 30_000, 64);
    assert!(passes(id, &trace));
    answer(&mut trace, 30_001, |_| {});
    assert!(fails(id, &trace));
    // A valid one at the same time explains it.
    ask(&mut trace, 30_002, 255);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
}
