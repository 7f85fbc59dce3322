//! Checks, the defects that they notice, profiles and diagnoses, explained.
//!
//! Which defects a check notices is found out by running them: no table can be wrong about it.

use std::fmt::Write as _;

use ngnlab_reports::{Level, Profile, Text};
use ngnlab_sim::node::router::defect::Defect;

use super::words::{both, level_name, names, row, titles, what_to_do};
use crate::checks::{self, Check};
use crate::diagnosis;
use crate::scenario::Scenario;
use crate::selftest::Selftest;

pub(super) fn check(check: &Check, scenarios: &[Scenario], proof: &Selftest) -> String {
    let profiles: Vec<&str> = check.profiles.iter().map(|one| one.name()).collect();
    let exercising = names(scenarios, |one| one.exercises(check.id));
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

pub(super) fn defect(defect: Defect, scenarios: &[Scenario], proof: &Selftest) -> String {
    let noticing = names(scenarios, |one| one.notices().any(|one| one == defect));
    let mut text = String::new();
    let _ = writeln!(text, "{defect} (a defect of the reference router)");
    both(&mut text, &Text::new(defect.ja(), defect.en()));
    row(&mut text, "noticed in", &noticing);
    let failing = checks::all().filter(|check| proof.killers[check.id].contains(&defect));
    row(&mut text, "fails", &titles(failing));
    text
}

pub(super) fn profile(profile: Profile) -> String {
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

pub(super) fn diagnosed(id: &str, scenarios: &[Scenario]) -> String {
    let mut text = String::new();
    let Some(end) = diagnosis::meaning(id) else {
        return text;
    };
    let step = end.step;
    let _ = writeln!(text, "{id} (an end of the flow of guide p.30, step {step})");
    both(&mut text, &end.finding);
    for remedy in end.remedies {
        row(&mut text, "remedy", &what_to_do(remedy));
    }
    row(
        &mut text,
        "seen in",
        &names(scenarios, |one| one.expects(id)),
    );
    text
}

/// More scenarios that no promise singles out are not named.
const SHOWN: usize = 8;
