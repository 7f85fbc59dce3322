//! Forwarding between terminals and the line, and what the device itself says by ICMPv6.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::icmpv6::{FIRST_INFORMATIONAL, PACKET_TOO_BIG, TIME_EXCEEDED};
use ngnlab_sim::message::packet::{Packet, Payload, is_routable};
use ngnlab_sim::trace::Role;

use super::fw6::flows::quoted_flow;
use super::{Check, EVERYONE, Ruling, broken, every, expect, finding, never, seconds};
use crate::dissection::crossing::Flow;
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
        id: "fwd.hoplimit.time-exceeded",
        source: "RFC 4443 §3.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ホップリミットが尽きたことを送信元に知らせる",
            "A packet whose hop limit ran out is reported to its sender",
        ),
        hint: Text::new(
            "ホップリミットが尽きたらICMPv6 Time Exceededを返してください。",
            "Answer with ICMPv6 Time Exceeded.",
        ),
        judge: time_exceeded,
    },
    Check {
        id: "icmp6.echo.reply",
        source: "RFC 4443 §4.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側からのpingに応答する",
            "Echo requests from the LAN are answered",
        ),
        hint: Text::new(
            "LAN側からのICMPv6 Echo Requestを許可してください。",
            "Admit ICMPv6 Echo Requests from the LAN.",
        ),
        judge: echo_reply,
    },
    Check {
        id: "fw6.no-unsolicited-inbound",
        source: "guide p.5; RFC 6092 §3.2.3, §3.3.2",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "外部から始まる通信を端末に通さない",
            "Connections from outside do not reach terminals",
        ),
        hint: Text::new(
            "IPv6のステートフルフィルタ（動的フィルタ）を有効にしてください。",
            "Turn the stateful IPv6 filter on.",
        ),
        judge: no_unsolicited_inbound,
    },
    Check {
        id: "fwd.ptb.relay",
        source: "RFC 6092 §3.3.1 REC-36; RFC 4890 §4.3.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "Packet Too Bigを端末に届ける",
            "Packet Too Big messages reach terminals",
        ),
        hint: Text::new(
            "フィルタでICMPv6 Packet Too Big（タイプ2）を許可してください。",
            "Let ICMPv6 type 2, Packet Too Big, through the filter.",
        ),
        judge: too_big_relayed,
    },
    Check {
        id: "ngn.tcp.survives-silence",
        source: "guide FAQ 11; RFC 6092 §3.3.1 REC-35",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "25秒間の無通信でTCP接続を切らない",
            "TCP connections survive 25 s of silence",
        ),
        hint: Text::new(
            "TCPのセッション保持時間を延ばしてください。回線認証の応答には25秒以上かかることがあります。",
            "Keep TCP state longer; line authentication may take 25 s and more to answer.",
        ),
        judge: survives_silence,
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

/// How long an error or an echo may take.
const SOON: Duration = Duration::from_secs(3);

fn time_exceeded(trace: &Dissection<'_>) -> Verdict {
    let mut ended: BTreeMap<(Ipv6Addr, Ipv6Addr), Vec<&Found<Packet<'_>>>> = BTreeMap::new();
    for found in &trace.packets {
        let error = found
            .is
            .icmpv6()
            .is_some_and(|message| message.kind < FIRST_INFORMATIONAL);
        // A filter may drop what comes from the WAN without a word; of errors, and of what came
        // in a multicast frame, nobody is told (RFC 4443 §2.4 e).
        if found.to_device(Role::Lan)
            && found.hop_limit <= 1
            && !error
            && !found.eth_destination.is_multicast()
            && is_routable(found.source)
            && is_routable(found.destination)
            && !trace.is_device_address(found.destination)
            && !trace.is_terminal(found.destination)
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
            if trace.end() < first.arrives + SOON {
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
                None => broken([first.record], "Time Exceeded", "nothing came"),
            }
        },
    )
}

fn echo_reply(trace: &Dissection<'_>) -> Verdict {
    let requests = trace.echoes.iter().filter(|echo| {
        !echo.is.reply
            && echo.to_device(Role::Lan)
            && echo.eth_destination == trace.setup().lan_mac
            && trace.is_device_address(echo.destination)
    });
    every(
        "echo request from the LAN to the device",
        requests,
        |request| {
            let reply = trace.echoes.iter().find(|echo| {
                echo.is.reply
                    && echo.by_device(Role::Lan)
                    && echo.destination == request.source
                    && (echo.is.id, echo.is.sequence) == (request.is.id, request.is.sequence)
                    && echo.at >= request.at
            });
            if trace.is_disturbed(request.at, request.at + SOON) {
                return Ruling::Skip;
            }
            super::within(trace, request, reply, SOON, "an echo reply")
        },
    )
}

