//! Real terminals: commands and a browser on computers of their own, behind the reference router
//! in real time and behind a real one.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use ngnlab_harness::installed;
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::play::{self, Ending, Run};
use ngnlab_harness::report;
use ngnlab_harness::scenario::Scenario;
use ngnlab_reports::Verdict;
use ngnlab_sim::line::Area;
use ngnlab_sim::time::Pace;
use ngnlab_sim::trace::{CommandEnding, Fact, Seen, StepOutcome};

use crate::bench::{Bench, root};
use crate::{Test, gated};

pub(crate) const TESTS: &[Test] = &[
    (
        "a_command_has_a_computer_of_its_own",
        a_command_has_a_computer_of_its_own,
    ),
    (
        "what_a_command_writes_and_leaves_is_bounded_and_kept",
        what_a_command_writes_and_leaves_is_bounded_and_kept,
    ),
    (
        "a_promise_that_is_broken_is_told",
        a_promise_that_is_broken_is_told,
    ),
    (
        "a_command_whose_time_is_up_is_ended",
        a_command_whose_time_is_up_is_ended,
    ),
    (
        "in_virtual_time_it_is_not_applicable",
        in_virtual_time_it_is_not_applicable,
    ),
    (
        "a_terminal_s_missing_program_is_named_with_its_package",
        a_terminal_s_missing_program_is_named_with_its_package,
    ),
];

/// Scenarios of real terminals that a real router copes with.
const SCENARIOS: &[&str] = &[
    "dns/real-programs-ask",
    "line-auth/consent-in-a-real-browser",
    "members-club/in-a-real-browser",
];

/// Returns a trial for each scenario, behind a router of Debian packages.
pub(crate) fn trials(obstacle: Option<&str>) -> Vec<Trial> {
    let trial = |name: &&str| {
        let path = root().join(format!("scenarios/{name}.toml"));
        let scenario = Scenario::load(&path).unwrap();
        let lacking = lacking(&scenario);
        let title = format!("real terminals::{name}");
        gated(&title, obstacle.or(lacking.as_deref()), move || {
            behind_a_real_router(&scenario, &path);
            Ok(())
        })
    };
    SCENARIOS.iter().map(trial).collect()
}

/// Returns what this machine lacks for the real terminals of a scenario.
pub(crate) fn lacking(scenario: &Scenario) -> Option<String> {
    let lacking = installed::check(&scenario.name, play::running::needs(scenario)).err();
    lacking.map(|error| error.with_causes())
}

fn behind_a_real_router(scenario: &Scenario, path: &Path) {
    // Kept, pictures and all, for whoever wants to see them.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&scenario.name);
    let job = Job {
        scenario: path.to_owned(),
        area: Area::East,
        delivery: None,
        seed: 1,
        pace: None,
        device: Device::File(root().join("harness/devices/dnsmasq-dhcpcd.toml")),
        prepared: None,
        out: Some(folder.clone()),
    };
    let run = job.run().unwrap();
    assert_eq!(run.ending, Ending::Complete);
    let steps = scenario.steps().count();
    assert_eq!(ended(&run).len(), steps);
    for file in ended(&run).into_iter().flat_map(|(.., files)| files) {
        let bytes = fs::read(folder.join(&file)).unwrap();
        let is_picture = bytes.starts_with(b"\x89PNG");
        assert_eq!(is_picture, file.ends_with(".png"), "{file}");
        assert!(bytes.len() > 1000, "{file} has {} bytes", bytes.len());
    }
    let case = report::case(scenario, job.area, &Ok(run), &[], &[], None);
    let unmet = case.expectations.iter().filter(|promise| !promise.met);
    let unmet: Vec<_> = unmet.collect();
    assert!(unmet.is_empty(), "{unmet:#?}");
    for id in scenario.exercises.iter().map(|id| id.get_ref()) {
        let verdict = &case.verdicts[id].verdict;
        assert!(matches!(verdict, Verdict::Pass(_)), "{id}: {verdict:?}");
    }
}

fn a_command_has_a_computer_of_its_own() {
    let script = r#"
if touch /etc/ngnlab-was-here || touch /ngnlab-was-here; then exit 1; fi
touch /run/mine /tmp/mine "$HOME/mine"
test "$(ls /sys/class/net | tr '\n' ' ')" = 'eth0 lo '
test $$ -lt 50
grep -c . /etc/resolv.conf
grep -q 'nameserver 240' /etc/resolv.conf
echo "$NGNLAB_ROUTER"
"#;
    let run = reference(&step(&["sh", "-ec", script], "prints = [\"%eth0\"]"));
    let (_, ending, output, _) = &ended(&run)[0];
    assert_eq!(*ending, CommandEnding::Exit(0), "{output}");
    assert_eq!(outcome(&run), StepOutcome::Done);
    assert!(!Path::new("/etc/ngnlab-was-here").exists());
    assert!(!Path::new("/run/mine").exists());
    let facts = run
        .trace
        .records
        .iter()
        .filter_map(|record| match &record.seen {
            Seen::Fact { node, fact } if node == "real-1" => Some(fact),
            _ => None,
        });
    let facts: Vec<&Fact> = facts.collect();
    for temporary in [false, true] {
        let has = |fact: &&Fact| matches!(fact, Fact::AddressReady { temporary: is, .. } if *is == temporary);
        assert!(facts.iter().any(has), "{facts:?}");
    }
    assert!(facts.contains(&&Fact::Online));
}

