//! Fragments of packets, and what they hold together (RFC 8200 §4.5).

use ngnlab_sim::message::packet::Packet;

use crate::dissection::Found;
use crate::dissection::crossing::is_fragment;

/// Returns the identification of the packet that a fragment is of.
pub(super) fn id<'t>(packet: &Packet<'t>) -> Option<&'t [u8]> {
    let id = packet.ip.get(HEADER + 4..HEADER + 8);
    id.filter(|_| is_fragment(packet))
}

/// Returns the protocol and the content of a packet that is no fragment.
pub(super) fn content(packet: &Packet<'_>) -> (u8, Vec<u8>) {
    let protocol = packet.ip.get(NEXT_HEADER).copied().unwrap_or_default();
    (
        protocol,
        packet.ip.get(HEADER..).unwrap_or_default().to_vec(),
    )
}

/// Returns the protocol and the content of the packet that fragments are of, if none is missing.
pub(super) fn put_together(parts: &[&Found<Packet<'_>>]) -> Option<(u8, Vec<u8>)> {
    let mut pieces = Vec::new();
    for part in parts {
        let &[protocol, _, high, low, _, _, _, _] = part.is.ip.get(HEADER..HEADER + 8)? else {
            return None;
        };
        let offset = u16::from_be_bytes([high, low]);
        let content = part.is.ip.get(HEADER + 8..)?;
        pieces.push((usize::from(offset & !7), offset & 1 == 1, protocol, content));
    }
    pieces.sort();
    pieces.dedup();
    let mut whole = Vec::new();
    for (offset, _, _, content) in &pieces {
        if *offset != whole.len() {
            return None;
        }
        whole.extend_from_slice(content);
    }
    let (_, more, _, _) = pieces.last()?;
    let (_, _, protocol, _) = pieces.first()?;
    (!more).then_some((*protocol, whole))
}

/// The length of an IPv6 header, and where it names what follows (RFC 8200 §3).
const HEADER: usize = 40;
const NEXT_HEADER: usize = 6;
