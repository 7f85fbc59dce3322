//! Real router programs on TAP interfaces, in real time, as an ordinary user.
//!
//! What the machine cannot do is skipped aloud, and an error where CI must have it.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use ngnlab_harness::checks;
use ngnlab_harness::dut::Failure;
use ngnlab_harness::dut::process::description::Description;
use ngnlab_harness::dut::process::{self, needs};
use ngnlab_harness::error::{Error, UNDETERMINED};
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::runner::{Ending, Run};
use ngnlab_reports::{Level, Verdict};
use ngnlab_sim::line::Area;
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::{End, Role, Seen};
use tempfile::TempDir;

fn main() -> ExitCode {
    if let Some(code) = process::hidden_command() {
        return code;
    }
    if let Some(folder) = env::args().skip_while(|word| word != DOOMED).nth(1) {
        let run = Bench::at(folder.into()).run(STAYS_ALIVE);
        return match run {
            Ok(_) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let mut arguments = Arguments::from_args();
    let obstacle = Bench::new().run("").err().map(|error| error.to_string());
    // They wait for time to pass, not for the processor.
    arguments.test_threads.get_or_insert(AT_ONCE);
    let sandbox = SANDBOX_TESTS.iter().map(|(name, test)| {
        gated(name, obstacle.as_deref(), || {
            test();
            Ok(())
        })
    });
    let devices = DEVICE_TESTS
        .iter()
        .map(|test| device_trial(*test, obstacle.as_deref()));
    libtest_mimic::run(&arguments, sandbox.chain(devices).collect()).exit_code()
}

/// Makes a trial that is skipped aloud because of an obstacle, unless CI must not have any.
fn gated(
    name: &str,
    obstacle: Option<&str>,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let Some(obstacle) = obstacle.map(str::to_owned) else {
        return Trial::test(name, test);
    };
    if env::var("CI").is_ok_and(|ci| ci == "true") {
        return Trial::test(name, move || Err(obstacle.into()));
    }
    Trial::test(format!("{name} (skipped: {obstacle})"), || Ok(())).with_ignored_flag(true)
}

/// A device, a scenario it copes with, and the area.
type DeviceTest = (&'static str, &'static str, Area);

const DEVICE_TESTS: &[DeviceTest] = &[
    (
        "dnsmasq-dhcpcd",
        "address/power-cut-on-a-pd-line",
        Area::East,
    ),
    (
        "dnsmasq-dhcpcd",
        "line-auth/succeeds-on-a-pd-line",
        Area::West,
    ),
    (
        "dnsmasq-wide-dhcpv6",
        "line-auth/succeeds-on-a-pd-line",
        Area::East,
    ),
    (
        "dnsmasq-wide-dhcpv6",
        "home-gateway/pd-below-the-home-gateway",
        Area::East,
    ),
    (
        "dnsmasq-ndppd",
        "line-auth/succeeds-on-an-ra-line",
        Area::East,
    ),
    (
        "dnsmasq-ndppd",
        "line-auth/succeeds-on-an-ra-line",
        Area::West,
    ),
    ("dnsmasq-ndppd", "dns/preferred-server-dead", Area::East),
];

fn device_trial(test: DeviceTest, obstacle: Option<&str>) -> Trial {
    let (device, scenario, area) = test;
    let name = format!("{device}::{scenario}::{}", area.name());
    let path = root().join(format!("harness/devices/{device}.toml"));
    let description = Description::load(&path).unwrap();
    let lacking = needs::check(&description)
        .err()
        .map(|error| error.to_string());
    gated(&name, obstacle.or(lacking.as_deref()), move || {
        let job = Job {
            scenario: root().join(format!("scenarios/{scenario}.toml")),
            area,
            seed: 1,
            pace: None,
            device: Device::File(path),
            out: None,
        };
        judge(&job, &description)
    })
}

/// Runs a job, and finds what is neither met nor known.
fn judge(job: &Job, description: &Description) -> Result<(), Failed> {
    let scenario = job.scenario()?;
    let run = job.run()?;
    if run.ending != Ending::Complete {
        return Err(format!("{:?}", run.ending).into());
    }
    let verdicts = checks::judge(&run.trace);
    let mut wrong = Vec::new();
    for (id, verdict) in &verdicts {
        let known = description.known.iter().any(|known| {
            let everywhere = known.scenarios.is_empty();
            known.check == *id && (everywhere || known.scenarios.contains(&scenario.name))
        });
        let must = checks::find(id).is_some_and(|check| check.level == Level::Must);
        match verdict {
            Verdict::Fail(finding) if must && !known => wrong.push(format!(
                "{id}: expected {}, seen {}",
                finding.expected, finding.actual
            )),
            Verdict::Pass(_) if known => {
                wrong.push(format!("{id}: passes, but is a known failure"))
            }
            _ => {}
        }
    }
    for id in &scenario.exercises {
        if !matches!(verdicts.get(id.get_ref().as_str()), Some(Verdict::Pass(_))) {
            wrong.push(format!(
                "{}: {:?}",
                id.get_ref(),
                verdicts.get(id.get_ref().as_str())
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(wrong.join("\n").into())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

const SANDBOX_TESTS: &[(&str, fn())] = &[
    (
        "a_linux_kernel_solicits_routers",
        a_linux_kernel_solicits_routers,
    ),
    (
        "a_program_that_is_not_there_never_started",
        a_program_that_is_not_there_never_started,
    ),
    (
        "a_setup_that_fails_never_started",
        a_setup_that_fails_never_started,
    ),
    (
        "a_daemon_without_its_file_is_never_ready",
        a_daemon_without_its_file_is_never_ready,
    ),
    (
        "a_daemon_that_ends_has_crashed",
        a_daemon_that_ends_has_crashed,
    ),
    (
        "a_daemon_that_writes_without_end_is_flooding",
        a_daemon_that_writes_without_end_is_flooding,
    ),
    ("a_missing_program_is_named", a_missing_program_is_named),
    (
        "a_mode_that_is_not_offered_is_no_failure",
        a_mode_that_is_not_offered_is_no_failure,
    ),
    (
        "nothing_of_the_host_can_be_changed",
        nothing_of_the_host_can_be_changed,
    ),
    (
        "a_killed_harness_leaves_nothing",
        a_killed_harness_leaves_nothing,
    ),
];

fn a_linux_kernel_solicits_routers() {
    let run = Bench::new()
        .run("[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up\"\n")
        .unwrap();
    assert_eq!(run.ending, Ending::Complete);
    let solicits = run.trace.records.iter().filter(|record| {
        let Seen::Frame {
            on: Role::Wan,
            from: End::Device,
            frame,
            ..
        } = &record.seen
        else {
            return false;
        };
        let packet = Packet::parse(frame);
        packet.is_some_and(|packet| matches!(Ndp::parse(&packet), Some(Ndp::RouterSolicit(_))))
    });
    assert!(solicits.count() > 0);
}

fn a_program_that_is_not_there_never_started() {
    let message = fails("[[run]]\ndaemon = [\"/no/such\"]\n", Failure::NeverStarted);
    assert!(message.contains("cannot start /no/such"), "{message}");
}

fn a_setup_that_fails_never_started() {
    let text = "[[run]]\nname = \"links\"\nsetup = \"echo no luck >&2; exit 7\"\n";
    let message = fails(text, Failure::NeverStarted);
    assert!(
        message.contains("links ended with exit status 7"),
        "{message}"
    );
    assert!(message.contains("no luck"), "{message}");
}

fn a_daemon_without_its_file_is_never_ready() {
    let text = "[[run]]\ndaemon = [\"sleep\", \"60\"]\nready = { file = \"/run/x\" }\n\
        within = \"300ms\"\n";
    let message = fails(text, Failure::NeverReady);
    assert!(
        message.contains("sleep did not make /run/x within 300ms"),
        "{message}"
    );
}

fn a_daemon_that_ends_has_crashed() {
    let text = "[[run]]\ndaemon = [\"sh\", \"-c\", \"sleep 0.5; echo help; kill -SEGV $$\"]\n";
    let message = fails(text, Failure::Crashed);
    assert!(
        message.contains("sh ended with signal SIGSEGV"),
        "{message}"
    );
    assert!(message.contains("help"), "{message}");
}

fn a_daemon_that_writes_without_end_is_flooding() {
    fails("[[run]]\ndaemon = [\"yes\"]\n", Failure::Flooding);
}

fn a_missing_program_is_named() {
    let bench = Bench::new();
    let text = bench
        .device("")
        .replace("needs = []", "needs = [\"no-such-program\"]");
    let error = bench.run_text(&text).unwrap_err();
    assert_eq!(error.exit_code(), UNDETERMINED);
    assert!(error.to_string().contains("no-such-program"), "{error}");
}

fn a_mode_that_is_not_offered_is_no_failure() {
    let bench = Bench::new();
    let text = bench.device("").replace("\"pd\"", "\"ra\"");
    let run = bench.run_text(&text).unwrap();
    assert!(
        matches!(run.ending, Ending::NotOffered(_)),
        "{:?}",
        run.ending
    );
}

fn nothing_of_the_host_can_be_changed() {
    let run = Bench::new().run(
        r#"
[[run]]
setup = """
if touch /etc/ngnlab-was-here || touch /ngnlab-was-here; then exit 1; fi
touch /run/mine /tmp/mine /var/lib/mine
test "$(ls /sys/class/net | tr '\\n' ' ')" = "lan0 lo wan0 "
test "$$" -lt 50
"""
"#,
    );
    assert_eq!(run.unwrap().ending, Ending::Complete);
    assert!(!Path::new("/etc/ngnlab-was-here").exists());
    assert!(!Path::new("/run/mine").exists());
}

fn a_killed_harness_leaves_nothing() {
    let bench = Bench::new();
    let mut harness = Command::new(env::current_exe().unwrap())
        .args([DOOMED, bench.folder.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The marker is in the command line of a program inside the sandbox.
    let marker = marker(&bench.folder);
    let began = (0..200).any(|_| {
        pause(Duration::from_millis(20));
        !processes_with(&marker).is_empty()
    });
    let below = children_of(harness.id());
    harness.kill().unwrap();
    harness.wait().unwrap();
    assert!(began, "the device was never started");
    assert!(
        below.len() >= 4,
        "worker, founder, pid 1 and a program, but: {below:?}"
    );
    let gone = (0..100).any(|_| {
        pause(Duration::from_millis(20));
        let left = below
            .iter()
            .filter(|pid| Path::new(&format!("/proc/{pid}")).exists());
        left.count() == 0
    });
    assert!(gone, "left: {below:?}");
    assert_eq!(processes_with(&marker), [""; 0]);
}

/// Runs a device that must fail in a certain way, and returns the message.
fn fails(device: &str, how: Failure) -> String {
    let run = Bench::new().run(device).unwrap();
    let Ending::DeviceFailed(failure) = run.ending else {
        panic!("the device did not fail: {:?}", run.ending);
    };
    assert_eq!(failure.how, how, "{}", failure.message);
    failure.message
}

/// A folder with a short scenario on a PD line and room for a device file.
struct Bench {
    folder: PathBuf,
    _scratch: Option<TempDir>,
}

impl Bench {
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().to_owned();
        let family = folder.join("test");
        fs::create_dir(&family).unwrap();
        let scenario = "about = \"Nothing happens.\"\nline = { preset = \"next-pd\" }\n\
            until = \"3s\"\n";
        fs::write(family.join("short.toml"), scenario).unwrap();
        Self {
            folder,
            _scratch: Some(scratch),
        }
    }

    /// A folder that another bench has made.
    fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            _scratch: None,
        }
    }

    fn device(&self, rest: &str) -> String {
        let head = "driver = \"process\"\nname = \"test\"\nneeds = []\n\
            offers = { modes = [\"pd\"] }\n";
        head.to_owned() + &rest.replace("@marker@", &marker(&self.folder))
    }

    fn run(&self, rest: &str) -> Result<Run, Error> {
        self.run_text(&self.device(rest))
    }

    fn run_text(&self, text: &str) -> Result<Run, Error> {
        let device = self.folder.join("device.toml");
        fs::write(&device, text).unwrap();
        let job = Job {
            scenario: self.folder.join("test/short.toml"),
            area: Area::East,
            seed: 1,
            pace: None,
            device: Device::File(device),
            out: None,
        };
        job.run()
    }
}

fn marker(folder: &Path) -> String {
    folder.file_name().unwrap().to_str().unwrap().to_owned()
}

fn processes_with(marker: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let with = entries.filter(|entry| {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).into_owned();
        words.contains(marker) && !words.contains(DOOMED)
    });
    with.map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Returns every process below another one.
fn children_of(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let mut below = Vec::new();
    for thread in threads.flatten() {
        let text = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in text.split_whitespace().filter_map(|word| word.parse().ok()) {
            below.push(child);
            below.extend(children_of(child));
        }
    }
    below
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that waits for other processes to end"
)]
fn pause(span: Duration) {
    std::thread::sleep(span);
}

/// Real time passes whatever the processor does.
const AT_ONCE: usize = 8;
const DOOMED: &str = "doomed-harness";
const STAYS_ALIVE: &str =
    "[[run]]\ndaemon = [\"sh\", \"-c\", \"while :; do sleep 1; done\", \"@marker@\"]\n";
