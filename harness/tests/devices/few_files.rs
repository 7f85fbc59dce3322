//! A run on a machine that lets a process have few open files, and in an empty environment.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::Test;
use crate::bench::Bench;

pub(crate) const TESTS: &[Test] = &[
    (
        "few_open_files_mean_few_runs_at_a_time",
        few_open_files_mean_few_runs_at_a_time,
    ),
    (
        "too_few_open_files_are_told_before_the_run",
        too_few_open_files_are_told_before_the_run,
    ),
    (
        "a_device_needs_no_environment",
        a_device_needs_no_environment,
    ),
];

fn few_open_files_mean_few_runs_at_a_time() {
    let bench = Bench::new();
    let scenario = fs::read_to_string(bench.folder.join("test/short.toml")).unwrap();
    for number in 0..RUNS / 2 {
        let path = bench.folder.join(format!("test/many-{number}.toml"));
        fs::write(path, &scenario).unwrap();
    }
    let json = bench.folder.join("report.json");
    let output = within(&bench, "ulimit -n 256", "test/many-*", &json);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("since there may be 256 open files"), "{said}");
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), RUNS);
    for case in cases {
        assert_eq!(case["outcome"], "judged", "{}", case["outcome"]);
    }
}

fn too_few_open_files_are_told_before_the_run() {
    let bench = Bench::new();
    let json = bench.folder.join("report.json");
    let output = within(&bench, "ulimit -n 45", "test/short", &json);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot run with 45 open files"), "{said}");
    assert!(!bench.folder.join("report.json.journal").exists());
}

fn a_device_needs_no_environment() {
    let bench = Bench::new();
    let json = bench.folder.join("report.json");
    let words = "exec env -i \"$0\" \"$@\"; exec";
    let output = within(&bench, words, "test/short", &json);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(json.is_file(), "{said}");
    let report = fs::read_to_string(&json).unwrap();
    assert!(!report.contains("harness-error"), "{report}");
}

/// Runs a device that stays alive, after a script.
fn within(bench: &Bench, script: &str, scenario: &str, json: &Path) -> Output {
    let device = bench.write_device(&bench.device(SPEAKS));
    Command::new("sh")
        .args(["-c", &format!("{script}; exec \"$0\" \"$@\"")])
        .args([env!("CARGO_BIN_EXE_ngnlab"), "run", "--scenario", scenario])
        .arg("--scenarios")
        .arg(&bench.folder)
        .arg("--device")
        .arg(device)
        .arg("--json")
        .arg(json)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

const RUNS: usize = 40;
const SPEAKS: &str = "[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up\"\n\
    [[run]]\ndaemon = [\"sleep\", \"300\"]\n";
