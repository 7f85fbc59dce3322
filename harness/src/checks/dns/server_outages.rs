//! Servers that are slow, dead, or back again (RFC 1035 §7.2, RFC 2308 §7).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::outages::{is_past_an_outage, outages, slow_answer};
use crate::checks::dns::own_refusals::{is_good, may_be_late};
use crate::checks::dns::twins::{PATIENCE, is_twin, same};
use crate::checks::ruling::{Ruling, apart, broken, every, expect, seconds};
use crate::dissection::{Dissection, Exchange, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.slow-server",
        source: "RFC 5625 §3; RFC 1035 §7.2",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "上位の応答が遅くても端末に届く",
            "The answer of a slow server reaches the terminal",
        ),
        hint: Text::new(
            "再送した後に届いた前の問い合わせへの応答も受け入れ、数秒であきらめないでください。",
            "Take answers to earlier tries, too, and do not give up within a few seconds.",
        ),
        judge: slow_server,
    },
    Check {
        id: "dns.proxy.both-dead",
        source: "RFC 1034 §5.3.3; RFC 1035 §7.2",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "DNSサーバがすべて停止しても問い合わせを乱発しない",
            "Dead servers are not flooded with questions",
        ),
        hint: Text::new(
            "応答のないサーバへの再送は間隔を空け、回数を限ってください。",
            "Space retries to servers that do not answer, and limit their number.",
        ),
        judge: no_storm,
    },
    Check {
        id: "dns.proxy.recovers",
        source: "RFC 2308 §7; RFC 1035 §7.2",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "DNSサーバが復旧したら自動で名前解決も復旧する",
            "Names resolve again soon after the servers are back",
        ),
        hint: Text::new(
            "停止していたサーバや失敗した名前を、何分も問い合わせ対象から外さないでください。",
            "Do not keep servers or names that failed out of use for minutes.",
        ),
        judge: recovers,
    },
    Check {
        id: "dns.proxy.recovers-to-preferred",
        source: "guide p.7; RFC 1035 §7.2",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "優先DNSサーバが復旧したら再び問い合わせる",
            "The preferred server is asked again once it is back",
        ),
        hint: Text::new(
            "代替DNSサーバに切り替わったままにせず、優先DNSサーバをときどき試してください。",
            "Try the preferred server from time to time instead of staying with the alternate one.",
        ),
        judge: recovers_to_preferred,
    },
];

/// How long the alternate server may be kept after the preferred one is back.
const LOYALTY: Duration = Duration::from_secs(40);

/// How many questions upstream one name may bring about in ten seconds while nobody answers: two
/// servers, four tries each, for each of the terminal's five, and a little more. RFC 1034 §5.3.3
/// recommends to bound the work and names no number: the bound is ours.
const STORM: usize = 50;

/// Two servers, four tries each.
const EACH: usize = 8;

fn slow_server(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let mutated = mutated(trace);
    let udp = lan
        .iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Udp);
    every("answer that came late from upstream", udp, |exchange| {
        let asked_at = exchange.query.at;
        let Some(first) = slow_answer(&upstream, exchange) else {
            return Ruling::Skip;
        };
        let took = first.at.since(asked_at);
        // The terminal asks again meanwhile; any of its questions may be answered.
        let good = lan.iter().find_map(|again| {
            let same = again.question() == exchange.question()
                && apart_less(again.query.at, asked_at, PATIENCE);
            let reply = again
                .replies
                .iter()
                .find(|reply| is_good(&reply.is) && reply.at.since(asked_at) <= PATIENCE)?;
            same.then_some(*reply)
        });
        let until = asked_at + PATIENCE;
        // What is broken need not be handed on, but may be answered with a failure (RFC 5625 §6.3);
        // nor does it answer anything without the question in it (RFC 5452 §9.1).
        let is_garbled = mutated
            .as_ref()
            .is_some_and(|mutated| mutated.contains(&first.at));
        let is_sound = first.is.message.is_some()
            && same(first.is.question.as_ref(), exchange.question())
            && !is_garbled;
        match good {
            Some(reply) => Ruling::Holds(vec![first.record, reply.record]),
            None if trace.end() < until || trace.is_disturbed(asked_at, until) => Ruling::Skip,
            None if !is_sound => Ruling::Skip,
            None => broken(
                [exchange.query.record, first.record],
                format!(
                    "the answer for {}, which came after {}, handed to the terminal",
                    exchange.name(),
                    seconds(took)
                ),
                "a failure, or nothing",
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: asked_at,
                    to: until,
                },
            ),
        }
    })
}

