//! Who judges the judges: every check must pass the clean reference and fail some defect of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ngnlab_reports::{Case, Outcome, Verdict};
use ngnlab_sim::line::Area;
use ngnlab_sim::node::router::defect::Defect;

use crate::campaign::{Campaign, Entry};
use crate::checks;
use crate::job::Device;

pub(crate) mod shown_in;

/// What a self-test found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selftest {
    /// For each check the defects that make it fail.
    pub killers: BTreeMap<&'static str, BTreeSet<Defect>>,
    /// What went wrong with the clean reference.
    pub clean_failures: Vec<String>,
    /// The checks that the clean reference gave nothing to judge.
    pub never_judged: Vec<&'static str>,
    /// The defects that no check noticed.
    pub unnoticed: Vec<Defect>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Runs the clean reference in every entry, and each defect in those of the east that show it.
pub fn run(campaign: &Campaign<'_>, clean: &[Entry]) -> Selftest {
    let mut found = Selftest {
        killers: checks::all()
            .map(|check| (check.id, BTreeSet::new()))
            .collect(),
        ..Selftest::default()
    };
    let cases = campaign.run(clean);
    found.stopped = cases.iter().any(Option::is_none);
    let cases: Vec<Case> = cases.into_iter().flatten().collect();
    found.clean_failures = cases.iter().flat_map(failures).collect();
    let judged: BTreeSet<&str> = cases.iter().flat_map(judged).collect();
    found.never_judged = found
        .killers
        .keys()
        .copied()
        .filter(|id| !judged.contains(id))
        .collect();
    let failing: BTreeSet<&str> = cases.iter().flat_map(failing).collect();

    // A defect does not know which area it is in.
    let entries: Vec<Entry> = clean
        .iter()
        .filter(|entry| entry.job.area == Area::East)
        .flat_map(|entry| {
            let shown = |defect: &&Defect| shown_in::is_shown_in(**defect, &entry.scenario.name);
            let defects = Defect::ALL.iter().filter(shown);
            defects.map(|defect| with_defect(entry, *defect))
        })
        .collect();
    let cases = campaign.run(&entries);
    found.stopped |= cases.iter().any(Option::is_none);
    let mut noticed = BTreeSet::new();
    for (entry, case) in entries.iter().zip(cases) {
        let (Device::Reference(defects), Some(case)) = (&entry.job.device, case) else {
            continue;
        };
        for (id, killers) in &mut found.killers {
            let killed = failing_in(&case, id) && !failing.contains(id);
            if killed {
                killers.extend(defects);
                noticed.extend(defects.iter().copied());
            }
        }
    }
    found.unnoticed = Defect::ALL
        .iter()
        .copied()
        .filter(|one| !noticed.contains(one))
        .collect();
    found
}

fn with_defect(entry: &Entry, defect: Defect) -> Entry {
    let mut job = entry.job.clone();
    job.device = Device::Reference(BTreeSet::from([defect]));
    Entry {
        job,
        scenario: entry.scenario.clone(),
    }
}

/// Returns what is wrong with a run of the clean reference.
fn failures(case: &Case) -> Vec<String> {
    let place = format!("{} ({})", case.scenario, case.area);
    let mut found: Vec<String> = failing(case).map(|id| format!("{place}: {id}")).collect();
    if case.outcome != Outcome::Judged {
        found.push(format!("{place}: {:?}", case.outcome));
    }
    let unmet = case.expectations.iter().filter(|promise| !promise.met);
    found.extend(unmet.map(|promise| format!("{place}: {}, not {}", promise.what, promise.seen)));
    found
}

fn failing(case: &Case) -> impl Iterator<Item = &str> {
    let failing = |id: &&String| failing_in(case, id);
    case.verdicts.keys().filter(failing).map(String::as_str)
}

fn failing_in(case: &Case, id: &str) -> bool {
    let judged = case.verdicts.get(id);
    judged.is_some_and(|judged| matches!(judged.verdict, Verdict::Fail(_)))
}

fn judged(case: &Case) -> impl Iterator<Item = &str> {
    let judged = case
        .verdicts
        .iter()
        .filter(|(_, judged)| matches!(judged.verdict, Verdict::Pass(_) | Verdict::Fail(_)));
    judged.map(|(id, _)| id.as_str())
}

impl Selftest {
    /// Returns the table check × defect, and whatever does not hold.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let width = self
            .killers
            .keys()
            .map(|id| id.len())
            .max()
            .unwrap_or_default();
        for (id, killers) in &self.killers {
            let names: Vec<&str> = killers.iter().map(|defect| defect.name()).collect();
            let names = if names.is_empty() {
                "-".to_owned()
            } else {
                names.join(" ")
            };
            let _ = writeln!(text, "{id:<width$}  {names}");
        }
        for defect in &self.unnoticed {
            let _ = writeln!(text, "no check notices {defect}");
        }
        for failure in &self.clean_failures {
            let _ = writeln!(text, "the clean reference fails: {failure}");
        }
        for id in &self.never_judged {
            let _ = writeln!(text, "never judged: {id}");
        }
        text
    }

    /// Returns the one line that says it all.
    pub fn line(&self) -> String {
        let killed = self
            .killers
            .values()
            .filter(|killers| !killers.is_empty())
            .count();
        format!(
            "selftest: {} checks, {killed} killed, {} clean failures, {} never judged",
            self.killers.len(),
            self.clean_failures.len(),
            self.never_judged.len(),
        )
    }

    /// Returns whether every check is proved.
    pub fn holds(&self) -> bool {
        !self.stopped
            && self.killers.values().all(|killers| !killers.is_empty())
            && self.clean_failures.is_empty()
            && self.never_judged.is_empty()
    }
}
