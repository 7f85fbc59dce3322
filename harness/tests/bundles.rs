//! A bundle holds all that its report was made of, and whatever was changed in it is noticed.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

#[test]
fn a_bundle_is_verified_wherever_it_is() {
    let lab = Lab::new();
    let said = lab.bundle("whole.zip", &[]);
    for word in ["5 traces", "3 MAC addresses", "TLS connections", "--redact"] {
        assert!(said.contains(word), "no {word} in {said}");
    }
    fs::remove_dir_all(lab.path("out")).unwrap();
    let (code, said) = lab.verify("whole.zip", &["--out", "unpacked"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("5 runs judged again"), "{said}");
    assert!(said.contains("those inside this ngnlab"), "{said}");
    assert!(said.contains("result     whole, and the report follows from its traces"));
    let sums = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "manifest.sha256"])
        .current_dir(lab.path("unpacked"))
        .output()
        .unwrap();
    assert!(sums.status.success(), "{sums:?}");
    let judged = lab.ngnlab(&[
        "judge",
        "unpacked/runs/line-auth/another-lines-id-was-applied-for-east/trace.jsonl",
    ]);
    assert!(
        told(&judged).contains("line-auth/another-lines-id-was-applied-for"),
        "{judged:?}"
    );
    let japanese = lab.ngnlab(&["verify", "whole.zip", "--lang", "ja"]);
    assert!(
        told(&japanese).contains("改ざんなし。報告は"),
        "{}",
        told(&japanese)
    );
}

#[test]
fn a_redacted_bundle_gives_nobody_away_and_keeps_every_verdict() {
    let lab = Lab::new();
    lab.bundle("plain.zip", &[]);
    let said = lab.bundle("redacted.zip", &["--redact", "--redact-word", "no-dad"]);
    assert!(
        said.contains("mapped to others: 2 customer IDs, 3 MAC"),
        "{said}"
    );
    let (code, said) = lab.verify("redacted.zip", &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("redacted: what gives people away"), "{said}");
    let (plain, redacted) = (lab.files("plain.zip"), lab.files("redacted.zip"));
    assert_eq!(
        plain.keys().collect::<Vec<_>>(),
        redacted.keys().collect::<Vec<_>>()
    );
    let away = [
        "02:00:5e:10:00:01",
        "5eff:fe10:1",
        "CAF1234567890",
        "no-dad",
    ];
    for (name, content) in &redacted {
        // The page is packed, and the captures are not text.
        let text = String::from_utf8_lossy(content);
        for word in away {
            assert!(!text.contains(word), "{word} in {name}");
        }
        let mac = [0x02, 0x00, 0x5e, 0x10, 0x00, 0x01];
        assert!(!content.windows(6).any(|bytes| bytes == mac), "{name}");
    }
    let of_plain = String::from_utf8_lossy(&plain["report.json"]).into_owned();
    for word in ["5eff:fe10:1", "no-dad"] {
        assert!(of_plain.contains(word), "{word} is seen where it is");
    }
}

