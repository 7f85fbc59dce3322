//! IPv4 headers with their options (RFC 791 §3.1).

use super::checksum::{self, Sum};
use super::ipv6::protocol_words;
use super::next::{Ends, Next, Part};
use super::shown;
use super::walk::{Cut, Read, Walk, layer, plain};

/// Reads a packet's header.
pub(super) fn header(bytes: &[u8], at: usize, end: usize) -> Part {
    packet(bytes, at, end, false)
}

/// Reads the header of a packet that an error quotes, which may end behind eight bytes of its data
/// (RFC 792).
pub(super) fn quoted(bytes: &[u8], at: usize, end: usize) -> Part {
    packet(bytes, at, end, true)
}

fn packet(bytes: &[u8], at: usize, end: usize, is_quoted: bool) -> Part {
    let mut remark = "";
    let (layer, found) = layer("IPv4", bytes, at..end, |walk| {
        let start = walk.at();
        let first = walk.skip(1)?[0];
        walk.note("Version", start..start + 1, plain(first >> 4));
        let header = usize::from(first & 15) * 4;
        walk.note("IHL", start..start + 1, shown::bytes(header));
        walk.u8("Type of Service", |it| {
            format!("{it:#04x} (DSCP {}, ECN {})", it >> 2, it & 3)
        })?;
        let length = usize::from(walk.u16("Total Length", plain)?);
        let id = walk.u16("Identification", |it| format!("{it:#06x}"))?;
        let place = place(walk)?;
        let hop_limit = walk.u8("Time to Live", plain)?;
        let protocol = walk.u8("Protocol", protocol_words)?;
        let whole = walk.all()[..walk.end()].get(start..start + header);
        let whole = whole.filter(|whole| whole.len() >= HEADER);
        let sum = checksum::read_alone(walk, "Header Checksum", whole)?;
        let source = walk.ipv4("Source Address")?;
        let destination = walk.ipv4("Destination Address")?;
        walk.summary = format!("{source} -> {destination}");
        match header.checked_sub(HEADER) {
            Some(0) => {}
            Some(length) => walk.within("Options", length, options)?,
            None => walk.doubt(),
        }
        if place.is_piece() {
            let last = if place.more { "" } else { ", the last" };
            let offset = place.offset;
            walk.summary
                .push_str(&format!(", fragment {id:#06x} from byte {offset}{last}"));
        }
        if sum == Sum::Wrong {
            remark = ", with a wrong header checksum";
            walk.summary.push_str(remark);
        }
        let body = length.saturating_sub(header);
        let is_whole = body <= walk.left();
        if first >> 4 != 4 || length < header.max(HEADER) || (!is_whole && !is_quoted) {
            walk.doubt();
        }
        let ends = Ends {
            source: source.to_ipv6_mapped(),
            destination: destination.to_ipv6_mapped(),
            is_ipv4: true,
            hop_limit,
            length,
            is_whole: is_whole && !place.is_piece(),
            is_piece: place.is_piece(),
        };
        // What the packet's length leaves over is what the frame was filled up with.
        let until = walk.at() + body.min(walk.left());
        Ok((protocol, ends, place, until))
    });
    let Some((protocol, ends, place, until)) = found else {
        return Part::last(layer, "IPv4, cut off".to_owned());
    };
    let (next, says) = match place.offset {
        0 => (
            Next::Protocol(protocol, ends),
            format!("IPv4, protocol {protocol}, {} bytes", ends.length),
        ),
        offset => {
            let bytes = shown::bytes(until - (layer.start + layer.length));
            (
                Next::Data,
                format!("IPv4 fragment from byte {offset}, {bytes}"),
            )
        }
    };
    let mut part = Part::before(layer, says, next).until(until);
    part.remark = match (place.offset, place.more) {
        _ if !remark.is_empty() => remark,
        (0, true) => ", the first fragment",
        _ => "",
    };
    part
}

/// Where the payload stands in that of the whole packet.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: u16,
    more: bool,
}

