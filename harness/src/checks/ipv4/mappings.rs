//! What a NAPT makes of addresses and ports, and for how long (RFC 3022, RFC 4787, RFC 5508).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::ipv4::rewrite::Protocol;
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, PPPOE};
use crate::checks::ruling::{Ruling, broken, every, expect, finding, never, seconds};
use crate::dissection::Dissection;

use super::crossings::{Outgoing, Seen, at_once, incoming, is_calm, outgoing, sessions, stands};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "nat4.private-source",
        source: "RFC 3022 §2.2; RFC 1918 §3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "プライベートアドレスのパケットをPPPoEセッションに送らない",
            "No packet with a private source goes into a PPPoE session",
        ),
        hint: Text::new(
            "送信元をセッションのアドレスに変換（NAPT）してから送ってください。",
            "Translate the source to the session's address (NAPT) before sending.",
        ),
        judge: private_source,
    },
    Check {
        id: "nat4.checksum",
        source: "RFC 3022 §4.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "NAPTで変換したパケットのチェックサムが正しい",
            "Packets have right checksums after NAPT",
        ),
        hint: Text::new(
            "アドレスとポートを書き換えたら、TCP、UDP、ICMPのチェックサムも更新してください。",
            "Renew the checksums of TCP, UDP and ICMP when addresses and ports are rewritten.",
        ),
        judge: checksum,
    },
    Check {
        id: "nat4.answers-come-in",
        source: "RFC 3022 §2.2; RFC 5508 §3.1 REQ-1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "応答のパケットが、送った端末に届く",
            "Answers reach the terminal that asked",
        ),
        hint: Text::new(
            "外から届いた応答の宛先を、対応する端末のアドレスとポートに変換して渡してください。",
            "Translate the destination of answers to the terminal's address and port.",
        ),
        judge: answers_come_in,
    },
    Check {
        id: "nat4.udp.eim",
        source: "RFC 4787 §4.1 REQ-1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "UDPの変換後のポートが宛先によって変わらない",
            "The outside port of UDP does not depend on the destination",
        ),
        hint: Text::new(
            "同じ端末の同じポートには、宛先にかかわらず同じ外側のポートを使ってください。",
            "Use one outside port for one inside port, whatever the destination.",
        ),
        judge: endpoint_independent,
    },
    Check {
        id: "nat4.udp.no-overload",
        source: "RFC 4787 §4.2.1 REQ-3",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "異なる端末やポートに同じ外側のポートを割り当てない",
            "Two inside endpoints never share an outside one",
        ),
        hint: Text::new(
            "使用中の外側のポートを、ほかの端末やポートに割り当てないでください。",
            "Do not give an outside port away that is in use for another terminal or port.",
        ),
        judge: no_overload,
    },
    Check {
        id: "nat4.udp.timer",
        source: "RFC 4787 §4.3 REQ-5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "UDPの対応が、通信がなくても2分間は残る",
            "UDP mappings live for two minutes of silence at least",
        ),
        hint: Text::new(
            "UDPのNAPTタイマを2分以上（推奨5分以上）にしてください。",
            "Let UDP mappings live for two minutes at least, five by default.",
        ),
        judge: timer,
    },
    Check {
        id: "nat4.filter",
        source: "RFC 4787 §5 REQ-8",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "端末が送ったことのない相手からのパケットを通さない",
            "What comes from hosts that nobody sent to is not let in",
        ),
        hint: Text::new(
            "少なくとも、端末が送ったことのあるアドレスからのパケットだけを通してください。",
            "Let in only what comes from addresses that the terminal has sent to.",
        ),
        judge: filter,
    },
    Check {
        id: "nat4.tcp.syn-silence",
        source: "RFC 5382 §4.3 REQ-4",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "頼んでいないSYNに6秒間応答しない",
            "An unsolicited SYN is not answered for six seconds",
        ),
        hint: Text::new(
            "外からのSYNには、少なくとも6秒間はRSTもICMPのエラーも返さないでください。",
            "Answer SYNs from outside with neither RST nor ICMP error for six seconds.",
        ),
        judge: syn_silence,
    },
];

fn private_source(trace: &Dissection<'_>) -> Verdict {
    let left = || in_sessions(trace);
    let bad = left().filter(|found| found.is.source.is_private());
    never(
        "packet in a session",
        left().map(|found| found.record),
        bad.map(|found| {
            let seen = format!("one from {}", found.is.source);
            finding([found.record], "the session's address as source", seen)
        }),
    )
}

