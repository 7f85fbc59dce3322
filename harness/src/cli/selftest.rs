//! `ngnlab selftest`: the clean reference and every defect of it over the scenarios.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ngnlab_reports::words::Lang;

use super::{Answer, Place, Selftest, interrupt, select};
use crate::campaign::{Campaign, Entry, Watched, processors};
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT, UNDETERMINED};
use crate::job::{Device, Job};
use crate::selftest;

pub(super) fn answer(args: &Selftest, place: Place) -> Result<Answer, Error> {
    let folder = &args.scenarios.folder();
    let found = prove(
        folder,
        args.seed,
        args.jobs,
        place.progress.in_language(place.lang()),
    )?;
    Ok(Answer {
        text: said(
            &format!("{}{}\n", found.table(), found.line()),
            place.lang(),
        ),
        remarks: String::new(),
        exit_code: match (found.stopped, found.holds()) {
            (true, _) => UNDETERMINED,
            (false, true) => CONFORMANT,
            (false, false) => NOT_CONFORMANT,
        },
    })
}

/// Says a text line by line; ids and names are the same in every language.
fn said(text: &str, lang: Lang) -> String {
    let lines = text.lines().map(|line| lang.say(line));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Runs the clean reference router and every defect of it over a folder's scenarios.
fn prove(
    folder: &Path,
    seed: u64,
    jobs: Option<u16>,
    progress: Watched,
) -> Result<selftest::Selftest, Error> {
    let entries = clean(folder, seed)?;
    let stop = interrupt::stop_at_signals();
    let campaign = Campaign {
        jobs: jobs.map_or_else(processors, usize::from),
        progress,
        stop: &stop,
    };
    Ok(selftest::run(&campaign, &entries))
}

/// Returns every scenario in each of its areas with the reference router.
fn clean(folder: &Path, seed: u64) -> Result<Vec<Entry>, Error> {
    let found = select::scenarios(folder, &[])?;
    let entries = found.iter().flat_map(|found| {
        select::areas(&found.scenario, None).map(|area| Entry {
            job: Job {
                scenario: found.path.clone(),
                area,
                delivery: None,
                seed,
                pace: None,
                device: Device::Reference(BTreeSet::new()),
                prepared: None,
                out: None,
            },
            scenario: found.scenario.clone(),
            known: Arc::new([]),
            excuses: Arc::new([]),
        })
    });
    Ok(entries.collect())
}
