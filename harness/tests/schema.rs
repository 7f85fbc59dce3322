//! The schemas that are published say what the program reads and writes.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use ngnlab_harness::dut::description::Description;
use ngnlab_harness::scenario::Scenario;
use ngnlab_harness::schema;
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::json;
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn the_published_schemas_are_those_of_the_program() {
    for (name, schema) in [
        ("report", schema::report()),
        ("bench", schema::benchmark()),
        ("scenario", schema::scenario()),
        ("device", schema::device()),
    ] {
        let path = root().join(format!("harness/schema/{name}.json"));
        // As for snapshots; the program has it inside once it is built anew.
        if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
            fs::write(&path, &schema).unwrap();
            continue;
        }
        let published = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == schema,
            "`INSTA_UPDATE=always cargo test -p ngnlab-harness --test schema` writes {name}.json anew"
        );
        let printed = ngnlab(&["schema", name], 0);
        assert!(printed == schema, "{name} is printed otherwise");
        let read: Value = serde_json::from_str(&schema).unwrap();
        assert!(jsonschema::draft7::meta::is_valid(&read), "{name}");
        assert!(!schema.contains("x-names-of"), "{name} lacks names");
    }
}

#[test]
fn what_editors_complete_by_stands_in_its_place() {
    for schema in [schema::scenario(), schema::device()] {
        let lines = schema.lines().filter(|line| line.contains("\"allOf\""));
        assert_eq!(lines.collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn every_scenario_and_device_file_is_as_its_schema_says() {
    let scenario = validator(&schema::scenario());
    let mut count = 0;
    for family in folder("scenarios").into_iter().filter(|path| path.is_dir()) {
        for path in folder(family) {
            assert_eq!(mistakes(&scenario, &toml(&path)), [""; 0], "{path:?}");
            count += 1;
        }
    }
    assert!(count > 200, "there are {count} scenarios");
    let device = validator(&schema::device());
    let files = folder("harness/devices");
    let files: Vec<PathBuf> = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .collect();
    assert!(files.len() > 5, "{files:?}");
    for path in files {
        assert_eq!(mistakes(&device, &toml(&path)), [""; 0], "{path:?}");
    }
}

#[test]
fn a_wrong_scenario_is_told_by_its_schema() {
    let validator = validator(&schema::scenario());
    let cases = [
        ("until ", "untill ", "'untill' was unexpected"),
        ("until ", "untill ", "\"until\" is a required property"),
        ("\"60s\"", "60", "60 is not of type \"string\""),
        ("\"60s\"", "\"60 s\"", "\"60 s\" does not match"),
        ("next-pd", "next-dp", "\"next-dp\" is not one of"),
        ("[\"east\"]", "[\"north\"]", "\"north\" is not one of"),
        (
            "dns.proxy.tcp",
            "dns.tpc",
            "is not one of \"ons.line-auth.reaches-site\"",
        ),
        ("do.silence", "do.silent", "'silent' was unexpected"),
        ("lasting", "lastign", "'lastign' was unexpected"),
        (
            "do.silence",
            "do.reconfigure = {}\ndo.silence",
            "has more than 1 property",
        ),
        (
            "to = \"device\"",
            "to = \"nobody\"",
            "\"nobody\" is not valid under any",
        ),
        (
            "hop-limit = 3",
            "hop-limit = 300",
            "300 is greater than the maximum of 255",
        ),
        ("ja = ", "jp = ", "\"ja\" is a required property"),
    ];
    assert_eq!(mistakes(&validator, &parsed(SCENARIO)), [""; 0]);
    for (from, to, told) in cases {
        wrong(&validator, SCENARIO, (from, to), told);
    }
}

#[test]
fn a_wrong_device_file_is_told_by_its_schema() {
    let validator = validator(&schema::device());
    let cases = [
        ("firmware ", "firmwrae ", "'firmwrae' was unexpected"),
        ("\"1.2.3\"", "1.2", "1.2 is not of type \"string\""),
        ("name ", "nam ", "'nam' was unexpected"),
        ("name ", "nam ", "\"name\" is a required property"),
        ("driver ", "drive ", "\"driver\" is a required property"),
        (
            "\"process\"",
            "\"proces\"",
            "\"proces\" is not one of \"process\"",
        ),
        ("\"process\"", "\"nic\"", "\"wan\" is a required property"),
        ("\"process\"", "\"qemu\"", "\"run\" is not one of"),
        ("[\"pd\"]", "[]", "[] has less than 1 item"),
        ("[\"pd\"]", "[\"pb\"]", "\"pb\" is not one of"),
        (
            "within = \"3s\"",
            "within = 3",
            "3 is not of type \"string\"",
        ),
        (
            "daemon = [\"dnsmasq\"]",
            "daemon = [\"dnsmasq\"]\nsetup = \"true\"",
            "is valid under more than one of the schemas",
        ),
        (
            "daemon = [\"dnsmasq\"]",
            "setup = \"true\"",
            "\"daemon\" is a required property",
        ),
        ("\"0755\"", "\"rwx\"", "\"rwx\" does not match"),
        (
            "check = \"dns.proxy.tcp\"",
            "",
            "is not valid under any of the schemas",
        ),
        (
            "02:00:5e:00:00:01",
            "02:00:5e",
            "\"02:00:5e\" does not match",
        ),
    ];
    assert_eq!(mistakes(&validator, &parsed(DEVICE)), [""; 0]);
    for (from, to, told) in cases {
        wrong(&validator, DEVICE, (from, to), told);
    }
    let without = DEVICE.replacen("macs = ", "#", 1);
    let nic = ("\"process\"", "\"nic\"");
    wrong(&validator, &without, nic, "\"macs\" is a required property");
}

#[test]
fn what_the_schemas_take_the_program_takes_too() {
    let scenario = Scenario::parse("test/one", Path::new("s.toml"), SCENARIO);
    assert!(scenario.is_ok(), "{scenario:?}");
    let device = Description::parse(Path::new("d.toml"), DEVICE).unwrap();
    assert_eq!(device.firmware.as_deref(), Some("1.2.3"));
}

#[test]
fn reports_are_as_their_schema_says_and_wrong_ones_are_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.json");
    let file = path.to_str().unwrap();
    let validator = validator(&schema::report());
    let read = || -> Value { serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap() };
    let scenario = ["--scenario", "line-auth/succeeds-on-a-pd-line", "--json"];
    // One that passes, and one with failures, a diagnosis and what they explain.
    ngnlab(&[&["run"], &scenario[..], &[file]].concat(), 0);
    assert_eq!(mistakes(&validator, &read()), [""; 0]);
    let defects = ["--defect", "duid-llt"];
    ngnlab(&[&["run"], &scenario[..], &[file], &defects].concat(), 1);
    let report = read();
    assert_eq!(mistakes(&validator, &report), [""; 0]);
    assert!(report["cases"][0]["diagnosis"].is_object());

    let text = fs::read_to_string(&path).unwrap();
    for (from, to, told) in [
        ("\"cases\"", "\"csaes\"", "\"cases\" is a required property"),
        ("\"seed\": 1", "\"seed\": \"1\"", "\"1\" is not of type"),
        ("\"must\"", "\"most\"", "\"most\" is not valid under any"),
        (
            "\"expected\":",
            "\"expects\":",
            "is not valid under any of the schemas",
        ),
    ] {
        wrong(&validator, &text, (from, to), told);
    }

    // Several devices are one document, too.
    let Document::Report(one) = json::parse(&text).unwrap() else {
        panic!("{text}");
    };
    let several = json::render(&Document::of(vec![*one.clone(), *one]), false);
    assert_eq!(mistakes(&validator, &parsed(&several)), [""; 0]);
    let named = ("\"device\"", "\"devcie\"");
    let told = "\"device\" is a required property";
    wrong(&validator, &several, named, told);
}

/// Holds a file with one mistake against a schema.
fn wrong(validator: &Validator, good: &str, (from, to): (&str, &str), told: &str) {
    let text = good.replacen(from, to, 1);
    assert_ne!(text, good, "there is no {from}");
    let mistakes = mistakes(validator, &parsed(&text));
    assert!(
        mistakes.iter().any(|one| one.contains(told)),
        "{to}: {mistakes:?} does not say {told}"
    );
}

fn mistakes(validator: &Validator, value: &Value) -> Vec<String> {
    let found = validator.iter_errors(value);
    found.map(|error| error.to_string()).collect()
}

fn validator(schema: &str) -> Validator {
    let schema = serde_json::from_str(schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn toml(path: &Path) -> Value {
    parsed(&fs::read_to_string(path).unwrap())
}

/// Reads TOML, or JSON.
fn parsed(text: &str) -> Value {
    match text.starts_with('{') {
        true => serde_json::from_str(text).unwrap(),
        false => toml::from_str(text).unwrap(),
    }
}

fn folder(path: impl AsRef<Path>) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(path)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns what the program says, which ends with this code.
fn ngnlab(args: &[&str], code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ngnlab"));
    let output = command.args(args).current_dir(root()).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

const SCENARIO: &str = r#"about = { en = "Nothing happens.", ja = "何も起こらない。" }
source = "none"
line = { preset = "next-pd", areas = ["east"] }
until = "60s"
exercises = ["dns.proxy.tcp"]

[[step]]
at = "20s"
do.silence = { node = "ons-dns-1", lasting = "10s" }

[[step]]
when = "terminal-online"
do.ping = { to = "device", hop-limit = 3 }

[[step]]
at = "30s"
do.ping = { to = "2001:db8::1" }
"#;

const DEVICE: &str = r#"driver = "process"
name = "one"
firmware = "1.2.3"
offers = { modes = ["pd"] }
macs = { wan = "02:00:5e:00:00:01", lan = "02:00:5e:00:00:02" }

[[file]]
path = "/run/ngnlab/script"
text = "{{ area }}"
mode = "0755"

[[run]]
daemon = ["dnsmasq"]
ready = { alive = "1s" }
within = "3s"

[[known]]
check = "dns.proxy.tcp"
reason = "it is old"
"#;
