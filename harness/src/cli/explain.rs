//! `ngnlab explain`: why a check is there, what a scenario does, what a defect breaks, what a
//! profile asks for, what a diagnosis means.
//!
//! Which defects a check notices is found out by running them: no table can be wrong about it.

use std::fmt::Write as _;

use ngnlab_reports::{Level, Profile, Text, escape};
use ngnlab_sim::node::part::screens;
use ngnlab_sim::node::router::defect::Defect;

use super::{Answer, Explain, Place, select, selftest};
use crate::checks::{self, Check};
use crate::diagnosis;
use crate::error::Error;
use crate::mistake::advice;
use crate::report::screen_name;
use crate::scenario::Scenario;
use crate::scenario::step::{Step, When};
use crate::selftest::Selftest;

pub(super) fn answer(args: &Explain, place: Place) -> Result<Answer, Error> {
    let folder = &args.scenarios.scenarios;
    let found = select::scenarios(folder, &[])?;
    let scenarios: Vec<Scenario> = found.into_iter().map(|found| found.scenario).collect();
    let prove = || selftest::prove(folder, SEED, None, place.progress);
    match Thing::find(&args.id, &scenarios) {
        Some(thing) => Ok(Answer::text(thing.explained(&scenarios, prove)?)),
        None => Err(unknown(&args.id, &scenarios)),
    }
}

