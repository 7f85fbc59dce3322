//! Packets on their way through the device by hand, for the tests of checks.

use ngnlab_sim::Frame;
use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::{End, Role};

use crate::dissection::builder::TraceBuilder;

/// A datagram of the terminal as it comes to the router, and as it leaves.
pub(super) fn out(trace: &TraceBuilder, payload: &[u8]) -> (Frame, Frame) {
    let (pc, site) = (trace.pc(), trace.ons_dns());
    let build = |envelope: Envelope| envelope.udp(47_001, 47_002, payload);
    (
        build(trace.envelope(Role::Lan, End::Network, pc, site)),
        build(
            trace
                .envelope(Role::Wan, End::Device, pc, site)
                .with_hop_limit(63),
        ),
    )
}

/// A line on which the router has forwarded something for the terminal already.
pub(super) fn online() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.lan_ra(|_| {});
    let (before, after) = out(&trace, b"first");
    trace
        .at(1000)
        .frame(Role::Lan, End::Network, before)
        .frame(Role::Wan, End::Device, after);
    trace
}
