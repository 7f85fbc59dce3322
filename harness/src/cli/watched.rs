//! What became of the entries of a device file in the cases of one device: whether they are stale.

use ngnlab_reports::stale::Watched;
use ngnlab_reports::{Case, Outcome, Verdict};
use ngnlab_sim::line::Area;

use crate::dut::description::Known;
use crate::dut::description::excuse::Excuse;

/// Returns what became of the entries of a device file in these cases; one that wavers proves
/// nothing.
pub(super) fn watched(known: &[Known], excuses: &[Excuse], cases: &[Case]) -> Vec<Watched> {
    let known = known.iter().filter(|known| !known.wavers);
    let known = known.map(|known| known_failure(known, cases));
    let excuses = excuses.iter().filter(|excuse| !excuse.wavers);
    let excuses = excuses.map(|excuse| excused(excuse, cases));
    known.chain(excuses).collect()
}

/// Looks where a known failure was judged, and whether it failed.
fn known_failure(known: &Known, cases: &[Case]) -> Watched {
    let mut watched = Watched {
        what: known.name(),
        reason: known.reason.get_ref().clone(),
        excuses: false,
        judged_in: None,
        failed: false,
    };
    for case in cases {
        let failed = failures(known, case);
        watched.failed |= failed.contains(&true);
        if !failed.is_empty() && watched.judged_in.is_none() {
            watched.judged_in = Some((case.scenario.clone(), case.area.clone()));
        }
    }
    watched
}

/// Looks where an excused check was judged all the same.
fn excused(excuse: &Excuse, cases: &[Case]) -> Watched {
    let check = excuse.check.get_ref();
    let is_meant = |case: &&Case| {
        let area = Area::ALL.into_iter().find(|area| area.name() == case.area);
        area.is_some_and(|area| excuse.is_about(check, &case.scenario, area))
    };
    let mut cases = cases.iter().filter(is_meant);
    let judged = cases.find(|case| case.is_judged(check));
    Watched {
        what: check.clone(),
        reason: excuse.reason.get_ref().clone(),
        excuses: true,
        judged_in: judged.map(|case| (case.scenario.clone(), case.area.clone())),
        failed: false,
    }
}

/// Returns whether what a known failure speaks of failed, as often as it was judged.
fn failures(known: &Known, case: &Case) -> Vec<bool> {
    let verdicts = case.verdicts.iter();
    let judged = verdicts
        .filter(|(id, _)| known.is_about(id, &case.scenario))
        .filter_map(|(_, judged)| match judged.verdict {
            Verdict::Fail(_) => Some(true),
            Verdict::Pass(_) => Some(false),
            Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => None,
        });
    let promises = case.expectations.iter();
    let promised = promises
        .filter(|one| known.breaks(one.promise, &case.scenario))
        .map(|one| !one.met);
    // Whether it would have failed is not known of a run that came to nothing.
    let device = known.device.filter(|_| known.names(&case.scenario));
    let ran = device.and_then(|expected| match &case.outcome {
        Outcome::Judged => Some(false),
        Outcome::DeviceFailed { how, .. } => Some(how == expected.name()),
        Outcome::HarnessError(_) | Outcome::NotApplicable(_) => None,
    });
    judged.chain(promised).chain(ran).collect()
}
