//! What becomes of an answer on its way from a server to the terminal (RFC 5625 §3).
//!
//! A forwarder may have an answer from its cache or from another server, may repair what a server
//! broke, and may write messages anew. Judged is what came from upstream for the very question,
//! and only where all servers that answered said the same.

use hickory_proto::rr::{RData, Record};
use ngnlab_reports::{Finding, Level, Text, Verdict};

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::dns::answer_shapes::{has_soa, is_nodata};
use crate::checks::dns::cut_answers::unless_over_tcp;
use crate::checks::dns::own_refusals::{Answer, answer, answered};
use crate::checks::dns::relayed::{Relayed, relayed};
use crate::checks::dns::silence::nothing_came;
use crate::checks::dns::twins::{PATIENCE, tries};
use crate::checks::ruling::{Ruling, every, expect};
use crate::dissection::dns::{AAAA, NXDOMAIN, SERVFAIL};
use crate::dissection::{Dissection, Dns, Exchange};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.tc-kept",
        source: "RFC 5625 §4.4; RFC 2181 §9",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "サーバが立てたTCビットを消さない",
            "A TC bit that a server set is not cleared",
        ),
        hint: Text::new(
            "切り詰められた応答はTCビットを立てたまま端末に渡してください。",
            "Pass answers that a server cut on with their TC bit.",
        ),
        judge: tc_kept,
    },
    Check {
        id: "dns.proxy.servfail-passed",
        source: "RFC 5625 §3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "上位のSERVFAILを端末に伝える",
            "A failure of the servers reaches the terminal as one",
        ),
        hint: Text::new(
            "上位のSERVFAILは破棄したり書き換えたりせず、端末に返してください。",
            "Answer SERVFAIL when the servers do, instead of nothing or something else.",
        ),
        judge: |trace| code_passed("dns.proxy.servfail-passed", trace, SERVFAIL, &[SERVFAIL]),
    },
    Check {
        id: "dns.proxy.refused-passed",
        source: "RFC 5625 §3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "上位のREFUSEDを端末に伝える",
            "A refusal of the servers reaches the terminal as an error",
        ),
        hint: Text::new(
            "上位に拒否されたときは、REFUSED（またはSERVFAIL）を端末に返してください。",
            "Answer REFUSED, or at least SERVFAIL, when the servers refuse.",
        ),
        judge: |trace| {
            let accepted = &[REFUSED, SERVFAIL];
            code_passed("dns.proxy.refused-passed", trace, REFUSED, accepted)
        },
    },
    Check {
        id: "dns.proxy.nxdomain-soa",
        source: "RFC 5625 §3; RFC 2308 §3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "名前が存在しないという応答のSOAレコードも端末に届ける",
            "The SOA record of a name error reaches the terminal",
        ),
        hint: Text::new(
            "応答の権威部を取り除かずに中継してください。",
            "Keep the authority section of answers.",
        ),
        judge: soa_kept,
    },
    Check {
        id: "dns.proxy.nodata",
        source: "RFC 2308 §2.2; RFC 4074 §4.2; guide p.15",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "レコードが無いだけの名前を「存在しない」と答えない",
            "A name without records of the type asked for still exists",
        ),
        hint: Text::new(
            "種別のレコードが無い応答（NOERROR）をNXDOMAINに書き換えないでください。",
            "Do not turn NOERROR without answers into NXDOMAIN.",
        ),
        judge: nodata,
    },
    Check {
        id: "dns.proxy.empty-answer",
        source: "RFC 5625 §3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "レコードの無い応答を受けても端末を待たせない",
            "An answer without any record does not leave the terminal waiting",
        ),
        hint: Text::new(
            "レコードの無い応答も破棄せず、端末に応答を返してください。",
            "Answer the terminal even if the server sent no records at all.",
        ),
        judge: empty_answer,
    },
    Check {
        id: "dns.proxy.cname-chain",
        source: "RFC 1034 §3.6.2, §4.3.2; RFC 5625 §3",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "別名（CNAME）の連なりを最後まで届ける",
            "A chain of aliases arrives with its end",
        ),
        hint: Text::new(
            "応答のCNAMEレコードと、その先のアドレスをすべて中継してください。",
            "Pass on every CNAME record and the addresses at the end of the chain.",
        ),
        judge: chain,
    },
    Check {
        id: "dns.proxy.rr-order",
        source: "RFC 5625 §3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "中継する応答のレコードの順序を変えない",
            "The order of the records in a forwarded answer stays",
        ),
        hint: Text::new(
            "中継する応答のレコードを並べ替えないでください。",
            "Do not sort or turn the records of the answers that are forwarded.",
        ),
        judge: order,
    },
];