fn apart_less(a: Time, b: Time, limit: Duration) -> bool {
    apart(a, b) <= limit
}

fn no_storm(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let dead = lan.iter().filter(|exchange| {
        let mut twins = upstream
            .iter()
            .filter(|other| is_twin(other, exchange))
            .peekable();
        twins.peek().is_some()
            && twins.all(|twin| twin.replies.is_empty())
            && exchange.query.at + PATIENCE <= trace.end()
    });
    every("question that no server answered", dead, |exchange| {
        let twins: Vec<&Exchange<'_>> = upstream
            .iter()
            .filter(|other| is_twin(other, exchange))
            .collect();
        let count: usize = twins.iter().map(|twin| 1 + twin.repeats.len()).sum();
        let records = twins.iter().map(|twin| twin.query.record);
        // Many terminals, or many connections of one, ask for it at the same time.
        let asked = lan
            .iter()
            .filter(|other| {
                let near = other.query.at <= exchange.query.at + PATIENCE
                    && exchange.query.at <= other.query.at + PATIENCE;
                near && other.name().eq_ignore_ascii_case(exchange.name())
            })
            .map(|other| 1 + other.repeats.len())
            .sum::<usize>();
        let most = STORM.max(EACH * asked);
        expect(
            std::iter::once(exchange.query.record).chain(records),
            count <= most,
            format!(
                "at most {most} questions for {} within {} s",
                exchange.name(),
                PATIENCE.as_secs()
            ),
            format!("{count} questions"),
        )
    })
}

fn recovers(trace: &Dissection<'_>) -> Verdict {
    let (lan, outages) = (trace.lan_dns(), outages(trace));
    every("question after an outage", &lan, |exchange| {
        let asked_at = exchange.query.at;
        let Some(back) = is_past_an_outage(trace, &lan, &outages, exchange) else {
            return Ruling::Skip;
        };
        let until = asked_at + PATIENCE;
        let served = lan.iter().find(|again| {
            again.question() == exchange.question()
                && asked_at <= again.query.at
                && again.query.at <= until
                && again.reply().is_some_and(|reply| is_good(&reply.is))
        });
        match served {
            Some(served) => Ruling::Holds(served.records()),
            None if trace.end() < until || trace.is_disturbed(back, until) => Ruling::Skip,
            None => {
                let fails = broken(
                    exchange.records(),
                    format!(
                        "an answer for {}, as the servers were back {} into the run",
                        exchange.name(),
                        seconds(asked_at.since(back))
                    ),
                    match exchange.reply() {
                        Some(reply) => format!("response code {}", reply.is.rcode),
                        None => "nothing came".to_owned(),
                    },
                );
                let (from, to) = (asked_at, until);
                match may_be_late(exchange) {
                    true => fails.unless_late(trace, Delay::Race { from, to }),
                    false => fails,
                }
            }
        }
    })
}

fn recovers_to_preferred(trace: &Dissection<'_>) -> Verdict {
    let upstream = trace.upstream_dns();
    every("outage of a preferred server", outages(trace), |outage| {
        let concerns = |exchange: &&Exchange<'_>| {
            let servers = trace.setup().servers_for(exchange.name());
            servers.first() == Some(&outage.server) && servers.len() > 1
        };
        let noticed = upstream.iter().filter(concerns).find(|exchange| {
            exchange.query.destination == outage.server
                && exchange.query.at < outage.to
                && exchange.replies.is_empty()
        });
        let later: Vec<&Exchange<'_>> = upstream
            .iter()
            .filter(concerns)
            .filter(|exchange| exchange.query.at >= outage.to + LOYALTY)
            .collect();
        let (Some(noticed), Some(last)) = (noticed, later.last()) else {
            return Ruling::Skip;
        };
        let again = later
            .iter()
            .find(|exchange| exchange.query.destination == outage.server);
        match again {
            Some(again) => Ruling::Holds(vec![noticed.query.record, again.query.record]),
            None => broken(
                [noticed.query.record, last.query.record],
                format!("{} asked again, since it is back", outage.server),
                format!(
                    "only {} is asked {} later",
                    last.query.destination,
                    seconds(last.query.at.since(outage.to))
                ),
            )
            .unless_late(
                trace,
                Delay::InVain {
                    from: later.first().map_or(last.query.at, |first| first.query.at),
                    to: last.query.at,
                },
            ),
        }
    })
}

#[cfg(test)]
mod tests;
