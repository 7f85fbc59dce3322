//! Addresses on the WAN: which prefixes make them, how long they last, which one speaks
//! (RFC 4862 §5.4, §5.5; RFC 7084 §4.2).

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::{PrefixInfo, RouterAdvert};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use super::ce::{HEED, wan_adverts};
use super::pd::net_of;
use super::{CE_ROUTER, Check, EVERYONE, Ruling, broken, every, only_in};
use crate::dissection::{Dissection, Found};

mod lifetimes;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "wan.slaac.support",
        source: "RFC 7084 §4.2 WAA-1; RFC 4862 §5.5.3",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "RAのプレフィックスからアドレスを生成する",
            "An address is formed from the prefix that the line advertises",
        ),
        hint: Text::new(
            "Aフラグの立ったプレフィックスからSLAACでアドレスを生成してください。",
            "Form an address from an advertised prefix that has the A flag.",
        ),
        judge: support,
    },
    Check {
        id: "wan.slaac.a-flag-clear",
        source: "RFC 4862 §5.5.3 a)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "Aフラグのないプレフィックスからアドレスを生成しない",
            "No address is formed from a prefix without the A flag",
        ),
        hint: Text::new(
            "AフラグのないプレフィックスはSLAACに使わないでください。",
            "Do not use a prefix without the A flag for addresses.",
        ),
        judge: a_flag_clear,
    },
    Check {
        id: "wan.slaac.pref-gt-valid",
        source: "RFC 4862 §5.5.3 c)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "推奨寿命が有効寿命より長いプレフィックスを無視する",
            "A prefix that is preferred longer than it is valid is ignored",
        ),
        hint: Text::new(
            "推奨寿命が有効寿命を超えるプレフィックス情報は無視してください。",
            "Ignore a prefix option whose preferred lifetime exceeds its valid lifetime.",
        ),
        judge: preferred_above_valid,
    },
    Check {
        id: "wan.slaac.prefixlen-mismatch",
        source: "RFC 4862 §5.5.3 d)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "長さが/64でないプレフィックスからアドレスを生成しない",
            "No address is formed from a prefix that is not a /64",
        ),
        hint: Text::new(
            "インタフェースIDと合わせて128ビットにならないプレフィックスは使わないでください。",
            "Ignore a prefix whose length and interface identifier do not make 128 bits.",
        ),
        judge: length_mismatch,
    },
    Check {
        id: "wan.slaac.two-hour-rule",
        source: "RFC 4862 §5.5.3 e)",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "認証のないRAで、アドレスの有効寿命を2時間未満に縮めない",
            "No advertisement cuts the valid lifetime of an address below two hours",
        ),
        hint: Text::new(
            "残りの有効寿命が2時間を超えるときは、短い寿命を受けても2時間は使い続けてください。",
            "Keep an address for two hours when an advertisement shortens its valid lifetime.",
        ),
        judge: lifetimes::two_hours,
    },
    Check {
        id: "wan.slaac.deprecate-now",
        source: "RFC 4862 §5.5.3 e), §5.5.4",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "推奨寿命が0になったアドレスを新しい通信に使わない",
            "An address whose preferred lifetime became 0 begins no new communication",
        ),
        hint: Text::new(
            "推奨寿命0のRAを受けたら、新しい通信には新しいプレフィックスのアドレスを使ってください。",
            "Take a preferred lifetime of 0 over at once, and use another address for what is new.",
        ),
        judge: lifetimes::deprecate,
    },
    Check {
        id: "wan.slaac.l-flag",
        source: "RFC 7084 §4.2 WAA-2; RFC 5942 §4",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Lフラグのないプレフィックスをオンリンクとみなさない",
            "A prefix without the L flag is not taken for on-link",
        ),
        hint: Text::new(
            "Lフラグのないプレフィックス宛てのパケットはデフォルトルータに送ってください。",
            "Send packets for a prefix without the L flag to the default router.",
        ),
        judge: l_flag,
    },
    Check {
        id: "wan.slaac.dad-fail",
        source: "RFC 4862 §5.4.5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "重複と分かったアドレスを使わない",
            "An address that somebody else has is not used",
        ),
        hint: Text::new(
            "重複アドレス検出（DAD）で応答があったアドレスは割り当てないでください。",
            "Do not assign an address for which duplicate address detection got an answer.",
        ),
        judge: dad_fail,
    },
];

