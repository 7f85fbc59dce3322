use hickory_proto::rr::RecordType;
use ngnlab_sim::message::ndp::{NdpOption, PrefixInfo};
use ngnlab_sim::trace::{End, Seen};

use super::*;
use crate::checks::test_verdicts::{fails, is_explained, passes, verdict};
use crate::dissection::builder::{PC, ROUTER_WAN, TraceBuilder, grant, query};

#[test]
fn a_new_prefix_has_to_reach_the_lan_within_a_minute() {
    let (mut trace, [old, new]) = on_line();
    wan_ra(&mut trace, 20_000, &[(old, 0), (new, 600)]);
    assert!(fails("ngn.ra.renumber", &trace));
    lan_ra(&mut trace, 35_000, new);
    assert!(passes("ngn.ra.renumber", &trace));
    assert!(passes("ngn.ra.first-prefix", &trace));
    let (mut trace, [_, new]) = on_line();
    wan_ra(&mut trace, 20_000, &[(new, 600)]);
    lan_ra(&mut trace, 81_000, new);
    assert!(fails("ngn.ra.renumber", &trace));
    trace.seen(Seen::Late(Duration::from_secs(2)));
    assert!(fails("ngn.ra.renumber", &trace));
    assert!(is_explained("ngn.ra.renumber", &trace));
}

#[test]
fn what_the_device_cannot_know_or_do_is_no_fault() {
    // Nothing has changed.
    let (trace, _) = on_line();
    assert!(inconclusive("ngn.ra.renumber", &trace));
    // The line went on to the next prefix, or took it back.
    let (mut trace, [old, new]) = on_line();
    wan_ra(&mut trace, 20_000, &[(new, 600)]);
    wan_ra(&mut trace, 30_000, &[(old, 600), (new, 0)]);
    lan_ra(&mut trace, 32_000, old);
    assert!(passes("ngn.ra.renumber", &trace));
    // Two prefixes at once are no change.
    let (mut trace, [old, new]) = on_line();
    for at in [20_000, 30_000] {
        wan_ra(&mut trace, at, &[(old, 600), (new, 600)]);
    }
    assert!(inconclusive("ngn.ra.renumber", &trace));
    // The run is over, or the power was cut.
    let (mut trace, [_, new]) = on_line();
    wan_ra(&mut trace, 150_000, &[(new, 600)]);
    assert!(inconclusive("ngn.ra.renumber", &trace));
    let (mut trace, [_, new]) = on_line();
    wan_ra(&mut trace, 20_000, &[(new, 600)]);
    trace.at(40_000).done("power-cycle = {}");
    assert!(inconclusive("ngn.ra.renumber", &trace));
}

#[test]
fn another_delegation_moves_the_lan() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.trace.header.until = Time::from_secs(200);
    let line = trace.trace.header.line.clone();
    let (old, new) = (line.assignment(0), line.assignment(1));
    for (at, prefix) in [(1000, old), (20_000, new)] {
        let reply = grant(7, prefix, [300, 480, 600, 900]);
        trace.at(at).dhcpv6(Role::Wan, End::Network, &reply);
    }
    assert!(fails("ngn.pd.renumber", &trace));
    lan_ra(&mut trace, 22_000, Ipv6Net::new(new.addr(), 64).unwrap());
    assert!(passes("ngn.pd.renumber", &trace));
}

#[test]
fn packets_from_the_new_prefix_have_to_leave() {
    let (mut trace, [old, new]) = on_line();
    wan_ra(&mut trace, 20_000, &[(old, 0), (new, 600)]);
    lan_ra(&mut trace, 31_000, new);
    let (pc, server) = (PC.in_prefix(new.addr()), trace.ons_dns());
    let bytes = query(1, "www.lineauth.mnw", RecordType::AAAA, None);
    for at in [50_000, 52_000] {
        let ends = ((pc, 4000), (server, 53));
        trace.at(at).udp(Role::Lan, End::Network, ends, &bytes);
    }
    assert!(inconclusive("ngn.renumber.passes-new-prefix", &trace));
    let ends = ((pc, 4000), (server, 53));
    trace.at(54_000).udp(Role::Lan, End::Network, ends, &bytes);
    assert!(fails("ngn.renumber.passes-new-prefix", &trace));
    trace.udp(Role::Wan, End::Device, ends, &bytes);
    assert!(passes("ngn.renumber.passes-new-prefix", &trace));
}

#[test]
fn questions_leave_a_withdrawn_prefix_behind_and_may_keep_one_that_is_not() {
    for (withdrawn, holds) in [(true, false), (false, true)] {
        let (mut trace, [old, new]) = on_line();
        let gone = [(old, 0), (new, 600)];
        wan_ra(
            &mut trace,
            20_000,
            if withdrawn { &gone } else { &gone[1..] },
        );
        ask_from(&mut trace, 30_000, old);
        assert!(inconclusive("ngn.renumber.own-source", &trace));
        ask_from(&mut trace, 60_000, old);
        assert_eq!(passes("ngn.renumber.own-source", &trace), holds);
        assert_eq!(fails("ngn.renumber.own-source", &trace), !holds);
    }
}

fn ask_from(trace: &mut TraceBuilder, at: u64, net: Ipv6Net) {
    let ends = (
        (ROUTER_WAN.in_prefix(net.addr()), 5000),
        (trace.ons_dns(), 53),
    );
    let id = trace.fresh_id();
    let bytes = query(id, "www.lineauth.mnw", RecordType::AAAA, None);
    trace.at(at).udp(Role::Wan, End::Device, ends, &bytes);
}

/// The line advertises its first prefix, and the LAN hears of it; 200 s long.
fn on_line() -> (TraceBuilder, [Ipv6Net; 2]) {
    let mut trace = TraceBuilder::new("next-ra");
    trace.trace.header.until = Time::from_secs(200);
    let line = trace.trace.header.line.clone();
    let nets = [line.assignment(0), line.assignment(1)];
    wan_ra(&mut trace, 1000, &[(nets[0], 600)]);
    lan_ra(&mut trace, 12_000, nets[0]);
    (trace, nets)
}

fn wan_ra(trace: &mut TraceBuilder, at: u64, prefixes: &[(Ipv6Net, u32)]) {
    let prefixes = prefixes.iter().map(|(net, time)| info(*net, *time));
    trace
        .at(at)
        .wan_ra(|advert| advert.options = prefixes.collect());
}

fn lan_ra(trace: &mut TraceBuilder, at: u64, net: Ipv6Net) {
    trace
        .at(at)
        .lan_ra(|advert| advert.options = vec![info(net, 600)]);
}

fn info(net: Ipv6Net, time: u32) -> NdpOption {
    NdpOption::Prefix(PrefixInfo {
        prefix: net.addr(),
        length: 64,
        on_link: true,
        autonomous: true,
        valid: time,
        preferred: time,
    })
}

fn inconclusive(id: &str, trace: &TraceBuilder) -> bool {
    matches!(verdict(id, trace), Verdict::Inconclusive(_))
}
