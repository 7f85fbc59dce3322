//! For how long the filter remembers a flow that is silent (RFC 6092 §3.2, §3.3).

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::ip_protocols::{AUTHENTICATION, ESP, ICMPV6, TCP, UDP};
use crate::checks::evidence::through_device::{IDLE, SOON};
use crate::checks::firewall::crossing_flows::{answer_crosses, answers};
use crate::checks::ruling::{Ruling, broken, every, seconds};
use crate::dissection::crossing::Flow;
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
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
    Check {
        id: "fw6.udp-idle",
        source: "RFC 6092 §3.2.3 REC-14",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "UDPの通信の状態を無通信でも2分間は保持する",
            "UDP flows are remembered for two minutes of silence",
        ),
        hint: Text::new(
            "UDPのセッション保持時間を2分以上（推奨5分）にしてください。",
            "Keep UDP state for two minutes at least, better for five.",
        ),
        judge: |trace| {
            idle(trace, "UDP answer after a minute of silence", |flow| {
                flow.protocol == UDP && flow.has_high_ports()
            })
        },
    },
    Check {
        id: "fw6.generic-idle",
        source: "RFC 6092 §3.2.2 REC-12",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "その他のプロトコルの通信の状態も無通信で2分間は保持する",
            "Flows of other protocols are remembered for two minutes of silence",
        ),
        hint: Text::new(
            "TCPとUDP以外のセッション保持時間も2分以上（推奨5分）にしてください。",
            "Keep the state of other protocols for two minutes at least, too.",
        ),
        judge: |trace| {
            idle(
                trace,
                "answer of another protocol after a minute of silence",
                |flow| !matches!(flow.protocol, TCP | UDP | ICMPV6 | ESP | AUTHENTICATION),
            )
        },
    },
    Check {
        id: "fw6.udp-refresh-out",
        source: "RFC 6092 §3.2.3 REC-16",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "端末からの送信でUDPの保持時間を延ばす",
            "A terminal's datagrams keep its UDP flow alive",
        ),
        hint: Text::new(
            "UDPの保持時間は最後の送信から数え直してください。",
            "Count the life of UDP state from the last datagram, not from the first.",
        ),
        judge: refreshed,
    },
    Check {
        id: "fw6.tcp-idle",
        source: "RFC 6092 §3.3.1 REC-35",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "確立したTCP接続の状態を2時間4分は保持する",
            "Established TCP connections are remembered for 2 h 4 min",
        ),
        hint: Text::new(
            "TCPのセッション保持時間を7440秒以上にしてください。",
            "Keep established TCP state for 7440 s at least.",
        ),
        judge: survives_an_hour,
    },
    Check {
        id: "fw6.tcp-transitory",
        source: "RFC 6092 §3.3.1 REC-35",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "確立途中や切断途中のTCP接続の状態を4分間は保持する",
            "TCP connections that are being opened or closed are remembered for four minutes",
        ),
        hint: Text::new(
            "SYNへの応答待ちや、片方がFINを送った後のTCPの保持時間を240秒以上にしてください。",
            "Keep the state of a TCP connection that waits for an answer to its SYN, or that one \
             side has closed, for 240 s at least.",
        ),
        judge: survives_transition,
    },
];

/// A silence that shows whether a filter remembers for two minutes.
const LONG_SILENCE: Duration = Duration::from_secs(60);

fn idle(trace: &Dissection<'_>, what: &str, is_one: impl Fn(&Flow) -> bool) -> Verdict {
    let late = answers(trace)
        .filter(|(found, sent, flow)| is_one(flow) && found.at.since(sent.at) >= LONG_SILENCE);
    every(what, late, |(found, sent, _)| {
        let silence = seconds(found.at.since(sent.at));
        let expected = format!("the answer forwarded after {silence} of silence");
        answer_crosses(trace, found, sent, &expected)
    })
}

/// The default life of UDP state (RFC 6092 REC-14), and a little more.
const ONE_LIFE: Duration = Duration::from_secs(310);

fn refreshed(trace: &Dissection<'_>) -> Verdict {
    let kept = answers(trace).filter(|(found, sent, flow)| {
        // Go back as long as the terminal's datagrams are less than two minutes apart.
        let mut first = sent.at;
        for before in trace.packets.iter().rev() {
            let earlier = before.record <= sent.record && before.by_device(Role::Wan);
            if earlier && Flow::of(&before.is) == Some(flow.reversed()) {
                if first.since(before.at) >= IDLE {
                    break;
                }
                first = before.at;
            }
        }
        flow.protocol == UDP
            && flow.has_high_ports()
            && found.at.since(first) >= ONE_LIFE
            && !trace.is_disturbed(first, found.at)
    });
    every(
        "UDP answer in a flow that a terminal keeps alive",
        kept,
        |(found, sent, _)| {
            answer_crosses(
                trace,
                found,
                sent,
                "the answer forwarded, since the terminal had sent again",
            )
        },
    )
}

/// A silence that line authentication needs (guide FAQ 11: 25 s), a little less for rounding.
const SILENCE: Duration = Duration::from_secs(24);

/// Beyond this a filter may forget a connection (RFC 6092 REC-35: 2 h 4 min).
const FORGIVEN: Duration = Duration::from_secs(7440);

fn survives_silence(trace: &Dissection<'_>) -> Verdict {
    survives(trace, "TCP segment after a silence of 25 s", SILENCE)
}

