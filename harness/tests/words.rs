//! What is handed in, by files, names and arguments, is data: it is shown, it leads nowhere, and
//! it is refused before it takes time or memory.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ngnlab_reports::escape::is_unseen;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::TempDir;

#[test]
fn no_argument_reaches_a_terminal_as_it_is() {
    let bad = "x\x1b[2J\u{9b}31m\u{202e}\r\n";
    for args in [
        &["run", "--scenario", bad][..],
        &["run", "--scenarios", bad],
        &["run", "--device", bad],
        &["run", "--area", bad],
        &["run", "--defect", bad],
        &["run", "--shard", bad],
        &["run", "--baseline", bad],
        &["diff", bad, "new.json"],
        &["merge", bad],
        &["run", &format!("--{bad}")],
        &[bad],
        &["explain", bad],
        &["lint", bad],
        &["judge", bad],
        &["render", bad],
        &["render", "--format", bad, "report.json"],
        &["doctor", bad],
        &["device", "check", bad],
        &["list", "--devices", bad],
        &["selftest", "--scenarios", bad],
    ] {
        let output = ngnlab(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            shown(&output).contains("x\\u{1b}[2J"),
            "{args:?}: {output:?}"
        );
    }
}

#[test]
fn no_scenario_reaches_a_terminal_as_it_is() {
    let bad = r"\u001b[2J\u202e\nFAIL  forged";
    let folder = scenarios("dns/one.toml", &SCENARIO.replace("A test.", bad));
    let at = ["--scenarios", text(folder.path())];
    for args in [&["list"][..], &["explain", "dns/one"]] {
        let told = shown(&ngnlab(&[args, &at].concat()));
        assert!(told.contains("\\u{1b}[2J"), "{args:?}: {told}");
        assert!(!told.lines().any(|line| line.starts_with("FAIL")), "{told}");
    }
    for (right, wrong) in [
        ("source ", "\"so\\u001burce\" "),
        ("\"a.example\"", "\"a.example\", \"x\\u001b\" = 1"),
        ("A test.", "A raw \x1b[2J\x07."),
        ("next-pd", "next-\\u001b"),
    ] {
        let folder = scenarios("dns/one.toml", &SCENARIO.replace(right, wrong));
        let at = ["--scenarios", text(folder.path())];
        for args in [&["lint"][..], &["run"], &["list"]] {
            let output = ngnlab(&[args, &at].concat());
            assert_eq!(output.status.code(), Some(2), "{wrong:?}");
            let told = shown(&output);
            assert!(told.contains("\\u{1b}"), "{wrong:?}: {told}");
        }
    }
}

#[test]
fn no_device_reaches_a_terminal_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("x\x1b.toml");
    let bad = r"x\u001b[2J\u009b\nFAIL  forged";
    let device = format!("{DEVICE}about = \"{bad}\"\n").replace("test", bad);
    fs::write(&file, &device).unwrap();
    for args in [
        &["list", "--devices", text(folder.path())][..],
        &["doctor", text(&file)],
    ] {
        let told = shown(&ngnlab(args));
        assert!(told.contains("x\\u{1b}.toml"), "{args:?}: {told}");
        assert!(!told.lines().any(|line| line.starts_with("FAIL")), "{told}");
    }
    let lacking = format!("{device}needs = [\"no\\u001b[2Jsuch\"]\n");
    fs::write(&file, lacking).unwrap();
    for args in [
        &["doctor", text(&file)][..],
        &["device", "check", text(&file)],
        &["run", "--device", text(&file)],
    ] {
        let output = ngnlab(args);
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        let told = shown(&output);
        assert!(told.contains("no\\u{1b}[2Jsuch"), "{args:?}: {told}");
    }
}

