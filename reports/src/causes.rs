//! Failures in the order to read them: those that explain others first, the others with them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::{Case, CheckInfo, Expectation, Judged, Level, Profile, Report, Verdict};

/// A failed check, with the cases in which no other failure explains it.
#[derive(Debug)]
pub struct Failure<'a> {
    /// The check.
    pub info: &'a CheckInfo,
    /// Why the device file expects it in these cases, if it does.
    pub known: Option<&'a str>,
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
    /// Returns every failure that no other one explains: MUSTs first, then what explains most, and
    /// at the end what the device file expects, in the cases in which it does.
    pub fn failures(&self) -> Vec<Failure<'_>> {
        let mut by_root: BTreeMap<Root<'_>, Failure<'_>> = BTreeMap::new();
        let mut followers: BTreeMap<(Root<'_>, &str), Vec<&Case>> = BTreeMap::new();
        for case in &self.cases {
            for (id, judged) in &case.verdicts {
                if !matches!(judged.verdict, Verdict::Fail(_)) {
                    continue;
                }
                let Some(info) = self.checks.get(id) else {
                    continue;
                };
                match case.root_of(id) {
                    Some(root) => {
                        let root = (root, case.known_of(root));
                        followers.entry((root, id)).or_default().push(case);
                    }
                    None => {
                        let known = judged.known.as_deref();
                        let failure = by_root.entry((id, known)).or_insert_with(|| Failure {
                            info,
                            known,
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
            if let (Some(failure), Some(info)) = (by_root.get_mut(&root), self.checks.get(id)) {
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
                if let Some(failure) = by_root.get_mut(&(root, case.known_of(root))) {
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
                failure.known.is_some(),
                weight,
                Reverse(explained.sum::<usize>() + failure.promises),
                Reverse(failure.cases.len()),
            )
        };
        failures.sort_by_key(order);
        failures
    }
}

/// A failure that no other one explains, and why the device file expects it.
type Root<'a> = (&'a str, Option<&'a str>);

impl Case {
    /// Returns the failure that explains why a promise of this case was not kept, if one does; what
    /// the device file expects explains nothing that it does not expect.
    pub fn blames<'a>(&'a self, promise: &'a Expectation) -> Option<&'a str> {
        let because = promise.because.as_deref().filter(|_| !promise.met)?;
        let cause = self.failed(because)?;
        let is_plain = cause.known.is_none() || promise.known.is_some();
        is_plain.then(|| self.root_of(because).unwrap_or(because))
    }

    /// Returns the failure that a failed check goes back to, if another one explains it; what the
    /// device file expects explains nothing that it does not expect.
    pub fn root_of<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let is_known = self.failed(id)?.known.is_some();
        // What was excused, or never was there, explains nothing.
        let explains = |cause: &&str| {
            let cause = self.failed(cause);
            cause.is_some_and(|cause| is_known || cause.known.is_none())
        };
        let mut at = id;
        // Who goes round in a circle comes to no root, whoever wrote the document.
        for _ in 0..self.verdicts.len() {
            match self.failed(at)?.because.as_deref().filter(explains) {
                Some(because) => at = because,
                None => return (at != id).then_some(at),
            }
        }
        None
    }

    fn failed(&self, id: &str) -> Option<&Judged> {
        let judged = self.verdicts.get(id)?;
        matches!(judged.verdict, Verdict::Fail(_)).then_some(judged)
    }

    fn known_of(&self, id: &str) -> Option<&str> {
        self.verdicts.get(id)?.known.as_deref()
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
            about: None,
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
            capture: None,
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
            captured: None,
            elapsed_ms: 0,
            checks: checks.into_iter().map(check).collect(),
            cases,
            left_out: vec![],
            stale: vec![],
            profiles: vec![Profile::OnsEast],
            results: vec![],
            comes_to: None,
            firmware: None,
            provenance: None,
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
        let promise = broken_promise(None, "site");
        report.cases[1].expectations.push(promise);
        assert_eq!(ids(&report), ["site", "other"]);
        assert!(named(&report).contains("(site, other)"));
    }

    #[test]
    fn what_the_device_file_expects_hides_nothing_that_it_does_not_expect() {
        let known = |because| Judged {
            known: Some("it is old".to_owned()),
            ..judged(true, because)
        };
        let report = report(vec![
            case(
                "a",
                &[
                    ("names", known(None)),
                    ("site", judged(true, Some("names"))),
                ],
            ),
            case(
                "b",
                &[
                    ("names", judged(true, None)),
                    ("site", known(Some("names"))),
                ],
            ),
            case(
                "c",
                &[("names", known(None)), ("site", known(Some("names")))],
            ),
        ]);
        let failures = report.failures();
        let told: Vec<_> = failures
            .iter()
            .map(|one| (&one.info.id[..], one.known.is_some(), one.cases.len()))
            .collect();
        assert_eq!(
            told,
            [("names", false, 1), ("site", false, 1), ("names", true, 2)]
        );
        let below = |failure: &Failure<'_>| failure.consequences.len();
        assert_eq!(failures.iter().map(below).collect::<Vec<_>>(), [1, 0, 1]);
        let promise = |known| broken_promise(known, "names");
        let case = &report.cases[0];
        assert_eq!(case.blames(&promise(None)), None);
        assert_eq!(case.blames(&promise(Some("it is old"))), Some("names"));
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

    fn broken_promise(known: Option<&str>, because: &str) -> Expectation {
        Expectation {
            what: String::new(),
            seen: String::new(),
            met: false,
            remark: false,
            excused: false,
            promise: Promise::Screen,
            known: known.map(str::to_owned),
            because: Some(because.to_owned()),
        }
    }
}
