//! A scenario explained: what happens in it, and what must come of it.

use ngnlab_reports::words::Lang;
use ngnlab_sim::node::part::screens;
use ngnlab_sim::node::router::defect::Defect;
use unicode_width::UnicodeWidthStr as _;

use super::words::{Sheet, lines, titles};
use crate::checks;
use crate::diagnosis;
use crate::scenario::Scenario;
use crate::scenario::step::{Step, When};

pub(super) fn situation(scenario: &Scenario, lang: Option<Lang>) -> String {
    let areas: Vec<&str> = scenario.line.areas.iter().map(|area| area.name()).collect();
    let say = |words: &str| lang.unwrap_or_default().say(words).into_owned();
    let steps: Vec<String> = scenario
        .steps()
        .map(|step| {
            let moment = say(&moment(step));
            let blanks = MOMENT.saturating_sub(moment.width());
            let action = say(&step.action.to_string());
            format!("{moment}{:blanks$} {action}", "")
        })
        .collect();
    let steps: Vec<&str> = steps.iter().map(|step| step.trim_end()).collect();
    let mut text = Sheet::new(lang);
    text.heading(&scenario.name);
    text.both(&scenario.about);
    text.row("source", &[&scenario.source]);
    let mut line = scenario.line.preset.get_ref().clone();
    if scenario.takes_any_delivery() {
        line.push_str(", or with the prefix by the other of RA and PD");
    }
    text.row("line", &[&line]);
    text.row("areas", &[&areas.join(", ")]);
    text.row("until", &[&scenario.until.to_string()]);
    text.row("steps", &steps);
    text.row("expected", &expected(scenario, lang));
    let exercised = checks::all().filter(|check| scenario.exercises(check.id));
    text.row("exercises", &titles(exercised, lang));
    let noticed: Vec<&str> = scenario.notices().map(Defect::name).collect();
    text.row("notices", &noticed);
    text.into_text()
}

/// Returns what must come of a scenario, whatever device is in it.
fn expected(scenario: &Scenario, lang: Option<Lang>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(screen) = scenario.expect.screen {
        said.push(format!("the last screen is {}", screen.name()));
        let text = screens::all().find(|text| text.screen == screen);
        said.extend(text.map(|text| format!("  {}", text.heading)));
    }
    if let Some(id) = &scenario.expect.diagnosis {
        let id = id.get_ref();
        said.push(format!("the diagnosis is {id}"));
        if let Some(end) = diagnosis::meaning(id) {
            let finding = lines(&end.finding, lang);
            said.extend(finding.into_iter().map(|line| format!("  {line}")));
        }
    }
    said.push("every check that it exercises finds something to judge, and none fails".to_owned());
    said
}

fn moment(step: &Step) -> String {
    match (&step.at, step.when) {
        (Some(at), _) => format!("at {at}"),
        (None, Some(When::TerminalOnline)) => "terminal online".to_owned(),
        (None, None) => String::new(),
    }
}

/// How wide the column of the moments is.
const MOMENT: usize = 16;
