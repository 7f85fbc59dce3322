//! A harness that is killed in the middle leaves this machine as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use ngnlab_harness::job::Device;
use ngnlab_sim::time::Pace;

use crate::Test;
use crate::bench::{Bench, children_of, eventually, marker, processes_with};

pub(crate) const TESTS: &[Test] = &[
    (
        "a_killed_harness_leaves_nothing",
        a_killed_harness_leaves_nothing,
    ),
    (
        "a_killed_harness_leaves_no_real_terminal",
        a_killed_harness_leaves_no_real_terminal,
    ),
];

fn a_killed_harness_leaves_nothing() {
    killed_it_leaves_nothing(&Bench::new());
}

fn a_killed_harness_leaves_no_real_terminal() {
    let bench = Bench::new();
    let marker = marker(&bench.folder);
    let scenario = format!(
        "about = {{ en = \"A command runs.\", ja = \"コマンドを実行する。\" }}\nsource = \"none\"\n\
        line = {{ preset = \"next-pd\" }}\nuntil = \"100s\"\n\n[[step]]\nat = \"0s\"\n\
        do.run = {{ command = [\"sh\", \"-c\", \"while :; do sleep 1; done\", \"{marker}\"] }}\n"
    );
    fs::write(bench.folder.join(TERMINAL), scenario).unwrap();
    killed_it_leaves_nothing(&bench);
}

fn killed_it_leaves_nothing(bench: &Bench) {
    let before = Host::look();
    // Worker, founder, pid 1 and program; or computer, pid 1, shell and its sleep.
    let per_run = if is_terminal(&bench.folder) { 3 } else { 4 };
    let mut harness = Command::new(env::current_exe().unwrap())
        .args([DOOMED, bench.folder.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The marker is in the command line of a program inside each sandbox, and of the harness.
    let marker = marker(&bench.folder);
    let began = eventually(Duration::from_secs(120), || {
        processes_with(&marker).len() > SIDE_BY_SIDE
            && children_of(harness.id()).len() >= per_run * SIDE_BY_SIDE
    });
    let below = children_of(harness.id());
    let all: BTreeSet<String> = below.iter().flat_map(|pid| namespaces(*pid)).collect();
    let elders = Elders::look();
    harness.kill().unwrap();
    harness.wait().unwrap();

    assert!(began, "the devices were never started");
    assert!(
        below.len() >= per_run * SIDE_BY_SIDE,
        "too few of them: {below:?}"
    );
    let own = namespaces_of_this_process();
    let theirs = &all - &own;
    for kind in ["user:", "net:", "mnt:", "pid:"] {
        let count = theirs.iter().filter(|name| name.starts_with(kind)).count();
        assert!(count >= SIDE_BY_SIDE, "{kind} {theirs:?}");
    }
    let gone = eventually(Duration::from_secs(10), || {
        below
            .iter()
            .all(|pid| !Path::new(&format!("/proc/{pid}")).exists())
    });
    assert!(gone, "left: {below:?}");
    assert_eq!(processes_with(&marker), [""; 0]);
    let left = elders.still_in(&theirs);
    assert!(left.is_empty(), "left: {left:?}");
    assert_eq!(Host::look(), before);
}

/// Serves as the harness that is to be killed, if this process was started as one.
pub(crate) fn hidden_command() -> Option<ExitCode> {
    let folder: PathBuf = env::args().skip_while(|word| word != DOOMED).nth(1)?.into();
    let bench = Bench::at(folder);
    let mut job = bench.job(&bench.device(STAYS_ALIVE));
    // On a busy machine the first must not end before the last begins.
    job.scenario = bench.folder.join("test/lasting.toml");
    if is_terminal(&bench.folder) {
        job.scenario = bench.folder.join(TERMINAL);
        job.device = Device::Reference(BTreeSet::new());
        job.pace = Some(Pace::Realtime);
    }
    let all_ended = thread::scope(|scope| {
        let runs: Vec<_> = (0..SIDE_BY_SIDE)
            .map(|_| scope.spawn(|| job.run().is_ok()))
            .collect();
        runs.into_iter().all(|run| run.join().unwrap())
    });
    Some(match all_ended {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn is_terminal(folder: &Path) -> bool {
    folder.join(TERMINAL).exists()
}

/// What of this machine a device must not change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Host {
    interfaces: BTreeSet<String>,
    mounts: String,
    named_namespaces: BTreeSet<String>,
}

impl Host {
    pub(crate) fn look() -> Self {
        Self {
            interfaces: names_in("/sys/class/net"),
            mounts: fs::read_to_string("/proc/self/mountinfo").unwrap(),
            // Where `ip netns` looks.
            named_namespaces: names_in("/run/netns"),
        }
    }
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The processes of a moment, with the namespaces they were in.
pub(crate) struct Elders(BTreeMap<u32, Vec<String>>);

impl Elders {
    pub(crate) fn look() -> Self {
        Self(processes().map(|pid| (pid, namespaces(pid))).collect())
    }

    /// Returns which of these namespaces one of them has not left.
    ///
    /// A namespace that was made later may have been given the number of one that is gone.
    pub(crate) fn still_in(&self, theirs: &BTreeSet<String>) -> Vec<String> {
        let stayed = self.0.iter().flat_map(|(pid, before)| {
            let now = namespaces(*pid);
            before.iter().filter(move |name| now.contains(name))
        });
        stayed
            .filter(|name| theirs.contains(*name))
            .cloned()
            .collect()
    }
}

fn processes() -> impl Iterator<Item = u32> {
    let names = names_in("/proc").into_iter();
    names.filter_map(|name| name.parse().ok())
}

/// Returns a process's namespaces, as far as this one may see them.
pub(crate) fn namespaces(pid: u32) -> Vec<String> {
    let folder = format!("/proc/{pid}/ns");
    let kinds = names_in(&folder).into_iter();
    kinds
        .filter_map(|kind| fs::read_link(Path::new(&folder).join(kind)).ok())
        .map(|link| link.to_string_lossy().into_owned())
        .collect()
}

pub(crate) fn namespaces_of_this_process() -> BTreeSet<String> {
    namespaces(std::process::id()).into_iter().collect()
}

const TERMINAL: &str = "test/terminal.toml";
const DOOMED: &str = "doomed-harness";
const SIDE_BY_SIDE: usize = 20;
const STAYS_ALIVE: &str =
    "[[run]]\ndaemon = [\"sh\", \"-c\", \"while :; do sleep 1; done\", \"@marker@\"]\n";
