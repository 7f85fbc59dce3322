use ngnlab_sim::message::icmpv6::TIME_EXCEEDED;
use ngnlab_sim::message::packet::ETHERNET_HEADER;
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::icmpv6::test_errors::{complain, ending};
use crate::checks::test_verdicts::{passes, verdict};
use crate::dissection::builder::TraceBuilder;

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
