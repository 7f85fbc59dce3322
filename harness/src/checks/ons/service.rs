//! ONS as every terminal uses it: today and in half an hour, the first and the second, with many
//! connections, and although nobody in the network answers pings.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::message::ndp::NdpOption;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Fact, Role};

use super::super::{Check, ONS, Ruling, broken, every, expect, finding, never};
use super::{LINE_AUTH, PORTAL, STILL_OPENING, TEST_PORTAL, beyond, opened, owner, reaches, sites};
use crate::dissection::{Connection, Dissection, Kind, Told};

pub(in crate::checks) const CHECKS: &[Check] = &[
    Check {
        id: "ons.test-portal.reachable",
        source: "guide p.15, p.18",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末から接続テスト用の画面に接続できる",
            "Terminals reach the connection-test portal over TLS",
        ),
        hint: Text::new(
            "hweb.oqs-st.onshikaku.orgの名前解決と、IPv6のTCP 443番の通過を確認してください。",
            "Look at how hweb.oqs-st.onshikaku.org resolves, and let TCP port 443 pass over IPv6.",
        ),
        judge: reaches_test_portal,
    },
    Check {
        id: "ons.portal.stays-reachable",
        source: "guide Q1; ngn-facts §3.4",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "一度接続できたオンライン資格確認に、時間がたっても接続できる",
            "ONS, once reached, is still reached later",
        ),
        hint: Text::new(
            "数分後に切れるときは、上位からの近隣要請に答え続けるか、再配布をDHCPv6-PDに変更してください。",
            "If it breaks after minutes, keep answering solicitations from upstream, or change to DHCPv6-PD.",
        ),
        judge: stays_reachable,
    },
    Check {
        id: "ons.second-terminal.works",
        source: "guide Q14, Q16",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "2台目の端末からもオンライン資格確認に接続できる",
            "The second terminal reaches ONS, too",
        ),
        hint: Text::new(
            "中継や近隣代理の対象を1台に限らず、すべての端末の通信を通してください。",
            "Do not limit forwarding or neighbour proxying to one terminal.",
        ),
        judge: second_terminal,
    },
    Check {
        id: "ons.parallel-connections",
        source: "guide Q14",
        level: Level::Should,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末が同時に開く多数の接続がすべて通る",
            "Many connections that a terminal opens at once all get through",
        ),
        hint: Text::new(
            "端末あたりのセッション数の上限を見直してください。",
            "Raise the limit on sessions for each terminal.",
        ),
        judge: parallel_connections,
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
    Check {
        id: "ngn.ipv6.not-dependent-on-echo",
        source: "guide Q2; ngn-facts §1.2",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "pingに応答がなくても通信を続ける",
            "Traffic goes on although pings are not answered",
        ),
        hint: Text::new(
            "上位ルータの死活監視にpingを使わず、近隣到達不能検出を使ってください。",
            "Do not watch the upstream router by ping; use neighbour unreachability detection.",
        ),
        judge: not_dependent_on_echo,
    },
    Check {
        id: "ons.crl.downloads",
        source: "guide p.15",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "証明書失効リストを欠けることなくダウンロードできる",
            "The certificate revocation list comes down without a byte missing or changed",
        ),
        hint: Text::new(
            "managedpki.ne.jpへのTCP 80番を通し、通信の内容を書き換えないでください。",
            "Let TCP port 80 to managedpki.ne.jp pass, and leave what is in it as it is.",
        ),
        judge: sites::crl_downloads,
    },
    Check {
        id: "ons.delivery.reachable",
        source: "guide p.4, p.15",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "フレッツ・v6オプションのある回線で、配信用のホストに接続できる",
            "On a line with the v6 option, terminals reach the delivery hosts",
        ),
        hint: Text::new(
            "配信用のホストは利用者と同じアドレス帯にあります。その宛先をフィルタで捨てないでください。",
            "The delivery hosts lie among customers' addresses: do not filter that range.",
        ),
        judge: sites::delivery_reachable,
    },
    Check {
        id: "ons.ntp.answers",
        source: "guide p.15; RFC 5905 §7.3",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "端末がオンライン資格確認のNTPサーバから時刻を取得できる",
            "Terminals get the time from the ONS time servers",
        ),
        hint: Text::new(
            "端末からのUDP 123番とその応答を通してください。",
            "Let UDP port 123 out, and its answers back in.",
        ),
        judge: sites::ntp_answers,
    },
    Check {
        id: "ons.large-download",
        source: "guide p.15; ngn-facts §1.2; RFC 8201 §1",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線から届く最大長のパケットが、黙って捨てられない",
            "Full-size packets from the line do not vanish in silence",
        ),
        hint: Text::new(
            "IPoEの回線のMTUは1500です。PPPoE用のMTU設定が残っていないか確認してください。",
            "The line's MTU is 1500 with IPoE: look for an MTU left over from PPPoE.",
        ),
        judge: sites::large_download,
    },
];

fn hosts(trace: &Dissection<'_>) -> [Ipv6Addr; 3] {
    let values = trace.header().line.area.values();
    [values.line_auth, values.portal, values.portal_test]
}

const NAMES: [&str; 3] = [LINE_AUTH, PORTAL, TEST_PORTAL];

fn reaches_test_portal(trace: &Dissection<'_>) -> Verdict {
    let site = trace.header().line.area.values().portal_test;
    reaches(trace, &[TEST_PORTAL], &[site], |_, _| true)
}

/// Returns the first TLS session with one of the sites, and its client.
fn first_reached<'t>(trace: &Dissection<'t>) -> Option<(Told<'t>, Ipv6Addr)> {
    trace.facts.iter().find_map(|told| match told.fact {
        Fact::Tls {
            host: Some(host),
            peer,
            ..
        } if NAMES.contains(&&**host) => Some((*told, *peer)),
        _ => None,
    })
}

