//! Router Advertisements on the LAN (RFC 4861 §4.2, RFC 4191 §2, RFC 8106 §5).

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{PrefixInfo, ROUTER_ADVERTISEMENT};
use ngnlab_sim::message::packet::{ALL_NODES, Icmpv6, Packet, is_link_local};
use ngnlab_sim::trace::Role;

use super::own;
use super::row::row;
use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::lan::raw_adverts::{RDNSS, ROUTE, raw};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    row(
        "lint.ra.preference",
        ("RFC 4191 §2.1, §2.2", Level::Must),
        CE_ROUTER,
        Text::new(
            "RAのルータ優先度が予約値でない",
            "The router preference is not the reserved value",
        ),
        Text::new(
            "ルータ優先度は高（01）、中（00）、低（11）のいずれかにしてください。10を送ってはなりません。",
            "Send 01, 00 or 11; 10 must not be sent.",
        ),
        preference,
    ),
    row(
        "lint.ra.preference-without-lifetime",
        ("RFC 4191 §2.2", Level::Must),
        CE_ROUTER,
        Text::new(
            "ルータ有効期間が0のRAの優先度が00である",
            "Where the router lifetime is zero, the preference is 00",
        ),
        Text::new(
            "デフォルトルータにならないときは、優先度を00にしてください。",
            "Set the preference to 00 where the router is no default router.",
        ),
        preference_without_lifetime,
    ),
    row(
        "lint.ra.flags",
        ("RFC 4861 §4.2; RFC 5175 §4", Level::Must),
        CE_ROUTER,
        Text::new(
            "RAの予約されたフラグが0である",
            "The reserved flags of advertisements are clear",
        ),
        Text::new(
            "フラグのうち割り当てのないビットは0にしてください。",
            "Leave the flags clear that have no meaning.",
        ),
        flags,
    ),
    row(
        "lint.ra.reachable-time",
        ("RFC 4861 §6.2.1", Level::Must),
        CE_ROUTER,
        Text::new(
            "RAの到達可能時間が1時間以下である",
            "The reachable time is an hour at most",
        ),
        Text::new(
            "到達可能時間は3,600,000ミリ秒以下にしてください。単位はミリ秒です。",
            "Advertise 3,600,000 at most; the unit is a millisecond.",
        ),
        reachable_time,
    ),
    row(
        "lint.ra.destination",
        ("RFC 4861 §4.2", Level::Must),
        EVERYONE,
        Text::new(
            "RAの宛先が全ノードか、要求した端末である",
            "Advertisements go to all nodes, or to who asked",
        ),
        Text::new(
            "RAはff02::1か、RSの送信元へ送ってください。ほかの宛先では端末が受け取れません。",
            "Send advertisements to ff02::1, or to the source of a solicitation.",
        ),
        destination,
    ),
    row(
        "lint.ra.prefix-host-bits",
        ("RFC 4861 §4.6.2", Level::Must),
        CE_ROUTER,
        Text::new(
            "広告するプレフィックスの長さより後ろのビットが0である",
            "The bits behind the length of an advertised prefix are zero",
        ),
        Text::new(
            "プレフィックス情報オプションには、アドレスではなくプレフィックスだけを入れてください。",
            "Put the prefix into the option, and not an address in it.",
        ),
        prefix_host_bits,
    ),
    row(
        "lint.ra.prefix-link-local",
        ("RFC 4861 §4.6.2", Level::Should),
        CE_ROUTER,
        Text::new(
            "リンクローカルのプレフィックスを広告しない",
            "The link-local prefix is not advertised",
        ),
        Text::new(
            "fe80::/10をプレフィックス情報オプションに入れないでください。",
            "Leave fe80::/10 out; every node has it.",
        ),
        prefix_link_local,
    ),
    row(
        "lint.ra.prefix-once",
        ("RFC 4861 §6.2.3; RFC 4862 §5.5.3", Level::Must),
        EVERYONE,
        Text::new(
            "1つのRAで同じプレフィックスに異なる有効期間を付けない",
            "No advertisement gives one prefix two lifetimes",
        ),
        Text::new(
            "同じプレフィックスの情報は1つのRAに1つだけにしてください。端末がどちらに従うかは順序しだいです。",
            "Advertise each prefix once; which of the two a terminal follows depends on their order.",
        ),
        prefix_once,
    ),
    row(
        "lint.ra.route-host-bits",
        ("RFC 4191 §2.3", Level::Must),
        CE_ROUTER,
        Text::new(
            "経路情報オプションのプレフィックスの長さより後ろのビットが0である",
            "The bits behind the length of an advertised route are zero",
        ),
        Text::new(
            "経路情報オプションのプレフィックスは、長さより後ろを0にしてください。",
            "Fill the prefix of a route with zeros behind its length.",
        ),
        route_host_bits,
    ),
    row(
        "lint.ra.route-preference",
        ("RFC 4191 §2.1, §2.3", Level::Must),
        CE_ROUTER,
        Text::new(
            "経路情報オプションの優先度が予約値でない",
            "The preference of a route is not the reserved value",
        ),
        Text::new(
            "優先度に10を入れないでください。端末は経路ごと無視します。",
            "Do not send 10; terminals ignore the whole route.",
        ),
        route_preference,
    ),
    row(
        "lint.ra.route-reserved",
        ("RFC 4191 §2.3", Level::Must),
        CE_ROUTER,
        Text::new(
            "経路情報オプションの予約ビットが0である",
            "The reserved bits of a route option are zero",
        ),
        Text::new(
            "優先度の前後にある予約ビットは0にしてください。",
            "Leave the bits around the preference zero.",
        ),
        route_reserved,
    ),
    row(
        "lint.ra.dns-server-address",
        ("RFC 8106 §5.1; RFC 4291 §2.5", Level::Must),
        EVERYONE,
        Text::new(
            "RAで知らせるDNSサーバがユニキャストアドレスである",
            "The DNS servers in advertisements are addresses of one node",
        ),
        Text::new(
            "RDNSSには到達できるユニキャストアドレスだけを入れてください。",
            "Put nothing but unicast addresses into the RDNSS option.",
        ),
        dns_server_address,
    ),
    row(
        "lint.ra.rdnss-contradicts",
        ("RFC 8106 §5.1 (inferred)", Level::Must),
        EVERYONE,
        Text::new(
            "同じRAで、同じDNSサーバを広告しながら取り消さない",
            "No advertisement names a DNS server and takes it back",
        ),
        Text::new(
            "RDNSSの有効期間0は、もう使わないアドレスだけに付けてください。後のオプションが端末から消します。",
            "Give lifetime 0 to addresses that are no longer in use alone: terminals heed the last option.",
        ),
        dns_server_contradicts,
    ),
];

