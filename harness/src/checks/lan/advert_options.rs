//! The options of the advertisements on the LAN, byte by byte: their form, and what routes, DNS
//! servers and MTU they name.

use std::collections::BTreeSet;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::{given, net_of};
use crate::checks::evidence::lan_adverts;
use crate::checks::lan::advert_gaps::gaps;
use crate::checks::lan::raw_adverts::{
    DNSSL, MTU, PREFIX, RDNSS, ROUTE, SOURCE_LINK_LAYER, raw, u32_at,
};
use crate::checks::ruling::{Ruling, broken, every, expect, not_applicable, only_in};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "lan.ra.options-well-formed",
        source: "RFC 4861 §4.6; RFC 4191 §2.3; RFC 8106 §5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側のRAのオプションの長さが正しい",
            "The options of advertisements on the LAN have a right length",
        ),
        hint: Text::new(
            "RAの各オプションの長さ（8オクテット単位）を確認してください。長さを誤ると端末はRA全体を破棄します。",
            "Look at the length of each option, in units of eight octets; terminals drop an advertisement over one that is wrong.",
        ),
        judge: well_formed,
    },
    Check {
        id: "lan.ra.reserved-zero",
        source: "RFC 4861 §4.6.2, §4.6.4; RFC 8106 §5.1, §5.2",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "LAN側のRAのオプションの予約フィールドが0である",
            "Reserved fields of the options on the LAN are zero",
        ),
        hint: Text::new(
            "RAのオプションの予約フィールドを0で初期化してください。",
            "Initialise the reserved fields of the options with zero.",
        ),
        judge: reserved_zero,
    },
    Check {
        id: "lan.ra.slla",
        source: "RFC 4861 §4.2, §4.6.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RAの送信元リンク層アドレスがLAN側インタフェースのMACアドレスである",
            "Advertisements name the MAC address that the device uses on the LAN",
        ),
        hint: Text::new(
            "RAの送信元リンク層アドレスオプションに、LAN側インタフェースのMACアドレスを入れてください。",
            "Put the MAC address of the LAN interface into the source link-layer address option.",
        ),
        judge: source_link_layer,
    },
    Check {
        id: "lan.ra.mtu-consistent",
        source: "RFC 2464 §2; RFC 8200 §5",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "LAN側のRAのMTUが1280以上1500以下である",
            "The MTU advertised on the LAN lies between 1280 and 1500",
        ),
        hint: Text::new(
            "RAのMTUは、LANと回線が運べる大きさ（1500以下）にしてください。",
            "Advertise an MTU that the LAN and the line can carry, 1500 at most.",
        ),
        judge: mtu,
    },
    Check {
        id: "lan.ra.dnssl",
        source: "RFC 8106 §5.2; RFC 7084 §4.3 L-11",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "LAN側のRAの検索リスト（DNSSL）が正しく符号化されている",
            "The search list in advertisements on the LAN is encoded rightly",
        ),
        hint: Text::new(
            "DNSSLの名前は圧縮せず、0で終わらせ、残りを0で埋めてください。",
            "Write the names of the search list out, end each with a zero and fill up with zeros.",
        ),
        judge: search_list,
    },
    Check {
        id: "lan.ra.rio",
        source: "RFC 7084 §4.3 L-3",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "委任されたプレフィックスへの経路（RIO）をLAN側のRAで広告する",
            "The delegated prefix is advertised on the LAN as a route",
        ),
        hint: Text::new(
            "委任されたプレフィックス全体の経路情報オプションをRAに加えてください。",
            "Add a route information option for the whole delegated prefix.",
        ),
        judge: route_information,
    },
    Check {
        id: "lan.ra.rio-no-duplicate",
        source: "RFC 4191 §2.3",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "同じ経路を1つのRAに重複して入れない",
            "No advertisement on the LAN names a route twice",
        ),
        hint: Text::new(
            "同じプレフィックスの経路情報オプションは1つのRAに1つだけにしてください。",
            "Put one route information option for a prefix into an advertisement.",
        ),
        judge: no_duplicate_route,
    },
    Check {
        id: "lan.ra.rdnss-lifetime",
        source: "RFC 8106 §5.1, §5.2",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "RDNSSとDNSSLの有効期間がRA送信間隔の3倍以上である",
            "DNS servers are advertised for three intervals or longer",
        ),
        hint: Text::new(
            "RDNSSとDNSSLの有効期間を、RAの最大送信間隔の3倍以上にしてください。",
            "Let the lifetime of RDNSS and DNSSL be three times the longest interval or more.",
        ),
        judge: dns_lifetime,
    },
    Check {
        id: "lan.cap.rio-rdnss",
        source: "RFC 9096 §3.4, §4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "経路とDNSの有効期間が5400秒以下である",
            "Routes and DNS servers are advertised for at most 5400 s",
        ),
        hint: Text::new(
            "RAのRIO、RDNSS、DNSSLの有効期間を5400秒以下にしてください。",
            "Cap the lifetimes of RIO, RDNSS and DNSSL at 5400 s.",
        ),
        judge: cap_others,
    },
];