fn checksum(trace: &Dissection<'_>) -> Verdict {
    let out = outgoing(trace).into_iter();
    let out = out.filter_map(|out| Some((out.inside, out.outside?)));
    let came = incoming(trace).into_iter();
    let came = came.filter_map(|(outside, inside)| Some((outside, inside?)));
    every(
        "packet that crossed",
        out.chain(came),
        |(before, after)| match before.is.checksum_ok {
            false => Ruling::Skip,
            true => expect(
                [before.record, after.record],
                after.is.checksum_ok,
                "a right checksum",
                "a wrong one",
            ),
        },
    )
}

fn answers_come_in(trace: &Dissection<'_>) -> Verdict {
    judge_answers(trace, "answer", |came, idle| {
        came.is.pieces.is_empty() && idle <= PROMPT
    })
}

fn timer(trace: &Dissection<'_>) -> Verdict {
    judge_answers(trace, "datagram after a silence", |came, idle| {
        let is_whole_udp = came.is.protocol() == Some(Protocol::Udp) && came.is.pieces.is_empty();
        is_whole_udp && idle > PROMPT && idle < LEAST_UDP
    })
}

/// Judges answers of some kind, each with how long after its question it comes.
pub(super) fn judge_answers(
    trace: &Dissection<'_>,
    what: &str,
    counts: impl Fn(&Seen, Duration) -> bool,
) -> Verdict {
    let (sent, up) = (outgoing(trace), sessions(trace));
    every(what, incoming(trace), |(outside, inside)| {
        let Some(last) = asked_before(&sent, outside) else {
            return Ruling::Skip;
        };
        let (Some(left), idle) = (last.outside, outside.at.since(last.inside.at)) else {
            return Ruling::Skip;
        };
        if !counts(outside, idle) {
            return Ruling::Skip;
        }
        match inside {
            Some(inside) => Ruling::Holds(vec![left.record, outside.record, inside.record]),
            // A terminal may have ended its connection meanwhile, or be gone.
            None if outside.is.tcp.is_some_and(|tcp| !tcp.syn) => Ruling::Skip,
            None if !is_calm(trace, outside.at) || !stands(&up, outside) => Ruling::Skip,
            None => broken(
                [left.record, outside.record],
                format!(
                    "it reaches the terminal, {} after its question",
                    seconds(idle)
                ),
                "it reaches nobody",
            )
            .unless_late(trace, at_once(outside.at)),
        }
    })
}

fn endpoint_independent(trace: &Dissection<'_>) -> Verdict {
    let sent = translated(trace, Protocol::Udp);
    every(
        "second destination of a port",
        pairs(&sent),
        |(one, two)| {
            let (a, b) = (ends(one), ends(two));
            let same_inside = a.0 == b.0;
            let elsewhere = one.inside.is.destination != two.inside.is.destination;
            // By another session it has another address.
            let same_session = session(one) == session(two);
            if !(same_inside && elsewhere && same_session) {
                return Ruling::Skip;
            }
            expect(
                records(one).chain(records(two)),
                a.1 == b.1,
                format!("{}:{} for both destinations", a.1.0, a.1.1),
                format!("{}:{} for the second", b.1.0, b.1.1),
            )
        },
    )
}

fn no_overload(trace: &Dissection<'_>) -> Verdict {
    let sent = translated(trace, Protocol::Udp);
    every("second port of a terminal's", pairs(&sent), |(one, two)| {
        let (a, b) = (ends(one), ends(two));
        if a.0 == b.0 {
            return Ruling::Skip;
        }
        expect(
            records(one).chain(records(two)),
            a.1 != b.1,
            "an outside port of its own for each",
            format!("{}:{} for both", a.1.0, a.1.1),
        )
    })
}

fn filter(trace: &Dissection<'_>) -> Verdict {
    let sent = outgoing(trace);
    every(
        "packet of a stranger's",
        incoming(trace),
        |(outside, inside)| {
            let strange = |out: &&Outgoing<'_>| out.inside.is.destination == outside.is.source;
            let known = sent.iter().any(|out| strange(&out));
            if known || outside.is.protocol() != Some(Protocol::Udp) {
                return Ruling::Skip;
            }
            match inside {
                None => Ruling::Holds(vec![outside.record]),
                Some(inside) => broken(
                    [outside.record, inside.record],
                    "it reaches nobody",
                    format!("it reaches {}", inside.is.destination),
                ),
            }
        },
    )
}

