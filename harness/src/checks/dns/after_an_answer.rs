//! What a forwarder asks once a server has answered: nobody else after an answer that holds, and not
//! the same one after a failure (RFC 1034 §5.3.3).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Pace;
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::own_refusals::is_good;
use crate::checks::dns::twins::{PATIENCE, same};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::dns::SERVFAIL;
use crate::dissection::{Dissection, Dns, Exchange, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.answer-suffices",
        source: "RFC 1034 §5.3.3 step 4a",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "1台のDNSサーバから答えを得たら、ほかのサーバには問い合わせない",
            "Once a DNS server has answered, no other one is asked the same",
        ),
        hint: Text::new(
            "最初の正しい答えをすぐに端末へ返してください。残りのサーバへの問い合わせは応答を遅らせます。",
            "Hand the first good answer to the terminal at once: asking the others as well costs time.",
        ),
        judge: asks_nobody_else,
    },
    Check {
        id: "dns.proxy.failed-left-out",
        source: "RFC 1034 §5.3.3 step 4d",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "失敗を返したDNSサーバに、同じ問い合わせを繰り返さない",
            "A server that failed or refused is not asked the same again while the terminal waits",
        ),
        hint: Text::new(
            "SERVFAILやREFUSEDを返したサーバは、その問い合わせの候補から外してください。",
            "Take a server that said SERVFAIL or REFUSED off the list for that question.",
        ),
        judge: leaves_out_failed,
    },
];

/// Returns what a server said first that the device may believe.
fn first_word<'d>(exchange: &Exchange<'d>) -> Option<&'d Found<Dns>> {
    let mut replies = exchange.replies.iter().copied();
    let reply = replies.find(|reply| !reply.lost)?;
    (!reply.injected).then_some(reply)
}

/// What was asked upstream for one question of a terminal, which nobody repeats meanwhile.
struct Search<'a, 'd> {
    upstream: &'a [Exchange<'d>],
    lan: &'a [Exchange<'d>],
}

impl<'a, 'd> Search<'a, 'd> {
    /// Returns the exchanges with other servers, or with the same one, that began after this reply
    /// and before the only terminal that waits had its answer.
    fn after(
        &self,
        asked: &'a Exchange<'d>,
        reply: &'a Found<Dns>,
    ) -> impl Iterator<Item = &'a Exchange<'d>> {
        let question = asked.question();
        let waiting: Vec<_> = self
            .lan
            .iter()
            .filter(|lan| {
                same(lan.question(), question)
                    && lan.query.at <= reply.arrives
                    && reply.arrives < lan.query.at + PATIENCE
            })
            .collect();
        let only = match waiting[..] {
            [only] if only.repeats.is_empty() => Some(only),
            _ => None,
        };
        let until = only.and_then(|only| {
            let told = only
                .reply()
                .map_or(only.query.at + PATIENCE, |told| told.at);
            // Whoever asks the same next has a question of its own.
            let again = self.lan.iter().any(|lan| {
                lan.query.record != only.query.record
                    && same(lan.question(), question)
                    && only.query.at <= lan.query.at
                    && lan.query.at <= told
            });
            (!again).then_some(told)
        });
        let upstream = self.upstream.iter();
        upstream.filter(move |other| {
            until.is_some_and(|until| other.query.at <= until)
                && other.query.record > reply.record
                && other.query.at >= reply.arrives
                && same(other.question(), question)
                && other.query.is.transport == asked.query.is.transport
        })
    }
}

fn asks_nobody_else(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let search = Search {
        upstream: &upstream,
        lan: &lan,
    };
    let mutated = mutated(trace);
    every("answer of a DNS server", &upstream, |asked| {
        let Some(reply) = first_word(asked).filter(|reply| is_good(&reply.is)) else {
            return Ruling::Skip;
        };
        let at = asked.query.at;
        if mutated.as_ref().is_some_and(|time| time.contains(&at)) || reply.is.truncated {
            return Ruling::Skip;
        }
        let servers = trace.setup().servers_for(asked.name());
        if servers.len() < 2 || trace.is_disturbed(at, reply.arrives) {
            return Ruling::Skip;
        }
        // Whoever asks two at once may have the answer of one before both have left.
        let at_once = |other: &Exchange<'_>| {
            let real = trace.header().pace == Pace::Realtime;
            real && other.query.at.since(at) < AT_ONCE
        };
        let later = search.after(asked, reply);
        let mut later = later.filter(|other| !at_once(other));
        match later.find(|other| other.query.destination != asked.query.destination) {
            None => Ruling::Holds(vec![asked.query.record, reply.record]),
            Some(other) => broken(
                [asked.query.record, reply.record, other.query.record],
                format!(
                    "the answer of {} handed to the terminal",
                    asked.query.destination
                ),
                format!("{} asked the same first", other.query.destination),
            ),
        }
    })
}

fn leaves_out_failed(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let search = Search {
        upstream: &upstream,
        lan: &lan,
    };
    let mutated = mutated(trace);
    every("failure of a DNS server", &upstream, |asked| {
        let failed = |reply: &&Found<Dns>| [SERVFAIL, REFUSED].contains(&reply.is.rcode);
        let Some(reply) = first_word(asked).filter(failed) else {
            return Ruling::Skip;
        };
        let at = asked.query.at;
        if mutated.as_ref().is_some_and(|time| time.contains(&at))
            || trace.is_disturbed(at, reply.arrives)
        {
            return Ruling::Skip;
        }
        // RFC 6891 §7: who failed may be asked anew without EDNS.
        let again = |other: &&Exchange<'_>| {
            other.query.destination == asked.query.destination
                && other.query.is.body() == asked.query.is.body()
        };
        match search.after(asked, reply).find(again) {
            None => Ruling::Holds(vec![asked.query.record, reply.record]),
            Some(other) => broken(
                [asked.query.record, reply.record, other.query.record],
                format!("{} left out for this question", asked.query.destination),
                "the same question to it again",
            ),
        }
    })
}

/// RFC 1035 §4.1.1.
const REFUSED: u8 = 5;
/// How long a host may take to send two datagrams, one behind the other.
const AT_ONCE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
