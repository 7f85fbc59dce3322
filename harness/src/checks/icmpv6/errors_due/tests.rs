use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
use ngnlab_sim::message::packet::{ETHERNET_HEADER, solicited_node};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{ROUTER_LAN, TraceBuilder, grant};

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
    // One that comes on the heels of another need not be told, as errors are limited in rate.
    let mut other = envelope.udp(1, 2, b"another").to_vec();
    other[ETHERNET_HEADER + 6] = 253;
    trace.at(1500).injected(Role::Lan, other.clone().into());
    assert!(passes("icmp6.unknown-next-header", &trace));
    trace.at(9000).injected(Role::Lan, other.into());
    assert!(fails("icmp6.unknown-next-header", &trace));
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
