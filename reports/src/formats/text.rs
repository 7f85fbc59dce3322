//! The report for people: 80 columns, failed first, colour only where it is asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::page::{Page, Style};
use super::{lost, matrix};
use crate::conclusion::Conclusion;
use crate::document::Document;
use crate::score::{Overall, ProfileResult};
use crate::{Case, CheckInfo, Evidence, Judged, Level, Outcome, Profile, Report, Verdict, escape};

/// Renders a document, with colour for a terminal if `colour` is set.
pub fn render(document: &Document, colour: bool) -> String {
    match document {
        Document::Report(report) => page(report, colour),
        Document::Matrix(matrix) => {
            let pages = matrix.devices.iter().map(|report| page(report, colour));
            let pages: Vec<String> = pages.chain([matrix::render(matrix)]).collect();
            pages.join("\n")
        }
    }
}

fn page(report: &Report, colour: bool) -> String {
    let mut page = Page::new(colour);
    let (counting, others): (Vec<_>, Vec<_>) =
        failures(report).partition(|failure| !failure.profiles.is_empty());
    for level in [Level::Must, Level::Should] {
        for failure in counting.iter().filter(|one| one.info.level == level) {
            page.failure(failure, &report.arguments);
        }
    }
    page.broken(report);
    page.unmet(report);
    page.diagnoses(report);
    page.stale(report);
    lost::write(report, &mut page);
    page.others(&others);
    page.left_out(report);
    page.summary(report);
    page.into_text()
}

/// One failed check with every scenario it failed in.
struct Failure<'a> {
    info: &'a CheckInfo,
    cases: Vec<(&'a Case, &'a Judged)>,
    /// The chosen profiles that it counts for.
    profiles: Vec<Profile>,
}

/// Returns every check that failed.
fn failures(report: &Report) -> impl Iterator<Item = Failure<'_>> {
    report.checks.values().filter_map(|info| {
        let mut cases = Vec::new();
        for case in &report.cases {
            if let Some(judged) = case.verdicts.get(&info.id)
                && matches!(judged.verdict, Verdict::Fail(_))
            {
                cases.push((case, judged));
            }
        }
        let profiles = report.counts_for(&info.id, cases.iter().map(|(case, _)| *case));
        (!cases.is_empty()).then_some(Failure {
            info,
            cases,
            profiles,
        })
    })
}

impl Page {
    fn failure(&mut self, failure: &Failure<'_>, arguments: &[String]) {
        let word = match failure.info.level {
            Level::Must => (Style::Red, "FAIL"),
            Level::Should => (Style::Yellow, "REMARK"),
        };
        self.line(&[word, GAP, (Style::Bold, &failure.info.id)]);
        self.field("", &failure.info.title.en);
        let (case, judged) = failure.cases[0];
        let names = failure.profiles.iter().map(|profile| profile.name());
        let names = names.collect::<Vec<_>>().join(", ");
        let level = level_name(failure.info.level);
        self.field("counts", &format!("{level} of {names}"));
        if let Verdict::Fail(finding) = &judged.verdict {
            self.field("expected", &finding.expected);
            self.field("seen", &finding.actual);
        }
        let cases: Vec<&Case> = failure.cases.iter().map(|(case, _)| *case).collect();
        self.field("where", &places(&cases));
        for evidence in judged.evidence.iter().take(EVIDENCE_MAX) {
            self.field("", &evidence_line(evidence));
        }
        if let Some(reason) = &judged.known {
            self.field("known", reason);
        }
        self.field("hint", &failure.info.hint.en);
        self.field("source", &failure.info.source);
        let mut again = format!(
            "ngnlab run --scenario {} --area {}",
            case.scenario, case.area
        );
        for argument in arguments {
            let _ = write!(again, " {argument}");
        }
        self.field("again", &again);
        self.gap();
    }

