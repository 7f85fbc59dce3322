//! From runs to a report: every check judges every trace, and the scenario's own promises.

use std::collections::BTreeMap;
use std::time::Duration;

use ngnlab_reports::{
    Case, CheckInfo, Diagnosis, Evidence, Expectation, Judged, Outcome, Promise, Verdict,
};
use ngnlab_sim::Time;
use ngnlab_sim::line::Area;
use ngnlab_sim::trace::{Fact, Role, Screen, Seen, StepOutcome, Trace};

use crate::checks;
use crate::diagnosis;
use crate::dissection::lateness::OVERLOADED;
use crate::dissection::{Dissection, UnknownStep};
use crate::dut::Failure;
use crate::dut::description::Known;
use crate::dut::description::excuse::Excuse;
use crate::error::Error;
use crate::play::not_yet::{NO_RECONFIGURE, is_held_up, is_not_yet};
use crate::play::{Ending, Run};
use crate::scenario::Scenario;

mod asked;

pub use asked::Asked;

impl Known {
    /// Returns whether it speaks of this check in this scenario.
    pub fn is_about(&self, check: &str, scenario: &str) -> bool {
        self.check.as_ref().is_some_and(|id| id.get_ref() == check) && self.names(scenario)
    }

    /// Returns whether it speaks of this promise of this scenario.
    pub fn breaks(&self, promise: Promise, scenario: &str) -> bool {
        self.expect == Some(promise) && self.names(scenario)
    }

    /// Returns whether it speaks of a device that fails in this way in this scenario.
    pub fn is_way_to_fail(&self, how: Failure, scenario: &str) -> bool {
        self.device == Some(how) && self.names(scenario)
    }

    /// Returns what fails, in a word or two.
    pub fn name(&self) -> String {
        let promise = self
            .expect
            .map(|promise| format!("expect {}", promise.name()));
        let device = self.device.map(|how| format!("device {}", how.name()));
        let check = self.check.as_ref().map(|id| id.get_ref().clone());
        check.or(promise).or(device).unwrap_or_default()
    }

    /// Returns whether it speaks of this scenario.
    pub fn names(&self, scenario: &str) -> bool {
        let mut named = self.scenarios.iter();
        self.scenarios.is_empty() || named.any(|name| name.get_ref() == scenario)
    }
}

/// Returns what there is to know about every check.
pub fn check_infos() -> BTreeMap<String, CheckInfo> {
    let infos = checks::all().map(checks::check_info);
    infos.map(|info| (info.id.clone(), info)).collect()
}

/// Judges one scenario in one area.
pub fn case(
    scenario: &Scenario,
    area: Area,
    run: &Result<Run, Error>,
    known: &[Known],
    excuses: &[Excuse],
    trace_file: Option<String>,
) -> Case {
    let asked = Asked::of(scenario, area, excuses);
    let outcome = match run {
        Ok(run) => outcome(&run.ending, &scenario.name, known),
        Err(error) => Outcome::HarnessError(error.with_causes()),
    };
    let trace = run.as_ref().ok().map(|run| &run.trace);
    case_again(&asked, outcome, trace, known, trace_file)
}

/// Returns how a run ended, apart from what its trace is judged to show.
fn outcome(ending: &Ending, scenario: &str, known: &[Known]) -> Outcome {
    match ending {
        Ending::Complete => Outcome::Judged,
        Ending::DeviceFailed(failure) => {
            let mut known = known.iter();
            let known = known.find(|known| known.is_way_to_fail(failure.how, scenario));
            Outcome::DeviceFailed {
                how: failure.how.name().to_owned(),
                message: failure.message.clone(),
                log: failure.log.clone(),
                known: known.map(|known| known.reason.get_ref().clone()),
            }
        }
        Ending::NotOffered(what) => Outcome::NotApplicable(what.clone()),
    }
}

