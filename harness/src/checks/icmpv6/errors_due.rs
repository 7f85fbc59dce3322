//! Errors that the device owes to a sender.

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::{
    BEYOND_SCOPE, DESTINATION_UNREACHABLE, FIRST_INFORMATIONAL, PARAMETER_PROBLEM,
    PORT_UNREACHABLE, SOURCE_FAILED_POLICY, UNKNOWN_NEXT_HEADER,
};
use ngnlab_sim::message::packet::{Packet, Payload, is_routable};
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::given_prefixes::given;
use crate::checks::evidence::through_device::SOON;
use crate::checks::icmpv6::own_errors::{came, own_errors};
use crate::checks::ruling::{Ruling, broken, every, only_in};
use crate::dissection::{Dissection, Found, IcmpError};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "icmp6.unknown-next-header",
        source: "RFC 8200 §4; RFC 4443 §3.4",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "自分宛ての未知のプロトコルにParameter Problemを返す",
            "An unknown protocol is answered with Parameter Problem code 1",
        ),
        hint: Text::new(
            "ルータが対応していない上位プロトコルには、コード1のParameter Problemを返してください。",
            "Answer a next header that the router does not have with code 1.",
        ),
        judge: unknown_next_header,
    },
    Check {
        id: "icmp6.port-unreachable",
        source: "RFC 4443 §3.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "開いていないUDPポートへのパケットの送信元に、コード4で知らせる",
            "Who sends to a closed UDP port of the device is told so by code 4",
        ),
        hint: Text::new(
            "LAN側から自分の閉じたUDPポートに届いたパケットには、Destination Unreachableのコード4を返してください。",
            "Answer what comes from the LAN for a closed UDP port of yours with Destination Unreachable code 4.",
        ),
        judge: closed_port,
    },
    Check {
        id: "icmp6.no-route",
        source: "RFC 4443 §3.1; RFC 7084 §4.2 WPD-5",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "経路がないことを送信元に通知する",
            "A terminal is told that there is no route",
        ),
        hint: Text::new(
            "未使用の委任プレフィックス宛てには、Destination Unreachableを返してください。",
            "Answer what is for unused parts of the delegation with Destination Unreachable.",
        ),
        judge: no_route,
    },
    Check {
        id: "icmp6.addr-unreachable",
        source: "RFC 4443 §3.1; RFC 4861 §7.2.2",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "宛先に到達できないことを送信元に通知する",
            "A sender is told that nobody on the LAN has the address",
        ),
        hint: Text::new(
            "近隣探索に応答がないときは、Destination Unreachableのコード3を返してください。",
            "When neighbour discovery fails, answer with Destination Unreachable code 3.",
        ),
        judge: address_unreachable,
    },
    Check {
        id: "icmp6.beyond-scope",
        source: "RFC 4007 §9; RFC 4443 §3.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "リンクローカルアドレスからリンクの外へのパケットに、コード2で知らせる",
            "Who sends from a link-local address beyond the link is told so by code 2",
        ),
        hint: Text::new(
            "送信元がリンクローカルアドレスのパケットは中継せず、Destination Unreachableのコード2を返してください。",
            "Answer packets from link-local addresses to routable ones with Destination Unreachable code 2.",
        ),
        judge: beyond_scope,
    },
    Check {
        id: "lan.stale.icmp-code5",
        source: "RFC 7084 §4.3 L-14; RFC 4443 §3.1",
        level: Level::Must,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "失効したプレフィックスのアドレスを使う端末に、コード5で知らせる",
            "A terminal that uses an address of a withdrawn prefix is told so by code 5",
        ),
        hint: Text::new(
            "回線側で失効したプレフィックスを送信元とするパケットは、中継も破棄もせず、Destination Unreachableのコード5を返してください。",
            "Answer packets from a prefix that the line took back with Destination Unreachable code 5, instead of passing them on or dropping them in silence.",
        ),
        judge: stale_source,
    },
];

