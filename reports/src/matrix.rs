//! The reports of several devices beside each other: what each scenario and each check came to.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Case, Judged, Level, Outcome, Report, Verdict};

/// What one call of the program found out about several devices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Matrix {
    /// The version of the document, [`FORMAT`](crate::FORMAT).
    pub format: u32,
    /// A report for each device.
    pub devices: Vec<Report>,
}

/// One scenario in one area with every device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioRow<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// `east` or `west`.
    pub area: &'a str,
    /// What came of it with each device.
    pub cells: Vec<Cell>,
}

/// One check over all scenarios with every device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRow<'a> {
    /// The check's id.
    pub check: &'a str,
    /// How binding it is.
    pub level: Level,
    /// What it came to with each device.
    pub cells: Vec<Cell>,
}

/// What one scenario or check came to with one device, from good to bad.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// It was not run, not judged, or is not offered.
    Nothing,
    /// All that was judged passed.
    Passed,
    /// Only what the device file knows of failed, so many times.
    Known(usize),
    /// A SHOULD failed, so many times.
    Remarks(usize),
    /// So many checks were not judged although a scenario exercises them.
    Lost(usize),
    /// So many failures may be those of a host that was too late.
    Unclear(usize),
    /// A MUST or a promise of the scenario failed, so many times.
    Failed(usize),
    /// The device, or the harness, failed in this way.
    Broken(String),
}

impl Matrix {
    /// Returns a row for each scenario and area that was run with any device.
    pub fn scenarios(&self) -> Vec<ScenarioRow<'_>> {
        let cases = self.devices.iter().flat_map(|report| &report.cases);
        let rows: BTreeSet<(&str, &str)> = cases
            .map(|case| (&case.scenario[..], &case.area[..]))
            .collect();
        let row = |(scenario, area)| ScenarioRow {
            scenario,
            area,
            cells: self
                .devices
                .iter()
                .map(|report| {
                    let mut cases = report.cases.iter();
                    let case = cases.find(|case| case.scenario == scenario && case.area == area);
                    case.map_or(Cell::Nothing, |case| report.cell(case))
                })
                .collect(),
        };
        rows.into_iter().map(row).collect()
    }

    /// Returns a row for each check, MUST first.
    pub fn checks(&self) -> Vec<CheckRow<'_>> {
        let infos = self.devices.iter().flat_map(|report| &report.checks);
        let rows: BTreeSet<(Level, &str)> = infos.map(|(id, info)| (info.level, &id[..])).collect();
        let row = |(level, check)| CheckRow {
            check,
            level,
            cells: self
                .devices
                .iter()
                .map(|report| report.cell_of_check(check, level))
                .collect(),
        };
        rows.into_iter().map(row).collect()
    }
}

impl Report {
    fn cell(&self, case: &Case) -> Cell {
        match &case.outcome {
            Outcome::DeviceFailed { known: Some(_), .. } => return Cell::Known(1),
            Outcome::DeviceFailed { how, .. } => return Cell::Broken(how.clone()),
            Outcome::HarnessError(_) => return Cell::Broken("error".to_owned()),
            Outcome::NotApplicable(_) => return Cell::Nothing,
            Outcome::Judged => {}
        }
        let mut tally = Tally::default();
        for (id, judged) in &case.verdicts {
            let level = self.checks.get(id).map_or(Level::Must, |info| info.level);
            tally.add(judged, level);
        }
        tally.lost = case
            .exercises
            .iter()
            .filter_map(|one| case.lost(one))
            .count();
        for promise in case.expectations.iter().filter(|one| !one.remark) {
            match (promise.met, &promise.known) {
                (true, _) => tally.passed += 1,
                (false, Some(_)) => tally.known += 1,
                (false, None) if promise.excused => tally.unclear += 1,
                (false, None) => tally.failed += 1,
            }
        }
        tally.cell()
    }

    fn cell_of_check(&self, check: &str, level: Level) -> Cell {
        let mut tally = Tally::default();
        for case in &self.cases {
            if let Some(judged) = case.verdicts.get(check) {
                tally.add(judged, level);
            }
            let exercises = case.exercises.iter().filter(|one| one.check == check);
            tally.lost += exercises.filter_map(|one| case.lost(one)).count();
        }
        tally.cell()
    }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    known: usize,
    remarks: usize,
    lost: usize,
    unclear: usize,
    failed: usize,
}

impl Tally {
    fn add(&mut self, judged: &Judged, level: Level) {
        match (&judged.verdict, level) {
            _ if judged.excused => self.unclear += 1,
            (Verdict::Pass(_), _) => self.passed += 1,
            (Verdict::Fail(_), _) if judged.known.is_some() => self.known += 1,
            (Verdict::Fail(_), Level::Must) => self.failed += 1,
            (Verdict::Fail(_), Level::Should) => self.remarks += 1,
            (Verdict::Inconclusive(_) | Verdict::NotApplicable(_), _) => {}
        }
    }

