//! A row of a table: one field, its clause, and what looks at it.

use ngnlab_reports::{Level, Profile, Text, Verdict};

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::dissection::Dissection;

/// A field that breaks nothing by itself: it is wrong, and most receivers live with it.
pub(super) const fn row(
    id: &'static str,
    (source, level): (&'static str, Level),
    title: Text,
    hint: Text,
    judge: fn(&Dissection<'_>) -> Verdict,
) -> Check {
    check(id, (source, level), CE_ROUTER, title, hint, judge)
}

/// A field over which receivers drop the message, or take it for something else.
pub(super) const fn harmful(
    id: &'static str,
    (source, level): (&'static str, Level),
    title: Text,
    hint: Text,
    judge: fn(&Dissection<'_>) -> Verdict,
) -> Check {
    check(id, (source, level), EVERYONE, title, hint, judge)
}

const fn check(
    id: &'static str,
    (source, level): (&'static str, Level),
    profiles: &'static [Profile],
    title: Text,
    hint: Text,
    judge: fn(&Dissection<'_>) -> Verdict,
) -> Check {
    Check {
        id,
        source,
        level,
        profiles,
        aspects: &[],
        title,
        hint,
        judge,
    }
}
