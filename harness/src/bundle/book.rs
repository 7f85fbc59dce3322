//! The files that a report was made of, and its cases judged by them again.

use std::collections::BTreeMap;
use std::path::Path;

use ngnlab_reports::{Case, Outcome, Report};
use ngnlab_sim::Trace;
use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::{End, Record, Seen};

use crate::dut::description::Description;
use crate::error::Error;
use crate::report::{Asked, case_again};
use crate::scenario::Scenario;

/// The scenarios of a report, and its device's file.
pub(super) struct Book {
    scenarios: BTreeMap<String, Scenario>,
    description: Option<Description>,
}

impl Book {
    /// Reads the scenarios of a report, whose texts `text` gives by their names, and the device's
    /// file, if it has one.
    pub(super) fn read(
        report: &Report,
        mut text: impl FnMut(&str) -> Result<String, Error>,
        device: Option<(&Path, &str)>,
    ) -> Result<Self, Error> {
        let mut scenarios = BTreeMap::new();
        for case in &report.cases {
            if case.trace.is_none() || scenarios.contains_key(&case.scenario) {
                continue;
            }
            let path = format!("{}.toml", case.scenario);
            let text = text(&case.scenario)?;
            let scenario = Scenario::parse(&case.scenario, Path::new(&path), &text)?;
            scenarios.insert(case.scenario.clone(), scenario);
        }
        let description = device.map(|(path, text)| Description::parse(path, text));
        Ok(Self {
            scenarios,
            description: description.transpose().map_err(Box::new)?,
        })
    }

    /// Judges a case again by its trace; one that was not judged stays what it was.
    pub(super) fn again(&self, case: &Case, trace: &Trace) -> Result<Case, String> {
        match &case.outcome {
            Outcome::Judged => {}
            Outcome::NotApplicable(_) if trace.records.iter().any(is_of_device) => {
                return Err("it is said not to be applicable, and the device took part".to_owned());
            }
            // Of a run that broke off a trace says how far it came, and not why.
            Outcome::NotApplicable(_) | Outcome::DeviceFailed { .. } | Outcome::HarnessError(_) => {
                return Ok(case.clone());
            }
        }
        let scenario = self.scenarios.get(&case.scenario);
        let scenario = scenario.ok_or_else(|| format!("there is no {}", case.scenario))?;
        let mut modes = [Mode::Ra, Mode::Pd].into_iter();
        let delivery = case.delivery.as_deref();
        let delivery = delivery.and_then(|word| modes.find(|mode| mode.word() == word));
        let scenario = scenario.clone().delivered_by(delivery);
        let mut areas = Area::ALL.into_iter();
        let area = areas.find(|area| area.name() == case.area);
        let area = area.ok_or_else(|| format!("there is no area {}", case.area))?;
        if trace.header.scenario != case.scenario || trace.header.line.area != area {
            let header = &trace.header;
            let (other, elsewhere) = (&header.scenario, header.line.area.name());
            return Err(format!("the trace is one of {other} ({elsewhere})"));
        }
        let (known, excuses) = match &self.description {
            Some(description) => (&description.known[..], &description.excuses[..]),
            None => (&[][..], &[][..]),
        };
        let asked = Asked::of(&scenario, area, excuses);
        let outcome = Outcome::Judged;
        let mut again = case_again(&asked, outcome, Some(trace), known, case.trace.clone());
        again.capture = case.capture.clone();
        Ok(again)
    }
}

fn is_of_device(record: &Record) -> bool {
    matches!(
        record.seen,
        Seen::Frame {
            from: End::Device,
            injected: false,
            ..
        }
    )
}