fn stays_reachable(trace: &Dissection<'_>) -> Verdict {
    let Some((first, _)) = first_reached(trace) else {
        return Verdict::Inconclusive("no site was reached in the first place".to_owned());
    };
    let since = first.at + LATER;
    reaches(trace, &NAMES, &hosts(trace), |at, _| at >= since)
}

fn second_terminal(trace: &Dissection<'_>) -> Verdict {
    let first = first_reached(trace);
    let Some((first, mac)) = first.and_then(|(told, peer)| Some((told, owner(trace, peer)?)))
    else {
        return Verdict::Inconclusive("no site was reached in the first place".to_owned());
    };
    reaches(trace, &NAMES, &hosts(trace), |at, other| {
        at >= first.at && other != mac
    })
}

fn parallel_connections(trace: &Dissection<'_>) -> Verdict {
    let all = opened(trace, &hosts(trace));
    let at_once = |one: &&Connection| {
        let near = |other: &&&Connection| {
            other.client.0 == one.client.0
                && other.at <= one.at + AT_ONCE
                && one.at <= other.at + AT_ONCE
        };
        all.iter().filter(near).count() >= MANY
    };
    let many = all.iter().copied().filter(at_once);
    every("ten connections at once", many, |near| passes(trace, near))
}

fn passes(trace: &Dissection<'_>, near: &Connection) -> Ruling {
    if near.at + STILL_OPENING > trace.end() {
        return Ruling::Skip;
    }
    if trace.is_disturbed(near.at, near.last.1) {
        return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
    }
    let expected = "each of the connections passed on, and its answers back";
    let Some(far) = beyond(trace, near) else {
        return broken([near.syn], expected, "one never left on the WAN");
    };
    if far.accepted.is_none() {
        return Ruling::Unclear("the site did not answer".to_owned());
    }
    if far.last.1 + STILL_OPENING > trace.end() {
        return Ruling::Skip;
    }
    expect(
        [near.syn, far.syn, far.last.0],
        near.accepted.is_some() && near.down >= far.down,
        expected,
        format!(
            "{} of the site's {} bytes reached the LAN",
            near.down, far.down
        ),
    )
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
        expect(
            [record],
            foreign.is_none(),
            "the router's own address as DNS server",
            foreign.map_or_else(String::new, |server| {
                format!("{server}, which is not the router's")
            }),
        )
    })
}

/// Returns whether the router may have this address: one of the line, or of its own making, and
/// nobody's upstream.
fn may_be_the_routers(trace: &Dissection<'_>, address: Ipv6Addr) -> bool {
    let local = address.is_unicast_link_local() || address.is_unique_local();
    let of_the_line = trace
        .assignments()
        .any(|(_, prefix)| prefix.contains(&address));
    (local || of_the_line) && !trace.is_upstream(address)
}

fn not_dependent_on_echo(trace: &Dissection<'_>) -> Verdict {
    let unanswered: Vec<_> = trace
        .echoes
        .iter()
        .filter(|found| {
            !found.is.reply
                && found.by_device(Role::Wan)
                && !found.destination.is_multicast()
                && found.at + ECHO_PATIENCE <= trace.end()
                && !trace.echoes.iter().any(|reply| {
                    reply.is.reply
                        && reply.to_device(Role::Wan)
                        && (reply.is.id, reply.is.sequence) == (found.is.id, found.is.sequence)
                })
        })
        .collect();
    let Some(first) = unanswered.first() else {
        return Verdict::Inconclusive("no ping went unanswered".to_owned());
    };
    let is_own = |source: Ipv6Addr| !trace.is_terminal(source);
    let withdrawn = trace.router_adverts().find(|found| {
        let ping = unanswered
            .iter()
            .rev()
            .find(|ping| ping.at < found.at && is_own(ping.source));
        found.by_device(Role::Lan)
            && found.is.lifetime.is_zero()
            && ping.is_some()
            && was_default_router(trace, found.record)
            && !trace.is_disturbed(first.at, found.at)
    });
    if let Some(found) = withdrawn {
        return never(
            "ping",
            [first.record],
            [finding(
                [first.record, found.record],
                "the router stays default router of the LAN",
                "it gave itself up after pings that nobody answers on this network",
            )],
        );
    }
    let later: Vec<_> = opened(trace, &hosts(trace))
        .into_iter()
        .filter(|connection| connection.at > first.at + ECHO_PATIENCE)
        .collect();
    every("connection after an unanswered ping", later, |near| {
        if near.at + STILL_OPENING > trace.end() || trace.is_disturbed(near.at, near.last.1) {
            return Ruling::Skip;
        }
        expect(
            [first.record, near.syn],
            beyond(trace, near).is_some(),
            "connections passed on, whether pings are answered or not",
            "nothing left on the WAN after pings went unanswered",
        )
    })
}

/// Returns whether the device was default router of the LAN, and the line's router lived on.
fn was_default_router(trace: &Dissection<'_>, before: RecordId) -> bool {
    let was = trace.router_adverts().any(|found| {
        found.by_device(Role::Lan) && found.record < before && !found.is.lifetime.is_zero()
    });
    let ended = trace.router_adverts().any(|found| {
        found.on == Role::Wan && found.from == End::Network && found.is.lifetime.is_zero()
    });
    was && !ended
}

/// Long enough for entries of neighbours to become stale (RFC 4861 §10: 30 s).
const LATER: Duration = Duration::from_secs(30);
/// So many connections within so short a time are opened at once, as browsers do.
const MANY: usize = 10;
const AT_ONCE: Duration = Duration::from_secs(2);
/// An echo reply that takes longer does not come.
const ECHO_PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
