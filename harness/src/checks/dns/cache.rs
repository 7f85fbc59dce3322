//! What a forwarder remembers, and for how long; one that remembers nothing passes.

use std::time::Duration;

use hickory_proto::rr::{RData, Record, RecordType};
use ngnlab_reports::{Level, Text, Verdict};

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::cut_answers::unless_over_tcp;
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::twins::is_twin;
use crate::checks::ruling::{Ruling, every, expect, seconds};
use crate::dissection::dns::NXDOMAIN;
use crate::dissection::{Dissection, Dns, Exchange, Found, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.cache.ttl",
        source: "RFC 1035 §3.2.1, §4.1.3; RFC 2181 §8",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "キャッシュした応答のTTLを減らし、期限切れのものを返さない",
            "Lifetimes count down in the cache, and what ran out is not served",
        ),
        hint: Text::new(
            "キャッシュから返す応答では、経過した秒数をTTLから差し引いてください。",
            "Subtract the time since the answer came from the lifetimes in it.",
        ),
        judge: ttl,
    },
    Check {
        id: "dns.cache.negative",
        source: "RFC 2308 §5",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "名前が存在しないという応答をSOAの期限を超えて記憶しない",
            "A name error is remembered no longer than its SOA record allows",
        ),
        hint: Text::new(
            "否定応答のキャッシュ時間はSOAのTTLとMINIMUMの小さい方までにしてください。",
            "Keep name errors for the lesser of the SOA record's lifetime and MINIMUM.",
        ),
        judge: negative,
    },
    Check {
        id: "dns.cache.opt-not-cached",
        source: "RFC 6891 §6.1.1, §6.2.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "EDNSなしの問い合わせにOPTレコードを返さない",
            "Who asks without an OPT record gets none",
        ),
        hint: Text::new(
            "OPTレコードはキャッシュせず、問い合わせごとに扱ってください。",
            "Do not cache OPT records; they belong to one question.",
        ),
        judge: opt_not_cached,
    },
    Check {
        id: "dns.cache.tc-not-cached",
        source: "RFC 2181 §9",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "切り詰められた応答を完全なものとして後から返さない",
            "A cut answer is not served later as if it were whole",
        ),
        hint: Text::new(
            "TCビットの立った応答はキャッシュしないでください。",
            "Do not cache answers with the TC bit.",
        ),
        judge: cut_not_cached,
    },
];

/// A lifetime counts whole seconds, and the answer is a while on its way through the cache.
const TOLERANCE: Duration = Duration::from_secs(2);

fn answers(dns: &Dns) -> &[Record] {
    dns.message
        .as_ref()
        .map_or(&[], |message| message.answers.as_slice())
}

/// The answers that came from upstream for the question of an exchange before a record.
fn known<'d>(
    upstream: &[Exchange<'d>],
    exchange: &Exchange<'_>,
    before: usize,
) -> Vec<&'d Found<Dns>> {
    let mut known = Vec::new();
    for other in upstream {
        let same = matches!(
            (other.question(), exchange.question()),
            (Some(a), Some(b)) if a.same(b)
        );
        if same {
            let replies = other.replies.iter().copied();
            known.extend(replies.filter(|reply| reply.record < before && !reply.lost));
        }
    }
    known
}

fn ttl(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let mutated = mutated(trace);
    every("answer that came from upstream before", &lan, |exchange| {
        let Some(reply) = exchange.reply().filter(|reply| reply.is.rcode == 0) else {
            return Ruling::Skip;
        };
        // A segment that was lost is sent again as it was.
        let is_over_tcp = exchange.query.is.transport == Transport::Tcp;
        if is_over_tcp && trace.is_disturbed(exchange.query.at, reply.at) {
            return Ruling::Skip;
        }
        let known = known(&upstream, exchange, reply.record);
        // Lifetimes are among the bytes that were changed on the way, and no record tells then
        // which of them the device went by.
        let is_mutated = |source: &&Found<Dns>| {
            let during = mutated.as_ref();
            during.is_some_and(|during| during.contains(&source.at))
        };
        if known.iter().any(is_mutated) {
            return Ruling::Skip;
        }
        // Servers that fail may be bridged with what ran out (RFC 8767).
        let fails = upstream.iter().any(|other| {
            is_twin(other, exchange) && other.replies.iter().all(|reply| reply.is.rcode != 0)
        });
        if known.is_empty() || fails {
            return Ruling::Skip;
        }
        let spent = |source: &Found<Dns>| reply.at.since(source.arrives);
        let too_long = answers(&reply.is).iter().find_map(|record| {
            let left = known
                .iter()
                .flat_map(|source| {
                    let same = answers(&source.is)
                        .iter()
                        .filter(|other| other.name == record.name && other.data == record.data);
                    same.map(|other| (Duration::from_secs(other.ttl.into()), spent(source)))
                })
                .map(|(ttl, spent)| (ttl + TOLERANCE).checked_sub(spent))
                .max()?;
            let told = Duration::from_secs(record.ttl.into());
            let is_too_long = left.is_none_or(|left| told > left);
            is_too_long.then_some((record, left))
        });
        let source = known.last().map_or(reply.record, |source| source.record);
        // The answer may have been kept waiting on its way to the terminal.
        let over = too_long.map_or(Duration::ZERO, |(record, left)| {
            Duration::from_secs(record.ttl.into()).saturating_sub(left.unwrap_or_default())
        });
        expect(
            [source, reply.record],
            too_long.is_none(),
            match too_long {
                Some((_, Some(left))) => format!("a lifetime of at most {}", seconds(left)),
                _ => format!(
                    "{} asked for again, as its lifetime is over",
                    exchange.name()
                ),
            },
            too_long.map_or(String::new(), |(record, _)| {
                format!("a lifetime of {} s", record.ttl)
            }),
        )
        .unless_late(
            trace,
            Delay::Overrun {
                from: exchange.query.at,
                to: reply.at,
                by: over,
            },
        )
    })
}

