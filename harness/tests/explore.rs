//! Scenarios made up at random: what is wrong with a broken router is shown by a small file, and the
//! same seed finds the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ngnlab_harness::campaign::{Campaign, Entry, Watched};
use ngnlab_harness::explore::{Exploration, Explored, Rules, Wrong};
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::promises;
use ngnlab_harness::report::check_infos;
use ngnlab_reports::Verdict;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::setup::Mode;
use tempfile::TempDir;

#[test]
fn a_defect_is_found_and_shown_by_a_file_that_shows_it_again() {
    let exploration = exploration(1, 60, Some(DEFECT));
    let explored = explore(&exploration, 2);
    let wrong = Wrong::Check(CHECK.to_owned());
    let finding = &explored.findings[&wrong];
    let shown = &finding.shown[0];
    assert_eq!(shown.number, finding.numbers[0]);
    let folder = TempDir::new().unwrap();
    let path = folder
        .path()
        .join("explore")
        .join(format!("run-{}.toml", shown.number));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, &shown.text).unwrap();
    let scenario = promises::load(&path).unwrap();
    assert!(scenario.steps.len() <= 2, "{}", shown.text);
    let entry = Entry {
        job: Job {
            scenario: path,
            area: shown.area,
            delivery: None,
            seed: 1,
            pace: None,
            device: exploration.device.clone(),
            prepared: None,
            out: None,
        },
        scenario,
        known: Arc::new([]),
        excuses: Arc::new([]),
    };
    let case = campaign(1, &AtomicBool::new(false)).run(&[entry]).remove(0);
    let verdict = &case.unwrap().verdicts[CHECK].verdict;
    assert!(matches!(verdict, Verdict::Fail(_)), "{verdict:?}");
}

#[test]
fn the_same_is_found_by_any_number_of_workers_and_in_one_scenario_alone() {
    let asked = Exploration {
        shrunk: 0,
        ..exploration(5, 40, Some(DEFECT))
    };
    let (one, three) = (explore(&asked, 1), explore(&asked, 3));
    let numbers = |explored: &Explored| -> Vec<(Wrong, Vec<u64>)> {
        let findings = explored.findings.iter();
        findings
            .map(|(wrong, found)| (wrong.clone(), found.numbers.clone()))
            .collect()
    };
    assert_eq!(one.tally, three.tally);
    assert_eq!(numbers(&one), numbers(&three));
    let (wrong, found) = one.findings.iter().next().unwrap();
    let number = found.numbers[0];
    let alone = explore(
        &Exploration {
            numbers: number..=number,
            ..asked
        },
        1,
    );
    assert_eq!(alone.ran, 1);
    assert_eq!(alone.findings[wrong].numbers, [number]);
}

#[test]
fn what_was_found_by_then_is_told_when_it_is_stopped() {
    let stop = AtomicBool::new(true);
    let explored = exploration(1, 100, None)
        .explore(&campaign(2, &stop))
        .unwrap();
    assert_eq!(explored.ran, 0);
    assert!(explored.findings.is_empty());
}

#[test]
fn the_command_line_tells_what_it_found_and_ends_as_it_says() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let json = folder.path().join("found.json");
    let paths = [
        "--out",
        out.to_str().unwrap(),
        "--json",
        json.to_str().unwrap(),
    ];
    let broken = [
        "explore", "--runs", "60", "--defect", DEFECT, "--tries", "8",
    ];
    let output = ngnlab(&[&broken[..], &paths].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(&format!("FOUND {CHECK} (MUST) in ")),
        "{text}"
    );
    assert!(text.contains("step.do.loss.cable: wan "), "{text}");
    assert!(text.contains("step.do.run: a real computer"), "{text}");
    let found: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let number = found["findings"][0]["shown"][0]["number"].as_u64().unwrap();
    let name = found["findings"][0]["wrong"]["check"].as_str().unwrap();
    assert!(
        out.join(format!("{name}/explore/run-{number}.toml"))
            .exists()
    );

    let clean = ngnlab(&["explore", "--runs", "3", "--seed", "2"]);
    assert_eq!(clean.status.code(), Some(0), "{clean:?}");
    let usage = ngnlab(&["explore", "--runs", "0"]);
    assert_eq!(usage.status.code(), Some(2), "{usage:?}");
}

#[test]
fn it_speaks_japanese() {
    let args = [
        "explore", "--runs", "20", "--defect", DEFECT, "--tries", "5", "--lang", "ja",
    ];
    let output = ngnlab(&args);
    let text = String::from_utf8(output.stdout).unwrap();
    for words in [
        "発見：",
        "使われたもの",
        "無作為に作らないもの",
        "引き直した",
        "探索：20件中20件",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for words in [
        "FOUND",
        "are left",
        "How many",
        "Not made up",
        "drawn again",
        "expected",
    ] {
        assert!(!text.contains(words), "{words}: {text}");
    }
}

fn exploration(seed: u64, count: u64, defect: Option<&str>) -> Exploration {
    let defects: BTreeSet<Defect> = defect
        .map(|name| Defect::from_name(name).expect("there is such a defect"))
        .into_iter()
        .collect();
    Exploration {
        seed,
        numbers: 1..=count,
        area: None,
        longest: Duration::from_secs(3600),
        device: Device::Reference(defects),
        prepared: None,
        modes: vec![Mode::Ra, Mode::Pd],
        known: Vec::new(),
        rules: Rules {
            checks: check_infos(),
            profiles: Vec::new(),
            shoulds: true,
        },
        shrunk: 1,
        tries: 200,
        room: None,
    }
}

fn explore(exploration: &Exploration, jobs: usize) -> Explored {
    let stop = AtomicBool::new(false);
    exploration
        .explore(&campaign(jobs, &stop))
        .expect("nobody stops it")
}

fn campaign(jobs: usize, stop: &AtomicBool) -> Campaign<'_> {
    Campaign {
        jobs,
        progress: Watched::ByNobody,
        stop,
    }
}

fn ngnlab(args: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .env("LC_ALL", "C")
        .args(args)
        .current_dir(root)
        .output()
        .expect("the program was built with this test")
}

/// A router whose table of domains is not what the guide asks for, which every look-up can show.
const DEFECT: &str = "one-dns-for-all";
/// What such a router fails.
const CHECK: &str = "ons.dns.per-domain";