/// Judges a trace, if its run was one that can be judged: of what is known of a run besides, the
/// same trace gives the same case, whenever it is judged.
pub fn case_again(
    asked: &Asked,
    outcome: Outcome,
    trace: Option<&Trace>,
    known: &[Known],
    trace_file: Option<String>,
) -> Case {
    let mut case = Case {
        scenario: asked.scenario.clone(),
        about: asked.about.clone(),
        area: asked.area.name().to_owned(),
        delivery: asked.delivery.clone(),
        outcome,
        diagnosis: None,
        overcome: Vec::new(),
        expectations: Vec::new(),
        exercises: asked.exercises.clone(),
        verdicts: BTreeMap::new(),
        trace: trace_file,
        capture: None,
    };
    let (Outcome::Judged, Some(trace)) = (&case.outcome, trace) else {
        return case;
    };
    let dissection = match Dissection::new(trace) {
        Ok(dissection) => dissection,
        Err(error) => {
            case.outcome = Outcome::HarnessError(error.to_string());
            return case;
        }
    };
    case.verdicts = judged(&dissection, &asked.scenario, known);
    case.diagnosis = diagnosis::diagnose(&dissection);
    case.overcome = diagnosis::overcome(&dissection);
    case.expectations = expectations(asked, &dissection, case.diagnosis.as_ref(), known);
    let because =
        checks::because_of_promise(&dissection, |id| match &case.verdicts.get(id)?.verdict {
            Verdict::Fail(finding) => Some(&finding.records),
            Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => None,
        });
    for expectation in case.expectations.iter_mut().filter(|one| !one.met) {
        expectation.because = because.map(str::to_owned);
    }
    case
}

/// Says of a broken promise that the host was too late to blame the device, if it was so late
/// meanwhile: a question went unheard, or a program was held up again and again.
fn excuse(expectation: &mut Expectation, dissection: &Dissection<'_>, from: Time, until: Time) {
    if expectation.met || expectation.known.is_some() {
        return;
    }
    let late = dissection.lateness.between(from, until);
    let in_all = dissection.lateness.in_all(from, until);
    let enough = (until.since(from) / HELD_UP).max(OVERLOADED);
    let (late, how, enough) = if late >= OVERLOADED {
        (late, "within a few seconds", OVERLOADED)
    } else if is_held_up(&expectation.seen) && in_all >= enough {
        (in_all, "in all", enough)
    } else {
        return;
    };
    expectation.excused = true;
    let seen = &expectation.seen;
    expectation.seen =
        format!("{seen}, but the host was {late:.1?} late {how}, and {enough:.1?} explain it");
}

/// Who has this part of the time taken from it may not come to an end in the rest.
const HELD_UP: u32 = 10;

/// Judges a trace without its scenario, as one that was saved.
pub fn case_of_trace(trace: &Trace, file: Option<String>) -> Result<Case, UnknownStep> {
    let dissection = Dissection::new(trace)?;
    Ok(Case {
        scenario: trace.header.scenario.clone(),
        about: None,
        area: trace.header.line.area.name().to_owned(),
        delivery: None,
        outcome: Outcome::Judged,
        diagnosis: diagnosis::diagnose(&dissection),
        overcome: diagnosis::overcome(&dissection),
        expectations: Vec::new(),
        exercises: Vec::new(),
        verdicts: judged(&dissection, &trace.header.scenario, &[]),
        trace: file,
        capture: None,
    })
}

fn judged(
    dissection: &Dissection<'_>,
    scenario: &str,
    known: &[Known],
) -> BTreeMap<String, Judged> {
    // What is known to fail does so on any host.
    let known = |id: &str| known.iter().find(|known| known.is_about(id, scenario));
    let is_excused = |id: &str, verdict: &Verdict| {
        matches!(verdict, Verdict::Fail(finding) if finding.excuse.is_some()) && known(id).is_none()
    };
    let verdicts = checks::judge_dissected(dissection);
    let excused: Vec<&str> = verdicts
        .iter()
        .filter(|(id, verdict)| is_excused(id, verdict))
        .map(|(id, _)| *id)
        .collect();
    let verdicts: BTreeMap<&str, Verdict> = verdicts
        .into_iter()
        .map(|(id, verdict)| match excused.contains(&id) {
            true => (id, checks::excused(verdict)),
            false => (id, verdict),
        })
        .collect();
    let mut because: BTreeMap<&str, &str> = checks::because(dissection, &verdicts);
    let left_open = checks::left_open(&verdicts);
    because.extend(&left_open);
    let judged = verdicts.into_iter().map(|(id, verdict)| {
        let verdict = match (verdict, left_open.get(id)) {
            (Verdict::Inconclusive(why), Some(owner)) => {
                Verdict::Inconclusive(checks::left_because(owner, &why))
            }
            (verdict, _) => verdict,
        };
        let evidence = match &verdict {
            Verdict::Fail(finding) => evidence(dissection, &finding.records),
            Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => Vec::new(),
        };
        (
            id.to_owned(),
            Judged {
                known: known(id).map(|known| known.reason.get_ref().clone()),
                excused: excused.contains(&id),
                because: because.get(id).map(|cause| (*cause).to_owned()),
                verdict,
                evidence,
            },
        )
    });
    judged.collect()
}

