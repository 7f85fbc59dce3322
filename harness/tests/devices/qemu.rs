//! Router images under QEMU: a subset of scenarios on the image of harness/images, and the ways in
//! which a machine fails.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use libtest_mimic::Trial;
use ngnlab_harness::dut::description::Description;
use ngnlab_harness::dut::{Failure, Prepared, needs};
use ngnlab_harness::error::UNDETERMINED;
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::launch::{self, Preparation};
use ngnlab_harness::play::{Ending, Run};
use ngnlab_harness::scenario::Scenario;
use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Mode;

use crate::bench::{Bench, children_of, eventually, marker, processes_with, root};
use crate::{Test, gated, routers, terminals};

/// What the image copes with.
const SCENARIOS: &[(&str, Area)] = &[
    ("address/power-cut-on-a-pd-line", Area::West),
    ("line-auth/succeeds-on-a-pd-line", Area::East),
    ("dns/large-answers", Area::West),
    ("dns/real-programs-ask", Area::East),
    ("pppoe/isp-beside-ons", Area::East),
];

const TESTS: &[Test] = &[
    ("a_guest_that_panics_is_told", a_guest_that_panics_is_told),
    ("a_guest_that_hangs_is_told", a_guest_that_hangs_is_told),
    (
        "a_guest_that_restarts_or_switches_itself_off_has_crashed",
        a_guest_that_restarts_or_switches_itself_off_has_crashed,
    ),
    ("a_full_disk_is_told", a_full_disk_is_told),
    ("a_boot_loop_is_told", a_boot_loop_is_told),
    (
        "a_console_without_its_words_is_never_ready",
        a_console_without_its_words_is_never_ready,
    ),
    (
        "a_configuration_that_fails_is_told",
        a_configuration_that_fails_is_told,
    ),
    (
        "an_emulator_that_ends_at_once_never_started",
        an_emulator_that_ends_at_once_never_started,
    ),
    (
        "a_console_that_is_closed_is_told",
        a_console_that_is_closed_is_told,
    ),
    (
        "a_console_that_is_written_without_end_is_flooding",
        a_console_that_is_written_without_end_is_flooding,
    ),
    (
        "an_emulator_that_answers_nothing_is_told",
        an_emulator_that_answers_nothing_is_told,
    ),
    (
        "what_a_guest_writes_to_its_disk_is_its_own",
        what_a_guest_writes_to_its_disk_is_its_own,
    ),
    (
        "a_killed_harness_takes_its_machines_with_it",
        a_killed_harness_takes_its_machines_with_it,
    ),
];

/// Builds the router image, unless it was built before, by the script as it is.
fn image() -> Result<(), String> {
    let images = root().join("harness/images");
    let made = |file: &str| fs::metadata(images.join(file)).and_then(|found| found.modified());
    let since = made("debian.sh").map_err(|error| error.to_string())?;
    let image = ["debian/vmlinux", "debian/initramfs.cpio"];
    if image
        .map(made)
        .iter()
        .all(|at| at.as_ref().is_ok_and(|at| *at >= since))
    {
        return Ok(());
    }
    let built = Command::new("bash").arg(images.join("debian.sh")).output();
    let built = built.map_err(|error| format!("cannot build the router image: {error}"))?;
    match built.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&built.stderr).trim().to_owned()),
    }
}

/// Tests that need no machine.
const ALWAYS: &[Test] = &[(
    "an_image_that_is_missing_is_told_with_the_way_to_get_it",
    an_image_that_is_missing_is_told_with_the_way_to_get_it,
)];

/// Returns why there can be no machine of the image, if there can be none.
pub(crate) fn obstacle() -> Option<String> {
    let description = Description::load(&device()).unwrap();
    image().err().or_else(|| {
        let lacking = needs::check(&description).err();
        lacking.map(|error| error.with_causes())
    })
}

