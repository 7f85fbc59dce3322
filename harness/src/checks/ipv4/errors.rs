//! What terminals are told when a packet does not fit or does not arrive (RFC 1191, RFC 1812, RFC 4787,
//! RFC 5508), and segments that fit from the start.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::line::pppoe::{MTU, Realm};
use ngnlab_sim::message::icmpv4::{DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED, TIME_EXCEEDED};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, PPPOE};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

use super::crossings::{
    DELIVERED, Outgoing, Seen, at_once, is_calm, is_up, next, outgoing, sessions, stands,
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "nat4.frag-out",
        source: "RFC 4787 §10 REQ-13; RFC 1191 §4",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "MTUを超えるDF付きのパケットに、ICMPの「Fragmentation Needed」を返す",
            "A packet with DF that is too large is answered with Fragmentation Needed",
        ),
        hint: Text::new(
            "PPPoEのMTU（1454）を超えるパケットは破棄し、次のリンクのMTUを入れたICMPタイプ3コード4を返してください。",
            "Drop what exceeds the session's MTU (1454), and send ICMP type 3 code 4 with that MTU.",
        ),
        judge: fragmentation_needed,
    },
    Check {
        id: "nat4.icmp.error-translate",
        source: "RFC 5508 §4.2.1 REQ-4",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "セッションから届いたICMPのエラーが、元のパケットを送った端末に届く",
            "ICMP errors from a session reach the terminal whose packet they are about",
        ),
        hint: Text::new(
            "エラーの宛先と、引用された元のパケットのアドレスとポートを内側に変換して渡してください。",
            "Translate the destination and the quoted addresses and ports, and hand the error on.",
        ),
        judge: errors_come_in,
    },
    Check {
        id: "v4.ttl",
        source: "RFC 1812 §5.3.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "転送するIPv4パケットのTTLを1減らす",
            "The TTL of a forwarded packet is one less",
        ),
        hint: Text::new(
            "転送のたびにTTLを1減らし、0になったら破棄してICMPの「Time Exceeded」を返してください。",
            "Take one from the TTL of each packet; at zero drop it and send ICMP Time Exceeded.",
        ),
        judge: time_to_live,
    },
    Check {
        id: "v4.ttl.exceeded",
        source: "RFC 1812 §5.3.1, §4.3.3.4",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "TTLが尽きたパケットに、ICMPの「Time Exceeded」を返す",
            "A packet whose TTL runs out is answered with Time Exceeded",
        ),
        hint: Text::new(
            "TTLが1のパケットは転送せず、ICMPタイプ11コード0を返してください。",
            "Do not forward a packet with TTL 1, and send ICMP type 11 code 0.",
        ),
        judge: time_exceeded,
    },
    Check {
        id: "ppp.mss-clamp",
        source: "ngn-facts §4.5; RFC 4638 §1",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "セッションに出すSYNのMSSがMTUに収まる",
            "SYNs in a session ask for segments that fit its MTU",
        ),
        hint: Text::new(
            "TCPのMSSを1414以下に書き換えてください（MSSクランプ）。",
            "Rewrite the maximum segment size of TCP to 1414 or less (MSS clamping).",
        ),
        judge: clamped,
    },
];

fn fragmentation_needed(trace: &Dissection<'_>) -> Verdict {
    let up = sessions(trace);
    let too_large = |out: &Outgoing<'_>| {
        let inside = &out.inside.is;
        inside.length > usize::from(MTU) && inside.dont_fragment && inside.ttl > 1
    };
    let packets = outgoing(trace).into_iter().filter(too_large);
    every("packet that is too large", packets, |out| {
        if let Some(outside) = out.outside.filter(|it| !it.is.pieces.is_empty()) {
            let records = [out.inside.record, outside.record];
            return broken(
                records,
                "an ICMP error within 4 s",
                "it leaves in fragments",
            );
        }
        answered(trace, &up, out, |told| {
            let error = told.is.error?;
            let kind = (DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED);
            (error.kind == kind).then(|| {
                expect(
                    [out.inside.record, told.record],
                    error.mtu <= MTU && error.mtu > 0,
                    format!("MTU {MTU} or less"),
                    format!("MTU {}", error.mtu),
                )
            })
        })
    })
}

