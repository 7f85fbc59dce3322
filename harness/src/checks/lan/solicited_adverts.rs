//! Router Solicitations on the LAN: how soon they are answered, how seldom to everybody, and which
//! are thrown away (RFC 4861 §6.1.1, §6.2.6).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{ROUTER_SOLICITATION, RouterAdvert};
use ngnlab_sim::message::packet::{ALL_NODES, Packet};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::icmpv6_messages::kind_of;
use crate::checks::evidence::lan_adverts::adverts;
use crate::checks::ruling::{Ruling, at_least, every, finding, never, seconds, within};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "lan.ra.solicited-delay",
        source: "RFC 4861 §6.2.6, §10",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RSに0.5秒以内に応答する",
            "A Router Solicitation is answered within 0.5 s",
        ),
        hint: Text::new(
            "端末のRSには0.5秒以内にRAを返してください。",
            "Answer terminals' Router Solicitations within half a second.",
        ),
        judge: solicited_delay,
    },
    Check {
        id: "lan.ra.multicast-rate",
        source: "RFC 4861 §6.2.6, §10",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "マルチキャストのRAの間隔が3秒以上である",
            "Multicast advertisements are at least 3 s apart",
        ),
        hint: Text::new(
            "RAの送信間隔を3秒以上にしてください。",
            "Keep 3 s or more between multicast advertisements.",
        ),
        judge: multicast_rate,
    },
    Check {
        id: "lan.ra.rs-validation",
        source: "RFC 4861 §6.1.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "不正なRSに応答しない",
            "Invalid Router Solicitations get no answer",
        ),
        hint: Text::new(
            "ホップリミットが255でないRSなど、不正なRSは破棄してください。",
            "Drop Router Solicitations that fail the validity checks, as a hop limit below 255.",
        ),
        judge: rs_validation,
    },
];

/// MAX_RA_DELAY_TIME, with a little for the wire (RFC 4861 §10).
const RA_DELAY: Duration = Duration::from_millis(550);

/// MIN_DELAY_BETWEEN_RAS (RFC 4861 §10).
const BETWEEN_RAS: Duration = Duration::from_secs(3);

/// What senders may be early by.
const SLACK: Duration = Duration::from_millis(100);

/// Returns the solicitations of terminals that pass the checks of RFC 4861 §6.1.1.
fn valid_solicits(trace: &Dissection<'_>) -> Vec<Found<()>> {
    trace
        .router_solicits()
        .filter(|rs| {
            rs.to_device(Role::Lan)
                && !(rs.source.is_unspecified() && rs.is.source_link_layer.is_some())
        })
        .map(|rs| rs.with(()))
        .collect()
}

fn solicited_delay(trace: &Dissection<'_>) -> Verdict {
    let adverts: Vec<_> = adverts(trace).collect();
    every(
        "Router Solicitation on the LAN",
        valid_solicits(trace),
        |rs| {
            // Before its first advertisement a device may have nothing to advertise.
            let Some(before) = adverts.iter().rev().find(|ra| ra.at <= rs.at) else {
                return Ruling::Skip;
            };
            let mut later = adverts.iter().filter(|ra| ra.at >= rs.at);
            let answer = later.find(|ra| reaches(trace, ra, &rs));
            let answered_at = answer.map_or(trace.end(), |ra| ra.at);
            if trace.is_disturbed(before.at, answered_at) {
                return Ruling::Skip;
            }
            // RFC 4861 §6.2.6: a multicast answer waits until 3 s after the last one.
            let last = adverts
                .iter()
                .rev()
                .find(|ra| ra.at <= rs.at && ra.destination == ALL_NODES);
            let pause = last.map_or(Duration::ZERO, |last| {
                BETWEEN_RAS.saturating_sub(rs.arrives.since(last.at))
            });
            within(trace, &rs, answer, pause + RA_DELAY, "an advertisement")
        },
    )
}

/// Returns whether an advertisement comes to who solicited: to all, or to its addresses (RFC 4861
/// §6.2.6).
fn reaches(trace: &Dissection<'_>, ra: &Found<&RouterAdvert>, rs: &Found<()>) -> bool {
    // Not every capture has link-layer addresses.
    let to_asker = trace.header().captured.is_some() || ra.eth_destination == rs.eth_source;
    let to_all = trace.header().captured.is_some() || ra.eth_destination.is_multicast();
    ra.destination == ALL_NODES && to_all || ra.destination == rs.source && to_asker
}

fn multicast_rate(trace: &Dissection<'_>) -> Verdict {
    let multicast: Vec<_> = adverts(trace)
        .filter(|ra| ra.destination.is_multicast())
        .collect();
    every(
        "second multicast advertisement on the LAN",
        multicast.windows(2),
        |pair| {
            if trace.is_disturbed(pair[0].at, pair[1].at) {
                return Ruling::Skip;
            }
            at_least(
                trace,
                [pair[0].record, pair[1].record],
                [pair[0].at, pair[1].at],
                BETWEEN_RAS.saturating_sub(SLACK),
                format!("{} between them", seconds(BETWEEN_RAS)),
            )
        },
    )
}

fn rs_validation(trace: &Dissection<'_>) -> Verdict {
    let valid = valid_solicits(trace);
    let is_valid = |record| valid.iter().any(|rs| rs.record == record);
    let invalid: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.to_device(Role::Lan)
                && kind_of(&found.is) == Some(ROUTER_SOLICITATION)
                && !is_valid(found.record)
        })
        .collect();
    let mut answers: Vec<(&Found<Packet<'_>>, Found<&RouterAdvert>)> = Vec::new();
    for ra in adverts(trace) {
        // An answer to somebody else's valid one is no proof.
        let excused = valid
            .iter()
            .any(|other| other.at <= ra.at && ra.at <= other.at + BETWEEN_RAS + RA_DELAY);
        let to_all = ra.destination.is_multicast();
        let rs = invalid.iter().find(|rs| {
            let in_time = rs.at <= ra.at && ra.at <= rs.arrives + RA_DELAY;
            let is_for_it = ra.destination == rs.source || to_all && rs.source.is_unspecified();
            in_time && is_for_it
        });
        if let Some(rs) = rs.filter(|_| !excused) {
            answers.push((rs, ra));
        }
    }
    // A multicast one may have been due just then; twice is no accident.
    let sure = answers
        .iter()
        .find(|(_, ra)| !ra.destination.is_multicast())
        .or_else(|| answers.first().filter(|_| answers.len() > 1));
    if let ([(_, ra)], None) = (&answers[..], sure) {
        return Verdict::Inconclusive(format!(
            "record {} may be an answer, or an advertisement that was due",
            ra.record
        ));
    }
    never(
        "invalid Router Solicitation",
        invalid.iter().map(|rs| rs.record),
        sure.map(|(rs, ra)| {
            finding(
                [rs.record, ra.record],
                "no answer to an invalid Router Solicitation",
                format!("an advertisement {} later", seconds(ra.at.since(rs.at))),
            )
        }),
    )
}

#[cfg(test)]
mod tests;