    fn cell(self) -> Cell {
        match self {
            Self { failed: 1.., .. } => Cell::Failed(self.failed),
            Self { unclear: 1.., .. } => Cell::Unclear(self.unclear),
            Self { lost: 1.., .. } => Cell::Lost(self.lost),
            Self { remarks: 1.., .. } => Cell::Remarks(self.remarks),
            Self { known: 1.., .. } => Cell::Known(self.known),
            Self { passed: 1.., .. } => Cell::Passed,
            Self { .. } => Cell::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::document::Document;
    use crate::formats::json;
    use crate::formats::matrix::render;
    use crate::words::Lang;
    use crate::{CheckInfo, Exercise, Expectation, Finding, Profile, Promise, Text};

    #[test]
    fn devices_stand_beside_each_other() {
        let good = report("good", Verdict::Pass(vec![1]), None);
        let known = report("known", fail(), Some("it is old"));
        let bad = report("bad", fail(), None);
        let matrix = Matrix {
            format: crate::FORMAT,
            devices: vec![good, known, bad],
        };
        let scenarios = matrix.scenarios();
        assert_eq!(scenarios.len(), 1);
        let expected = [Cell::Passed, Cell::Known(1), Cell::Failed(1)];
        assert_eq!(scenarios[0].cells, expected);
        assert_eq!(matrix.checks()[0].cells, expected);
        let mut late = matrix.clone();
        let spoilt = late.devices[0].cases[0]
            .verdicts
            .get_mut("dns.one")
            .unwrap();
        (spoilt.verdict, spoilt.excused) = (Verdict::Inconclusive("late".to_owned()), true);
        assert_eq!(late.scenarios()[0].cells[0], Cell::Unclear(1));
        assert_eq!(late.checks()[0].cells[0], Cell::Unclear(1));
        assert!(render(&late, Lang::En).contains("1 unclear"));
        let mut late = matrix.clone();
        let promises = &mut late.devices[0].cases[0].expectations;
        promises.push(Expectation {
            what: "the last screen is m1".to_owned(),
            seen: "no screen".to_owned(),
            met: false,
            remark: false,
            excused: true,
            promise: Promise::Screen,
            known: None,
            because: None,
        });
        assert_eq!(late.scenarios()[0].cells[0], Cell::Unclear(1));
        let text = render(&matrix, Lang::En);
        assert!(
            text.contains("scenario        A     B        C\n"),
            "{text}"
        );
        assert!(
            text.contains("dns/one (east)  pass  1 known  1 FAIL\n"),
            "{text}"
        );
        assert!(
            text.contains("MUST   dns.one  pass  1 known  1 FAIL\n"),
            "{text}"
        );
        assert!(text.ends_with("result     not conformant: bad\n"), "{text}");
        let document = Document::Matrix(matrix);
        let json = json::render(&document, false);
        assert_eq!(json::parse(&json).unwrap(), document);
    }

    #[test]
    fn a_verdict_that_was_lost_is_not_taken_for_nothing_to_judge() {
        let nothing = || Verdict::Inconclusive("there was no question".to_owned());
        let matrix = |report| Matrix {
            format: crate::FORMAT,
            devices: vec![report],
        };
        let mut lost = report("lost", nothing(), None);
        let none = matrix(lost.clone());
        assert_eq!(none.scenarios()[0].cells, [Cell::Nothing]);
        lost.cases[0].exercises.push(Exercise {
            check: "dns.one".to_owned(),
            excuse: None,
        });
        let lost = matrix(lost);
        assert_eq!(lost.scenarios()[0].cells, [Cell::Lost(1)]);
        let page = render(&lost, Lang::En);
        assert!(page.contains("dns/one (east)  1 not judged\n"), "{page}");
        assert!(page.contains("MUST   dns.one  1 not judged\n"), "{page}");
    }

    #[test]
    fn a_failed_device_outweighs_what_else_there_is() {
        let mut broken = report("broken", fail(), None);
        broken.cases[0].outcome = Outcome::DeviceFailed {
            how: "crashed".to_owned(),
            message: String::new(),
            log: None,
            known: None,
        };
        let page = |report: &Report| {
            let devices = vec![report.clone()];
            let format = crate::FORMAT;
            render(&Matrix { format, devices }, Lang::En)
        };
        assert!(page(&broken).contains("dns/one (east)  CRASHED\n"));
        if let Outcome::DeviceFailed { known, .. } = &mut broken.cases[0].outcome {
            *known = Some("it is old".to_owned());
        }
        assert!(page(&broken).contains("dns/one (east)  1 known\n"));
    }

    fn fail() -> Verdict {
        Verdict::Fail(Finding {
            records: vec![1],
            expected: "this".to_owned(),
            actual: "that".to_owned(),
            excuse: None,
        })
    }

    fn report(device: &str, verdict: Verdict, known: Option<&str>) -> Report {
        let text = Text::new("これ", "this");
        let info = CheckInfo {
            id: "dns.one".to_owned(),
            source: "RFC 1035".to_owned(),
            level: Level::Must,
            profiles: vec![Profile::DnsProxy],
            title: text.clone(),
            hint: text,
        };
        let judged = Judged {
            verdict,
            known: known.map(str::to_owned),
            excused: false,
            because: None,
            evidence: Vec::new(),
        };
        Report {
            format: crate::FORMAT,
            tool: "ngnlab".to_owned(),
            device: device.to_owned(),
            seed: 1,
            arguments: Vec::new(),
            captured: None,
            elapsed_ms: 1,
            checks: BTreeMap::from([("dns.one".to_owned(), info)]),
            cases: vec![Case {
                scenario: "dns/one".to_owned(),
                area: "east".to_owned(),
                about: None,
                delivery: None,
                outcome: Outcome::Judged,
                diagnosis: None,
                overcome: Vec::new(),
                expectations: Vec::new(),
                exercises: Vec::new(),
                verdicts: BTreeMap::from([("dns.one".to_owned(), judged)]),
                trace: None,
                capture: None,
            }],
            left_out: Vec::new(),
            stale: Vec::new(),
            profiles: vec![Profile::DnsProxy],
            results: Vec::new(),
            comes_to: None,
            firmware: None,
            provenance: None,
        }
    }
}