/// The value of a preference that must not be sent (RFC 4191 §2.1).
const RESERVED: u8 = 0b10;

/// Returns every Router Advertisement that the device sends to terminals, valid or not.
fn sent<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = (&'d Found<Packet<'t>>, Icmpv6<'t>)> {
    own::neighbours(trace, &[ROUTER_ADVERTISEMENT]).filter(|(found, _)| found.on == Role::Lan)
}

fn preference(trace: &Dissection<'_>) -> Verdict {
    every("advertisement on the LAN", adverts(trace), |ra| {
        expect(
            [ra.record],
            ra.is.preference != RESERVED,
            "a router preference of 01, 00 or 11",
            format!("{:02b}", ra.is.preference),
        )
    })
}

fn preference_without_lifetime(trace: &Dissection<'_>) -> Verdict {
    let no_default = adverts(trace).filter(|ra| ra.is.lifetime.is_zero());
    let what = "advertisement with router lifetime 0";
    every(what, no_default, |ra| {
        expect(
            [ra.record],
            ra.is.preference == 0,
            "a router preference of 00 with router lifetime 0",
            format!("{:02b}", ra.is.preference),
        )
    })
}

fn flags(trace: &Dissection<'_>) -> Verdict {
    every(
        "advertisement on the LAN",
        sent(trace),
        |(found, message)| {
            let flags = message.body.get(1).copied().unwrap_or_default();
            expect(
                [found.record],
                flags & UNASSIGNED == 0,
                "zero in the flags that are reserved",
                format!("flags {flags:#04x}"),
            )
        },
    )
}

/// Behind M, O, H, the preference and P (RFC 5175 §4).
const UNASSIGNED: u8 = 0x03;

fn reachable_time(trace: &Dissection<'_>) -> Verdict {
    every("advertisement on the LAN", adverts(trace), |ra| {
        let millis = ra.is.reachable.as_millis();
        expect(
            [ra.record],
            millis <= MAX_REACHABLE_TIME,
            format!("{MAX_REACHABLE_TIME} ms at most"),
            format!("{millis} ms"),
        )
    })
}

/// AdvReachableTime, in milliseconds (RFC 4861 §6.2.1).
const MAX_REACHABLE_TIME: u128 = 3_600_000;

fn destination(trace: &Dissection<'_>) -> Verdict {
    every("advertisement on the LAN", sent(trace), |(found, _)| {
        let to = found.destination;
        expect(
            [found.record],
            to == ALL_NODES || !to.is_multicast(),
            format!("{ALL_NODES}, or who asked"),
            to.to_string(),
        )
    })
}

/// Returns the prefixes of every advertisement.
fn prefixes<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = (Found<()>, &'d PrefixInfo)> {
    adverts(trace).flat_map(|ra| {
        let place = ra.with(());
        let advert = ra.is;
        advert
            .prefixes()
            .map(move |prefix| (place.clone(), prefix))
            .collect::<Vec<_>>()
    })
}

/// Returns whether an address has bits behind this length.
fn has_host_bits(address: Ipv6Addr, length: u8) -> bool {
    let behind = u128::MAX.checked_shr(length.into()).unwrap_or_default();
    address.to_bits() & behind != 0
}