#[test]
fn whatever_is_changed_is_noticed() {
    let lab = Lab::new();
    lab.bundle("whole.zip", &[]);
    let trace = "runs/line-auth/another-lines-id-was-applied-for-east/trace.jsonl";
    let other = "runs/line-auth/succeeds-on-a-pd-line-east/trace.jsonl";
    let page = |files: &mut Files| edit(files, "report.html", "<title>", "<title> ");
    let better = |files: &mut Files| edit(files, "report.json", "\"met\":true", "\"met\":false");
    let result = |files: &mut Files| {
        edit(
            files,
            "report.json",
            "\"comes_to\": {",
            "\"comes_to\": null, \"was\": {",
        );
    };
    let elsewhere =
        |files: &mut Files| edit(files, trace, "\"area\":\"east\"", "\"area\":\"west\"");
    let exchanged = |files: &mut Files| {
        let content = files[other].clone();
        files.insert(trace.to_owned(), content);
    };
    let spared = |files: &mut Files| {
        let spared = "\"outcome\":{\"not-applicable\": \"mode pd\"}";
        edit(files, "report.json", "\"outcome\": \"judged\"", spared);
    };
    let milder = |files: &mut Files| {
        edit(
            files,
            "report.json",
            "\"level\": \"must\"",
            "\"level\": \"should\"",
        );
    };
    let unseen = |files: &mut Files| {
        let trace = "\"trace\": \"runs/line-auth/succeeds-on-a-pd-line-east/trace.jsonl\"";
        edit(files, "report.json", trace, "\"trace\": null");
    };
    let capture = |files: &mut Files| {
        let path = trace.replace("trace.jsonl", "capture.pcapng");
        files.insert(path, b"no capture".to_vec());
    };
    let words = |files: &mut Files| edit(files, "README.txt", "router", "certified router");
    let renamed = |files: &mut Files| {
        edit(
            files,
            "report.json",
            "\"device\": \"",
            "\"device\": \"other ",
        );
    };
    let gone = |files: &mut Files| drop(files.remove(other));
    let more = |files: &mut Files| {
        files.insert("runs/more.txt".to_owned(), b"more".to_vec());
    };
    let follows = "does not follow from its traces";
    for (name, change, honest, code, word) in [
        (
            "page",
            &page as &dyn Fn(&mut Files),
            false,
            1,
            "report.html was changed",
        ),
        ("page", &page, true, 1, follows),
        ("verdict", &better, false, 1, "report.json was changed"),
        ("verdict", &better, true, 1, follows),
        ("result", &result, true, 1, follows),
        ("trace", &elsewhere, true, 1, follows),
        (
            "other trace",
            &exchanged,
            true,
            1,
            "the trace is one of line-auth/succeeds",
        ),
        ("no trace", &gone, false, 1, "is missing"),
        ("no trace", &gone, true, 1, follows),
        ("trace", &unseen, true, 1, "it has verdicts, and no trace"),
        ("capture", &capture, true, 1, "capture.pcapng"),
        (
            "words",
            &words,
            true,
            1,
            "draws these files otherwise: README.txt",
        ),
        ("device", &renamed, true, 1, "the trace is one of reference"),
        ("more", &more, true, 1, "no bundle has such a file"),
        ("outcome", &spared, true, 1, "and the device took part"),
        ("level", &milder, true, 1, "is another check than this"),
        (
            "more",
            &more,
            false,
            1,
            "runs/more.txt is not in the manifest",
        ),
    ] {
        let mut files = lab.files("whole.zip");
        change(&mut files);
        if honest {
            sum_up(&mut files);
        }
        lab.write("changed.zip", &files);
        let (found, said) = lab.verify("changed.zip", &[]);
        assert_eq!(found, Some(code), "{name}: {said}");
        assert!(said.contains(word), "{name}: {said}");
    }
}

#[test]
fn other_verdicts_of_another_version_are_no_tampering() {
    let lab = Lab::new();
    lab.bundle("whole.zip", &[]);
    let page = |files: &mut Files| edit(files, "report.html", "<title>", "<title> ");
    let better = |files: &mut Files| edit(files, "report.json", "\"met\":true", "\"met\":false");
    let unseen = |files: &mut Files| {
        let trace = "\"trace\": \"runs/line-auth/succeeds-on-a-pd-line-east/trace.jsonl\"";
        edit(files, "report.json", trace, "\"trace\": null");
    };
    let same = "another version of the judge comes to the same verdicts";
    for (change, code, word) in [
        (&(|_: &mut Files| ()) as &dyn Fn(&mut Files), 0, same),
        (
            &better,
            3,
            "this version of the judge comes to other verdicts than",
        ),
        (&page, 3, "draws these files otherwise: report.html"),
        (&unseen, 1, "does not follow from its traces"),
    ] {
        let mut files = lab.files("whole.zip");
        edit(
            &mut files,
            "bundle.json",
            "\"revision\": \"",
            "\"revision\": \"old-",
        );
        change(&mut files);
        sum_up(&mut files);
        lab.write("old.zip", &files);
        let (found, said) = lab.verify("old.zip", &[]);
        assert_eq!(found, Some(code), "{said}");
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_signature_tells_whose_it_is() {
    if Command::new("ssh-keygen").arg("-?").output().is_err() {
        let missing = "ssh-keygen is missing; it is in Debian's package `openssh-client`";
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("skipped: {missing}");
        return;
    }
    let lab = Lab::new();
    for name in ["maker", "stranger"] {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name])
            .current_dir(lab.folder.path())
            .status();
        assert!(made.unwrap().success());
    }
    let key = fs::read_to_string(lab.path("maker.pub")).unwrap();
    fs::write(lab.path("trusted"), format!("maker@example.com {key}")).unwrap();
    lab.bundle("signed.zip", &["--sign", "maker"]);
    lab.bundle("foreign.zip", &["--sign", "stranger"]);
    lab.bundle("plain.zip", &[]);
    let mut files = lab.files("signed.zip");
    edit(&mut files, "README.txt", "router", "rooter");
    sum_up(&mut files);
    lab.write("changed.zip", &files);
    let trusted = &["--signers", "trusted"][..];
    for (name, args, code, word) in [
        (
            "signed.zip",
            &[][..],
            0,
            "fits, by a key that --signers does not name",
        ),
        (
            "signed.zip",
            trusted,
            0,
            "signature for maker@example.com with ED25519",
        ),
        (
            "foreign.zip",
            trusted,
            1,
            "bad: it is by nobody whom trusted names",
        ),
        ("plain.zip", trusted, 1, "bad: there is none"),
        ("changed.zip", &[], 1, "signature  bad: "),
        ("changed.zip", trusted, 1, "signature  bad: "),
    ] {
        let (found, said) = lab.verify(name, args);
        assert_eq!(found, Some(code), "{name} {args:?}: {said}");
        assert!(said.contains(word), "{name} {args:?}: {said}");
    }
    let no_key = lab.ngnlab(&["bundle", "out/report.json", "x.zip", "--sign", "nobody"]);
    assert_eq!(no_key.status.code(), Some(2));
    assert!(
        told(&no_key).contains("could not sign with nobody"),
        "{}",
        told(&no_key)
    );
    assert!(!lab.path("x.zip").exists());
}

