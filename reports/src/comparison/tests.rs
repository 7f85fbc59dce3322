//! What is compared, what decides, and what holds of every comparison.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::formats::changes::{FORMATS, Shown, find};
use crate::{
    CheckInfo, Diagnosis, Exercise, Expectation, Finding, Judged, LeftOut, Outcome, Profile,
    Promise, Text, Verdict,
};

const MUST: &str = "dns.must";
const SHOULD: &str = "dns.should";
/// It counts for a profile that nobody chose.
const OTHER: &str = "dns.other";

/// How a check, a promise or a run can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Passes,
    Fails,
    FailsOtherwise,
    FailsAsKnown,
    IsMissing,
    IsUnclear,
    NeedNot,
}

const ENDS: [Ends; 7] = [
    Ends::Passes,
    Ends::Fails,
    Ends::FailsOtherwise,
    Ends::FailsAsKnown,
    Ends::IsMissing,
    Ends::IsUnclear,
    Ends::NeedNot,
];

#[test]
fn what_newly_fails_is_worse_and_what_failed_before_is_not() {
    let (good, bad) = (one(Ends::Passes), one(Ends::Fails));
    let worse = held(&good, &bad);
    let words = "1 MUST newly fails (dns.must)";
    assert_eq!(worse.comes_to, Trend::Worse(vec![words.to_owned()]));
    assert_eq!(kinds(&worse), [Kind::NewlyFailing]);
    let better = held(&bad, &good);
    assert_eq!(better.comes_to, Trend::NoWorse);
    assert_eq!(kinds(&better), [Kind::NewlyPassing]);
    let same = held(&bad, &bad);
    assert_eq!(same.comes_to, Trend::NoWorse);
    assert!(same.is_empty());
    assert_eq!(same.still_failing(), 1);
}

#[test]
fn a_failure_the_device_file_knows_of_is_told_and_does_not_decide_until_it_is_known_no_more() {
    let known = one(Ends::FailsAsKnown);
    let newly = held(&one(Ends::Passes), &known);
    assert_eq!(newly.comes_to, Trend::NoWorse);
    assert!(newly.devices[0].changes[0].known);
    let no_more = held(&known, &one(Ends::Fails));
    assert_eq!(kinds(&no_more), [Kind::OtherExcuse]);
    assert!(matches!(no_more.comes_to, Trend::Worse(_)));
    assert_eq!(held(&one(Ends::Fails), &known).comes_to, Trend::NoWorse);
}

#[test]
fn a_verdict_that_is_lost_leaves_it_open_where_a_scenario_exercises_it_and_nobody_says_why() {
    let passes = one(Ends::Passes);
    for ends in [Ends::IsMissing, Ends::IsUnclear] {
        let lost = held(&passes, &one(ends));
        assert_eq!(kinds(&lost), [Kind::NoLongerJudged], "{ends:?}");
        assert!(matches!(lost.comes_to, Trend::Unclear(_)), "{ends:?}");
        // It failed, and may be mended or not: at worst all is as it was.
        assert_eq!(held(&one(Ends::Fails), &one(ends)).comes_to, Trend::NoWorse);
        assert_eq!(held(&one(ends), &one(ends)).comes_to, Trend::NoWorse);
    }
    let need_not = held(&passes, &one(Ends::NeedNot));
    assert_eq!(kinds(&need_not), [Kind::NoLongerJudged]);
    assert_eq!(need_not.comes_to, Trend::NoWorse);
}

#[test]
fn what_is_certain_outranks_what_is_open() {
    let mut new = report(&[("dns/one", Ends::Fails), ("dns/two", Ends::IsMissing)]);
    let old = report(&[("dns/one", Ends::Passes), ("dns/two", Ends::Passes)]);
    let words = [
        "1 MUST newly fails (dns.must)",
        "1 MUST is no longer judged for certain (dns.must)",
    ];
    let expected = Trend::Worse(words.map(str::to_owned).to_vec());
    assert_eq!(held(&old, &new).comes_to, expected);
    new.cases.remove(0);
    assert!(matches!(held(&old, &new).comes_to, Trend::Unclear(_)));
}

#[test]
fn a_should_and_what_no_chosen_profile_asks_for_decide_only_where_it_is_strict() {
    let good = one(Ends::Passes);
    let with = |check: &str| {
        let mut bad = good.clone();
        bad.cases[0].verdicts.insert(check.to_owned(), fails());
        bad
    };
    let (should, other) = (with(SHOULD), with(OTHER));
    assert_eq!(held(&good, &should).comes_to, Trend::NoWorse);
    assert_eq!(held(&good, &other).comes_to, Trend::NoWorse);
    assert!(matches!(strictly(&good, &should).comes_to, Trend::Worse(_)));
    assert_eq!(strictly(&good, &other).comes_to, Trend::NoWorse);
    let better = strictly(&one(Ends::Fails), &good);
    let words = "1 failure is no more".to_owned();
    assert_eq!(better.comes_to, Trend::Worse(vec![words]));
}

