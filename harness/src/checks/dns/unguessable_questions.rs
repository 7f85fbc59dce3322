//! How hard the forwarder's own questions are to guess (RFC 5452 §9.2).

use std::collections::{BTreeMap, BTreeSet};

use ngnlab_reports::{Level, Text, Verdict};

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::ruling::{Ruling, broken, every};
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

/// Fewer questions than this say nothing at all.
const SAMPLE: usize = 8;

/// From here on ids of eight bits are found in 998 of 1000 runs: 12 pairs of equal ones are expected,
/// and the limit is four.
const ENOUGH_IDS: usize = 80;

/// From here on a pool of sixteen ports cannot hide.
const ENOUGH_PORTS: usize = 40;

/// A pool that somebody who guesses has through in no time (RFC 5452 §9.2 wants all that there are).
const SMALL_POOL: usize = 16;

/// What may go wrong by chance with a router that draws at random: half for the ids, half for the
/// steps between them.
const FALSE_ALARM: f64 = 1e-6 / 2.0;

fn random_id(trace: &Dissection<'_>) -> Verdict {
    sampled(trace, |exchanges| {
        let ids = exchanges.iter().map(|exchange| exchange.query.is.id);
        let ids: Vec<u16> = ids.collect();
        let steps: Vec<u16> = ids
            .windows(2)
            .map(|pair| pair[1].wrapping_sub(pair[0]))
            .collect();
        let near = steps.iter().filter(|step| **step <= 2).count();
        let (of_ids, of_steps) = (too_many_pairs(&ids), too_many_pairs(&steps));
        let count = ids.len();
        let found = if near * 2 >= ids.len() {
            // Random ids come this near once in 20 000.
            Some(format!(
                "{near} of {} ids follow closely on the one before",
                ids.len()
            ))
        } else if let Some(equal) = of_ids {
            Some(format!("{equal} pairs of equal ids in {count} questions"))
        } else {
            of_steps.map(|equal| {
                format!("{equal} pairs of equal steps from one id to the next in {count} questions")
            })
        };
        match found {
            Some(seen) => broken(
                records(exchanges),
                "ids drawn from all 65536, none following from another",
                seen,
            ),
            None => enough(exchanges, ENOUGH_IDS),
        }
    })
}

fn random_port(trace: &Dissection<'_>) -> Verdict {
    sampled(trace, |exchanges| {
        let ports = exchanges
            .iter()
            .map(|exchange| exchange.query.is.source_port);
        let ports: BTreeSet<u16> = ports.collect();
        let few = ports.len() * 4 <= exchanges.len();
        let pool = exchanges.len() >= ENOUGH_PORTS && ports.len() <= SMALL_POOL;
        if few || pool {
            return broken(
                records(exchanges),
                "another source port for most questions",
                format!("{} ports for {} questions", ports.len(), exchanges.len()),
            );
        }
        enough(exchanges, ENOUGH_PORTS)
    })
}

/// Holds if there were questions enough for what was not found to be absent.
fn enough(exchanges: &[Exchange<'_>], needed: usize) -> Ruling {
    let count = exchanges.len();
    if count >= needed {
        return Ruling::Holds(records(exchanges));
    }
    Ruling::Unclear(format!(
        "{count} questions upstream are too few, {needed} needed"
    ))
}

/// Returns how many pairs of what was drawn are equal, if chance does not explain it.
fn too_many_pairs(drawn: &[u16]) -> Option<usize> {
    let mut counts = BTreeMap::new();
    for one in drawn {
        *counts.entry(one).or_insert(0_usize) += 1;
    }
    let equal = counts.values().map(|count| count * (count - 1) / 2).sum();
    (equal >= least_unlikely(drawn.len())).then_some(equal)
}

/// Returns the least number of equal pairs that so many draws of 16 bits have by chance in fewer
/// than [`FALSE_ALARM`] of all cases: pairs of few among many come as Poisson has it.
fn least_unlikely(draws: usize) -> usize {
    let draws = draws as f64;
    let expected = draws * (draws - 1.0) / 2.0 / 65_536.0;
    let mut chance = (-expected).exp();
    let mut below = 0.0;
    let mut count = 0;
    while 1.0 - below > FALSE_ALARM {
        below += chance;
        count += 1;
        chance *= expected / f64::from(count);
    }
    count as usize
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
