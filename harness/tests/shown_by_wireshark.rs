//! Wireshark shows what a capture of ours says: comments, names, HTTP in clear, numbers of frames.
#![expect(
    clippy::unwrap_used,
    reason = "a test says with a panic what went wrong"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::text;
use ngnlab_reports::{Judged, Report, Verdict};

mod tshark;

#[test]
fn the_filter_of_a_finding_shows_the_frames_whose_comments_say_so() {
    let Some(run) = Kept::of(SUCCEEDS, &WRONG_DUID) else {
        return;
    };
    let case = &run.report().cases[0];
    let mut shown = 0;
    for (id, judged) in &case.verdicts {
        let Verdict::Fail(finding) = &judged.verdict else {
            continue;
        };
        let said = format!("{id} (");
        let by_comment = run.fields(
            &format!("frame.comment contains \"{said}\""),
            &["frame.number"],
        );
        let frames: Vec<String> = judged
            .evidence
            .iter()
            .filter_map(|evidence| Some(evidence.frame?.to_string()))
            .collect();
        let filter = case.filter(id, judged).unwrap();
        if frames.len() == finding.records.len() {
            assert_eq!(filter, format!("frame.number in {{{}}}", frames.join(", ")));
        }
        assert_eq!(run.fields(&filter, &["frame.number"]), by_comment, "{id}");
        for comments in run.fields(&filter, &["frame.comment"]) {
            let expected = format!("expected {}, seen {}", finding.expected, finding.actual);
            assert!(
                comments.contains(&said) && comments.contains(&expected),
                "{comments}"
            );
        }
        shown += by_comment.len();
    }
    assert!(shown > 0);
    let document = Document::Report(Box::new(run.report()));
    let page = text::render(&document, false);
    assert!(page.contains("#8 (frame 7) "), "{page}");
    assert!(
        page.contains("\n  filter    frame.number in {7}\n"),
        "{page}"
    );
    assert!(page.contains("-east/capture.pcapng\n"), "{page}");
}

#[test]
fn a_frame_that_proves_a_check_names_it_and_facts_stand_on_the_next_frame() {
    let Some(run) = Kept::of(SUCCEEDS, &[]) else {
        return;
    };
    let case = &run.report().cases[0];
    let passed = |judged: &&Judged| matches!(&judged.verdict, Verdict::Pass(_));
    assert!(case.verdicts.values().filter(passed).count() > 50);
    let comments = run.fields("frame.comment", &["frame.comment"]).join("\n");
    for (id, judged) in &case.verdicts {
        if passed(&judged) {
            assert!(comments.contains(id), "{id}");
        }
    }
    let online = run.fields(
        "frame.comment contains \"pc: online\"",
        &["frame.time_relative"],
    );
    assert_eq!(online.len(), 1);
    let step = run.fields("frame.comment contains \"step: \"", &["frame.number"]);
    assert!(!step.is_empty());
}

#[test]
fn addresses_have_names_and_nothing_is_complained_about() {
    for scenario in [SUCCEEDS, BELOW_A_HOME_GATEWAY] {
        let Some(run) = Kept::of(scenario, &[]) else {
            return;
        };
        assert_eq!(tshark::complaints(&run.capture), Vec::<String>::new());
        let hosts = run
            .fields("ipv6", &["ipv6.src_host", "ipv6.dst_host"])
            .join("\n");
        let names: BTreeSet<&str> = hosts.split(['\n', '\t']).collect();
        let gateway = if scenario == SUCCEEDS {
            "edge"
        } else {
            "home-gateway"
        };
        for name in [
            gateway,
            "router-wan",
            "router-lan",
            "pc",
            "pc-temporary",
            "ons-dns-1",
            "www.lineauth.mnw",
            "all-nodes",
            "all-dhcpv6-servers",
        ] {
            assert!(names.contains(name), "{scenario}: no {name} in {names:?}");
        }
    }
}

