//! Checks: what has to hold, where it is written, and a pure function that looks for it in a trace.
//!
//! Every check judges every trace. One that finds nothing to judge says so; it never passes.
//!
//! What came of a question is for one check alone to say if it is silence or a refusal; the others
//! are left open "because" that one failed (`ruling::because`, `dns::silence` for DNS, and
//! `consequences::premises` for what needs something else first).

use std::collections::BTreeMap;

use ngnlab_reports::Verdict;
use ngnlab_sim::Trace;

use crate::dissection::{Dissection, UnknownStep};

mod asked_of;
mod bridge;
mod check;
mod consequences;
mod delay;
mod delegation;
mod dhcpv6_client;
mod dhcpv6_server;
mod dns;
mod evidence;
mod firewall;
mod forwarding;
mod home_gateway;
mod icmpv6;
mod ipv4;
mod lan;
mod line_auth;
mod lint;
mod members_club;
mod neighbour_discovery;
mod ons;
pub mod passive;
mod pppoe;
mod renumbering;
mod robustness;
mod ruling;
#[cfg(test)]
mod test_verdicts;
mod wan;

pub use check::{Check, check_info};
pub use consequences::{because, because_of_promise, left_open};
pub use delay::excused;
pub use passive::Point;
pub use ruling::left_because;

/// The checks, room by room.
const ROOMS: &[&[&[Check]]] = &[
    line_auth::TOPICS,
    ons::TOPICS,
    dns::TOPICS,
    wan::TOPICS,
    neighbour_discovery::TOPICS,
    dhcpv6_client::TOPICS,
    delegation::TOPICS,
    lan::TOPICS,
    dhcpv6_server::TOPICS,
    renumbering::TOPICS,
    forwarding::TOPICS,
    icmpv6::TOPICS,
    firewall::TOPICS,
    home_gateway::TOPICS,
    robustness::TOPICS,
    lint::TOPICS,
    bridge::TOPICS,
    pppoe::TOPICS,
    ipv4::TOPICS,
    members_club::TOPICS,
];

/// Returns every check, topic by topic.
pub fn all() -> impl Iterator<Item = &'static Check> {
    ROOMS.iter().copied().flatten().copied().flatten()
}

/// Returns the check with this id.
pub fn find(id: &str) -> Option<&'static Check> {
    all().find(|check| check.id == id)
}

/// Returns what each check says about a trace.
pub fn judge(trace: &Trace) -> Result<BTreeMap<&'static str, Verdict>, UnknownStep> {
    Dissection::new(trace).map(|trace| judge_dissected(&trace))
}

/// Returns what each check says about a trace that has been taken apart already.
pub fn judge_dissected(trace: &Dissection<'_>) -> BTreeMap<&'static str, Verdict> {
    all()
        .map(|check| (check.id, check.verdict(trace)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::dissection::builder::TraceBuilder;

    #[test]
    fn ids_are_unique_and_every_check_says_what_it_is() {
        let mut ids = BTreeSet::new();
        for check in all() {
            assert!(ids.insert(check.id), "{} is there twice", check.id);
            assert!(!check.profiles.is_empty(), "{}", check.id);
            for text in [&check.title, &check.hint] {
                assert!(!text.ja.is_empty() && !text.en.is_empty(), "{}", check.id);
                assert!(!text.ja.is_ascii(), "{} has no Japanese text", check.id);
            }
        }
        assert!(ids.len() >= 50, "only {} checks", ids.len());
    }

    #[test]
    fn what_explains_a_failure_is_a_check() {
        for id in consequences::named() {
            assert!(find(id).is_some(), "{id} is no check");
        }
    }

    #[test]
    fn an_empty_trace_passes_nothing_and_fails_nothing() {
        for preset in ["next-ra", "next-pd", "hgw-pd"] {
            for (id, verdict) in judge(&TraceBuilder::new(preset).trace).unwrap() {
                assert!(
                    matches!(
                        verdict,
                        Verdict::Inconclusive(_) | Verdict::NotApplicable(_)
                    ),
                    "{id}: {verdict:?}"
                );
            }
        }
    }
}
