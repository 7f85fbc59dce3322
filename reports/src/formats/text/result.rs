//! What it all comes to, in words.

use std::collections::BTreeSet;

use crate::Report;
use crate::conclusion::{Conclusion, Sums};
use crate::formats::captured;
use crate::formats::conformant::conformant;
use crate::formats::page::Style;
use crate::score::Overall;
use crate::words::Lang;

/// Says what it all comes to, as the exit code does.
pub(super) fn result(report: &Report, sums: &Sums, lang: Lang) -> String {
    let scenarios = report.cases.iter().map(|case| &case.scenario);
    let scenarios: BTreeSet<_> = scenarios.collect();
    let (came, reasons) = match &sums.conclusion {
        Conclusion::Conformant => {
            let came = conformant(report, &sums.results, scenarios.len());
            (came, Vec::new())
        }
        Conclusion::NotConformant(reasons) => ("not conformant".to_owned(), reasons.clone()),
        Conclusion::Undetermined(reasons) => ("undetermined".to_owned(), reasons.clone()),
        Conclusion::NoFailureSeen(shown) => captured::result(shown.clone()),
    };
    let parts: Vec<&str> = match &reasons[..] {
        [] => came.split("; ").collect(),
        reasons => reasons.iter().map(String::as_str).collect(),
    };
    let parts: Vec<_> = parts.iter().map(|part| lang.say(part)).collect();
    let parts = parts.join(lang.semicolon());
    match reasons.is_empty() {
        true => parts,
        false => format!("{}{}{parts}", lang.say(&came), lang.colon()),
    }
}

/// Returns how a result stands out.
pub(super) fn style(overall: Overall) -> Style {
    match overall {
        Overall::Conformant => Style::Green,
        Overall::ConformantWithRemarks
        | Overall::ConformantButForKnown
        | Overall::NoFailureSeen => Style::Yellow,
        Overall::NotConformant | Overall::Undetermined => Style::Red,
    }
}
