//! Which check fails with which defect of the reference, in one snapshot: proof that every check
//! bites, and that the reference itself passes them all.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ngnlab_harness::campaign::{Campaign, Entry, Watched};
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_harness::selftest;

#[test]
fn every_check_bites_and_the_reference_passes_them_all() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = scenario::files(&folder).expect("the scenarios are there");
    let entries: Vec<Entry> = files.iter().flat_map(|path| entries(path)).collect();
    let campaign = Campaign {
        jobs: 2,
        progress: Watched::ByNobody,
        stop: &AtomicBool::new(false),
    };
    let found = selftest::run(&campaign, &entries);
    assert!(found.holds(), "{}", found.table());
    insta::assert_snapshot!(found.table());
}

fn entries(path: &Path) -> Vec<Entry> {
    let scenario = Scenario::load(path).expect("the scenarios have no mistakes");
    let areas = scenario.line.areas.iter();
    areas
        .map(|area| Entry {
            job: Job {
                scenario: path.to_owned(),
                area: *area,
                delivery: None,
                seed: 1,
                pace: None,
                device: Device::Reference(BTreeSet::new()),
                prepared: None,
                out: None,
            },
            scenario: scenario.clone(),
            known: Arc::new([]),
            excuses: Arc::new([]),
        })
        .collect()
}
