//! What has to come in although no terminal began it quite like that: simultaneous opens, IPsec
//! (RFC 6092 §3.2.4, §3.3).

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::ip_protocols::{AUTHENTICATION, ESP};
use crate::checks::evidence::through_device::SOON;
use crate::checks::firewall::crossing_flows::{answer_crosses, answers};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::crossing::Flow;
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fw6.tcp-simopen",
        source: "RFC 6092 §3.3.1 REC-31",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "同時オープンのTCP接続を通す",
            "A TCP connection that both ends open at once gets through",
        ),
        hint: Text::new(
            "端末がSYNを送った相手からのSYNは通してください。",
            "Let a SYN in from where the terminal has sent one.",
        ),
        judge: simultaneous_open,
    },
    Check {
        id: "fw6.ipsec-ah",
        source: "RFC 6092 §3.2.4 REC-21",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "外からのAHを端末に通す",
            "AH from outside reaches terminals",
        ),
        hint: Text::new(
            "既定の設定では認証ヘッダ（AH）の付いたパケットを通してください。",
            "Let packets with an Authentication Header in by default.",
        ),
        judge: |trace| {
            comes_in(trace, "packet with an Authentication Header", |found| {
                found.is.ip.get(6) == Some(&AUTHENTICATION)
            })
        },
    },
    Check {
        id: "fw6.ipsec-esp",
        source: "RFC 6092 §3.2.4 REC-22",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "外からのESPを端末に通す",
            "ESP from outside reaches terminals",
        ),
        hint: Text::new(
            "既定の設定ではESPのパケットを通してください。",
            "Let ESP packets in by default.",
        ),
        judge: |trace| {
            comes_in(trace, "ESP packet", |found| {
                found.is.ip.get(6) == Some(&ESP)
            })
        },
    },
    Check {
        id: "fw6.ike",
        source: "RFC 6092 §3.2.4 REC-24",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "外からのIKE（UDP 500）を端末に通す",
            "IKE, UDP port 500, from outside reaches terminals",
        ),
        hint: Text::new(
            "既定の設定では宛先ポート500のUDPを通してください。",
            "Let UDP for port 500 in by default.",
        ),
        judge: |trace| {
            comes_in(trace, "IKE datagram", |found| {
                found
                    .is
                    .udp()
                    .is_some_and(|udp| udp.destination_port == IKE)
            })
        },
    },
];

const IKE: u16 = 500;

fn simultaneous_open(trace: &Dissection<'_>) -> Verdict {
    let syn = |found: &Found<Packet<'_>>| {
        let tcp = found.is.tcp();
        tcp.is_some_and(|tcp| tcp.syn() && !tcp.ack())
    };
    let crossing = answers(trace).filter(|(found, sent, flow)| {
        let answered = trace.packets.iter().any(|other| {
            other.to_device(Role::Wan)
                && sent.at <= other.at
                && other.at < found.at
                && Flow::of(&other.is) == Some(*flow)
        });
        syn(found) && syn(sent) && !answered
    });
    every(
        "SYN that crosses a terminal's own",
        crossing,
        |(found, sent, _)| answer_crosses(trace, found, sent, "the SYN forwarded"),
    )
}

/// Judges that packets of a kind come in although nobody asked for them.
fn comes_in<'t>(
    trace: &Dissection<'t>,
    what: &str,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
) -> Verdict {
    let offered = trace.packets.iter().filter(|found| {
        found.to_device(Role::Wan) && trace.is_terminal(found.destination) && select(found)
    });
    every(what, offered, |found| {
        let over = found.arrives + SOON;
        let lives = trace
            .packets
            .iter()
            .any(|other| other.by_device(Role::Wan) && other.source == found.destination);
        if !lives || trace.end() < over || trace.is_disturbed(found.at, over) {
            return Ruling::Skip;
        }
        match trace.crossed(found) {
            Some(after) => Ruling::Holds(vec![found.record, after.record]),
            None => broken(
                [found.record],
                format!("the {what} at the terminal"),
                "it did not leave on the LAN",
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: found.at,
                    to: over,
                },
            ),
        }
    })
}

#[cfg(test)]
mod tests;
