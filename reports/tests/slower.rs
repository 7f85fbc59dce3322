//! Two benchmarks held against each other: what is more than chance, and what nobody can tell.

use ngnlab_reports::benchmark::comparison::{Comparison, Trend, Verdict, compare};
use ngnlab_reports::benchmark::{Benchmark, Family, Limit};
use ngnlab_reports::formats::Look;
use ngnlab_reports::formats::benchmark::changes::{FORMATS, find};
use ngnlab_reports::scene::NoScenes;
use ngnlab_reports::words::Lang;
use unicode_width::UnicodeWidthStr as _;

mod measured;

#[test]
fn what_is_slower_by_more_than_chance_is_worse() {
    let comparison = held(&only(|_| ()), &only(|one| faster(one, 0.93)));
    assert_eq!(
        comparison.comes_to,
        Trend::Worse(vec!["dnsmasq".to_owned()])
    );
    let Verdict::Slower(by) = &comparison.rates[0].verdict else {
        panic!("{comparison:?}");
    };
    assert!((by.percent + 7.0).abs() < 0.01 && !by.at_least, "{by:?}");
    assert!((1.0..4.0).contains(&by.margin), "{by:?}");
    for format in FORMATS.iter().filter(|format| format.name != "json") {
        let page = (format.render)(&comparison, Look::PLAIN);
        assert!(page.contains("slower by 7.0 % ± "), "{page}");
    }
    let page = (find("markdown").unwrap().render)(&comparison, JAPANESE);
    assert!(page.contains("低速化") && page.contains("悪化"), "{page}");
}

#[test]
fn what_chance_may_do_and_what_is_faster_is_no_worse() {
    let old = only(|_| ());
    let same = held(&old, &only(|one| faster(one, 0.995)));
    assert!(matches!(
        same.rates[0].verdict,
        Verdict::NoDifferenceShown(_)
    ));
    assert_eq!(same.comes_to, Trend::NoWorse);
    let faster = held(&old, &only(|one| faster(one, 1.2)));
    assert!(matches!(faster.rates[0].verdict, Verdict::Faster(_)));
    assert_eq!(faster.comes_to, Trend::NoWorse);
}

#[test]
fn the_search_sees_no_difference_below_its_resolution() {
    let even = |share: f64| {
        only(|one| {
            for repetition in &mut one.devices[0].series[0].repetitions {
                repetition.rate = 1000.0 * share;
            }
        })
    };
    let verdict = |share| held(&even(1.0), &even(share)).rates[0].verdict.clone();
    assert!(matches!(verdict(0.995), Verdict::NoDifferenceShown(_)));
    assert!(matches!(verdict(0.98), Verdict::Slower(_)));
}

#[test]
fn a_lower_bound_tells_one_way_alone() {
    let bound = |share: f64| {
        only(|one| {
            faster(one, share);
            one.devices[0].series[0].repetitions[0].limit = Limit::Generator(String::new());
        })
    };
    let rate = |share: f64| only(|one| faster(one, share));
    let verdict = |old: &Benchmark, new: &Benchmark| held(old, new).rates[0].verdict.clone();
    // The device may be faster than the bound, and so not slower.
    assert!(matches!(verdict(&rate(1.0), &bound(1.2)), Verdict::Faster(by) if by.at_least));
    assert!(matches!(verdict(&bound(1.0), &rate(0.8)), Verdict::Slower(by) if by.at_least));
    for (old, new) in [
        (rate(1.0), bound(0.8)),
        (bound(1.0), rate(1.2)),
        (bound(1.0), bound(0.8)),
        (rate(1.0), bound(1.0)),
    ] {
        let comparison = held(&old, &new);
        let verdict = &comparison.rates[0].verdict;
        assert!(
            matches!(verdict, Verdict::CannotBeCompared(why) if why.contains("lower bound")),
            "{verdict:?}"
        );
        assert!(matches!(comparison.comes_to, Trend::Unclear(_)));
    }
}

