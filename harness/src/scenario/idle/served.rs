//! Pages and names that nobody serves on a scenario's line.
//!
//! A page that nobody serves shows a user nothing, so it is a mistake; a scenario that means it
//! expects the diagnosis `wrong-url`. Names that do not exist may be looked up, for the answer that
//! they do not is an answer: a step that means it says `exists = false`. Where it does not, a slip
//! in a name that does exist is a mistake, and any other name is told as a doubt, which stops
//! nothing.

use std::collections::BTreeSet;

use ngnlab_sim::access;
use ngnlab_sim::line::Line;

use super::Idle;
use crate::mistake::{self, Mistake};
use crate::scenario::Scenario;
use crate::scenario::spans::Spans;
use crate::scenario::step::Action;
use crate::scenario::step::terminal::Url;

/// Says that nobody serves a page.
pub(super) fn page(scenario: &Scenario, line: &Line, url: &Url) -> Option<Idle> {
    if scenario.expects(WRONG_URL) {
        return None;
    }
    let mut hosts = access::web_hosts(line);
    if scenario.has_sessions() {
        hosts.extend(access::session_hosts(line.area).map(str::to_owned));
    }
    let url = Url(url.in_area(line.area));
    let host = url.host().to_ascii_lowercase();
    if hosts.contains(&host) {
        return None;
    }
    let area = line.area.name();
    let why = format!("nobody serves `{host}` on this line in the {area}");
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let nearest = mistake::advice(&host, &hosts).unwrap_or_default();
    let help = format!(
        "{nearest}{}if it is wrong on purpose, give the scenario \
         `expect = {{ diagnosis = \"{WRONG_URL}\" }}`",
        if nearest.is_empty() { "" } else { " or, " }
    );
    Idle::key("url", why, help)
}

/// Says that a name is one slip away from one that exists, or exists against what the step says.
pub(super) fn name<'a>(known: impl Fn() -> &'a BTreeSet<String>, action: &Action) -> Option<Idle> {
    let asked = Asked::of(action)?;
    let known = known();
    let new = || {
        asked
            .names
            .iter()
            .filter(|name| !known.contains(&plain(name)))
    };
    if !asked.exists {
        let first = asked.names.first()?;
        let why = format!("`{first}` is known on this line, against `exists = false`");
        let help = "take `exists` out, or ask for a name that nobody has";
        return match new().next() {
            Some(_) => None,
            None => Idle::key("exists", why, help),
        };
    }
    let (name, meant) = new().find_map(|name| {
        let asked = plain(name);
        let is_near = |known: &&String| {
            known.len().abs_diff(asked.len()) <= 1
                && strsim::damerau_levenshtein(known, &asked) == 1
        };
        Some((name, known.iter().find(is_near)?))
    })?;
    let why = format!("nobody knows `{name}` on this line, and `{meant}` is one slip away");
    let help = format!("did you mean `{meant}`? {MEANT}");
    Idle::key(asked.key, why, help)
}

/// Says of a name that is looked up that nobody has it.
///
/// Questions of a precise shape are about the shape, and reverse names about what servers do with
/// them; of a server that the step names itself nothing is known here.
fn doubt(known: &BTreeSet<String>, action: &Action) -> Option<Idle> {
    let Action::Resolve(step) = action else {
        return None;
    };
    let name = plain(&step.name);
    let is_told = !step.exists || step.server.is_some() || name.ends_with(".arpa");
    if is_told || known.contains(&name) {
        return None;
    }
    Idle::key(
        "name",
        format!("nobody knows `{}` on this line", step.name),
        MEANT,
    )
}

/// What a step asks for.
struct Asked {
    key: &'static str,
    names: Vec<String>,
    exists: bool,
}

impl Asked {
    fn of(action: &Action) -> Option<Self> {
        match action {
            Action::Resolve(step) => Some(Self {
                key: "name",
                names: vec![step.name.clone()],
                exists: step.exists,
            }),
            Action::Ask(step) => Some(Self {
                key: "names",
                names: step.names.iter().cloned().map(String::from).collect(),
                exists: step.exists,
            }),
            _ => None,
        }
    }
}

impl Scenario {
    /// Returns the names in it that nobody has, though no step says that this is meant.
    pub fn doubts(&self, text: &str) -> Vec<Mistake> {
        let spans = Spans::of(text);
        let areas = self.line.areas.iter();
        let lines: Vec<Line> = areas.map(|area| self.line(*area)).collect();
        let known = known(&lines);
        let steps = self.steps().enumerate();
        let doubts = steps.filter_map(|(number, step)| {
            let doubt = doubt(&known, &step.action)?;
            let path = ["do", step.action.name(), doubt.key.unwrap_or_default()];
            let mut told = Mistake::new(spans.of_step(number, &path), doubt.why);
            told.help = Some(doubt.help);
            Some(told)
        });
        doubts.collect()
    }
}

/// Returns the names that are known in some area.
pub(super) fn known(lines: &[Line]) -> BTreeSet<String> {
    lines.iter().flat_map(access::known_names).collect()
}

/// Returns a name as it is compared.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// What says that a name is meant.
const MEANT: &str = "if nobody is to have it, give the step `exists = false`";
/// The diagnosis that a scenario expects whose page is wrong on purpose.
pub(super) const WRONG_URL: &str = "wrong-url";
