//! What a device file would have to say for each verdict that is missing, to be filled in by hand.
//!
//! The reasons are left empty, and a device file with an empty reason is refused: what the check
//! found is no reason yet, only where to look for one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::document::Document;
use crate::exercises::Lost;
use crate::{Report, escape};

/// Renders an entry for each missing verdict, device by device.
pub fn render(document: &Document, _colour: bool) -> String {
    match document {
        Document::Report(report) => entries(report),
        Document::Matrix(matrix) => {
            let devices = matrix.devices.iter().map(|report| {
                let name = escape::line(&report.device);
                format!("# {name}\n\n{}", entries(report))
            });
            devices.collect::<Vec<_>>().join("\n")
        }
    }
}

fn entries(report: &Report) -> String {
    let lost = report.all_lost();
    if lost.is_empty() {
        return "# no verdict is missing\n".to_owned();
    }
    let entries = lost.iter().map(|one| entry(report, one));
    entries.collect::<Vec<_>>().join("\n")
}

fn entry(report: &Report, lost: &Lost) -> String {
    let mut text = String::new();
    let because = escape::line(&lost.because);
    let areas = lost.areas.join(" and ");
    let _ = writeln!(text, "# {}: {because}", escape::line(&areas));
    let _ = writeln!(text, "[[excuse]]");
    let _ = writeln!(text, "scenario = {}", quoted(&lost.scenario));
    let _ = writeln!(text, "check    = {}", quoted(&lost.check));
    // An area only where the check was judged in another one.
    let cases = report
        .cases
        .iter()
        .filter(|case| case.scenario == lost.scenario);
    let run: BTreeSet<&str> = cases.map(|case| &case.area[..]).collect();
    if let [area] = &lost.areas[..]
        && run.len() > 1
    {
        let _ = writeln!(text, "area     = {}", quoted(area));
    }
    let _ = writeln!(text, "reason   = \"\"");
    text
}

fn quoted(word: &str) -> String {
    let word = escape::line(word).replace('\\', "\\\\");
    format!("\"{}\"", word.replace('"', "\\\""))
}
