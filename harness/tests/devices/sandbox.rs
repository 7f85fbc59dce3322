//! What a device can do in its sandbox, and the ways in which it fails.

use std::path::Path;

use ngnlab_harness::dut::Failure;
use ngnlab_harness::error::UNDETERMINED;
use ngnlab_harness::runner::Ending;
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::{End, Role, Seen};

use crate::Test;
use crate::bench::Bench;

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

/// Runs a device that must fail in a certain way, and returns the message.
fn fails(device: &str, how: Failure) -> String {
    let run = Bench::new().run(device).unwrap();
    let Ending::DeviceFailed(failure) = run.ending else {
        panic!("the device did not fail: {:?}", run.ending);
    };
    assert_eq!(failure.how, how, "{}", failure.message);
    failure.message
}
