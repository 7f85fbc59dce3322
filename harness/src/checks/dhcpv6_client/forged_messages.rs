//! What the DHCPv6 client makes of messages that nobody should take in (RFC 8415 §16).
//!
//! Each forged message carries a prefix and a server of its own, which give away who took it in.

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::evidence::dhcpv6_exchanges::sent;
use crate::checks::evidence::given_prefixes::net_of;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.adv.validate",
        source: "RFC 8415 §16.3",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "識別子の欠けた、または自分宛てでないAdvertiseを破棄する",
            "Advertises without the right identifiers are dropped",
        ),
        hint: Text::new(
            "Server Identifier、自分のClient Identifier、トランザクションIDの三つを確かめてください。",
            "Check the Server Identifier, your own Client Identifier and the transaction id.",
        ),
        judge: advertise_validated,
    },
    Check {
        id: "dhcp6c.rep.validate",
        source: "RFC 8415 §16.10",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "識別子の欠けた、または自分宛てでないReplyを破棄する",
            "Replies without the right identifiers are dropped",
        ),
        hint: Text::new(
            "Server Identifier、自分のClient Identifier、トランザクションIDの三つを確かめてください。",
            "Check the Server Identifier, your own Client Identifier and the transaction id.",
        ),
        judge: reply_validated,
    },
    Check {
        id: "dhcp6c.msg.unknown-type",
        source: "RFC 8415 §16",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "未知の種別やクライアント用のメッセージを破棄する",
            "Messages of unknown type and of types for servers are dropped",
        ),
        hint: Text::new(
            "AdvertiseとReplyとReconfigure以外を処理しないでください。",
            "Take in Advertise, Reply and Reconfigure only.",
        ),
        judge: unknown_types,
    },
];

/// Returns the messages of these types that a scenario put on the WAN.
fn forged<'d>(
    trace: &'d Dissection<'_>,
    is_wanted: impl Fn(Kind) -> bool + 'd,
) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace.dhcpv6.iter().filter(move |found| {
        let to_client = found.injected && found.to_device(Role::Wan) && !found.lost;
        to_client && found.is.destination_port == CLIENT_PORT && is_wanted(found.is.kind)
    })
}

/// RFC 8415 §7.2.
const CLIENT_PORT: u16 = 546;

/// Whoever takes a message in shows it by then: it asks its server, or hands the prefix on.
const SHOWN_AFTER: Duration = Duration::from_secs(10);

fn advertise_validated(trace: &Dissection<'_>) -> Verdict {
    judged(trace, Kind::Advertise, &[Kind::Solicit])
}

fn reply_validated(trace: &Dissection<'_>) -> Verdict {
    let waiting = [
        Kind::Request,
        Kind::Renew,
        Kind::Rebind,
        Kind::InformationRequest,
    ];
    judged(trace, Kind::Reply, &waiting)
}

/// Judges forged answers of a type that came while the device waited for such a one.
fn judged(trace: &Dissection<'_>, kind: Kind, waiting: &[Kind]) -> Verdict {
    let answers = forged(trace, move |other| other == kind);
    every(
        "forged answer that the device waited for",
        answers,
        |answer| {
            let mut before = sent(trace).take_while(|found| found.record < answer.record);
            let Some(question) = before.by_ref().last() else {
                return Ruling::Skip;
            };
            if !waiting.contains(&question.is.kind) {
                return Ruling::Skip;
            }
            let why = if answer.is.server_id().is_none() {
                "it has no Server Identifier"
            } else if answer.is.xid != question.is.xid {
                "its transaction id is another one"
            } else {
                "its Client Identifier is not the device's"
            };
            untouched(trace, answer, why)
        },
    )
}

fn unknown_types(trace: &Dissection<'_>) -> Verdict {
    let odd = forged(trace, |kind| {
        !matches!(kind, Kind::Advertise | Kind::Reply | Kind::Reconfigure)
    });
    every(
        "message of a type that is not for clients",
        odd,
        |message| {
            let answer = trace.dhcpv6.iter().find(|found| {
                let soon = found.at <= message.arrives + SHOWN_AFTER;
                let back = found.by_device(Role::Wan) && found.destination == message.source;
                back && soon && found.record > message.record
            });
            match answer {
                Some(answer) => broken(
                    [message.record, answer.record],
                    "the message dropped",
                    format!("{:?} in answer", answer.is.kind),
                ),
                None => untouched(trace, message, "its type is not for clients"),
            }
        },
    )
}

/// Holds unless the device goes on with what a forged message says.
fn untouched(trace: &Dissection<'_>, forged: &Found<Dhcpv6>, why: &str) -> Ruling {
    let nets: Vec<Ipv6Net> = forged
        .is
        .delegations()
        .into_iter()
        .flat_map(|ia| ia.prefixes)
        .map(|prefix| prefix.prefix)
        .collect();
    let asked = sent(trace).find(|found| {
        let delegations = found.is.delegations();
        let mut wishes = delegations.iter().flat_map(|ia| &ia.prefixes);
        let named =
            forged.is.server_id().is_some() && found.is.server_id() == forged.is.server_id();
        found.record > forged.record && (named || wishes.any(|wish| nets.contains(&wish.prefix)))
    });
    let advertised = trace.router_adverts().find(|ra| {
        let lan: Vec<_> = ra.is.prefixes().filter_map(net_of).collect();
        let inside = lan
            .iter()
            .any(|lan| nets.iter().any(|net| net.contains(lan)));
        ra.by_device(Role::Lan) && ra.record > forged.record && inside
    });
    let expected = format!("the {:?} dropped, since {why}", forged.is.kind);
    let taken = asked.map(|found| (found.record, "the device asks for what it says"));
    let used = advertised.map(|ra| (ra.record, "the device hands its prefix on"));
    match taken.or(used) {
        Some((record, actual)) => broken([forged.record, record], expected, actual),
        None if trace.end() < forged.arrives + SHOWN_AFTER => Ruling::Skip,
        None => Ruling::Holds(vec![forged.record]),
    }
}

#[cfg(test)]
mod tests;
