//! What changed for one device: each run, promise, check and diagnosis, rolled up by what it is
//! about.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::state::is_ours;
use super::{At, Change, Decides, Kind, Place, Rules, Side, State, Subject};
use crate::{Case, Expectation, Judged, Level, Outcome, Promise, Report, Verdict};

/// Returns what changed, in the order in which it is told, and what fails the device as before.
pub(super) fn changes(old: Side<'_>, new: Side<'_>, rules: Rules) -> (Vec<Change>, Vec<Subject>) {
    let mut found = Found {
        rules,
        ..Found::default()
    };
    for (place, case) in new.1 {
        let was = old.1.get(place).copied();
        found.run(place, was, case);
        // Of what was not judged there are no verdicts; of what was broken, none to be believed.
        if case.outcome != Outcome::Judged {
            continue;
        }
        let was = was.filter(|was| was.outcome == Outcome::Judged);
        found.promises(place, was, case);
        found.checks(place, (old.0, was), (new.0, case));
        if let Some(was) = was {
            let ends = |case: &Case| State::Ends(case.diagnosis.as_ref().map(|one| one.id.clone()));
            found.note(
                place,
                Subject::Diagnosis,
                Level::Must,
                true,
                ends(was),
                ends(case),
            );
        }
    }
    found.told()
}

/// What changes of the same kind have in common: kind, what decides most first, whether the device
/// file knows of it, what it is about.
type Group = (Kind, Reverse<Decides>, bool, Level, Subject);

#[derive(Default)]
struct Found {
    rules: Rules,
    groups: BTreeMap<Group, Vec<At>>,
    still_failing: BTreeSet<Subject>,
}

impl Found {
    fn run(&mut self, place: &Place, was: Option<&Case>, is: &Case) {
        // What we broke ourselves is no change of the device, and is counted apart.
        if is_ours(is) {
            return;
        }
        let was = match was {
            Some(case) if is_ours(case) => State::Absent,
            Some(case) => of_run(case),
            None => State::Absent,
        };
        self.note(place, Subject::Run, Level::Must, true, was, of_run(is));
    }

    fn promises(&mut self, place: &Place, was: Option<&Case>, is: &Case) {
        let (before, now) = (was.map(of_promises), of_promises(is));
        let old = before.iter().flatten().map(|(key, _)| *key);
        let names: BTreeSet<_> = old.chain(now.keys().copied()).collect();
        for name in names {
            let (what, kind) = name;
            // A step that can be done is not mentioned.
            let unsaid = |judged: bool| match judged && kind == Promise::Step.name() {
                true => State::Passed,
                false => State::Absent,
            };
            let before = before.as_ref().and_then(|all| all.get(&name)).cloned();
            let before = before.unwrap_or_else(|| unsaid(was.is_some()));
            let now = now.get(&name).cloned().unwrap_or_else(|| unsaid(true));
            let subject = Subject::Promise(what.to_owned());
            self.note(place, subject, Level::Must, true, before, now);
        }
    }

    fn checks(&mut self, place: &Place, was: (&Report, Option<&Case>), is: (&Report, &Case)) {
        let (report, case) = is;
        let lost = missing(case);
        let lost_before = was.1.map(missing).unwrap_or_default();
        // What the new report does not know is told as a whole, unless it judges it all the same.
        let only_old = was
            .0
            .checks
            .keys()
            .filter(|id| !report.checks.contains_key(*id) && case.verdicts.contains_key(*id));
        for id in report.checks.keys().chain(only_old) {
            let now = of_check(case, id, &lost);
            let before = match was {
                (report, Some(case)) if report.checks.contains_key(id) => {
                    of_check(case, id, &lost_before)
                }
                _ => State::Absent,
            };
            let asking = [was.0, report];
            let counts = asking
                .iter()
                .any(|report| !report.counts_for(id, [case]).is_empty());
            let infos = asking.iter().filter_map(|report| report.checks.get(id));
            let level = infos.map(|info| info.level).min();
            let subject = Subject::Check(id.clone());
            self.note(
                place,
                subject,
                level.unwrap_or(Level::Must),
                counts,
                before,
                now,
            );
        }
    }

