//! The ICMPv6 message in a packet, if there is one.

use ngnlab_sim::message::packet::{Icmpv6, Packet, Payload};

/// Returns the type of the ICMPv6 message in a packet.
pub(in crate::checks) fn kind_of(packet: &Packet<'_>) -> Option<u8> {
    match packet.payload {
        Payload::Icmpv6(message) => Some(message.kind),
        Payload::Udp(_) | Payload::Tcp(_) | Payload::Other { .. } => None,
    }
}

/// Returns the ICMPv6 message in a packet, if it is of this type.
pub(in crate::checks) fn message_of<'t>(packet: &Packet<'t>, kind: u8) -> Option<Icmpv6<'t>> {
    match packet.payload {
        Payload::Icmpv6(message) if message.kind == kind => Some(message),
        Payload::Icmpv6(_) | Payload::Udp(_) | Payload::Tcp(_) | Payload::Other { .. } => None,
    }
}
