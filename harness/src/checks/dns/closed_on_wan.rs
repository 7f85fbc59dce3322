//! The forwarder serves the LAN alone.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERY_FORWARDER};
use crate::checks::ruling::{finding, never};
use crate::dissection::{Dissection, Dns};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "dns.sec.not-open-on-wan",
        source: "RFC 6092 §3.1 REC-8",
        level: Level::Must,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "WAN側からのDNSの問い合わせを処理しない",
            "DNS questions from the WAN are not processed",
        ),
        hint: Text::new(
            "DNSプロキシをLAN側だけで待ち受けさせてください。",
            "Let the DNS proxy listen on the LAN alone.",
        ),
        judge: not_open_on_wan,
    },
    Check {
        id: "dns.sec.silent-on-wan",
        source: "RFC 5625 §6.2",
        level: Level::Should,
        profiles: EVERY_FORWARDER,
        aspects: &[],
        title: Text::new(
            "WAN側からのDNSの問い合わせに何も返さない",
            "DNS questions from the WAN are not even refused",
        ),
        hint: Text::new(
            "WAN側にDNSのポートを開けず、拒否（REFUSED）も返さないでください。",
            "Do not open the DNS port on the WAN, not even to say REFUSED.",
        ),
        judge: silent_on_wan,
    },
];

/// The response code of who will not serve the asker (RFC 1035 §4.1.1).
const REFUSED: u8 = 5;

fn not_open_on_wan(trace: &Dissection<'_>) -> Verdict {
    // Who refuses has processed nothing.
    none_answered(trace, |reply| reply.rcode != REFUSED)
}

fn silent_on_wan(trace: &Dissection<'_>) -> Verdict {
    none_answered(trace, |_| true)
}

fn none_answered(trace: &Dissection<'_>, counts: impl Fn(&Dns) -> bool) -> Verdict {
    let mut from_wan = trace.dns_exchanges(Role::Wan);
    from_wan.retain(|exchange| exchange.query.to_device(Role::Wan));
    let answered = from_wan.iter().filter_map(|exchange| {
        let mut replies = exchange.replies.iter();
        let reply = replies.find(|reply| counts(&reply.is))?;
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
