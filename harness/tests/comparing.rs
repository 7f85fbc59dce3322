//! Runs that are held against older ones, and runs that are split and put together again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const SCENARIOS: &[&str] = &["run", "--scenario", "dns/large-answers", "ons/*"];

#[test]
fn only_what_became_worse_fails_a_run_with_a_baseline() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (good, bad, last) = (place("good.json"), place("bad.json"), place("last.json"));
    let run = |more: &[&str]| ngnlab(&[&["run", "--scenario", "dns/large-answers"], more].concat());
    let defect = ["--defect", "one-dns-for-all"];
    assert_eq!(run(&["--json", text(&good)]).status.code(), Some(0));
    let failed = run(&[&defect[..], &["--json", text(&bad)]].concat());
    assert_eq!(failed.status.code(), Some(1));

    let diff = |old: &Path, new: &Path, more: &[&str]| {
        let output = ngnlab(&[&["diff", text(old), text(new)], more].concat());
        (output.status.code(), said(&output.stdout))
    };
    let (code, told) = diff(&good, &bad, &[]);
    assert_eq!(code, Some(1), "{told}");
    for words in [
        "differ in device: reference, now reference with one-dns-for-all",
        "MUST ons.dns.per-domain in 2 runs",
        "change worse than",
    ] {
        assert!(told.contains(words), "{told} does not say {words}");
    }
    let (code, told) = diff(&bad, &good, &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("newly passing"), "{told}");
    assert_eq!(diff(&bad, &good, &["--strict"]).0, Some(1));
    assert_eq!(diff(&good, &good, &["--strict"]).0, Some(0));
    let (code, told) = diff(&good, &bad, &["--format", "json"]);
    assert_eq!(code, Some(1));
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["comparison"], 1);
    assert_eq!(json["devices"][0]["in_both"], 2);

    // The same failures again, from and into the same file.
    fs::copy(&bad, &last).unwrap();
    let markdown = place("summary.md");
    let more = ["--baseline", text(&last), "--json", text(&last)];
    let more = [&more[..], &["--markdown", text(&markdown)]].concat();
    let again = run(&[&defect[..], &more].concat());
    let told = said(&again.stdout);
    assert_eq!(again.status.code(), Some(0), "{told}");
    assert!(told.contains("result not conformant"), "{told}");
    assert!(told.contains("change none since"), "{told}");
    assert!(
        told.ends_with("fail as they did, and do not count"),
        "{told}"
    );
    assert!(timeless(&last) == timeless(&bad), "the report is another");
    let markdown = fs::read_to_string(&markdown).unwrap();
    assert!(markdown.contains("not conformant"), "{markdown}");
    assert!(markdown.contains("## ✅ `this run` against"), "{markdown}");

    // Of the baseline only what is asked for again is missed.
    let fewer = run(&["--area", "east", "--baseline", text(&good), "--strict"]);
    assert_eq!(fewer.status.code(), Some(0), "{}", said(&fewer.stdout));
    let held = ["--baseline", text(&good)];
    let worse = run(&[&defect[..], &held].concat());
    assert_eq!(worse.status.code(), Some(1));
    // What counted for the baseline counts, whatever profile is chosen this time.
    let worse = run(&[&defect[..], &held, &["--profile", "ce-router"]].concat());
    assert_eq!(worse.status.code(), Some(1), "{}", said(&worse.stdout));
}

