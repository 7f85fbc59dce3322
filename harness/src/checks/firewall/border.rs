//! Addresses and headers that do not cross the border of a site (RFC 6092 §3.1).

use std::net::Ipv6Addr;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::{IPV6_HEADER, is_routable};
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::evidence::through_device::{SOON, must_not_cross, to_pass_on};
use crate::checks::ruling::{Ruling, broken, every, only_in};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fw6.mcast-source",
        source: "RFC 6092 §3.1 REC-1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "送信元がマルチキャストのパケットを中継しない",
            "Packets with a multicast source are not forwarded",
        ),
        hint: Text::new(
            "送信元がff00::/8のパケットは破棄してください。",
            "Drop packets whose source is in ff00::/8.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet with a multicast source", |found| {
                found.source.is_multicast() && is_routable(found.destination)
            })
        },
    },
    Check {
        id: "fw6.mcast-scope",
        source: "RFC 6092 §3.1 REC-2",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "組織ローカル以下のスコープのマルチキャストを境界の外へ中継しない",
            "Multicast up to organization-local scope does not cross",
        ),
        hint: Text::new(
            "スコープが8以下のマルチキャストはWANとLANの間で中継しないでください。",
            "Do not forward groups of scope 8 or less between WAN and LAN.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet for a group of limited scope", |found| {
                let scope = found.destination.octets()[1] & 0x0f;
                found.destination.is_multicast()
                    && (ADMIN_LOCAL..=ORGANIZATION_LOCAL).contains(&scope)
                    && is_routable(found.source)
            })
        },
    },
    Check {
        id: "fw6.martian",
        source: "RFC 6092 §3.1 REC-3; RFC 5156",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "インターネットに存在しないアドレスのパケットを中継しない",
            "Packets with addresses that the internet does not have are not forwarded",
        ),
        hint: Text::new(
            "サイトローカル、IPv4射影、IPv4互換、ORCHIDのアドレスをフィルタしてください。",
            "Filter site-local, IPv4-mapped, IPv4-compatible and ORCHID addresses.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet with a forbidden address", |found| {
                is_martian(found.source) || is_martian(found.destination)
            })
        },
    },
    Check {
        id: "fw6.rh0",
        source: "RFC 6092 §3.1 REC-4; RFC 5095",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "タイプ0のルーティングヘッダを中継しない",
            "Packets with a routing header of type 0 are not forwarded",
        ),
        hint: Text::new(
            "廃止されたタイプ0ルーティングヘッダの付いたパケットは破棄してください。",
            "Drop packets with the deprecated routing header of type 0.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet with routing header 0", |found| {
                has_routing_header_0(found.is.ip)
            })
        },
    },
    Check {
        id: "fw6.egress-source",
        source: "RFC 6092 §3.1 REC-5; RFC 7084 §4.5 S-2",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "内側のプレフィックス以外を送信元とするパケットを外へ出さない",
            "Nothing leaves with a source that is not of the inside",
        ),
        hint: Text::new(
            "LANのプレフィックスに属さない送信元のパケットはWANへ中継しないでください。",
            "Forward to the WAN only what comes from the prefixes of the LAN.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet from a foreign source", |found| {
                found.on == Role::Lan
                    && is_routable(found.source)
                    && is_routable(found.destination)
                    && !trace
                        .lan_prefixes()
                        .iter()
                        .any(|net| net.contains(&found.source))
                    && !trace
                        .assignments()
                        .any(|(_, net)| net.contains(&found.source))
            })
        },
    },
    Check {
        id: "fw6.ingress-spoof",
        source: "RFC 6092 §3.1 REC-6",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "内側のアドレスを詐称した外部からのパケットを転送しない",
            "Packets from outside that claim an inside source are dropped",
        ),
        hint: Text::new(
            "WANで受けた、送信元がLANのプレフィックスのパケットは破棄してください。",
            "Drop what comes in on the WAN with a source in the LAN's prefix.",
        ),
        judge: |trace| {
            // On an RA line the /64 lies on both sides.
            only_in(Mode::Pd, trace, || {
                must_not_cross(
                    trace,
                    "packet from outside with an inside source",
                    |found| {
                        found.on == Role::Wan
                            && trace
                                .lan_prefixes()
                                .iter()
                                .any(|net| net.contains(&found.source))
                    },
                )
            })
        },
    },
    Check {
        id: "fw6.ula-border",
        source: "RFC 6092 §3.1 REC-7",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "ユニークローカルアドレスのパケットを外と中継しない",
            "Packets with unique local addresses do not cross the border",
        ),
        hint: Text::new(
            "fc00::/7を送信元または宛先とするパケットはWANとの間で破棄してください。",
            "Drop packets from or to fc00::/7 between WAN and LAN.",
        ),
        judge: |trace| {
            must_not_cross(trace, "packet with a unique local address", |found| {
                is_unique_local(found.source) || is_unique_local(found.destination)
            })
        },
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

/// RFC 4291 §2.7: the scopes.
const ADMIN_LOCAL: u8 = 4;

const ORGANIZATION_LOCAL: u8 = 8;

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
            None if trace.end() < found.arrives + SOON => Ruling::Skip,
            None => Ruling::Holds(vec![found.record]),
        }
    })
}

/// Returns whether an address is in a block that RFC 5156 keeps off the internet and RFC 6092
/// REC-3 names: site-local, IPv4-mapped, IPv4-compatible, ORCHID. The documentation prefix is left
/// out, since it stands for the internet here.
fn is_martian(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, ..] = address.segments();
    let embedded = [a, b, c, d, e] == [0; 5] && matches!(f, 0 | 0xffff);
    let embedded = embedded && !address.is_unspecified() && !address.is_loopback();
    let orchid = a == 0x2001 && b & 0xfff0 == 0x0010;
    a & 0xffc0 == 0xfec0 || embedded || orchid
}

/// Returns whether an address is unique local (RFC 4193).
fn is_unique_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xfe00 == 0xfc00
}

/// Returns whether a routing header of type 0 comes before any upper-layer protocol (RFC 2460
/// §4.4, RFC 8200 §4).
pub(in crate::checks) fn has_routing_header_0(ip: &[u8]) -> bool {
    const OPTIONS: [u8; 2] = [0, 60];
    const ROUTING: u8 = 43;
    let Some(mut number) = ip.get(6).copied() else {
        return false;
    };
    let mut at = IPV6_HEADER;
    while let Some([next, length, kind, ..]) = ip.get(at..at + 8) {
        if number == ROUTING && *kind == 0 {
            return true;
        }
        if number != ROUTING && !OPTIONS.contains(&number) {
            return false;
        }
        number = *next;
        at += (usize::from(*length) + 1) * 8;
    }
    false
}

#[cfg(test)]
mod tests;
