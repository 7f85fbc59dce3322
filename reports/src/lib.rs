//! Verdicts, what they add up to, and the formats they are shown in. Knows no packets.
//!
//! The words of a report are here; what is made of them stands below, topmost first, and
//! `harness/tests/layers/` holds every file to that.
//!
//! 1. [`shard`]: a part of a run, and how parts become the whole
//! 2. [`formats`], [`journal`]: a report as somebody reads it; cases as they come in
//! 3. [`document`]: what is written and read again
//! 4. [`causes`], [`comparison`], [`conclusion`], [`matrix`]: which failure explains which; two
//!    reports held against each other; what it all comes to; several devices side by side
//! 5. [`benchmark`], [`escape`], [`scene`], [`score`]: how fast a device forwards; foreign words made
//!    harmless; what happened in a case, record by record; what verdicts add up to
//! 6. [`captured`], [`exercises`], [`decoded`], [`place`], [`provenance`], [`stale`]: what is known
//!    of a foreign capture; the verdicts that scenarios promise, and which of them are missing; a
//!    frame field by field; where in a trace and its capture a finding is seen; where a report comes
//!    from; the entries of a device file that no longer hold
//! 7. [`diagnosis`], [`profile`], [`words`]: where a walk from question to question ended; which checks
//!    count; sentences in the language of the reader

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod benchmark;
pub mod captured;
pub mod causes;
pub mod comparison;
pub mod conclusion;
pub mod decoded;
pub mod diagnosis;
pub mod document;
pub mod escape;
pub mod exercises;
pub mod formats;
pub mod journal;
pub mod matrix;
pub mod place;
pub mod profile;
pub mod provenance;
pub mod scene;
pub mod score;
pub mod shard;
pub mod stale;
pub mod words;

pub use diagnosis::{Diagnosis, Flow, Walked};
pub use profile::Profile;

/// The version of the JSON report; it grows when a reader of the old one would break.
pub const FORMAT: u32 = 2;

/// How binding a requirement is. The two are never merged into one figure.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A device that fails it is not conformant.
    Must,
    /// A device that fails it is conformant with remarks.
    Should,
}

/// A text in both languages of the users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// Japanese.
    pub ja: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Text {
    /// Makes a text of two literals, Japanese first.
    pub const fn new(ja: &'static str, en: &'static str) -> Self {
        Self {
            ja: Cow::Borrowed(ja),
            en: Cow::Borrowed(en),
        }
    }
}

/// The number of a record in its trace, counted from 0.
pub type RecordId = usize;

/// What a check says about a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The requirement was met; these records prove it.
    Pass(Vec<RecordId>),
    /// The requirement was broken.
    Fail(Finding),
    /// The situation did not come up, or could not be judged, and why.
    Inconclusive(String),
    /// The requirement does not apply, and why.
    NotApplicable(String),
}

/// What is wrong, and where to see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The records that prove it.
    pub records: Vec<RecordId>,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// How a host that was late explains it, if it was late enough at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excuse: Option<String>,
}

/// What there is to know about a check without any trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckInfo {
    /// The stable id, `topic.what-holds`.
    pub id: String,
    /// Where the requirement stands.
    pub source: String,
    /// How binding it is.
    pub level: Level,
    /// The profiles that ask for it.
    pub profiles: Vec<Profile>,
    /// What holds when the check is green.
    pub title: Text,
    /// What to do when it is not.
    pub hint: Text,
}

/// Everything that one call of the program found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The version of the document, [`FORMAT`].
    pub format: u32,
    /// The program and its version.
    pub tool: String,
    /// The device's name.
    pub device: String,
    /// The version of its firmware, if its file says it.
    pub firmware: Option<String>,
    /// The run's seed.
    pub seed: u64,
    /// What `ngnlab run` was told besides scenario and area, to run a case again.
    pub arguments: Vec<String>,
    /// What is known of the capture, if it is on one and on no run.
    pub captured: Option<captured::Captured>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// The checks that were asked, by id.
    pub checks: BTreeMap<String, CheckInfo>,
    /// Each scenario in each area.
    pub cases: Vec<Case>,
    /// Scenarios that were not run, and why.
    pub left_out: Vec<LeftOut>,
    /// Known failures that no longer fail, and excuses for what was judged.
    pub stale: Vec<StaleKnown>,
    /// The profiles that were judged.
    pub profiles: Vec<Profile>,
    /// What each of them came to.
    pub results: Vec<score::ProfileResult>,
    /// What it all came to, as the exit code says it.
    pub comes_to: Option<conclusion::Conclusion>,
    /// When and by what it was made, where that is known.
    pub provenance: Option<provenance::Provenance>,
}

