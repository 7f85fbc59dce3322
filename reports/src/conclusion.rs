//! What a report comes to as a whole: the last line says it, and the exit code.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::score::{Overall, ProfileResult};
use crate::{Case, Judged, Level, Outcome, Profile, Report, Verdict};

/// What a report comes to, with the reasons where it is not plain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Nothing failed that counts and that the device file does not know of, and every MUST that the
    /// scenarios exercise was judged.
    Conformant,
    /// Something certainly failed.
    NotConformant(Vec<String>),
    /// It could not be told.
    Undetermined(Vec<String>),
    /// Nothing failed of what a capture could show, and how much that was. It proves no conformance:
    /// a capture has no scenario that would have made the rest come up.
    NoFailureSeen(Vec<String>),
}

/// What a report adds up to, for whom it would cost too much to ask for each part of it anew.
pub struct Sums {
    /// What each chosen profile came to.
    pub results: Vec<ProfileResult>,
    /// What it all comes to.
    pub conclusion: Conclusion,
}

impl Report {
    /// Returns what the report adds up to.
    pub fn sums(&self) -> Sums {
        let results = self.profiles.iter().map(|profile| self.result(*profile));
        let results: Vec<ProfileResult> = results.collect();
        let conclusion = self.conclusion_of(&results);
        Sums {
            results,
            conclusion,
        }
    }

    /// Returns what it all comes to for the chosen profiles.
    ///
    /// What failed on a host that kept up is certain, whatever else could not be told: by lack of
    /// time, or since we broke something ourselves, or were stopped (design §10).
    pub fn conclusion(&self) -> Conclusion {
        self.sums().conclusion
    }

    fn conclusion_of(&self, results: &[ProfileResult]) -> Conclusion {
        let (broken, certain) = (self.broken(), self.certain());
        if !certain.is_empty() {
            return Conclusion::NotConformant([certain, broken].concat());
        }
        if self.captured.is_some() {
            return seen_in_capture(results);
        }
        let unclear = [broken, self.unclear(results)].concat();
        match unclear.is_empty() {
            true => Conclusion::Conformant,
            false => Conclusion::Undetermined(unclear),
        }
    }

