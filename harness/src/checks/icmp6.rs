//! The device's own ICMPv6 errors: when they are due, when they are forbidden, and what they hold.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::{FIRST_INFORMATIONAL, PACKET_TOO_BIG, PARAMETER_PROBLEM};
use ngnlab_sim::message::packet::{Packet, Payload, is_routable};
use ngnlab_sim::trace::Role;

use self::due::{address_unreachable, no_route, stale_source, unknown_next_header};
use super::forwarding::SOON;
use super::{CE_ROUTER, Check, EVERYONE, Ruling, apart, every, expect, finding, never};
use crate::dissection::{Dissection, Found, IcmpError};

mod due;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "icmp6.err.not-for-error",
        source: "RFC 4443 §2.4 (e.1)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ICMPv6エラーに対してエラーを返さない",
            "ICMPv6 errors are not answered with errors",
        ),
        hint: Text::new(
            "ICMPv6エラー（タイプ0〜127）が原因のときは何も送らないでください。",
            "Stay silent about packets that are ICMPv6 errors themselves.",
        ),
        judge: not_for_error,
    },
    Check {
        id: "icmp6.err.not-for-multicast",
        source: "RFC 4443 §2.4 (e.3), (e.4)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "マルチキャスト宛てのパケットにエラーを返さない",
            "Multicast packets are not answered with errors",
        ),
        hint: Text::new(
            "宛先がマルチキャスト（IPv6またはイーサネット）なら、エラーを送らないでください。",
            "Send no error about what came by IPv6 or Ethernet multicast.",
        ),
        judge: not_for_multicast,
    },
    Check {
        id: "icmp6.err.not-for-bad-source",
        source: "RFC 4443 §2.4 (e.6)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "送信元が1台に定まらないパケットにエラーを返さない",
            "No error goes to the unspecified address or a group",
        ),
        hint: Text::new(
            "送信元が::またはマルチキャストのパケットには、エラーを送らないでください。",
            "Send no error about packets whose source is :: or a multicast group.",
        ),
        judge: not_for_bad_source,
    },
    Check {
        id: "icmp6.err.rate-limit",
        source: "RFC 4443 §2.4 (f)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ICMPv6エラーの送信頻度を制限し、少数は返す",
            "ICMPv6 errors are rate limited, and some get through",
        ),
        hint: Text::new(
            "トークンバケット等でICMPv6エラーの頻度を制限してください。",
            "Limit the rate of errors, best with a token bucket.",
        ),
        judge: rate_limit,
    },
    Check {
        id: "icmp6.err.size",
        source: "RFC 4443 §2.4 (c)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ICMPv6エラーは1280バイトを超えない",
            "ICMPv6 errors are no longer than 1280 bytes",
        ),
        hint: Text::new(
            "引用を切り詰め、エラー全体を最小MTUの1280バイト以内にしてください。",
            "Cut the quotation so that the whole error fits into the minimum MTU.",
        ),
        judge: size,
    },
    Check {
        id: "icmp6.err.quotes",
        source: "RFC 4443 §2.4 (c)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "ICMPv6エラーは元のパケットをできるだけ多く引用する",
            "ICMPv6 errors quote as much of the packet as fits",
        ),
        hint: Text::new(
            "IPv4のように8バイトで切らず、1280バイトに収まるだけ引用してください。",
            "Quote until 1280 bytes are full, not eight bytes as IPv4 did.",
        ),
        judge: quotes,
    },
    Check {
        id: "icmp6.unknown-info",
        source: "RFC 4443 §2.4 (b)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "未知のICMPv6情報メッセージを黙って捨てる",
            "Unknown informational ICMPv6 is discarded in silence",
        ),
        hint: Text::new(
            "知らないタイプ（128以上）のICMPv6には何も返さないでください。",
            "Answer nothing to ICMPv6 types from 128 on that you do not know.",
        ),
        judge: unknown_info,
    },
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
            "ルータ自身が持たない次ヘッダには、コード1のParameter Problemを返してください。",
            "Answer a next header that the router does not have with code 1.",
        ),
        judge: unknown_next_header,
    },
    Check {
        id: "icmp6.no-route",
        source: "RFC 4443 §3.1; RFC 7084 §4.2 WPD-5",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "行き先のないパケットを端末に知らせる",
            "A terminal is told that there is no route",
        ),
        hint: Text::new(
            "未使用の委譲プレフィックス宛てには、Destination Unreachableを返してください。",
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
            "LANに存在しない宛先を知らせる",
            "A sender is told that nobody on the LAN has the address",
        ),
        hint: Text::new(
            "近隣探索に応答がないときは、Destination Unreachableのコード3を返してください。",
            "When neighbour discovery fails, answer with Destination Unreachable code 3.",
        ),
        judge: address_unreachable,
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