/// The response code of a server that does not want to.
const REFUSED: u8 = 5;

/// Rules on a question whose answer from upstream has to lead to one at the terminal.
fn arrived(
    check: &str,
    trace: &Dissection<'_>,
    relayed: &Relayed<'_>,
    expected: &str,
    ok: impl Fn(&Dns) -> bool,
) -> Ruling {
    let (first, query) = (relayed.replies[0], relayed.lan.query);
    let expected = format!("{expected} for {}", relayed.lan.name());
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let mut in_the_end = tries(&lan, &relayed.lan).filter_map(Exchange::reply);
    let is_lost = |reply: &Dns| reply.rcode == SERVFAIL || reply.truncated;
    // A question that is lost, fails or is cut is judged by what came when it was asked again.
    let came = relayed.lan.reply();
    if came.is_none_or(|reply| is_lost(&reply.is) && !ok(&reply.is))
        && let Some(reply) = in_the_end.find(|reply| ok(&reply.is))
    {
        return Ruling::Holds(vec![query.record, reply.record]);
    }
    // Nor does one that fails matter to who had the answer to his try before.
    let has_it = |before: &Exchange<'_>| {
        let mut later = tries(&lan, before);
        let reply = before.reply().filter(|reply| ok(&reply.is));
        reply.is_some_and(|reply| reply.record > query.record)
            && later.any(|again| again.query.record == query.record)
    };
    if came.is_some_and(|reply| is_lost(&reply.is) && !ok(&reply.is)) && lan.iter().any(has_it) {
        return Ruling::Skip;
    }
    match came {
        // That the device fails by itself is not about what is in answers.
        Some(reply)
            if !ok(&reply.is)
                && matches!(answer(trace, &upstream, &relayed.lan), Answer::Refused(_)) =>
        {
            answered(check, trace, &upstream, &relayed.lan)
        }
        Some(reply)
            if !ok(&reply.is)
                && reply.is.rcode == SERVFAIL
                && trace.is_disturbed(query.at, reply.at) =>
        {
            Ruling::Unclear("a cable or the power was cut, or frames got lost".to_owned())
        }
        Some(reply) => expect(
            [query.record, first.record, reply.record],
            ok(&reply.is),
            expected,
            format!(
                "response code {} with {} answer records",
                reply.is.rcode, reply.is.answer_count
            ),
        ),
        None if trace.end() < query.at + PATIENCE
            || trace.is_disturbed(query.at, query.at + PATIENCE) =>
        {
            Ruling::Skip
        }
        None => match nothing_came(check, trace, &upstream, &relayed.lan) {
            Ruling::Broken(found) => Ruling::Broken(Finding {
                records: vec![query.record, first.record],
                expected,
                ..found
            }),
            other => other,
        },
    }
}

fn tc_kept(trace: &Dissection<'_>) -> Verdict {
    let upstream = trace.upstream_dns();
    let verdict = every("answer that a server cut", relayed(trace), |relayed| {
        let Some(reply) = relayed.lan.reply() else {
            return Ruling::Skip;
        };
        // Over TCP, or earlier, the device may have got the whole answer.
        let has_whole = upstream.iter().any(|other| {
            other.asks_same(&relayed.lan)
                && other.replies.iter().any(|whole| {
                    !whole.is.truncated && whole.is.rcode == 0 && whole.record <= reply.record
                })
        });
        if !relayed.all(|reply| reply.truncated) || has_whole || reply.is.rcode != 0 {
            return Ruling::Skip;
        }
        expect(
            [relayed.replies[0].record, reply.record],
            reply.is.truncated,
            format!("the TC bit in the answer for {}", relayed.lan.name()),
            "an answer without it",
        )
    });
    unless_over_tcp(trace, verdict)
}

fn code_passed(check: &str, trace: &Dissection<'_>, code: u8, accepted: &[u8]) -> Verdict {
    let what = format!("answer from upstream with response code {code}");
    every(&what, relayed(trace), |relayed| {
        if !relayed.all(|reply| reply.rcode == code && reply.message.is_some()) {
            return Ruling::Skip;
        }
        let expected = format!("response code {code}");
        arrived(check, trace, &relayed, &expected, |reply| {
            // What an earlier answer said may be better than nothing (RFC 8767).
            accepted.contains(&reply.rcode) || reply.rcode == 0 && reply.answer_count > 0
        })
    })
}

fn answers(dns: &Dns) -> &[Record] {
    dns.message
        .as_ref()
        .map_or(&[], |message| message.answers.as_slice())
}

