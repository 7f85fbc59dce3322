//! A report's file says each thing once, and nothing that it says is lost.

use std::collections::BTreeMap;

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::json;
use ngnlab_reports::{Case, Evidence, Finding, Judged, Report, Verdict};

mod example;

#[test]
fn every_kind_of_verdict_is_read_back_as_it_was() {
    let verdicts = [
        Verdict::Pass(Vec::new()),
        Verdict::Pass(vec![1, 2]),
        Verdict::Fail(Finding {
            records: vec![3],
            expected: "one".to_owned(),
            actual: "another".to_owned(),
            excuse: None,
        }),
        Verdict::Inconclusive("there was none".to_owned()),
        Verdict::NotApplicable("there was none".to_owned()),
    ];
    let mut all = BTreeMap::new();
    for (kind, verdict) in verdicts.into_iter().enumerate() {
        for bits in 0..16 {
            let evidence = Evidence {
                record: 3,
                frame: Some(2),
                at: "1.000".to_owned(),
                place: "wan".to_owned(),
                summary: "a frame".to_owned(),
            };
            let judged = Judged {
                verdict: verdict.clone(),
                known: (bits & 1 != 0).then(|| "it is old".to_owned()),
                excused: bits & 2 != 0,
                because: (bits & 4 != 0).then(|| "dns.other".to_owned()),
                evidence: vec![evidence; usize::from(bits & 8 != 0)],
            };
            all.insert(format!("dns.{kind}-{bits}"), judged);
        }
    }
    assert_eq!(all.len(), 80);
    let document = document(&[all.clone(), BTreeMap::new(), all]);
    assert_eq!(
        json::parse(&json::render(&document, false)).unwrap(),
        document
    );
}

#[test]
fn a_case_that_is_there_twice_is_refused() {
    let text = json::render(&document(&[BTreeMap::new(), BTreeMap::new()]), false);
    let twice = text.replace("dns/number-1", "dns/number-0");
    let why = json::parse(&twice).unwrap_err();
    assert!(why.contains("it has dns/number-0 (east) twice"), "{why}");
}

#[test]
fn why_nothing_was_judged_is_said_once_for_all_cases_and_each_verdict_is_one_line() {
    let judged = |verdict| Judged {
        verdict,
        known: None,
        excused: false,
        because: None,
        evidence: Vec::new(),
    };
    let nothing = judged(Verdict::Inconclusive("there was no question".to_owned()));
    let verdicts = BTreeMap::from([
        ("dns.one".to_owned(), nothing.clone()),
        ("dns.two".to_owned(), nothing),
        ("dns.three".to_owned(), judged(Verdict::Pass(vec![7, 9]))),
    ]);
    let text = json::render(&document(&vec![verdicts; 40]), false);
    assert_eq!(text.matches("there was no question").count(), 1, "{text}");
    let lines = |wanted: &str| text.lines().filter(|line| line.trim() == wanted).count();
    let numbers: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let numbers = numbers.join(",");
    assert_eq!(lines(&format!("\"dns.one\": [{numbers}],")), 1, "{text}");
    assert_eq!(lines(&format!("\"dns.two\": [{numbers}]")), 1, "{text}");
    assert_eq!(lines("\"dns.three\": [7,9]"), 40, "{text}");
    for key in ["null", "overcome", "expectations", "diagnosis", "cut_off"] {
        assert!(!text.contains(key), "{key} is written: {text}");
    }
}

#[test]
fn what_does_not_fit_together_is_refused_with_its_place() {
    let verdict = Verdict::Inconclusive("there was no question".to_owned());
    let judged = Judged {
        verdict,
        known: None,
        excused: false,
        because: None,
        evidence: Vec::new(),
    };
    let good = json::render(
        &document(&[BTreeMap::from([("dns.one".to_owned(), judged)])]),
        false,
    );
    let refused = |from: &str, to: &str| {
        let wrong = good.replacen(from, to, 1);
        assert_ne!(wrong, good, "there is no {from} in {good}");
        json::parse(&wrong).unwrap_err()
    };
    let cases = [
        (
            "\"dns.one\": [0]",
            "\"dns.one\": [0,1]",
            "`unjudged` names case 1 for `dns.one`, and there are 1",
        ),
        (
            "\"dns.one\": [0]",
            "\"dns.one\": [0,0]",
            "`dns.one` has two verdicts in",
        ),
        (
            "\"outcome\"",
            "\"passed\": {\"dns.one\": [1]}, \"outcome\"",
            "`dns.one` has two verdicts in",
        ),
        (
            "\"outcome\"",
            "\"verdicts\": {\"dns.two\": 1,\n\"dns.two\": 2}, \"outcome\"",
            "`dns.two` stands twice at line ",
        ),
        ("\"unjudged\"", "\"unjugded\"", "missing field `unjudged`"),
        ("\"inconclusive\"", "\"inclusive\"", "unknown variant"),
        ("\"outcome\": \"judged\"", "\"outcome\": 1", "line "),
        (
            "\"format\": 2",
            "\"format\": 1",
            "written by an older ngnlab (report format 1, where this one reads 2)",
        ),
        (
            "\"format\": 2",
            "\"format\": 99",
            "written by a newer ngnlab",
        ),
    ];
    for (from, to, said) in cases {
        let told = refused(from, to);
        assert!(told.contains(said), "{told} does not say {said}");
    }
}

/// Returns a report of one case for each of these.
fn document(verdicts: &[BTreeMap<String, Judged>]) -> Document {
    let Document::Report(report) = example::document() else {
        panic!("the example is of one device");
    };
    let case = |(number, verdicts): (usize, &BTreeMap<String, Judged>)| Case {
        scenario: format!("dns/number-{number}"),
        verdicts: verdicts.clone(),
        overcome: Vec::new(),
        diagnosis: None,
        expectations: Vec::new(),
        exercises: Vec::new(),
        trace: None,
        ..report.cases[0].clone()
    };
    Document::Report(Box::new(Report {
        arguments: vec!["--long".to_owned()],
        cases: verdicts.iter().enumerate().map(case).collect(),
        left_out: report.left_out.clone(),
        stale: Vec::new(),
        checks: BTreeMap::new(),
        ..(*report).clone()
    }))
}
