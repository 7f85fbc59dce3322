//! The header of the DNS questions that the device asks upstream, and the form of its answers
//! (RFC 1035 §4, RFC 6891 §6).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::dns::{OPT, records};

use super::row::row;
use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Dns, Exchange};

pub(super) const CHECKS: &[Check] = &[
    row(
        "lint.dns.question-header",
        ("RFC 1035 §4.1.1; RFC 5625 §4.1", Level::Must),
        CE_ROUTER,
        Text::new(
            "上流へのDNSの問い合わせのヘッダに、端末が立てていないビットがない",
            "Questions upstream have no bit in their header that no terminal set",
        ),
        Text::new(
            "問い合わせではQR、AA、TC、RA、Zと応答コードを0にしてください。",
            "Leave QR, AA, TC, RA, Z and the response code of questions zero.",
        ),
        question_header,
    ),
    row(
        "lint.dns.one-question",
        ("RFC 1035 §4.1.2; RFC 9619 §4", Level::Must),
        CE_ROUTER,
        Text::new(
            "上流へのDNSの問い合わせに質問が1つだけあり、OPTは多くても1つである",
            "A message upstream asks one question, and has one OPT record at most",
        ),
        Text::new(
            "1つのメッセージには質問を1つだけ入れ、OPTレコードを重ねないでください。",
            "Ask one question per message, and add no second OPT record.",
        ),
        one_question,
    ),
    row(
        "lint.dns.answer-whole",
        ("RFC 1035 §4.1; RFC 5625 §4.1", Level::Must),
        CE_ROUTER,
        Text::new(
            "端末へのDNSの応答がヘッダの示す数のレコードで終わる",
            "Answers to terminals end with the records that their header counts",
        ),
        Text::new(
            "応答の長さとレコード数を確認してください。上流の応答はそのまま転送します。",
            "Look at length and counts of answers; pass on what came from upstream as it is.",
        ),
        answer_whole,
    ),
    row(
        "lint.dns.answer-header",
        ("RFC 1035 §4.1.1; RFC 4035 §3.2.2", Level::Must),
        CE_ROUTER,
        Text::new(
            "応答のRDとCDが問い合わせと同じである",
            "RD and CD of an answer are those of its question",
        ),
        Text::new(
            "自分で作るSERVFAILなどの応答にも、問い合わせのRDとCDを写してください。",
            "Copy RD and CD into answers of your own making, too, as SERVFAIL.",
        ),
        answer_header,
    ),
];

/// QR, AA, TC, RA, Z and the response code (RFC 1035 §4.1.1).
const NOT_IN_QUESTIONS: u16 = 0x86cf;

/// Returns what the device asked upstream and no terminal spelled like this, with what the terminals
/// set for the same question.
fn asked_upstream<'d>(trace: &'d Dissection<'_>) -> Vec<(Exchange<'d>, u16)> {
    let terminals = trace.lan_dns();
    let asked = trace.upstream_dns().into_iter();
    asked
        .map(|exchange| {
            let same = terminals.iter().filter(|lan| {
                let ours = (&lan.query.is.question, &exchange.query.is.question);
                matches!(ours, (Some(lan), Some(wan)) if lan.same(wan))
            });
            let set = same.fold(0, |set, lan| set | lan.query.is.flags);
            (exchange, set)
        })
        .collect()
}

fn question_header(trace: &Dissection<'_>) -> Verdict {
    every(
        "DNS question upstream",
        asked_upstream(trace),
        |(exchange, set)| {
            let extra = exchange.query.is.flags & NOT_IN_QUESTIONS & !set;
            expect(
                [exchange.query.record],
                extra == 0,
                "no bit in the header that no terminal set",
                format!("flags {:#06x}", exchange.query.is.flags),
            )
        },
    )
}

/// RD and CD (RFC 1035 §4.1.1, RFC 4035 §3.2.2).
const COPIED: u16 = 0x0110;

fn answer_header(trace: &Dissection<'_>) -> Verdict {
    let upstream = trace.upstream_dns();
    // What a server said of the same question is passed on as it is.
    let said = |asked: &Exchange<'_>, flags: u16| {
        let same = |other: &&Exchange<'_>| {
            let ours = (&asked.query.is.question, &other.query.is.question);
            matches!(ours, (Some(lan), Some(wan)) if lan.same(wan))
        };
        let mut replies = upstream
            .iter()
            .filter(same)
            .flat_map(|other| &other.replies);
        replies.any(|reply| reply.is.flags & COPIED == flags)
    };
    every("answer to a terminal", trace.lan_dns(), |exchange| {
        let Some(reply) = exchange.reply().filter(|_| exchange.query.is.opcode() == 0) else {
            return Ruling::Skip;
        };
        let (asked, given) = (exchange.query.is.flags & COPIED, reply.is.flags & COPIED);
        if given != asked && said(&exchange, given) {
            return Ruling::Skip;
        }
        expect(
            [exchange.query.record, reply.record],
            given == asked,
            format!("RD and CD as in the question, {asked:#06x}"),
            format!("{given:#06x}"),
        )
    })
}

/// Returns how many questions a message says that it asks.
fn questions(message: &Dns) -> u16 {
    match message.bytes.get(4..6) {
        Some(&[high, low]) => u16::from_be_bytes([high, low]),
        _ => 0,
    }
}

fn one_question(trace: &Dissection<'_>) -> Verdict {
    let terminals = trace.lan_dns();
    let oddly_asked = |asked: &Dns| {
        let mut terminals = terminals.iter().map(|lan| &lan.query.is);
        terminals.any(|lan| questions(lan) == questions(asked) && opts(lan) == opts(asked))
    };
    every("DNS question upstream", trace.upstream_dns(), |exchange| {
        let asked = &exchange.query.is;
        let ok = questions(asked) == 1 && opts(asked) <= 1;
        // A transparent forwarder passes on what a terminal asks oddly.
        if !ok && oddly_asked(asked) {
            return Ruling::Skip;
        }
        expect(
            [exchange.query.record],
            ok,
            "one question, and one OPT record at most",
            format!(
                "{} questions, {} OPT records",
                questions(asked),
                opts(asked)
            ),
        )
    })
}

fn opts(message: &Dns) -> usize {
    let records = records(&message.bytes).unwrap_or_default();
    records.iter().filter(|record| record.kind == OPT).count()
}

fn answer_whole(trace: &Dissection<'_>) -> Verdict {
    let upstream = trace.upstream_dns();
    let from_upstream = |answer: &Dns| {
        let same = |other: &Dns| other.bytes.get(2..) == answer.bytes.get(2..);
        upstream
            .iter()
            .flat_map(|exchange| &exchange.replies)
            .any(|other| same(&other.is))
    };
    let answers = trace.lan_dns().into_iter().flat_map(|lan| lan.replies);
    every("DNS answer to a terminal", answers, |answer| {
        let message = &answer.is;
        let found = records(&message.bytes);
        let whole = match found.as_deref() {
            Some([.., last]) => last.end == message.bytes.len(),
            // Nothing but the question, or not even that.
            Some([]) => return Ruling::Skip,
            None => false,
        };
        if whole {
            return Ruling::Holds(vec![answer.record]);
        }
        // What came broken from upstream is passed on as it is (RFC 5625 §4.1).
        if from_upstream(message) {
            return Ruling::Skip;
        }
        broken(
            [answer.record],
            "an answer that ends with the last record that it counts",
            "more or less than its header counts",
        )
    })
}
