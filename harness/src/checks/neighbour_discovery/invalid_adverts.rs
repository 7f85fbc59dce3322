//! Neighbor Advertisements that are not to be believed (RFC 4861 §7.1.2).

use std::net::Ipv6Addr;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::NEIGHBOR_ADVERTISEMENT;
use ngnlab_sim::message::packet::{Icmpv6, Mac, Packet};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::icmpv6_messages::message_of;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "wan.nd.na-validation",
        source: "RFC 4861 §7.1.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WAN側で不正なNAを信用しない",
            "Invalid Neighbor Advertisements on the WAN are not believed",
        ),
        hint: HINT,
        judge: |trace| not_believed(trace, Role::Wan),
    },
    Check {
        id: "lan.nd.na-validation",
        source: "RFC 4861 §7.1.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側で不正なNAを信用しない",
            "Invalid Neighbor Advertisements on the LAN are not believed",
        ),
        hint: HINT,
        judge: |trace| not_believed(trace, Role::Lan),
    },
];

const HINT: Text = Text::new(
    "RFC 4861 §7.1.2の条件（ホップリミット255、コード0、正しいチェックサム、マルチキャストならSフラグなし）を満たさないNAは破棄してください。",
    "Drop Neighbor Advertisements that RFC 4861 §7.1.2 does not allow: a hop limit other than 255, a code other than 0, a wrong checksum, the S flag in a multicast one.",
);

/// An advertisement that says where an address is, and must not be believed.
struct Lie<'d, 't> {
    found: &'d Found<Packet<'t>>,
    of: Ipv6Addr,
    at: Mac,
    fault: &'static str,
}

fn not_believed(trace: &Dissection<'_>, role: Role) -> Verdict {
    let lies = trace.packets.iter().filter_map(|found| {
        let message = message_of(&found.is, NEIGHBOR_ADVERTISEMENT)?;
        let fault = fault(found, &message).filter(|_| found.to_device(role))?;
        let (of, at) = claim(&message)?;
        Some(Lie {
            found,
            of,
            at,
            fault,
        })
    });
    every("invalid Neighbor Advertisement", lies, |lie| {
        let later = |mac: Mac| {
            let mut packets = trace.packets.iter();
            packets.find(move |packet| {
                packet.record > lie.found.record
                    && packet.by_device(role)
                    && packet.eth_destination == mac
            })
        };
        if let Some(sent) = later(lie.at) {
            return broken(
                [lie.found.record, sent.record],
                format!("nothing sent to {} because of {}", lie.at, lie.fault),
                format!("a packet for {}", sent.destination),
            );
        }
        // The address is where it was: whoever believed the lie would not reach it there.
        let mut before = trace.packets.iter().filter(|packet| {
            packet.record < lie.found.record && packet.to_device(role) && !packet.injected
        });
        let home = before.find(|packet| packet.source == lie.of);
        match home.and_then(|home| later(home.eth_source)) {
            Some(sent) => Ruling::Holds(vec![lie.found.record, sent.record]),
            None => Ruling::Skip,
        }
    })
}

/// Returns the address that an advertisement speaks of, and where it says that it is.
fn claim(message: &Icmpv6<'_>) -> Option<(Ipv6Addr, Mac)> {
    let target: [u8; 16] = message.body.get(4..20)?.try_into().ok()?;
    let [TARGET_LINK_LAYER, 1, mac @ ..] = message.body.get(20..28)? else {
        return None;
    };
    Some((target.into(), Mac(mac.try_into().ok()?)))
}

/// Returns which condition of RFC 4861 §7.1.2 an advertisement does not meet.
fn fault(found: &Found<Packet<'_>>, message: &Icmpv6<'_>) -> Option<&'static str> {
    let solicited = message
        .body
        .first()
        .is_some_and(|flags| flags & SOLICITED != 0);
    if found.hop_limit != 255 {
        Some("one with a hop limit other than 255")
    } else if message.code != 0 {
        Some("one with a code other than 0")
    } else if !message.checksum_ok {
        Some("one with a wrong checksum")
    } else if found.destination.is_multicast() && solicited {
        Some("a multicast one with the S flag")
    } else if message.body.get(28..).is_some_and(has_empty_option) {
        Some("one with an option of length 0")
    } else {
        None
    }
}

/// Returns whether the first of these options has a length of 0.
fn has_empty_option(options: &[u8]) -> bool {
    matches!(options, [_, 0, ..])
}

/// RFC 4861 §4.6.1 and §4.4.
const TARGET_LINK_LAYER: u8 = 2;
const SOLICITED: u8 = 0x40;
