//! `ngnlab lint`: mistakes in scenario files, and in what device files say of scenarios.

use std::fmt::Write as _;
use std::path::Path;

use ngnlab_reports::Promise;
use ngnlab_reports::words::Lang;
use toml::Spanned;

use super::{Answer, Lint, Place, select};
use crate::dut::description::excuse::Excuse;
use crate::dut::description::{Description, Known};
use crate::error::{self, Error};
use crate::input;
use crate::mistake::{Mistake, Mistakes};
use crate::promises;
use crate::scenario::Scenario;

pub(super) fn answer(args: &Lint, place: Place) -> Result<Answer, Error> {
    let lang = place.lang();
    let mut answer = Answer::default();
    let mut bad = 0;
    if args.device.is_empty() || !args.files.is_empty() {
        let files = match args.files.is_empty() {
            true => select::files(&args.scenarios.folder())?,
            false => args.files.clone(),
        };
        let looked_at = files.iter().map(|file| scenario(file, lang));
        bad += tell("scenarios", looked_at, &mut answer, lang)?;
    }
    if !args.device.is_empty() {
        let found = select::scenarios(&args.scenarios.folder(), &[])?;
        let scenarios: Vec<&Scenario> = found.iter().map(|one| &one.scenario).collect();
        let looked_at = args.device.iter().map(|file| device(file, &scenarios));
        bad += tell("device files", looked_at, &mut answer, lang)?;
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
    lang: Lang,
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
                answer.remarks.push_str(&error.pretty(lang));
            }
            Err(other) => return Err(other),
        }
    }
    let line = format!("{good} {what} without mistakes, {bad} with");
    let _ = writeln!(answer.text, "{}", lang.say(&line));
    Ok(bad)
}

/// Returns what is doubtful in a scenario file that has no mistakes.
fn scenario(file: &Path, lang: Lang) -> Result<String, Error> {
    let scenario = promises::load(file)?;
    let text = input::text(file, input::DESCRIPTION)?;
    let doubts = Mistakes::new(file, &text, scenario.doubts(&text));
    Ok(doubts.as_warnings(lang))
}

/// Holds what a device file excuses and knows against what the scenarios exercise and promise.
fn device(path: &Path, scenarios: &[&Scenario]) -> Result<String, Error> {
    let path = &select::device(path)?;
    let text = input::text(path, input::DESCRIPTION)?;
    let device = Description::parse(path, &text).map_err(Box::new)?;
    let excuses = device.excuses.iter();
    let excuses = excuses.filter_map(|one| mistake(one, scenarios));
    let known = device.known.iter().flat_map(|one| misnamed(one, scenarios));
    let mistakes: Vec<Mistake> = excuses.chain(known).collect();
    match mistakes.is_empty() {
        true => Ok(String::new()),
        false => Err(Box::new(Mistakes::new(path, &text, mistakes)).into()),
    }
}

/// Finds the scenario that a device file names, or says that there is none.
fn find<'a>(
    name: &Spanned<String>,
    scenarios: &'a [&'a Scenario],
) -> Result<&'a Scenario, Mistake> {
    let found = scenarios.iter().find(|one| one.name == *name.get_ref());
    found.copied().ok_or_else(|| {
        let known = scenarios.iter().map(|one| &one.name[..]);
        Mistake::unknown(name.span(), "scenario", name.get_ref(), known)
    })
}

/// Returns the scenarios of a known failure that are not there, or promise nothing of the kind.
fn misnamed(known: &Known, scenarios: &[&Scenario]) -> Vec<Mistake> {
    let named = known.scenarios.iter().filter_map(|name| {
        let scenario = match find(name, scenarios) {
            Ok(scenario) => scenario,
            Err(mistake) => return Some(mistake),
        };
        let expect = known.expect?;
        let promises = match expect {
            Promise::Diagnosis => scenario.expect.diagnosis.is_some(),
            Promise::Screen => scenario.expect.screen.is_some(),
            Promise::Step => true,
        };
        let message = format!("{} promises no {}", scenario.name, expect.name());
        (!promises).then(|| Mistake::new(name.span(), message))
    });
    named.collect()
}

fn mistake(excuse: &Excuse, scenarios: &[&Scenario]) -> Option<Mistake> {
    let (name, check) = (&excuse.scenario, excuse.check.get_ref());
    let scenario = match find(name, scenarios) {
        Ok(scenario) => scenario,
        Err(mistake) => return Some(mistake),
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
