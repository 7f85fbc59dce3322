//! Who judges the judges: every check must pass the clean reference and fail some defect of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use ngnlab_reports::{Case, Outcome, Verdict, escape};
use ngnlab_sim::node::router::defect::Defect;

use crate::campaign::{Campaign, Entry};
use crate::checks;
use crate::job::Device;
use crate::play::NEEDS_REAL_TIME;

pub mod right_ends;

/// What a self-test found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selftest {
    /// For each check the defects that make it fail.
    pub killers: BTreeMap<&'static str, BTreeSet<Defect>>,
    /// What went wrong with the clean reference.
    pub clean_failures: Vec<String>,
    /// The checks that the clean reference gave nothing to judge.
    pub never_judged: Vec<&'static str>,
    /// The scenarios that promise to notice a defect and did not.
    pub unnoticed: Vec<(String, Defect)>,
    /// The scenarios in which a defect gives several findings that no other one explains.
    pub unexplained: Vec<(String, Defect, Vec<String>)>,
    /// The scenarios that notice a defect by none of the checks that they exercise, so that nobody
    /// would miss the verdicts.
    pub unexercised: Vec<(String, Defect, Vec<&'static str>)>,
    /// The defects that no scenario promises to notice.
    pub homeless: Vec<Defect>,
    /// How many of the diagnoses that a defect leads to were compared with the right ones.
    pub diagnosed: usize,
    /// Those that are not right, in words.
    pub misdiagnosed: Vec<String>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Runs the clean reference in every entry, and in the first area of each scenario the defects
/// that it promises to notice.
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
    let failing: BTreeSet<&str> = cases.iter().flat_map(self::failing).collect();

    let entries = defective(clean);
    let defects = campaign.run(&entries);
    found.stopped |= defects.iter().any(Option::is_none);
    let diagnoses = right_ends::compare(campaign, clean, &cases, &defects);
    found.diagnosed = diagnoses.compared;
    found.misdiagnosed = diagnoses.wrong;
    for (entry, case) in entries.iter().zip(defects) {
        let (Device::Reference(defects), Some(case)) = (&entry.job.device, case) else {
            continue;
        };
        let mut by = Vec::new();
        for (id, killers) in &mut found.killers {
            if failing_in(&case, id) && !failing.contains(id) {
                killers.extend(defects);
                by.push(*id);
            }
        }
        let roots: Vec<String> = self::failing(&case)
            .filter(|id| case.root_of(id).is_none())
            .map(str::to_owned)
            .collect();
        if roots.len() > 1 {
            let scenario = &entry.scenario.name;
            let one = defects.iter().next();
            found
                .unexplained
                .extend(one.map(|one| (scenario.clone(), *one, roots)));
        }
        for defect in defects {
            let scenario = entry.scenario.name.clone();
            if by.is_empty() {
                found.unnoticed.push((scenario, *defect));
            } else if !by.iter().any(|id| entry.scenario.exercises(id)) {
                found.unexercised.push((scenario, *defect, by.clone()));
            }
        }
    }
    let homes: BTreeSet<Defect> = clean
        .iter()
        .flat_map(|one| one.scenario.notices())
        .collect();
    let homeless = Defect::all().filter(|defect| !homes.contains(defect));
    found.homeless = homeless.collect();
    found
}

/// Returns every defect in the first area of each scenario that promises to notice it: a defect
/// does not know which area it is in.
fn defective(clean: &[Entry]) -> Vec<Entry> {
    let mut seen = BTreeSet::new();
    let first = clean
        .iter()
        .filter(|entry| seen.insert(&entry.scenario.name));
    first
        .flat_map(|entry| {
            entry
                .scenario
                .notices()
                .map(|defect| with_defect(entry, defect))
        })
        .collect()
}

/// Returns the same job for the reference with a defect.
fn with_defect(entry: &Entry, defect: Defect) -> Entry {
    let mut job = entry.job.clone();
    job.device = Device::Reference(BTreeSet::from([defect]));
    Entry {
        job,
        scenario: entry.scenario.clone(),
        known: Arc::clone(&entry.known),
        excuses: Arc::clone(&entry.excuses),
    }
}

