//! Which check notices which defect, as `tests/defects.rs` proves it by running them all.

/// Returns the defects that make a check fail.
pub(super) fn defects_of(check: &str) -> Vec<&'static str> {
    row(CHECKS, check)
}

/// Returns the checks that a defect makes fail.
pub(super) fn checks_of(defect: &str) -> Vec<&'static str> {
    row(DEFECTS, defect)
}

/// Returns what stands behind a name in the part of the table below a heading.
fn row(heading: &str, name: &str) -> Vec<&'static str> {
    let part = TABLE.lines().skip_while(|line| !line.starts_with(heading));
    let part = part.skip(1).take_while(|line| !line.starts_with("Each "));
    let mut rows = part.map(str::split_whitespace);
    let row = rows.find(|row| row.clone().next() == Some(name));
    let others = row.into_iter().flatten().skip(1);
    others.filter(|other| *other != NONE).collect()
}

/// What [`Selftest::table`](crate::selftest::Selftest::table) made of a run of all of them; the test
/// fails as soon as it would come out otherwise.
const TABLE: &str = include_str!(
    "../../../tests/snapshots/defects__every_check_bites_and_the_reference_passes_them_all.snap"
);
const CHECKS: &str = "Each check,";
const DEFECTS: &str = "Each defect,";
const NONE: &str = "-";

#[cfg(test)]
mod tests {
    use ngnlab_sim::node::router::defect::Defect;

    use super::*;
    use crate::checks;

    #[test]
    fn every_check_and_defect_stands_in_the_table() {
        for check in checks::all() {
            let defects = defects_of(check.id);
            assert!(!defects.is_empty(), "{}", check.id);
            for defect in defects {
                assert!(checks_of(defect).contains(&check.id), "{defect}");
            }
        }
        for defect in Defect::all() {
            assert!(!checks_of(defect.name()).is_empty(), "{defect}");
        }
        assert!(defects_of("no-failover").is_empty(), "it is no check");
    }
}
