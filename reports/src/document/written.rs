//! A report as it is written: what passed is short, and what was not judged stands in one table.
//!
//! Most checks find nothing to judge in most cases, each with one of a few hundred reasons. Such a
//! reason is written once, with the checks that give it and the numbers of their cases. Whatever has
//! more to say than its reason or its records is written where it belongs, in its case.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::captured::Captured;
use crate::conclusion::Conclusion;
use crate::provenance::Provenance;
use crate::score::ProfileResult;
use crate::{
    Case, CheckInfo, Diagnosis, Exercise, Expectation, Judged, LeftOut, Outcome, Profile, RecordId,
    Report, StaleKnown, Text, Verdict,
};

/// What one call of `ngnlab` found out about one device.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct WrittenReport<'a> {
    /// The version of this form; it grows when a reader of the old one would break.
    format: u32,
    /// The program and its version.
    tool: Cow<'a, str>,
    /// The device's name.
    device: Cow<'a, str>,
    /// The version of its firmware, if its file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    firmware: Option<Cow<'a, str>>,
    /// The run's seed.
    seed: u64,
    /// What `ngnlab run` was told besides scenario and area, to run a case again.
    #[serde(default)]
    arguments: Cow<'a, [String]>,
    /// What is known of the capture, if it is on one and on no run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    captured: Option<Cow<'a, Captured>>,
    /// How long it took, in milliseconds.
    elapsed_ms: u64,
    /// What there is to know about each check that was asked, by its id.
    checks: Cow<'a, BTreeMap<String, CheckInfo>>,
    /// Each scenario in each area.
    cases: Vec<WrittenCase<'a>>,
    /// The verdicts that say no more than why nothing was judged.
    unjudged: Vec<Unjudged<'a>>,
    /// Scenarios that were not run, and why.
    left_out: Cow<'a, [LeftOut]>,
    /// Known failures that no longer fail, and excuses for what was judged.
    stale: Cow<'a, [StaleKnown]>,
    /// The profiles that were judged.
    profiles: Cow<'a, [Profile]>,
    /// What each of them came to.
    #[serde(default)]
    results: Cow<'a, [ProfileResult]>,
    /// What it all came to, as the exit code says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comes_to: Option<Cow<'a, Conclusion>>,
    /// When and by what it was made, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provenance: Option<Cow<'a, Provenance>>,
}

/// One scenario in one area.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Case")]
struct WrittenCase<'a> {
    /// The scenario's name, `family/name`.
    scenario: Cow<'a, str>,
    /// What the scenario is about, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<Cow<'a, Text>>,
    /// `east` or `west`.
    area: Cow<'a, str>,
    /// `ra` or `pd`: how the prefix was delivered, where the scenario leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivery: Option<Cow<'a, str>>,
    /// How it ended.
    outcome: Cow<'a, Outcome>,
    /// Where the guide's flow of p.30 ends, if line authentication failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    diagnosis: Option<Cow<'a, Diagnosis>>,
    /// Where it ended at earlier attempts that failed, before another one was made.
    #[serde(default, skip_serializing_if = "is_empty")]
    overcome: Cow<'a, [Diagnosis]>,
    /// What the scenario itself promised, and whether it came true.
    #[serde(default, skip_serializing_if = "is_empty")]
    expectations: Cow<'a, [Expectation]>,
    /// The checks that its scenario exercises: each must find something to judge.
    #[serde(default, skip_serializing_if = "is_empty")]
    exercises: Cow<'a, [Exercise]>,
    /// The checks that passed, each with the records that prove it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    passed: BTreeMap<Cow<'a, str>, Cow<'a, [RecordId]>>,
    /// The checks that failed, and others of which there is more to say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    verdicts: BTreeMap<Cow<'a, str>, Cow<'a, Judged>>,
    /// Where the trace was written, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<Cow<'a, str>>,
    /// Where the capture was written, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capture: Option<Cow<'a, str>>,
}

/// A reason why nothing was judged, and where it holds.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Unjudged<'a> {
    /// Whether there was nothing to judge, or the requirement does not apply.
    verdict: Nothing,
    /// Why.
    why: Cow<'a, str>,
    /// The failed check of the same case that explains it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    because: Option<Cow<'a, str>>,
    /// The checks that say so, each with its cases: their numbers in `cases`, counted from 0.
    checks: BTreeMap<Cow<'a, str>, Vec<usize>>,
}