/// ND_VALID_LIMIT (RFC 9096 §4).
const VALID_LIMIT: u32 = 5400;

/// Returns what the length of an option should be, in words, if it is another one.
fn wrong_length(option: &[u8]) -> Option<&'static str> {
    let units = option.len() / 8;
    let (ok, expected) = match *option.first()? {
        // RFC 2464 §6: an Ethernet address fills one unit.
        SOURCE_LINK_LAYER => (units == 1, "a source link-layer address of 8 octets"),
        PREFIX => (units == 4, "a prefix option of 32 octets"),
        MTU => (units == 1, "an MTU option of 8 octets"),
        // RFC 4191 §2.3: as many octets of the prefix as its length asks for.
        ROUTE => {
            let least = match option.get(2) {
                Some(0) => 1,
                Some(1..=64) => 2,
                _ => 3,
            };
            let known = option.get(2).is_some_and(|length| *length <= 128);
            (
                known && (least..=3).contains(&units),
                "a route information option of 8, 16 or 24 octets that holds its prefix",
            )
        }
        RDNSS => (
            units >= 3 && units % 2 == 1,
            "an RDNSS option of 8 octets and 16 for each server",
        ),
        DNSSL => (units >= 2, "a DNSSL option of 16 octets or more"),
        _ => (true, ""),
    };
    (!ok).then_some(expected)
}

fn well_formed(trace: &Dissection<'_>) -> Verdict {
    every("advertisement on the LAN", raw(trace), |ra| {
        if !ra.whole {
            return broken(
                [ra.record],
                "options that end where the message ends",
                "one of length zero, or one that is cut short",
            );
        }
        for option in &ra.options {
            if let Some(expected) = wrong_length(option) {
                return broken(
                    [ra.record],
                    expected,
                    format!("one of {} octets", option.len()),
                );
            }
        }
        Ruling::Holds(vec![ra.record])
    })
}

fn reserved_zero(trace: &Dissection<'_>) -> Verdict {
    let with_options = raw(trace).into_iter().filter(|ra| {
        [PREFIX, MTU, RDNSS, DNSSL]
            .iter()
            .any(|kind| ra.of(*kind).next().is_some())
    });
    every(
        "advertisement with reserved fields on the LAN",
        with_options,
        |ra| {
            let dirty = ra.options.iter().find_map(|option| {
                let (name, reserved) = match *option.first()? {
                    // RFC 4861 §4.6.2: Reserved2; later documents use bits of Reserved1.
                    PREFIX => ("prefix", option.get(12..16)?),
                    MTU => ("MTU", option.get(2..4)?),
                    RDNSS => ("RDNSS", option.get(2..4)?),
                    DNSSL => ("DNSSL", option.get(2..4)?),
                    _ => return None,
                };
                reserved
                    .iter()
                    .any(|octet| *octet != 0)
                    .then_some((name, reserved))
            });
            match dirty {
                None => Ruling::Holds(vec![ra.record]),
                Some((name, reserved)) => broken(
                    [ra.record],
                    format!("zero in the reserved field of the {name} option"),
                    format!("{reserved:02x?}"),
                ),
            }
        },
    )
}

