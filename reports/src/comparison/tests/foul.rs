//! A new report that looks calm because it asks for less, or knows of more, than the old one.

use super::reports::{Ends, MUST, OTHER, SHOULD, fails, named, one, report};
use super::{held, kinds, shown};
use crate::comparison::*;
use crate::{Outcome, Verdict};

#[test]
fn what_counted_for_the_old_report_counts_whatever_profiles_the_new_one_was_made_for() {
    let good = one(Ends::Passes);
    let failed = "1 MUST newly fails (dns.must)".to_owned();
    for profiles in [vec![Profile::CeRouter], Vec::new()] {
        let mut bad = one(Ends::Fails);
        bad.profiles = profiles;
        let worse = held(&good, &bad);
        assert_eq!(worse.comes_to, Trend::Worse(vec![failed.clone()]));
        let text = shown("text", &worse, false);
        let named = bad.profiles.first().map_or("none", |one| one.name());
        let told = format!("differ in  profiles: dns-proxy, now {named}\n");
        assert!(text.contains(&told), "{text}");
        // It fails as it did, and still counts.
        assert_eq!(held(&one(Ends::Fails), &bad).still_failing(), 1);
    }
    let mut bad = one(Ends::Fails);
    bad.checks.get_mut(MUST).unwrap().profiles.clear();
    assert_eq!(held(&good, &bad).comes_to, Trend::Worse(vec![failed]));
    // What nobody asked for so far counts by the new report.
    let mut other = good.clone();
    other.profiles.push(Profile::CeRouter);
    other.cases[0].verdicts.insert(OTHER.to_owned(), fails());
    assert!(matches!(held(&good, &other).comes_to, Trend::Worse(_)));
}

#[test]
fn a_level_that_was_lowered_excuses_nothing_and_is_told() {
    let good = one(Ends::Passes);
    let mut bad = one(Ends::Fails);
    bad.checks.get_mut(MUST).unwrap().level = Level::Should;
    let worse = held(&good, &bad);
    let failed = "1 MUST newly fails (dns.must)".to_owned();
    assert_eq!(worse.comes_to, Trend::Worse(vec![failed]));
    let text = shown("text", &worse, false);
    let told = "differ in  level: dns.must (MUST), now dns.must (SHOULD)\n";
    assert!(text.contains(told), "{text}");
    let back = held(&bad, &good);
    assert_eq!(kinds(&back), [Kind::NewlyPassing]);
    let mut more = good.clone();
    more.checks.get_mut(SHOULD).unwrap().level = Level::Must;
    more.cases[0].verdicts.insert(SHOULD.to_owned(), fails());
    assert!(matches!(held(&good, &more).comes_to, Trend::Worse(_)));
}

#[test]
fn a_failure_counts_though_the_new_report_does_not_list_its_check() {
    let good = one(Ends::Passes);
    let mut bad = one(Ends::Fails);
    bad.checks.remove(MUST);
    let failed = "1 MUST newly fails (dns.must)".to_owned();
    assert_eq!(held(&good, &bad).comes_to, Trend::Worse(vec![failed]));
}

#[test]
fn a_profile_of_which_nothing_is_judged_any_longer_cannot_be_compared() {
    let good = report(&[("dns/one", Ends::Passes), ("dns/two", Ends::Passes)]);
    let words = "nothing that dns-proxy asks for is judged any longer".to_owned();
    let mut idle = good.clone();
    for case in &mut idle.cases {
        case.outcome = Outcome::NotApplicable("the device does not offer ra".to_owned());
        case.verdicts.clear();
        case.exercises.clear();
    }
    let unclear = held(&good, &idle);
    assert_eq!(unclear.comes_to, Trend::Unclear(vec![words.clone()]));
    let text = shown("text", &unclear, false);
    for told in [
        "DEVICE  whether the device does its part in 2 runs, does not count",
        "the device does not offer ra",
        "nothing that dns-proxy asks\n           for is judged any longer",
    ] {
        assert!(text.contains(told), "{text}");
    }
    let mut silent = good.clone();
    for case in &mut silent.cases {
        for judged in case.verdicts.values_mut() {
            judged.verdict = Verdict::NotApplicable("no".to_owned());
        }
    }
    assert_eq!(held(&good, &silent).comes_to, Trend::Unclear(vec![words]));
    // One run that the device does not offer is no more than that, and is told.
    idle.cases[1] = good.cases[1].clone();
    assert_eq!(held(&good, &idle).comes_to, Trend::NoWorse);
}

#[test]
fn a_device_that_is_new_and_fails_is_worse_and_one_that_is_gone_leaves_it_open() {
    let rules = Rules::default();
    let (a, b) = (named("a"), named("b"));
    let mut failing = one(Ends::Fails);
    failing.device = "c".to_owned();
    // By what the old report asks for.
    failing.profiles.clear();
    let old = [a.clone(), b.clone()];
    let new = [a.clone(), b.clone(), failing];
    let worse = compare(("old", &old), ("new", &new), rules, &|_, _| true).unwrap();
    let failed = "1 MUST newly fails (dns.must)".to_owned();
    assert_eq!(worse.comes_to, Trend::Worse(vec![failed]));
    let text = shown("text", &worse, false);
    assert!(
        text.contains("compared   c: old with new, 0 runs in both\n"),
        "{text}"
    );
    let new = [a.clone(), b, named("c")];
    let calm = compare(("old", &old), ("new", &new), rules, &|_, _| true).unwrap();
    assert_eq!(calm.comes_to, Trend::NoWorse);

    let gone = |strict, asked: &dyn Fn(&Report, &Case) -> bool| {
        let new = [a.clone()];
        let found = compare(("old", &old), ("new", &new), Rules { strict }, asked);
        found.unwrap().comes_to
    };
    let words = vec!["1 device is gone".to_owned()];
    assert_eq!(gone(false, &|_, _| true), Trend::Unclear(words.clone()));
    assert_eq!(gone(true, &|_, _| true), Trend::Worse(words));
    let asked = |old: &Report, _: &Case| old.device == "a";
    assert_eq!(gone(true, &asked), Trend::NoWorse);
}

#[test]
fn devices_of_one_name_are_not_told_apart_by_chance() {
    let twice = [named("a"), named("a")];
    let single = [named("a")];
    for (old, new, words) in [
        (&twice[..], &single[..], "old is about two devices called a"),
        (&single[..], &twice[..], "new is about two devices called a"),
    ] {
        let refused = compare(("old", old), ("new", new), Rules::default(), &|_, _| true);
        assert_eq!(refused.unwrap_err(), words);
    }
}
