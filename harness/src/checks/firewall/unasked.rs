//! What nobody inside asked for stays outside.

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::{DESTINATION_UNREACHABLE, PACKET_TOO_BIG};
use ngnlab_sim::message::packet::{Packet, Payload};
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check, EVERYONE};
use crate::checks::evidence::ip_protocols::{AUTHENTICATION, ESP};
use crate::checks::firewall::crossing_flows::errors_for_terminals;
use crate::checks::ruling::{finding, never};
use crate::dissection::crossing::Flow;
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fw6.no-unsolicited-inbound",
        source: "guide p.5; RFC 6092 §2.2, §3.2.2, §3.2.3, §3.3.2",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "外部から始まる通信を端末に通さない",
            "Connections from outside do not reach terminals",
        ),
        hint: Text::new(
            "IPv6のステートフルフィルタ（動的フィルタ）を有効にしてください。",
            "Turn the stateful IPv6 filter on.",
        ),
        judge: no_unsolicited_inbound,
    },
    Check {
        id: "fw6.icmp-error-unmatched",
        source: "RFC 6092 §3.2.1 REC-10",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "どの通信にも属さないICMPv6エラーを入れない",
            "ICMPv6 errors that belong to no flow are not forwarded",
        ),
        hint: Text::new(
            "到達不能とPacket Too Bigは、引用されたパケットの通信があるときだけ通してください。",
            "Pass unreachable and too-big errors only if they quote a flow that exists.",
        ),
        judge: errors_unmatched,
    },
    Check {
        id: "fw6.no-mgmt-on-wan",
        source: "RFC 6092 §3.5 REC-50",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "WAN側に管理用のポートを開けない",
            "No management service is open on the WAN",
        ),
        hint: Text::new(
            "管理画面やSSH、TelnetはLAN側からだけ使えるようにしてください。",
            "Offer the management page, SSH and Telnet on the LAN alone.",
        ),
        judge: no_management,
    },
];

fn no_unsolicited_inbound(trace: &Dissection<'_>) -> Verdict {
    let attempts: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.injected
                && found.to_device(Role::Wan)
                && !is_welcome(trace, found)
                && match &found.is.payload {
                    Payload::Udp(_) => true,
                    // Who knows no connection lets no segment of one in, whatever its flags.
                    Payload::Tcp(tcp) => !tcp.rst(),
                    Payload::Icmpv6(_) => false,
                    // What shows no ports is nobody's, either (RFC 6092 §2.2, §3.2.2).
                    Payload::Other { .. } => true,
                }
                && trace.is_terminal(found.destination)
        })
        .collect();
    let forwarded = trace.forwarded();
    let through = attempts.iter().filter_map(|attempt| {
        let (_, after) = forwarded
            .iter()
            .find(|(before, _)| before.record == attempt.record)?;
        Some(finding(
            [attempt.record, after.record],
            "a packet nobody asked for, dropped",
            "it went through to the terminal",
        ))
    });
    never(
        "connection from outside",
        attempts.iter().map(|attempt| attempt.record),
        through,
    )
}

/// Returns whether a packet from outside may come in: a terminal has talked to its sender, or it
/// is for IPsec (RFC 6092 §3.2.4).
fn is_welcome(trace: &Dissection<'_>, found: &Found<Packet<'_>>) -> bool {
    const IKE: u16 = 500;
    let asked = match Flow::of(&found.is) {
        Some(flow) => trace.last_out(flow.reversed(), found.record).is_some(),
        // Whose fragment it is, its first one shows.
        None => has_talked(trace, found),
    };
    let ike = found
        .is
        .udp()
        .is_some_and(|udp| udp.destination_port == IKE);
    let number = found.is.ip.get(6);
    asked || ike || matches!(number, Some(&AUTHENTICATION | &ESP))
}

/// Returns whether a terminal has sent anything to the sender of a packet before.
fn has_talked(trace: &Dissection<'_>, found: &Found<Packet<'_>>) -> bool {
    let mut before = trace.packets.iter();
    before.any(|other| {
        other.record < found.record
            && other.by_device(Role::Wan)
            && (other.source, other.destination) == (found.destination, found.source)
    })
}

fn errors_unmatched(trace: &Dissection<'_>) -> Verdict {
    let unmatched: Vec<_> = errors_for_terminals(trace)
        .filter(|(error, _, flow)| {
            matches!(error.is.kind, DESTINATION_UNREACHABLE | PACKET_TOO_BIG)
                && error.injected
                && trace.last_out(*flow, error.record).is_none()
        })
        .collect();
    let through = unmatched.iter().filter_map(|(error, packet, _)| {
        let after = trace.crossed(packet)?;
        Some(finding(
            [error.record, after.record],
            "an error about a packet that nobody sent, dropped",
            "it went through to the terminal",
        ))
    });
    never(
        "ICMPv6 error about nothing",
        unmatched.iter().map(|(error, _, _)| error.record),
        through,
    )
}

fn no_management(trace: &Dissection<'_>) -> Verdict {
    let tried: Vec<_> = trace
        .packets
        .iter()
        .filter(|found| {
            found.injected
                && found.to_device(Role::Wan)
                && !trace.is_terminal(found.destination)
                && found.is.tcp().is_some_and(|tcp| {
                    tcp.syn() && !tcp.ack() && MANAGEMENT.contains(&tcp.destination_port())
                })
        })
        .collect();
    let open = tried.iter().filter_map(|found| {
        let flow = Flow::of(&found.is)?.reversed();
        let mut packets = trace.packets.iter();
        let accepted = packets.find(|other| {
            (other.by_device(Role::Wan) || other.by_device(Role::Lan))
                && found.at <= other.at
                && Flow::of(&other.is) == Some(flow)
                && other.is.tcp().is_some_and(|tcp| tcp.syn() && tcp.ack())
        })?;
        Some(finding(
            [found.record, accepted.record],
            format!("no service on port {} of the WAN", flow.source.1),
            "the connection was accepted",
        ))
    });
    never(
        "connection to a management port from outside",
        tried.iter().map(|found| found.record),
        open,
    )
}

/// SSH, Telnet, HTTP, HTTPS, TR-069, and HTTP at its second home.
const MANAGEMENT: [u16; 6] = [22, 23, 80, 443, 7547, 8080];

#[cfg(test)]
mod tests;
