//! Router Advertisements on the LAN: that they come, with the right flags, prefix and servers.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{NdpOption, ROUTER_ADVERTISEMENT, RouterAdvert};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::given;
use crate::checks::evidence::icmpv6_messages::kind_of;
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::evidence::lan_dhcpv6::{answers, questions};
use crate::checks::evidence::silent_line::gives_no_prefix;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "lan.ra.advertising",
        source: "guide p.6; RFC 7084 §4.3 L-5",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "LAN側にRAでプレフィックスを配る",
            "The prefix is advertised on the LAN",
        ),
        hint: Text::new(
            "LANインタフェースでRAの送信（プレフィックスの再配布）を有効にしてください。",
            "Turn Router Advertisements on for the LAN interface.",
        ),
        judge: advertising,
    },
    Check {
        id: "lan.ra.a-l-flags",
        source: "RFC 7084 §4.3 L-6",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "プレフィックスのAフラグとLフラグが立っている",
            "The advertised prefix has the A and L flags",
        ),
        hint: Text::new(
            "RAのプレフィックス情報でAフラグとLフラグを立ててください。",
            "Set A and L in the prefix option.",
        ),
        judge: a_l_flags,
    },
    Check {
        id: "lan.ra.m0-o1",
        source: "RFC 7084 §4.3 L-9; ngn-facts §5.12",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側のRAがMフラグ0、Oフラグ1である",
            "Advertisements on the LAN have M=0 and O=1",
        ),
        hint: Text::new(
            "アドレスをDHCPv6で配らないならMフラグを0、Oフラグを1にしてください。",
            "Unless addresses are given by DHCPv6, clear M and set O.",
        ),
        judge: m0_o1,
    },
    Check {
        id: "lan.ra.rdnss",
        source: "RFC 7084 §4.3 L-11; RFC 8106 §5.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "LAN側のRAにDNSサーバ（RDNSS）がある",
            "Advertisements on the LAN name DNS servers",
        ),
        hint: Text::new(
            "RAにRDNSSオプションを加えてください。",
            "Add the RDNSS option to the advertisements.",
        ),
        judge: rdnss,
    },
    Check {
        id: "lan.ra.linklocal-source",
        source: "RFC 4861 §4.2, §6.1.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RAの送信元がリンクローカルアドレスで、ホップリミットが255である",
            "Advertisements come from a link-local address with hop limit 255",
        ),
        hint: Text::new(
            "RAはリンクローカルアドレスから、ホップリミット255で送ってください。",
            "Send advertisements from the link-local address with hop limit 255.",
        ),
        judge: linklocal_source,
    },
];

/// Non-temporary addresses (RFC 8415 §21.4).
const IA_NA: u16 = 3;

/// Slow duplicate address detection (design §12) and programs that start one another.
const ADVERTISED_AFTER: Duration = Duration::from_secs(40);

fn advertising(trace: &Dissection<'_>) -> Verdict {
    let first = given(trace).into_iter().find(|given| given.valid > 0);
    every("prefix given by the line", first, |given| {
        let advert = adverts(trace)
            .find(|ra| ra.at >= given.at && ra.is.prefixes().any(|prefix| prefix.valid > 0));
        match advert {
            Some(ra) => match never_as_router(trace, &ra) {
                Some(seen) => broken(
                    [given.record, ra.record],
                    "the device as default router in its advertisements, as it has a prefix and a router upstream",
                    seen,
                ),
                None => Ruling::Holds(vec![given.record, ra.record]),
            },
            None if trace.end() < given.at + ADVERTISED_AFTER
                || trace.is_disturbed(given.at, given.at + ADVERTISED_AFTER)
                || trace.is_claimed(given.at + ADVERTISED_AFTER)
                || gives_no_prefix(trace, given.at + ADVERTISED_AFTER).is_some() =>
            {
                Ruling::Skip
            }
            None => broken(
                [given.record],
                format!("an advertisement with a part of {} on the LAN", given.net),
                "none",
            )
            .unless_late(
                trace,
                Delay::Silence {
                    from: given.at,
                    due: given.at + ADVERTISED_AFTER,
                },
            ),
        }
    })
}

