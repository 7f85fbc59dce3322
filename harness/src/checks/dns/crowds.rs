//! What becomes of one client's questions beside others: how many ask at once, who shares an id, and
//! answers that go astray.

use std::time::Duration;

use ngnlab_sim::trace::Role;

use crate::checks::dns::twins::PATIENCE;
use crate::checks::ruling::apart;
use crate::dissection::{Dissection, Dns, Exchange, Found, Transport};

/// Returns the exchanges over UDP.
pub(super) fn by_udp<'d>(lan: &'d [Exchange<'d>]) -> impl Iterator<Item = &'d Exchange<'d>> {
    lan.iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Udp)
}

/// Returns whether a question over UDP left together with many others.
pub(super) fn is_among_many(lan: &[Exchange<'_>], exchange: &Exchange<'_>) -> bool {
    let at = exchange.query.at;
    let together = by_udp(lan).filter(|other| apart(other.query.at, at) <= AT_ONCE);
    together.count() >= MANY
}

/// Returns whether another client asked under the same id at the same time.
pub(super) fn shares_its_id(lan: &[Exchange<'_>], exchange: &Exchange<'_>) -> bool {
    let end = |one: &Exchange<'_>| (one.query.source, one.query.is.source_port);
    by_udp(lan).any(|other| {
        other.query.is.id == exchange.query.is.id
            && end(other) != end(exchange)
            && apart(other.query.at, exchange.query.at) <= AT_ONCE
    })
}

/// The responses that the device sent to the port of a question before anything that matches it,
/// and that match no other question either: a terminal may ask many questions from one port.
pub(super) fn strays<'d>(
    trace: &'d Dissection<'_>,
    lan: &[Exchange<'d>],
    exchange: &Exchange<'d>,
) -> impl Iterator<Item = &'d Found<Dns>> {
    let query = exchange.query;
    trace.dns.iter().filter(move |found| {
        let answers = |other: &Exchange<'_>| {
            let mut replies = other.replies.iter();
            replies.any(|reply| reply.record == found.record)
        };
        found.by_device(Role::Lan)
            && found.is.response
            && found.is.transport == Transport::Udp
            && (found.destination, found.is.destination_port)
                == (query.source, query.is.source_port)
            && query.at <= found.at
            && found.at <= query.at + PATIENCE
            && !lan.iter().any(answers)
    })
}

/// Returns whether a stray answers the question, but from where nobody asked.
pub(super) fn is_from_elsewhere(stray: &Found<Dns>, exchange: &Exchange<'_>) -> bool {
    let query = exchange.query;
    stray.is.id == query.is.id
        && (stray.source, stray.is.source_port) != (query.destination, query.is.destination_port)
}

/// Returns whether a stray comes from where was asked, but under another id.
pub(super) fn has_another_id(stray: &Found<Dns>, exchange: &Exchange<'_>) -> bool {
    stray.source == exchange.query.destination && stray.is.id != exchange.query.is.id
}

/// Returns whether the device had to find out the client's link-layer address for the answer.
pub(super) fn was_sought(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> bool {
    let (client, asked) = (exchange.query.source, exchange.query.at);
    trace.neighbor_solicits().any(|solicit| {
        solicit.by_device(Role::Lan)
            && solicit.destination.is_multicast()
            && solicit.is.target == client
            && asked <= solicit.at
            && solicit.at <= asked + PATIENCE
    })
}

/// What leaves terminals within this time is under way at once.
const AT_ONCE: Duration = Duration::from_millis(100);

/// As many as a browser asks for one page.
const MANY: usize = 8;
