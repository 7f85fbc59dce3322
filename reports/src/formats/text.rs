//! The report for people: 80 columns, failed first, colour only where it is asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::conformant::conformant;
use super::page::{Page, Style};
use super::{Look, captured, lost, matrix};
use crate::causes::Failure;
use crate::conclusion::Conclusion;
use crate::document::Document;
use crate::score::{Overall, ProfileResult};
use crate::words::Lang;
use crate::{Case, Expectation, Level, Outcome, Profile, Report, Verdict, escape};

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
    lost::write(report, &mut page);
    page.others(&others);
    page.left_out(report);
    captured::open(report, &mut page);
    page.provenance(report);
    page.summary(report);
    page.into_text()
}

impl Page {
    fn failure(&mut self, failure: &Failure<'_>, arguments: Option<&[String]>) {
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
    fn others(&mut self, failures: &[Failure<'_>]) {
        if failures.is_empty() {
            return;
        }
        self.said("failed, too, but counts for none of the chosen profiles:");
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
                Outcome::DeviceFailed {
                    how,
                    message,
                    known,
                    ..
                } => {
                    let word = if known.is_some() { "KNOWN" } else { "DEVICE" };
                    (format!("{word} {}", how.to_uppercase()), message)
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
            let known = cases.iter().find_map(|case| case.outcome.known());
            let style = if known.is_some() {
                Style::Yellow
            } else {
                Style::Red
            };
            self.line(&[(style, &self.lang.say(&word))]);
            self.field_said("", message);
            if let Some(reason) = known {
                self.field("known", reason);
            }
            self.field_said("where", &places(&cases));
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

    /// Tells which promises of scenarios were not kept though no failure explains it, the same
    /// one of several scenarios once.
    fn unmet(&mut self, report: &Report) {
        let promises = report.cases.iter().flat_map(|case| {
            let unmet = case.expectations.iter();
            let unmet = unmet.filter(|promise| !promise.met && case.blames(promise).is_none());
            unmet.map(move |promise| (case, promise))
        });
        let same = |promise: &Expectation| {
            let Expectation {
                what, seen, known, ..
            } = promise.clone();
            (promise.excused, promise.remark, what, seen, known)
        };
        for (promise, cases) in grouped(promises, same) {
            let word = if promise.known.is_some() {
                (Style::Yellow, "KNOWN")
            } else if promise.remark {
                (Style::Yellow, "REMARK")
            } else if promise.excused {
                (Style::Yellow, "UNCLEAR")
            } else {
                (Style::Red, "UNMET")
            };
            let lang = self.lang;
            self.line(&[
                (word.0, &lang.say(word.1)),
                GAP,
                (Style::Plain, &lang.say(&promise.what)),
            ]);
            self.field_said("seen", &promise.seen);
            self.field_said("where", &places(&cases));
            if let Some(reason) = &promise.known {
                self.field("known", reason);
            }
            self.gap();
        }
    }

    /// Tells where the guide's flow ended unexpectedly, each end once.
    fn diagnoses(&mut self, report: &Report) {
        let diagnoses = report.cases.iter().filter_map(|case| {
            let promised = case.expectations.iter().any(|promise| promise.met);
            let diagnosis = case.diagnosis.as_ref().filter(|_| !promised)?;
            Some((case, diagnosis))
        });
        for (diagnosis, cases) in grouped(diagnoses, |one| (one.id.clone(), one.finding.clone())) {
            let (id, step) = (&diagnosis.id, diagnosis.step);
            let end = format!("{id}, guide p.30 step {step}");
            let lang = self.lang;
            self.line(&[
                (Style::Yellow, &lang.say("DIAGNOSIS")),
                GAP,
                (Style::Plain, &lang.say(&end)),
            ]);
            self.field_said("where", &places(&cases));
            for walked in &diagnosis.walked {
                let answer = if walked.yes { "yes" } else { "no" };
                let answer = format!("{answer} ({})", lang.say(&walked.because));
                let line = format!("{} {}", lang.of(&walked.question), lang.say(&answer));
                self.field(&format!("step {}", walked.step), &line);
            }
            for (name, text) in [
                ("finding", &diagnosis.finding),
                ("remedy", &diagnosis.remedy),
            ] {
                self.field(name, lang.of(text));
                // What is handed on to whoever runs the line is wanted in Japanese as well.
                if lang == Lang::En {
                    self.field("", &text.ja);
                }
            }
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
            let lang = self.lang;
            self.line(&[
                (Style::Red, &lang.say("STALE")),
                GAP,
                (Style::Plain, &lang.say(&said)),
            ]);
            self.field("reason", &stale.reason);
            if let Some(place) = &stale.excused_in {
                self.field("where", place);
            }
            self.field_said("hint", hint);
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
            self.wrapped(&escape::line(&self.lang.say(&line)), "", "  ");
        }
        if !report.left_out.is_empty() {
            self.gap();
        }
    }

    /// Tells when and by what the report was made.
    fn provenance(&mut self, report: &Report) {
        let rows = report.provenance.iter().flat_map(|one| one.rows());
        // The seed stands beside the device.
        for (label, value) in rows.filter(|(label, _)| *label != "seed") {
            let first = format!("{} ", self.name(label, self.column()));
            self.wrapped(&value, &first, &self.below());
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
        let device = match report.captured {
            None => format!("{} (seed {})", report.device, report.seed),
            Some(_) => report.device.clone(),
        };
        let name = self.name("device", self.column());
        self.plain(&format!("{name} {}", self.lang.say(&device)));
        if let Some(firmware) = &report.firmware {
            let first = format!("{} ", self.name("firmware", self.column()));
            self.wrapped(firmware, &first, &self.below());
        }
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
        let judged = report.cases.iter().flat_map(|case| case.verdicts.values());
        let promises = report.cases.iter().flat_map(|case| &case.expectations);
        let excused = judged.filter(|judged| judged.excused).count()
            + promises.filter(|promise| promise.excused).count();
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
        for profile in &report.profiles {
            self.profile(&report.result(*profile));
        }
        self.result(report, scenarios.len());
    }

    /// Tells what it all comes to, as the exit code does.
    fn result(&mut self, report: &Report, scenarios: usize) {
        let (came, reasons) = match report.conclusion() {
            Conclusion::Conformant => (conformant(report, scenarios), Vec::new()),
            Conclusion::NotConformant(reasons) => ("not conformant".to_owned(), reasons),
            Conclusion::Undetermined(reasons) => ("undetermined".to_owned(), reasons),
            Conclusion::NoFailureSeen(shown) => captured::result(shown),
        };
        let parts: Vec<&str> = match &reasons[..] {
            [] => came.split("; ").collect(),
            reasons => reasons.iter().map(String::as_str).collect(),
        };
        let parts: Vec<_> = parts.iter().map(|part| self.lang.say(part)).collect();
        let parts = parts.join(self.lang.semicolon());
        let line = match reasons.is_empty() {
            true => parts,
            false => format!("{}{}{parts}", self.lang.say(&came), self.lang.colon()),
        };
        self.wrapped(
            &line,
            &format!("{} ", self.name("result", self.column())),
            &self.below(),
        );
    }

    /// Tells what a profile came to, and how much of it was looked at.
    fn profile(&mut self, result: &ProfileResult) {
        let style = match result.overall {
            Overall::Conformant => Style::Green,
            Overall::ConformantWithRemarks
            | Overall::ConformantButForKnown
            | Overall::NoFailureSeen => Style::Yellow,
            Overall::NotConformant | Overall::Undetermined => Style::Red,
        };
        let lang = self.lang;
        let name = format!(
            "{} {}: ",
            self.name("profile", self.column()),
            result.profile.name()
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

/// Returns the first of each kind, with the cases of all that are the same to a reader.
fn grouped<'a, T, K: PartialEq>(
    items: impl Iterator<Item = (&'a Case, &'a T)>,
    kind: impl Fn(&T) -> K,
) -> Vec<(&'a T, Vec<&'a Case>)> {
    let mut groups: Vec<(K, &T, Vec<&Case>)> = Vec::new();
    for (case, item) in items {
        let key = kind(item);
        match groups.iter_mut().find(|(known, ..)| *known == key) {
            Some((.., cases)) => cases.push(case),
            None => groups.push((key, item, vec![case])),
        }
    }
    let groups = groups.into_iter();
    groups.map(|(_, item, cases)| (item, cases)).collect()
}

fn several(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
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

fn places(cases: &[&Case]) -> String {
    let shown: Vec<_> = cases
        .iter()
        .take(PLACES_MAX)
        .map(|case| case.place())
        .collect();
    let more = cases.len().saturating_sub(PLACES_MAX);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{tail}", shown.join(", "))
}

const GAP: (Style, &str) = (Style::Plain, "  ");
const PLACES_MAX: usize = 4;
const EVIDENCE_MAX: usize = 4;
const NOT_JUDGED_MAX: usize = 12;
/// Of those that were left out for the same reason.
const MOST_LEFT_OUT: usize = 12;
