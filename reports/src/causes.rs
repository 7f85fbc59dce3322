//! Failures in the order to read them: those that explain others first, the others with them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::{Case, CheckInfo, Expectation, Judged, Level, Profile, Report, Verdict};

/// A failed check, with the cases in which no other failure explains it.
#[derive(Debug)]
pub struct Failure<'a> {
    /// The check.
    pub info: &'a CheckInfo,
    /// The cases it failed in, without those where another failure explains it.
    pub cases: Vec<(&'a Case, &'a Judged)>,
    /// The chosen profiles that it counts for in those cases.
    pub profiles: Vec<Profile>,
    /// What failed because of it, the most frequent first.
    pub consequences: Vec<Consequence<'a>>,
    /// How many promises of scenarios were not kept because of it.
    pub promises: usize,
}

/// A check that failed because another one did.
#[derive(Debug)]
pub struct Consequence<'a> {
    /// The check.
    pub info: &'a CheckInfo,
    /// The cases in which it did.
    pub cases: Vec<&'a Case>,
    /// The chosen profiles that it counts for in those cases.
    pub profiles: Vec<Profile>,
}

impl Failure<'_> {
    /// Returns how much it weighs for the chosen profiles, with all that it brings about; `None`
    /// if it counts for none of them.
    pub fn weight(&self) -> Option<Level> {
        let own = (!self.profiles.is_empty()).then_some(self.info.level);
        let others = self.consequences.iter();
        let others = others.filter(|one| !one.profiles.is_empty());
        own.into_iter()
            .chain(others.map(|one| one.info.level))
            .min()
    }
}

impl Report {
    /// Returns every failure that no other one explains: MUSTs first, then what explains most.
    pub fn failures(&self) -> Vec<Failure<'_>> {
        let mut by_root: BTreeMap<&str, Failure<'_>> = BTreeMap::new();
        let mut followers: BTreeMap<(&str, &str), Vec<&Case>> = BTreeMap::new();
        for case in &self.cases {
            for (id, judged) in &case.verdicts {
                if !matches!(judged.verdict, Verdict::Fail(_)) {
                    continue;
                }
                let Some(info) = self.checks.get(id) else {
                    continue;
                };
                match case.root_of(id) {
                    Some(root) => followers.entry((root, id)).or_default().push(case),
                    None => {
                        let failure = by_root.entry(id).or_insert_with(|| Failure {
                            info,
                            cases: Vec::new(),
                            profiles: Vec::new(),
                            consequences: Vec::new(),
                            promises: 0,
                        });
                        failure.cases.push((case, judged));
                    }
                }
            }
        }
        for ((root, id), cases) in followers {
            let profiles = self.counts_for(id, cases.iter().copied());
            if let (Some(failure), Some(info)) = (by_root.get_mut(root), self.checks.get(id)) {
                failure.consequences.push(Consequence {
                    info,
                    cases,
                    profiles,
                });
            }
        }
        for case in &self.cases {
            let roots = case.expectations.iter().filter_map(|one| case.blames(one));
            for root in roots {
                if let Some(failure) = by_root.get_mut(root) {
                    failure.promises += 1;
                }
            }
        }
        let mut failures: Vec<Failure<'_>> = by_root.into_values().collect();
        for failure in &mut failures {
            let cases = failure.cases.iter().map(|(case, _)| *case);
            failure.profiles = self.counts_for(&failure.info.id, cases);
            let consequences = &mut failure.consequences;
            consequences.sort_by_key(|one| (one.info.level, Reverse(one.cases.len())));
        }
        let order = |failure: &Failure<'_>| {
            let explained = failure.consequences.iter().map(|one| one.cases.len());
            let weight = failure.weight();
            (
                weight.is_none(),
                weight,
                Reverse(explained.sum::<usize>() + failure.promises),
                Reverse(failure.cases.len()),
            )
        };
        failures.sort_by_key(order);
        failures
    }
}

impl Case {
    /// Returns the failure that explains why a promise of this case was not kept, if one does.
    pub fn blames<'a>(&'a self, promise: &'a Expectation) -> Option<&'a str> {
        let because = promise.because.as_deref().filter(|_| !promise.met)?;
        let judged = self.verdicts.get(because)?;
        let failed = matches!(judged.verdict, Verdict::Fail(_));
        failed.then(|| self.root_of(because).unwrap_or(because))
    }

