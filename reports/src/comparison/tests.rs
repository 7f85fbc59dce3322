//! What is compared, and what decides.

use super::*;
use crate::formats::changes::{FORMATS, Shown, find};
use crate::{Diagnosis, Expectation, Flow, Judged, LeftOut, Outcome, Promise, Text};

mod foul;
mod properties;
mod reports;

use reports::{Ends, MUST, OTHER, SHOULD, fails, named, one, report};

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
    let text = shown("text", &comparison, false);
    assert!(
        text.ends_with("change     where both were run, no worse than old\n"),
        "{text}"
    );
    assert!(matches!(strictly(&old, &new).comes_to, Trend::Worse(_)));
    // Nobody has accepted that failure yet.
    let fails = report(&[("dns/one", Ends::Passes), ("dns/three", Ends::Fails)]);
    assert!(matches!(held(&old, &fails).comes_to, Trend::Worse(_)));
}

#[test]
fn a_run_that_was_not_asked_for_is_not_missed() {
    let old = report(&[("dns/one", Ends::Passes), ("ons/two", Ends::Passes)]);
    let new = report(&[("dns/one", Ends::Passes)]);
    let asked = |_: &Report, case: &Case| case.scenario.starts_with("dns/");
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
        flow: Flow::Guide,
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
    let several = compare(("old", &both), ("new", &[b, named("c")]), rules, &|_, _| {
        true
    });
    let several = several.unwrap();
    assert_eq!(several.gone_devices, ["a"]);
    assert_eq!(several.new_devices, ["c"]);
    let refused = compare(
        ("old", &both),
        ("new", &[named("c"), named("d")]),
        rules,
        &|_, _| true,
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
        &|_, _| true,
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

fn held(old: &Report, new: &Report) -> Comparison {
    by(old, new, Rules::default())
}

fn strictly(old: &Report, new: &Report) -> Comparison {
    by(old, new, Rules { strict: true })
}

fn by(old: &Report, new: &Report, rules: Rules) -> Comparison {
    let (old, new) = ([old.clone()], [new.clone()]);
    compare(("old", &old), ("new", &new), rules, &|_, _| true).unwrap()
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
