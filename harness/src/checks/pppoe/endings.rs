//! How sessions end, and that they come back (RFC 2516 §5.5, §6; RFC 1661 §5.5, §5.8).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ppp::{
    ECHO_REPLY, ECHO_REQUEST, IPCP, IPV4, LCP, TERMINATE_ACK, TERMINATE_REQUEST,
};
use ngnlab_sim::message::pppoe::Code;
use ngnlab_sim::trace::Role;
use ngnlab_sim::{Pace, Time};

use super::sessions::{
    Seen, Session, all_heard, heard, is_disturbed, is_restarted, on_wan, sent, sessions,
};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::SOON;
use crate::checks::ruling::{Ruling, broken, every, expect, seconds};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.padt.stop",
        source: "RFC 2516 §5.5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADTを受け取ったら、そのセッションに何も送らない",
            "After a PADT nothing more is sent in that session, not even by LCP",
        ),
        hint: Text::new(
            "PADTを受け取ったセッションでは、Terminate-Requestも含めて送信をやめてください。",
            "Stop sending in a session that a PADT has ended, Terminate-Requests included.",
        ),
        judge: stops,
    },
    Check {
        id: "ppp.padt.foreign",
        source: "RFC 2516 §5.5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "ほかのセッション宛て、またはほかの送信元のPADTでセッションを切らない",
            "A PADT for another session, or from somebody else, ends no session",
        ),
        hint: Text::new(
            "PADTのSESSION_IDと送信元MACアドレスの両方を確かめてください。",
            "Look at both the SESSION_ID and the source address of a PADT.",
        ),
        judge: foreign,
    },
    Check {
        id: "ppp.padt.addresses",
        source: "RFC 2516 §4, §5.5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PADTを、自身のMACアドレスからコンセントレータのMACアドレスに送る",
            "A PADT goes from the device's own address to the concentrator's",
        ),
        hint: Text::new(
            "PADTの送信元は自身のMACアドレス、宛先はPADSの送信元MACアドレスにしてください。",
            "Send a PADT to the address that the PADS came from, and from the one that it went to.",
        ),
        judge: says_good_bye,
    },
    Check {
        id: "ppp.session.id",
        source: "RFC 2516 §6",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "セッションのパケットを、PADSのSESSION_IDでコンセントレータ宛てに送る",
            "Session packets go to the concentrator, with the SESSION_ID of the PADS",
        ),
        hint: Text::new(
            "PADSで受け取ったSESSION_IDと、その送信元MACアドレスを最後まで使ってください。",
            "Keep the SESSION_ID of the PADS, and its source address, until the session ends.",
        ),
        judge: same_id,
    },
    Check {
        id: "ppp.lcp.terminate-ack",
        source: "RFC 1661 §5.5",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "Terminate-RequestにTerminate-Ackを返す",
            "A Terminate-Request is acknowledged",
        ),
        hint: Text::new(
            "Terminate-Requestには、切断する前に同じ識別子のTerminate-Ackを返してください。",
            "Answer a Terminate-Request with a Terminate-Ack of the same identifier before you hang up.",
        ),
        judge: acknowledges,
    },
    Check {
        id: "ppp.lcp.terminate-wait",
        source: "RFC 1661 §3.7",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "Terminate-Ackを返した後、相手が切断するのを待つ",
            "After its Terminate-Ack the device waits for the other side to hang up",
        ),
        hint: Text::new(
            "Terminate-Ackを返してから再送タイマの1周期（通常3秒）が過ぎるまで、PADTを送らないでください。",
            "Send no PADT before one restart time, usually three seconds, has passed since the Terminate-Ack.",
        ),
        judge: waits_for_the_end,
    },
    Check {
        id: "ppp.lcp.dead-peer",
        source: "ngn-facts §4.5; RFC 1661 §5.8",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "コンセントレータが黙ったら、5分以内に気付いて接続し直す",
            "A concentrator that has fallen silent is noticed within five minutes",
        ),
        hint: Text::new(
            "LCPのEcho-Requestを定期的に送り、数回応答がなければ切断して接続し直してください。",
            "Send LCP Echo-Requests, and dial again when several stay unanswered.",
        ),
        judge: notices_silence,
    },
    Check {
        // No standard asks for it; who does not is off until somebody notices.
        id: "ppp.session.redial",
        source: "ngn-facts §4.5 (inferred)",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "網側から切断されたら、自動で接続し直す",
            "A session that the network has ended is dialled again",
        ),
        hint: Text::new(
            "切断された後、数秒おいてPADIからやり直してください。網から呼び出されることはありません。",
            "Begin with a PADI some seconds after the end: the network never calls back.",
        ),
        judge: redials,
    },
];

