//! Large packets: full size, fragments, and what says that they are too big (RFC 8200 §4.5; RFC
//! 4890 §4.3.1).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, Text, Verdict};
use ngnlab_sim::message::icmpv6::PACKET_TOO_BIG;
use ngnlab_sim::message::ndp::NdpOption;
use ngnlab_sim::message::packet::{Packet, Payload, is_routable};
use ngnlab_sim::trace::Role;

use crate::checks::check::{Check, EVERYONE};
use crate::checks::delay::Delay;
use crate::checks::evidence::through_device::{IDLE, SOON, must_cross, quoted_flow};
use crate::checks::forwarding::fragment;
use crate::checks::ruling::{Ruling, broken, every, expect};
use crate::dissection::crossing::{Flow, is_fragment};
use crate::dissection::{Dissection, Found};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "fwd.ptb.relay",
        source: "RFC 6092 §3.3.1 REC-36; RFC 4890 §4.3.1",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "Packet Too Bigを端末に届ける",
            "Packet Too Big messages reach terminals",
        ),
        hint: Text::new(
            "フィルタでICMPv6 Packet Too Big（タイプ2）を許可してください。",
            "Let ICMPv6 type 2, Packet Too Big, through the filter.",
        ),
        judge: too_big_relayed,
    },
    Check {
        id: "fwd.mtu.full-size",
        source: "RFC 2464 §2; ngn-facts §1.1, §1.2",
        level: Level::Must,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "1500バイトのパケットを両方向に中継する",
            "Packets of 1500 bytes are forwarded both ways",
        ),
        hint: Text::new(
            "WANとLANのMTUを1500にしてください。回線のRAもMTU 1500を示します。",
            "Set the MTU to 1500 on both sides, as the line advertises.",
        ),
        judge: full_size,
    },
    Check {
        id: "pmtu.outbound-frag",
        source: "RFC 8200 §4.5",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "端末が送るフラグメントを中継する",
            "Fragments from terminals are forwarded",
        ),
        hint: Text::new(
            "2番目以降のフラグメントにはポート番号がありません。破棄しないでください。",
            "Fragments after the first show no ports; do not drop them for that.",
        ),
        judge: fragments_out,
    },
    Check {
        id: "pmtu.inbound-frag",
        source: "RFC 6092 §2.2; RFC 8200 §4.5",
        level: Level::Should,
        profiles: EVERYONE,
        aspects: &[],
        title: Text::new(
            "端末宛ての応答がフラグメントでも届く",
            "Fragmented answers reach terminals complete",
        ),
        hint: Text::new(
            "フィルタが既存の通信のフラグメントを破棄しないようにしてください。",
            "Have the filter pass the fragments of flows that it knows.",
        ),
        judge: fragments_in,
    },
];

