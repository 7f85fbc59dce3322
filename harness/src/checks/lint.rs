//! Every message that the device makes, field by field against its own RFC: a table for each type of
//! message, a row for each field.
//!
//! What a message says and when is for the other rooms. A row counts for `ce-router`, and for
//! everyone where receivers drop the message over it, or take it for something else.

use super::check::Check;

mod dhcpv6;
mod dns;
mod icmp_errors;
mod neighbours;
mod own;
mod packets;
mod router_adverts;
mod row;

pub(super) const TOPICS: &[&[Check]] = &[
    packets::CHECKS,
    neighbours::CHECKS,
    router_adverts::CHECKS,
    icmp_errors::CHECKS,
    dhcpv6::CHECKS,
    dns::CHECKS,
];