/// Slow duplicate address detection (design §12) and programs that start one another.
const FORMED_AFTER: Duration = Duration::from_secs(40);
/// Up to a second of delay (RFC 4862 §5.4.2) before the probe; the rest is tolerance.
const PROBED_AFTER: Duration = Duration::from_secs(5);
/// The line's Retrans Timer of ten seconds (ngn-facts §1.1), and up to a second before the probe.
const DAD_OVER: Duration = Duration::from_secs(12);
/// RFC 4861 §10: RETRANS_TIMER, the least that one probe waits.
const PROBE_WAITS: Duration = Duration::from_secs(1);
/// Returns the addresses that terminals probed themselves, which the device may pass on.
fn probed_by_terminals(trace: &Dissection<'_>) -> BTreeSet<Ipv6Addr> {
    let solicits = trace.neighbor_solicits();
    solicits
        .filter(|ns| !ns.by_device(Role::Lan) && ns.on == Role::Lan)
        .map(|ns| ns.is.target)
        .collect()
}

/// Returns the first sign that the device uses a prefix for itself or its LAN, and what it does.
pub(super) fn formed_in(
    trace: &Dissection<'_>,
    net: Ipv6Net,
    from: Time,
) -> Option<(RecordId, &'static str)> {
    let theirs = probed_by_terminals(trace);
    let probe = trace.neighbor_solicits().find(|ns| {
        (ns.by_device(Role::Wan) || ns.by_device(Role::Lan))
            && ns.source.is_unspecified()
            && ns.at >= from
            && net.contains(&ns.is.target)
            && !theirs.contains(&ns.is.target)
    });
    let advert = trace.router_adverts().find(|ra| {
        let mut useful = ra.is.prefixes().filter(|prefix| prefix.valid > 0);
        ra.by_device(Role::Lan)
            && ra.at >= from
            && useful.any(|prefix| net.contains(&prefix.prefix))
    });
    let sent = trace.packets.iter().find(|found| {
        found.by_device(Role::Wan)
            && found.at >= from
            && net.contains(&found.source)
            && !trace.is_terminal(found.source)
            && !theirs.contains(&found.source)
    });
    let probe = probe.map(|ns| (ns.record, "forms an address"));
    let advert = advert.map(|ra| (ra.record, "advertises a part"));
    let sent = sent.map(|found| (found.record, "sends from an address"));
    probe.into_iter().chain(advert).chain(sent).min()
}

/// Returns the prefixes that reached the device on the WAN, one by one.
pub(super) fn offered<'d>(
    adverts: &'d [Found<&RouterAdvert>],
) -> impl Iterator<Item = (&'d Found<&'d RouterAdvert>, PrefixInfo, Ipv6Net)> {
    adverts.iter().flat_map(|ra| {
        let prefixes = ra.is.prefixes();
        prefixes.filter_map(move |prefix| Some((ra, *prefix, net_of(prefix)?)))
    })
}

/// RFC 4862 §5.5.3 a) to d).
fn is_fit(prefix: &PrefixInfo) -> bool {
    prefix.autonomous
        && prefix.length == 64
        && prefix.preferred <= prefix.valid
        && is_routable(prefix.prefix)
}

fn support(trace: &Dissection<'_>) -> Verdict {
    // Where a prefix is delegated, an address on the WAN is not needed (RFC 7084 §4.2 WAA-7).
    only_in(Mode::Ra, trace, || {
        let adverts = wan_adverts(trace);
        let first = offered(&adverts)
            .find(|(ra, prefix, _)| !ra.injected && is_fit(prefix) && prefix.preferred > 0);
        every(
            "prefix for addresses from the line",
            first,
            |(ra, _, net)| {
                let deadline = ra.arrives + FORMED_AFTER;
                match formed_in(trace, net, Time::ZERO) {
                    Some((record, _)) => Ruling::Holds(vec![ra.record, record]),
                    None if trace.end() < deadline || trace.is_disturbed(ra.at, deadline) => {
                        Ruling::Skip
                    }
                    None => broken(
                        [ra.record],
                        format!("an address in {net}"),
                        "none was probed or used",
                    ),
                }
            },
        )
    })
}

/// Judges that no address is formed from a prefix that is unfit for the reason given.
fn unfit(
    trace: &Dissection<'_>,
    what: &str,
    is_unfit: impl Fn(&PrefixInfo) -> bool,
    expected: &str,
) -> Verdict {
    let adverts = wan_adverts(trace);
    let fit: Vec<Ipv6Net> = offered(&adverts)
        .filter(|(_, prefix, _)| is_fit(prefix))
        .map(|(.., net)| net)
        .collect();
    let able = fit
        .iter()
        .any(|net| formed_in(trace, *net, Time::ZERO).is_some());
    let bad = offered(&adverts).filter(|(_, prefix, net)| {
        is_unfit(prefix) && prefix.valid > 0 && !fit.iter().any(|other| net.contains(other))
    });
    every(what, bad, |(ra, _, net)| {
        match formed_in(trace, net, ra.arrives) {
            Some((record, how)) => broken(
                [ra.record, record],
                format!("no address from {net}, {expected}"),
                format!("the device {how} of it"),
            ),
            None if !able => Ruling::Unclear("the device forms no address by itself".to_owned()),
            None if trace.end() < ra.arrives + PROBED_AFTER => Ruling::Skip,
            None => Ruling::Holds(vec![ra.record]),
        }
    })
}