/// Returns a trial for each scenario on the image, and for each way of failing.
pub(crate) fn trials(obstacle: Option<String>) -> Vec<Trial> {
    let description = Description::load(&device()).unwrap();
    let scenarios = SCENARIOS.iter().map(|(scenario, area)| {
        let name = format!("qemu-debian::{scenario}::{}", area.name());
        let description = description.clone();
        let path = root().join(format!("scenarios/{scenario}.toml"));
        let lacking = terminals::lacking(&Scenario::load(&path).unwrap());
        gated(
            &name,
            obstacle.as_deref().or(lacking.as_deref()),
            move || {
                let _place = Place::take();
                let mut job = Job {
                    scenario: path,
                    area: *area,
                    delivery: Some(Mode::Pd),
                    seed: 1,
                    pace: None,
                    device: Device::File(device()),
                    prepared: None,
                    // A terminal's files are kept, whoever this runs as.
                    out: Some(
                        Path::new(env!("CARGO_TARGET_TMPDIR"))
                            .join("qemu")
                            .join(scenario),
                    ),
                };
                let preparation = launch::prepare(&device(), &AtomicBool::new(false))?;
                job.prepared = preparation.prepared.clone();
                routers::judge(&job, &description)
            },
        )
    });
    let tests = TESTS.iter().map(|(name, test)| {
        gated(&format!("qemu::{name}"), obstacle.as_deref(), move || {
            let _place = Place::take();
            test();
            Ok(())
        })
    });
    let emulator = needs::missing(&description)
        .first()
        .map(|_| obstacle.clone());
    let always = ALWAYS.iter().map(|(name, test)| {
        let name = format!("qemu::{name}");
        gated(&name, emulator.clone().flatten().as_deref(), move || {
            test();
            Ok(())
        })
    });
    scenarios.chain(tests).chain(always).collect()
}

fn a_guest_that_panics_is_told() {
    let message = fails(
        "(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &",
        Failure::Panicked,
    );
    assert!(message.contains("Kernel panic"), "{message}");
}

fn a_guest_that_hangs_is_told() {
    // The console's shell is the parent of what is run.
    let message = fails(
        "shell=$PPID\n(sleep 1; kill -STOP $shell) >/dev/null 2>&1 &",
        Failure::Hung,
    );
    assert!(
        message.contains("not answered an Enter for 3s"),
        "{message}"
    );
}

fn a_guest_that_restarts_or_switches_itself_off_has_crashed() {
    let message = fails("(sleep 1; reboot -f) >/dev/null 2>&1 &", Failure::Crashed);
    assert!(message.contains("restarted by itself"), "{message}");
    let message = fails("(sleep 1; poweroff -f) >/dev/null 2>&1 &", Failure::Crashed);
    assert!(
        message.contains("qemu-system-x86_64 ended with exit status 0"),
        "{message}"
    );
}

fn a_full_disk_is_told() {
    let message = fails(
        "(sleep 1; dd if=/dev/zero of=/run/full bs=1M) >/dev/console 2>&1 &",
        Failure::DiskFull,
    );
    assert!(message.contains("No space left on device"), "{message}");
}

fn a_boot_loop_is_told() {
    let bench = Bench::new();
    // The kernel's first program restarts the machine.
    let text = machine("").replace("no_timer_check", "no_timer_check rdinit=/bin/reboot -- -f");
    let message = failure(bench.run_text(&text).unwrap(), Failure::BootLoop);
    assert!(message.contains("again and again"), "{message}");
}

fn a_console_without_its_words_is_never_ready() {
    let bench = Bench::new();
    let nowhere = "wait = \"Welcome to nowhere\"\nwithin = \"3s\"";
    let text = machine("").replace("wait = \"# \"", nowhere);
    let message = failure(bench.run_text(&text).unwrap(), Failure::NeverReady);
    let words = "`Welcome to nowhere` did not come on the console within 3s";
    assert!(message.contains(words), "{message}");
    assert!(message.contains("router login:"), "{message}");
}

fn a_configuration_that_fails_is_told() {
    let message = fails("echo no luck\nexit 7", Failure::NeverReady);
    assert!(message.contains("ended with status 7"), "{message}");
    assert!(message.contains("no luck"), "{message}");
}