#[test]
fn a_baseline_of_several_devices_misses_none_that_is_not_run() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (one, several, alike) = (
        place("one.json"),
        place("several.json"),
        place("alike.json"),
    );
    let run = ["run", "--scenario", "dns/odd-questions", "--area", "east"];
    ngnlab(&[&run[..], &["--json", text(&one)]].concat());
    let report = fs::read_to_string(&one).unwrap();
    let other = report.replacen("\"device\": \"reference\"", "\"device\": \"other\"", 1);
    let both = |a: &str, b: &str| format!("{{\"format\": 2, \"devices\": [{a}, {b}]}}");
    fs::write(&several, both(&report, &other)).unwrap();
    fs::write(&alike, both(&report, &report)).unwrap();
    let held = ["--baseline", text(&several), "--strict"];
    let held = ngnlab(&[&run[..], &held].concat());
    assert_eq!(held.status.code(), Some(0), "{}", said(&held.stdout));
    let gone = ngnlab(&["diff", text(&several), text(&one)]);
    assert_eq!(gone.status.code(), Some(3));
    let told = said(&gone.stdout);
    assert!(told.contains("1 device is gone"), "{told}");
    for args in [
        [&run[..], &["--baseline", text(&alike)]].concat(),
        vec!["diff", text(&one), text(&alike)],
    ] {
        let refused = ngnlab(&args);
        assert_eq!(refused.status.code(), Some(3));
        assert!(refused.stdout.is_empty());
        let told = said(&refused.stderr);
        assert!(
            told.contains("is about two devices called reference"),
            "{told}"
        );
    }
}

#[test]
fn what_cannot_be_compared_is_told_before_the_run() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (one, other) = (place("one.json"), place("other.json"));
    for (file, scenario) in [(&one, "dns/large-answers"), (&other, "dns/odd-questions")] {
        let args = ["run", "--scenario", scenario, "--area", "east"];
        let args = [&args[..], &["--json", text(file)]].concat();
        ngnlab(&args);
    }
    let apart = ngnlab(&["diff", text(&one), text(&other)]);
    assert_eq!(apart.status.code(), Some(3));
    let told = said(&apart.stderr);
    assert!(told.contains("have no scenario in common"), "{told}");
    let args = ["run", "--scenario", "ons/*", "--baseline", text(&one)];
    let apart = ngnlab(&args);
    assert_eq!(apart.status.code(), Some(3));
    assert!(apart.stdout.is_empty());
    let told = said(&apart.stderr);
    assert!(
        told.contains("is about nothing that is to be run"),
        "{told}"
    );
    for (args, words) in [
        (
            &["diff", text(&one), "nowhere.json"][..],
            "cannot read nowhere.json",
        ),
        (&["diff", text(&one), "Cargo.toml"], "is no report"),
        (&["diff", text(&one), text(&one), "--format", "jsn"], "json"),
        (&["run", "--strict"], "--baseline"),
    ] {
        let wrong = ngnlab(args);
        assert_eq!(wrong.status.code(), Some(2), "{args:?}");
        let told = said(&wrong.stderr);
        assert!(told.contains(words), "{told} does not say {words}");
    }
}

#[test]
fn the_shards_of_a_run_make_the_same_report_as_the_run() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let whole = place("whole.json");
    // So that something fails, and something else because of that.
    let args = [SCENARIOS, &["--defect", "one-dns-for-all"]].concat();
    let run = ngnlab(&[&args[..], &["--json", text(&whole)]].concat());
    assert_eq!(run.status.code(), Some(1));
    for of in [1, 3, 5] {
        let shards: Vec<PathBuf> = (1..=of).map(|one| place(&format!("{one}.json"))).collect();
        for (number, path) in shards.iter().enumerate() {
            let shard = format!("{}/{of}", number + 1);
            let shard = ["--shard", &shard, "--json", text(path)];
            let run = ngnlab(&[&args[..], &shard].concat());
            // What fails in it is for the whole to judge.
            assert_eq!(run.status.code(), Some(0), "{}", said(&run.stderr));
            let told = said(&run.stdout);
            assert!(
                told.contains("`ngnlab merge` makes a report of all"),
                "{told}"
            );
        }
        let merged = place("merged.json");
        let paths = shards.iter().rev().map(|path| text(path));
        let merge: Vec<&str> = ["merge", "--json", text(&merged)]
            .into_iter()
            .chain(paths)
            .collect();
        let told = ngnlab(&merge);
        assert_eq!(told.status.code(), Some(1), "{}", said(&told.stderr));
        assert!(
            timeless(&merged) == timeless(&whole),
            "{of} shards make another"
        );
        let held = [&merge[..], &["--baseline", text(&whole)]].concat();
        let held = ngnlab(&held);
        assert_eq!(held.status.code(), Some(0), "{}", said(&held.stderr));
        assert!(said(&held.stdout).contains("change none since"));
    }
}

