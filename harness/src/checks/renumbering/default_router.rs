//! Who is the LAN's router while one prefix takes another's place.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;

use super::new_prefix::{Change, changes, words};
use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::{Delay, unless_late};
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::evidence::wan_adverts::{routers_at, wan_adverts};
use crate::checks::ruling::{Ruling, every, finding};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "lan.renum.default-stays",
    source: "RFC 7084 §4.3 L-1, §4.1 G-4",
    level: Level::Should,
    profiles: CE_ROUTER,
    aspects: &[Aspect::Delivery],
    title: Text::new(
        "プレフィックスが入れ替わる間もデフォルトルータであり続ける",
        "The device stays default router while one prefix takes another's place",
    ),
    hint: Text::new(
        "新しいプレフィックスを受け取ったときに、ルータ有効期間0のRAを送らないでください。端末の通信が途切れます。",
        "Send no advertisement with router lifetime 0 when a new prefix comes; it cuts terminals off.",
    ),
    judge: default_stays,
}];

/// How long what the device does may be about the change: its new address is tried out meanwhile
/// (ngn-facts §1.1: 10 s on the line). Tolerance of ours.
const MEANWHILE: Duration = Duration::from_secs(30);

fn default_stays(trace: &Dissection<'_>) -> Verdict {
    let words = words(trace);
    let changes = changes(&words);
    // The line goes over from one to the other at one moment: it is never without.
    let replaced = changes.windows(2).filter_map(|pair| {
        let [old, new] = pair else { return None };
        (old.until == new.at && new.before.is_some()).then_some(new)
    });
    every("prefix that took another's place", replaced, |change| {
        stays(trace, change)
    })
}

fn stays(trace: &Dissection<'_>, change: &Change) -> Ruling {
    let over = change.until.min(change.at + MEANWHILE);
    let was_router = adverts(trace)
        .filter(|ra| ra.at < change.at)
        .last()
        .is_some_and(|ra| !ra.is.lifetime.is_zero());
    let upstream = wan_adverts(trace);
    let hears = |at| !routers_at(&upstream, at).is_empty();
    let mut heard = upstream.iter().map(|ra| ra.arrives);
    let lost = heard.any(|at| change.at <= at && at <= over && !hears(at));
    if !was_router
        || !hears(change.at)
        || lost
        || trace.is_renounced(change.at)
        || trace.is_renounced(over)
        || trace.end() < over
        || trace.is_interrupted(change.at, over)
        || trace.is_claimed(over)
    {
        return Ruling::Skip;
    }
    let told = adverts(trace).filter(|ra| change.at <= ra.at && ra.at <= over);
    let mut records = vec![change.record];
    for ra in told {
        if ra.is.lifetime.is_zero() {
            let late = Delay::Race {
                from: change.at,
                to: ra.at,
            };
            let seen = finding(
                [change.record, ra.record],
                "a router lifetime above 0 all the time",
                "0, while the line gave a prefix and a router",
            );
            return Ruling::Broken(unless_late(seen, trace, late));
        }
        records.push(ra.record);
    }
    if records.len() == 1 {
        return Ruling::Skip;
    }
    Ruling::Holds(records)
}
