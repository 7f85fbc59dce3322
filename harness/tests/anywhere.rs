//! ngnlab in a folder without a checkout: what is inside the program, and what it writes out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

#[test]
fn without_a_checkout_everything_is_inside() {
    let nowhere = TempDir::new().unwrap();
    let said = |args: &[&str]| {
        let output = ngnlab(nowhere.path(), args);
        let said = told(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        said
    };
    assert!(said(&["list"]).contains("dns/large-answers ("));
    assert!(said(&["list", "--devices"]).contains("\ndnsmasq-dhcpcd (pd)\n"));
    assert!(said(&["explain", "dns/preferred-server-dead"]).contains("silence ons-dns-1"));
    assert!(said(&["lint"]).contains(" scenarios without mistakes, 0 with"));
    assert!(said(&["lint", "--device", "dnsmasq-dhcpcd"]).contains("1 device files without"));
    let run = ["run", "--scenario", "dns/large-answers", "--area", "west"];
    assert!(said(&run).contains("1 in west, 1 runs"));
    let left = fs::read_dir(nowhere.path()).unwrap();
    assert_eq!(left.count(), 0, "nothing is written unasked");
}

#[test]
fn what_is_written_out_is_what_counts_there_and_is_never_overwritten() {
    let place = TempDir::new().unwrap();
    let lab = place.path().join("new/lab");
    let init = ngnlab(place.path(), &["init", "new/lab"]);
    let said = told(&init);
    assert_eq!(init.status.code(), Some(0), "{said}");
    assert!(said.contains("\n  cd new/lab\n  ngnlab run "), "{said}");
    let script = fs::metadata(lab.join("images/debian.sh")).unwrap();
    assert_eq!(script.permissions().mode() & 0o111, 0o111);

    // What has an editor complete them.
    let rules = fs::read_to_string(lab.join(".taplo.toml")).unwrap();
    for kind in ["scenario", "device"] {
        let schema = format!("schema/{kind}.json");
        assert!(rules.contains(&format!("path = \"{schema}\"")), "{rules}");
        let printed = ngnlab(place.path(), &["schema", kind]);
        assert_eq!(fs::read(lab.join(schema)).unwrap(), printed.stdout);
    }

    let scenario = lab.join("scenarios/dns/large-answers.toml");
    let text = fs::read_to_string(&scenario).unwrap();
    let until = text.lines().find(|line| line.starts_with("until")).unwrap();
    fs::write(&scenario, text.replace(until, "until = \"67m\"")).unwrap();
    assert!(told(&ngnlab(&lab, &["list"])).contains("dns/large-answers (67m)"));
    let inside = ngnlab(&lab, &["list", "--scenarios", "built-in"]);
    assert!(!told(&inside).contains("67m"));
    let devices = told(&ngnlab(&lab, &["list", "--devices"]));
    assert!(
        devices.contains("\ndevices/dnsmasq-dhcpcd.toml (pd)\n"),
        "{devices}"
    );
    let linted = ngnlab(&lab, &["lint"]);
    assert_eq!(linted.status.code(), Some(0), "{}", told(&linted));

    let again = ngnlab(place.path(), &["init", "new/lab"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        told(&again).contains("new/lab/scenarios already"),
        "{}",
        told(&again)
    );
    assert!(fs::read_to_string(&scenario).unwrap().contains("67m"));
}

#[test]
fn every_list_is_there_for_programs() {
    let nowhere = TempDir::new().unwrap();
    let kinds = ["checks", "defects", "profiles", "diagnoses", "devices"];
    let flags: Vec<String> = kinds.iter().map(|kind| format!("--{kind}")).collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let list = |args: &[&str]| -> serde_json::Value {
        let output = ngnlab(nowhere.path(), &[&["list", "--json"], args].concat());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let all = list(&flags);
    for kind in kinds {
        assert!(all[kind].as_array().unwrap().len() > 4, "{kind}");
    }
    assert_eq!(all.get("scenarios"), None, "not asked for");
    let named = |rows: &serde_json::Value, key: &str, name: &str| {
        let rows = rows.as_array().unwrap().iter();
        rows.clone().find(|row| row[key] == name).cloned().unwrap()
    };
    let check = named(&all["checks"], "id", "ons.dns.per-domain");
    assert_eq!(check["level"], "must");
    assert_eq!(
        named(&all["devices"], "device", "dnsmasq-dhcpcd")["modes"][0],
        "pd"
    );
    let scenarios = &list(&[])["scenarios"];
    let scenario = named(scenarios, "name", "dns/large-answers");
    assert_eq!(
        scenario["file"],
        "built-in:/scenarios/dns/large-answers.toml"
    );
    assert_eq!(scenario["long"], false);
}

#[test]
fn a_report_says_when_and_by_what_it_was_made() {
    let folder = TempDir::new().unwrap();
    // A number that a reader of JSON may round.
    let seed = "18446744073709551615";
    let run = [
        "run",
        "--scenario",
        "dns/large-*",
        "--area",
        "west",
        "--seed",
        seed,
    ];
    let files = ["--json", "r.json", "--junit", "r.xml", "--markdown", "r.md"];
    let output = ngnlab(folder.path(), &[&run[..], &files].concat());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&read("r.json")).unwrap();
    let made = &report["provenance"];
    assert_eq!(made["seed"], seed);
    assert_eq!(made["scenarios"], "the scenarios inside the program");
    assert_eq!(made["command"][3], "dns/large-*");
    let revision = made["revision"].as_str().unwrap();
    assert!(
        !revision.is_empty() && !revision.contains('/'),
        "{revision}"
    );
    let began = made["began"].as_str().unwrap();
    assert!(began.starts_with("20") && began.ends_with('Z'), "{began}");
    let rendered = ngnlab(folder.path(), &["render", "r.json"]);
    assert_eq!(
        told(&rendered),
        told(&output),
        "a saved report says the same"
    );
    for text in [told(&output), read("r.xml"), read("r.md")] {
        // Wherever the page breaks its lines.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [revision, began, "--area west", "Linux "] {
            assert!(text.contains(words), "{text} does not say {words}");
        }
    }
}

#[test]
fn files_that_cannot_be_written_are_told_before_anything_is_run() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for option in ["--json", "--html", "--junit", "--markdown"] {
        let run = ["run", "--scenario", "dns/*", option, "file/below"];
        let output = ngnlab(folder.path(), &run);
        assert_eq!(output.status.code(), Some(3), "{option}");
        assert!(output.stdout.is_empty(), "{option}: something was run");
        assert!(
            told(&output).contains("cannot write file/below"),
            "{}",
            told(&output)
        );
    }
}

