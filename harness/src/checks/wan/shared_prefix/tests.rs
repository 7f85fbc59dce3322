use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::{fails, passes, verdict};
use crate::dissection::builder::{PC, TraceBuilder};

#[test]
fn terminals_of_an_ra_line_live_in_its_prefix_and_are_answered() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(1000).wan_ra(|_| {});
    let (pc, server) = (trace.pc(), trace.ons_dns());
    trace
        .at(2000)
        .udp(Role::Lan, End::Network, ((pc, 4000), (server, 53)), b"?");
    assert!(matches!(
        verdict("ngn.ra-only.slaac", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.udp(Role::Lan, End::Device, ((server, 53), (pc, 4000)), b"!");
    assert!(passes("ngn.ra-only.slaac", &trace));
    let stranger = PC.in_prefix("2001:db8::".parse().unwrap());
    trace.udp(
        Role::Lan,
        End::Network,
        ((stranger, 4000), (server, 53)),
        b"?",
    );
    assert!(fails("ngn.ra-only.slaac", &trace));
}
