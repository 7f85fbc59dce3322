//! The DHCPv6 server on the LAN: whom it answers, how, and with what (RFC 8415 §16, §18.3).

use std::time::Duration;

use dhcproto::v6::{DhcpOption, OptionCode};
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::dhcpv6::SNTP_SERVERS;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use super::dhcpv6::received;
use super::{CE_ROUTER, Check, EVERYONE, Ruling, broken, every, expect, finding, never};
use crate::dissection::dhcpv6::CLIENT_PORT;
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dhcp6s.echo-xid",
        source: "RFC 8415 §18.3",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6の応答に端末のトランザクションIDを返す",
            "DHCPv6 answers carry the client's transaction id",
        ),
        hint: Text::new(
            "応答には要求のトランザクションIDをそのまま入れてください。端末は異なる応答を捨てます。",
            "Copy the transaction id of the question; clients drop any other answer.",
        ),
        judge: echo_xid,
    },
    Check {
        id: "dhcp6s.echo-client-id",
        source: "RFC 8415 §18.3, §16.10",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6の応答に端末のクライアントIDを返す",
            "DHCPv6 answers carry the client's identifier",
        ),
        hint: Text::new(
            "要求にクライアントIDがあれば、応答に同じものを入れてください。",
            "Copy the Client Identifier of the question into the answer.",
        ),
        judge: echo_client_id,
    },
    Check {
        id: "dhcp6s.server-id",
        source: "RFC 8415 §16.3, §16.10, §11",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6の応答に常に同じサーバIDを入れる",
            "DHCPv6 answers carry a server identifier, always the same",
        ),
        hint: Text::new(
            "応答にサーバIDを入れ、再起動しても変えないでください。端末はサーバIDのない応答を捨てます。",
            "Put a Server Identifier into each answer and keep it; clients drop answers without one.",
        ),
        judge: server_id,
    },
    Check {
        id: "dhcp6s.unicast-answer",
        source: "RFC 8415 §18.3, §7.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6の応答を端末のアドレスのポート546へ送る",
            "DHCPv6 answers go to the client's address, port 546",
        ),
        hint: Text::new(
            "応答は要求の送信元アドレスへユニキャストで、ポート546宛てに送ってください。",
            "Send the answer to where the question came from, by unicast, port 546.",
        ),
        judge: unicast_answer,
    },
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
        source: "RFC 8415 §16.4, §16.6, §16.9, §16.12",
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
        id: "dhcp6s.search",
        source: "RFC 7084 §4.3 L-10, L-12; ngn-facts §2.3",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線から得た検索リストを端末へ伝える",
            "The search list of the line is passed on to terminals",
        ),
        hint: Text::new(
            "回線のDHCPv6で得たドメイン検索リストを、LAN側のDHCPv6の応答に入れてください。",
            "Put the domain search list that the line told into the answers on the LAN.",
        ),
        judge: search,
    },
    Check {
        id: "dhcp6s.pass-options",
        source: "RFC 7084 §4.3 L-12; RFC 4075 §4; ngn-facts §2.3",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "回線から得たSNTPサーバを、求めた端末へ伝える",
            "The line's SNTP servers are passed on to terminals that ask",
        ),
        hint: Text::new(
            "回線のDHCPv6で得たSNTPサーバ（オプション31）を、LAN側のDHCPv6の応答に入れてください。",
            "Put the SNTP servers that the line told (option 31) into the answers on the LAN.",
        ),
        judge: sntp,
    },
];

/// Returns what clients on the LAN said and the device heard.
fn questions<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace
        .dhcpv6
        .iter()
        .filter(|found| found.to_device(Role::Lan) && found.is.is_from_client())
}

/// Returns what the device's server said on the LAN.
fn answers<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace.dhcpv6.iter().filter(|found| {
        found.by_device(Role::Lan) && matches!(found.is.kind, Kind::Advertise | Kind::Reply)
    })
}

/// No server thinks longer about its answer.
const THINKING: Duration = Duration::from_secs(10);

/// Returns what an answer's client asked lately, the latest first.
fn asked_before<'d>(trace: &'d Dissection<'_>, answer: &Found<Dhcpv6>) -> Vec<&'d Found<Dhcpv6>> {
    let mut asked: Vec<_> = questions(trace)
        .filter(|question| {
            let same = question.source == answer.destination
                || question.eth_source == answer.eth_destination
                || answer.destination.is_multicast();
            same && question.arrives <= answer.at && answer.at.since(question.arrives) <= THINKING
        })
        .collect();
    asked.reverse();
    asked
}

