//! What a page says of a capture: first what was found, last what stays open.

use super::page::{Page, Style};
use crate::Report;

/// Writes what was found in a capture, and what is to be feared.
pub(super) fn head(report: &Report, page: &mut Page) {
    let Some(captured) = &report.captured else {
        return;
    };
    for remark in &captured.found {
        page.row(&remark.about, &remark.text);
    }
    for warning in &captured.warnings {
        let word = page.lang.say("WARNING");
        page.line(&[(Style::Yellow, &word)]);
        page.field_said("", warning);
    }
    page.gap();
}

/// Writes who could answer what a capture leaves open.
pub(super) fn open(report: &Report, page: &mut Page) {
    let Some(captured) = &report.captured else {
        return;
    };
    for open in &captured.open {
        let count = open.checks.len();
        let head = format!("{} would answer {count} questions more:", open.by);
        page.wrapped(&page.lang.say(&head), "", "");
        let asks = |id: &&String| {
            let info = report.checks.get(*id);
            info.is_some_and(|info| {
                report
                    .profiles
                    .iter()
                    .any(|one| info.profiles.contains(one))
            })
        };
        // What the chosen profile asks comes first.
        let (chosen, others): (Vec<_>, Vec<_>) = open.checks.iter().partition(asks);
        let shown: Vec<&str> = chosen
            .into_iter()
            .chain(others)
            .take(MOST_SHOWN)
            .map(String::as_str)
            .collect();
        let more = match count.saturating_sub(MOST_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names = format!("{}{more}", shown.join(", "));
        page.wrapped(&page.lang.say(&names), "  ", "  ");
        page.gap();
    }
}

/// Says what a capture without a failure comes to, and what is to be said of that.
pub(super) fn result(mut shown: Vec<String>) -> (String, Vec<String>) {
    shown.push("it does not prove that the router is conformant".to_owned());
    ("no MUST failed that this capture shows".to_owned(), shown)
}

/// A page of them helps nobody; the JSON report has them all.
const MOST_SHOWN: usize = 12;
