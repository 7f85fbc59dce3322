//! What a server sends and the client did not ask for: a Reply to a Solicit, an association of
//! another IAID (RFC 8415 §12, §18.2.1).

use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::evidence::dhcpv6_exchanges::{last_sent, received, sent};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Delegation, Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6c.sol.unasked-reply",
        source: "RFC 8415 §18.2.1, §21.14",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "Rapid Commitを求めていないReplyを受け入れない",
            "A Reply to a Solicit without Rapid Commit is not taken",
        ),
        hint: Text::new(
            "Rapid Commitを付けずに送ったSolicitには、Advertiseだけを受け入れてください。サーバは何も割り当てていません。",
            "Take nothing but an Advertise in answer to a Solicit without Rapid Commit: the server has assigned nothing.",
        ),
        judge: unasked_reply,
    },
    Check {
        id: "dhcp6c.rep.iaid",
        source: "RFC 8415 §12, §18.2.10.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "要求していないIAIDのプレフィックスを使わない",
            "A prefix of an IAID that was not asked for is not used",
        ),
        hint: Text::new(
            "応答のIA_PDのうち、自分が要求したIAIDのものだけを使ってください。",
            "Use those IA_PDs of an answer alone whose IAID you asked for.",
        ),
        judge: foreign_association,
    },
];

/// RFC 8415 §21.14.
const RAPID_COMMIT: u16 = 14;

/// How long a client that goes on may take to send its Request: it collects offers for the first
/// timeout (RFC 8415 §18.2.1).
const ASKS_WITHIN: Duration = Duration::from_secs(10);

fn unasked_reply(trace: &Dissection<'_>) -> Verdict {
    let asked = |answer: &Found<Dhcpv6>| {
        let last = last_sent(trace, answer.record)?;
        (last.is.kind == Kind::Solicit && last.is.xid == answer.is.xid).then_some(last)
    };
    let replies = received(trace).filter_map(|answer| {
        let solicit = asked(answer).filter(|_| answer.is.kind == Kind::Reply)?;
        let commits = solicit.is.codes().contains(&RAPID_COMMIT);
        // RFC 8415 §21.22: what is preferred longer than it is valid is not to be taken anyway.
        let granted = answer.is.granted();
        let can_be_taken = granted.iter().any(|(_, it)| it.preferred <= it.valid);
        (!commits && can_be_taken).then_some((solicit, answer))
    });
    every("Reply to a Solicit", replies, |(solicit, reply)| {
        let next = sent(trace).find(|found| found.record > reply.record);
        let deadline = reply.arrives + ASKS_WITHIN;
        match next {
            // Who goes on to look for a server, or asks the one that made an offer, took nothing.
            Some(next) if matches!(next.is.kind, Kind::Solicit | Kind::Request) => {
                Ruling::Holds(vec![solicit.record, reply.record, next.record])
            }
            _ if trace.end() < deadline || trace.is_disturbed(reply.at, deadline) => Ruling::Skip,
            next => broken(
                [Some(solicit), Some(reply), next]
                    .into_iter()
                    .flatten()
                    .map(|found| found.record),
                "a Request after the Advertise, as no Rapid Commit was asked for",
                match next {
                    Some(next) => format!("the Reply taken, and a {:?} next", next.is.kind),
                    None => "the Reply taken, and no Request".to_owned(),
                },
            ),
        }
    })
}

fn foreign_association(trace: &Dissection<'_>) -> Verdict {
    let right: Vec<Ipv6Net> = received(trace)
        .flat_map(|answer| answer.is.granted())
        .map(|(_, granted)| granted.prefix)
        .collect();
    let told = received(trace).flat_map(|answer| {
        let all = answer.is.all_delegations().into_iter();
        let foreign = all.filter(|one| answer.is.unasked.contains(&one.iaid));
        foreign.flat_map(move |one| {
            let told = prefixes(&one).map(|prefix| (answer, one.iaid, prefix));
            told.collect::<Vec<_>>()
        })
    });
    let told = told.filter(|(_, _, prefix)| !right.iter().any(|own| own.contains(prefix)));
    every(
        "IA_PD that was not asked for",
        told,
        |(answer, iaid, prefix)| {
            let adverts = || {
                let adverts = trace.router_adverts();
                adverts.filter(|found| found.by_device(Role::Lan) && found.record > answer.record)
            };
            let used = adverts().find(|found| {
                let mut named = found.is.prefixes();
                named.any(|one| prefix.contains(&one.prefix) && one.valid > 0)
            });
            if let Some(used) = used {
                return broken(
                    [answer.record, used.record],
                    format!("nothing of {prefix}, which IAID {iaid:#x} brought"),
                    "it is advertised on the LAN",
                );
            }
            match adverts().find(|found| found.is.prefixes().next().is_some()) {
                Some(other) => Ruling::Holds(vec![answer.record, other.record]),
                None => Ruling::Skip,
            }
        },
    )
}

fn prefixes(association: &Delegation) -> impl Iterator<Item = Ipv6Net> {
    association.prefixes.iter().map(|one| one.prefix)
}