/// One scenario in one area.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The scenario's name, `family/name`.
    pub scenario: String,
    /// What the scenario is about, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Text>,
    /// `east` or `west`.
    pub area: String,
    /// `ra` or `pd`: how the prefix was delivered, where the scenario leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Where the flow of questions ends, if line authentication or the members club failed.
    pub diagnosis: Option<Diagnosis>,
    /// Where it ended at earlier attempts that failed, before another one was made.
    #[serde(default)]
    pub overcome: Vec<Diagnosis>,
    /// What the scenario itself promised, and whether it came true.
    pub expectations: Vec<Expectation>,
    /// The checks that its scenario exercises: each must find something to judge.
    #[serde(default)]
    pub exercises: Vec<Exercise>,
    /// What each check says, by check id.
    pub verdicts: BTreeMap<String, Judged>,
    /// Where the trace was written, if it was.
    pub trace: Option<String>,
    /// Where the capture was written, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
}

impl Case {
    /// Returns its scenario, with area and delivery, as `family/name (east, pd)`.
    pub fn place(&self) -> String {
        match &self.delivery {
            Some(delivery) => format!("{} ({}, {delivery})", self.scenario, self.area),
            None => format!("{} ({})", self.scenario, self.area),
        }
    }
}

/// How one scenario ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// There is a trace, and it was judged.
    Judged,
    /// The device did not do its part.
    DeviceFailed {
        /// In one or two words: never started, never ready, crashed, hung, flooding, bloated, unplugged.
        how: String,
        /// The whole sentence.
        message: String,
        /// Where its log is, if there is one.
        log: Option<String>,
        /// Why the device file expects it here, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<String>,
    },
    /// We did not do ours.
    HarnessError(String),
    /// The device does not offer what the scenario asks for.
    NotApplicable(String),
}

impl Outcome {
    /// Returns why the device file expects the device to fail here, if it does and it did.
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::DeviceFailed { known, .. } => known.as_deref(),
            Self::Judged | Self::HarnessError(_) | Self::NotApplicable(_) => None,
        }
    }

    /// Returns whether the device failed, and its file does not expect it.
    pub fn is_unfit(&self) -> bool {
        matches!(self, Self::DeviceFailed { known: None, .. })
    }
}

/// A verdict with what the device file says about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// What the check says.
    pub verdict: Verdict,
    /// Why the device file expects a failure here, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// Whether it failed, and the host was too late to blame the device.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub excused: bool,
    /// The failed check of the same case that explains this failure, or why nothing is left to
    /// judge, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The records of a failed check, in plain words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// A check that a scenario exercises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exercise {
    /// The check.
    pub check: String,
    /// What the device file says where nothing can be judged with this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excuse: Option<Excuse>,
}

/// Why a device leaves a check nothing to judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excuse {
    /// The reason that the device file gives.
    pub reason: String,
    /// Whether there is something to judge by chance.
    #[serde(default)]
    pub wavers: bool,
}

/// One record in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The record's number in the trace.
    pub record: RecordId,
    /// Its number in the capture, if it is a frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<u32>,
    /// Seconds since carrier came up.
    pub at: String,
    /// Which cable, or the node that tells.
    pub place: String,
    /// What it is, in one line.
    pub summary: String,
}

/// A promise of the scenario itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Expectation {
    /// What was promised.
    pub what: String,
    /// What was seen.
    pub seen: String,
    /// Whether it came true.
    pub met: bool,
    /// A remark instead of a failure: the device copes with a wrong configuration by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remark: bool,
    /// Whether it was broken, and the host was too late to blame the device.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub excused: bool,
    /// Which promise it is.
    pub promise: Promise,
    /// Why the device file expects it to be broken, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// The failed check of the same case that explains why it was not kept, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl Expectation {
    /// Returns whether the device certainly broke it, and its file does not know of that.
    pub fn is_broken(&self) -> bool {
        !self.met && !self.remark && !self.excused && self.known.is_none()
    }

    /// Returns whether it was broken, and that may be the host's doing.
    pub fn is_unclear(&self) -> bool {
        self.excused && !self.remark && self.known.is_none()
    }

    /// Returns whether it was broken as the device file says.
    pub fn is_broken_as_known(&self) -> bool {
        !self.met && self.known.is_some()
    }
}

/// The kinds of promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// Where the guide's flow ends.
    Diagnosis,
    /// Which screen comes last.
    Screen,
    /// That each step can be done.
    Step,
}

impl Promise {
    /// Returns its name in device files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Diagnosis => "diagnosis",
            Self::Screen => "screen",
            Self::Step => "step",
        }
    }
}

/// A scenario that was not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// The scenario's name.
    pub scenario: String,
    /// Why, and how to run it.
    pub reason: String,
    /// Whether it was to be run, and the run was broken off before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_off: bool,
}

/// A known failure that no longer fails, or an excuse for what was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaleKnown {
    /// The check, the promise of a scenario, or the way in which the device fails.
    pub check: String,
    /// The reason the device file gives.
    pub reason: String,
    /// Where the check was judged, `family/name (area)`, if it was excused there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused_in: Option<String>,
}
