//! How an explanation is laid out: a text in the language asked for, or both, then labels with
//! their lines beside them.

use std::fmt::Write as _;

use ngnlab_reports::words::Lang;
use ngnlab_reports::{Level, Text, escape};
use unicode_width::UnicodeWidthStr as _;

use crate::checks::Check;
use crate::diagnosis::Remedy;
use crate::scenario::Scenario;

/// An explanation that is being written.
pub(super) struct Sheet {
    text: String,
    lang: Option<Lang>,
}

impl Sheet {
    /// Begins an explanation in this language, or in both.
    pub(super) fn new(lang: Option<Lang>) -> Self {
        Self {
            text: String::new(),
            lang,
        }
    }

    /// Returns what was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Writes what it is that is explained.
    pub(super) fn heading(&mut self, heading: &str) {
        let heading = self.lang.unwrap_or_default().say(heading);
        let _ = writeln!(self.text, "{heading}");
    }

    /// Writes a text below a heading.
    pub(super) fn both(&mut self, words: &Text) {
        for line in lines(words, self.lang) {
            let _ = writeln!(self.text, "  {}", escape::line(line));
        }
    }

    /// Writes a label with its lines beside it, if there are any.
    pub(super) fn row<L: AsRef<str>>(&mut self, label: &str, lines: &[L]) {
        let lang = self.lang.unwrap_or_default();
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            let label = lang.say(label);
            let blanks = LABEL.saturating_sub(label.width());
            let line = lang.say(line.as_ref());
            let _ = writeln!(self.text, "{label}{:blanks$} {}", "", escape::line(&line));
        }
    }
}

/// Returns the lines of a text in this language, or in both.
pub(super) fn lines(words: &Text, lang: Option<Lang>) -> Vec<&str> {
    match lang {
        Some(lang) => vec![lang.of(words)],
        None => vec![&words.en, &words.ja],
    }
}

/// Returns the names of the scenarios of which something holds.
pub(super) fn names(scenarios: &[Scenario], holds: impl Fn(&Scenario) -> bool) -> Vec<&str> {
    let scenarios = scenarios.iter().filter(|one| holds(one));
    scenarios.map(|one| one.name.as_str()).collect()
}

/// Returns the checks' ids, each followed by its title.
pub(super) fn titles<'a>(
    checks: impl Iterator<Item = &'a Check>,
    lang: Option<Lang>,
) -> Vec<String> {
    let titled = |check: &Check| {
        let title = lines(&check.title, lang);
        let title = title.into_iter().map(|line| format!("  {line}"));
        [check.id.to_owned()].into_iter().chain(title).collect()
    };
    checks
        .flat_map(|check| -> Vec<String> { titled(check) })
        .collect()
}

/// Returns what there is to do, after where it can be done if not everywhere.
pub(super) fn what_to_do(remedy: &Remedy, lang: Option<Lang>) -> Vec<String> {
    let texts = lines(&remedy.text, lang);
    let Some(when) = remedy.when.words() else {
        return texts.into_iter().map(str::to_owned).collect();
    };
    let whens = lines(&when, lang);
    let both = whens.into_iter().zip(texts);
    both.map(|(when, text)| match when.is_ascii() {
        true => format!("{when}: {text}"),
        false => format!("{when}：{text}"),
    })
    .collect()
}

pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    }
}

/// How wide the labels are.
const LABEL: usize = 13;
