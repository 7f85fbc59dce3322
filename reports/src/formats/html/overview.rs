//! What the first screen and the matrix show.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Both, Said, said, shown};
use crate::conclusion::Conclusion;
use crate::formats;
use crate::scene::Scenes;
use crate::score::{Counts, Overall, ProfileResult};
use crate::{Case, Diagnosis, Flow, Level, Outcome, Profile, Report, Verdict};

/// The block that the page begins with.
#[derive(Serialize)]
pub(super) struct Overview<'a> {
    tool: String,
    profiles: Vec<About<'a>>,
    checks: Vec<Check<'a>>,
    devices: Vec<Device<'a>>,
}

#[derive(Serialize)]
struct About<'a> {
    name: &'a str,
    about: Both<'a>,
}

#[derive(Serialize)]
struct Check<'a> {
    id: String,
    source: String,
    level: Level,
    profiles: Vec<&'static str>,
    title: Both<'a>,
    hint: Both<'a>,
}

#[derive(Serialize)]
struct Device<'a> {
    name: String,
    firmware: Option<String>,
    seed: u64,
    arguments: Vec<String>,
    elapsed: u64,
    /// What is known of the call that made the report, each with its name.
    made: Vec<(&'static str, String)>,
    counts: Counts,
    judged: usize,
    result: &'static str,
    reasons: Vec<Said>,
    profiles: Vec<ProfileResult>,
    failures: Vec<Failure>,
    stale: Vec<Stale>,
    left_out: Vec<LeftOut>,
    lost: Vec<Lost>,
    captured: Option<Captured>,
    cases: Vec<Head<'a>>,
}

#[derive(Serialize)]
struct Failure {
    check: String,
    known: Option<String>,
    profiles: Vec<&'static str>,
    cases: Vec<usize>,
    expected: Said,
    seen: Said,
    explains: Vec<Explained>,
    promises: usize,
    counts: bool,
}

#[derive(Serialize)]
struct Explained {
    check: String,
    cases: Vec<usize>,
}

#[derive(Serialize)]
struct Stale {
    check: String,
    reason: String,
    place: Option<String>,
}

#[derive(Serialize)]
struct LeftOut {
    reason: Said,
    scenarios: Vec<String>,
}

#[derive(Serialize)]
struct Lost {
    check: String,
    place: String,
    because: Said,
}

/// What is known of a foreign capture.
#[derive(Serialize)]
struct Captured {
    found: Vec<[Said; 2]>,
    warnings: Vec<Said>,
    open: Vec<LeftOpen>,
}

#[derive(Serialize)]
struct LeftOpen {
    by: Said,
    checks: Vec<String>,
}

/// A case, as far as the matrix needs it.
#[derive(Serialize)]
struct Head<'a> {
    scenario: String,
    about: Option<Said>,
    area: String,
    delivery: Option<String>,
    /// How it ended: `judged`, or what kept it from being judged.
    outcome: &'static str,
    /// What kept it, in words.
    why: Option<Said>,
    known: Option<String>,
    log: Option<String>,
    trace: Option<String>,
    /// A letter for each check.
    cells: String,
    promises: Vec<Promise>,
    diagnosis: Option<Found<'a>>,
    overcome: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Promise {
    what: Said,
    seen: Said,
    /// `met`, `remark`, `unclear`, `known` or `broken`.
    came: &'static str,
    because: Option<String>,
    known: Option<String>,
}

#[derive(Serialize)]
struct Found<'a> {
    id: &'a str,
    flow: Flow,
    step: u8,
    finding: Both<'a>,
    remedy: Both<'a>,
    walked: Vec<Walked<'a>>,
}

#[derive(Serialize)]
struct Walked<'a> {
    step: u8,
    question: Both<'a>,
    yes: bool,
    because: Said,
    records: Vec<usize>,
}

