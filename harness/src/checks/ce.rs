//! What every customer edge router owes both sides: when it forwards, and when it says that it is
//! a default router (RFC 7084 §4.1).

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::RouterAdvert;
use ngnlab_sim::message::packet::{Packet, is_routable};
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use super::pd::given;
use super::{CE_ROUTER, Check, EVERYONE, Ruling, broken, every, expect, only_in, within};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ce.gen.no-forward-before-pd",
        source: "RFC 7084 §4.1 G-3",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "プレフィックスが委任されるまでLANとWANの間で転送しない",
            "Nothing is forwarded before a prefix was delegated",
        ),
        hint: Text::new(
            "DHCPv6-PDが完了するまで、LAN側のパケットを回線へ転送しないでください。",
            "Do not forward between LAN and WAN until the delegation is complete.",
        ),
        judge: no_forward_before_pd,
    },
    Check {
        id: "ce.gen.no-default-without-wan-router",
        source: "RFC 7084 §4.1 G-4",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "WAN側にデフォルトルータがない間、LAN側のRAのルータ寿命が0である",
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
            "WAN側のデフォルトルータを失ったら、直ちにルータ寿命0のRAをLAN側に送る",
            "Losing the WAN's default router is advertised on the LAN at once",
        ),
        hint: Text::new(
            "デフォルト経路を失ったら、Router Lifetimeが0のRAを直ちにLAN側へ送ってください。",
            "Send a Router Advertisement with router lifetime 0 when the default route is lost.",
        ),
        judge: withdraw,
    },
    Check {
        id: "ce.gen.ula-not-on-wan",
        source: "RFC 7084 §4.3 ULA-4; RFC 4193 §4.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ユニークローカルアドレスのパケットを回線に転送しない",
            "Unique local addresses do not cross the border to the line",
        ),
        hint: Text::new(
            "送信元または宛先がfc00::/7のパケットをWAN側で破棄してください。",
            "Drop packets from or to fc00::/7 at the WAN.",
        ),
        judge: ula,
    },
];

/// How long a packet may take through a router, ND for its next hop included (RFC 4861 §7.2.2:
/// three solicitations a second apart).
const THROUGH: Duration = Duration::from_secs(3);
/// MIN_DELAY_BETWEEN_RAS (RFC 4861 §10) may hold an urgent advertisement back; the rest is
/// tolerance.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Returns what terminals and strangers on the LAN sent to the device for it to pass on.
fn to_pass_on<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = &'d Found<Packet<'t>>> + use<'d, 't> {
    let macs = trace.device_macs();
    trace.packets.iter().filter(move |found| {
        found.to_device(Role::Lan)
            && macs.contains(&found.eth_destination)
            && is_routable(found.source)
            && is_routable(found.destination)
            && !trace.is_device_address(found.destination)
    })
}

fn no_forward_before_pd(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let granted = given(trace).first().map(|given| (given.at, given.record));
        let before = |at| granted.is_none_or(|(granted, _)| at < granted);
        let forwarded = trace.forwarded();
        let early = to_pass_on(trace).filter(|found| before(found.at));
        every(
            "packet for the line before the delegation",
            early,
            |found| {
                let through = forwarded
                    .iter()
                    .find(|(came, _)| came.record == found.record)
                    .map(|(_, left)| left)
                    .filter(|left| before(left.at));
                match through {
                    Some(left) => broken(
                        [found.record, left.record],
                        "no packet of the LAN on the WAN before a prefix was delegated",
                        format!("one from {} to {}", found.source, found.destination),
                    ),
                    None if trace.end() < found.arrives + THROUGH => Ruling::Skip,
                    None => Ruling::Holds(vec![found.record]),
                }
            },
        )
    })
}

/// An advertisement of a router on the WAN that reached the device.
pub(super) fn wan_adverts<'d>(trace: &'d Dissection<'_>) -> Vec<Found<&'d RouterAdvert>> {
    trace
        .router_adverts()
        .filter(|ra| ra.to_device(Role::Wan) && ra.source.is_unicast_link_local())
        .collect()
}

/// Returns the routers that the WAN has at a moment: what each said last still holds.
pub(super) fn routers_at<'d, 'a>(
    adverts: &'a [Found<&'d RouterAdvert>],
    at: Time,
) -> Vec<&'a Found<&'d RouterAdvert>> {
    let mut last: Vec<&Found<&RouterAdvert>> = Vec::new();
    for ra in adverts.iter().filter(|ra| ra.arrives <= at) {
        last.retain(|other| other.source != ra.source);
        last.push(ra);
    }
    last.retain(|ra| ra.arrives + ra.is.lifetime > at);
    last
}

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
            expect(
                [ra.record],
                ra.is.lifetime.is_zero(),
                "a router lifetime of 0",
                format!("{} s", ra.is.lifetime.as_secs()),
            )
        },
    )
}

/// How long a device may take to heed an advertisement. Tolerance of ours.
pub(super) const HEED: Duration = Duration::from_secs(1);

fn withdraw(trace: &Dissection<'_>) -> Verdict {
    let upstream = wan_adverts(trace);
    let own: Vec<_> = trace
        .router_adverts()
        .filter(|ra| ra.by_device(Role::Lan))
        .collect();
    every("loss of the WAN's default router", &upstream, |lost| {
        let (before, after) = (
            routers_at(&upstream, lost.arrives - Duration::from_millis(1)),
            routers_at(&upstream, lost.arrives),
        );
        let was = own.iter().rev().find(|ra| ra.at < lost.arrives);
        if before.is_empty() || !after.is_empty() || was.is_none_or(|ra| ra.is.lifetime.is_zero()) {
            return Ruling::Skip;
        }
        let answer = own
            .iter()
            .find(|ra| ra.at >= lost.arrives && ra.is.lifetime.is_zero());
        let deadline = lost.arrives + AT_ONCE;
        let back = !routers_at(&upstream, deadline).is_empty();
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

fn is_unique_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xfe00 == 0xfc00
}

fn ula(trace: &Dissection<'_>) -> Verdict {
    let forwarded = trace.forwarded();
    let local = to_pass_on(trace)
        .filter(|found| is_unique_local(found.source) || is_unique_local(found.destination));
    every("packet from or to a unique local address", local, |found| {
        let through = forwarded
            .iter()
            .find(|(came, _)| came.record == found.record);
        match through {
            Some((_, left)) => broken(
                [found.record, left.record],
                "no unique local address on the WAN",
                format!("one from {} to {}", found.source, found.destination),
            ),
            None if trace.end() < found.arrives + THROUGH => Ruling::Skip,
            None => Ruling::Holds(vec![found.record]),
        }
    })
}

#[cfg(test)]
mod tests;
