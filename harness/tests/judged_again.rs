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
fn what_is_judged_again_goes_into_the_same_files_as_a_run() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let one = ["--scenario", "dns/large-answers", "--area", "west"];
    ran(folder.path(), &one);
    let files = ["--html", "a.html", "--junit", "a.xml", "--markdown", "a.md"];
    let case = |name: &str| {
        let page = fs::read_to_string(path(name)).unwrap();
        let (_, block) = page.split_once("id=\"case-0-0\">").unwrap();
        block.split_once('<').unwrap().0.to_owned()
    };
    for judged in ["out", "out/dns/large-answers-west/trace.jsonl"] {
        let again = ngnlab(folder.path(), &[&["judge", judged], &files[..]].concat());
        assert_eq!(again.status.code(), Some(0), "{}", told(&again));
        assert_eq!(case("a.html"), case("run.html"), "{judged}");
        let suites = fs::read_to_string(path("a.xml")).unwrap();
        assert!(suites.contains("dns/large-answers"), "{suites}");
        assert!(
            fs::read_to_string(path("a.md"))
                .unwrap()
                .contains("conformant")
        );
        files
            .iter()
            .skip(1)
            .step_by(2)
            .for_each(|name| fs::remove_file(path(name)).unwrap());
    }
    let redacted = ngnlab(
        folder.path(),
        &[&["judge", "out", "--redact"], &files[..2]].concat(),
    );
    assert_eq!(redacted.status.code(), Some(0), "{}", told(&redacted));
    assert_ne!(
        case("a.html"),
        case("run.html"),
        "the page is of the mapped trace"
    );

    let capture = "out/dns/large-answers-west/capture.pcapng";
    let line = ["--line", "next-pd", "--area", "west"];
    let judge = [&["judge", capture], &line[..], &files[..2]].concat();
    let seen = ngnlab(folder.path(), &judge);
    assert_eq!(seen.status.code(), Some(0), "{}", told(&seen));
    assert!(case("a.html").len() > 1000, "the exchange is drawn");
    let nowhere = ngnlab(folder.path(), &["judge", "out", "--html", "out"]);
    assert_eq!(nowhere.status.code(), Some(3), "{}", told(&nowhere));
}

#[test]
fn the_shards_of_a_run_side_by_side_are_judged_as_the_whole_run() {
    let folder = TempDir::new().unwrap();
    let scenarios = ["--scenario", "line-auth/succeeds-*", "dns/large-answers"];
    ran(folder.path(), &scenarios);
    for (part, out) in [("1/2", "parts/one"), ("2/2", "parts/two")] {
        let shard = ["--shard", part, "--out", out];
        let run = ngnlab(folder.path(), &[&["run"], &scenarios[..], &shard].concat());
        assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    }
    let judge = |what: &str| ngnlab(folder.path(), &["judge", what, "--json", "again.json"]);
    let judged = judge("parts");
    assert_eq!(judged.status.code(), Some(0), "{}", told(&judged));
    let report = |name: &str| {
        let mut report = read(folder.path(), name);
        for case in report["cases"].as_array_mut().unwrap() {
            let trace = case["trace"].take();
            assert!(
                folder.path().join(trace.as_str().unwrap()).is_file(),
                "{trace}"
            );
            case["capture"].take();
        }
        for own in ["provenance", "elapsed_ms"] {
            report[own].take();
        }
        report
    };
    assert_eq!(report("again.json"), report("run.report.json"));
    // By itself a shard decides nothing.
    let part = judge("parts/one");
    assert_eq!(part.status.code(), Some(3), "{}", told(&part));
    assert!(told(&part).contains("in another shard"), "{}", told(&part));

    let moved = folder.path().join("parts/two");
    fs::rename(&moved, folder.path().join("elsewhere")).unwrap();
    let refused = judge("parts");
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        told(&refused).contains("shard 2 of 2 is missing"),
        "{}",
        told(&refused)
    );
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
