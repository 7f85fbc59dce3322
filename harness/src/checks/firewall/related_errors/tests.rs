use ngnlab_sim::message::icmpv6::NO_ROUTE;
use ngnlab_sim::message::packet::ETHERNET_HEADER;
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::firewall::test_flows::{answer, comes, talked};
use crate::checks::test_verdicts::{fails, passes};
use crate::dissection::builder::TraceBuilder;

#[test]
fn errors_come_in_for_flows_and_for_nothing_else() {
    let quoted = |trace: &TraceBuilder, port| {
        let envelope = trace.envelope(Role::Wan, End::Device, trace.pc(), trace.ons_dns());
        let sent = envelope.udp(47_001, port, b"out");
        [&[0; 4], &sent[ETHERNET_HEADER..]].concat()
    };
    for (port, through, related, unmatched) in [
        (47_002, true, Some(true), None),
        (47_002, false, Some(false), None),
        (9, false, None, Some(true)),
        (9, true, None, Some(false)),
    ] {
        let mut trace = talked(&[10]);
        let body = quoted(&trace, port);
        comes(&mut trace, 11, through, |envelope| {
            envelope.icmpv6(DESTINATION_UNREACHABLE, NO_ROUTE, &body)
        });
        for (id, good) in [
            ("fw6.related-unreachable", related),
            ("fw6.icmp-error-unmatched", unmatched),
        ] {
            assert_eq!(passes(id, &trace), good == Some(true), "{id} {port}");
            assert_eq!(fails(id, &trace), good == Some(false), "{id} {port}");
        }
        comes(&mut trace, 15, false, answer);
        assert_eq!(
            fails("fw6.udp-icmp-not-fatal", &trace),
            port == 47_002,
            "{port}"
        );
    }
}
