//! A verdict that a scenario promises and that is missing: what it costs, and where it is said.

use std::collections::BTreeMap;

use ngnlab_reports::conclusion::Conclusion;
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{excuses, json, text};
use ngnlab_reports::score::Overall;
use ngnlab_reports::{
    Case, CheckInfo, Excuse, Exercise, FORMAT, Finding, Judged, Level, Outcome, Profile, Report,
    StaleKnown, Text, Verdict,
};

const MUST: &str = "dns.must";
const SHOULD: &str = "dns.should";
const NOTHING: &str = "there was no question";

#[test]
fn a_must_that_is_not_judged_where_it_is_exercised_leaves_the_result_open() {
    let report = report(inconclusive(), pass());
    let reasons = vec![format!(
        "not judged: {MUST} in dns/one (east), because {NOTHING}"
    )];
    assert_eq!(report.conclusion(), Conclusion::Undetermined(reasons));
    assert_eq!(report.overall(Profile::OnsEast), Overall::Undetermined);
    let page = page(&report);
    let paragraph = [
        "NOT JUDGED  dns.must\n",
        "  counts    MUST of ons-east\n",
        "  where     dns/one (east)\n",
        "  because   there was no question\n",
    ];
    for line in paragraph {
        assert!(page.contains(line), "{line} in {page}");
    }
    assert!(
        page.contains("MUST   1 not judged where it is exercised"),
        "{page}"
    );
    assert!(
        page.contains("result     undetermined: not judged: dns.must in dns/one (east)"),
        "{page}"
    );
    let json = json::render(&Document::Report(Box::new(report.clone())), false);
    assert!(json.contains("\"overall\": \"undetermined\""), "{json}");
    assert!(json.contains("\"undetermined\": ["), "{json}");
    // A check that is not there at all is not judged either.
    let mut gone = report;
    gone.cases[0].verdicts.remove(MUST);
    assert!(matches!(gone.conclusion(), Conclusion::Undetermined(_)));
}

#[test]
fn a_should_that_is_not_judged_is_said_and_decides_nothing() {
    let report = report(pass(), inconclusive());
    assert_eq!(report.conclusion(), Conclusion::Conformant);
    assert_eq!(report.overall(Profile::OnsEast), Overall::Conformant);
    let page = page(&report);
    assert!(page.contains("NOT JUDGED  dns.should\n"), "{page}");
    assert!(page.contains("counts    SHOULD of ons-east\n"), "{page}");
    let last = "; 1 SHOULD was not judged\n           where it is exercised\n";
    assert!(page.ends_with(last), "{page}");
}

#[test]
fn what_failed_for_certain_outweighs_what_is_missing() {
    let mut report = report(inconclusive(), pass());
    let other = check("dns.other", Level::Must);
    report.checks.insert(other.id.clone(), other);
    let failed = Verdict::Fail(Finding {
        records: vec![],
        expected: "this".to_owned(),
        actual: "that".to_owned(),
        excuse: None,
    });
    let verdicts = &mut report.cases[0].verdicts;
    verdicts.insert("dns.other".to_owned(), judged(failed));
    assert!(matches!(report.conclusion(), Conclusion::NotConformant(_)));
    let known = report.cases[0].verdicts.get_mut("dns.other").unwrap();
    known.known = Some("it is old".to_owned());
    assert!(matches!(report.conclusion(), Conclusion::Undetermined(_)));
    assert_eq!(report.overall(Profile::OnsEast), Overall::Undetermined);
}

