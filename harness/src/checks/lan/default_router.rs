//! When the device says on the LAN that it is a default router (RFC 7084 §4.1, §4.3; ngn-facts
//! §4.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Finding, Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::line::Isp;
use ngnlab_sim::message::ndp::RouterAdvert;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, ONS};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::given;
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::evidence::wan_adverts::{HEED, had_until, routers_at, wan_adverts};
use crate::checks::ruling::{
    Ruling, broken, every, expect, finding, never, not_applicable, seconds, within,
};
use crate::dissection::{Dissection, Found};
use crate::scenario::step::cable::Wire;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ce.gen.no-default-without-wan-router",
        source: "RFC 7084 §4.1 G-4",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "WAN側にデフォルトルータがない間、LAN側のRAのルータ有効期間が0である",
            "Without a default router on the WAN the LAN hears a router lifetime of 0",
        ),
        hint: Text::new(
            "WAN側でデフォルト経路を得るまで、LAN側のRAのRouter Lifetimeを0にしてください。",
            "Advertise a router lifetime of 0 until the WAN has a default route.",
        ),
        judge: no_default,
    },
    Check {
        id: "ce.gen.withdraw-on-wan-loss",
        source: "RFC 7084 §4.1 G-5",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "WAN側のデフォルトルータを失ったら、直ちにルータ有効期間0のRAをLAN側に送る",
            "Losing the WAN's default router is advertised on the LAN at once",
        ),
        hint: Text::new(
            "デフォルト経路を失ったら、Router Lifetimeが0のRAを直ちにLAN側へ送ってください。",
            "Send a Router Advertisement with router lifetime 0 when the default route is lost.",
        ),
        judge: withdraw,
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
    Check {
        id: "ngn.closed-network.stays-router",
        source: "ngn-facts §4.2; guide p.6",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "インターネットに到達できなくても、LANのデフォルトルータであり続ける",
            "The device stays the LAN's router although there is no internet",
        ),
        hint: Text::new(
            "インターネット上のホストへの到達性で回線の死活を判断しないでください。",
            "Do not take the line for dead because hosts in the internet cannot be reached.",
        ),
        judge: stays_router,
    },
];

/// MIN_DELAY_BETWEEN_RAS (RFC 4861 §10) may hold an urgent advertisement back; the rest is
/// tolerance.
const AT_ONCE: Duration = Duration::from_secs(5);

fn no_default(trace: &Dissection<'_>) -> Verdict {
    let upstream = wan_adverts(trace);
    let adverts = trace.router_adverts().filter(|ra| ra.by_device(Role::Lan));
    every(
        "advertisement on the LAN while the WAN had no router",
        adverts,
        |ra| {
            // What the device has just heard it may not have acted upon.
            let known = |at| !routers_at(&upstream, at).is_empty();
            if known(ra.at) || known(ra.at - HEED) {
                return Ruling::Skip;
            }
            let ruling = expect(
                [ra.record],
                ra.is.lifetime.is_zero(),
                "a router lifetime of 0",
                format!("{} s", ra.is.lifetime.as_secs()),
            );
            match had_until(&upstream, ra.at, |_| true) {
                Some(lost) => {
                    ruling.unless_late(trace, Delay::past(lost, lost + HEED, Some(ra.at)))
                }
                None => ruling,
            }
        },
    )
}

fn withdraw(trace: &Dissection<'_>) -> Verdict {
    let upstream = wan_adverts(trace);
    let own: Vec<_> = trace
        .router_adverts()
        .filter(|ra| ra.by_device(Role::Lan))
        .collect();
    let by_cable = cable_losses(trace);
    // Either kind of word by which a router of the line says that it is none, and whose.
    let words = upstream
        .iter()
        .filter(|ra| ra.is.lifetime.is_zero())
        .map(|ra| ra.with(ra.source));
    let words: Vec<Found<Ipv6Addr>> = words
        .chain(trace.renounced().map(|na| na.with(na.is.target)))
        .collect();
    let losses = words.iter().map(Ok).chain(by_cable.into_iter().map(Err));
    every("loss of the WAN's default router", losses, |lost| {
        let lost = match lost {
            Ok(lost) => lost,
            Err(cable) => return told_of_cable(trace, &upstream, &own, cable),
        };
        let before = routers_at(&upstream, lost.arrives - Duration::from_millis(1));
        let mut after = routers_at(&upstream, lost.arrives);
        after.retain(|router| router.source != lost.is);
        let was = own.iter().rev().find(|ra| ra.at < lost.arrives);
        if before.is_empty() || !after.is_empty() || was.is_none_or(|ra| ra.is.lifetime.is_zero()) {
            return Ruling::Skip;
        }
        let answer = own
            .iter()
            .find(|ra| ra.at >= lost.arrives && ra.is.lifetime.is_zero());
        let deadline = lost.arrives + AT_ONCE;
        let back = upstream.iter().any(|ra| {
            let is_later = ra.record > lost.record && ra.arrives <= deadline;
            is_later && !ra.is.lifetime.is_zero()
        });
        if back && answer.is_none() || trace.is_disturbed(lost.arrives, deadline) {
            return Ruling::Skip;
        }
        within(
            trace,
            lost,
            answer,
            AT_ONCE,
            "an advertisement with router lifetime 0",
        )
    })
}

/// The WAN's cable was out: the record that tells it, from when, and until when.
#[derive(Clone, Copy)]
struct Unplugged {
    record: RecordId,
    from: Time,
    to: Time,
}