/// Judges that a packet of a kind from a terminal is answered with an error of this type.
fn reported<'t>(
    trace: &Dissection<'t>,
    what: &str,
    limit: Duration,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
    error_is: impl Fn(&IcmpError) -> bool,
    expected: &str,
) -> Verdict {
    let of_terminals = |found: &Found<Packet<'t>>| trace.is_terminal(found.source) && select(found);
    reported_to(trace, what, limit, of_terminals, error_is, expected)
}

/// Judges the same of whoever is on the LAN.
fn reported_to<'t>(
    trace: &Dissection<'t>,
    what: &str,
    limit: Duration,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
    error_is: impl Fn(&IcmpError) -> bool,
    expected: &str,
) -> Verdict {
    let tried = came(trace, |found| {
        found.on == Role::Lan && found.eth_destination == trace.setup().lan_mac && select(found)
    });
    let errors = own_errors(trace);
    every(what, tried, |found| {
        let over = found.arrives + limit;
        if trace.end() < over || trace.is_disturbed(found.at, over) {
            return Ruling::Skip;
        }
        let answer = errors.iter().find(|own| {
            found.at <= own.error.at
                && own.error.at <= over
                && own.error.destination == found.source
                && error_is(&own.error.is)
                && own.is_about(&found.is)
        });
        match answer {
            Some(own) => Ruling::Holds(vec![found.record, own.error.record]),
            // RFC 4443 §2.4 (f): errors are limited in rate, for instance by a token bucket.
            None if errors.iter().any(|own| {
                own.error.destination == found.source
                    && own.error.at <= over
                    && found.at <= own.error.at + JUST_BEFORE
                    && error_is(&own.error.is)
            }) =>
            {
                Ruling::Skip
            }
            None => broken([found.record], expected, "nothing came").unless_late(
                trace,
                Delay::Race {
                    from: found.at,
                    to: over,
                },
            ),
        }
    })
}

/// An error so short a time before may have been the last one that a device sends for now: Linux
/// sends one a second to each host, after a few at once (inferred).
const JUST_BEFORE: Duration = Duration::from_secs(1);

fn unknown_next_header(trace: &Dissection<'_>) -> Verdict {
    reported(
        trace,
        "packet to the device of a protocol it does not have",
        SOON,
        // RFC 3692 §2.1: for experiments.
        |found| {
            matches!(
                found.is.payload,
                Payload::Other {
                    next_header: 253 | 254,
                    ..
                }
            ) && trace.is_device_address(found.destination)
        },
        |error| (error.kind, error.code) == (PARAMETER_PROBLEM, UNKNOWN_NEXT_HEADER),
        "Parameter Problem code 1",
    )
}

fn beyond_scope(trace: &Dissection<'_>) -> Verdict {
    reported_to(
        trace,
        "packet from a link-local address to one beyond the link",
        SOON,
        |found| {
            found.source.is_unicast_link_local()
                && is_routable(found.destination)
                && !trace.is_device_address(found.destination)
                && !trace.is_terminal(found.destination)
                && found.hop_limit > 1
                && found.is.tcp().is_none_or(|tcp| !tcp.rst())
                && is_no_error(&found.is)
        },
        |error| (error.kind, error.code) == (DESTINATION_UNREACHABLE, BEYOND_SCOPE),
        "Destination Unreachable code 2",
    )
}

/// Returns whether an error about it may be sent (RFC 4443 §2.4 e).
fn is_no_error(packet: &Packet<'_>) -> bool {
    let message = packet.icmpv6();
    message.is_none_or(|message| message.kind >= FIRST_INFORMATIONAL)
}

fn closed_port(trace: &Dissection<'_>) -> Verdict {
    reported(
        trace,
        "datagram for a closed port of the device",
        SOON,
        |found| {
            let udp = found.is.udp();
            found.injected
                && trace.is_device_address(found.destination)
                && udp.is_some_and(|udp| udp.destination_port == CLOSED_PORT)
        },
        |error| (error.kind, error.code) == (DESTINATION_UNREACHABLE, PORT_UNREACHABLE),
        "Destination Unreachable code 4",
    )
}

