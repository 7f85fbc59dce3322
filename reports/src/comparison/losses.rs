//! What can no longer be compared: a profile of the old report of which the new one judges nothing.

use super::Side;
use crate::{Case, Profile, Report, Verdict};

/// Returns the profiles that were chosen in the old report and judged by it, and of whose
/// requirements, as the old report lists them, the new one judges none.
pub(super) fn profiles(old: Side<'_>, new: Side<'_>) -> Vec<Profile> {
    let is_judged = |cases: Side<'_>, profile: Profile| {
        let mut cases = cases.1.values().filter(|case| profile.counts(case));
        cases.any(|case| judges(old.0, case, profile))
    };
    let chosen = old.0.profiles.iter().copied();
    let lost = chosen.filter(|profile| is_judged(old, *profile) && !is_judged(new, *profile));
    lost.collect()
}

/// Returns whether a run judges something that a profile of a report asks for.
fn judges(report: &Report, case: &Case, profile: Profile) -> bool {
    let asks = |id: &str| {
        let info = report.checks.get(id);
        info.is_some_and(|info| info.profiles.contains(&profile))
    };
    let mut verdicts = case.verdicts.iter();
    verdicts.any(|(id, judged)| {
        asks(id) && matches!(judged.verdict, Verdict::Pass(_) | Verdict::Fail(_))
    })
}
