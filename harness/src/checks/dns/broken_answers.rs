//! What broken answers do to a forwarder (RFC 5625 §6.3).

use ngnlab_reports::{Finding, Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::answer_shapes::is_malformed;
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::own_refusals::{Answer, answer, answered};
use crate::checks::dns::relayed::relayed;
use crate::checks::dns::silence::nothing_came;
use crate::checks::dns::twins::{PATIENCE, twins};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::dns::PORT;
use crate::dissection::{Dissection, Dns, Exchange, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.servfail-on-malformed",
        source: "RFC 5625 §6.3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "壊れた応答を受けたとき端末を待たせない",
            "A malformed answer from upstream does not leave the terminal waiting",
        ),
        hint: Text::new(
            "壊れた応答を破棄するときは、端末にSERVFAILを返してください。",
            "Answer SERVFAIL when an answer from upstream is thrown away.",
        ),
        judge: told_of_malformed,
    },
    Check {
        id: "dns.proxy.malformed-survive",
        source: "RFC 5625 §6.3",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "壊れた応答を受けた後もDNSの中継を続ける",
            "The proxy goes on after malformed answers",
        ),
        hint: Text::new(
            "圧縮ポインタのループや長さの誤りで停止しないようにしてください。",
            "Make sure that loops of pointers and wrong lengths do not stop the proxy.",
        ),
        judge: survives_malformed,
    },
    Check {
        id: "rob.dns.fuzz",
        source: "RFC 5625 §6.3; catalogue P",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "不正な応答を大量に受けた後もDNSの中継を続ける",
            "The proxy goes on after a burst of mutated answers",
        ),
        hint: Text::new(
            "応答のどのバイトが壊れていても停止しないようにしてください。",
            "Make sure that no byte of an answer can stop the proxy.",
        ),
        judge: survives_fuzz,
    },
];

fn told_of_malformed(trace: &Dissection<'_>) -> Verdict {
    every(
        "question that only malformed answers came for",
        relayed(trace),
        |relayed| {
            if !relayed.all(is_malformed) {
                return Ruling::Skip;
            }
            let query = relayed.lan.query;
            let records = [query.record, relayed.replies[0].record];
            match relayed.lan.reply() {
                // A proxy that passes everything on as it is does no worse.
                Some(reply) => Ruling::Holds([&records[..], &[reply.record]].concat()),
                None if trace.end() < query.at + PATIENCE
                    || trace.is_disturbed(query.at, query.at + PATIENCE) =>
                {
                    Ruling::Skip
                }
                None => broken(
                    records,
                    format!("SERVFAIL for {}", relayed.lan.name()),
                    "nothing came",
                )
                .unless_late(
                    trace,
                    Delay::Race {
                        from: query.at,
                        to: query.at + PATIENCE,
                    },
                ),
            }
        },
    )
}

fn survives_malformed(trace: &Dissection<'_>) -> Verdict {
    let upstream = trace.upstream_dns();
    let replies = upstream.iter().flat_map(|exchange| &exchange.replies);
    let broken = replies.filter(|reply| is_malformed(&reply.is) && !reply.lost);
    survives(
        "dns.proxy.malformed-survive",
        trace,
        "malformed answer",
        broken.copied().collect(),
    )
}

fn survives_fuzz(trace: &Dissection<'_>) -> Verdict {
    let Some(mutated) = mutated(trace) else {
        return Verdict::Inconclusive("no answers were mutated".to_owned());
    };
    let during = trace.dns.iter().filter(|found| {
        found.to_device(Role::Wan) && found.is.source_port == PORT && mutated.contains(&found.at)
    });
    survives(
        "rob.dns.fuzz",
        trace,
        "burst of mutated answers",
        during.collect(),
    )
}

/// Judges the first questions after what should not have stopped the proxy.
fn survives(check: &str, trace: &Dissection<'_>, what: &str, bad: Vec<&Found<Dns>>) -> Verdict {
    let Some(last) = bad.last() else {
        return Verdict::Inconclusive(format!("there was no {what}"));
    };
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let later = || {
        let from: Time = last.at + BREATH;
        lan.iter().filter(move |exchange| exchange.query.at >= from)
    };
    let is_served = |exchange: &&Exchange<'_>| {
        exchange.reply().is_some() && matches!(answer(trace, &upstream, exchange), Answer::Given)
    };
    if let Some(served) = later().find(is_served) {
        return Verdict::Pass([vec![last.record], served.records()].concat());
    }
    every("question afterwards", later(), |exchange| {
        if exchange.reply().is_some() {
            return answered(check, trace, &upstream, exchange);
        }
        let silent = twins(&upstream, exchange).any(|twin| twin.replies.is_empty());
        match nothing_came(check, trace, &upstream, exchange) {
            Ruling::Broken(_) if silent => Ruling::Unclear("the servers were silent".to_owned()),
            Ruling::Broken(found) => Ruling::Broken(Finding {
                records: [&[last.record][..], &found.records].concat(),
                expected: format!("{}, as before the {what}", found.expected),
                ..found
            }),
            other => other,
        }
    })
}

/// How long after the last bad answer the proxy has to serve again.
const BREATH: std::time::Duration = std::time::Duration::from_secs(2);

#[cfg(test)]
mod tests;
