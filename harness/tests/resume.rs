//! Runs that are broken off and gone on with, and places that a run cannot write to.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

#[test]
fn a_killed_run_is_gone_on_with_and_reports_as_if_nothing_had_happened() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (whole, json, out) = (place("whole.json"), place("report.json"), place("out"));
    let args = ["run", "--scenario", "dns/*", "--jobs", "1"];
    let mut first = started(&[&args[..], &["--out", text(&out), "--json", text(&json)]].concat());
    let journal = out.join("journal.jsonl");
    assert!(eventually(|| lines(&journal) > 4), "nothing ended");
    first.kill().unwrap();
    assert_eq!(first.wait().unwrap().signal(), Some(9));
    assert!(!json.exists());

    let shown = ngnlab(&["render", text(&journal)]);
    assert!(said(&shown.stderr).contains("runs have ended"), "{shown:?}");
    let words: Vec<String> = said(&shown.stdout)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    assert!(
        words.join(" ").contains("missing from the journal"),
        "{shown:?}"
    );

    let more = ["--out", text(&out), "--json", text(&json), "--resume"];
    let resumed = ngnlab(&[&args[..], &more].concat());
    assert_eq!(resumed.status.code(), Some(0), "{resumed:?}");
    assert!(!journal.exists(), "a run that has ended leaves none");
    // The same folder, so that the report names the same traces.
    fs::remove_dir_all(&out).unwrap();
    let again = ["--out", text(&out), "--json", text(&whole)];
    assert_eq!(ngnlab(&[&args[..], &again].concat()).status.code(), Some(0));
    assert!(timeless(&whole) == timeless(&json), "the reports differ");
}

#[test]
fn a_run_goes_on_only_with_its_own_journal() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let scenarios = place("scenarios");
    fs::create_dir_all(scenarios.join("test")).unwrap();
    for name in ["one", "two"] {
        scenario(&scenarios, name, "20s");
    }
    let json = place("report.json");
    let journal = place("report.json.journal");
    let args = [
        "run",
        "--scenarios",
        text(&scenarios),
        "--real-time",
        "--json",
        text(&json),
    ];
    let mut first = started(&args);
    assert!(eventually(|| lines(&journal) == 1), "no header");
    first.kill().unwrap();
    first.wait().unwrap();

    let refused = |more: &[&str], words: &str| {
        let output = ngnlab(&[&args[..], &["--resume"], more].concat());
        let said = said(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {said}");
        assert!(
            said.contains(words),
            "{more:?}: {said} does not say {words}"
        );
    };
    refused(&["--seed", "2"], "its seed is 1, and this run's seed is 2");
    refused(&["--long"], "its arguments are `--real-time --seed 1`");
    refused(
        &["--scenario", "test/one"],
        "test/two (east) is not to be run now",
    );
    refused(
        &["--defect", "one-dns-for-all"],
        "its device is reference, and this run's device is reference with one-dns-for-all",
    );
    refused(
        &["--profile", "ce-router"],
        "this run's profile is ce-router",
    );
    let out = place("out");
    refused(&["--out", text(&out)], "is of a run without --out");
    scenario(&scenarios, "two", "21s");
    refused(&[], "test/two.toml has changed since");
    scenario(&scenarios, "two", "20s");
    scenario(&scenarios, "three", "20s");
    refused(&[], "test/three (east) was not to be run then");
    fs::remove_file(scenarios.join("test/three.toml")).unwrap();
    let other = fs::read_to_string(&journal)
        .unwrap()
        .replace("\"ngnlab 0", "\"ngnlab 99");
    fs::write(&journal, other).unwrap();
    refused(&[], "its program is ngnlab 99");
    fs::write(&journal, "{\"journal\": 99}\n").unwrap();
    refused(&[], "journal format 99 is not 1");
    fs::write(&journal, "Dear diary,\n").unwrap();
    refused(&[], "is no journal of a run");
    assert_eq!(fs::read_to_string(&journal).unwrap(), "Dear diary,\n");
}

#[test]
fn a_run_that_has_ended_is_not_gone_on_with_and_its_folder_not_written_again() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let json = folder.path().join("report.json");
    let short = ["run", "--scenario", "dns/large-answers", "--area", "east"];
    let with = |more: &[&str]| ngnlab(&[&short[..], more].concat());
    // With nothing there, a run begins, so that the same command always goes on.
    let all = ["--out", text(&out), "--json", text(&json), "--resume"];
    assert_eq!(with(&all).status.code(), Some(0));
    for (more, words) in [
        (&all[..], "a run that has ended leaves none"),
        (
            &["--json", text(&json), "--resume"],
            "a run that has ended leaves none",
        ),
        (&["--out", text(&out)], "is not empty"),
        (&["--resume"], "--resume goes on with what is in --out DIR"),
    ] {
        let output = with(more);
        let said = said(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {said}");
        assert!(said.contains(words), "{more:?}: {said}");
    }
}

