//! Questions of unusual shape: header bits, opcodes, classes, types, names. A forwarder lets all
//! of them through (RFC 5625 §4.1 to §4.3).
//!
//! The verdict lies in the difference between the LAN and the WAN. What a forwarder knows by
//! itself, as `version.bind` or a name it has cached, needs no question upstream.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Role};

use crate::checks::check::{Check, DNS_PROXY, EVERY_FORWARDER};
use crate::checks::dns::let_through::all_let_through;
use crate::checks::dns::oddities::is_odd_for;
use crate::checks::dns::own_refusals::{answered, refused_first};
use crate::checks::dns::silence::{PRESENT, nothing_came};
use crate::checks::dns::twins::{is_twin, twins};
use crate::checks::evidence::lan_adverts::is_unnumbered;
use crate::checks::ruling::{Ruling, because, broken, every, expect};
use crate::dissection::dns::{Flag, NXDOMAIN, PORT, SERVFAIL};
use crate::dissection::{Dissection, Dns, Exchange, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.proxy.ad-cd-z",
        source: "RFC 5625 §4.1",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "AD・CD・予約ビットの立った問い合わせも中継する",
            "Questions with AD, CD or the reserved bit set are passed on",
        ),
        hint: Text::new(
            "未知のビットは無視し、CDビットはそのまま上位へ渡してください。",
            "Ignore bits that mean nothing to you, and leave CD as it is.",
        ),
        judge: header_bits,
    },
    Check {
        id: "dns.proxy.rd-kept",
        source: "RFC 5625 §3; RFC 1035 §4.1.1",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[],
        title: Text::new(
            "RDビットの無い問い合わせにRDを立てない",
            "A question without RD goes upstream without it",
        ),
        hint: Text::new(
            "再帰を望むかどうかは端末が決めます。RDビットを書き換えないでください。",
            "Whether recursion is desired is the client's choice; copy the bit.",
        ),
        judge: recursion_desired,
    },
    Check {
        id: "dns.proxy.unknown-opcode",
        source: "RFC 5625 §3 and §4.1",
        level: Level::Should,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "QUERY以外のオペコードの要求を黙って破棄しない",
            "Requests with other opcodes than QUERY are not dropped",
        ),
        hint: Text::new(
            "解釈できない要求も中継するか、少なくともエラーを返してください。",
            "Forward such requests, or answer with an error at least.",
        ),
        judge: other_opcode,
    },
    Check {
        id: "dns.proxy.compression-any",
        source: "RFC 5625 §4.2",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "名前の圧縮の有無にかかわらず中継する",
            "Messages are passed on whether their names are compressed or not",
        ),
        hint: Text::new(
            "圧縮された名前を含む問い合わせを破棄しないでください。",
            "Do not drop questions for a pointer in one of their records.",
        ),
        judge: compression,
    },
    Check {
        id: "dns.proxy.qclass-any",
        source: "RFC 5625 §4.3; RFC 3597 §3",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "IN以外のクラスの問い合わせも中継する",
            "Questions of other classes than IN are passed on",
        ),
        hint: Text::new(
            "クラスによる破棄をせず、そのまま中継してください。",
            "Forward questions whatever their class.",
        ),
        judge: any_class,
    },
    Check {
        id: "dns.proxy.https-type",
        source: "RFC 5625 §4.3; RFC 9460 §9",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "ブラウザが尋ねるHTTPS・SVCBレコードの問い合わせに応答する",
            "Questions for HTTPS and SVCB records, as browsers ask, are answered",
        ),
        hint: Text::new(
            "タイプ64・65の問い合わせを破棄しないでください。ブラウザの表示が数秒遅れます。",
            "Do not drop types 64 and 65: browsers wait for them for seconds.",
        ),
        judge: https_type,
    },
    Check {
        id: "dns.proxy.long-names",
        source: "RFC 1035 §2.3.4; RFC 5625 §4.3",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "255オクテットまでの名前の問い合わせに応答する",
            "Questions for names of up to 255 octets are answered",
        ),
        hint: Text::new(
            "名前のバッファを255オクテット、ラベルを63オクテットまで扱えるようにしてください。",
            "Let names have 255 octets, and their labels 63.",
        ),
        judge: long_names,
    },
    Check {
        id: "dns.proxy.odd-names",
        source: "RFC 2181 §11",
        level: Level::Must,
        profiles: DNS_PROXY,
        aspects: &[Aspect::Dns],
        title: Text::new(
            "ルートや下線、任意のオクテットを含む名前の問い合わせに応答する",
            "Questions for the root, and for names with underscores or any octets, are answered",
        ),
        hint: Text::new(
            "ホスト名として正しいかどうかで問い合わせを選別しないでください。",
            "DNS names need not be host names; forward them all.",
        ),
        judge: odd_names,
    },
];

