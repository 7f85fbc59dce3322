//! What a device file would have to say for each verdict that is missing, to be filled in by hand.
//!
//! The reasons are left empty, and a device file with an empty reason is refused: what the check
//! found is no reason yet, only where to look for one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Look;
use crate::document::Document;
use crate::exercises::Lost;
use crate::words::Lang;
use crate::{Report, escape};

/// Renders an entry for each missing verdict, device by device.
pub fn render<'a>(document: &Document, look: impl Into<Look<'a>>) -> String {
    let lang = look.into().lang;
    match document {
        Document::Report(report) => entries(report, lang),
        Document::Matrix(matrix) => {
            let devices = matrix.devices.iter().map(|report| {
                let name = escape::line(&report.device);
                format!("# {name}\n\n{}", entries(report, lang))
            });
            devices.collect::<Vec<_>>().join("\n")
        }
    }
}

fn entries(report: &Report, lang: Lang) -> String {
    let lost = report.all_lost();
    if lost.is_empty() {
        return format!("# {}\n", lang.say("no verdict is missing"));
    }
    let entries = lost.iter().map(|one| entry(report, one, lang));
    entries.collect::<Vec<_>>().join("\n")
}

fn entry(report: &Report, lost: &Lost, lang: Lang) -> String {
    let mut text = String::new();
    let because = lang.say(&lost.because);
    let because = escape::line(&because);
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
