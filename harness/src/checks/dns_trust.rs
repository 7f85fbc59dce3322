//! Which answers a forwarder believes (RFC 5452 §9.1), and what broken ones do to it (RFC 5625
//! §6.3).
//!
//! A forged answer is one that fits an open question upstream in all but one respect. It was
//! believed if what it alone says turns up on the LAN.

use hickory_proto::rr::RData;
use ngnlab_reports::{Finding, Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::trace::Role;

use super::dns::{PATIENCE, mutated, twins, unanswered};
use super::dns_answer::relayed;
use super::{Check, EVERY_FORWARDER, Ruling, broken, every, expect};
use crate::dissection::dns::PORT;
use crate::dissection::{Dissection, Dns, Exchange, Found, Question, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.sec.match-id",
        source: "RFC 5452 §9.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "IDの違う応答を受け入れない",
            "An answer with another id is not believed",
        ),
        hint: Text::new(
            "上位に送った問い合わせとIDが一致する応答だけを受け入れてください。",
            "Take no answer whose id is not that of the question upstream.",
        ),
        judge: |trace| not_believed(trace, Astray::Id),
    },
    Check {
        id: "dns.sec.match-port",
        source: "RFC 5452 §9.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "別のポートに届いた応答を受け入れない",
            "An answer to another port is not believed",
        ),
        hint: Text::new(
            "問い合わせの送信元ポートに届いた応答だけを受け入れてください。",
            "Take no answer that comes to another port than the question left from.",
        ),
        judge: |trace| not_believed(trace, Astray::Port),
    },
    Check {
        id: "dns.sec.match-address",
        source: "RFC 5452 §9.1; RFC 2181 §4.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "問い合わせていないアドレスからの応答を受け入れない",
            "An answer from an address that was not asked is not believed",
        ),
        hint: Text::new(
            "問い合わせたサーバのアドレスからの応答だけを受け入れてください。",
            "Take no answer from another address than the question went to.",
        ),
        judge: |trace| not_believed(trace, Astray::Address),
    },
    Check {
        id: "dns.sec.match-question",
        source: "RFC 5452 §9.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "質問部の違う応答を受け入れない",
            "An answer to another question is not believed",
        ),
        hint: Text::new(
            "応答の質問部（名前・種別・クラス）が問い合わせと一致することを確かめてください。",
            "Compare name, type and class in the answer with the question.",
        ),
        judge: |trace| not_believed(trace, Astray::Question),
    },
    Check {
        id: "dns.proxy.servfail-on-malformed",
        source: "RFC 5625 §6.3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "壊れた応答を受けたとき端末を待たせない",
            "A malformed answer from upstream does not leave the terminal waiting",
        ),
        hint: Text::new(
            "壊れた応答を破棄するときは、端末にSERVFAILを返してください。",
            "Answer SERVFAIL when an answer from upstream is thrown away.",
        ),
        judge: told_of_malformed,
    },
    Check {
        id: "dns.proxy.malformed-survive",
        source: "RFC 5625 §6.3",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "壊れた応答を受けた後もDNSの中継を続ける",
            "The proxy goes on after malformed answers",
        ),
        hint: Text::new(
            "圧縮ポインタのループや長さの誤りで停止しないようにしてください。",
            "Make sure that loops of pointers and wrong lengths do not stop the proxy.",
        ),
        judge: survives_malformed,
    },
    Check {
        id: "rob.dns.fuzz",
        source: "RFC 5625 §6.3; catalogue P",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "でたらめな応答を浴びた後もDNSの中継を続ける",
            "The proxy goes on after a burst of mutated answers",
        ),
        hint: Text::new(
            "応答のどのバイトが壊れていても停止しないようにしてください。",
            "Make sure that no byte of an answer can stop the proxy.",
        ),
        judge: survives_fuzz,
    },
];

/// In what a forged answer differs from the one that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Astray {
    Id,
    Port,
    Address,
    Question,
}

/// Returns in what an answer differs from the one that a question waits for, if in one respect.
fn astray(trace: &Dissection<'_>, open: &Exchange<'_>, answer: &Found<Dns>) -> Option<Astray> {
    let query = open.query;
    let (asked, answered) = (open.question()?, answer.is.question.as_ref()?);
    let servers = trace.setup().servers_for(open.name());
    // A server of the same pair may answer for the other one, as far as we care.
    let same_server = answer.source == query.destination || servers.contains(&answer.source);
    let same = [
        (Astray::Id, answer.is.id == query.is.id),
        (
            Astray::Port,
            answer.is.destination_port == query.is.source_port,
        ),
        (Astray::Address, same_server),
        (Astray::Question, asked.same(answered)),
    ];
    let mut differing = same.into_iter().filter(|(_, same)| !same);
    let (found, _) = differing.next()?;
    let fits = differing.next().is_none() && answer.destination == query.source;
    fits.then_some(found)
}

/// The addresses and other data in a message's answer section.
fn data(dns: &Dns) -> impl Iterator<Item = &RData> {
    let answers = dns.message.iter().flat_map(|message| &message.answers);
    answers.map(|record| &record.data)
}

/// Whether a message is about one of these questions.
fn is_about(dns: &Dns, questions: &[Option<&Question>]) -> bool {
    let own = dns.question.as_ref();
    let mut questions = questions.iter().flatten();
    own.is_some_and(|own| questions.any(|question| question.same(own)))
}

