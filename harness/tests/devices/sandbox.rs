//! What a device can do in its sandbox, and the ways in which it fails.

use std::path::Path;

use ngnlab_harness::checks;
use ngnlab_harness::dut::Failure;
use ngnlab_harness::error::UNDETERMINED;
use ngnlab_harness::play::Ending;
use ngnlab_reports::Verdict;
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::{End, Role, Seen};

use crate::Test;
use crate::bench::{Bench, LINKS_UP, root};

pub(crate) const TESTS: &[Test] = &[
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
    (
        "a_daemon_that_takes_memory_without_end_is_bloated",
        a_daemon_that_takes_memory_without_end_is_bloated,
    ),
    (
        "a_device_that_deletes_its_interface_is_unplugged",
        a_device_that_deletes_its_interface_is_unplugged,
    ),
    (
        "a_device_that_sends_nothing_is_hung",
        a_device_that_sends_nothing_is_hung,
    ),
    (
        "a_device_that_answers_nothing_is_judged",
        a_device_that_answers_nothing_is_judged,
    ),
    (
        "a_device_that_floods_a_cable_is_flooding",
        a_device_that_floods_a_cable_is_flooding,
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

fn a_daemon_that_takes_memory_without_end_is_bloated() {
    // `tail` keeps a line that does not end.
    let bench = Bench::new();
    let text = "[[run]]\ndaemon = [\"tail\", \"-n\", \"1\", \"/dev/zero\"]\n";
    let mut job = bench.job(&bench.device(text));
    job.scenario = bench.folder.join("test/lasting.toml");
    let Ending::DeviceFailed(failure) = job.run().unwrap().ending else {
        panic!("the device did not fail");
    };
    assert_eq!(failure.how, Failure::Bloated, "{}", failure.message);
    assert!(
        failure.message.contains("of 512 MiB at most"),
        "{}",
        failure.message
    );
}

fn a_device_that_deletes_its_interface_is_unplugged() {
    let text = "[[run]]\ndaemon = [\"sh\", \"-c\", \"sleep 1; ip link del lan0; sleep 60\"]\n";
    let message = fails(text, Failure::Unplugged);
    assert_eq!(
        message,
        "the device deleted, renamed or moved its interface lan0"
    );
}

fn a_device_that_sends_nothing_is_hung() {
    let message = fails("[[run]]\ndaemon = [\"sleep\", \"60\"]\n", Failure::Hung);
    assert!(message.contains("sent nothing"), "{message}");
}

fn a_device_that_answers_nothing_is_judged() {
    // The kernel says that the links are there; nobody routes, advertises or answers.
    let bench = Bench::new();
    let device = format!("[[run]]\nsetup = \"{LINKS_UP}\"\n");
    let mut job = bench.job(&bench.device(&device));
    job.scenario = root().join("scenarios/line-auth/succeeds-on-a-pd-line.toml");
    let run = job.run().unwrap();
    assert_eq!(run.ending, Ending::Complete);
    let verdicts = checks::judge(&run.trace).unwrap();
    let passed = |id: &str| matches!(verdicts.get(id), Some(Verdict::Pass(_)));
    for id in ["lan.ra.advertising", "ons.line-auth.reaches-site"] {
        assert!(!passed(id), "{id}: {:?}", verdicts.get(id));
    }
    let failed = verdicts
        .values()
        .filter(|verdict| matches!(verdict, Verdict::Fail(_)));
    assert!(failed.count() > 0);
}

fn a_device_that_floods_a_cable_is_flooding() {
    // A datagram after the other, as fast as a shell sends them.
    let text = r#"
[[run]]
setup = """
ip link set wan0 up
ip -6 address add 2001:db8::1/64 dev wan0 nodad
ip -6 neigh add 2001:db8::2 lladdr 02:00:00:00:00:01 dev wan0
"""
[[run]]
daemon = ["bash", "-c", "while :; do printf flood >/dev/udp/2001:db8::2/9; done"]
"#;
    let bench = Bench::new();
    let mut job = bench.job(&bench.device(text));
    job.scenario = bench.folder.join("test/lasting.toml");
    let Ending::DeviceFailed(failure) = job.run().unwrap().ending else {
        panic!("the device did not fail");
    };
    assert_eq!(failure.how, Failure::Flooding, "{}", failure.message);
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
ip link set wan0 up
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

/// Runs a device that must fail in a certain way, and returns the message.
fn fails(device: &str, how: Failure) -> String {
    let run = Bench::new().run(device).unwrap();
    let Ending::DeviceFailed(failure) = run.ending else {
        panic!("the device did not fail: {:?}", run.ending);
    };
    assert_eq!(failure.how, how, "{}", failure.message);
    failure.message
}
