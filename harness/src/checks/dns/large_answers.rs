//! Large DNS answers through the forwarder, and the EDNS that makes them possible (RFC 6891).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, EVERY_FORWARDER, ONS};
use crate::checks::dns::answer_shapes::FORMERR;
use crate::checks::dns::best_answers::{CLASSIC_SIZE, best_upstream, is_for_a_large_answer};
use crate::checks::dns::own_refusals::{Answer, answer, answered, is_good};
use crate::checks::dns::silence::{not_taken, nothing_came};
use crate::checks::dns::tcp_clients::connections;
use crate::checks::dns::twins::{is_asked_otherwise, twins};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::{Dissection, Dns, Exchange, Question, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ons.dns.large-answer",
        source: "guide p.15; ngn-facts §4.4",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "512バイトを超えるDNS応答がすべて端末に届く",
            "DNS answers above 512 bytes reach terminals whole",
        ),
        hint: Text::new(
            "サーバごとのEDNS設定（edns=onなど）を有効にするか、TCPでの再問い合わせに対応してください。",
            "Turn EDNS on for each server, or serve the retry over TCP.",
        ),
        judge: large_answer,
    },
    Check {
        id: "dns.proxy.no-truncate-512",
        source: "RFC 5625 §4.4; RFC 6891 §6.2.6",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "512バイトを超えるUDP応答を切り詰めない",
            "UDP answers above 512 bytes are not cut",
        ),
        hint: Text::new(
            "端末がEDNSで示した大きさまでUDPで返してください。",
            "Answer over UDP up to the size that the client offers with EDNS.",
        ),
        judge: not_cut,
    },
    Check {
        id: "dns.proxy.tc-set-on-truncate",
        source: "RFC 5625 §4.4",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "応答を切り詰めたときはTCビットを立てる",
            "An answer that is cut says so with the TC bit",
        ),
        hint: Text::new(
            "入りきらない応答にはTCビットを立て、端末がTCPで再問い合わせできるようにしてください。",
            "Set TC on answers that do not fit, so that clients ask again over TCP.",
        ),
        judge: cut_says_so,
    },
    Check {
        id: "dns.proxy.edns-pass",
        source: "RFC 5625 §4.4.2",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "EDNS付きの問い合わせに応答する",
            "Questions with an OPT record are answered",
        ),
        hint: Text::new(
            "OPTレコードの付いた問い合わせを破棄しないでください。",
            "Do not drop or refuse questions that carry an OPT record.",
        ),
        judge: edns_answered,
    },
    Check {
        id: "dns.proxy.edns-untouched",
        source: "RFC 6891 §6.2.6",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "端末のEDNSを上位への問い合わせにも付ける",
            "A client's OPT record goes along upstream",
        ),
        hint: Text::new(
            "中継する問い合わせからOPTレコードを取り除かないでください。",
            "Keep the OPT record in the questions that are forwarded.",
        ),
        judge: edns_kept,
    },
];

const LARGE: &str = "ons.dns.large-answer";

/// What fits into a packet on every path: who offers servers no more room than that cuts what is
/// longer, and is right to (RFC 9715 §3.1; DNS flag day 2020).
const UNFRAGMENTED: usize = 1232;

