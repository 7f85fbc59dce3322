//! The IPv6 firewall: simple security for terminals (RFC 6092).

use super::check::Check;

pub(super) mod border;
mod crossing_flows;
mod idle_flows;
mod let_in;
mod related_errors;
#[cfg(test)]
mod test_flows;
mod unasked;

pub(super) const TOPICS: &[&[Check]] = &[
    border::CHECKS,
    unasked::CHECKS,
    related_errors::CHECKS,
    idle_flows::CHECKS,
    let_in::CHECKS,
];
