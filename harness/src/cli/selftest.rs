//! `ngnlab selftest`: the clean reference and every defect of it over the scenarios.

use std::collections::BTreeSet;

use super::{Answer, Place, Selftest, interrupt, run, select};
use crate::campaign::{Campaign, Entry};
use crate::error::{CONFORMANT, Error, NOT_CONFORMANT, UNDETERMINED};
use crate::job::{Device, Job};
use crate::selftest;

pub(super) fn answer(args: &Selftest, place: Place) -> Result<Answer, Error> {
    let entries = clean(args)?;
    let stop = interrupt::stop_at_ctrl_c();
    let campaign = Campaign {
        jobs: args.jobs.map_or_else(run::processors, usize::from),
        known: &[],
        progress: place.progress,
        stop: &stop,
    };
    let found = selftest::run(&campaign, &entries);
    Ok(Answer {
        text: format!("{}{}\n", found.table(), found.line()),
        remarks: String::new(),
        exit_code: match (found.stopped, found.holds()) {
            (true, _) => UNDETERMINED,
            (false, true) => CONFORMANT,
            (false, false) => NOT_CONFORMANT,
        },
    })
}

/// Returns every scenario in each of its areas with the reference router.
fn clean(args: &Selftest) -> Result<Vec<Entry>, Error> {
    let found = select::scenarios(&args.scenarios.scenarios, &[])?;
    let entries = found.iter().flat_map(|found| {
        select::areas(&found.scenario, None).map(|area| Entry {
            job: Job {
                scenario: found.path.clone(),
                area,
                seed: args.seed,
                pace: None,
                device: Device::Reference(BTreeSet::new()),
                out: None,
            },
            scenario: found.scenario.clone(),
        })
    });
    Ok(entries.collect())
}
