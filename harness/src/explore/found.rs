//! What is wrong in a run of a scenario that was made up: checks that fail first, a device that fails,
//! and what breaks in ngnlab itself.

use std::collections::BTreeMap;

use ngnlab_reports::{Case, CheckInfo, Level, Outcome, Profile, Verdict};
use serde::Serialize;

/// What went wrong, by which runs are told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// ngnlab itself broke, and where or how.
    Broke(String),
    /// The device failed in this way.
    Device(String),
    /// This check failed, for no reason that another one names.
    Check(String),
}

/// One thing that went wrong in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub wrong: Wrong,
    /// What was expected; nothing of what broke.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// Why the device file expects it, if it does.
    pub known: Option<String>,
}

/// Which checks count.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What there is to know of each check.
    pub checks: BTreeMap<String, CheckInfo>,
    /// The profiles that a check must be of; none asks for any.
    pub profiles: Vec<Profile>,
    /// Whether a SHOULD counts, too.
    pub shoulds: bool,
}

impl Rules {
    /// Returns everything that is wrong in a case.
    pub(super) fn found(&self, case: &Case) -> Vec<Found> {
        let broken = |wrong, actual: &str| Found {
            wrong,
            expected: String::new(),
            actual: actual.to_owned(),
            known: None,
        };
        match &case.outcome {
            Outcome::HarnessError(message) => {
                vec![broken(Wrong::Broke(place(message)), message)]
            }
            Outcome::DeviceFailed {
                how,
                message,
                known,
                ..
            } => vec![Found {
                known: known.clone(),
                ..broken(Wrong::Device(how.clone()), message)
            }],
            Outcome::NotApplicable(_) => Vec::new(),
            Outcome::Judged => self.failed(case),
        }
    }

    fn failed(&self, case: &Case) -> Vec<Found> {
        let failed = case.verdicts.iter().filter_map(|(id, judged)| {
            let Verdict::Fail(finding) = &judged.verdict else {
                return None;
            };
            let counts = self.counts(id, case) && !judged.excused && case.root_of(id).is_none();
            counts.then(|| Found {
                wrong: Wrong::Check(id.clone()),
                expected: finding.expected.clone(),
                actual: finding.actual.clone(),
                known: judged.known.clone(),
            })
        });
        failed.collect()
    }

    fn counts(&self, id: &str, case: &Case) -> bool {
        let Some(info) = self.checks.get(id) else {
            return false;
        };
        // Below a ひかり電話ルータ or not, every scenario here is of the same family.
        let is_here = |profile: &Profile| match profile {
            Profile::OnsEast | Profile::OnsWest => profile.counts(case),
            Profile::HomeGateway
            | Profile::CeRouter
            | Profile::DnsProxy
            | Profile::Pppoe
            | Profile::Members => true,
        };
        let is_asked = |profile: &Profile| info.profiles.contains(profile) && is_here(profile);
        (self.shoulds || info.level == Level::Must)
            && (self.profiles.is_empty() || self.profiles.iter().any(is_asked))
    }

    /// Returns how binding what went wrong is, if it is a check's.
    pub fn level(&self, wrong: &Wrong) -> Option<Level> {
        match wrong {
            Wrong::Check(id) => self.checks.get(id).map(|info| info.level),
            Wrong::Broke(_) | Wrong::Device(_) => None,
        }
    }
}

impl Wrong {
    /// Returns what went wrong, in a sentence.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Check(id) => format!("The check `{id}` fails."),
            Self::Device(how) => format!("The device fails: {how}."),
            Self::Broke(place) => format!("ngnlab itself breaks: {place}"),
        }
    }

    /// Returns a name that can be a folder's.
    pub fn name(&self) -> String {
        match self {
            Self::Check(id) => id.clone(),
            Self::Device(how) => format!("device-{}", how.replace(' ', "-")),
            Self::Broke(_) => "ngnlab-broke".to_owned(),
        }
    }
}

/// Returns where a panic was, which tells it from others; else all that was said.
fn place(message: &str) -> String {
    let place = message.rsplit_once(" (at ").map(|(_, place)| place);
    place.unwrap_or(message).trim_end_matches(')').to_owned()
}