/// What can be explained.
enum Thing<'a> {
    Scenario(&'a Scenario),
    Check(&'static Check),
    Defect(Defect),
    Profile(Profile),
    Diagnosis(&'static str),
}

impl<'a> Thing<'a> {
    fn find(id: &str, scenarios: &'a [Scenario]) -> Option<Self> {
        let scenario = scenarios.iter().find(|scenario| scenario.name == id);
        let profile = || Profile::ALL.into_iter().find(|one| one.name() == id);
        let diagnosis = || diagnosis::ids().find(|one| *one == id);
        scenario
            .map(Self::Scenario)
            .or_else(|| checks::find(id).map(Self::Check))
            .or_else(|| Defect::from_name(id).map(Self::Defect))
            .or_else(|| profile().map(Self::Profile))
            .or_else(|| diagnosis().map(Self::Diagnosis))
    }

    /// Explains it; `prove` runs the defects, which only some things need.
    fn explained(
        &self,
        scenarios: &[Scenario],
        prove: impl FnOnce() -> Result<Selftest, Error>,
    ) -> Result<String, Error> {
        Ok(match self {
            Self::Scenario(scenario) => explain_scenario(scenario),
            Self::Check(check) => explain_check(check, scenarios, &prove()?),
            Self::Defect(defect) => explain_defect(*defect, scenarios, &prove()?),
            Self::Profile(profile) => explain_profile(*profile),
            Self::Diagnosis(id) => explain_diagnosis(id, scenarios),
        })
    }
}

fn unknown(id: &str, scenarios: &[Scenario]) -> Error {
    let names = scenarios.iter().map(|scenario| scenario.name.clone());
    let checks = checks::all().map(|check| check.id.to_owned());
    let defects = Defect::all().map(|defect| defect.name().to_owned());
    let profiles = Profile::ALL.iter().map(|one| one.name().to_owned());
    let diagnoses = diagnosis::ids().map(str::to_owned);
    let known: Vec<String> = names
        .chain(checks)
        .chain(defects)
        .chain(profiles)
        .chain(diagnoses)
        .collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Error::Usage {
        what: format!("no check, scenario, defect, profile or diagnosis is called `{id}`"),
        help: advice(id, &known).or_else(|| {
            let help = "`ngnlab list` names the scenarios; `list --checks`, `--defects`, \
                        `--profiles` and `--diagnoses` name the others";
            Some(help.to_owned())
        }),
    }
}

fn exercises(scenario: &Scenario, id: &str) -> bool {
    scenario.exercises.iter().any(|name| name.get_ref() == id)
}

fn explain_check(check: &Check, scenarios: &[Scenario], proof: &Selftest) -> String {
    let profiles: Vec<&str> = check.profiles.iter().map(|one| one.name()).collect();
    let exercising = scenarios
        .iter()
        .filter(|scenario| exercises(scenario, check.id));
    let exercising: Vec<&str> = exercising.map(|one| one.name.as_str()).collect();
    let judged: Vec<&str> = proof
        .judged_in
        .get(check.id)
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let defects = proof.killers.get(check.id).into_iter().flatten();
    let defects: Vec<&str> = defects.map(|defect| defect.name()).collect();
    let mut text = String::new();
    let _ = writeln!(text, "{} ({})", check.id, level_name(check.level));
    both(&mut text, &check.title);
    row(&mut text, "source", &[check.source]);
    row(&mut text, "profiles", &[&profiles.join(", ")]);
    row(&mut text, "hint", &[&check.hint.en, &check.hint.ja]);
    if exercising.is_empty() {
        row(&mut text, "judged in", &judged[..judged.len().min(SHOWN)]);
    } else {
        row(&mut text, "exercised in", &exercising);
    }
    let count = format!("{} of {}", judged.len(), scenarios.len());
    row(&mut text, "scenarios", &[count]);
    row(&mut text, "fails with", &defects);
    text
}

fn explain_defect(defect: Defect, scenarios: &[Scenario], proof: &Selftest) -> String {
    let noticing = scenarios
        .iter()
        .filter(|scenario| scenario.notices().any(|one| one == defect));
    let noticing: Vec<&str> = noticing.map(|one| one.name.as_str()).collect();
    let mut text = String::new();
    let _ = writeln!(text, "{defect} (a defect of the reference router)");
    both(&mut text, &Text::new(defect.ja(), defect.en()));
    row(&mut text, "noticed in", &noticing);
    let failing = checks::all().filter(|check| proof.killers[check.id].contains(&defect));
    row(&mut text, "fails", &titles(failing));
    text
}

fn explain_profile(profile: Profile) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} (a profile)", profile.name());
    both(&mut text, &profile.about());
    let judged = match profile {
        Profile::OnsEast => "on the scenarios of the east",
        Profile::OnsWest => "on the scenarios of the west",
        Profile::HomeGateway => "on the scenarios of the family home-gateway",
        Profile::CeRouter | Profile::DnsProxy => "on every scenario",
    };
    row(&mut text, "judged", &[judged]);
    let results = [
        "conformant: no requirement failed",
        "conformant with remarks: a SHOULD failed",
        "not conformant: a MUST failed",
        "undetermined: nothing was judged, or device or harness broke down",
    ];
    row(&mut text, "results", &results);
    row(
        &mut text,
        "run it",
        &[&format!("ngnlab run --profile {}", profile.name())],
    );
    for level in [Level::Must, Level::Should] {
        let asked =
            checks::all().filter(|check| check.level == level && check.profiles.contains(&profile));
        row(&mut text, level_name(level), &titles(asked));
    }
    text
}

fn explain_diagnosis(id: &str, scenarios: &[Scenario]) -> String {
    let mut text = String::new();
    let Some((step, finding, remedy)) = diagnosis::meaning(id) else {
        return text;
    };
    let _ = writeln!(text, "{id} (an end of the flow of guide p.30, step {step})");
    both(&mut text, finding);
    row(&mut text, "remedy", &[&remedy.en, &remedy.ja]);
    let ends = |scenario: &&Scenario| {
        let promised = scenario.expect.diagnosis.as_ref();
        promised.is_some_and(|one| one.get_ref() == id)
    };
    let ending = scenarios.iter().filter(ends);
    let ending: Vec<&str> = ending.map(|one| one.name.as_str()).collect();
    row(&mut text, "seen in", &ending);
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
    both(&mut text, &scenario.about);
    row(&mut text, "source", &[&scenario.source]);
    row(&mut text, "line", &[scenario.line.preset.get_ref()]);
    row(&mut text, "areas", &[&areas.join(", ")]);
    row(&mut text, "until", &[&scenario.until.to_string()]);
    row(&mut text, "steps", &steps);
    row(&mut text, "expected", &expected(scenario));
    let exercised = checks::all().filter(|check| exercises(scenario, check.id));
    row(&mut text, "exercises", &titles(exercised));
    let noticed: Vec<&str> = scenario.notices().map(Defect::name).collect();
    row(&mut text, "notices", &noticed);
    text
}

