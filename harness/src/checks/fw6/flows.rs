//! What has to come in because a terminal began it, what comes in unasked, and for how long a
//! filter has to remember.

use std::time::Duration;

use ngnlab_reports::Verdict;
use ngnlab_sim::message::icmpv6::{DESTINATION_UNREACHABLE, PACKET_TOO_BIG};
use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::Role;

use super::super::forwarding::{IDLE, SOON};
use super::super::{Ruling, broken, every, finding, never, seconds};
use super::{TCP, UDP};
use crate::dissection::crossing::Flow;
use crate::dissection::{Dissection, Found, IcmpError};

/// Returns the flow of the packet that an error quotes.
pub(in crate::checks) fn quoted_flow(error: &IcmpError) -> Option<Flow> {
    let quoted = error.quoted?;
    let (from, to) = match quoted.next_header {
        TCP | UDP => quoted.ports?,
        _ => return None,
    };
    Some(Flow {
        protocol: quoted.next_header,
        source: (quoted.source, from),
        destination: (quoted.destination, to),
    })
}

/// Returns the errors that came in for terminals, with their packets and the flows they quote.
fn errors_for_terminals<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = (&'d Found<IcmpError>, &'d Found<Packet<'t>>, Flow)> {
    let errors = trace
        .errors
        .iter()
        .filter(|error| error.to_device(Role::Wan) && trace.is_terminal(error.destination));
    errors.filter_map(|error| {
        let at = trace
            .packets
            .binary_search_by_key(&error.record, |found| found.record);
        let packet = trace.packets.get(at.ok()?)?;
        Some((error, packet, quoted_flow(&error.is)?))
    })
}

pub(super) fn errors_unmatched(trace: &Dissection<'_>) -> Verdict {
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

pub(super) fn errors_related(trace: &Dissection<'_>, kind: u8, name: &str) -> Verdict {
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
            // A reset ends its connection, and with it what a filter knows of it.
            let over_by_reset = sent.is.tcp().is_some_and(|segment| segment.rst());
            if !fresh || over_by_reset || trace.end() < over || trace.is_disturbed(sent.at, over) {
                return Ruling::Skip;
            }
            match trace.crossed(packet) {
                Some(after) => Ruling::Holds(vec![sent.record, error.record, after.record]),
                None => broken(
                    [sent.record, error.record],
                    format!("{name} passed on to the terminal"),
                    "nothing left on the LAN",
                ),
            }
        },
    )
}

/// How soon after its cause an error comes while any filter still knows the flow (RFC 6092
/// REC-15 lets it forget some flows early).
const FRESH: Duration = Duration::from_secs(10);

pub(super) fn error_not_fatal(trace: &Dissection<'_>) -> Verdict {
    let hit = answers(trace).filter(|(found, sent, flow)| {
        flow.protocol == UDP
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

/// Returns the packets that answer what a terminal sent less than two minutes ago.
fn answers<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = (&'d Found<Packet<'t>>, &'d Found<Packet<'t>>, Flow)> {
    trace.packets.iter().filter_map(|found| {
        // What nodes of ours answer comes at once and proves nothing.
        if !found.injected || !trace.passes_in_for(found, IDLE, SOON) {
            return None;
        }
        let flow = Flow::of(&found.is)?;
        let sent = trace.last_out(flow.reversed(), found.record)?;
        Some((found, sent, flow))
    })
}

fn answer_crosses<'t>(
    trace: &Dissection<'t>,
    found: &Found<Packet<'t>>,
    sent: &Found<Packet<'t>>,
    expected: &str,
) -> Ruling {
    match trace.crossed(found) {
        Some(after) => Ruling::Holds(vec![sent.record, found.record, after.record]),
        None => broken(
            [sent.record, found.record],
            expected,
            "it did not leave on the LAN",
        ),
    }
}

/// A silence that shows whether a filter remembers for two minutes.
const LONG_SILENCE: Duration = Duration::from_secs(60);

pub(super) fn idle(trace: &Dissection<'_>, what: &str, is_one: impl Fn(&Flow) -> bool) -> Verdict {
    let late = answers(trace)
        .filter(|(found, sent, flow)| is_one(flow) && found.at.since(sent.at) >= LONG_SILENCE);
    every(what, late, |(found, sent, _)| {
        let silence = seconds(found.at.since(sent.at));
        let expected = format!("the answer forwarded after {silence} of silence");
        answer_crosses(trace, found, sent, &expected)
    })
}

/// The default life of UDP state (RFC 6092 REC-14), and a little more.
const ONE_LIFE: Duration = Duration::from_secs(310);

pub(super) fn refreshed(trace: &Dissection<'_>) -> Verdict {
    let kept = answers(trace).filter(|(found, sent, flow)| {
        // Go back as long as the terminal's datagrams are less than two minutes apart.
        let mut first = sent.at;
        for before in trace.packets.iter().rev() {
            let earlier = before.record <= sent.record && before.by_device(Role::Wan);
            if earlier && Flow::of(&before.is) == Some(flow.reversed()) {
                if first.since(before.at) >= IDLE {
                    break;
                }
                first = before.at;
            }
        }
        flow.protocol == UDP
            && flow.has_high_ports()
            && found.at.since(first) >= ONE_LIFE
            && !trace.is_disturbed(first, found.at)
    });
    every(
        "UDP answer in a flow that a terminal keeps alive",
        kept,
        |(found, sent, _)| {
            answer_crosses(
                trace,
                found,
                sent,
                "the answer forwarded, since the terminal had sent again",
            )
        },
    )
}

pub(super) fn simultaneous_open(trace: &Dissection<'_>) -> Verdict {
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
pub(super) fn comes_in<'t>(
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
            ),
        }
    })
}

pub(super) fn no_management(trace: &Dissection<'_>) -> Verdict {
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
            other.by_device(Role::Wan)
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
