//! Addresses on the WAN: which prefixes make them (RFC 4862 §5.5; RFC 7084 §4.2).

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::PrefixInfo;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::formed_addresses::{formed_in, is_fit, offered};
use crate::checks::evidence::wan_adverts::{HEED, wan_adverts};
use crate::checks::ruling::{Ruling, broken, every, only_in};
use crate::dissection::Dissection;

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
            "推奨有効期間が有効期間より長いプレフィックスを無視する",
            "A prefix that is preferred longer than it is valid is ignored",
        ),
        hint: Text::new(
            "推奨有効期間が有効期間を超えるプレフィックス情報は無視してください。",
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
];

/// Slow duplicate address detection (design §12) and programs that start one another.
const FORMED_AFTER: Duration = Duration::from_secs(40);

/// Up to a second of delay (RFC 4862 §5.4.2) before the probe; the rest is tolerance.
const PROBED_AFTER: Duration = Duration::from_secs(5);

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
                    )
                    .unless_late(
                        trace,
                        Delay::Silence {
                            from: ra.arrives,
                            due: deadline,
                        },
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
        let solicits = trace.neighbor_solicits().filter(|ns| {
            ns.by_device(Role::Wan) && !ns.source.is_unspecified() && ns.at >= found.arrives
        });
        let solicits: Vec<_> = solicits.collect();
        let solicit = solicits.iter().find(|ns| ns.is.target == found.destination);
        // A router of which only the advertisement is there is looked for in vain.
        let to_router = solicits.iter().find(|ns| {
            let mut routers = trace.router_adverts().filter(|ra| ra.to_device(Role::Wan));
            routers.any(|ra| ra.source == ns.is.target)
        });
        let through = forwarded
            .iter()
            .find(|(came, _)| came.record == found.record);
        match (solicit, through, to_router) {
            (Some(ns), ..) => broken(
                [ra.record, found.record, ns.record],
                format!(
                    "{net} has no L flag, so {} is reached by a router",
                    found.destination
                ),
                "the device looks for it on the WAN",
            ),
            (None, Some((_, left)), _) => Ruling::Holds(vec![ra.record, left.record]),
            (None, None, Some(ns)) => Ruling::Holds(vec![ra.record, found.record, ns.record]),
            (None, None, None) => Ruling::Skip,
        }
    })
}

#[cfg(test)]
mod tests;
