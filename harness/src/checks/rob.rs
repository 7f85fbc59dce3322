//! What works after the line has been bad: hostile frames, lost frames, a pulled cable.
//!
//! Judged by a page that a terminal could open before and asks for again afterwards.

use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::message::dhcpv6::CLIENT_PORT;
use ngnlab_sim::message::ndp::{Ndp, ROUTER_ADVERTISEMENT};
use ngnlab_sim::message::packet::{Packet, Payload};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{Fact, Role, Seen};
use ngnlab_sim::{Fate, Time};

use super::{Check, EVERYONE, Ruling, broken, every};
use crate::dissection::{Dissection, Found, Stepped};
use crate::scenario::step::Action;
use crate::scenario::step::cable::Wire;

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
    Check {
        id: "rob.loss.recover",
        source: "RFC 4861 §7.3; RFC 8415 §15",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: WRONG,
        title: Text::new(
            "フレームの損失や遅延が収まれば、再び利用できる",
            "Once frames arrive again, everything works again",
        ),
        hint: Text::new(
            "一時的な不通を理由に、経路やサーバを恒久的に諦めないでください。",
            "Do not give a route or a server up for good because the line was silent for a while.",
        ),
        judge: loss,
    },
    Check {
        id: "rob.flap.recover",
        source: "RFC 4861 §6.3.7; RFC 8415 §18.2.12",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: WRONG,
        title: Text::new(
            "WAN側のケーブルを抜き差しした後も利用できる",
            "After the WAN cable was pulled and put back, everything works again",
        ),
        hint: Text::new(
            "WAN側のリンクが復旧したら、RSを送り直して経路を作り直してください。",
            "Solicit routers again and restore the route when the WAN link comes back.",
        ),
        judge: flap,
    },
];

/// With these wrong nothing would have worked anyway.
const WRONG: &[Aspect] = &[Aspect::Delivery, Aspect::Dns];

/// What also keeps pages from coming: servers that are silent, a line that is renumbered.
fn is_another_trouble(step: &Stepped<'_>) -> bool {
    silences_or_renumbers(step) || step.restarts_network() || step.cuts_power()
}

/// Returns whether servers say nothing, or say something else, from then on.
pub(super) fn silences_or_renumbers(step: &Stepped<'_>) -> bool {
    matches!(step.action, Action::Silence(_) | Action::Renumber(_))
}

/// Fewer frames than this are no burst.
const BURST: usize = 50;
/// Time to settle, before a page counts. Ours.
const SETTLE: Duration = Duration::from_secs(5);
/// Solicitation, and duplicate address detection of ten seconds on both sides (ngn-facts §1.1).
const SETTLE_AFTER_FLAP: Duration = Duration::from_secs(25);

/// A time in which the line was bad.
pub(super) struct Trouble {
    /// What shows it.
    pub(super) records: Vec<RecordId>,
    /// When it began.
    pub(super) from: Time,
    /// When it was over.
    pub(super) to: Time,
}

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

fn loss(trace: &Dissection<'_>) -> Verdict {
    let bad = trace.trace.records.iter().enumerate();
    let mut bad = bad.filter_map(|(number, record)| match record.seen {
        Seen::Frame {
            fate,
            on: Role::Wan,
            ..
        } if fate != Fate::Pass => Some((number, record.at)),
        _ => None,
    });
    let trouble = bad.next().map(|(first, from)| {
        let (last, to) = bad.next_back().unwrap_or((first, from));
        let records = vec![first, last];
        Trouble { records, from, to }
    });
    works_after(
        trace,
        "time in which frames were lost or late",
        trouble,
        SETTLE,
        is_another_trouble,
    )
}

fn flap(trace: &Dissection<'_>) -> Verdict {
    let pulled = trace
        .steps
        .iter()
        .filter(|step| step.pulls(Wire::Wan) && step.is_done());
    let troubles = pulled.map(|step| Trouble {
        records: vec![step.record],
        from: step.at,
        to: step.at,
    });
    works_after(
        trace,
        "time without the WAN cable",
        troubles,
        SETTLE_AFTER_FLAP,
        is_another_trouble,
    )
}

/// Judges by the last page of those asked for afterwards: whatever came before that may have been
/// under way already.
pub(super) fn works_after(
    trace: &Dissection<'_>,
    what: &str,
    troubles: impl IntoIterator<Item = Trouble>,
    settle: Duration,
    is_other: impl Fn(&Stepped<'_>) -> bool,
) -> Verdict {
    let pages: Vec<_> = trace
        .facts
        .iter()
        .filter_map(|told| match told.fact {
            Fact::PageSeen { .. } => Some((told, None)),
            Fact::PageFailed { reason, .. } => Some((told, Some(*reason))),
            _ => None,
        })
        .collect();
    every(what, troubles, |trouble| {
        let worked = pages
            .iter()
            .find(|(told, failed)| told.at < trouble.from && failed.is_none());
        let settled = trouble.to + settle;
        let last = pages.iter().rev().find(|(told, _)| told.at >= settled);
        let calm = trace
            .steps
            .iter()
            .all(|step| step.at < trouble.from || !is_other(step));
        let (Some((before, _)), Some((told, failed)), true) = (worked, last, calm) else {
            return Ruling::Skip;
        };
        let records = [before.record]
            .into_iter()
            .chain(trouble.records)
            .chain([told.record]);
        match failed {
            None => Ruling::Holds(records.collect()),
            Some(reason) => broken(
                records,
                format!("pages come again after a {what}"),
                format!("{} cannot open one: {reason:?}", told.node),
            ),
        }
    })
}

#[cfg(test)]
mod tests;
