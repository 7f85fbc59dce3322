//! The hop limit of packets on their way, and what is told of its end (RFC 8200 §3).

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::{FIRST_INFORMATIONAL, TIME_EXCEEDED};
use ngnlab_sim::message::packet::{Packet, is_routable};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::lan_adverts::is_unnumbered;
use crate::checks::evidence::through_device::{SOON, must_cross};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fwd.hoplimit.decrement",
        source: "RFC 8200 §3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "中継するパケットのホップリミットを1減らす",
            "Forwarded packets have their hop limit lowered by one",
        ),
        hint: Text::new(
            "ブリッジではなくルータとして中継し、ホップリミットを減らしてください。",
            "Forward as a router, not as a bridge, and lower the hop limit.",
        ),
        judge: decrement,
    },
    Check {
        id: "fwd.hoplimit.last-hop",
        source: "RFC 8200 §3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ホップリミット2のパケットを中継する",
            "A packet with a hop limit of two is forwarded",
        ),
        hint: Text::new(
            "ホップリミットを1減らして0になるパケットだけを破棄してください。",
            "Drop only what has a hop limit of zero once it was lowered by one.",
        ),
        judge: |trace| {
            must_cross(trace, "packet with a hop limit of two", |found| {
                found.hop_limit == 2
            })
        },
    },
    Check {
        id: "fwd.hoplimit.time-exceeded",
        source: "RFC 4443 §3.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ホップリミットが尽きたことを送信元に通知する",
            "A packet whose hop limit ran out is reported to its sender",
        ),
        hint: Text::new(
            "ホップリミットが尽きたらICMPv6 Time Exceededを返してください。",
            "Answer with ICMPv6 Time Exceeded.",
        ),
        judge: time_exceeded,
    },
];

fn decrement(trace: &Dissection<'_>) -> Verdict {
    every("forwarded packet", trace.forwarded(), |(before, after)| {
        expect(
            [before.record, after.record],
            after.hop_limit.checked_add(1) == Some(before.hop_limit),
            format!("hop limit {}", before.hop_limit.saturating_sub(1)),
            after.hop_limit.to_string(),
        )
    })
}

/// Returns whether a source is in the prefix that the line has by then.
fn is_current(trace: &Dissection<'_>, found: &Found<Packet<'_>>) -> bool {
    let latest = trace.assignments().filter(|(at, _)| *at <= found.at).last();
    latest.is_none_or(|(_, whole)| whole.contains(&found.source))
}

