//! What becomes of a prefix on the LAN that the line gives no more (RFC 9096 §3.5).

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::{Given, given, net_of};
use crate::checks::evidence::lan_adverts::{Advertised, advertised, adverts};
use crate::checks::ruling::{Ruling, broken, every, expect, seconds};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "lan.renum.after-reboot",
        source: "RFC 9096 §3.5",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "停電の間に変わったプレフィックスも、復帰後に失効させる",
            "A prefix that changed during a power cut is withdrawn after it",
        ),
        hint: Text::new(
            "LAN側に配ったプレフィックスを不揮発メモリに記録し、復帰後に得られなければ有効期間0で広告してください。",
            "Keep the advertised prefix in stable storage, and withdraw it after a restart unless the line gives it again.",
        ),
        judge: after_reboot,
    },
    Check {
        id: "lan.renum.zero-lifetimes",
        source: "RFC 9096 §3 L-13, §3.5",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "失効させるプレフィックスは期間を両方とも0にし、フラグを変えない",
            "A prefix is withdrawn with both lifetimes zero and its flags unchanged",
        ),
        hint: Text::new(
            "古いプレフィックスは、推奨・有効期間とも0、AとLのフラグはそのままで広告してください。",
            "Advertise the old prefix with both lifetimes zero, A and L as before.",
        ),
        judge: zero_lifetimes,
    },
    Check {
        id: "lan.renum.deprecate-hold",
        source: "RFC 9096 §3.5, §4",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "古いプレフィックスの失効を、その有効期間のあいだ広告し続ける",
            "A withdrawn prefix stays in the advertisements for its valid lifetime",
        ),
        hint: Text::new(
            "古いプレフィックスは、直前の有効期間（5400秒まで）が過ぎるまで有効期間0で広告し続けてください。",
            "Keep the zero lifetimes in every advertisement until the former valid lifetime, at most 5400 s, is over.",
        ),
        judge: deprecate_hold,
    },
    Check {
        id: "lan.renum.deprecate-old",
        source: "RFC 9096 §3.5 L-13; guide p.16",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "プレフィックスが変わったら古いものを失効させる",
            "After renumbering the old prefix is withdrawn on the LAN",
        ),
        hint: Text::new(
            "古いプレフィックスを推奨有効期間0で広告し、端末に使わせないでください（ngn typeなど）。",
            "Advertise the old prefix with preferred lifetime 0, so that terminals let go of it.",
        ),
        judge: deprecate_old,
    },
];

/// Returns whether nothing between two points made it harder to advertise.
fn is_quiet(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    let lost = trace
        .packets
        .iter()
        .any(|found| found.lost && from <= found.at && found.at <= to);
    let restarted = trace
        .steps
        .iter()
        .any(|step| from <= step.at && step.began() <= to && step.restarts_device());
    to <= trace.end() && !lost && !restarted
}

/// Returns what the LAN last heard of a prefix before the line replaced it, if it was in use.
fn last_use<'a>(advertised: &'a [Advertised], old: &Given) -> Option<&'a Advertised> {
    last_use_before(advertised, old, old.record)
}

/// Returns what the LAN last heard of a prefix before a record, if it was in use then.
fn last_use_before<'a>(
    advertised: &'a [Advertised],
    old: &Given,
    record: RecordId,
) -> Option<&'a Advertised> {
    let last = advertised
        .iter()
        .rev()
        .find(|one| one.record < record && old.net.contains(&one.net))?;
    (last.info.preferred > 0).then_some(last)
}

/// Slow duplicate address detection (design §12), and advertisements that are 16 s apart at the
/// start (RFC 4861 §10).
const REMEMBERED_AFTER: Duration = Duration::from_secs(50);

