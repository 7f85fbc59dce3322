//! What an exploration found, as text and as JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ngnlab_reports::Level;
use ngnlab_reports::words::Lang;
use serde_json::{Value, json};

use crate::explore::{self, Exploration, Explored, Finding, Shown, Wrong};

/// What there is to tell.
pub(super) struct Told<'a> {
    pub(super) exploration: &'a Exploration,
    pub(super) explored: &'a Explored,
    /// The router's name.
    pub(super) device: &'a str,
    /// How many scenarios were to be run.
    pub(super) asked: u64,
}

/// Returns where the file of a scenario goes: below a folder of scenarios of its own.
pub(super) fn path(out: &Path, wrong: &Wrong, number: u64) -> PathBuf {
    let file = out.join(wrong.name()).join(explore::name(number));
    file.with_extension("toml")
}

impl Told<'_> {
    /// Returns it as text, what was found first.
    pub(super) fn text(&self, lang: Lang) -> String {
        let mut lines = Vec::new();
        if self.asked == 1 {
            lines.push(self.exploration.text(*self.exploration.numbers.start()));
        }
        for (wrong, finding) in &self.explored.findings {
            self.finding(wrong, finding, lang, &mut lines);
        }
        for (wrong, numbers) in &self.explored.known {
            let known = format!("known: {} in {} scenarios", title(wrong), numbers.len());
            lines.push(lang.say(&known).into_owned());
        }
        if self.asked > 1 {
            self.used(lang, &mut lines);
        }
        lines.extend(self.summary(lang));
        lines.join("\n") + "\n"
    }

    /// Tells how many scenarios used what, and what none can use.
    fn used(&self, lang: Lang, lines: &mut Vec<String>) {
        lines.push(lang.say("How many scenarios used what:").into_owned());
        for (path, words) in self.explored.tally.rows() {
            let words = words.iter().map(|(word, count)| format!("{word} {count}"));
            let words = words.collect::<Vec<_>>().join(", ");
            let place = if path.is_empty() { "(file)" } else { path };
            let options = textwrap::Options::new(COLUMNS)
                .initial_indent("  ")
                .subsequent_indent("      ");
            lines.extend(
                textwrap::wrap(&format!("{place}: {words}"), options)
                    .into_iter()
                    .map(|line| line.into_owned()),
            );
        }
        lines.push(lang.say("Not made up at random:").into_owned());
        for (path, why) in explore::left_out() {
            lines.push(format!("  {path}{}{}", lang.colon(), lang.say(why)));
        }
    }

    fn finding(&self, wrong: &Wrong, finding: &Finding, lang: Lang, lines: &mut Vec<String>) {
        let level = match self.exploration.rules.level(wrong) {
            Some(Level::Must) => " (MUST)",
            Some(Level::Should) => " (SHOULD)",
            None => "",
        };
        let numbers: Vec<String> = finding.numbers.iter().map(u64::to_string).collect();
        let some = numbers
            .iter()
            .take(MOST_NUMBERS)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let more = if numbers.len() > MOST_NUMBERS {
            ", …"
        } else {
            ""
        };
        let found = format!(
            "FOUND {}{level} in {} scenarios: {some}{more}",
            title(wrong),
            numbers.len()
        );
        lines.push(lang.say(&found).into_owned());
        for shown in &finding.shown {
            self.shown(shown, lang, lines);
        }
        lines.push(String::new());
    }

    fn shown(&self, shown: &Shown, lang: Lang, lines: &mut Vec<String>) {
        let left = shown.text.matches("[[step]]").count();
        let seen = match &shown.expected[..] {
            "" => shown.actual.clone(),
            expected => format!("expected {expected}, seen {}", shown.actual),
        };
        let about = format!(
            "of the {} steps of number {} {left} are left",
            shown.steps, shown.number
        );
        for line in [seen, about] {
            lines.push(format!("  {}", lang.say(&line)));
        }
        lines.push(String::new());
        for line in shown.text.lines() {
            lines.push(match line {
                "" => String::new(),
                line => format!("    {line}"),
            });
        }
    }

    fn summary(&self, lang: Lang) -> Vec<String> {
        let explored = self.explored;
        let mut lines = Vec::new();
        let unused = explored.tally.unused();
        if self.asked > 1 && !unused.is_empty() {
            let unused = match unused.len() {
                0..=MOST_NAMED => format!("never used in so few scenarios: {}", unused.join(", ")),
                many => format!("{many} things were never used in so few scenarios: those with 0"),
            };
            lines.push(lang.say(&unused).into_owned());
        }
        let again = format!(
            "{} lines and steps were drawn again, since they cannot be, or can do nothing there",
            explored.drawn_again
        );
        lines.push(lang.say(&again).into_owned());
        if explored.not_offered > 0 {
            let not_offered = format!(
                "{} scenarios ask for what the device does not offer",
                explored.not_offered
            );
            lines.push(lang.say(&not_offered).into_owned());
        }
        let line = format!(
            "explore: {} of {} scenarios run with {}, seed {}: {} findings, {} known",
            explored.ran,
            self.asked,
            self.device,
            self.exploration.seed,
            explored.findings.len(),
            explored.known.len()
        );
        lines.push(lang.say(&line).into_owned());
        lines
    }

    /// Returns it as JSON.
    pub(super) fn json(&self) -> String {
        let explored = self.explored;
        let findings: Vec<Value> = explored
            .findings
            .iter()
            .map(|(wrong, finding)| {
                let shown = finding.shown.iter().map(|shown| {
                    json!({
                        "number": shown.number,
                        "area": shown.area,
                        "steps": shown.steps,
                        "scenario": shown.text,
                        "expected": shown.expected,
                        "actual": shown.actual,
                    })
                });
                json!({
                    "wrong": wrong,
                    "level": self.exploration.rules.level(wrong),
                    "numbers": finding.numbers,
                    "shown": shown.collect::<Vec<_>>(),
                })
            })
            .collect();
        let known = explored.known.iter();
        let known = known.map(|(wrong, numbers)| json!({ "wrong": wrong, "numbers": numbers }));
        let used: BTreeMap<&str, BTreeMap<&str, u64>> = explored
            .tally
            .rows()
            .into_iter()
            .map(|(path, words)| (path, words.into_iter().collect()))
            .collect();
        let left_out: BTreeMap<&str, &str> = explore::left_out().iter().copied().collect();
        let whole = json!({
            "format": FORMAT,
            "device": self.device,
            "seed": self.exploration.seed,
            "asked": self.asked,
            "ran": explored.ran,
            "not-offered": explored.not_offered,
            "drawn-again": explored.drawn_again,
            "findings": findings,
            "known": known.collect::<Vec<_>>(),
            "used": used,
            "left-out": left_out,
        });
        serde_json::to_string_pretty(&whole).expect("it has string keys only") + "\n"
    }
}

fn title(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Check(id) => id.clone(),
        Wrong::Device(how) => format!("device {how}"),
        Wrong::Broke(place) => format!("ngnlab broke {place}"),
    }
}

/// As wide as help is.
const COLUMNS: usize = 100;
/// More numbers say no more.
const MOST_NUMBERS: usize = 20;
/// The version of the JSON.
const FORMAT: u32 = 1;

/// More names than these nobody reads; the list of what was used has them, too.
const MOST_NAMED: usize = 20;
