//! The time in which servers' answers had random bytes changed.

use std::ops::RangeInclusive;

use ngnlab_sim::Time;
use ngnlab_sim::node::dns::Mood;

use crate::dissection::{Dissection, Stepped};
use crate::scenario::step::Action;

/// Returns since when, and until when, the servers' answers had random bytes changed, if they had.
pub(super) fn mutated(trace: &Dissection<'_>) -> Option<RangeInclusive<Time>> {
    let mutating = |step: &Stepped<'_>| match &step.action {
        Action::Dns(dns) if dns.mood == Mood::Mutated => Some((step.at, dns.lasting)),
        _ => None,
    };
    let (from, lasting) = trace.steps.iter().rev().find_map(mutating)?;
    let until = lasting.map_or(trace.end(), |lasting| from + lasting.0);
    Some(from..=until)
}
