//! DNS over TCP through the forwarder (RFC 5625 §4.4.1), with many questions, in pieces, from many
//! clients (RFC 7766).

use std::collections::BTreeMap;

use ngnlab_reports::{Finding, Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::End;

use crate::checks::check::{Check, DNS_PROXY};
use crate::checks::delay::Delay;
use crate::checks::dns::own_refusals::answered;
use crate::checks::dns::silence::{HALF_CLOSED, not_taken, nothing_came};
use crate::checks::dns::tcp_clients::{
    PROMPT, answer_elsewhere, by_tcp, client, connections, is_beside_idle, is_crowded,
    is_half_closed, is_pipelined,
};
use crate::checks::dns::twins::{PATIENCE, twins};
use crate::checks::ruling::{Ruling, apart, broken, every, seconds};
use crate::dissection::{Connection, Dissection, Exchange, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.tcp-to-tcp",
        source: "RFC 5625 §4.4.1",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "TCPで受けた問い合わせは上位へもTCPで送る",
            "A question over TCP goes upstream over TCP, and not over UDP first",
        ),
        hint: Text::new(
            "TCPの問い合わせをUDPで試さず、はじめからTCPで中継してください。",
            "Forward what came over TCP over TCP at once.",
        ),
        judge: tcp_to_tcp,
    },
    Check {
        id: "dns.proxy.tcp-same-connection",
        source: "RFC 7766 §5",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "TCPの問い合わせには同じ接続で応答する",
            "The answer comes on the TCP connection of its question",
        ),
        hint: Text::new(
            "TCPで受けた問い合わせの応答をUDPで返さないでください。",
            "Never answer with a datagram what came over TCP.",
        ),
        judge: same_connection,
    },
    Check {
        id: "dns.proxy.tcp-pipelining",
        source: "RFC 7766 §6.2.1.1",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "一つのTCP接続で続けて送られた問い合わせにすべて応答する",
            "All questions that follow one another on a TCP connection are answered",
        ),
        hint: Text::new(
            "最初の応答で接続を閉じず、届いた問い合わせすべてに応答してください。",
            "Do not close after the first answer while questions are open.",
        ),
        judge: pipelining,
    },
    Check {
        id: "dns.proxy.tcp-partial-read",
        source: "RFC 7766 §8",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "TCPの問い合わせが複数のセグメントに分かれて届いても応答する",
            "A question over TCP may come in several segments",
        ),
        hint: Text::new(
            "長さの2オクテットとメッセージが揃うまで読み続けてください。",
            "Read on until the two octets of the length and the whole message are there.",
        ),
        judge: partial_read,
    },
    Check {
        id: "dns.proxy.tcp-many-clients",
        source: "RFC 7766 §6.2.2; RFC 5625 §4.4.1",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "複数の端末から同時にTCPで問い合わせられる",
            "Several terminals may ask over TCP at the same time",
        ),
        hint: Text::new(
            "TCPの接続を端末ごとに並行して扱ってください。",
            "Serve the connections of several clients side by side.",
        ),
        judge: many_clients,
    },
    Check {
        id: "dns.proxy.tcp-idle",
        source: "RFC 7766 §6.2.3",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "使われていないTCP接続がほかの端末の妨げにならない",
            "An idle TCP connection keeps no other client waiting",
        ),
        hint: Text::new(
            "無通信の接続を待ち続けず、ほかの接続も受け付けてください。",
            "Do not wait for a silent client while others have questions.",
        ),
        judge: idle,
    },
    Check {
        id: HALF_CLOSED,
        source: "RFC 1035 §4.2.2; RFC 9293 §3.6",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "送信側を閉じた端末にも、TCPで受けた問い合わせの応答を返す",
            "A client that has closed its side of a TCP connection is still answered",
        ),
        hint: Text::new(
            "端末のFINを受けても、未応答の問い合わせに答えてから接続を閉じてください。",
            "Answer what is still open before you close a connection whose client has sent its FIN.",
        ),
        judge: half_closed,
    },
];

fn half_closed(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let asked = by_tcp(&lan).filter(|exchange| is_half_closed(trace, exchange));
    every(
        "question of a client that has closed its side",
        asked,
        |exchange| answered(HALF_CLOSED, trace, &upstream, exchange),
    )
}

fn tcp_to_tcp(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    every("forwarded question over TCP", by_tcp(&lan), |exchange| {
        let Some(asked) = exchange.question() else {
            return Ruling::Skip;
        };
        // Where somebody asked the same over UDP, a datagram upstream may be his.
        let also_udp = lan.iter().any(|other| {
            other.query.is.transport == Transport::Udp
                && other.question().is_some_and(|other| other.same(asked))
                && apart(other.query.at, exchange.query.at) <= PATIENCE
        });
        if also_udp {
            return Ruling::Skip;
        }
        let by = |transport| {
            twins(&upstream, exchange).find(|twin| twin.query.is.transport == transport)
        };
        match (by(Transport::Udp), by(Transport::Tcp)) {
            (Some(datagram), _) => broken(
                [exchange.query.record, datagram.query.record],
                "the question upstream over TCP alone",
                "it was sent over UDP",
            ),
            (None, Some(twin)) => Ruling::Holds(vec![exchange.query.record, twin.query.record]),
            (None, None) => Ruling::Skip,
        }
    })
}

