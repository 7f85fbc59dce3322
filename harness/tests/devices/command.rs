//! `ngnlab run --device FILE` as its user meets it: Ctrl-C, progress, logs, a machine that lacks
//! something.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;
use ngnlab_sim::trace::{Fact, Seen, Trace};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Test;
use crate::bench::{Bench, LINKS_UP, children_of, eventually, marker, processes_with};

pub(crate) const TESTS: &[Test] = &[
    (
        "ctrl_c_keeps_what_is_finished_and_ends_the_rest",
        ctrl_c_keeps_what_is_finished_and_ends_the_rest,
    ),
    (
        "on_a_terminal_the_bar_moves_with_time",
        on_a_terminal_the_bar_moves_with_time,
    ),
    (
        "a_failed_device_s_log_is_kept_and_named",
        a_failed_device_s_log_is_kept_and_named,
    ),
    (
        "a_missing_program_is_told_once_with_its_package",
        a_missing_program_is_told_once_with_its_package,
    ),
    (
        "a_machine_without_tun_is_told_how_to_get_it",
        a_machine_without_tun_is_told_how_to_get_it,
    ),
    (
        "a_closed_tun_is_told_how_to_open_it",
        a_closed_tun_is_told_how_to_open_it,
    ),
    (
        "a_machine_without_user_namespaces_is_told_how_to_allow_them",
        a_machine_without_user_namespaces_is_told_how_to_allow_them,
    ),
    (
        "several_devices_are_compared_and_the_worst_decides",
        several_devices_are_compared_and_the_worst_decides,
    ),
    (
        "device_check_shows_each_stage_and_where_it_stops",
        device_check_shows_each_stage_and_where_it_stops,
    ),
    (
        "device_check_tells_why_a_device_never_started",
        device_check_tells_why_a_device_never_started,
    ),
    (
        "doctor_names_what_is_missing_and_what_mends_it",
        doctor_names_what_is_missing_and_what_mends_it,
    ),
];

fn ctrl_c_keeps_what_is_finished_and_ends_the_rest() {
    let bench = Bench::new();
    // The kernel says that the links are there, so that what has ended was no failure.
    let links = format!("[[run]]\nsetup = \"{LINKS_UP}\"\n{STAYS_ALIVE}");
    let device = bench.write_device(&bench.device(&links));
    let out = bench.folder.join("out");
    let json = bench.folder.join("report.json");
    let mut harness = ngnlab(&bench, &device)
        .args(["--area", "east", "--out", text(&out), "--json", text(&json)])
        .spawn()
        .unwrap();
    let short = out.join("test/short-east");
    let finished = eventually(Duration::from_secs(30), || {
        short.join("capture.pcapng").exists() && processes_with(&marker(&bench.folder)).len() == 2
    });
    let below = children_of(harness.id());
    let clock = Clock::starting_at(Time::ZERO);
    interrupt(&mut harness);
    let output = harness.wait_with_output().unwrap();
    let took = clock.now().since(Time::ZERO);

    let (said, remarks) = (said(&output.stdout), said(&output.stderr));
    assert!(finished, "{said}{remarks}");
    assert!(took < Duration::from_secs(4), "it took {took:?}");
    assert_eq!(output.status.code(), Some(3), "{said}{remarks}");
    assert!(said.contains("1 in east, 1 runs"), "{said}");
    assert!(
        said.contains("left out: test/lasting (east) (stopped by the user)"),
        "{said}"
    );
    // Nothing but this where nobody watches.
    assert_eq!(
        remarks,
        "2 scenarios, 2 runs, about 1 min 42 s, as many at a time as this machine keeps up \
        with\n\
        stopped by the user; what had ended by then is judged; --resume runs the rest\n"
    );
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(report["cases"][0]["scenario"], "test/short");
    assert_eq!(report["left_out"][0]["scenario"], "test/lasting (east)");
    assert!(short.join("trace.jsonl").is_file());
    let gone = eventually(Duration::from_secs(10), || {
        below
            .iter()
            .all(|pid| !Path::new(&format!("/proc/{pid}")).exists())
    });
    assert!(gone, "left: {below:?}");
}