fn source_link_layer(trace: &Dissection<'_>) -> Verdict {
    let own: BTreeSet<Mac> = trace
        .packets
        .iter()
        .filter(|found| found.by_device(Role::Lan))
        .map(|found| found.eth_source)
        .collect();
    let named = raw(trace).into_iter().filter_map(|ra| {
        let option = ra.of(SOURCE_LINK_LAYER).next()?;
        Some((ra.record, Mac(option.get(2..8)?.try_into().ok()?)))
    });
    every(
        "advertisement with a source link-layer address",
        named,
        |(record, mac)| {
            expect(
                [record],
                own.contains(&mac),
                "the MAC address that the device sends from on the LAN",
                mac.to_string(),
            )
        },
    )
}

fn mtu(trace: &Dissection<'_>) -> Verdict {
    let named = raw(trace).into_iter().filter_map(|ra| {
        let option = ra.of(MTU).next()?;
        Some((ra.record, u32_at(option, 4)?))
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() && !raw(trace).is_empty() {
        // It is for links whose MTU is not well known (RFC 4861 §4.6.4).
        return not_applicable("the device advertises no MTU");
    }
    every("advertisement with an MTU", named, |(record, mtu)| {
        expect(
            [record],
            (1280..=1500).contains(&mtu),
            "an MTU from 1280 to 1500",
            mtu.to_string(),
        )
    })
}

/// Returns what is wrong with the names of a search list (RFC 1035 §3.1 without compression).
fn wrong_names(mut names: &[u8]) -> Option<&'static str> {
    let mut count = 0;
    loop {
        // A name that begins with its end is padding, and so is all that follows.
        match names.first() {
            None | Some(0) if count == 0 => return Some("no name at all"),
            None => return None,
            Some(0) => {
                let clean = names.iter().all(|octet| *octet == 0);
                return (!clean).then_some("something else behind the names");
            }
            Some(_) => {}
        }
        while let Some((length, rest)) = names.split_first() {
            names = rest;
            match usize::from(*length) {
                0 => break,
                length @ 1..=63 => match rest.get(length..) {
                    // Its end, at least, has to follow.
                    Some(after) if !after.is_empty() => names = after,
                    _ => return Some("a name without its end"),
                },
                _ => return Some("a compressed name"),
            }
        }
        count += 1;
    }
}

fn search_list(trace: &Dissection<'_>) -> Verdict {
    let lists = raw(trace).into_iter().flat_map(|ra| {
        let record = ra.record;
        let names: Vec<_> = ra.of(DNSSL).filter_map(|option| option.get(8..)).collect();
        names.into_iter().map(move |names| (record, names))
    });
    every(
        "search list on the LAN",
        lists,
        |(record, names)| match wrong_names(names) {
            None => Ruling::Holds(vec![record]),
            Some(seen) => broken(
                [record],
                "names written out, each with its end, and zeros behind them",
                seen,
            ),
        },
    )
}

fn route_information(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let adverts = raw(trace);
        let mut delegated = given(trace);
        // A /64 is the LAN's own prefix, and there is no other part of it to be reached.
        delegated.retain(|given| given.valid > 0 && given.net.prefix_len() < 64);
        let mut seen = BTreeSet::new();
        delegated.retain(|given| seen.insert(given.net));
        every("delegated prefix in use on the LAN", delegated, |given| {
            let in_use: Vec<_> = lan_adverts::adverts(trace)
                .filter(|ra| {
                    let within =
                        |prefix| net_of(prefix).is_some_and(|net| given.net.contains(&net));
                    ra.at >= given.at
                        && ra
                            .is
                            .prefixes()
                            .any(|prefix| prefix.valid > 0 && within(prefix))
                })
                .map(|ra| ra.record)
                .collect();
            let Some(first) = in_use.first().copied() else {
                return Ruling::Skip;
            };
            let announced = adverts.iter().find(|ra| {
                ra.at >= given.at
                    && ra
                        .routes()
                        .iter()
                        .any(|route| route.lifetime > 0 && route.net.contains(&given.net))
            });
            match announced {
                Some(ra) => Ruling::Holds(vec![given.record, ra.record]),
                None => broken(
                    [given.record, first],
                    format!("a route information option for {}", given.net),
                    "none in any advertisement",
                ),
            }
        })
    })
}