/// RFC 8200 §5.
const MINIMUM_MTU: usize = 1280;
/// The headers of IPv6 and ICMPv6 before a quotation.
const BEFORE_QUOTE: usize = 48;

/// An error of the device itself, and the packet it is in.
struct Own<'d, 't> {
    error: &'d Found<IcmpError>,
    packet: &'d Found<Packet<'t>>,
}

impl Own<'_, '_> {
    fn quote(&self) -> &[u8] {
        self.packet.is.ip.get(BEFORE_QUOTE..).unwrap_or_default()
    }

    /// Returns whether the quotation begins like this packet, apart from what a router may change
    /// before the addresses.
    fn is_about(&self, packet: &Packet<'_>) -> bool {
        let (quote, ip) = (self.quote(), packet.ip);
        let length = quote.len().min(ip.len());
        length >= 40 && quote[8..length] == ip[8..length]
    }
}

/// Returns the errors that the device made, not those that it passed on.
fn own_errors<'d, 't>(trace: &'d Dissection<'t>) -> Vec<Own<'d, 't>> {
    let own = trace.errors.iter().filter(|error| {
        let passed_on = |other: &Found<IcmpError>| {
            other.record < error.record
                && other.on != error.on
                && other.to_device(other.on)
                && (other.source, other.destination) == (error.source, error.destination)
                && other.is == error.is
        };
        (error.by_device(Role::Lan) || error.by_device(Role::Wan))
            && !trace.errors.iter().any(passed_on)
    });
    own.filter_map(|error| {
        let at = trace
            .packets
            .binary_search_by_key(&error.record, |found| found.record);
        let packet = trace.packets.get(at.ok()?)?;
        Some(Own { error, packet })
    })
    .collect()
}

/// Returns the packets that came in to the device and are of a kind.
fn came<'d, 't>(
    trace: &'d Dissection<'t>,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
) -> Vec<&'d Found<Packet<'t>>> {
    let came = trace.packets.iter();
    came.filter(|found| (found.to_device(Role::Lan) || found.to_device(Role::Wan)) && select(found))
        .collect()
}

/// Judges that the device sends no error about packets of a kind.
fn silent_about<'t>(
    trace: &Dissection<'t>,
    what: &str,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
    allowed: impl Fn(&IcmpError) -> bool,
) -> Verdict {
    let tried = came(trace, select);
    let errors = own_errors(trace);
    let bad = errors.iter().filter_map(|own| {
        let about = tried
            .iter()
            .find(|found| found.at <= own.error.at && own.is_about(&found.is))?;
        (!allowed(&own.error.is)).then(|| {
            finding(
                [about.record, own.error.record],
                format!("silence about a {what}"),
                format!("an ICMPv6 error of type {}", own.error.is.kind),
            )
        })
    });
    never(what, tried.iter().map(|found| found.record), bad)
}

fn not_for_error(trace: &Dissection<'_>) -> Verdict {
    // Only what the device cannot pass on: its hop limit ends here, or it is for the device.
    silent_about(
        trace,
        "packet that is an ICMPv6 error itself",
        |found| {
            found.hop_limit <= 1
                && matches!(found.is.payload, Payload::Icmpv6(message)
                    if message.kind < FIRST_INFORMATIONAL)
        },
        |_| false,
    )
}

fn not_for_multicast(trace: &Dissection<'_>) -> Verdict {
    silent_about(
        trace,
        "packet that came by multicast",
        |found| found.injected && found.eth_destination.is_multicast() && is_ordinary(&found.is),
        // RFC 4443 §2.4 (e.3): the two exceptions.
        |error| error.kind == PACKET_TOO_BIG || (error.kind, error.code) == (PARAMETER_PROBLEM, 2),
    )
}

/// Returns whether a packet is none of Neighbour Discovery or DHCPv6, which are for groups.
fn is_ordinary(packet: &Packet<'_>) -> bool {
    match &packet.payload {
        Payload::Udp(udp) => !matches!(udp.destination_port, 546 | 547),
        Payload::Icmpv6(_) | Payload::Tcp(_) => false,
        Payload::Other { .. } => true,
    }
}