fn soa_kept(trace: &Dissection<'_>) -> Verdict {
    every(
        "name error with an SOA record from upstream",
        relayed(trace),
        |relayed| {
            let name_error = |reply: &Dns| reply.rcode == NXDOMAIN && !reply.truncated;
            let Some(reply) = relayed.lan.reply().filter(|reply| name_error(&reply.is)) else {
                return Ruling::Skip;
            };
            if !relayed.all(|reply| name_error(reply) && has_soa(reply)) {
                return Ruling::Skip;
            }
            expect(
                [relayed.replies[0].record, reply.record],
                has_soa(&reply.is),
                format!("the SOA record for {}", relayed.lan.name()),
                "a name error without it",
            )
        },
    )
}

fn nodata(trace: &Dissection<'_>) -> Verdict {
    every(
        "answer from upstream that there are no such records",
        relayed(trace),
        |relayed| {
            if !relayed.all(|reply| is_nodata(reply) && has_soa(reply)) {
                return Ruling::Skip;
            }
            let expected = "NOERROR without answer records";
            arrived("dns.proxy.nodata", trace, &relayed, expected, |reply| {
                is_nodata(reply)
            })
        },
    )
}

fn empty_answer(trace: &Dissection<'_>) -> Verdict {
    every(
        "answer from upstream without records",
        relayed(trace),
        |relayed| {
            if !relayed.all(|reply| is_nodata(reply) && !has_soa(reply)) {
                return Ruling::Skip;
            }
            // Whoever takes such an answer for a fault may say SERVFAIL.
            arrived(
                "dns.proxy.empty-answer",
                trace,
                &relayed,
                "an answer",
                |reply| reply.rcode != NXDOMAIN,
            )
        },
    )
}

fn is_alias(record: &Record) -> bool {
    matches!(record.data, RData::CNAME(_))
}

fn chain(trace: &Dissection<'_>) -> Verdict {
    every(
        "chain of aliases from upstream",
        relayed(trace),
        |relayed| {
            let Some(reply) = relayed.lan.reply() else {
                return Ruling::Skip;
            };
            let links = |reply: &Dns| answers(reply).iter().filter(|one| is_alias(one)).count();
            // That nothing is left of an answer is about its addresses, and not about its aliases.
            let is_emptied = is_nodata(&reply.is) && relayed.all(|one| one.has_answer(AAAA));
            if reply.is.truncated
                || reply.is.rcode == SERVFAIL
                || is_emptied
                || !relayed.all(|reply| !reply.truncated && reply.rcode == 0 && links(reply) > 1)
            {
                return Ruling::Skip;
            }
            let whole = answers(&relayed.replies[0].is);
            let arrived = answers(&reply.is);
            let is_there = |record: &&Record| {
                arrived
                    .iter()
                    .any(|other| other.name == record.name && other.data == record.data)
            };
            let missing = whole.iter().find(|record| !is_there(record));
            expect(
                [relayed.replies[0].record, reply.record],
                missing.is_none(),
                format!("all {} records of the chain", whole.len()),
                missing.map_or(String::new(), |missing| {
                    format!("{} {} is missing", missing.name, missing.record_type())
                }),
            )
        },
    )
}

fn order(trace: &Dissection<'_>) -> Verdict {
    let upstream = trace.upstream_dns();
    every(
        "forwarded answer with several records",
        relayed(trace),
        |relayed| {
            let Some(reply) = relayed.lan.reply() else {
                return Ruling::Skip;
            };
            let came = listed(&reply.is);
            // What a slow device hands on may have come for another time the question was asked.
            let before = upstream
                .iter()
                .filter(|other| other.asks_same(&relayed.lan));
            let before = before.flat_map(|other| &other.replies);
            let before = before.filter(|one| one.record < reply.record);
            let sent: Vec<_> = before.map(|one| listed(&one.is)).collect();
            let sorted = |list: &[String]| {
                let mut list = list.to_vec();
                list.sort();
                list
            };
            // A cut answer, or one from a cache, is another matter.
            let same_set = sent.iter().all(|list| sorted(list) == sorted(&came));
            if came.len() < 2 || relayed.replies.is_empty() || !same_set {
                return Ruling::Skip;
            }
            expect(
                [relayed.lan.query.record, reply.record],
                sent.contains(&came),
                format!("{} first, as the server sent it", sent[0][0]),
                format!("{} first, or another order behind it", came[0]),
            )
        },
    )
}

fn listed(dns: &Dns) -> Vec<String> {
    let text = |record: &Record| format!("{} {}", record.record_type(), record.data);
    answers(dns).iter().map(text).collect()
}

#[cfg(test)]
mod tests;
