//! Runs that are broken off at random moments: nothing is left of them but what is finished, and
//! that is gone on with.
//!
//! Each is tried five times; `-- --ignored broken_off` tries it thirty times.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use libtest_mimic::Trial;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::bench::{Bench, children_of, eventually, marker, processes_with};
use crate::gated;
use crate::killed::{Elders, Host, namespaces, namespaces_of_this_process};
use crate::qemu::{Place, machine};

/// What breaks a run off.
#[derive(Clone, Copy, Debug)]
enum End {
    Signal(Signal),
    /// Whoever reads what it says goes away; the run goes on.
    ClosedPipe,
    /// The window is closed.
    NoTerminal,
}

const ENDS: &[(&str, End)] = &[
    ("sigkill", End::Signal(Signal::SIGKILL)),
    ("sigint", End::Signal(Signal::SIGINT)),
    ("sigterm", End::Signal(Signal::SIGTERM)),
    ("sighup", End::Signal(Signal::SIGHUP)),
    ("closed_pipe", End::ClosedPipe),
    ("closed_terminal", End::NoTerminal),
];

/// What drives the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Process,
    Qemu,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Qemu => "qemu",
        }
    }

    /// Returns how long a scenario lasts, so that not all of a run is its start.
    fn until(self) -> &'static str {
        match self {
            Self::Process => "2s",
            Self::Qemu => "3s",
        }
    }

    fn device(self, bench: &Bench) -> PathBuf {
        let marker = marker(&bench.folder);
        let text = match self {
            Self::Process => bench.device(SPEAKS),
            Self::Qemu => {
                let text = machine("ip link set eth0 up; ip link set eth1 up");
                text.replace("panic=1", &format!("panic=1 marker={marker}"))
            }
        };
        bench.write_device(&text)
    }
}

/// Returns a trial for each end of each device, and one of thirty times that is only run when it
/// is asked for.
pub(crate) fn trials(no_process: Option<&str>, no_machine: Option<&str>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (kind, obstacle) in [(Kind::Process, no_process), (Kind::Qemu, no_machine)] {
        for (name, end) in ENDS.iter().copied() {
            let name = format!("broken_off::{}::{name}", kind.name());
            trials.push(gated(&name, obstacle, move || {
                break_off(kind, end, FEW);
                Ok(())
            }));
            let thirty = Trial::test(format!("{name}::thirty_times"), move || {
                break_off(kind, end, MANY);
                Ok(())
            });
            trials.push(thirty.with_ignored_flag(true));
        }
    }
    trials
}

