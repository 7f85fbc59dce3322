//! What a router that dials owes terminals over IPv4: an address, the right session and the right DNS
//! server for each host, and a NAPT that behaves (RFC 2131, RFC 4787, RFC 5382, RFC 5508; ngn-facts
//! §4.5).
//!
//! The hairpinning of TCP and the limits of a NAPT are not judged, nor is TCP's idle time.

use super::check::Check;

mod addresses;
mod crossings;
mod errors;
mod fragments;
mod hairpin;
mod mappings;
mod ways;

/// The checks, topic by topic.
pub(super) const TOPICS: &[&[Check]] = &[
    addresses::CHECKS,
    ways::CHECKS,
    mappings::CHECKS,
    errors::CHECKS,
    fragments::CHECKS,
    hairpin::CHECKS,
];
