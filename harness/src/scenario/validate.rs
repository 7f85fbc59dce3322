//! What the shape of a scenario file cannot say: names that must exist, times that must fit.

use std::collections::BTreeSet;
use std::ops::Range;

use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::node::router::defect::Defect;

use super::Scenario;
use super::mistake::Mistake;
use crate::checks;
use crate::diagnosis;
use crate::step::{Action, Step};

/// Returns everything that is wrong with a scenario whose shape is right.
pub(super) fn mistakes(scenario: &Scenario) -> Vec<Mistake> {
    let mut found = Vec::new();
    line(scenario, &mut found);
    terminals(scenario, &mut found);
    promises(scenario, &mut found);
    for step in &scenario.steps {
        timing(scenario, step.span(), step.get_ref(), &mut found);
        action(scenario, step.get_ref(), &mut found);
    }
    found
}

fn line(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let spec = &scenario.line;
    let preset = &spec.preset;
    if !Line::PRESETS.contains(&preset.get_ref().as_str()) {
        let mistake = Mistake::unknown(preset.span(), "preset", preset.get_ref(), Line::PRESETS);
        found.push(mistake);
    }
    if spec.areas.is_empty() {
        found.push(Mistake::new(preset.span(), "this line has no area"));
    }
    let Some(id) = &spec.applied_id else {
        return;
    };
    for area in &spec.areas {
        if id.get_ref() != "none" && !is_customer_id(id.get_ref(), *area) {
            let message = format!(
                "`{}` is not a customer ID in the {}",
                id.get_ref(),
                area.name()
            );
            let mut mistake = Mistake::new(id.span(), message);
            mistake.help =
                Some("CAF and 10 digits, in the east also COP and 8 digits, or none".to_owned());
            found.push(mistake);
        }
    }
}

/// ngn-facts §5.5.
fn is_customer_id(id: &str, area: Area) -> bool {
    let digits = |prefix: &str, count: usize| {
        id.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == count && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    digits("CAF", 10) || (area == Area::East && digits("COP", 8))
}

fn terminals(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let mut seen = BTreeSet::new();
    for terminal in &scenario.terminals {
        if !seen.insert(terminal.get_ref()) {
            let message = format!("terminal `{}` stands here twice", terminal.get_ref());
            found.push(Mistake::new(terminal.span(), message));
        }
    }
    let mut described = BTreeSet::new();
    for spec in &scenario.terminal_specs {
        let name = &spec.name;
        if !seen.contains(name.get_ref()) {
            let known = scenario.terminals();
            let mistake = Mistake::unknown(name.span(), "terminal", name.get_ref(), known);
            found.push(mistake);
        } else if !described.insert(name.get_ref()) {
            let message = format!("terminal `{}` is described twice", name.get_ref());
            found.push(Mistake::new(name.span(), message));
        }
    }
    if scenario.terminals.is_empty() {
        found.push(Mistake::new(0..0, "`terminals` names no terminal"));
    }
    if scenario.terminals.len() > MOST_TERMINALS {
        let message = format!("there are sockets for {MOST_TERMINALS} terminals");
        found.push(Mistake::new(
            scenario.terminals[MOST_TERMINALS].span(),
            message,
        ));
    }
}

fn promises(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let checks: Vec<&str> = checks::all().map(|check| check.id).collect();
    for id in &scenario.exercises {
        if !checks.contains(&id.get_ref().as_str()) {
            let known = checks.iter().copied();
            found.push(Mistake::unknown(id.span(), "check", id.get_ref(), known));
        }
    }
    for name in &scenario.notices {
        if Defect::from_name(name.get_ref()).is_none() {
            let known = Defect::ALL.iter().map(|defect| defect.name());
            found.push(Mistake::unknown(
                name.span(),
                "defect",
                name.get_ref(),
                known,
            ));
        }
    }
    if let Some(id) = &scenario.expect.diagnosis
        && diagnosis::ids().all(|known| known != id.get_ref())
    {
        let known = diagnosis::ids();
        found.push(Mistake::unknown(
            id.span(),
            "diagnosis",
            id.get_ref(),
            known,
        ));
    }
}

fn timing(scenario: &Scenario, span: Range<usize>, step: &Step, found: &mut Vec<Mistake>) {
    match (&step.at, &step.when) {
        (None, None) => {
            let mut mistake = Mistake::new(span, "this step has no time");
            mistake.help =
                Some("give it `at = \"20s\"` or `when = \"terminal-online\"`".to_owned());
            found.push(mistake);
        }
        (Some(at), Some(_)) => {
            let message = "a step has either `at` or `when`";
            found.push(Mistake::new(at.span(), message));
        }
        (Some(at), None) if at.get_ref().0 >= scenario.until.0 => {
            let message = format!("the run ends at {}, before this step", scenario.until);
            found.push(Mistake::new(at.span(), message));
        }
        (Some(_), None) | (None, Some(_)) => {}
    }
}

fn action(scenario: &Scenario, step: &Step, found: &mut Vec<Mistake>) {
    let known: Vec<&str> = scenario.terminals().collect();
    for name in step.terminal.iter().chain(step.action.terminal()) {
        if !known.contains(&name.get_ref().as_str()) {
            let known = known.iter().copied();
            found.push(Mistake::unknown(
                name.span(),
                "terminal",
                name.get_ref(),
                known,
            ));
        }
    }
    match &step.action {
        Action::Loss(loss) if *loss.percent.get_ref() > 100 => {
            found.push(Mistake::new(loss.percent.span(), "more than 100 percent"));
        }
        Action::HoldConnection(hold) if !(1..=MOST_HELD).contains(hold.count.get_ref()) => {
            let message = format!("a terminal holds 1 to {MOST_HELD} connections");
            found.push(Mistake::new(hold.count.span(), message));
        }
        _ => {}
    }
}

/// Fewer than a site serves at the same time.
const MOST_HELD: u8 = 20;
/// Sockets of the terminals' hub, less the device's.
const MOST_TERMINALS: usize = 7;