#[test]
fn what_has_nothing_to_be_compared_with_is_unclear_and_says_why() {
    let cases: [Case; 8] = [
        (
            |one| one.method.trial_seconds = 60.0,
            "trials are not as long",
        ),
        (|one| one.method.timeout_ms = 500, "the time limit is not"),
        (
            |one| one.method.answers_after_ms = 10,
            "does not answer as fast",
        ),
        (|one| one.provenance.host.processors = 8, "not the machine"),
        (
            |one| one.provenance.host.processor.push('2'),
            "not the machine",
        ),
        (
            |one| one.devices[0].series[0].repetitions.truncate(1),
            "single repetition",
        ),
        (
            |one| one.devices[0].series[0].repetitions.clear(),
            "the new one has no rate",
        ),
        (
            |one| one.devices[0].series.clear(),
            "the new one did not measure it",
        ),
    ];
    for (change, said) in cases {
        let comparison = held(&only(|_| ()), &only(change));
        let verdict = &comparison.rates[0].verdict;
        assert!(
            matches!(verdict, Verdict::CannotBeCompared(why) if why.contains(said)),
            "{said}: {verdict:?}"
        );
        assert!(matches!(comparison.comes_to, Trend::Unclear(_)), "{said}");
    }
    // Another kernel is told, and hinders nothing.
    let comparison = held(
        &only(|_| ()),
        &only(|one| one.provenance.host.kernel.push('1')),
    );
    assert_eq!(comparison.comes_to, Trend::NoWorse);
    assert_eq!(comparison.differences[0].what, "kernel");
}

#[test]
fn what_was_asked_over_another_family_is_not_compared_whatever_came_of_it() {
    for change in [
        |one: &mut Benchmark| one.method.family = Family::Ipv4,
        |one: &mut Benchmark| {
            one.method.family = Family::Ipv4;
            one.devices[0].failure = Some("crashed".to_owned());
        },
    ] {
        let said = compare(("old", &only(|_| ())), ("new", &only(change)));
        let expected = "the devices of old were asked over IPv6, and those of new over IPv4";
        assert_eq!(said, Err(expected.to_owned()));
    }
}

#[test]
fn a_device_that_fails_is_worse_and_one_that_is_gone_unclear() {
    let failing = |one: &mut Benchmark| one.devices[0].failure = Some("crashed".to_owned());
    let comparison = held(&only(|_| ()), &only(failing));
    assert!(matches!(comparison.comes_to, Trend::Worse(_)));
    let both = measured::benchmark();
    let comparison = held(&both, &only(|_| ()));
    assert_eq!(comparison.left_over, ["only in the old one: Unbound"]);
    assert!(matches!(comparison.comes_to, Trend::Unclear(_)));
    let mut other = both.clone();
    for device in &mut other.devices {
        device.device.push('2');
    }
    let error = compare(("old", &both), ("new", &other)).unwrap_err();
    assert_eq!(error, "old and new have no device in common");
}

#[test]
fn the_text_fits_80_columns_in_both_languages() {
    let mut new = measured::benchmark();
    faster(&mut new, 0.9);
    new.devices[0].firmware = Some("2.91".to_owned());
    let comparison = held(&measured::benchmark(), &new);
    let english = (find("text").unwrap().render)(&comparison, Look::PLAIN);
    let japanese = (find("text").unwrap().render)(&comparison, JAPANESE);
    for page in [&english, &japanese] {
        let widest = page.lines().filter(|line| line.width() > 80);
        assert_eq!(widest.collect::<Vec<_>>(), Vec::<&str>::new());
    }
    insta::assert_snapshot!(format!("{english}\n{japanese}"));
}

/// How the new benchmark differs from the old one, and what is said of it.
type Case = (fn(&mut Benchmark), &'static str);

fn held(old: &Benchmark, new: &Benchmark) -> Comparison {
    compare(("old.json", old), ("new.json", new)).expect("they have a device in common")
}

/// The first device of the example with its first workload, changed.
fn only(change: impl FnOnce(&mut Benchmark)) -> Benchmark {
    let mut benchmark = measured::benchmark();
    benchmark.devices.truncate(1);
    benchmark.devices[0].series.truncate(1);
    change(&mut benchmark);
    benchmark
}

fn faster(benchmark: &mut Benchmark, share: f64) {
    let series = benchmark.devices.iter_mut().flat_map(|one| &mut one.series);
    for repetition in series.flat_map(|one| &mut one.repetitions) {
        repetition.rate *= share;
    }
}

const JAPANESE: Look<'static> = Look {
    colour: false,
    lang: Lang::Ja,
    scenes: &NoScenes,
};
