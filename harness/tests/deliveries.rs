//! Scenarios that leave open how the line delivers the prefix, on the delivery that is not their
//! preset's: with the clean reference nothing fails and every promise comes true, and each defect
//! that they notice is noticed there, too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ngnlab_harness::campaign::{Campaign, Entry, Watched};
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_harness::selftest;
use ngnlab_reports::{Case, Verdict};
use ngnlab_sim::setup::Mode;

#[test]
fn with_the_other_delivery_all_that_is_promised_comes_true() {
    let entries = entries();
    assert!(!entries.is_empty());
    let mut wrong = Vec::new();
    for (entry, case) in entries.iter().zip(campaign().run(&entries)) {
        let case = case.expect("nothing stops it");
        wrong.extend(unkept(entry, &case));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn with_the_other_delivery_every_defect_is_noticed_that_is_noticed_with_the_preset() {
    let found = selftest::run(&campaign(), &entries());
    assert!(found.unnoticed.is_empty(), "{:#?}", found.unnoticed);
}

#[test]
fn a_router_that_offers_ra_alone_is_judged_on_every_dns_scenario() {
    let scenarios: Vec<Scenario> = files().iter().map(|path| load(path)).collect();
    let dns = scenarios.iter().filter(|one| one.name.starts_with("dns/"));
    let cannot = dns.filter(|one| {
        let delivery = one.delivery_for(&[Mode::Ra], None);
        (*one).clone().delivered_by(delivery).mode() != Mode::Ra
    });
    let cannot: Vec<&str> = cannot.map(|one| &one.name[..]).collect();
    assert!(cannot.is_empty(), "{cannot:?}");
}

/// Returns what a scenario promises and the clean reference does not keep.
fn unkept(entry: &Entry, case: &Case) -> Vec<String> {
    let mode = entry.scenario.mode();
    let place = format!("{} ({}, {mode:?})", case.scenario, case.area);
    let mut wrong = Vec::new();
    for (id, judged) in &case.verdicts {
        if let Verdict::Fail(finding) = &judged.verdict {
            wrong.push(format!("{place}: {id}: {finding:?}"));
        }
    }
    for promise in case.expectations.iter().filter(|promise| !promise.met) {
        wrong.push(format!("{place}: {}, not {}", promise.what, promise.seen));
    }
    for id in entry.scenario.exercises.iter().map(|id| id.get_ref()) {
        let verdict = case.verdicts.get(id).map(|judged| &judged.verdict);
        if !matches!(verdict, Some(Verdict::Pass(_))) {
            wrong.push(format!("{place}: exercises {id}, but {verdict:?}"));
        }
    }
    wrong
}

/// Returns every scenario that can be run in virtual time and leaves the delivery open, with the
/// delivery that is not its preset's, in each area.
fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for path in files() {
        let scenario = load(&path);
        if !scenario.takes_any_delivery() || scenario.has_real_terminals() {
            continue;
        }
        let delivery = scenario.mode().other();
        let scenario = scenario.delivered_by(delivery);
        for area in scenario.line.areas.clone() {
            entries.push(Entry {
                job: Job {
                    scenario: path.clone(),
                    area,
                    delivery,
                    seed: 1,
                    pace: None,
                    device: Device::Reference(BTreeSet::new()),
                    prepared: None,
                    out: None,
                },
                scenario: scenario.clone(),
                known: Arc::new([]),
                excuses: Arc::new([]),
            });
        }
    }
    entries
}

fn campaign() -> Campaign<'static> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    Campaign {
        jobs: 2,
        progress: Watched::ByNobody,
        stop: &NEVER,
    }
}

fn load(path: &Path) -> Scenario {
    Scenario::load(path).expect("the scenarios have no mistakes")
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    scenario::files(&folder).expect("the scenarios are there")
}
