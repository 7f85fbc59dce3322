//! What stands before a packet on a cable: Ethernet II, and VLAN tags (IEEE 802.1Q).

use ngnlab_reports::decoded::Layer;

use super::next::{Next, Part};

use super::shown;
use super::walk::{Walk, layer, plain};

/// Reads the header of a frame.
pub(super) fn ethernet(bytes: &[u8]) -> Part {
    let (layer, kind) = layer("Ethernet", bytes, 0..bytes.len(), |walk| {
        let destination = walk.mac("Destination")?;
        let source = walk.mac("Source")?;
        walk.summary = format!("{source} -> {destination}");
        ethertype(walk)
    });
    let says = format!("frame of {} bytes", bytes.len());
    Part::before(layer, says, kind.map_or(Next::Nothing, Next::Ethertype))
}

/// Reads what an Ethernet type announces, if it still belongs to the link.
pub(super) fn tag(kind: u16, bytes: &[u8], at: usize, end: usize) -> Option<Part> {
    match kind {
        VLAN | SERVICE_VLAN => Some(vlan(bytes, at, end)),
        _ => None,
    }
}

fn vlan(bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, kind) = layer("VLAN", bytes, at..end, |walk| {
        let start = walk.at();
        let tag = walk.skip(2)?;
        let tag = u16::from_be_bytes([tag[0], tag[1]]);
        walk.note("Priority", start..start + 1, plain(tag >> 13));
        walk.note(
            "Drop eligible",
            start..start + 1,
            shown::flag(tag & 0x1000 != 0),
        );
        walk.note("VLAN", start..start + 2, plain(tag & 0x0fff));
        walk.summary = format!("VLAN {}", tag & 0x0fff);
        ethertype(walk)
    });
    let says = layer.summary.clone();
    Part::before(layer, says, kind.map_or(Next::Nothing, Next::Ethertype))
}

fn ethertype(walk: &mut Walk<'_>) -> super::walk::Read<u16> {
    walk.u16("Type", |kind| {
        let name = match kind {
            IPV6 => "IPv6",
            IPV4 => "IPv4",
            ARP => "ARP",
            VLAN | SERVICE_VLAN => "VLAN",
            PPPOE_DISCOVERY => "PPPoE discovery",
            PPPOE_SESSION => "PPPoE session",
            ..=0x05dc => return format!("{kind} bytes"),
            _ => return format!("{kind:#06x}"),
        };
        format!("{name} ({kind:#06x})")
    })
}

/// Reads what nothing is known about.
pub(super) fn data(name: &str, bytes: &[u8], at: usize, end: usize) -> Layer {
    let (layer, _) = layer(name, bytes, at..end, |walk| {
        walk.summary = shown::bytes(walk.left());
        walk.note_rest("Data");
        Ok(())
    });
    layer
}

/// The Ethernet type of IPv6 (RFC 2464 §3).
pub(super) const IPV6: u16 = 0x86dd;
/// The Ethernet type of IPv4 (RFC 894).
pub(super) const IPV4: u16 = 0x0800;
/// The Ethernet type of ARP (RFC 826).
pub(super) const ARP: u16 = 0x0806;
const VLAN: u16 = 0x8100;
const SERVICE_VLAN: u16 = 0x88a8;
const PPPOE_DISCOVERY: u16 = ngnlab_sim::message::pppoe::DISCOVERY.0;
const PPPOE_SESSION: u16 = ngnlab_sim::message::pppoe::SESSION.0;