fn an_emulator_that_ends_at_once_never_started() {
    let bench = Bench::new();
    let text = format!("arguments = [\"-no-such-option\"]\n{}", machine(""));
    let job = bench.job(&text);
    let Device::File(device) = &job.device else {
        panic!("{job:?}");
    };
    let message = failure(job.run().unwrap(), Failure::NeverStarted);
    assert!(message.contains("exit status 1"), "{message}");
    assert!(message.contains("-no-such-option"), "{message}");
    // Where it is prepared, that is known before the first run.
    let preparation = launch::prepare(device, &AtomicBool::new(false)).unwrap();
    let Some(Prepared::Failed(failure)) = &preparation.prepared else {
        panic!("{preparation:?}");
    };
    assert_eq!(failure.how, Failure::NeverStarted);
    let prepared = preparation.prepared.clone();
    let run = Job { prepared, ..job }.run().unwrap();
    assert_eq!(run.ending, Ending::DeviceFailed(failure.clone()));
}

fn a_console_that_is_closed_is_told() {
    let message = fails_as("exec {console}>&-", Failure::ConsoleClosed);
    assert!(message.contains("while QEMU runs on"), "{message}");
}

fn a_console_that_is_written_without_end_is_flooding() {
    let message = fails_as("yes >&\"$console\" &", Failure::Flooding);
    assert!(message.contains("writes without end"), "{message}");
}

fn an_emulator_that_answers_nothing_is_told() {
    let message = fails_as("sleep 1000", Failure::Hung);
    assert!(message.contains("answered nothing"), "{message}");
}

/// Runs a script in QEMU's place, which must fail in a certain way, and returns the message.
fn fails_as(script: &str, how: Failure) -> String {
    let bench = Bench::new();
    let emulator = bench.folder.join("emulator");
    fs::write(&emulator, EMULATOR.replace("@script@", script)).unwrap();
    fs::set_permissions(&emulator, fs::Permissions::from_mode(0o755)).unwrap();
    let text = format!("emulator = \"{}\"\n{}", emulator.display(), machine(""));
    failure(bench.run_text(&text).unwrap(), how)
}

fn what_a_guest_writes_to_its_disk_is_its_own() {
    let bench = Bench::new();
    let disk = bench.folder.join("disk.img");
    fs::write(&disk, [0; 1 << 20]).unwrap();
    let write = |text: &str| format!("printf {text} | dd of=/dev/vda conv=fsync 2>/dev/null");
    let read = |text: &str| format!("test \"$(head -c 6 /dev/vda)\" = {text}");
    let boot = format!("[[boot]]\nrun = '''\n{}\n'''\n", write("booted"));
    let configure = format!(
        "{}\n{}\n{}\n{GREETS}",
        read("booted"),
        write("myself"),
        read("myself")
    );
    let text = format!("disk = \"disk.img\"\n{}{boot}", machine(&configure));
    let job = bench.job(&text);
    let Device::File(device) = &job.device else {
        panic!("{job:?}");
    };
    let preparation = launch::prepare(device, &AtomicBool::new(false)).unwrap();
    let prepared = preparation.prepared.clone();
    assert!(matches!(prepared, Some(Prepared::Saved(_))), "{prepared:?}");
    let job = Job { prepared, ..job };
    // Side by side, and after one another.
    for _ in 0..2 {
        let runs = thread::scope(|scope| {
            let runs = [scope.spawn(|| job.run()), scope.spawn(|| job.run())];
            runs.map(|run| run.join().unwrap().unwrap().ending)
        });
        assert_eq!(runs, [Ending::Complete, Ending::Complete]);
    }
    assert!(fs::read(&disk).unwrap().iter().all(|byte| *byte == 0));
}

