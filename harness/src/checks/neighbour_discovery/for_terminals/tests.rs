use std::net::Ipv6Addr;

use hickory_proto::rr::RecordType;
use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, Mac, solicited_node};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{PC, ROUTER_WAN, TraceBuilder};

fn line_solicits(trace: &mut TraceBuilder, at: u64, target: Ipv6Addr) {
    let edge = trace.edge().link_local();
    let envelope = trace.envelope(Role::Wan, End::Network, edge, solicited_node(target));
    let ns = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer: None,
    });
    trace.at(at).injected(Role::Wan, ns.build(envelope));
}

fn router_answers(trace: &mut TraceBuilder, at: u64, target: Ipv6Addr) {
    let (edge, own) = (trace.edge().link_local(), ROUTER_WAN.link_local());
    let na = Ndp::NeighborAdvert(NeighborAdvert {
        target,
        router: true,
        solicited: true,
        replace: false,
        target_link_layer: Some(ROUTER_WAN),
    });
    trace.at(at).ndp(Role::Wan, End::Device, own, edge, &na);
}

#[test]
fn terminals_are_answered_for() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    trace.at(1000).ask("www.lineauth.mnw", RecordType::AAAA);
    let pc = trace.pc();
    line_solicits(&mut trace, 30_000, pc);
    assert!(matches!(
        verdict("ngn.nd.answers-for-lan", &trace),
        Verdict::Fail(_)
    ));
    router_answers(&mut trace, 32_000, pc);
    assert!(matches!(
        verdict("ngn.nd.answers-for-lan", &trace),
        Verdict::Pass(_)
    ));
    let delegated = TraceBuilder::new("next-pd");
    assert!(matches!(
        verdict("ngn.nd.answers-for-lan", &delegated),
        Verdict::NotApplicable(_)
    ));
}

#[test]
fn who_asks_three_times_and_is_answered_once_has_its_answer() {
    let id = "ngn.nd.answers-for-lan";
    // A router's own repetitions, and those by the line's advertised timer.
    for apart in [1_000, 10_000] {
        for (answered, passes) in [(0, true), (1, true), (2, true), (3, false)] {
            let mut trace = TraceBuilder::new("next-ra");
            trace.lan_ra(|_| {});
            trace.at(1000).ask("www.lineauth.mnw", RecordType::AAAA);
            let pc = trace.pc();
            for number in 0..3 {
                line_solicits(&mut trace, 20_000 + number * apart, pc);
                if number == answered {
                    router_answers(&mut trace, 20_200 + number * apart, pc);
                    break;
                }
            }
            let verdict = verdict(id, &trace);
            assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
            assert_eq!(matches!(verdict, Verdict::Fail(_)), !passes, "{verdict:?}");
        }
    }
}

#[test]
fn a_fourth_solicitation_is_another_question() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    trace.at(1000).ask("www.lineauth.mnw", RecordType::AAAA);
    let pc = trace.pc();
    for number in 0..4 {
        line_solicits(&mut trace, 20_000 + number * 1_000, pc);
    }
    router_answers(&mut trace, 26_000, pc);
    let verdict = verdict("ngn.nd.answers-for-lan", &trace);
    assert!(matches!(verdict, Verdict::Fail(_)), "{verdict:?}");
}

#[test]
fn nobody_is_invented() {
    let mut trace = TraceBuilder::new("next-ra");
    let absent = Ipv6Addr::from_bits(trace.prefix().to_bits() | 0xdead);
    assert!(matches!(
        verdict("ngn.nd.silent-for-absent", &trace),
        Verdict::Inconclusive(_)
    ));
    line_solicits(&mut trace, 30_000, absent);
    assert!(matches!(
        verdict("ngn.nd.silent-for-absent", &trace),
        Verdict::Pass(_)
    ));
    router_answers(&mut trace, 30_500, absent);
    assert!(matches!(
        verdict("ngn.nd.silent-for-absent", &trace),
        Verdict::Fail(_)
    ));
}

#[test]
fn answers_name_the_device_and_do_not_override() {
    for (named, replace, own, meek) in [
        (ROUTER_WAN, false, true, true),
        (PC, false, false, true),
        (ROUTER_WAN, true, true, false),
    ] {
        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {});
        trace.at(1000).ask("www.lineauth.mnw", RecordType::AAAA);
        let (pc, edge) = (trace.pc(), trace.edge().link_local());
        let na = Ndp::NeighborAdvert(NeighborAdvert {
            target: pc,
            router: true,
            solicited: true,
            replace,
            target_link_layer: Some(named),
        });
        let own_address = ROUTER_WAN.link_local();
        trace.ndp(Role::Wan, End::Device, own_address, edge, &na);
        for (id, good) in [("ngn.nd.own-link-layer", own), ("ngn.nd.no-override", meek)] {
            let verdict = verdict(id, &trace);
            assert_eq!(matches!(verdict, Verdict::Pass(_)), good, "{id}");
            assert_eq!(matches!(verdict, Verdict::Fail(_)), !good, "{id}");
        }
    }
}

#[test]
fn other_lines_are_none_of_its_business() {
    let mut trace = TraceBuilder::new("next-pd");
    let stranger: Ipv6Addr = "2001:a7ff:5f01::4e".parse().unwrap();
    line_solicits(&mut trace, 30_000, stranger);
    let id = "ngn.nd.silent-for-strangers";
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    router_answers(&mut trace, 30_500, stranger);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn a_solicitation_that_is_thrown_away_is_no_duplicate_detection() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    let pc = trace.pc();
    let nowhere = Ipv6Addr::UNSPECIFIED;
    trace.at(1000);
    for (group, source_link_layer) in [
        (solicited_node(pc), Some(Mac([2, 0, 0, 0, 0, 9]))),
        (ALL_NODES, None),
    ] {
        let ns = Ndp::NeighborSolicit(NeighborSolicit {
            target: pc,
            source_link_layer,
        });
        trace.ndp(Role::Lan, End::Network, nowhere, group, &ns);
    }
    assert!(matches!(
        verdict("ngn.nd.dad-relayed", &trace),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn duplicate_detection_crosses_both_ways() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    let pc = trace.pc();
    let group = solicited_node(pc);
    let ns = Ndp::NeighborSolicit(NeighborSolicit {
        target: pc,
        source_link_layer: None,
    });
    let nowhere = Ipv6Addr::UNSPECIFIED;
    trace.at(1000);
    trace.ndp(Role::Lan, End::Network, nowhere, group, &ns);
    assert!(matches!(
        verdict("ngn.nd.dad-relayed", &trace),
        Verdict::Fail(_)
    ));
    trace.ndp(Role::Wan, End::Device, nowhere, group, &ns);
    assert!(matches!(
        verdict("ngn.nd.dad-relayed", &trace),
        Verdict::Pass(_)
    ));
    trace.at(3000).ask("www.lineauth.mnw", RecordType::AAAA);
    let detection = ns.build(trace.envelope(Role::Wan, End::Network, nowhere, group));
    trace.at(30_000).injected(Role::Wan, detection);
    assert!(matches!(
        verdict("ngn.nd.dad-defended", &trace),
        Verdict::Fail(_)
    ));
    router_answers(&mut trace, 31_000, pc);
    assert!(matches!(
        verdict("ngn.nd.dad-defended", &trace),
        Verdict::Pass(_)
    ));
}
