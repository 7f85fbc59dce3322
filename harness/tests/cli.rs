//! The command line as a user meets it: precise messages, exit codes, files that go round.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

#[test]
fn one_scenario_runs_in_both_areas_and_ends_with_the_figures() {
    let output = ngnlab(&["run", "--scenario", "line-auth/succeeds-on-a-pd-line"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in [
        "1 in east and west, 2 runs",
        "checks",
        "verdicts",
        "time",
        "conformant",
    ] {
        assert!(text.contains(words), "{text} does not say {words}");
    }
}

#[test]
fn a_failing_must_ends_with_1_and_is_explained() {
    let args = [
        "run",
        "--scenario",
        "line-auth/succeeds-on-a-pd-line",
        "--area",
        "east",
    ];
    let output = ngnlab(&[&args[..], &["--defect", "one-dns-for-all"]].concat());
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("FAIL  ons.dns.per-domain"), "{text}");
}

#[test]
fn a_trace_is_judged_again_and_a_report_rendered_again_with_the_same_verdicts() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let json = folder.path().join("report.json");
    let scenario = "dns/large-answers";
    let args = ["run", "--scenario", scenario, "--area", "west", "--out"];
    let args = [&args[..], &[text(&out), "--json", text(&json)]].concat();
    assert_eq!(ngnlab(&args).status.code(), Some(0));

    let case = out.join("dns/large-answers-west");
    assert!(case.join("capture.pcapng").is_file());
    let again = folder.path().join("again.json");
    let trace = case.join("trace.jsonl");
    let judged = ngnlab(&["judge", text(&trace), "--json", text(&again)]);
    assert_eq!(judged.status.code(), Some(0), "{}", stdout(&judged));
    let verdicts = |path: &Path| -> serde_json::Value {
        let report: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let case = &report["cases"][0];
        assert!(case["passed"].is_object(), "{report}");
        serde_json::json!([case["passed"], case["verdicts"], report["unjudged"]])
    };
    assert_eq!(verdicts(&json), verdicts(&again));

    // What another version wrote is refused with a sentence, and never judged by halves.
    let ours = fs::read_to_string(&trace).unwrap();
    for (from, to, said) in [
        ("\"format\":2", "\"format\":1", "written by an older ngnlab"),
        ("\"format\":2", "\"format\":99", "written by a newer ngnlab"),
        ("{\"resolve\":", "{\"ponder\":", "unknown variant `ponder`"),
    ] {
        let other = folder.path().join("other.jsonl");
        fs::write(&other, ours.replacen(from, to, 1)).unwrap();
        let judged = ngnlab(&["judge", text(&other)]);
        assert_eq!(judged.status.code(), Some(2), "{to}");
        assert!(stderr(&judged).contains(said), "{}", stderr(&judged));
    }

    let rendered = ngnlab(&["render", text(&json)]);
    assert!(stdout(&rendered).contains("1 in west, 1 runs"));
}

#[test]
fn list_explain_and_lint_answer() {
    assert!(stdout(&ngnlab(&["list"])).contains("dns/large-answers"));
    assert!(stdout(&ngnlab(&["list", "--checks"])).contains("ons.dns.per-domain"));
    let defects = stdout(&ngnlab(&["list", "--defects"]));
    let known = "no-failover
    Gives up on a name when its preferred server is silent.
    優先DNSサーバが応答しないと、";
    assert!(defects.contains(known), "{defects}");
    let devices = stdout(&ngnlab(&["list", "--devices"]));
    assert!(
        devices.contains("harness/devices/dnsmasq-ndppd.toml (ra)\n"),
        "{devices}"
    );
    let explained = stdout(&ngnlab(&["explain", "ons.dns.per-domain"]));
    assert!(explained.contains("guide p.7"), "{explained}");
    for words in [
        "指定のDNSサーバ",
        " line-auth/succeeds-on-a-pd-line\n",
        " one-dns-for-all\n",
    ] {
        assert!(explained.contains(words), "{explained}");
    }
    let explained = stdout(&ngnlab(&["explain", "one-dns-for-all"]));
    assert!(explained.contains(" ons.dns.per-domain\n"), "{explained}");
    let explained = stdout(&ngnlab(&["explain", "dns/preferred-server-dead"]));
    assert!(explained.contains("silence ons-dns-1"), "{explained}");
    for (word, told) in [
        ("P11019", "m5 (a screen)"),
        ("m5", "回線情報通知処理を中断しました"),
        ("Q1", "judged by"),
        ("p.30", "seen in"),
        ("reconfigure", "do.reconfigure = {}"),
        (
            "reconfigures",
            "address/reconfigure-tells-of-another-prefix",
        ),
    ] {
        let explained = stdout(&ngnlab(&["explain", word]));
        assert!(explained.contains(told), "{word}: {explained}");
    }
    let help = stdout(&ngnlab(&["explain", "--help"]));
    assert!(help.contains("ngnlab explain P11019"), "{help}");
    let linted = ngnlab(&["lint"]);
    assert_eq!(linted.status.code(), Some(0), "{}", stdout(&linted));
    assert_eq!(stderr(&linted), "", "no name of ours is in doubt");
}