/// Returns what a device that advertises a prefix says of itself instead, if it never says that it is
/// a router although the line's router was there all the time.
fn never_as_router(trace: &Dissection<'_>, first: &Found<&RouterAdvert>) -> Option<&'static str> {
    let is_router = |ra: &Found<&RouterAdvert>| !ra.is.lifetime.is_zero();
    let over = first.at + ADVERTISED_AFTER;
    let mut upstream = trace.router_adverts().filter(|ra| ra.to_device(Role::Wan));
    let stays = upstream
        .next()
        .is_some_and(|ra| is_router(&ra) && ra.at <= first.at)
        && upstream.all(|ra| is_router(&ra));
    let never = adverts(trace).all(|ra| !is_router(&ra));
    let stays = stays && trace.renounced().next().is_none();
    (stays && never && over <= trace.end() && !trace.is_disturbed(first.at, trace.end()))
        .then_some("a router lifetime of zero in all of them")
}

fn a_l_flags(trace: &Dissection<'_>) -> Verdict {
    let prefixes = adverts(trace).flat_map(|ra| {
        let prefixes: Vec<_> = ra.is.prefixes().copied().collect();
        prefixes.into_iter().map(move |prefix| (ra.record, prefix))
    });
    every(
        "prefix advertised on the LAN",
        prefixes,
        |(record, prefix)| {
            if prefix.valid == 0 {
                return Ruling::Skip;
            }
            let flags =
                |on_link, autonomous| format!("L={} A={}", u8::from(on_link), u8::from(autonomous));
            expect(
                [record],
                prefix.on_link && prefix.autonomous,
                flags(true, true),
                flags(prefix.on_link, prefix.autonomous),
            )
        },
    )
}

/// Longer than any server thinks about whether it has an address.
const ADDRESS_GIVEN_AFTER: Duration = Duration::from_secs(10);

fn m0_o1(trace: &Dissection<'_>) -> Verdict {
    // L-9 holds unless the router is configured to give addresses, which who asks for one sees.
    let gives_addresses = answers(trace).any(|answer| answer.is.grants_address());
    let mut questions = questions(trace);
    let asked = questions.any(|question| {
        question.is.kind == Kind::Solicit
            && question.is.codes().contains(&IA_NA)
            && question.arrives + ADDRESS_GIVEN_AFTER <= trace.end()
    });
    every("advertisement on the LAN", adverts(trace), |ra| {
        if ra.is.managed && gives_addresses {
            return Ruling::Skip;
        }
        if ra.is.managed && !asked {
            return Ruling::Unclear(
                "nobody asked by DHCPv6 for the addresses that the M flag speaks of".to_owned(),
            );
        }
        expect(
            [ra.record],
            !ra.is.managed && ra.is.other,
            "M=0 O=1",
            format!("M={} O={}", u8::from(ra.is.managed), u8::from(ra.is.other)),
        )
    })
}

fn rdnss(trace: &Dissection<'_>) -> Verdict {
    let useful = adverts(trace)
        .filter(|ra| !ra.is.lifetime.is_zero() && ra.is.prefixes().any(|prefix| prefix.valid > 0));
    every("advertisement with a prefix on the LAN", useful, |ra| {
        let named = ra.is.options.iter().any(
            |option| matches!(option, NdpOption::Rdnss { servers, .. } if !servers.is_empty()),
        );
        expect(
            [ra.record],
            named,
            "a DNS server in the advertisement",
            "none",
        )
    })
}

fn linklocal_source(trace: &Dissection<'_>) -> Verdict {
    let adverts = trace.packets.iter().filter(|found| {
        found.by_device(Role::Lan) && kind_of(&found.is) == Some(ROUTER_ADVERTISEMENT)
    });
    every("advertisement on the LAN", adverts, |found| {
        expect(
            [found.record],
            found.source.is_unicast_link_local() && found.hop_limit == 255,
            "a link-local source and hop limit 255",
            format!("{} and hop limit {}", found.source, found.hop_limit),
        )
    })
}

#[cfg(test)]
mod tests;
