//! Reports rendered and read back.

use std::collections::BTreeMap;

use ngnlab_reports::captured::{Captured, Open, Remark};
use ngnlab_reports::conclusion::Conclusion;
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{Look, json, junit, markdown, text};
use ngnlab_reports::score::Overall;
use ngnlab_reports::words::Lang;
use ngnlab_reports::{
    Case, CheckInfo, Evidence, Expectation, FORMAT, Finding, Judged, LeftOut, Level, Outcome,
    Profile, Promise, Report, Text, Verdict,
};

#[test]
fn the_text_report_puts_the_failure_first_within_80_columns() {
    let page = text::render(&Document::Report(Box::new(report())), false);
    assert!(
        page.lines().all(|line| line.chars().count() <= 80),
        "{page}"
    );
    insta::assert_snapshot!(page);
}

#[test]
fn the_first_ten_lines_say_what_a_reader_needs_and_tear_no_name() {
    let mut report = report();
    let other = report.cases[0].clone();
    report.cases.push(Case {
        outcome: Outcome::NotApplicable("mode \"ra\"".to_owned()),
        verdicts: BTreeMap::new(),
        ..other
    });
    // However much there is to say.
    let failed = report.cases[0].verdicts.get_mut("ngn.dhcp6.duid-ll");
    let Verdict::Fail(finding) = &mut failed.unwrap().verdict else {
        panic!("it fails");
    };
    finding.actual = "line-auth/succeeds-on-a-pd-line (east), ".repeat(40);
    report.profiles = Profile::ALL.into();
    let page = text::render(&Document::Report(Box::new(report.clone())), false);
    let summary: Vec<&str> = page.lines().take_while(|line| !line.is_empty()).collect();
    assert!(summary.len() <= 10, "{page}");
    assert!(
        summary.iter().all(|line| line.chars().count() <= 80),
        "{page}"
    );
    for (name, said) in [
        ("device", "example (seed 1)"),
        (
            "result",
            "not conformant: 1 MUST failed (ngn.dhcp6.duid-ll)",
        ),
        ("profile", "ons-east: not conformant; "),
        ("MUST", "ons-east: 1 failed of 2 judged; "),
        ("SHOULD", "ons-east: 0 failed of 0 judged; "),
        ("first", "ngn.dhcp6.duid-ll: expected a client identifier"),
        ("next", "Set the DUID type to link-layer."),
        (
            "not judged",
            "1 run that does not apply; 1 scenario not run",
        ),
        (
            "more",
            "`ngnlab explain ngn.dhcp6.duid-ll`; `--html FILE` draws each exchange",
        ),
    ] {
        let row = format!("{name:<10} {said}");
        assert!(
            summary.iter().any(|line| line.starts_with(&row)),
            "{row}\n{page}"
        );
    }
    let torn = |line: &&&str| line.contains("line-auth/") && line.ends_with('…');
    let torn = summary.iter().find(torn).expect("there is more to say");
    let last = torn.trim_end_matches('…').rsplit(' ').next();
    assert!(
        ["line-auth/succeeds-on-a-pd-line", "(east)", "east"].contains(&last.unwrap_or_default()),
        "{torn}"
    );
}

#[test]
fn what_does_not_apply_is_told_with_what_the_device_does_not_offer() {
    let mut report = report();
    let case = |scenario: &str, area: &str| Case {
        scenario: scenario.to_owned(),
        area: area.to_owned(),
        outcome: Outcome::NotApplicable("PPPoE".to_owned()),
        verdicts: BTreeMap::new(),
        ..report.cases[0].clone()
    };
    let skipped = [
        ("pppoe/b", "east"),
        ("pppoe/b", "west"),
        ("pppoe/a", "east"),
    ];
    let skipped = skipped.map(|(scenario, area)| case(scenario, area));
    report.cases.extend(skipped);
    let document = Document::Report(Box::new(report));
    let page = text::render(&document, false);
    let said = "does not apply: pppoe/a, pppoe/b (not offered: PPPoE)";
    assert!(page.contains(said), "{page}");
    let page = markdown::render(&document, false);
    assert!(page.contains("- `pppoe/a`: `not offered: PPPoE`"), "{page}");
    let japanese = Look {
        lang: Lang::Ja,
        ..Look::PLAIN
    };
    let page = text::render(&document, japanese);
    assert!(
        page.contains("適用外：pppoe/a, pppoe/b（非対応：PPPoE）"),
        "{page}"
    );
    let page = junit::render(&document, false);
    assert!(page.contains("not offered: PPPoE"), "{page}");
}

