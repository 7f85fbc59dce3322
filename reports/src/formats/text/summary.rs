//! What a reader needs, in ten lines: the device, what it came to, MUST and SHOULD apart, what went
//! wrong first and what to do next, what was not judged, and where there is more.

use super::first::{First, first};
use super::not_judged::not_judged;
use super::result::{result, style};
use crate::Report;
use crate::conclusion::Sums;
use crate::formats::page::{Page, Style};
use crate::score::{Overall, ProfileResult, Tally};
use crate::words::Lang;

impl Page {
    /// Writes the summary.
    pub(super) fn summary(&mut self, report: &Report, sums: &Sums) {
        let lang = self.lang;
        let results = &sums.results[..];
        let first = first(report, lang);
        let mut rows = vec![
            ("device", device(report, lang)),
            ("result", result(report, sums, lang)),
        ];
        if !results.is_empty() {
            rows.push(("profile", profiles(results, lang)));
            rows.push(("MUST", tallies(results, |one| one.must, lang)));
            rows.push(("SHOULD", tallies(results, |one| one.should, lang)));
        }
        if let Some(First { what, next, .. }) = &first {
            rows.push(("first", what.clone()));
            rows.push(("next", next.clone()));
        }
        rows.push(("not judged", not_judged(report, results, lang)));
        rows.push(("more", more(first.as_ref(), lang)));
        let mut left = MOST_LINES.saturating_sub(rows.len());
        let mut shares = vec![1; rows.len()];
        for wanted in LONG_ONES {
            for (row, share) in rows.iter().zip(&mut shares) {
                let more = self.lines(&row.1).saturating_sub(1);
                if row.0 == wanted {
                    *share += more.min(left);
                    left -= more.min(left);
                }
            }
        }
        // Of several profiles, the worst speaks for all.
        let worst = results.iter().map(|one| one.overall);
        let worst = worst.max_by_key(|overall| badness(*overall));
        for ((name, value), lines) in rows.iter().zip(shares) {
            let style = match (*name, worst) {
                ("result", Some(overall)) => style(overall),
                (_, _) => Style::Plain,
            };
            self.cut((style, name), value, lines);
        }
        self.gap();
    }
}

/// Names the device and says what it is.
fn device(report: &Report, lang: Lang) -> String {
    let name = match report.captured {
        None => format!("{} (seed {})", report.device, report.seed),
        Some(_) => report.device.clone(),
    };
    let name = lang.say(&name);
    let file = report
        .provenance
        .as_ref()
        .and_then(|one| one.device.as_ref());
    let is_reference = report.device.split(' ').next() == Some(REFERENCE);
    let about = match file {
        Some(file) => file.about.as_str().into(),
        None if is_reference => lang.say("the router inside ngnlab"),
        None => "".into(),
    };
    match about.is_empty() {
        true => name.into_owned(),
        false => format!("{name}{}{about}", lang.colon()),
    }
}

fn profiles(results: &[ProfileResult], lang: Lang) -> String {
    let said = results.iter().map(|one| {
        let words = lang.say(one.overall.words());
        format!("{}{}{words}", one.profile.name(), lang.colon())
    });
    said.collect::<Vec<_>>().join(lang.semicolon())
}

fn tallies(results: &[ProfileResult], of: fn(&ProfileResult) -> Tally, lang: Lang) -> String {
    let said = results.iter().map(|one| {
        let tally = of(one);
        let known = match tally.known {
            0 => String::new(),
            count => format!(" ({count} known)"),
        };
        let (failed, judged) = (tally.failed, tally.judged());
        let said = format!("{failed} failed of {judged} judged{known}");
        format!("{}{}{}", one.profile.name(), lang.colon(), lang.say(&said))
    });
    said.collect::<Vec<_>>().join(lang.semicolon())
}

fn more(first: Option<&First>, lang: Lang) -> String {
    let said = match first.and_then(|one| one.explained.as_deref()) {
        Some(id) => format!("`ngnlab explain {id}`; `--html FILE` draws each exchange"),
        None => "`ngnlab explain CHECK`; `--html FILE` draws each exchange".to_owned(),
    };
    lang.say(&said).into_owned()
}

fn badness(overall: Overall) -> u8 {
    match overall {
        Overall::Conformant => 0,
        Overall::ConformantWithRemarks
        | Overall::ConformantButForKnown
        | Overall::NoFailureSeen => 1,
        Overall::Undetermined => 2,
        Overall::NotConformant => 3,
    }
}

const MOST_LINES: usize = 10;
/// Who gets the lines that are left, in this order.
const LONG_ONES: [&str; 5] = ["first", "result", "next", "not judged", "device"];
/// What the router inside the program is called.
const REFERENCE: &str = "reference";
