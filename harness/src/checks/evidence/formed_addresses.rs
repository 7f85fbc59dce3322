//! Addresses that the device formed from prefixes on the WAN, as its packets show them (RFC 4862
//! §5.5.3).

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::{PrefixInfo, RouterAdvert};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::trace::Role;

use crate::checks::evidence::given_prefixes::net_of;
use crate::dissection::{Dissection, Found};

/// Returns when the device first probed each address on a cable, and the record of the probe.
pub(in crate::checks) fn probes(
    trace: &Dissection<'_>,
    on: Role,
) -> BTreeMap<Ipv6Addr, (Time, usize)> {
    let mut probes = BTreeMap::new();
    for ns in trace.neighbor_solicits() {
        if ns.by_device(on) && ns.source.is_unspecified() {
            probes.entry(ns.is.target).or_insert((ns.at, ns.record));
        }
    }
    probes
}

/// The line's Retrans Timer of ten seconds (ngn-facts §1.1), and up to a second before the probe.
pub(in crate::checks) const DAD_OVER: Duration = Duration::from_secs(12);

/// Returns the addresses that terminals probed themselves, which the device may pass on.
pub(in crate::checks) fn probed_by_terminals(trace: &Dissection<'_>) -> BTreeSet<Ipv6Addr> {
    let solicits = trace.neighbor_solicits();
    solicits
        .filter(|ns| !ns.by_device(Role::Lan) && ns.on == Role::Lan)
        .map(|ns| ns.is.target)
        .collect()
}

/// Returns the first sign that the device uses a prefix for itself or its LAN, and what it does.
pub(in crate::checks) fn formed_in(
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
pub(in crate::checks) fn offered<'d>(
    adverts: &'d [Found<&RouterAdvert>],
) -> impl Iterator<Item = (&'d Found<&'d RouterAdvert>, PrefixInfo, Ipv6Net)> {
    adverts.iter().flat_map(|ra| {
        let prefixes = ra.is.prefixes();
        prefixes.filter_map(move |prefix| Some((ra, *prefix, net_of(prefix)?)))
    })
}

/// RFC 4862 §5.5.3 a) to d).
pub(in crate::checks) fn is_fit(prefix: &PrefixInfo) -> bool {
    prefix.autonomous
        && prefix.length == 64
        && prefix.preferred <= prefix.valid
        && is_routable(prefix.prefix)
}

/// Returns the device's answer to a solicitation on the WAN.
pub(in crate::checks) fn answer_on_wan(
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
