//! What a page says of a device that conforms.

use crate::Report;
use crate::score::ProfileResult;

/// Says what a device that conforms was judged by.
pub(super) fn conformant(report: &Report, results: &[ProfileResult], scenarios: usize) -> String {
    let counts = report.counts();
    let scenarios = match scenarios {
        1 => "the scenario that was run".to_owned(),
        count => format!("the {count} scenarios that were run"),
    };
    let runs = report.cases.iter().map(|case| &case.outcome);
    let failed_as_known = runs.filter(|outcome| outcome.known().is_some()).count();
    let promises = report.cases.iter().flat_map(|case| &case.expectations);
    let broken_as_known = promises.filter(|one| one.is_broken_as_known()).count();
    let known = match counts.known + failed_as_known + broken_as_known {
        0 => String::new(),
        1 => " but for a known failure".to_owned(),
        count => format!(" but for {count} known failures"),
    };
    let open = results.iter().filter_map(|result| {
        let missing = result.not_judged.len();
        (missing > 0).then(|| {
            let asked = result.must.asked;
            format!(
                "; {missing} of {asked} MUSTs of {} did not come up",
                result.profile.name()
            )
        })
    });
    let open: String = open.collect();
    let lost = match report.lost_for_chosen().len() {
        0 => String::new(),
        1 => "; 1 SHOULD was not judged where it is exercised".to_owned(),
        count => format!("; {count} SHOULDs were not judged where they are exercised"),
    };
    format!("conformant{known} in {scenarios}{open}{lost}")
}