fn not_believed(trace: &Dissection<'_>, kind: Astray) -> Verdict {
    let upstream = trace.upstream_dns();
    let honest = || upstream.iter().flat_map(|exchange| &exchange.replies);
    let strays = trace.dns.iter().filter(|found| {
        found.is.response
            && found.is.transport == Transport::Udp
            && found.is.source_port == PORT
            && found.to_device(Role::Wan)
            && honest().all(|reply| reply.record != found.record)
    });
    let what = match kind {
        Astray::Id => "answer with another id",
        Astray::Port => "answer to another port",
        Astray::Address => "answer from another address",
        Astray::Question => "answer to another question",
    };
    every(what, strays, |stray| {
        let is_open = |open: &&Exchange<'_>| {
            open.query.record < stray.record
                && open.query.at + PATIENCE > stray.at
                && open.replies.iter().all(|reply| reply.record > stray.record)
        };
        let meant = upstream
            .iter()
            .filter(is_open)
            .find(|open| astray(trace, open, stray) == Some(kind));
        let lies: Vec<&RData> = data(&stray.is)
            .filter(|lie| honest().all(|reply| data(&reply.is).all(|truth| truth != *lie)))
            .collect();
        let (Some(meant), false) = (meant, lies.is_empty()) else {
            return Ruling::Skip;
        };
        let told = trace.dns.iter().find(|found| {
            found.by_device(Role::Lan)
                && found.record > stray.record
                && found.at <= stray.at + PATIENCE
                && is_about(&found.is, &[meant.question(), stray.is.question.as_ref()])
                && data(&found.is).any(|told| lies.contains(&told))
        });
        let records = [Some(meant.query.record), Some(stray.record)];
        let records = records.into_iter().chain([told.map(|told| told.record)]);
        expect(
            records.flatten(),
            told.is_none(),
            format!("the {what} thrown away ({} was asked for)", meant.name()),
            "what it says was passed on to the LAN",
        )
    })
}

/// Whether a message has the right header and question, and nonsense behind; one whose question is
/// cut belongs to no question, so that it may be thrown away in silence (RFC 5452 §9.1).
fn is_malformed(reply: &Dns) -> bool {
    reply.message.is_none() && !reply.truncated && reply.question.is_some()
}

fn told_of_malformed(trace: &Dissection<'_>) -> Verdict {
    every(
        "question that only malformed answers came for",
        relayed(trace),
        |relayed| {
            if !relayed.all(is_malformed) {
                return Ruling::Skip;
            }
            let query = relayed.lan.query;
            let records = [query.record, relayed.replies[0].record];
            match relayed.lan.reply() {
                // A proxy that passes everything on as it is does no worse.
                Some(reply) => Ruling::Holds([&records[..], &[reply.record]].concat()),
                None if trace.end() < query.at + PATIENCE
                    || trace.is_disturbed(query.at, query.at + PATIENCE) =>
                {
                    Ruling::Skip
                }
                None => broken(
                    records,
                    format!("SERVFAIL for {}", relayed.lan.name()),
                    "nothing came",
                ),
            }
        },
    )
}

fn survives_malformed(trace: &Dissection<'_>) -> Verdict {
    let upstream = trace.upstream_dns();
    let replies = upstream.iter().flat_map(|exchange| &exchange.replies);
    let broken = replies.filter(|reply| is_malformed(&reply.is) && !reply.lost);
    survives(trace, "malformed answer", broken.copied().collect())
}

fn survives_fuzz(trace: &Dissection<'_>) -> Verdict {
    let Some(mutated) = mutated(trace) else {
        return Verdict::Inconclusive("no answers were mutated".to_owned());
    };
    let during = trace.dns.iter().filter(|found| {
        found.to_device(Role::Wan) && found.is.source_port == PORT && mutated.contains(&found.at)
    });
    survives(trace, "burst of mutated answers", during.collect())
}

/// Judges the first questions after what should not have stopped the proxy.
fn survives(trace: &Dissection<'_>, what: &str, bad: Vec<&Found<Dns>>) -> Verdict {
    let Some(last) = bad.last() else {
        return Verdict::Inconclusive(format!("there was no {what}"));
    };
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let later = || {
        let from: Time = last.at + BREATH;
        lan.iter().filter(move |exchange| exchange.query.at >= from)
    };
    if let Some(answered) = later().find(|exchange| exchange.reply().is_some()) {
        return Verdict::Pass([vec![last.record], answered.records()].concat());
    }
    every("question afterwards", later(), |exchange| {
        let silent = twins(&upstream, exchange).any(|twin| twin.replies.is_empty());
        match unanswered(trace, &upstream, exchange) {
            Ruling::Broken(_) if silent => Ruling::Unclear("the servers were silent".to_owned()),
            Ruling::Broken(found) => Ruling::Broken(Finding {
                records: [&[last.record][..], &found.records].concat(),
                expected: format!("{}, as before the {what}", found.expected),
                ..found
            }),
            other => other,
        }
    })
}

/// How long after the last bad answer the proxy has to serve again.
const BREATH: std::time::Duration = std::time::Duration::from_secs(2);

#[cfg(test)]
mod tests;
