//! What オンライン資格確認 needs besides line authentication: terminals with addresses, the portal, and the
//! sites around it.

use super::check::Check;

mod other_sites;
mod portal;
mod terminals;
mod without_ping;

pub(super) const TOPICS: &[&[Check]] = &[
    terminals::CHECKS,
    portal::CHECKS,
    without_ping::CHECKS,
    other_sites::CHECKS,
];