    /// Returns the failure that a failed check goes back to, if another one explains it.
    pub fn root_of<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let mut at = id;
        // Who goes round in a circle comes to no root, whoever wrote the document.
        for _ in 0..self.verdicts.len() {
            let judged = self.verdicts.get(at)?;
            // What was excused, or never was there, explains nothing.
            if !matches!(judged.verdict, Verdict::Fail(_)) {
                return None;
            }
            match &judged.because {
                Some(because) => at = because,
                None => return (at != id).then_some(at),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FORMAT, Finding, Outcome, Promise, Text};

    fn judged(failed: bool, because: Option<&str>) -> Judged {
        Judged {
            verdict: match failed {
                true => Verdict::Fail(Finding {
                    records: vec![1],
                    expected: String::new(),
                    actual: String::new(),
                    excuse: None,
                }),
                false => Verdict::Inconclusive(String::new()),
            },
            known: None,
            excused: false,
            because: because.map(str::to_owned),
            evidence: vec![],
        }
    }

    fn case(scenario: &str, verdicts: &[(&str, Judged)]) -> Case {
        let verdicts = verdicts.iter();
        Case {
            scenario: scenario.to_owned(),
            area: "east".to_owned(),
            delivery: None,
            outcome: Outcome::Judged,
            diagnosis: None,
            overcome: vec![],
            expectations: vec![],
            exercises: vec![],
            verdicts: verdicts
                .map(|(id, judged)| ((*id).to_owned(), judged.clone()))
                .collect(),
            trace: None,
        }
    }

    fn report(cases: Vec<Case>) -> Report {
        let check = |(id, level): (&str, Level)| {
            let info = CheckInfo {
                id: id.to_owned(),
                source: String::new(),
                level,
                profiles: vec![Profile::OnsEast],
                title: Text::new("", ""),
                hint: Text::new("", ""),
            };
            (id.to_owned(), info)
        };
        let checks = [
            ("names", Level::Should),
            ("other", Level::Must),
            ("site", Level::Must),
            ("portal", Level::Must),
        ];
        Report {
            format: FORMAT,
            tool: String::new(),
            device: String::new(),
            seed: 1,
            arguments: vec![],
            elapsed_ms: 0,
            checks: checks.into_iter().map(check).collect(),
            cases,
            left_out: vec![],
            stale: vec![],
            profiles: vec![Profile::OnsEast],
            results: vec![],
            comes_to: None,
        }
    }

    #[test]
    fn one_fault_is_one_failure_with_its_consequences_below_it() {
        let report = report(vec![
            case(
                "a",
                &[
                    ("names", judged(true, None)),
                    ("site", judged(true, Some("names"))),
                    ("portal", judged(true, Some("site"))),
                ],
            ),
            case("b", &[("other", judged(true, None))]),
            case("c", &[("portal", judged(true, None))]),
        ]);
        let failures = report.failures();
        let ids: Vec<&str> = failures.iter().map(|one| &one.info.id[..]).collect();
        // A remark that explains failed MUSTs stands before MUSTs that explain nothing.
        assert_eq!(ids, ["names", "other", "portal"]);
        let below: Vec<&str> = failures[0]
            .consequences
            .iter()
            .map(|one| &one.info.id[..])
            .collect();
        assert_eq!(below, ["portal", "site"]);
        assert_eq!(failures[0].weight(), Some(Level::Must));
        // In the third case nothing explains it.
        assert_eq!(failures[2].cases.len(), 1);
    }

    #[test]
    fn what_kept_a_promise_from_being_kept_stands_before_what_did_not() {
        let mut report = report(vec![
            case("a", &[("other", judged(true, None))]),
            case(
                "b",
                &[("other", judged(true, None)), ("site", judged(true, None))],
            ),
        ]);
        let ids = |report: &Report| -> Vec<String> {
            let failures = report.failures();
            failures.iter().map(|one| one.info.id.clone()).collect()
        };
        let named = |report: &Report| format!("{:?}", report.conclusion());
        assert_eq!(ids(&report), ["other", "site"]);
        assert!(named(&report).contains("(other, site)"));
        report.cases[1].expectations.push(Expectation {
            what: String::new(),
            seen: String::new(),
            met: false,
            remark: false,
            excused: false,
            promise: Promise::Screen,
            known: None,
            because: Some("site".to_owned()),
        });
        assert_eq!(ids(&report), ["site", "other"]);
        assert!(named(&report).contains("(site, other)"));
    }

    #[test]
    fn what_did_not_fail_after_all_explains_nothing() {
        let excused = case(
            "a",
            &[
                ("names", judged(false, None)),
                ("site", judged(true, Some("names"))),
            ],
        );
        assert_eq!(excused.root_of("site"), None);
        let circle = case(
            "a",
            &[
                ("names", judged(true, Some("site"))),
                ("site", judged(true, Some("names"))),
            ],
        );
        assert_eq!(report(vec![circle]).failures().len(), 2);
    }
}