/// Returns the question of an answer: with its transaction id, else the latest of that client.
fn question_of<'d>(trace: &'d Dissection<'_>, answer: &Found<Dhcpv6>) -> Option<&'d Found<Dhcpv6>> {
    let asked = asked_before(trace, answer);
    let exact = asked.iter().find(|one| one.is.xid == answer.is.xid);
    exact.or(asked.first()).copied()
}

fn echo_xid(trace: &Dissection<'_>) -> Verdict {
    every("DHCPv6 answer on the LAN", answers(trace), |answer| {
        let Some(question) = question_of(trace, answer) else {
            return Ruling::Skip;
        };
        expect(
            [question.record, answer.record],
            question.is.xid == answer.is.xid,
            format!("transaction id {:06x}", question.is.xid),
            format!("{:06x}", answer.is.xid),
        )
    })
}

fn echo_client_id(trace: &Dissection<'_>) -> Verdict {
    every("DHCPv6 answer on the LAN", answers(trace), |answer| {
        let Some(question) = question_of(trace, answer) else {
            return Ruling::Skip;
        };
        let Some(client) = question.is.client_id() else {
            return Ruling::Skip;
        };
        expect(
            [question.record, answer.record],
            answer.is.client_id() == Some(client),
            format!("client identifier {client:02x?}"),
            match answer.is.client_id() {
                Some(other) => format!("{other:02x?}"),
                None => "none".to_owned(),
            },
        )
    })
}

fn server_id(trace: &Dissection<'_>) -> Verdict {
    let mut first = None;
    every("DHCPv6 answer on the LAN", answers(trace), |answer| {
        let Some(own) = answer.is.server_id() else {
            return broken([answer.record], "a server identifier", "none");
        };
        let (record, known) = *first.get_or_insert((answer.record, own));
        expect(
            [record, answer.record],
            own == known,
            format!("server identifier {known:02x?} as before"),
            format!("{own:02x?}"),
        )
    })
}

fn unicast_answer(trace: &Dissection<'_>) -> Verdict {
    every("DHCPv6 answer on the LAN", answers(trace), |answer| {
        let Some(question) = question_of(trace, answer) else {
            return Ruling::Skip;
        };
        let port = answer.is.destination_port;
        expect(
            [question.record, answer.record],
            answer.destination == question.source && port == CLIENT_PORT,
            format!("an answer to {}, port {CLIENT_PORT}", question.source),
            format!("one to {}, port {port}", answer.destination),
        )
    })
}

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

fn search(trace: &Dissection<'_>) -> Verdict {
    passed_on(trace, OptionCode::DomainSearchList, "search list")
}

fn sntp(trace: &Dissection<'_>) -> Verdict {
    passed_on(trace, OptionCode::from(SNTP_SERVERS), "SNTP servers")
}

/// What a device may need to hand something on: programs that start one another.
const TO_HAND_ON: Duration = Duration::from_secs(20);

/// Judges that clients who ask for an option get it once the line told it.
fn passed_on(trace: &Dissection<'_>, code: OptionCode, what: &str) -> Verdict {
    let has = |message: &Dhcpv6| {
        let mut codes = message
            .options
            .iter()
            .map(|option| u16::from(OptionCode::from(option)));
        codes.any(|other| other == u16::from(code))
    };
    let Some(told) = received(trace)
        .find(|found| !found.injected && found.is.kind == Kind::Reply && has(&found.is))
    else {
        return Verdict::Inconclusive(format!("the line told no {what}"));
    };
    let asked = answers(trace).filter_map(|answer| {
        let question = question_of(trace, answer)?;
        let wanted = question.is.kind == Kind::InformationRequest
            && question.is.xid == answer.is.xid
            && question.is.requested().contains(&u16::from(code));
        wanted.then_some((question, answer))
    });
    every(
        &format!("answer to a client that asked for the {what}"),
        asked,
        |(question, answer)| {
            if answer.at < told.arrives + TO_HAND_ON || trace.is_disturbed(told.at, answer.at) {
                return Ruling::Skip;
            }
            expect(
                [told.record, question.record, answer.record],
                has(&answer.is),
                format!("the {what} in the Reply"),
                "none",
            )
        },
    )
}

#[cfg(test)]
mod tests;