fn not_for_bad_source(trace: &Dissection<'_>) -> Verdict {
    let nobody = |address: Ipv6Addr| address.is_unspecified() || address.is_multicast();
    let tried = came(trace, |found| {
        found.injected && nobody(found.source) && is_ordinary(&found.is)
    });
    let errors = own_errors(trace);
    let bad = errors
        .iter()
        .filter(|own| nobody(own.error.destination))
        .map(|own| {
            finding(
                [own.error.record],
                "no ICMPv6 error to an address that is nobody's",
                format!(
                    "one of type {} to {}",
                    own.error.is.kind, own.error.destination
                ),
            )
        });
    never(
        "packet from the unspecified address or a group",
        tried.iter().map(|found| found.record),
        bad,
    )
}

/// As many problems at once are a burst.
const BURST: usize = 100;
/// How close together they come.
const TOGETHER: Duration = Duration::from_secs(1);

fn rate_limit(trace: &Dissection<'_>) -> Verdict {
    let mut bursts: BTreeMap<Ipv6Addr, Vec<&Found<Packet<'_>>>> = BTreeMap::new();
    for found in came(trace, |found| {
        found.on == Role::Lan && found.hop_limit <= 1 && is_routable(found.source)
    }) {
        let burst = bursts.entry(found.source).or_default();
        if burst
            .first()
            .is_some_and(|first| apart(first.at, found.at) > TOGETHER && burst.len() < BURST)
        {
            burst.clear();
        }
        burst.push(found);
    }
    bursts.retain(|_, burst| burst.len() >= BURST);
    let errors = own_errors(trace);
    every("burst of a hundred problems", bursts, |(source, burst)| {
        let (first, over) = (burst[0], burst[0].arrives + SOON);
        if trace.end() < over || trace.is_disturbed(first.at, over) {
            return Ruling::Skip;
        }
        let answered = errors.iter().filter(|own| {
            own.error.destination == source && first.at <= own.error.at && own.error.at <= over
        });
        let answers: Vec<_> = answered.map(|own| own.error.record).collect();
        let records = [first.record].into_iter().chain(answers.iter().copied());
        // RFC 4443 §2.4 (f) sets no figure; who answers nine of ten limits nothing.
        let limited = answers.len() * 10 < burst.len() * 9;
        expect(
            records,
            limited && !answers.is_empty(),
            format!(
                "some errors for {} problems, and not one for each",
                burst.len()
            ),
            format!("{} errors", answers.len()),
        )
    })
}

fn size(trace: &Dissection<'_>) -> Verdict {
    every("ICMPv6 error of the device", own_errors(trace), |own| {
        let length = own.packet.is.ip.len();
        expect(
            [own.error.record],
            length <= MINIMUM_MTU,
            format!("an error of at most {MINIMUM_MTU} bytes"),
            format!("{length} bytes"),
        )
    })
}

fn quotes(trace: &Dissection<'_>) -> Verdict {
    let arrived = came(trace, |_| true);
    every("ICMPv6 error of the device", own_errors(trace), |own| {
        let about = arrived
            .iter()
            .rev()
            .find(|found| found.at <= own.error.at && own.is_about(&found.is));
        let Some(about) = about else {
            return Ruling::Skip;
        };
        let due = about.is.ip.len().min(MINIMUM_MTU - BEFORE_QUOTE);
        expect(
            [about.record, own.error.record],
            own.quote().len() >= due,
            format!("{due} bytes of the packet quoted"),
            format!("{} bytes", own.quote().len()),
        )
    })
}

fn unknown_info(trace: &Dissection<'_>) -> Verdict {
    // RFC 4443 §2.1: for private experimentation.
    let experimental = |packet: &Packet<'_>| {
        let message = packet.icmpv6();
        message.is_some_and(|message| matches!(message.kind, 200 | 201))
    };
    let asked = came(trace, |found| {
        experimental(&found.is) && trace.is_device_address(found.destination)
    });
    let errors = own_errors(trace);
    let bad = asked.iter().filter_map(|found| {
        let error = errors
            .iter()
            .find(|own| found.at <= own.error.at && own.is_about(&found.is));
        let record = error.map(|own| own.error.record).or_else(|| {
            let mut replies = trace.packets.iter();
            let reply = replies.find(|reply| {
                reply.by_device(found.on)
                    && reply.destination == found.source
                    && experimental(&reply.is)
            });
            reply.map(|reply| reply.record)
        })?;
        Some(finding(
            [found.record, record],
            "silence about an unknown informational message",
            "an answer",
        ))
    });
    never(
        "unknown informational ICMPv6 message",
        asked.iter().map(|found| found.record),
        bad,
    )
}

#[cfg(test)]
mod tests;
