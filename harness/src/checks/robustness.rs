//! What works after the line has been bad.
//!
//! Judged by a page that a terminal could open before and asks for again afterwards.

use super::check::Check;

mod bad_cable;
mod hostile_frames;
#[cfg(test)]
mod test_pages;

pub(super) const TOPICS: &[&[Check]] = &[hostile_frames::CHECKS, bad_cable::CHECKS];
