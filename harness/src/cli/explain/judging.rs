//! Checks, the defects that they notice, profiles and diagnoses, explained.

use ngnlab_reports::words::Lang;
use ngnlab_reports::{Level, Profile, Text};
use ngnlab_sim::node::router::defect::Defect;

use super::proven;
use super::words::{Sheet, level_name, lines, names, titles, what_to_do};
use crate::checks::{self, Check};
use crate::diagnosis;
use crate::scenario::Scenario;

pub(super) fn check(check: &Check, scenarios: &[Scenario], lang: Option<Lang>) -> String {
    let profiles: Vec<&str> = check.profiles.iter().map(|one| one.name()).collect();
    let exercising = names(scenarios, |one| one.exercises(check.id));
    let mut text = Sheet::new(lang);
    text.heading(&format!("{} ({})", check.id, level_name(check.level)));
    text.both(&check.title);
    text.row("source", &[check.source]);
    text.row("profiles", &[&profiles.join(", ")]);
    text.row("hint", &lines(&check.hint, lang));
    text.row("exercised in", &exercising);
    text.row("fails with", &proven::defects_of(check.id));
    text.into_text()
}

pub(super) fn defect(defect: Defect, scenarios: &[Scenario], lang: Option<Lang>) -> String {
    let noticing = names(scenarios, |one| one.notices().any(|one| one == defect));
    let mut text = Sheet::new(lang);
    text.heading(&format!("{defect} (a defect of the reference router)"));
    text.both(&Text::new(defect.ja(), defect.en()));
    text.row("noticed in", &noticing);
    let failing = proven::checks_of(defect.name());
    let failing = failing.into_iter().filter_map(checks::find);
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
        Profile::Pppoe => "on the scenarios of the family pppoe",
        Profile::Members => "on the scenarios of the family members-club",
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
    text.heading(&format!(
        "{id} (an end of the flow of {})",
        end.flow().place(end.step)
    ));
    text.both(&end.finding);
    for remedy in end.remedies {
        text.row("remedy", &what_to_do(remedy, lang));
    }
    text.row("seen in", &names(scenarios, |one| one.expects(id)));
    text.into_text()
}