#[test]
fn of_two_runs_into_one_folder_the_second_is_refused() {
    let folder = TempDir::new().unwrap();
    let scenarios = folder.path().join("scenarios");
    fs::create_dir_all(scenarios.join("test")).unwrap();
    scenario(&scenarios, "one", "20s");
    let out = folder.path().join("out");
    let args = [
        "run",
        "--scenarios",
        text(&scenarios),
        "--real-time",
        "--out",
        text(&out),
    ];
    let mut first = started(&args);
    assert!(eventually(|| lines(&out.join("journal.jsonl")) == 1));
    for more in [&[][..], &["--resume"]] {
        let output = ngnlab(&[&args[..], more].concat());
        let said = said(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("another run is writing into"), "{said}");
    }
    // A crash leaves no lock.
    first.kill().unwrap();
    first.wait().unwrap();
    let mut next = started(&[&args[..], &["--resume"]].concat());
    assert!(!eventually_for(Duration::from_millis(500), || {
        next.try_wait().unwrap().is_some()
    }));
    next.kill().unwrap();
    next.wait().unwrap();
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_the_run() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("out");
    for args in [
        ["--out", text(&below)],
        ["--json", text(&below)],
        ["--json", text(folder.path())],
    ] {
        cannot_write(&ngnlab(&[&["run"], &args[..]].concat()));
    }
    let read_only = folder.path().join("read-only");
    fs::create_dir(&read_only).unwrap();
    for args in [
        ["--out", text(&read_only)],
        ["--json", text(&read_only.join("r.json"))],
    ] {
        let script = format!("mount -t tmpfs -o ro none {}", text(&read_only));
        cannot_write(&elsewhere(&script, &[&["run"], &args[..]].concat()));
    }
    let full = format!(
        "mount -t tmpfs -o size=4k,nr_inodes=1k none {}",
        text(&read_only)
    );
    let script = format!(
        "{full}; head -c 4096 /dev/zero >{}/filler || :",
        text(&read_only)
    );
    let json = read_only.join("report.json");
    cannot_write(&elsewhere(&script, &["run", "--json", text(&json)]));
}

#[test]
fn a_disk_that_fills_up_costs_what_it_has_no_room_for_and_the_report_is_still_said() {
    let folder = TempDir::new().unwrap();
    let small = folder.path().join("small");
    fs::create_dir(&small).unwrap();
    let script = format!("mount -t tmpfs -o size=600k none {}", text(&small));
    let (out, json) = (small.join("out"), folder.path().join("report.json"));
    let args = ["run", "--scenario", "dns/*", "--jobs", "1"];
    let args = [&args[..], &["--out", text(&out), "--json", text(&json)]].concat();
    let output = elsewhere(&script, &args);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let report = said(&output.stdout);
    let words: Vec<&str> = report.split_whitespace().collect();
    assert!(
        words.join(" ").contains("No space left on device"),
        "{report}"
    );
    assert!(report.contains("profile    ons-east"), "{report}");
    // The first were kept, and all have a place in the report.
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let cases = report["cases"].as_array().unwrap();
    let judged = cases
        .iter()
        .filter(|case| case["outcome"] == "judged")
        .count();
    assert!(
        judged > 0 && judged < cases.len(),
        "{judged} of {}",
        cases.len()
    );

    // A report that finds no room is said, too; what each check is has room in the journal.
    let json = small.join("report.json");
    let args = [
        "run",
        "--scenario",
        "dns/large-answers",
        "--json",
        text(&json),
    ];
    let script = format!("mount -t tmpfs -o size=300k none {}", text(&small));
    let output = elsewhere(&script, &args);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(said(&output.stdout).contains("profile    ons-east"));
    assert!(said(&output.stderr).contains("cannot write"), "{output:?}");
}

#[test]
fn whoever_closes_the_pipe_has_seen_enough_and_the_report_is_written() {
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("report.json");
    let mut harness = Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .env("LC_ALL", "C")
        .args(["run", "--scenario", "dns/*", "--json", text(&json)])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(harness.stdout.take());
    let mut remarks = String::new();
    harness
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut remarks)
        .unwrap();
    assert_eq!(harness.wait().unwrap().code(), Some(0), "{remarks}");
    assert_eq!(remarks, "");
    assert!(!timeless(&json).is_empty());
}

