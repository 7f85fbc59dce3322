//! Neighbour Discovery for the device's own addresses on the WAN (RFC 4861 §7.1).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::ndp::{NEIGHBOR_SOLICITATION, Ndp};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::icmpv6_messages::message_of;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::Dissection;

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
        "ホップリミットが255でないNS、コードが0でないNSは破棄してください。",
        "Drop Neighbor Solicitations whose hop limit is not 255 or whose code is not 0.",
    ),
    judge: ns_validation,
}];

/// MAX_ANYCAST_DELAY_TIME is 1 s (RFC 4861 §10), the longest anybody waits before answering.
const NEIGHBOR_ANSWER: Duration = Duration::from_secs(2);

fn ns_validation(trace: &Dissection<'_>) -> Verdict {
    let invalid = trace.packets.iter().filter_map(|found| {
        let message = message_of(&found.is, NEIGHBOR_SOLICITATION)?;
        let bad = found.hop_limit != 255 || message.code != 0;
        let answerable = found.source.is_unicast_link_local() && message.checksum_ok;
        (found.to_device(Role::Wan) && bad && answerable).then_some((found, message))
    });
    every(
        "invalid Neighbor Solicitation on the WAN",
        invalid,
        |(ns, message)| {
            let Some(Ndp::NeighborSolicit(asked)) = Ndp::parse_message(message) else {
                return Ruling::Skip;
            };
            let due = ns.arrives + NEIGHBOR_ANSWER;
            let excused = trace.neighbor_solicits().any(|other| {
                other.to_device(Role::Wan)
                    && other.source == ns.source
                    && other.is.target == asked.target
                    && other.at + NEIGHBOR_ANSWER >= ns.at
                    && other.at <= due
            });
            let answer = trace.neighbor_adverts().find(|na| {
                na.by_device(Role::Wan)
                    && na.is.target == asked.target
                    && na.destination == ns.source
                    && ns.arrives <= na.at
                    && na.at <= due
            });
            match answer {
                _ if excused => Ruling::Skip,
                Some(na) => broken(
                    [ns.record, na.record],
                    "no answer to a Neighbor Solicitation with a wrong hop limit or code",
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