fn a_flag_clear(trace: &Dissection<'_>) -> Verdict {
    let clear = |prefix: &PrefixInfo| !prefix.autonomous;
    unfit(
        trace,
        "prefix without the A flag",
        clear,
        "which has no A flag",
    )
}

fn preferred_above_valid(trace: &Dissection<'_>) -> Verdict {
    let above = |prefix: &PrefixInfo| prefix.autonomous && prefix.preferred > prefix.valid;
    let expected = "which is preferred longer than it is valid";
    unfit(trace, "prefix preferred longer than valid", above, expected)
}

fn length_mismatch(trace: &Dissection<'_>) -> Verdict {
    let odd = |prefix: &PrefixInfo| prefix.autonomous && prefix.length != 64;
    unfit(trace, "prefix that is not a /64", odd, "which is no /64")
}

/// Returns the device's answer to a solicitation on the WAN.
fn answer_on_wan(
    trace: &Dissection<'_>,
    target: Ipv6Addr,
    from: Time,
    to: Time,
) -> Option<Found<Ipv6Addr>> {
    let mut adverts = trace.neighbor_adverts();
    adverts
        .find(|na| {
            na.by_device(Role::Wan) && na.is.target == target && from <= na.at && na.at <= to
        })
        .map(|na| na.with(target))
}

fn l_flag(trace: &Dissection<'_>) -> Verdict {
    let adverts = wan_adverts(trace);
    let linked: Vec<Ipv6Net> = offered(&adverts)
        .filter(|(_, prefix, _)| prefix.on_link)
        .map(|(.., net)| net)
        .collect();
    let off: Vec<_> = offered(&adverts)
        .filter(|(_, prefix, net)| {
            let own = trace.lan_prefixes().iter().any(|lan| lan == net);
            !prefix.on_link && is_fit(prefix) && !linked.contains(net) && !own
        })
        .collect();
    let forwarded = trace.forwarded();
    let asked = trace.packets.iter().filter(|found| {
        found.to_device(Role::Lan) && is_routable(found.source) && is_routable(found.destination)
    });
    every("packet for a prefix that is not on-link", asked, |found| {
        let Some((ra, _, net)) = off.iter().find(|(ra, _, net)| {
            net.contains(&found.destination) && ra.arrives + HEED <= found.arrives
        }) else {
            return Ruling::Skip;
        };
        let solicit = trace.neighbor_solicits().find(|ns| {
            ns.by_device(Role::Wan)
                && ns.is.target == found.destination
                && !ns.source.is_unspecified()
                && ns.at >= found.arrives
        });
        let through = forwarded
            .iter()
            .find(|(came, _)| came.record == found.record);
        match (solicit, through) {
            (Some(ns), _) => broken(
                [ra.record, found.record, ns.record],
                format!(
                    "{net} has no L flag, so {} is reached by a router",
                    found.destination
                ),
                "the device looks for it on the WAN",
            ),
            (None, Some((_, left))) => Ruling::Holds(vec![ra.record, left.record]),
            (None, None) => Ruling::Skip,
        }
    })
}

fn dad_fail(trace: &Dissection<'_>) -> Verdict {
    let theirs = probed_by_terminals(trace);
    let probes: Vec<_> = trace
        .neighbor_solicits()
        .filter(|ns| ns.by_device(Role::Wan) && ns.source.is_unspecified() && !ns.lost)
        .collect();
    let claims = trace
        .neighbor_adverts()
        .filter(|na| na.to_device(Role::Wan));
    every(
        "claim to an address that the device was probing",
        claims,
        |na| {
            let target = na.is.target;
            if theirs.contains(&target) || trace.is_terminal(target) {
                return Ruling::Skip;
            }
            let Some(probe) = probes.iter().find(|ns| {
                let waits = ns.at <= na.at && na.arrives < ns.at + PROBE_WAITS;
                ns.is.target == target && waits
            }) else {
                return Ruling::Skip;
            };
            let used = trace.packets.iter().find(|found| {
                found.by_device(Role::Wan) && found.source == target && found.at > na.arrives
            });
            let used = used.map(|found| found.record).or_else(|| {
                let answer = answer_on_wan(trace, target, na.arrives, trace.end());
                answer.map(|found| found.record)
            });
            match used {
                Some(record) => broken(
                    [probe.record, na.record, record],
                    format!("{target} is not used, since somebody else has it"),
                    "the device uses it",
                ),
                None if trace.end() < na.arrives + DAD_OVER => Ruling::Skip,
                None => Ruling::Holds(vec![probe.record, na.record]),
            }
        },
    )
}

#[cfg(test)]
mod tests;