fn syn_silence(trace: &Dissection<'_>) -> Verdict {
    let sent = outgoing(trace);
    let syns = incoming(trace).into_iter().filter(|(outside, _)| {
        let opens = outside.is.tcp.is_some_and(|tcp| tcp.syn && !tcp.ack);
        opens && asked_before(&sent, outside).is_none()
    });
    every("unsolicited SYN", syns, |(syn, _)| {
        if syn.at + SYN_SILENCE > trace.end() {
            return Ruling::Skip;
        }
        let answer = trace.ipv4.iter().find(|found| {
            let after = found.by_device(Role::Wan) && found.record > syn.record;
            let soon = found.at < syn.at + SYN_SILENCE;
            after && soon && found.is.destination == syn.is.source && is_about(found, syn)
        });
        match answer {
            None => Ruling::Holds(vec![syn.record]),
            Some(answer) => broken([syn.record, answer.record], "nothing for 6 s", "an answer"),
        }
    })
}

/// Returns whether a packet answers another one.
fn is_about(answer: &Seen, to: &Seen) -> bool {
    let quoted = answer.is.error.and_then(|error| error.quoted);
    let back = match (answer.is.ends, to.is.ends) {
        (Some(a), Some(b)) => (a.source, a.destination) == (b.destination, b.source),
        _ => false,
    };
    back || quoted.is_some() && quoted == to.is.ends
}

/// Returns what a terminal sent last to whom this comes from, by the port that it comes to.
fn asked_before<'a, 'd>(sent: &'a [Outgoing<'d>], came: &Seen) -> Option<&'a Outgoing<'d>> {
    let back = came.is.ends?;
    let before = sent.partition_point(|out| out.inside.record < came.record);
    let mut asked = sent[..before].iter().rev();
    asked.find(|out| {
        let Some(outside) = out.outside else {
            return false;
        };
        let Some(out) = outside.is.ends else {
            return false;
        };
        let same = (out.protocol, out.source) == (back.protocol, back.destination);
        same && out.destination.0 == back.source.0 && outside.is.session == came.is.session
    })
}

fn in_sessions<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = &'d Seen> {
    let all = trace.ipv4.iter();
    all.filter(|found| found.by_device(Role::Wan) && found.is.session.is_some())
}

/// Returns what was translated, of one protocol.
fn translated<'d>(trace: &'d Dissection<'_>, protocol: Protocol) -> Vec<Outgoing<'d>> {
    let all = outgoing(trace).into_iter();
    all.filter(|out| out.outside.is_some() && out.inside.is.protocol() == Some(protocol))
        .collect()
}

/// Returns each packet with those before it that a mapping may still be there of.
fn pairs<'a, 'd>(
    sent: &'a [Outgoing<'d>],
) -> impl Iterator<Item = (&'a Outgoing<'d>, &'a Outgoing<'d>)> {
    sent.iter().enumerate().flat_map(move |(at, two)| {
        let before = sent[..at].iter().rev();
        let recent = before.take_while(|one| two.inside.at.since(one.inside.at) < RECENT);
        recent.take(MOST_PAIRS).map(move |one| (one, two))
    })
}

type End = (std::net::Ipv4Addr, u16);

/// Returns the inside and the outside end of what was translated.
fn ends(out: &Outgoing<'_>) -> (Option<End>, End) {
    let inside = out.inside.is.ends.map(|ends| ends.source);
    let outside = out.outside.and_then(|outside| outside.is.ends);
    let outside = outside.map_or((std::net::Ipv4Addr::UNSPECIFIED, 0), |ends| ends.source);
    (inside, outside)
}

fn session(out: &Outgoing<'_>) -> Option<u16> {
    out.outside.and_then(|outside| outside.is.session)
}

fn records(out: &Outgoing<'_>) -> impl Iterator<Item = usize> + use<> {
    let outside = out.outside.map(|outside| outside.record);
    [out.inside.record].into_iter().chain(outside)
}

/// So soon no mapping is over (ours).
pub(super) const PROMPT: Duration = Duration::from_secs(10);
/// RFC 4787 §4.3 REQ-5.
const LEAST_UDP: Duration = Duration::from_secs(120);
/// As long as a mapping must be there still.
pub(super) const RECENT: Duration = Duration::from_secs(110);
/// More prove nothing more (ours).
const MOST_PAIRS: usize = 32;
/// RFC 5382 §4.3 REQ-4.
const SYN_SILENCE: Duration = Duration::from_secs(6);
