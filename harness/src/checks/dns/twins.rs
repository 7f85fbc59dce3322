//! One question on both sides of the forwarder: what a terminal asked, and what that set off
//! upstream.

use std::time::Duration;

use ngnlab_sim::trace::{End, Role};

use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, broken};
use crate::dissection::dns::{PORT, SERVFAIL};
use crate::dissection::{Dissection, Dns, Exchange, Found, Question};

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

/// Returns the questions by which a terminal went on asking the same while it still waited: at
/// another address of the device, by the other transport, or with less about the question.
pub(super) fn tries<'a, 'd>(
    lan: &'a [Exchange<'d>],
    first: &'a Exchange<'_>,
) -> impl Iterator<Item = &'a Exchange<'d>> {
    let query = first.query;
    lan.iter().filter(move |again| {
        let other = again.query;
        query.record < other.record
            && other.at <= query.at + PATIENCE
            && (other.eth_source, other.injected) == (query.eth_source, query.injected)
            && again.asks_same(first)
    })
}

/// Returns what a terminal had in the end: the first answer that is neither cut nor a failure, or
/// else the first one.
pub(super) fn in_the_end<'d>(lan: &[Exchange<'d>], first: &Exchange<'d>) -> Option<&'d Found<Dns>> {
    let reply = first.reply();
    let is_last = |reply: &&Found<Dns>| !reply.is.truncated && reply.is.rcode != SERVFAIL;
    let mut later = tries(lan, first).filter_map(Exchange::reply);
    reply
        .filter(is_last)
        .or_else(|| later.find(is_last))
        .or(reply)
}

/// Returns whether somebody asked the same before, not like this, and may have been waiting still:
/// what goes upstream may then be for him.
pub(super) fn is_asked_otherwise(
    lan: &[Exchange<'_>],
    exchange: &Exchange<'_>,
    is_otherwise: impl Fn(&Dns) -> bool,
) -> bool {
    let query = exchange.query;
    lan.iter().any(|other| {
        other.query.record < query.record
            && query.at <= other.query.at + PATIENCE
            && other.asks_same(exchange)
            && is_otherwise(&other.query.is)
    })
}

/// Returns whether the device tried to ask over TCP meanwhile, and no server took its connection.
pub(super) fn only_knocks(trace: &Dissection<'_>, lan: &Exchange<'_>) -> bool {
    let mut tried = trace
        .connections
        .iter()
        .filter(|connection| {
            connection.on == Role::Wan
                && connection.opener == End::Device
                && connection.server.1 == PORT
                && !trace.is_terminal(connection.client.0)
                && lan.query.at <= connection.last.1
                && connection.at <= lan.query.at + PATIENCE
        })
        .peekable();
    tried.peek().is_some() && tried.all(|connection| connection.accepted.is_none())
}

/// Rules on a question of a terminal that nobody answered; one that was answered when the terminal
/// asked again is judged by that.
pub(super) fn unanswered(
    trace: &Dissection<'_>,
    upstream: &[Exchange<'_>],
    lan: &Exchange<'_>,
) -> Ruling {
    let until = lan.query.at + PATIENCE;
    let all = trace.lan_dns();
    // What went upstream after somebody else had asked the same may be for him alone.
    let next = all
        .iter()
        .map(|other| (other, other.query))
        .find(|(other, query)| {
            lan.query.record < query.record
                && (query.source, query.injected) != (lan.query.source, lan.query.injected)
                && other.asks_same(lan)
        });
    let is_his = |other: &Exchange<'_>| {
        next.is_some_and(|(_, query)| query.record < other.query.record && query.at > lan.query.at)
    };
    // A question that waits for its answer already is not asked upstream once more: what was asked
    // for an earlier terminal, or an earlier attempt, counts for this one.
    let mut asked = upstream
        .iter()
        .filter(|other| {
            same(other.question(), lan.question())
                && lan.query.at <= other.query.at + PATIENCE
                && other.query.at <= until
                && other.replies.iter().all(|reply| reply.at >= lan.query.at)
                && !is_his(other)
        })
        .peekable();
    // An answer that comes when its question is long given up is as good as none.
    let is_silent = |other: &Exchange<'_>| {
        let mut replies = other.replies.iter();
        replies.all(|reply| reply.at >= other.query.at + PATIENCE)
    };
    if trace.end() < until {
        Ruling::Skip
    } else if trace.is_disturbed(lan.query.at, until) {
        Ruling::Unclear("a cable or the power was cut meanwhile".to_owned())
    } else if asked.peek().is_none() && only_knocks(trace, lan) {
        Ruling::Unclear("the servers upstream took no connection".to_owned())
    } else if asked.peek().is_some() && asked.all(is_silent) {
        Ruling::Unclear("the servers upstream did not answer".to_owned())
    } else if repetitions(&all, lan).any(|again| !again.replies.is_empty()) {
        Ruling::Skip
    } else {
        let again = repetitions(&all, lan).map(|again| again.query.at);
        let again = again.chain(lan.repeats.iter().map(|again| again.at));
        broken(
            [lan.query.record],
            format!("an answer to the question for {}", lan.name()),
            "nothing came",
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: lan.query.at,
                to: again.max().unwrap_or(lan.query.at),
            },
        )
    }
}
