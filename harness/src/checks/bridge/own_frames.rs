//! What a bridge must not say itself: that it is a router, what a DHCPv6 server says, and that it has
//! an address that is somebody else's.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use ngnlab_reports::{Finding, Level, RecordId, Text, Verdict};
use ngnlab_sim::message::ndp::{Ndp, NdpOption, RouterAdvert};
use ngnlab_sim::trace::Role;

use super::relayed::{Relayed, Sides};
use crate::checks::check::{Check, ONS};
use crate::checks::ruling::{finding, never};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "bridge.lan.no-router",
        source: "RFC 4861 §6.2.1, §6.3.6 (inferred)",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "IPv6ブリッジが、自分をルータとしてLANに広告しない",
            "The bridge does not advertise itself on the LAN as a router",
        ),
        hint: Text::new(
            "IPv6ブリッジに切り替えたら、自機のRAの送信を停止してください。端末が自機を経路に選びます。",
            "As a bridge, stop sending Router Advertisements: terminals would choose the bridge as their router.",
        ),
        judge: no_router,
    },
    Check {
        id: "bridge.lan.no-dhcpv6-server",
        source: "RFC 8415 §18.3 (inferred)",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "IPv6ブリッジが、端末のDHCPv6に自分では応答しない",
            "The bridge does not answer the terminals' DHCPv6 messages itself",
        ),
        hint: Text::new(
            "IPv6ブリッジに切り替えたら、自機のDHCPv6サーバを停止し、回線の応答を端末に届けてください。",
            "As a bridge, stop the DHCPv6 server, and let the line's answers reach the terminals.",
        ),
        judge: no_dhcpv6_server,
    },
    Check {
        id: "bridge.nd.claims-nothing",
        source: "RFC 4861 §7.2.4, RFC 4862 §5.4 (inferred)",
        level: Level::Must,
        profiles: ONS,
        aspects: &[],
        title: Text::new(
            "IPv6ブリッジが、端末や回線のアドレスを自分のものとして名乗らない",
            "The bridge claims no address of a terminal or of the line",
        ),
        hint: Text::new(
            "IPv6ブリッジに切り替えたら、NDプロキシを停止し、端末自身に近隣要請へ応答させてください。",
            "As a bridge, stop the ND proxy, and let terminals answer Neighbor Solicitations themselves.",
        ),
        judge: claims_nothing,
    },
];

fn no_router(trace: &Dissection<'_>) -> Verdict {
    let own = own(trace);
    let solicits = trace.router_solicits();
    let occasions = solicits.filter(|found| found.to_device(Role::Lan));
    let bad = trace.router_adverts().filter(|found| {
        found.by_device(Role::Lan) && own.contains(&found.record) && leads_terminals(found.is)
    });
    let expected = "the line's Router Advertisements alone";
    let seen = "an advertisement that did not come from the line";
    never(
        "Router Solicitation on the LAN",
        occasions.map(|found| found.record),
        bad.map(|found| finding([found.record], expected, seen)),
    )
}

/// Returns whether terminals do anything by an advertisement.
fn leads_terminals(advert: &RouterAdvert) -> bool {
    let says =
        |option: &NdpOption| matches!(option, NdpOption::Prefix(_) | NdpOption::Rdnss { .. });
    !advert.lifetime.is_zero() || advert.options.iter().any(says)
}

fn no_dhcpv6_server(trace: &Dissection<'_>) -> Verdict {
    let own = own(trace);
    let messages = || trace.dhcpv6.iter();
    let occasions =
        messages().filter(|found| found.to_device(Role::Lan) && found.is.is_from_client());
    let bad = messages().filter(|found| {
        found.by_device(Role::Lan) && own.contains(&found.record) && !found.is.is_from_client()
    });
    let expected = "answers of the line's server alone";
    let seen = "an answer that did not come from the line";
    never(
        "DHCPv6 message on the LAN",
        occasions.map(|found| found.record),
        bad.map(|found| finding([found.record], expected, seen)),
    )
}

fn claims_nothing(trace: &Dissection<'_>) -> Verdict {
    let own = own(trace);
    let sides = Sides::of(trace);
    let both = [Role::Wan, Role::Lan].into_iter();
    let used: BTreeSet<Ipv6Addr> = both.flat_map(|on| sides.addresses(on)).collect();
    let solicits = trace.neighbor_solicits();
    let occasions = solicits.filter(|found| found.to_device(found.on));
    let bad = trace.ndp.iter().filter_map(|found| {
        let target = claimed(found)?;
        let claims = own.contains(&found.record) && used.contains(&target);
        claims.then(|| claim(found.record, target))
    });
    never(
        "Neighbor Solicitation",
        occasions.map(|found| found.record),
        bad,
    )
}

/// Returns the address that a message says is the sender's, or is about to be (RFC 4862 §5.4.2).
fn claimed(found: &Found<Ndp>) -> Option<Ipv6Addr> {
    match &found.is {
        Ndp::NeighborAdvert(advert) => Some(advert.target),
        Ndp::NeighborSolicit(probe) if found.source.is_unspecified() => Some(probe.target),
        _ => None,
    }
}

fn claim(record: RecordId, target: Ipv6Addr) -> Finding {
    let expected = format!("{target} left to who has it");
    finding([record], expected, "the bridge says that it is its own")
}

/// Returns what the bridge itself sends.
fn own(trace: &Dissection<'_>) -> BTreeSet<RecordId> {
    Relayed::of(trace).own().map(|found| found.record).collect()
}
