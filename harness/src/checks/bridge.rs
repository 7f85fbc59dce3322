//! What a bridge owes (IPv6ブリッジ, IPv6パススルー): IPv6 frames cross it both ways, unchanged and once,
//! nothing else does, and it says nothing in the place of who is on either side.
//!
//! The guide knows no bridge; what stands here follows from IEEE 802.1D-2004 and, where marked as
//! inferred, from what terminals on the line itself need.

use super::check::Check;

mod crossing;
mod only_ipv6;
mod own_frames;
mod relayed;
mod unchanged;

/// The checks, topic by topic.
pub(super) const TOPICS: &[&[Check]] = &[
    crossing::CHECKS,
    unchanged::CHECKS,
    own_frames::CHECKS,
    only_ipv6::CHECKS,
];

#[cfg(test)]
mod tests;