fn no_duplicate_route(trace: &Dissection<'_>) -> Verdict {
    let with_routes = raw(trace).into_iter().filter(|ra| !ra.routes().is_empty());
    every("advertisement with a route", with_routes, |ra| {
        let mut seen = BTreeSet::new();
        let twice = ra
            .routes()
            .into_iter()
            .find(|route| !seen.insert(route.net));
        match twice {
            None => Ruling::Holds(vec![ra.record]),
            Some(route) => broken(
                [ra.record],
                format!("one route information option for {}", route.net),
                "two in one advertisement",
            ),
        }
    })
}

/// What an interval may be shorter than it looks, for senders that count in seconds.
const SLACK: Duration = Duration::from_secs(1);

fn dns_lifetime(trace: &Dissection<'_>) -> Verdict {
    // The longest interval is not known, but it cannot be shorter than what was seen.
    let longest = gaps(trace).into_iter().max_by_key(|gap| gap.length);
    let named = raw(trace).into_iter().flat_map(|ra| {
        let lifetimes: Vec<_> = ra.lifetimes(&[RDNSS, DNSSL]).collect();
        let preferred = ra.of(PREFIX).filter_map(|option| u32_at(option, 8)).max();
        lifetimes
            .into_iter()
            .map(move |(_, lifetime)| (ra.record, lifetime, preferred))
    });
    every(
        "pair of advertisements with DNS servers",
        named,
        |(record, lifetime, preferred)| {
            let Some(gap) = &longest else {
                return Ruling::Skip;
            };
            // Zero takes servers back, and RFC 9096 §3.4 keeps a lifetime below the prefix's.
            let capped = lifetime >= VALID_LIMIT || preferred.is_some_and(|most| lifetime >= most);
            if lifetime == 0 {
                return Ruling::Skip;
            }
            let least = gap.length.saturating_sub(SLACK) * 3;
            let by = (gap.length - SLACK.min(gap.length))
                .saturating_sub(Duration::from_secs(lifetime.into()) / 3);
            expect(
                [gap.records[0], gap.records[1], record],
                capped || u64::from(lifetime) >= least.as_secs(),
                format!("a lifetime of {} s, three intervals", least.as_secs()),
                format!("{lifetime} s"),
            )
            .unless_late(
                trace,
                Delay::Overrun {
                    from: gap.ends - gap.length,
                    to: gap.ends,
                    by,
                },
            )
        },
    )
}

fn cap_others(trace: &Dissection<'_>) -> Verdict {
    let named = raw(trace).into_iter().flat_map(|ra| {
        let lifetimes: Vec<_> = ra.lifetimes(&[ROUTE, RDNSS, DNSSL]).collect();
        lifetimes
            .into_iter()
            .map(move |(kind, lifetime)| (ra.record, kind, lifetime))
    });
    every(
        "route, DNS server or search list on the LAN",
        named,
        |(record, kind, lifetime)| {
            let name = match kind {
                ROUTE => "a route",
                RDNSS => "DNS servers",
                _ => "a search list",
            };
            expect(
                [record],
                lifetime <= VALID_LIMIT,
                format!("{name} for at most {VALID_LIMIT} s"),
                format!("{lifetime} s"),
            )
        },
    )
}

#[cfg(test)]
mod tests;
