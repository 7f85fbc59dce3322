//! Bursts of spoilt or lying frames on the WAN, and what works after them.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::dhcpv6::CLIENT_PORT;
use ngnlab_sim::message::ndp::{Ndp, ROUTER_ADVERTISEMENT};
use ngnlab_sim::message::packet::{Packet, Payload};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::trouble::{SETTLE, Trouble, WRONG, is_another_trouble, works_after};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "rob.ra.fuzz",
        source: "RFC 4861 §6.1.2, §4.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: WRONG,
        title: Text::new(
            "壊れたRAを大量に受けた後も利用できる",
            "A burst of spoilt Router Advertisements leaves everything working",
        ),
        hint: Text::new(
            "RAのオプションの長さを検証し、不正なRAは破棄してください。",
            "Check the lengths of an advertisement's options, and drop what is invalid.",
        ),
        judge: spoilt_adverts,
    },
    Check {
        id: "rob.dhcp6.fuzz",
        source: "RFC 8415 §16",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: WRONG,
        title: Text::new(
            "壊れたDHCPv6メッセージを大量に受けた後も利用できる",
            "A burst of spoilt DHCPv6 messages leaves everything working",
        ),
        hint: Text::new(
            "DHCPv6のオプションの長さを検証し、不正なメッセージは破棄してください。",
            "Check the lengths of DHCPv6 options, and drop what is invalid.",
        ),
        judge: spoilt_dhcpv6,
    },
    Check {
        id: "rob.ra-flood",
        source: "RFC 6104 §2; RFC 4861 §6.3.4",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: WRONG,
        title: Text::new(
            "大量のルータやプレフィックスが現れて消えた後も利用できる",
            "A flood of short-lived routers and prefixes leaves everything working",
        ),
        hint: Text::new(
            "デフォルトルータとプレフィックスの表が溢れても、元のルータを失わないでください。",
            "Do not lose the line's router when the tables of routers and prefixes overflow.",
        ),
        judge: flood,
    },
];

/// Fewer frames than this are no burst.
const BURST: usize = 50;

/// Returns the frames of a burst as one trouble.
fn burst<'d, 't>(found: Vec<&'d Found<Packet<'t>>>) -> Option<Trouble> {
    let (first, last) = (found.first()?, found.last()?);
    (found.len() >= BURST).then(|| Trouble {
        records: vec![first.record, last.record],
        from: first.at,
        to: last.arrives,
    })
}

fn injected<'d, 't>(
    trace: &'d Dissection<'t>,
    is: impl Fn(&Packet<'t>) -> bool,
) -> Vec<&'d Found<Packet<'t>>> {
    let packets = trace.packets.iter();
    packets
        .filter(|found| found.injected && found.on == Role::Wan && is(&found.is))
        .collect()
}

fn is_advert(packet: &Packet<'_>) -> bool {
    matches!(packet.payload, Payload::Icmpv6(message) if message.kind == ROUTER_ADVERTISEMENT)
}

fn spoilt_adverts(trace: &Dissection<'_>) -> Verdict {
    // The burst has valid ones among it, whose options nobody knows.
    let frames = injected(trace, is_advert);
    let spoilt = frames
        .iter()
        .filter(|found| Ndp::parse(&found.is).is_none());
    let many = spoilt.count() >= BURST;
    works_after(
        trace,
        "burst of spoilt Router Advertisements",
        burst(frames).filter(|_| many),
        SETTLE,
        is_another_trouble,
    )
}

fn spoilt_dhcpv6(trace: &Dissection<'_>) -> Verdict {
    let to_client = |packet: &Packet<'_>| matches!(packet.payload, Payload::Udp(udp) if udp.destination_port == CLIENT_PORT);
    let trouble = burst(injected(trace, to_client));
    let what = "burst of spoilt DHCPv6 messages";
    works_after(trace, what, trouble, SETTLE, is_another_trouble)
}

fn flood(trace: &Dissection<'_>) -> Verdict {
    let lifetime = |packet: &Packet<'_>| match Ndp::parse(packet) {
        Some(Ndp::RouterAdvert(advert)) => advert.lifetime,
        _ => Duration::ZERO,
    };
    let frames = injected(trace, |packet| !lifetime(packet).is_zero());
    let over = frames
        .iter()
        .map(|found| found.arrives + lifetime(&found.is));
    let over = over.max();
    let trouble = burst(frames).zip(over).map(|(trouble, over)| Trouble {
        to: over,
        ..trouble
    });
    let what = "flood of Router Advertisements";
    works_after(trace, what, trouble, SETTLE, is_another_trouble)
}

#[cfg(test)]
mod tests;