fn time_exceeded(trace: &Dissection<'_>) -> Verdict {
    let up = sessions(trace);
    let packets = outgoing(trace).into_iter();
    // What comes in fragments may be given up at the first of them.
    let packets = packets.filter(|out| out.inside.is.ttl == 1 && out.inside.is.pieces.is_empty());
    every("packet with TTL 1", packets, |out| {
        if let Some(outside) = out.outside {
            let seen = "it is forwarded";
            return broken([out.inside.record, outside.record], "Time Exceeded", seen);
        }
        answered(trace, &up, out, |told| {
            let error = told.is.error?;
            (error.kind == (TIME_EXCEEDED, 0))
                .then(|| Ruling::Holds(vec![out.inside.record, told.record]))
        })
    })
}

/// Judges the error that a terminal is to be told of its packet.
fn answered(
    trace: &Dissection<'_>,
    up: &[super::crossings::Up],
    out: Outgoing<'_>,
    judge: impl Fn(&Seen) -> Option<Ruling>,
) -> Ruling {
    let inside = out.inside;
    let after = trace
        .ipv4
        .partition_point(|found| found.record <= inside.record);
    let told = next(&trace.ipv4[after..], inside.arrives, DELIVERED).filter(|found| {
        let quoted = found.is.error.and_then(|error| error.quoted);
        found.by_device(Role::Lan) && quoted.is_some() && quoted == inside.is.ends
    });
    let ruling = told.into_iter().find_map(judge);
    ruling.unwrap_or_else(|| {
        // RFC 1812 §4.3.2.8: errors may be limited in rate.
        let stands = is_up(up, Realm::Isp, inside.at) || is_up(up, Realm::ServiceSite, inside.at);
        match stands && is_calm(trace, inside.at) {
            true => broken([inside.record], "an ICMP error within 4 s", "nothing")
                .unless_late(trace, at_once(inside.at)),
            false => Ruling::Skip,
        }
    })
}

fn errors_come_in(trace: &Dissection<'_>) -> Verdict {
    let (sent, up) = (outgoing(trace), sessions(trace));
    let errors = trace.ipv4.iter().enumerate().filter(|(_, found)| {
        found.to_device(Role::Wan) && found.is.error.is_some() && found.is.session.is_some()
    });
    every("ICMP error in a session", errors, |(at, error)| {
        let quoted = error.is.error.and_then(|error| error.quoted);
        let whose = sent.iter().rev().find(|out| {
            let outside = out.outside.and_then(|outside| outside.is.ends);
            out.inside.record < error.record && outside.is_some() && outside == quoted
        });
        let Some(whose) = whose else {
            return Ruling::Skip;
        };
        let told = next(&trace.ipv4[at + 1..], error.arrives, DELIVERED).find(|found| {
            let own = found.is.error.map(|told| (told.kind, told.quoted));
            let same = error
                .is
                .error
                .map(|error| (error.kind, whose.inside.is.ends));
            found.by_device(Role::Lan) && own == same
        });
        match told {
            Some(told) => Ruling::Holds(vec![error.record, told.record]),
            None if !is_calm(trace, error.at) || !stands(&up, error) => Ruling::Skip,
            None => broken(
                [error.record],
                format!("it reaches {}", whose.inside.is.source),
                "it reaches nobody",
            )
            .unless_late(trace, at_once(error.at)),
        }
    })
}

fn time_to_live(trace: &Dissection<'_>) -> Verdict {
    let packets = outgoing(trace).into_iter();
    let packets = packets.filter_map(|out| Some((out.inside, out.outside?)));
    every("forwarded packet", packets, |(inside, outside)| {
        expect(
            [inside.record, outside.record],
            outside.is.ttl < inside.is.ttl,
            format!("TTL {}", inside.is.ttl.saturating_sub(1)),
            format!("TTL {}", outside.is.ttl),
        )
    })
}

fn clamped(trace: &Dissection<'_>) -> Verdict {
    let syns = outgoing(trace).into_iter().filter_map(|out| {
        let outside = out.outside?;
        let mss = outside.is.tcp.filter(|tcp| tcp.syn)?.mss?;
        Some((outside, mss))
    });
    every("SYN in a session", syns, |(syn, mss)| {
        expect(
            [syn.record],
            mss <= MTU - 40,
            format!("{} or less", MTU - 40),
            mss.to_string(),
        )
    })
}
