//! Two reports held against each other: what newly fails, what newly passes, what is no longer
//! judged, and whether it became worse.
//!
//! It became worse where the new report fails the device for something that the old one does not
//! fail it for at the same place; and it cannot be told where the new report leaves something open
//! that the old one does not. What both have is no change. A requirement binds if it does in either
//! report, so that nothing is excused by choosing other profiles or by a level that was lowered.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Case, Level, Profile, Report, StaleKnown};

mod changes;
mod differences;
mod losses;
mod state;
mod trend;

use changes::changes;
pub use differences::Difference;
use differences::differences;
pub use state::{Decides, Kind, State};
pub use trend::Trend;

/// The version of a comparison as JSON; it grows when a reader of the old one would break.
pub const FORMAT: u32 = 1;

/// What changed from one document to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The version of the document, [`FORMAT`].
    pub comparison: u32,
    /// What the old document is called.
    pub old: String,
    /// What the new document is called.
    pub new: String,
    /// What decides.
    pub rules: Rules,
    /// What changed for each device that the new one is about; what it fails for is new where the
    /// old one does not know it.
    pub devices: Vec<DeviceChanges>,
    /// The devices that only the old one is about.
    pub gone_devices: Vec<String>,
    /// The devices that only the new one is about.
    pub new_devices: Vec<String>,
    /// What it comes to, as the exit code says it.
    pub comes_to: Trend,
}

/// What decides of what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// Whether a SHOULD counts as a MUST does, and whether whatever makes the old report outdated
    /// counts, too: what newly passes, and what is gone.
    pub strict: bool,
}

/// What changed for one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceChanges {
    /// The device's name in the new report.
    pub device: String,
    /// In what the two runs differ before anything is judged, most telling first.
    pub differences: Vec<Difference>,
    /// How many runs both reports have.
    pub in_both: usize,
    /// What changed, rolled up by what it is about.
    pub changes: Vec<Change>,
    /// The runs that only the old report has.
    pub gone_runs: Vec<Gone>,
    /// The runs that only the new report has.
    pub new_runs: Vec<Place>,
    /// The checks that only the old report knows.
    pub gone_checks: Vec<String>,
    /// The checks that only the new report knows.
    pub new_checks: Vec<String>,
    /// The entries of the device file that became stale.
    pub newly_stale: Vec<StaleKnown>,
    /// The entries of the device file that were stale and are no longer.
    pub no_longer_stale: Vec<StaleKnown>,
    /// What fails the device in both reports.
    pub still_failing: Vec<Subject>,
    /// The profiles of the old report of whose requirements the new one judges none.
    pub unjudged_profiles: Vec<Profile>,
    /// How many runs of the new report ngnlab broke itself.
    pub broken: usize,
    /// How many runs the new report lacks because it was stopped.
    pub cut_off: usize,
}

/// One scenario in one area, delivered in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The scenario's name.
    pub scenario: String,
    /// `east` or `west`.
    pub area: String,
    /// `ra` or `pd`, where the scenario leaves that open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
}

impl Place {
    fn of(case: &Case) -> Self {
        Self {
            scenario: case.scenario.clone(),
            area: case.area.clone(),
            delivery: case.delivery.clone(),
        }
    }

    /// Returns it in words, as `family/name (east, pd)`.
    pub fn words(&self) -> String {
        let Self { scenario, area, .. } = self;
        match &self.delivery {
            Some(delivery) => format!("{scenario} ({area}, {delivery})"),
            None => format!("{scenario} ({area})"),
        }
    }
}

/// A run that is no longer in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// Which run.
    pub place: Place,
    /// Why it was left out, if the new report says so.
    pub because: Option<String>,
}

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The run itself: whether the device did its part.
    Run,
    /// A promise of scenarios.
    Promise(String),
    /// A check.
    Check(String),
    /// Where the guide's flow of p.30 ends.
    Diagnosis,
}

/// The same kind of change, of the same thing, wherever it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What kind of change.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// How binding it is; what is no check is as binding as a MUST.
    pub level: Level,
    /// Whether it decides, and what.
    pub decides: Decides,
    /// Whether the device file knows of what newly fails.
    pub known: bool,
    /// The failed check that explains it, wherever it is explained by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Where, in order.
    pub places: Vec<At>,
}

/// What a change is in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct At {
    /// The run.
    pub place: Place,
    /// What it was.
    pub was: State,
    /// What it is.
    pub is: State,
}

/// Whether a run of a report was to be had again at all.
type IsAsked<'a> = &'a dyn Fn(&Report, &Case) -> bool;

