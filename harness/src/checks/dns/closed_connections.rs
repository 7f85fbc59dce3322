//! Servers that close a TCP connection with questions open on it (RFC 7766 §6.2.4).

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::tcp_clients::{PROMPT, client, connections};
use crate::checks::dns::twins::{is_twin, twins};
use crate::checks::ruling::{Ruling, broken, every, seconds};
use crate::dissection::dns::PORT;
use crate::dissection::{Dissection, Exchange, Transport};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dns.proxy.tcp-closed-upstream",
    source: "RFC 7766 §6.2.4",
    level: Level::Should,
    profiles: EVERY_FORWARDER,
    aspects: &[Aspect::Dns],
    title: Text::new(
        "上位のサーバがTCP接続を閉じたら、未応答の問い合わせを送り直す",
        "What a server left unanswered when it closed its TCP connection is asked again",
    ),
    hint: Text::new(
        "閉じられた接続で応答のない問い合わせは、時間切れを待たずに別の接続かサーバに送ってください。",
        "Ask on another connection, or another server, without waiting for a timeout.",
    ),
    judge: asked_again,
}];

fn asked_again(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let asked = lan
        .iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Tcp);
    every(
        "question whose connection a server closed",
        asked,
        |exchange| {
            let query = exchange.query;
            let mut closed = twins(&upstream, exchange).filter_map(|twin| closing(trace, twin));
            let Some((record, at)) = closed.next() else {
                return Ruling::Skip;
            };
            // Who has his answer, or waits no more, needs nothing to be asked.
            let due = query.at + PROMPT;
            let race = Delay::Race {
                from: query.at,
                to: due,
            };
            let is_answered = exchange.reply().is_some_and(|reply| reply.record < record);
            if is_answered || due <= at {
                return Ruling::Skip;
            }
            if trace.end() < due || trace.is_disturbed(query.at, due) {
                return Ruling::Skip;
            }
            let again = upstream
                .iter()
                .find(|other| other.query.record > record && is_twin(other, exchange));
            let Some(again) = again else {
                return broken(
                    [query.record, record],
                    format!(
                        "{} asked again, as the connection was closed",
                        exchange.name()
                    ),
                    match exchange.reply() {
                        Some(reply) => format!("response code {}", reply.is.rcode),
                        None => "nothing came".to_owned(),
                    },
                )
                .unless_late(trace, race);
            };
            let shown = vec![query.record, record, again.query.record];
            // A server that says nothing may be waited for; those that hang up keep nobody waiting.
            let hangs_up =
                |twin: &Exchange<'_>| !twin.replies.is_empty() || closing(trace, twin).is_some();
            if !twins(&upstream, exchange).all(hangs_up) {
                return Ruling::Holds(shown);
            }
            // Who closes the terminal's connection in turn keeps it waiting no longer, either.
            if let Some(ended) = ended(trace, exchange).filter(|(_, at)| *at <= due) {
                return Ruling::Holds([&shown[..], &[ended.0]].concat());
            }
            match exchange.reply() {
                Some(reply) if reply.at <= due => {
                    Ruling::Holds([&shown[..], &[reply.record]].concat())
                }
                other => broken(
                    shown,
                    format!(
                        "an answer within {}, be it a failure, or the end of the connection",
                        seconds(PROMPT)
                    ),
                    match other {
                        Some(reply) => {
                            format!("it came after {}", seconds(reply.at.since(query.at)))
                        }
                        None => "nothing came".to_owned(),
                    },
                )
                .unless_late(trace, race),
            }
        },
    )
}

/// Returns when the device closed the connection that a terminal asked on.
fn ended(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> Option<(RecordId, Time)> {
    let mut connections = connections(trace);
    let connection = connections.find(|one| one.client == client(exchange))?;
    connection.server_closed
}

/// Returns when the server closed the connection of a question that it had not answered.
fn closing(trace: &Dissection<'_>, open: &Exchange<'_>) -> Option<(RecordId, Time)> {
    if open.query.is.transport != Transport::Tcp || !open.replies.is_empty() {
        return None;
    }
    let mut connections = trace.connections.iter();
    let connection = connections.find(|one| {
        one.on == Role::Wan
            && one.opener == End::Device
            && one.client == (open.query.source, open.query.is.source_port)
            && one.server == (open.query.destination, PORT)
    })?;
    let reset = connection
        .reset
        .filter(|(_, from)| *from == End::Network)
        .map(|(record, _)| (record, connection.last.1));
    let closed = connection.server_closed.or(reset)?;
    (closed.0 > open.query.record).then_some(closed)
}
