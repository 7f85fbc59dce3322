//! The part of a delegated prefix that is not in use leads nowhere (RFC 7084 §4.2 WPD-5).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::DESTINATION_UNREACHABLE;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::{Given, given};
use crate::checks::ruling::{Ruling, broken, every, finding, never, only_in};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "pd.use.null-route",
        source: "RFC 7084 §4.2 WPD-5",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "委任されたプレフィックスの未使用部分宛てのパケットを回線へ送り返さない",
            "Packets for unused parts of the delegation are not sent back",
        ),
        hint: Text::new(
            "委任されたプレフィックス全体に破棄経路（null経路）を設定してください。",
            "Route the whole delegation to nowhere, below the routes in use.",
        ),
        judge: null_route,
    },
    Check {
        id: "pd.use.null-route-icmp",
        source: "RFC 7084 §4.2 WPD-5",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "未使用部分宛てのパケットにDestination Unreachableを返す",
            "Packets for unused parts of the delegation are reported as unreachable",
        ),
        hint: Text::new(
            "破棄経路はunreachableにして、ICMPv6 Destination Unreachableを返してください。",
            "Make the route to nowhere one that answers with Destination Unreachable.",
        ),
        judge: null_route_reported,
    },
];

/// Returns when each prefix was given for the first time.
fn first_given(trace: &Dissection<'_>) -> Vec<Given> {
    let mut given = given(trace);
    given.retain(|one| one.valid > 0);
    given.sort_by_key(|one| (one.net, one.at));
    given.dedup_by_key(|one| one.net);
    given
}

fn null_route(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let given = first_given(trace);
        let is_unused = |found: &Found<_>| {
            let delegated = given
                .iter()
                .any(|one| one.at <= found.at && one.net.contains(&found.destination));
            let used = trace
                .lan_prefixes()
                .iter()
                .any(|net| net.contains(&found.destination));
            delegated && !used
        };
        let strays: Vec<_> = trace
            .packets
            .iter()
            .filter(|found| found.to_device(Role::Wan) && is_unused(found))
            .collect();
        let returned = strays.iter().filter_map(|stray| {
            let back = trace.packets.iter().find(|found| {
                found.by_device(Role::Wan)
                    && found.at >= stray.at
                    && (found.source, found.destination) == (stray.source, stray.destination)
                    && found.is.ip.get(40..) == stray.is.ip.get(40..)
            })?;
            Some(finding(
                [stray.record, back.record],
                "the packet dropped",
                "it went back to the line",
            ))
        });
        never(
            "packet for an unused part of the delegation",
            strays.iter().map(|stray| stray.record),
            returned,
        )
    })
}

/// An error needs no time; a router that is short of memory may drop one.
const REPORTED_WITHIN: Duration = Duration::from_secs(3);

fn null_route_reported(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let given = first_given(trace);
        let strays = trace.packets.iter().filter(|found| {
            let delegated = given
                .iter()
                .any(|one| one.at <= found.at && one.net.contains(&found.destination));
            let mut lan = trace.lan_prefixes().iter();
            let used = lan.any(|net| net.contains(&found.destination));
            // RFC 4443 §2.4: an error about an error is not to be.
            let asks = found.is.icmpv6().is_none_or(|message| message.kind >= 128);
            found.to_device(Role::Wan) && delegated && !used && asks
        });
        every(
            "packet for an unused part of the delegation",
            strays,
            |stray| {
                let error = trace.errors.iter().find(|error| {
                    error.by_device(Role::Wan)
                        && error.is.kind == DESTINATION_UNREACHABLE
                        && error.at <= stray.arrives + REPORTED_WITHIN
                        && error.is.quoted.is_some_and(|quoted| {
                            (quoted.source, quoted.destination) == (stray.source, stray.destination)
                        })
                });
                match error {
                    Some(error) => Ruling::Holds(vec![stray.record, error.record]),
                    None if trace.end() < stray.arrives + REPORTED_WITHIN
                        || trace.is_disturbed(stray.at, stray.arrives + REPORTED_WITHIN) =>
                    {
                        Ruling::Skip
                    }
                    None => broken(
                        [stray.record],
                        format!("Destination Unreachable for {}", stray.destination),
                        "nothing came back",
                    )
                    .unless_late(
                        trace,
                        Delay::Race {
                            from: stray.at,
                            to: stray.arrives + REPORTED_WITHIN,
                        },
                    ),
                }
            },
        )
    })
}

#[cfg(test)]
mod tests;
