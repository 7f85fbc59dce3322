//! What becomes of the LAN when the line gives another prefix (RFC 9096; ngn-facts §1.1, §1.3).

use super::check::Check;

mod default_router;
mod new_prefix;
mod old_prefix;

pub(super) const TOPICS: &[&[Check]] = &[
    default_router::CHECKS,
    new_prefix::CHECKS,
    old_prefix::CHECKS,
];
