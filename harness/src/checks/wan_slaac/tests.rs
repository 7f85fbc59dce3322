use ngnlab_sim::message::ndp::{Ndp, NdpOption, NeighborAdvert, NeighborSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Mac, solicited_node};
use ngnlab_sim::trace::End;

use super::super::verdicts::verdict;
use super::*;
use crate::dissection::builder::{PC, ROUTER_LAN, ROUTER_WAN, TraceBuilder};

const OTHER: Mac = Mac([2, 0, 0x5e, 0x30, 0, 9]);

fn info(prefix: &str, length: u8) -> PrefixInfo {
    PrefixInfo {
        prefix: prefix.parse().unwrap(),
        length,
        on_link: true,
        autonomous: true,
        valid: 600,
        preferred: 600,
    }
}

fn advertise(trace: &mut TraceBuilder, at: u64, prefix: PrefixInfo) {
    trace
        .at(at)
        .wan_ra(|advert| advert.options = vec![NdpOption::Prefix(prefix)]);
}

fn solicit(trace: &mut TraceBuilder, on: Role, end: End, source: Ipv6Addr, target: Ipv6Addr) {
    let ns = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer: None,
    });
    trace.ndp(on, end, source, solicited_node(target), &ns);
}

fn probe(trace: &mut TraceBuilder, at: u64, target: Ipv6Addr) {
    trace.at(at);
    solicit(trace, Role::Wan, End::Device, Ipv6Addr::UNSPECIFIED, target);
}

fn answer(trace: &mut TraceBuilder, at: u64, end: End, target: Ipv6Addr) {
    let na = Ndp::NeighborAdvert(NeighborAdvert {
        target,
        router: true,
        solicited: end == End::Device,
        replace: true,
        target_link_layer: Some(OTHER),
    });
    let to = match end {
        End::Device => trace.edge().link_local(),
        End::Network => ALL_NODES,
    };
    trace.at(at).ndp(Role::Wan, end, target, to, &na);
}

/// A line that advertises its prefix, and a device that has an address in it.
fn settled() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let own = PrefixInfo {
        valid: 2_592_000,
        preferred: 604_800,
        ..info(&trace.prefix().to_string(), 64)
    };
    advertise(&mut trace, 1_000, own);
    let address = ROUTER_WAN.in_prefix(trace.prefix());
    probe(&mut trace, 1_500, address);
    trace
}

#[test]
fn an_address_is_formed_or_missed() {
    let id = "wan.slaac.support";
    assert!(matches!(verdict(id, &settled()), Verdict::Pass(_)));
    let mut lazy = TraceBuilder::new("next-ra");
    let own = info(&lazy.prefix().to_string(), 64);
    advertise(&mut lazy, 1_000, own);
    assert!(matches!(verdict(id, &lazy), Verdict::Fail(_)));
}

#[test]
fn unfit_prefixes_make_no_address() {
    let unfit = [
        (
            "wan.slaac.a-flag-clear",
            PrefixInfo {
                autonomous: false,
                ..info("2001:db8:0:1::", 64)
            },
        ),
        (
            "wan.slaac.pref-gt-valid",
            PrefixInfo {
                preferred: 601,
                ..info("2001:db8:0:1::", 64)
            },
        ),
        ("wan.slaac.prefixlen-mismatch", info("2001:db8::", 56)),
    ];
    for (id, prefix) in unfit {
        let mut trace = settled();
        advertise(&mut trace, 20_000, prefix);
        assert!(matches!(verdict(id, &trace), Verdict::Pass(_)), "{id}");
        // A terminal's own probe that is passed on is not the device's.
        let theirs = PC.in_prefix(prefix.prefix);
        trace.at(21_000);
        let nowhere = Ipv6Addr::UNSPECIFIED;
        solicit(&mut trace, Role::Lan, End::Network, nowhere, theirs);
        probe(&mut trace, 21_001, theirs);
        assert!(matches!(verdict(id, &trace), Verdict::Pass(_)), "{id}");
        probe(&mut trace, 21_500, ROUTER_WAN.in_prefix(prefix.prefix));
        assert!(matches!(verdict(id, &trace), Verdict::Fail(_)), "{id}");
    }
    // Who forms none at all proves nothing.
    let mut trace = TraceBuilder::new("next-pd");
    advertise(&mut trace, 20_000, info("2001:db8::", 56));
    let verdict = verdict("wan.slaac.prefixlen-mismatch", &trace);
    assert!(matches!(verdict, Verdict::Inconclusive(_)));
}

