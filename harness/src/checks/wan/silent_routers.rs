//! Default routers that cannot be reached (RFC 4861 §6.3.6, §7.3.3).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::ROUTER_ADVERTISEMENT;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::icmpv6_messages::kind_of;
use crate::checks::evidence::wan_adverts::wan_adverts;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "wan.nd.silent-router",
    source: "RFC 4861 §6.3.6, §7.3.3",
    level: Level::Should,
    profiles: CE_ROUTER,
    aspects: &[],
    title: Text::new(
        "応答しないルータより、到達できるルータを使う",
        "A router that answers nobody gives way to one that can be reached",
    ),
    hint: Text::new(
        "近隣探索に応答しないデフォルトルータは、優先度が高くても選ばないでください。",
        "Pass over a default router that neighbour discovery does not find, however much it is preferred.",
    ),
    judge: gives_way,
}];

/// The search for a neighbour takes three solicitations, a second apart, and on this line ten
/// (RFC 4861 §10, ngn-facts §1.1); what waited is lost.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(35);

fn gives_way(trace: &Dissection<'_>) -> Verdict {
    let adverts: Vec<_> = trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && ra.is.lifetime > GIVEN_UP_AFTER * 2)
        .collect();
    let silent = adverts.iter().filter(|ra| {
        let mut others = trace.packets.iter();
        ra.injected
            && !others.any(|found| {
                found.to_device(Role::Wan)
                    && found.source == ra.source
                    && kind_of(&found.is) != Some(ROUTER_ADVERTISEMENT)
            })
    });
    every("router that answers nobody", silent, |silent| {
        let another = wan_adverts(trace)
            .into_iter()
            .rfind(|ra| ra.source != silent.source && ra.record < silent.record && !ra.injected);
        let Some(another) = another.filter(|ra| !ra.is.lifetime.is_zero()) else {
            return Ruling::Skip;
        };
        // A name is asked for at the device, which then has something to send as well.
        let asked = |since| {
            let mut wishes = trace.packets.iter();
            wishes.find(|found| {
                found.at >= since
                    && found.to_device(Role::Lan)
                    && found.eth_destination == trace.setup().lan_mac
                    && is_routable(found.source)
                    && kind_of(&found.is).is_none()
            })
        };
        // Nobody is looked for before there is something to send.
        let first = asked(silent.arrives);
        let Some(asked) = first.and_then(|first| asked(first.at + GIVEN_UP_AFTER)) else {
            return Ruling::Skip;
        };
        let mut out = trace.packets.iter().filter(|found| {
            found.by_device(Role::Wan) && found.at >= asked.at && is_routable(found.destination)
        });
        match out.find(|found| found.eth_destination == another.eth_source) {
            Some(found) => Ruling::Holds(vec![silent.record, asked.record, found.record]),
            None => broken(
                [silent.record, asked.record],
                format!(
                    "{} used, as {} answers nobody",
                    another.source, silent.source
                ),
                "nothing leaves by it",
            )
            .unless_late(
                trace,
                Delay::Silence {
                    from: asked.arrives,
                    due: trace.end(),
                },
            ),
        }
    })
}
