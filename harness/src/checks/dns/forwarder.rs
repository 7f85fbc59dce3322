//! The DNS forwarder as terminals see it (RFC 5625): it is there, and hands on what it gets.
//!
//! A forwarder may cache and may write messages anew: an answer without a question upstream is no
//! fault, and neither is another order of records.

use std::ops::RangeInclusive;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{Check, EVERY_FORWARDER, ONS};
use crate::checks::delay::unless_late;
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::oddities::is_common;
use crate::checks::dns::outages::slow_answer;
use crate::checks::dns::own_refusals::{
    Answer, answer, answered, failed_by_delay, is_aaaa_withheld, refusals,
};
use crate::checks::dns::silence::{PRESENT, TCP, not_taken, nothing_came};
use crate::checks::dns::twins::{in_the_end, same, twins};
use crate::checks::ruling::{Ruling, because, broken, every, expect, finding, never};
use crate::dissection::dns::{A, AAAA, NXDOMAIN, PORT};
use crate::dissection::{Dissection, Exchange, Question, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.present",
        source: "guide p.12; RFC 5625 §3",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "LAN側でDNSの問い合わせに応答し、自ら拒否しない",
            "The device answers DNS questions on the LAN, and refuses none by itself",
        ),
        hint: Text::new(
            "DNSプロキシ（リカーシブサーバ）機能を有効にし、上位のDNSサーバと、LANの端末に許す問い合わせの設定を確認してください。",
            "Turn the DNS proxy on, for IPv6, too; see that it has servers to ask, and may ask them for terminals.",
        ),
        judge: present,
    },
    Check {
        id: "dns.proxy.tcp",
        source: "RFC 5625 §4.4.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "TCPによるDNSの問い合わせに応答する",
            "Questions over TCP are taken and answered",
        ),
        hint: Text::new(
            "DNSプロキシをTCP 53番でも待ち受けさせてください。",
            "Let the DNS proxy listen on TCP port 53, too.",
        ),
        judge: tcp,
    },
    Check {
        id: "ons.dns.aaaa-kept",
        source: "guide p.15; ngn-facts §4.4",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "AAAAレコードを取り除かない",
            "AAAA records are not filtered",
        ),
        hint: Text::new(
            "AAAAレコードの抑止（フィルタ）機能を無効にしてください。",
            "Turn the suppression of AAAA records off.",
        ),
        judge: aaaa_kept,
    },
    Check {
        id: "dns.proxy.case-kept",
        source: "RFC 5625 §3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "問い合わせ名の大文字と小文字をそのまま返す",
            "The letters of a question keep their case in the answer",
        ),
        hint: Text::new(
            "応答の問い合わせ部は受け取ったとおりに返してください。",
            "Copy the question into the answer as it came.",
        ),
        judge: case_kept,
    },
    Check {
        id: "dns.proxy.qtype-any",
        source: "RFC 5625 §4.3; RFC 3597 §3",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "未知のレコード種別の問い合わせも中継する",
            "Questions for unknown types are passed on",
        ),
        hint: Text::new(
            "レコード種別による破棄をせず、そのまま中継してください。",
            "Forward questions whatever their type.",
        ),
        judge: any_type,
    },
    Check {
        id: "dns.proxy.name-error-kept",
        source: "RFC 5625 §3",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "名前が存在しないという応答を端末まで届ける",
            "A name error from upstream reaches the terminal",
        ),
        hint: Text::new(
            "応答コードを書き換えずに中継してください。",
            "Pass the response code on as it is.",
        ),
        judge: name_error_kept,
    },
];

fn present(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let udp = lan
        .iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Udp);
    let refused = refusals(trace, &lan, &upstream).map(|(exchange, how)| {
        let asked = exchange.question().map(Question::kind_name);
        let refused = finding(
            exchange.records(),
            format!(
                "what the servers answer for {} {}",
                exchange.name(),
                asked.unwrap_or_default()
            ),
            how,
        );
        match failed_by_delay(exchange) {
            Some(delay) => unless_late(refused, trace, delay),
            None => refused,
        }
    });
    let silent = udp.clone().filter(|exchange| exchange.replies.is_empty());
    let silent =
        silent.filter_map(
            |exchange| match nothing_came(PRESENT, trace, &upstream, exchange) {
                Ruling::Broken(finding) => Some(finding),
                Ruling::Holds(_) | Ruling::Unclear(_) | Ruling::Skip => None,
            },
        );
    let bad = never("question", [], refused.chain(silent));
    if matches!(bad, Verdict::Fail(_)) {
        return bad;
    }
    let is_served = |exchange: &&Exchange<'_>| {
        exchange.reply().is_some() && matches!(answer(trace, &upstream, exchange), Answer::Given)
    };
    match udp.clone().find(is_served) {
        Some(exchange) => Verdict::Pass(exchange.records()),
        None => every(
            "question for the device's DNS proxy",
            udp,
            |exchange| match exchange.reply() {
                Some(_) => Ruling::Unclear(
                    "the device refused what it was asked while it could ask nobody".to_owned(),
                ),
                None => nothing_came(PRESENT, trace, &upstream, exchange),
            },
        ),
    }
}

