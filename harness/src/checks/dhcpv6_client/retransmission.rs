//! Messages that the DHCPv6 client repeats: Elapsed Time grows, the transaction id stays, and the
//! intervals double (RFC 8415 §15, §16.1, §21.9).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::dhcpv6_client::doubling::{LONGEST, doubles};
use crate::checks::evidence::dhcpv6_exchanges::{asks_for, between, received_within, sent};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};
use crate::scenario::step::cable::Wire;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.msg.elapsed-time",
        source: "RFC 8415 §18.2.1, §21.9",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Elapsed Timeを含め、初回は0、再送では増やす",
            "Elapsed Time is there, 0 at first, and grows with retransmissions",
        ),
        hint: Text::new(
            "すべてのDHCPv6メッセージにElapsed Timeを入れてください。",
            "Put Elapsed Time into every client message.",
        ),
        judge: elapsed_time,
    },
    Check {
        id: "dhcp6c.msg.xid-kept",
        source: "RFC 8415 §16.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "再送でトランザクションIDを変えない",
            "Retransmissions keep the transaction id",
        ),
        hint: Text::new(
            "同じメッセージの再送には同じトランザクションIDを使ってください。",
            "Use one transaction id for a message and its retransmissions.",
        ),
        judge: xid_kept,
    },
    Check {
        id: "dhcp6c.msg.xid-fresh",
        source: "RFC 8415 §16.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "新しいメッセージに以前のトランザクションIDを使い回さない",
            "A new message has a transaction id that no earlier one had",
        ),
        hint: Text::new(
            "再送を除き、メッセージごとに新しいトランザクションIDを選んでください。",
            "Choose another transaction id for each message that is no retransmission.",
        ),
        judge: xid_fresh,
    },
    Check {
        id: "dhcp6c.sol.backoff",
        source: "RFC 8415 §15, §18.2.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "応答がないときSolicitの再送間隔を倍々に延ばす",
            "Unanswered Solicits back off, doubling their interval",
        ),
        hint: Text::new(
            "Solicitの再送間隔を1秒から倍々に延ばしてください。",
            "Double the interval between Solicits, from one second on.",
        ),
        judge: solicit_backoff,
    },
];

fn elapsed_time(trace: &Dissection<'_>) -> Verdict {
    let messages: Vec<_> = sent(trace).collect();
    every(
        "DHCPv6 message of the device",
        messages.iter().enumerate(),
        |(index, found)| {
            let Some(elapsed) = found.is.elapsed() else {
                return broken([found.record], "an Elapsed Time", "none");
            };
            let before = messages[..index]
                .iter()
                .rev()
                .find(|other| other.is.xid == found.is.xid && other.is.kind == found.is.kind);
            match before {
                // With the id of an exchange that is over another one may begin all the same.
                Some(before) if elapsed == 0 && is_over(trace, before, found) => {
                    Ruling::Holds(vec![found.record])
                }
                // What began and was kept waiting before it was sent has seen time go by.
                None => expect(
                    [found.record],
                    elapsed == 0 || began_unseen(trace, found, elapsed),
                    "Elapsed Time 0 in the first message of an exchange",
                    elapsed.to_string(),
                )
                .unless_late(
                    trace,
                    Delay::TooSoon {
                        after: found.at,
                        by: Duration::from_millis(10 * u64::from(elapsed)),
                    },
                ),
                Some(before) => {
                    let grown = Some(elapsed) > before.is.elapsed() || elapsed == u16::MAX;
                    let at_once = found.at.since(before.at) < Duration::from_millis(20);
                    expect(
                        [before.record, found.record],
                        grown || at_once,
                        "a greater Elapsed Time in the retransmission",
                        elapsed.to_string(),
                    )
                }
            }
        },
    )
}

/// Returns whether the exchange of a message was over when another one was sent: it was answered,
/// the client went on to another message, or began anew.
fn is_over(trace: &Dissection<'_>, before: &Found<Dhcpv6>, found: &Found<Dhcpv6>) -> bool {
    let (mut sent, mut received) = between(trace, before, found);
    received.any(|answer| answer.is.xid == before.is.xid)
        || sent.any(|other| other.is.kind != before.is.kind)
        || trace.is_restarted(before.at, found.at)
}

/// How many messages an id is compared with: those of a few exchanges.
const IN_A_ROW: usize = 8;