/// Returns what must come of a scenario, whatever device is in it.
fn expected(scenario: &Scenario) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(screen) = scenario.expect.screen {
        lines.push(format!("the last screen is {}", screen_name(screen)));
        let texts = screens::TEXTS.iter();
        let text = texts.clone().find(|text| text.screen == screen);
        lines.extend(text.map(|text| format!("  {}", text.heading)));
    }
    if let Some(id) = &scenario.expect.diagnosis {
        let id = id.get_ref();
        lines.push(format!("the diagnosis is {id}"));
        if let Some((_, finding, _)) = diagnosis::meaning(id) {
            lines.extend([format!("  {}", finding.en), format!("  {}", finding.ja)]);
        }
    }
    lines.push("every check that it exercises finds something to judge, and none fails".to_owned());
    lines
}

/// Writes a text in both languages below a heading.
fn both(text: &mut String, words: &Text) {
    let _ = writeln!(text, "  {}", escape::line(&words.en));
    let _ = writeln!(text, "  {}", escape::line(&words.ja));
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
        let _ = writeln!(text, "{label:<13} {}", escape::line(line.as_ref()));
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    }
}

fn moment(step: &Step) -> String {
    match (&step.at, step.when) {
        (Some(at), _) => format!("at {at}"),
        (None, Some(When::TerminalOnline)) => "terminal online".to_owned(),
        (None, None) => String::new(),
    }
}

/// Defects show with any seed.
const SEED: u64 = 1;
/// More scenarios that no promise singles out are not named.
const SHOWN: usize = 8;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn everything_is_explained_in_both_languages_with_no_field_left_empty() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let found = select::scenarios(&folder, &[]).unwrap();
        let scenarios: Vec<Scenario> = found.into_iter().map(|found| found.scenario).collect();
        // That there are such defects and scenarios is what the self-test proves.
        let proof = Selftest {
            killers: checks::all()
                .map(|check| (check.id, Defect::all().take(1).collect()))
                .collect(),
            judged_in: checks::all()
                .map(|check| (check.id.to_owned(), [scenarios[0].name.clone()].into()))
                .collect(),
            ..Selftest::default()
        };
        let explained = |id: &str| {
            let thing = Thing::find(id, &scenarios).unwrap();
            thing.explained(&scenarios, || Ok(proof.clone())).unwrap()
        };
        let says = |id: &str, labels: &[&str]| {
            let text = explained(id);
            assert!(!text.is_ascii(), "{id} has no Japanese:\n{text}");
            for label in labels {
                let mut lines = text.lines();
                let line = lines.find(|line| line.starts_with(label));
                let value = line.map(|line| line[label.len()..].trim());
                assert!(
                    value.is_some_and(|value| !value.is_empty()),
                    "{id}: {label}"
                );
            }
        };
        let shown = ["source", "profiles", "hint", "scenarios", "fails with"];
        for check in checks::all() {
            says(check.id, &shown);
            let text = explained(check.id);
            assert!(text.contains("exercised in") || text.contains("judged in"));
        }
        for scenario in &scenarios {
            let shown = ["source", "line", "areas", "until", "steps", "expected"];
            says(
                &scenario.name,
                if scenario.steps.is_empty() {
                    &shown[..4]
                } else {
                    &shown
                },
            );
        }
        for profile in Profile::ALL {
            says(profile.name(), &["judged", "results", "run it", "MUST"]);
        }
        for id in diagnosis::ids() {
            says(id, &["remedy"]);
        }
        for defect in Defect::all() {
            says(defect.name(), &["noticed in"]);
        }
    }
}