#[test]
fn a_scenario_that_is_new_or_gone_is_told_and_decides_only_by_what_fails_in_it() {
    let old = report(&[("dns/one", Ends::Passes), ("dns/two", Ends::Fails)]);
    let mut new = report(&[("dns/one", Ends::Passes), ("dns/three", Ends::Passes)]);
    new.left_out.push(LeftOut {
        scenario: "dns/two".to_owned(),
        reason: "needs dig".to_owned(),
        cut_off: false,
    });
    let comparison = held(&old, &new);
    assert_eq!(comparison.comes_to, Trend::NoWorse);
    let changes = &comparison.devices[0];
    assert_eq!(changes.gone_runs[0].place.scenario, "dns/two");
    assert_eq!(changes.gone_runs[0].because.as_deref(), Some("needs dig"));
    assert_eq!(changes.new_runs[0].scenario, "dns/three");
    assert!(matches!(strictly(&old, &new).comes_to, Trend::Worse(_)));
    // Nobody has accepted that failure yet.
    let fails = report(&[("dns/one", Ends::Passes), ("dns/three", Ends::Fails)]);
    assert!(matches!(held(&old, &fails).comes_to, Trend::Worse(_)));
}

#[test]
fn a_run_that_was_not_asked_for_is_not_missed() {
    let old = report(&[("dns/one", Ends::Passes), ("ons/two", Ends::Passes)]);
    let new = report(&[("dns/one", Ends::Passes)]);
    let asked = |case: &Case| case.scenario.starts_with("dns/");
    let sides = ((("old"), &[old][..]), ("new", &[new][..]));
    let strict = Rules { strict: true };
    let comparison = compare(sides.0, sides.1, strict, &asked).unwrap();
    assert!(comparison.is_empty(), "{comparison:?}");
    assert_eq!(comparison.comes_to, Trend::NoWorse);
}

#[test]
fn a_device_that_fails_is_one_change_and_not_one_for_each_verdict() {
    let good = one(Ends::Passes);
    let mut crashed = good.clone();
    crashed.cases[0].outcome = Outcome::DeviceFailed {
        how: "crashed".to_owned(),
        message: "it ended after 3.1 s".to_owned(),
        log: None,
        known: None,
    };
    crashed.cases[0].verdicts.clear();
    let worse = held(&good, &crashed);
    let words = "1 run newly sees the device fail".to_owned();
    assert_eq!(worse.comes_to, Trend::Worse(vec![words]));
    assert_eq!(worse.devices[0].changes.len(), 1);
    let mut later = crashed.clone();
    if let Outcome::DeviceFailed { message, .. } = &mut later.cases[0].outcome {
        *message = "it ended after 4.2 s".to_owned();
    }
    assert!(held(&crashed, &later).is_empty());
}

#[test]
fn what_ngnlab_broke_or_was_stopped_at_is_never_taken_for_as_it_was() {
    let good = one(Ends::Passes);
    let mut broken = good.clone();
    broken.cases[0].outcome = Outcome::HarnessError("no memory".to_owned());
    for old in [&good, &broken] {
        let words = "1 run was broken by ngnlab itself".to_owned();
        assert_eq!(held(old, &broken).comes_to, Trend::Unclear(vec![words]));
    }
    let mut stopped = good.clone();
    stopped.left_out.push(LeftOut {
        scenario: "dns/two (east)".to_owned(),
        reason: "stopped by the user".to_owned(),
        cut_off: true,
    });
    let words = "1 run was broken off".to_owned();
    assert_eq!(
        held(&stopped, &stopped).comes_to,
        Trend::Unclear(vec![words])
    );
}

