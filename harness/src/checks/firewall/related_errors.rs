//! Errors about what a terminal sent come in, and end nothing (RFC 6092 §3.2.3, §3.3.1; RFC 4890
//! §4.3.1).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::{DESTINATION_UNREACHABLE, PARAMETER_PROBLEM, TIME_EXCEEDED};

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::ip_protocols::UDP;
use crate::checks::evidence::through_device::SOON;
use crate::checks::firewall::crossing_flows::{answer_crosses, answers, errors_for_terminals};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::Dissection;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fw6.related-unreachable",
        source: "RFC 6092 §3.2.3 REC-18, §3.3.1 REC-36; RFC 4890 §4.3.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "端末の通信への到達不能通知を端末に届ける",
            "Destination Unreachable for a terminal's flow reaches it",
        ),
        hint: Text::new(
            "既存の通信に関するICMPv6タイプ1をフィルタで許可してください。",
            "Let ICMPv6 type 1 for existing flows through the filter.",
        ),
        judge: |trace| errors_related(trace, DESTINATION_UNREACHABLE, "Destination Unreachable"),
    },
    Check {
        id: "fw6.related-time-exceeded",
        source: "RFC 4890 §4.3.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "端末の通信へのTime Exceededを端末に届ける",
            "Time Exceeded for a terminal's flow reaches it",
        ),
        hint: Text::new(
            "既存の通信に関するICMPv6タイプ3をフィルタで許可してください。",
            "Let ICMPv6 type 3 for existing flows through the filter.",
        ),
        judge: |trace| errors_related(trace, TIME_EXCEEDED, "Time Exceeded"),
    },
    Check {
        id: "fw6.related-parameter-problem",
        source: "RFC 4890 §4.3.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "端末の通信へのParameter Problemを端末に届ける",
            "Parameter Problem for a terminal's flow reaches it",
        ),
        hint: Text::new(
            "既存の通信に関するICMPv6タイプ4（コード1と2）をフィルタで許可してください。",
            "Let ICMPv6 type 4, codes 1 and 2, for existing flows through the filter.",
        ),
        judge: |trace| errors_related(trace, PARAMETER_PROBLEM, "Parameter Problem"),
    },
    Check {
        id: "fw6.udp-icmp-not-fatal",
        source: "RFC 6092 §3.2.3 REC-19",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "ICMPv6エラーでUDPの通信を終わらせない",
            "An ICMPv6 error does not end a UDP flow",
        ),
        hint: Text::new(
            "ICMPv6を受けてもUDPのフィルタ状態を消さないでください。",
            "Keep the state of a UDP flow whatever ICMPv6 comes in.",
        ),
        judge: error_not_fatal,
    },
];

fn errors_related(trace: &Dissection<'_>, kind: u8, name: &str) -> Verdict {
    let related = errors_for_terminals(trace).filter(|(error, _, _)| error.is.kind == kind);
    every(
        &format!("{name} for a terminal's flow"),
        related,
        |(error, packet, flow)| {
            let over = error.arrives + SOON;
            let Some(sent) = trace.last_out(flow, error.record) else {
                return Ruling::Skip;
            };
            let fresh = error.at.since(sent.at) < FRESH;
            // A reset ends its connection, and with it what a filter knows of it; whether the end of
            // one side does is for `fw6.tcp-half-closed`.
            let over_by_reset = sent
                .is
                .tcp()
                .is_some_and(|segment| segment.rst() || segment.fin());
            if !fresh || over_by_reset || trace.end() < over || trace.is_disturbed(sent.at, over) {
                return Ruling::Skip;
            }
            match trace.crossed(packet) {
                Some(after) => Ruling::Holds(vec![sent.record, error.record, after.record]),
                // Whoever it is for does not say where he is.
                None if trace.was_looking_for_next_hop(packet, SOON) => Ruling::Skip,
                None => broken(
                    [sent.record, error.record],
                    format!("{name} passed on to the terminal"),
                    "nothing left on the LAN",
                )
                .unless_late(
                    trace,
                    Delay::Race {
                        from: error.at,
                        to: over,
                    },
                ),
            }
        },
    )
}

/// How soon after its cause an error comes while any filter still knows the flow (RFC 6092
/// REC-15 lets it forget some flows early).
const FRESH: Duration = Duration::from_secs(10);

fn error_not_fatal(trace: &Dissection<'_>) -> Verdict {
    let hit = answers(trace).filter(|(found, sent, flow)| {
        flow.protocol == UDP
            && found.hop_limit > 2
            && flow.has_high_ports()
            && errors_for_terminals(trace).any(|(error, _, about)| {
                about == flow.reversed() && sent.at <= error.at && error.arrives < found.at
            })
    });
    every(
        "UDP answer after an ICMPv6 error",
        hit,
        |(found, sent, _)| {
            answer_crosses(
                trace,
                found,
                sent,
                "the answer forwarded in spite of the error",
            )
        },
    )
}

#[cfg(test)]
mod tests;
