//! Reports rendered and read back.

use std::collections::BTreeMap;

use ngnlab_reports::document::Document;
use ngnlab_reports::formats::{Look, json, junit, markdown, text};
use ngnlab_reports::words::Lang;
use ngnlab_reports::{Case, Judged, Outcome, Profile, Report, Verdict};
use one_failure::report;

mod one_failure;

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
