//! Markdown for the summary that CI shows beside a run: what it came to, and why, in a few lines.
//!
//! What a device or a file says stands in code spans, or with each character that means something
//! escaped: it is shown and obeyed nowhere.

use std::fmt::Write as _;

use super::{Look, not_offered};
use crate::causes::Failure;
use crate::conclusion::Conclusion;
use crate::document::Document;
use crate::words::Lang;
use crate::{Level, Outcome, Report, Verdict, escape};

/// Renders a document, without colour, whatever is asked for.
pub fn render<'a>(document: &Document, look: impl Into<Look<'a>>) -> String {
    let lang = look.into().lang;
    match document {
        Document::Report(report) => page(report, lang),
        Document::Matrix(matrix) => {
            let pages: Vec<String> = matrix.devices.iter().map(|one| page(one, lang)).collect();
            pages.join("\n")
        }
    }
}

fn page(report: &Report, lang: Lang) -> String {
    let mut text = String::new();
    let (mark, word, reasons) = match report.conclusion() {
        Conclusion::Conformant => ("✅", "conformant", Vec::new()),
        Conclusion::NotConformant(reasons) => ("❌", "not conformant", reasons),
        Conclusion::Undetermined(reasons) => ("❔", "undetermined", reasons),
        Conclusion::NoFailureSeen(shown) => ("❔", "no failure in what the capture shows", shown),
    };
    let word = lang.say(word);
    let _ = writeln!(text, "## {mark} {}: {word}", code(&report.device));
    if let Some(firmware) = &report.firmware {
        let _ = writeln!(text, "\n{} {}", lang.say("firmware"), code(firmware));
    }
    for (index, reason) in reasons.iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}- {}", code(&lang.say(reason)));
    }
    profiles(&mut text, report, lang);
    let (known, failed): (Vec<_>, Vec<_>) = report
        .failures()
        .into_iter()
        .filter(|failure| failure.weight().is_some())
        .partition(|failure| failure.known.is_some());
    for failure in &failed {
        finding(&mut text, failure, report, lang);
    }
    others(&mut text, report, lang);
    folded(
        &mut text,
        &lang.say("known failures"),
        &known
            .iter()
            .map(|one| known_line(one, lang))
            .collect::<Vec<_>>(),
    );
    let lost = report.lost_for_chosen();
    let lost = lost.iter().map(|one| {
        let (check, place, because) = (&one.check, one.place(), lang.say(&one.because));
        format!("{}: {}", code(check), code(&format!("{place}: {because}")))
    });
    folded(
        &mut text,
        &lang.say("not judged where a scenario exercises it"),
        &lost.collect::<Vec<_>>(),
    );
    let not_offered = not_offered(report).into_iter().flat_map(|(why, names)| {
        let why = format!("not offered: {why}");
        let why = lang.say(&why).into_owned();
        let line = move |name: &str| format!("{}: {}", code(name), code(&why));
        names.into_iter().map(line).collect::<Vec<_>>()
    });
    folded(
        &mut text,
        &lang.say("does not apply to the device"),
        &not_offered.collect::<Vec<_>>(),
    );
    let runs = report.cases.len();
    let seconds = report.elapsed_ms as f64 / 1000.0;
    let (tool, seed) = (code(&report.tool), report.seed);
    let line = format!("seed {seed}, {runs} runs in {seconds:.1} s");
    let _ = writeln!(text, "\n{tool}, {}", lang.say(&line));
    for (index, (label, value)) in report
        .provenance
        .iter()
        .flat_map(|one| one.rows())
        .enumerate()
    {
        let gap = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}- {} {}", lang.say(label), code(&value));
    }
    text
}

fn profiles(text: &mut String, report: &Report, lang: Lang) {
    let (profile, result) = (lang.say("profile"), lang.say("result"));
    let _ = writeln!(
        text,
        "\n| {profile} | {result} | MUST | SHOULD |\n| --- | --- | --- | --- |"
    );
    for profile in &report.profiles {
        let result = report.result(*profile);
        let tallies = [result.must, result.should].map(|tally| {
            let known = match tally.known {
                0 => String::new(),
                count => format!(" ({count} known)"),
            };
            let (judged, asked, failed) = (tally.judged(), tally.asked, tally.failed);
            let line = format!("{judged} of {asked} judged, {failed} failed{known}");
            lang.say(&line).into_owned()
        });
        let (name, words) = (profile.name(), lang.say(result.overall.words()));
        let _ = writeln!(text, "| {name} | {words} | {} |", tallies.join(" | "));
    }
}

