//! What the DHCPv6 server on the LAN hands out: DNS servers, and what the line gave it.

use std::time::Duration;

use dhcproto::v6::OptionCode;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::dhcpv6::SNTP_SERVERS;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::dhcpv6_server::questions::question_of;
use crate::checks::evidence::dhcpv6_exchanges::{received, sent};
use crate::checks::evidence::lan_dhcpv6::answers;
use crate::checks::ruling::{Ruling, every, expect, not_applicable, within};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
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
    Check {
        id: "dhcp6s.mode",
        source: "RFC 7084 §4.3 L-8; ngn-facts §5.12",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側のDHCPv6クライアントに応答する",
            "DHCPv6 clients on the LAN are answered",
        ),
        hint: Text::new(
            "LANインタフェースでDHCPv6サーバを有効にしてください。",
            "Run a DHCPv6 server on the LAN.",
        ),
        judge: dhcpv6_answers,
    },
    Check {
        id: "dhcp6s.dns",
        source: "RFC 7084 §4.3 L-10; ngn-facts §5.12",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側のDHCPv6でDNSサーバを知らせる",
            "DHCPv6 on the LAN names DNS servers",
        ),
        hint: Text::new(
            "DHCPv6サーバの応答にDNSサーバを入れてください。",
            "Put DNS servers into the answers of the DHCPv6 server.",
        ),
        judge: dhcpv6_dns,
    },
];

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
    // Whoever does not ask is told nothing, and has nothing to pass on.
    if !sent(trace).any(|found| found.is.requested().contains(&u16::from(code))) {
        return not_applicable(&format!("the device asks the line for no {what}"));
    }
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
            // What was cut long before is back; only a restart makes the device forget.
            let lately = told.at.max(answer.at - TO_HAND_ON);
            let mut since = trace.steps.iter().filter(|step| step.over() >= told.at);
            let restarted = since.any(|step| step.began() <= answer.at && step.cuts_power());
            let is_early = answer.at < told.arrives + TO_HAND_ON;
            if is_early || restarted || trace.is_disturbed(lately, answer.at) {
                return Ruling::Skip;
            }
            // What the line says last counts (RFC 8415 §18.2.10).
            let mut later = received(trace).filter(|reply| {
                reply.is.kind == Kind::Reply && told.at < reply.at && reply.at <= answer.at
            });
            if !has(&answer.is) && later.any(|reply| !has(&reply.is)) {
                return Ruling::Skip;
            }
            expect(
                [told.record, question.record, answer.record],
                has(&answer.is),
                format!("the {what} in the Reply"),
                "none",
            )
            .unless_late(
                trace,
                Delay::Overrun {
                    from: told.arrives,
                    to: answer.at,
                    by: answer.at.since(told.arrives + TO_HAND_ON),
                },
            )
        },
    )
}

/// How long a client may have to wait; it repeats its question after about a second
/// (INF_TIMEOUT, RFC 8415 §7.6).
const DHCPV6_PATIENCE: Duration = Duration::from_secs(5);

fn dhcpv6_answers(trace: &Dissection<'_>) -> Verdict {
    let asked = trace.dhcpv6.iter().filter(|found| {
        found.to_device(Role::Lan)
            && found.is.kind == Kind::InformationRequest
            && (!found.injected || is_in_order(trace, found))
    });
    every("Information-Request on the LAN", asked, |found| {
        let answer = trace.dhcpv6.iter().find(|other| {
            other.by_device(Role::Lan)
                && other.is.kind == Kind::Reply
                && other.is.xid == found.is.xid
                && other.at >= found.at
        });
        if trace.is_disturbed(found.at, found.at + DHCPV6_PATIENCE) {
            return Ruling::Skip;
        }
        within(trace, found, answer, DHCPV6_PATIENCE, "a Reply")
    })
}

/// Returns whether a crafted question is one for this server (RFC 8415 §16.12), of somebody whose
/// link-layer address it has heard.
fn is_in_order(trace: &Dissection<'_>, found: &Found<Dhcpv6>) -> bool {
    const IA_NA: u16 = 3;
    let for_any = found.destination.is_multicast() && found.is.server_id().is_none();
    let stateless = found.is.delegations().is_empty() && !found.is.codes().contains(&IA_NA);
    let introduced = trace.neighbor_solicits().any(|ns| {
        let known = ns.is.source_link_layer == Some(found.eth_source);
        ns.to_device(Role::Lan) && ns.source == found.source && known && ns.at <= found.at
    });
    for_any && stateless && introduced
}

fn dhcpv6_dns(trace: &Dissection<'_>) -> Verdict {
    let replies = trace
        .dhcpv6
        .iter()
        .filter(|found| found.by_device(Role::Lan) && found.is.kind == Kind::Reply);
    every("DHCPv6 Reply on the LAN", replies, |found| {
        expect(
            [found.record],
            found
                .is
                .dns_servers()
                .is_some_and(|servers| !servers.is_empty()),
            "DNS servers in the Reply",
            "none",
        )
    })
}

#[cfg(test)]
mod tests;