/// Judges that connections live through a silence of an hour and more.
fn survives_an_hour(trace: &Dissection<'_>) -> Verdict {
    const HOUR: Duration = Duration::from_secs(3600);
    survives(trace, "TCP segment after a silence of an hour", HOUR)
}

/// How long a connection may be silent before it stands and while it is closed (RFC 6092 REC-35:
/// four minutes), less a second for the way.
const TRANSITION: Duration = Duration::from_secs(239);

/// Judges that connections live through a silence before they stand, and while they are closed.
fn survives_transition(trace: &Dissection<'_>) -> Verdict {
    let crafted = trace
        .packets
        .iter()
        .filter(|found| found.injected && trace.passes_in_for(found, TRANSITION, SOON));
    let late = crafted.filter_map(|found| {
        let flow = Flow::of(&found.is)?;
        let sent = trace.last_out(flow.reversed(), found.record)?;
        let tcp = found.is.tcp().filter(|tcp| !tcp.rst())?;
        let stage = Stage::before(trace, flow, found)?;
        let is_of_it = match stage {
            Stage::Opening => tcp.syn() && tcp.ack(),
            Stage::HalfClosed => !tcp.syn(),
        };
        (is_of_it && found.at.since(sent.at) >= LONG_SILENCE).then_some((found, sent))
    });
    every(
        "TCP segment after a minute in which a connection was opened or closed",
        late,
        |(found, sent)| {
            let silence = seconds(found.at.since(sent.at));
            let expected = format!("the segment forwarded after {silence} of silence");
            answer_crosses(trace, found, sent, &expected)
        },
    )
}

/// How far a connection is that does not stand.
enum Stage {
    /// The terminal has sent a SYN, and nothing came back.
    Opening,
    /// The terminal has closed its side, and the other end has not.
    HalfClosed,
}

impl Stage {
    /// Returns how far a connection is before a segment from outside, unless it stands or is over.
    fn before(
        trace: &Dissection<'_>,
        from_outside: Flow,
        found: &Found<Packet<'_>>,
    ) -> Option<Self> {
        let mut opened = false;
        let mut answered = false;
        let mut closed = false;
        for other in trace
            .packets
            .iter()
            .take_while(|other| other.record < found.record)
        {
            let Some(tcp) = other.is.tcp() else { continue };
            let flow = Flow::of(&other.is);
            if other.by_device(Role::Wan) && flow == Some(from_outside.reversed()) {
                if tcp.rst() {
                    return None;
                }
                if tcp.syn() {
                    (opened, answered, closed) = (true, false, false);
                }
                closed |= tcp.fin();
            } else if other.to_device(Role::Wan) && flow == Some(from_outside) {
                if tcp.rst() || tcp.fin() {
                    return None;
                }
                answered = true;
            }
        }
        match (opened, answered, closed) {
            (true, false, false) => Some(Self::Opening),
            (true, true, true) => Some(Self::HalfClosed),
            _ => None,
        }
    }
}

fn survives(trace: &Dissection<'_>, what: &str, least: Duration) -> Verdict {
    struct Talk {
        last: Time,
        last_record: RecordId,
        answered: bool,
        established: bool,
        over: bool,
    }
    type Ends = ((Ipv6Addr, u16), (Ipv6Addr, u16));
    let mut talks: BTreeMap<Ends, Talk> = BTreeMap::new();
    let mut awakened: Vec<(RecordId, Duration, &Found<Packet<'_>>)> = Vec::new();
    for found in &trace.packets {
        let Some(tcp) = found.is.tcp() else {
            continue;
        };
        let from_terminal = found.to_device(Role::Lan);
        let to_terminal = found.to_device(Role::Wan) && trace.is_terminal(found.destination);
        if !(from_terminal || to_terminal) {
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
                answered: false,
                established: false,
                over: false,
            };
            talks.insert(ends, talk);
            continue;
        }
        let Some(talk) = talks.get_mut(&ends) else {
            continue;
        };
        let silence = found.at.since(talk.last);
        // Nodes of ours keep to the protocol; what was crafted may be of no connection.
        let is_of_it = !found.injected || talk.established;
        if !talk.over
            && is_of_it
            && (least..FORGIVEN).contains(&silence)
            && !trace.is_device_address(destination.0)
            && !tcp.rst()
        {
            awakened.push((talk.last_record, silence, found));
        }
        let answers = to_terminal && tcp.syn() && tcp.ack();
        talk.answered |= answers && trace.crossed(found).is_some();
        talk.established |= from_terminal && talk.answered && tcp.ack();
        talk.over |= tcp.fin() || tcp.rst();
        (talk.last, talk.last_record) = (found.at, found.record);
    }
    let forwarded = trace.forwarded();
    every(what, awakened, |(last, silence, found)| {
        // What is sent again has the same effect.
        let passed = forwarded.iter().find(|(before, _)| {
            before.record >= found.record && is_same_segment(&before.is, &found.is)
        });
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
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: found.at,
                    to: found.arrives + SOON,
                },
            ),
        }
    })
}

/// Returns whether two packets hold the same segment of a connection.
fn is_same_segment(one: &Packet<'_>, other: &Packet<'_>) -> bool {
    let (Some(tcp), Some(again)) = (one.tcp(), other.tcp()) else {
        return false;
    };
    Flow::of(one) == Flow::of(other)
        && tcp.sequence_number() == again.sequence_number()
        && tcp.payload() == again.payload()
}

#[cfg(test)]
mod tests;
