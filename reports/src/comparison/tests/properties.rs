//! What holds of every comparison.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::held;
use super::reports::{ENDS, MUST, report};
use crate::Verdict;
use crate::comparison::*;

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
