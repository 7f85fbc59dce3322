//! The LAN side as terminals see it: Router Advertisements and stateless DHCPv6.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{NdpOption, ROUTER_ADVERTISEMENT, RouterAdvert};
use ngnlab_sim::message::packet::{Packet, Payload};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{Fact, Role};

use super::pd::{given, net_of};
use super::{CE_ROUTER, Check, EVERYONE, Ruling, broken, every, expect, within};
use crate::dissection::{Dissection, Found, Kind};

mod solicited;

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
            "Without addresses by DHCPv6, clear M and set O.",
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
        id: "lan.ra.solicited-delay",
        source: "RFC 4861 §6.2.6, §10",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RSに0.5秒以内に応答する",
            "A Router Solicitation is answered within 0.5 s",
        ),
        hint: Text::new(
            "端末のRSには0.5秒以内にRAを返してください。",
            "Answer terminals' Router Solicitations within half a second.",
        ),
        judge: solicited::solicited_delay,
    },
    Check {
        id: "lan.ra.multicast-rate",
        source: "RFC 4861 §6.2.6, §10",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "マルチキャストのRAの間隔が3秒以上である",
            "Multicast advertisements are at least 3 s apart",
        ),
        hint: Text::new(
            "RAの送信間隔を3秒以上にしてください。",
            "Keep 3 s or more between multicast advertisements.",
        ),
        judge: solicited::multicast_rate,
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
    Check {
        id: "lan.ra.rs-validation",
        source: "RFC 4861 §6.1.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "不正なRSに応答しない",
            "Invalid Router Solicitations get no answer",
        ),
        hint: Text::new(
            "ホップリミットが255でないRSなど、不正なRSは破棄してください。",
            "Drop Router Solicitations that fail the validity checks, as a hop limit below 255.",
        ),
        judge: solicited::rs_validation,
    },
    Check {
        id: "dhcp6s.mode",
        source: "RFC 7084 §4.3 L-8; ngn-facts §5.12",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側のDHCPv6クライアントに応答する",
            "DHCPv6 clients on the LAN are answered",
        ),
        hint: Text::new(
            "LANインタフェースでDHCPv6サーバを有効にしてください。",
            "Run a DHCPv6 server on the LAN.",
        ),
        judge: dhcpv6_answers,
    },
    Check {
        id: "dhcp6s.dns",
        source: "RFC 7084 §4.3 L-10; ngn-facts §5.12",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側のDHCPv6でDNSサーバを知らせる",
            "DHCPv6 on the LAN names DNS servers",
        ),
        hint: Text::new(
            "DHCPv6サーバの応答にDNSサーバを入れてください。",
            "Put DNS servers into the answers of the DHCPv6 server.",
        ),
        judge: dhcpv6_dns,
    },
    Check {
        id: "ngn.lan.prefix-inside-assignment",
        source: "guide p.6; ngn-facts §3.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "LAN側に配るプレフィックスが回線の割り当ての中にある",
            "The advertised prefix lies inside the line's assignment",
        ),
        hint: Text::new(
            "固定のプレフィックスを設定せず、回線から得たものを再配布してください。",
            "Hand on what the line assigned instead of a fixed prefix.",
        ),
        judge: inside_assignment,
    },
];

/// Returns the advertisements of the device on the LAN.
pub(super) fn adverts<'d>(
    trace: &'d Dissection<'_>,
) -> impl Iterator<Item = Found<&'d RouterAdvert>> {
    trace.router_adverts().filter(|ra| ra.by_device(Role::Lan))
}

/// Slow duplicate address detection (design §12) and programs that start one another.
const ADVERTISED_AFTER: Duration = Duration::from_secs(40);

fn advertising(trace: &Dissection<'_>) -> Verdict {
    let first = given(trace).into_iter().find(|given| given.valid > 0);
    every("prefix given by the line", first, |given| {
        let advert = adverts(trace)
            .find(|ra| ra.at >= given.at && ra.is.prefixes().any(|prefix| prefix.valid > 0));
        match advert {
            Some(ra) => Ruling::Holds(vec![given.record, ra.record]),
            None if trace.end() < given.at + ADVERTISED_AFTER => Ruling::Skip,
            None => broken(
                [given.record],
                format!("an advertisement with a part of {} on the LAN", given.net),
                "none",
            ),
        }
    })
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

fn m0_o1(trace: &Dissection<'_>) -> Verdict {
    every("advertisement on the LAN", adverts(trace), |ra| {
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

fn kind_of(packet: &Packet<'_>) -> Option<u8> {
    match packet.payload {
        Payload::Icmpv6(message) => Some(message.kind),
        Payload::Udp(_) | Payload::Tcp(_) | Payload::Other { .. } => None,
    }
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

/// How long a client may have to wait; it repeats its question after about a second
/// (INF_TIMEOUT, RFC 8415 §7.6).
const DHCPV6_PATIENCE: Duration = Duration::from_secs(5);

fn dhcpv6_answers(trace: &Dissection<'_>) -> Verdict {
    let asked = trace.dhcpv6.iter().filter(|found| {
        found.to_device(Role::Lan) && !found.injected && found.is.kind == Kind::InformationRequest
    });
    every("Information-Request on the LAN", asked, |found| {
        let answer = trace.dhcpv6.iter().find(|other| {
            other.by_device(Role::Lan)
                && other.is.kind == Kind::Reply
                && other.is.xid == found.is.xid
                && other.at >= found.at
        });
        if trace.is_disturbed(found.at, found.at + DHCPV6_PATIENCE) {
            return Ruling::Skip;
        }
        within(trace, found, answer, DHCPV6_PATIENCE, "a Reply")
    })
}

fn dhcpv6_dns(trace: &Dissection<'_>) -> Verdict {
    let replies = trace
        .dhcpv6
        .iter()
        .filter(|found| found.by_device(Role::Lan) && found.is.kind == Kind::Reply);
    every("DHCPv6 Reply on the LAN", replies, |found| {
        expect(
            [found.record],
            found
                .is
                .dns_servers()
                .is_some_and(|servers| !servers.is_empty()),
            "DNS servers in the Reply",
            "none",
        )
    })
}

fn inside_assignment(trace: &Dissection<'_>) -> Verdict {
    let assignments: Vec<_> = trace.assignments().collect();
    if !trace
        .facts
        .iter()
        .any(|told| matches!(told.fact, Fact::Assigned { .. }))
    {
        return Verdict::Inconclusive("the trace does not tell what was assigned".to_owned());
    }
    let prefixes = adverts(trace).flat_map(|ra| {
        let prefixes: Vec<_> = ra.is.prefixes().copied().collect();
        prefixes
            .into_iter()
            .map(move |prefix| (ra.record, ra.at, prefix))
    });
    every(
        "prefix advertised on the LAN",
        prefixes,
        |(record, at, prefix)| {
            let Some(net) = net_of(&prefix) else {
                return Ruling::Skip;
            };
            // A ULA is the site's own business (RFC 7084 §4.3 ULA-2).
            let is_ula = net.addr().octets()[0] & 0xfe == 0xfc;
            if is_ula || prefix.preferred == 0 {
                return Ruling::Skip;
            }
            let inside = assignments
                .iter()
                .any(|(since, whole)| *since <= at && whole.contains(&net));
            expect(
                [record],
                inside,
                "a part of the line's assignment",
                net.to_string(),
            )
        },
    )
}

#[cfg(test)]
mod tests;
