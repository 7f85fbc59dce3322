use ngnlab_sim::message::icmpv6::{TIME_EXCEEDED, UNKNOWN_NEXT_HEADER};
use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, ETHERNET_HEADER, Mac, solicited_node};
use ngnlab_sim::trace::End;

use super::super::verdicts::{fails, passes, verdict};
use super::*;
use crate::dissection::builder::{ROUTER_LAN, TraceBuilder, grant};

/// The terminal's datagram whose hop limit ends at the router.
fn ending(trace: &TraceBuilder, port: u16, size: usize) -> Vec<u8> {
    let envelope = trace
        .envelope(Role::Lan, End::Network, trace.pc(), trace.ons_dns())
        .with_hop_limit(1);
    envelope.udp(47_001, port, &vec![7; size]).to_vec()
}

/// The router says so, and quotes this much.
fn complain(trace: &mut TraceBuilder, about: &[u8], to: Ipv6Addr, quoted: usize) {
    let ip = &about[ETHERNET_HEADER..];
    let body = [&[0; 4], &ip[..ip.len().min(quoted)]].concat();
    let envelope = trace.envelope(Role::Lan, End::Device, trace.router(), to);
    trace.frame(
        Role::Lan,
        End::Device,
        envelope.icmpv6(TIME_EXCEEDED, 0, &body),
    );
}

#[test]
fn an_error_quotes_what_fits_and_no_more() {
    for (quoted, size_ok, quotes_ok) in [(1232, true, true), (1400, false, true), (48, true, false)]
    {
        let mut trace = TraceBuilder::new("next-pd");
        trace.lan_ra(|_| {});
        let large = ending(&trace, 9, 1452);
        trace.at(1000).injected(Role::Lan, large.clone().into());
        let pc = trace.pc();
        complain(&mut trace, &large, pc, quoted);
        assert_eq!(passes("icmp6.err.size", &trace), size_ok);
        assert_eq!(passes("icmp6.err.quotes", &trace), quotes_ok);
    }
}

#[test]
fn a_short_packet_is_quoted_whole() {
    let mut trace = TraceBuilder::new("next-pd");
    let short = ending(&trace, 9, 20);
    trace.at(1000).injected(Role::Lan, short.clone().into());
    let pc = trace.pc();
    complain(&mut trace, &short, pc, 1232);
    assert!(passes("icmp6.err.quotes", &trace));
}

#[test]
fn an_error_that_was_only_passed_on_is_not_the_devices_own() {
    let mut trace = TraceBuilder::new("next-pd");
    let sent = ending(&trace, 9, 1452);
    let (pc, site) = (trace.pc(), trace.ons_dns());
    let body = [&[0; 4], &sent[ETHERNET_HEADER..][..48]].concat();
    let came = trace.envelope(Role::Wan, End::Network, site, pc);
    let left = trace.envelope(Role::Lan, End::Device, site, pc);
    trace.injected(Role::Lan, sent.into());
    trace.frame(
        Role::Wan,
        End::Network,
        came.icmpv6(TIME_EXCEEDED, 0, &body),
    );
    trace.frame(
        Role::Lan,
        End::Device,
        left.with_hop_limit(63).icmpv6(TIME_EXCEEDED, 0, &body),
    );
    assert!(matches!(
        verdict("icmp6.err.quotes", &trace),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn a_burst_of_problems_gets_some_errors_and_not_all() {
    for (answers, good) in [(0, false), (10, true), (150, true), (200, false)] {
        let mut trace = TraceBuilder::new("next-pd");
        trace.lan_ra(|_| {}).at(1000);
        let pc = trace.pc();
        let burst: Vec<_> = (0..200)
            .map(|port| ending(&trace, 48_000 + port, 6))
            .collect();
        for frame in &burst {
            trace.injected(Role::Lan, frame.clone().into());
        }
        for frame in &burst[..answers] {
            complain(&mut trace, frame, pc, 1232);
        }
        assert_eq!(passes("icmp6.err.rate-limit", &trace), good, "{answers}");
        assert_eq!(fails("icmp6.err.rate-limit", &trace), !good, "{answers}");
    }
}

#[test]
fn errors_groups_and_nobody_get_no_errors() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {}).at(1000);
    let (pc, site) = (trace.pc(), trace.ons_dns());
    let mut envelope = trace
        .envelope(Role::Lan, End::Network, pc, site)
        .with_hop_limit(1);
    let error = envelope.icmpv6(1, 0, &[0; 52]);
    trace.injected(Role::Lan, error.clone());
    envelope.eth_destination = Mac::multicast(ALL_NODES);
    let group = envelope.udp(1, 2, b"x");
    trace.injected(Role::Lan, group.clone());
    envelope.source = Ipv6Addr::UNSPECIFIED;
    let nobody = envelope.udp(1, 3, b"x");
    trace.injected(Role::Lan, nobody.clone());
    for (id, frame, to) in [
        ("icmp6.err.not-for-error", error, pc),
        ("icmp6.err.not-for-multicast", group, pc),
        (
            "icmp6.err.not-for-bad-source",
            nobody,
            Ipv6Addr::UNSPECIFIED,
        ),
    ] {
        assert!(passes(id, &trace), "{id}");
        let mut bad = TraceBuilder::new("next-pd");
        bad.trace.records.clone_from(&trace.trace.records);
        complain(bad.at(1001), &frame, to, 1232);
        assert!(fails(id, &bad), "{id}");
    }
}

#[test]
fn what_the_device_does_not_know_is_told_or_not() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {}).at(1000);
    let (pc, router) = (trace.pc(), trace.router());
    let envelope = trace.envelope(Role::Lan, End::Network, pc, router);
    let question = envelope.icmpv6(200, 0, b"ngnlab");
    let mut unknown = envelope.udp(1, 2, b"ngnlab").to_vec();
    unknown[ETHERNET_HEADER + 6] = 253;
    trace.injected(Role::Lan, question.clone());
    assert!(passes("icmp6.unknown-info", &trace));
    trace.injected(Role::Lan, unknown.clone().into());
    assert!(fails("icmp6.unknown-next-header", &trace));
    let back = trace.envelope(Role::Lan, End::Device, router, pc);
    for about in [&unknown[..], &question[..]] {
        let body = [&[0, 0, 0, 6][..], &about[ETHERNET_HEADER..]].concat();
        trace.frame(
            Role::Lan,
            End::Device,
            back.icmpv6(PARAMETER_PROBLEM, UNKNOWN_NEXT_HEADER, &body),
        );
    }
    assert!(passes("icmp6.unknown-next-header", &trace));
    assert!(fails("icmp6.unknown-info", &trace));
}

