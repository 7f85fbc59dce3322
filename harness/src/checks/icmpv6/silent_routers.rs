//! What a terminal hears when the router that its packets wait for does not answer.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::icmpv6::{
    ADDRESS_UNREACHABLE, DESTINATION_UNREACHABLE, FIRST_INFORMATIONAL,
};
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::to_pass_on;
use crate::checks::icmpv6::own_errors::own_errors;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "icmp6.router-unreachable",
    source: "RFC 4861 §7.2.2; RFC 4443 §3.1",
    level: Level::Must,
    profiles: CE_ROUTER,
    aspects: &[],
    title: Text::new(
        "応答しない上位ルータを待っていたパケットの送信元に、コード3で知らせる",
        "Whose packets waited for a router that does not answer is told so by code 3",
    ),
    hint: Text::new(
        "近隣探索で上位ルータが見つからなければ、待たせていたパケットごとにDestination Unreachableのコード3を返してください。",
        "When neighbour discovery does not find the router upstream, answer each packet that waited with Destination Unreachable code 3.",
    ),
    judge: told_of_silent_router,
}];

/// Three solicitations, ten seconds apart on this line (RFC 4861 §10, ngn-facts §1.1); Linux waits
/// for a fourth.
const RESOLUTION: Duration = Duration::from_secs(45);

/// While the last of three solicitations a second apart waits, packets wait as well.
const WAITING: Duration = Duration::from_secs(2);

/// The search for a router that nobody answered.
struct Search {
    record: RecordId,
    at: Time,
    target: Ipv6Addr,
}

/// Returns the searches for routers on the WAN that nobody answered, each by its first solicitation.
fn searches(trace: &Dissection<'_>) -> Vec<Search> {
    let mut searches: Vec<Search> = Vec::new();
    for solicit in trace.neighbor_solicits() {
        let target = solicit.is.target;
        let is_search = solicit.by_device(Role::Wan)
            && solicit.destination.is_multicast()
            && !solicit.source.is_unspecified()
            && target.is_unicast_link_local();
        let is_known = searches
            .iter()
            .any(|known| known.target == target && solicit.at <= known.at + RESOLUTION);
        let mut adverts = trace.neighbor_adverts();
        let is_answered = adverts.any(|na| {
            let is_its = na.to_device(Role::Wan) && na.is.target == target;
            is_its && solicit.at <= na.at && na.at <= solicit.at + RESOLUTION
        });
        if is_search && !is_known && !is_answered {
            searches.push(Search {
                record: solicit.record,
                at: solicit.at,
                target,
            });
        }
    }
    searches
}

fn told_of_silent_router(trace: &Dissection<'_>) -> Verdict {
    let errors = own_errors(trace);
    every(
        "search in vain for a router on the WAN",
        searches(trace),
        |search| {
            let over = search.at + RESOLUTION;
            if trace.end() < over || trace.is_disturbed(search.at, over) {
                return Ruling::Skip;
            }
            let waiting: Vec<&Found<Packet<'_>>> = to_pass_on(trace)
                .filter(|found| {
                    trace.is_terminal(found.source)
                        && search.at <= found.arrives
                        && found.at <= search.at + WAITING
                        && found.hop_limit > 1
                        && is_no_error(&found.is)
                        && trace.crossed(found).is_none()
                        && trace.has_router(found.at)
                })
                .collect();
            let Some(first) = waiting.first() else {
                return Ruling::Skip;
            };
            let is_told =
                |kind, code| (kind, code) == (DESTINATION_UNREACHABLE, ADDRESS_UNREACHABLE);
            let told = errors.iter().find(|own| {
                own.error.at <= over
                    && is_told(own.error.is.kind, own.error.is.code)
                    && waiting.iter().any(|found| own.is_about(&found.is))
            });
            let is_told_otherwise = errors.iter().any(|own| {
                own.error.at <= over && waiting.iter().any(|found| own.is_about(&found.is))
            });
            match told {
                Some(own) => Ruling::Holds(vec![search.record, first.record, own.error.record]),
                // A packet that did not get so far did not wait.
                None if is_told_otherwise => Ruling::Skip,
                None => broken(
                    [search.record, first.record],
                    "Destination Unreachable code 3 for what waited for the router",
                    "nothing came",
                )
                .unless_late(
                    trace,
                    Delay::Race {
                        from: search.at,
                        to: over,
                    },
                ),
            }
        },
    )
}

/// Returns whether an error about it may be sent (RFC 4443 §2.4 (e.1)).
fn is_no_error(packet: &Packet<'_>) -> bool {
    let message = packet.icmpv6();
    message.is_none_or(|message| message.kind >= FIRST_INFORMATIONAL)
}
