//! What must come out as it went in: signatures, unknown records, whole messages, and questions
//! that are none of the forwarder's business (RFC 5625 §3, §4.3, §4.5).

use ngnlab_reports::{Finding, Level, Text, Verdict};
use ngnlab_sim::message::dns::OPT;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{Check, DNS_PROXY};
use crate::checks::delay::Delay;
use crate::checks::dns::answer_shapes::unknown_records_in;
use crate::checks::dns::let_through::all_let_through;
use crate::checks::dns::oddities::is_signed;
use crate::checks::dns::own_refusals::{Answer, answer, answered};
use crate::checks::dns::silence::{PRESENT, nothing_came};
use crate::checks::dns::twins::{PATIENCE, is_asked_otherwise, twins};
use crate::checks::ruling::{Ruling, because, broken, every, expect, finding};
use crate::dissection::dns::PORT;
use crate::dissection::{Dissection, Dns, Exchange, Found, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.tsig",
        source: "RFC 5625 §4.5",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "TSIG署名の付いたメッセージをID以外変えずに中継する",
            "Messages signed with TSIG pass unchanged but for their id",
        ),
        hint: Text::new(
            "署名された問い合わせと応答は1オクテットも書き換えないでください。",
            "Do not change an octet of what is signed.",
        ),
        judge: tsig,
    },
    Check {
        id: "dns.proxy.tkey",
        source: "RFC 5625 §4.5; RFC 2930 §2",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "TKEYレコードを含むメッセージも中継する",
            "Messages with TKEY records are passed on",
        ),
        hint: Text::new(
            "TKEYの問い合わせを破棄しないでください。",
            "Do not drop questions for TKEY.",
        ),
        judge: tkey,
    },
    Check {
        id: "dns.proxy.rr-unknown",
        source: "RFC 5625 §4.3; RFC 3597 §3",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "未知の種別のレコードの内容をそのまま届ける",
            "Records of unknown types arrive with their content unchanged",
        ),
        hint: Text::new(
            "未知のレコードは解釈せず、RDATAをそのまま中継してください。",
            "Do not interpret records of unknown types; copy their RDATA.",
        ),
        judge: unknown_records,
    },
    Check {
        id: "dns.proxy.verbatim",
        source: "RFC 5625 §3",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[],
        title: Text::new(
            "問い合わせと応答の中身を変えずに中継する",
            "Questions and answers hold the same records on both sides",
        ),
        hint: Text::new(
            "中継するメッセージにレコードを足したり、取り除いたりしないでください。",
            "Add no records to what passes through, and take none away.",
        ),
        judge: verbatim,
    },
    Check {
        id: "dns.proxy.bypass",
        source: "RFC 5625 §3",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[],
        title: Text::new(
            "端末が外のDNSサーバに直接問い合わせられる",
            "Terminals may ask a DNS server outside themselves, unmodified",
        ),
        hint: Text::new(
            "端末から外のDNSサーバへの問い合わせを横取りしたり、塞いだりしないでください。",
            "Neither block nor redirect DNS that is not meant for the device.",
        ),
        judge: bypass,
    },
];

fn tsig(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let signed = lan.iter().filter(|exchange| is_signed(&exchange.query.is));
    every("question signed with TSIG", signed, |exchange| {
        let mut twins: Vec<&Exchange<'_>> = twins(&upstream, exchange).collect();
        let is_same = |other: &Dns| other.body() == exchange.query.is.body();
        if is_asked_otherwise(&lan, exchange, |other| !is_same(other)) {
            twins.retain(|twin| is_same(&twin.query.is));
        }
        if let Some(changed) = twins.iter().find(|twin| !is_same(&twin.query.is)) {
            return broken(
                [exchange.query.record, changed.query.record],
                "the signed question, unchanged but for its id",
                difference(&exchange.query.is, &changed.query.is),
            );
        }
        let Some(reply) = exchange.reply() else {
            return nothing_came("dns.proxy.tsig", trace, &upstream, exchange);
        };
        let replies = twins.iter().flat_map(|twin| twin.replies.iter());
        let mut replies = replies.filter(|reply| !reply.lost).peekable();
        let Some(first) = replies.peek().copied() else {
            return answered("dns.proxy.tsig", trace, &upstream, exchange);
        };
        expect(
            [exchange.query.record, first.record, reply.record],
            replies.any(|from| from.is.body() == reply.is.body()),
            "the answer as it came, but for its id",
            difference(&first.is, &reply.is),
        )
    })
}

