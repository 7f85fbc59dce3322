//! How long what is advertised on the LAN holds, and what happens when the line renumbers
//! (RFC 9096).

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::PrefixInfo;
use ngnlab_sim::setup::Aspect;

use super::lan::adverts;
use super::pd::{Given, given, net_of};
use super::{CE_ROUTER, Check, EVERYONE, Ruling, broken, every, expect, finding, never};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "pd.lifetime.cap-ra",
        source: "RFC 8415 §6.3; RFC 9096 §3.3 L-15, §3.5",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "LAN側のプレフィックスの有効期間が回線側の残り時間を超えない",
            "Lifetimes on the LAN never outlive those of the line",
        ),
        hint: Text::new(
            "RAの有効期間を、回線から得たプレフィックスの残り時間以下にしてください。",
            "Advertise no longer lifetimes than what remains of the line's.",
        ),
        judge: cap_ra,
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
    Check {
        id: "lan.cap.pio",
        source: "RFC 9096 §3.4, §4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "プレフィックスの期間が推奨2700秒、有効5400秒以下である",
            "Prefix lifetimes are at most 2700 s preferred and 5400 s valid",
        ),
        hint: Text::new(
            "RAのプレフィックスの期間を推奨2700秒、有効5400秒以下にしてください。",
            "Cap the lifetimes at 2700 s preferred and 5400 s valid.",
        ),
        judge: cap_pio,
    },
    Check {
        id: "lan.cap.router-lifetime",
        source: "RFC 9096 §3.4, §4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "RAのルータ有効期間が2700秒以下である",
            "The router lifetime is at most 2700 s",
        ),
        hint: Text::new(
            "RAのルータ有効期間を2700秒以下にしてください。",
            "Cap the router lifetime at 2700 s.",
        ),
        judge: cap_router_lifetime,
    },
    Check {
        id: "lan.ra.no-default-without-prefix",
        source: "RFC 7084 §4.3 L-4, §4.1 G-4",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "プレフィックスを得る前にデフォルトルータを名乗らない",
            "The device is no default router before it has a prefix",
        ),
        hint: Text::new(
            "回線からプレフィックスを得るまで、RAのルータ有効期間を0にしてください。",
            "Advertise router lifetime 0 until the line gave a prefix.",
        ),
        judge: no_default_without_prefix,
    },
];

/// ND_PREFERRED_LIMIT and the router lifetime that goes with it (RFC 9096 §4).
const PREFERRED_LIMIT: u32 = 2700;
/// ND_VALID_LIMIT (RFC 9096 §4).
const VALID_LIMIT: u32 = 5400;
/// Seconds that rounding may add to a lifetime.
const ROUNDING: u64 = 3;
/// A device may be about to send what it knew a moment ago.
const TO_TAKE_IN: Duration = Duration::from_secs(1);
/// Time to withdraw a prefix: RFC 9096 §3.5 says at once, and advertisements are 3 s apart.
const TO_WITHDRAW: Duration = Duration::from_secs(60);
/// A lifetime without end (RFC 4861 §4.6.2).
const INFINITE: u32 = u32::MAX;

/// A prefix of an advertisement on the LAN.
#[derive(Clone)]
pub(super) struct Advertised {
    pub(super) record: RecordId,
    pub(super) at: Time,
    pub(super) net: Ipv6Net,
    pub(super) info: PrefixInfo,
}

/// Returns every prefix the device advertised on the LAN.
pub(super) fn advertised(trace: &Dissection<'_>) -> Vec<Advertised> {
    adverts(trace)
        .flat_map(|ra| {
            let prefixes: Vec<_> = ra.is.prefixes().copied().collect();
            prefixes.into_iter().filter_map(move |info| {
                Some(Advertised {
                    record: ra.record,
                    at: ra.at,
                    net: net_of(&info)?,
                    info,
                })
            })
        })
        .collect()
}

fn cap_ra(trace: &Dissection<'_>) -> Verdict {
    let given = given(trace);
    every(
        "advertised part of what the line gave",
        advertised(trace),
        |one| {
            let source = given
                .iter()
                .rev()
                .find(|given| given.at <= one.at && given.net.contains(&one.net));
            let Some(source) = source else {
                return Ruling::Skip;
            };
            let passed = one.at.since(source.at);
            if passed < TO_TAKE_IN || [source.valid, source.preferred].contains(&INFINITE) {
                return Ruling::Skip;
            }
            let left = |lifetime: u32| u64::from(lifetime).saturating_sub(passed.as_secs());
            let (valid, preferred) = (left(source.valid), left(source.preferred));
            expect(
                [source.record, one.record],
                u64::from(one.info.valid) <= valid + ROUNDING
                    && u64::from(one.info.preferred) <= preferred + ROUNDING,
                format!("at most {valid} s valid and {preferred} s preferred"),
                format!(
                    "{} s valid and {} s preferred",
                    one.info.valid, one.info.preferred
                ),
            )
        },
    )
}

