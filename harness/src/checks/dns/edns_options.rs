//! Every part of an OPT record goes along: DO, options, flags, versions (RFC 5625 §4.4.2,
//! RFC 6891, and the tests of RFC 8906 §8.2).
//!
//! A forwarder that has EDNS of its own towards servers may write another OPT record; it must not
//! lose the question for it.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, DNS_PROXY, EVERY_FORWARDER};
use crate::checks::dns::let_through::all_let_through;
use crate::checks::dns::own_refusals::{Answer, answer, answered};
use crate::checks::dns::silence::nothing_came;
use crate::checks::dns::twins::{is_asked_otherwise, twins};
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::dns::Opt;
use crate::dissection::{Dissection, Dns, Exchange, Transport};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.edns-do",
        source: "RFC 3225 §3; RFC 5625 §4.4.2; RFC 8906 §8.2.8",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "DOビットを上位まで届ける",
            "The DO bit reaches the servers upstream",
        ),
        hint: Text::new(
            "EDNSのDOビットを書き換えないでください。署名の検証ができなくなります。",
            "Leave the DO bit as it is; without it clients cannot validate.",
        ),
        judge: dnssec_ok,
    },
    Check {
        id: "dns.proxy.edns-unknown-option",
        source: "RFC 5625 §4.4.2; RFC 8906 §8.2.3",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "未知のEDNSオプションの付いた問い合わせに応答する",
            "Questions with an unknown EDNS option are answered",
        ),
        hint: Text::new(
            "未知のオプションは無視して中継してください。",
            "Ignore options that mean nothing to you, and forward the question.",
        ),
        judge: unknown_option,
    },
    Check {
        id: "dns.proxy.edns-unknown-flag",
        source: "RFC 5625 §4.1 and §4.4.2; RFC 8906 §8.2.4",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "未知のEDNSフラグの立った問い合わせに応答する",
            "Questions with an unknown EDNS flag are answered",
        ),
        hint: Text::new(
            "未知のフラグは無視して中継してください。",
            "Ignore flags that mean nothing to you, and forward the question.",
        ),
        judge: unknown_flag,
    },
    Check {
        id: "dns.proxy.edns-version",
        source: "RFC 6891 §6.1.3; RFC 8906 §8.2.2",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "EDNSバージョン1の問い合わせにBADVERSが返る",
            "A question of EDNS version 1 is answered with BADVERS",
        ),
        hint: Text::new(
            "バージョンの異なるEDNSを破棄せず、サーバのBADVERSを端末まで届けてください。",
            "Do not drop other versions; let the server's BADVERS through.",
        ),
        judge: version,
    },
    Check {
        id: "dns.proxy.edns-multi-option",
        source: "RFC 8906 §8.2.10",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "複数のEDNSオプションの付いた問い合わせに応答する",
            "Questions with several EDNS options are answered",
        ),
        hint: Text::new(
            "OPTレコードのオプションは複数あり得ます。",
            "Let an OPT record have more than one option.",
        ),
        judge: several_options,
    },
    Check {
        id: "dns.proxy.edns-size-kept",
        source: "RFC 6891 §6.2.3 and §6.2.5; RFC 1035 §2.3.4",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "端末が示した大きさを超えるUDP応答を返さない",
            "No UDP answer is larger than the client has room for",
        ),
        hint: Text::new(
            "端末のEDNSサイズ（無ければ512バイト）に収まらない応答は、TCを立てて切り詰めてください。",
            "Cut what exceeds the client's EDNS size, or 512 bytes, and set TC.",
        ),
        judge: fits,
    },
    Check {
        id: "dns.proxy.no-edns-stays-without",
        source: "RFC 6891 §6.1.1",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "EDNSを使わない端末への応答にOPTレコードを付けない",
            "A client without EDNS gets no OPT record",
        ),
        hint: Text::new(
            "プロキシが付けたEDNSへの応答は、OPTレコードを取り除いて端末へ返してください。",
            "Where you add EDNS upstream, take the OPT record out of the answer.",
        ),
        judge: stays_without,
    },
];

