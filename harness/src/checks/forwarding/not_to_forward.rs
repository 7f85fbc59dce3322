//! Source and destination addresses that never leave their link (RFC 4291 §2.5).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::{is_link_local, is_routable};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::through_device::must_not_cross;
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fwd.no-link-local",
        source: "RFC 4291 §2.5.6",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "送信元または宛先がリンクローカルアドレスのパケットを中継しない",
            "Packets from or to a link-local address stay on their link",
        ),
        hint: Text::new(
            "fe80::/10を送信元または宛先とするパケットは別のリンクへ中継しないでください。",
            "Never forward packets from or to fe80::/10 to another link.",
        ),
        judge: no_link_local,
    },
    Check {
        id: "fwd.no-loopback",
        source: "RFC 4291 §2.5.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ループバックアドレスのパケットを中継しない",
            "Packets from or to the loopback address are not forwarded",
        ),
        hint: Text::new(
            "::1を送信元または宛先とするパケットは破棄してください。",
            "Drop packets from or to ::1 that come in from outside.",
        ),
        judge: no_loopback,
    },
    Check {
        id: "fwd.no-unspecified",
        source: "RFC 4291 §2.5.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "未指定アドレス（::）からのパケットを中継しない",
            "Packets from the unspecified address are not forwarded",
        ),
        hint: Text::new(
            "送信元が::のパケットは中継しないでください。",
            "Never forward packets whose source is ::.",
        ),
        judge: no_unspecified,
    },
];

fn no_link_local(trace: &Dissection<'_>) -> Verdict {
    must_not_cross(trace, "packet from or to a link-local address", |found| {
        is_link_local(found.source) && is_routable(found.destination)
            || is_routable(found.source) && is_link_local(found.destination)
    })
}

fn no_loopback(trace: &Dissection<'_>) -> Verdict {
    must_not_cross(trace, "packet with the loopback address", |found| {
        found.source.is_loopback() || found.destination.is_loopback()
    })
}

fn no_unspecified(trace: &Dissection<'_>) -> Verdict {
    must_not_cross(trace, "packet from the unspecified address", |found| {
        found.source.is_unspecified() && is_routable(found.destination)
    })
}

#[cfg(test)]
mod tests;