/// Makes the block of some devices.
pub(super) fn overview<'a>(reports: &[&'a Report], scenes: &dyn Scenes) -> Overview<'a> {
    let checks = reports.first().map(|report| &report.checks);
    let check = |info: &'a crate::CheckInfo| Check {
        id: shown(&info.id),
        source: shown(&info.source),
        level: info.level,
        profiles: info.profiles.iter().map(|one| one.name()).collect(),
        title: (&info.title).into(),
        hint: (&info.hint).into(),
    };
    // What a profile is for is the same on every page.
    static ABOUT: std::sync::LazyLock<Vec<(&str, crate::Text)>> = std::sync::LazyLock::new(|| {
        let about = |profile: &Profile| (profile.name(), profile.about());
        Profile::ALL.iter().map(about).collect()
    });
    Overview {
        tool: reports
            .first()
            .map(|one| shown(&one.tool))
            .unwrap_or_default(),
        profiles: ABOUT
            .iter()
            .map(|(name, about)| About {
                name,
                about: about.into(),
            })
            .collect(),
        checks: checks
            .into_iter()
            .flatten()
            .map(|(_, info)| check(info))
            .collect(),
        devices: reports
            .iter()
            .map(|report| device(report, scenes))
            .collect(),
    }
}

fn device<'a>(report: &'a Report, scenes: &dyn Scenes) -> Device<'a> {
    let sums = report.sums();
    let (result, reasons) = match sums.conclusion {
        Conclusion::Conformant => conformant(report, &sums.results),
        Conclusion::NotConformant(reasons) => ("not-conformant", reasons),
        Conclusion::Undetermined(reasons) => ("undetermined", reasons),
        Conclusion::NoFailureSeen(shown) => ("no-failure-seen", shown),
    };
    let mut left_out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &report.left_out {
        let scenarios = left_out.entry(&one.reason).or_default();
        scenarios.push(shown(&one.scenario));
    }
    Device {
        name: shown(&report.device),
        firmware: report.firmware.as_deref().map(shown),
        seed: report.seed,
        arguments: report.arguments.iter().map(|one| shown(one)).collect(),
        elapsed: report.elapsed_ms,
        made: made(report),
        counts: report.counts(),
        judged: report.judged_checks(),
        result,
        reasons: reasons.iter().map(|one| said(one)).collect(),
        profiles: report
            .profiles
            .iter()
            .map(|one| report.result(*one))
            .collect(),
        failures: failures(report),
        stale: report
            .stale
            .iter()
            .map(|one| Stale {
                check: shown(&one.check),
                reason: shown(&one.reason),
                place: one.excused_in.as_deref().map(shown),
            })
            .collect(),
        left_out: left_out
            .into_iter()
            .map(|(reason, scenarios)| LeftOut {
                reason: said(reason),
                scenarios,
            })
            .collect(),
        lost: report
            .lost_for_chosen()
            .iter()
            .map(|one| Lost {
                check: shown(&one.check),
                place: shown(&one.place()),
                because: said(&one.because),
            })
            .collect(),
        captured: report.captured.as_ref().map(captured),
        cases: report
            .cases
            .iter()
            .map(|case| head(report, case, scenes))
            .collect(),
    }
}

/// Returns the name of how a device conforms, and by what it was judged.
fn conformant(report: &Report, results: &[ProfileResult]) -> (&'static str, Vec<String>) {
    let overalls = report.profiles.iter().map(|one| report.overall(*one));
    let overalls: BTreeSet<Overall> = overalls.collect();
    let name = match () {
        () if overalls.contains(&Overall::ConformantButForKnown) => "conformant-but-for-known",
        () if overalls.contains(&Overall::ConformantWithRemarks) => "conformant-with-remarks",
        () => "conformant",
    };
    let scenarios: BTreeSet<_> = report.cases.iter().map(|case| &case.scenario).collect();
    let by = formats::conformant::conformant(report, results, scenarios.len());
    (name, by.split("; ").map(str::to_owned).collect())
}

fn made(report: &Report) -> Vec<(&'static str, String)> {
    let rows = report.provenance.iter().flat_map(|one| one.rows());
    // The seed stands there already.
    let rows = rows.filter(|(name, _)| *name != "seed");
    rows.map(|(name, value)| (name, shown(&value))).collect()
}

fn captured(captured: &crate::captured::Captured) -> Captured {
    let all = |texts: &[String]| texts.iter().map(|text| shown(text)).collect();
    Captured {
        found: captured
            .found
            .iter()
            .map(|one| [said(&one.about), said(&one.text)])
            .collect(),
        warnings: captured.warnings.iter().map(|one| said(one)).collect(),
        open: captured
            .open
            .iter()
            .map(|one| LeftOpen {
                by: said(&one.by),
                checks: all(&one.checks),
            })
            .collect(),
    }
}

