//! What stands before an IP packet: Ethernet II, VLAN tags (IEEE 802.1Q), and PPPoE (RFC 2516).

use ngnlab_reports::decoded::Layer;

use super::next::{Next, Part};
use super::ppp;
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
        PPPOE_DISCOVERY | PPPOE_SESSION => Some(pppoe(bytes, at, end)),
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

fn pppoe(bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, found) = layer("PPPoE", bytes, at..end, |walk| {
        let start = walk.at();
        let versions = walk.skip(1)?[0];
        walk.note("VER", start..start + 1, plain(versions >> 4));
        walk.note("TYPE", start..start + 1, plain(versions & 15));
        let code = walk.u8("CODE", |code| shown::named(code, pppoe_code(code)))?;
        walk.summary = pppoe_code(code).map_or(format!("code {code}"), str::to_owned);
        let session = walk.u16("SESSION_ID", |id| format!("{id:#06x}"))?;
        let length = usize::from(walk.u16("LENGTH", plain)?);
        if length > walk.left() {
            walk.doubt();
        }
        let until = walk.at() + length.min(walk.left());
        if code != 0 {
            while walk.at() < until {
                pppoe_tag(walk)?;
            }
            return Ok((until, Next::Nothing));
        }
        let protocol = walk.u16("Protocol", |it| format!("{it:#06x}"))?;
        walk.summary = format!("session {session:#06x}");
        Ok(match protocol {
            // RFC 5072 §2 and RFC 1332 §2.
            0x0057 => (until, Next::Ethertype(IPV6)),
            0x0021 => (until, Next::Ethertype(IPV4)),
            protocol if ppp::name(protocol).is_some() => (until, Next::Ppp(protocol)),
            _ => (until, Next::Data),
        })
    });
    let says = format!("PPPoE {}", layer.summary);
    match found {
        Some((until, next)) => Part::before(layer, says, next).until(until),
        None => Part::before(layer, says, Next::Nothing),
    }
}

fn pppoe_tag(walk: &mut Walk<'_>) -> super::walk::Read<()> {
    let kind = walk.u16("TAG_TYPE", |kind| format!("{kind:#06x}"))?;
    let length = walk.u16("TAG_LENGTH", plain)?;
    // Service-Name, AC-Name, and errors are text (RFC 2516 appendix A).
    let is_text = matches!(kind, 0x0101 | 0x0102 | 0x0201..=0x0203);
    let words = if is_text { shown::text } else { shown::hex };
    walk.field("TAG_VALUE", usize::from(length), words)?;
    Ok(())
}

fn pppoe_code(code: u8) -> Option<&'static str> {
    match code {
        0x00 => Some("session"),
        0x07 => Some("PADO"),
        0x09 => Some("PADI"),
        0x19 => Some("PADR"),
        0x65 => Some("PADS"),
        0xa7 => Some("PADT"),
        _ => None,
    }
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
const PPPOE_DISCOVERY: u16 = 0x8863;
const PPPOE_SESSION: u16 = 0x8864;
