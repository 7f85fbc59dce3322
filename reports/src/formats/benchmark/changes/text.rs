//! A comparison of two benchmarks for people: 80 columns, the verdict last.

use crate::benchmark::comparison::{Comparison, Trend, Verdict};
use crate::formats::Look;
use crate::formats::benchmark::sentences::Sentences;
use crate::formats::page::{Page, Style};

/// Renders a comparison, with colour for a terminal if that is set.
pub(super) fn render(comparison: &Comparison, look: Look<'_>) -> String {
    let said = Sentences(look.lang);
    let mut page = Page::new(look);
    let Comparison { old, new, .. } = comparison;
    page.row(
        "compared",
        &said.say(&format!("{old} with the benchmark {new}")),
    );
    for one in &comparison.differences {
        let differs = format!("{}: {}, now {}", said.say(one.what), one.old, one.new);
        page.row("differ in", &differs);
    }
    for change in &comparison.rates {
        page.gap();
        let workload = said.workload(&change.workload);
        let title = format!("{}{}{workload}", change.device, said.0.colon());
        page.title(&title);
        page.row("rate", &said.both(change));
        let style = match change.verdict {
            Verdict::Slower(_) | Verdict::Fails(_) => Style::Red,
            Verdict::Faster(_) => Style::Green,
            Verdict::CannotBeCompared(_) => Style::Yellow,
            Verdict::NoDifferenceShown(_) => Style::Plain,
        };
        page.cut((style, "change"), &said.verdict(&change.verdict), LINES);
    }
    page.gap();
    for line in &comparison.left_over {
        page.wrapped(&said.say(line), "", "  ");
    }
    let style = match comparison.comes_to {
        Trend::NoWorse => Style::Green,
        Trend::Worse(_) => Style::Red,
        Trend::Unclear(_) => Style::Yellow,
    };
    page.cut((style, "result"), &said.trend(comparison), LINES);
    page.into_text()
}

const LINES: usize = 12;