fn failures(report: &Report) -> Vec<Failure> {
    let number = |case: &Case| report.cases.iter().position(|one| std::ptr::eq(one, case));
    let failures = report.failures().into_iter().map(|failure| {
        let finding = failure.cases.first().map(|(_, judged)| &judged.verdict);
        let (expected, seen) = match finding {
            Some(Verdict::Fail(finding)) => (said(&finding.expected), said(&finding.actual)),
            _ => (said(""), said("")),
        };
        Failure {
            check: shown(&failure.info.id),
            known: failure.known.map(shown),
            profiles: failure.profiles.iter().map(|one| one.name()).collect(),
            cases: failure
                .cases
                .iter()
                .filter_map(|(case, _)| number(case))
                .collect(),
            expected,
            seen,
            explains: failure
                .consequences
                .iter()
                .map(|one| Explained {
                    check: shown(&one.info.id),
                    cases: one.cases.iter().filter_map(|case| number(case)).collect(),
                })
                .collect(),
            promises: failure.promises,
            counts: failure.weight().is_some(),
        }
    });
    failures.collect()
}

fn head<'a>(report: &'a Report, case: &'a Case, scenes: &dyn Scenes) -> Head<'a> {
    let (outcome, why, log) = match &case.outcome {
        Outcome::Judged => ("judged", None, None),
        Outcome::DeviceFailed {
            how, message, log, ..
        } => (
            "device-failed",
            Some(format!("{how}: {message}")),
            log.clone(),
        ),
        Outcome::HarnessError(message) => ("broken", Some(message.clone()), None),
        Outcome::NotApplicable(why) => {
            ("not-applicable", Some(format!("not offered: {why}")), None)
        }
    };
    Head {
        scenario: shown(&case.scenario),
        about: case.about.as_ref().map(|about| Said::Both {
            ja: shown(&about.ja),
            en: shown(&about.en),
        }),
        area: shown(&case.area),
        delivery: case.delivery.as_deref().map(shown),
        outcome,
        why: why.as_deref().map(said),
        known: case.outcome.known().map(shown),
        log: log.as_deref().map(shown),
        trace: scenes.trace(case).map(shown),
        cells: report
            .checks
            .keys()
            .map(|id| cell(report, case, id))
            .collect(),
        promises: case.expectations.iter().map(promise).collect(),
        diagnosis: case.diagnosis.as_ref().map(found),
        overcome: case.overcome.iter().map(found).collect(),
    }
}

/// Returns a letter for what a check came to in a case.
fn cell(report: &Report, case: &Case, id: &str) -> char {
    let Some(judged) = case.verdicts.get(id) else {
        return ' ';
    };
    let mut exercises = case.exercises.iter().filter(|one| one.check == id);
    match &judged.verdict {
        _ if judged.excused => 'x',
        Verdict::Pass(_) => 'p',
        Verdict::Fail(_) if judged.known.is_some() => 'k',
        Verdict::Fail(_) => match report.checks.get(id).map(|info| info.level) {
            Some(Level::Should) => 's',
            Some(Level::Must) | None => 'f',
        },
        Verdict::Inconclusive(_) if exercises.any(|one| case.lost(one).is_some()) => 'l',
        Verdict::Inconclusive(_) => 'i',
        Verdict::NotApplicable(_) => 'n',
    }
}

fn promise(one: &crate::Expectation) -> Promise {
    let came = match one {
        _ if one.met => "met",
        _ if one.remark => "remark",
        _ if one.known.is_some() => "known",
        _ if one.excused => "unclear",
        _ => "broken",
    };
    Promise {
        what: said(&one.what),
        seen: said(&one.seen),
        came,
        because: one.because.as_deref().map(shown),
        known: one.known.as_deref().map(shown),
    }
}

fn found(diagnosis: &Diagnosis) -> Found<'_> {
    Found {
        id: &diagnosis.id,
        flow: diagnosis.flow,
        step: diagnosis.step,
        finding: (&diagnosis.finding).into(),
        remedy: (&diagnosis.remedy).into(),
        walked: diagnosis
            .walked
            .iter()
            .map(|walked| Walked {
                step: walked.step,
                question: (&walked.question).into(),
                yes: walked.yes,
                because: said(&walked.because),
                records: walked.evidence.iter().map(|one| one.record).collect(),
            })
            .collect(),
    }
}