#[test]
fn a_mistake_in_a_scenario_names_file_line_column_and_the_right_word() {
    let cases = [
        (
            "terminals =",
            "terminal =",
            "test.toml:4:13",
            "names alone go into `terminals",
        ),
        ("\"60s\"", "60", "test.toml:5:13", "a text in quotes"),
        (
            "do.resolve",
            "do.resolv",
            "test.toml:9:4",
            "did you mean `resolve`?",
        ),
        (
            "\"device\"",
            "\"2408::x\"",
            "test.toml:9:58",
            "neither an IP address",
        ),
        ("\"20s\"", "\"80s\"", "test.toml:8:6", "the run ends at 1m"),
        ("\"20s\"", "\"20\"", "test.toml:8:6", "not a span of time"),
        (
            "from = \"pc\"",
            "from = \"px\"",
            "test.toml:9:23",
            "did you mean `pc`?",
        ),
        (
            "next-pd",
            "next-px",
            "test.toml:3:24",
            "did you mean `next-pd`?",
        ),
        (
            "resolve = { from = \"pc\", name = \"a.example\", server = \"device\"",
            "open = { from = \"pc\", url = \"https://www.linauth.mnw\"",
            "test.toml:9:32",
            "did you mean `www.lineauth.mnw`?",
        ),
        (
            "ons.dns.per-domain",
            "ons.dns.per-doman",
            "test.toml:6:14",
            "`ons.dns.per-domain`",
        ),
    ];
    for (right, wrong, place, help) in cases {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("dns/test.toml");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, SCENARIO.replacen(right, wrong, 1)).unwrap();
        for args in [
            ["lint", "--scenarios", text(folder.path())],
            ["run", "--scenarios", text(folder.path())],
        ] {
            let output = ngnlab(&args);
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(place), "{said} does not say {place}");
            assert!(said.contains(help), "{said} does not say {help}");
        }
    }
}

#[test]
fn a_mistake_in_a_device_file_names_file_line_column_and_the_right_word() {
    let cases = [
        ("needs", "need", "device.toml:3:1", "did you mean `needs`?"),
        (
            "[\"sh\"]",
            "\"sh\"",
            "device.toml:3:9",
            "stands where a list",
        ),
        (
            "\"process\"",
            "\"proces\"",
            "device.toml:1:11",
            "did you mean `process`?",
        ),
        ("[\"pd\"]", "[\"dp\"]", "device.toml:4:22", "`pd`"),
        ("\"1s\"", "\"1\"", "device.toml:7:10", "not a span of time"),
        ("lan.name", "lan.nam", "device.toml:6:20", "`lan.nam`"),
    ];
    for (right, wrong, place, help) in cases {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("device.toml");
        fs::write(&file, DEVICE.replacen(right, wrong, 1)).unwrap();
        let output = ngnlab(&["run", "--device", text(&file)]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(place), "{said} does not say {place}");
        assert!(said.contains(help), "{said} does not say {help}");
    }
}

