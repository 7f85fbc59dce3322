//! Flows through the firewall by hand, for the tests of checks.

use ngnlab_sim::message::packet::Envelope;
use ngnlab_sim::trace::{End, Role};

use crate::dissection::builder::TraceBuilder;

/// A long run in which the terminal's datagram went out at these seconds.
pub(super) fn talked(at: &[u64]) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.trace.header.until = ngnlab_sim::Time::from_secs(600);
    trace.lan_ra(|_| {});
    let (pc, site) = (trace.pc(), trace.ons_dns());
    for second in at {
        let came = trace.envelope(Role::Lan, End::Network, pc, site);
        let left = trace.envelope(Role::Wan, End::Device, pc, site);
        trace
            .at(second * 1000)
            .frame(Role::Lan, End::Network, came.udp(47_001, 47_002, b"out"))
            .frame(
                Role::Wan,
                End::Device,
                left.with_hop_limit(63).udp(47_001, 47_002, b"out"),
            );
    }
    trace
}

/// Something comes in, and goes on to the terminal or not.
pub(super) fn comes(
    trace: &mut TraceBuilder,
    at: u64,
    through: bool,
    frame: impl Fn(Envelope) -> ngnlab_sim::Frame,
) {
    let (pc, site) = (trace.pc(), trace.ons_dns());
    let came = trace.envelope(Role::Wan, End::Network, site, pc);
    let left = trace.envelope(Role::Lan, End::Device, site, pc);
    trace.at(at * 1000).injected(Role::Wan, frame(came));
    if through {
        trace.frame(Role::Lan, End::Device, frame(left.with_hop_limit(63)));
    }
}

pub(super) fn answer(envelope: Envelope) -> ngnlab_sim::Frame {
    envelope.udp(47_002, 47_001, b"in")
}
