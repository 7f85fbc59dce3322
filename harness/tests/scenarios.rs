//! Every scenario file with the clean reference router: nothing fails, every promise comes true.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use ngnlab_harness::campaign::{Campaign, Entry, Watched};
use ngnlab_harness::checks;
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::play;
use ngnlab_harness::report::check_infos;
use ngnlab_harness::scenario::step::Action;
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_reports::conclusion::Conclusion;
use ngnlab_reports::{Case, FORMAT, Level, Outcome, Profile, Report, Verdict};

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

#[test]
fn losing_any_verdict_that_a_scenario_exercises_is_noticed() {
    let (mut musts, mut shoulds) = (0, 0);
    let mut counted = BTreeSet::new();
    for (case, _) in cases() {
        if case.outcome != Outcome::Judged {
            continue;
        }
        for exercise in &case.exercises {
            let id = &exercise.check;
            let place = format!("{id} in {} ({})", case.scenario, case.area);
            let mut report = report(vec![case.clone()]);
            let why = "nothing came up".to_owned();
            let lost = report.cases[0].verdicts.get_mut(id);
            lost.expect("all checks are there").verdict = Verdict::Inconclusive(why);
            let report = report.scored();
            let info = &report.checks[id];
            let counts = |profile: &&Profile| {
                info.profiles.contains(profile) && profile.counts(&report.cases[0])
            };
            let counting: Vec<Profile> = report.profiles.iter().filter(counts).copied().collect();
            if counting.is_empty() {
                // It is said all the same, and counts in another scenario.
                let others = report.lost_for_others();
                assert!(others.iter().any(|one| one.check == *id), "{place}");
                continue;
            }
            counted.insert(id.clone());
            let missing = report
                .results
                .iter()
                .filter(|result| !result.lost.is_empty());
            let missing: Vec<Profile> = missing.map(|result| result.profile).collect();
            assert_eq!(missing, counting, "{place}");
            let named = format!("not judged: {place}, because nothing came up");
            match (info.level, report.conclusion()) {
                (Level::Must, Conclusion::Undetermined(reasons)) => {
                    assert!(reasons.contains(&named), "{place}: {reasons:?}");
                    musts += 1;
                }
                (Level::Should, Conclusion::Conformant) => shoulds += 1,
                (level, other) => panic!("{place}: {level:?} {other:?}"),
            }
        }
    }
    let checks = checks::all().map(|check| check.id);
    let nowhere: Vec<&str> = checks.filter(|id| !counted.contains(*id)).collect();
    assert!(nowhere.is_empty(), "nobody misses {nowhere:?}");
    assert!(
        musts > 700 && shoulds > 100,
        "{musts} MUSTs, {shoulds} SHOULDs"
    );
}

#[test]
fn the_clean_reference_is_conformant_as_a_whole_and_in_every_single_run() {
    let judged = cases().iter().map(|(case, _)| case);
    let judged: Vec<Case> = judged
        .filter(|case| case.outcome == Outcome::Judged)
        .cloned()
        .collect();
    for case in &judged {
        let place = format!("{} ({})", case.scenario, case.area);
        let report = report(vec![case.clone()]);
        assert_eq!(report.conclusion(), Conclusion::Conformant, "{place}");
    }
    assert_eq!(report(judged).conclusion(), Conclusion::Conformant);
}

/// Makes a report of these cases for every profile that they give something to judge.
fn report(cases: Vec<Case>) -> Report {
    let checks = check_infos();
    let counts = |profile: &Profile| {
        let mut counting = cases.iter().filter(|case| profile.counts(case));
        counting.any(|case| {
            let mut judged = checks.values().filter(|info| case.is_judged(&info.id));
            judged.any(|info| info.profiles.contains(profile))
        })
    };
    let profiles = Profile::ALL.into_iter().filter(counts).collect();
    Report {
        format: FORMAT,
        tool: String::new(),
        device: String::new(),
        seed: 1,
        arguments: Vec::new(),
        captured: None,
        elapsed_ms: 0,
        checks,
        cases,
        left_out: Vec::new(),
        stale: Vec::new(),
        profiles,
        results: Vec::new(),
        comes_to: None,
        firmware: None,
        provenance: None,
    }
}

fn cases() -> &'static [(Case, Entry)] {
    static CASES: OnceLock<Vec<(Case, Entry)>> = OnceLock::new();
    CASES.get_or_init(run_all)
}

fn run_all() -> Vec<(Case, Entry)> {
    let mut entries = Vec::new();
    for path in files() {
        let scenario = Scenario::load(&path).expect("the scenarios have no mistakes");
        for area in scenario.line.areas.clone() {
            entries.push(Entry {
                job: Job {
                    scenario: path.clone(),
                    area,
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
            });
        }
    }
    let campaign = Campaign {
        jobs: 2,
        progress: Watched::ByNobody,
        stop: &AtomicBool::new(false),
    };
    let cases = campaign.run(&entries);
    cases.into_iter().flatten().zip(entries).collect()
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    scenario::files(&folder).expect("the scenarios are there")
}
