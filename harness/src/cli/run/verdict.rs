//! What the cases of one device come to: stale known failures, and the exit code.

use ngnlab_reports::score::Overall;
use ngnlab_reports::{Case, Level, Outcome, Profile, Report, StaleKnown, Verdict};

use crate::dut::description::Known;
use crate::error;

/// Returns the known failures that did not fail wherever they were judged.
pub(super) fn stale(known: &[Known], cases: &[Case]) -> Vec<StaleKnown> {
    let is_stale = |known: &&Known| {
        let failed: Vec<bool> = cases
            .iter()
            .flat_map(|case| failures(known, case))
            .collect();
        !known.wavers && !failed.is_empty() && failed.iter().all(|failed| !failed)
    };
    let stale = known.iter().filter(is_stale).map(|known| StaleKnown {
        check: known.name(),
        reason: known.reason.clone(),
    });
    stale.collect()
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
    judged.chain(promised).collect()
}

fn broke(case: &Case) -> bool {
    matches!(case.outcome, Outcome::HarnessError(_))
}

/// Design §10: 3 outranks 1, since who could not tell has nothing to say.
pub(in crate::cli) fn exit_code(report: &Report) -> u8 {
    let failed = |case: &Case| matches!(case.outcome, Outcome::DeviceFailed { .. });
    let unmet = |case: &Case| {
        let mut promises = case.expectations.iter();
        promises.any(|one| !one.met && !one.remark && !one.excused && one.known.is_none())
    };
    let asked = |id: &str, case: &Case| {
        let info = report.checks.get(id);
        info.is_some_and(|info| {
            let mut profiles = info.profiles.iter();
            info.level == Level::Must
                && profiles.any(|profile| report.profiles.contains(profile) && profile.counts(case))
        })
    };
    let breaks = |case: &Case| {
        case.verdicts.iter().any(|(id, judged)| {
            matches!(judged.verdict, Verdict::Fail(_)) && judged.known.is_none() && asked(id, case)
        })
    };
    let nothing_judged = |profile: &Profile| {
        !report.cases.iter().any(failed) && report.overall(*profile) == Overall::Undetermined
    };
    // A failure that may be the host's says nothing about the device, and hides what would.
    let excused = |case: &Case| {
        let mut verdicts = case.verdicts.iter();
        let mut promises = case.expectations.iter();
        verdicts.any(|(id, judged)| judged.excused && asked(id, case))
            || promises.any(|one| one.excused && !one.remark && one.known.is_none())
    };
    if report.cases.iter().any(|case| broke(case) || excused(case))
        || report.profiles.iter().any(nothing_judged)
    {
        error::UNDETERMINED
    } else if report
        .cases
        .iter()
        .any(|case| failed(case) || unmet(case) || breaks(case))
        || !report.stale.is_empty()
    {
        error::NOT_CONFORMANT
    } else if report.cases.is_empty() {
        error::UNDETERMINED
    } else {
        error::CONFORMANT
    }
}

#[cfg(test)]
mod tests;
