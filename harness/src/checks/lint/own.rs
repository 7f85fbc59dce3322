//! The messages that the device makes itself, and not those that it passes on.

use ngnlab_sim::message::packet::{Icmpv6, Packet, Payload, Udp};
use ngnlab_sim::trace::Role;

use crate::dissection::{Dissection, Found};

/// Returns the packets whose source nobody else has: what is passed on comes from somebody.
pub(super) fn packets<'d, 't>(
    trace: &'d Dissection<'t>,
) -> impl Iterator<Item = &'d Found<Packet<'t>>> {
    trace.packets.iter().filter(|found| {
        let sent = found.by_device(Role::Wan) || found.by_device(Role::Lan);
        sent && !trace.is_terminal(found.source) && !trace.is_upstream(found.source)
    })
}

/// Returns its messages of neighbour discovery of these types, however they are spoilt; they never
/// cross a router.
pub(super) fn neighbours<'d, 't>(
    trace: &'d Dissection<'t>,
    kinds: &'static [u8],
) -> impl Iterator<Item = (&'d Found<Packet<'t>>, Icmpv6<'t>)> {
    let sent = trace
        .packets
        .iter()
        .filter(|found| found.by_device(Role::Wan) || found.by_device(Role::Lan));
    sent.filter_map(move |found| match found.is.payload {
        Payload::Icmpv6(message) if kinds.contains(&message.kind) => Some((found, message)),
        _ => None,
    })
}

/// Returns the UDP datagrams that it sends to a port.
pub(super) fn to_port<'d, 't>(
    trace: &'d Dissection<'t>,
    on: Role,
    port: u16,
) -> impl Iterator<Item = (&'d Found<Packet<'t>>, Udp<'t>)> {
    let sent = trace
        .packets
        .iter()
        .filter(move |found| found.by_device(on));
    sent.filter_map(move |found| match found.is.payload {
        Payload::Udp(udp) if udp.destination_port == port => Some((found, udp)),
        _ => None,
    })
}