fn break_off(kind: Kind, end: End, times: u64) {
    let _place = (kind == Kind::Qemu).then(Place::take);
    let clock = Clock::starting_at(Time::ZERO);
    Broken::new(kind, "undisturbed".to_owned()).goes_on();
    let mut lasts = clock.now().since(Time::ZERO);
    let mut broken = 0;
    for seed in 0..times * TRIES {
        if broken == times {
            return;
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let moment = random.random_range(Duration::ZERO..lasts);
        let said = format!(
            "{} {end:?} seed {seed}, after {moment:?} of {lasts:?}",
            kind.name()
        );
        match Broken::new(kind, said).once(end, moment) {
            true => broken += 1,
            // The machine is less busy than it was.
            false => lasts = lasts.min(moment),
        }
    }
    assert_eq!(broken, times, "were broken off");
}

/// One run that is to be broken off.
struct Broken {
    bench: Bench,
    device: PathBuf,
    /// What a failure begins with.
    said: String,
}

impl Broken {
    fn new(kind: Kind, said: String) -> Self {
        let bench = Bench::new();
        let scenario = fs::read_to_string(bench.folder.join("test/short.toml")).unwrap();
        let brief = scenario.replace("3s", kind.until());
        fs::write(bench.folder.join("test/brief.toml"), brief).unwrap();
        fs::create_dir(bench.folder.join("tmp")).unwrap();
        Self {
            device: kind.device(&bench),
            bench,
            said,
        }
    }

    /// Breaks it off at a moment and goes on with it; false if it had ended by itself.
    fn once(&self, end: End, moment: Duration) -> bool {
        let said = &self.said;
        let before = Host::look();
        let mut harness = self.start(end);
        let ended_early = eventually(moment, || harness.try_wait().unwrap().is_some());
        let below = children_of(harness.id());
        let theirs: BTreeSet<String> = below.iter().flat_map(|pid| namespaces(*pid)).collect();
        let theirs = &theirs - &namespaces_of_this_process();
        let elders = Elders::look();
        strike(&mut harness, end);
        let status = harness.wait().unwrap();
        if let End::Signal(signal) = end {
            // One that comes before it is awaited ends the run as it ends any program; one that
            // comes too late finds it at its own end.
            let by_signal = status.signal() == Some(signal as i32);
            let by_itself = matches!(status.code(), Some(0 | 1 | 3));
            assert!(by_signal || by_itself, "{said}: {status}");
        }

        let marker = marker(&self.bench.folder);
        let gone = eventually(Duration::from_secs(60), || {
            let alive = |pid: &u32| Path::new(&format!("/proc/{pid}")).exists();
            !below.iter().any(alive) && processes_with(&marker).is_empty()
        });
        assert!(gone, "{said}: left {below:?} {:?}", processes_with(&marker));
        let left = elders.still_in(&theirs);
        assert!(left.is_empty(), "{said}: left {left:?}");
        assert_eq!(Host::look(), before, "{said}");
        self.is_readable();
        self.goes_on();
        !ended_early
    }

    /// Looks that the journal can be shown, as far as it goes.
    fn is_readable(&self) {
        let journal = fs::read(self.out().join("journal.jsonl")).unwrap_or_default();
        if !journal.contains(&b'\n') {
            return;
        }
        let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
        for line in lines.iter().filter(|line| line.ends_with(b"\n")) {
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(line);
            assert!(parsed.is_ok(), "{}: {parsed:?}", self.said);
        }
        let mut render = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
        render.env("LC_ALL", "C");
        let shown = render.arg("render").arg(self.out().join("journal.jsonl"));
        let shown = shown.output().unwrap();
        assert_eq!(shown.status.code(), Some(0), "{}: {shown:?}", self.said);
    }

    /// Goes on with the run, and looks that all of it is there and nothing else.
    fn goes_on(&self) {
        let said = &self.said;
        let journal = self.out().join("journal.jsonl");
        let has_ended = self.json().exists() && !journal.exists();
        let output = self.command().arg("--resume").output().unwrap();
        if has_ended {
            assert_eq!(output.status.code(), Some(2), "{said}: {output:?}");
        } else {
            self.is_whole(&output);
        }
        let report: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(self.json()).unwrap()).unwrap();
        let cases = report["cases"].as_array().unwrap();
        let names = cases.iter().map(|case| (&case["scenario"], &case["area"]));
        let names: Vec<String> = names.map(|(name, area)| format!("{name} {area}")).collect();
        let all = ["\"test/brief\" \"east\"", "\"test/brief\" \"west\""];
        assert_eq!(names, all, "{said}: {report}");
        for case in cases {
            assert_eq!(case["outcome"], "judged", "{said}: {}", case["outcome"]);
            assert!(
                Path::new(case["trace"].as_str().unwrap()).is_file(),
                "{said}"
            );
        }
        assert_eq!(report["left_out"].as_array().unwrap().len(), 0, "{said}");
        assert!(!journal.exists(), "{said}");
        if !has_ended {
            let mut tree = Command::new("find");
            let left = tree.arg(self.bench.folder.join("tmp")).output().unwrap();
            let left = String::from_utf8_lossy(&left.stdout);
            assert_eq!(left.lines().count(), 1, "{said}: {left}");
        }
    }

    fn is_whole(&self, output: &Output) {
        // The device does nothing but stay alive.
        let told = matches!(output.status.code(), Some(0 | 1 | 3));
        assert!(told, "{}: {output:?}", self.said);
    }

    fn start(&self, end: End) -> Child {
        let mut command = self.command();
        let mut command = match end {
            End::NoTerminal => {
                let words: Vec<String> = [command.get_program()]
                    .into_iter()
                    .chain(command.get_args())
                    .map(|word| word.to_string_lossy().into_owned())
                    .collect();
                let mut script = Command::new("script");
                script.args(["-qec", &format!("exec {}", words.join(" ")), "/dev/null"]);
                script.env("TMPDIR", self.bench.folder.join("tmp"));
                script.stdin(Stdio::null());
                script
            }
            End::Signal(_) | End::ClosedPipe => {
                command.stdin(Stdio::null());
                command
            }
        };
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
        command.env("LC_ALL", "C");
        command
            .args([
                "run",
                "--jobs",
                "1",
                "--scenario",
                "test/brief",
                "--scenarios",
            ])
            .arg(&self.bench.folder)
            .arg("--device")
            .arg(&self.device)
            .arg("--out")
            .arg(self.out())
            .arg("--json")
            .arg(self.json())
            .env("TMPDIR", self.bench.folder.join("tmp"));
        command
    }

    fn out(&self) -> PathBuf {
        self.bench.folder.join("out")
    }

    fn json(&self) -> PathBuf {
        self.bench.folder.join("report.json")
    }
}

fn strike(harness: &mut Child, end: End) {
    let signal = match end {
        End::Signal(signal) => signal,
        End::NoTerminal => Signal::SIGKILL,
        End::ClosedPipe => {
            drop(harness.stdout.take());
            drop(harness.stderr.take());
            return;
        }
    };
    // It has not been waited for, so the number is still its own.
    let _ = kill(Pid::from_raw(harness.id().try_into().unwrap()), signal);
}

const FEW: u64 = 5;
const MANY: u64 = 30;
/// A run may have ended by itself before it is broken off.
const TRIES: u64 = 4;
const SPEAKS: &str = "[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up\"\n\
    [[run]]\ndaemon = [\"sh\", \"-c\", \"while :; do sleep 1; done\", \"@marker@\"]\n";
