//! Line authentication (回線認証): a terminal reaches the site, is asked, and is let in, from this line
//! alone (guide p.16, p.17; ngn-facts §5.9).

use super::check::Check;

mod outcome;
mod reaches_site;

pub(super) const TOPICS: &[&[Check]] = &[reaches_site::CHECKS, outcome::CHECKS];