#[test]
fn the_consent_screen_can_be_read() {
    let Some(run) = Kept::of(SUCCEEDS, &[]) else {
        return;
    };
    let asked = run.fields("http.request", &["http.host", "http.request.method"]);
    assert!(
        asked.contains(&"www.lineauth.mnw\tPOST".to_owned()),
        "{asked:?}"
    );
    let shown = run.fields(
        "http.response && tls && http contains \"<form\"",
        &["http.response.code"],
    );
    assert!(shown.contains(&"200".to_owned()), "{shown:?}");
    // It is the keys inside that show it.
    let locked = run.folder.path().join("locked.pcapng");
    let mut editcap = Command::new("editcap");
    editcap
        .arg("--discard-all-secrets")
        .arg(&run.capture)
        .arg(&locked);
    assert!(editcap.status().unwrap().success());
    let locked = Kept {
        capture: locked,
        ..run
    };
    assert_eq!(
        locked.fields("http", &["frame.number"]),
        Vec::<String>::new()
    );
}

#[test]
fn the_capture_says_what_it_is() {
    let Some(run) = Kept::of(SUCCEEDS, &WRONG_DUID) else {
        return;
    };
    let output = Command::new("capinfos").arg(&run.capture).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for part in [
        "scenario   line-auth/succeeds-on-a-pd-line (east)",
        ", which follows from --seed",
        "device     reference",
        "diagnosis  ",
        "failed     ",
        "ngn.dhcp6.duid-ll",
        "Capture application: ngnlab ",
        "Name = wan",
        "Description = between the router and the line",
        "Name = lan",
        "Number of resolved IPv6 addresses in file: ",
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
}

#[test]
fn judging_a_saved_trace_writes_the_same_capture() {
    for (scenario, more) in [
        (SUCCEEDS, &[][..]),
        (SUCCEEDS, &WRONG_DUID),
        (BELOW_A_HOME_GATEWAY, &[]),
    ] {
        let run = Kept::run(scenario, more);
        let again = run.folder.path().join("again.pcapng");
        let judge = ngnlab()
            .arg("judge")
            .arg(run.capture.with_file_name("trace.jsonl"))
            .arg("--pcapng")
            .arg(&again)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&judge.stderr);
        assert!(matches!(judge.status.code(), Some(0 | 1 | 3)), "{errors}");
        assert!(
            fs::read(&again).unwrap() == fs::read(&run.capture).unwrap(),
            "{scenario}"
        );
        let text = String::from_utf8(judge.stdout).unwrap();
        if !more.is_empty() {
            assert!(text.contains("again.pcapng"), "{text}");
        }
    }
}

/// What a run kept of one scenario in the East.
struct Kept {
    folder: tempfile::TempDir,
    capture: PathBuf,
}

impl Kept {
    /// Runs it where tshark can look at what it leaves.
    fn of(scenario: &str, more: &[&str]) -> Option<Self> {
        if !tshark::is_installed() {
            eprintln!("left out: tshark is not installed");
            return None;
        }
        Some(Self::run(scenario, more))
    }

    fn run(scenario: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let output = ngnlab()
            .args(["run", "--area", "east", "--scenario", scenario])
            .args(more)
            .arg("--scenarios")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios"))
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        let capture = out.join(format!("{scenario}-east/capture.pcapng"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(capture.is_file(), "{errors}");
        Self { folder, capture }
    }

    fn report(&self) -> Report {
        let text = fs::read_to_string(self.folder.path().join("out/report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Returns fields of the frames that a filter lets through, a line for each, with tabs between.
    fn fields(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        let output = Command::new("tshark")
            .args(["-N", "n", "-r"])
            .arg(&self.capture)
            .args(["-Y", filter, "-T", "fields"])
            .args(fields.iter().flat_map(|field| ["-e", field]))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{filter}: {errors}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn ngnlab() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ngnlab"))
}

const SUCCEEDS: &str = "line-auth/succeeds-on-a-pd-line";
/// A defect that a check fails on one frame.
const WRONG_DUID: [&str; 2] = ["--defect", "duid-llt"];
const BELOW_A_HOME_GATEWAY: &str = "home-gateway/pd-below-the-home-gateway";
