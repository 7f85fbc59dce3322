//! Packets that are hardly more than their headers.

use ngnlab_reports::{Level, Text};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::through_device::must_cross;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "fwd.empty-datagram",
    source: "RFC 8200 §3; RFC 768",
    level: Level::Must,
    profiles: EVERYONE,
    aspects: &[],
    title: Text::new(
        "データのないUDPデータグラムを中継する",
        "A UDP datagram without data is forwarded",
    ),
    hint: Text::new(
        "UDPヘッダだけのパケットも正しいパケットです。長さを理由に破棄しないでください。",
        "A packet of headers alone is a packet; do not drop it for its length.",
    ),
    judge: |trace| {
        must_cross(trace, "datagram without data", |found| {
            let udp = found.is.udp();
            found.hop_limit > 1 && udp.is_some_and(|udp| udp.payload.is_empty())
        })
    },
}];