fn prefix_host_bits(trace: &Dissection<'_>) -> Verdict {
    every("prefix on the LAN", prefixes(trace), |(found, prefix)| {
        let PrefixInfo { prefix, length, .. } = prefix;
        expect(
            [found.record],
            *length <= 128 && !has_host_bits(*prefix, *length),
            "a prefix with zeros behind its length",
            format!("{prefix}/{length}"),
        )
    })
}

fn prefix_link_local(trace: &Dissection<'_>) -> Verdict {
    every("prefix on the LAN", prefixes(trace), |(found, prefix)| {
        expect(
            [found.record],
            !is_link_local(prefix.prefix),
            "no link-local prefix",
            format!("{}/{}", prefix.prefix, prefix.length),
        )
    })
}

fn prefix_once(trace: &Dissection<'_>) -> Verdict {
    let with_prefix = adverts(trace).filter(|ra| ra.is.prefixes().next().is_some());
    every("prefix on the LAN", with_prefix, |ra| {
        let mut known = BTreeMap::new();
        for prefix in ra.is.prefixes() {
            let lifetimes = (prefix.valid, prefix.preferred);
            let before = *known
                .entry((prefix.prefix, prefix.length))
                .or_insert(lifetimes);
            if before != lifetimes {
                return broken(
                    [ra.record],
                    format!("one option for {}/{}", prefix.prefix, prefix.length),
                    format!("valid for {} s, and for {} s", before.0, lifetimes.0),
                );
            }
        }
        Ruling::Holds(vec![ra.record])
    })
}

/// Judges every route option on the LAN.
fn each_route(
    trace: &Dissection<'_>,
    judge: fn(&[u8]) -> Option<(&'static str, String)>,
) -> Verdict {
    let routes = raw(trace).into_iter().flat_map(|ra| {
        let record = ra.record;
        let options: Vec<_> = ra.of(ROUTE).filter(|option| option.len() >= 8).collect();
        options.into_iter().map(move |option| (record, option))
    });
    every("route on the LAN", routes, |(record, option)| {
        match judge(option) {
            None => Ruling::Holds(vec![record]),
            Some((expected, seen)) => broken([record], expected, seen),
        }
    })
}

fn route_host_bits(trace: &Dissection<'_>) -> Verdict {
    each_route(trace, |option| {
        let length = option[2];
        let mut octets = [0; 16];
        let given = &option[8..option.len().min(24)];
        octets[..given.len()].copy_from_slice(given);
        let prefix = Ipv6Addr::from(octets);
        let seen = || format!("{prefix}/{length}");
        let wrong = length > 128 || has_host_bits(prefix, length);
        wrong.then(|| ("a prefix with zeros behind its length", seen()))
    })
}

fn route_preference(trace: &Dissection<'_>) -> Verdict {
    each_route(trace, |option| {
        let preference = (option[3] >> 3) & 0b11;
        let wrong = preference == RESERVED;
        wrong.then(|| ("a preference of 01, 00 or 11", format!("{preference:02b}")))
    })
}

fn route_reserved(trace: &Dissection<'_>) -> Verdict {
    each_route(trace, |option| {
        let wrong = option[3] & !0x18 != 0;
        wrong.then(|| ("zero around the preference", format!("{:#04x}", option[3])))
    })
}

fn dns_server_contradicts(trace: &Dissection<'_>) -> Verdict {
    let named = raw(trace).into_iter().filter_map(|ra| {
        // The option is padded after its lifetime: behind two reserved octets (RFC 8106 §5.1).
        let mut lives: BTreeMap<Ipv6Addr, BTreeSet<bool>> = BTreeMap::new();
        for option in ra.of(RDNSS) {
            let lifetime: &[u8; 4] = option.get(4..8)?.try_into().ok()?;
            for octets in option.get(8..)?.as_chunks::<16>().0 {
                let lasts = u32::from_be_bytes(*lifetime) > 0;
                lives.entry((*octets).into()).or_default().insert(lasts);
            }
        }
        (!lives.is_empty()).then_some((ra.record, lives))
    });
    every(
        "advertisement with a DNS server",
        named,
        |(record, lives)| match lives.iter().find(|(_, lives)| lives.len() > 1) {
            None => Ruling::Holds(vec![record]),
            Some((server, _)) => broken(
                [record],
                format!("one lifetime of {server}, or none"),
                "named and taken back",
            ),
        },
    )
}

fn dns_server_address(trace: &Dissection<'_>) -> Verdict {
    let servers = raw(trace).into_iter().flat_map(|ra| {
        let record = ra.record;
        let lists = ra.of(RDNSS).filter_map(|option| option.get(8..));
        let servers: Vec<_> = lists
            .flat_map(|list| list.as_chunks::<16>().0)
            .map(|octets| Ipv6Addr::from(*octets))
            .collect();
        servers.into_iter().map(move |server| (record, server))
    });
    every("DNS server on the LAN", servers, |(record, server)| {
        expect(
            [record],
            !(server.is_multicast() || server.is_unspecified() || server.is_loopback()),
            "the address of one node",
            server.to_string(),
        )
    })
}