fn cable_losses(trace: &Dissection<'_>) -> Vec<Unplugged> {
    // Of one that was given up nobody knows when it began.
    let pulled = trace
        .steps
        .iter()
        .filter(|step| step.pulls(Wire::Wan) && step.is_done());
    pulled
        .map(|step| Unplugged {
            record: step.record,
            from: step.began(),
            to: step.at,
        })
        .collect()
}

/// RFC 7084 §4.1 G-5 speaks of connectivity that is lost on the WAN, too.
fn told_of_cable(
    trace: &Dissection<'_>,
    upstream: &[Found<&RouterAdvert>],
    own: &[Found<&RouterAdvert>],
    cable: Unplugged,
) -> Ruling {
    let deadline = cable.from + AT_ONCE;
    let was = own.iter().rev().find(|ra| ra.at < cable.from);
    let had = !routers_at(upstream, cable.from).is_empty();
    if cable.to < deadline || !had || was.is_none_or(|ra| ra.is.lifetime.is_zero()) {
        return Ruling::Skip;
    }
    // What it said before its power was cut it has forgotten.
    let since = was.map_or(cable.from, |ra| ra.at).min(cable.from - AT_ONCE);
    let others = trace.steps.iter().any(|step| {
        let other = step.record != cable.record && step.interrupts();
        other && step.began() <= deadline && since <= step.over()
    });
    if others {
        return Ruling::Skip;
    }
    let answer = own
        .iter()
        .find(|ra| ra.at >= cable.from && ra.is.lifetime.is_zero());
    let came = answer.map(|ra| ra.at);
    match answer {
        Some(ra) if ra.at <= deadline => Ruling::Holds(vec![cable.record, ra.record]),
        _ => broken(
            [Some(cable.record), answer.map(|ra| ra.record)]
                .into_iter()
                .flatten(),
            format!(
                "an advertisement with router lifetime 0 within {}",
                seconds(AT_ONCE)
            ),
            match came {
                Some(at) => format!("it came after {}", seconds(at.since(cable.from))),
                None => "nothing came".to_owned(),
            },
        )
        .unless_late(trace, Delay::past(cable.from, deadline, came)),
    }
}

fn no_default_without_prefix(trace: &Dissection<'_>) -> Verdict {
    let first = given(trace).into_iter().find(|given| given.valid > 0);
    // Nobody can tell a stranger's valid advertisement from the line's.
    let strangers = trace.router_adverts().filter(|ra| {
        let fit = ra.to_device(Role::Wan) && ra.source.is_unicast_link_local();
        fit && ra.injected && ra.is.prefixes().any(|info| info.valid > 0)
    });
    let first_at = first
        .map(|given| given.at)
        .into_iter()
        .chain(strangers.map(|ra| ra.arrives))
        .min()
        .unwrap_or(Time::NEVER);
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

fn stays_router(trace: &Dissection<'_>) -> Verdict {
    let line = &trace.header().line;
    if line.isp != Isp::None {
        return not_applicable("the line has an ISP");
    }
    let values = line.area.values();
    let inside = |address: Ipv6Addr| {
        let mut ranges = values.ngn_ranges.iter();
        ranges.any(|net| net.contains(&address))
            || values.folded_range.contains(&address)
            || trace.assignments().any(|(_, net)| net.contains(&address))
    };
    let probes: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.by_device(Role::Wan)
                && is_routable(found.source)
                && is_routable(found.destination)
                && !trace.is_terminal(found.source)
                && !inside(found.destination)
        })
        .collect();
    let is_router = |ra: &crate::dissection::Found<_>| ra.by_device(Role::Lan);
    let router: Vec<_> = trace
        .router_adverts()
        .filter(|ra| is_router(ra) && !ra.is.lifetime.is_zero())
        .collect();
    let given_up = trace.router_adverts().filter_map(|ra| -> Option<Finding> {
        let before = router.iter().rev().find(|other| other.at < ra.at)?;
        let probe = probes.iter().rev().find(|probe| probe.at < ra.at)?;
        let ends = is_router(&ra) && ra.is.lifetime.is_zero();
        // Without a prefix in use there is nothing to route, until the next one is ready for use
        // (RFC 7084 §4.1 G-4; RFC 4862 §5.4).
        let renumbered = trace
            .assignments()
            .any(|(at, _)| before.at <= at && at <= ra.at);
        (ends && !renumbered && !trace.is_disturbed(before.at, ra.at) && is_alive(trace, ra.at))
            .then(|| {
                finding(
                    [probe.record, before.record, ra.record],
                    "the device stays default router",
                    format!("it gave itself up after asking {}", probe.destination),
                )
            })
    });
    never(
        "advertisement as default router on the LAN",
        router.iter().map(|ra| ra.record),
        given_up,
    )
}

/// Returns whether the line's last advertisement holds at that time, so that it has a router and,
/// where it advertises prefixes, one that is in use.
fn is_alive(trace: &Dissection<'_>, at: ngnlab_sim::Time) -> bool {
    if trace.is_renounced(at) {
        return false;
    }
    let adverts = trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && ra.arrives <= at);
    adverts.last().is_some_and(|ra| {
        let mut prefixes = ra.is.prefixes();
        let in_use = ra.is.prefixes().next().is_none() || prefixes.any(|info| info.preferred > 0);
        ra.arrives + ra.is.lifetime > at && in_use
    })
}

#[cfg(test)]
mod tests;
