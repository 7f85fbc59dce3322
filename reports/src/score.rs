//! What the verdicts of a run add up to. MUST and SHOULD are never merged.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exercises::Lost;
use crate::{Case, CheckInfo, Expectation, Judged, Level, Outcome, Profile, Report, Verdict};

/// The overall result of a profile.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Overall {
    /// Every MUST and every SHOULD that was judged passed.
    Conformant,
    /// Every MUST passed, some SHOULD did not.
    ConformantWithRemarks,
    /// MUSTs or promises of scenarios failed, or the device did, and its file knows of each of them.
    ConformantButForKnown,
    /// A MUST failed, or a promise of a scenario was not kept.
    NotConformant,
    /// No MUST failed of those that a capture could show, which proves no conformance.
    NoFailureSeen,
    /// Nothing was judged, a MUST was not judged where a scenario exercises it or on a host that was
    /// too late, or a device or the harness failed: nothing can be said.
    Undetermined,
}

impl Overall {
    /// Returns the result in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Conformant => "conformant",
            Self::ConformantWithRemarks => "conformant with remarks",
            Self::ConformantButForKnown => "conformant but for known failures",
            Self::NotConformant => "not conformant",
            Self::NoFailureSeen => "no MUST failed that the capture shows",
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

/// What a profile came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfileResult {
    /// The profile.
    pub profile: Profile,
    /// The overall result.
    pub overall: Overall,
    /// Its MUST requirements.
    pub must: Tally,
    /// Its SHOULD requirements.
    pub should: Tally,
    /// The MUST requirements that came up in no scenario.
    pub not_judged: Vec<String>,
    /// The verdicts that scenarios promise and that are missing.
    #[serde(default)]
    pub lost: Vec<Lost>,
}

/// How many requirements of one level there are, and what they came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// What the profile asks for.
    pub asked: usize,
    /// Met wherever they were judged.
    pub passed: usize,
    /// Broken somewhere.
    pub failed: usize,
    /// Those of them of which the device file knows, wherever they were broken.
    #[serde(default)]
    pub known: usize,
}

impl Tally {
    /// Returns how many were judged.
    pub fn judged(self) -> usize {
        self.passed + self.failed
    }
}

/// What one check came to over all scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It failed somewhere.
    Failed,
    /// It failed somewhere, and only where the device file says so.
    FailedAsKnown,
    /// It passed somewhere and failed nowhere.
    Passed,
    /// It was judged nowhere.
    NotJudged,
}

