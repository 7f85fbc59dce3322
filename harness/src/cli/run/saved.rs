//! What a run keeps of itself beside its traces, so that they can be judged again.

use std::path::Path;

use ngnlab_reports::journal::Header;
use ngnlab_reports::{Case, Outcome, Report};

use super::device::Chosen;
use super::header::planned;
use super::{Plan, Run};
use crate::campaign::Entry;
use crate::cli::traces::{KeptCase, KeptDevice, KeptRun, VERSION};
use crate::report::Asked;

/// Returns what a run keeps, if it keeps traces.
pub(super) fn run(
    args: &Run,
    header: &Header,
    devices: &[Chosen],
    plans: &[Plan],
    reports: &[Report],
) -> Option<KeptRun> {
    let out = args.out.as_deref()?;
    let devices = devices.iter().zip(plans).zip(reports);
    let devices = devices.map(|((device, plan), report)| KeptDevice {
        device: report.device.clone(),
        arguments: report.arguments.clone(),
        profiles: report.profiles.clone(),
        left_out: report.left_out.clone(),
        provenance: report.provenance.clone(),
        file: device.text.clone(),
        cases: cases(plan, report, out),
    });
    Some(KeptRun {
        run: VERSION,
        tool: header.tool.clone(),
        seed: header.seed,
        elapsed_ms: reports.first().map_or(0, |report| report.elapsed_ms),
        devices: devices.collect(),
    })
}

/// Returns the cases that have ended.
fn cases(plan: &Plan, report: &Report, out: &Path) -> Vec<KeptCase> {
    let is_of = |entry: &Entry, case: &Case| {
        let planned = planned(entry);
        planned.scenario == case.scenario && planned.area == case.area
    };
    let kept = report.cases.iter().filter_map(|case| {
        let entry = plan.entries.iter().find(|entry| is_of(entry, case))?;
        let folder = entry.job.out.as_deref()?;
        let mut outcome = case.outcome.clone();
        if let Outcome::DeviceFailed { log: Some(log), .. } = &mut outcome {
            *log = below(Path::new(log), out).display().to_string();
        }
        Some(KeptCase {
            folder: below(folder, out).to_owned(),
            asked: Asked::of(&entry.scenario, entry.job.area, &entry.excuses),
            outcome,
        })
    });
    kept.collect()
}

fn below<'a>(path: &'a Path, out: &Path) -> &'a Path {
    path.strip_prefix(out).unwrap_or(path)
}