fn xid_fresh(trace: &Dissection<'_>) -> Verdict {
    let messages: Vec<_> = sent(trace).collect();
    every(
        "second DHCPv6 exchange",
        messages.iter().enumerate().skip(1),
        |(index, found)| {
            // Of hundreds of ids of 24 bits two are the same by chance; of a few in a row none are.
            let mut before = messages[..index].iter().rev().take(IN_A_ROW);
            let before = before.find(|other| other.is.xid == found.is.xid);
            let Some(before) = before else {
                return Ruling::Holds(vec![found.record]);
            };
            let is_new = before.is.kind != found.is.kind
                || found.is.elapsed() == Some(0) && is_over(trace, before, found);
            if !is_new {
                return Ruling::Skip;
            }
            broken(
                [before.record, found.record],
                format!(
                    "another transaction id than {:06x}, which a {:?} had",
                    found.is.xid, before.is.kind
                ),
                format!("a new {:?} with the same", found.is.kind),
            )
        },
    )
}

/// What Elapsed Time counts in (RFC 8415 §21.9).
const CENTISECOND: Duration = Duration::from_millis(10);

/// What a program may run before the cable is plugged in.
const START_UP: Duration = Duration::from_secs(30);

/// Returns whether a message continues an exchange whose beginning never got onto the cable: it
/// began while the cable was out, or before its source address came into use, when sending fails.
fn began_unseen(trace: &Dissection<'_>, found: &Found<Dhcpv6>, elapsed: u16) -> bool {
    let began = found.at - Duration::from_millis(10 * u64::from(elapsed));
    // The cable was out, so that nothing of it is in the trace.
    let mut outages = trace.steps.iter().filter(|step| step.pulls(Wire::Wan));
    if outages.any(|step| step.began() <= began + CENTISECOND && began <= step.at) {
        return true;
    }
    let probe = trace
        .neighbor_solicits()
        .filter(|ns| ns.by_device(Role::Wan) && ns.source.is_unspecified() && ns.at <= found.at)
        .filter(|ns| ns.is.target == found.source)
        .last();
    probe.is_some_and(|probe| {
        let first_use = trace.packets.iter().find(|packet| {
            packet.by_device(Role::Wan) && packet.source == found.source && packet.at >= probe.at
        });
        began + START_UP >= probe.at && first_use.is_some_and(|packet| began <= packet.at)
    })
}

/// Returns pairs of messages of which the second repeats the first, as its Elapsed Time tells.
fn repetitions<'d>(trace: &'d Dissection<'_>) -> Vec<(&'d Found<Dhcpv6>, &'d Found<Dhcpv6>)> {
    let messages: Vec<_> = sent(trace).collect();
    let pairs = messages.iter().enumerate().filter_map(|(index, found)| {
        let mut before = messages[..index].iter().rev();
        let before = before.find(|other| is_of_one_client(other, found))?;
        Some((*before, *found))
    });
    pairs
        .filter(|(first, second)| {
            let continues = second.is.elapsed().is_some_and(|elapsed| elapsed > 0);
            // What came behind the second one, in the same moment, is no answer to the first.
            let answered = received_within(trace, first.at, second.at)
                .any(|answer| answer.record < second.record && answer.is.xid == first.is.xid);
            first.is.kind == second.is.kind
                && (continues || first.is.xid == second.is.xid)
                && !answered
                && !trace.is_restarted(first.at, second.at)
        })
        .collect()
}

/// Returns whether two messages are of one client: a device may have one for addresses and another
/// for prefixes, each with exchanges of its own.
fn is_of_one_client(one: &Found<Dhcpv6>, other: &Found<Dhcpv6>) -> bool {
    one.is.xid == other.is.xid || asks_for(one) == asks_for(other)
}

fn xid_kept(trace: &Dissection<'_>) -> Verdict {
    every(
        "retransmission of a DHCPv6 message",
        repetitions(trace),
        |(first, second)| {
            expect(
                [first.record, second.record],
                first.is.xid == second.is.xid,
                format!("transaction id {:06x} again", first.is.xid),
                format!("{:06x}", second.is.xid),
            )
        },
    )
}

fn solicit_backoff(trace: &Dissection<'_>) -> Verdict {
    let solicits: Vec<_> = repetitions(trace)
        .into_iter()
        .filter(|(first, _)| first.is.kind == Kind::Solicit)
        .collect();
    // Three in a row make two intervals to compare.
    let runs = solicits.iter().filter_map(|(first, second)| {
        let mut later = solicits.iter();
        let next = later.find(|(before, _)| before.record == second.record)?;
        Some((*first, *second, next.1))
    });
    every(
        "third Solicit of an exchange",
        runs,
        |(first, second, third)| doubles(trace, [first, second, third], LONGEST),
    )
}

#[cfg(test)]
mod tests;
