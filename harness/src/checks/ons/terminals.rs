//! What a terminal is given, to take part: its addresses, and the router as its DNS server.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::message::ndp::NdpOption;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{Fact, Role};

use crate::checks::check::{Check, ONS};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::net_of;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ons.terminal.three-addresses",
        source: "guide p.14",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "端末がグローバル、一時、リンクローカルの3つのIPv6アドレスを持つ",
            "Terminals get a global, a temporary and a link-local address",
        ),
        hint: Text::new(
            "LAN側のRAでプレフィックスのAフラグを立ててください。",
            "Set the A flag of the prefix in the LAN's Router Advertisements.",
        ),
        judge: three_addresses,
    },
    Check {
        id: "ons.terminal.dns-from-router",
        source: "guide p.7, p.14",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "端末に知らせるDNSサーバがルータ自身である",
            "The DNS server that terminals are told of is the router itself",
        ),
        hint: Text::new(
            "LAN側のDHCPv6とRAでは、回線のDNSサーバではなくルータのLAN側アドレスを知らせてください。",
            "In DHCPv6 and RA on the LAN, name the router's own LAN address, not the line's servers.",
        ),
        judge: dns_from_router,
    },
];

/// Time for a terminal to form its addresses: its own duplicate address detection takes a second
/// (RFC 4862 §5.4).
const ADDRESSES_AFTER: Duration = Duration::from_secs(5);

fn three_addresses(trace: &Dissection<'_>) -> Verdict {
    let advert = trace
        .router_adverts()
        .find(|advert| advert.by_device(Role::Lan) && advert.is.prefixes().any(|p| p.valid > 0));
    let Some(advert) = advert else {
        return Verdict::Inconclusive("no prefix was advertised on the LAN".to_owned());
    };
    let terminals = trace.header().terminals.iter().filter(|terminal| {
        trace
            .packets
            .iter()
            .any(|found| found.to_device(Role::Lan) && found.eth_source == terminal.mac)
    });
    every("emulated terminal on the LAN", terminals, |terminal| {
        let ready: Vec<_> = trace
            .facts
            .iter()
            .filter(|told| told.node == terminal.name)
            .filter_map(|told| match told.fact {
                Fact::AddressReady { address, temporary } if !address.is_unicast_link_local() => {
                    Some((told.record, *temporary))
                }
                _ => None,
            })
            .collect();
        let of = |kind| {
            ready
                .iter()
                .filter(move |(_, temporary)| *temporary == kind)
        };
        let has_both = of(true).count() > 0 && of(false).count() > 0;
        let due = advert.at + ADDRESSES_AFTER;
        let is_kept_from_it = trace.is_disturbed(advert.at, due) || trace.is_claimed(due);
        if !has_both && (trace.end() < due || is_kept_from_it) {
            return Ruling::Skip;
        }
        let records = [advert.record]
            .into_iter()
            .chain(ready.iter().map(|(record, _)| *record));
        expect(
            records,
            has_both,
            format!("a global and a temporary address on {}", terminal.name),
            format!(
                "{} global, {} temporary",
                of(false).count(),
                of(true).count()
            ),
        )
        .unless_late(
            trace,
            Delay::Silence {
                from: advert.at,
                due: advert.at + ADDRESSES_AFTER,
            },
        )
    })
}

fn dns_from_router(trace: &Dissection<'_>) -> Verdict {
    let by_ra = trace.router_adverts().filter_map(|found| {
        let named = found.is.options.iter().filter_map(|option| match option {
            NdpOption::Rdnss { lifetime, servers } if *lifetime > 0 => Some(servers),
            _ => None,
        });
        let servers: Vec<Ipv6Addr> = named.flatten().copied().collect();
        (found.by_device(Role::Lan) && !servers.is_empty()).then_some((found.record, servers))
    });
    let by_dhcpv6 = trace.dhcpv6.iter().filter_map(|found| {
        let servers = found.is.dns_servers().unwrap_or_default().to_vec();
        let told = found.by_device(Role::Lan) && found.is.kind == Kind::Reply;
        (told && !servers.is_empty()).then_some((found.record, servers))
    });
    let told: Vec<(RecordId, Vec<Ipv6Addr>)> = by_ra.chain(by_dhcpv6).collect();
    let ons = trace.header().line.ons_dns();
    // The ONS servers themselves serve terminals as well (guide p.12).
    every("announcement of DNS servers", told, |(record, servers)| {
        let foreign = servers
            .iter()
            .find(|server| !may_be_the_routers(trace, **server) && !ons.contains(server));
        let absent = servers
            .iter()
            .find_map(|server| Some((server, sought_in_vain(trace, *server)?)));
        let expected = "the router's own address as DNS server";
        match (foreign, absent) {
            (Some(foreign), _) => {
                let seen = format!("{foreign}, which is not the router's");
                broken([record], expected, seen)
            }
            (None, Some((absent, sought))) => {
                let seen = format!("{absent}, which nobody has");
                broken([record, sought], expected, seen)
            }
            (None, None) => Ruling::Holds(vec![record]),
        }
    })
}

/// Returns whether the router may have this address: one of the line, or of its own making, and
/// nobody's upstream.
fn may_be_the_routers(trace: &Dissection<'_>, address: Ipv6Addr) -> bool {
    let local = address.is_unicast_link_local() || address.is_unique_local();
    let of_the_line = trace
        .assignments()
        .any(|(_, prefix)| prefix.contains(&address));
    (local || of_the_line || is_advertised(trace, address)) && !trace.is_upstream(address)
}

/// Returns whether an address lies in a prefix that somebody on the line has advertised.
fn is_advertised(trace: &Dissection<'_>, address: Ipv6Addr) -> bool {
    let mut adverts = trace.router_adverts().filter(|ra| ra.to_device(Role::Wan));
    adverts.any(|ra| {
        let mut nets = ra.is.prefixes().filter_map(net_of);
        nets.any(|net| net.contains(&address))
    })
}

/// Returns where a terminal looked in vain for an address that the router neither has used nor
/// taken for its own.
fn sought_in_vain(trace: &Dissection<'_>, address: Ipv6Addr) -> Option<RecordId> {
    let is_used = trace.packets.iter().any(|found| {
        found.by_device(Role::Lan) && (found.source == address || found.destination == address)
    });
    // Who takes an address looks whether somebody has it (RFC 4862 §5.4.2).
    let is_probed = || {
        let mut solicits = trace.neighbor_solicits();
        solicits.any(|found| found.by_device(Role::Lan) && found.is.target == address)
    };
    let answers = || {
        let mut adverts = trace.neighbor_adverts();
        adverts.any(|found| found.by_device(Role::Lan) && found.is.target == address)
    };
    if is_used || is_probed() || answers() {
        return None;
    }
    let sought: Vec<_> = trace
        .neighbor_solicits()
        .filter(|found| {
            found.to_device(Role::Lan)
                && !found.injected
                && !found.source.is_unspecified()
                && found.is.target == address
        })
        .collect();
    let (first, last) = (sought.first()?, sought.last()?);
    // RFC 4861 §10: MAX_MULTICAST_SOLICIT.
    let often = sought.len() >= 3 && !trace.is_disturbed(first.at, last.at);
    often.then_some(last.record)
}

#[cfg(test)]
mod tests;