/// Returns the prefixes that the line took back, and when the device learnt it.
pub(super) fn replaced(trace: &Dissection<'_>) -> Vec<Given> {
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
    let advertised = advertised(trace);
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
        let later = || {
            advertised
                .iter()
                .filter(|one| one.net == lan && one.at >= old.at)
        };
        if let Some(kept) = later().find(|one| one.at > deadline && one.info.preferred > 0) {
            return broken(
                [old.record, kept.record],
                format!("{lan} with preferred lifetime 0"),
                format!("still {} s preferred", kept.info.preferred),
            );
        }
        match later().find(|one| one.info.preferred == 0) {
            Some(one) if one.at <= deadline => Ruling::Holds(vec![old.record, one.record]),
            _ => broken(
                [old.record],
                format!("{lan} advertised with preferred lifetime 0 within a minute"),
                "it was not",
            ),
        }
    })
}

fn cap_pio(trace: &Dissection<'_>) -> Verdict {
    every("prefix advertised on the LAN", advertised(trace), |one| {
        let PrefixInfo {
            preferred, valid, ..
        } = one.info;
        expect(
            [one.record],
            preferred <= PREFERRED_LIMIT && valid <= VALID_LIMIT,
            format!("at most {PREFERRED_LIMIT} s preferred and {VALID_LIMIT} s valid"),
            format!("{preferred} s preferred and {valid} s valid"),
        )
    })
}

fn cap_router_lifetime(trace: &Dissection<'_>) -> Verdict {
    every("advertisement on the LAN", adverts(trace), |ra| {
        let lifetime = ra.is.lifetime.as_secs();
        expect(
            [ra.record],
            lifetime <= u64::from(PREFERRED_LIMIT),
            format!("a router lifetime of at most {PREFERRED_LIMIT} s"),
            format!("{lifetime} s"),
        )
    })
}

fn no_default_without_prefix(trace: &Dissection<'_>) -> Verdict {
    let first = given(trace).into_iter().find(|given| given.valid > 0);
    let first_at = first.map_or(Time::NEVER, |given| given.at);
    let defaults: Vec<_> = adverts(trace)
        .filter(|ra| !ra.is.lifetime.is_zero())
        .collect();
    let early = defaults.iter().filter(|ra| ra.at < first_at).map(|ra| {
        finding(
            [ra.record],
            "router lifetime 0 as long as the line gave no prefix",
            format!("{} s", ra.is.lifetime.as_secs()),
        )
    });
    let waited = adverts(trace).map(|ra| ra.record);
    never("advertisement on the LAN", waited, early)
}

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::ndp::{NdpOption, RouterAdvert};
    use ngnlab_sim::trace::Fact;

    use super::super::verdicts::{fails, passes, verdict};
    use super::*;
    use crate::dissection::builder::TraceBuilder;

    fn prefix(advert: &mut RouterAdvert) -> &mut PrefixInfo {
        match advert.options.first_mut() {
            Some(NdpOption::Prefix(prefix)) => prefix,
            _ => panic!("the builder puts the prefix first"),
        }
    }

    /// The line advertises its prefix at one second, valid for an hour.
    fn on_line() -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-ra");
        let assigned = trace.trace.header.line.assignment(0);
        trace.fact("edge", Fact::Assigned { prefix: assigned });
        trace.at(1000).wan_ra(|advert| {
            prefix(advert).valid = 3600;
            prefix(advert).preferred = 1800;
        });
        trace
    }

    fn lan_ra(trace: &mut TraceBuilder, at: u64, preferred: u32, valid: u32) {
        trace.at(at).lan_ra(|advert| {
            prefix(advert).preferred = preferred;
            prefix(advert).valid = valid;
        });
    }

    #[test]
    fn lifetimes_count_down_with_the_line() {
        let mut trace = on_line();
        lan_ra(&mut trace, 101_000, 1700, 3500);
        assert!(passes("pd.lifetime.cap-ra", &trace));
        assert!(passes("lan.cap.pio", &trace));
        lan_ra(&mut trace, 201_000, 1700, 3500);
        assert!(fails("pd.lifetime.cap-ra", &trace));
        lan_ra(&mut trace, 301_000, 604_800, 2_592_000);
        assert!(fails("lan.cap.pio", &trace));
        trace.lan_ra(|advert| advert.lifetime = Duration::from_secs(9000));
        assert!(fails("lan.cap.router-lifetime", &trace));
    }

    #[test]
    fn a_router_waits_for_its_prefix() {
        let mut trace = on_line();
        lan_ra(&mut trace, 2000, 1700, 3500);
        assert!(passes("lan.ra.no-default-without-prefix", &trace));
        let mut trace = TraceBuilder::new("next-ra");
        lan_ra(&mut trace, 500, 0, 0);
        trace.at(1000).wan_ra(|_| {});
        assert!(fails("lan.ra.no-default-without-prefix", &trace));
    }

    #[test]
    fn an_old_prefix_is_let_go() {
        let mut trace = on_line();
        lan_ra(&mut trace, 2000, 1700, 3500);
        assert!(matches!(
            verdict("lan.renum.deprecate-old", &trace),
            Verdict::Inconclusive(_)
        ));
        trace.trace.header.until = Time::from_secs(200);
        trace.at(20_000).wan_ra(|advert| {
            prefix(advert).preferred = 0;
            prefix(advert).valid = 0;
        });
        assert!(fails("lan.renum.deprecate-old", &trace));
        lan_ra(&mut trace, 21_000, 0, 0);
        assert!(passes("lan.renum.deprecate-old", &trace));
        lan_ra(&mut trace, 90_000, 1700, 3500);
        assert!(fails("lan.renum.deprecate-old", &trace));
    }
}
