//! Defects that break nothing that is looked at, but leave checks with nothing to look at: none of
//! them ends with 0.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

#[test]
fn a_verdict_that_is_lost_ends_with_3_and_is_named_everywhere() {
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("report.json");
    let args = [
        "run",
        "--scenario",
        "address/reconfigure-tells-of-another-prefix",
        "--defect",
        "no-reconfigure-accept",
        "--profile",
        "ce-router",
    ];
    let output = ngnlab(&[&args[..], &["--json", json.to_str().unwrap()]].concat());
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let last = "result undetermined: not judged: dhcp6c.rcf.renew in \
                address/reconfigure-tells-of-another-prefix (east and west), because \
                dhcp6c.rcf.accept failed: there was no Reconfigure of the server";
    // Where a name is broken over lines is the terminal's business.
    assert!(
        words.replace("- ", "-").replace("/ ", "/").ends_with(last),
        "{words}"
    );
    assert!(text.contains("NOT JUDGED  dhcp6c.rcf.renew\n"), "{text}");
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(report["results"][0]["overall"], "undetermined");
    assert_eq!(report["results"][0]["lost"][0]["check"], "dhcp6c.rcf.renew");
    assert!(report["comes_to"]["undetermined"].is_array(), "{report}");
    let excuses = ngnlab(&["render", json.to_str().unwrap(), "--format", "excuses"]);
    let excuses = stdout(&excuses);
    for line in [
        "# east and west: dhcp6c.rcf.accept failed: there was no Reconfigure of the server\n",
        "[[excuse]]\n",
        "scenario = \"address/reconfigure-tells-of-another-prefix\"\n",
        "check    = \"dhcp6c.rcf.renew\"\n",
    ] {
        assert!(excuses.contains(line), "{excuses}");
    }
}

#[test]
fn a_message_that_no_server_answers_and_one_in_place_of_another_end_with_1_or_3() {
    let cases = [
        // It fails what is said of the message itself …
        (
            "prefix-in-information-request",
            "address/what-an-information-request-asks-for",
            "ce-router",
            1,
        ),
        (
            "rebinds-at-t1",
            "address/short-lease-is-renewed",
            "ons-east",
            1,
        ),
        ("never-answers-tcp", "dns/tcp-in-every-way", "dns-proxy", 1),
        // … and where that does not come up or does not count, something else is missing.
        (
            "rebinds-at-t1",
            "address/unicast-is-refused",
            "ce-router",
            1,
        ),
        (
            "zero-length-hint",
            "address/what-the-dhcpv6-client-asks-for",
            "ce-router",
            3,
        ),
        (
            "alternate-first",
            "dns/preferred-server-dead",
            "dns-proxy",
            3,
        ),
    ];
    for (defect, scenario, profile, code) in cases {
        let args = ["run", "--scenario", scenario, "--defect", defect];
        let output = ngnlab(&[&args[..], &["--profile", profile]].concat());
        let text = stdout(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{defect}, {scenario}: {text}"
        );
        let lost = text.contains("undetermined: not judged: ");
        assert_eq!(lost, code == 3, "{defect}, {scenario}: {text}");
    }
}

#[test]
fn an_excuse_names_a_check_that_its_scenario_exercises_and_its_reason() {
    let cases = [
        (
            "dns.proxy.tcp\"",
            "dns.proxy.tpc\"",
            "10:12: unknown check `dns.proxy.tpc`",
        ),
        (
            "dns/tcp-in-every-way",
            "dns/tcp-in-evry-way",
            "9:12: unknown scenario",
        ),
        (
            "dns/tcp-in-every-way",
            "dns/*",
            "9:12: an excuse is for one scenario",
        ),
        (
            "dns/tcp-in-every-way",
            "ons/connection-test-portal",
            "ons/connection-test-portal does not exercise",
        ),
        ("it has none", " ", "11:12: an excuse needs its reason"),
        ("reason   =", "# reason =", "the key `reason` is missing"),
        ("reason   =", "because  =", "11:1: unknown key `because`"),
    ];
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("device.toml");
    let lint = |text: &str| {
        fs::write(&file, text).unwrap();
        ngnlab(&["lint", "--device", file.to_str().unwrap()])
    };
    let right = lint(DEVICE);
    assert_eq!(right.status.code(), Some(0), "{}", stderr(&right));
    for (right, wrong, told) in cases {
        let output = lint(&DEVICE.replacen(right, wrong, 1));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(told), "{said} does not say {told}");
    }
}

#[test]
fn what_the_devices_of_the_project_excuse_is_exercised() {
    let devices = root().join("harness/devices");
    let files = fs::read_dir(devices)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files
        .filter(|path| path.extension() == Some("toml".as_ref()))
        .collect();
    let files = files.iter().map(|path| path.to_str().unwrap());
    let args: Vec<&str> = ["lint", "--device"].into_iter().chain(files).collect();
    let output = ngnlab(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(args.len() > 8 && stdout(&output).contains("device files without mistakes, 0 with"));
}

#[test]
fn a_known_failure_names_scenarios_that_are_there_and_promise_it() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("device.toml");
    let lint = |scenario: &str, what: &str| {
        let known = format!(
            "[[known]]\n{what}\nscenarios = [\"dns/tcp-in-every-way\", \"{scenario}\"]\n\
             reason = \"so\"\n"
        );
        fs::write(&file, format!("{DEVICE}{known}")).unwrap();
        let output = ngnlab(&["lint", "--device", file.to_str().unwrap()]);
        (output.status.code(), stderr(&output))
    };
    let of_check = "check = \"dns.proxy.tcp\"";
    let (code, said) = lint("dns/odd-questions", of_check);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = lint("dns/odd-qestions", of_check);
    assert_eq!(code, Some(2));
    assert!(said.contains("14:38: unknown scenario"), "{said}");
    let (code, said) = lint("dns/odd-questions", "expect = \"diagnosis\"");
    assert_eq!(code, Some(2));
    assert!(said.contains("promises no diagnosis"), "{said}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn ngnlab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .env("LC_ALL", "C")
        .args(args)
        .current_dir(root())
        .output()
        .expect("the program was built with this test")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    // Long lines are broken on the terminal, wherever the words allow it.
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    let words = text.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

const DEVICE: &str = r#"driver = "process"
name = "test"
needs = ["sh"]
offers = { modes = ["pd"] }
[[run]]
daemon = ["echo"]
within = "1s"
[[excuse]]
scenario = "dns/tcp-in-every-way"
check    = "dns.proxy.tcp"
reason   = "it has none"
"#;
