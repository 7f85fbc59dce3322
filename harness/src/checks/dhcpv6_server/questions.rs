//! Terminals' DHCPv6 messages and the device's answers to them.

use std::time::Duration;

use ngnlab_sim::trace::Role;

use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

/// Returns what clients on the LAN said and the device heard.
pub(super) fn questions<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace
        .dhcpv6
        .iter()
        .filter(|found| found.to_device(Role::Lan) && found.is.is_from_client())
}

/// Returns what the device's server said on the LAN.
pub(super) fn answers<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = &'d Found<Dhcpv6>> {
    trace.dhcpv6.iter().filter(|found| {
        found.by_device(Role::Lan) && matches!(found.is.kind, Kind::Advertise | Kind::Reply)
    })
}

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