#[test]
fn a_scenario_of_any_delivery_runs_as_is_wished_and_says_so() {
    let scenario = "line-auth/nothing-is-chosen";
    let folder = TempDir::new().unwrap();
    for (wish, delivery) in [(&[][..], "pd"), (&["--delivery", "ra"], "ra")] {
        let json = folder.path().join("report.json");
        let run = ["run", "--scenario", scenario, "--area", "west", "--json"];
        let output = ngnlab(&[&run, &[text(&json)][..], wish].concat());
        let report = fs::read_to_string(&json).unwrap();
        let said = format!("\"delivery\": \"{delivery}\"");
        assert!(report.contains(&said), "{}", stderr(&output));
        assert_eq!(report.contains("\"--delivery\""), !wish.is_empty());
    }
}

#[test]
fn a_user_that_the_machine_lacks_is_told_before_anything_is_started() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("device.toml");
    fs::write(
        &file,
        DEVICE.replace("[[run]]", "root-users = [\"nosuchuser\"]\n[[run]]"),
    )
    .unwrap();
    let told = "this machine has no user `nosuchuser`";
    for args in [
        ["run", "--device", text(&file)].as_slice(),
        &["doctor", text(&file)],
    ] {
        let output = ngnlab(args);
        let said = stdout(&output) + &stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(told), "{said} does not say {told}");
        assert!(said.contains("root-users"), "{said}");
    }
}

#[test]
fn wrong_usage_says_what_to_do_and_ends_with_2() {
    let cases: &[(&[&str], &str)] = &[
        (
            &["run", "--scenario", "dns/large-anwsers"],
            "did you mean `dns/large-answers`?",
        ),
        (&["run", "--scenarios", "/nowhere"], "--scenarios DIR"),
        (
            &["run", "--device", "/nowhere.toml"],
            "there is no device file /nowhere.toml",
        ),
        (
            &["run", "--defect", "one-dns-for-al"],
            "did you mean `one-dns-for-all`?",
        ),
        (&["run", "--jobs", "0"], "--jobs"),
        (&["run", "--area", "north"], "east"),
        (&["run", "--frobnicate"], "--frobnicate"),
        (
            &["explain", "ons.dns.per-domian"],
            "did you mean `ons.dns.per-domain`?",
        ),
        (&["judge", "/nowhere.jsonl"], "cannot read /nowhere.jsonl"),
        (&["render", "/nowhere.json"], "cannot read /nowhere.json"),
        (&["lint", "/nowhere.toml"], "cannot read /nowhere.toml"),
    ];
    for (args, help) in cases {
        let output = ngnlab(args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(help), "{args:?}: {said} does not say {help}");
    }
}

#[test]
fn what_cannot_be_written_ends_with_3() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let json = file.join("report.json");
    let args = [
        "run",
        "--scenario",
        "dns/large-answers",
        "--json",
        text(&json),
    ];
    let output = ngnlab(&args);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("cannot write"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_trace_or_report_that_is_none_is_told_with_its_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bad.jsonl");
    fs::write(&file, "{\"format\": 2}\n").unwrap();
    let judged = ngnlab(&["judge", text(&file)]);
    assert_eq!(judged.status.code(), Some(2));
    assert!(
        stderr(&judged).contains("line 1 of the trace"),
        "{}",
        stderr(&judged)
    );
    let rendered = ngnlab(&["render", text(&file)]);
    assert_eq!(rendered.status.code(), Some(2));
    assert!(
        stderr(&rendered).contains("is no report"),
        "{}",
        stderr(&rendered)
    );
}

fn ngnlab(args: &[&str]) -> Output {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .env("LC_ALL", "C")
        .args(args)
        .current_dir(root)
        .output()
        .expect("the program was built with this test")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    // Long lines are broken on the terminal, wherever the words allow it.
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    text.split_whitespace()
        .filter(|word| *word != "│")
        .collect::<Vec<_>>()
        .join(" ")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths in tests are UTF-8")
}

const SCENARIO: &str = r#"about     = { en = "A test.", ja = "試験。" }
source    = "guide p.7"
line      = { preset = "next-pd", areas = ["east"] }
terminals = ["pc"]
until     = "60s"
exercises = ["ons.dns.per-domain"]
[[step]]
at = "20s"
do.resolve = { from = "pc", name = "a.example", server = "device" }
"#;

const DEVICE: &str = r#"driver = "process"
name = "test"
needs = ["sh"]
offers = { modes = ["pd"] }
[[run]]
daemon = ["echo {{ lan.name }}"]
within = "1s"
"#;
