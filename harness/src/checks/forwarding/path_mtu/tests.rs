use ngnlab_sim::trace::End;

use super::*;
use crate::checks::forwarding::test_packets::{online, out};
use crate::checks::test_verdicts::{fails, open, passes};
use crate::dissection::builder::TraceBuilder;

#[test]
fn packets_of_1500_bytes_have_to_pass() {
    let mut trace = online();
    assert!(open("fwd.mtu.full-size", &trace));
    let (before, after) = out(&trace, &[7; 1452]);
    trace.at(5000).frame(Role::Lan, End::Network, before);
    assert!(fails("fwd.mtu.full-size", &trace));
    trace.frame(Role::Wan, End::Device, after);
    assert!(passes("fwd.mtu.full-size", &trace));
}

#[test]
fn nothing_has_to_pass_that_came_before_anything_did_or_at_the_end() {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {});
    let (before, _) = out(&trace, &[7; 1452]);
    trace
        .at(1000)
        .frame(Role::Lan, End::Network, before.clone());
    assert!(open("fwd.mtu.full-size", &trace));
    let mut trace = online();
    trace.at(59_000).frame(Role::Lan, End::Network, before);
    assert!(open("fwd.mtu.full-size", &trace));
}
