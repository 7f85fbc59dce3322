//! `ngnlab explain`: why a check is there, or what a scenario does.

use std::fmt::Write as _;

use ngnlab_reports::Level;
use ngnlab_reports::formats::text::profile_name;

use super::{Answer, Explain, select};
use crate::checks::{self, Check};
use crate::error::Error;
use crate::scenario::mistake::advice;
use crate::scenario::{self, Scenario};
use crate::step::{Step, When};

pub(super) fn answer(args: &Explain) -> Result<Answer, Error> {
    if let Some(check) = checks::find(&args.id) {
        let found = select::scenarios(&args.scenarios.scenarios, &[]).unwrap_or_default();
        let scenarios = found.iter().map(|found| &found.scenario);
        let exercising = scenarios.filter(|scenario| exercises(scenario, check.id));
        let names = exercising.map(|scenario| scenario.name.as_str()).collect();
        return Ok(Answer::text(explain_check(check, names)));
    }
    let files = select::files(&args.scenarios.scenarios)?;
    let names: Vec<String> = files.iter().map(|path| scenario::name_of(path)).collect();
    if let Some(index) = names.iter().position(|name| *name == args.id) {
        return Ok(Answer::text(explain_scenario(&Scenario::load(
            &files[index],
        )?)));
    }
    let known = names
        .iter()
        .map(String::as_str)
        .chain(checks::all().map(|check| check.id));
    Err(Error::Usage {
        what: format!("neither a check nor a scenario is called `{}`", args.id),
        help: advice(&args.id, &known.collect::<Vec<_>>())
            .or_else(|| Some("`ngnlab list` and `ngnlab list --checks` name them".to_owned())),
    })
}

fn exercises(scenario: &Scenario, id: &str) -> bool {
    scenario.exercises.iter().any(|name| name.get_ref() == id)
}

fn explain_check(check: &Check, scenarios: Vec<&str>) -> String {
    let level = match check.level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    };
    let profiles: Vec<&str> = check
        .profiles
        .iter()
        .map(|one| profile_name(*one))
        .collect();
    let mut text = String::new();
    let _ = writeln!(text, "{} ({level})", check.id);
    let _ = writeln!(text, "  {}", check.title.en);
    let _ = writeln!(text, "  {}", check.title.ja);
    let _ = writeln!(text, "source    {}", check.source);
    let _ = writeln!(text, "profiles  {}", profiles.join(", "));
    let _ = writeln!(text, "hint      {}", check.hint.en);
    let _ = writeln!(text, "          {}", check.hint.ja);
    for name in scenarios {
        let _ = writeln!(text, "exercised in {name}");
    }
    text
}

fn explain_scenario(scenario: &Scenario) -> String {
    let mut text = String::new();
    let areas: Vec<&str> = scenario.line.areas.iter().map(|area| area.name()).collect();
    let _ = writeln!(text, "{}", scenario.name);
    let _ = writeln!(text, "  {}", scenario.about);
    let _ = writeln!(text, "line      {}", scenario.line.preset.get_ref());
    let _ = writeln!(text, "areas     {}", areas.join(", "));
    let _ = writeln!(text, "until     {}", scenario.until);
    for step in scenario.steps() {
        let _ = writeln!(text, "  {:<16} {}", moment(step), step.action);
    }
    if let Some(diagnosis) = &scenario.expect.diagnosis {
        let _ = writeln!(text, "expects the diagnosis {}", diagnosis.get_ref());
    }
    for check in &scenario.exercises {
        let _ = writeln!(text, "exercises {}", check.get_ref());
    }
    text
}

fn moment(step: &Step) -> String {
    match (&step.at, step.when) {
        (Some(at), _) => format!("at {}", at.get_ref()),
        (None, Some(When::TerminalOnline)) => "terminal online".to_owned(),
        (None, None) => String::new(),
    }
}