#[test]
fn what_went_wrong_first_is_what_decides() {
    let first = |report: &Report| {
        let page = text::render(&Document::Report(Box::new(report.clone())), false);
        let row = page.split("\nfirst      ").nth(1).unwrap_or_default();
        let end = row.find("\nnot judged ").unwrap_or_default();
        row[..end].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut report = report();
    assert!(first(&report).starts_with("ngn.dhcp6.duid-ll: expected"));
    report.cases[0].verdicts.remove("ngn.dhcp6.duid-ll");
    assert_eq!(first(&report), "");
    report.cases[0].verdicts.clear();
    report.cases[0].outcome = Outcome::DeviceFailed {
        how: "crashed".to_owned(),
        message: "it crashed".to_owned(),
        log: Some("out/x.log".to_owned()),
        known: None,
    };
    assert_eq!(
        first(&report),
        "line-auth/succeeds-on-a-pd-line (east): it crashed next read the log out/x.log"
    );
    report.cases[0].outcome = Outcome::HarnessError("no space".to_owned());
    assert_eq!(
        first(&report),
        "line-auth/succeeds-on-a-pd-line (east): no space next --resume runs again what ngnlab broke"
    );
}

#[test]
fn json_reads_back_as_it_was_written() {
    let document = Document::Report(Box::new(report()));
    let json = json::render(&document, false);
    assert_eq!(json::parse(&json).unwrap(), document);
}

#[test]
fn junit_tells_failures_from_errors_and_from_what_was_skipped() {
    let mut report = report();
    report.device = "a <router> & its \u{1b}[31mname".to_owned();
    let failed = report.cases[0].clone();
    let case = |scenario: &str, outcome| Case {
        scenario: scenario.to_owned(),
        verdicts: BTreeMap::new(),
        outcome,
        ..failed.clone()
    };
    report.cases.extend([
        case("dns/broken", Outcome::HarnessError("no space".to_owned())),
        case(
            "dns/other",
            Outcome::NotApplicable("mode \"ra\"".to_owned()),
        ),
        case(
            "dns/dead",
            Outcome::DeviceFailed {
                how: "crashed".to_owned(),
                message: "it ended with status 1".to_owned(),
                log: None,
                known: None,
            },
        ),
    ]);
    insta::assert_snapshot!(junit::render(&Document::Report(Box::new(report)), false));
}

#[test]
fn markdown_says_what_it_came_to_and_obeys_nothing() {
    let mut report = report();
    report.device = "a `router` | <b>".to_owned();
    let page = markdown::render(&Document::Report(Box::new(report)), false);
    assert!(page.starts_with("## ❌ `` a `router` | <b> ``: not conformant\n"));
    insta::assert_snapshot!(page);
}

#[test]
fn another_version_is_refused_by_name() {
    let error = json::parse(r#"{"format": 99}"#).unwrap_err();
    assert!(error.contains("format 99"), "{error}");
}

#[test]
fn a_profile_counts_its_own_area_and_says_how_much_it_saw() {
    let mut report = report();
    let result = report.result(Profile::OnsEast);
    assert_eq!((result.must.asked, result.must.judged()), (2, 2));
    assert_eq!((result.must.failed, result.should.asked), (1, 0));
    report.cases[0].area = "west".to_owned();
    let result = report.result(Profile::OnsEast);
    assert_eq!(result.overall, Overall::Undetermined);
    assert_eq!(result.not_judged.len(), 2);
    // The checks of the report are not asked for in the west.
    assert_eq!(report.result(Profile::OnsWest).must.asked, 0);
}

#[test]
fn a_failed_must_outweighs_everything() {
    let mut report = report();
    assert_eq!(report.overall(Profile::OnsEast), Overall::NotConformant);
    report.cases[0].verdicts.remove("ngn.dhcp6.duid-ll");
    assert_eq!(report.overall(Profile::OnsEast), Overall::Conformant);
    report.cases[0].verdicts.clear();
    assert_eq!(report.overall(Profile::OnsEast), Overall::Undetermined);
}

#[test]
fn a_capture_never_proves_that_a_router_is_conformant() {
    let mut report = report();
    report.captured = Some(Captured {
        found: vec![Remark {
            about: "interfaces".to_owned(),
            text: "WAN is eth0, LAN not captured".to_owned(),
        }],
        warnings: vec!["3 frames were cut".to_owned()],
        open: vec![Open {
            by: "A capture of the LAN at the same time, by the same clock and in one file,"
                .to_owned(),
            checks: vec!["lan.ra.advertising".to_owned()],
        }],
    });
    let page = |report: &Report| {
        let page = text::render(&Document::Report(Box::new(report.clone())), false);
        let widest = page.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{page}");
        page
    };
    assert!(matches!(report.conclusion(), Conclusion::NotConformant(_)));
    let failed = page(&report);
    let (_, details) = failed.split_once("\n\n").unwrap();
    assert!(details.starts_with("interfaces WAN is eth0"), "{failed}");
    assert!(failed.contains("3 frames were cut"), "{failed}");
    assert!(!failed.contains("again"), "{failed}");

    report.cases[0].verdicts.remove("ngn.dhcp6.duid-ll");
    let report_without = report.clone().scored();
    let shown = vec!["1 of 2 MUSTs of ons-east were judged".to_owned()];
    assert_eq!(report.conclusion(), Conclusion::NoFailureSeen(shown));
    let overall = report.overall(Profile::OnsEast);
    assert_eq!(overall, Overall::NoFailureSeen);
    let passed = page(&report_without);
    let (_, result) = passed.rsplit_once("result ").unwrap();
    assert!(result.contains("no MUST failed"), "{passed}");
    assert!(!passed.contains(": conformant"), "{passed}");

    report.cases[0].verdicts.clear();
    assert!(matches!(report.conclusion(), Conclusion::Undetermined(_)));
}

#[test]
fn the_last_line_says_what_the_exit_code_says() {
    let last_line = |report: &Report| {
        let page = text::render(&Document::Report(Box::new(report.clone())), false);
        let at = page.rfind("\nresult     ").unwrap();
        page[at..].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut one = report();
    assert!(matches!(one.conclusion(), Conclusion::NotConformant(_)));
    assert_eq!(
        last_line(&one),
        "result not conformant: 1 MUST failed (ngn.dhcp6.duid-ll)"
    );
    // What the device file knows of does not count, and the page says so.
    let failed = one.cases[0].verdicts.get_mut("ngn.dhcp6.duid-ll").unwrap();
    failed.known = Some("the firmware has no other".to_owned());
    assert_eq!(one.conclusion(), Conclusion::Conformant);
    let profile = one.result(Profile::OnsEast);
    assert_eq!(profile.overall, Overall::ConformantButForKnown);
    assert_eq!((profile.must.failed, profile.must.known), (1, 1));
    assert_eq!(
        last_line(&one),
        "result conformant but for a known failure in the scenario that was run"
    );
    // What the host spoilt hides nothing that is certain.
    let mut late = report();
    let passed = late.cases[0]
        .verdicts
        .get_mut("lan.ra.advertising")
        .unwrap();
    (passed.verdict, passed.excused) = (Verdict::Inconclusive("late".to_owned()), true);
    assert!(matches!(late.conclusion(), Conclusion::NotConformant(_)));
    late.cases[0].verdicts.remove("ngn.dhcp6.duid-ll");
    assert!(matches!(late.conclusion(), Conclusion::Undetermined(_)));
    // Neither does what we broke ourselves.
    let mut broken = report();
    broken.left_out[0].cut_off = true;
    assert!(last_line(&broken).starts_with("result not conformant: 1 MUST failed"));
    assert!(last_line(&broken).contains("; 1 run was broken off"));
    let mut partly = report();
    partly.cases[0].verdicts.remove("ngn.dhcp6.duid-ll");
    assert_eq!(
        last_line(&partly),
        "result conformant in the scenario that was run; 1 of 2 MUSTs of ons-east did not come up"
    );
}

#[test]
fn a_failure_that_is_known_in_one_scenario_is_told_apart_from_the_same_one_in_another() {
    let mut report = report();
    let mut other = report.cases[0].clone();
    other.scenario = "line-auth/another".to_owned();
    let known = report.cases[0].verdicts.get_mut("ngn.dhcp6.duid-ll");
    known.unwrap().known = Some("the firmware has no other".to_owned());
    report.cases.push(other);
    let page = text::render(&Document::Report(Box::new(report)), false);
    let (failed, known) = (
        page.find("FAIL  ngn.dhcp6.duid-ll\n").unwrap(),
        page.find("KNOWN  ngn.dhcp6.duid-ll\n").unwrap(),
    );
    assert!(failed < known, "{page}");
    assert!(page[failed..known].contains("where     line-auth/another (east)\n"));
    assert!(!page[failed..known].contains("the firmware has no other"));
    assert!(page[known..].contains("known     the firmware has no other\n"));
    assert!(page.contains("1 MUST failed (ngn.dhcp6.duid-ll)"), "{page}");
}

#[test]
fn a_profile_is_not_conformant_where_a_promise_of_its_scenarios_was_not_kept() {
    let with = |change: &dyn Fn(&mut Expectation)| {
        let mut report = report();
        report.cases[0].verdicts.remove("ngn.dhcp6.duid-ll");
        let mut promise = Expectation {
            what: "the last screen is m1".to_owned(),
            seen: "m7".to_owned(),
            met: false,
            remark: false,
            excused: false,
            promise: Promise::Screen,
            known: None,
            because: None,
        };
        change(&mut promise);
        report.cases[0].expectations.push(promise);
        let page = text::render(&Document::Report(Box::new(report.clone())), false);
        let last = page[page.rfind("\nresult     ").unwrap()..].to_owned();
        let last = last.split_whitespace().collect::<Vec<_>>().join(" ");
        (report.overall(Profile::OnsEast), page, last)
    };
    let (overall, page, last) = with(&|_| {});
    assert_eq!(overall, Overall::NotConformant);
    assert!(page.contains("UNMET  the last screen is m1\n"), "{page}");
    assert!(last.starts_with("result not conformant: 1 promise"));
    let (overall, page, last) = with(&|promise| promise.known = Some("it is old".to_owned()));
    assert_eq!(overall, Overall::ConformantButForKnown);
    assert!(page.contains("KNOWN  the last screen is m1\n"), "{page}");
    assert!(last.starts_with("result conformant but for a known failure in"));
    let (overall, page, last) = with(&|promise| promise.excused = true);
    assert_eq!(overall, Overall::Undetermined);
    assert!(page.contains("UNCLEAR  the last screen is m1\n"), "{page}");
    assert_eq!(
        last,
        "result undetermined: 1 failure may be the host's, which was too late"
    );
    let (overall, page, last) = with(&|promise| promise.remark = true);
    assert_eq!(overall, Overall::Conformant);
    assert!(page.contains("REMARK  the last screen is m1\n"), "{page}");
    assert!(last.starts_with("result conformant in"));
}

#[test]
fn where_nothing_was_judged_what_is_known_makes_nobody_conformant() {
    let mut report = report();
    let case = &mut report.cases[0];
    case.verdicts.clear();
    case.outcome = Outcome::DeviceFailed {
        how: "crashed".to_owned(),
        message: "it crashed".to_owned(),
        log: None,
        known: Some("it is old".to_owned()),
    };
    assert_eq!(report.overall(Profile::OnsEast), Overall::Undetermined);
    let reasons = vec!["too little was judged for ons-east".to_owned()];
    assert_eq!(report.conclusion(), Conclusion::Undetermined(reasons));
}

#[test]
fn what_another_failure_explains_stands_below_it() {
    let mut report = report();
    let failed = report.cases[0].verdicts["ngn.dhcp6.duid-ll"].clone();
    let explained = Judged {
        because: Some("ngn.dhcp6.duid-ll".to_owned()),
        ..failed
    };
    let verdicts = &mut report.cases[0].verdicts;
    verdicts.insert("lan.ra.advertising".to_owned(), explained);
    let page = text::render(&Document::Report(Box::new(report)), false);
    let below = "explains  lan.ra.advertising in 1 run (MUST of ons-east)";
    assert!(page.contains(below), "{page}");
    assert_eq!(page.matches("FAIL  ").count(), 1, "{page}");
    // It is a failure none the less.
    assert!(page.contains("2 MUSTs failed"), "{page}");
}

#[test]
fn what_counts_for_none_of_the_chosen_profiles_is_no_failure_of_theirs() {
    let mut report = report();
    report.profiles = vec![Profile::CeRouter];
    let page = text::render(&Document::Report(Box::new(report.clone())), false);
    assert!(!page.contains("FAIL  "), "{page}");
    let folded =
        "failed, too, but counts for none of the chosen profiles:\n  ngn.dhcp6.duid-ll (MUST)";
    assert!(page.contains(folded), "{page}");
    assert!(!matches!(report.conclusion(), Conclusion::NotConformant(_)));
}

fn report() -> Report {
    let check = |id: &str, level| CheckInfo {
        id: id.to_owned(),
        source: "ngn-facts §2.1; RFC 8415 §11.4".to_owned(),
        level,
        profiles: vec![Profile::OnsEast],
        title: Text::new("DUID は DUID-LL", "The DUID is a DUID-LL"),
        hint: Text::new(
            "DUID の種類を LL にする",
            "Set the DUID type to link-layer.",
        ),
    };
    let failed = Judged {
        verdict: Verdict::Fail(Finding {
            records: vec![12],
            expected: "a client identifier that starts with 00 03 00 01".to_owned(),
            actual: "00 01 00 01 2c 7d 11 90 02 00 5e 00 00 01, which is a DUID-LLT".to_owned(),
            excuse: None,
        }),
        known: None,
        excused: false,
        because: None,
        evidence: vec![Evidence {
            record: 12,
            frame: Some(9),
            at: "2.104 s".to_owned(),
            place: "wan".to_owned(),
            summary: "device -> ff02::1:2 DHCPv6 Solicit IA_PD".to_owned(),
        }],
    };
    let passed = Judged {
        verdict: Verdict::Pass(vec![3]),
        known: None,
        excused: false,
        because: None,
        evidence: vec![],
    };
    Report {
        format: FORMAT,
        tool: "ngnlab 0.1.0".to_owned(),
        device: "example".to_owned(),
        seed: 1,
        arguments: vec!["--defect".to_owned(), "duid-llt".to_owned()],
        captured: None,
        elapsed_ms: 1234,
        checks: BTreeMap::from([
            (
                "ngn.dhcp6.duid-ll".to_owned(),
                check("ngn.dhcp6.duid-ll", Level::Must),
            ),
            (
                "lan.ra.advertising".to_owned(),
                check("lan.ra.advertising", Level::Must),
            ),
        ]),
        cases: vec![Case {
            scenario: "line-auth/succeeds-on-a-pd-line".to_owned(),
            area: "east".to_owned(),
            about: None,
            delivery: None,
            outcome: Outcome::Judged,
            diagnosis: None,
            overcome: vec![],
            expectations: vec![],
            exercises: Vec::new(),
            verdicts: BTreeMap::from([
                ("ngn.dhcp6.duid-ll".to_owned(), failed),
                ("lan.ra.advertising".to_owned(), passed),
            ]),
            trace: None,
            capture: Some("out/capture.pcapng".to_owned()),
        }],
        left_out: vec![LeftOut {
            scenario: "home-gateway/ra-for-half-an-hour".to_owned(),
            reason: "30 min; add --long".to_owned(),
            cut_off: false,
        }],
        stale: vec![],
        profiles: vec![Profile::OnsEast],
        results: vec![],
        comes_to: None,
        firmware: Some("1.2.3 (build 45)".to_owned()),
        provenance: None,
    }
    .scored()
}