/// Whether a server itself cut its answer although it was offered room for `size` bytes.
fn server_cuts(upstream: &[Exchange<'_>], exchange: &Exchange<'_>, size: usize) -> bool {
    let is_same = |asked: &Question| exchange.question().is_some_and(|own| asked.same(own));
    upstream
        .iter()
        .filter(|other| other.query.is.transport == Transport::Udp)
        .filter(|other| other.question().is_some_and(is_same))
        .filter(|other| {
            other
                .query
                .is
                .edns()
                .is_some_and(|room| usize::from(room) >= size)
        })
        .any(|other| other.replies.iter().any(|reply| reply.is.truncated))
}

/// The answer records that really are in a message, as far as it can be read.
fn answers(dns: &Dns) -> usize {
    dns.message
        .as_ref()
        .map_or(0, |message| message.answers.len())
}

fn large_answer(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let asked = lan
        .iter()
        .filter(|exchange| is_for_a_large_answer(exchange));
    every("answer above 512 bytes from upstream", asked, |exchange| {
        let Some(best) = best_upstream(&upstream, exchange) else {
            return Ruling::Skip;
        };
        let (whole, name) = (best.is.aaaa().len(), exchange.name());
        let Some(reply) = exchange.reply() else {
            return nothing_came(LARGE, trace, &upstream, exchange);
        };
        if let Answer::Refused(_) = answer(trace, &upstream, exchange) {
            return answered(LARGE, trace, &upstream, exchange);
        }
        // That the device made the failure up was ruled out above: the servers failed.
        if reply.is.rcode != 0 {
            return Ruling::Skip;
        }
        if reply.is.truncated {
            return retried_over_tcp(trace, &lan, &upstream, exchange, whole);
        }
        let got = reply.is.aaaa().len();
        expect(
            [exchange.query.record, best.record, reply.record],
            got >= whole,
            format!("{whole} addresses of {name}"),
            format!("{got} of them"),
        )
    })
}

fn retried_over_tcp(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    upstream: &[Exchange<'_>],
    cut: &Exchange<'_>,
    whole: usize,
) -> Ruling {
    let again = lan.iter().find(|other| {
        other.query.is.transport == Transport::Tcp
            && other.query.at >= cut.query.at
            && other.asks_same(cut)
    });
    let records = cut.records();
    if let Some(reply) = again.and_then(Exchange::reply) {
        let got = reply.is.aaaa().len();
        if got < whole && trace.is_disturbed(cut.query.at, reply.at) {
            return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
        }
        let records = [records, vec![reply.record]].concat();
        return expect(
            records,
            got >= whole,
            format!("{whole} addresses over TCP"),
            format!("{got} of them"),
        );
    }
    if let Some(again) = again {
        return nothing_came(LARGE, trace, upstream, again);
    }
    let mut tried = connections(trace).filter(|connection| {
        connection.server.0 == cut.query.destination && connection.at >= cut.query.at
    });
    match tried.next() {
        Some(connection) if trace.is_disturbed(cut.query.at, connection.last.1) => {
            Ruling::Unclear("a cable or the power was cut meanwhile".to_owned())
        }
        Some(connection) if connection.accepted.is_none() => {
            not_taken(LARGE, trace, lan, connection)
        }
        Some(_) | None => Ruling::Unclear("the terminal did not ask again over TCP".to_owned()),
    }
}

fn not_cut(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let udp = lan
        .iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Udp);
    every(
        "answer above 512 bytes that the client had room for",
        udp,
        |exchange| {
            let (Some(best), Some(reply), Some(room)) = (
                best_upstream(&upstream, exchange),
                exchange.reply(),
                exchange.query.is.edns(),
            ) else {
                return Ruling::Skip;
            };
            let failed = !is_good(&reply.is);
            let is_due = best.is.size > CLASSIC_SIZE
                && best.is.size <= usize::from(room)
                && best.is.size <= UNFRAGMENTED;
            if failed || !is_due {
                return Ruling::Skip;
            }
            // The client reads from TC where the whole answer is (RFC 5625 §4.4).
            if reply.is.truncated && server_cuts(&upstream, exchange, best.is.size) {
                return Ruling::Skip;
            }
            expect(
                [exchange.query.record, best.record, reply.record],
                !reply.is.truncated && answers(&reply.is) >= answers(&best.is),
                format!(
                    "all {} records, as the client offered {room} bytes",
                    answers(&best.is)
                ),
                format!("{} records in {} bytes", answers(&reply.is), reply.is.size),
            )
        },
    )
}

fn cut_says_so(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let udp = lan
        .iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Udp);
    every("answer above 512 bytes from upstream", udp, |exchange| {
        let (Some(best), Some(reply)) = (best_upstream(&upstream, exchange), exchange.reply())
        else {
            return Ruling::Skip;
        };
        if best.is.size <= CLASSIC_SIZE || reply.is.rcode != 0 {
            return Ruling::Skip;
        }
        expect(
            [best.record, reply.record],
            reply.is.truncated || answers(&reply.is) >= answers(&best.is),
            format!("all {} records, or the TC bit", answers(&best.is)),
            format!("{} records without the TC bit", answers(&reply.is)),
        )
    })
}

fn edns_answered(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let with_edns = lan
        .iter()
        // What is no query has no data to be refused (RFC 5625 §4.4.2 is about queries).
        .filter(|exchange| exchange.query.is.edns().is_some() && exchange.query.is.opcode() == 0);
    every(
        "question with an OPT record",
        with_edns,
        |exchange| match exchange.reply() {
            // RFC 5625 §4.4.2: refusing is as bad as dropping; FORMERR and NOTIMP refuse.
            // A server without EDNS says so (RFC 6891 §7), and its word is handed on.
            Some(reply)
                if twins(&upstream, exchange)
                    .filter(|twin| twin.query.is.edns().is_some())
                    .flat_map(|twin| &twin.replies)
                    .any(|said| said.is.rcode == FORMERR && reply.is.rcode == FORMERR) =>
            {
                Ruling::Skip
            }
            Some(reply) if [1, 4].contains(&reply.is.rcode) => broken(
                exchange.records(),
                "an answer",
                format!("response code {}", reply.is.rcode),
            ),
            Some(_) | None => answered("dns.proxy.edns-pass", trace, &upstream, exchange),
        },
    )
}