fn after_reboot(trace: &Dissection<'_>) -> Verdict {
    let (advertised, given) = (advertised(trace), given(trace));
    every(
        "prefix that changed while the power was cut",
        replaced(trace),
        |old| {
            let mut cuts = trace.steps.iter();
            let cut = cuts.rfind(|step| step.at <= old.at && step.cuts_power());
            let Some(cut) = cut else {
                return Ruling::Skip;
            };
            // Who remembers it may withdraw it before the line gives another.
            let Some(last) = last_use_before(&advertised, &old, cut.record) else {
                return Ruling::Skip;
            };
            // What came at the moment of the cut was not heard.
            let learnt = given
                .iter()
                .find(|given| given.at > cut.at && given.preferred > 0);
            // What changed later changed before its eyes.
            if learnt.is_some_and(|learnt| learnt.net == old.net) {
                return Ruling::Skip;
            }
            let Some(deadline) = learnt.map(|given| given.at + REMEMBERED_AFTER) else {
                return Ruling::Skip;
            };
            let is_quiet = is_quiet(trace, cut.at + Duration::from_millis(1), deadline);
            if !is_quiet || trace.is_claimed(deadline) {
                return Ruling::Skip;
            }
            let gone = advertised.iter().find(|one| {
                one.net == last.net
                    && one.info.preferred == 0
                    && cut.at <= one.at
                    && one.at <= deadline
            });
            match gone {
                Some(one) => Ruling::Holds(vec![last.record, cut.record, one.record]),
                None => {
                    let mut later = advertised.iter().filter(|one| one.at > deadline);
                    let came = later.find(|one| one.net == last.net && one.info.preferred == 0);
                    broken(
                        [last.record, cut.record, old.record],
                        format!("{} advertised with preferred lifetime 0", last.net),
                        "it was not",
                    )
                    .unless_late(trace, Delay::past(cut.at, deadline, came.map(|one| one.at)))
                }
            }
        },
    )
}

/// Returns the advertisements that withdraw what the line replaced, each with the last one before.
fn withdrawn(trace: &Dissection<'_>) -> Vec<(Given, Advertised, Advertised)> {
    let mut withdrawn = Vec::new();
    for old in replaced(trace) {
        let all = advertised(trace);
        let Some(last) = last_use(&all, &old) else {
            continue;
        };
        let last = last.clone();
        let zero =
            |one: &Advertised| one.net == last.net && one.at >= old.at && one.info.preferred == 0;
        let later = all.into_iter().filter(zero);
        withdrawn.extend(later.map(|one| (old, last.clone(), one)));
    }
    withdrawn
}

fn zero_lifetimes(trace: &Dissection<'_>) -> Verdict {
    let given = given(trace);
    every(
        "prefix withdrawn from the LAN",
        withdrawn(trace),
        |(old, last, one)| {
            // A line that lets its prefix stay valid lets the device do so, too.
            let still_valid = given
                .iter()
                .any(|given| given.net == old.net && given.at >= old.at && given.valid > 0);
            if still_valid {
                return Ruling::Skip;
            }
            let flags = |info: &ngnlab_sim::message::ndp::PrefixInfo| {
                format!(
                    "L={} A={}",
                    u8::from(info.on_link),
                    u8::from(info.autonomous)
                )
            };
            let (before, after) = (flags(&last.info), flags(&one.info));
            expect(
                [last.record, old.record, one.record],
                one.info.valid == 0 && before == after,
                format!("valid lifetime 0, {before}"),
                format!("valid lifetime {} s, {after}", one.info.valid),
            )
        },
    )
}

/// ND_VALID_LIMIT (RFC 9096 §4).
const VALID_LIMIT: u32 = 5400;

/// What the end may be early by: the first advertisement comes a little after the change.
const EARLY: Duration = Duration::from_secs(10);

fn deprecate_hold(trace: &Dissection<'_>) -> Verdict {
    let mut seen: Vec<Ipv6Net> = Vec::new();
    let mut first = withdrawn(trace);
    first.retain(|(_, last, _)| {
        let fresh = !seen.contains(&last.net);
        seen.push(last.net);
        fresh
    });
    every("prefix withdrawn from the LAN", first, |(_, last, one)| {
        let hold = Duration::from_secs(u64::from(last.info.valid.min(VALID_LIMIT)));
        let until = one.at + hold.saturating_sub(EARLY);
        if trace.is_restarted(one.at, until) {
            return Ruling::Skip;
        }
        let later: Vec<_> = adverts(trace)
            .filter(|ra| {
                let spoken = ra.destination.is_multicast() && ra.is.prefixes().next().is_some();
                spoken && one.at < ra.at && ra.at < until
            })
            .collect();
        let names = |ra: &crate::dissection::Found<&ngnlab_sim::message::ndp::RouterAdvert>| {
            ra.is
                .prefixes()
                .any(|prefix| net_of(prefix) == Some(last.net))
        };
        match later.iter().find(|ra| !names(ra)) {
            Some(ra) => broken(
                [last.record, one.record, ra.record],
                format!(
                    "{} with lifetime 0 in each advertisement for {} s",
                    last.net,
                    hold.as_secs()
                ),
                format!("one without it after {}", seconds(ra.at.since(one.at))),
            ),
            // Only the whole time proves it.
            None if trace.end() < until || later.is_empty() => Ruling::Skip,
            None => Ruling::Holds(later.iter().map(|ra| ra.record).collect()),
        }
    })
}