/// A verdict on nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Nothing {
    /// The situation did not come up, or could not be judged.
    Inconclusive,
    /// The requirement does not apply.
    NotApplicable,
}

/// What is the same of many verdicts: the kind, why, and the failed check that explains it.
type Reason<'a> = (Nothing, &'a str, Option<&'a str>);

impl<'a> WrittenReport<'a> {
    fn of(report: &'a Report) -> Self {
        let mut reasons: BTreeMap<Reason<'a>, BTreeMap<Cow<'a, str>, Vec<usize>>> = BTreeMap::new();
        let cases = report.cases.iter().enumerate().map(|(number, case)| {
            let (mut passed, mut verdicts) = (BTreeMap::new(), BTreeMap::new());
            for (id, judged) in &case.verdicts {
                let id = Cow::Borrowed(&id[..]);
                match Plain::of(judged) {
                    Some(Plain::Passed(records)) => {
                        passed.insert(id, Cow::Borrowed(records));
                    }
                    Some(Plain::Unjudged(reason)) => {
                        let checks = reasons.entry(reason).or_default();
                        checks.entry(id).or_default().push(number);
                    }
                    None => {
                        verdicts.insert(id, Cow::Borrowed(judged));
                    }
                }
            }
            WrittenCase::of(case, passed, verdicts)
        });
        let cases = cases.collect();
        let unjudged = reasons.into_iter().map(|(reason, checks)| {
            let (verdict, why, because) = reason;
            Unjudged {
                verdict,
                why: Cow::Borrowed(why),
                because: because.map(Cow::Borrowed),
                checks,
            }
        });
        Self {
            format: report.format,
            tool: Cow::Borrowed(&report.tool),
            device: Cow::Borrowed(&report.device),
            firmware: report.firmware.as_deref().map(Cow::Borrowed),
            seed: report.seed,
            arguments: Cow::Borrowed(&report.arguments),
            captured: report.captured.as_ref().map(Cow::Borrowed),
            elapsed_ms: report.elapsed_ms,
            checks: Cow::Borrowed(&report.checks),
            cases,
            unjudged: unjudged.collect(),
            left_out: Cow::Borrowed(&report.left_out),
            stale: Cow::Borrowed(&report.stale),
            profiles: Cow::Borrowed(&report.profiles),
            results: Cow::Borrowed(&report.results),
            comes_to: report.comes_to.as_ref().map(Cow::Borrowed),
            provenance: report.provenance.as_ref().map(Cow::Borrowed),
        }
    }

    /// Returns what was written; the error says what does not fit together.
    fn report(self) -> Result<Report, String> {
        let count = self.cases.len();
        let mut cases = Vec::new();
        let mut places = BTreeSet::new();
        for case in self.cases {
            let case = case.case()?;
            if !places.insert((case.scenario.clone(), case.area.clone())) {
                return Err(format!("it has {} twice", case.place()));
            }
            cases.push(case);
        }
        for one in self.unjudged {
            let judged = one.judged();
            for (id, numbers) in one.checks {
                for number in numbers {
                    let case: &mut Case = cases.get_mut(number).ok_or_else(|| {
                        format!("`unjudged` names case {number} for `{id}`, and there are {count}")
                    })?;
                    let other = case.verdicts.insert(id.clone().into(), judged.clone());
                    if other.is_some() {
                        return Err(twice(&id, &case.place()));
                    }
                }
            }
        }
        Ok(Report {
            format: self.format,
            tool: self.tool.into(),
            device: self.device.into(),
            firmware: self.firmware.map(Cow::into_owned),
            seed: self.seed,
            arguments: self.arguments.into(),
            captured: self.captured.map(Cow::into_owned),
            elapsed_ms: self.elapsed_ms,
            checks: self.checks.into_owned(),
            cases,
            left_out: self.left_out.into(),
            stale: self.stale.into(),
            profiles: self.profiles.into(),
            results: self.results.into(),
            comes_to: self.comes_to.map(Cow::into_owned),
            provenance: self.provenance.map(Cow::into_owned),
        })
    }
}

