//! Each client gets its own answer: once, from whom it asked, under its id, with its question.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::dns::crowds::{
    by_udp, has_another_id, is_among_many, is_from_elsewhere, shares_its_id, strays, was_sought,
};
use crate::checks::dns::own_refusals::answered;
use crate::checks::dns::twins::same;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.one-answer",
        source: "RFC 5625 §3; RFC 1034 §3.7",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "一つの問い合わせに一つだけ応答する",
            "A question gets one answer and no more",
        ),
        hint: Text::new(
            "複数のサーバに尋ねたときも、端末へは最初の応答だけを返してください。",
            "Where several servers were asked, hand on the first answer alone.",
        ),
        judge: one_answer,
    },
    Check {
        id: "dns.proxy.answers-from-asked-address",
        source: "RFC 2181 §4.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "問い合わせを受けたアドレスとポートから応答する",
            "Answers come from the address and port that were asked",
        ),
        hint: Text::new(
            "LAN側に複数のアドレスがあるときは、宛先だったアドレスを応答の送信元にしてください。",
            "With several addresses on the LAN, answer from the one that was asked.",
        ),
        judge: from_asked_address,
    },
    Check {
        id: "dns.proxy.id-restored",
        source: "RFC 1035 §4.1.1; RFC 5625 §3",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "端末への応答に端末のIDを用いる",
            "An answer bears the id of the client's question",
        ),
        hint: Text::new(
            "上位へ尋ねたときのIDではなく、端末のIDに戻して応答してください。",
            "Put the client's id back in place of the one used upstream.",
        ),
        judge: id_restored,
    },
    Check {
        id: "dns.proxy.question-echoed",
        source: "RFC 5452 §9.1; RFC 5625 §3",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "応答に端末の問い合わせが含まれる",
            "An answer repeats the question it answers",
        ),
        hint: Text::new(
            "応答の問い合わせ部を省略しないでください。端末は応答を破棄してしまいます。",
            "Do not leave the question out: clients throw such answers away.",
        ),
        judge: question_echoed,
    },
    Check {
        id: "dns.proxy.concurrent",
        source: "RFC 5625 §3; guide p.12",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "同時に届いた多数の問い合わせにすべて応答する",
            "Many questions at once are all answered",
        ),
        hint: Text::new(
            "前の問い合わせの応答を待つ間も、次の問い合わせを受け付けてください。",
            "Take questions while others are still open.",
        ),
        judge: concurrent,
    },
    Check {
        id: "dns.proxy.same-id-clients",
        source: "RFC 5625 §3; RFC 1035 §7.3",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "同じIDで問い合わせた端末にもそれぞれ応答する",
            "Clients that happen to use the same id are not mixed up",
        ),
        hint: Text::new(
            "問い合わせはIDだけでなく、端末のアドレスとポートでも区別してください。",
            "Tell questions apart by address and port, too, not by their id alone.",
        ),
        judge: same_id,
    },
];

fn one_answer(trace: &Dissection<'_>) -> Verdict {
    let lan = trace.lan_dns();
    let answered = lan.iter().filter(|exchange| !exchange.replies.is_empty());
    every("answered question", answered, |exchange| {
        let questions = exchange.repeats.iter().map(|again| again.record);
        let questions = [exchange.query.record].into_iter().chain(questions);
        // A cable that delivers a question twice has it asked twice.
        let asked = questions
            .map(|record| 1 + usize::from(trace.is_doubled(record)))
            .sum();
        let replies = exchange.replies.iter().map(|reply| reply.record);
        expect(
            [exchange.query.record].into_iter().chain(replies),
            exchange.replies.len() <= asked,
            format!("one answer for each of {asked} questions"),
            format!("{} answers", exchange.replies.len()),
        )
    })
}

fn from_asked_address(trace: &Dissection<'_>) -> Verdict {
    let lan = trace.lan_dns();
    every("answered question", by_udp(&lan), |exchange| {
        if !exchange.replies.is_empty() {
            return Ruling::Holds(exchange.records());
        }
        let query = exchange.query;
        let stray = strays(trace, &lan, exchange).find(|found| is_from_elsewhere(found, exchange));
        stray.map_or(Ruling::Skip, |stray| {
            broken(
                [query.record, stray.record],
                format!("an answer from {}", query.destination),
                format!("it came from {}", stray.source),
            )
        })
    })
}

fn id_restored(trace: &Dissection<'_>) -> Verdict {
    let lan = trace.lan_dns();
    every("answered question", by_udp(&lan), |exchange| {
        if !exchange.replies.is_empty() {
            return Ruling::Holds(exchange.records());
        }
        let query = exchange.query;
        let stray = strays(trace, &lan, exchange).find(|found| has_another_id(found, exchange));
        stray.map_or(Ruling::Skip, |stray| {
            broken(
                [query.record, stray.record],
                format!("an answer with the id {:#06x}", query.is.id),
                format!("its id is {:#06x}", stray.is.id),
            )
        })
    })
}

fn question_echoed(trace: &Dissection<'_>) -> Verdict {
    let lan = trace.lan_dns();
    every("answered question", &lan, |exchange| {
        let (Some(asked), Some(reply)) = (exchange.question(), exchange.reply()) else {
            return Ruling::Skip;
        };
        // Who does not understand a question need not repeat it (RFC 1035 §4.1.1).
        if reply.is.rcode == FORMERR {
            return Ruling::Skip;
        }
        let echoed = reply.is.question.as_ref();
        expect(
            exchange.records(),
            echoed.is_some_and(|echoed| echoed.same(asked)),
            format!(
                "the question for {} {} in its answer",
                asked.name,
                asked.kind_name()
            ),
            echoed.map_or_else(
                || "an answer without a question".to_owned(),
                |echoed| format!("a question for {} {}", echoed.name, echoed.kind_name()),
            ),
        )
    })
}

fn concurrent(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let near = by_udp(&lan).filter(|exchange| is_among_many(&lan, exchange));
    every("question among many", near, |exchange| {
        // RFC 4861 §7.2.2: who looks for a neighbour need not keep all packets for it.
        if exchange.replies.is_empty() && was_sought(trace, exchange) {
            return Ruling::Skip;
        }
        answered("dns.proxy.concurrent", trace, &upstream, exchange)
    })
}

fn same_id(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let shared = by_udp(&lan).filter(|exchange| shares_its_id(&lan, exchange));
    every(
        "pair of questions with one id",
        shared,
        |exchange| match exchange.reply() {
            Some(reply) if !same(reply.is.question.as_ref(), exchange.question()) => broken(
                exchange.records(),
                format!("the answer for {}", exchange.name()),
                format!("one for {}", reply.is.name().unwrap_or("nothing")),
            ),
            Some(_) | None => answered("dns.proxy.same-id-clients", trace, &upstream, exchange),
        },
    )
}

const FORMERR: u8 = 1;

#[cfg(test)]
mod tests;
