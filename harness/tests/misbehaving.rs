//! The benchmark of DNS forwarding on real processes that misbehave, each in one way: what they do is
//! named. How fast anything is, no test says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

#[test]
fn whatever_a_forwarder_does_wrong_is_named() {
    let cases: [Case; 4] = [
        ("changes-record", "wrong-record", "wrong"),
        ("refuses", "wrong-rcode", "wrong"),
        ("loses", "lost-answered", "lost"),
        ("other-port", "wrong-sender", "wrong"),
    ];
    for (does, count, said) in cases {
        let Some((output, device)) = measured(does) else {
            return;
        };
        let failed = &device["series"][0]["repetitions"][0]["failed"];
        assert!(
            failed["counts"][count].as_u64().unwrap_or_default() > 0,
            "{does}: {failed}"
        );
        // What is lost or refused may be so because others kept it waiting.
        if !["loses", "refuses"].contains(&does) {
            assert_eq!(device["series"][0]["repetitions"][0]["limit"], "device");
        }
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(said), "{does}: {text}");
    }
}

#[test]
fn a_device_that_dies_under_load_has_failed_and_says_how() {
    let Some((output, device)) = measured("dies") else {
        return;
    };
    let failure = device["failure"].as_str().unwrap_or_default();
    assert!(failure.contains("ended"), "{device}");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("FAILED"), "{text}");
}

/// What the forwarder does, the count in which that stands, and a word of the text.
type Case = (&'static str, &'static str, &'static str);

/// Measures the forwarder; nothing where its programs are missing.
fn measured(does: &str) -> Option<(Output, Value)> {
    let folder = TempDir::new().expect("what the test needs is there");
    let device = device(does, folder.path());
    let lacking = ngnlab()
        .arg("doctor")
        .arg(&device)
        .output()
        .expect("what the test needs is there");
    if lacking.status.code() != Some(0) {
        let said = String::from_utf8_lossy(&lacking.stdout);
        assert!(std::env::var_os("CI").is_none(), "{said}");
        eprintln!("skipped: {said}");
        return None;
    }
    let json = folder.path().join("rate.json");
    let output = ngnlab()
        .args(["bench", "dns", "--device"])
        .arg(&device)
        .args(["--trial", "2", "--repeat", "1", "--rate-only"])
        .args(["--cached", "0", "--json"])
        .arg(&json)
        .output()
        .expect("what the test needs is there");
    let text = fs::read_to_string(&json).expect("the results were written");
    let benchmark: Value = serde_json::from_str(&text).expect("the results are JSON");
    Some((output, benchmark["devices"][0].clone()))
}

/// Writes the device file of a forwarder that does so.
fn device(does: &str, folder: &Path) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forwarder");
    let text =
        fs::read_to_string(here.join("forwarder.toml")).expect("what the test needs is there");
    // Outside of what a device sees of this machine, unless its file names it.
    let text = text.replace("@does@", does);
    let text = text.replace("@here@", here.to_str().expect("a path of letters"));
    let path = folder.join("forwarder.toml");
    fs::write(&path, text).expect("what the test needs is there");
    path
}

fn ngnlab() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
    command.env("LC_ALL", "C");
    command
}
