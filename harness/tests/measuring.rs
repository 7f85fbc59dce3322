//! The benchmark of DNS forwarding, on the built-in router and on a real one: what it counts, and that
//! it ends well. How fast anything is, no test says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

#[test]
fn every_question_is_counted_on_both_sides() {
    let _turn = turn();
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("rate.json");
    let html = folder.path().join("rate.html");
    let output = bench(&[
        "--trial",
        "1",
        "--repeat",
        "1",
        "--json",
        text(&json),
        "--html",
        text(&html),
        "--rate-only",
        "--cached",
        "0",
        "--domains",
        "mixed",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("reference"), "{said}");
    assert!(std::fs::read_to_string(html).unwrap().contains("<svg"));
    let benchmark = read(&json);
    let device = &benchmark["devices"][0];
    assert!(device["self-test"]["rate"].as_f64().unwrap() > 0.0);
    let repetition = &device["series"][0]["repetitions"][0];
    let passed = &repetition["passed"];
    let offered = passed["offered"].as_f64().unwrap();
    // A trial of a second.
    let forwarded = passed["counts"]["forwarded"].as_f64().unwrap();
    assert!((forwarded - offered).abs() < 1.0, "{passed}");
    assert_eq!(passed["counts"]["misdirected"], 0);
    assert_eq!(passed["upstream"]["questions"].as_f64().unwrap(), forwarded);
    // What was measured is not measured again.
    let again = bench(&[
        "--trial",
        "1",
        "--repeat",
        "1",
        "--json",
        text(&json),
        "--resume",
        "--rate-only",
        "--cached",
        "0",
        "--domains",
        "mixed",
    ]);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert_eq!(read(&json)["devices"], benchmark["devices"]);
    // Nor is something else taken for it.
    let other = bench(&[
        "--trial",
        "2",
        "--repeat",
        "1",
        "--json",
        text(&json),
        "--resume",
        "--rate-only",
    ]);
    assert_eq!(other.status.code(), Some(2), "{other:?}");
    let said = String::from_utf8(other.stderr).unwrap();
    assert!(said.contains("is of another benchmark"), "{said}");
}

#[test]
fn a_real_router_forwards_new_names_and_answers_known_ones_itself() {
    let _turn = turn();
    let Some(device) = device("dnsmasq-dhcpcd") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("rate.json");
    let output = bench(&[
        "--device",
        text(&device),
        "--trial",
        "1",
        "--repeat",
        "1",
        "--json",
        text(&json),
        "--rate-only",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let benchmark = read(&json);
    let series = &benchmark["devices"][0]["series"];
    let passed = |index: usize| &series[index]["repetitions"][0]["passed"];
    let (new, known) = (passed(0), passed(1));
    assert_eq!(new["counts"]["from-cache"], 0, "{new}");
    assert!(new["counts"]["forwarded"].as_u64().unwrap() > 0, "{new}");
    assert!(new["upstream"]["ports"].as_u64().unwrap() > 0, "{new}");
    assert_eq!(known["counts"]["forwarded"], 0, "{known}");
    assert!(
        known["counts"]["from-cache"].as_u64().unwrap() > 0,
        "{known}"
    );
    assert_eq!(known["upstream"]["questions"], 0, "{known}");
    // It is a process of this machine, so what it takes is known.
    assert!(new["effort"]["device-cpu"].as_f64().is_some(), "{new}");
}

#[test]
fn over_ipv4_every_question_comes_to_the_server_of_the_lease_and_goes_upstream_as_ever() {
    let _turn = turn();
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (json, html, markdown) = (place("4.json"), place("4.html"), place("4.md"));
    let output = bench(&[
        "--family",
        "4",
        "--trial",
        "1",
        "--repeat",
        "1",
        "--rate-only",
        "--cached",
        "0",
        "--domains",
        "mixed",
        "--transport",
        "udp,tcp",
        "--json",
        text(&json),
        "--html",
        text(&html),
        "--markdown",
        text(&markdown),
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let benchmark = read(&json);
    assert_eq!(benchmark["method"]["family"], "ipv4");
    let device = &benchmark["devices"][0];
    assert!(device["self-test"]["rate"].as_f64().unwrap() > 0.0);
    for series in device["series"].as_array().unwrap() {
        let passed = &series["repetitions"][0]["passed"];
        let forwarded = passed["counts"]["forwarded"].as_f64().unwrap();
        assert!((forwarded - passed["offered"].as_f64().unwrap()).abs() < 1.0);
        assert_eq!(passed["counts"]["misdirected"], 0, "{passed}");
        assert_eq!(passed["upstream"]["questions"].as_f64(), Some(forwarded));
    }
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("IPv4, to the server that terminals"),
        "{said}"
    );
    for path in [&html, &markdown] {
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page.contains("DNS forwarding, asked over IPv4"));
    }
    // Over IPv6 it is neither gone on with nor compared.
    let short = [
        "--trial",
        "1",
        "--repeat",
        "1",
        "--rate-only",
        "--cached",
        "0",
    ];
    for (more, words) in [
        (
            ["--json", text(&json), "--resume"].as_slice(),
            "is of another benchmark",
        ),
        (&["--baseline", text(&json)], "and these would be over IPv6"),
    ] {
        let other = bench(&[&short[..], more].concat());
        assert_eq!(other.status.code(), Some(2), "{other:?}");
        let said = String::from_utf8(other.stderr).unwrap();
        let said: Vec<&str> = said
            .split_whitespace()
            .filter(|word| *word != "│")
            .collect();
        let said = said.join(" ");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_router_without_dhcpv4_on_its_lan_cannot_be_asked_over_ipv4_and_hears_why() {
    let _turn = turn();
    let Some(device) = device("dnsmasq-dhcpcd") else {
        return;
    };
    let device = ["--device", text(&device)];
    let output = bench(&[&device[..], &["--family", "4", "--quick", "--rate-only"]].concat());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "gave one by DHCPv4 (RFC 2131)",
        "serve DHCPv4 there",
        "`--family 6`",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_forwarder_that_asks_upstream_over_tcp_is_answered_there() {
    let new = over_tcp("dnsmasq-dhcpcd");
    // It has a process for each connection, and that a connection for each of its own.
    assert_eq!(new["upstream"]["ports"], new["counts"]["connections"]);
}

#[test]
fn a_forwarder_that_asks_upstream_over_udp_is_asked_over_tcp() {
    over_tcp("networkd-unbound");
}

/// Returns the trial that a device has passed with a connection for each question, each new.
fn over_tcp(name: &str) -> Value {
    let _turn = turn();
    let Some(device) = device(name) else {
        return Value::Null;
    };
    let folder = TempDir::new().expect("a folder can be made");
    let json = folder.path().join("rate.json");
    let output = bench(&[
        "--device",
        text(&device),
        "--trial",
        "1",
        "--repeat",
        "1",
        "--json",
        text(&json),
        "--rate-only",
        "--cached",
        "0",
        "--transport",
        "tcp",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let benchmark = read(&json);
    let passed = &benchmark["devices"][0]["series"][0]["repetitions"][0]["passed"];
    let counts = &passed["counts"];
    assert_eq!(counts["from-cache"], 0, "{passed}");
    assert!(counts["forwarded"].as_u64() > Some(0), "{passed}");
    assert_eq!(counts["forwarded"], counts["connections"], "{passed}");
    passed.clone()
}

/// Returns the file of a device, if its programs are here.
fn device(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("devices");
    let device = folder.join(name).with_extension("toml");
    let lacking = Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .arg("doctor")
        .arg(&device)
        .output()
        .expect("ngnlab runs");
    if lacking.status.code() == Some(0) {
        return Some(device);
    }
    let said = String::from_utf8_lossy(&lacking.stdout);
    assert!(std::env::var_os("CI").is_none(), "{said}");
    eprintln!("skipped: {said}");
    None
}

/// Two testers would take each other's processors.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bench(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
    command.args(["bench", "dns"]).args(args);
    command.env("LC_ALL", "C").output().expect("ngnlab runs")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the results were written");
    serde_json::from_str(&text).expect("the results are JSON")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}