    /// Names what failed and counts for none of the chosen profiles.
    fn others(&mut self, failures: &[Failure<'_>]) {
        if failures.is_empty() {
            return;
        }
        let line = "failed, too, but counts for none of the chosen profiles:";
        self.plain(line);
        for failure in failures {
            let cases: Vec<&Case> = failure.cases.iter().map(|(case, _)| *case).collect();
            let level = level_name(failure.info.level);
            let line = format!("{} ({level}): {}", failure.info.id, places(&cases));
            self.wrapped(&line, "  ", "    ");
        }
        self.gap();
    }

    /// Tells what went wrong before anything could be judged, each reason once.
    fn broken(&mut self, report: &Report) {
        let mut reasons: Vec<(String, &str, Vec<&Case>)> = Vec::new();
        for case in &report.cases {
            let (word, message) = match &case.outcome {
                Outcome::DeviceFailed { how, message, .. } => {
                    (format!("DEVICE {}", how.to_uppercase()), message)
                }
                Outcome::HarnessError(message) => ("ERROR".to_owned(), message),
                Outcome::Judged | Outcome::NotApplicable(_) => continue,
            };
            match reasons
                .iter_mut()
                .find(|(w, m, _)| *w == word && m == message)
            {
                Some((_, _, cases)) => cases.push(case),
                None => reasons.push((word, message, vec![case])),
            }
        }
        for (word, message, cases) in reasons {
            self.line(&[(Style::Red, &word)]);
            self.field("", message);
            self.field("where", &places(&cases));
            let log = |case: &&Case| match &case.outcome {
                Outcome::DeviceFailed { log, .. } => log.clone(),
                _ => None,
            };
            if let Some(log) = cases.iter().find_map(log) {
                self.field("log", &log);
            }
            self.gap();
        }
    }

    fn unmet(&mut self, report: &Report) {
        for case in &report.cases {
            for expectation in case.expectations.iter().filter(|promise| !promise.met) {
                let word = if expectation.excused {
                    (Style::Yellow, "UNCLEAR")
                } else if expectation.remark {
                    (Style::Yellow, "REMARK")
                } else {
                    (Style::Red, "UNMET")
                };
                self.line(&[word, GAP, (Style::Plain, &place(case))]);
                self.field("expected", &expectation.what);
                self.field("seen", &expectation.seen);
                if let Some(reason) = &expectation.known {
                    self.field("known", reason);
                }
                self.gap();
            }
        }
    }

    fn diagnoses(&mut self, report: &Report) {
        for case in &report.cases {
            let promised = case.expectations.iter().any(|promise| promise.met);
            let Some(diagnosis) = case.diagnosis.as_ref().filter(|_| !promised) else {
                continue;
            };
            let (id, step) = (&diagnosis.id, diagnosis.step);
            let end = format!("{}: {id}, guide p.30 step {step}", place(case));
            self.line(&[(Style::Yellow, "DIAGNOSIS"), GAP, (Style::Plain, &end)]);
            for walked in &diagnosis.walked {
                let answer = if walked.yes { "yes" } else { "no" };
                let line = format!("{} {answer} ({})", walked.question.en, walked.because);
                self.field(&format!("step {}", walked.step), &line);
            }
            self.field("finding", &diagnosis.finding.en);
            self.field("", &diagnosis.finding.ja);
            self.field("remedy", &diagnosis.remedy.en);
            self.field("", &diagnosis.remedy.ja);
            self.gap();
        }
    }

    fn stale(&mut self, report: &Report) {
        for stale in &report.stale {
            let (said, hint) = match &stale.excused_in {
                None => (
                    format!("{} is a known failure, but passes", stale.check),
                    "take the [[known]] entry out of the device file",
                ),
                Some(_) => (
                    format!("{} is excused, but was judged", stale.check),
                    "take the [[excuse]] entry out of the device file, or give it the `area` in \
                     which nothing is judged",
                ),
            };
            self.line(&[(Style::Red, "STALE"), GAP, (Style::Plain, &said)]);
            self.field("reason", &stale.reason);
            if let Some(place) = &stale.excused_in {
                self.field("where", place);
            }
            self.field("hint", hint);
            self.gap();
        }
    }

    fn left_out(&mut self, report: &Report) {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for left_out in &report.left_out {
            let names = by_reason.entry(&left_out.reason).or_default();
            names.push(&left_out.scenario);
        }
        for (reason, names) in by_reason {
            let more = match names.len().saturating_sub(MOST_LEFT_OUT) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let names = names[..names.len().min(MOST_LEFT_OUT)].join(", ");
            let line = format!("left out: {names}{more} ({reason})");
            self.wrapped(&escape::line(&line), "", "  ");
        }
        if !report.left_out.is_empty() {
            self.gap();
        }
    }

    fn summary(&mut self, report: &Report) {
        let counts = report.counts();
        let scenarios: std::collections::BTreeSet<_> =
            report.cases.iter().map(|case| &case.scenario).collect();
        let areas: std::collections::BTreeSet<_> =
            report.cases.iter().map(|case| &case.area[..]).collect();
        let areas = match areas.is_empty() {
            true => "no area".to_owned(),
            false => areas.into_iter().collect::<Vec<_>>().join(" and "),
        };
        let skipped = |case: &&Case| matches!(case.outcome, Outcome::NotApplicable(_));
        let runs = report.cases.len();
        let skipped = report.cases.iter().filter(skipped).count();
        self.plain(&format!(
            "device     {} (seed {})",
            report.device, report.seed
        ));
        let skipped = match skipped {
            0 => String::new(),
            count => format!(", {count} not applicable"),
        };
        self.plain(&format!(
            "scenarios  {} in {areas}, {runs} runs{skipped}",
            scenarios.len()
        ));
        self.plain(&format!(
            "checks     {} judged of {}",
            report.judged_checks(),
            report.checks.len()
        ));
        let known = if counts.known > 0 {
            format!(" ({} known)", counts.known)
        } else {
            String::new()
        };
        let line = format!(
            "{} pass, {} fail, {} remarks{known}, {} inconclusive, {} not applicable",
            counts.pass,
            counts.fail_must,
            counts.fail_should,
            counts.inconclusive,
            counts.not_applicable
        );
        self.wrapped(&line, "verdicts   ", "           ");
        let judged = report.cases.iter().flat_map(|case| case.verdicts.values());
        let promises = report.cases.iter().flat_map(|case| &case.expectations);
        let excused = judged.filter(|judged| judged.excused).count()
            + promises.filter(|promise| promise.excused).count();
        if excused > 0 {
            let line = format!(
                "{excused} failures that may be the host's, which was too late; run fewer \
                 scenarios at a time (--jobs), or on a quieter machine"
            );
            self.wrapped(&line, "unclear    ", "           ");
        }
        let seconds = report.elapsed_ms as f64 / 1000.0;
        self.plain(&format!("time       {seconds:.1} s"));
        for profile in &report.profiles {
            self.profile(&report.result(*profile));
        }
        self.result(report, scenarios.len());
    }

    /// Tells what it all comes to, as the exit code does.
    fn result(&mut self, report: &Report, scenarios: usize) {
        let line = match report.conclusion() {
            Conclusion::Conformant => conformant(report, scenarios),
            Conclusion::NotConformant(reasons) => format!("not conformant: {}", reasons.join("; ")),
            Conclusion::Undetermined(reasons) => format!("undetermined: {}", reasons.join("; ")),
        };
        self.wrapped(&line, "result     ", "           ");
    }

    /// Tells what a profile came to, and how much of it was looked at.
    fn profile(&mut self, result: &ProfileResult) {
        let style = match result.overall {
            Overall::Conformant => Style::Green,
            Overall::ConformantWithRemarks | Overall::ConformantButForKnown => Style::Yellow,
            Overall::NotConformant | Overall::Undetermined => Style::Red,
        };
        let name = format!("profile    {}: ", result.profile.name());
        self.line(&[(Style::Plain, &name), (style, result.overall.words())]);
        for (level, tally) in [("MUST", result.must), ("SHOULD", result.should)] {
            let known = match tally.known {
                0 => String::new(),
                count => format!(" ({count} known)"),
            };
            self.plain(&format!(
                "           {level:<6} {} of {} judged, {} failed{known}",
                tally.judged(),
                tally.asked,
                tally.failed
            ));
        }
        let musts = result.lost.iter().filter(|one| one.level == Level::Must);
        for (level, count) in [
            ("MUST", musts.clone().count()),
            ("SHOULD", result.lost.len() - musts.count()),
        ] {
            if count > 0 {
                let line = format!("{level:<6} {count} not judged where it is exercised");
                self.plain(&format!("           {line}"));
            }
        }
        if (1..=NOT_JUDGED_MAX).contains(&result.not_judged.len()) {
            let ids = result.not_judged.join(", ");
            self.wrapped(&ids, "           not judged: ", "             ");
        }
    }
}

/// Says what a device that conforms was judged by.
fn conformant(report: &Report, scenarios: usize) -> String {
    let counts = report.counts();
    let scenarios = match scenarios {
        1 => "the scenario that was run".to_owned(),
        count => format!("the {count} scenarios that were run"),
    };
    let known = match counts.known {
        0 => String::new(),
        1 => " but for a known failure".to_owned(),
        count => format!(" but for {count} known failures"),
    };
    let open = report.profiles.iter().filter_map(|profile| {
        let result = report.result(*profile);
        let missing = result.not_judged.len();
        (missing > 0).then(|| {
            let asked = result.must.asked;
            format!(
                "; {missing} of {asked} MUSTs of {} need other scenarios",
                profile.name()
            )
        })
    });
    let open: String = open.collect();
    let lost = match report.lost_for_chosen().len() {
        0 => String::new(),
        1 => "; 1 SHOULD was not judged where it is exercised".to_owned(),
        count => format!("; {count} SHOULDs were not judged where they are exercised"),
    };
    format!("conformant{known} in {scenarios}{open}{lost}")
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    }
}

fn place(case: &Case) -> String {
    format!("{} ({})", case.scenario, case.area)
}

fn places(cases: &[&Case]) -> String {
    let shown: Vec<_> = cases
        .iter()
        .take(PLACES_MAX)
        .map(|case| place(case))
        .collect();
    let more = cases.len().saturating_sub(PLACES_MAX);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{tail}", shown.join(", "))
}

fn evidence_line(evidence: &Evidence) -> String {
    format!(
        "#{} {} {}: {}",
        evidence.record, evidence.at, evidence.place, evidence.summary
    )
}

const GAP: (Style, &str) = (Style::Plain, "  ");
const PLACES_MAX: usize = 4;
const EVIDENCE_MAX: usize = 4;
const NOT_JUDGED_MAX: usize = 12;
/// Of those that were left out for the same reason.
const MOST_LEFT_OUT: usize = 12;