fn what_a_command_writes_and_leaves_is_bounded_and_kept() {
    let script = "yes 希望 | head -c 300000; echo kept >one.txt; ln -s /etc/passwd two.txt";
    let bench = Bench::new();
    let mut job = job(&bench, &step(&["sh", "-c", script], ""));
    job.out = Some(bench.folder.join("out"));
    let run = job.run().unwrap();
    let (_, ending, output, files) = &ended(&run)[0];
    assert_eq!(*ending, CommandEnding::Exit(0));
    assert_eq!(output.len(), 65_534, "64 KiB without half a character");
    assert_eq!(files[..], ["files/real-1/one.txt"]);
    let kept = fs::read_to_string(bench.folder.join("out/files/real-1/one.txt"));
    assert_eq!(kept.unwrap(), "kept\n");
    let cut = run.trace.records.iter().any(|record| {
        matches!(
            &record.seen,
            Seen::Fact {
                fact: Fact::CommandEnded { cut: true, .. },
                ..
            }
        )
    });
    assert!(cut);
}

fn a_promise_that_is_broken_is_told() {
    let run = reference(&step(&["sh", "-c", "echo no luck; exit 3"], "exit = 4"));
    let why = "it ended with exit status 3, not 4; its last words:\nno luck";
    assert_eq!(outcome(&run), StepOutcome::Failed(why.to_owned()));
    let run = reference(&step(&["echo", "one"], "prints = [\"one\", \"two\"]"));
    let why = "its output does not contain `two`; its last words:\none";
    assert_eq!(outcome(&run), StepOutcome::Failed(why.to_owned()));
}

fn a_command_whose_time_is_up_is_ended() {
    let run = reference(&step(&["sh", "-c", "echo begun; sleep 1000"], ""));
    let why = "its time was up; its last words:\nbegun";
    assert_eq!(outcome(&run), StepOutcome::Failed(why.to_owned()));
    let (_, ending, output, _) = &ended(&run)[0];
    assert_eq!((*ending, &output[..]), (CommandEnding::TimedOut, "begun\n"));
}

fn in_virtual_time_it_is_not_applicable() {
    let bench = Bench::new();
    let mut job = job(&bench, &step(&["true"], ""));
    job.pace = None;
    let Ending::NotOffered(why) = job.run().unwrap().ending else {
        panic!("it ran");
    };
    assert!(why.contains("--real-time"), "{why}");
}

fn a_terminal_s_missing_program_is_named_with_its_package() {
    let bench = Bench::new();
    let text = step(&["no-such-program"], "needs = [\"sh\"]");
    let scenario = job(&bench, &text).scenario().unwrap();
    assert_eq!(play::running::needs(&scenario), ["no-such-program", "sh"]);
    let error = installed::check(&scenario.name, play::running::needs(&scenario)).unwrap_err();
    assert!(
        error.to_string().ends_with("there is no no-such-program"),
        "{error}"
    );
}

/// Returns a step that runs a command.
fn step(command: &[&str], rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    format!("[[step]]\nat = \"0s\"\ndo.run = {{ command = {command:?}{comma}{rest} }}\n")
}

fn job(bench: &Bench, steps: &str) -> Job {
    let text = format!(
        "about = {{ en = \"A command runs.\", ja = \"コマンドを実行する。\" }}\nsource = \"none\"\n\
        line = {{ preset = \"next-pd\" }}\nuntil = \"15s\"\n\n{steps}"
    );
    let path = bench.folder.join("test/command.toml");
    fs::write(&path, text).unwrap();
    Job {
        scenario: path,
        area: Area::East,
        delivery: None,
        seed: 1,
        pace: Some(Pace::Realtime),
        device: Device::Reference(Default::default()),
        prepared: None,
        out: None,
    }
}

/// Runs steps behind the reference router in real time.
fn reference(steps: &str) -> Run {
    let bench = Bench::new();
    let run = job(&bench, steps).run().unwrap();
    assert_eq!(run.ending, Ending::Complete);
    run
}

fn outcome(run: &Run) -> StepOutcome {
    let outcome = run
        .trace
        .records
        .iter()
        .find_map(|record| match &record.seen {
            Seen::Step { outcome, .. } => Some(outcome.clone()),
            _ => None,
        });
    outcome.unwrap()
}

/// Returns the commands that ended: words, ending, output and files.
fn ended(run: &Run) -> Vec<(Vec<String>, CommandEnding, String, Vec<String>)> {
    let ended = run
        .trace
        .records
        .iter()
        .filter_map(|record| match &record.seen {
            Seen::Fact {
                fact:
                    Fact::CommandEnded {
                        command,
                        ending,
                        output,
                        files,
                        ..
                    },
                ..
            } => Some((command.clone(), *ending, output.clone(), files.clone())),
            _ => None,
        });
    ended.collect()
}
