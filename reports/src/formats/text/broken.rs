//! What went wrong beside the checks: the device or we ourselves, and promises that were not kept.

use super::GAP;
use super::places::{grouped, places};
use crate::formats::page::{Page, Style};
use crate::{Case, Expectation, Outcome, Report};

impl Page {
    /// Tells what went wrong before anything could be judged, each reason once.
    pub(super) fn broken(&mut self, report: &Report) {
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
    pub(super) fn unmet(&mut self, report: &Report) {
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
}