#[test]
fn who_uses_an_address_of_yesterday_is_told_so() {
    let with = |taken_back, sent, answer: Option<u8>, sought| {
        let mut trace = TraceBuilder::new("next-pd");
        let [old, new] = [0, 1].map(|index| trace.trace.header.line.assignment(index));
        trace.lan_ra(|_| {});
        let first = grant(1, old, [30, 60, 600, 900]);
        trace.dhcpv6(Role::Wan, End::Network, &first);
        if taken_back {
            let gone = grant(2, old, [30, 60, 0, 0]);
            trace.at(30_000).dhcpv6(Role::Wan, End::Network, &gone);
        }
        let next = grant(3, new, [30, 60, 600, 900]);
        trace.at(30_001).dhcpv6(Role::Wan, End::Network, &next);
        let (pc, site) = (trace.pc(), trace.ons_dns());
        let envelope = trace.envelope(Role::Lan, End::Network, pc, site);
        let sent_frame = envelope.udp(1, 2, b"ngnlab");
        trace.at(sent).injected(Role::Lan, sent_frame.clone());
        if let Some(code) = answer {
            let body = [&[0; 4], &sent_frame[ETHERNET_HEADER..]].concat();
            let back = trace.envelope(Role::Lan, End::Device, trace.router(), pc);
            trace.frame(Role::Lan, End::Device, back.icmpv6(1, code, &body));
        }
        if sought {
            let (link_local, target) = (ROUTER_LAN.link_local(), trace.pc());
            let solicit = Ndp::NeighborSolicit(NeighborSolicit {
                target,
                source_link_layer: Some(ROUTER_LAN),
            });
            let group = solicited_node(target);
            trace.ndp(Role::Lan, End::Device, link_local, group, &solicit);
        }
        // The trace ends a while later.
        trace.at(sent + 10_000).lan_ra(|_| {});
        verdict("lan.stale.icmp-code5", &trace)
    };
    let at = |taken_back, sent, answer| with(taken_back, sent, answer, false);
    assert!(matches!(at(true, 50_000, Some(5)), Verdict::Pass(_)));
    assert!(matches!(at(true, 50_000, Some(1)), Verdict::Fail(_)));
    assert!(matches!(at(true, 50_000, None), Verdict::Fail(_)));
    // The device would have told it, had anybody said whose address that is.
    let sought = with(true, 50_000, None, true);
    assert!(matches!(sought, Verdict::Inconclusive(_)));
    // Nobody took the prefix back, or only just.
    assert!(matches!(at(false, 50_000, None), Verdict::Inconclusive(_)));
    assert!(matches!(at(true, 33_000, None), Verdict::Inconclusive(_)));
}
