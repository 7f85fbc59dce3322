//! Answers that are longer than a packet (RFC 6891 §6.2.3): who offers so much room has to put
//! fragments together.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::fragment::is_fragment;
use ngnlab_sim::setup::Aspect;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::delay::Delay;
use crate::checks::dns::own_refusals::is_good;
use crate::checks::dns::twins::{PATIENCE, tries, twins};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Dissection, Dns, Exchange, Found};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dns.proxy.fragmented-answer",
    source: "RFC 6891 §6.2.3; RFC 8200 §4.5",
    level: Level::Must,
    profiles: EVERY_FORWARDER,
    aspects: &[Aspect::Dns],
    title: Text::new(
        "フラグメントで届いた応答を端末に返す",
        "An answer that comes in fragments reaches the terminal",
    ),
    hint: Text::new(
        "上位への問い合わせのEDNSで示す大きさは、自分が再構成できるものにしてください。できなければ1232に下げるか、TCPで問い合わせ直してください。",
        "Offer no more room upstream with EDNS than you can put together: lower it to 1232, or ask again over TCP.",
    ),
    judge: reaches_terminal,
}];

fn reaches_terminal(trace: &Dissection<'_>) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    every("answer that came in fragments", &lan, |exchange| {
        let came: Option<&Found<Dns>> = twins(&upstream, exchange)
            .flat_map(|twin| twin.replies.iter().copied())
            .find(|reply| is_in_fragments(trace, reply) && is_good(&reply.is));
        let Some(came) = came else {
            return Ruling::Skip;
        };
        let (from, to) = (exchange.query.at, exchange.query.at + PATIENCE);
        let good = |exchange: &Exchange<'_>| {
            let mut replies = exchange.replies.iter().copied();
            replies
                .find(|reply| is_good(&reply.is))
                .map(|reply| reply.record)
        };
        let again = || tries(&lan, exchange).find_map(good);
        match good(exchange).or_else(again) {
            Some(record) => Ruling::Holds(vec![exchange.query.record, came.record, record]),
            None if trace.end() < to || trace.is_disturbed(from, to) => Ruling::Skip,
            None => broken(
                [exchange.query.record, came.record],
                format!(
                    "the answer of {} bytes for {}",
                    came.is.size,
                    exchange.name()
                ),
                match exchange.reply() {
                    Some(reply) => format!("response code {}", reply.is.rcode),
                    None => "nothing came".to_owned(),
                },
            )
            .unless_late(trace, Delay::Race { from, to }),
        }
    })
}

fn is_in_fragments(trace: &Dissection<'_>, reply: &Found<Dns>) -> bool {
    let at = trace
        .packets
        .binary_search_by_key(&reply.record, |found| found.record);
    let packet = at.ok().and_then(|at| trace.packets.get(at));
    packet.is_some_and(|packet| is_fragment(packet.is.ip))
}
