//! What the device's DHCPv6 client said and was told; messages put together with their repetitions
//! and their answers.

use std::collections::BTreeSet;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::trace::Role;

use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

/// A message with its retransmissions, and what answered it.
pub(in crate::checks) struct Asked<'d> {
    /// The messages, never none.
    pub(in crate::checks) messages: Vec<&'d Found<Dhcpv6>>,
    /// The answers, in order.
    pub(in crate::checks) answers: Vec<&'d Found<Dhcpv6>>,
}

/// Returns the device's exchanges in the order in which they began.
pub(in crate::checks) fn exchanges<'d>(trace: &'d Dissection<'_>) -> Vec<Asked<'d>> {
    let mut all: Vec<Asked<'d>> = Vec::new();
    for found in sent(trace) {
        let last = all.iter_mut().rev().find(|asked| {
            let first = asked.messages[0];
            (first.is.kind, first.is.xid) == (found.is.kind, found.is.xid)
                && !trace.is_restarted(first.at, found.at)
        });
        match last {
            Some(asked) => asked.messages.push(found),
            None => all.push(Asked {
                messages: vec![found],
                answers: Vec::new(),
            }),
        }
    }
    for asked in &mut all {
        let first = asked.messages[0];
        let kind = match first.is.kind {
            Kind::Solicit => Kind::Advertise,
            _ => Kind::Reply,
        };
        asked.answers = received(trace)
            .filter(|answer| {
                answer.is.kind == kind && answer.is.xid == first.is.xid && answer.at >= first.at
            })
            .collect();
    }
    all
}

/// Returns the messages the device sends as a client, in order.
pub(in crate::checks) fn sent<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace.dhcpv6.iter().filter(|found| is_sent(found))
}

fn is_sent(found: &Found<Dhcpv6>) -> bool {
    found.by_device(Role::Wan) && found.is.is_from_client()
}

/// Returns what the device's client sent, and what it received, between two messages.
pub(in crate::checks) fn between<'d>(
    trace: &'d Dissection<'_>,
    before: &Found<Dhcpv6>,
    after: &Found<Dhcpv6>,
) -> (
    impl Iterator<Item = &'d Found<Dhcpv6>>,
    impl Iterator<Item = &'d Found<Dhcpv6>>,
) {
    let place = |record| trace.dhcpv6.partition_point(|found| found.record < record);
    let (from, to) = (place(before.record + 1), place(after.record));
    let between = trace.dhcpv6.get(from..to).unwrap_or_default();
    let sent = between.iter().filter(|found| is_sent(found));
    let macs = trace.device_macs();
    let received = between.iter().filter(|found| is_received(found, macs));
    (sent, received)
}

/// Returns the last message that the device sent as a client before a record.
pub(in crate::checks) fn last_sent<'d>(
    trace: &'d Dissection<'_>,
    before: RecordId,
) -> Option<&'d Found<Dhcpv6>> {
    let end = trace.dhcpv6.partition_point(|found| found.record < before);
    let mut earlier = trace.dhcpv6.get(..end)?.iter().rev();
    earlier.find(|found| is_sent(found))
}

/// Returns what a message of a client is about: who asks, whether for an address, and for which
/// delegations.
pub(in crate::checks) fn asks_for(found: &Found<Dhcpv6>) -> (Option<&[u8]>, bool, Vec<u32>) {
    let delegations = found.is.delegations();
    let mut iaids: Vec<u32> = delegations.iter().map(|ia| ia.iaid).collect();
    iaids.sort_unstable();
    let for_address = found.is.codes().contains(&IA_NA);
    (found.is.client_id(), for_address, iaids)
}

/// RFC 8415 §21.4.
const IA_NA: u16 = 3;

/// Returns the server messages that reached the device, in order, and none that were forged.
pub(in crate::checks) fn received<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    let macs = trace.device_macs();
    let all = trace.dhcpv6.iter();
    all.filter(|found| is_received(found, macs))
}

/// Returns those of them that came from one moment to another.
pub(in crate::checks) fn received_within<'d>(
    trace: &'d Dissection<'_>,
    from: Time,
    to: Time,
) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    let begin = trace.dhcpv6.partition_point(|found| found.at < from);
    let end = trace.dhcpv6.partition_point(|found| found.at <= to);
    let macs = trace.device_macs();
    let within = trace.dhcpv6.get(begin..end).unwrap_or_default().iter();
    within.filter(|found| is_received(found, macs))
}

fn is_received(found: &Found<Dhcpv6>, macs: &BTreeSet<Mac>) -> bool {
    // Another router on the segment has its own answers.
    let ours = found.eth_destination.is_multicast() || macs.contains(&found.eth_destination);
    let answers = matches!(found.is.kind, Kind::Advertise | Kind::Reply);
    found.to_device(Role::Wan) && !found.injected && ours && answers
}

pub(in crate::checks) fn hex(bytes: &[u8]) -> String {
    let words: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    words.join(" ")
}

/// Returns the client's messages of these kinds.
pub(in crate::checks) fn of_kind<'d>(
    trace: &'d Dissection<'_>,
    kinds: &'static [Kind],
) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    sent(trace).filter(|found| kinds.contains(&found.is.kind))
}