#[test]
fn a_reason_that_is_stated_is_enough() {
    let lost = report(inconclusive(), pass());
    let with = |change: &dyn Fn(&mut Case)| {
        let mut report = lost.clone();
        change(&mut report.cases[0]);
        report.conclusion()
    };
    let verdict = |case: &mut Case, change: &dyn Fn(&mut Judged)| {
        change(case.verdicts.get_mut(MUST).unwrap());
    };
    // The check says that it does not apply.
    let not_applicable = with(&|case| {
        verdict(case, &|one| {
            one.verdict = Verdict::NotApplicable("not offered".to_owned());
        });
    });
    assert_eq!(not_applicable, Conclusion::Conformant);
    // The device file knows that it fails here.
    let known = with(&|case| verdict(case, &|one| one.known = Some("it is old".to_owned())));
    assert_eq!(known, Conclusion::Conformant);
    // The device file gives it up.
    let excused = with(&|case| {
        case.exercises[0].excuse = Some(Excuse {
            reason: "it asks nothing".to_owned(),
            wavers: false,
        });
    });
    assert_eq!(excused, Conclusion::Conformant);
    // The scenario asks for what the device does not offer.
    let not_offered = with(&|case| case.outcome = Outcome::NotApplicable("mode ra".to_owned()));
    assert_eq!(not_offered, Conclusion::Conformant);
    // The scenario does not exercise it.
    assert_eq!(with(&|case| case.exercises.clear()), Conclusion::Conformant);
    // A host that was too late is a reason of its own.
    let late = with(&|case| verdict(case, &|one| one.excused = true));
    let reason = "1 failure may be the host's, which was too late".to_owned();
    assert_eq!(late, Conclusion::Undetermined(vec![reason]));
}

#[test]
fn a_failure_that_leaves_nothing_to_judge_is_a_reason_only_if_it_is_known() {
    let left_open = |owner: Judged| {
        let mut report = report(inconclusive(), pass());
        let verdicts = &mut report.cases[0].verdicts;
        verdicts.insert(SHOULD.to_owned(), owner);
        verdicts.get_mut(MUST).unwrap().because = Some(SHOULD.to_owned());
        let other = "dns.other".to_owned();
        verdicts.insert(other.clone(), judged(pass()));
        report.checks.insert(other, check("dns.other", Level::Must));
        report.scored().conclusion()
    };
    let failed = || {
        judged(Verdict::Fail(Finding {
            records: vec![],
            expected: "this".to_owned(),
            actual: "that".to_owned(),
            excuse: None,
        }))
    };
    assert!(matches!(left_open(failed()), Conclusion::Undetermined(_)));
    let known = |mut owner: Judged| {
        owner.known = Some("it is old".to_owned());
        owner
    };
    let reason = left_open(known(failed()));
    assert_eq!(reason, Conclusion::Conformant);
    // What is known to fail and passes leaves nobody without anything to judge.
    let passed = left_open(known(judged(pass())));
    assert!(matches!(passed, Conclusion::Undetermined(_)));
}

#[test]
fn what_no_chosen_profile_asks_for_is_folded() {
    let mut report = report(inconclusive(), pass());
    report.cases[0].area = "west".to_owned();
    report.cases.push(Case {
        area: "east".to_owned(),
        exercises: vec![],
        verdicts: BTreeMap::from([(MUST.to_owned(), judged(pass()))]),
        ..report.cases[0].clone()
    });
    assert_eq!(report.conclusion(), Conclusion::Conformant);
    let page = page(&report);
    let folded = "not judged, too, but counts for none of the chosen profiles:\n  \
                  dns.must in dns/one (west)\n";
    assert!(page.contains(folded), "{page}");
}

#[test]
fn what_the_device_file_gives_up_is_listed_and_one_that_wavers_says_how_it_went() {
    let mut report = report(pass(), inconclusive());
    for exercise in &mut report.cases[0].exercises {
        exercise.excuse = Some(Excuse {
            reason: "it asks by chance".to_owned(),
            wavers: true,
        });
    }
    let known = report.cases[0].verdicts.get_mut(SHOULD).unwrap();
    known.known = Some("it is old".to_owned());
    let mut other = report.cases[0].clone();
    other.area = "west".to_owned();
    other.exercises[1].excuse = None;
    report.cases.push(other);
    let page = page(&report);
    for line in [
        "  dns.should in dns/one (west), where it is known to fail: it is old\n",
        "need not be judged, as the device file says:\n",
        "  dns.must in dns/one (east), judged this time: it asks by chance\n",
        "  dns.should in dns/one (east), not judged this time: it asks by chance\n",
    ] {
        assert!(page.contains(line), "{page}");
    }
    assert!(!page.contains("NOT JUDGED"), "{page}");
}

#[test]
fn an_excuse_for_what_was_judged_is_stale() {
    let mut report = report(pass(), pass());
    report.stale.push(StaleKnown {
        check: MUST.to_owned(),
        reason: "it asks nothing".to_owned(),
        excused_in: Some("dns/one (east)".to_owned()),
    });
    let reasons = vec!["1 excuse is for what was judged".to_owned()];
    assert_eq!(report.conclusion(), Conclusion::NotConformant(reasons));
    let page = page(&report);
    assert!(
        page.contains("STALE  dns.must is excused, but was judged\n"),
        "{page}"
    );
    assert!(page.contains("where     dns/one (east)\n"), "{page}");
}

