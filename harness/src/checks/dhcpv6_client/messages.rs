//! What every message of the DHCPv6 client holds, and from where it takes answers (RFC 8415 §18.2;
//! ngn-facts §2, §3.3).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::dhcpv6_exchanges::{hex, received, sent};
use crate::checks::ruling::{Ruling, broken, every, expect, only_in};
use crate::dissection::dhcpv6::SERVER_PORT;
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ngn.dhcp6.duid-ll",
        source: "ngn-facts §2.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6クライアントのDUIDがDUID-LLである",
            "The DHCPv6 client identifies itself by DUID-LL",
        ),
        hint: Text::new(
            "DUIDの種別をDUID-LL（タイプ3、MACアドレスのみ）に設定してください。",
            "Set the DUID to type 3, made of the MAC address alone.",
        ),
        judge: duid_ll,
    },
    Check {
        id: "ngn.dhcp6.information-request",
        source: "ngn-facts §2.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RA方式の回線でInformation-Requestを送る",
            "On RA lines the device sends an Information-Request",
        ),
        hint: Text::new(
            "RAのOフラグに従い、Information-Request（ir=onなど）を送るようにしてください。",
            "Follow the O flag of the advertisement with an Information-Request.",
        ),
        judge: information_request,
    },
    Check {
        id: "dhcp6c.msg.client-id",
        source: "RFC 8415 §18.2.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "DHCPv6のメッセージにClient Identifierを含める",
            "DHCPv6 messages carry a Client Identifier",
        ),
        hint: Text::new(
            "Solicit、Request、RenewなどにClient Identifierを入れてください。",
            "Put a Client Identifier into Solicit, Request, Renew and the like.",
        ),
        judge: client_id,
    },
    Check {
        id: "dhcp6c.oro.sol-max-rt",
        source: "RFC 8415 §18.2.1, §21.24; RFC 7084 §4.2 WAA-8",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "SolicitとRequestでSOL_MAX_RTを要求する",
            "Solicit and Request ask for SOL_MAX_RT",
        ),
        hint: Text::new(
            "Option RequestにSOL_MAX_RT（82）を加えてください。",
            "Add SOL_MAX_RT, option 82, to the Option Request.",
        ),
        judge: sol_max_rt,
    },
    Check {
        id: "dhcp6c.oro.dns",
        source: "RFC 7084 §4.2 WAA-4",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "DHCPv6でDNSサーバを要求する",
            "DNS servers are asked for by DHCPv6",
        ),
        hint: Text::new(
            "Option RequestにDNSサーバ（23）を加えてください。",
            "Add the DNS servers, option 23, to the Option Request.",
        ),
        judge: asks_for_dns,
    },
    Check {
        id: "dhcp6c.req.server-id",
        source: "RFC 8415 §18.2.2, §18.2.4",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "RequestとRenewで選んだサーバを示す",
            "Request and Renew name the chosen server",
        ),
        hint: Text::new(
            "RequestとRenewにサーバのServer Identifierを入れてください。",
            "Put the server's identifier into Request and Renew.",
        ),
        judge: server_id,
    },
    Check {
        id: "ngn.dhcp6.reply-from-any-port",
        source: "ngn-facts §3.3, §5.12",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "送信元ポートが547でないDHCPv6の応答も受け取る",
            "DHCPv6 answers are taken from any source port",
        ),
        hint: Text::new(
            "WAN側フィルタでは宛先ポート546だけを見て許可してください。",
            "Let the WAN filter admit UDP to port 546 whatever port it comes from.",
        ),
        judge: any_port,
    },
];

fn duid_ll(trace: &Dissection<'_>) -> Verdict {
    every(
        "DHCPv6 message with a Client Identifier",
        sent(trace),
        |found| {
            let Some(duid) = found.is.client_id() else {
                return Ruling::Skip;
            };
            // Any of the device's MAC addresses will do, also one that no port of ours sees.
            let is_ll = matches!(duid, [0, 3, 0, 1, first, _, _, _, _, _] if first & 1 == 0);
            expect(
                [found.record],
                is_ll,
                "00 03 00 01 and a MAC address",
                hex(duid),
            )
        },
    )
}

/// Slow duplicate address detection (design §12) and the random delays of RFC 8415 §18.2.6.
const INFORMED_AFTER: Duration = Duration::from_secs(30);

fn information_request(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Ra, trace, || {
        let advert = trace.router_adverts().find(|ra| {
            ra.to_device(Role::Wan) && ra.is.other && !ra.is.managed && !ra.is.lifetime.is_zero()
        });
        every("Router Advertisement with the O flag", advert, |ra| {
            let request = sent(trace).find(|found| found.is.kind == Kind::InformationRequest);
            match request {
                Some(found) => Ruling::Holds(vec![ra.record, found.record]),
                None if trace.end() < ra.arrives + INFORMED_AFTER
                    || trace.is_disturbed(ra.at, ra.arrives + INFORMED_AFTER) =>
                {
                    Ruling::Skip
                }
                None => broken(
                    [ra.record],
                    "an Information-Request, since the advertisement has the O flag",
                    "none",
                )
                .unless_late(
                    trace,
                    Delay::Silence {
                        from: ra.arrives,
                        due: ra.arrives + INFORMED_AFTER,
                    },
                ),
            }
        })
    })
}

