//! What was not judged, and why nobody may take it for passed, in a line.

use std::collections::BTreeSet;

use crate::score::ProfileResult;
use crate::words::Lang;
use crate::{Level, Outcome, Report};

/// Says what was not judged.
pub(super) fn not_judged(report: &Report, results: &[ProfileResult], lang: Lang) -> String {
    let lost = report.lost_for_chosen();
    let lost_of = |level: Level| {
        let lost = lost.iter().filter(move |one| one.level == level);
        let checks: BTreeSet<&str> = lost.map(|one| &*one.check).collect();
        checks.len()
    };
    let nowhere = results.iter().flat_map(|one| &one.not_judged);
    let nowhere: BTreeSet<&String> = nowhere.collect();
    let skipped = |outcome: &Outcome| matches!(outcome, Outcome::NotApplicable(_));
    let skipped = report.cases.iter().filter(|case| skipped(&case.outcome));
    let counted = [
        (
            lost_of(Level::Must),
            "MUST that a scenario exercises",
            "MUSTs that scenarios exercise",
        ),
        (
            lost_of(Level::Should),
            "SHOULD that a scenario exercises",
            "SHOULDs that scenarios exercise",
        ),
        (
            report.excused(),
            "failure that may be the host's",
            "failures that may be the host's",
        ),
        (
            nowhere.len(),
            "MUST that came up nowhere",
            "MUSTs that came up nowhere",
        ),
        (
            skipped.count(),
            "run that does not apply",
            "runs that do not apply",
        ),
        (
            report.left_out.len(),
            "scenario not run",
            "scenarios not run",
        ),
    ];
    let said = counted.into_iter().filter(|(count, ..)| *count > 0);
    let said = said.map(|(count, one, many)| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    });
    let said: Vec<String> = said.map(|one| lang.say(&one).into_owned()).collect();
    match said.is_empty() {
        true => lang
            .say("nothing: all that was exercised has a verdict")
            .into_owned(),
        false => said.join(lang.semicolon()),
    }
}
