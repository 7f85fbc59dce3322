//! The report for people: 80 columns, what matters in ten lines, then the details, failed first;
//! colour only where it is asked for.

use super::page::{Page, Style};
use super::{Look, captured, lost, matrix};
use crate::document::Document;
use crate::{Level, Profile, Report};

mod broken;
mod diagnoses;
mod failures;
mod first;
mod not_judged;
mod not_run;
mod places;
mod result;
mod summary;
mod totals;

/// Renders a document.
pub fn render<'a>(document: &Document, look: impl Into<Look<'a>>) -> String {
    let look = look.into();
    match document {
        Document::Report(report) => page(report, look),
        Document::Matrix(matrix) => {
            let pages = matrix.devices.iter().map(|report| page(report, look));
            let pages: Vec<String> = pages.chain([matrix::render(matrix, look.lang)]).collect();
            pages.join("\n")
        }
    }
}

fn page(report: &Report, look: Look<'_>) -> String {
    let mut page = Page::new(look);
    let sums = report.sums();
    page.summary(report, &sums);
    captured::head(report, &mut page);
    let failures = report.failures().into_iter();
    let (counting, others): (Vec<_>, Vec<_>) =
        failures.partition(|failure| failure.weight().is_some());
    for failure in &counting {
        // A capture cannot be run again.
        let arguments = report.captured.is_none().then_some(&*report.arguments);
        page.failure(failure, arguments);
    }
    page.broken(report);
    page.unmet(report);
    page.diagnoses(report);
    page.stale(report);
    lost::write(report, &sums.conclusion, &mut page);
    page.others(&others);
    page.not_offered(report);
    page.left_out(report);
    captured::open(report, &mut page);
    page.provenance(report);
    page.totals(report, &sums);
    page.into_text()
}

/// Says how much a failure counts, and for whom.
fn counts(level: Level, profiles: &[Profile]) -> String {
    let names: Vec<&str> = profiles.iter().map(|profile| profile.name()).collect();
    match names.is_empty() {
        true => format!("{}, of none of the chosen profiles", level_name(level)),
        false => format!("{} of {}", level_name(level), names.join(", ")),
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    }
}

const GAP: (Style, &str) = (Style::Plain, "  ");