#[test]
fn merging_writes_the_files_that_a_run_writes() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let whole = place("whole.json");
    let args = ["run", "--scenario", "dns/large-answers"];
    let args = [&args[..], &["--defect", "one-dns-for-all"]].concat();
    ngnlab(&[&args[..], &["--json", text(&whole)]].concat());
    let shards = [place("1.json"), place("2.json")];
    for (shard, path) in ["1/2", "2/2"].iter().zip(&shards) {
        ngnlab(&[&args[..], &["--shard", shard, "--json", text(path)]].concat());
    }
    let [first, second] = &shards;
    let merge = ["merge", text(first), text(second)];
    let made = ["json", "junit", "markdown", "html"].map(|format| (format, place(format)));
    let mut asked = merge.map(str::to_owned).to_vec();
    for (format, path) in &made {
        asked.extend([format!("--{format}"), text(path).to_owned()]);
    }
    let asked: Vec<&str> = asked.iter().map(|word| &**word).collect();
    let merged = ngnlab(&asked);
    assert_eq!(merged.status.code(), Some(1), "{}", said(&merged.stderr));
    let report = text(&made[0].1);
    // The runs' own seed, not the command that merged them.
    let provenance = &serde_json::from_str::<serde_json::Value>(
        &fs::read_to_string(report).unwrap(),
    )
    .unwrap()["provenance"];
    assert_eq!(provenance["seed"], "1");
    assert_eq!(provenance["command"][1], "merge");
    for (format, path) in &made {
        let shown = ngnlab(&["render", report, "--format", format]).stdout;
        assert!(fs::read(path).unwrap() == shown, "{format}");
    }
    let markdown = text(&made[2].1);
    ngnlab(
        &[
            &merge[..],
            &["--markdown", markdown, "--baseline", text(&whole)],
        ]
        .concat(),
    );
    let summary = fs::read_to_string(markdown).unwrap();
    assert!(summary.contains("no change"), "{summary}");
    let nowhere = [&merge[..], &["--junit", "/dev/null/junit.xml"]].concat();
    let refused = ngnlab(&nowhere);
    assert_eq!(refused.status.code(), Some(3));
    assert!(
        said(&refused.stdout).is_empty(),
        "before anything is merged"
    );
}

#[test]
fn a_shard_is_no_report_and_what_does_not_belong_together_is_not_merged() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (first, other, report) = (place("1.json"), place("2.json"), place("report.json"));
    let one = ["run", "--scenario", "dns/large-answers"];
    let run = |more: &[&str]| {
        let run = ngnlab(&[&one[..], more].concat());
        assert_eq!(run.status.code(), Some(0), "{}", said(&run.stderr));
    };
    run(&["--shard", "1/2", "--json", text(&first)]);
    run(&["--shard", "2/2", "--json", text(&other), "--seed", "2"]);
    run(&["--json", text(&report)]);
    let (first, other, report) = (text(&first), text(&other), text(&report));
    for (args, words) in [
        (&["merge", first][..], "shard 2 of 2 is missing"),
        (&["merge", first, first], "are both shard 1 of 2"),
        (
            &["merge", first, other],
            "the seed is 1 in the one and seed is 2 in the other",
        ),
        (
            &["merge", first, report],
            "report.json is no shard of a run",
        ),
        (&["merge"], "<SHARD>..."),
        (
            &["render", first],
            "1.json is shard 1 of 2 of a run, and no report",
        ),
        (
            &["diff", report, first],
            "1.json is shard 1 of 2 of a run, and no report",
        ),
        (
            &["run", "--shard", "1/2"],
            "a shard must be written somewhere",
        ),
        (&["run", "--shard", "3/2"], "shards are counted from 1 to 2"),
        (
            &["run", "--shard", "1/2", "--junit", "x.xml"],
            "'--shard <K/N>' cannot be used with '--junit <FILE>'",
        ),
    ] {
        let wrong = ngnlab(args);
        assert_eq!(wrong.status.code(), Some(2), "{args:?}");
        let told = said(&wrong.stderr);
        assert!(told.contains(words), "{told} does not say {words}");
    }
}

