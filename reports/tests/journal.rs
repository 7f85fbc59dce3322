//! Journals written, cut anywhere, and read back.

use std::collections::BTreeMap;

use ngnlab_reports::document::Document;
use ngnlab_reports::journal::{
    self, Ended, FORMAT, Header, Plan, Planned, is_begun, is_journal, line,
};
use ngnlab_reports::{Case, LeftOut, Outcome, Profile};

#[test]
fn wherever_a_journal_is_cut_all_whole_lines_are_read() {
    let lines = lines();
    let bytes = lines.concat();
    let first = lines[0].len();
    for cut in first..=bytes.len() {
        let journal = journal::parse(&bytes[..cut]).unwrap();
        let mut end = first;
        let whole = lines[1..].iter().take_while(|line| {
            end += line.len();
            end <= cut
        });
        assert_eq!(journal.ended.len(), whole.count(), "cut at {cut}");
        assert!(journal.whole <= cut && bytes[journal.whole - 1] == b'\n');
    }
}

#[test]
fn a_broken_line_in_the_middle_is_told_by_its_number() {
    let mut lines = lines();
    lines[1] = b"{\"device\":0,\n".to_vec();
    let error = journal::parse(&lines.concat()).unwrap_err();
    assert!(error.starts_with("line 2: "), "{error}");
    let mut lines = self::lines();
    lines[2] = line(&ended(9, "c"));
    let error = journal::parse(&lines.concat()).unwrap_err();
    assert_eq!(error, "line 3: there is no device 9");
}

#[test]
fn a_journal_is_a_report_that_says_what_is_missing() {
    let lines = lines();
    let journal = journal::parse(&lines.concat()).unwrap();
    assert_eq!(journal.counts(), (3, 2));
    let Document::Report(report) = journal.document() else {
        panic!("there is one device");
    };
    let names: Vec<&str> = report.cases.iter().map(|one| &one.scenario[..]).collect();
    // The plan's order, whatever ended first.
    assert_eq!(names, ["a", "b"]);
    assert_eq!(report.elapsed_ms, 20);
    let left_out: Vec<_> = report
        .left_out
        .iter()
        .map(|one| &one.scenario[..])
        .collect();
    assert_eq!(left_out, ["long", "c (east)"]);
    assert_eq!(report.left_out[1].reason, "missing from the journal");
    assert_eq!(report.results.len(), 1);
}

#[test]
fn what_was_run_again_counts_as_it_ended_last() {
    let mut lines = lines();
    let mut again = ended(0, "b");
    again.case.outcome = Outcome::NotApplicable("no".to_owned());
    lines.push(line(&again));
    let journal = journal::parse(&lines.concat()).unwrap();
    let planned = planned("b");
    assert_eq!(journal.case(0, &planned), Some(&again.case));
    assert_eq!(journal.counts(), (3, 2));
}

#[test]
fn a_report_is_no_journal_and_another_version_is_refused_by_name() {
    assert!(is_journal(&lines().concat()));
    assert!(!is_journal(b"{\n  \"format\": 1\n}\n"));
    assert!(!is_journal(b""));
    let bytes = lines().concat();
    assert!((0..bytes.len()).all(|cut| is_begun(&bytes[..cut])));
    assert!(!is_begun(b"Dear diary,"));
    let error = journal::parse(b"{\"journal\": 99}\n").unwrap_err();
    assert!(error.contains("format 99"), "{error}");
}

/// Returns a journal's lines: two of three cases have ended.
fn lines() -> Vec<Vec<u8>> {
    let header = Header {
        journal: FORMAT,
        tool: "ngnlab 0.1.0".to_owned(),
        seed: 1,
        out: None,
        files: BTreeMap::new(),
        devices: vec![Plan {
            device: "回線の箱".to_owned(),
            firmware: Some("1.2.3".to_owned()),
            arguments: Vec::new(),
            profiles: vec![Profile::OnsEast],
            cases: ["a", "b", "c"].map(planned).into(),
            left_out: vec![LeftOut {
                scenario: "long".to_owned(),
                reason: "takes long".to_owned(),
                cut_off: false,
            }],
        }],
        checks: BTreeMap::new(),
    };
    vec![line(&header), line(&ended(0, "b")), line(&ended(0, "a"))]
}

fn planned(name: &str) -> Planned {
    Planned {
        scenario: name.to_owned(),
        area: "east".to_owned(),
    }
}

fn ended(device: usize, name: &str) -> Ended {
    Ended {
        device,
        elapsed_ms: 20,
        case: Case {
            scenario: name.to_owned(),
            area: "east".to_owned(),
            about: None,
            delivery: None,
            outcome: Outcome::HarnessError("回線が切れた".to_owned()),
            diagnosis: None,
            overcome: Vec::new(),
            expectations: Vec::new(),
            exercises: Vec::new(),
            verdicts: BTreeMap::new(),
            trace: None,
            capture: None,
        },
    }
}
