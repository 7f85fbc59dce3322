//! IPv6 headers and their extensions (RFC 8200).

use super::next::{Ends, Next, Part};
use super::shown;
use super::walk::{Read, Walk, layer, plain};

/// Reads a packet's header.
pub(super) fn header(bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, found) = layer("IPv6", bytes, at..end, |walk| {
        let start = walk.at();
        let first = walk.skip(4)?;
        let word = u32::from_be_bytes([first[0], first[1], first[2], first[3]]);
        walk.note("Version", start..start + 1, plain(word >> 28));
        let class = (word >> 20) & 0xff;
        let class_words = format!("{class:#04x} (DSCP {}, ECN {})", class >> 2, class & 3);
        walk.note("Traffic Class", start..start + 2, class_words);
        walk.note(
            "Flow Label",
            start + 1..start + 4,
            format!("{:#07x}", word & 0xf_ffff),
        );
        if word >> 28 != 6 {
            walk.doubt();
        }
        let length = usize::from(walk.u16("Payload Length", plain)?);
        let next = walk.u8("Next Header", protocol_words)?;
        let hop_limit = walk.u8("Hop Limit", plain)?;
        let source = walk.address("Source Address")?;
        let destination = walk.address("Destination Address")?;
        walk.summary = format!("{source} -> {destination}");
        let is_whole = length <= walk.left();
        if !is_whole {
            walk.doubt();
        }
        let until = walk.at() + length.min(walk.left());
        let ends = Ends {
            source,
            destination,
            is_ipv4: false,
            hop_limit,
            length: until - start,
            is_whole,
            is_piece: false,
        };
        Ok((next, ends, until))
    });
    match found {
        Some((next, ends, until)) => {
            Part::before(layer, unknown(next, ends), Next::Protocol(next, ends)).until(until)
        }
        None => Part::last(layer, "IPv6, cut off".to_owned()),
    }
}

/// Reads an extension header; `None` if this number stands for none.
pub(super) fn extension(
    number: u8,
    ends: Ends,
    bytes: &[u8],
    at: usize,
    end: usize,
) -> Option<Part> {
    let name = match number {
        HOP_BY_HOP => "Hop-by-Hop Options",
        DESTINATION => "Destination Options",
        ROUTING => "Routing",
        FRAGMENT => return Some(fragment(ends, bytes, at, end)),
        AUTHENTICATION => "Authentication Header",
        _ => return None,
    };
    let (layer, next) = layer(name, bytes, at..end, |walk| {
        let next = walk.u8("Next Header", protocol_words)?;
        let length = walk.u8("Hdr Ext Len", plain)?;
        // RFC 8200 §4.3: in units of eight bytes, without the first; RFC 4302 §2.2: of four,
        // without the first two.
        let whole = match number {
            AUTHENTICATION => (usize::from(length) + 2) * 4,
            _ => (usize::from(length) + 1) * 8,
        };
        let body_end = whole.saturating_sub(2);
        walk.summary = format!("then {}", protocol_words(next));
        match number {
            HOP_BY_HOP | DESTINATION => walk.within("Options", body_end, |walk| {
                while walk.left() > 0 {
                    option(walk)?;
                }
                Ok(String::new())
            })?,
            ROUTING => walk.within("Route", body_end, |walk| {
                let kind = walk.u8("Routing Type", plain)?;
                let left = walk.u8("Segments Left", plain)?;
                walk.note_rest("type-specific data");
                Ok(format!("type {kind}, {left} segments left"))
            })?,
            _ => walk.within("Authentication", body_end, |walk| {
                walk.hex("RESERVED", 2)?;
                let spi = walk.u32("Security Parameters Index", |spi| format!("{spi:#010x}"))?;
                walk.u32("Sequence Number", plain)?;
                walk.note_rest("Integrity Check Value");
                Ok(format!("SPI {spi:#010x}"))
            })?,
        }
        Ok(next)
    });
    // A checksum counts the last address of a route (RFC 8200 §8.1), which is not looked for.
    let ends = Ends {
        is_whole: ends.is_whole && number != ROUTING,
        ..ends
    };
    Some(match next {
        Some(next) => Part::before(layer, unknown(next, ends), Next::Protocol(next, ends)),
        None => Part::last(layer, format!("IPv6, {name}, cut off")),
    })
}

