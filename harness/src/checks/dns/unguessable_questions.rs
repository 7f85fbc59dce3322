//! How hard the forwarder's own questions are to guess (RFC 5452 §9.2).

use std::collections::BTreeSet;

use ngnlab_reports::{Level, Text, Verdict};

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::ruling::{Ruling, every, expect};
use crate::dissection::{Dissection, Exchange, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.sec.random-id",
        source: "RFC 5625 §6.1; RFC 5452 §9.2",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "上位への問い合わせIDが予測できない",
            "The ids of upstream questions cannot be predicted",
        ),
        hint: Text::new(
            "問い合わせごとに乱数でIDを選んでください。",
            "Draw the id of every question at random.",
        ),
        judge: random_id,
    },
    Check {
        id: "dns.sec.random-port",
        source: "RFC 5625 §6.1; RFC 5452 §9.2",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "上位への問い合わせの送信元ポートが一定でない",
            "Upstream questions leave from varying ports",
        ),
        hint: Text::new(
            "問い合わせごとに送信元ポートを変えてください。",
            "Use another source port for every question.",
        ),
        judge: random_port,
    },
];

/// Fewer questions than this say nothing about randomness.
const SAMPLE: usize = 8;

fn random_id(trace: &Dissection<'_>) -> Verdict {
    sampled(trace, |exchanges| {
        let ids = exchanges.iter().map(|exchange| exchange.query.is.id);
        let ids: Vec<u16> = ids.collect();
        let steps = ids.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
        let near = steps.filter(|step| *step <= 2).count();
        // Random ids come this near once in 20 000.
        expect(
            records(exchanges),
            near * 2 < ids.len(),
            "ids that do not follow from each other",
            format!(
                "{near} of {} ids follow closely on the one before",
                ids.len()
            ),
        )
    })
}

fn random_port(trace: &Dissection<'_>) -> Verdict {
    sampled(trace, |exchanges| {
        let ports = exchanges
            .iter()
            .map(|exchange| exchange.query.is.source_port);
        let ports: BTreeSet<u16> = ports.collect();
        expect(
            records(exchanges),
            ports.len() * 4 > exchanges.len(),
            "another source port for most questions",
            format!("{} ports for {} questions", ports.len(), exchanges.len()),
        )
    })
}

fn sampled(trace: &Dissection<'_>, judge: impl Fn(&[Exchange<'_>]) -> Ruling) -> Verdict {
    let mut upstream = trace.upstream_dns();
    upstream.retain(|exchange| exchange.query.is.transport == Transport::Udp);
    // One question that goes to several servers at once, or again, is one draw.
    let mut drawn = Vec::new();
    upstream.retain(|exchange| {
        let Some(question) = exchange.question() else {
            return false;
        };
        // Each copy may be spelled anew.
        let name = question.name.to_ascii_lowercase();
        let draw = ((name, question.kind, question.class), exchange.query.is.id);
        let is_new = !drawn.contains(&draw);
        if is_new {
            drawn.push(draw);
        }
        is_new
    });
    if upstream.len() < SAMPLE {
        let count = upstream.len();
        return Verdict::Inconclusive(format!(
            "{count} questions upstream are too few, {SAMPLE} needed"
        ));
    }
    every("question upstream", [upstream], |upstream| judge(&upstream))
}

fn records(exchanges: &[Exchange<'_>]) -> Vec<usize> {
    exchanges
        .iter()
        .map(|exchange| exchange.query.record)
        .collect()
}

#[cfg(test)]
mod tests;
