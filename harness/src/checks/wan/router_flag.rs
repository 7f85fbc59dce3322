//! A router of the line that says by a Neighbor Advertisement that it is none any more.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::trace::Role;

use super::router_discovery::{macs_of, on_link, outbound};
use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::to_pass_on;
use crate::checks::evidence::wan_adverts::{HEED, routers_at, wan_adverts};
use crate::checks::ruling::{Ruling, broken, every, seconds};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "wan.nd.router-flag-cleared",
    source: "RFC 4861 §7.2.5",
    level: Level::Must,
    profiles: CE_ROUTER,
    aspects: &[],
    title: Text::new(
        "NAのRフラグを落としたルータを、デフォルトルータとして使わない",
        "A router that clears the R flag in a Neighbor Advertisement is not used as default router",
    ),
    hint: Text::new(
        "上位ルータのNAのRフラグが0になったら、そのルータをデフォルトルータのリストから除いてください。",
        "Remove a router from the default router list when its Neighbor Advertisement has the R flag clear.",
    ),
    judge: flag_cleared,
}];

fn flag_cleared(trace: &Dissection<'_>) -> Verdict {
    let upstream = wan_adverts(trace);
    let on_link = on_link(&upstream);
    every("router that clears its R flag", trace.renounced(), |na| {
        let known = routers_at(&upstream, na.arrives);
        let Some(router) = known.iter().find(|router| router.source == na.is.target) else {
            return Ruling::Skip;
        };
        let macs = macs_of(trace, router);
        // Who has never sent it anything has no entry to change.
        let is_neighbor = trace.packets.iter().any(|found| {
            let is_to_it = found.by_device(Role::Wan) && macs.contains(&found.eth_destination);
            is_to_it && found.at < na.at
        });
        let back = upstream
            .iter()
            .find(|ra| ra.record > na.record && ra.source == na.is.target);
        let (from, to) = (
            na.arrives + HEED,
            back.map_or(trace.end(), |back| back.arrives),
        );
        if !is_neighbor || trace.is_interrupted(na.at, from) {
            return Ruling::Skip;
        }
        let during = |at| from <= at && at < to;
        let mut used = outbound(trace).filter(|found| {
            during(found.at)
                && macs.contains(&found.eth_destination)
                && !on_link.iter().any(|net| net.contains(&found.destination))
        });
        if let Some(found) = used.next() {
            let last = used.last().map_or(found.at, |last| last.at);
            return broken(
                [na.record, found.record],
                format!("{} is not used as default router any more", na.is.target),
                format!(
                    "a packet goes to it {} later",
                    seconds(found.at.since(na.arrives))
                ),
            )
            .unless_late(
                trace,
                Delay::Overrun {
                    from: na.arrives,
                    to: last,
                    by: last.since(from),
                },
            );
        }
        let mut asked = to_pass_on(trace);
        match asked.find(|found| during(found.arrives) && is_routable(found.destination)) {
            Some(found) => Ruling::Holds(vec![na.record, found.record]),
            None => Ruling::Skip,
        }
    })
}
