//! Which options the device asks for and agrees to in LCP (RFC 2516 §7, RFC 4638, RFC 1661 §5, §6).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ppp::{
    ACCM, ACFC, CONFIGURE_ACK, CONFIGURE_REJECT, CONFIGURE_REQUEST, FCS, IPCP, LCP, MAGIC, MRU, PFC,
};
use ngnlab_sim::message::pppoe::PPP_MAX_PAYLOAD;

use super::sessions::{Session, all_heard, all_said, is_disturbed, sessions};
use crate::checks::check::{Check, PPPOE};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::SOON;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ppp.lcp.forbidden-options",
        source: "RFC 2516 §7",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PPPoEで禁じられたLCPオプションを要求しない",
            "FCS-Alternatives, ACFC and the control character map are not asked for",
        ),
        hint: Text::new(
            "Configure-RequestからFCS-Alternatives、ACFC、ACCMを外してください。",
            "Leave FCS-Alternatives, ACFC and ACCM out of your Configure-Request.",
        ),
        judge: asks_for_none_forbidden,
    },
    Check {
        id: "ppp.lcp.forbidden-rejected",
        source: "RFC 2516 §7",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PPPoEで禁じられたLCPオプションの要求を拒否する",
            "FCS-Alternatives, ACFC and the control character map are rejected",
        ),
        hint: Text::new(
            "FCS-Alternatives、ACFC、ACCMの要求にはConfigure-Rejectで答えてください。",
            "Answer a request for FCS-Alternatives, ACFC or ACCM with a Configure-Reject.",
        ),
        judge: rejects_forbidden,
    },
    Check {
        id: "ppp.lcp.no-pfc",
        source: "RFC 2516 §7",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PFC（プロトコルフィールドの圧縮）を要求しない",
            "Protocol-Field-Compression is not asked for",
        ),
        hint: Text::new(
            "Configure-RequestからPFCを外してください。PPPoEでは推奨されていません。",
            "Leave Protocol-Field-Compression out: it is not recommended over PPPoE.",
        ),
        judge: no_pfc,
    },
    Check {
        id: "ppp.lcp.mru-1492",
        source: "RFC 2516 §7; RFC 4638 §5.1",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "PPP-Max-Payloadなしで1492を超えるMRUを要求しない",
            "No MRU above 1492 is negotiated without PPP-Max-Payload",
        ),
        hint: Text::new(
            "MRUを1492以下（フレッツでは1454）にするか、RFC 4638のPPP-Max-Payloadで合意してください。",
            "Ask for 1492 at most (1454 on Flets), or agree on more by PPP-Max-Payload of RFC 4638.",
        ),
        judge: mru,
    },
    Check {
        id: "ppp.lcp.magic",
        source: "RFC 2516 §7; RFC 1661 §6.4",
        level: Level::Should,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "0でないMagic-Numberを要求する",
            "A Magic-Number is negotiated, and is not zero",
        ),
        hint: Text::new(
            "Configure-Requestに、乱数のMagic-Numberを入れてください。ループの検出に使われます。",
            "Put a random Magic-Number into your Configure-Request: loops are found by it.",
        ),
        judge: magic,
    },
    Check {
        id: "ppp.lcp.reject-obeyed",
        source: "RFC 1661 §5.4",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "拒否されたオプションを再び要求しない",
            "Options that were rejected are not asked for again",
        ),
        hint: Text::new(
            "Configure-Rejectに挙がったオプションを、次のConfigure-Requestから外してください。",
            "Leave the options of a Configure-Reject out of the next Configure-Request.",
        ),
        judge: reject_obeyed,
    },
    Check {
        id: "ppp.lcp.ack-exact",
        source: "RFC 1661 §5.2",
        level: Level::Must,
        profiles: PPPOE,
        aspects: &[],
        title: Text::new(
            "Configure-Ackで、要求されたオプションを順序も値も変えずに返す",
            "A Configure-Ack repeats the options as they were asked for, in their order",
        ),
        hint: Text::new(
            "Configure-Ackには、Configure-Requestの識別子とオプションをそのまま写してください。",
            "Copy identifier and options of the Configure-Request into the Configure-Ack.",
        ),
        judge: ack_exact,
    },
];

fn asks_for_none_forbidden(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let requests = all_said(&all, LCP, CONFIGURE_REQUEST);
    every(
        "Configure-Request of LCP",
        requests,
        |(_, found, packet)| {
            let options = packet.options().unwrap_or_default();
            let bad = options
                .iter()
                .find(|option| FORBIDDEN.contains(&option.kind));
            match bad {
                None => Ruling::Holds(vec![found.record]),
                Some(option) => broken(
                    [found.record],
                    "none of FCS-Alternatives, ACFC and ACCM",
                    format!("option {}", option.kind),
                ),
            }
        },
    )
}

fn no_pfc(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let requests = all_said(&all, LCP, CONFIGURE_REQUEST);
    every(
        "Configure-Request of LCP",
        requests,
        |(_, found, packet)| {
            let options = packet.options().unwrap_or_default();
            expect(
                [found.record],
                !options.iter().any(|option| option.kind == PFC),
                "no Protocol-Field-Compression",
                "it is asked for",
            )
        },
    )
}

