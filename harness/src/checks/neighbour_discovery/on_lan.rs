//! Neighbour Discovery for the device's own addresses on the LAN (RFC 4861 §7.1, §7.2).

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{NEIGHBOR_SOLICITATION, Ndp, NeighborAdvert, NeighborSolicit};
use ngnlab_sim::message::packet::{ALL_NODES, Payload, solicited_node};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::ruling::{Ruling, broken, every, expect, finding, never};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "lan.nd.answers",
        source: "RFC 4861 §7.2.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "端末からの、自分のアドレスへの近隣要請に応答する",
            "Terminals' solicitations for the device's own address are answered",
        ),
        hint: Text::new(
            "LAN側のアドレスへのNSにNAを返してください。ファイアウォールでICMPv6を遮断しないでください。",
            "Answer Neighbor Solicitations on the LAN; do not filter ICMPv6 there.",
        ),
        judge: answers,
    },
    Check {
        id: "lan.nd.router-flag",
        source: "RFC 4861 §7.2.4, §4.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側の近隣広告にルータフラグを立てる",
            "Neighbor Advertisements on the LAN have the R flag",
        ),
        hint: Text::new(
            "NAのRフラグを立ててください。Rが0だと端末はデフォルトルータから外します（RFC 4861 §7.2.5）。",
            "Set R; terminals remove a router that clears it from their list (RFC 4861 §7.2.5).",
        ),
        judge: router_flag,
    },
    Check {
        id: "lan.nd.target-link-layer",
        source: "RFC 4861 §7.2.4, §4.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "マルチキャストの近隣要請にMACアドレスを付けて応答する",
            "Answers to multicast solicitations name the MAC address",
        ),
        hint: Text::new(
            "マルチキャストのNSへの応答には、ターゲットリンク層アドレスオプションを入れてください。",
            "Put the target link-layer address option into answers to multicast solicitations.",
        ),
        judge: target_link_layer,
    },
    Check {
        id: "lan.nd.ns-validation",
        source: "RFC 4861 §7.1.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "不正な近隣要請に応答しない",
            "Invalid Neighbor Solicitations get no answer",
        ),
        hint: Text::new(
            "ホップリミットが255でないNSなど、不正なNSは破棄してください。",
            "Drop Neighbor Solicitations that fail the validity checks, as a hop limit below 255.",
        ),
        judge: ns_validation,
    },
];

/// The answer to one solicitation.
const ANSWER: Duration = Duration::from_secs(1);

/// Three probes, a second apart (MAX_MULTICAST_SOLICIT and RETRANS_TIMER, RFC 4861 §10).
const ATTEMPT: Duration = Duration::from_secs(4);

/// Returns the addresses from which the device advertises itself as router.
fn own(trace: &Dissection<'_>) -> BTreeSet<Ipv6Addr> {
    let sources = adverts(trace).map(|ra| ra.source);
    sources.filter(Ipv6Addr::is_unicast_link_local).collect()
}

/// Returns what somebody on the LAN who has an address asks about those.
fn solicits<'d>(trace: &'d Dissection<'_>) -> Vec<Found<&'d NeighborSolicit>> {
    let own = own(trace);
    trace
        .neighbor_solicits()
        .filter(|ns| {
            ns.to_device(Role::Lan) && !ns.source.is_unspecified() && own.contains(&ns.is.target)
        })
        .collect()
}

fn answer<'d>(
    trace: &'d Dissection<'_>,
    ns: &Found<&NeighborSolicit>,
) -> Option<Found<&'d NeighborAdvert>> {
    trace.neighbor_adverts().find(|na| {
        na.by_device(Role::Lan)
            && na.is.target == ns.is.target
            && na.destination == ns.source
            && na.at >= ns.at
            && na.at <= ns.arrives + ANSWER
    })
}

fn answers(trace: &Dissection<'_>) -> Verdict {
    let solicits = solicits(trace);
    every(
        "solicitation for the device on the LAN",
        solicits.iter(),
        |ns| {
            let started = adverts(trace).any(|ra| ra.source == ns.is.target && ra.at <= ns.at);
            let over = ns.arrives + ATTEMPT;
            if !started || trace.end() < over || trace.is_disturbed(ns.at, over) {
                return Ruling::Skip;
            }
            let attempt: Vec<_> = solicits
                .iter()
                .filter(|other| {
                    other.source == ns.source
                        && other.is.target == ns.is.target
                        && other.at >= ns.at
                        && other.at <= over
                })
                .collect();
            match attempt.iter().find_map(|ns| answer(trace, ns)) {
                Some(na) => Ruling::Holds(vec![ns.record, na.record]),
                None => broken(
                    attempt.iter().map(|ns| ns.record),
                    format!(
                        "a Neighbor Advertisement of {} to {}",
                        ns.is.target, ns.source
                    ),
                    "none",
                )
                .unless_late(
                    trace,
                    Delay::InVain {
                        from: ns.at,
                        to: attempt.last().map_or(ns.at, |last| last.at),
                    },
                ),
            }
        },
    )
}

