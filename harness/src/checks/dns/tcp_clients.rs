//! What terminals do over TCP: their connections to the device's DNS, and what is special about the
//! questions on them (RFC 7766).

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::trace::{End, Role};

use crate::checks::dns::twins::PATIENCE;
use crate::checks::ruling::apart;
use crate::dissection::dns::PORT;
use crate::dissection::{Connection, Dissection, Dns, Exchange, Found, Transport};

/// Returns the exchanges over TCP.
pub(super) fn by_tcp<'a, 'd>(
    lan: &'a [Exchange<'d>],
) -> impl Iterator<Item = &'a Exchange<'d>> + Clone {
    lan.iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Tcp)
}

/// Returns the client's end of a question.
pub(super) fn client(exchange: &Exchange<'_>) -> (Ipv6Addr, u16) {
    (exchange.query.source, exchange.query.is.source_port)
}

/// Returns the TCP connections of terminals to the device's DNS.
pub(super) fn connections<'d>(trace: &'d Dissection<'_>) -> impl Iterator<Item = &'d Connection> {
    trace.connections.iter().filter(|connection| {
        connection.on == Role::Lan
            && connection.opener == End::Network
            && !connection.injected
            && connection.syn_arrived
            && connection.server.1 == PORT
            && trace.is_device_address(connection.server.0)
    })
}

/// Returns whether the client of a question closed its side at once, with an answer still to come.
pub(super) fn is_half_closed(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> bool {
    let answered = exchange.reply().map(|reply| reply.record);
    // Who was told something, though nothing that answers him, has no reason to wait.
    let told = |before: usize| {
        trace.dns.iter().any(|found| {
            found.by_device(Role::Lan)
                && found.is.response
                && found.is.transport == Transport::Tcp
                && (found.destination, found.is.destination_port) == client(exchange)
                && found.is.id == exchange.query.is.id
                && exchange.query.record < found.record
                && found.record < before
        })
    };
    exchange.query.is.transport == Transport::Tcp
        && connections(trace).any(|connection| {
            connection.client == client(exchange)
                && connection.client_closed.is_some_and(|(record, at)| {
                    let first = connection
                        .server_closed
                        .is_none_or(|(other, _)| record < other);
                    first
                        && !told(record)
                        && at <= exchange.query.at + SOON
                        && answered.is_none_or(|reply| record < reply)
                })
        })
}

/// Long before a client that waits gives up.
const SOON: Duration = Duration::from_secs(1);

/// Returns the answer to a question over TCP that came as a datagram, or on another connection.
pub(super) fn answer_elsewhere<'d>(
    trace: &'d Dissection<'_>,
    lan: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Option<&'d Found<Dns>> {
    let query = exchange.query;
    trace.dns.iter().find(|found| {
        found.by_device(Role::Lan)
            && found.is.response
            && found.is.id == query.is.id
            && found.destination == query.source
            && found.is.question == query.is.question
            && query.at <= found.at
            && found.at <= query.at + PATIENCE
            && (found.is.transport == Transport::Udp
                || found.is.destination_port != query.is.source_port)
            && !lan.iter().any(|other| {
                other
                    .replies
                    .iter()
                    .any(|reply| reply.record == found.record)
            })
    })
}

/// Returns whether a question was sent while another one of its connection was open.
pub(super) fn is_pipelined(questions: &[&Exchange<'_>]) -> bool {
    // The order of the trace, for in virtual time answers may take none.
    let first = questions
        .first()
        .and_then(|first| first.reply())
        .map(|reply| reply.record);
    questions
        .get(1)
        .is_some_and(|second| first.is_none_or(|first| second.query.record < first))
}

/// Returns whether several terminals opened connections at the same time as this one.
pub(super) fn is_crowded(trace: &Dissection<'_>, connection: &Connection) -> bool {
    let together = connections(trace).filter(|other| apart(other.at, connection.at) <= AT_ONCE);
    let clients: BTreeSet<Ipv6Addr> = together.map(|other| other.client.0).collect();
    clients.len() >= MANY
}

/// Returns whether another client kept a connection open at that time without a word.
pub(super) fn is_beside_idle(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    connection: &Connection,
) -> bool {
    connections(trace).any(|other| {
        let first_query = by_tcp(lan)
            .find(|exchange| client(exchange) == other.client)
            .map(|exchange| exchange.query.at);
        let closed = [other.client_closed, other.server_closed]
            .into_iter()
            .flatten()
            .any(|(_, at)| at <= connection.at);
        // One client may hold as many connections as it is allowed; two are two clients.
        other.client.0 != connection.client.0
            && other.established.is_some()
            && other.at + IDLE <= connection.at
            && first_query.is_none_or(|at| connection.at + PROMPT <= at)
            && !closed
            && other.reset.is_none()
    })
}

/// What leaves terminals within this time is under way at once.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Connections of so many terminals, one each, are no attack.
const MANY: usize = 3;

/// A connection silent for so long is idle (RFC 7766 §6.2.3: a few seconds).
const IDLE: Duration = Duration::from_secs(1);

/// How long clients wait for an answer over TCP (the default of `dig`; inferred).
pub(super) const PROMPT: Duration = Duration::from_secs(5);
