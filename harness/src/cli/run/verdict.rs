//! What the cases of one device come to: stale entries of its file, and the exit code.

use ngnlab_reports::conclusion::{Conclusion, of_all};
use ngnlab_reports::{Case, Outcome, Report, StaleKnown, Verdict};
use ngnlab_sim::line::Area;

use crate::dut::description::Known;
use crate::dut::description::excuse::Excuse;
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
        reason: known.reason.get_ref().clone(),
        excused_in: None,
    });
    stale.collect()
}

/// Returns the excuses for what was judged all the same.
pub(super) fn needless(excuses: &[Excuse], cases: &[Case]) -> Vec<StaleKnown> {
    let judged = |excuse: &Excuse| {
        let check = excuse.check.get_ref();
        let is_meant = |case: &&Case| {
            let area = Area::ALL.into_iter().find(|area| area.name() == case.area);
            area.is_some_and(|area| excuse.is_about(check, &case.scenario, area))
        };
        let mut cases = cases.iter().filter(is_meant);
        cases.find(|case| case.is_judged(check))
    };
    let needless = excuses.iter().filter(|excuse| !excuse.wavers);
    let stale = needless.filter_map(|excuse| {
        let case = judged(excuse)?;
        Some(StaleKnown {
            check: excuse.check.get_ref().clone(),
            reason: excuse.reason.get_ref().clone(),
            excused_in: Some(format!("{} ({})", case.scenario, case.area)),
        })
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
    // Whether it would have failed is not known of a run that came to nothing.
    let device = known.device.filter(|_| known.names(&case.scenario));
    let ran = device.and_then(|expected| match &case.outcome {
        Outcome::Judged => Some(false),
        Outcome::DeviceFailed { how, .. } => Some(how == expected.name()),
        Outcome::HarnessError(_) | Outcome::NotApplicable(_) => None,
    });
    judged.chain(promised).chain(ran).collect()
}

/// Returns the exit code that says what a report comes to.
pub(in crate::cli) fn exit_code(report: &Report) -> u8 {
    code_of(&report.conclusion())
}

/// Returns the exit code that says what the reports of several devices come to.
pub(super) fn exit_code_of_all(reports: &[Report]) -> u8 {
    code_of(&of_all(reports))
}

fn code_of(conclusion: &Conclusion) -> u8 {
    match conclusion {
        Conclusion::Conformant | Conclusion::NoFailureSeen(_) => error::CONFORMANT,
        Conclusion::NotConformant(_) => error::NOT_CONFORMANT,
        Conclusion::Undetermined(_) => error::UNDETERMINED,
    }
}

#[cfg(test)]
mod tests;
