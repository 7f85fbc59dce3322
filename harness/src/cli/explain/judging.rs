//! Checks, the defects that they notice, profiles and diagnoses, explained.

use std::fmt::Write as _;

use ngnlab_reports::{Level, Profile, Text};
use ngnlab_sim::node::router::defect::Defect;

use super::proven;
use super::words::{both, level_name, names, row, titles, what_to_do};
use crate::checks::{self, Check};
use crate::diagnosis;
use crate::scenario::Scenario;

pub(super) fn check(check: &Check, scenarios: &[Scenario]) -> String {
    let profiles: Vec<&str> = check.profiles.iter().map(|one| one.name()).collect();
    let exercising = names(scenarios, |one| one.exercises(check.id));
    let mut text = String::new();
    let _ = writeln!(text, "{} ({})", check.id, level_name(check.level));
    both(&mut text, &check.title);
    row(&mut text, "source", &[check.source]);
    row(&mut text, "profiles", &[&profiles.join(", ")]);
    row(&mut text, "hint", &[&check.hint.en, &check.hint.ja]);
    row(&mut text, "exercised in", &exercising);
    row(&mut text, "fails with", &proven::defects_of(check.id));
    text
}

pub(super) fn defect(defect: Defect, scenarios: &[Scenario]) -> String {
    let noticing = names(scenarios, |one| one.notices().any(|one| one == defect));
    let mut text = String::new();
    let _ = writeln!(text, "{defect} (a defect of the reference router)");
    both(&mut text, &Text::new(defect.ja(), defect.en()));
    row(&mut text, "noticed in", &noticing);
    let failing = proven::checks_of(defect.name());
    let failing = failing.into_iter().filter_map(checks::find);
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
