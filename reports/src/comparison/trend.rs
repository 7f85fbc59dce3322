//! What a comparison comes to: the last line says it, and the exit code.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Comparison, Decides, Kind, Subject};
use crate::Level;

/// Whether it became worse, with the reasons where it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// Nothing fails or is left open that was not before.
    NoWorse,
    /// Something certainly became worse.
    Worse(Vec<String>),
    /// It could not be told.
    Unclear(Vec<String>),
}

impl Comparison {
    /// Says what it comes to; what is certain outranks what could not be told, as within one report.
    pub(super) fn trend(&self) -> Trend {
        let (worse, open) = (self.worse(), self.open());
        if !worse.is_empty() {
            return Trend::Worse([worse, open].concat());
        }
        // Where anything else is open, that nothing is judged follows from it.
        let open = if open.is_empty() {
            self.unjudged()
        } else {
            open
        };
        match open.is_empty() {
            true => Trend::NoWorse,
            false => Trend::Unclear(open),
        }
    }

    /// Says of which profiles nothing is judged any longer, for whatever reason.
    fn unjudged(&self) -> Vec<String> {
        let profiles = self.devices.iter().flat_map(|one| &one.unjudged_profiles);
        let names: BTreeSet<&str> = profiles.map(|one| one.name()).collect();
        let said = names.iter();
        said.map(|name| format!("nothing that {name} asks for is judged any longer"))
            .collect()
    }

    /// Returns how many requirements, promises and ways to fail are in both.
    pub fn still_failing(&self) -> usize {
        self.devices.iter().map(|one| one.still_failing.len()).sum()
    }

    /// Returns whether nothing at all changed that a report can say.
    pub fn is_empty(&self) -> bool {
        self.gone_devices.is_empty()
            && self.new_devices.is_empty()
            && self.devices.iter().all(|one| {
                one.changes.is_empty()
                    && one.gone_runs.is_empty()
                    && one.new_runs.is_empty()
                    && one.gone_checks.is_empty()
                    && one.new_checks.is_empty()
                    && one.newly_stale.is_empty()
                    && one.no_longer_stale.is_empty()
            })
    }

    fn worse(&self) -> Vec<String> {
        let mut found = Vec::new();
        let is_worse = |kind: Kind| kind != Kind::NewlyPassing;
        let failing = |level| self.checks(Decides::Worse, level, is_worse);
        let (musts, shoulds) = (failing(Level::Must), failing(Level::Should));
        found.extend(named(&musts, "MUST newly fails", "MUSTs newly fail"));
        found.extend(named(&shoulds, "SHOULD newly fails", "SHOULDs newly fail"));
        let runs = self.places(|one| *one == Subject::Run);
        found.extend(several(
            runs,
            "run newly sees the device fail",
            "runs newly see the device fail",
        ));
        let promises = self.places(|one| matches!(one, Subject::Promise(_)));
        found.extend(several(
            promises,
            "promise of a scenario is no longer kept",
            "promises of scenarios are no longer kept",
        ));
        let stale = self.devices.iter().map(|one| one.newly_stale.len()).sum();
        found.extend(several(
            stale,
            "entry of the device file is newly stale",
            "entries of the device file are newly stale",
        ));
        if self.rules.strict {
            found.extend(self.outdated());
        }
        found
    }

    /// Says what makes the old report outdated without being worse.
    fn outdated(&self) -> Vec<String> {
        let mut found = Vec::new();
        let changes = self.devices.iter().flat_map(|one| &one.changes);
        let passing = changes.filter(|one| one.kind == Kind::NewlyPassing);
        found.extend(several(
            passing.map(|one| one.places.len()).sum(),
            "failure is no more",
            "failures are no more",
        ));
        let gone = self.devices.iter().map(|one| one.gone_runs.len()).sum();
        found.extend(several(gone, "run is gone", "runs are gone"));
        let gone = self.devices.iter().map(|one| one.gone_checks.len()).sum();
        found.extend(several(gone, "check is gone", "checks are gone"));
        found.extend(self.gone_devices());
        found
    }

    fn gone_devices(&self) -> Option<String> {
        several(
            self.gone_devices.len(),
            "device is gone",
            "devices are gone",
        )
    }

    fn open(&self) -> Vec<String> {
        let mut found = Vec::new();
        if !self.rules.strict {
            found.extend(self.gone_devices());
        }
        let open = |level| self.checks(Decides::Open, level, |_| true);
        let (musts, shoulds) = (open(Level::Must), open(Level::Should));
        found.extend(named(
            &musts,
            "MUST is no longer judged for certain",
            "MUSTs are no longer judged for certain",
        ));
        found.extend(named(
            &shoulds,
            "SHOULD is no longer judged for certain",
            "SHOULDs are no longer judged for certain",
        ));
        let changes = self.devices.iter().flat_map(|one| &one.changes);
        let promises = changes.filter(|one| {
            one.decides == Decides::Open && matches!(one.subject, Subject::Promise(_))
        });
        found.extend(several(
            promises.map(|one| one.places.len()).sum(),
            "promise was broken, perhaps by the host, which was too late",
            "promises were broken, perhaps by the host, which was too late",
        ));
        let broken = self.devices.iter().map(|one| one.broken).sum();
        found.extend(several(
            broken,
            "run was broken by ngnlab itself",
            "runs were broken by ngnlab itself",
        ));
        let cut_off = self.devices.iter().map(|one| one.cut_off).sum();
        found.extend(several(
            cut_off,
            "run was broken off",
            "runs were broken off",
        ));
        found
    }

    /// Returns the checks of a level that decide so, causes first.
    fn checks(&self, decides: Decides, level: Level, is_meant: fn(Kind) -> bool) -> Vec<&str> {
        let changes = self.devices.iter().flat_map(|one| &one.changes);
        let changes = changes
            .filter(|one| one.decides == decides && one.level == level && is_meant(one.kind));
        let mut ids = Vec::new();
        for change in changes {
            if let Subject::Check(id) = &change.subject
                && !ids.contains(&&**id)
            {
                ids.push(&**id);
            }
        }
        ids
    }

    /// Counts the places where something of a kind became worse.
    fn places(&self, is_meant: impl Fn(&Subject) -> bool) -> usize {
        let changes = self.devices.iter().flat_map(|one| &one.changes);
        let worse = changes.filter(|one| {
            one.decides == Decides::Worse
                && one.kind != Kind::NewlyPassing
                && is_meant(&one.subject)
        });
        worse.map(|one| one.places.len()).sum()
    }
}

fn named(ids: &[&str], one: &str, many: &str) -> Option<String> {
    let said = several(ids.len(), one, many)?;
    let shown = ids[..ids.len().min(MOST_NAMED)].join(", ");
    let more = if ids.len() > MOST_NAMED { ", …" } else { "" };
    Some(format!("{said} ({shown}{more})"))
}

fn several(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    }
}

/// More names would hide the rest of the line.
const MOST_NAMED: usize = 3;