fn client_id(trace: &Dissection<'_>) -> Verdict {
    // RFC 8415 §18.2.6 leaves it out of the duties of Information-Request.
    let messages = sent(trace).filter(|found| found.is.kind != Kind::InformationRequest);
    every(
        "DHCPv6 message that must name its client",
        messages,
        |found| {
            expect(
                [found.record],
                found.is.client_id().is_some(),
                "a Client Identifier",
                "none",
            )
        },
    )
}

/// SOL_MAX_RT (RFC 8415 §21.24).
const SOL_MAX_RT: u16 = 82;

/// DNS Recursive Name Server (RFC 3646 §3).
const DNS_SERVERS: u16 = 23;

fn sol_max_rt(trace: &Dissection<'_>) -> Verdict {
    let messages =
        sent(trace).filter(|found| matches!(found.is.kind, Kind::Solicit | Kind::Request));
    every("Solicit or Request", messages, |found| {
        requests(found, SOL_MAX_RT)
    })
}

fn asks_for_dns(trace: &Dissection<'_>) -> Verdict {
    let messages = sent(trace).filter(|found| {
        matches!(
            found.is.kind,
            Kind::Solicit | Kind::Request | Kind::InformationRequest
        )
    });
    // A device may ask for DNS on its own, beside the delegation.
    let asks_apart = sent(trace).any(|other| {
        other.is.kind == Kind::InformationRequest && other.is.requested().contains(&DNS_SERVERS)
    });
    every(
        "Solicit, Request or Information-Request",
        messages,
        |found| {
            if asks_apart && found.is.kind != Kind::InformationRequest {
                return Ruling::Skip;
            }
            requests(found, DNS_SERVERS)
        },
    )
}

fn requests(found: &Found<Dhcpv6>, code: u16) -> Ruling {
    let requested = found.is.requested();
    expect(
        [found.record],
        requested.contains(&code),
        format!("option {code} in the Option Request"),
        format!("{requested:?}"),
    )
}

fn server_id(trace: &Dissection<'_>) -> Verdict {
    let messages = sent(trace).filter(|found| {
        matches!(
            found.is.kind,
            Kind::Request | Kind::Renew | Kind::Release | Kind::Decline
        )
    });
    every("Request or Renew", messages, |found| {
        let known = received(trace)
            .filter(|answer| answer.at <= found.at)
            .any(|answer| answer.is.server_id() == found.is.server_id());
        let actual = found.is.server_id().map_or("none".to_owned(), hex);
        expect(
            [found.record],
            found.is.server_id().is_some() && known,
            "the identifier of a server that answered",
            actual,
        )
    })
}

/// A client that takes an answer in stops repeating its question well before this.
const AT_ONCE: Duration = Duration::from_millis(500);

fn any_port(trace: &Dissection<'_>) -> Verdict {
    let odd = received(trace).filter(|answer| {
        // What says that it failed is asked again (RFC 8415 §18.2.10).
        let fails = answer.is.delegations().iter().any(|ia| !ia.success);
        answer.is.source_port != SERVER_PORT && answer.is.success() && !fails
    });
    every("DHCPv6 answer from a port other than 547", odd, |answer| {
        let again = sent(trace).find(|found| repeats_after(found, answer));
        // Who goes on to a Request has taken the Advertise, whatever it begins later.
        let taken = sent(trace).find(|found| {
            answer.is.kind == Kind::Advertise
                && found.is.kind == Kind::Request
                && found.at >= answer.arrives
                && found.is.server_id() == answer.is.server_id()
        });
        let again = again.filter(|again| taken.is_none_or(|taken| again.record < taken.record));
        match again {
            Some(again) => broken(
                [answer.record, again.record],
                format!("the answer from port {} taken in", answer.is.source_port),
                "the device asked again as if nothing had come",
            )
            .unless_late(
                trace,
                Delay::Overrun {
                    from: answer.arrives,
                    to: again.at,
                    by: again.at.since(answer.arrives),
                },
            ),
            None => Ruling::Holds(vec![answer.record]),
        }
    })
}

/// Returns whether a message repeats the question of an answer that came long enough ago.
fn repeats_after(found: &Found<Dhcpv6>, answer: &Found<Dhcpv6>) -> bool {
    let asks_for_it = match answer.is.kind {
        Kind::Advertise => found.is.kind == Kind::Solicit,
        _ => found.is.kind != Kind::Solicit,
    };
    // RFC 8415 §21.9: with an elapsed time of zero an exchange begins, whatever its id was used for
    // before.
    found.is.xid == answer.is.xid
        && found.at > answer.arrives + AT_ONCE
        && asks_for_it
        && found.is.elapsed() != Some(0)
}

#[cfg(test)]
mod tests;
