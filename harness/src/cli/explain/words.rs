//! How an explanation is laid out: a text in both languages, then labels with their lines beside
//! them.

use std::fmt::Write as _;

use ngnlab_reports::{Level, Text, escape};

use crate::checks::Check;
use crate::diagnosis::Remedy;
use crate::scenario::Scenario;

/// Writes a text in both languages below a heading.
pub(super) fn both(text: &mut String, words: &Text) {
    let _ = writeln!(text, "  {}", escape::line(&words.en));
    let _ = writeln!(text, "  {}", escape::line(&words.ja));
}

/// Returns the names of the scenarios of which something holds.
pub(super) fn names(scenarios: &[Scenario], holds: impl Fn(&Scenario) -> bool) -> Vec<&str> {
    let scenarios = scenarios.iter().filter(|one| holds(one));
    scenarios.map(|one| one.name.as_str()).collect()
}

/// Returns the checks' ids, each followed by its title in both languages.
pub(super) fn titles<'a>(checks: impl Iterator<Item = &'a Check>) -> Vec<String> {
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
pub(super) fn row<L: AsRef<str>>(text: &mut String, label: &str, lines: &[L]) {
    for (number, line) in lines.iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        let _ = writeln!(text, "{label:<13} {}", escape::line(line.as_ref()));
    }
}

/// Returns what there is to do, after where it can be done if not everywhere.
pub(super) fn what_to_do(remedy: &Remedy) -> Vec<String> {
    let text = &remedy.text;
    match remedy.when.words() {
        None => vec![text.en.to_string(), text.ja.to_string()],
        Some(when) => vec![
            format!("{}: {}", when.en, text.en),
            format!("{}：{}", when.ja, text.ja),
        ],
    }
}

pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    }
}
