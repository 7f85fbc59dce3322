//! What a router owes a ひかり電話ルータ above it (guide p.5, p.6, p.30; ngn-facts §3).

use super::check::Check;

mod below;
mod names;
mod prefix;

pub(super) const TOPICS: &[&[Check]] = &[prefix::CHECKS, names::CHECKS];