#[test]
fn promises_diagnoses_and_stale_entries_are_compared() {
    let good = one(Ends::Passes);
    let mut bad = good.clone();
    bad.cases[0].expectations.push(Expectation {
        what: "the step can be done: reboot".to_owned(),
        seen: "it did not come back".to_owned(),
        met: false,
        remark: false,
        excused: false,
        promise: Promise::Step,
        known: None,
        because: None,
    });
    bad.cases[0].diagnosis = Some(Diagnosis {
        id: "wrong-dns".to_owned(),
        step: 3,
        finding: Text::new("これ", "this"),
        remedy: Text::new("これ", "this"),
        walked: Vec::new(),
    });
    bad.stale.push(StaleKnown {
        check: SHOULD.to_owned(),
        reason: "it is old".to_owned(),
        excused_in: None,
    });
    let worse = held(&good, &bad);
    assert_eq!(kinds(&worse), [Kind::NewlyFailing, Kind::OtherDiagnosis]);
    let words = [
        "1 promise of a scenario is no longer kept",
        "1 entry of the device file is newly stale",
    ];
    let expected = Trend::Worse(words.map(str::to_owned).to_vec());
    assert_eq!(worse.comes_to, expected);
    let better = held(&bad, &good);
    assert_eq!(kinds(&better), [Kind::NewlyPassing, Kind::OtherDiagnosis]);
    assert_eq!(better.devices[0].no_longer_stale.len(), 1);
    assert!(held(&bad, &bad).is_empty());
}

#[test]
fn devices_go_by_their_names_and_a_single_one_may_have_another() {
    let (a, b) = (named("a"), named("b"));
    let comparison = held(&a, &b);
    let told = &comparison.devices[0].differences[0];
    assert_eq!((told.what, &*told.old, &*told.new), ("device", "a", "b"));
    let rules = Rules::default();
    let both = [a.clone(), b.clone()];
    let several = compare(("old", &both), ("new", &[b, named("c")]), rules, &|_| true);
    let several = several.unwrap();
    assert_eq!(several.gone_devices, ["a"]);
    assert_eq!(several.new_devices, ["c"]);
    let refused = compare(
        ("old", &both),
        ("new", &[named("c"), named("d")]),
        rules,
        &|_| true,
    );
    assert_eq!(
        refused.unwrap_err(),
        "no device is in both: old is about a, b, new about c, d"
    );
}

#[test]
fn reports_of_other_scenarios_cannot_be_compared() {
    let new = report(&[("dns/two", Ends::Passes)]);
    let refused = compare(
        ("old", &[one(Ends::Passes)]),
        ("new", &[new]),
        Rules::default(),
        &|_| true,
    );
    let why = refused.unwrap_err();
    assert!(
        why.starts_with("old and new have no scenario in common"),
        "{why}"
    );
}

#[test]
fn a_change_in_many_runs_is_one_line_with_a_few_places() {
    let names: Vec<String> = (0..40).map(|number| format!("dns/{number:02}")).collect();
    let all = |ends| report(&names.iter().map(|name| (&**name, ends)).collect::<Vec<_>>());
    let comparison = held(&all(Ends::Passes), &all(Ends::Fails));
    let text = shown("text", &comparison, false);
    let expected = "\
compared   old with new, 40 runs in both

newly failing
  MUST  dns.must in 40 runs
  expected  this
  seen      that
  where     dns/00 (east), dns/01 (east), dns/02 (east) and 37 more

change     worse than old: 1 MUST newly fails (dns.must)
";
    assert_eq!(text, expected);
    let text = shown("text", &comparison, true);
    assert!(text.contains("dns/39 (east)"), "{text}");
    let markdown = shown("markdown", &comparison, false);
    let line = "- MUST `dns.must` in 40 runs: expected `this`, seen `that` (dns/00 (east), dns/01 \
                (east), dns/02 (east) and 37 more)\n";
    assert!(markdown.contains(line), "{markdown}");
}

#[test]
fn what_another_failure_explains_stands_below_it_in_one_line() {
    let good = one(Ends::Passes);
    let mut bad = good.clone();
    let verdicts = &mut bad.cases[0].verdicts;
    // By its name it would come first.
    let cause = "dns.owner";
    verdicts.insert(cause.to_owned(), fails());
    verdicts.insert(
        MUST.to_owned(),
        Judged {
            because: Some(cause.to_owned()),
            ..fails()
        },
    );
    let mut info = bad.checks[MUST].clone();
    info.id = cause.to_owned();
    bad.checks.insert(cause.to_owned(), info);
    let comparison = held(&good, &bad);
    let words = "2 MUSTs newly fail (dns.owner, dns.must)";
    assert_eq!(comparison.comes_to, Trend::Worse(vec![words.to_owned()]));
    let text = shown("text", &comparison, false);
    let line = "  where     dns/one (east)\n  MUST  dns.must in 1 run, because of dns.owner\n\n";
    assert!(text.contains(line), "{text}");
    let markdown = shown("markdown", &comparison, false);
    let line = "- MUST `dns.must` in 1 run, because of `dns.owner`\n";
    assert!(markdown.contains(line), "{markdown}");
    let text = shown("text", &comparison, true);
    assert!(
        text.contains("because of dns.owner\n  expected  this"),
        "{text}"
    );
}

