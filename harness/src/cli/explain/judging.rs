//! Checks, the defects that they notice, profiles and diagnoses, explained.
//!
//! Which defects a check notices is found out by running them: no table can be wrong about it.

use ngnlab_reports::words::Lang;
use ngnlab_reports::{Level, Profile, Text};
use ngnlab_sim::node::router::defect::Defect;

use super::words::{Sheet, level_name, lines, names, titles, what_to_do};
use crate::checks::{self, Check};
use crate::diagnosis;
use crate::scenario::Scenario;
use crate::selftest::Selftest;

pub(super) fn check(
    check: &Check,
    scenarios: &[Scenario],
    proof: &Selftest,
    lang: Option<Lang>,
) -> String {
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
    let mut text = Sheet::new(lang);
    text.heading(&format!("{} ({})", check.id, level_name(check.level)));
    text.both(&check.title);
    text.row("source", &[check.source]);
    text.row("profiles", &[&profiles.join(", ")]);
    text.row("hint", &lines(&check.hint, lang));
    if exercising.is_empty() {
        text.row("judged in", &judged[..judged.len().min(SHOWN)]);
    } else {
        text.row("exercised in", &exercising);
    }
    let count = format!("{} of {}", judged.len(), scenarios.len());
    text.row("scenarios", &[count]);
    text.row("fails with", &defects);
    text.into_text()
}

pub(super) fn defect(
    defect: Defect,
    scenarios: &[Scenario],
    proof: &Selftest,
    lang: Option<Lang>,
) -> String {
    let noticing = names(scenarios, |one| one.notices().any(|one| one == defect));
    let mut text = Sheet::new(lang);
    text.heading(&format!("{defect} (a defect of the reference router)"));
    text.both(&Text::new(defect.ja(), defect.en()));
    text.row("noticed in", &noticing);
    let failing = checks::all().filter(|check| proof.killers[check.id].contains(&defect));
    text.row("fails", &titles(failing, lang));
    text.into_text()
}

pub(super) fn profile(profile: Profile, lang: Option<Lang>) -> String {
    let mut text = Sheet::new(lang);
    text.heading(&format!("{} (a profile)", profile.name()));
    text.both(&profile.about());
    let judged = match profile {
        Profile::OnsEast => "on the scenarios of the east",
        Profile::OnsWest => "on the scenarios of the west",
        Profile::HomeGateway => "on the scenarios of the family home-gateway",
        Profile::CeRouter | Profile::DnsProxy => "on every scenario",
    };
    text.row("judged", &[judged]);
    let results = [
        "conformant: no requirement failed",
        "conformant with remarks: a SHOULD failed",
        "not conformant: a MUST failed",
        "undetermined: nothing was judged, or device or harness broke down",
    ];
    text.row("results", &results);
    text.row(
        "run it",
        &[&format!("ngnlab run --profile {}", profile.name())],
    );
    for level in [Level::Must, Level::Should] {
        let asked =
            checks::all().filter(|check| check.level == level && check.profiles.contains(&profile));
        text.row(level_name(level), &titles(asked, lang));
    }
    text.into_text()
}

pub(super) fn diagnosed(id: &str, scenarios: &[Scenario], lang: Option<Lang>) -> String {
    let mut text = Sheet::new(lang);
    let Some(end) = diagnosis::meaning(id) else {
        return text.into_text();
    };
    let step = end.step;
    text.heading(&format!(
        "{id} (an end of the flow of guide p.30, step {step})"
    ));
    text.both(&end.finding);
    for remedy in end.remedies {
        text.row("remedy", &what_to_do(remedy, lang));
    }
    text.row("seen in", &names(scenarios, |one| one.expects(id)));
    text.into_text()
}

/// More scenarios that no promise singles out are not named.
const SHOWN: usize = 8;
