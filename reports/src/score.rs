//! What the verdicts of a run add up to. MUST and SHOULD are never merged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Level, Outcome, Profile, Report, Verdict};

/// The overall result of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overall {
    /// Every MUST and every SHOULD that was judged passed.
    Conformant,
    /// Every MUST passed, some SHOULD did not.
    ConformantWithRemarks,
    /// A MUST failed.
    NotConformant,
    /// Nothing was judged, or a device or the harness failed, so that nothing can be said.
    Undetermined,
}

impl Overall {
    /// Returns the result in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Conformant => "conformant",
            Self::ConformantWithRemarks => "conformant with remarks",
            Self::NotConformant => "not conformant",
            Self::Undetermined => "undetermined",
        }
    }
}

/// How many verdicts there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requirements met.
    pub pass: usize,
    /// MUST requirements broken.
    pub fail_must: usize,
    /// SHOULD requirements broken.
    pub fail_should: usize,
    /// Broken requirements the device file knows of, already in one of the two above.
    pub known: usize,
    /// Situations that did not come up.
    pub inconclusive: usize,
    /// Requirements that do not apply.
    pub not_applicable: usize,
}

/// What one check came to over all scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It failed somewhere.
    Failed,
    /// It passed somewhere and failed nowhere.
    Passed,
    /// It was judged nowhere.
    NotJudged,
}

impl Report {
    /// Counts the verdicts of all scenarios.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (id, judged) in self.cases.iter().flat_map(|case| &case.verdicts) {
            match &judged.verdict {
                Verdict::Pass(_) => counts.pass += 1,
                Verdict::Fail(_) => {
                    match self.level(id) {
                        Level::Must => counts.fail_must += 1,
                        Level::Should => counts.fail_should += 1,
                    }
                    counts.known += usize::from(judged.known.is_some());
                }
                Verdict::Inconclusive(_) => counts.inconclusive += 1,
                Verdict::NotApplicable(_) => counts.not_applicable += 1,
            }
        }
        counts
    }

    /// Returns what each check came to over all scenarios.
    pub fn standings(&self) -> BTreeMap<&str, Standing> {
        let mut standings: BTreeMap<&str, Standing> = self
            .checks
            .keys()
            .map(|id| (&id[..], Standing::NotJudged))
            .collect();
        for (id, judged) in self.cases.iter().flat_map(|case| &case.verdicts) {
            let standing = standings.entry(id).or_insert(Standing::NotJudged);
            match (&judged.verdict, *standing) {
                (Verdict::Fail(_), _) => *standing = Standing::Failed,
                (Verdict::Pass(_), Standing::NotJudged) => *standing = Standing::Passed,
                _ => {}
            }
        }
        standings
    }

    /// Judges a profile: known failures count, since the device still does not conform.
    pub fn overall(&self, profile: Profile) -> Overall {
        let standings = self.standings();
        let asked = |id: &&str| {
            self.checks
                .get(*id)
                .is_some_and(|info| info.profiles.contains(&profile))
        };
        let failed = |level| {
            standings
                .iter()
                .filter(|(id, standing)| asked(id) && **standing == Standing::Failed)
                .any(|(id, _)| self.level(id) == level)
        };
        let passed = standings
            .iter()
            .any(|(id, standing)| asked(id) && *standing == Standing::Passed);
        let broken = self.cases.iter().any(|case| {
            matches!(
                case.outcome,
                Outcome::HarnessError(_) | Outcome::DeviceFailed { .. }
            )
        });
        if failed(Level::Must) {
            Overall::NotConformant
        } else if !passed || broken {
            Overall::Undetermined
        } else if failed(Level::Should) {
            Overall::ConformantWithRemarks
        } else {
            Overall::Conformant
        }
    }

    /// Returns how many checks were judged in at least one scenario.
    pub fn judged_checks(&self) -> usize {
        self.standings()
            .values()
            .filter(|standing| **standing != Standing::NotJudged)
            .count()
    }

    fn level(&self, id: &str) -> Level {
        self.checks.get(id).map_or(Level::Must, |info| info.level)
    }
}
