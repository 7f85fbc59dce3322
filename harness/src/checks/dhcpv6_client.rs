//! The device as a DHCPv6 client on the WAN (RFC 8415).

use super::check::Check;

mod doubling;
mod forged_messages;
mod identity;
mod lease_keeping;
mod leases;
mod link_up_and_refresh;
mod link_up_retries;
mod messages;
mod odd_replies;
mod rate_limits;
mod reconfigure;
mod requested_options;
mod retransmission;
mod server_discovery;
mod solicits;
#[cfg(test)]
mod test_talk;
mod unasked;

pub(super) const TOPICS: &[&[Check]] = &[
    messages::CHECKS,
    retransmission::CHECKS,
    identity::CHECKS,
    server_discovery::CHECKS,
    unasked::CHECKS,
    rate_limits::CHECKS,
    lease_keeping::CHECKS,
    link_up_and_refresh::CHECKS,
    link_up_retries::CHECKS,
    requested_options::CHECKS,
    odd_replies::CHECKS,
    forged_messages::CHECKS,
    reconfigure::CHECKS,
];
