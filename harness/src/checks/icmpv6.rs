//! What the device says by ICMPv6 for itself: echoes, and errors (RFC 4443).

use super::check::Check;

mod echo;
mod error_form;
mod errors_due;
mod errors_forbidden;
pub(super) mod own_errors;
mod silent_routers;
#[cfg(test)]
mod test_errors;

pub(super) const TOPICS: &[&[Check]] = &[
    echo::CHECKS,
    errors_forbidden::CHECKS,
    error_form::CHECKS,
    errors_due::CHECKS,
    silent_routers::CHECKS,
];
