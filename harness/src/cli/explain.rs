//! `ngnlab explain`: why a check is there, what a scenario does, what a defect breaks.
//!
//! Which defects a check notices is found out by running them: no table can be wrong about it.

use std::fmt::Write as _;

use ngnlab_reports::Level;
use ngnlab_reports::formats::text::profile_name;
use ngnlab_sim::node::router::defect::Defect;

use super::{Answer, Explain, Place, select, selftest};
use crate::checks::{self, Check};
use crate::error::Error;
use crate::report::screen_name;
use crate::scenario::mistake::advice;
use crate::scenario::{self, Scenario};
use crate::selftest::Selftest;
use crate::step::{Step, When};

pub(super) fn answer(args: &Explain, place: Place) -> Result<Answer, Error> {
    let folder = &args.scenarios.scenarios;
    let files = select::files(folder)?;
    let names: Vec<String> = files.iter().map(|path| scenario::name_of(path)).collect();
    if let Some(index) = names.iter().position(|name| *name == args.id) {
        let scenario = Scenario::load(&files[index])?;
        return Ok(Answer::text(explain_scenario(&scenario)));
    }
    if let Some(check) = checks::find(&args.id) {
        let found = select::scenarios(folder, &[])?;
        let scenarios = found.iter().map(|found| &found.scenario);
        let exercising = scenarios.filter(|scenario| exercises(scenario, check.id));
        let exercising: Vec<&str> = exercising.map(|one| one.name.as_str()).collect();
        let proof = selftest::prove(folder, SEED, None, place.progress)?;
        return Ok(Answer::text(explain_check(check, &exercising, &proof)));
    }
    if let Some(defect) = Defect::from_name(&args.id) {
        let found = select::scenarios(folder, &[])?;
        let scenarios = found.iter().map(|found| &found.scenario);
        let noticing = scenarios.filter(|scenario| scenario.notices().any(|one| one == defect));
        let noticing: Vec<&str> = noticing.map(|one| one.name.as_str()).collect();
        let proof = selftest::prove(folder, SEED, None, place.progress)?;
        return Ok(Answer::text(explain_defect(defect, &noticing, &proof)));
    }
    let checks = checks::all().map(|check| check.id);
    let defects = Defect::ALL.iter().map(|defect| defect.name());
    let known = names
        .iter()
        .map(String::as_str)
        .chain(checks)
        .chain(defects);
    Err(Error::Usage {
        what: format!("no check, scenario or defect is called `{}`", args.id),
        help: advice(&args.id, &known.collect::<Vec<_>>()).or_else(|| {
            let help = "`ngnlab list`, `list --checks` and `list --defects` name them all";
            Some(help.to_owned())
        }),
    })
}

fn exercises(scenario: &Scenario, id: &str) -> bool {
    scenario.exercises.iter().any(|name| name.get_ref() == id)
}

fn explain_check(check: &Check, exercising: &[&str], proof: &Selftest) -> String {
    let level = match check.level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    };
    let profiles: Vec<&str> = check
        .profiles
        .iter()
        .map(|one| profile_name(*one))
        .collect();
    let defects = proof.killers.get(check.id).into_iter().flatten();
    let defects: Vec<&str> = defects.map(|defect| defect.name()).collect();
    let mut text = String::new();
    let _ = writeln!(text, "{} ({level})", check.id);
    let _ = writeln!(text, "  {}", check.title.en);
    let _ = writeln!(text, "  {}", check.title.ja);
    row(&mut text, "source", &[check.source]);
    row(&mut text, "profiles", &[&profiles.join(", ")]);
    row(&mut text, "hint", &[&check.hint.en, &check.hint.ja]);
    row(&mut text, "exercised in", exercising);
    row(&mut text, "fails with", &defects);
    text
}

fn explain_defect(defect: Defect, noticing: &[&str], proof: &Selftest) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{defect} (a defect of the reference router)");
    let _ = writeln!(text, "  {}", defect.about());
    row(&mut text, "noticed in", noticing);
    let failing = checks::all().filter(|check| proof.killers[check.id].contains(&defect));
    row(&mut text, "fails", &titles(failing));
    text
}

fn explain_scenario(scenario: &Scenario) -> String {
    let areas: Vec<&str> = scenario.line.areas.iter().map(|area| area.name()).collect();
    let steps: Vec<String> = scenario
        .steps()
        .map(|step| format!("{:<16} {}", moment(step), step.action))
        .collect();
    let steps: Vec<&str> = steps.iter().map(|step| step.trim_end()).collect();
    let mut text = String::new();
    let _ = writeln!(text, "{}", scenario.name);
    let _ = writeln!(text, "  {}", scenario.about.en);
    let _ = writeln!(text, "  {}", scenario.about.ja);
    row(&mut text, "source", &[&scenario.source]);
    row(&mut text, "line", &[scenario.line.preset.get_ref()]);
    row(&mut text, "areas", &[&areas.join(", ")]);
    row(&mut text, "until", &[&scenario.until.to_string()]);
    row(&mut text, "steps", &steps);
    if let Some(screen) = scenario.expect.screen {
        row(&mut text, "last screen", &[screen_name(screen)]);
    }
    if let Some(diagnosis) = &scenario.expect.diagnosis {
        row(&mut text, "diagnosis", &[diagnosis.get_ref()]);
    }
    let exercised = checks::all().filter(|check| exercises(scenario, check.id));
    row(&mut text, "exercises", &titles(exercised));
    let noticed: Vec<&str> = scenario.notices().map(Defect::name).collect();
    row(&mut text, "notices", &noticed);
    text
}

/// Returns the checks' ids, each followed by its title in both languages.
fn titles<'a>(checks: impl Iterator<Item = &'a Check>) -> Vec<String> {
    let lines = |check: &Check| {
        [
            check.id.to_owned(),
            format!("  {}", check.title.en),
            format!("  {}", check.title.ja),
        ]
    };
    checks.flat_map(lines).collect()
}

/// Writes a label with its lines beside it, if there are any.
fn row<L: AsRef<str>>(text: &mut String, label: &str, lines: &[L]) {
    for (number, line) in lines.iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        let _ = writeln!(text, "{label:<13} {}", line.as_ref());
    }
}

fn moment(step: &Step) -> String {
    match (&step.at, step.when) {
        (Some(at), _) => format!("at {}", at.get_ref()),
        (None, Some(When::TerminalOnline)) => "terminal online".to_owned(),
        (None, None) => String::new(),
    }
}

/// Defects show with any seed.
const SEED: u64 = 1;
