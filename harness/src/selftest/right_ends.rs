//! Where the flow of guide p.30 has to end with each defect that breaks line authentication or the
//! portal, and whether it does.
//!
//! The table is written from what a defect does and from the guide, never from what a diagnosis
//! prints. A defect breaks things where a scenario shows what it gets wrong: everywhere, on lines
//! of one kind, or in a situation of its own.

use std::collections::BTreeMap;

use ngnlab_reports::Case;
use ngnlab_sim::node::router::defect::Defect;

use super::{defective, with_defect};
use crate::campaign::{Campaign, Entry};
use crate::job::Device;

mod table;

pub use table::RIGHT_ENDS;

/// One row of the table.
#[derive(Debug)]
pub struct RightEnd {
    /// The defect.
    pub defect: &'static str,
    /// The scenarios in which it breaks line authentication or the portal.
    pub scenarios: &'static [&'static str],
    /// The diagnosis that is right there.
    pub diagnosis: &'static str,
}

/// What a comparison found.
pub(super) struct Compared {
    pub(super) compared: usize,
    pub(super) wrong: Vec<String>,
}

/// Runs each row of the table in every area of its scenarios, and looks for what no row speaks of
/// in the runs that there are: `cases` of the clean reference, `defects` of [`defective`].
pub(super) fn compare(
    campaign: &Campaign<'_>,
    clean: &[Entry],
    cases: &[Case],
    defects: &[Option<Case>],
) -> Compared {
    let mut rows: Vec<(&RightEnd, Entry)> = Vec::new();
    let mut wrong = Vec::new();
    for row in RIGHT_ENDS {
        let Some(defect) = Defect::from_name(row.defect) else {
            wrong.push(format!("there is no defect {}", row.defect));
            continue;
        };
        for entry in clean {
            if row.scenarios.contains(&entry.scenario.name.as_str()) {
                rows.push((row, with_defect(entry, defect)));
            }
        }
    }
    let entries: Vec<&Entry> = rows.iter().map(|(_, entry)| entry).collect();
    let ran = campaign.run(&entries);
    let mut compared = wrong.len();
    for ((row, _), case) in rows.iter().zip(ran) {
        // Without a case it was stopped.
        let Some(case) = case else { continue };
        compared += 1;
        let seen = id(&case);
        if seen != row.diagnosis {
            let place = format!("{} ({})", case.scenario, case.area);
            let (defect, right) = (row.defect, row.diagnosis);
            wrong.push(format!("{place} with {defect}: {seen}, not {right}"));
        }
    }
    let unspoken = unspoken(clean, cases, defects);
    compared += unspoken.len();
    wrong.extend(unspoken);
    Compared { compared, wrong }
}

/// Returns the diagnoses that a defect leads to in a scenario that notices it, and that no row
/// speaks of.
fn unspoken(clean: &[Entry], cases: &[Case], defects: &[Option<Case>]) -> Vec<String> {
    let usual: BTreeMap<(&str, &str), &str> = cases
        .iter()
        .map(|case| ((&*case.scenario, &*case.area), id(case)))
        .collect();
    let mut found = Vec::new();
    for (entry, case) in defective(clean).iter().zip(defects) {
        let (Device::Reference(set), Some(case)) = (&entry.job.device, case) else {
            continue;
        };
        let seen = id(case);
        if usual.get(&(&*case.scenario, &*case.area)) == Some(&seen) {
            continue;
        }
        for defect in set {
            let mut rows = RIGHT_ENDS.iter().filter(|row| row.defect == defect.name());
            if !rows.any(|row| row.scenarios.contains(&&*case.scenario)) {
                let place = format!("{} ({})", case.scenario, case.area);
                found.push(format!(
                    "{place} with {defect}: {seen}, and no row says what is right"
                ));
            }
        }
    }
    found
}

fn id(case: &Case) -> &str {
    let diagnosis = case.diagnosis.as_ref();
    diagnosis.map_or(NONE, |diagnosis| &diagnosis.id)
}

/// Nothing is the matter.
const NONE: &str = "no diagnosis";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::diagnosis;

    #[test]
    fn the_table_names_defects_and_diagnoses_that_there_are_and_each_pair_once() {
        let mut seen = BTreeSet::new();
        for row in RIGHT_ENDS {
            assert!(Defect::from_name(row.defect).is_some(), "{}", row.defect);
            let known = diagnosis::meaning(row.diagnosis).is_some();
            assert!(known || row.diagnosis == NONE, "{}", row.diagnosis);
            for scenario in row.scenarios {
                assert!(
                    seen.insert((row.defect, scenario)),
                    "{} in {scenario}",
                    row.defect
                );
            }
        }
    }
}
