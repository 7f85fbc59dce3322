//! A row of a table: one field, its clause, for whom it counts, and what looks at it.

use ngnlab_reports::{Level, Profile, Text, Verdict};

use crate::checks::check::Check;
use crate::dissection::Dissection;

/// Makes a row.
pub(super) const fn row(
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