fn rejects_forbidden(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let requests = all_heard(&all, LCP, CONFIGURE_REQUEST).filter(|(_, _, packet)| {
        let options = packet.options().unwrap_or_default();
        options
            .iter()
            .any(|option| FORBIDDEN.contains(&option.kind))
    });
    every(
        "request for a forbidden option",
        requests,
        |(session, found, packet)| {
            let due = found.arrives + SOON;
            let answer = answer_to(session, packet.id, found.record);
            match answer {
                Some((record, CONFIGURE_REJECT)) => Ruling::Holds(vec![found.record, record]),
                Some((record, _)) => broken(
                    [found.record, record],
                    "a Configure-Reject",
                    "the options were not rejected",
                ),
                None if trace.end() < due || is_disturbed(trace, found.at, due) => Ruling::Skip,
                // Who has just been given the session may not hear yet, and is asked again.
                None if is_answered_later(session, found.record) => Ruling::Skip,
                None => broken([found.record], "a Configure-Reject", "nothing came").unless_late(
                    trace,
                    Delay::Silence {
                        from: found.arrives,
                        due,
                    },
                ),
            }
        },
    )
}

/// Returns what the device said to a request.
fn answer_to(session: &Session<'_>, id: u8, record: usize) -> Option<(usize, u8)> {
    let said = session.said().filter(|found| found.record > record);
    let mut answers = said.filter_map(|found| {
        let control = found.is.control.as_ref()?;
        let is_answer = matches!(control.code, CONFIGURE_ACK..=CONFIGURE_REJECT);
        let is_mine = found.is.protocol() == Some(LCP) && control.id == id && is_answer;
        is_mine.then_some((found.record, control.code))
    });
    answers.next()
}

/// Returns whether the device answered a request that came behind a record.
fn is_answered_later(session: &Session<'_>, record: usize) -> bool {
    let mut later = session
        .heard_as(LCP, CONFIGURE_REQUEST)
        .filter(|(found, _)| found.record > record);
    later.any(|(found, request)| answer_to(session, request.id, found.record).is_some())
}

fn mru(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let requests = all_said(&all, LCP, CONFIGURE_REQUEST);
    every(
        "MRU in a Configure-Request",
        requests,
        |(session, found, packet)| {
            let options = packet.options().unwrap_or_default();
            let wished = options.iter().find(|option| option.kind == MRU);
            let Some(mru) = wished.and_then(|option| option.value[..].try_into().ok()) else {
                return Ruling::Skip;
            };
            let mru = u16::from_be_bytes(mru);
            // RFC 4638 §4: both sides name what they can take.
            let more = session.confirmed.is.tag(PPP_MAX_PAYLOAD).is_some();
            expect(
                [found.record],
                mru <= LARGEST_MRU || more,
                format!("{LARGEST_MRU} at most"),
                format!("an MRU of {mru} without PPP-Max-Payload"),
            )
        },
    )
}

fn magic(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let requests = all_said(&all, LCP, CONFIGURE_REQUEST);
    every(
        "Configure-Request of LCP",
        requests,
        |(session, found, packet)| {
            let rejected = session
                .heard_as(LCP, CONFIGURE_REJECT)
                .filter(|(before, _)| before.record < found.record)
                .flat_map(|(_, reject)| reject.options().unwrap_or_default())
                .any(|option| option.kind == MAGIC);
            if rejected {
                return Ruling::Skip;
            }
            let options = packet.options().unwrap_or_default();
            let own = options.iter().find(|option| option.kind == MAGIC);
            let seen = match own {
                None => "no Magic-Number",
                Some(option) if option.value.iter().all(|byte| *byte == 0) => {
                    "a Magic-Number of zero"
                }
                Some(_) => return Ruling::Holds(vec![found.record]),
            };
            broken([found.record], "a Magic-Number that is not zero", seen)
        },
    )
}

fn reject_obeyed(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let both = NEGOTIATED
        .into_iter()
        .flat_map(|protocol| all_heard(&all, protocol, CONFIGURE_REJECT));
    every("Configure-Reject", both, |(session, found, packet)| {
        let protocol = found.is.protocol().unwrap_or(LCP);
        let rejected = packet.options().unwrap_or_default();
        let mut later = session
            .said_as(protocol, CONFIGURE_REQUEST)
            .filter(|(later, _)| later.record > found.record && later.at >= found.arrives);
        let Some((next, request)) = later.next() else {
            return Ruling::Skip;
        };
        let wished = request.options().unwrap_or_default();
        let again = wished
            .iter()
            .find(|option| rejected.iter().any(|it| it.kind == option.kind));
        match again {
            None => Ruling::Holds(vec![found.record, next.record]),
            Some(option) => broken(
                [found.record, next.record],
                "a request without the rejected options",
                format!("option {} is asked for again", option.kind),
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: found.arrives,
                    to: next.at,
                },
            ),
        }
    })
}

fn ack_exact(trace: &Dissection<'_>) -> Verdict {
    let all = sessions(trace);
    let both = NEGOTIATED
        .into_iter()
        .flat_map(|protocol| all_said(&all, protocol, CONFIGURE_ACK));
    every("Configure-Ack", both, |(session, found, packet)| {
        let protocol = found.is.protocol().unwrap_or(LCP);
        let asked = session
            .heard_as(protocol, CONFIGURE_REQUEST)
            .filter(|(before, _)| before.record < found.record);
        let Some((request, wished)) = asked.filter(|(_, request)| request.id == packet.id).last()
        else {
            return broken(
                [found.record],
                "the identifier of a Configure-Request",
                format!("identifier {}", packet.id),
            );
        };
        expect(
            [request.record, found.record],
            wished.data == packet.data,
            "the options as they were asked for",
            "others, or in another order",
        )
    })
}

/// RFC 2516 §7.
const FORBIDDEN: [u8; 3] = [FCS, ACFC, ACCM];
/// RFC 2516 §7.
const LARGEST_MRU: u16 = 1492;
/// The protocols whose options a link of IPv4 negotiates.
const NEGOTIATED: [u16; 2] = [LCP, IPCP];
