//! Neighbour Discovery on both sides: the device answers for its own addresses, for its terminals
//! where the /64 is shared, and tries an address before it uses it (RFC 4861 §7, RFC 4862 §5.4).

use super::check::Check;

mod duplicate_addresses;
mod for_terminals;
mod invalid_adverts;
mod on_lan;
mod on_wan;
mod solicit_rate;

pub(super) const TOPICS: &[&[Check]] = &[
    on_lan::CHECKS,
    on_wan::CHECKS,
    invalid_adverts::CHECKS,
    for_terminals::CHECKS,
    duplicate_addresses::CHECKS,
    solicit_rate::CHECKS,
];
