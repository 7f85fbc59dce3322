//! The end of the page: where the report comes from, what was counted, and what it comes to.

use std::collections::BTreeSet;

use super::result::{result, style};
use crate::conclusion::Sums;
use crate::formats::page::{Page, Style};
use crate::score::ProfileResult;
use crate::{Case, Level, Outcome, Report};

impl Page {
    /// Tells when and by what the report was made.
    pub(super) fn provenance(&mut self, report: &Report) {
        let firmware = report.firmware.iter().cloned();
        let firmware = firmware.map(|version| ("firmware", version));
        let rows = report.provenance.iter().flat_map(|one| one.rows());
        let rows = firmware.chain(rows);
        // The seed stands beside the device.
        for (label, value) in rows.filter(|(label, _)| *label != "seed") {
            let first = format!("{} ", self.name(label, self.column()));
            self.wrapped(&value, &first, &self.below());
        }
    }

    /// Tells what was counted, and at last what it all comes to, as the exit code does.
    pub(super) fn totals(&mut self, report: &Report, sums: &Sums) {
        let counts = report.counts();
        let scenarios = report.cases.iter().map(|case| &case.scenario);
        let scenarios: BTreeSet<_> = scenarios.collect();
        let areas = report.cases.iter().map(|case| &case.area[..]);
        let areas: BTreeSet<_> = areas.collect();
        let areas = match areas.is_empty() {
            true => "no area".to_owned(),
            false => areas.into_iter().collect::<Vec<_>>().join(" and "),
        };
        let skipped = |case: &&Case| matches!(case.outcome, Outcome::NotApplicable(_));
        let runs = report.cases.len();
        let skipped = report.cases.iter().filter(skipped).count();
        let skipped = match skipped {
            0 => String::new(),
            count => format!(", {count} not applicable"),
        };
        if report.captured.is_none() {
            let line = format!("{} in {areas}, {runs} runs{skipped}", scenarios.len());
            self.row("scenarios", &line);
        }
        let (judged, of) = (report.judged_checks(), report.checks.len());
        self.row("checks", &format!("{judged} judged of {of}"));
        let known = if counts.known > 0 {
            format!(" ({} known)", counts.known)
        } else {
            String::new()
        };
        let line = format!(
            "{} pass, {} fail, {} remarks{known}, {} inconclusive where exercised, {} not applicable",
            counts.pass,
            counts.fail_must,
            counts.fail_should,
            report.inconclusive_where_exercised(),
            counts.not_applicable
        );
        self.row("verdicts", &line);
        let excused = report.excused();
        if excused > 0 {
            let line = format!(
                "{excused} failures that may be the host's, which was too late; run fewer \
                 scenarios at a time (--jobs), or on a quieter machine"
            );
            self.row("unclear", &line);
        }
        if report.captured.is_none() {
            let seconds = report.elapsed_ms as f64 / 1000.0;
            self.row("time", &format!("{seconds:.1} s"));
        }
        for result in &sums.results {
            self.profile(result);
        }
        self.row("result", &result(report, sums, self.lang));
    }

    /// Tells what a profile came to, and how much of it was looked at.
    fn profile(&mut self, result: &ProfileResult) {
        let style = style(result.overall);
        let lang = self.lang;
        let name = format!(
            "{} {}{}",
            self.name("profile", self.column()),
            result.profile.name(),
            lang.colon()
        );
        let words = lang.say(result.overall.words());
        self.line(&[(Style::Plain, &name), (style, &words)]);
        let below = self.below();
        for (level, tally) in [("MUST", result.must), ("SHOULD", result.should)] {
            let known = match tally.known {
                0 => String::new(),
                count => format!(" ({count} known)"),
            };
            let (judged, asked, failed) = (tally.judged(), tally.asked, tally.failed);
            let line = format!("{judged} of {asked} judged, {failed} failed{known}");
            self.plain(&format!("{below}{level:<6} {}", lang.say(&line)));
        }
        let musts = result.lost.iter().filter(|one| one.level == Level::Must);
        for (level, count) in [
            ("MUST", musts.clone().count()),
            ("SHOULD", result.lost.len() - musts.count()),
        ] {
            if count > 0 {
                let line = format!("{count} not judged where it is exercised");
                self.plain(&format!("{below}{level:<6} {}", lang.say(&line)));
            }
        }
        if (1..=NOT_JUDGED_MAX).contains(&result.not_judged.len()) {
            let ids = result.not_judged.join(", ");
            let first = format!("{below}{}{}", lang.say("not judged"), lang.colon());
            self.wrapped(&ids, &first, &format!("{below}  "));
        }
    }
}

const NOT_JUDGED_MAX: usize = 12;
