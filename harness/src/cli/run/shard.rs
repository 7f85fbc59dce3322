//! A shard of a run: what it writes for `ngnlab merge`, and what it says.
//!
//! It ends well when all of its cases have ended, whatever came of them: what the run comes to only
//! the whole can tell.

use std::path::PathBuf;

use ngnlab_reports::journal::{Header, Planned};
use ngnlab_reports::provenance::Provenance;
use ngnlab_reports::shard::{self, FORMAT, Number, Part, Shard};
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Case, Outcome, Verdict};

use super::header::planned;
use super::kept::Kept;
use super::{Chosen, Plan, STOPPED, remarks};
use crate::campaign::Entry;
use crate::cli::traces::{self, KeptRun};
use crate::cli::watched::watched;
use crate::cli::{Answer, Run, file};
use crate::error::{CONFORMANT, Error, UNDETERMINED};

/// Returns where a shard is written, beside its traces or where the user says.
pub(super) fn path(args: &Run) -> Result<PathBuf, Error> {
    let beside = || args.out.as_ref().map(|out| out.join("shard.json"));
    args.outputs
        .json
        .clone()
        .or_else(beside)
        .ok_or_else(|| Error::Usage {
            what: "a shard must be written somewhere".to_owned(),
            help: Some("name --json FILE or --out DIR, for `ngnlab merge`".to_owned()),
        })
}

/// Returns what a whole run says of itself, as each of its shards keeps it.
pub(super) fn whole(header: &Header) -> Header {
    Header {
        out: None,
        ..header.clone()
    }
}

/// Returns what a shard says of itself, of what the whole run does.
pub(super) fn own(header: &Header, plans: &[Plan]) -> Header {
    let mut own = header.clone();
    for (device, plan) in own.devices.iter_mut().zip(plans) {
        device.cases = plan.entries.iter().map(planned).collect();
    }
    own
}

/// Returns what came of a shard with one device.
pub(super) fn part(
    device: &Chosen,
    ended: Vec<(&Entry, Option<Case>)>,
    provenance: Option<Provenance>,
) -> Part {
    let plan: Vec<Planned> = ended.iter().map(|(entry, _)| planned(entry)).collect();
    let missing = ended.iter().filter(|(_, case)| case.is_none());
    let cut_off = missing.map(|(entry, _)| planned(entry).left_out(STOPPED));
    let cut_off = cut_off.collect();
    let cases: Vec<Case> = ended.into_iter().filter_map(|(_, case)| case).collect();
    Part {
        planned: plan,
        watched: watched(&device.known, &device.excuses, &cases),
        cases,
        cut_off,
        provenance,
    }
}

/// What was run, and how long it took, in milliseconds.
pub(super) struct Ran {
    /// With each device.
    pub(super) parts: Vec<Part>,
    /// In all.
    pub(super) elapsed_ms: u64,
}

/// Writes a shard and says how far it came.
pub(super) fn tell(
    args: &Run,
    kept: Kept,
    (number, run): (Number, Header),
    Ran {
        parts: devices,
        elapsed_ms,
    }: Ran,
    saved: Option<&KeptRun>,
    lang: Lang,
) -> Result<Answer, Error> {
    let path = path(args)?;
    let stopped = devices.iter().any(|part| !part.cut_off.is_empty());
    let mut cases = devices.iter().flat_map(|part| &part.cases);
    let broken = cases.any(|case| matches!(case.outcome, Outcome::HarnessError(_)));
    let shard = Shard {
        shard: FORMAT,
        part: number,
        run,
        elapsed_ms,
        devices,
    };
    let text = said(&shard, &path.display().to_string(), lang);
    let mut remarks = remarks(stopped, broken, kept.has_journal(), lang);
    let saved = saved.zip(args.out.as_deref());
    let written = file::write(&path, &shard::render(&shard))
        .and_then(|()| saved.map_or(Ok(()), |(run, out)| traces::keep(run, out)));
    // As long as something can be gone on with, the journal stays.
    let told = match written.is_ok() && !stopped && !broken {
        true => written.and_then(|()| kept.remove()),
        false => written,
    };
    if let Err(error) = &told {
        remarks.push_str(&error.pretty(lang));
    }
    Ok(Answer {
        text,
        remarks,
        exit_code: match told {
            Ok(()) if !stopped && !broken => CONFORMANT,
            Ok(()) | Err(_) => UNDETERMINED,
        },
    }
    .escaped())
}

fn said(shard: &Shard, path: &str, lang: Lang) -> String {
    let mut text = String::new();
    let plans = shard.run.devices.iter();
    for (plan, part) in plans.zip(&shard.devices) {
        let (ended, own, all) = (part.cases.len(), part.planned.len(), plan.cases.len());
        let device = &plan.device;
        let line = format!("{device}: {ended} of {own} runs have ended, of {all} in all shards");
        text.push_str(&lang.say(&line));
        text.push('\n');
        for (place, what) in part.cases.iter().filter_map(failing) {
            text.push_str(&format!("  {place}: {}\n", lang.say(&what)));
        }
    }
    let part = shard.part;
    let line = format!("{part} is in {path}; `ngnlab merge` makes a report of all, which decides");
    text + &lang.say(&line) + "\n"
}

/// Says what fails in a case that the device file does not know of.
fn failing(case: &Case) -> Option<(String, String)> {
    let what = match &case.outcome {
        Outcome::NotApplicable(_) => return None,
        Outcome::DeviceFailed { known: Some(_), .. } => return None,
        Outcome::DeviceFailed { how, message, .. } => format!("{how}: {message}"),
        Outcome::HarnessError(message) => format!("broken by ngnlab: {message}"),
        Outcome::Judged => {
            let promises = case.expectations.iter().filter(|one| one.is_broken());
            let promises = promises.map(|one| one.what.clone());
            let failed = case.verdicts.iter().filter(|(_, judged)| {
                matches!(judged.verdict, Verdict::Fail(_)) && judged.known.is_none()
            });
            let failed = failed.map(|(id, _)| id.clone());
            let all: Vec<String> = promises.chain(failed).collect();
            all.join(", ")
        }
    };
    (!what.is_empty()).then(|| (case.place(), what))
}
