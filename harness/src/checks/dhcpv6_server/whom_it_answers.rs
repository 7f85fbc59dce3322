//! Whom the DHCPv6 server answers: no stray message, and nobody on the WAN (RFC 8415 §16).

use dhcproto::v6::DhcpOption;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::evidence::lan_dhcpv6::{answers, questions};
use crate::checks::ruling::{finding, never};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6s.solicit-with-serverid",
        source: "RFC 8415 §16.2, §16.5, §16.7",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "サーバIDのあるSolicit、Confirm、Rebindに応答しない",
            "Solicit, Confirm and Rebind with a server identifier get no answer",
        ),
        hint: Text::new(
            "サーバIDを含むSolicit、Confirm、Rebindは破棄してください。",
            "Drop Solicit, Confirm and Rebind messages that name a server.",
        ),
        judge: solicit_with_server_id,
    },
    Check {
        id: "dhcp6s.foreign-serverid",
        source: "RFC 8415 §16.4, §16.6, §16.8, §16.9, §16.12",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "別のサーバ宛てのDHCPv6メッセージに応答しない",
            "DHCPv6 messages for another server get no answer",
        ),
        hint: Text::new(
            "サーバIDが自分のものでないメッセージは破棄してください。",
            "Drop messages whose Server Identifier is not your own.",
        ),
        judge: foreign_server_id,
    },
    Check {
        id: "dhcp6s.unicast-solicit",
        source: "RFC 8415 §16",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "ユニキャストのSolicitやInformation-requestに応答しない",
            "Solicit and Information-request by unicast get no answer",
        ),
        hint: Text::new(
            "ユニキャストアドレス宛てのSolicit、Confirm、Rebind、Information-requestは破棄してください。",
            "Drop Solicit, Confirm, Rebind and Information-request that came to a unicast address.",
        ),
        judge: unicast_solicit,
    },
    Check {
        id: "dhcp6s.inf-with-ia",
        source: "RFC 8415 §16.12",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "IAオプションのあるInformation-requestに応答しない",
            "An Information-request with an IA option gets no answer",
        ),
        hint: Text::new(
            "IAオプションを含むInformation-requestは破棄してください。",
            "Drop an Information-request that holds an IA option.",
        ),
        judge: information_with_ia,
    },
    Check {
        id: "dhcp6s.not-on-wan",
        source: "RFC 6092 §3.1 REC-9",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "WAN側のDHCPv6クライアントに応答しない",
            "DHCPv6 clients on the WAN get no answer",
        ),
        hint: Text::new(
            "DHCPv6サーバをLAN側だけで動かしてください。",
            "Run the DHCPv6 server on the LAN alone.",
        ),
        judge: no_server_on_wan,
    },
];

/// Judges that no message of a kind was answered by a server that does answer that client.
fn unanswered(
    what: &str,
    trace: &Dissection<'_>,
    is_wrong: impl Fn(&Found<Dhcpv6>) -> bool,
) -> Verdict {
    let wrong: Vec<_> = questions(trace).filter(|found| is_wrong(found)).collect();
    // Several messages may share a transaction id; what is right about it excuses the answer.
    let answer_to = |question: &Found<Dhcpv6>| {
        let shared = questions(trace).any(|other| {
            other.is.xid == question.is.xid && other.source == question.source && !is_wrong(other)
        });
        answers(trace)
            .find(|answer| {
                answer.is.xid == question.is.xid
                    && answer.at >= question.arrives
                    && (answer.destination == question.source || answer.destination.is_multicast())
            })
            .filter(|_| !shared)
    };
    let answered = wrong.iter().find_map(|question| {
        let answer = answer_to(question)?;
        Some(finding(
            [question.record, answer.record],
            format!("no answer to a {what}"),
            format!("a {:?}", answer.is.kind),
        ))
    });
    let served = |question: &&&Found<Dhcpv6>| {
        answers(trace).any(|answer| answer.destination == question.source)
    };
    // Somebody who is never answered proves nothing.
    let tried = wrong.iter().filter(served).map(|found| found.record);
    never(what, tried, answered)
}

fn solicit_with_server_id(trace: &Dissection<'_>) -> Verdict {
    unanswered(
        "Solicit, Confirm or Rebind with a server identifier",
        trace,
        |found| {
            let any = matches!(found.is.kind, Kind::Solicit | Kind::Confirm | Kind::Rebind);
            any && found.is.server_id().is_some()
        },
    )
}

fn foreign_server_id(trace: &Dissection<'_>) -> Verdict {
    let own: Vec<_> = answers(trace)
        .filter_map(|found| found.is.server_id())
        .collect();
    unanswered("message for another server", trace, |found| {
        let directed = matches!(
            found.is.kind,
            Kind::Request | Kind::Renew | Kind::Release | Kind::Decline | Kind::InformationRequest
        );
        let foreign = found
            .is
            .server_id()
            .is_some_and(|server| !own.contains(&server));
        directed && foreign
    })
}

fn unicast_solicit(trace: &Dissection<'_>) -> Verdict {
    unanswered(
        "Solicit or Information-request by unicast",
        trace,
        |found| {
            let any = matches!(
                found.is.kind,
                Kind::Solicit | Kind::Confirm | Kind::Rebind | Kind::InformationRequest
            );
            any && !found.destination.is_multicast()
        },
    )
}

fn information_with_ia(trace: &Dissection<'_>) -> Verdict {
    unanswered("Information-request with an IA option", trace, |found| {
        let has_ia = found.is.options.iter().any(|option| {
            matches!(
                option,
                DhcpOption::IANA(_) | DhcpOption::IATA(_) | DhcpOption::IAPD(_)
            )
        });
        found.is.kind == Kind::InformationRequest && has_ia
    })
}

fn no_server_on_wan(trace: &Dissection<'_>) -> Verdict {
    let asked = trace
        .dhcpv6
        .iter()
        .filter(|found| found.to_device(Role::Wan) && found.is.is_from_client());
    let answers = trace.dhcpv6.iter().filter(|found| {
        found.by_device(Role::Wan) && matches!(found.is.kind, Kind::Advertise | Kind::Reply)
    });
    never(
        "DHCPv6 client on the WAN",
        asked.map(|found| found.record),
        answers.map(|found| {
            let kind = format!("{:?}", found.is.kind);
            finding([found.record], "no DHCPv6 answer on the WAN", kind)
        }),
    )
}

#[cfg(test)]
mod tests;