#[test]
fn benchmarks_are_shown_and_compared_by_what_is_in_their_files() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let old = place("old.json", &benchmark(1000));
    let slow = place("slow.json", &benchmark(900));
    let half = place("half.json", &benchmark(1000)[..300]);
    let report = place("report.json", "{\"format\": 2}");
    let shown = ngnlab(&["render", text(&old)]);
    let told = said(&shown.stdout);
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown.stderr));
    assert!(told.contains("1,000 990–1,010 device"), "{told}");
    let diff = |old: &Path, new: &Path, more: &[&str]| {
        let output = ngnlab(&[&["diff", text(old), text(new)], more].concat());
        let all = [said(&output.stdout), said(&output.stderr)].concat();
        (output.status.code(), all)
    };
    let (code, told) = diff(&old, &slow, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("slower by 10.0 % ± "), "{told}");
    assert_eq!(diff(&old, &old, &[]).0, Some(0));
    for (call, code, words) in [
        (
            diff(&old, &half, &[]),
            2,
            "half.json is no benchmark: it is cut off at line",
        ),
        (diff(&report, &old, &[]), 3, "old.json is a benchmark, and"),
        (diff(&old, &slow, &["--strict"]), 2, "with `--strict`"),
        (
            diff(&old, &slow, &["--format", "html"]),
            2,
            "no format called `html`",
        ),
    ] {
        assert_eq!(call.0, Some(code), "{}", call.1);
        assert!(
            unbroken(&call.1).contains(words),
            "{} says no {words}",
            call.1
        );
    }
    for (args, words) in [
        (
            ["render", text(&old), "--format", "junit"],
            "a benchmark has no format called `junit`",
        ),
        (
            ["run", "--baseline", text(&old), "--list"],
            "is a benchmark, and no report",
        ),
    ] {
        let args = if args[3] == "--list" {
            &args[..3]
        } else {
            &args[..]
        };
        let output = ngnlab(args);
        let told = unbroken(&said(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(words), "{told}");
    }
}

/// Returns what an error says without the breaks of its lines.
fn unbroken(error: &str) -> String {
    let words: Vec<&str> = error
        .split_whitespace()
        .filter(|word| *word != "│")
        .collect();
    words.join(" ")
}

/// Three searches around a rate.
fn benchmark(rate: u32) -> String {
    let trial =
        r#"{"offered": 9, "seconds": 5, "counts": {}, "delay": {}, "upstream": {}, "effort": {}}"#;
    let repetitions = [99, 100, 101].map(|share| {
        let rate = rate * share / 100;
        format!(r#"{{"rate": {rate}, "limit": "device", "passed": {trial}, "failed": null, "trials": 9}}"#)
    });
    let repetitions = repetitions.join(", ");
    format!(
        r#"{{"format": 1, "provenance": {{"seed": "1"}}, "method": {{"trial-seconds": 5, "repetitions": 3,
        "timeout-ms": 1000, "resolution": 0.01, "self-test-factor": 1.1}}, "devices": [{{"device": "one",
        "self-test": {{"rate": 90000, "through": "", "trial": {trial}}}, "series": [{{"workload":
        {{"transport": "udp", "asked": "aaaa", "cached-percent": 0, "domains": "ons"}},
        "repetitions": [{repetitions}]}}]}}]}}"#
    )
}

fn ngnlab(args: &[&str]) -> Output {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .args(args)
        .current_dir(root)
        .output()
        .expect("the program was built with this test")
}

/// Returns a report without the time that it took.
fn timeless(path: &Path) -> serde_json::Value {
    let text = fs::read_to_string(path).expect("the report was written");
    let mut report: serde_json::Value = serde_json::from_str(&text).expect("a report is JSON");
    report["elapsed_ms"] = 0.into();
    // When, and by which command.
    assert!(report["provenance"]["began"].is_string());
    report["provenance"] = serde_json::Value::Null;
    report
}

/// Returns words without the breaks of a page.
fn said(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let words = text.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths in tests are UTF-8")
}