fn finding(text: &mut String, failure: &Failure<'_>, report: &Report, lang: Lang) {
    let word = match failure.info.level {
        Level::Must => "FAIL",
        Level::Should => "REMARK",
    };
    let word = lang.say(word);
    let (case, judged) = failure.cases[0];
    let id = code(&failure.info.id);
    let _ = writeln!(
        text,
        "\n### {word} {id}\n\n{}\n",
        prose(lang.of(&failure.info.title))
    );
    if let Verdict::Fail(finding) = &judged.verdict {
        for (name, said) in [("expected", &finding.expected), ("seen", &finding.actual)] {
            let (name, said) = (lang.say(name), lang.say(said));
            let _ = writeln!(text, "- {name} {}", code(&said));
        }
    }
    let place = code(&case.place());
    let place = match failure.cases.len() {
        1 => format!("in {place}"),
        count => format!("in {place} and {} more", count - 1),
    };
    let _ = writeln!(text, "- {}", lang.say(&place));
    for evidence in judged.evidence.iter().take(EVIDENCE_MAX) {
        let _ = writeln!(text, "- {}", code(&evidence.line(lang)));
    }
    if let (Some(capture), Some(filter)) = (&case.capture, case.filter(&failure.info.id, judged)) {
        let filtered = format!("{} in {}", code(&filter), code(capture));
        let _ = writeln!(text, "- {}", lang.say(&filtered));
    }
    for one in &failure.consequences {
        let _ = writeln!(text, "- {} {}", lang.say("explains"), code(&one.info.id));
    }
    let _ = writeln!(text, "- {}", prose(lang.of(&failure.info.hint)));
    let _ = writeln!(text, "- {}", prose(&failure.info.source));
    let (scenario, area) = (&case.scenario, &case.area);
    let arguments = report.arguments.join(" ");
    let again = format!("ngnlab run --scenario {scenario} --area {area} {arguments}");
    let _ = writeln!(text, "- {}", code(again.trim_end()));
}

/// Tells what else decides: devices that fail, what we broke, promises, stale entries.
fn others(text: &mut String, report: &Report, lang: Lang) {
    let mut lines = Vec::new();
    for case in &report.cases {
        let (word, message) = match &case.outcome {
            Outcome::DeviceFailed {
                how,
                message,
                known: None,
                ..
            } => (&how[..], message),
            Outcome::HarnessError(message) => ("broken by ngnlab", message),
            _ => continue,
        };
        let (place, word) = (code(&case.place()), lang.say(word));
        let (word, message) = (prose(&word), code(&lang.say(message)));
        lines.push(format!("{place}: {word}: {message}"));
    }
    for case in &report.cases {
        for promise in case.expectations.iter().filter(|one| one.is_broken()) {
            let seen = format!("{}, seen {}", promise.what, promise.seen);
            let seen = lang.say(&seen);
            lines.push(format!("{}: {}", code(&case.place()), code(&seen)));
        }
    }
    for stale in &report.stale {
        let what = match &stale.excused_in {
            None => "is a known failure, but passes".to_owned(),
            Some(place) => format!("is excused, but was judged in {}", code(place)),
        };
        let line = format!("stale: {} {what}", code(&stale.check));
        lines.push(lang.say(&line).into_owned());
    }
    if !lines.is_empty() {
        text.push('\n');
    }
    for line in lines {
        let _ = writeln!(text, "- {line}");
    }
}

fn known_line(failure: &Failure<'_>, lang: Lang) -> String {
    let reason = failure.known.unwrap_or_default();
    let runs = failure.cases.len();
    let line = format!(
        "{} in {runs} runs: {}",
        code(&failure.info.id),
        code(reason)
    );
    lang.say(&line).into_owned()
}

/// Writes lines that are shown when they are asked for.
pub(super) fn folded(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n<details><summary>{} {title}</summary>\n",
        lines.len()
    );
    for line in lines {
        let _ = writeln!(text, "- {line}");
    }
    let _ = writeln!(text, "\n</details>");
}

/// Returns a sentence in which no character means anything.
pub(super) fn prose(words: &str) -> String {
    let mut shown = String::new();
    for c in escape::line(words).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '#' | '|' | '~' | '!'
        ) {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// Returns foreign words as a code span, fenced by more backquotes than stand in them.
pub(super) fn code(words: &str) -> String {
    let words = escape::line(words);
    let longest = words.split(|c| c != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or_default() + 1);
    // A space beside a backquote is taken off again.
    let space = if words.contains('`') || words.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{words}{space}{fence}")
}

const EVIDENCE_MAX: usize = 4;