impl Place {
    fn is_piece(self) -> bool {
        self.more || self.offset > 0
    }
}

fn place(walk: &mut Walk<'_>) -> Read<Place> {
    let start = walk.at();
    let word = walk.skip(2)?;
    let word = u16::from_be_bytes([word[0], word[1]]);
    for (mask, name) in [(0x8000, "Reserved"), (0x4000, "DF"), (0x2000, "MF")] {
        let value = shown::flag(word & mask != 0);
        walk.note(name, start..start + 1, value);
    }
    // In units of eight bytes.
    let offset = (word & 0x1fff) * 8;
    let words = shown::bytes(usize::from(offset));
    walk.note("Fragment Offset", start..start + 2, words);
    Ok(Place {
        offset,
        more: word & 0x2000 != 0,
    })
}

fn options(walk: &mut Walk<'_>) -> Read<String> {
    let mut names = Vec::new();
    while let Some(&kind) = walk.rest().first() {
        let name = option_name(kind);
        if kind <= NO_OPERATION {
            walk.field(name, 1, |_| String::new())?;
            if kind == END_OF_LIST {
                if walk.left() > 0 {
                    walk.note_rest("Padding");
                }
                break;
            }
            continue;
        }
        names.push(name);
        let length = walk.rest().get(1).map_or(0, |length| usize::from(*length));
        if length < 2 {
            walk.doubt();
            walk.note_rest(name);
            break;
        }
        walk.within(name, length, |walk| {
            walk.u8("Type", plain)?;
            walk.u8("Length", plain)?;
            option(kind, walk)
        })?;
    }
    Ok(names.join(", "))
}

fn option(kind: u8, walk: &mut Walk<'_>) -> Read<String> {
    match kind {
        RECORD_ROUTE | LOOSE_ROUTE | STRICT_ROUTE => {
            walk.u8("Pointer", plain)?;
            let mut route = Vec::new();
            while walk.left() > 0 {
                route.push(walk.ipv4("Address")?.to_string());
            }
            Ok(route.join(", "))
        }
        TIMESTAMP => {
            walk.u8("Pointer", plain)?;
            let start = walk.at();
            let flags = *walk.skip(1)?.first().ok_or(Cut)?;
            walk.note("Overflow", start..start + 1, plain(flags >> 4));
            walk.note("Flag", start..start + 1, plain(flags & 15));
            while walk.left() > 0 {
                if flags & 15 != 0 {
                    walk.ipv4("Address")?;
                }
                walk.u32("Timestamp", |it| format!("{it} ms"))?;
            }
            Ok(String::new())
        }
        // RFC 2113 §2.1.
        ROUTER_ALERT => Ok(match walk.u16("Value", plain)? {
            0 => "every router shall look at it".to_owned(),
            value => plain(value),
        }),
        _ => {
            let words = shown::hex(walk.rest());
            if walk.left() > 0 {
                walk.note_rest("Data");
            }
            Ok(words)
        }
    }
}

fn option_name(kind: u8) -> &'static str {
    match kind {
        END_OF_LIST => "End of Option List",
        NO_OPERATION => "No Operation",
        RECORD_ROUTE => "Record Route",
        TIMESTAMP => "Internet Timestamp",
        130 => "Security",
        LOOSE_ROUTE => "Loose Source and Record Route",
        136 => "Stream Identifier",
        STRICT_ROUTE => "Strict Source and Record Route",
        ROUTER_ALERT => "Router Alert",
        _ => "option",
    }
}

const HEADER: usize = ngnlab_sim::message::packet::ipv4::HEADER;
const END_OF_LIST: u8 = 0;
const NO_OPERATION: u8 = 1;
const RECORD_ROUTE: u8 = 7;
const TIMESTAMP: u8 = 68;
const LOOSE_ROUTE: u8 = 131;
const STRICT_ROUTE: u8 = 137;
const ROUTER_ALERT: u8 = 148;