fn difference(before: &Dns, after: &Dns) -> String {
    let count = |dns: &Dns| dns.records().len();
    format!(
        "{} records in {} bytes became {} in {}",
        count(before),
        before.size,
        count(after),
        after.size
    )
}

fn tkey(trace: &Dissection<'_>) -> Verdict {
    all_let_through(trace, "dns.proxy.tkey", "question with a TKEY record")
}

fn unknown_records(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    every("answer with records of unknown types", &lan, |exchange| {
        let mut replies: Vec<&Found<Dns>> = twins(&upstream, exchange)
            .flat_map(|twin| twin.replies.iter().copied())
            .collect();
        replies.retain(|reply| !reply.lost);
        let has_unknown = |reply: &&&Found<Dns>| !unknown_records_in(&reply.is).is_empty();
        let Some(known) = replies.iter().find(has_unknown) else {
            return Ruling::Skip;
        };
        let Some(reply) = exchange.reply() else {
            return nothing_came("dns.proxy.rr-unknown", trace, &upstream, exchange);
        };
        if reply.is.truncated {
            return Ruling::Skip;
        }
        let arrived = unknown_records_in(&reply.is);
        let as_they_came = |from: &&Found<Dns>| unknown_records_in(&from.is) == arrived;
        let is_of_one = replies.iter().any(as_they_came);
        if is_of_one && arrived.is_empty() {
            // Of several answers it took one without such records.
            return Ruling::Skip;
        }
        expect(
            [known.record, reply.record],
            is_of_one,
            format!(
                "{} records of unknown types as they came",
                unknown_records_in(&known.is).len()
            ),
            "they were changed or left out",
        )
    })
}

fn verbatim(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    every("forwarded question", &lan, |exchange| {
        let twins: Vec<&Exchange<'_>> = twins(&upstream, exchange).collect();
        let (Some(twin), Some(reply)) = (twins.first(), exchange.reply()) else {
            return Ruling::Skip;
        };
        let asked_once = lan
            .iter()
            .filter(|other| other.question() == exchange.question());
        // Whose question went upstream cannot be told if several ask the same.
        if asked_once.count() > 1 {
            return Ruling::Skip;
        }
        if let Answer::Refused(how) = answer(trace, &upstream, exchange) {
            return because(PRESENT, &how);
        }
        let (before, after) = (extras(&exchange.query.is), extras(&twin.query.is));
        if before != after {
            return broken(
                [exchange.query.record, twin.query.record],
                format!("{} additional records in the question", before.len()),
                format!("{} of them, or others", after.len()),
            );
        }
        let mut replies: Vec<&Found<Dns>> = twins
            .iter()
            .flat_map(|twin| twin.replies.iter().copied())
            .collect();
        replies.retain(|other| other.at <= reply.at && !other.is.truncated);
        // What nobody can read, or belongs to another question, need not be handed on; and a
        // failure is the forwarder's own (RFC 5625 §6.3).
        let is_sound = |other: &&Found<Dns>| {
            other.is.message.is_some() && other.is.question == twin.query.is.question
        };
        if reply.is.rcode == SERVFAIL || !replies.iter().all(is_sound) {
            return Ruling::Skip;
        }
        let Some(first) = replies.first().filter(|_| !reply.is.truncated) else {
            return Ruling::Skip;
        };
        let Some(came) = contents(&reply.is) else {
            return Ruling::Skip;
        };
        expect(
            [first.record, reply.record],
            replies
                .iter()
                .any(|other| contents(&other.is).as_ref() == Some(&came)),
            format!(
                "the {} records of the server's answer",
                contents(&first.is).map_or(0, |all| all.len())
            ),
            format!("{} records, not all of them the server's", came.len()),
        )
    })
}