fn a_killed_harness_takes_its_machines_with_it() {
    let bench = Bench::new();
    let marker = marker(&bench.folder);
    let text = machine("true").replace("panic=1", &format!("panic=1 marker={marker}"));
    let device = bench.write_device(&text);
    let mut harness = Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .env("LC_ALL", "C")
        .args([
            "run",
            "--scenario",
            "test/lasting",
            "--jobs",
            "2",
            "--scenarios",
        ])
        .arg(&bench.folder)
        .arg("--device")
        .arg(&device)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // QEMU's command line has the guest's kernel's; a starter becomes QEMU.
    let with_marker = format!("marker={marker}");
    let began = eventually(Duration::from_secs(300), || {
        processes_with(&with_marker).len() >= 2
    });
    let below = children_of(harness.id());
    harness.kill().unwrap();
    harness.wait().unwrap();
    assert!(began, "the machines were never started");
    let gone = eventually(Duration::from_secs(10), || {
        processes_with(&with_marker).is_empty()
            && below
                .iter()
                .all(|pid| !PathBuf::from(format!("/proc/{pid}")).exists())
    });
    assert!(gone, "left: {below:?} {:?}", processes_with(&with_marker));
}

fn an_image_that_is_missing_is_told_with_the_way_to_get_it() {
    let bench = Bench::new();
    let text = machine("").replace("vmlinux", "no-such-kernel");
    let text = format!("image-from = \"make image\"\n{text}");
    let error = bench.run_text(&text).unwrap_err();
    assert_eq!(error.exit_code(), UNDETERMINED);
    let told = error.with_causes();
    assert!(told.contains("no-such-kernel"), "{told}");
    assert!(told.contains("get it with: make image"), "{told}");
}

/// Runs commands in a guest that has booted, which must fail in a certain way, and returns the
/// message.
fn fails(commands: &str, how: Failure) -> String {
    let bench = Bench::new();
    let mut job = bench.job(&machine(commands));
    job.scenario = bench.folder.join("test/lasting.toml");
    job.prepared = booted().prepared.clone();
    failure(job.run().unwrap(), how)
}

fn failure(run: Run, how: Failure) -> String {
    let Ending::DeviceFailed(failure) = run.ending else {
        panic!("the device did not fail: {:?}", run.ending);
    };
    assert_eq!(failure.how, how, "{}", failure.message);
    failure.message
}

/// A machine that has booted, for all tests that only configure it in another way.
fn booted() -> &'static Preparation {
    static BOOTED: OnceLock<Preparation> = OnceLock::new();
    BOOTED.get_or_init(|| {
        let bench = Bench::new();
        let device = bench.write_device(&machine(""));
        launch::prepare(&device, &AtomicBool::new(false)).unwrap()
    })
}

/// Returns the text of a device file for the image, which runs commands to be configured.
pub(crate) fn machine(commands: &str) -> String {
    let image = root().join("harness/images/debian");
    let image = image.display();
    let configure = match commands {
        "" => String::new(),
        commands => format!("[[configure]]\nrun = '''\n{commands}\n'''\n"),
    };
    format!(
        "driver = \"qemu\"\nname = \"test\"\noffers = {{ modes = [\"pd\"] }}\n\
        kernel = \"{image}/vmlinux\"\ninitrd = \"{image}/initramfs.cpio\"\n\
        append = \"console=ttyS0 quiet panic=1 no_timer_check\"\nhung-after = \"3s\"\n\
        [[boot]]\nwait = \"login: \"\nsend = \"root\"\nwithin = \"300s\"\n\
        [[boot]]\nwait = \"# \"\n[[boot]]\nrun = \"stty -echo </dev/console\"\n{configure}"
    )
}

fn device() -> PathBuf {
    root().join("harness/devices/qemu-debian.toml")
}

/// The right to run machines: an emulated processor takes a real one.
pub(crate) struct Place;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREE: Condvar = Condvar::new();

impl Place {
    pub(crate) fn take() -> Self {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = FREE
            .wait_while(taken, |taken| *taken >= AT_ONCE)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREE.notify_one();
    }
}

const AT_ONCE: usize = 3;
/// A machine that never sends anything has failed.
const GREETS: &str = "ip link set eth0 up; ip link set eth1 up";
/// Does something with its console, and then answers every order.
const EMULATOR: &str = r#"#!/bin/bash
for word; do
    case $word in
    socket,id=console,fd=*) console=${word##*=} ;;
    socket,id=control,fd=*) control=${word##*=} ;;
    esac
done
@script@
echo '{"QMP": {}}' >&"$control"
while read -r _ <&"$control"; do
    echo '{"return": {}}' >&"$control"
done
"#;