fn no_unsolicited_inbound(trace: &Dissection<'_>) -> Verdict {
    let attempts: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.injected
                && found.to_device(Role::Wan)
                && !is_welcome(trace, found)
                && match &found.is.payload {
                    Payload::Udp(_) => true,
                    Payload::Tcp(tcp) => tcp.syn() && !tcp.ack(),
                    Payload::Icmpv6(_) | Payload::Other { .. } => false,
                }
                && trace.is_terminal(found.destination)
        })
        .collect();
    let forwarded = trace.forwarded();
    let through = attempts.iter().filter_map(|attempt| {
        let (_, after) = forwarded
            .iter()
            .find(|(before, _)| before.record == attempt.record)?;
        Some(finding(
            [attempt.record, after.record],
            "a packet nobody asked for, dropped",
            "it went through to the terminal",
        ))
    });
    never(
        "connection from outside",
        attempts.iter().map(|attempt| attempt.record),
        through,
    )
}

/// Returns whether a packet from outside may come in: a terminal has talked to its sender, or it
/// is for IPsec (RFC 6092 §3.2.4).
fn is_welcome(trace: &Dissection<'_>, found: &Found<Packet<'_>>) -> bool {
    const AUTHENTICATION: u8 = 51;
    const IKE: u16 = 500;
    let asked = Flow::of(&found.is)
        .is_some_and(|flow| trace.last_out(flow.reversed(), found.record).is_some());
    let ike = found
        .is
        .udp()
        .is_some_and(|udp| udp.destination_port == IKE);
    asked || ike || found.is.ip.get(6) == Some(&AUTHENTICATION)
}

fn too_big_relayed(trace: &Dissection<'_>) -> Verdict {
    let errors = trace.errors.iter().filter(|error| {
        error.to_device(Role::Wan)
            && error.is.kind == PACKET_TOO_BIG
            && error
                .is
                .quoted
                .is_some_and(|quoted| trace.is_terminal(quoted.source))
    });
    every("Packet Too Big for a terminal", errors, |error| {
        // Only for a flow that exists, as a filter may look for one (RFC 6092 REC-36).
        let sent = quoted_flow(&error.is).and_then(|flow| trace.last_out(flow, error.record));
        if sent.is_none() || trace.end() < error.arrives + SOON {
            return Ruling::Skip;
        }
        let relayed = trace.errors.iter().find(|other| {
            other.by_device(Role::Lan) && other.at >= error.at && other.is == error.is
        });
        match relayed {
            Some(other) => Ruling::Holds(vec![error.record, other.record]),
            None => broken(
                [error.record],
                "the message passed on to the terminal",
                "nothing left on the LAN",
            ),
        }
    })
}

/// A silence that line authentication needs (guide FAQ 11: 25 s), a little less for rounding.
const SILENCE: Duration = Duration::from_secs(24);
/// Beyond this a filter may forget a connection (RFC 6092 REC-35: 2 h 4 min).
const FORGIVEN: Duration = Duration::from_secs(7440);

fn survives_silence(trace: &Dissection<'_>) -> Verdict {
    survives(trace, "TCP segment after a silence of 25 s", SILENCE)
}

/// Judges that connections live through a silence of an hour and more.
pub(super) fn survives_an_hour(trace: &Dissection<'_>) -> Verdict {
    const HOUR: Duration = Duration::from_secs(3600);
    survives(trace, "TCP segment after a silence of an hour", HOUR)
}

