//! Times in which the line was bad, and whether pages come again after them.

use std::time::Duration;

use ngnlab_reports::{RecordId, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::icmpv6::DESTINATION_UNREACHABLE;
use ngnlab_sim::setup::{Aspect, Mode};
use ngnlab_sim::trace::{Fact, FetchError, Role};

use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Dissection, Stepped};
use crate::scenario::step::Action;

/// With these wrong nothing would have worked anyway.
pub(in crate::checks) const WRONG: &[Aspect] = &[Aspect::Delivery, Aspect::Dns];

/// What also keeps pages from coming: servers that are silent, a line that is renumbered.
pub(in crate::checks) fn is_another_trouble(step: &Stepped<'_>) -> bool {
    step.silences_or_renumbers() || step.restarts_network() || step.cuts_power()
}

/// Returns whether a step has the line delegate its prefix from then on, to a router that is set to RA:
/// it has to be set to DHCPv6-PD then (guide Q1).
pub(in crate::checks) fn delegates_instead(trace: &Dissection<'_>, step: &Stepped<'_>) -> bool {
    trace.setup().mode != Mode::Pd && matches!(step.action, Action::AddHikariDenwa(_))
}

/// Time to settle, before a page counts. Ours.
pub(in crate::checks) const SETTLE: Duration = Duration::from_secs(5);

/// The longest that a terminal tries to load a page.
const TO_LOAD: Duration = Duration::from_secs(60);

/// A time in which the line was bad.
pub(in crate::checks) struct Trouble {
    /// What shows it.
    pub(in crate::checks) records: Vec<RecordId>,
    /// When it began.
    pub(in crate::checks) from: Time,
    /// When it was over.
    pub(in crate::checks) to: Time,
}

/// Returns whether the line said of something that it cannot be reached while a page was tried, and
/// it was asked for from where the line knows a way back.
fn is_refused(trace: &Dissection<'_>, at: Time) -> bool {
    trace.errors.iter().any(|error| {
        let assigned = trace.assignments().filter(|(since, _)| *since <= error.at);
        let prefix = assigned.last().map(|(_, prefix)| prefix);
        let is_right = error.is.quoted.zip(prefix);
        error.to_device(Role::Wan)
            && is_right.is_some_and(|(quoted, prefix)| prefix.contains(&quoted.source))
            && !error.injected
            && error.is.kind == DESTINATION_UNREACHABLE
            && at - TO_LOAD <= error.at
            && error.at <= at
    })
}

/// Returns whether a connection was refused from beyond the device while a page was tried.
fn is_reset(trace: &Dissection<'_>, at: Time) -> bool {
    trace.packets.iter().any(|found| {
        let is_refusal = found.is.tcp().is_some_and(|segment| segment.rst());
        let is_from_line = found.to_device(Role::Wan) && !found.injected;
        is_refusal && is_from_line && at - TO_LOAD <= found.at && found.at <= at
    })
}

/// Judges by the last page of those asked for afterwards: whatever came before that may have been
/// under way already.
pub(in crate::checks) fn works_after(
    trace: &Dissection<'_>,
    what: &str,
    troubles: impl IntoIterator<Item = Trouble>,
    settle: Duration,
    is_other: impl Fn(&Stepped<'_>) -> bool,
) -> Verdict {
    let is_other = |step: &Stepped<'_>| is_other(step) || delegates_instead(trace, step);
    let pages: Vec<_> = trace
        .facts
        .iter()
        .filter_map(|told| match told.fact {
            Fact::PageSeen { .. } => Some((told, None)),
            // A page that nobody has says nothing of the way there.
            Fact::PageFailed {
                reason: FetchError::BadUrl,
                ..
            } => None,
            // Nor does one whose site is there and has none: the way to it is open.
            Fact::PageFailed {
                reason: FetchError::Refused,
                ..
            } if is_reset(trace, told.at) => None,
            Fact::PageFailed { reason, .. } => Some((told, Some(*reason))),
            _ => None,
        })
        .collect();
    every(what, troubles, |trouble| {
        let worked = pages
            .iter()
            .find(|(told, failed)| told.at < trouble.from && failed.is_none());
        let settled = trouble.to + settle;
        let last = pages.iter().rev().find(|(told, failed)| {
            // Where no page ever came, none comes again; nor does one that the line refuses.
            let was_seen = || pages.iter().any(|(_, failed)| failed.is_none());
            // Frames may still be lost, on the other cable for one.
            let is_lost = || {
                let mut lossy = trace.lossy();
                lossy.any(|(from, to)| from <= told.at && told.at <= to)
            };
            let counts = || was_seen() && !is_refused(trace, told.at) && !is_lost();
            told.at >= settled && (failed.is_none() || counts())
        });
        let calm = trace
            .steps
            .iter()
            .all(|step| step.at < trouble.from || !is_other(step));
        // What befell the line before may have outlasted the trouble.
        let fine = pages
            .iter()
            .rfind(|(told, failed)| told.at < trouble.from && failed.is_none());
        let was_fine = fine.is_some_and(|(fine, _)| {
            let mut steps = trace.steps.iter();
            steps.all(|step| step.over() < fine.at || step.at >= trouble.from || !is_other(step))
        });
        let (Some((before, _)), Some((told, failed)), true) = (worked, last, calm) else {
            return Ruling::Skip;
        };
        let records = [before.record]
            .into_iter()
            .chain(trouble.records)
            .chain([told.record]);
        match failed {
            None => Ruling::Holds(records.collect()),
            Some(_) if !was_fine => {
                Ruling::Unclear("nothing shows that the line was fine before that".to_owned())
            }
            Some(reason) => {
                let fails = broken(
                    records,
                    format!("pages come again after a {what}"),
                    format!("{} cannot open one: {reason:?}", told.node),
                );
                match reason {
                    FetchError::Name
                    | FetchError::NoAddress
                    | FetchError::Timeout
                    | FetchError::Broken => {
                        let since = pages
                            .iter()
                            .rev()
                            .take_while(|(page, failed)| failed.is_some() && page.at >= settled);
                        let (first, to) = (since.last().map(|(page, _)| page.at), told.at);
                        let delay = match first.filter(|first| *first < to) {
                            Some(from) => Delay::InVain { from, to },
                            None => Delay::Race {
                                from: settled.max(to - TO_LOAD),
                                to,
                            },
                        };
                        fails.unless_late(trace, delay)
                    }
                    FetchError::BadUrl | FetchError::Refused | FetchError::Certificate => fails,
                }
            }
        }
    })
}