fn stops(trace: &Dissection<'_>) -> Verdict {
    let ended = sessions(trace).into_iter().filter_map(|session| {
        let padt = session.ended.filter(|padt| padt.to_device(Role::Wan))?;
        Some((session, padt))
    });
    every("PADT from the concentrator", ended, |(session, padt)| {
        // Another session may get the same id.
        let anew = heard(trace, Code::Confirmation)
            .find(|it| it.record > padt.record && it.is.session() == session.id);
        let until = anew.map_or(usize::MAX, |it| it.record);
        let mut more = on_wan(trace).filter(|found| {
            found.by_device(Role::Wan)
                && (padt.record..until).contains(&found.record)
                && found.is.session() == session.id
                && found.is.ppp.is_some()
                && found.eth_destination == session.concentrator
        });
        // What left while the PADT was on its way says nothing; a good-bye answers it.
        let real = trace.header().pace == Pace::Realtime;
        let crosses = |found: &&Seen| {
            let goes = found.is.says(LCP, TERMINATE_REQUEST).is_some();
            // A terminal's packet may have been on its way in the same moment.
            let same = found.at <= padt.arrives && found.is.protocol() == Some(IPV4);
            same || real && !goes && found.at.since(padt.arrives) < ON_THE_WAY
        };
        let Some(spoken) = more.find(|found| !crosses(found)) else {
            return Ruling::Holds(vec![padt.record]);
        };
        broken(
            [padt.record, spoken.record],
            "silence in that session from then on",
            format!("a packet {} later", seconds(spoken.at.since(padt.arrives))),
        )
        .unless_late(
            trace,
            Delay::Race {
                from: padt.arrives,
                to: spoken.at,
            },
        )
    })
}

fn says_good_bye(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    every(
        "PADT of the device's",
        sent(trace, Code::Termination),
        |padt| {
            let of = all.iter().rev().find(|session| {
                session.id == padt.is.session() && session.confirmed.record < padt.record
            });
            let Some(session) = of else {
                return Ruling::Skip;
            };
            expect(
                [session.confirmed.record, padt.record],
                (padt.eth_source, padt.eth_destination) == (session.device, session.concentrator),
                format!(
                    "it goes from {} to {}",
                    session.device, session.concentrator
                ),
                format!(
                    "it goes from {} to {}",
                    padt.eth_source, padt.eth_destination
                ),
            )
        },
    )
}

/// A PADT that is not for a session of ours is one of a stranger; the session must answer what it is
/// asked afterwards.
fn foreign(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let strange = heard(trace, Code::Termination).filter_map(|padt| {
        let is_real = |session: &Session<'_>| {
            session.id == padt.is.session() && session.concentrator == padt.eth_source
        };
        if all.iter().any(is_real) {
            return None;
        }
        let open = all
            .iter()
            .find(|session| session.is_open(padt.at) && padt.at <= session.until(trace))?;
        Some((padt, open))
    });
    every("PADT that is no session's", strange, |(padt, session)| {
        let mut asked = session
            .heard_as(LCP, ECHO_REQUEST)
            .filter(|(found, _)| found.record > padt.record);
        let quits = session.ended.filter(|it| {
            it.by_device(Role::Wan) && it.record > padt.record && it.at < padt.at + SOON
        });
        if let Some(quits) = quits {
            return broken(
                [padt.record, quits.record],
                "the session goes on",
                "the device ended it",
            );
        }
        let Some((question, echo)) = asked.next() else {
            return Ruling::Skip;
        };
        let mut replies = session.said_after(question.record, LCP, ECHO_REPLY);
        match replies.find(|(_, reply)| reply.id == echo.id) {
            Some((reply, _)) => Ruling::Holds(vec![padt.record, question.record, reply.record]),
            None if trace.end() < question.arrives + SOON
                || is_disturbed(trace, padt.at, question.arrives + SOON) =>
            {
                Ruling::Skip
            }
            None => broken(
                [padt.record, question.record],
                "the session goes on, and an Echo-Request in it is answered",
                "it is dead",
            )
            .unless_late(
                trace,
                Delay::Silence {
                    from: question.arrives,
                    due: question.arrives + SOON,
                },
            ),
        }
    })
}

fn same_id(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let packets = on_wan(trace)
        .filter(|found| found.by_device(Role::Wan) && found.is.ppp.is_some() && !all.is_empty());
    every("session packet", packets, |found| {
        let known = all.iter().any(|session| {
            session.id == found.is.session()
                && session.concentrator == found.eth_destination
                && session.confirmed.record < found.record
        });
        if known {
            return Ruling::Holds(vec![found.record]);
        }
        let given: Vec<String> = all
            .iter()
            .map(|session| format!("{:#06x}", session.id))
            .collect();
        broken(
            [found.record],
            format!("a SESSION_ID that was given: {}", given.join(", ")),
            format!("{:#06x} to {}", found.is.session(), found.eth_destination),
        )
    })
}