#[test]
fn no_trace_and_no_report_reaches_a_terminal_as_it_is() {
    let folder = TempDir::new().unwrap();
    let (out, json) = (folder.path().join("out"), folder.path().join("a.json"));
    let args = ["run", "--scenario", "dns/large-answers", "--area", "west"];
    let kept = ["--out", text(&out), "--json", text(&json)];
    assert_eq!(ngnlab(&[&args[..], &kept].concat()).status.code(), Some(0));
    let trace = out.join("dns/large-answers-west/trace.jsonl");
    let run = out.join("run.json");
    for (file, name) in [
        (&trace, "large-answers\""),
        (&run, "large-answers\""),
        (&json, "large-answers"),
    ] {
        let good = fs::read_to_string(file).unwrap();
        let bad = r"x\u001b]0;t\u0007\nFAIL\u202e";
        let named = name.replace("large-answers", bad);
        let bad = good.replace("reference", bad).replace(name, &named);
        assert_ne!(good, bad);
        fs::write(file, bad).unwrap();
    }
    let alone = folder.path().join("alone.jsonl");
    fs::copy(&trace, &alone).unwrap();
    for args in [
        &["judge", text(&trace)][..],
        &["judge", text(&alone)],
        &["judge", text(&out)],
        &["render", text(&json)],
        &["render", "--format", "json", text(&json)],
    ] {
        let output = ngnlab(args);
        assert_ne!(output.status.code(), Some(2), "{output:?}");
        let told = shown(&output);
        assert!(told.contains("]0;t\\u"), "{args:?}: {told}");
        assert!(!told.lines().any(|line| line.starts_with("FAIL")), "{told}");
    }
}

