//! DHCPv6 of the device's client by hand, for the tests of checks: one message, one delegation.

use dhcproto::v6::MessageType;
use ipnet::Ipv6Net;
use ngnlab_sim::trace::{End, Role};

use crate::dissection::builder::{TraceBuilder, client_message, grant};

/// A delegated prefix of this length at one second.
pub(in crate::checks) fn delegated(length: u8) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let prefix = Ipv6Net::new(trace.prefix(), length).unwrap();
    let reply = grant(5, prefix, [7200, 10800, 12600, 14400]);
    trace.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
    trace
}

pub(in crate::checks) fn granted(times: [u32; 4]) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let reply = grant(5, trace.trace.header.line.assignment(0), times);
    trace.at(1000).dhcpv6(Role::Wan, End::Network, &reply);
    trace
}

pub(in crate::checks) fn one(
    kind: MessageType,
    change: impl Fn(&mut dhcproto::v6::Message),
) -> TraceBuilder {
    let preset = match kind {
        MessageType::InformationRequest => "next-ra",
        _ => "next-pd",
    };
    let mut trace = TraceBuilder::new(preset);
    let mut message = client_message(kind, 7, 0);
    change(&mut message);
    trace.at(1000).dhcpv6(Role::Wan, End::Device, &message);
    trace
}
