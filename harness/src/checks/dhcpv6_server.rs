//! The device as a DHCPv6 server for its LAN, and as none for the line (RFC 8415 §16, §18.3).

use super::check::Check;

mod answer_form;
mod questions;
#[cfg(test)]
mod test_talk;
mod what_it_hands_out;
mod whom_it_answers;

pub(super) const TOPICS: &[&[Check]] = &[
    whom_it_answers::CHECKS,
    answer_form::CHECKS,
    what_it_hands_out::CHECKS,
];