fn evidence(dissection: &Dissection<'_>, records: &[usize]) -> Vec<Evidence> {
    records
        .iter()
        .filter_map(|record| dissection.evidence(*record))
        .collect()
}

/// Compares what the scenario promised with what was seen.
fn expectations(
    asked: &Asked,
    dissection: &Dissection<'_>,
    diagnosis: Option<&Diagnosis>,
    known: &[Known],
) -> Vec<Expectation> {
    let known = |promise| {
        let found = known
            .iter()
            .find(|known| known.breaks(promise, &asked.scenario));
        found.map(|known| known.reason.get_ref().clone())
    };
    let trace = dissection.trace;
    let wrong_on_purpose = !trace.header.setup.wrong_on_purpose.is_empty();
    let last_try = last_try(trace);
    let last = last_try.and_then(|(_, screen)| screen);
    let mut found = Vec::new();
    if let Some(expected) = &asked.diagnosis {
        let seen = diagnosis.map_or("no diagnosis", |diagnosis| &diagnosis.id);
        // A device that copes with a wrong configuration by itself is no fault of the device.
        let copes = wrong_on_purpose
            && matches!(
                last,
                Some(Screen::M1 | Screen::M1b | Screen::M2 | Screen::M2b)
            );
        found.push(Expectation {
            what: format!("the diagnosis is {expected}"),
            seen: seen.to_owned(),
            met: seen == expected,
            remark: copes,
            promise: Promise::Diagnosis,
            known: known(Promise::Diagnosis),
            excused: false,
            because: None,
        });
    }
    if let Some(expected) = asked.screen {
        found.push(Expectation {
            what: format!("the last screen is {}", expected.name()),
            seen: last.map_or("no screen", Screen::name).to_owned(),
            met: last == Some(expected),
            remark: false,
            promise: Promise::Screen,
            known: known(Promise::Screen),
            excused: false,
            because: None,
        });
    }
    // A screen that came is what it is; one that did not come may be late.
    if last.is_none() {
        let (from, until) = match last_try {
            Some((ended, _)) => (ended - TO_LOAD, ended),
            None => (Time::ZERO, dissection.end()),
        };
        for expectation in &mut found {
            excuse(expectation, dissection, from, until);
        }
    }
    for step in &dissection.steps {
        if let StepOutcome::Failed(why) = step.outcome {
            let mut undone = Expectation {
                what: format!("the step can be done: {}", step.action),
                seen: why.clone(),
                met: false,
                remark: wrong_on_purpose
                    || why == NO_RECONFIGURE && !accepts_reconfigure(dissection),
                promise: Promise::Step,
                known: known(Promise::Step),
                excused: false,
                because: None,
            };
            // What is not there for other reasons would not have come in time either.
            if is_not_yet(why) {
                excuse(&mut undone, dissection, Time::ZERO, step.at);
            }
            found.push(undone);
        }
    }
    found
}

/// Returns whether the device says that it accepts Reconfigure, which it need not (RFC 8415 §21.20).
fn accepts_reconfigure(dissection: &Dissection<'_>) -> bool {
    let mut messages = dissection.dhcpv6.iter();
    messages.any(|found| found.by_device(Role::Wan) && found.is.accepts_reconfigure())
}

/// Returns when a terminal's last try to see a page ended, and the screen on it, if it showed one.
fn last_try(trace: &Trace) -> Option<(Time, Option<Screen>)> {
    let mut records = trace.records.iter().rev();
    records.find_map(|record| {
        let screen = match &record.seen {
            Seen::Fact {
                fact: Fact::PageSeen { screen, .. },
                ..
            } => *screen,
            Seen::Fact {
                fact: Fact::PageFailed { .. },
                ..
            } => None,
            // A page that was still on its way when time ran out has not come.
            Seen::Step {
                outcome: StepOutcome::TimedOut,
                ..
            } => None,
            _ => return None,
        };
        Some((record.at, screen))
    })
}

/// The longest that a terminal tries to load a page, and what it had to wait for before.
const TO_LOAD: Duration = Duration::from_secs(65);

#[cfg(test)]
mod tests;
