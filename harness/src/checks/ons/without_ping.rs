//! ONS goes on although nobody in the network answers pings.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{Check, ONS};
use crate::checks::delay::Delay;
use crate::checks::evidence::site_visits::{STILL_OPENING, beyond, hosts, opened};
use crate::checks::ruling::{Ruling, every, expect, finding, never};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "ngn.ipv6.not-dependent-on-echo",
    source: "guide Q2; ngn-facts §1.2",
    level: Level::Must,
    profiles: ONS,
    aspects: &[Aspect::Delivery],
    title: Text::new(
        "pingに応答がなくても通信を続ける",
        "Traffic goes on although pings are not answered",
    ),
    hint: Text::new(
        "上位ルータの死活監視にpingを使わず、近隣到達不能検出を使ってください。",
        "Do not watch the upstream router by ping; use neighbour unreachability detection.",
    ),
    judge: not_dependent_on_echo,
}];

fn not_dependent_on_echo(trace: &Dissection<'_>) -> Verdict {
    let unanswered: Vec<_> = trace
        .echoes
        .iter()
        .filter(|found| {
            !found.is.reply
                && found.by_device(Role::Wan)
                && !found.destination.is_multicast()
                && found.at + ECHO_PATIENCE <= trace.end()
                && !trace.echoes.iter().any(|reply| {
                    reply.is.reply
                        && reply.to_device(Role::Wan)
                        && (reply.is.id, reply.is.sequence) == (found.is.id, found.is.sequence)
                })
        })
        .collect();
    let Some(first) = unanswered.first() else {
        return Verdict::Inconclusive("no ping went unanswered".to_owned());
    };
    let is_own = |source: Ipv6Addr| !trace.is_terminal(source);
    let withdrawn = trace.router_adverts().find(|found| {
        let ping = unanswered
            .iter()
            .rev()
            .find(|ping| ping.at < found.at && is_own(ping.source));
        found.by_device(Role::Lan)
            && found.is.lifetime.is_zero()
            && ping.is_some()
            && was_default_router(trace, found.record)
            && !trace.is_disturbed(first.at, found.at)
    });
    if let Some(found) = withdrawn {
        return never(
            "ping",
            [first.record],
            [finding(
                [first.record, found.record],
                "the router stays default router of the LAN",
                "it gave itself up after pings that nobody answers on this network",
            )],
        );
    }
    let later: Vec<_> = opened(trace, &hosts(trace))
        .into_iter()
        .filter(|connection| connection.at > first.at + ECHO_PATIENCE)
        .collect();
    every("connection after an unanswered ping", later, |near| {
        if near.at + STILL_OPENING > trace.end() || trace.is_disturbed(near.at, near.last.1) {
            return Ruling::Skip;
        }
        expect(
            [first.record, near.syn],
            beyond(trace, near).is_some(),
            "connections passed on, whether pings are answered or not",
            "nothing left on the WAN after pings went unanswered",
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: near.at,
                to: near.last.1,
            },
        )
    })
}

/// Returns whether the device was default router of the LAN, and the line's router lived on.
fn was_default_router(trace: &Dissection<'_>, before: RecordId) -> bool {
    let was = trace.router_adverts().any(|found| {
        found.by_device(Role::Lan) && found.record < before && !found.is.lifetime.is_zero()
    });
    let ended = trace.router_adverts().any(|found| {
        found.on == Role::Wan && found.from == End::Network && found.is.lifetime.is_zero()
    });
    was && !ended
}

/// An echo reply that takes longer does not come.
const ECHO_PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