fn acknowledges(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let asked = all_heard(&all, LCP, TERMINATE_REQUEST);
    every("Terminate-Request", asked, |(session, found, request)| {
        let due = found.arrives + SOON;
        let mut acks = session.said_after(found.record, LCP, TERMINATE_ACK);
        match acks.find(|(_, ack)| ack.id == request.id) {
            Some((ack, _)) => Ruling::Holds(vec![found.record, ack.record]),
            None if trace.end() < due || is_disturbed(trace, found.at, due) => Ruling::Skip,
            // Both sides may have wished to end at once.
            None if session.said_as(LCP, TERMINATE_REQUEST).next().is_some() => Ruling::Skip,
            None => broken(
                [found.record],
                "a Terminate-Ack with the same identifier",
                "nothing came",
            )
            .unless_late(
                trace,
                Delay::Silence {
                    from: found.arrives,
                    due,
                },
            ),
        }
    })
}

/// Whoever has asked for the end, too, may hang up when that was acknowledged.
fn waits_for_the_end(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let acked = all.iter().filter_map(|session| {
        let asks = session.said_as(LCP, TERMINATE_REQUEST).next();
        let (ack, _) = session.said_as(LCP, TERMINATE_ACK).next()?;
        let asked = session.heard_before(ack.record, LCP, TERMINATE_REQUEST);
        (asks.is_none() && asked.count() > 0).then_some((session, ack))
    });
    every("Terminate-Ack of the device", acked, |(session, ack)| {
        let least = ack.at + RESTART_AT_LEAST;
        let Some(end) = session.ended.filter(|end| end.at < least) else {
            return match trace.end() < least || is_restarted(trace, ack.at, least) {
                true => Ruling::Skip,
                false => Ruling::Holds(vec![ack.record]),
            };
        };
        if end.to_device(Role::Wan) {
            return Ruling::Holds(vec![ack.record, end.record]);
        }
        broken(
            [ack.record, end.record],
            format!("no PADT within {}", seconds(RESTART_AT_LEAST)),
            format!("a PADT {} later", seconds(end.at.since(ack.at))),
        )
    })
}

fn notices_silence(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let silent = all.iter().filter_map(|session| {
        let up = session.is_up_since()?;
        let last = session.heard().last()?.arrives.max(up);
        let ended_by_network = session.ended.is_some_and(|padt| padt.to_device(Role::Wan));
        let waits = trace.end().since(last) > NOTICED_WITHIN;
        (!ended_by_network && waits).then_some((session, last))
    });
    every(
        "session whose concentrator fell silent",
        silent,
        |(session, last)| {
            let due = last + NOTICED_WITHIN;
            if is_restarted(trace, last, due) {
                return Ruling::Skip;
            }
            let quits = session.ended.filter(|padt| padt.at <= due);
            let looks = sent(trace, Code::Initiation).find(|it| it.at > last && it.at <= due);
            match quits.or(looks) {
                Some(found) => Ruling::Holds(vec![session.confirmed.record, found.record]),
                None => broken(
                    [session.confirmed.record],
                    format!("the session given up within {}", seconds(NOTICED_WITHIN)),
                    format!(
                        "still held, though the last word came at {:.3} s",
                        last.as_secs_f64()
                    ),
                )
                .unless_late(trace, Delay::Silence { from: last, due }),
            }
        },
    )
}

fn redials(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let ended = all.iter().filter_map(|session| {
        session.is_up_since()?;
        let by_padt = session.ended.filter(|padt| padt.to_device(Role::Wan));
        let by_lcp = session.heard_as(LCP, TERMINATE_REQUEST).next();
        let end = by_padt.or(by_lcp.map(|(found, _)| found))?;
        // Who has begun anew knows nothing of it.
        let is_known = session.given_up.is_none_or(|padi| padi.at > end.at);
        is_known.then_some((session, end))
    });
    every("session that the network has ended", ended, |(_, end)| {
        let due = end.arrives + BACK_WITHIN;
        let again = sent(trace, Code::Initiation).find(|it| it.record > end.record);
        match again {
            Some(again) if again.at <= due => Ruling::Holds(vec![end.record, again.record]),
            _ if trace.end() < due || is_restarted(trace, end.at, due) => Ruling::Skip,
            _ => broken(
                [end.record],
                format!("a PADI within {}", seconds(BACK_WITHIN)),
                "none came",
            )
            .unless_late(
                trace,
                Delay::past(end.arrives, due, again.map(|again| again.at)),
            ),
        }
    })
}

/// When IPv4 could flow for the first time in any session.
pub(super) fn first_up(trace: &Dissection<'_>) -> Option<Time> {
    let all = sessions(trace);
    all.iter().filter_map(|session| session.opened(IPCP)).min()
}

/// How long a packet may be under way inside a device (inferred).
const ON_THE_WAY: Duration = Duration::from_millis(100);
/// The least restart time (inferred; RFC 1661 §4.6 has three seconds, and lets it be set).
const RESTART_AT_LEAST: Duration = Duration::from_secs(1);
/// How long a dead session may be held (inferred: SEIL needs about a minute, pppd's usual 30 s × 4 two).
const NOTICED_WITHIN: Duration = Duration::from_secs(300);
/// How long a router may wait before it dials again (inferred; ngn-facts §4.5: SEIL 6 s).
const BACK_WITHIN: Duration = Duration::from_secs(120);
