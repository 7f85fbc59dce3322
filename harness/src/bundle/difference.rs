//! Where two judgements of a run differ: what a report says, and what its trace gives.

use std::fmt;

use ngnlab_reports::{Case, Judged, Verdict};

/// Where two judgements of a run differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The scenario with its area, or what else it is about.
    pub place: String,
    /// What was said before, and what is said now.
    pub how: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.how)
    }
}

/// Returns where two judgements of a case differ in anything at all.
pub(super) fn differences(before: &Case, now: &Case) -> Option<Difference> {
    if before == now {
        return None;
    }
    if let Some(difference) = outcomes(before, now) {
        return Some(difference);
    }
    let mut verdicts = before.verdicts.iter();
    let other = verdicts.find(|(id, judged)| now.verdicts.get(*id) != Some(*judged));
    let how = match other {
        Some((id, _)) => format!("{id} has other evidence"),
        None => "its diagnosis or promises read otherwise".to_owned(),
    };
    Some(Difference {
        place: before.place(),
        how,
    })
}

/// Returns where two judgements of a case come to something else.
pub(super) fn outcomes(before: &Case, now: &Case) -> Option<Difference> {
    let differ = |how: String| {
        Some(Difference {
            place: before.place(),
            how,
        })
    };
    let mut ids: Vec<&String> = before.verdicts.keys().chain(now.verdicts.keys()).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let (was, is) = (word(before.verdicts.get(id)), word(now.verdicts.get(id)));
        if was != is {
            return differ(format!("{id} was {was}, and is {is}"));
        }
    }
    let diagnosis = |case: &Case| case.diagnosis.as_ref().map(|one| one.id.clone());
    if diagnosis(before) != diagnosis(now) {
        let word = |case| diagnosis(case).unwrap_or_else(|| "none".to_owned());
        return differ(format!(
            "the diagnosis was {}, and is {}",
            word(before),
            word(now)
        ));
    }
    let met = |case: &Case| -> Vec<(String, bool)> {
        let promises = case.expectations.iter();
        promises.map(|one| (one.what.clone(), one.met)).collect()
    };
    if met(before) != met(now) {
        return differ("it does not keep the same promises".to_owned());
    }
    let exercised = |case: &Case| -> Vec<String> {
        case.exercises.iter().map(|one| one.check.clone()).collect()
    };
    if exercised(before) != exercised(now) {
        return differ("it exercises other checks".to_owned());
    }
    None
}

fn word(judged: Option<&Judged>) -> &'static str {
    match judged {
        None => "not asked",
        Some(judged) => match (&judged.verdict, &judged.known) {
            (Verdict::Pass(_), _) => "pass",
            (Verdict::Fail(_), Some(_)) => "known to fail",
            (Verdict::Fail(_), None) => "fail",
            (Verdict::Inconclusive(_), _) => "inconclusive",
            (Verdict::NotApplicable(_), _) => "not applicable",
        },
    }
}
