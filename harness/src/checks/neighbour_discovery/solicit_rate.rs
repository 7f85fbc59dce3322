//! How often the device asks for one neighbour (RFC 4861 §7.2.2).

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::NeighborSolicit;
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::ruling::{Ruling, at_least, every};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "nd.solicits-apart",
    source: "RFC 4861 §7.2.2, §10",
    level: Level::Must,
    profiles: EVERYONE,
    aspects: &[],
    title: Text::new(
        "同じ近隣へのマルチキャストNSの間隔が1秒以上である",
        "Multicast solicitations for one neighbour are at least a second apart",
    ),
    hint: Text::new(
        "応答のない近隣へのNSは、RetransTimer（既定1秒）ごとに1回までにしてください。",
        "Ask for one neighbour once per RetransTimer, one second by default, at most.",
    ),
    judge: apart,
}];

/// RETRANS_TIMER (RFC 4861 §10), less what a timer of a host may be early by.
const APART: Duration = Duration::from_millis(900);

fn apart(trace: &Dissection<'_>) -> Verdict {
    let asked: Vec<Found<&NeighborSolicit>> = trace
        .neighbor_solicits()
        .filter(|ns| {
            let asks = ns.by_device(ns.on) && ns.destination.is_multicast();
            asks && !ns.source.is_unspecified()
        })
        .collect();
    let mut next: BTreeMap<(Role, Ipv6Addr), usize> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (index, ns) in asked.iter().enumerate().rev() {
        let after = next.insert((ns.on, ns.is.target), index);
        pairs.push((ns, after.and_then(|after| asked.get(after))));
    }
    pairs.reverse();
    every("solicitation in vain", pairs, |(before, after)| {
        let over = before.at + APART;
        let Some(after) = after.filter(|after| after.at < over) else {
            // Who is answered has no reason to ask again.
            let unproven = trace.end() < over || is_answered(trace, before, over);
            return match unproven || trace.is_disturbed(before.at, over) {
                true => Ruling::Skip,
                false => Ruling::Holds(vec![before.record]),
            };
        };
        if has_reason(trace, before, after) {
            return Ruling::Skip;
        }
        at_least(
            trace,
            [before.record, after.record],
            [before.at, after.at],
            APART,
            "a second between them",
        )
    })
}

fn is_answered(trace: &Dissection<'_>, ns: &Found<&NeighborSolicit>, by: Time) -> bool {
    trace.neighbor_adverts().any(|na| {
        let meanwhile = ns.at <= na.at && na.at <= by;
        meanwhile && na.to_device(ns.on) && na.is.target == ns.is.target
    })
}

/// Returns whether something else than a timer may have brought the second one about: the neighbour
/// answered or was gone meanwhile, or a proxy hands on what somebody else asks (RFC 4389 §4.1.3).
fn has_reason(
    trace: &Dissection<'_>,
    before: &Found<&NeighborSolicit>,
    after: &Found<&NeighborSolicit>,
) -> bool {
    let answered = is_answered(trace, before, after.at);
    let handed_on = trace.neighbor_solicits().any(|other| {
        let just_now = before.at <= other.arrives && other.at <= after.at;
        just_now
            && other.on != before.on
            && other.to_device(other.on)
            && other.is.target == before.is.target
    });
    answered || handed_on || trace.is_disturbed(before.at, after.at)
}