fn same_connection(trace: &Dissection<'_>) -> Verdict {
    let lan = trace.lan_dns();
    every("answered question over TCP", by_tcp(&lan), |exchange| {
        if !exchange.replies.is_empty() {
            return Ruling::Holds(exchange.records());
        }
        let query = exchange.query;
        let stray = answer_elsewhere(trace, &lan, exchange);
        stray.map_or(Ruling::Skip, |stray| {
            broken(
                [query.record, stray.record],
                "an answer on the connection of the question",
                match stray.is.transport {
                    Transport::Udp => "it came as a datagram",
                    Transport::Tcp => "it came on another connection",
                },
            )
        })
    })
}

fn pipelining(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let mut streams: BTreeMap<_, Vec<&Exchange<'_>>> = BTreeMap::new();
    for exchange in by_tcp(&lan) {
        streams.entry(client(exchange)).or_default().push(exchange);
    }
    let pipelined = streams
        .into_values()
        .filter(|questions| is_pipelined(questions));
    every(
        "connection with several questions at once",
        pipelined,
        |questions| {
            let count = questions.len();
            let open = questions.iter().filter(|one| one.replies.is_empty());
            let Some(missing) = open.clone().next() else {
                let mut records = Vec::new();
                for one in &questions {
                    match answered("dns.proxy.tcp-pipelining", trace, &upstream, one) {
                        Ruling::Holds(more) => records.extend(more),
                        other => return other,
                    }
                }
                return Ruling::Holds(records);
            };
            match nothing_came("dns.proxy.tcp-pipelining", trace, &upstream, missing) {
                Ruling::Broken(found) => Ruling::Broken(Finding {
                    expected: format!("answers to all {count} questions of the connection"),
                    actual: format!("{} of them were not answered", open.count()),
                    ..found
                }),
                other => other,
            }
        },
    )
}

fn partial_read(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    every(
        "question over TCP in several segments",
        connections(trace),
        |connection| {
            let mut own = by_tcp(&lan).filter(|exchange| client(exchange) == connection.client);
            let in_pieces = own.clone().find(|exchange| exchange.query.is.pieces > 1);
            if let Some(exchange) = in_pieces {
                return answered("dns.proxy.tcp-partial-read", trace, &upstream, exchange);
            }
            let by_device = |(record, end): (usize, End)| (end == End::Device).then_some(record);
            let closed = connection.server_closed.map(|(record, _)| record);
            let ended = closed.or(connection.reset.and_then(by_device));
            let (Some(ended), None, true) = (ended, own.next(), connection.up > 0) else {
                return Ruling::Skip;
            };
            let left_first = connection
                .client_closed
                .is_some_and(|(record, _)| record < ended);
            if left_first {
                Ruling::Skip
            } else if trace.is_disturbed(connection.at, connection.last.1) {
                Ruling::Unclear("a cable or the power was cut meanwhile".to_owned())
            } else {
                broken(
                    [connection.syn, ended],
                    "the rest of the question awaited",
                    format!(
                        "the device ended the connection after {} bytes",
                        connection.up
                    ),
                )
                .unless_late(
                    trace,
                    Delay::Race {
                        from: connection.at,
                        to: connection.last.1,
                    },
                )
            }
        },
    )
}

fn many_clients(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let crowded = connections(trace).filter(|connection| is_crowded(trace, connection));
    every(
        "TCP connections of several terminals at once",
        crowded,
        |connection| {
            served(
                "dns.proxy.tcp-many-clients",
                trace,
                &lan,
                &upstream,
                connection,
            )
        },
    )
}

/// Rules, for a check, that a connection was taken and its first question answered.
fn served(
    check: &str,
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    upstream: &[Exchange<'_>],
    connection: &Connection,
) -> Ruling {
    let asked = by_tcp(lan).find(|exchange| client(exchange) == connection.client);
    match asked {
        Some(exchange) => match exchange.reply() {
            Some(reply) if reply.at <= exchange.query.at + PROMPT => {
                answered(check, trace, upstream, exchange)
            }
            Some(reply) if trace.is_disturbed(exchange.query.at, reply.at) => Ruling::Skip,
            Some(reply) => broken(
                exchange.records(),
                format!("an answer within {} s", PROMPT.as_secs()),
                format!(
                    "it came after {}",
                    seconds(reply.at.since(exchange.query.at))
                ),
            )
            .unless_late(
                trace,
                Delay::Overrun {
                    from: exchange.query.at,
                    to: reply.at,
                    by: reply.at.since(exchange.query.at + PROMPT),
                },
            ),
            None => nothing_came(check, trace, upstream, exchange),
        },
        None if connection.accepted.is_some() => Ruling::Skip,
        None => not_taken(check, trace, lan, connection),
    }
}

fn idle(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let beside_idle =
        connections(trace).filter(|connection| is_beside_idle(trace, &lan, connection));
    every(
        "TCP connection beside an idle one",
        beside_idle,
        |connection| served("dns.proxy.tcp-idle", trace, &lan, &upstream, connection),
    )
}

#[cfg(test)]
mod tests;
