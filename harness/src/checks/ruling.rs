//! What a check says about one thing it looked at, and how rulings become a verdict.

use std::time::Duration;

use ngnlab_reports::{Finding, RecordId, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::Mode;

use super::delay::{Delay, unless_late};
use crate::dissection::{Dissection, Found};

/// What a check says about one thing it looked at.
pub(super) enum Ruling {
    /// It is as it must be.
    Holds(Vec<RecordId>),
    /// It is not.
    Broken(Finding),
    /// It could not be told, and why.
    Unclear(String),
    /// It was nothing to judge after all.
    Skip,
}

impl Ruling {
    /// Lets a host that was late enough at that time explain what is broken.
    pub(super) fn unless_late(self, trace: &Dissection<'_>, delay: Delay) -> Self {
        let Self::Broken(finding) = self else {
            return self;
        };
        let finding = unless_late(finding, trace, delay);
        match delay {
            Delay::Overrun { by, .. } | Delay::TooSoon { by, .. }
                if by <= MEASURED_TO && finding.excuse.is_some() =>
            {
                Self::Unclear(format!("{} are within what the host was late", seconds(by)))
            }
            _ => Self::Broken(finding),
        }
    }
}

/// Judges every item, up to the first that is broken and that no late host explains; `what` names
/// them, as "a Solicit".
pub(super) fn every<T>(
    what: &str,
    items: impl IntoIterator<Item = T>,
    mut judge: impl FnMut(T) -> Ruling,
) -> Verdict {
    let mut records = Vec::new();
    let mut unclear = None;
    let mut explained = None;
    let mut held = false;
    for item in items {
        match judge(item) {
            Ruling::Holds(more) => {
                held = true;
                records.extend(
                    more.into_iter()
                        .take(MOST_RECORDS.saturating_sub(records.len())),
                );
            }
            Ruling::Broken(finding) if finding.excuse.is_some() => {
                explained = explained.or(Some(finding));
            }
            Ruling::Broken(finding) => return Verdict::Fail(finding),
            Ruling::Unclear(why) => unclear = unclear.or(Some(why)),
            Ruling::Skip => {}
        }
    }
    if let Some(finding) = explained {
        return Verdict::Fail(finding);
    }
    match unclear {
        Some(why) => Verdict::Inconclusive(why),
        None if held => Verdict::Pass(records),
        None => Verdict::Inconclusive(format!("there was no {what}")),
    }
}

/// Judges that none of `bad` is there, given the records of what could have brought it about.
pub(super) fn never(
    what: &str,
    occasions: impl IntoIterator<Item = RecordId>,
    bad: impl IntoIterator<Item = Finding>,
) -> Verdict {
    let mut explained = None;
    for finding in bad {
        if finding.excuse.is_none() {
            return Verdict::Fail(finding);
        }
        explained = explained.or(Some(finding));
    }
    if let Some(finding) = explained {
        return Verdict::Fail(finding);
    }
    let records: Vec<RecordId> = occasions.into_iter().take(MOST_RECORDS).collect();
    if records.is_empty() {
        Verdict::Inconclusive(format!("there was no {what}"))
    } else {
        Verdict::Pass(records)
    }
}

/// Holds if `ok`; else the words tell what was expected and what was seen.
pub(super) fn expect(
    records: impl IntoIterator<Item = RecordId>,
    ok: bool,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Ruling {
    if ok {
        Ruling::Holds(records.into_iter().collect())
    } else {
        broken(records, expected, actual)
    }
}

/// Holds if the answer came within `limit`; a host that was late may explain that it did not.
pub(super) fn within<A, B>(
    trace: &Dissection<'_>,
    question: &Found<A>,
    answer: Option<&Found<B>>,
    limit: Duration,
    what: &str,
) -> Ruling {
    let expected = format!("{what} within {}", seconds(limit));
    let from = question.arrives;
    let due = from + limit;
    let Some(answer) = answer else {
        return if trace.end() < due {
            Ruling::Skip
        } else {
            broken([question.record], expected, "nothing came")
                .unless_late(trace, Delay::Silence { from, due })
        };
    };
    let records = [question.record, answer.record];
    let took = answer.at.since(from);
    if took <= limit {
        return Ruling::Holds(records.to_vec());
    }
    let (to, by) = (answer.at, took - limit);
    broken(
        records,
        expected,
        format!("it came after {}", seconds(took)),
    )
    .unless_late(trace, Delay::Overrun { from, to, by })
}

/// Holds if two moments are at least `least` apart; a host that was late may have seen the first
/// one too late.
pub(super) fn at_least(
    trace: &Dissection<'_>,
    records: [RecordId; 2],
    times: [Time; 2],
    least: Duration,
    expected: impl Into<String>,
) -> Ruling {
    let [after, second] = times;
    let gap = second.since(after);
    if gap >= least {
        return Ruling::Holds(records.to_vec());
    }
    let by = least - gap;
    broken(records, expected, seconds(gap)).unless_late(trace, Delay::TooSoon { after, by })
}

/// What a check says where another one has failed, and nothing is left to judge.
pub(super) fn because(owner: &str, what: &str) -> Ruling {
    Ruling::Unclear(said_because(owner, what))
}

/// Says that a failure leaves nothing to judge.
fn said_because(owner: &str, what: &str) -> String {
    format!("because {owner} failed: {what}")
}

/// Returns what a check says once it is known whose failure leaves it nothing to judge.
pub fn left_because(owner: &str, what: &str) -> String {
    match self::owner(what) {
        Some(_) => what.to_owned(),
        None => said_because(owner, what),
    }
}

/// Returns the check that failed, of what [`said_because`] says.
pub(super) fn owner(why: &str) -> Option<&str> {
    let (owner, _) = why.strip_prefix("because ")?.split_once(" failed: ")?;
    Some(owner)
}

pub(super) fn broken(
    records: impl IntoIterator<Item = RecordId>,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Ruling {
    Ruling::Broken(finding(records, expected, actual))
}

pub(super) fn finding(
    records: impl IntoIterator<Item = RecordId>,
    expected: impl Into<String>,
    actual: impl Into<String>,
) -> Finding {
    Finding {
        records: records.into_iter().take(MOST_RECORDS).collect(),
        expected: expected.into(),
        actual: actual.into(),
        excuse: None,
    }
}

pub(super) fn not_applicable(why: &str) -> Verdict {
    Verdict::NotApplicable(why.to_owned())
}

/// Why what is asked of routers is not asked of a bridge.
pub(super) const IS_A_BRIDGE: &str =
    "the device is a bridge: it lets IPv6 frames pass, and what a router does is left to the line";

/// Judges only if the device is configured this way.
pub(super) fn only_in(
    mode: Mode,
    trace: &Dissection<'_>,
    judge: impl FnOnce() -> Verdict,
) -> Verdict {
    match trace.setup().mode {
        own if own == mode => judge(),
        Mode::Ra => not_applicable("the device hands on the prefix of an RA"),
        Mode::Pd => not_applicable("the device has its prefix delegated"),
        Mode::Bridge => not_applicable(IS_A_BRIDGE),
    }
}

pub(super) fn seconds(span: Duration) -> String {
    format!("{:.3} s", span.as_secs_f64())
}

/// Returns the time between two points, whichever comes first.
pub(super) fn apart(a: Time, b: Time) -> Duration {
    a.since(b).max(b.since(a))
}

/// What a host of several processes always costs: so close to a bound nothing can be told.
const MEASURED_TO: Duration = Duration::from_millis(50);

/// More records than this prove nothing more.
pub(super) const MOST_RECORDS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stops_at_the_first_that_is_broken() {
        let verdict = every("number", [1, 2, 3], |number| {
            expect([number], number == 1, "1", number.to_string())
        });
        let Verdict::Fail(finding) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(finding.records, [2]);
        let nothing = every("number", Vec::<usize>::new(), |_| Ruling::Skip);
        assert_eq!(
            nothing,
            Verdict::Inconclusive("there was no number".to_owned())
        );
    }
}
