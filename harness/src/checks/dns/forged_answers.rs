//! Which answers a forwarder believes (RFC 5452 §9.1).
//!
//! A forged answer is one that fits an open question upstream in all but one respect. It was
//! believed if what it alone says turns up on the LAN.

use std::collections::BTreeSet;

use hickory_proto::rr::RData;
use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::dns::twins::PATIENCE;
use crate::checks::ruling::{Ruling, every, expect};
use crate::dissection::dns::PORT;
use crate::dissection::{Dissection, Dns, Exchange, Found, Question};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.sec.match-id",
        source: "RFC 5452 §9.1; RFC 7766 §7",
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
        source: "RFC 5452 §9.1; RFC 7766 §7",
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
];

/// In what a forged answer differs from the one that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Astray {
    Id,
    Port,
    Address,
    Question,
}

/// Returns whether an answer fits an open question upstream in all but one respect.
pub(super) fn is_forged_for(
    trace: &Dissection<'_>,
    open: &Exchange<'_>,
    answer: &Found<Dns>,
) -> bool {
    answer.is.response && answer.is.source_port == PORT && astray(trace, open, answer).is_some()
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
    let fits = differing.next().is_none()
        && answer.destination == query.source
        && answer.is.transport == query.is.transport;
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
    // One segment may bring both: the messages are told apart, not their records.
    let believed: BTreeSet<_> = honest().map(|reply| std::ptr::from_ref(*reply)).collect();
    let strays = trace.dns.iter().filter(|found| {
        found.is.response
            && found.is.source_port == PORT
            && found.to_device(Role::Wan)
            && !believed.contains(&std::ptr::from_ref(*found))
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
                && open
                    .replies
                    .iter()
                    .all(|reply| reply.record >= stray.record)
        };
        let meant = upstream
            .iter()
            .filter(is_open)
            .find(|open| astray(trace, open, stray) == Some(kind));
        let Some(meant) = meant else {
            return Ruling::Skip;
        };
        let lies: Vec<&RData> = data(&stray.is)
            .filter(|lie| honest().all(|reply| data(&reply.is).all(|truth| truth != *lie)))
            .collect();
        if lies.is_empty() {
            return Ruling::Skip;
        }
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

#[cfg(test)]
mod tests;
