//! IPv4 and ARP, in short: ONS uses neither (guide Q4), but devices send them.

use std::net::Ipv4Addr;

use super::ipv6::protocol_words;
use super::next::{Ends, Next, Part};
use super::shown;
use super::walk::{Read, Walk, layer, plain};

/// Reads an IPv4 header (RFC 791 §3.1).
pub(super) fn header(bytes: &[u8], at: usize, end: usize) -> Part {
    let (layer, found) = layer("IPv4", bytes, at..end, |walk| {
        let start = walk.at();
        let first = walk.skip(1)?[0];
        walk.note("Version", start..start + 1, plain(first >> 4));
        let header = usize::from(first & 15) * 4;
        walk.note("IHL", start..start + 1, shown::bytes(header));
        walk.u8("Type of Service", |it| format!("{it:#04x}"))?;
        let length = usize::from(walk.u16("Total Length", plain)?);
        walk.u16("Identification", |it| format!("{it:#06x}"))?;
        let place = walk.u16("Flags and Fragment Offset", |it| {
            let bit = |mask: u16, name| if it & mask != 0 { name } else { "" };
            let words = [bit(0x4000, "DF "), bit(0x2000, "MF ")].concat();
            format!("{words}{}", (it & 0x1fff) * 8)
        })?;
        walk.u8("Time to Live", plain)?;
        let protocol = walk.u8("Protocol", protocol_words)?;
        walk.u16("Header Checksum", |it| format!("{it:#06x}"))?;
        let source = address(walk, "Source Address")?;
        let destination = address(walk, "Destination Address")?;
        walk.summary = format!("{source} -> {destination}");
        if header > 20 {
            walk.hex("Options", header - 20)?;
        }
        let body = length.saturating_sub(header);
        if header < 20 || length < header || body > walk.left() {
            walk.doubt();
        }
        let ends = Ends {
            source: source.to_ipv6_mapped(),
            destination: destination.to_ipv6_mapped(),
            hop_limit: None,
            length,
            is_whole: body <= walk.left(),
        };
        let until = walk.at() + body.min(walk.left());
        let is_piece = place & 0x3fff != 0;
        let known = matches!(protocol, 6 | 17) && !is_piece;
        let next = match known {
            true => Next::Protocol(protocol, ends),
            false => Next::Data,
        };
        Ok((next, until, protocol))
    });
    let Some((next, until, protocol)) = found else {
        return Part::last(layer, "IPv4, cut off".to_owned());
    };
    let says = format!(
        "IPv4 {}, protocol {protocol}, {} bytes",
        layer.summary,
        until - at
    );
    Part::before(layer, says, next).until(until)
}

/// Reads an ARP message (RFC 826).
pub(super) fn arp(bytes: &[u8], at: usize, end: usize) -> Part {
    let (mut layer, _) = layer("ARP", bytes, at..end, |walk| {
        let hardware = walk.u16("Hardware type", plain)?;
        let protocol = walk.u16("Protocol type", |it| format!("{it:#06x}"))?;
        let lengths = (
            walk.u8("Hardware length", plain)?,
            walk.u8("Protocol length", plain)?,
        );
        let operation = walk.u16("Operation", |it| match it {
            1 => "request (1)".to_owned(),
            2 => "reply (2)".to_owned(),
            it => plain(it),
        })?;
        if (hardware, protocol, lengths) != (1, 0x0800, (6, 4)) {
            walk.summary = format!("operation {operation}");
            walk.note_rest("Addresses");
            return Ok(());
        }
        let sender = walk.mac("Sender hardware address")?;
        let source = address(walk, "Sender protocol address")?;
        walk.mac("Target hardware address")?;
        let target = address(walk, "Target protocol address")?;
        walk.summary = match operation {
            1 => format!("ARP who has {target}? tell {source}"),
            2 => format!("{source} is at {sender}"),
            operation => format!("operation {operation}"),
        };
        Ok(())
    });
    let summary = layer.summary.trim_start_matches("ARP ").to_owned();
    let says = format!("ARP {summary}");
    layer.summary = summary;
    Part::last(layer, says)
}

fn address(walk: &mut Walk<'_>, name: &str) -> Read<Ipv4Addr> {
    walk.array(name, |octets: [u8; 4]| Ipv4Addr::from(octets).to_string())
        .map(Ipv4Addr::from)
}
