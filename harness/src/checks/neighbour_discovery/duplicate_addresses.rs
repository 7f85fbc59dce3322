//! Duplicate address detection on both sides (RFC 4862 §5.4).

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::formed_addresses::{
    DAD_OVER, answer_on_wan, probed_by_terminals, probes,
};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "wan.slaac.dad",
        source: "RFC 4862 §5.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WAN側で使うアドレスの重複検出を行う",
            "Addresses used on the WAN passed duplicate address detection",
        ),
        hint: Text::new(
            "アドレスを使う前に重複アドレス検出（DAD）を行ってください。",
            "Do duplicate address detection before using an address.",
        ),
        judge: wan_dad,
    },
    Check {
        id: "lan.dad",
        source: "RFC 4862 §5.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側で使うアドレスの重複検出を行う",
            "Addresses used on the LAN passed duplicate address detection",
        ),
        hint: Text::new(
            "アドレスを使う前に重複アドレス検出（DAD）を行ってください。",
            "Do duplicate address detection before using an address.",
        ),
        judge: lan_dad,
    },
    Check {
        id: "wan.slaac.dad-fail",
        source: "RFC 4862 §5.4.3, §5.4.5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "重複と分かったアドレスを使わない",
            "An address that somebody else has is not used",
        ),
        hint: Text::new(
            "重複アドレス検出（DAD）で応答があったアドレスは割り当てないでください。",
            "Do not assign an address for which duplicate address detection got an answer.",
        ),
        judge: dad_fail,
    },
];

fn wan_dad(trace: &Dissection<'_>) -> Verdict {
    dad(trace, Role::Wan)
}

fn lan_dad(trace: &Dissection<'_>) -> Verdict {
    dad(trace, Role::Lan)
}

fn dad(trace: &Dissection<'_>, on: Role) -> Verdict {
    let mut used: BTreeMap<Ipv6Addr, (Time, usize)> = BTreeMap::new();
    for found in trace.packets.iter().filter(|found| found.by_device(on)) {
        let own = match on {
            Role::Lan => trace.is_device_address(found.source),
            Role::Wan | Role::Uplink => {
                found.source.is_unicast_link_local()
                    || is_routable(found.source)
                        && !trace.is_terminal(found.source)
                        && !trace.is_upstream(found.source)
            }
        };
        if own {
            used.entry(found.source).or_insert((found.at, found.record));
        }
    }
    // A router may use an address of one interface on the other (RFC 7084 §4.2 WAA-9).
    let (wan, lan) = (probes(trace, Role::Wan), probes(trace, Role::Lan));
    let here = |address: &Ipv6Addr| match on {
        Role::Lan => lan.get(address).or_else(|| wan.get(address)),
        Role::Wan | Role::Uplink => wan.get(address).or_else(|| lan.get(address)),
    };
    let what = format!("address of the device in use on the {}", on.name());
    every(&what, used, |(address, (at, record))| {
        match here(&address) {
            Some((probed, probe)) if *probed <= at => Ruling::Holds(vec![*probe, record]),
            _ => broken(
                [record],
                format!("a probe for {address} before its first use"),
                "none",
            ),
        }
    })
}

/// RFC 4861 §10: RETRANS_TIMER, the least that one probe waits.
const PROBE_WAITS: Duration = Duration::from_secs(1);

fn dad_fail(trace: &Dissection<'_>) -> Verdict {
    let theirs = probed_by_terminals(trace);
    let probes: Vec<_> = trace
        .neighbor_solicits()
        .filter(|ns| ns.by_device(Role::Wan) && ns.source.is_unspecified() && !ns.lost)
        .collect();
    let adverts = trace
        .neighbor_adverts()
        .filter(|na| na.to_device(Role::Wan));
    let adverts = adverts.map(|na| na.with(na.is.target));
    // RFC 4862 §5.4.3: nor may both have an address that both try out at the same time.
    let rivals = trace
        .claims()
        .filter(|ns| ns.to_device(Role::Wan) && ns.source.is_unspecified());
    let claims = adverts.chain(rivals);
    every(
        "claim to an address that the device was probing",
        claims,
        |na| {
            let target = na.is;
            if theirs.contains(&target) || trace.is_terminal(target) {
                return Ruling::Skip;
            }
            let Some(probe) = probes.iter().find(|ns| {
                let waits = ns.at <= na.at && na.arrives < ns.at + PROBE_WAITS;
                ns.is.target == target && waits
            }) else {
                return Ruling::Skip;
            };
            // Who begins anew may try again (RFC 4862 §5.4).
            let mut anew = trace.steps.iter().filter(|step| step.restarts_device());
            let anew = anew.find(|step| na.arrives < step.at);
            let until = anew.map_or(trace.end(), |step| step.began());
            let used = trace.packets.iter().find(|found| {
                let is_in_use = found.by_device(Role::Wan) && found.source == target;
                is_in_use && na.arrives < found.at && found.at <= until
            });
            let used = used.map(|found| found.record).or_else(|| {
                let answer = answer_on_wan(trace, target, na.arrives, until);
                answer.map(|found| found.record)
            });
            match used {
                // It may have been read when the probe was over.
                Some(record) => broken(
                    [probe.record, na.record, record],
                    format!("{target} is not used, since somebody else has it"),
                    "the device uses it",
                )
                .unless_late(
                    trace,
                    Delay::past(na.arrives, na.arrives, Some(probe.at + PROBE_WAITS)),
                ),
                None if until < na.arrives + DAD_OVER => Ruling::Skip,
                None => Ruling::Holds(vec![probe.record, na.record]),
            }
        },
    )
}

#[cfg(test)]
mod tests;
