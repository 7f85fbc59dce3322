//! The errors that the device sent, each with the packet that it is about.

use ngnlab_sim::message::packet::Packet;
use ngnlab_sim::trace::Role;

use crate::dissection::{Dissection, Found, IcmpError};

/// The headers of IPv6 and ICMPv6 before a quotation.
pub(in crate::checks) const BEFORE_QUOTE: usize = 48;

/// An error of the device itself, and the packet it is in.
pub(in crate::checks) struct Own<'d, 't> {
    pub(in crate::checks) error: &'d Found<IcmpError>,
    pub(in crate::checks) packet: &'d Found<Packet<'t>>,
}

impl Own<'_, '_> {
    pub(in crate::checks) fn quote(&self) -> &[u8] {
        self.packet.is.ip.get(BEFORE_QUOTE..).unwrap_or_default()
    }

    /// Returns whether the quotation begins like this packet, apart from what a router may change
    /// before the addresses.
    pub(in crate::checks) fn is_about(&self, packet: &Packet<'_>) -> bool {
        let (quote, ip) = (self.quote(), packet.ip);
        let length = quote.len().min(ip.len());
        length >= 40 && quote[8..length] == ip[8..length]
    }
}

/// Returns the errors that the device made, not those that it passed on.
pub(in crate::checks) fn own_errors<'d, 't>(trace: &'d Dissection<'t>) -> Vec<Own<'d, 't>> {
    let own = trace.errors.iter().filter(|error| {
        let passed_on = |other: &Found<IcmpError>| {
            other.record < error.record
                && other.on != error.on
                && other.to_device(other.on)
                && (other.source, other.destination) == (error.source, error.destination)
                && other.is == error.is
        };
        (error.by_device(Role::Lan) || error.by_device(Role::Wan))
            && !trace.errors.iter().any(passed_on)
    });
    own.filter_map(|error| {
        let at = trace
            .packets
            .binary_search_by_key(&error.record, |found| found.record);
        let packet = trace.packets.get(at.ok()?)?;
        Some(Own { error, packet })
    })
    .collect()
}

/// Returns the packets that came in to the device and are of a kind.
pub(in crate::checks) fn came<'d, 't>(
    trace: &'d Dissection<'t>,
    select: impl Fn(&Found<Packet<'t>>) -> bool,
) -> Vec<&'d Found<Packet<'t>>> {
    let came = trace.packets.iter();
    came.filter(|found| (found.to_device(Role::Lan) || found.to_device(Role::Wan)) && select(found))
        .collect()
}