/// Time to withdraw a prefix: RFC 9096 §3.5 says at once, and advertisements are 3 s apart.
const TO_WITHDRAW: Duration = Duration::from_secs(60);

/// Returns the prefixes that the line took back, and when the device learnt it.
fn replaced(trace: &Dissection<'_>) -> Vec<Given> {
    let given = given(trace);
    let mut replaced: Vec<Given> = Vec::new();
    for (index, one) in given.iter().enumerate() {
        let overlaps = |a: &Ipv6Net, b: &Ipv6Net| a.contains(b) || b.contains(a);
        let was_given = given[..index]
            .iter()
            .any(|before| before.net == one.net && before.preferred > 0);
        let is_known = replaced.iter().any(|known| known.net == one.net);
        // Either it comes back with a lifetime of zero …
        if one.preferred == 0 && was_given && !is_known {
            replaced.push(*one);
        }
        // … or another one comes after the edge had assigned that.
        let latest = trace.assignments().filter(|(at, _)| *at <= one.at).last();
        let Some((_, whole)) = latest else {
            continue;
        };
        if one.preferred == 0 || !overlaps(&whole, &one.net) {
            continue;
        }
        for before in &given[..index] {
            let gone = !overlaps(&whole, &before.net);
            if gone && replaced.iter().all(|known| known.net != before.net) {
                replaced.push(Given {
                    net: before.net,
                    ..*one
                });
            }
        }
    }
    replaced
}

fn deprecate_old(trace: &Dissection<'_>) -> Verdict {
    let (advertised, given) = (advertised(trace), given(trace));
    every("prefix that the line replaced", replaced(trace), |old| {
        let mut in_use: Vec<Ipv6Net> = advertised
            .iter()
            .filter(|one| one.at <= old.at && one.info.preferred > 0 && old.net.contains(&one.net))
            .map(|one| one.net)
            .collect();
        in_use.sort();
        in_use.dedup();
        let Some(lan) = in_use.first().copied() else {
            return Ruling::Skip;
        };
        let deadline = old.at + TO_WITHDRAW;
        if deadline > trace.end() || trace.is_disturbed(old.at, deadline) {
            return Ruling::Skip;
        }
        // What a device remembers beyond a restart is for `lan.renum.after-reboot`.
        let last = advertised
            .iter()
            .rev()
            .find(|one| one.net == lan && one.at <= old.at);
        if last.is_some_and(|last| trace.is_restarted(last.at, old.at)) {
            return Ruling::Skip;
        }
        // The line may give it once more.
        let again = given
            .iter()
            .find(|given| given.net == old.net && given.at > old.at && given.preferred > 0);
        // Or a smaller delegation with this part of it.
        let stays = given
            .iter()
            .any(|given| given.at >= old.at && given.preferred > 0 && given.net.contains(&lan));
        if stays && again.is_none() {
            return Ruling::Skip;
        }
        let until = again.map_or(trace.end(), |given| given.at);
        if until <= deadline && again.is_some() {
            return Ruling::Skip;
        }
        let later = || {
            advertised
                .iter()
                .filter(|one| one.net == lan && one.at >= old.at && one.at < until)
        };
        let mut kept = later().filter(|one| one.at > deadline && one.info.preferred > 0);
        if let Some(first) = kept.next() {
            // Who keeps it up is not late.
            let last = kept.next_back().unwrap_or(first);
            return broken(
                [old.record, first.record],
                format!("{lan} with preferred lifetime 0"),
                format!("still {} s preferred", first.info.preferred),
            )
            .unless_late(trace, Delay::past(old.at, deadline, Some(last.at)));
        }
        match later().find(|one| one.info.preferred == 0) {
            Some(one) if one.at <= deadline => Ruling::Holds(vec![old.record, one.record]),
            one => broken(
                [old.record],
                format!("{lan} advertised with preferred lifetime 0 within a minute"),
                "it was not",
            )
            .unless_late(trace, Delay::past(old.at, deadline, one.map(|one| one.at))),
        }
    })
}

#[cfg(test)]
mod tests;