/// How long a name error may be kept; `None` if it does not say.
fn negative_lifetime(dns: &Dns) -> Option<Duration> {
    let authorities = &dns.message.as_ref()?.authorities;
    authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(Duration::from_secs(record.ttl.min(soa.minimum).into())),
        _ => None,
    })
}

fn negative(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    every("name error whose time was over", &lan, |exchange| {
        let Some(reply) = exchange.reply() else {
            return Ruling::Skip;
        };
        let known = known(&upstream, exchange, exchange.query.record);
        let Some(last) = known.last().filter(|last| last.is.rcode == NXDOMAIN) else {
            return Ruling::Skip;
        };
        let Some(lifetime) = negative_lifetime(&last.is) else {
            return Ruling::Skip;
        };
        let spent = exchange.query.at.since(last.arrives);
        if spent <= lifetime + TOLERANCE {
            return Ruling::Skip;
        }
        let asked = upstream.iter().find(|other| is_twin(other, exchange));
        // Its time began when the device read it.
        let by = spent - (lifetime + TOLERANCE);
        expect(
            [last.record, exchange.query.record, reply.record],
            asked.is_some() || reply.is.rcode != NXDOMAIN,
            format!(
                "{} asked for again after {}",
                exchange.name(),
                seconds(lifetime)
            ),
            format!("the same name error {} later", seconds(spent)),
        )
        .unless_late(
            trace,
            Delay::Overrun {
                from: last.arrives,
                to: last.arrives + by,
                by,
            },
        )
    })
}

fn opt_not_cached(trace: &Dissection<'_>) -> Verdict {
    let lan = trace.lan_dns();
    let plain = lan
        .iter()
        .filter(|exchange| !has_opt(&exchange.query.is) && exchange.query.is.message.is_some());
    every("question without an OPT record", plain, |exchange| {
        let Some(reply) = exchange.reply() else {
            return Ruling::Skip;
        };
        // Only after another client's question with one is there anything to mix up.
        let before = lan.iter().find(|other| {
            other.query.record < exchange.query.record
                && has_opt(&other.query.is)
                && other.question() == exchange.question()
                && other.reply().is_some()
        });
        let Some(before) = before else {
            return Ruling::Skip;
        };
        expect(
            [before.query.record, exchange.query.record, reply.record],
            !has_opt(&reply.is),
            "an answer without an OPT record",
            "one with the OPT record of an earlier question",
        )
    })
}

fn has_opt(dns: &Dns) -> bool {
    dns.message.as_ref().is_some_and(|message| {
        message.edns.is_some()
            || message
                .additionals
                .iter()
                .any(|record| record.record_type() == RecordType::OPT)
    })
}

fn cut_not_cached(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let udp = lan
        .iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Udp);
    let verdict = every("question after a cut answer", udp, |exchange| {
        let Some(reply) = exchange.reply().filter(|reply| reply.is.rcode == 0) else {
            return Ruling::Skip;
        };
        let before = known(&upstream, exchange, exchange.query.record);
        let so_far = known(&upstream, exchange, reply.record);
        let Some(first) = before.first() else {
            return Ruling::Skip;
        };
        if so_far.iter().any(|source| !source.is.truncated) {
            return Ruling::Skip;
        }
        expect(
            [first.record, exchange.query.record, reply.record],
            reply.is.truncated,
            format!("the TC bit for {}, or the whole answer", exchange.name()),
            format!("{} records as if that were all", reply.is.answer_count),
        )
    });
    unless_over_tcp(trace, verdict)
}

#[cfg(test)]
mod tests;