    fn note(
        &mut self,
        place: &Place,
        subject: Subject,
        level: Level,
        counts: bool,
        was: State,
        is: State,
    ) {
        let binds = counts && (level == Level::Must || self.rules.strict);
        let (before, now) = (was.decides(), is.decides());
        if binds && before == Decides::Worse && now == Decides::Worse {
            self.still_failing.insert(subject.clone());
        }
        let Some(kind) = was.change_to(&is) else {
            return;
        };
        let decides = match binds && now > before {
            true => now,
            false if self.rules.strict && kind == Kind::NewlyPassing => Decides::Worse,
            false => Decides::Nothing,
        };
        let group = (kind, Reverse(decides), is.is_known(), level, subject);
        let place = place.clone();
        self.groups
            .entry(group)
            .or_default()
            .push(At { place, was, is });
    }

    fn told(self) -> (Vec<Change>, Vec<Subject>) {
        let changes = self.groups.into_iter().map(|(group, places)| {
            let (kind, decides, known, level, subject) = group;
            Change {
                kind,
                subject,
                level,
                decides: decides.0,
                known,
                because: explained(&places),
                places,
            }
        });
        let mut changes: Vec<Change> = changes.collect();
        // Causes before what they explain.
        let order = |one: &Change| {
            (
                one.kind,
                Reverse(one.decides),
                one.known,
                one.because.is_some(),
            )
        };
        changes.sort_by_key(order);
        (changes, self.still_failing.into_iter().collect())
    }
}

/// Returns the failed check that explains what fails in all of these places, if one does.
fn explained(places: &[At]) -> Option<String> {
    let cause = |at: &At| match &at.is {
        State::Failed { because, .. } => because.clone(),
        _ => None,
    };
    let first = cause(places.first()?)?;
    let mut places = places.iter();
    places.all(|at| cause(at).is_some()).then_some(first)
}

fn of_run(case: &Case) -> State {
    match &case.outcome {
        Outcome::Judged => State::Passed,
        Outcome::DeviceFailed {
            how,
            message,
            known,
            ..
        } => State::Failed {
            expected: how.clone(),
            seen: message.clone(),
            known: known.clone(),
            because: None,
        },
        Outcome::HarnessError(why) => State::Missing(why.clone()),
        Outcome::NotApplicable(why) => State::NotJudged(why.clone()),
    }
}

/// Returns what became of each promise, by its words and kind; the worst, where one is made twice.
fn of_promises(case: &Case) -> BTreeMap<(&str, &'static str), State> {
    let mut found: BTreeMap<(&str, &'static str), State> = BTreeMap::new();
    for promise in &case.expectations {
        let state = of_promise(promise);
        let place = found
            .entry((&*promise.what, promise.promise.name()))
            .or_insert(State::Passed);
        if *place == State::Passed || state.decides() > place.decides() {
            *place = state;
        }
    }
    found
}

fn of_promise(promise: &Expectation) -> State {
    let seen = || promise.seen.clone();
    if promise.met {
        State::Passed
    } else if promise.remark {
        State::NotJudged(format!("a remark: {}", promise.seen))
    } else if promise.is_unclear() {
        State::Unclear(seen())
    } else {
        State::Failed {
            expected: promise.what.clone(),
            seen: seen(),
            known: promise.known.clone(),
            because: promise.because.clone(),
        }
    }
}

/// Returns the checks that are exercised and not judged, and why not.
fn missing(case: &Case) -> BTreeMap<&str, &str> {
    let exercises = case.exercises.iter();
    let lost = exercises.filter_map(|one| Some((&*one.check, case.lost(one)?)));
    lost.collect()
}

fn of_check(case: &Case, id: &str, lost: &BTreeMap<&str, &str>) -> State {
    let Some(judged) = case.verdicts.get(id) else {
        return match lost.get(id) {
            Some(why) => State::Missing((*why).to_owned()),
            None => State::NotJudged("it has no verdict".to_owned()),
        };
    };
    match (&judged.verdict, lost.get(id)) {
        (Verdict::Pass(_), _) => State::Passed,
        (Verdict::Fail(finding), _) => State::Failed {
            expected: finding.expected.clone(),
            seen: finding.actual.clone(),
            known: judged.known.clone(),
            because: judged.because.clone(),
        },
        (Verdict::Inconclusive(why), _) if is_unclear(judged) => State::Unclear(why.clone()),
        (Verdict::Inconclusive(why), Some(_)) => State::Missing(why.clone()),
        (Verdict::Inconclusive(why) | Verdict::NotApplicable(why), _) => {
            State::NotJudged(why.clone())
        }
    }
}

fn is_unclear(judged: &Judged) -> bool {
    judged.excused
}