    /// Returns the chosen profiles that a check counts for in one of these cases.
    pub fn counts_for<'a>(
        &self,
        id: &str,
        cases: impl IntoIterator<Item = &'a Case>,
    ) -> Vec<Profile> {
        let asked = self.checks.get(id).map(|info| &info.profiles);
        let cases: Vec<&Case> = cases.into_iter().collect();
        let counts = |profile: &Profile| {
            asked.is_some_and(|asked| asked.contains(profile))
                && cases.iter().any(|case| profile.counts(case))
        };
        self.profiles.iter().copied().filter(counts).collect()
    }

    /// Says what of ours broke, or was broken off.
    fn broken(&self) -> Vec<String> {
        let broke = |case: &&Case| matches!(case.outcome, Outcome::HarnessError(_));
        let broke = self.cases.iter().filter(broke).count();
        let cut_off = self.left_out.iter().filter(|one| one.cut_off).count();
        let mut found = Vec::new();
        found.extend(several(
            broke,
            "run was broken by ngnlab itself",
            "runs were broken by ngnlab itself",
        ));
        found.extend(several(
            cut_off,
            "run was broken off",
            "runs were broken off",
        ));
        found
    }

    /// Says what certainly failed.
    fn certain(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut failed = self.failed_musts(|judged| {
            matches!(judged.verdict, Verdict::Fail(_)) && judged.known.is_none()
        });
        if failed.len() > 1 {
            let told = self.in_the_order_told();
            failed.sort_by_key(|id| told.iter().position(|one| one == id));
        }
        found.extend(
            several(failed.len(), "MUST failed", "MUSTs failed").map(|said| {
                let named = failed.iter().take(MOST_NAMED).copied();
                let more = if failed.len() > MOST_NAMED {
                    ", …"
                } else {
                    ""
                };
                format!("{said} ({}{more})", named.collect::<Vec<_>>().join(", "))
            }),
        );
        let unfit = self.cases.iter().filter(|case| case.outcome.is_unfit());
        let unfit = unfit.count();
        found.extend(several(
            unfit,
            "run saw the device fail",
            "runs saw the device fail",
        ));
        let promises = self.cases.iter().flat_map(|case| &case.expectations);
        let unmet = promises.filter(|one| one.is_broken()).count();
        found.extend(several(
            unmet,
            "promise of a scenario was not kept",
            "promises of scenarios were not kept",
        ));
        let (excuses, known): (Vec<_>, Vec<_>) =
            self.stale.iter().partition(|one| one.excused_in.is_some());
        found.extend(several(
            known.len(),
            "known failure no longer fails",
            "known failures no longer fail",
        ));
        found.extend(several(
            excuses.len(),
            "excuse is for what was judged",
            "excuses are for what was judged",
        ));
        found
    }

    /// Returns every failed check, a cause before what it explains, as findings are ordered.
    fn in_the_order_told(&self) -> Vec<&str> {
        let mut told = Vec::new();
        for failure in self.failures() {
            told.push(&*failure.info.id);
            told.extend(failure.consequences.iter().map(|one| &*one.info.id));
        }
        told
    }

    /// Says what could not be told.
    fn unclear(&self, results: &[ProfileResult]) -> Vec<String> {
        let mut found = Vec::new();
        let promises = self.cases.iter().flat_map(|case| &case.expectations);
        let excused = self.failed_musts(|judged| judged.excused).len()
            + promises.filter(|one| one.is_unclear()).count();
        found.extend(several(
            excused,
            "failure may be the host's, which was too late",
            "failures may be the host's, which was too late",
        ));
        let lost = self.missing();
        found.extend(lost.iter().take(MOST_LOST).cloned());
        found.extend(several(
            lost.len().saturating_sub(MOST_LOST),
            "verdict more is missing",
            "verdicts more are missing",
        ));
        if self.cases.is_empty() {
            found.push("nothing was run".to_owned());
        }
        for result in results {
            let open = result.overall == Overall::Undetermined;
            // Unless another reason was given already.
            if !self.cases.is_empty() && open && !self.is_left_open(result.profile) {
                let name = result.profile.name();
                found.push(format!("too little was judged for {name}"));
            }
        }
        found
    }

    /// Says which MUSTs were not judged although a scenario exercises them.
    fn missing(&self) -> Vec<String> {
        let lost = self.lost_for_chosen();
        let musts = lost.iter().filter(|one| one.level == Level::Must);
        musts
            .map(|one| {
                let (check, place, because) = (&one.check, one.place(), &one.because);
                format!("not judged: {check} in {place}, because {because}")
            })
            .collect()
    }

    /// Returns the MUSTs that count for a chosen profile and have such a verdict somewhere.
    fn failed_musts(&self, is_meant: impl Fn(&Judged) -> bool) -> Vec<&str> {
        let mut meant: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
        for case in &self.cases {
            for (id, _) in case.verdicts.iter().filter(|(_, judged)| is_meant(judged)) {
                meant.entry(id).or_default().push(case);
            }
        }
        let is_must = |id: &str| {
            let info = self.checks.get(id);
            info.is_some_and(|info| info.level == Level::Must)
        };
        let counting = meant.into_iter().filter(|(id, cases)| {
            is_must(id) && !self.counts_for(id, cases.iter().copied()).is_empty()
        });
        counting.map(|(id, _)| id).collect()
    }
}

/// Returns what a capture in which no MUST failed comes to.
fn seen_in_capture(results: &[ProfileResult]) -> Conclusion {
    let (mut judged, mut shown) = (0, Vec::new());
    for result in results {
        let (must, name) = (result.must, result.profile.name());
        judged += must.judged() + result.should.judged();
        shown.push(format!(
            "{} of {} MUSTs of {name} were judged",
            must.judged(),
            must.asked
        ));
    }
    match judged {
        0 => Conclusion::Undetermined(vec!["nothing in the capture could be judged".to_owned()]),
        _ => Conclusion::NoFailureSeen(shown),
    }
}

/// Returns what the reports of several devices come to, with the names of those that decide.
///
/// As within one report, what failed for certain outranks what could not be told (design §10).
pub fn of_all(reports: &[Report]) -> Conclusion {
    let ended = reports.iter().map(|report| (report, report.conclusion()));
    let ended: Vec<(&Report, Conclusion)> = ended.collect();
    let names = |is_meant: fn(&Conclusion) -> bool| -> Vec<String> {
        let meant = ended.iter().filter(|(_, conclusion)| is_meant(conclusion));
        meant.map(|(report, _)| report.device.clone()).collect()
    };
    let failed = names(|one| matches!(one, Conclusion::NotConformant(_)));
    let open = names(|one| matches!(one, Conclusion::Undetermined(_)));
    if !failed.is_empty() {
        Conclusion::NotConformant(failed)
    } else if !open.is_empty() || reports.is_empty() {
        Conclusion::Undetermined(open)
    } else {
        Conclusion::Conformant
    }
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
/// Each of them comes with a reason of its own; the page above names them all.
const MOST_LOST: usize = 2;
