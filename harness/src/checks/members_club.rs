//! The members club (フレッツ光メンバーズクラブ): a terminal on the member's own line finds the service
//! information site, is shown its pages, and has its contract line confirmed, in the order in which
//! the members-club article walks it (ngn-facts §4.5).
//!
//! Which servers are asked for the site's name is for `ons.dns.ngn-domain` to say.

use super::check::Check;

mod confirmation;
mod site;

pub(super) const TOPICS: &[&[Check]] = &[site::CHECKS, confirmation::CHECKS];