/// The additional records of a question but for OPT, which may be the forwarder's own.
fn extras(query: &Dns) -> Vec<(u16, u16, Vec<u8>)> {
    let mut records = query.records();
    records.retain(|record| record.kind != OPT);
    let parts = records
        .iter()
        .map(|record| (record.kind, record.class, record.data.to_vec()));
    parts.collect()
}

/// Answers and authorities in words, in an order of their own, without their lifetimes.
fn contents(dns: &Dns) -> Option<Vec<String>> {
    let message = dns.message.as_ref()?;
    let answers = message.answers.iter().chain(&message.authorities);
    let mut words: Vec<String> = answers
        .map(|record| format!("{} {}", record.name, record.data).to_ascii_lowercase())
        .collect();
    words.sort();
    Some(words)
}

fn bypass(trace: &Dissection<'_>) -> Verdict {
    let asked = trace.dns.iter().filter(|found| {
        found.to_device(Role::Lan)
            && !found.injected
            && !found.is.response
            && found.is.transport == Transport::Udp
            && found.is.destination_port == PORT
            && trace.is_upstream(found.destination)
            && is_routable(found.source)
    });
    every("question to a DNS server outside", asked, |query| {
        let arrived = trace.dns.iter().find(|other| {
            other.by_device(Role::Wan)
                && is_twin(&other.is, &query.is)
                && other.destination == query.destination
        });
        let until = query.at + PATIENCE;
        let Some(arrived) = arrived else {
            return if trace.end() < until {
                Ruling::Skip
            } else if trace.is_disturbed(query.at, until) {
                Ruling::Unclear("a cable or the power was cut meanwhile".to_owned())
            } else {
                broken(
                    [query.record],
                    format!("the question forwarded to {}", query.destination),
                    "it never left the device",
                )
                .unless_late(
                    trace,
                    Delay::Race {
                        from: query.at,
                        to: until,
                    },
                )
            };
        };
        if let Some(finding) = changed(query, arrived, "question") {
            return Ruling::Broken(finding);
        }
        let answer = |on: Role, from: End| {
            trace.dns.iter().find(|other| {
                (other.on, other.from) == (on, from)
                    && other.is.response
                    && other.source == query.destination
                    && other.is.destination_port == query.is.source_port
                    && other.is.id == query.is.id
            })
        };
        match (
            answer(Role::Wan, End::Network),
            answer(Role::Lan, End::Device),
        ) {
            (Some(before), Some(after)) => match changed(before, after, "answer") {
                Some(finding) => Ruling::Broken(finding),
                None => Ruling::Holds(vec![query.record, arrived.record, after.record]),
            },
            (Some(before), None) if !before.lost && before.at + PATIENCE < trace.end() => broken(
                [query.record, before.record],
                "the answer forwarded to the terminal",
                "it never came",
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: before.at,
                    to: before.at + PATIENCE,
                },
            ),
            _ => Ruling::Holds(vec![query.record, arrived.record]),
        }
    })
}

fn is_twin(a: &Dns, b: &Dns) -> bool {
    (a.transport, a.source_port, a.destination_port, a.response)
        == (b.transport, b.source_port, b.destination_port, b.response)
        && a.question == b.question
}

fn changed(before: &Found<Dns>, after: &Found<Dns>, what: &str) -> Option<Finding> {
    (before.is.bytes != after.is.bytes).then(|| {
        finding(
            [before.record, after.record],
            format!("the {what} as it came, as it is not for the device"),
            difference(&before.is, &after.is),
        )
    })
}

const SERVFAIL: u8 = 2;

#[cfg(test)]
mod tests;
