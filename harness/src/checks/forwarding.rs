//! Packets on their way through the device: what must arrive as it was, and what must not pass.

use super::check::Check;

mod before_delegation;
mod flows;
mod fragment;
mod hop_limit;
mod not_to_forward;
mod once;
mod own_path_mtu;
mod path_mtu;
mod resets_and_marks;
mod small_packets;
#[cfg(test)]
mod test_packets;
mod unchanged;

pub(super) const TOPICS: &[&[Check]] = &[
    unchanged::CHECKS,
    once::CHECKS,
    flows::CHECKS,
    hop_limit::CHECKS,
    not_to_forward::CHECKS,
    path_mtu::CHECKS,
    own_path_mtu::CHECKS,
    before_delegation::CHECKS,
    resets_and_marks::CHECKS,
    small_packets::CHECKS,
];
