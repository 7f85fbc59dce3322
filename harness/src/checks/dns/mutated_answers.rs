//! The time in which servers' answers had random bytes changed.

use std::ops::RangeInclusive;

use ngnlab_sim::Time;
use ngnlab_sim::node::dns::Mood;

use crate::dissection::Dissection;
use crate::scenario::period::Period;

/// Returns since when, and until when, the servers' answers had random bytes changed, if they had.
pub(super) fn mutated(trace: &Dissection<'_>) -> Option<RangeInclusive<Time>> {
    let mutating = format!("into mood {}", Mood::Mutated.name());
    let mut steps = trace.steps.iter();
    let step = steps.rfind(|step| step.step.contains(&mutating))?;
    let lasting = step.step.rsplit(' ').next().unwrap_or_default();
    let until = lasting
        .parse()
        .map_or(trace.end(), |lasting: Period| step.at + lasting.0);
    Some(step.at..=until)
}