fn router_flag(trace: &Dissection<'_>) -> Verdict {
    let own = own(trace);
    let spoken = trace
        .neighbor_adverts()
        .filter(|na| na.by_device(Role::Lan) && own.contains(&na.is.target));
    every(
        "Neighbor Advertisement of the device on the LAN",
        spoken,
        |na| {
            // Before its first advertisement it may be about to become a router.
            if !adverts(trace).any(|ra| ra.source == na.is.target && ra.at <= na.at) {
                return Ruling::Skip;
            }
            expect([na.record], na.is.router, "the R flag set", "R=0")
        },
    )
}

fn target_link_layer(trace: &Dissection<'_>) -> Verdict {
    let asked = solicits(trace).into_iter().filter_map(|ns| {
        let group = ns.destination.is_multicast();
        let na = answer(trace, &ns).filter(|_| group)?;
        // A unicast probe just before may be what it answers.
        let probed = trace.neighbor_solicits().any(|other| {
            other.to_device(Role::Lan)
                && !other.destination.is_multicast()
                && other.source == ns.source
                && other.is.target == ns.is.target
                && other.at <= na.at
                && na.at.since(other.at) <= ANSWER
        });
        (!probed).then_some((ns, na))
    });
    every(
        "answer to a multicast solicitation on the LAN",
        asked,
        |(ns, na)| {
            expect(
                [ns.record, na.record],
                na.is.target_link_layer.is_some(),
                "a target link-layer address option",
                "none",
            )
        },
    )
}

/// A Neighbor Solicitation that RFC 4861 §7.1.1 has thrown away.
struct Invalid {
    target: Ipv6Addr,
    fault: &'static str,
}

fn invalid(trace: &Dissection<'_>) -> Vec<Found<Invalid>> {
    let heard = trace
        .packets
        .iter()
        .filter(|found| found.to_device(Role::Lan));
    heard
        .filter_map(|found| {
            let Payload::Icmpv6(message) = &found.is.payload else {
                return None;
            };
            if message.kind != NEIGHBOR_SOLICITATION {
                return None;
            }
            // Four octets are reserved before the target (RFC 4861 §4.3).
            let target: [u8; 16] = message.body.get(4..20)?.try_into().ok()?;
            let target = Ipv6Addr::from(target);
            let nowhere = found.source.is_unspecified();
            let fault = match Ndp::parse_message(*message) {
                _ if found.hop_limit != 255 => "with a hop limit other than 255",
                _ if message.code != 0 => "with a code other than 0",
                None => "with a broken option",
                Some(Ndp::NeighborSolicit(ns)) if nowhere && ns.source_link_layer.is_some() => {
                    "with a link-layer address from the unspecified address"
                }
                _ if nowhere && found.destination != solicited_node(target) => {
                    "from the unspecified address to another group"
                }
                Some(_) => return None,
            };
            Some(found.with(Invalid { target, fault }))
        })
        .collect()
}

fn ns_validation(trace: &Dissection<'_>) -> Verdict {
    let own = own(trace);
    let mut wrong = invalid(trace);
    wrong.retain(|ns| own.contains(&ns.is.target));
    // One that is valid, and could have the same answer.
    let excused = |ns: &Found<Invalid>| {
        trace.neighbor_solicits().any(|other| {
            other.to_device(Role::Lan)
                && other.is.target == ns.is.target
                && other.source == ns.source
                && wrong.iter().all(|wrong| wrong.record != other.record)
                && other.at <= ns.arrives + ATTEMPT
                && ns.at.since(other.at) <= ATTEMPT
        })
    };
    let answered = wrong.iter().find_map(|ns| {
        let na = trace.neighbor_adverts().find(|na| {
            let to = if ns.source.is_unspecified() {
                ALL_NODES
            } else {
                ns.source
            };
            na.by_device(Role::Lan)
                && na.is.target == ns.is.target
                && na.destination == to
                && na.at >= ns.at
                && na.at <= ns.arrives + ANSWER
        })?;
        (!excused(ns)).then(|| {
            finding(
                [ns.record, na.record],
                format!("no answer to a solicitation {}", ns.is.fault),
                "a Neighbor Advertisement",
            )
        })
    });
    let tried = wrong.iter().filter(|ns| !excused(ns)).map(|ns| ns.record);
    never(
        "invalid Neighbor Solicitation for the device",
        tried,
        answered,
    )
}

#[cfg(test)]
mod tests;
