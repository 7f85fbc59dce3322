//! What failed: each cause with its evidence, and below it what it explains.

use std::fmt::Write as _;

use super::places::{places, several};
use super::{GAP, counts, level_name};
use crate::causes::Failure;
use crate::formats::page::{Page, Style};
use crate::{Case, Level, Verdict};

impl Page {
    pub(super) fn failure(&mut self, failure: &Failure<'_>, arguments: Option<&[String]>) {
        let word = match (failure.known, failure.info.level) {
            (Some(_), _) => (Style::Yellow, "KNOWN"),
            (None, Level::Must) => (Style::Red, "FAIL"),
            (None, Level::Should) => (Style::Yellow, "REMARK"),
        };
        let lang = self.lang;
        self.line(&[
            (word.0, &lang.say(word.1)),
            GAP,
            (Style::Bold, &failure.info.id),
        ]);
        self.field("", lang.of(&failure.info.title));
        let (case, judged) = failure.cases[0];
        self.field_said("counts", &counts(failure.info.level, &failure.profiles));
        if let Verdict::Fail(finding) = &judged.verdict {
            self.field_said("expected", &finding.expected);
            self.field_said("seen", &finding.actual);
        }
        let cases: Vec<&Case> = failure.cases.iter().map(|(case, _)| *case).collect();
        self.field_said("where", &places(&cases));
        for evidence in judged.evidence.iter().take(EVIDENCE_MAX) {
            self.field("", &evidence.line(lang));
        }
        self.capture(failure);
        if let Some(reason) = failure.known {
            self.field("known", reason);
        }
        self.consequences(failure);
        self.field("hint", lang.of(&failure.info.hint));
        self.field("source", &failure.info.source);
        if let Some(arguments) = arguments {
            let mut again = format!(
                "ngnlab run --scenario {} --area {}",
                case.scenario, case.area
            );
            for argument in arguments {
                let _ = write!(again, " {argument}");
            }
            self.field("again", &again);
        }
        self.gap();
    }

    /// Tells how Wireshark shows just these frames.
    fn capture(&mut self, failure: &Failure<'_>) {
        let (case, judged) = failure.cases[0];
        if let (Some(capture), Some(filter)) =
            (&case.capture, case.filter(&failure.info.id, judged))
        {
            // Whole lines, however long: they are to be copied.
            self.plain(&format!("  {} {capture}", self.name("capture", 9)));
            self.plain(&format!("  {} {filter}", self.name("filter", 9)));
        }
    }

    /// Names what failed because of another failure.
    fn consequences(&mut self, failure: &Failure<'_>) {
        let consequences = failure.consequences.iter().map(|one| {
            let runs = several(one.cases.len(), "run", "runs");
            let counts = counts(one.info.level, &one.profiles);
            format!("{} in {runs} ({counts})", one.info.id)
        });
        let promises = match failure.promises {
            0 => None,
            1 => Some("a promise of a scenario that was not kept".to_owned()),
            count => Some(format!("{count} promises of scenarios that were not kept")),
        };
        for (index, line) in consequences.chain(promises).enumerate() {
            self.field_said(if index == 0 { "explains" } else { "" }, &line);
        }
    }

    /// Names what failed and counts for none of the chosen profiles.
    pub(super) fn others(&mut self, failures: &[Failure<'_>]) {
        if failures.is_empty() {
            return;
        }
        self.said("failed, too, but counts for none of the chosen profiles:");
        for failure in failures {
            let cases: Vec<&Case> = failure.cases.iter().map(|(case, _)| *case).collect();
            let level = level_name(failure.info.level);
            let (id, places) = (&failure.info.id, places(&cases));
            let (colon, places) = (self.lang.colon(), self.lang.say(&places));
            let line = format!("{id} ({level}){colon}{places}");
            self.wrapped(&line, "  ", "    ");
        }
        self.gap();
    }
}

const EVIDENCE_MAX: usize = 4;
