//! A comparison of two benchmarks as Markdown, for the summary that CI shows beside a run.

use std::fmt::Write as _;

use crate::benchmark::comparison::{Comparison, Trend};
use crate::formats::Look;
use crate::formats::benchmark::sentences::Sentences;
use crate::formats::markdown::{code, prose};

/// Renders a comparison, without colour, whatever is asked for.
pub(super) fn render(comparison: &Comparison, look: Look<'_>) -> String {
    let said = Sentences(look.lang);
    let (mark, word) = match comparison.comes_to {
        Trend::NoWorse => ("✅", "no worse"),
        Trend::Worse(_) => ("❌", "worse"),
        Trend::Unclear(_) => ("❔", "cannot tell"),
    };
    let (old, new) = (code(&comparison.old), code(&comparison.new));
    let heading = said.say(&format!("{new} against {old}: {word}"));
    let mut text = format!("## {mark} {heading}\n\n");
    let head = ["device", "workload", "rate", "change"].map(|head| said.say(head));
    let _ = writeln!(text, "| {} |\n| --- | --- | --- | --- |", head.join(" | "));
    for change in &comparison.rates {
        let cells = [
            change.device.clone(),
            said.workload(&change.workload),
            said.both(change),
            said.verdict(&change.verdict),
        ];
        let cells = cells.map(|cell| prose(&cell));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push('\n');
    for one in &comparison.differences {
        let (what, old, new) = (said.say(one.what), code(&one.old), code(&one.new));
        let differs = said.say(&format!("{old}, now {new}"));
        let _ = writeln!(text, "- {}", said.explained(&what, &differs));
    }
    for line in &comparison.left_over {
        let _ = writeln!(text, "- {}", prose(&said.say(line)));
    }
    text
}
