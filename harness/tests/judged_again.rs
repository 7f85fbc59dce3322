//! The traces of a run, judged again: every format comes out as the run gave it, byte for byte, but
//! for the one block that says who judged again.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::fs;

use tempfile::TempDir;

use same_again::{ngnlab, ran, read, same_as_the_run, told};

mod same_again;

#[test]
fn a_run_judged_again_comes_out_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    let scenarios = ["--scenario", "line-auth/succeeds-*", "dns/large-answers"];
    // It fails, explains failures by others, breaks promises and leaves verdicts out.
    let defects = ["--defect", "duid-llt", "--defect", "refuses-unknown-types"];
    let run = ran(folder.path(), &[&scenarios[..], &defects].concat());
    assert_eq!(run.status.code(), Some(1), "{}", told(&run));
    same_as_the_run(folder.path(), "out", &run);
}

#[test]
fn a_conformant_run_judged_again_comes_out_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    let run = ran(folder.path(), &["--scenario", "line-auth/*"]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    same_as_the_run(folder.path(), "out", &run);
}

#[test]
fn one_trace_judged_again_is_its_case_with_what_the_scenario_asked() {
    let folder = TempDir::new().unwrap();
    let one = ["--scenario", "dns/large-answers", "--area", "west"];
    let run = ran(folder.path(), &one);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    same_as_the_run(
        folder.path(),
        "out/dns/large-answers-west/trace.jsonl",
        &run,
    );

    // Of several, it is one.
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    let run = ran(folder.path(), &one[..2]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let east = "out/dns/large-answers-east/trace.jsonl";
    let judged = ngnlab(folder.path(), &["judge", east, "--json", "again.json"]);
    assert_eq!(judged.status.code(), Some(0), "{}", told(&judged));
    let cases = |name: &str| read(folder.path(), name)["cases"].clone();
    let (all, again) = (cases("run.report.json"), cases("again.json"));
    let mut all = all.as_array().unwrap().iter();
    let east = all.find(|case| case["area"] == "east").unwrap();
    assert_eq!(again.as_array().unwrap().len(), 1);
    assert_eq!(&again[0], east);
    assert!(!again[0]["exercises"].as_array().unwrap().is_empty());
}

#[test]
fn a_folder_is_judged_where_it_was_moved_to() {
    let folder = TempDir::new().unwrap();
    ran(folder.path(), &["--scenario", "dns/large-answers"]);
    let moved = folder.path().join("moved");
    fs::rename(folder.path().join("out"), &moved).unwrap();
    let judged = ngnlab(&moved, &["judge", ".", "--json", "../again.json"]);
    assert_eq!(judged.status.code(), Some(0), "{}", told(&judged));
    let trace = &read(folder.path(), "again.json")["cases"][0]["trace"];
    assert!(moved.join(trace.as_str().unwrap()).is_file(), "{trace}");
}

#[test]
fn what_is_no_whole_run_is_refused_and_says_what_it_lacks() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let refused = |args: &[&str], words: &str| {
        let output = ngnlab(folder.path(), &[&["judge"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(told(&output).contains(words), "{}", told(&output));
    };
    refused(
        &["empty"],
        "empty is not the folder of a run that has ended",
    );
    ran(folder.path(), &["--scenario", "dns/large-answers"]);
    refused(&["out", "--line", "next-pd"], "--line is for captures");
    refused(&["out", "--pcapng", "x"], "--pcapng is for one trace");

    let place = |area: &str| format!("out/dns/large-answers-{area}/trace.jsonl");
    let (east, west) = (
        folder.path().join(place("east")),
        folder.path().join(place("west")),
    );
    let kept = fs::read(&east).unwrap();
    fs::copy(&west, &east).unwrap();
    refused(
        &["out"],
        "is the trace of dns/large-answers (west), and not of",
    );
    fs::write(&east, &kept[..kept.len() / 2]).unwrap();
    refused(
        &["out"],
        "cannot read out/dns/large-answers-east/trace.jsonl",
    );
    fs::write(&east, &kept).unwrap();

    let run = folder.path().join("out/run.json");
    let text = fs::read_to_string(&run).unwrap();
    for (from, to, words) in [
        ("\"run\": 1", "\"run\": 9", "its version 9 is not 1"),
        ("\"dns/large", "\"../dns/large", "leads out of it"),
        ("{", "[", "out/run.json does not say what was run"),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(&run, text.replace(from, to)).unwrap();
        refused(&["out"], words);
    }
}