/// A port that no service has; `closed-port` of `do.send-out` tries it.
const CLOSED_PORT: u16 = 47_099;

fn no_route(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        reported(
            trace,
            "packet into an unused part of the delegation",
            SOON,
            |found| {
                let latest = trace.assignments().filter(|(at, _)| *at <= found.at).last();
                let unused = !trace
                    .lan_prefixes()
                    .iter()
                    .any(|net| net.contains(&found.destination));
                unused && latest.is_some_and(|(_, whole)| whole.contains(&found.destination))
            },
            |error| error.kind == DESTINATION_UNREACHABLE,
            "Destination Unreachable",
        )
    })
}

/// RFC 4861 §10: three solicitations, a second apart; Linux waits for a fourth.
const RESOLUTION: Duration = Duration::from_secs(6);

fn address_unreachable(trace: &Dissection<'_>) -> Verdict {
    only_in(Mode::Pd, trace, || {
        reported(
            trace,
            "packet for an absent host of the LAN",
            RESOLUTION,
            |found| {
                let mut nets = trace.lan_prefixes().iter();
                let on_lan = nets.any(|net| net.contains(&found.destination));
                let mut packets = trace.packets.iter();
                let lives = packets.any(|other| other.source == found.destination);
                let claimed = trace
                    .neighbor_adverts()
                    .any(|advert| advert.is.target == found.destination);
                // What the device has tried out is its own (RFC 4862 §5.4), used or not.
                let is_own = trace.neighbor_solicits().any(|probe| {
                    probe.by_device(Role::Lan)
                        && probe.source.is_unspecified()
                        && probe.is.target == found.destination
                });
                found.injected && on_lan && !lives && !claimed && !is_own
            },
            |error| error.kind == DESTINATION_UNREACHABLE,
            "Destination Unreachable",
        )
    })
}

/// Time to set filter and routes once the line has taken a prefix back; no document names a bound
/// (inferred).
const SETTLED: Duration = Duration::from_secs(10);

fn stale_source(trace: &Dissection<'_>) -> Verdict {
    let given = given(trace);
    only_in(Mode::Pd, trace, || {
        reported(
            trace,
            "packet from a prefix that the line has taken back",
            SOON,
            |found| {
                let mut said = given
                    .iter()
                    .filter(|word| word.at <= found.at && word.net.contains(&found.source));
                let was_ours = said.clone().any(|word| word.valid > 0);
                let gone = said
                    .next_back()
                    .is_some_and(|last| last.valid == 0 && last.at + SETTLED <= found.at);
                let mut nets = trace.lan_prefixes().iter();
                let outward = is_routable(found.destination)
                    && !nets.any(|net| net.contains(&found.destination));
                let judged = was_ours && gone && outward && found.hop_limit > 1;
                judged && !is_error(&found.is) && !is_lost_neighbor(trace, found)
            },
            |error| (error.kind, error.code) == (DESTINATION_UNREACHABLE, SOURCE_FAILED_POLICY),
            "Destination Unreachable code 5",
        )
    })
}

/// Returns whether a packet may not be answered with an error (RFC 4443 §2.4 (e.1)).
fn is_error(packet: &Packet<'_>) -> bool {
    matches!(packet.payload, Payload::Icmpv6(message) if message.kind < FIRST_INFORMATIONAL)
}

/// Returns whether the device looked for a packet's sender to answer it, and found nobody.
fn is_lost_neighbor(trace: &Dissection<'_>, found: &Found<Packet<'_>>) -> bool {
    let sought = trace.neighbor_solicits().any(|solicit| {
        solicit.by_device(Role::Lan)
            && solicit.is.target == found.source
            && found.at <= solicit.at
            && solicit.at <= found.arrives + SOON
    });
    let mut adverts = trace.neighbor_adverts();
    sought && !adverts.any(|advert| advert.is.target == found.source)
}

#[cfg(test)]
mod tests;