#[test]
fn each_missing_verdict_gives_an_entry_to_fill_in() {
    let mut report = report(inconclusive(), inconclusive());
    let mut west = report.cases[0].clone();
    west.area = "west".to_owned();
    west.verdicts.insert(SHOULD.to_owned(), judged(pass()));
    report.cases.push(west);
    let shown = excuses::render(&Document::Report(Box::new(report)), false);
    let expected = "\
# east and west: there was no question
[[excuse]]
scenario = \"dns/one\"
check    = \"dns.must\"
reason   = \"\"

# east: there was no question
[[excuse]]
scenario = \"dns/one\"
check    = \"dns.should\"
area     = \"east\"
reason   = \"\"
";
    assert_eq!(shown, expected);
}

#[test]
fn a_report_without_exercises_reads_as_before() {
    let whole = json::render(&Document::Report(Box::new(report(pass(), pass()))), false);
    let mut value: serde_json::Value = serde_json::from_str(&whole).unwrap();
    value.as_object_mut().unwrap().remove("comes_to");
    for case in value["cases"].as_array_mut().unwrap() {
        case.as_object_mut().unwrap().remove("exercises");
    }
    for result in value["results"].as_array_mut().unwrap() {
        result.as_object_mut().unwrap().remove("lost");
    }
    let Document::Report(read) = json::parse(&value.to_string()).unwrap() else {
        panic!("{value}");
    };
    assert_eq!(read.conclusion(), Conclusion::Conformant);
}

#[test]
fn what_no_scenario_exercises_is_not_counted_as_inconclusive() {
    let mut report = report(inconclusive(), inconclusive());
    assert!(page(&report).contains(", 2 inconclusive where exercised,"));
    report.cases[0].exercises.pop();
    assert!(page(&report).contains(", 1 inconclusive where exercised,"));
    assert_eq!(report.counts().inconclusive, 2);
}

fn page(report: &Report) -> String {
    text::render(&Document::Report(Box::new(report.clone())), false)
}

fn pass() -> Verdict {
    Verdict::Pass(vec![1])
}

fn inconclusive() -> Verdict {
    Verdict::Inconclusive(NOTHING.to_owned())
}

fn judged(verdict: Verdict) -> Judged {
    Judged {
        verdict,
        known: None,
        excused: false,
        because: None,
        evidence: vec![],
    }
}

fn check(id: &str, level: Level) -> CheckInfo {
    CheckInfo {
        id: id.to_owned(),
        source: "RFC 1035".to_owned(),
        level,
        profiles: vec![Profile::OnsEast],
        title: Text::new("これ", "this"),
        hint: Text::new("これ", "this"),
    }
}

/// Makes a report of one scenario that exercises a MUST and a SHOULD.
fn report(must: Verdict, should: Verdict) -> Report {
    let exercise = |check: &str| Exercise {
        check: check.to_owned(),
        excuse: None,
    };
    let checks = [(MUST, Level::Must), (SHOULD, Level::Should)];
    Report {
        format: FORMAT,
        tool: "ngnlab".to_owned(),
        device: "example".to_owned(),
        seed: 1,
        arguments: vec![],
        captured: None,
        elapsed_ms: 1,
        checks: checks
            .map(|(id, level)| (id.to_owned(), check(id, level)))
            .into(),
        cases: vec![Case {
            scenario: "dns/one".to_owned(),
            area: "east".to_owned(),
            about: None,
            delivery: None,
            outcome: Outcome::Judged,
            diagnosis: None,
            overcome: vec![],
            expectations: vec![],
            exercises: vec![exercise(MUST), exercise(SHOULD)],
            verdicts: BTreeMap::from([
                (MUST.to_owned(), judged(must)),
                (SHOULD.to_owned(), judged(should)),
            ]),
            trace: None,
            capture: None,
        }],
        left_out: vec![],
        stale: vec![],
        profiles: vec![Profile::OnsEast],
        results: vec![],
        comes_to: None,
        firmware: None,
        provenance: None,
    }
    .scored()
}
