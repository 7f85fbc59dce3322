//! What the line has given stays in use for as long as it was given.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::given_prefixes::{Given, given};
use crate::checks::evidence::lan_adverts::advertised;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::Dissection;

/// Lifetimes are told in whole seconds, of which less than one each may be lost on the way in and out
/// of a device (inferred).
const ROUNDING: Duration = Duration::from_secs(2);

pub(super) const CHECKS: &[Check] = &[Check {
    id: "pd.use.while-valid",
    source: "RFC 8415 §18.2.4, §18.2.5; RFC 4862 §5.5.4",
    level: Level::Must,
    profiles: EVERYONE,
    aspects: &[Aspect::Delivery],
    title: Text::new(
        "回線から得たプレフィックスを、有効期間が終わるまで使い続ける",
        "A prefix of the line stays in use until its time is over",
    ),
    hint: Text::new(
        "更新を始めたときや応答を待つ間も、リースを破棄せず、LANのプレフィックスを失効させないでください。",
        "Keep the lease while it is being renewed, and do not deprecate the LAN's prefix for that.",
    ),
    judge: kept,
}];

fn kept(trace: &Dissection<'_>) -> Verdict {
    let given = given(trace);
    let told = advertised(trace);
    every("prefix of the line on the LAN", &told, |one| {
        let mut before = given.iter().filter(|word| word.at <= one.at);
        let Some(last) = before.rfind(|word| word.net.contains(&one.net)) else {
            return Ruling::Skip;
        };
        if !is_due(last, one.at) {
            return Ruling::Skip;
        }
        if one.info.preferred > 0 {
            return Ruling::Holds(vec![last.record, one.record]);
        }
        let was_in_use = told.iter().any(|earlier| {
            let is_same = earlier.net == one.net && earlier.info.preferred > 0;
            is_same && last.at <= earlier.at && earlier.at < one.at
        });
        if !was_in_use || has_another_reason(trace, &given, last, one.at) {
            return Ruling::Skip;
        }
        broken(
            [last.record, one.record],
            format!("{} in use, as the line gave {}", one.net, last.net),
            "it is deprecated on the LAN",
        )
    })
}

/// Returns whether a prefix is preferred still, and not about to be so no more.
fn is_due(word: &Given, at: Time) -> bool {
    let lasts = Duration::from_secs(u64::from(word.preferred));
    at + ROUNDING < word.at + lasts
}

/// Returns whether something else than the device may have ended the use of a prefix: another one, a
/// restart, a stranger, or a frame that was lost.
fn has_another_reason(trace: &Dissection<'_>, given: &[Given], last: &Given, at: Time) -> bool {
    let is_replaced = given.iter().any(|word| word.net != last.net);
    let is_renumbered = trace.assignments().count() > 1;
    let is_cut = trace
        .steps
        .iter()
        .any(|step| step.began() <= at && (step.interrupts() || step.silences_or_renumbers()));
    let is_meddled = trace.router_adverts().any(|ra| ra.injected && ra.at <= at);
    is_replaced || is_renumbered || is_cut || is_meddled || trace.is_claimed(at)
}
