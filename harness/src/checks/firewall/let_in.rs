//! What has to come in although no terminal began it quite like that: simultaneous opens, IPsec
//! (RFC 6092 §3.2.4, §3.3).

use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::{ECHO_REPLY, ECHO_REQUEST};
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::Role;

use crate::checks::check::{CE_ROUTER, Check};
use crate::checks::delay::Delay;
use crate::checks::evidence::ip_protocols::{AUTHENTICATION, ESP};
use crate::checks::evidence::through_device::{SOON, must_cross};
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
        id: "fw6.tcp-half-closed",
        source: "RFC 6092 §3.3.1 REC-31; RFC 9293 §3.6",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "片方だけが閉じたTCP接続で、もう片方のデータを通す",
            "Data of a TCP connection that only one side has closed gets through",
        ),
        hint: Text::new(
            "最初のFINでTCP接続の状態を消さず、両方のFINを待ってください。",
            "Keep the state of a TCP connection at the first FIN, and wait for the other one.",
        ),
        judge: half_closed,
    },
    Check {
        id: "fw6.echo-passes",
        source: "RFC 4890 §4.3.1",
        level: Level::Should,
        profiles: CE_ROUTER,
        aspects: &[],
        title: Text::new(
            "端末のpingとその応答を中継する",
            "Echo requests of terminals, and the replies to them, are forwarded",
        ),
        hint: Text::new(
            "ICMPv6 Echo RequestとEcho Replyを、LANから外への方向では破棄しないでください。",
            "Do not drop ICMPv6 Echo Requests on their way out, nor their replies.",
        ),
        judge: |trace| {
            must_cross(trace, "echo request or reply", |found| {
                let kind = found.is.icmpv6().map(|message| message.kind);
                // What is sent in a terminal's name may be for a line that has no router.
                let is_own = !found.injected && found.hop_limit > 1;
                is_own && matches!(kind, Some(ECHO_REQUEST | ECHO_REPLY))
                    || kind == Some(ECHO_REPLY) && is_prompt(trace, found)
            })
        },
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

/// So soon a reply comes while any filter still knows of the request (inferred: Linux forgets an
/// echo after thirty seconds).
const PROMPT: Duration = Duration::from_secs(10);

/// Returns whether an echo reply from the line answers what a terminal asked just before.
fn is_prompt(trace: &Dissection<'_>, found: &Found<Packet<'_>>) -> bool {
    let flow = Flow::of(&found.is).filter(|_| found.to_device(Role::Wan) && found.hop_limit > 1);
    let sent = flow.and_then(|flow| trace.last_out(flow.reversed(), found.record));
    sent.is_some_and(|sent| found.at.since(sent.at) < PROMPT)
}

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

fn half_closed(trace: &Dissection<'_>) -> Verdict {
    let ended = |flow: Flow, before: &Found<Packet<'_>>, by: Role| {
        let mut earlier = trace.packets.iter();
        earlier.any(|found| {
            let says = match by {
                Role::Lan => found.by_device(Role::Wan),
                _ => found.to_device(Role::Wan),
            };
            found.record < before.record
                && says
                && Flow::of(&found.is) == Some(flow)
                && found.is.tcp().is_some_and(|tcp| tcp.fin() || tcp.rst())
        })
    };
    let late = answers(trace).filter(|(found, _, flow)| {
        let has_data = found.is.tcp().is_some_and(|tcp| !tcp.payload().is_empty());
        let is_open = !ended(*flow, found, Role::Wan);
        has_data && is_open && ended(flow.reversed(), found, Role::Lan)
    });
    every(
        "data after the terminal has closed its side",
        late,
        |(found, sent, flow)| {
            let was_reset = trace.packets.iter().any(|other| {
                other.record < found.record
                    && Flow::of(&other.is) == Some(flow.reversed())
                    && other.is.tcp().is_some_and(|tcp| tcp.rst())
            });
            match was_reset {
                true => Ruling::Skip,
                false => answer_crosses(trace, found, sent, "the data forwarded"),
            }
        },
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
