//! Everything that a report says of the reference and of its defects is there in Japanese.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ngnlab_harness::campaign::{Campaign, Entry, Watched};
use ngnlab_harness::job::{Device, Job};
use ngnlab_harness::scenario::{self, Scenario};
use ngnlab_reports::words::{is_the_same, japanese};
use ngnlab_reports::{Case, Evidence, Outcome, Verdict};
use tempfile::TempDir;

#[test]
fn all_that_is_said_of_the_reference_and_its_defects_is_said_in_japanese() {
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for case in cases() {
        let place = case.place();
        for sentence in sentences(&case) {
            said.entry(sentence.to_owned()).or_insert(place.clone());
        }
    }
    assert!(said.len() > 1000, "only {} sentences", said.len());
    let missing = said.iter().filter(|(sentence, _)| is_missing(sentence));
    let missing: Vec<String> = missing
        .map(|(sentence, place)| format!("{place}: {sentence}"))
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_language_is_the_one_asked_for_or_that_of_the_locale() {
    let explained = |locale: &str, args: &[&str]| {
        let output = ngnlab(locale, &[&["explain", "m5"], args].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let (japanese, english) = ("m5（画面）", "m5 (a screen)");
    let what_to_do = "Get an eligible line";
    for (locale, args, heading, is_english) in [
        ("ja_JP.UTF-8", &[][..], japanese, false),
        ("C", &["--lang", "ja"], japanese, false),
        ("ja_JP.UTF-8", &["--lang", "en"], english, true),
        ("en_US.UTF-8", &[], english, true),
    ] {
        let text = explained(locale, args);
        assert_eq!(text.lines().next(), Some(heading), "{locale} {args:?}");
        assert_eq!(text.contains(what_to_do), is_english, "{text}");
        assert_eq!(text.contains("申請し直して"), !is_english, "{text}");
    }
    // A locale that names no language gets both.
    let text = explained("C.UTF-8", &[]);
    assert!(
        text.contains(what_to_do) && text.contains("申請し直して"),
        "{text}"
    );
}

#[test]
fn what_is_wrong_is_said_in_japanese_too() {
    let output = ngnlab("ja_JP.UTF-8", &["run", "--scenario", "dns/nothing-like-it"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    let line = "「dns/nothing-like-it」というシナリオはありません";
    assert!(said.contains(line), "{said}");
    let output = ngnlab("ja_JP.UTF-8", &["doctor", "no-such-file.toml"]);
    let said = String::from_utf8_lossy(&output.stderr);
    let line = "装置ファイルno-such-file.tomlがありません";
    assert!(said.contains(line) && said.contains("例の名前"), "{said}");
    let output = ngnlab("ja_JP.UTF-8", &["render", "no-such-file.json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no-such-file.jsonを読み込めません"), "{said}");
}

#[test]
fn a_wrong_command_line_and_help_are_japanese_too() {
    for (args, words) in [
        (
            &["run", "--sced", "1"][..],
            &[
                "「--sced」というオプションや引数はありません",
                "使い方: ngnlab run",
            ][..],
        ),
        (
            &["runn"],
            &["「runn」というコマンドはありません", "「run」"],
        ),
        (
            &["run", "--area", "north"],
            &[
                "「north」は「--area <AREA>」の値として使えません",
                "east, west",
            ],
        ),
        (
            &["run", "--jobs", "0"],
            &["「0」は「--jobs <N>」", "1..=256の範囲にありません"],
        ),
        (&["run", "--out"], &["「--out <DIR>」には値が必要です"]),
        (&["bundle"], &["「<REPORT>, <BUNDLE>」の指定がありません"]),
        (
            &["run", "--shard", "1/2", "--html", "x"],
            &["同時に使えません"],
        ),
        (&["run", "--out", "a", "--out", "b"], &["1回しか使えません"]),
    ] {
        let output = ngnlab("ja_JP.UTF-8", args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        for words in words {
            assert!(said.contains(words), "{args:?}: {said}");
        }
        assert!(
            !said.contains("error:") && !said.contains("Usage"),
            "{said}"
        );
    }
    for args in [
        &["run", "--help"][..],
        &["help", "run"],
        &["device", "help", "check"],
        &["--lang", "ja", "--help"],
    ] {
        let output = ngnlab("ja_JP.UTF-8", args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.contains("使い方: ngnlab") && said.contains("オプション:"),
            "{said}"
        );
    }
    let english = ngnlab("ja_JP.UTF-8", &["--lang", "en", "run", "--help"]);
    assert!(String::from_utf8_lossy(&english.stdout).contains("Usage: ngnlab run"));
}

#[test]
fn every_command_speaks_japanese_throughout() {
    let folder = TempDir::new().expect("there is room");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (good, bad, out) = (at("good.json"), at("bad.json"), at("out"));
    let (shard, other) = (at("shard.json"), at("other.json"));
    let scenario = ["--scenario", "line-auth/succeeds-on-a-pd-line"];
    let pair = [&["run"], &scenario[..], &["--area", "east"]].concat();
    let trace = format!("{out}/line-auth/succeeds-on-a-pd-line-east");
    let (trace, capture) = (
        format!("{trace}/trace.jsonl"),
        format!("{trace}/capture.pcapng"),
    );
    let (scenarios, device, template) = (at("scenarios"), at("device.toml"), at("template.toml"));
    fs::create_dir_all(at("scenarios/dns")).expect("it is ours");
    for (name, text) in [
        ("scenarios/dns/one.toml", ONE),
        ("scenarios/dns/two.toml", TWO),
        ("scenarios/dns/three.toml", THREE),
        ("device.toml", DEVICE),
        ("template.toml", TEMPLATE),
        ("cut.pcapng", "\u{a}\r\r\n"),
    ] {
        fs::write(at(name), text).expect("it is ours");
    }
    let line = ["--line", "next-pd", "--area", "east"];
    let mut wrong = Vec::new();
    for args in [
        &[&pair[..], &["--json", &good, "--out", &out]].concat()[..],
        &[&pair[..], &["--defect", "duid-llt", "--json", &bad]].concat(),
        &[&pair[..], &["--out", &out]].concat(),
        &[&pair[..], &["--baseline", &bad]].concat(),
        &[&pair[..], &["--shard", "1/2"]].concat(),
        &[
            "run",
            "--scenario",
            "dns/*",
            "--shard",
            "1/2",
            "--json",
            &shard,
        ],
        &[
            "run",
            "--scenario",
            "ipv6/*",
            "--shard",
            "1/3",
            "--json",
            &other,
        ],
        &["run", "--resume"],
        &["run", "--scenario", "dns/*", "--baseline", &good],
        &["run", "--device", "reference", "--device", "reference"],
        &["run", "--device", &template],
        &["merge", &shard],
        &["merge", &shard, &shard],
        &["merge", &shard, &other],
        &["merge", "no-such-file"],
        &["diff", &good, &bad],
        &["diff", &bad, &good, "--all"],
        &["diff", &good, &bad, "--format", "markdown"],
        &["diff", &shard, &bad],
        &["diff", &good, &bad, "--format", "none"],
        &["render", &bad],
        &["render", &bad, "--format", "markdown"],
        &["render", &bad, "--format", "junit"],
        &["render", &shard],
        &["judge", &trace],
        &["judge", &trace, "--line", "next-pd"],
        &["judge", &capture],
        &[&["judge", &capture], &line[..]].concat(),
        &[&["judge", &capture], &line[..], &["--wan", "none"]].concat(),
        &[&["judge", &at("cut.pcapng")], &line[..]].concat(),
        &["judge", &device],
        &["lint", "--scenarios", &scenarios],
        &["lint", "--device", &device],
        &["lint", "--device", &template],
        &["lint", "--scenarios", &at("nowhere")],
        &["doctor"],
        &["doctor", &template],
        &["explain", "ons.dns.per-domain"],
        &["explain", "wrong-duid"],
        &["explain", "dns/large-answers"],
        &["explain", "nothing-like-it"],
        &["list"],
        &["list", "--checks"],
        &["list", "--profiles"],
        &["list", "--defects"],
        &["list", "--diagnoses"],
        &["init", &at("init")],
        &["init", &at("init")],
        &["man", &at("man")],
    ] {
        let output = ngnlab("ja_JP.UTF-8", args);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).expect("UTF-8");
        assert!(!said.is_empty(), "{args:?}");
        let english = said.lines().filter_map(|line| Some((line, english(line)?)));
        wrong.extend(english.map(|(line, words)| format!("{args:?}: {words}: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns three words of English in a row, without what is quoted of files and of commands.
fn english(line: &str) -> Option<String> {
    if line.contains("│ ") && line.contains(" = ") || line.contains("ngnlab ") {
        return None;
    }
    let mut line = line.to_owned();
    for name in NAMES {
        line = line.replace(name, "");
    }
    let plain = line.split(['`', '「', '」']).step_by(2);
    plain
        .flat_map(|part| {
            let words: Vec<&str> = part.split_whitespace().collect();
            let three = words.windows(3).map(<[&str]>::to_vec);
            three.collect::<Vec<_>>()
        })
        .find(|words| {
            let is_word = |word: &&str| word.bytes().all(|c| c.is_ascii_lowercase());
            words.iter().all(is_word)
        })
        .map(|words| words.join(" "))
}

fn ngnlab(locale: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
        .args(args)
        .env("LC_ALL", locale)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("the program was built with this test")
}

fn is_missing(sentence: &str) -> bool {
    match japanese(sentence) {
        None => !sentence.is_empty() && !is_the_same(sentence),
        // What a hole took in unsaid is English in the middle of Japanese.
        Some(said) => said.split(' ').any(|word| ENGLISH.contains(&word)),
    }
}

/// Returns everything that a report shows of a case in sentences.
fn sentences(case: &Case) -> Vec<&str> {
    let mut said = Vec::new();
    for judged in case.verdicts.values() {
        match &judged.verdict {
            Verdict::Fail(finding) => {
                said.extend([&*finding.expected, &*finding.actual]);
                said.extend(finding.excuse.as_deref());
            }
            Verdict::Inconclusive(why) | Verdict::NotApplicable(why) => said.push(why),
            Verdict::Pass(_) => {}
        }
        said.extend(summaries(&judged.evidence));
    }
    for promise in &case.expectations {
        said.extend([&*promise.what, &*promise.seen]);
    }
    for diagnosis in case.diagnosis.iter().chain(&case.overcome) {
        for walked in &diagnosis.walked {
            said.push(&walked.because);
            said.extend(summaries(&walked.evidence));
        }
    }
    match &case.outcome {
        Outcome::DeviceFailed { how, message, .. } => said.extend([&**how, &**message]),
        Outcome::NotApplicable(why) => said.push(why),
        // Nothing of ours breaks here.
        Outcome::HarnessError(_) | Outcome::Judged => {}
    }
    said
}

fn summaries(evidence: &[Evidence]) -> impl Iterator<Item = &str> {
    evidence.iter().map(|one| &*one.summary)
}

/// Runs the reference in every scenario and area, and each defect where it is to be noticed.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = scenario::files(&folder).expect("the scenarios are there");
    let entries: Vec<Entry> = files.iter().flat_map(|path| entries_of(path)).collect();
    let campaign = Campaign {
        jobs: 2,
        progress: Watched::ByNobody,
        stop: &AtomicBool::new(false),
    };
    campaign.run(&entries).into_iter().flatten().collect()
}

fn entries_of(path: &Path) -> Vec<Entry> {
    let scenario = Scenario::load(path).expect("the scenarios have no mistakes");
    let entry = |area, defects| Entry {
        job: Job {
            scenario: path.to_owned(),
            area,
            delivery: None,
            seed: 1,
            pace: None,
            device: Device::Reference(defects),
            prepared: None,
            out: None,
        },
        scenario: scenario.clone(),
        known: Arc::new([]),
        excuses: Arc::new([]),
    };
    let areas = scenario.line.areas.iter();
    let mut entries: Vec<Entry> = areas.map(|area| entry(*area, BTreeSet::new())).collect();
    let first = scenario.line.areas[0];
    let defects = scenario.notices();
    entries.extend(defects.map(|defect| entry(first, BTreeSet::from([defect]))));
    entries
}

/// What examples of devices are called.
const NAMES: &[&str] = &["dnsmasq with dhcpcd", "dnsmasq with ndppd"];

const ONE: &str = r#"
about     = { ja = "試験。", en = "A test." }
source    = "ngn-facts §1"
line      = { preset = "next-pd", areas = ["east", "east"] }
terminals = ["pc", "pc"]
until     = "60s"
exercises = ["ons.dns.nothing"]
[[step]]
do.resolve = { from = "pc", name = "a.example" }
"#;

const TWO: &str = r#"
about     = { ja = "試験。", en = "A test." }
source    = "ngn-facts §1"
line      = { preset = "next-pd", areas = ["east"] }
terminals = ["pc"]
until     = "60s"
exercises = ["ons.dns.per-domain"]
[[step]]
at = "20s"
do.resolve = { from = "pc", name = "www.lineauth.mnx" }
[[step]]
at = "25s"
do.open = { from = "pc", url = "https://www.lineauth.mnx/" }
"#;

const THREE: &str = r#"
about     = "A test."
until     = 60
"#;

const DEVICE: &str = r#"
driver = "process"
name   = "test"
about  = "test"
offers = { modes = ["pd", "pd"] }
"#;

const TEMPLATE: &str = r#"
driver = "process"
name   = "test"
about  = "test"
offers = { modes = ["pd"] }
[[file]]
path = "/run/x"
text = "{{ nothing }}"
"#;

/// Words that stand in no name.
const ENGLISH: &[&str] = &[
    "the", "all", "and", "not", "for", "with", "from", "was", "its", "of", "to", "in", "at", "by",
    "servers", "nodes", "routers",
];
