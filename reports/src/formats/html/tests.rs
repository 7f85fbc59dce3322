//! What stands in a page, read without a browser.

use std::io::Read as _;

use flate2::read::DeflateDecoder;
use serde_json::Value;

use super::*;
use crate::conclusion::Conclusion;
use crate::decoded::Decoded;
use crate::scene::{Event, Lane, Scene, Scenes, Sent, Side, What};
use crate::{Case, CheckInfo, FORMAT, Finding, Judged, Level, Outcome, Profile, Verdict};

#[test]
fn a_page_asks_nobody_for_anything() {
    let page = render(&document("reference"), Look::PLAIN);
    for word in [
        "http:", "https:", "//cdn", " src=", "@import", "url(", "fetch(", "XMLHttp",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_script_never_takes_a_text_for_markup() {
    for word in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ] {
        let found = SCRIPTS.iter().any(|script| script.contains(word));
        assert!(!found, "{word}");
    }
}

#[test]
fn foreign_words_end_no_block() {
    let words = "</script><script>alert(1)</script>\u{202e}\u{1b}[31m{style}";
    let page = render(&document(words), look(&Drawn(words)));
    assert!(!page.contains("<script>alert"), "it ends a block");
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
    assert_eq!(page.matches("<style>").count(), 1);
    let overview = unpacked(&page, "overview");
    assert_eq!(
        overview["devices"][0]["name"],
        "</script><script>alert(1)</script>\\u{202e}\\u{1b}[31m{style}"
    );
}

#[test]
fn each_case_is_packed_with_its_verdicts_and_its_scene() {
    let page = render(
        &document("reference"),
        look(&Drawn("DNS AAAA? www.lineauth.mnw")),
    );
    let overview = unpacked(&page, "overview");
    assert_eq!(overview["devices"][0]["cases"][0]["cells"], "fp");
    let about = serde_json::json!({ "ja": "応答を試す。", "en": "Tries answers." });
    assert_eq!(overview["devices"][0]["cases"][0]["about"], about);
    assert_eq!(overview["devices"][0]["failures"][0]["check"], "a.fails");
    let case = unpacked(&page, "case-0-0");
    let shared = unpacked(&page, "shared");
    let words = |at: &Value| shared["words"][at.as_u64().unwrap() as usize].clone();
    let failed = &case["verdicts"]["0"];
    assert_eq!(failed[0], "f");
    assert_eq!(failed[1], serde_json::json!([0]));
    let both = serde_json::json!({ "ja": "応答あり", "en": "an answer" });
    assert_eq!(words(&failed[2]), both);
    assert_eq!(case["verdicts"]["1"], serde_json::json!(["p", [0]]));
    let frame = &case["scene"]["events"][0];
    assert_eq!(
        (&frame[0], &frame[1], &frame[2]),
        (&0.into(), &1500.into(), &"f".into())
    );
    assert_eq!(frame[8], "010203");
    assert_eq!(words(&frame[9]), "DNS AAAA? www.lineauth.mnw");
    let line = &case["scene"]["events"][1];
    assert_eq!((&line[1], &line[2]), (&1600.into(), &"l".into()));
    assert_eq!(words(&line[3]), "dns");
    assert_eq!(words(&line[4]), "DNS AAAA? www.lineauth.mnw");
}

#[test]
fn a_case_without_a_trace_says_so() {
    let page = render(&document("reference"), Look::PLAIN);
    let case = unpacked(&page, "case-0-0");
    assert_eq!(case["scene"]["none"], "no trace of it was kept");
}

fn look<'a>(scenes: &'a Drawn<'_>) -> Look<'a> {
    Look {
        scenes,
        ..Look::PLAIN
    }
}

/// Scenes with one frame.
struct Drawn<'a>(&'a str);

impl Scenes for Drawn<'_> {
    fn scene(&self, _case: &Case) -> Result<Scene, String> {
        let lane = |name: &str, side| Lane {
            name: name.to_owned(),
            side,
        };
        let sent = Sent {
            from: 0,
            to: 1,
            cable: "lan".to_owned(),
            fate: None,
            lost: false,
            injected: false,
            bytes: vec![1, 2, 3],
            left_out: Vec::new(),
            decoded: Decoded {
                summary: self.0.to_owned(),
                layers: Vec::new(),
            },
        };
        Ok(Scene {
            lanes: vec![lane("router", Side::Device), lane(self.0, Side::Terminals)],
            events: vec![
                Event {
                    record: 0,
                    at: 1500,
                    what: What::Frame(Box::new(sent)),
                },
                Event {
                    record: 1,
                    at: 1600,
                    what: What::Logged {
                        log: "dns".to_owned(),
                        line: self.0.to_owned(),
                    },
                },
            ],
        })
    }
}

fn unpacked(page: &str, id: &str) -> Value {
    let (_, block) = page.split_once(&format!("id=\"{id}\">")).unwrap();
    let (block, _) = block.split_once('<').unwrap();
    let packed = BASE64.decode(block).unwrap();
    let mut json = String::new();
    DeflateDecoder::new(&packed[..])
        .read_to_string(&mut json)
        .unwrap();
    serde_json::from_str(&json).unwrap()
}

fn document(device: &str) -> Document {
    let check = |id: &str| CheckInfo {
        id: id.to_owned(),
        source: "RFC 8415 §18".to_owned(),
        level: Level::Must,
        profiles: vec![Profile::OnsEast],
        title: Text::new("題", "title"),
        hint: Text::new("対処", "hint"),
    };
    let judged = |verdict| Judged {
        verdict,
        known: None,
        excused: false,
        because: None,
        evidence: Vec::new(),
    };
    let failed = Verdict::Fail(Finding {
        records: vec![0],
        expected: "an answer".to_owned(),
        actual: "none".to_owned(),
        excuse: None,
    });
    let case = Case {
        scenario: "dns/one".to_owned(),
        area: "east".to_owned(),
        about: Some(Text::new("応答を試す。", "Tries answers.")),
        delivery: None,
        outcome: Outcome::Judged,
        diagnosis: None,
        overcome: Vec::new(),
        expectations: Vec::new(),
        exercises: Vec::new(),
        verdicts: [("a.fails", failed), ("b.holds", Verdict::Pass(vec![0]))]
            .map(|(id, verdict)| (id.to_owned(), judged(verdict)))
            .into(),
        trace: None,
        capture: None,
    };
    let report = Report {
        format: FORMAT,
        tool: "ngnlab 0".to_owned(),
        device: device.to_owned(),
        seed: 1,
        arguments: Vec::new(),
        captured: None,
        firmware: None,
        provenance: None,
        elapsed_ms: 1,
        checks: ["a.fails", "b.holds"]
            .map(|id| (id.to_owned(), check(id)))
            .into(),
        cases: vec![case],
        left_out: Vec::new(),
        stale: Vec::new(),
        profiles: vec![Profile::OnsEast],
        results: Vec::new(),
        comes_to: None,
    };
    let report = report.scored();
    assert!(matches!(
        report.comes_to,
        Some(Conclusion::NotConformant(_))
    ));
    Document::Report(Box::new(report))
}
