//! A scenario explained: what happens in it, and what must come of it.

use std::fmt::Write as _;

use ngnlab_sim::node::part::screens;
use ngnlab_sim::node::router::defect::Defect;

use super::words::{both, row, titles};
use crate::checks;
use crate::diagnosis;
use crate::report::screen_name;
use crate::scenario::Scenario;
use crate::scenario::step::{Step, When};

pub(super) fn situation(scenario: &Scenario) -> String {
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
    let mut line = scenario.line.preset.get_ref().clone();
    if scenario.takes_any_delivery() {
        line.push_str(", or with the prefix by the other of RA and PD");
    }
    row(&mut text, "line", &[&line]);
    row(&mut text, "areas", &[&areas.join(", ")]);
    row(&mut text, "until", &[&scenario.until.to_string()]);
    row(&mut text, "steps", &steps);
    row(&mut text, "expected", &expected(scenario));
    let exercised = checks::all().filter(|check| scenario.exercises(check.id));
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
        if let Some(end) = diagnosis::meaning(id) {
            let finding = &end.finding;
            lines.extend([format!("  {}", finding.en), format!("  {}", finding.ja)]);
        }
    }
    lines.push("every check that it exercises finds something to judge, and none fails".to_owned());
    lines
}

fn moment(step: &Step) -> String {
    match (&step.at, step.when) {
        (Some(at), _) => format!("at {at}"),
        (None, Some(When::TerminalOnline)) => "terminal online".to_owned(),
        (None, None) => String::new(),
    }
}
