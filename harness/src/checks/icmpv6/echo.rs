//! Answers to echoes, and silence about messages that nobody knows (RFC 4443 §2.4, §4.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::evidence::lan_adverts::advertised;
use crate::checks::evidence::through_device::SOON;
use crate::checks::icmpv6::own_errors::{came, own_errors};
use crate::checks::ruling::{Ruling, broken, every, finding, never, within};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "icmp6.echo.reply",
        source: "RFC 4443 §4.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "LAN側からのpingに、問われたアドレスから同じデータで応答する",
            "Echo requests from the LAN are answered from the address that was asked, with their data",
        ),
        hint: Text::new(
            "LAN側からのICMPv6 Echo Requestを、大きいものもフラグメントも受け入れ、その宛先アドレスから同じデータを返してください。",
            "Admit ICMPv6 Echo Requests from the LAN, large ones and fragments, too, and send their data back from the address that they went to.",
        ),
        judge: echo_reply,
    },
    Check {
        id: "icmp6.unknown-info",
        source: "RFC 4443 §2.4 (b)",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "未知のICMPv6情報メッセージを黙って破棄する",
            "Unknown informational ICMPv6 is discarded in silence",
        ),
        hint: Text::new(
            "未知のタイプ（128以上）のICMPv6には何も返さないでください。",
            "Answer nothing to ICMPv6 types from 128 on that you do not know.",
        ),
        judge: unknown_info,
    },
];

/// Returns whether an address lies in a prefix that the LAN was told is over, or was told nothing of
/// for as long as that was to live.
fn is_gone(trace: &Dissection<'_>, address: Ipv6Addr, at: Time) -> bool {
    let told = advertised(trace).into_iter();
    let mut about = told.filter(|one| one.at <= at && one.net.contains(&address));
    about.next_back().is_some_and(|last| {
        let lasts = Duration::from_secs(u64::from(last.info.valid));
        last.at + lasts <= at
    })
}

fn echo_reply(trace: &Dissection<'_>) -> Verdict {
    let requests = trace.echoes.iter().filter(|echo| {
        !echo.is.reply
            && echo.to_device(Role::Lan)
            && echo.eth_destination == trace.setup().lan_mac
            && trace.is_device_address(echo.destination)
    });
    every(
        "echo request from the LAN to the device",
        requests,
        |request| {
            let mut replies = trace.echoes.iter().filter(|echo| {
                echo.is.reply
                    && echo.by_device(Role::Lan)
                    && echo.destination == request.source
                    && (echo.is.id, echo.is.sequence) == (request.is.id, request.is.sequence)
                    && echo.at >= request.at
            });
            // Several addresses may be asked with the same words.
            let from_it = replies
                .clone()
                .find(|echo| echo.source == request.destination);
            let reply = from_it.or_else(|| {
                replies.find(|echo| {
                    let mut others = trace.echoes.iter().filter(|echo| !echo.is.reply);
                    !others.any(|other| other.destination == echo.source)
                })
            });
            // An address that is still tried out is nobody's (RFC 4862 §5.4).
            let is_own = trace.packets.iter().any(|found| {
                found.by_device(Role::Lan)
                    && found.at <= request.at
                    && !found.source.is_unspecified()
            });
            let is_new = request.at < Time::ZERO + SETTLED && !is_own;
            if is_new
                || is_gone(trace, request.destination, request.at)
                || trace.is_disturbed(request.at, request.at + SOON)
            {
                return Ruling::Skip;
            }
            // RFC 4443 §4.2: from the address that was asked.
            match reply {
                Some(reply) if reply.source != request.destination => broken(
                    [request.record, reply.record],
                    format!("an echo reply from {}", request.destination),
                    format!("one from {}", reply.source),
                ),
                Some(reply) if reply.is.data != request.is.data => broken(
                    [request.record, reply.record],
                    format!("the same {} bytes of data", request.is.data.len()),
                    format!("{} bytes, which are not the same", reply.is.data.len()),
                ),
                _ => within(trace, request, reply, SOON, "an echo reply"),
            }
        },
    )
}

/// What a device may need until it has the addresses that it begins with (ours).
const SETTLED: Duration = Duration::from_secs(60);

fn unknown_info(trace: &Dissection<'_>) -> Verdict {
    // RFC 4443 §2.1: for private experimentation.
    let experimental = |packet: &Packet<'_>| {
        let message = packet.icmpv6();
        message.is_some_and(|message| matches!(message.kind, 200 | 201))
    };
    let asked = came(trace, |found| {
        experimental(&found.is) && trace.is_device_address(found.destination)
    });
    let errors = own_errors(trace);
    let bad = asked.iter().filter_map(|found| {
        let error = errors
            .iter()
            .find(|own| found.at <= own.error.at && own.is_about(&found.is));
        let record = error.map(|own| own.error.record).or_else(|| {
            let mut replies = trace.packets.iter();
            let reply = replies.find(|reply| {
                reply.by_device(found.on)
                    && reply.destination == found.source
                    && experimental(&reply.is)
            });
            reply.map(|reply| reply.record)
        })?;
        Some(finding(
            [found.record, record],
            "silence about an unknown informational message",
            "an answer",
        ))
    });
    never(
        "unknown informational ICMPv6 message",
        asked.iter().map(|found| found.record),
        bad,
    )
}

#[cfg(test)]
mod tests {
    use ngnlab_sim::trace::End;

    use super::*;
    use crate::checks::test_verdicts::{fails, passes};
    use crate::dissection::builder::TraceBuilder;

    #[test]
    fn an_echo_comes_back() {
        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {});
        let (pc, router) = (trace.pc(), trace.router());
        let there = trace.envelope(Role::Lan, End::Network, pc, router);
        let back = trace.envelope(Role::Lan, End::Device, router, pc);
        trace.frame(Role::Lan, End::Network, there.icmpv6(128, 0, &[0, 1, 0, 1]));
        assert!(fails("icmp6.echo.reply", &trace));
        trace.frame(Role::Lan, End::Device, back.icmpv6(129, 0, &[0, 1, 0, 1]));
        assert!(passes("icmp6.echo.reply", &trace));
    }

    #[test]
    fn an_echo_brings_the_same_data() {
        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {});
        let (pc, router) = (trace.pc(), trace.router());
        let there = trace.envelope(Role::Lan, End::Network, pc, router);
        let back = trace.envelope(Role::Lan, End::Device, router, pc);
        let (asked, given) = ([0, 1, 0, 1, 7, 8], [0, 1, 0, 1, 7]);
        trace.frame(Role::Lan, End::Network, there.icmpv6(128, 0, &asked));
        trace.frame(Role::Lan, End::Device, back.icmpv6(129, 0, &given));
        assert!(fails("icmp6.echo.reply", &trace));
    }

    #[test]
    fn an_echo_from_another_address_is_none() {
        let mut trace = TraceBuilder::new("next-ra");
        trace.lan_ra(|_| {});
        let (pc, router) = (trace.pc(), trace.router());
        let other = trace.trace.header.setup.lan_mac.link_local();
        let there = trace.envelope(Role::Lan, End::Network, pc, router);
        let back = trace.envelope(Role::Lan, End::Device, other, pc);
        trace.frame(Role::Lan, End::Network, there.icmpv6(128, 0, &[0, 1, 0, 1]));
        trace.frame(Role::Lan, End::Device, back.icmpv6(129, 0, &[0, 1, 0, 1]));
        assert!(fails("icmp6.echo.reply", &trace));
    }
}
