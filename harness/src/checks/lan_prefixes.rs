//! The prefixes on the LAN: their form, and what becomes of them when the line gives another one.

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::Aspect;

use super::lan::adverts;
use super::lan_lifetimes::{Advertised, advertised, replaced};
use super::pd::{Given, given};
use super::{CE_ROUTER, Check, EVERYONE, Ruling, broken, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "lan.ra.one-64-per-lan",
        source: "RFC 7084 §4.3 L-2; guide p.6",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側に配るプレフィックスが/64である",
            "The prefix for terminals on the LAN is a /64",
        ),
        hint: Text::new(
            "委譲された/56をそのまま配らず、その中の/64を1つLANに割り当ててください。",
            "Give the LAN one /64 of the delegation instead of the whole of it.",
        ),
        judge: one_64,
    },
    Check {
        id: "lan.ra.preferred-le-valid",
        source: "RFC 4861 §6.2.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "推奨有効期間が有効期間を超えない",
            "No preferred lifetime exceeds the valid one",
        ),
        hint: Text::new(
            "RAの推奨有効期間を有効期間以下にしてください。端末はそうでないプレフィックスを無視します。",
            "Keep the preferred lifetime at or below the valid one; terminals ignore the prefix otherwise.",
        ),
        judge: preferred_within_valid,
    },
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
];

fn one_64(trace: &Dissection<'_>) -> Verdict {
    every(
        "prefix for terminals on the LAN",
        advertised(trace),
        |one| {
            // RFC 4862 §5.5.3: only prefixes with the A flag are for addresses; a prefix that is taken
            // back has to look as it did.
            if !one.info.autonomous || one.info.valid == 0 {
                return Ruling::Skip;
            }
            expect(
                [one.record],
                one.info.length == 64,
                "a /64",
                one.net.to_string(),
            )
        },
    )
}

fn preferred_within_valid(trace: &Dissection<'_>) -> Verdict {
    every("prefix advertised on the LAN", advertised(trace), |one| {
        let (preferred, valid) = (one.info.preferred, one.info.valid);
        expect(
            [one.record],
            preferred <= valid,
            format!("a preferred lifetime of at most {valid} s, the valid one"),
            format!("{preferred} s"),
        )
    })
}

/// Returns whether nothing between two points made it harder to advertise.
fn is_quiet(trace: &Dissection<'_>, from: Time, to: Time) -> bool {
    let lost = trace
        .packets
        .iter()
        .any(|found| found.lost && from <= found.at && found.at <= to);
    to <= trace.end() && !lost && !trace.is_restarted(from, to)
}

/// Returns what the LAN last heard of a prefix before the line replaced it, if it was in use.
fn last_use<'a>(advertised: &'a [Advertised], old: &Given) -> Option<&'a Advertised> {
    let last = advertised
        .iter()
        .rev()
        .find(|one| one.record < old.record && old.net.contains(&one.net))?;
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
            let Some(last) = last_use(&advertised, &old) else {
                return Ruling::Skip;
            };
            let cut = trace
                .steps
                .iter()
                .rfind(|step| last.at <= step.at && step.at <= old.at && step.cuts_power());
            let Some(cut) = cut else {
                return Ruling::Skip;
            };
            // What came at the moment of the cut was not heard.
            let learnt = given
                .iter()
                .find(|given| given.at > cut.at && given.preferred > 0);
            let Some(deadline) = learnt.map(|given| given.at + REMEMBERED_AFTER) else {
                return Ruling::Skip;
            };
            if !is_quiet(trace, cut.at + Duration::from_millis(1), deadline) {
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
                None => broken(
                    [last.record, cut.record, old.record],
                    format!("{} advertised with preferred lifetime 0", last.net),
                    "it was not",
                ),
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
                .any(|prefix| super::pd::net_of(prefix) == Some(last.net))
        };
        match later.iter().find(|ra| !names(ra)) {
            Some(ra) => broken(
                [last.record, one.record, ra.record],
                format!(
                    "{} with lifetime 0 in each advertisement for {} s",
                    last.net,
                    hold.as_secs()
                ),
                format!(
                    "one without it after {}",
                    super::seconds(ra.at.since(one.at))
                ),
            ),
            // Only the whole time proves it.
            None if trace.end() < until || later.is_empty() => Ruling::Skip,
            None => Ruling::Holds(later.iter().map(|ra| ra.record).collect()),
        }
    })
}

#[cfg(test)]
mod tests;