#[test]
fn a_file_that_is_wrong_keeps_nobody_from_the_others() {
    let folder = TempDir::new().unwrap();
    ngnlab(folder.path(), &["init", "."]);
    let wrong = folder.path().join("scenarios/dns/large-answers.toml");
    fs::write(&wrong, "about = 1\n").unwrap();
    let output = ngnlab(folder.path(), &["explain", "ons.dns.per-domain"]);
    let said = told(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("large-answers.toml cannot be read and is left out"),
        "{said}"
    );
    assert!(said.contains(" one-dns-for-all\n"), "{said}");
    let output = ngnlab(folder.path(), &["explain", "dns/large-answers"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        told(&output).contains("large-answers.toml:1:9"),
        "{}",
        told(&output)
    );
}

#[test]
fn an_example_is_a_device_by_its_name() {
    let nowhere = TempDir::new().unwrap();
    for (name, advice) in [
        ("dnsmask-dhcpcd", "did you mean `dnsmasq-dhcpcd`?"),
        ("mine.toml", "or the name of an example: dnsmasq-dhcpcd,"),
        ("../devices/dnsmasq-dhcpcd", "or the name of an example"),
    ] {
        for command in [&["run", "--device"][..], &["device", "check"]] {
            let output = ngnlab(nowhere.path(), &[command, &[name]].concat());
            let said = told(&output);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(advice), "{said} does not say {advice}");
        }
    }
    // The image of a machine is none of what is inside.
    let machine = told(&ngnlab(nowhere.path(), &["doctor", "qemu-openwrt"]));
    let says_how = machine.contains("`ngnlab init DIR`") || machine.contains("there is no qemu-");
    assert!(says_how, "{machine}");
}

#[test]
fn shells_and_manuals_learn_every_command() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = told(&ngnlab(folder.path(), &["completions", shell]));
        assert!(
            script.contains("--scenarios") || script.contains("-l scenarios"),
            "{shell}"
        );
    }
    let pages = ngnlab(folder.path(), &["man", "pages"]);
    assert_eq!(pages.status.code(), Some(0), "{}", told(&pages));
    for page in ["ngnlab.1", "ngnlab-run.1", "ngnlab-device-check.1"] {
        let text = fs::read_to_string(folder.path().join("pages").join(page)).unwrap();
        assert!(text.contains(".TH ngnlab"), "{page}: {text}");
    }
}

fn ngnlab(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the program was built with this test")
}

/// Returns all that was said, with lines as wide as their words are.
fn told(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).replace('│', " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    String::from_utf8_lossy(&output.stdout).into_owned() + &said
}
