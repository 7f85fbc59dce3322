//! What a PPPoE client owes its concentrator: discovery, LCP, authentication, IPCP, and coming back
//! when a session is lost (RFC 2516, RFC 1661 and those of each protocol).
//!
//! ONS does not use PPPoE (guide Q4); オンライン請求 and the service information site do (guide p.7,
//! ngn-facts §4.5). All are judged by what is on the WAN. Beside them stands what a router owes to
//! terminals that dial themselves through it.

use super::check::Check;

mod by_hand;
mod discovery;
mod discovery_answers;
mod echo;
mod endings;
mod flows;
mod lcp;
mod network;
mod passing;
mod proof;
mod refused;
mod requests;
mod sessions;

pub(super) use flows::{Flow, flows};

/// The checks, topic by topic.
pub(super) const TOPICS: &[&[Check]] = &[
    discovery::CHECKS,
    discovery_answers::CHECKS,
    refused::CHECKS,
    endings::CHECKS,
    by_hand::CHECKS,
    lcp::CHECKS,
    requests::CHECKS,
    echo::CHECKS,
    proof::CHECKS,
    network::CHECKS,
    passing::CHECKS,
];

#[cfg(test)]
mod tests;
