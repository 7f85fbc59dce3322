//! What went wrong first: the cause that weighs most, and the next thing to do about it.

use crate::words::Lang;
use crate::{Case, Diagnosis, Level, Outcome, Report, Verdict};

/// What a reader looks at first.
pub(super) struct First {
    /// What went wrong.
    pub(super) what: String,
    /// What to do next.
    pub(super) next: String,
    /// What `ngnlab explain` has more on.
    pub(super) explained: Option<String>,
}

/// Returns what went wrong first, by what decides the result; `None` if nothing did.
pub(super) fn first(report: &Report, lang: Lang) -> Option<First> {
    failed(report, Level::Must, lang)
        .or_else(|| device(report, lang))
        .or_else(|| promise(report, lang))
        .or_else(|| stale(report, lang))
        .or_else(|| broken(report, lang))
        .or_else(|| late(report, lang))
        .or_else(|| lost(report, lang))
        .or_else(|| warned(report, lang))
        .or_else(|| failed(report, Level::Should, lang))
}

/// Returns the cause that weighs as much, with what was expected and seen.
fn failed(report: &Report, weight: Level, lang: Lang) -> Option<First> {
    let failures = report.failures();
    let mut failures = failures.iter();
    let failure = failures.find(|one| one.known.is_none() && one.weight() == Some(weight))?;
    let id = &failure.info.id;
    let Verdict::Fail(finding) = &failure.cases.first()?.1.verdict else {
        return None;
    };
    let what = format!(
        "{id}: expected {}, seen {}",
        finding.expected, finding.actual
    );
    Some(First {
        what: lang.say(&what).into_owned(),
        next: lang.of(&failure.info.hint).to_owned(),
        explained: Some(id.clone()),
    })
}

fn device(report: &Report, lang: Lang) -> Option<First> {
    report.cases.iter().find_map(|case| match &case.outcome {
        Outcome::DeviceFailed {
            message,
            log,
            known: None,
            ..
        } => Some(First {
            what: at(case, message, lang),
            next: match log {
                Some(log) => lang.say(&format!("read the log {log}")).into_owned(),
                None => lang
                    .say("`ngnlab device check FILE` says how far the device comes")
                    .into_owned(),
            },
            explained: None,
        }),
        _ => None,
    })
}

fn promise(report: &Report, lang: Lang) -> Option<First> {
    report.cases.iter().find_map(|case| {
        let mut promises = case.expectations.iter();
        let broken = promises.find(|one| one.is_broken())?;
        let what = format!("{}: seen {}", broken.what, broken.seen);
        let next = match &case.diagnosis {
            Some(Diagnosis { remedy, .. }) => lang.of(remedy).to_owned(),
            None => lang
                .say(&format!(
                    "`ngnlab explain {}` tells what is expected there",
                    case.scenario
                ))
                .into_owned(),
        };
        Some(First {
            what: at(case, &what, lang),
            next,
            explained: case.diagnosis.as_ref().map(|one| one.id.clone()),
        })
    })
}

fn stale(report: &Report, lang: Lang) -> Option<First> {
    let stale = report.stale.first()?;
    let (what, next) = stale.said();
    Some(First {
        what: lang.say(&what).into_owned(),
        next: lang.say(next).into_owned(),
        explained: Some(stale.check.clone()),
    })
}

fn broken(report: &Report, lang: Lang) -> Option<First> {
    report.cases.iter().find_map(|case| match &case.outcome {
        Outcome::HarnessError(message) => Some(First {
            what: at(case, message, lang),
            next: lang
                .say("--resume runs again what ngnlab broke")
                .into_owned(),
            explained: None,
        }),
        _ => None,
    })
}

fn late(report: &Report, lang: Lang) -> Option<First> {
    let what = match report.excused() {
        0 => return None,
        1 => "1 failure may be the host's, which was too late".to_owned(),
        count => format!("{count} failures may be the host's, which was too late"),
    };
    let next = "run fewer scenarios at a time (--jobs), or on a quieter machine";
    Some(First {
        what: lang.say(&what).into_owned(),
        next: lang.say(next).into_owned(),
        explained: None,
    })
}

fn lost(report: &Report, lang: Lang) -> Option<First> {
    let lost = report.lost_for_chosen();
    let lost = lost.iter().find(|one| one.level == Level::Must)?;
    let (check, place, because) = (&lost.check, lost.place(), &lost.because);
    let what = format!("not judged: {check} in {place}, because {because}");
    let next = "run it again; where nothing can be judged, `ngnlab render REPORT --format excuses` \
                writes what the device file has to say";
    Some(First {
        what: lang.say(&what).into_owned(),
        next: lang.say(next).into_owned(),
        explained: Some(check.clone()),
    })
}

fn warned(report: &Report, lang: Lang) -> Option<First> {
    let warning = report.captured.as_ref()?.warnings.first()?;
    Some(First {
        what: lang.say(warning).into_owned(),
        next: lang.say("capture again as the warning says").into_owned(),
        explained: None,
    })
}

fn at(case: &Case, what: &str, lang: Lang) -> String {
    format!("{}{}{}", case.place(), lang.colon(), lang.say(what))
}
