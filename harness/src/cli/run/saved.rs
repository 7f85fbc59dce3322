//! What a run keeps of itself beside its traces, so that they can be judged again.

use std::path::Path;

use ngnlab_reports::journal::{Header, Planned};
use ngnlab_reports::shard::Number;
use ngnlab_reports::{Case, Outcome, Report};

use super::device::Chosen;
use super::header::planned;
use super::{Plan, Run};
use crate::campaign::Entry;
use crate::cli::traces::{KeptCase, KeptDevice, KeptRun, VERSION, elsewhere};
use crate::report::Asked;

/// Returns what a run keeps, if it keeps traces.
pub(super) fn run(
    args: &Run,
    header: &Header,
    devices: &[Chosen],
    plans: &[Plan],
    reports: &[Report],
    shard: Option<&(Number, Header)>,
) -> Option<KeptRun> {
    let out = args.out.as_deref()?;
    let devices = devices.iter().zip(plans).zip(reports).enumerate();
    let devices = devices.map(|(number, ((device, plan), report))| {
        let whole = shard.map(|(_, whole)| &whole.devices[number].cases[..]);
        let mut left_out = report.left_out.clone();
        let own: Vec<Planned> = plan.entries.iter().map(planned).collect();
        let others = whole.unwrap_or_default().iter();
        left_out.extend(others.filter(|case| !own.contains(case)).map(elsewhere));
        KeptDevice {
            device: report.device.clone(),
            arguments: report.arguments.clone(),
            profiles: report.profiles.clone(),
            left_out,
            provenance: report.provenance.clone(),
            file: device.text.clone(),
            cases: cases(plan, report, out, whole),
        }
    });
    Some(KeptRun {
        run: VERSION,
        tool: header.tool.clone(),
        seed: header.seed,
        elapsed_ms: reports.first().map_or(0, |report| report.elapsed_ms),
        devices: devices.collect(),
        shard: shard.map(|(number, _)| *number),
    })
}

/// Returns the cases that have ended.
fn cases(plan: &Plan, report: &Report, out: &Path, whole: Option<&[Planned]>) -> Vec<KeptCase> {
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
            number: whole.and_then(|whole| whole.iter().position(|one| *one == planned(entry))),
        })
    });
    kept.collect()
}

fn below<'a>(path: &'a Path, out: &Path) -> &'a Path {
    path.strip_prefix(out).unwrap_or(path)
}
