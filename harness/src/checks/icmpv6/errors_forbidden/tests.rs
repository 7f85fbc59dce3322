use ngnlab_sim::message::packet::{ALL_NODES, Mac};
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::icmpv6::test_errors::{complain, ending};
use crate::checks::test_verdicts::{fails, passes};
use crate::dissection::builder::TraceBuilder;

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
