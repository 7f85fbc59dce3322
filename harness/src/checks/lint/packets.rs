//! The IPv6 header of what the device makes, and what is below and above it.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::{Mac, Payload, is_routable};
use ngnlab_sim::trace::Role;

use super::own;
use super::row::row;
use crate::checks::check::{Check, EVERYONE};
use crate::checks::ruling::{Ruling, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    row(
        "lint.ip.source",
        ("RFC 4291 §2.5.3, §2.7; RFC 8200 §3", Level::Must),
        EVERYONE,
        Text::new(
            "ルータが作るパケットの送信元がマルチキャストやループバックでない",
            "The device sends from no group and not from the loopback address",
        ),
        Text::new(
            "送信元には、送信するインタフェースのユニキャストアドレスを入れてください。",
            "Send from a unicast address of the interface.",
        ),
        source,
    ),
    row(
        "lint.ip.multicast-mac",
        ("RFC 2464 §7; RFC 6085 §2", Level::Must),
        EVERYONE,
        Text::new(
            "マルチキャストの宛先MACアドレスがグループに対応する",
            "What goes to a group has the group's MAC address",
        ),
        Text::new(
            "宛先MACアドレスは33-33とグループの下位32ビットにしてください。端末はほかのグループのフレームを受け取りません。",
            "Send to 33-33 and the last 32 bits of the group; terminals do not listen to others.",
        ),
        multicast_mac,
    ),
    row(
        "lint.ip.checksum",
        ("RFC 4443 §2.3; RFC 8200 §8.1", Level::Must),
        EVERYONE,
        Text::new(
            "ルータが作るメッセージのチェックサムが正しい",
            "The checksums of what the device makes are right",
        ),
        Text::new(
            "ICMPv6とUDPのチェックサムを、疑似ヘッダを含めて計算してください。0のまま送ると破棄されます。",
            "Compute the checksums of ICMPv6 and UDP over the pseudo-header, too; zero is dropped.",
        ),
        checksum,
    ),
    row(
        "lint.ip.hop-limit",
        ("RFC 4861 §6.3.4; RFC 8200 §3", Level::Should),
        EVERYONE,
        Text::new(
            "ルータが作るパケットのホップリミットが、リンクの外まで届く値である",
            "What the device sends beyond its links has hops to get there",
        ),
        Text::new(
            "自分で作るパケットのホップリミットには、RAのCur Hop Limitか既定値の64を入れてください。",
            "Send with the Cur Hop Limit of the advertisement, or with 64.",
        ),
        hop_limit,
    ),
];

/// As many routers may lie between the line's edge and a server; the usual value is 64 (inferred).
const HOPS: u8 = 16;

fn source(trace: &Dissection<'_>) -> Verdict {
    let others: BTreeSet<Ipv6Addr> = trace
        .packets
        .iter()
        .filter(|found| found.to_device(found.on))
        .map(|found| found.source)
        .collect();
    // What it should not have passed on is for the checks of forwarding.
    let own = own::packets(trace).filter(|found| !others.contains(&found.source));
    every("packet of the device", own, |found| {
        expect(
            [found.record],
            !found.source.is_multicast() && !found.source.is_loopback(),
            "the address of one node",
            found.source.to_string(),
        )
    })
}

fn multicast_mac(trace: &Dissection<'_>) -> Verdict {
    let to_groups = own::packets(trace).filter(|found| found.destination.is_multicast());
    every("packet of the device to a group", to_groups, |found| {
        let due = Mac::multicast(found.destination);
        let seen = found.eth_destination;
        expect(
            [found.record],
            // To one node of the group is allowed, too (RFC 6085 §2).
            seen == due || !seen.is_multicast(),
            format!("the MAC address {due}"),
            seen.to_string(),
        )
    })
}

fn hop_limit(trace: &Dissection<'_>) -> Verdict {
    // Neighbour discovery shows who is on the link (RFC 4861 §7.1).
    let near: BTreeSet<Ipv6Addr> = trace
        .packets
        .iter()
        .filter(|found| found.to_device(Role::Wan) && found.hop_limit == 255)
        .map(|found| found.source)
        .collect();
    let beyond = own::packets(trace).filter(|found| {
        let away = is_routable(found.source) && is_routable(found.destination);
        found.on == Role::Wan && away && !near.contains(&found.destination)
    });
    every(
        "packet of the device to beyond its links",
        beyond,
        |found| {
            expect(
                [found.record],
                found.hop_limit >= HOPS,
                format!("a hop limit of {HOPS} at least"),
                found.hop_limit.to_string(),
            )
        },
    )
}

fn checksum(trace: &Dissection<'_>) -> Verdict {
    every(
        "ICMPv6 or UDP message of the device",
        own::packets(trace),
        |found| {
            let ok = match found.is.payload {
                Payload::Icmpv6(message) => message.checksum_ok,
                Payload::Udp(udp) => udp.checksum_ok,
                Payload::Tcp(_) | Payload::Other { .. } => return Ruling::Skip,
            };
            expect([found.record], ok, "a right checksum", "a wrong one")
        },
    )
}
