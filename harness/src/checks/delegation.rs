//! Prefix delegation: how the device asks for a prefix, which it accepts, and what it makes of it
//! (RFC 8415, RFC 7084 §4.2).

use super::check::Check;

mod accepting;
mod asking;
mod kept;
mod null_route;
mod other_prefixes;
mod without_addresses;

pub(super) const TOPICS: &[&[Check]] = &[
    asking::CHECKS,
    accepting::CHECKS,
    kept::CHECKS,
    null_route::CHECKS,
    other_prefixes::CHECKS,
    without_addresses::CHECKS,
];
