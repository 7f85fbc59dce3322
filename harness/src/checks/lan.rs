//! The LAN side as terminals see it: Router Advertisements, and what they hold.

use super::check::Check;

mod advert_gaps;
mod advert_options;
mod advertising;
mod default_router;
mod foreign_routers;
mod lifetimes;
mod prefixes;
pub(super) mod raw_adverts;
mod solicited_adverts;
mod terminals_keep;
mod unsolicited_adverts;

pub(super) const TOPICS: &[&[Check]] = &[
    advertising::CHECKS,
    solicited_adverts::CHECKS,
    unsolicited_adverts::CHECKS,
    advert_options::CHECKS,
    prefixes::CHECKS,
    lifetimes::CHECKS,
    default_router::CHECKS,
    terminals_keep::CHECKS,
    foreign_routers::CHECKS,
];
