//! ICMPv6 errors by hand, for the tests of checks.

use std::net::Ipv6Addr;

use ngnlab_sim::message::icmpv6::TIME_EXCEEDED;
use ngnlab_sim::message::packet::ETHERNET_HEADER;
use ngnlab_sim::trace::{End, Role};

use crate::dissection::builder::TraceBuilder;

/// The terminal's datagram whose hop limit ends at the router.
pub(super) fn ending(trace: &TraceBuilder, port: u16, size: usize) -> Vec<u8> {
    let envelope = trace
        .envelope(Role::Lan, End::Network, trace.pc(), trace.ons_dns())
        .with_hop_limit(1);
    envelope.udp(47_001, port, &vec![7; size]).to_vec()
}

/// The router says so, and quotes this much.
pub(super) fn complain(trace: &mut TraceBuilder, about: &[u8], to: Ipv6Addr, quoted: usize) {
    let ip = &about[ETHERNET_HEADER..];
    let body = [&[0; 4], &ip[..ip.len().min(quoted)]].concat();
    let envelope = trace.envelope(Role::Lan, End::Device, trace.router(), to);
    trace.frame(
        Role::Lan,
        End::Device,
        envelope.icmpv6(TIME_EXCEEDED, 0, &body),
    );
}
