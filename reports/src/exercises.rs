//! The verdicts that scenarios promise: what they exercise must be judged, and not silently be lost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Case, Exercise, Judged, Level, Outcome, Profile, Report, Verdict};

/// A check that a scenario exercises and that found nothing to judge, without a stated reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lost {
    /// The check.
    pub check: String,
    /// How binding it is: what is lost of a MUST leaves the result open.
    pub level: Level,
    /// The scenario.
    pub scenario: String,
    /// The areas.
    pub areas: Vec<String>,
    /// What the check says.
    pub because: String,
}

impl Lost {
    /// Returns where it was lost, as `family/name (east and west)`.
    pub fn place(&self) -> String {
        format!("{} ({})", self.scenario, self.areas.join(" and "))
    }
}

impl Case {
    /// Returns why a check that is exercised here was not judged; `None` where it was, where the
    /// check or the device file gives a reason, if only for the failure that leaves it nothing to
    /// judge, or where the host was too late, which counts by itself.
    pub fn lost(&self, exercise: &Exercise) -> Option<&str> {
        if self.outcome != Outcome::Judged || exercise.excuse.is_some() {
            return None;
        }
        match self.verdicts.get(&exercise.check) {
            None => Some("it has no verdict"),
            Some(judged) if judged.excused || judged.known.is_some() => None,
            Some(Judged {
                verdict: Verdict::Inconclusive(why),
                because,
                ..
            }) => {
                let owner = because.as_deref();
                let is_known = owner.is_some_and(|owner| self.fails_as_known(owner));
                // Whoever tells it says "because" by himself.
                (!is_known).then(|| why.strip_prefix("because ").unwrap_or(why))
            }
            Some(_) => None,
        }
    }

    fn fails_as_known(&self, check: &str) -> bool {
        let judged = self.verdicts.get(check);
        judged.is_some_and(|one| one.known.is_some() && matches!(one.verdict, Verdict::Fail(_)))
    }

    /// Returns why the device file expects a check to fail that found nothing to judge here.
    pub fn known_and_not_judged(&self, check: &str) -> Option<&String> {
        let judged = self.verdicts.get(check)?;
        let is_open = matches!(judged.verdict, Verdict::Inconclusive(_)) && !judged.excused;
        judged.known.as_ref().filter(|_| is_open)
    }

    /// Returns whether a check was judged here: it passed or failed.
    pub fn is_judged(&self, check: &str) -> bool {
        let judged = self.verdicts.get(check).map(|judged| &judged.verdict);
        matches!(judged, Some(Verdict::Pass(_) | Verdict::Fail(_)))
    }
}

impl Report {
    /// Counts what failed on a host that was too late to blame the device.
    pub fn excused(&self) -> usize {
        let judged = self.cases.iter().flat_map(|case| case.verdicts.values());
        let promises = self.cases.iter().flat_map(|case| &case.expectations);
        judged.filter(|judged| judged.excused).count()
            + promises.filter(|promise| promise.excused).count()
    }

    /// Counts the verdicts that could not be told where a scenario exercises the check and the
    /// device file does not excuse it: nobody expects the others.
    pub fn inconclusive_where_exercised(&self) -> usize {
        let exercised = self.cases.iter().flat_map(|case| {
            let expected = case.exercises.iter().filter(|one| one.excuse.is_none());
            expected.filter_map(|one| case.verdicts.get(&one.check))
        });
        let open = exercised.filter(|one| matches!(one.verdict, Verdict::Inconclusive(_)));
        open.count()
    }

    /// Returns every verdict that is missing, whoever asks for it, MUST first.
    pub fn all_lost(&self) -> Vec<Lost> {
        self.lost(|_, _| true)
    }

    /// Returns the verdicts that are missing where a profile counts, MUST first.
    pub fn lost_for(&self, profile: Profile) -> Vec<Lost> {
        self.lost(|check, case| self.asks(profile, check, case))
    }

    /// Returns the verdicts that are missing where a chosen profile counts, MUST first.
    pub fn lost_for_chosen(&self) -> Vec<Lost> {
        self.lost(|check, case| self.is_asked(check, case))
    }

    /// Returns the verdicts that are missing where no chosen profile counts, MUST first.
    pub fn lost_for_others(&self) -> Vec<Lost> {
        self.lost(|check, case| !self.is_asked(check, case))
    }

    fn is_asked(&self, check: &str, case: &Case) -> bool {
        let mut profiles = self.profiles.iter();
        profiles.any(|profile| self.asks(*profile, check, case))
    }

    fn asks(&self, profile: Profile, check: &str, case: &Case) -> bool {
        let info = self.checks.get(check);
        profile.counts(case) && info.is_some_and(|info| info.profiles.contains(&profile))
    }

    fn lost(&self, counts: impl Fn(&str, &Case) -> bool) -> Vec<Lost> {
        let mut found: Vec<Lost> = Vec::new();
        for case in &self.cases {
            for exercise in &case.exercises {
                let Some(because) = case.lost(exercise) else {
                    continue;
                };
                if !counts(&exercise.check, case) {
                    continue;
                }
                let same = |one: &&mut Lost| {
                    one.check == exercise.check
                        && one.scenario == case.scenario
                        && one.because == because
                };
                if let Some(one) = found.iter_mut().find(same) {
                    one.areas.push(case.area.clone());
                    continue;
                }
                let info = self.checks.get(&exercise.check);
                found.push(Lost {
                    check: exercise.check.clone(),
                    level: info.map_or(Level::Must, |info| info.level),
                    scenario: case.scenario.clone(),
                    areas: vec![case.area.clone()],
                    because: because.to_owned(),
                });
            }
        }
        found.sort_by(|a, b| {
            (a.level, &a.check, &a.scenario).cmp(&(b.level, &b.check, &b.scenario))
        });
        found
    }
}