#[test]
fn nobody_cuts_a_lifetime_below_two_hours() {
    let id = "wan.slaac.two-hour-rule";
    let cut = |answered: bool| {
        let mut trace = settled();
        let address = ROUTER_WAN.in_prefix(trace.prefix());
        let edge = trace.edge().link_local();
        trace.at(14_000);
        solicit(&mut trace, Role::Wan, End::Network, edge, address);
        answer(&mut trace, 14_001, End::Device, address);
        let short = PrefixInfo {
            valid: 5,
            preferred: 5,
            ..info(&trace.prefix().to_string(), 64)
        };
        advertise(&mut trace, 20_000, short);
        trace.at(30_000);
        solicit(&mut trace, Role::Wan, End::Network, edge, address);
        if answered {
            answer(&mut trace, 30_001, End::Device, address);
        }
        trace
    };
    assert!(matches!(verdict(id, &cut(true)), Verdict::Pass(_)));
    assert!(matches!(verdict(id, &cut(false)), Verdict::Fail(_)));
}

#[test]
fn what_is_deprecated_asks_no_more() {
    let id = "wan.slaac.deprecate-now";
    let asks_from = |fresh: bool| {
        let mut trace = settled();
        let old = PrefixInfo {
            preferred: 0,
            valid: 7200,
            ..info(&trace.prefix().to_string(), 64)
        };
        advertise(&mut trace, 20_000, old);
        let new = info("2001:db8:0:1::", 64);
        advertise(&mut trace, 20_001, new);
        probe(&mut trace, 20_500, ROUTER_WAN.in_prefix(new.prefix));
        let prefix = if fresh { new.prefix } else { trace.prefix() };
        let question = crate::dissection::builder::query(
            7,
            "www.lineauth.mnw",
            hickory_proto::rr::RecordType::AAAA,
            None,
        );
        let ends = (
            (ROUTER_WAN.in_prefix(prefix), 40_001),
            (trace.ons_dns(), 53),
        );
        trace
            .at(40_000)
            .udp(Role::Wan, End::Device, ends, &question);
        trace
    };
    assert!(matches!(verdict(id, &asks_from(true)), Verdict::Pass(_)));
    assert!(matches!(verdict(id, &asks_from(false)), Verdict::Fail(_)));
}

#[test]
fn without_the_l_flag_the_router_is_the_way() {
    let id = "wan.slaac.l-flag";
    let mut trace = TraceBuilder::new("next-pd");
    let off = PrefixInfo {
        on_link: false,
        ..info("2001:db8::", 64)
    };
    advertise(&mut trace, 10_000, off);
    let to: Ipv6Addr = "2001:db8::1".parse().unwrap();
    let frame = Envelope::new(PC, ROUTER_LAN, trace.pc(), to).udp(4000, 4000, b"far");
    trace
        .at(20_000)
        .frame(Role::Lan, End::Network, frame.clone());
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    trace.at(20_001).frame(Role::Wan, End::Device, frame);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let own = ROUTER_WAN.link_local();
    solicit(&mut trace, Role::Wan, End::Device, own, to);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn a_duplicate_is_not_used() {
    let id = "wan.slaac.dad-fail";
    let mut trace = settled();
    let address = ROUTER_WAN.in_prefix(trace.prefix());
    answer(&mut trace, 1_600, End::Network, address);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    answer(&mut trace, 30_000, End::Device, address);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    // Too late: by then it was the device's.
    let mut late = settled();
    answer(&mut late, 5_000, End::Network, address);
    answer(&mut late, 30_000, End::Device, address);
    assert!(matches!(verdict(id, &late), Verdict::Inconclusive(_)));
}