#[test]
fn a_name_that_cannot_be_a_folder_is_refused() {
    for name in [
        "dns/...toml",
        "dns/..toml",
        "dns/x\x1b.toml",
        "d\u{202e}/x.toml",
    ] {
        let folder = scenarios(name, SCENARIO);
        let out = folder.path().join("out");
        let at = ["--scenarios", text(folder.path()), "--out", text(&out)];
        let output = ngnlab(&[&["run"], &at[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{name:?}");
        assert!(
            said(&output).contains("is no name for a scenario"),
            "{output:?}"
        );
        assert!(!out.exists());
    }
    let folder = TempDir::new().unwrap();
    let (odd, other) = (folder.path().join("...toml"), folder.path().join("b.toml"));
    fs::write(&odd, DEVICE).unwrap();
    fs::write(&other, DEVICE).unwrap();
    let args = ["run", "--device", text(&odd), "--device", text(&other)];
    let output = ngnlab(&args);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("a folder of its name"), "{output:?}");
    for name in ["..", "", "\\u001b"] {
        let run = format!("{DEVICE}[[run]]\nsetup = \"true\"\nname = \"{name}\"\n");
        fs::write(&other, run).unwrap();
        let output = ngnlab(&["run", "--device", text(&other)]);
        assert_eq!(output.status.code(), Some(2), "{name:?}");
        assert!(said(&output).contains("b.toml:6:8: `name` is that of a log file"));
    }
}

#[test]
fn a_scenario_without_bounds_is_refused_with_its_place() {
    let steps = "[[step]]\nat = \"1s\"\ndo.power-cycle = {}\n";
    let words = |word: &str, count| format!("[{}]", format!("\"{word}\",").repeat(count));
    for (right, wrong, told) in [
        ("[\"pc\"]", words("a", 1_000_000), "more than 262144 bytes"),
        ("[\"pc\"]", words("a", 50_000), "one.toml:4:"),
        ("[\"pc\"]", words("a", 50_000), "sockets for 7 terminals"),
        (
            "[\"pc\"]",
            format!("{}pc", "[".repeat(200_000)),
            "one.toml:4:",
        ),
        ("\"60s\"", "\"9999999999999h\"".to_owned(), "one.toml:5:"),
        (
            "\"60s\"",
            "\"9999999999999h\"".to_owned(),
            "longer than 100y",
        ),
        (
            "[\"ons.dns.per-domain\"]",
            words("x", 50_000),
            "one.toml:6:",
        ),
        ("[\"east\"]", words("east", 30_000), "one.toml:3:"),
        (
            "\"a.example\"",
            format!("\"a.example\"}}\n{}#", steps.repeat(5_000)),
            "1000 steps",
        ),
        (
            "\"next-pd\"",
            format!("\"{}\"", "x".repeat(250_000)),
            "one.toml:3:",
        ),
        (
            "from = \"pc\"",
            format!("from = \"{}\"", "x".repeat(250_000)),
            "one.toml:9:",
        ),
    ] {
        let folder = scenarios("dns/one.toml", &SCENARIO.replace(right, &wrong));
        for command in ["lint", "run", "list"] {
            let output = ngnlab(&[command, "--scenarios", text(folder.path())]);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(2), "{told}: {said:.900}");
            assert!(said.contains(told), "{told}: {said:.900}");
            assert!(said.len() < 10_000);
        }
    }
}

#[test]
fn what_is_no_file_or_too_long_is_refused_at_once() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (pipe, endless, large, huge) = (
        place("dns/pipe.toml"),
        place("dns/endless.toml"),
        place("dns/large.toml"),
        place("huge.json"),
    );
    fs::create_dir(place("dns")).unwrap();
    mkfifo(&pipe, Mode::S_IRUSR).unwrap();
    symlink("/dev/zero", &endless).unwrap();
    File::create(&large).unwrap().set_len(100 << 20).unwrap();
    let long = place("long.jsonl");
    fs::write(&long, "{").unwrap();
    let grown = File::options().write(true).open(&long).unwrap();
    grown.set_len(100 << 20).unwrap();
    File::create(&huge).unwrap().set_len(600 << 20).unwrap();
    let looped = place("dns/looped.toml");
    symlink("looped.toml", &looped).unwrap();
    let nested = place("nested.json");
    fs::write(&nested, "{\"format\":".to_owned() + &"[".repeat(10 << 20)).unwrap();
    let no_file = "no file";
    for (file, command, told) in [
        (&pipe, "lint", no_file),
        (&pipe, "--device", no_file),
        (&pipe, "judge", no_file),
        (&pipe, "render", no_file),
        (&pipe, "check", no_file),
        (&pipe, "doctor", no_file),
        (&endless, "lint", no_file),
        (&endless, "--device", no_file),
        (&endless, "judge", no_file),
        (&endless, "render", no_file),
        (&large, "lint", "more than 262144 bytes"),
        (&large, "--device", "more than 262144 bytes"),
        (&large, "doctor", "more than 262144 bytes"),
        (&large, "judge", "is neither a trace nor a capture"),
        (&long, "judge", "line 1 of the trace has"),
        (&large, "render", "is no report"),
        (&huge, "render", "more than 536870912 bytes"),
        (&nested, "judge", "line 1 of the trace"),
        (&nested, "render", "is no report"),
        (&looped, "lint", "symbolic links"),
    ] {
        let args: &[&str] = match command {
            "check" => &["device", "check", text(file)],
            "--device" => &["run", "--device", text(file)],
            command => &[command, text(file)],
        };
        let output = ngnlab(args);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(told), "{args:?}: {said}");
    }
    let whole = ngnlab(&["list", "--scenarios", text(folder.path())]);
    assert_eq!(whole.status.code(), Some(2));
}

#[test]
fn a_folder_with_everything_in_it_is_refused() {
    let folder = scenarios("dns/one.toml", SCENARIO);
    symlink(".", folder.path().join("again")).unwrap();
    let at = ["--scenarios", text(folder.path())];
    let listed = shown(&ngnlab(&["list", at[0], at[1]]));
    assert_eq!(listed.matches("dns/one").count(), 1, "{listed}");
    for number in 0..20_001 {
        File::create(folder.path().join(format!("dns/{number}.txt"))).unwrap();
    }
    for args in [
        &["list", at[0], at[1]][..],
        &["run", at[0], at[1]],
        &["list", "--devices", text(&folder.path().join("dns"))],
    ] {
        let output = ngnlab(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            said(&output).contains("more than 20000 files"),
            "{output:?}"
        );
    }
}

