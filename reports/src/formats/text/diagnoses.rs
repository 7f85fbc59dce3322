//! Where flows of questions ended, with the way there.

use super::GAP;
use super::places::{grouped, places};
use crate::Report;
use crate::formats::page::{Page, Style};
use crate::words::Lang;

impl Page {
    /// Tells where a flow ended unexpectedly, each end once.
    pub(super) fn diagnoses(&mut self, report: &Report) {
        let diagnoses = report.cases.iter().filter_map(|case| {
            let promised = case.expectations.iter().any(|promise| promise.met);
            let diagnosis = case.diagnosis.as_ref().filter(|_| !promised)?;
            Some((case, diagnosis))
        });
        for (diagnosis, cases) in grouped(diagnoses, |one| (one.id.clone(), one.finding.clone())) {
            let end = format!("{}, {}", diagnosis.id, diagnosis.place());
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
                let gap = match lang {
                    Lang::En => " ",
                    Lang::Ja => lang.colon(),
                };
                let line = format!("{}{gap}{}", lang.of(&walked.question), lang.say(&answer));
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
}