#[test]
fn what_is_no_bundle_is_refused_with_the_reason() {
    let lab = Lab::new();
    lab.bundle("whole.zip", &[]);
    let whole = fs::read(lab.path("whole.zip")).unwrap();
    fs::write(lab.path("cut.zip"), &whole[..whole.len() / 2]).unwrap();
    fs::write(lab.path("text.zip"), "no archive at all").unwrap();
    lab.write("empty.zip", &Files::new());
    fs::write(lab.path("before.zip"), [&b"before"[..], &whole].concat()).unwrap();
    fs::write(lab.path("behind.zip"), [&whole[..], b"behind"].concat()).unwrap();
    let with = |name: &str, edited: &dyn Fn(&mut Files)| {
        let mut files = lab.files("whole.zip");
        edited(&mut files);
        lab.write(name, &files);
    };
    with("out.zip", &|files| {
        drop(files.insert("../out".to_owned(), vec![]))
    });
    with("capitals.zip", &|files| {
        drop(files.insert("REPORT.json".to_owned(), vec![]))
    });
    with("twice.zip", &|files| {
        let other = "\"scenario\": \"line-auth/succeeds-on-a-pd-line\"";
        let first = "\"scenario\": \"line-auth/another-lines-id-was-applied-for\"";
        edit(files, "report.json", other, first);
    });
    with("newer.zip", &|files| {
        edit(files, "bundle.json", "\"bundle\": 1", "\"bundle\": 2")
    });
    with("odd.zip", &|files| {
        drop(files.insert("report.json".to_owned(), b"{".to_vec()))
    });
    for (name, word) in [
        ("cut.zip", "is no bundle: "),
        ("text.zip", "is no bundle: "),
        ("empty.zip", "it has no manifest.sha256"),
        ("out.zip", "leads elsewhere"),
        ("before.zip", "before or behind the archive"),
        ("behind.zip", "before or behind the archive"),
        ("capitals.zip", "has the place of another file"),
        ("newer.zip", "its form is 2"),
        ("odd.zip", "report.json: EOF"),
        ("twice.zip", "another-lines-id-was-applied-for (east) twice"),
    ] {
        let (code, said) = lab.verify(name, &[]);
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.replace("\n  │ ", " ").contains(word), "{name}: {said}");
    }
}

