//! What a check says about a trace made by hand, for the tests of checks.

use ngnlab_reports::Verdict;

use crate::checks::find;
use crate::dissection::Dissection;
use crate::dissection::builder::TraceBuilder;

/// Returns the verdict of the check with this id.
pub(super) fn verdict(id: &str, trace: &TraceBuilder) -> Verdict {
    find(id)
        .unwrap()
        .verdict(&Dissection::new(&trace.trace).unwrap())
}

/// Returns the verdict in one character: `+` for a pass, `-` for a fail, `?` for anything else.
pub(super) fn sign(id: &str, trace: &TraceBuilder) -> char {
    match verdict(id, trace) {
        Verdict::Pass(_) => '+',
        Verdict::Fail(_) => '-',
        Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => '?',
    }
}

/// Returns whether the check passes.
pub(super) fn passes(id: &str, trace: &TraceBuilder) -> bool {
    matches!(verdict(id, trace), Verdict::Pass(_))
}

/// Returns whether the check fails.
pub(super) fn fails(id: &str, trace: &TraceBuilder) -> bool {
    matches!(verdict(id, trace), Verdict::Fail(_))
}

/// Returns whether a late host explains that the check fails.
pub(super) fn is_explained(id: &str, trace: &TraceBuilder) -> bool {
    matches!(verdict(id, trace), Verdict::Fail(finding) if finding.excuse.is_some())
}

#[track_caller]
pub(super) fn assert_passes(id: &str, trace: &TraceBuilder) {
    let verdict = verdict(id, trace);
    assert!(matches!(verdict, Verdict::Pass(_)), "{id}: {verdict:?}");
}

#[track_caller]
pub(super) fn assert_fails(id: &str, trace: &TraceBuilder) {
    let verdict = verdict(id, trace);
    assert!(matches!(verdict, Verdict::Fail(_)), "{id}: {verdict:?}");
}

/// Stops a test whose check could tell something.
#[track_caller]
pub(super) fn assert_open(id: &str, trace: &TraceBuilder) {
    let verdict = verdict(id, trace);
    assert!(
        matches!(verdict, Verdict::Inconclusive(_)),
        "{id}: {verdict:?}"
    );
}

/// Returns whether the check could not tell.
pub(super) fn open(id: &str, trace: &TraceBuilder) -> bool {
    matches!(verdict(id, trace), Verdict::Inconclusive(_))
}

/// Returns whether the check passes, where it must have been able to tell.
pub(super) fn is_pass(id: &str, trace: &TraceBuilder) -> bool {
    match verdict(id, trace) {
        Verdict::Pass(_) => true,
        Verdict::Fail(_) => false,
        other => panic!("{id}: {other:?}"),
    }
}