fn too_big_relayed(trace: &Dissection<'_>) -> Verdict {
    let errors = trace.errors.iter().filter(|error| {
        error.to_device(Role::Wan)
            && error.is.kind == PACKET_TOO_BIG
            && error
                .is
                .quoted
                .is_some_and(|quoted| trace.is_terminal(quoted.source))
    });
    every("Packet Too Big for a terminal", errors, |error| {
        // Only for a flow that exists, as a filter may look for one (RFC 6092 REC-36).
        let flow = quoted_flow(&error.is);
        let sent = flow.and_then(|flow| Some((flow, trace.last_out(flow, error.record)?)));
        let over = error.arrives + SOON;
        let is_known = sent.is_some_and(|(flow, sent)| {
            let idle = error.at.since(sent.at);
            let lives = idle < IDLE || is_open(trace, flow) && idle < IDLE_WHEN_OPEN;
            lives && !trace.is_disturbed(sent.at, over)
        });
        if !is_known || trace.end() < over {
            return Ruling::Skip;
        }
        let relayed = trace.errors.iter().find(|other| {
            other.by_device(Role::Lan) && other.at >= error.at && other.is == error.is
        });
        match relayed {
            Some(other) => Ruling::Holds(vec![error.record, other.record]),
            None => broken(
                [error.record],
                "the message passed on to the terminal",
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
    })
}

/// Beyond this a filter may forget a connection that stands (RFC 6092 §3.3.1 REC-35: 2 h 4 min).
const IDLE_WHEN_OPEN: Duration = Duration::from_secs(7440);

/// Returns whether a flow is a connection that nobody has closed, which a filter remembers for longer.
fn is_open(trace: &Dissection<'_>, flow: Flow) -> bool {
    trace.connections.iter().any(|connection| {
        (connection.client, connection.server) == (flow.source, flow.destination)
            && connection.established.is_some()
            && connection.reset.is_none()
            && connection.client_closed.is_none()
            && connection.server_closed.is_none()
    })
}

fn full_size(trace: &Dissection<'_>) -> Verdict {
    let mut adverts = trace.router_adverts();
    let narrow = adverts.any(|advert| {
        let mut options = advert.is.options.iter();
        advert.by_device(Role::Lan)
            && options.any(|option| matches!(option, NdpOption::Mtu(mtu) if *mtu < 1500))
    });
    let flows = RefCell::default();
    must_cross(trace, "packet of 1500 bytes", |found| {
        found.is.ip.len() == 1500
            && found.hop_limit > 1
            && !narrow
            && (trace.crossed(found).is_some()
                || !is_lost_anyway(trace, found, &mut flows.borrow_mut()))
    })
}

/// The packets of a flow that carry something, as they are asked for.
type Flows<'a, 't> = BTreeMap<Flow, Vec<&'a Found<Packet<'t>>>>;

/// Returns whether it is not its size that keeps a packet from getting across as it is: of its flow
/// smaller ones with a payload do not, either, or it leaves as another one of that size.
fn is_lost_anyway<'a, 't>(
    trace: &'a Dissection<'t>,
    found: &Found<Packet<'t>>,
    flows: &mut Flows<'a, 't>,
) -> bool {
    let Some(flow) = Flow::of(&found.is) else {
        return false;
    };
    // Addresses are compared first: most packets are of other flows.
    let like_it = flows.entry(flow).or_insert_with(|| {
        let alike = trace.packets.iter().filter(|other| {
            (other.source, other.destination) == (found.source, found.destination)
                && Flow::of(&other.is) == Some(flow)
                && carries(&other.is)
        });
        alike.collect()
    });
    let leaves_changed = like_it.iter().any(|other| {
        other.on != found.on
            && other.by_device(other.on)
            && other.record > found.record
            && other.is.ip.len() == found.is.ip.len()
    });
    let mut smaller = like_it
        .iter()
        .filter(|other| {
            other.on == found.on
                && other.from == found.from
                && !other.lost
                && other.is.ip.len() < found.is.ip.len()
        })
        .peekable();
    let none_crosses =
        smaller.peek().is_some() && smaller.all(|other| trace.crossed(other).is_none());
    leaves_changed || none_crosses
}

fn carries(packet: &Packet<'_>) -> bool {
    match &packet.payload {
        Payload::Tcp(tcp) => !tcp.payload().is_empty(),
        Payload::Udp(_) | Payload::Icmpv6(_) | Payload::Other { .. } => true,
    }
}

fn fragments_out(trace: &Dissection<'_>) -> Verdict {
    let mut packets: BTreeMap<Whole<'_>, Vec<&Found<Packet<'_>>>> = BTreeMap::new();
    for found in &trace.packets {
        if is_fragment(&found.is)
            && is_routable(found.destination)
            && !trace.is_device_address(found.destination)
            && trace.passes_out_for(found, SOON)
            && let Some(id) = fragment::id(&found.is)
        {
            let key = (found.source, found.destination, id);
            packets.entry(key).or_default().push(found);
        }
    }
    every(
        "fragmented packet from a terminal",
        packets,
        |((source, destination, _), parts)| {
            let as_they_were: Vec<_> = parts
                .iter()
                .filter_map(|part| trace.crossed(part))
                .collect();
            let (first, last) = (parts[0], parts[parts.len() - 1]);
            let records = parts.iter().map(|part| part.record);
            if as_they_were.len() == parts.len() {
                let after = as_they_were.iter().map(|after| after.record);
                return Ruling::Holds(records.chain(after).collect());
            }
            // A filter that has to see ports may put a packet together and cut it anew, under
            // another identification (RFC 6092 §2.2); for that it needs all of it.
            let Some(whole) = fragment::put_together(&parts) else {
                return Ruling::Skip;
            };
            let mut left: BTreeMap<Option<&[u8]>, Vec<&Found<Packet<'_>>>> = BTreeMap::new();
            for found in &trace.packets {
                if found.by_device(Role::Wan)
                    && (found.source, found.destination) == (source, destination)
                    && first.record < found.record
                    && found.at <= last.arrives + SOON
                {
                    let id = fragment::id(&found.is);
                    left.entry(id).or_default().push(found);
                }
            }
            let same = left.iter().find_map(|(id, parts)| match id {
                Some(_) => (fragment::put_together(parts)? == whole).then(|| parts.clone()),
                None => {
                    let mut packets = parts.iter();
                    let found = packets.find(|found| fragment::content(&found.is) == whole)?;
                    Some(vec![*found])
                }
            });
            match same {
                Some(after) => {
                    let after = after.iter().map(|after| after.record);
                    Ruling::Holds(records.chain(after).collect())
                }
                None if trace.was_looking_for_next_hop(first, SOON) => Ruling::Skip,
                None => broken(
                    records,
                    "the fragments forwarded, or what is in them",
                    "it did not leave on the WAN",
                )
                .unless_late(
                    trace,
                    Delay::Race {
                        from: first.at,
                        to: last.arrives + SOON,
                    },
                ),
            }
        },
    )
}

/// The ends of a fragmented packet, and its identification.
type Whole<'a> = (Ipv6Addr, Ipv6Addr, &'a [u8]);

fn fragments_in(trace: &Dissection<'_>) -> Verdict {
    let mut packets: BTreeMap<Whole<'_>, Vec<&Found<Packet<'_>>>> = BTreeMap::new();
    for found in &trace.packets {
        if let Some(id) = fragment::id(&found.is)
            && is_fragment(&found.is)
            && found.to_device(Role::Wan)
            && trace.is_terminal(found.destination)
        {
            let key = (found.source, found.destination, id);
            packets.entry(key).or_default().push(found);
        }
    }
    every(
        "fragmented packet for a terminal",
        packets,
        |((source, destination, _), parts)| {
            let (first, last) = (parts[0], parts[parts.len() - 1]);
            let over = last.arrives + SOON;
            // Only an answer has to come in: the terminal must have sent something there.
            let asked = trace.packets.iter().any(|found| {
                found.by_device(Role::Wan)
                    && (found.source, found.destination) == (destination, source)
                    && found.at < first.at
                    && first.at.since(found.at) < IDLE
                    && Flow::of(&found.is).is_some_and(|flow| flow.has_high_ports())
            });
            if !asked || trace.end() < over || trace.is_disturbed(first.at, over) {
                return Ruling::Skip;
            }
            // A device may put the packet together and cut it anew.
            let arrived: Vec<_> = trace
                .packets
                .iter()
                .filter(|found| {
                    found.by_device(Role::Lan)
                        && (found.source, found.destination) == (source, destination)
                        && first.at <= found.at
                        && found.at <= over
                })
                .collect();
            let bytes = |parts: &[&Found<Packet<'_>>]| -> usize {
                parts.iter().map(|part| part.is.ip.len()).sum()
            };
            let records = parts.iter().chain(&arrived).map(|found| found.record);
            // Headers may be fewer than before: at most those of all fragments.
            let headers = 48 * parts.len();
            expect(
                records,
                bytes(&arrived) + headers >= bytes(&parts),
                format!("all {} fragments at the terminal", parts.len()),
                format!("{} packets came through", arrived.len()),
            )
            .unless_late(
                trace,
                Delay::Race {
                    from: first.at,
                    to: over,
                },
            )
        },
    )
}

#[cfg(test)]
mod tests;