#[test]
fn a_report_is_bundled_with_its_own_files_or_not_at_all() {
    let lab = Lab::new();
    let refused = |args: &[&str], word: &str| {
        let output = lab.ngnlab(&[&["bundle"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(told(&output).contains(word), "{}", told(&output));
        assert!(!lab.path("x.zip").exists());
    };
    lab.ngnlab(&[
        "run",
        "--scenario",
        "dns/large-answers",
        "--json",
        "bare.json",
    ]);
    refused(&["bare.json", "x.zip"], "bare.json names no traces");
    let trace = lab.path("out/line-auth/another-lines-id-was-applied-for-east/trace.jsonl");
    let other = lab.path("out/line-auth/succeeds-on-a-pd-line-east/trace.jsonl");
    fs::copy(other, &trace).unwrap();
    refused(
        &["out/report.json", "x.zip"],
        "does not belong to the report",
    );
    fs::remove_file(trace).unwrap();
    refused(&["out/report.json", "x.zip"], "cannot read");
}

#[test]
fn a_judged_trace_can_be_redacted_too() {
    let lab = Lab::new();
    let trace = "out/line-auth/another-lines-id-was-applied-for-east/trace.jsonl";
    let judged = |args: &[&str]| {
        let output = lab.ngnlab(&[&["judge", trace, "--pcapng", "x.pcapng"], args].concat());
        (fs::read(lab.path("x.pcapng")).unwrap(), output)
    };
    let (capture, output) = judged(&["--json", "plain.json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("x.pcapng holds 2 customer IDs, 3 MAC addresses"),
        "{said}"
    );
    let mac = [0x02, 0x00, 0x5e, 0x10, 0x00, 0x01];
    assert!(capture.windows(6).any(|bytes| bytes == mac));
    let (hidden, redacted) = judged(&["--redact", "--json", "redacted.json"]);
    assert!(!hidden.windows(6).any(|bytes| bytes == mac));
    assert_eq!(redacted.status.code(), output.status.code());
    assert_eq!(redacted.stderr, b"");
    let verdicts = |name: &str| {
        let report: serde_json::Value =
            serde_json::from_slice(&fs::read(lab.path(name)).unwrap()).unwrap();
        report["results"].clone()
    };
    assert!(verdicts("plain.json").is_array());
    assert_eq!(verdicts("plain.json"), verdicts("redacted.json"));
}

type Files = BTreeMap<String, Vec<u8>>;

/// A folder with a run in it.
struct Lab {
    folder: TempDir,
}

impl Lab {
    fn new() -> Self {
        let lab = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let run = [
            "run", "--area", "east", "--out", "out", "--defect", "no-dad",
        ];
        let scenarios = ["succeeds-*-line", "another-lines-id-was-applied-for"];
        let scenarios = scenarios.map(|name| format!("line-auth/{name}"));
        let scenarios = scenarios.iter().flat_map(|name| ["--scenario", name]);
        let ran = lab.ngnlab(&run.into_iter().chain(scenarios).collect::<Vec<_>>());
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
        lab
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn bundle(&self, name: &str, args: &[&str]) -> String {
        let bundle = ["bundle", "out/report.json", name, "--no-pdf"];
        let output = self.ngnlab(&[&bundle, args].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        told(&output)
    }

    fn verify(&self, name: &str, args: &[&str]) -> (Option<i32>, String) {
        let output = self.ngnlab(&[&["verify", name], args].concat());
        (output.status.code(), told(&output))
    }

    fn ngnlab(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ngnlab"))
            .args(args)
            .env("LC_ALL", "C")
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn files(&self, name: &str) -> Files {
        let mut archive = ZipArchive::new(File::open(self.path(name)).unwrap()).unwrap();
        let mut files = Files::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            let name = file.name().unwrap().into_owned();
            files.insert(name, content);
        }
        files
    }

    fn write(&self, name: &str, files: &Files) {
        let mut archive = ZipWriter::new(File::create(self.path(name)).unwrap());
        for (name, content) in files {
            archive
                .start_file(name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap();
    }
}

/// Changes the first place of a text in a file.
fn edit(files: &mut Files, name: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[name].clone()).unwrap();
    assert!(text.contains(from), "{from} in {name}");
    files.insert(name.to_owned(), text.replacen(from, to, 1).into_bytes());
}

/// Makes a manifest of the files as they are.
fn sum_up(files: &mut Files) {
    let is_summed = |name: &&String| !name.starts_with("manifest.");
    let lines = files.iter().filter(|(name, _)| is_summed(name));
    let lines = lines.map(|(name, content)| format!("{:x}  {name}\n", Sha256::digest(content)));
    let manifest: String = lines.collect();
    files.insert("manifest.sha256".to_owned(), manifest.into_bytes());
}

fn told(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}