fn on_a_terminal_the_bar_moves_with_time() {
    let bench = Bench::new();
    let device = bench.write_device(&bench.device(STAYS_ALIVE));
    let command = format!(
        "{} run --device {} --scenarios {} --scenario test/short",
        env!("CARGO_BIN_EXE_ngnlab"),
        text(&device),
        text(&bench.folder)
    );
    // It gives the command a terminal of its own, and copies what appears there.
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("`script` is in Debian's package `bsdutils`");
    let said = said(&output.stdout);
    for words in ["0/2 runs done, 1 s of about 5 s", "2/2 runs done"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

fn a_failed_device_s_log_is_kept_and_named() {
    let bench = Bench::new();
    let crashes = "[[run]]\nname = \"router\"\n\
        daemon = [\"sh\", \"-c\", \"sleep 0.5; echo out of luck; exit 4\"]\n";
    let device = bench.write_device(&bench.device(crashes));
    let out = bench.folder.join("out");
    let output = ngnlab(&bench, &device)
        .args(["--scenario", "test/short", "--area", "east"])
        .args(["--out", text(&out)])
        .output()
        .unwrap();
    let said = said(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("router ended with exit status 4"), "{said}");
    let log = out.join("test/short-east/logs/router.log");
    assert!(said.contains(text(&log)), "{said}");
    assert_eq!(fs::read_to_string(&log).unwrap(), "out of luck\n");
    // Its lines stand in the trace, too, when they were written.
    let trace = fs::File::open(out.join("test/short-east/trace.jsonl")).unwrap();
    let trace = Trace::load(trace).unwrap();
    let logged = trace
        .records
        .iter()
        .filter_map(|record| match &record.seen {
            Seen::Fact {
                fact: Fact::Logged { log, line },
                ..
            } => Some((&log[..], &line[..], record.at)),
            _ => None,
        });
    let logged: Vec<_> = logged.collect();
    let [("router", "out of luck", at)] = logged[..] else {
        panic!("{logged:?}");
    };
    let begun = Time::ZERO - Duration::from_secs(1);
    assert!(at > begun && at < Time::from_secs(5), "{at}");
}

fn a_missing_program_is_told_once_with_its_package() {
    let bench = Bench::new();
    let needs = bench
        .device("")
        .replace("needs = []", "needs = [\"/nowhere/dhcp6c\"]");
    let device = bench.write_device(&needs);
    lacks(
        &ngnlab(&bench, &device).output().unwrap(),
        &[
            "there is no /nowhere/dhcp6c",
            "`sudo apt-get install wide-dhcpv6-client`",
        ],
    );
}

fn a_machine_without_tun_is_told_how_to_get_it() {
    lacks(
        &elsewhere("mount -t tmpfs none /dev/net"),
        &[
            "/dev/net/tun: there is no such device",
            "`sudo modprobe tun`",
        ],
    );
}

fn a_closed_tun_is_told_how_to_open_it() {
    // Without device files the kernel denies what a missing permission denies.
    lacks(
        &elsewhere("mount --bind /dev/net /dev/net; mount -o remount,bind,nodev /dev/net"),
        &[
            "/dev/net/tun: permission denied",
            "`sudo chmod 0666 /dev/net/tun`",
        ],
    );
}

fn a_machine_without_user_namespaces_is_told_how_to_allow_them() {
    lacks(
        &elsewhere("echo 0 >/proc/sys/user/max_user_namespaces"),
        &[
            "cannot make a user namespace",
            "`sudo sysctl -w user.max_user_namespaces=15000`",
        ],
    );
}

fn several_devices_are_compared_and_the_worst_decides() {
    let bench = Bench::new();
    let speaks = "[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up\"\n";
    let good = bench.write_device(&bench.device(speaks));
    let good = rename(&good, "good.toml");
    let bad = bench.write_device(&bench.device("[[run]]\nsetup = \"exit 5\"\n"));
    let bad = rename(&bad, "bad.toml");
    let (out, json) = (bench.folder.join("out"), bench.folder.join("all.json"));
    let output = ngnlab(&bench, &good)
        .args(["--device", text(&bad), "--device", "reference"])
        .args(["--scenario", "test/short", "--area", "east"])
        .args(["--out", text(&out), "--json", text(&json)])
        .output()
        .unwrap();
    let rendered = asked(&["render", text(&json)]).output().unwrap();
    assert_eq!(rendered.stdout, output.stdout);
    let said = said(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let row = said
        .lines()
        .find(|line| line.starts_with("test/short (east)"));
    let cells: Vec<&str> = row.unwrap_or_default().split("  ").collect();
    assert!(
        cells.iter().any(|cell| cell.trim() == "NEVER STARTED"),
        "{said}"
    );
    assert!(said.contains("C  reference"), "{said}");
    let document: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(document["devices"].as_array().unwrap().len(), 3);
    assert!(out.join("bad/test/short-east/logs/setup-1.log").is_file());
    assert!(out.join("good/test/short-east/trace.jsonl").is_file());
}

fn device_check_shows_each_stage_and_where_it_stops() {
    let bench = Bench::new();
    let speaks = "[[run]]\nsetup = \"ip link set wan0 up; ip link set lan0 up\"\n";
    let device = bench.write_device(&bench.device(speaks));
    let (out, json) = (bench.folder.join("out"), bench.folder.join("check.json"));
    let output = asked(&["device", "check", text(&device)])
        .args(["--out", text(&out), "--json", text(&json)])
        .output()
        .unwrap();
    let (said, stages) = (said(&output.stdout), said(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}{stages}");
    assert!(stages.contains("started"), "{stages}");
    assert!(stages.contains("sends on the WAN"), "{stages}");
    assert!(said.contains("stopped before it gets a prefix"), "{said}");
    assert!(said.contains("DHCPv6 client"), "{said}");
    assert!(said.contains(text(&out)), "{said}");
    let document: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(document["modes"][0]["stopped"]["before"], "prefix");
    assert_eq!(document["modes"][0]["stages"][1][0], "link");
}

fn device_check_tells_why_a_device_never_started() {
    let bench = Bench::new();
    let device = bench.write_device(&bench.device("[[run]]\nsetup = \"echo oh >&2; exit 5\"\n"));
    let out = bench.folder.join("out");
    let output = asked(&["device", "check", text(&device), "--out", text(&out)])
        .output()
        .unwrap();
    let said = said(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("stopped before it had started"), "{said}");
    assert!(said.contains("setup-1 ended with exit status 5"), "{said}");
    assert_eq!(
        fs::read_to_string(out.join("pd/logs/setup-1.log")).unwrap(),
        "oh\n"
    );
}

fn doctor_names_what_is_missing_and_what_mends_it() {
    let bench = Bench::new();
    let fine = bench.write_device(&bench.device(""));
    let output = asked(&["doctor", text(&fine)]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stdout));

    let needs = bench
        .device("")
        .replace("needs = []", "needs = [\"/nowhere/dhcp6c\"]");
    let lacking = bench.write_device(&needs);
    let output = asked(&["doctor", text(&lacking)]).output().unwrap();
    let words = said(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{words}");
    assert!(
        words.contains("`sudo apt-get install wide-dhcpv6-client`"),
        "{words}"
    );

    let output = changed(
        "echo 0 >/proc/sys/user/max_user_namespaces",
        &asked(&["doctor", text(&lacking)]),
    );
    let words = said(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{words}");
    assert!(words.contains("MISSING   user namespaces"), "{words}");
    assert!(
        words.contains("`sudo sysctl -w user.max_user_namespaces=15000`"),
        "{words}"
    );
    let output = changed(
        "mount -t tmpfs none /dev/net",
        &asked(&["doctor", text(&lacking)]),
    );
    let words = said(&output.stdout);
    assert!(words.contains("MISSING   TAP interfaces"), "{words}");
    assert!(words.contains("`sudo modprobe tun`"), "{words}");
}

/// Returns the program with these arguments.
fn asked(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
    command.env("LC_ALL", "C");
    command.args(arguments).stdin(Stdio::null());
    command
}

fn rename(path: &Path, name: &str) -> PathBuf {
    let other = path.with_file_name(name);
    fs::rename(path, &other).unwrap();
    other
}

/// Runs a device that would do well, on a machine that was changed by a script.
fn elsewhere(script: &str) -> Output {
    let bench = Bench::new();
    let device = bench.write_device(&bench.device(""));
    changed(script, &ngnlab(&bench, &device))
}

/// Runs a command on a machine that was changed by a script.
fn changed(script: &str, command: &Command) -> Output {
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-e", "-c"])
        .args([
            &format!("{script}; exec \"$0\" \"$@\""),
            text(command.get_program().as_ref()),
        ])
        .args(command.get_args())
        .output()
        .expect("`unshare` is in Debian's package `util-linux`")
}

/// Looks that a run ended with what the machine lacks and what to do, and with nothing else.
fn lacks(output: &Output, words: &[&str]) {
    let said = said(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    for words in words {
        assert!(said.contains(words), "{said} does not say {words}");
    }
    assert!(said.lines().count() <= 4, "{said}");
    assert!(output.stdout.is_empty());
}

fn ngnlab(bench: &Bench, device: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
    command.env("LC_ALL", "C");
    command
        .args(["run", "--device", text(device)])
        .args(["--scenarios", text(&bench.folder)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn interrupt(harness: &mut Child) {
    let pid = i32::try_from(harness.id()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const STAYS_ALIVE: &str =
    "[[run]]\ndaemon = [\"sh\", \"-c\", \"while :; do sleep 1; done\", \"@marker@\"]\n";
