//! Every scenario file with the clean reference router: nothing fails, every promise comes true.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ngnlab_harness::campaign::{Campaign, Entry};
use ngnlab_harness::checks;
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::play;
use ngnlab_harness::scenario::step::Action;
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_reports::{Case, Outcome, Verdict};

#[test]
fn the_clean_reference_fails_nothing_and_keeps_every_promise() {
    let mut wrong = Vec::new();
    for (case, entry) in cases() {
        let place = format!("{} ({})", case.scenario, case.area);
        if entry.scenario.has_real_terminals() {
            // The devices' tests run those.
            let reason = play::NEEDS_REAL_TIME.to_owned();
            assert_eq!(case.outcome, Outcome::NotApplicable(reason), "{place}");
            continue;
        }
        if case.outcome != Outcome::Judged {
            wrong.push(format!("{place}: {:?}", case.outcome));
        }
        for (id, judged) in &case.verdicts {
            if let Verdict::Fail(finding) = &judged.verdict {
                wrong.push(format!("{place}: {id}: {finding:?}"));
            }
        }
        for promise in case.expectations.iter().filter(|promise| !promise.met) {
            wrong.push(format!("{place}: {}, not {}", promise.what, promise.seen));
        }
        for id in entry.scenario.exercises.iter().map(|id| id.get_ref()) {
            let verdict = &case.verdicts[id].verdict;
            if !matches!(verdict, Verdict::Pass(_)) {
                wrong.push(format!("{place}: exercises {id}, but {verdict:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_is_exercised_by_a_scenario_of_some_family() {
    let mut exercised = BTreeSet::new();
    for path in files() {
        let scenario = Scenario::load(&path).unwrap();
        exercised.extend(scenario.exercises.iter().map(|id| id.get_ref().clone()));
    }
    let missing: Vec<&str> = checks::all()
        .map(|check| check.id)
        .filter(|id| !exercised.contains(*id))
        .collect();
    assert!(missing.is_empty(), "no scenario exercises {missing:?}");
}

#[test]
fn a_trace_keeps_every_step_as_its_file_says_it() {
    for path in files() {
        let scenario = Scenario::load(&path).unwrap();
        for step in scenario.steps() {
            let kept = serde_json::to_string(&step.action).unwrap();
            let read: Action = serde_json::from_str(&kept).unwrap();
            assert_eq!(read, step.action, "{}: {kept}", scenario.name);
            assert!(!kept.contains("null"), "{kept}");
        }
    }
}

fn cases() -> Vec<(Case, Entry)> {
    let mut entries = Vec::new();
    for path in files() {
        let scenario = Scenario::load(&path).expect("the scenarios have no mistakes");
        for area in scenario.line.areas.clone() {
            entries.push(Entry {
                job: Job {
                    scenario: path.clone(),
                    area,
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
    let campaign = Campaign {
        jobs: 2,
        progress: false,
        stop: &AtomicBool::new(false),
    };
    let cases = campaign.run(&entries);
    cases.into_iter().flatten().zip(entries).collect()
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    scenario::files(&folder).expect("the scenarios are there")
}
