//! Source and destination addresses that never leave their link (RFC 4291 §2.5).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::{is_link_local, is_routable};

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::through_device::must_not_cross;
use crate::checks::ruling::{finding, never};
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
    Check {
        id: "fwd.not-for-us",
        source: "RFC 2464 §3; RFC 4861 §7.2",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ほかのホスト宛てのフレームを中継しない",
            "Frames for other hosts are not forwarded",
        ),
        hint: Text::new(
            "宛先MACアドレスが自分のものではないフレームは、中身にかかわらず破棄してください。",
            "Drop frames whose destination MAC address is not the device's, whatever is inside.",
        ),
        judge: not_for_us,
    },
];

fn not_for_us(trace: &Dissection<'_>) -> Verdict {
    let macs = trace.device_macs();
    let tried: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.injected
                && found.to_device(found.on)
                && !found.eth_destination.is_multicast()
                && !macs.contains(&found.eth_destination)
                && is_routable(found.source)
                && is_routable(found.destination)
        })
        .collect();
    let through = tried.iter().filter_map(|found| {
        let after = trace.crossed(found)?;
        Some(finding(
            [found.record, after.record],
            format!("nothing done with a frame for {}", found.eth_destination),
            "it left on the other side",
        ))
    });
    never(
        "frame for another host",
        tried.iter().map(|found| found.record),
        through,
    )
}

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