/// Holds a new document against an old one, each under the name that it is called by; the error says
/// why they have nothing to do with each other.
///
/// Devices go by their names; where each document is about a single one, its name may differ.
/// `is_asked` says which runs of the old document the new one was to have at all.
pub fn compare(
    (old, old_reports): (&str, &[Report]),
    (new, new_reports): (&str, &[Report]),
    rules: Rules,
    is_asked: IsAsked<'_>,
) -> Result<Comparison, String> {
    for (document, reports) in [(old, old_reports), (new, new_reports)] {
        tell_apart(document, reports.iter().map(|one| &*one.device))?;
    }
    let pairs = pairs(old_reports, new_reports);
    if pairs.is_empty() {
        let names = |reports: &[Report]| {
            let names: Vec<&str> = reports.iter().map(|one| &*one.device).collect();
            names.join(", ")
        };
        let (was, is) = (names(old_reports), names(new_reports));
        return Err(format!(
            "no device is in both: {old} is about {was}, {new} about {is}"
        ));
    }
    let mut devices: Vec<DeviceChanges> = pairs
        .iter()
        .map(|(old, new)| DeviceChanges {
            differences: differences(old, new),
            ..of_device(old, new, rules, is_asked)
        })
        .collect();
    if devices.iter().all(|one| one.in_both == 0) {
        return Err(format!(
            "{old} and {new} have no scenario in common, delivered the same way in the same area"
        ));
    }
    let is_gone = |one: &&Report| !pairs.iter().any(|(old, _)| std::ptr::eq(*old, *one));
    let is_missed = |one: &&Report| one.cases.iter().any(|case| is_asked(one, case));
    let gone = old_reports.iter().filter(is_gone).filter(is_missed);
    let is_new = |one: &&Report| !pairs.iter().any(|(_, new)| std::ptr::eq(*new, *one));
    let added: Vec<&Report> = new_reports.iter().filter(is_new).collect();
    // Nobody has accepted yet what it fails for.
    let unknown = without_runs(old_reports);
    devices.extend(added.iter().filter_map(|new| {
        let changes = of_device(unknown.as_ref()?, new, rules, is_asked);
        let is_told = !changes.changes.is_empty() || !changes.newly_stale.is_empty();
        (is_told || changes.broken + changes.cut_off > 0).then_some(changes)
    }));
    let names = |reports: &mut dyn Iterator<Item = &Report>| {
        reports.map(|one| one.device.clone()).collect()
    };
    let mut comparison = Comparison {
        comparison: FORMAT,
        old: old.to_owned(),
        new: new.to_owned(),
        rules,
        devices,
        gone_devices: names(&mut gone.into_iter()),
        new_devices: names(&mut added.into_iter()),
        comes_to: Trend::NoWorse,
    };
    comparison.comes_to = comparison.trend();
    Ok(comparison)
}

/// Says that a document is about two devices of one name, by which devices are told apart.
pub fn tell_apart<'a>(
    document: &str,
    devices: impl IntoIterator<Item = &'a str>,
) -> Result<(), String> {
    let mut known = BTreeSet::new();
    match devices.into_iter().find(|name| !known.insert(*name)) {
        Some(name) => Err(format!("{document} is about two devices called {name}")),
        None => Ok(()),
    }
}

/// Returns which reports are about the same device.
fn pairs<'a>(old: &'a [Report], new: &'a [Report]) -> Vec<(&'a Report, &'a Report)> {
    if let ([old], [new]) = (old, new) {
        return vec![(old, new)];
    }
    let named = |new: &'a Report| {
        let mut old = old.iter();
        Some((old.find(|old| old.device == new.device)?, new))
    };
    new.iter().filter_map(named).collect()
}

/// Returns a report of the same checks and of every profile that is chosen in one of these, and of
/// nothing that was run.
fn without_runs(reports: &[Report]) -> Option<Report> {
    let first = reports.first()?;
    let profiles: BTreeSet<Profile> = reports
        .iter()
        .flat_map(|one| &one.profiles)
        .copied()
        .collect();
    Some(Report {
        cases: Vec::new(),
        left_out: Vec::new(),
        stale: Vec::new(),
        profiles: profiles.into_iter().collect(),
        ..first.clone()
    })
}

/// A report with its cases by place.
type Side<'a> = (&'a Report, &'a BTreeMap<Place, &'a Case>);

fn of_device(old: &Report, new: &Report, rules: Rules, is_asked: IsAsked<'_>) -> DeviceChanges {
    let (before, now) = (by_place(old, is_asked), by_place(new, &|_, _| true));
    let because = |place: &Place| {
        let planned = format!("{} ({})", place.scenario, place.area);
        let mut left_out = new.left_out.iter();
        let is_meant = |name: &str| name == place.scenario || name == planned;
        left_out
            .find(|one| is_meant(&one.scenario))
            .map(|one| one.reason.clone())
    };
    let gone = before.keys().filter(|place| !now.contains_key(place));
    let gone_runs = gone.map(|place| Gone {
        place: place.clone(),
        because: because(place),
    });
    let (changes, still_failing) = changes((old, &before), (new, &now), rules);
    DeviceChanges {
        device: new.device.clone(),
        differences: Vec::new(),
        in_both: now
            .keys()
            .filter(|place| before.contains_key(place))
            .count(),
        changes,
        gone_runs: gone_runs.collect(),
        new_runs: not_in(&now, &before),
        gone_checks: not_in(&old.checks, &new.checks),
        new_checks: not_in(&new.checks, &old.checks),
        newly_stale: without(&new.stale, &old.stale),
        no_longer_stale: without(&old.stale, &new.stale),
        still_failing,
        unjudged_profiles: losses::profiles((old, &before), (new, &now)),
        broken: now.values().filter(|case| state::is_ours(case)).count(),
        cut_off: new.left_out.iter().filter(|one| one.cut_off).count(),
    }
}

fn by_place<'a>(report: &'a Report, is_meant: IsAsked<'_>) -> BTreeMap<Place, &'a Case> {
    let cases = report.cases.iter().filter(|case| is_meant(report, case));
    cases.map(|case| (Place::of(case), case)).collect()
}

fn not_in<K: Ord + Clone, A, B>(these: &BTreeMap<K, A>, those: &BTreeMap<K, B>) -> Vec<K> {
    let missing = these.keys().filter(|key| !those.contains_key(key));
    missing.cloned().collect()
}

fn without(these: &[StaleKnown], those: &[StaleKnown]) -> Vec<StaleKnown> {
    let same = |a: &StaleKnown, b: &StaleKnown| {
        a.check == b.check && a.reason == b.reason && a.excused_in == b.excused_in
    };
    let missing = these.iter().filter(|a| !those.iter().any(|b| same(a, b)));
    missing.cloned().collect()
}

#[cfg(test)]
mod tests;