#[test]
fn no_format_lets_a_terminal_or_a_page_obey_foreign_words() {
    let mut new = one(Ends::Fails);
    let odd = "\u{1b}[31m`<b>`\u{202e}";
    new.device = odd.to_owned();
    new.cases[0].scenario = odd.to_owned();
    let mut old = new.clone();
    old.cases[0].verdicts = one(Ends::Passes).cases[0].verdicts.clone();
    let comparison = held(&old, &new);
    for format in FORMATS {
        let text = shown(format.name, &comparison, true);
        assert!(
            !text.contains(['\u{1b}', '\u{202e}']),
            "{}: {text}",
            format.name
        );
    }
}

proptest! {
    #[test]
    fn a_report_does_not_differ_from_itself(report in any_report()) {
        let comparison = held(&report, &report);
        prop_assert!(comparison.is_empty(), "{comparison:?}");
        prop_assert_eq!(comparison.comes_to, Trend::NoWorse);
    }

    #[test]
    fn backwards_every_change_is_the_other_way_round(old in any_report(), new in any_report()) {
        let (there, back) = (held(&old, &new), held(&new, &old));
        // What is new and passes, and what is gone, is told of as a whole.
        let both_ways = |at: &&(Subject, At)| {
            !matches!(at.1.was, State::Absent) && !matches!(at.1.is, State::Absent)
        };
        let turned = |(subject, at): &(Subject, At)| {
            let (place, was, is) = (at.place.clone(), at.is.clone(), at.was.clone());
            (subject.clone(), At { place, was, is })
        };
        let there: Vec<(Subject, At)> = all(&there);
        let back: Vec<(Subject, At)> = all(&back).iter().map(turned).collect();
        let among = |some: &[(Subject, At)], one: &(Subject, At)| some.contains(one);
        for one in there.iter().filter(both_ways) {
            prop_assert!(among(&back, one) || is_one_way(&one.1), "{one:?} only there");
        }
        for one in back.iter().filter(both_ways) {
            prop_assert!(among(&there, one) || is_one_way(&one.1), "{one:?} only back");
        }
    }

    #[test]
    fn what_newly_fails_there_newly_passes_back(old in any_report(), new in any_report()) {
        let (there, back) = (held(&old, &new), held(&new, &old));
        let of = |comparison: &Comparison, kind, passed: fn(&At) -> &State| {
            let changes = comparison.devices[0].changes.iter();
            let meant = changes.filter(move |one| one.kind == kind);
            let places = meant.flat_map(|one| one.places.iter().map(|at| (one.subject.clone(), at)));
            let found = places.filter(|(_, at)| *passed(at) == State::Passed);
            found.map(|(subject, at)| (subject, at.place.clone())).collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(
            of(&there, Kind::NewlyFailing, |at| &at.was),
            of(&back, Kind::NewlyPassing, |at| &at.is)
        );
    }

    #[test]
    fn it_is_worse_just_where_something_fails_that_did_not(
        old in any_report(),
        new in any_report(),
    ) {
        let is_worse = matches!(held(&old, &new).comes_to, Trend::Worse(_));
        let failures = |report: &Report| {
            let failing = report.cases.iter().filter(|case| {
                let judged = &case.verdicts[MUST];
                matches!(judged.verdict, Verdict::Fail(_)) && judged.known.is_none()
            });
            failing.map(|case| case.scenario.clone()).collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(is_worse, !failures(&new).is_subset(&failures(&old)));
    }

    #[test]
    fn each_place_is_told_once_for_each_thing(old in any_report(), new in any_report()) {
        let told = all(&held(&old, &new));
        let places: BTreeSet<(Subject, Place)> =
            told.iter().map(|(subject, at)| (subject.clone(), at.place.clone())).collect();
        prop_assert_eq!(told.len(), places.len());
    }
}

/// Returns whether nothing is told of a change the other way round: a reason comes to be stated.
fn is_one_way(at: &At) -> bool {
    let open = |state: &State| !matches!(state, State::Passed | State::Failed { .. });
    open(&at.was) && open(&at.is)
}

fn all(comparison: &Comparison) -> Vec<(Subject, At)> {
    let changes = comparison.devices.iter().flat_map(|one| &one.changes);
    let places = changes.flat_map(|one| one.places.iter().map(|at| (one.subject.clone(), at)));
    places.map(|(subject, at)| (subject, at.clone())).collect()
}

fn any_report() -> impl Strategy<Value = Report> {
    let ends = prop::option::weighted(0.9, prop::sample::select(&ENDS[..]));
    // The first is always there, so that two reports have something in common.
    let first = prop::sample::select(&ENDS[..]);
    (first, prop::collection::vec(ends, 5)).prop_map(|(first, ends)| {
        let names: Vec<String> = (0..5).map(|number| format!("dns/{number}")).collect();
        let rest = names.iter().zip(ends);
        let rest = rest.filter_map(|(name, ends)| Some((&**name, ends?)));
        report(
            &[("dns/first", first)]
                .into_iter()
                .chain(rest)
                .collect::<Vec<_>>(),
        )
    })
}

fn held(old: &Report, new: &Report) -> Comparison {
    by(old, new, Rules::default())
}

fn strictly(old: &Report, new: &Report) -> Comparison {
    by(old, new, Rules { strict: true })
}

fn by(old: &Report, new: &Report, rules: Rules) -> Comparison {
    let (old, new) = ([old.clone()], [new.clone()]);
    compare(("old", &old), ("new", &new), rules, &|_| true).unwrap()
}

fn kinds(comparison: &Comparison) -> Vec<Kind> {
    let changes = comparison.devices[0].changes.iter();
    changes.map(|change| change.kind).collect()
}

fn shown(format: &str, comparison: &Comparison, all: bool) -> String {
    let shown = Shown {
        all,
        ..Shown::default()
    };
    (find(format).unwrap().render)(comparison, shown)
}

fn one(ends: Ends) -> Report {
    report(&[("dns/one", ends)])
}

fn named(device: &str) -> Report {
    Report {
        device: device.to_owned(),
        ..one(Ends::Passes)
    }
}

fn fails() -> Judged {
    judged(Ends::Fails)
}

fn judged(ends: Ends) -> Judged {
    let finding = |actual: &str| {
        Verdict::Fail(Finding {
            records: vec![1],
            expected: "this".to_owned(),
            actual: actual.to_owned(),
            excuse: None,
        })
    };
    let inconclusive = || Verdict::Inconclusive("there was no question".to_owned());
    Judged {
        verdict: match ends {
            Ends::Passes => Verdict::Pass(vec![1]),
            Ends::Fails | Ends::FailsAsKnown => finding("that"),
            Ends::FailsOtherwise => finding("something else"),
            Ends::IsMissing | Ends::IsUnclear | Ends::NeedNot => inconclusive(),
        },
        known: (ends == Ends::FailsAsKnown).then(|| "it is old".to_owned()),
        excused: ends == Ends::IsUnclear,
        because: None,
        evidence: Vec::new(),
    }
}

fn report(cases: &[(&str, Ends)]) -> Report {
    let info = |id: &str, level, profile| {
        let text = Text::new("これ", "this");
        let info = CheckInfo {
            id: id.to_owned(),
            source: "RFC 1035".to_owned(),
            level,
            profiles: vec![profile],
            title: text.clone(),
            hint: text,
        };
        (id.to_owned(), info)
    };
    let case = |(scenario, ends): &(&str, Ends)| Case {
        scenario: (*scenario).to_owned(),
        area: "east".to_owned(),
        about: None,
        delivery: None,
        outcome: Outcome::Judged,
        diagnosis: None,
        overcome: Vec::new(),
        expectations: Vec::new(),
        exercises: match ends {
            Ends::NeedNot => Vec::new(),
            _ => vec![Exercise {
                check: MUST.to_owned(),
                excuse: None,
            }],
        },
        verdicts: BTreeMap::from([
            (MUST.to_owned(), judged(*ends)),
            (SHOULD.to_owned(), judged(Ends::Passes)),
            (OTHER.to_owned(), judged(Ends::Passes)),
        ]),
        trace: None,
        capture: None,
    };
    Report {
        format: crate::FORMAT,
        tool: "ngnlab".to_owned(),
        device: "device".to_owned(),
        seed: 1,
        arguments: Vec::new(),
        captured: None,
        firmware: None,
        provenance: None,
        elapsed_ms: 1,
        checks: BTreeMap::from([
            info(MUST, Level::Must, Profile::DnsProxy),
            info(SHOULD, Level::Should, Profile::DnsProxy),
            info(OTHER, Level::Must, Profile::CeRouter),
        ]),
        cases: cases.iter().map(case).collect(),
        left_out: Vec::new(),
        stale: Vec::new(),
        profiles: vec![Profile::DnsProxy],
        results: Vec::new(),
        comes_to: None,
    }
}