#[test]
fn a_template_without_bounds_is_refused_with_its_place() {
    let loops = "{% for a in range(256) %}".repeat(5) + &"{% endfor %}".repeat(5);
    let file = |text: &str| format!("[[file]]\npath = \"/run/x\"\ntext = '''{text}'''\n");
    for (driver, rest, place) in [
        ("process", file(&loops), "device.toml:6:123"),
        ("process", file("{{ 'x' * 10**9 }}"), "device.toml:6:8"),
        (
            "process",
            "[[run]]\nsetup = \"{{ 1 * 1 }}\"\n".to_owned(),
            "device.toml:5:9",
        ),
        (
            "qemu",
            format!("{MACHINE}[[configure]]\nrun = \"{{{{ 1 * 1 }}}}\"\n"),
            "`*`",
        ),
        (
            "nic",
            format!("{CABLES}configure = \"{loops}\"\n"),
            "100000 steps at most",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("device.toml");
        fs::write(&path, DEVICE.replace("process", driver) + &rest).unwrap();
        let output = ngnlab(&["run", "--device", text(&path)]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{rest}: {said}");
        assert!(said.contains(place), "{place}: {said}");
    }
}

#[test]
fn a_device_without_bounds_is_refused_with_its_place() {
    for (rest, told) in [
        (
            "[[run]]\nsetup = \"true\"\n".repeat(5000),
            "1000 commands at most",
        ),
        (
            "[[file]]\npath = \"/x\"\ntext = \"\"\n".repeat(5000),
            "1000 files",
        ),
        (
            "[[known]]\ncheck = \"x\"\nreason = \"\"\n".repeat(5000),
            "unknown check `x`",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("device.toml");
        fs::write(&path, format!("{DEVICE}{rest}")).unwrap();
        let output = ngnlab(&["run", "--device", text(&path)]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{said:.900}");
        assert!(
            said.contains(told) && said.contains("device.toml:"),
            "{said:.900}"
        );
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("device.toml");
    let modes = "\"pd\",".repeat(40_000);
    fs::write(&path, DEVICE.replace("\"pd\"", &modes)).unwrap();
    let output = ngnlab(&["run", "--device", text(&path)]);
    assert!(said(&output).contains("names a mode twice"), "{output:?}");
}

/// Runs the program with little time and memory.
fn ngnlab(args: &[&str]) -> Output {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Command::new("sh")
        .args(["-c", "ulimit -v 3000000; exec timeout 20 \"$0\" \"$@\""])
        .env("LC_ALL", "C")
        .arg(env!("CARGO_BIN_EXE_ngnlab"))
        .args(args)
        .current_dir(root)
        .output()
        .expect("the program was built with this test")
}

/// Returns all that was said, none of which moves a terminal.
fn shown(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    let text = String::from_utf8([&out[..], err].concat()).expect("UTF-8");
    let wrong = |c: char| c != '\n' && is_unseen(c);
    assert!(!text.contains(wrong), "{text:?}");
    text
}

/// Returns all that was said as one line, wherever the terminal broke it.
fn said(output: &Output) -> String {
    let text = shown(output);
    let words = text.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

fn scenarios(name: &str, text: &str) -> TempDir {
    let folder = TempDir::new().expect("there is room for a folder");
    let file = folder.path().join(name);
    let family = file.parent().expect("a name has a family");
    fs::create_dir_all(family).expect("the folder is ours");
    fs::write(file, text).expect("the folder is ours");
    folder
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
do.resolve = { from = "pc", name = "a.example" }
"#;

const DEVICE: &str = r#"driver = "process"
name = "test"
offers = { modes = ["pd"] }
"#;

const MACHINE: &str = r#"kernel = "vmlinuz"
initrd = "initrd"
nic = [{ name = "eth0", port = "wan" }, { name = "eth1", port = "lan" }]
[[boot]]
wait = "login:"
"#;

const CABLES: &str = r#"macs = { wan = "00:00:5e:00:53:01", lan = "00:00:5e:00:53:02" }
wan = { interface = "eth1" }
lan = { interface = "eth2" }
"#;
