//! What is peculiar to this network on the way: resets, and a mark that gets packets lost
//! (ngn-facts §4.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken, every, finding, never};
use crate::dissection::{Connection, Dissection};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.wan.rst-passed",
        source: "ngn-facts §4.2; RFC 6092 §3.3.1 REC-31",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "網が返すTCP RSTが端末に届く",
            "A TCP reset from the network reaches the terminal",
        ),
        hint: Text::new(
            "SYNに対するRSTをフィルタで破棄せず端末に渡してください。破棄するとIPv4への切り替えが遅れます。",
            "Let a reset that answers a SYN pass: without it browsers turn to IPv4 late.",
        ),
        judge: rst_passed,
    },
    Check {
        id: "ngn.wan.no-lost-mark",
        source: "ngn-facts §4.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "網が破棄するTOS値（0x88）をパケットに付けない",
            "Nothing is given the mark (TOS 0x88) with which the network loses packets",
        ),
        hint: Text::new(
            "QoSの設定でDSCP AF41（TOS 0x88）に書き換えないでください。",
            "Do not mark packets as AF41 (TOS 0x88) on their way out.",
        ),
        judge: no_lost_mark,
    },
];

/// Forwarding is a matter of microseconds; real routers under load take longer.
const PASSED_WITHIN: Duration = Duration::from_secs(1);

/// Packets with this traffic class are lost in the network.
const LOST_MARK: u8 = 0x88;

fn rst_passed(trace: &Dissection<'_>) -> Verdict {
    let of_terminals = |connection: &&Connection| {
        connection.on == Role::Lan && connection.opener == End::Network && !connection.injected
    };
    let attempts = trace.connections.iter().filter(of_terminals);
    every("connection that the network reset", attempts, |attempt| {
        let beyond = trace.connections.iter().find(|other| {
            other.on == Role::Wan
                && (other.client, other.server) == (attempt.client, attempt.server)
                && other.at >= attempt.at
        });
        let reset = beyond
            .and_then(|beyond| beyond.reset)
            .filter(|(_, from)| *from == End::Network);
        let Some((record, _)) = reset else {
            return Ruling::Skip;
        };
        // Only what answers a SYN is beyond doubt: later a reset may be out of window.
        let answered = beyond.is_some_and(|beyond| beyond.accepted.is_some());
        let Some(found) = trace.packets.iter().find(|found| found.record == record) else {
            return Ruling::Skip;
        };
        if answered || found.lost {
            return Ruling::Skip;
        }
        let deadline = found.arrives + PASSED_WITHIN;
        match attempt.reset.filter(|(_, from)| *from == End::Device) {
            Some((passed, _)) => Ruling::Holds(vec![record, passed]),
            None if deadline > trace.end() => Ruling::Skip,
            None if trace.is_disturbed(found.at, deadline) => {
                Ruling::Unclear("a cable or the power was cut, or frames got lost".to_owned())
            }
            None => broken(
                [attempt.syn, record],
                "the reset on the LAN",
                "nothing there",
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: found.at,
                    to: deadline,
                },
            ),
        }
    })
}

fn no_lost_mark(trace: &Dissection<'_>) -> Verdict {
    let sent = || {
        trace
            .packets
            .iter()
            .filter(|found| found.by_device(Role::Wan))
    };
    // What a terminal marked itself is its own affair.
    let marked_before = |source: Ipv6Addr| {
        trace.packets.iter().any(|found| {
            found.on == Role::Lan
                && found.from == End::Network
                && found.source == source
                && found.is.traffic_class == LOST_MARK
        })
    };
    let marked = sent().filter(|found| {
        found.is.traffic_class == LOST_MARK
            && is_routable(found.source)
            && !marked_before(found.source)
    });
    never(
        "packet with a global source on the WAN",
        sent()
            .filter(|found| is_routable(found.source))
            .map(|found| found.record),
        marked.map(|found| {
            finding(
                [found.record],
                "any traffic class but 0x88",
                "0x88, with which the network drops it",
            )
        }),
    )
}

#[cfg(test)]
mod tests;