fn edns_kept(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let with_edns = lan
        .iter()
        .filter(|exchange| exchange.query.is.edns().is_some());
    every(
        "forwarded question with an OPT record",
        with_edns,
        |exchange| {
            let has = |twin: &&Exchange<'_>| twin.query.is.edns().is_some();
            let mut all = twins(&upstream, exchange);
            let twin = twins(&upstream, exchange).find(has).or(all.next());
            let Some(twin) = twin else {
                return Ruling::Skip;
            };
            if !has(&twin) && is_asked_otherwise(&lan, exchange, |other| other.edns().is_none()) {
                return Ruling::Skip;
            }
            expect(
                [exchange.query.record, twin.query.record],
                has(&twin),
                "the OPT record in the question upstream",
                "none",
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use hickory_proto::rr::RecordType;

    use super::*;
    use crate::checks::test_verdicts::verdict;
    use crate::dissection::builder::{Reply, TraceBuilder};

    const NAME: &str = "pweb.base.oqs-pdl.org";

    fn addresses(count: u128) -> Vec<Ipv6Addr> {
        (1..=count).map(Ipv6Addr::from_bits).collect()
    }

    /// Twenty addresses come from upstream; the router answers with `reply`.
    fn large(reply: Option<Reply<'_>>) -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-ra");
        let server = trace.ons_dns();
        trace.lan_ra(|_| {});
        let id = trace.at(1000).ask_with(NAME, RecordType::AAAA, Some(1232));
        trace.forward_with(5, 40_005, NAME, server, Some(1232));
        trace.upstream_answer(5, NAME, server, Reply::Addresses(&addresses(20)));
        if let Some(reply) = reply {
            trace.answer(id, NAME, reply);
        }
        trace
    }

    #[test]
    fn a_large_answer_has_to_arrive_whole() {
        let whole = addresses(20);
        let trace = large(Some(Reply::Addresses(&whole)));
        for id in [
            "ons.dns.large-answer",
            "dns.proxy.no-truncate-512",
            "dns.proxy.tc-set-on-truncate",
            "dns.proxy.edns-pass",
            "dns.proxy.edns-untouched",
        ] {
            assert!(matches!(verdict(id, &trace), Verdict::Pass(_)), "{id}");
        }
        let trace = large(None);
        assert!(matches!(
            verdict("ons.dns.large-answer", &trace),
            Verdict::Fail(_)
        ));
        for id in ["dns.proxy.edns-pass", "dns.proxy.present"] {
            let text = format!("{:?}", verdict(id, &trace));
            assert!(
                text.contains("because ons.dns.large-answer failed"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_cut_answer_without_tc_is_worse_than_one_with_it() {
        let trace = large(Some(Reply::Truncated));
        assert!(matches!(
            verdict("ons.dns.large-answer", &trace),
            Verdict::Inconclusive(_)
        ));
        assert!(matches!(
            verdict("dns.proxy.no-truncate-512", &trace),
            Verdict::Fail(_)
        ));
        assert!(matches!(
            verdict("dns.proxy.tc-set-on-truncate", &trace),
            Verdict::Pass(_)
        ));
        let trace = large(Some(Reply::Addresses(&addresses(3))));
        assert!(matches!(
            verdict("dns.proxy.tc-set-on-truncate", &trace),
            Verdict::Fail(_)
        ));
    }

    #[test]
    fn the_opt_record_goes_along() {
        let mut trace = TraceBuilder::new("next-ra");
        let server = trace.ons_dns();
        trace
            .lan_ra(|_| {})
            .at(1000)
            .ask_with(NAME, RecordType::AAAA, Some(1232));
        assert!(matches!(
            verdict("dns.proxy.edns-untouched", &trace),
            Verdict::Inconclusive(_)
        ));
        trace.forward(5, NAME, server);
        assert!(matches!(
            verdict("dns.proxy.edns-untouched", &trace),
            Verdict::Fail(_)
        ));
    }
}
