//! What a bridge for IPv6 keeps apart: ARP, IPv4 and whatever else is no IPv6.

use std::collections::HashMap;

use etherparse::EtherType;
use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Fate;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::trace::{End, Role, Seen};

use super::relayed::other_side;
use crate::checks::check::{Check, ONS};
use crate::checks::ruling::{finding, never};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "bridge.only-ipv6",
    // No standard says what such a mode is; makers describe it so, and the LAN has IPv4 of its own.
    source: "inferred",
    level: Level::Should,
    profiles: ONS,
    aspects: &[],
    title: Text::new(
        "IPv6ブリッジが、ARPとIPv4のフレームをLANと回線の間で通さない",
        "The bridge lets no ARP and no IPv4 cross between LAN and line",
    ),
    hint: Text::new(
        "IPv6（EtherType 0x86DD）だけを通してください。LANのIPv4は回線に出しません。",
        "Let IPv6 pass alone (EtherType 0x86DD): the LAN's IPv4 has no business on the line.",
    ),
    judge: only_ipv6,
}];

fn only_ipv6(trace: &Dissection<'_>) -> Verdict {
    let mut came: HashMap<(Role, &Frame), RecordId> = HashMap::new();
    let mut occasions = Vec::new();
    let mut bad = Vec::new();
    for (record, entry) in trace.trace.records.iter().enumerate() {
        let Seen::Frame {
            on,
            from,
            frame,
            fate,
            injected,
        } = &entry.seen
        else {
            continue;
        };
        let is_other =
            Ethernet::parse(frame).is_some_and(|ethernet| ethernet.kind != EtherType::IPV6);
        let Some(other) = other_side(*on).filter(|_| is_other) else {
            continue;
        };
        if *from == End::Network && *fate != Fate::Drop {
            occasions.push(record);
            came.insert((other, frame), record);
        } else if *from == End::Device
            && !injected
            && let Some(before) = came.get(&(*on, frame))
        {
            let seen = "it left on the other side";
            bad.push(finding(
                [*before, record],
                "a frame without IPv6 kept back",
                seen,
            ));
        }
    }
    never("frame without IPv6", occasions, bad)
}
