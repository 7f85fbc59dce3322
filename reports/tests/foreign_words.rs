//! Whatever a device, a file or a name says, a page of text shows it and forges nothing.

use std::collections::BTreeMap;

use ngnlab_reports::document::Document;
use ngnlab_reports::escape::is_unseen;
use ngnlab_reports::formats::{FORMATS, Look, excuses, json, text};
use ngnlab_reports::{
    Case, CheckInfo, Diagnosis, Evidence, Excuse, Exercise, Expectation, FORMAT, Finding, Flow,
    Judged, LeftOut, Level, Outcome, Profile, Promise, Report, StaleKnown, Text, Verdict, Walked,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn foreign_words_reach_no_terminal_and_forge_no_line_and_no_colour(words in words()) {
        for colour in [false, true] {
            for several in [false, true] {
                let page = text::render(&document(&words, several), colour);
                let plain = text::render(&document("x", several), colour);
                prop_assert_eq!(colours(&page), colours(&plain), "{:?}", page);
                prop_assert_eq!(own_lines(&page), own_lines(&plain), "{}", page);
                let rest = without_colours(&page);
                let wrong = |c: char| c != '\n' && is_unseen(c);
                prop_assert!(!rest.contains(wrong), "{:?}", page);
            }
        }
    }

    #[test]
    fn no_format_shows_a_terminal_what_it_would_obey(words in words()) {
        for format in FORMATS {
            for several in [false, true] {
                let shown = (format.render)(&document(&words, several), Look::PLAIN);
                let wrong = |c: char| c != '\n' && is_unseen(c);
                prop_assert!(!shown.contains(wrong), "{}: {:?}", format.name, shown);
            }
        }
    }

    #[test]
    fn foreign_words_forge_no_entry_of_a_device_file(words in words()) {
        for several in [false, true] {
            let shown = excuses::render(&document(&words, several), false);
            prop_assert!(!shown.contains(|c| c != '\n' && is_unseen(c)), "{:?}", shown);
            let known = ["", "#", "[[excuse]]", "scenario", "check", "area", "reason"];
            for line in shown.lines() {
                let first = line.split(' ').next().unwrap_or_default();
                prop_assert!(known.contains(&first), "{}", shown);
            }
            let plain = excuses::render(&document("x", several), false);
            prop_assert_eq!(shown.lines().count(), plain.lines().count(), "{}", shown);
        }
    }

    #[test]
    fn json_keeps_foreign_words_and_shows_none_of_them_to_a_terminal(words in words()) {
        for several in [false, true] {
            let document = document(&words, several);
            let shown = json::render(&document, false);
            prop_assert!(!shown.contains(|c| c != '\n' && is_unseen(c)), "{:?}", shown);
            prop_assert_eq!(json::parse(&shown).unwrap(), document);
        }
    }
}

fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "\x1b[2J",
            "\x1b]0;t\x07",
            "\x1b[31m",
            "\x1b[0m",
            "\r",
            "\x08",
            "\n",
            "\nFAIL  ",
            "\t",
            "\u{9b}31m",
            "\u{85}",
            "\u{7f}",
            "\u{202e}",
            "\u{2067}",
            "\u{200f}",
            "\u{61c}",
            "\u{2028}",
            "\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\u{e0041}",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[a-z 端末]{1,6}",
    ];
    prop::collection::vec(piece, 1..12).prop_map(|pieces| format!("x{}", pieces.concat()))
}

/// Returns how often a colour begins or ends.
fn colours(page: &str) -> usize {
    COLOURS.iter().map(|code| page.matches(code).count()).sum()
}

fn without_colours(page: &str) -> String {
    let remove = |text: String, code: &&str| text.replace(code, "");
    COLOURS.iter().fold(page.to_owned(), remove)
}

/// Returns how many lines begin at the margin.
fn own_lines(page: &str) -> usize {
    page.split('\n')
        .filter(|line| !line.starts_with(' '))
        .count()
}

fn document(words: &str, several: bool) -> Document {
    let count = if several { 2 } else { 1 };
    Document::of(vec![report(words); count])
}

/// Makes a report with these words wherever words can stand.
fn report(words: &str) -> Report {
    let own = || words.to_owned();
    let text = || Text {
        ja: own().into(),
        en: own().into(),
    };
    let evidence = Evidence {
        record: 1,
        frame: Some(1),
        at: own(),
        place: own(),
        summary: own(),
    };
    let failed = Judged {
        verdict: Verdict::Fail(Finding {
            records: vec![1],
            expected: own(),
            actual: own(),
            excuse: None,
        }),
        known: Some(own()),
        excused: false,
        because: None,
        evidence: vec![evidence.clone()],
    };
    let info = CheckInfo {
        id: own(),
        source: own(),
        level: Level::Must,
        profiles: vec![Profile::OnsEast],
        title: text(),
        hint: text(),
    };
    let not_judged = CheckInfo {
        id: format!("other {words}"),
        ..info.clone()
    };
    let diagnosis = Diagnosis {
        id: own(),
        flow: Flow::Guide,
        step: 2,
        finding: text(),
        remedy: text(),
        walked: vec![Walked {
            step: 1,
            question: text(),
            yes: false,
            because: own(),
            evidence: vec![evidence],
        }],
    };
    let expectation = Expectation {
        what: own(),
        seen: own(),
        met: false,
        remark: false,
        excused: false,
        because: None,
        promise: Promise::Screen,
        known: Some(own()),
    };
    let case = |outcome, area: &str| Case {
        scenario: own(),
        area: area.to_owned(),
        about: Some(ngnlab_reports::Text {
            ja: own().into(),
            en: own().into(),
        }),
        delivery: Some(own()),
        outcome,
        diagnosis: Some(diagnosis.clone()),
        overcome: vec![diagnosis.clone()],
        expectations: vec![expectation.clone()],
        exercises: vec![
            Exercise {
                check: own(),
                excuse: Some(Excuse {
                    reason: own(),
                    wavers: true,
                }),
            },
            Exercise {
                check: format!("other {words}"),
                excuse: None,
            },
        ],
        verdicts: BTreeMap::from([(own(), failed.clone())]),
        trace: Some(own()),
        capture: Some(own()),
    };
    Report {
        format: FORMAT,
        tool: own(),
        device: own(),
        seed: 1,
        arguments: vec![own()],
        captured: None,
        elapsed_ms: 0,
        checks: BTreeMap::from([(own(), info), (not_judged.id.clone(), not_judged)]),
        cases: vec![
            case(Outcome::Judged, "east"),
            case(Outcome::HarnessError(own()), words),
            case(
                Outcome::DeviceFailed {
                    how: own(),
                    message: own(),
                    log: Some(own()),
                    known: None,
                },
                "west",
            ),
        ],
        left_out: vec![LeftOut {
            scenario: own(),
            reason: own(),
            cut_off: false,
        }],
        stale: vec![StaleKnown {
            check: own(),
            reason: own(),
            excused_in: Some(own()),
        }],
        profiles: vec![Profile::OnsEast],
        results: vec![],
        comes_to: None,
        firmware: Some(own()),
        provenance: None,
    }
    .scored()
}

const COLOURS: &[&str] = &["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];
