//! `ngnlab lint`: mistakes in scenario files, and in what device files say of scenarios.

use std::fmt::Write as _;
use std::path::Path;

use super::{Answer, Lint, select};
use crate::dut::description::Description;
use crate::dut::description::excuse::Excuse;
use crate::error::{self, Error};
use crate::input;
use crate::mistake::{Mistake, Mistakes};
use crate::promises;
use crate::scenario::Scenario;

pub(super) fn answer(args: &Lint) -> Result<Answer, Error> {
    let mut answer = Answer::default();
    let mut bad = 0;
    if args.device.is_empty() || !args.files.is_empty() {
        let files = match args.files.is_empty() {
            true => select::files(&args.scenarios.scenarios)?,
            false => args.files.clone(),
        };
        let looked_at = files.iter().map(|file| scenario(file));
        bad += tell("scenarios", looked_at, &mut answer)?;
    }
    if !args.device.is_empty() {
        let found = select::scenarios(&args.scenarios.scenarios, &[])?;
        let scenarios: Vec<&Scenario> = found.iter().map(|one| &one.scenario).collect();
        let looked_at = args.device.iter().map(|file| device(file, &scenarios));
        bad += tell("device files", looked_at, &mut answer)?;
    }
    if bad > 0 {
        answer.exit_code = error::BAD_INPUT;
    }
    Ok(answer)
}

/// Says what is wrong with files of a kind, and returns how many have mistakes.
fn tell(
    what: &str,
    looked_at: impl Iterator<Item = Result<String, Error>>,
    answer: &mut Answer,
) -> Result<usize, Error> {
    let (mut good, mut bad) = (0, 0);
    for one in looked_at {
        match one {
            Ok(doubts) => {
                good += 1;
                answer.remarks.push_str(&doubts);
            }
            Err(error @ Error::Scenario(_)) => {
                bad += 1;
                answer.remarks.push_str(&error.pretty());
            }
            Err(other) => return Err(other),
        }
    }
    let _ = writeln!(answer.text, "{good} {what} without mistakes, {bad} with");
    Ok(bad)
}

/// Returns what is doubtful in a scenario file that has no mistakes.
fn scenario(file: &Path) -> Result<String, Error> {
    let scenario = promises::load(file)?;
    let text = input::text(file, input::DESCRIPTION)?;
    let doubts = Mistakes::new(file, &text, scenario.doubts(&text));
    Ok(doubts.as_warnings())
}

/// Holds what a device file excuses against what the scenarios exercise.
fn device(path: &Path, scenarios: &[&Scenario]) -> Result<String, Error> {
    let text = input::text(path, input::DESCRIPTION)?;
    let device = Description::parse(path, &text).map_err(Box::new)?;
    let excuses = device.excuses.iter();
    let mistakes: Vec<Mistake> = excuses.filter_map(|one| mistake(one, scenarios)).collect();
    match mistakes.is_empty() {
        true => Ok(String::new()),
        false => Err(Box::new(Mistakes::new(path, &text, mistakes)).into()),
    }
}

fn mistake(excuse: &Excuse, scenarios: &[&Scenario]) -> Option<Mistake> {
    let (name, check) = (&excuse.scenario, excuse.check.get_ref());
    let Some(scenario) = scenarios.iter().find(|one| one.name == *name.get_ref()) else {
        let known = scenarios.iter().map(|one| &one.name[..]);
        return Some(Mistake::unknown(
            name.span(),
            "scenario",
            name.get_ref(),
            known,
        ));
    };
    if !scenario.exercises(check) {
        let message = format!("{} does not exercise `{check}`", scenario.name);
        return Some(Mistake {
            span: excuse.check.span(),
            message,
            help: Some("nothing needs an excuse here; take the entry out".to_owned()),
        });
    }
    let areas = &scenario.line.areas;
    let other = excuse.area.filter(|area| !areas.contains(area))?;
    let message = format!("{} is not run in the {}", scenario.name, other.name());
    Some(Mistake::new(name.span(), message))
}