fn tcp(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let connections = trace.connections.iter().filter(|connection| {
        connection.on == Role::Lan
            && connection.opener == End::Network
            && connection.syn_arrived
            && connection.server.1 == PORT
            && trace.is_device_address(connection.server.0)
    });
    every(
        "TCP connection to the device's DNS proxy",
        connections,
        |connection| {
            let Some((accepted, _)) = connection.accepted else {
                return not_taken(TCP, trace, &lan, connection);
            };
            let asked = lan.iter().find(|exchange| {
                exchange.query.is.transport == Transport::Tcp
                    && (exchange.query.source, exchange.query.is.source_port) == connection.client
            });
            match asked {
                None => Ruling::Skip,
                Some(exchange) if !exchange.replies.is_empty() => {
                    match answered(TCP, trace, &upstream, exchange) {
                        Ruling::Holds(records) => Ruling::Holds([&[accepted], &*records].concat()),
                        other => other,
                    }
                }
                Some(exchange) => nothing_came(TCP, trace, &upstream, exchange),
            }
        },
    )
}

fn aaaa_kept(trace: &Dissection<'_>) -> Verdict {
    let upstream = trace.upstream_dns();
    let lan = trace.lan_dns();
    let mutated = mutated(trace);
    let asked = lan.iter().filter(|exchange| {
        let question = exchange.question();
        // Who asks on for a name of the answer may be told anything then.
        let is_mutated = |mutated: &RangeInclusive<_>| mutated.contains(&exchange.query.at);
        question.is_some_and(|question| question.kind == AAAA)
            && !mutated.as_ref().is_some_and(is_mutated)
    });
    every("answer with AAAA records", asked, |exchange| {
        if is_aaaa_withheld(&upstream, exchange)
            && let Answer::Refused(how) = answer(trace, &upstream, exchange)
        {
            // Who says the same of other types has nothing against AAAA.
            let others = lan.iter().any(|other| {
                other.name().eq_ignore_ascii_case(exchange.name())
                    && other.question().is_some_and(|one| one.kind == A)
                    && matches!(answer(trace, &upstream, other), Answer::Refused(_))
            });
            if others {
                return because(PRESENT, &how);
            }
            return broken(
                exchange.records(),
                format!(
                    "the AAAA records of {}, or a question for them",
                    exchange.name()
                ),
                how,
            );
        }
        let question = exchange.question();
        let Some(reply) = exchange.reply() else {
            return Ruling::Skip;
        };
        // What the servers said last counts: they may have no such record any more.
        let before = upstream.iter().filter_map(|other| {
            let full = other.reply()?;
            let counts = full.record < reply.record && same(other.question(), question);
            counts.then_some((full, other))
        });
        let Some((known, last)) = before.max_by_key(|(full, _)| full.record) else {
            return Ruling::Skip;
        };
        // Of answers that contradict each other, who knows which is right?
        let mut replies = last.replies.iter();
        if !replies.all(|reply| reply.is.rcode == 0 && reply.is.has_answer(AAAA)) {
            return Ruling::Skip;
        }
        // Other errors say that this question failed, not that there is no such record (RFC 1035
        // §4.1.1).
        if reply.is.truncated || ![0, NXDOMAIN].contains(&reply.is.rcode) {
            return Ruling::Skip;
        }
        expect(
            [known.record, reply.record],
            reply.is.has_answer(AAAA),
            format!("the AAAA records of {}", exchange.name()),
            "an answer without them",
        )
    })
}

fn case_kept(trace: &Dissection<'_>) -> Verdict {
    let mixed = trace.lan_dns().into_iter().filter(|exchange| {
        exchange
            .name()
            .bytes()
            .any(|byte| byte.is_ascii_uppercase())
    });
    every(
        "answer to a question with capital letters",
        mixed,
        |exchange| {
            let Some(reply) = exchange.reply() else {
                return Ruling::Skip;
            };
            let name = reply.is.name().unwrap_or("");
            expect(
                exchange.records(),
                name == exchange.name(),
                exchange.name(),
                name,
            )
        },
    )
}

fn any_type(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let odd = lan.iter().filter(|exchange| {
        exchange
            .question()
            .is_some_and(|question| !is_common(question.kind))
    });
    every("question for an uncommon type", odd, |exchange| {
        // Who takes for its own what may be addressed to it fails `dns.proxy.tkey`.
        let question = exchange.question();
        let asks_for_keys = question.is_some_and(|question| question.kind == TKEY);
        match answer(trace, &upstream, exchange) {
            Answer::Refused(_) if asks_for_keys => Ruling::Skip,
            Answer::Given | Answer::Helpless | Answer::Refused(_) => {
                answered("dns.proxy.qtype-any", trace, &upstream, exchange)
            }
        }
    })
}

/// RFC 2930 §2.
const TKEY: u16 = 249;

fn name_error_kept(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    every("name error from upstream", &lan, |exchange| {
        let replies: Vec<_> = twins(&upstream, exchange)
            .flat_map(|twin| twin.replies.iter().copied())
            .filter(|reply| !reply.lost)
            .collect();
        let all_say_so = replies
            .iter()
            .all(|reply| reply.is.rcode == NXDOMAIN && reply.is.message.is_some());
        // What comes late is for `dns.proxy.slow-server`.
        let all_say_so = all_say_so && slow_answer(&upstream, exchange).is_none();
        let (Some(first), Some(reply), true) =
            (replies.first(), in_the_end(&lan, exchange), all_say_so)
        else {
            return Ruling::Skip;
        };
        expect(
            [first.record, reply.record],
            reply.is.rcode == NXDOMAIN,
            format!("NXDOMAIN for {}", exchange.name()),
            format!("response code {}", reply.is.rcode),
        )
    })
}

#[cfg(test)]
mod tests;