/// Returns what a packet is whose content is not known.
fn unknown(number: u8, ends: Ends) -> String {
    format!("IPv6, next header {number}, {} bytes", ends.length)
}

fn fragment(ends: Ends, bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, found) = layer("Fragment", bytes, at..end, |walk| {
        let next = walk.u8("Next Header", protocol_words)?;
        walk.hex("Reserved", 1)?;
        let start = walk.at();
        let place = walk.skip(2)?;
        let place = u16::from_be_bytes([place[0], place[1]]);
        let (offset, more) = (place & !7, place & 1 == 1);
        walk.note(
            "Fragment Offset",
            start..start + 2,
            shown::bytes(usize::from(offset)),
        );
        walk.note("M", start + 1..start + 2, shown::flag(more));
        let id = walk.u32("Identification", |id| format!("{id:#010x}"))?;
        let last = if more { "" } else { ", the last" };
        walk.summary = format!("{id:#010x}, from byte {offset}{last}");
        let is_all = offset == 0 && !more;
        let next = match is_all {
            true => Next::Protocol(next, ends),
            false => Next::Data,
        };
        Ok((next, offset))
    });
    let says = match found {
        Some((_, offset)) => format!(
            "IPv6 fragment from byte {offset}, {}",
            shown::bytes(end - (layer.start + layer.length))
        ),
        None => "IPv6 fragment, cut off".to_owned(),
    };
    match found {
        Some((next, _)) => Part::before(layer, says, next),
        None => Part::last(layer, says),
    }
}

/// Reads an option of a Hop-by-Hop or Destination Options header (RFC 8200 §4.2).
fn option(walk: &mut Walk<'_>) -> Read<()> {
    let kind = *walk.rest().first().ok_or(super::walk::Cut)?;
    if kind == 0 {
        walk.field("Pad1", 1, |_| String::new())?;
        return Ok(());
    }
    let length = walk.rest().get(1).map_or(0, |length| usize::from(*length));
    let name = match kind {
        1 => "PadN",
        5 => "Router Alert",
        0xc2 => "Jumbo Payload",
        _ => "option",
    };
    walk.within(name, 2 + length, |walk| {
        walk.u8("Option Type", plain)?;
        walk.u8("Opt Data Len", plain)?;
        match kind {
            // RFC 2711 §2.1.
            5 => walk
                .u16("Value", |value| match value {
                    0 => "Multicast Listener Discovery (0)".to_owned(),
                    value => plain(value),
                })
                .map(|_| String::new()),
            0xc2 => walk
                .u32("Jumbo Payload Length", plain)
                .map(|_| String::new()),
            _ => {
                walk.note_rest("Option Data");
                Ok(String::new())
            }
        }
    })
}

/// Returns a protocol number with its name.
pub(super) fn protocol_words(number: u8) -> String {
    let name = match number {
        HOP_BY_HOP => Some("Hop-by-Hop Options"),
        1 => Some("ICMP"),
        2 => Some("IGMP"),
        4 => Some("IPv4"),
        6 => Some("TCP"),
        17 => Some("UDP"),
        41 => Some("IPv6"),
        ROUTING => Some("Routing"),
        FRAGMENT => Some("Fragment"),
        47 => Some("GRE"),
        50 => Some("ESP"),
        AUTHENTICATION => Some("AH"),
        58 => Some("ICMPv6"),
        59 => Some("no next header"),
        DESTINATION => Some("Destination Options"),
        _ => None,
    };
    shown::named(number, name)
}

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