impl<'a> WrittenCase<'a> {
    fn of(
        case: &'a Case,
        passed: BTreeMap<Cow<'a, str>, Cow<'a, [RecordId]>>,
        verdicts: BTreeMap<Cow<'a, str>, Cow<'a, Judged>>,
    ) -> Self {
        Self {
            scenario: Cow::Borrowed(&case.scenario),
            about: case.about.as_ref().map(Cow::Borrowed),
            area: Cow::Borrowed(&case.area),
            delivery: case.delivery.as_deref().map(Cow::Borrowed),
            outcome: Cow::Borrowed(&case.outcome),
            diagnosis: case.diagnosis.as_ref().map(Cow::Borrowed),
            overcome: Cow::Borrowed(&case.overcome),
            expectations: Cow::Borrowed(&case.expectations),
            exercises: Cow::Borrowed(&case.exercises),
            passed,
            verdicts,
            trace: case.trace.as_deref().map(Cow::Borrowed),
            capture: case.capture.as_deref().map(Cow::Borrowed),
        }
    }

    fn case(self) -> Result<Case, String> {
        let mut case = Case {
            scenario: self.scenario.into(),
            about: self.about.map(Cow::into_owned),
            area: self.area.into(),
            delivery: self.delivery.map(Cow::into_owned),
            outcome: self.outcome.into_owned(),
            diagnosis: self.diagnosis.map(Cow::into_owned),
            overcome: self.overcome.into(),
            expectations: self.expectations.into(),
            exercises: self.exercises.into(),
            verdicts: BTreeMap::new(),
            trace: self.trace.map(Cow::into_owned),
            capture: self.capture.map(Cow::into_owned),
        };
        let passed = self.passed.into_iter();
        let passed = passed.map(|(id, records)| (id, plain(Verdict::Pass(records.into()), None)));
        let verdicts = self.verdicts.into_iter();
        let verdicts = verdicts.map(|(id, judged)| (id, judged.into_owned()));
        for (id, judged) in passed.chain(verdicts) {
            if case.verdicts.insert(id.clone().into(), judged).is_some() {
                return Err(twice(&id, &case.place()));
            }
        }
        Ok(case)
    }
}

impl Unjudged<'_> {
    fn judged(&self) -> Judged {
        let why = self.why.clone().into_owned();
        let verdict = match self.verdict {
            Nothing::Inconclusive => Verdict::Inconclusive(why),
            Nothing::NotApplicable => Verdict::NotApplicable(why),
        };
        plain(verdict, self.because.clone().map(Cow::into_owned))
    }
}

/// A verdict of which there is no more to say than this.
enum Plain<'a> {
    /// It passed, as these records prove.
    Passed(&'a [RecordId]),
    /// Nothing was judged, for this reason.
    Unjudged(Reason<'a>),
}

impl<'a> Plain<'a> {
    fn of(judged: &'a Judged) -> Option<Self> {
        let Judged {
            verdict,
            known: None,
            excused: false,
            because,
            evidence,
        } = judged
        else {
            return None;
        };
        let because = because.as_deref();
        match verdict {
            _ if !evidence.is_empty() => None,
            Verdict::Pass(records) if because.is_none() => Some(Self::Passed(records)),
            Verdict::Inconclusive(why) => {
                Some(Self::Unjudged((Nothing::Inconclusive, why, because)))
            }
            Verdict::NotApplicable(why) => {
                Some(Self::Unjudged((Nothing::NotApplicable, why, because)))
            }
            Verdict::Pass(_) | Verdict::Fail(_) => None,
        }
    }
}

fn plain(verdict: Verdict, because: Option<String>) -> Judged {
    Judged {
        verdict,
        known: None,
        excused: false,
        because,
        evidence: Vec::new(),
    }
}

fn twice(id: &str, place: &str) -> String {
    format!("`{id}` has two verdicts in {place}")
}

fn is_empty<T>(list: &[T]) -> bool {
    list.is_empty()
}

impl JsonSchema for Report {
    fn schema_name() -> Cow<'static, str> {
        "Report".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        WrittenReport::json_schema(generator)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WrittenReport::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = WrittenReport::deserialize(deserializer)?;
        written.report().map_err(D::Error::custom)
    }
}
