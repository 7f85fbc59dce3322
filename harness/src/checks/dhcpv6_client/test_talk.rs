//! DHCPv6 by hand, for the tests of checks: what the device's client says, and what it is given.

use dhcproto::v6::MessageType;
use ngnlab_reports::Verdict;
use ngnlab_sim::Time;
use ngnlab_sim::trace::{End, Role};

use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{TraceBuilder, client_message, grant};

/// A trace that goes on for this many seconds.
pub(super) fn lasting(preset: &str, secs: i64) -> TraceBuilder {
    let mut trace = TraceBuilder::new(preset);
    trace.trace.header.until = Time::from_secs(secs);
    trace
}

/// The client sends a message, the first one of its exchange.
pub(super) fn send(trace: &mut TraceBuilder, at: u64, kind: MessageType, xid: u32) {
    let message = client_message(kind, xid, 0);
    trace.at(at).dhcpv6(Role::Wan, End::Device, &message);
}

/// The line delegates a prefix with these times: T1, T2, preferred, valid.
pub(super) fn lease(trace: &mut TraceBuilder, at: u64, times: [u32; 4]) {
    let prefix = trace.trace.header.line.assignment(0);
    let reply = grant(5, prefix, times);
    trace.at(at).dhcpv6(Role::Wan, End::Network, &reply);
}

/// The WAN cable comes back after it was pulled.
pub(super) fn link_up(trace: &mut TraceBuilder, at: u64) {
    trace
        .at(at)
        .done("link-down = { cable = \"wan\", lasting = \"10s\" }");
}

/// Asserts that each check passes (`+`), fails (`-`) or says neither (`?`).
#[track_caller]
pub(super) fn assert_verdicts(trace: &TraceBuilder, expected: &[(&str, char)]) {
    for (id, sign) in expected {
        let verdict = verdict(id, trace);
        let seen = match &verdict {
            Verdict::Pass(_) => '+',
            Verdict::Fail(_) => '-',
            Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => '?',
        };
        assert_eq!(seen, *sign, "{id}: {verdict:?}");
    }
}

/// A trace that lasts so long, with Solicits at these points in milliseconds.
pub(super) fn soliciting(until: i64, at: &[u64]) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    trace.trace.header.until = Time::from_secs(until);
    for millis in at {
        solicit(&mut trace, *millis, at[0]);
    }
    trace
}

/// A Solicit of an exchange that began at this point in milliseconds.
pub(super) fn solicit(trace: &mut TraceBuilder, at: u64, began: u64) {
    let elapsed = u16::try_from((at - began) / 10).unwrap_or(u16::MAX);
    let message = client_message(MessageType::Solicit, 7, elapsed);
    trace.at(at).dhcpv6(Role::Wan, End::Device, &message);
}

pub(super) fn solicits(
    at: &[u64],
    change: impl Fn(usize, &mut dhcproto::v6::Message),
) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    for (index, millis) in at.iter().enumerate() {
        let elapsed = u16::try_from((millis - at[0]) / 10).unwrap();
        let mut message = client_message(MessageType::Solicit, 7, elapsed);
        change(index, &mut message);
        trace.at(*millis).dhcpv6(Role::Wan, End::Device, &message);
    }
    trace
}

pub(super) const EACH: [&str; 6] = [
    "ngn.dhcp6.duid-ll",
    "dhcp6c.msg.client-id",
    "dhcp6c.msg.elapsed-time",
    "dhcp6c.msg.xid-kept",
    "dhcp6c.oro.sol-max-rt",
    "dhcp6c.oro.dns",
];
