//! One question on both sides of the forwarder: what a terminal asked, and what that set off
//! upstream.

use std::time::Duration;

use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken};
use crate::dissection::{Dissection, Exchange, Question};

/// How long a terminal waits in the worst case before it gives a question up.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the upstream exchanges that a terminal's question may have set off.
pub(super) fn twins<'d>(
    upstream: &'d [Exchange<'d>],
    lan: &'d Exchange<'d>,
) -> impl Iterator<Item = &'d Exchange<'d>> {
    upstream.iter().filter(move |other| is_twin(other, lan))
}

/// Returns whether a terminal's question may have set off this one upstream.
pub(super) fn is_twin(other: &Exchange<'_>, lan: &Exchange<'_>) -> bool {
    same(other.question(), lan.question())
        && lan.query.at <= other.query.at
        && other.query.at <= lan.query.at + PATIENCE
}

/// Returns whether both are there and ask the same.
pub(super) fn same(a: Option<&Question>, b: Option<&Question>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.same(b))
}

/// Returns the questions by which the terminal asked the same again while it still waited.
pub(super) fn repetitions<'a, 'd>(
    lan: &'a [Exchange<'d>],
    first: &'a Exchange<'_>,
) -> impl Iterator<Item = &'a Exchange<'d>> {
    let query = first.query;
    lan.iter().filter(move |again| {
        let other = again.query;
        query.record < other.record
            && other.at <= query.at + PATIENCE
            && (other.source, other.injected) == (query.source, query.injected)
            && other.is.transport == query.is.transport
            && other.is.body() == query.is.body()
    })
}

/// Rules on a question of a terminal that nobody answered; one that was answered when the terminal
/// asked again is judged by that.
pub(super) fn unanswered(
    trace: &Dissection<'_>,
    upstream: &[Exchange<'_>],
    lan: &Exchange<'_>,
) -> Ruling {
    let until = lan.query.at + PATIENCE;
    // A question that waits for its answer already is not asked upstream once more: what was asked
    // for an earlier terminal, or an earlier attempt, counts for this one.
    let mut asked = upstream
        .iter()
        .filter(|other| {
            same(other.question(), lan.question())
                && lan.query.at <= other.query.at + PATIENCE
                && other.query.at <= until
                && other.replies.iter().all(|reply| reply.at >= lan.query.at)
        })
        .peekable();
    if trace.end() < until {
        Ruling::Skip
    } else if trace.is_disturbed(lan.query.at, until) {
        Ruling::Unclear("a cable or the power was cut meanwhile".to_owned())
    } else if asked.peek().is_some() && asked.all(|other| other.replies.is_empty()) {
        Ruling::Unclear("the servers upstream did not answer".to_owned())
    } else if repetitions(&trace.lan_dns(), lan).any(|again| !again.replies.is_empty()) {
        Ruling::Skip
    } else {
        broken(
            [lan.query.record],
            format!("an answer to the question for {}", lan.name()),
            "nothing came",
        )
        .unless_late(
            trace,
            Delay::Race {
                from: lan.query.at,
                to: until,
            },
        )
    }
}
