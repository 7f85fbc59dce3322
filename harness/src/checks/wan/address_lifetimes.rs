//! How long an address on the WAN lasts: nobody cuts its life short, and one that is deprecated
//! begins nothing (RFC 4862 §5.5.3 e), §5.5.4).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::formed_addresses::{
    DAD_OVER, answer_on_wan, formed_in, is_fit, offered, probed_by_terminals,
};
use crate::checks::evidence::wan_adverts::{HEED, wan_adverts};
use crate::checks::ruling::{Ruling, broken, every, within};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "wan.slaac.two-hour-rule",
        source: "RFC 4862 §5.5.3 e)",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "認証のないRAで、アドレスの有効期間を2時間未満に縮めない",
            "No advertisement cuts the valid lifetime of an address below two hours",
        ),
        hint: Text::new(
            "残りの有効期間が2時間を超えるときは、短い有効期間を受けても2時間は使い続けてください。",
            "Keep an address for two hours when an advertisement shortens its valid lifetime.",
        ),
        judge: two_hours,
    },
    Check {
        id: "wan.slaac.deprecate-now",
        source: "RFC 4862 §5.5.3 e), §5.5.4",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "推奨有効期間が0になったアドレスを新しい通信に使わない",
            "An address whose preferred lifetime became 0 begins no new communication",
        ),
        hint: Text::new(
            "推奨有効期間0のRAを受けたら、新しい通信には新しいプレフィックスのアドレスを使ってください。",
            "Take a preferred lifetime of 0 over at once, and use another address for what is new.",
        ),
        judge: deprecate,
    },
];

/// RFC 4862 §5.5.3 e).
const TWO_HOURS: Duration = Duration::from_secs(7200);

/// RFC 4861 §7.2.4 sets no limit for an answer; three solicitations a second apart ask for one.
const NEIGHBOR_ANSWER: Duration = Duration::from_secs(3);

fn two_hours(trace: &Dissection<'_>) -> Verdict {
    let adverts = wan_adverts(trace);
    let theirs = probed_by_terminals(trace);
    let all: Vec<_> = offered(&adverts)
        .filter(|(_, prefix, _)| is_fit(prefix))
        .collect();
    let cuts = all.iter().filter(|(cut, prefix, net)| {
        let valid = Duration::from_secs(u64::from(prefix.valid));
        let mut before = all.iter().filter(|(ra, ..)| ra.at < cut.at);
        valid < TWO_HOURS
            && before.any(|(ra, other, same)| {
                let until = ra.arrives + Duration::from_secs(u64::from(other.valid));
                same == net && until > cut.arrives + TWO_HOURS
            })
    });
    // A question for an address that was the device's before, after the false end of its life.
    let asked = cuts.flat_map(|(cut, prefix, net)| {
        let over = cut.arrives + Duration::from_secs(u64::from(prefix.valid)) + HEED;
        let again = all
            .iter()
            .find(|(ra, other, same)| same == net && ra.at > cut.at && other.valid > prefix.valid);
        let end = again.map_or(cut.arrives + TWO_HOURS, |(ra, ..)| ra.at);
        let solicits = trace.neighbor_solicits().filter(move |ns| {
            ns.to_device(Role::Wan)
                && !ns.source.is_unspecified()
                && net.contains(&ns.is.target)
                && over <= ns.arrives
                && ns.arrives + NEIGHBOR_ANSWER <= end
        });
        solicits.map(|ns| (*cut, ns.with(ns.is.target)))
    });
    every(
        "question for an address whose lifetime was cut",
        asked,
        |(cut, ns)| {
            let was_ours = answer_on_wan(trace, ns.is, Time::ZERO, cut.arrives);
            if was_ours.is_none() || theirs.contains(&ns.is) || trace.is_terminal(ns.is) {
                return Ruling::Skip;
            }
            if trace.is_disturbed(cut.at, ns.arrives + NEIGHBOR_ANSWER) {
                return Ruling::Skip;
            }
            let answer = answer_on_wan(trace, ns.is, ns.arrives, trace.end());
            let what = format!(
                "an answer for {}, which is valid for two more hours,",
                ns.is
            );
            match within(trace, &ns, answer.as_ref(), NEIGHBOR_ANSWER, &what) {
                Ruling::Holds(mut records) => {
                    records.insert(0, cut.record);
                    Ruling::Holds(records)
                }
                other => other,
            }
        },
    )
}

fn deprecate(trace: &Dissection<'_>) -> Verdict {
    let adverts = wan_adverts(trace);
    let all: Vec<_> = offered(&adverts)
        .filter(|(_, prefix, _)| is_fit(prefix))
        .collect();
    let deprecated: Vec<_> = all
        .iter()
        .filter(|(_, prefix, _)| prefix.preferred == 0)
        .collect();
    let questions = trace.upstream_dns();
    let own = questions.iter().filter(|exchange| {
        let source = exchange.query.source;
        all.iter().any(|(.., net)| net.contains(&source))
    });
    every(
        "question of the device after a deprecation",
        own,
        |exchange| {
            let query = exchange.query;
            let old = deprecated.iter().find(|(ra, _, net)| {
                let again = all.iter().any(|(later, prefix, same)| {
                    same == net && later.at > ra.at && later.at <= query.at && prefix.preferred > 0
                });
                ra.arrives + DAD_OVER + HEED < query.at && net.contains(&query.source) && !again
            });
            let fresh = all.iter().find(|(ra, prefix, net)| {
                let preferred = ra.arrives + Duration::from_secs(u64::from(prefix.preferred));
                ra.arrives + DAD_OVER < query.at
                    && preferred > query.at
                    && !deprecated.iter().any(|(.., gone)| gone == net)
                    && formed_in(trace, *net, ra.arrives).is_some()
            });
            let after = deprecated
                .iter()
                .any(|(ra, ..)| ra.arrives + DAD_OVER < query.at);
            match (old, fresh) {
                (Some((ra, _, net)), Some(_)) => broken(
                    [ra.record, query.record],
                    format!("no new question from {net}, which is deprecated"),
                    format!("one from {}", query.source),
                )
                .unless_late(
                    trace,
                    Delay::Overrun {
                        from: ra.arrives,
                        to: query.at,
                        by: query.at.since(ra.arrives + DAD_OVER + HEED),
                    },
                ),
                (None, Some((ra, ..))) if after => Ruling::Holds(vec![ra.record, query.record]),
                _ => Ruling::Skip,
            }
        },
    )
}

#[cfg(test)]
mod tests;
