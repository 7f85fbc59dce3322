//! What a report comes to, for each profile and in all.

use ngnlab_reports::captured::{Captured, Open, Remark};
use ngnlab_reports::conclusion::Conclusion;
use ngnlab_reports::document::Document;
use ngnlab_reports::formats::text;
use ngnlab_reports::score::Overall;
use ngnlab_reports::{Expectation, Outcome, Profile, Promise, Report, Verdict};
use one_failure::report;

mod one_failure;

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
