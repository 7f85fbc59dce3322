//! The report as JUnit XML, read by somebody else's reader: junitparser, a library of Python's.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use tempfile::TempDir;

/// What junitparser finds in a file.
#[derive(Debug, Deserialize)]
struct Suite {
    name: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    properties: BTreeMap<String, String>,
    cases: Vec<Case>,
}

/// A test case, with the results that it has: none if it passed.
#[derive(Debug, Deserialize)]
struct Case {
    classname: String,
    name: String,
    results: Vec<(String, String, String)>,
}

const READ: &str = r#"
import json, sys
from junitparser import Error, Failure, JUnitXml, Skipped
names = {Error: "error", Failure: "failure", Skipped: "skipped"}
def case(one):
    results = [(names[type(r)], r.message or "", r.text or "") for r in one.result]
    return {"classname": one.classname, "name": one.name, "results": results}
def suite(one):
    return {
        "name": one.name, "tests": one.tests, "failures": one.failures, "errors": one.errors,
        "skipped": one.skipped, "cases": [case(c) for c in one],
        "properties": {p.name: p.value for p in one.properties()},
    }
print(json.dumps([suite(s) for s in JUnitXml.fromfile(sys.argv[1])]))
"#;

#[test]
fn a_reader_of_junit_finds_each_case_with_one_result_and_counts_as_we_do() {
    if !is_installed() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let scenarios = ["line-auth/succeeds-on-a-pd-line", "dns/large-answers"];
    let suite = suite_of(folder.path(), &scenarios, &["--defect", "duid-llt"]);
    assert_eq!(suite.name, "reference with duid-llt");
    assert_eq!(suite.properties["profile ons-east"], "not conformant");
    assert!(suite.properties["command"].contains("--defect duid-llt"));
    assert_eq!(suite.properties["level ngn.dhcp6.duid-ll"], "MUST");
    assert_eq!(
        suite.properties["source ngn.dhcp6.duid-ll"],
        "ngn-facts §2.1"
    );

    let count = |kind: &str| {
        let cases = suite.cases.iter();
        let with = cases.filter(|case| case.results.iter().any(|(found, ..)| found == kind));
        with.count()
    };
    assert_eq!(suite.tests, suite.cases.len());
    assert_eq!(suite.failures, count("failure"));
    assert_eq!(suite.errors, count("error"));
    assert_eq!(suite.skipped, count("skipped"));
    assert!(suite.failures > 1);
    let mut cases = suite.cases.iter();
    assert!(cases.all(|case| case.results.len() < 2), "{suite:?}");

    let failed = case(&suite, "line-auth/succeeds-on-a-pd-line (east)");
    assert_eq!(failed.classname, "line-auth");
    let (kind, message, text) = &failed.results[0];
    assert_eq!(kind, "failure");
    assert!(message.contains("ngn.dhcp6.duid-ll"), "{message}");
    for said in ["expected 00 03 00 01", "DHCPv6 Solicit", "again ngnlab run"] {
        assert!(text.contains(said), "{text} does not say {said}");
    }
    // What the device came to is a case of its own.
    assert_eq!(case(&suite, "result").results[0].0, "failure");
}

#[test]
fn a_reader_of_junit_tells_what_passed_from_what_was_left_out() {
    if !is_installed() {
        return;
    }
    let folder = TempDir::new().unwrap();
    // In memory there are no real terminals.
    let suite = suite_of(folder.path(), &["dns/large-answers", "dns/real-*"], &[]);
    assert_eq!((suite.failures, suite.errors), (0, 0), "{suite:?}");
    assert!(
        case(&suite, "dns/large-answers (west, pd)")
            .results
            .is_empty()
    );
    assert!(case(&suite, "result").results.is_empty());
    let left_out = case(&suite, "dns/real-programs-ask");
    assert_eq!(left_out.results[0].0, "skipped");
    assert!(suite.skipped > 0);
}

fn case<'a>(suite: &'a Suite, name: &str) -> &'a Case {
    let mut cases = suite.cases.iter();
    let found = cases.find(|case| case.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {suite:?}"))
}

fn suite_of(folder: &Path, scenarios: &[&str], args: &[&str]) -> Suite {
    let run = Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .env("LC_ALL", "C")
        .args([&["run", "--junit", "report.xml", "--scenario"], scenarios].concat())
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(run.stderr.is_empty(), "{run:?}");
    let read = Command::new(PYTHON)
        .args(["-c", READ, "report.xml"])
        .current_dir(folder)
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{complaints}");
    let mut suites: Vec<Suite> = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(suites.len(), 1);
    suites.remove(0)
}

/// Returns whether junitparser is there, which must be so in CI.
fn is_installed() -> bool {
    let found = Command::new(PYTHON)
        .args(["-c", "import junitparser"])
        .output();
    let is_there = found.is_ok_and(|found| found.status.success());
    let wanted = std::env::var("CI").is_ok_and(|value| value == "true");
    let missing = "junitparser is missing; it is in Debian's package `python3-junitparser`";
    assert!(is_there || !wanted, "{missing}");
    if !is_there {
        eprintln!("skipped: {missing}");
    }
    is_there
}

/// That of Debian, which Debian's packages are for.
const PYTHON: &str = "/usr/bin/python3";
