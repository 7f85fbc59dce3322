//! The alternate server, when the other one is silent (guide p.7, RFC 5625 §3).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::domain_table::{PATIENCE, REMEMBERED, asked_right};
use crate::checks::evidence::given_prefixes::is_between_prefixes;
use crate::checks::evidence::silent_line::gives_no_prefix;
use crate::checks::ruling::{Ruling, apart, broken, every};
use crate::dissection::dns::Transport;
use crate::dissection::{Dissection, Exchange};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dns.proxy.upstream-failover",
    source: "guide p.7; RFC 5625 §3; RFC 1035 §7.2",
    level: Level::Must,
    profiles: EVERY_FORWARDER,
    aspects: &[Aspect::Dns],
    title: Text::new(
        "優先DNSサーバが応答しないとき代替DNSサーバに問い合わせる",
        "When one DNS server is silent, the other one is asked",
    ),
    hint: Text::new(
        "代替DNSサーバを設定し、数秒以内に切り替わるようにしてください。",
        "Configure the alternate server, and turn to it within seconds.",
    ),
    judge: failover,
}];

fn failover(trace: &Dissection<'_>) -> Verdict {
    let asks = trace.upstream_dns();
    let silent = asks.iter().filter(|exchange| {
        exchange.replies.is_empty()
            && !exchange.query.lost
            && exchange.query.at + patience(exchange) < trace.end()
            && asked_right(trace, exchange)
            && trace.setup().servers_for(exchange.name()).len() > 1
    });
    every("server that was silent", silent, |exchange| {
        let patience = patience(exchange);
        let near = |other: &&Exchange<'_>| {
            other.asks_same(exchange) && apart(other.query.at, exchange.query.at) <= patience
        };
        let mut others = asks.iter().filter(near);
        if let Some(answered) = asks
            .iter()
            .filter(near)
            .find(|other| !other.replies.is_empty())
        {
            return Ruling::Holds(vec![exchange.query.record, answered.query.record]);
        }
        let other = others.find(|other| {
            other.query.destination != exchange.query.destination && asked_right(trace, other)
        });
        match other {
            Some(other) => Ruling::Holds(vec![exchange.query.record, other.query.record]),
            None if trace.is_disturbed(exchange.query.at, exchange.query.at + patience) => {
                Ruling::Skip
            }
            // Nor is a server asked again at once that was silent just before (RFC 2308 §7.2).
            None if others_were_silent(trace, &asks, exchange) => Ruling::Skip,
            None if knocks_elsewhere(trace, exchange, patience) => Ruling::Skip,
            None if is_between_prefixes(trace, exchange.query.at, exchange.query.at + patience) => {
                Ruling::Unclear("the line gave another prefix meanwhile".to_owned())
            }
            None if gives_no_prefix(trace, exchange.query.at + patience).is_some() => {
                Ruling::Unclear("the line had taken its prefix back, and given no other".to_owned())
            }
            None => broken(
                [exchange.query.record],
                format!("the alternate server asked within {} s", patience.as_secs()),
                format!(
                    "only {} was asked, which was silent",
                    exchange.query.destination
                ),
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: exchange.query.at,
                    to: exchange.query.at + patience,
                },
            ),
        }
    })
}

/// Returns whether every other server for a question was silent when it was asked last, and that
/// not long ago.
fn others_were_silent(
    trace: &Dissection<'_>,
    asks: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> bool {
    let (own, at) = (exchange.query.destination, exchange.query.at);
    let servers = trace.setup().servers_for(exchange.name());
    let mut others = servers.iter().filter(|server| **server != own);
    others.all(|server| {
        let mut before = asks
            .iter()
            .rev()
            .filter(|other| other.query.destination == *server && other.query.at <= at);
        let last = before.next();
        last.is_some_and(|last| last.replies.is_empty() && at <= last.query.at + REMEMBERED)
    })
}

/// Returns whether another server for a question did not even take the connection.
fn knocks_elsewhere(trace: &Dissection<'_>, exchange: &Exchange<'_>, patience: Duration) -> bool {
    let servers = trace.setup().servers_for(exchange.name());
    trace.connections.iter().any(|connection| {
        let (server, port) = connection.server;
        connection.on == Role::Wan
            && connection.opener == End::Device
            && port == PORT
            && server != exchange.query.destination
            && servers.contains(&server)
            && connection.accepted.is_none()
            && apart(connection.at, exchange.query.at) <= patience
    })
}

/// Where DNS servers listen (RFC 1035 §4.2).
const PORT: u16 = 53;

/// Returns how long the alternate server may take to be asked.
///
/// Over TCP a forwarder may go on only when the silent server ends the connection, as it may
/// after some seconds (RFC 7766 §6.2.3); the testbed's do after ten (inferred).
fn patience(exchange: &Exchange<'_>) -> Duration {
    match exchange.query.is.transport {
        Transport::Udp => PATIENCE,
        Transport::Tcp => PATIENCE * 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::test_verdicts::verdict;
    use crate::dissection::builder::{Reply, TraceBuilder};

    const NAME: &str = "www.lineauth.mnw";

    #[test]
    fn a_silent_server_is_given_up_for_the_other_one() {
        let [first, second] = TraceBuilder::new("next-ra").trace.header.line.ons_dns();
        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {}).at(1000).forward(1, NAME, first);
        assert!(matches!(
            verdict("dns.proxy.upstream-failover", &trace),
            Verdict::Fail(_)
        ));
        trace.at(3000).forward(2, NAME, second);
        trace.upstream_answer(2, NAME, second, Reply::Addresses(&[first]));
        assert!(matches!(
            verdict("dns.proxy.upstream-failover", &trace),
            Verdict::Pass(_)
        ));
    }

    #[test]
    fn over_tcp_the_alternate_server_may_be_asked_when_the_silent_one_has_ended_the_connection() {
        let mut trace = TraceBuilder::new("next-ra");
        let [first, _] = trace.trace.header.line.ons_dns();
        trace.lan_ra(|_| {}).at(1000).forward(1, NAME, first);
        let dissection = Dissection::new(&trace.trace).unwrap();
        let asked = &dissection.upstream_dns()[0];
        assert_eq!(patience(asked), Duration::from_secs(10));
        let mut query = asked.query.clone();
        query.is.transport = Transport::Tcp;
        let by_tcp = Exchange {
            query: &query,
            ..asked.clone()
        };
        assert_eq!(patience(&by_tcp), Duration::from_secs(20));
    }
}
