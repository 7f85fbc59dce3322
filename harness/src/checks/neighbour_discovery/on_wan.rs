//! Neighbour Discovery for the device's own addresses on the WAN (RFC 4861 §7.1).

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{NEIGHBOR_SOLICITATION, Ndp};
use ngnlab_sim::message::packet::{Icmpv6, Packet, solicited_node};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::icmpv6_messages::message_of;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "wan.nd.ns-validation",
    source: "RFC 4861 §7.1.1",
    level: Level::Must,
    profiles: EVERYONE,
    aspects: &[],
    title: Text::new(
        "WAN側で不正なNSに応答しない",
        "Invalid Neighbor Solicitations on the WAN get no answer",
    ),
    hint: Text::new(
        "RFC 4861 §7.1.1の条件（ホップリミット255、コード0、正しいチェックサムなど）を満たさないNSは破棄してください。",
        "Drop Neighbor Solicitations that RFC 4861 §7.1.1 does not allow: a hop limit other than 255, a code other than 0, a wrong checksum and so on.",
    ),
    judge: ns_validation,
}];

/// MAX_ANYCAST_DELAY_TIME is 1 s (RFC 4861 §10), the longest anybody waits before answering.
const NEIGHBOR_ANSWER: Duration = Duration::from_secs(2);

/// Returns the target of a solicitation that is long enough to have one.
fn target_of(message: &Icmpv6<'_>) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = message.body.get(4..20)?.try_into().ok()?;
    Some(Ipv6Addr::from(octets))
}

/// Returns which condition of RFC 4861 §7.1.1 a solicitation does not meet. Two are left out: one
/// that is too short names nobody who could answer, and nobody has a multicast target.
fn fault(ns: &Found<Packet<'_>>, message: &Icmpv6<'_>) -> Option<&'static str> {
    let names_source = matches!(
        Ndp::parse_message(*message),
        Some(Ndp::NeighborSolicit(solicit)) if solicit.source_link_layer.is_some()
    );
    let target = target_of(message)?;
    if ns.hop_limit != 255 {
        Some("a hop limit other than 255")
    } else if message.code != 0 {
        Some("a code other than 0")
    } else if !message.checksum_ok {
        Some("a wrong checksum")
    } else if target.is_multicast() {
        None
    } else if has_empty_option(message.body.get(20..)?) {
        Some("an option of length 0")
    } else if ns.source.is_unspecified() && ns.destination != solicited_node(target) {
        Some("no source, and not to the solicited-node address")
    } else if ns.source.is_unspecified() && names_source {
        Some("no source, and yet its link-layer address")
    } else {
        None
    }
}

/// Returns whether one of these options has a length of 0.
fn has_empty_option(mut options: &[u8]) -> bool {
    while let [_, length, ..] = *options {
        if length == 0 {
            return true;
        }
        options = options.get(8 * usize::from(length)..).unwrap_or_default();
    }
    false
}

fn ns_validation(trace: &Dissection<'_>) -> Verdict {
    let invalid = trace.packets.iter().filter_map(|found| {
        let message = message_of(&found.is, NEIGHBOR_SOLICITATION)?;
        let answerable = found.source.is_unicast_link_local() || found.source.is_unspecified();
        if !found.to_device(Role::Wan) || !answerable {
            return None;
        }
        Some((found, target_of(&message)?, fault(found, &message)?))
    });
    every(
        "invalid Neighbor Solicitation on the WAN",
        invalid,
        |(ns, target, fault)| {
            let due = ns.arrives + NEIGHBOR_ANSWER;
            let excused = trace.neighbor_solicits().any(|other| {
                other.to_device(Role::Wan)
                    && other.record != ns.record
                    && other.source == ns.source
                    && other.is.target == target
                    && other.at + NEIGHBOR_ANSWER >= ns.at
                    && other.at <= due
            });
            let answer = trace.neighbor_adverts().find(|na| {
                let asker = ns.source;
                na.by_device(Role::Wan)
                    && na.is.target == target
                    && (na.destination == asker
                        || asker.is_unspecified() && na.destination.is_multicast())
                    && ns.arrives <= na.at
                    && na.at <= due
            });
            match answer {
                _ if excused => Ruling::Skip,
                Some(na) => broken(
                    [ns.record, na.record],
                    format!("no answer to a Neighbor Solicitation with {fault}"),
                    format!("an advertisement for {}", na.is.target),
                ),
                // Who is silent altogether has not thrown anything away.
                None if trace
                    .packets
                    .iter()
                    .any(|found| found.by_device(Role::Wan) && found.at > ns.arrives) =>
                {
                    Ruling::Holds(vec![ns.record])
                }
                None => Ruling::Skip,
            }
        },
    )
}

#[cfg(test)]
mod tests;
