//! The forwarder serves the LAN alone.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::ruling::{finding, never};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "dns.sec.not-open-on-wan",
    source: "RFC 5625 §6.2; RFC 6092 §3.1 REC-8",
    level: Level::Must,
    profiles: EVERY_FORWARDER,
    aspects: &[],
    title: Text::new(
        "WAN側からのDNSの問い合わせに応答しない",
        "DNS questions from the WAN are not answered",
    ),
    hint: Text::new(
        "DNSプロキシをLAN側だけで待ち受けさせてください。",
        "Let the DNS proxy listen on the LAN alone.",
    ),
    judge: not_open_on_wan,
}];

fn not_open_on_wan(trace: &Dissection<'_>) -> Verdict {
    let mut from_wan = trace.dns_exchanges(Role::Wan);
    from_wan.retain(|exchange| exchange.query.to_device(Role::Wan));
    let answered = from_wan.iter().filter_map(|exchange| {
        let reply = exchange.reply()?;
        Some(finding(
            [exchange.query.record, reply.record],
            "no answer to a DNS question from the WAN",
            format!("an answer with response code {}", reply.is.rcode),
        ))
    });
    never(
        "DNS question from the WAN",
        from_wan.iter().map(|exchange| exchange.query.record),
        answered,
    )
}

#[cfg(test)]
mod tests;