#[test]
fn a_report_into_a_pipe_leaves_the_pipe() {
    let args = [
        "run",
        "--scenario",
        "dns/large-answers",
        "--json",
        "/dev/stdout",
    ];
    let output = ngnlab(&args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said(&output.stdout).starts_with("{\n  \"format\": 2"));
    assert!(said(&output.stdout).contains("profile    ons-east"));
    let args = [
        "run",
        "--scenario",
        "dns/large-answers",
        "--json",
        "/dev/null",
    ];
    assert_eq!(ngnlab(&args).status.code(), Some(0));
    assert!(!Path::new("/dev/null").is_file());
}

#[test]
fn nothing_is_asked_of_the_environment() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
    command.env("LC_ALL", "C");
    command.args(["run", "--scenario", "dns/large-answers"]);
    let output = command.env_clear().current_dir(root()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_second_ctrl_c_ends_at_once_and_below_nohup_a_terminal_may_go() {
    let folder = TempDir::new().unwrap();
    let scenarios = folder.path().join("scenarios");
    fs::create_dir_all(scenarios.join("test")).unwrap();
    scenario(&scenarios, "one", "20s");
    let json = folder.path().join("report.json");
    let journal = folder.path().join("report.json.journal");
    let args = [
        "run",
        "--scenarios",
        text(&scenarios),
        "--real-time",
        "--json",
        text(&json),
    ];
    let mut harness = Command::new("nohup")
        .env("LC_ALL", "C")
        .arg(env!("CARGO_BIN_EXE_ngnlab"))
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(eventually(|| lines(&journal) == 1));
    let pid = Pid::from_raw(harness.id().try_into().unwrap());
    kill(pid, Signal::SIGHUP).unwrap();
    assert!(!eventually_for(Duration::from_secs(1), || {
        harness.try_wait().unwrap().is_some()
    }));
    kill(pid, Signal::SIGINT).unwrap();
    kill(pid, Signal::SIGINT).unwrap();
    assert_eq!(harness.wait().unwrap().code(), Some(3));
    assert!(journal.is_file());
}

fn cannot_write(output: &Output) {
    let said = said(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot write"), "{said}");
    assert!(output.stdout.is_empty(), "it ran all the same");
}

/// Writes a scenario in which nothing happens for a while.
fn scenario(folder: &Path, name: &str, until: &str) {
    let text = format!(
        "about = {{ en = \"Nothing happens.\", ja = \"何も起こらない。\" }}\nsource = \"none\"\n\
         line = {{ preset = \"next-pd\" }}\nuntil = \"{until}\"\n"
    );
    fs::write(folder.join("test").join(name).with_extension("toml"), text).unwrap();
}

/// Returns a report without the times it took and the call that made it.
fn timeless(report: &Path) -> String {
    let text = fs::read_to_string(report).unwrap();
    let mut report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let fields = report.as_object_mut().unwrap();
    for field in ["elapsed_ms", "provenance"] {
        assert!(fields.remove(field).is_some(), "{field}");
    }
    report.to_string()
}

/// Returns how many whole lines a file has.
fn lines(path: &Path) -> usize {
    let bytes = fs::read(path).unwrap_or_default();
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

fn ngnlab(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
    command.env("LC_ALL", "C");
    command.args(args).current_dir(root()).output().unwrap()
}

fn started(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .env("LC_ALL", "C")
        .args(args)
        .current_dir(root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs the program on a machine that was changed by a script.
fn elsewhere(script: &str, args: &[&str]) -> Output {
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-e", "-c"])
        .arg(format!("{script}; exec \"$0\" \"$@\""))
        .env("LC_ALL", "C")
        .arg(env!("CARGO_BIN_EXE_ngnlab"))
        .args(args)
        .current_dir(root())
        .output()
        .expect("`unshare` is in Debian's package `util-linux`")
}

fn eventually(holds: impl FnMut() -> bool) -> bool {
    eventually_for(Duration::from_secs(60), holds)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that waits for other processes"
)]
fn eventually_for(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    (0..within.as_millis() / TURN.as_millis()).any(|_| {
        let held = holds();
        if !held {
            std::thread::sleep(TURN);
        }
        held
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn said(bytes: &[u8]) -> String {
    // Long lines are broken on the terminal, wherever the words allow it.
    let text = String::from_utf8_lossy(bytes).into_owned();
    match text.contains("  ×") {
        true => {
            let words = text.split_whitespace().filter(|word| *word != "│");
            words.collect::<Vec<_>>().join(" ")
        }
        false => text,
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths in tests are UTF-8")
}

const TURN: Duration = Duration::from_millis(5);