fn survives(trace: &Dissection<'_>, what: &str, least: Duration) -> Verdict {
    struct Talk {
        last: Time,
        last_record: RecordId,
        over: bool,
    }
    type Ends = ((Ipv6Addr, u16), (Ipv6Addr, u16));
    let mut talks: BTreeMap<Ends, Talk> = BTreeMap::new();
    let mut awakened: Vec<(RecordId, Duration, &Found<Packet<'_>>)> = Vec::new();
    for found in &trace.packets {
        let Some(tcp) = found.is.tcp() else {
            continue;
        };
        let from_terminal = found.to_device(Role::Lan) && !found.injected;
        let to_terminal = found.to_device(Role::Wan) && trace.is_terminal(found.destination);
        if !(from_terminal || to_terminal) || found.injected {
            continue;
        }
        let source = (found.source, tcp.source_port());
        let destination = (found.destination, tcp.destination_port());
        let (ends, opens) = if from_terminal {
            ((source, destination), tcp.syn())
        } else {
            ((destination, source), false)
        };
        if opens {
            let talk = Talk {
                last: found.at,
                last_record: found.record,
                over: false,
            };
            talks.insert(ends, talk);
            continue;
        }
        let Some(talk) = talks.get_mut(&ends) else {
            continue;
        };
        let silence = found.at.since(talk.last);
        if !talk.over
            && (least..FORGIVEN).contains(&silence)
            && !trace.is_device_address(destination.0)
            && !tcp.rst()
        {
            awakened.push((talk.last_record, silence, found));
        }
        talk.over |= tcp.fin() || tcp.rst();
        (talk.last, talk.last_record) = (found.at, found.record);
    }
    let forwarded = trace.forwarded();
    every(what, awakened, |(last, silence, found)| {
        let passed = forwarded
            .iter()
            .find(|(before, _)| before.record == found.record);
        // A line that was renumbered has no use for the old addresses.
        let latest = trace.assignments().filter(|(at, _)| *at <= found.at).last();
        let is_current = latest.is_none_or(|(_, whole)| {
            whole.contains(&found.source) || whole.contains(&found.destination)
        });
        if !is_current || trace.is_disturbed(found.at - silence, found.at) {
            return Ruling::Skip;
        }
        match passed {
            Some((_, after)) => Ruling::Holds(vec![last, found.record, after.record]),
            None => broken(
                [last, found.record],
                format!(
                    "the segment forwarded after {} of silence",
                    seconds(silence)
                ),
                "it was not",
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use etherparse::TcpHeader;
    use ngnlab_sim::Frame;
    use ngnlab_sim::trace::End;

    use super::super::verdicts::{fails, passes, verdict};
    use super::*;
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
    fn a_connection_lives_through_a_silence() {
        let mut trace = TraceBuilder::new("next-ra");
        let opening = segment(&trace, Role::Lan, End::Network, 64, true);
        trace.frame(Role::Lan, End::Network, opening);
        assert!(matches!(
            verdict("ngn.tcp.survives-silence", &trace),
            Verdict::Inconclusive(_)
        ));
        let late = segment(&trace, Role::Lan, End::Network, 64, false);
        trace.at(26_000).frame(Role::Lan, End::Network, late);
        assert!(fails("ngn.tcp.survives-silence", &trace));
        let after = segment(&trace, Role::Wan, End::Device, 63, false);
        trace.frame(Role::Wan, End::Device, after);
        assert!(passes("ngn.tcp.survives-silence", &trace));
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

    #[test]
    fn an_echo_comes_back() {
        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {});
        let (pc, router) = (trace.pc(), trace.router());
        let there = trace.envelope(Role::Lan, End::Network, pc, router);
        let back = trace.envelope(Role::Lan, End::Device, router, pc);
        trace.frame(Role::Lan, End::Network, there.icmpv6(128, 0, &[0, 1, 0, 1]));
        assert!(fails("icmp6.echo.reply", &trace));
        trace.frame(Role::Lan, End::Device, back.icmpv6(129, 0, &[0, 1, 0, 1]));
        assert!(passes("icmp6.echo.reply", &trace));
    }

    #[test]
    fn strangers_stay_outside_and_packet_too_big_comes_in() {
        let mut trace = TraceBuilder::new("next-ra");
        let (pc, stranger) = (trace.pc(), trace.ons_dns());
        let talk = segment(&trace, Role::Lan, End::Network, 64, true);
        let out = segment(&trace, Role::Wan, End::Device, 63, true);
        trace.frame(Role::Lan, End::Network, talk);
        trace.frame(Role::Wan, End::Device, out.clone());

        let outside = trace.envelope(Role::Wan, End::Network, stranger, pc);
        let inside = trace
            .envelope(Role::Lan, End::Device, stranger, pc)
            .with_hop_limit(63);
        trace.injected(Role::Wan, outside.udp(5000, 5000, b"hello"));
        assert!(passes("fw6.no-unsolicited-inbound", &trace));
        trace.frame(Role::Lan, End::Device, inside.udp(5000, 5000, b"hello"));
        assert!(fails("fw6.no-unsolicited-inbound", &trace));

        let body = [&1280u32.to_be_bytes()[..], &out[14..]].concat();
        trace.injected(Role::Wan, outside.icmpv6(PACKET_TOO_BIG, 0, &body));
        assert!(fails("fwd.ptb.relay", &trace));
        trace.frame(
            Role::Lan,
            End::Device,
            inside.icmpv6(PACKET_TOO_BIG, 0, &body),
        );
        assert!(passes("fwd.ptb.relay", &trace));
    }
}