fn time_exceeded(trace: &Dissection<'_>) -> Verdict {
    let mut ended: BTreeMap<(Ipv6Addr, Ipv6Addr), Vec<&Found<Packet<'_>>>> = BTreeMap::new();
    for found in &trace.packets {
        let error = found
            .is
            .icmpv6()
            .is_some_and(|message| message.kind < FIRST_INFORMATIONAL);
        // A filter may drop what comes from the WAN without a word; of errors, and of what came
        // in a multicast frame, nobody is told (RFC 4443 §2.4 e). A capture may not say whom a
        // frame was for.
        if found.to_device(Role::Lan)
            && found.hop_limit <= 1
            && !error
            && trace.device_macs().contains(&found.eth_destination)
            && is_routable(found.source)
            && is_routable(found.destination)
            && !trace.is_device_address(found.destination)
            && !trace.is_terminal(found.destination)
            // Whose prefix is gone is a stranger, and without a router nothing has a way out.
            && is_current(trace, found)
            && trace.has_router(found.at)
            && !is_unnumbered(trace, found.at)
        {
            let ends = (found.source, found.destination);
            ended.entry(ends).or_default().push(found);
        }
    }
    every(
        "packet whose hop limit ran out",
        ended,
        |((source, destination), packets)| {
            let Some(first) = packets.first() else {
                return Ruling::Skip;
            };
            let over = first.arrives + SOON;
            if trace.end() < over || trace.is_interrupted(first.at, over) {
                return Ruling::Skip;
            }
            // Errors are rate limited (RFC 4443 §2.4 f), so one for all of them is enough.
            let error = trace.errors.iter().find(|error| {
                error.by_device(Role::Lan)
                    && error.is.kind == TIME_EXCEEDED
                    && error.is.code == 0
                    && error.destination == source
                    && error
                        .is
                        .quoted
                        .is_some_and(|quoted| quoted.destination == destination)
            });
            match error {
                Some(error) => Ruling::Holds(vec![first.record, error.record]),
                None => broken([first.record], "Time Exceeded", "nothing came").unless_late(
                    trace,
                    Delay::InVain {
                        from: first.at,
                        to: packets.last().map_or(first.at, |last| last.at),
                    },
                ),
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use etherparse::TcpHeader;
    use ngnlab_sim::Frame;
    use ngnlab_sim::trace::End;

    use super::*;
    use crate::checks::test_verdicts::{fails, passes};
    use crate::dissection::builder::TraceBuilder;

    fn segment(trace: &TraceBuilder, on: Role, from: End, hop_limit: u8, syn: bool) -> Frame {
        let (pc, site) = (trace.pc(), trace.ons_dns());
        let mut header = TcpHeader::new(50_000, 443, 1, 1000);
        header.syn = syn;
        let envelope = trace.envelope(on, from, pc, site).with_hop_limit(hop_limit);
        envelope.tcp(header, b"x")
    }

    #[test]
    fn hop_limits_go_down_by_one() {
        for (hop_limit, good) in [(63, true), (64, false), (62, false)] {
            let mut trace = TraceBuilder::new("next-ra");
            let before = segment(&trace, Role::Lan, End::Network, 64, true);
            let after = segment(&trace, Role::Wan, End::Device, hop_limit, true);
            trace.frame(Role::Lan, End::Network, before);
            trace.frame(Role::Wan, End::Device, after);
            assert_eq!(passes("fwd.hoplimit.decrement", &trace), good);
            assert_eq!(fails("fwd.hoplimit.decrement", &trace), !good);
        }
    }

    #[test]
    fn the_second_pass_of_a_routing_loop_is_not_put_beside_the_first() {
        let mut trace = TraceBuilder::new("next-ra");
        for (on, from, hop_limit) in [
            (Role::Lan, End::Network, 64),
            (Role::Wan, End::Device, 63),
            (Role::Wan, End::Network, 62),
            (Role::Wan, End::Device, 61),
        ] {
            let frame = segment(&trace, on, from, hop_limit, true);
            trace.frame(on, from, frame);
        }
        assert!(passes("fwd.hoplimit.decrement", &trace));
        // The same packet once more from the terminal is judged again.
        let again = segment(&trace, Role::Lan, End::Network, 64, true);
        let after = segment(&trace, Role::Wan, End::Device, 64, true);
        trace.frame(Role::Lan, End::Network, again);
        trace.frame(Role::Wan, End::Device, after);
        assert!(fails("fwd.hoplimit.decrement", &trace));
    }

    #[test]
    fn an_ended_hop_limit_is_reported() {
        let mut trace = TraceBuilder::new("next-ra");
        let last = segment(&trace, Role::Lan, End::Network, 1, false);
        let quoted = last[14..].to_vec();
        trace
            .at(1000)
            .lan_ra(|_| {})
            .frame(Role::Lan, End::Network, last);
        assert!(fails("fwd.hoplimit.time-exceeded", &trace));
        let envelope = trace.envelope(Role::Lan, End::Device, trace.router(), trace.pc());
        let error = envelope.icmpv6(TIME_EXCEEDED, 0, &[&[0; 4], &quoted[..]].concat());
        trace.frame(Role::Lan, End::Device, error);
        assert!(passes("fwd.hoplimit.time-exceeded", &trace));
    }
}
