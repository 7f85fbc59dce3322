//! Which question of a terminal's an answer of the device's DHCPv6 server belongs to.

use std::time::Duration;

use crate::checks::evidence::lan_dhcpv6::questions;
use crate::dissection::{Dhcpv6, Dissection, Found};

/// No server thinks longer about its answer.
const THINKING: Duration = Duration::from_secs(10);

/// Returns what an answer's client asked lately, the latest first.
fn asked_before<'d>(trace: &'d Dissection<'_>, answer: &Found<Dhcpv6>) -> Vec<&'d Found<Dhcpv6>> {
    let mut asked: Vec<_> = questions(trace)
        .filter(|question| {
            let same = question.source == answer.destination
                || question.eth_source == answer.eth_destination
                || answer.destination.is_multicast();
            same && question.arrives <= answer.at && answer.at.since(question.arrives) <= THINKING
        })
        .collect();
    asked.reverse();
    asked
}

/// Returns the question of an answer: with its transaction id, else the latest of that client.
pub(super) fn question_of<'d>(
    trace: &'d Dissection<'_>,
    answer: &Found<Dhcpv6>,
) -> Option<&'d Found<Dhcpv6>> {
    let asked = asked_before(trace, answer);
    let exact = asked.iter().find(|one| one.is.xid == answer.is.xid);
    exact.or(asked.first()).copied()
}
