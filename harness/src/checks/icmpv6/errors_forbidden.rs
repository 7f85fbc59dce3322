//! When the device must not send an ICMPv6 error, and how many at most (RFC 4443 §2.4).

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::{FIRST_INFORMATIONAL, PACKET_TOO_BIG, PARAMETER_PROBLEM};
use ngnlab_sim::message::packet::{Packet, Payload, is_routable};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::SOON;
use crate::checks::icmpv6::own_errors::{came, own_errors};
use crate::checks::ruling::{Ruling, apart, every, expect, finding, never};
use crate::dissection::{Dissection, Found, IcmpError};

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
];

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
        let ruling = expect(
            records,
            limited && !answers.is_empty(),
            format!(
                "some errors for {} problems, and not one for each",
                burst.len()
            ),
            format!("{} errors", answers.len()),
        );
        let (from, to) = (first.at, over);
        match answers.is_empty() {
            true => ruling.unless_late(trace, Delay::Race { from, to }),
            // No delay makes errors more.
            false => ruling,
        }
    })
}

#[cfg(test)]
mod tests;