fn dnssec_ok(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let signed = lan
        .iter()
        .filter(|exchange| has(&exchange.query.is, Opt::dnssec_ok));
    every("forwarded question with the DO bit", signed, |exchange| {
        let is_signed = |twin: &&Exchange<'_>| has(&twin.query.is, Opt::dnssec_ok);
        let mut all = twins(&upstream, exchange);
        let twin = twins(&upstream, exchange).find(is_signed).or(all.next());
        let otherwise = |other: &Dns| !has(other, Opt::dnssec_ok);
        match twin {
            Some(twin) if !is_signed(&twin) && is_asked_otherwise(&lan, exchange, otherwise) => {
                Ruling::Skip
            }
            Some(twin) => expect(
                [exchange.query.record, twin.query.record],
                is_signed(&twin),
                "the DO bit in the question upstream",
                "a question upstream without it",
            ),
            None if exchange.reply().is_some() => Ruling::Skip,
            None => nothing_came("dns.proxy.edns-do", trace, &upstream, exchange),
        }
    })
}

fn has(query: &Dns, what: impl Fn(&Opt) -> bool) -> bool {
    query.opcode() == 0
        && query
            .opt()
            .is_some_and(|opt| opt.version == 0 && what(&opt))
}

fn unknown_option(trace: &Dissection<'_>) -> Verdict {
    let what = "question with an unknown EDNS option";
    all_let_through(trace, "dns.proxy.edns-unknown-option", what)
}

fn unknown_flag(trace: &Dissection<'_>) -> Verdict {
    let what = "question with an unknown EDNS flag";
    all_let_through(trace, "dns.proxy.edns-unknown-flag", what)
}

fn several_options(trace: &Dissection<'_>) -> Verdict {
    let what = "question with several EDNS options";
    all_let_through(trace, "dns.proxy.edns-multi-option", what)
}

fn version(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let later = lan.iter().filter(|exchange| {
        let opt = exchange.query.is.opt();
        opt.is_some_and(|opt| opt.version > 0)
    });
    every("question of a later EDNS version", later, |exchange| {
        let Some(reply) = exchange.reply() else {
            return nothing_came("dns.proxy.edns-version", trace, &upstream, exchange);
        };
        let refused = matches!(answer(trace, &upstream, exchange), Answer::Refused(_));
        // A failure on the way has no version.
        if refused || reply.is.rcode == SERVFAIL {
            return answered("dns.proxy.edns-version", trace, &upstream, exchange);
        }
        let code = reply.is.full_rcode();
        expect(
            exchange.records(),
            code == BADVERS,
            "BADVERS, response code 16",
            format!("response code {code}"),
        )
    })
}

fn fits(trace: &Dissection<'_>) -> Verdict {
    let lan = trace.lan_dns();
    let udp = lan
        .iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Udp);
    every("answer that needed room", udp, |exchange| {
        let Some(reply) = exchange.reply() else {
            return Ruling::Skip;
        };
        let (size, room) = (reply.is.size, exchange.query.is.room());
        if size > room {
            broken(
                exchange.records(),
                format!("at most {room} bytes, as the client has room for"),
                format!("an answer of {size} bytes"),
            )
        } else if reply.is.truncated || size > CLASSIC_SIZE {
            Ruling::Holds(exchange.records())
        } else {
            Ruling::Skip
        }
    })
}

fn stays_without(trace: &Dissection<'_>) -> Verdict {
    let lan = trace.lan_dns();
    let plain = lan.iter().filter(|exchange| {
        exchange.query.is.message.is_some() && exchange.query.is.opt().is_none()
    });
    every("answer to a question without EDNS", plain, |exchange| {
        let Some(reply) = exchange.reply() else {
            return Ruling::Skip;
        };
        expect(
            exchange.records(),
            reply.is.opt().is_none(),
            "an answer without an OPT record, as the question had none",
            "an answer with one",
        )
    })
}

const SERVFAIL: u8 = 2;

/// RFC 6891 §9.
const BADVERS: u16 = 16;

/// RFC 1035 §2.3.4.
const CLASSIC_SIZE: usize = 512;

#[cfg(test)]
mod tests;
