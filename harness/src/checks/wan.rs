//! The WAN side as a host on the line: it looks for routers, heeds them, forms addresses, and
//! speaks from them (RFC 4861 §6, RFC 4862, RFC 7084 §4.2).

use super::check::Check;

mod address_formation;
mod address_lifetimes;
mod router_discovery;
mod router_flag;
mod router_solicitation;
mod routing_protocols;
mod shared_prefix;
mod silent_routers;
mod source_addresses;

pub(super) const TOPICS: &[&[Check]] = &[
    router_solicitation::CHECKS,
    router_discovery::CHECKS,
    router_flag::CHECKS,
    silent_routers::CHECKS,
    address_formation::CHECKS,
    address_lifetimes::CHECKS,
    shared_prefix::CHECKS,
    source_addresses::CHECKS,
    routing_protocols::CHECKS,
];
