//! The report that a run is held against: what failed there and fails again does not fail the run.

use ngnlab_reports::comparison::{Comparison, Rules};
use ngnlab_reports::journal::{Header, Planned};
use ngnlab_reports::{Case, Report};

use crate::cli::select::fits;
use crate::cli::{Run, diff};
use crate::error::Error;

/// A report from before, and which of its runs are asked for again.
pub(in crate::cli) struct Baseline<'a> {
    name: String,
    reports: Vec<Report>,
    /// The devices that are to be run.
    devices: Vec<String>,
    strict: bool,
    args: &'a Run,
}

/// Reads the baseline, if there is one; it must have to do with what is going to run.
pub(super) fn read<'a>(args: &'a Run, header: &Header) -> Result<Option<Baseline<'a>>, Error> {
    let Some(path) = &args.baseline else {
        return Ok(None);
    };
    let baseline = Baseline {
        name: path.display().to_string(),
        reports: diff::reports(path)?,
        devices: header
            .devices
            .iter()
            .map(|plan| plan.device.clone())
            .collect(),
        strict: args.strict,
        args,
    };
    diff::tell_apart(
        &baseline.name,
        baseline.reports.iter().map(|one| &*one.device),
    )?;
    diff::tell_apart(THIS_RUN, baseline.devices.iter().map(|name| &**name))?;
    match baseline.has_to_do_with(header) {
        true => Ok(Some(baseline)),
        false => Err(Error::Incomparable {
            what: format!("{} is about nothing that is to be run", baseline.name),
            help: "name the report of a run of the same device over the same scenarios".to_owned(),
        }),
    }
}

impl Baseline<'_> {
    /// Holds reports against it.
    pub(super) fn against(&self, reports: &[Report]) -> Result<Comparison, Error> {
        let rules = Rules {
            strict: self.strict,
        };
        let old = (&*self.name, &self.reports[..]);
        let is_asked = |old: &Report, case: &Case| self.runs(&old.device) && self.asks(case);
        diff::held_against(old, (THIS_RUN, reports), rules, &is_asked)
    }

    /// Returns whether a device of the baseline is one that is run this time; a single one may be
    /// called otherwise.
    fn runs(&self, device: &str) -> bool {
        self.is_single() || self.devices.iter().any(|name| name == device)
    }

    fn is_single(&self) -> bool {
        self.reports.len() == 1 && self.devices.len() == 1
    }

    /// Returns whether a run of the baseline is one that was asked for this time.
    fn asks(&self, case: &Case) -> bool {
        let Run { scenario, area, .. } = self.args;
        let area = area.map(ngnlab_sim::line::Area::from);
        let mut patterns = scenario.iter();
        (scenario.is_empty() || patterns.any(|pattern| fits(pattern, &case.scenario)))
            && area.is_none_or(|area| area.name() == case.area)
    }

    fn has_to_do_with(&self, header: &Header) -> bool {
        let has = |report: &Report, planned: &Planned| {
            let mut cases = report.cases.iter();
            cases.any(|case| case.scenario == planned.scenario && case.area == planned.area)
        };
        header.devices.iter().any(|plan| {
            let mut reports = self.reports.iter();
            reports.any(|report| {
                let mut planned = plan.cases.iter();
                (self.is_single() || report.device == plan.device)
                    && planned.any(|one| has(report, one))
            })
        })
    }
}

/// What the report that is being made is called beside a baseline.
const THIS_RUN: &str = "this run";