/// Returns what is wrong with a run of the clean reference.
fn failures(case: &Case) -> Vec<String> {
    let place = format!("{} ({})", case.scenario, case.area);
    let mut found: Vec<String> = failing(case).map(|id| format!("{place}: {id}")).collect();
    let needs_real_time = Outcome::NotApplicable(NEEDS_REAL_TIME.to_owned());
    if case.outcome != Outcome::Judged && case.outcome != needs_real_time {
        found.push(format!("{place}: {:?}", case.outcome));
    }
    let unmet = case.expectations.iter().filter(|promise| !promise.met);
    found.extend(unmet.map(|promise| format!("{place}: {}, not {}", promise.what, promise.seen)));
    let lost = case.exercises.iter().filter_map(|exercise| {
        let because = case.lost(exercise)?;
        Some(format!(
            "{place}: {} is not judged, because {because}",
            exercise.check
        ))
    });
    found.extend(lost);
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
    /// Returns the table check × defect, read both ways, and whatever does not hold.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let names = |killers: &BTreeSet<Defect>| killers.iter().map(|one| one.name()).collect();
        let checks = self
            .killers
            .iter()
            .map(|(id, killers)| (*id, names(killers)));
        text.push_str("Each check, and the defects that make it fail\n\n");
        rows(&mut text, checks);
        let defects = Defect::all().map(|defect| {
            let failed = self.killers.iter().filter(|(_, by)| by.contains(&defect));
            (defect.name(), failed.map(|(id, _)| *id).collect())
        });
        text.push_str("\nEach defect, and the checks that it makes fail\n\n");
        rows(&mut text, defects);
        let mut wrong = String::new();
        for (scenario, defect) in &self.unnoticed {
            let _ = writeln!(wrong, "{scenario} does not notice {defect}");
        }
        for (scenario, defect, roots) in &self.unexplained {
            let roots = roots.join(", ");
            let _ = writeln!(
                wrong,
                "{scenario} gives several findings first with {defect}: {roots}"
            );
        }
        for (scenario, defect, by) in &self.unexercised {
            let by = by.join(" ");
            let _ = writeln!(
                wrong,
                "{scenario} notices {defect} without exercising any of: {by}"
            );
        }
        for defect in &self.homeless {
            let _ = writeln!(wrong, "no scenario promises to notice {defect}");
        }
        for failure in &self.clean_failures {
            let failure = escape::line(failure);
            let _ = writeln!(wrong, "the clean reference fails: {failure}");
        }
        for id in &self.never_judged {
            let _ = writeln!(wrong, "never judged: {id}");
        }
        for one in &self.misdiagnosed {
            let _ = writeln!(wrong, "wrong diagnosis: {}", escape::line(one));
        }
        if !wrong.is_empty() {
            let _ = write!(text, "\n{wrong}");
        }
        text
    }

    /// Returns the two lines that say it all.
    pub fn line(&self) -> String {
        let killed = self
            .killers
            .values()
            .filter(|killers| !killers.is_empty())
            .count();
        format!(
            "selftest: {} checks, {killed} killed, {} clean failures, {} never judged\n\
             diagnosis: {} of {} right",
            self.killers.len(),
            self.clean_failures.len(),
            self.never_judged.len(),
            self.diagnosed - self.misdiagnosed.len(),
            self.diagnosed,
        )
    }

    /// Returns whether every check is proved.
    pub fn holds(&self) -> bool {
        !self.stopped
            && self.killers.values().all(|killers| !killers.is_empty())
            && self.unnoticed.is_empty()
            && self.unexplained.is_empty()
            && self.unexercised.is_empty()
            && self.homeless.is_empty()
            && self.clean_failures.is_empty()
            && self.never_judged.is_empty()
            && self.misdiagnosed.is_empty()
    }
}

/// Writes a name and what belongs to it on each line, the names in one column.
fn rows<'a>(text: &mut String, rows: impl Iterator<Item = (&'a str, Vec<&'a str>)>) {
    let rows: Vec<_> = rows.collect();
    let width = rows
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    for (name, others) in rows {
        let others = if others.is_empty() {
            "-".to_owned()
        } else {
            others.join(" ")
        };
        let _ = writeln!(text, "{name:<width$}  {others}");
    }
}