fn header_bits(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let odd = lan.iter().filter(|exchange| {
        let query = &exchange.query.is;
        query.opcode() == 0 && is_odd_for("dns.proxy.ad-cd-z", query)
    });
    every("question with AD, CD or Z set", odd, |exchange| {
        let cleared = twins(&upstream, exchange)
            .find(|twin| exchange.query.is.has(Flag::Cd) && !twin.query.is.has(Flag::Cd))
            // What went upstream may be for somebody who asked without it.
            .filter(|twin| {
                !lan.iter().any(|other| {
                    !other.query.is.has(Flag::Cd)
                        && other.query.record < twin.query.record
                        && is_twin(twin, other)
                })
            });
        // AD and Z mean nothing to who writes its questions anew; CD is the client's (RFC 4035
        // §3.2.2).
        match cleared {
            Some(twin) => broken(
                [exchange.query.record, twin.query.record],
                "the question upstream with its CD bit",
                "the CD bit was cleared",
            ),
            None => answered("dns.proxy.ad-cd-z", trace, &upstream, exchange),
        }
    })
}

fn recursion_desired(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let without = lan
        .iter()
        .filter(|exchange| !exchange.query.is.has(Flag::Rd) && exchange.query.is.opcode() == 0);
    every("forwarded question without RD", without, |exchange| {
        let others = lan
            .iter()
            .any(|other| same(other, exchange) && other.query.is.has(Flag::Rd));
        let Some(twin) = twins(&upstream, exchange).next().filter(|_| !others) else {
            return Ruling::Skip;
        };
        expect(
            [exchange.query.record, twin.query.record],
            !twin.query.is.has(Flag::Rd),
            "RD as the client had it, not set",
            "RD is set in the question upstream",
        )
    })
}

fn same(a: &Exchange<'_>, b: &Exchange<'_>) -> bool {
    matches!((a.question(), b.question()), (Some(a), Some(b)) if a.same(b))
}

/// Returns whether the device knocked at the right servers meanwhile, and one took no connection.
fn takes_none(trace: &Dissection<'_>, exchange: &Exchange<'_>, reply: &Found<Dns>) -> bool {
    let right = trace.setup().servers_for(exchange.name());
    trace.connections.iter().any(|connection| {
        connection.on == Role::Wan
            && connection.opener == End::Device
            && connection.server.1 == PORT
            && right.contains(&connection.server.0)
            && connection.accepted.is_none()
            && exchange.query.at <= connection.at
            && connection.at <= reply.at
    })
}

fn other_opcode(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let odd = lan
        .iter()
        .filter(|exchange| exchange.query.is.opcode() != 0);
    every("request with another opcode", odd, |exchange| {
        let Some(reply) = exchange.reply() else {
            return nothing_came("dns.proxy.unknown-opcode", trace, &upstream, exchange);
        };
        let mut twins = twins(&upstream, exchange).peekable();
        // Of a forwarder's own words, these alone say that it does not know the opcode (RFC 1035
        // §4.1.1).
        let says_so = [FORMERR, NOTIMP].contains(&reply.is.rcode);
        let is_own = twins.peek().is_none();
        let refuses = [SERVFAIL, NXDOMAIN, REFUSED].contains(&reply.is.rcode);
        // Who could ask nobody says no more than that (RFC 1035 §4.1.1).
        let is_cut =
            trace.is_disturbed(exchange.query.at, reply.at) || is_unnumbered(trace, reply.at);
        let is_cut = is_cut || !trace.has_router(reply.at) || takes_none(trace, exchange, reply);
        if is_own && reply.is.rcode == SERVFAIL && is_cut {
            return Ruling::Skip;
        }
        if is_own
            && refuses
            && let Some((_, how)) = refused_first(trace, &lan, &upstream)
        {
            return because(PRESENT, &how);
        }
        expect(
            exchange.records(),
            !is_own || says_so || !refuses,
            "the request upstream, or NOTIMP",
            format!("the device itself answers response code {}", reply.is.rcode),
        )
    })
}

fn compression(trace: &Dissection<'_>) -> Verdict {
    let what = "question with a record whose name could be compressed";
    all_let_through(trace, "dns.proxy.compression-any", what)
}

fn any_class(trace: &Dissection<'_>) -> Verdict {
    let what = "question of another class than IN";
    all_let_through(trace, "dns.proxy.qclass-any", what)
}

fn https_type(trace: &Dissection<'_>) -> Verdict {
    all_let_through(trace, "dns.proxy.https-type", "question for HTTPS or SVCB")
}

fn long_names(trace: &Dissection<'_>) -> Verdict {
    let what = "question for a name of more than 200 octets";
    all_let_through(trace, "dns.proxy.long-names", what)
}

fn odd_names(trace: &Dissection<'_>) -> Verdict {
    let what = "question for a name that no host has";
    all_let_through(trace, "dns.proxy.odd-names", what)
}

// RFC 1035 §4.1.1.
const FORMERR: u8 = 1;
const NOTIMP: u8 = 4;
const REFUSED: u8 = 5;

#[cfg(test)]
mod tests;