impl Standing {
    /// Takes one more verdict into account.
    fn take_in(&mut self, judged: &Judged) {
        match (&judged.verdict, *self) {
            (Verdict::Fail(_), Self::Failed) => {}
            (Verdict::Fail(_), _) if judged.known.is_some() => *self = Self::FailedAsKnown,
            (Verdict::Fail(_), _) => *self = Self::Failed,
            (Verdict::Pass(_), Self::NotJudged) => *self = Self::Passed,
            _ => {}
        }
    }
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
        self.standings_of(|_| true)
    }

    fn standings_of(&self, counts: impl Fn(&Case) -> bool) -> BTreeMap<&str, Standing> {
        let mut standings: BTreeMap<&str, Standing> = self
            .checks
            .keys()
            .map(|id| (&id[..], Standing::NotJudged))
            .collect();
        let mut strangers = Vec::new();
        for case in self.cases.iter().filter(|case| counts(case)) {
            // Both are in the order of their checks, so that one walk finds all.
            let mut known = standings.iter_mut().peekable();
            for (id, judged) in &case.verdicts {
                // Most are neither, and their checks are in the table as that.
                if !matches!(judged.verdict, Verdict::Pass(_) | Verdict::Fail(_)) {
                    continue;
                }
                while known.next_if(|(check, _)| **check < &id[..]).is_some() {}
                match known.next_if(|(check, _)| **check == &id[..]) {
                    Some((_, standing)) => standing.take_in(judged),
                    None => strangers.push((&id[..], judged)),
                }
            }
        }
        for (id, judged) in strangers {
            let standing = standings.entry(id).or_insert(Standing::NotJudged);
            standing.take_in(judged);
        }
        standings
    }

    /// Judges a profile.
    pub fn overall(&self, profile: Profile) -> Overall {
        self.result(profile).overall
    }

    /// Returns the report with the results of its profiles in it, and what they come to.
    pub fn scored(mut self) -> Self {
        let sums = self.sums();
        self.results = sums.results;
        self.comes_to = Some(sums.conclusion);
        self
    }

    /// Returns what a profile came to over the cases that count for it.
    ///
    /// A requirement that came up nowhere does not make the result undetermined, since whoever
    /// offers RA alone is never asked about delegation; how many were judged stands beside it. One
    /// that a scenario exercises was to come up there, and without a reason why it did not, nothing
    /// is known of it.
    pub fn result(&self, profile: Profile) -> ProfileResult {
        let standings = self.standings_of(|case| profile.counts(case));
        let (mut must, mut should) = (Tally::default(), Tally::default());
        let mut not_judged = Vec::new();
        for (id, standing) in &standings {
            let Some(info) = self.checks.get(*id) else {
                continue;
            };
            if !info.profiles.contains(&profile) {
                continue;
            }
            let tally = match info.level {
                Level::Must => &mut must,
                Level::Should => &mut should,
            };
            tally.asked += 1;
            match standing {
                Standing::Failed => tally.failed += 1,
                Standing::FailedAsKnown => {
                    tally.failed += 1;
                    tally.known += 1;
                }
                Standing::Passed => tally.passed += 1,
                Standing::NotJudged if info.level == Level::Must => {
                    not_judged.push((*id).to_owned());
                }
                Standing::NotJudged => {}
            }
        }
        let outcomes = self.cases.iter().filter(|case| profile.counts(case));
        let mut outcomes = outcomes.map(|case| &case.outcome);
        let broke = |one: &Outcome| matches!(one, Outcome::HarnessError(_)) || one.is_unfit();
        let broken = outcomes.clone().any(broke);
        let cases = self.cases.iter().filter(|case| profile.counts(case));
        let mut promises = cases.flat_map(|case| &case.expectations);
        let breaks = promises.clone().any(Expectation::is_broken);
        let fails_as_known = outcomes.any(|one| one.known().is_some())
            || promises.any(Expectation::is_broken_as_known);
        let lost = self.lost_for(profile);
        // What is lost of a SHOULD could not have changed the result.
        let open = || self.is_left_open_by(&lost, profile);
        let is_nothing_judged = must.judged() + should.judged() == 0;
        let overall = if must.failed > must.known || breaks {
            Overall::NotConformant
        } else if broken || is_nothing_judged || open() {
            Overall::Undetermined
        } else if must.failed > 0 || fails_as_known {
            Overall::ConformantButForKnown
        } else if must.passed + should.passed == 0 {
            Overall::Undetermined
        } else if self.captured.is_some() {
            Overall::NoFailureSeen
        } else if should.failed > 0 {
            Overall::ConformantWithRemarks
        } else {
            Overall::Conformant
        };
        ProfileResult {
            profile,
            overall,
            must,
            should,
            not_judged,
            lost,
        }
    }

    /// Returns whether a MUST of a profile is missing where a scenario exercises it, or may have
    /// failed by the host alone, or whether a promise may.
    pub(crate) fn is_left_open(&self, profile: Profile) -> bool {
        self.is_left_open_by(&self.lost_for(profile), profile)
    }

    fn is_left_open_by(&self, lost: &[Lost], profile: Profile) -> bool {
        if lost.iter().any(|one| one.level == Level::Must) {
            return true;
        }
        let cases = || self.cases.iter().filter(|case| profile.counts(case));
        let mut promises = cases().flat_map(|case| &case.expectations);
        if promises.any(Expectation::is_unclear) {
            return true;
        }
        let mut verdicts = cases().flat_map(|case| &case.verdicts);
        verdicts.any(|(id, judged)| {
            let asks =
                |info: &CheckInfo| info.level == Level::Must && info.profiles.contains(&profile);
            judged.excused && self.checks.get(id).is_some_and(asks)
        })
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
