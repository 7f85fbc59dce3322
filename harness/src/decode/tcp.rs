//! TCP headers with their options (RFC 9293 §3.1).

use super::checksum::{self, Sum};
use super::next::{Ends, Next, Part};
use super::shown;
use super::walk::{Cut, Read, Walk, layer, plain};

/// The protocol number of TCP.
pub(super) const TCP: u8 = 6;

/// Reads a segment's header.
pub(super) fn header(ends: Ends, bytes: &[u8], at: usize, end: usize) -> Part {
    let mut remark = "";
    let (layer, found) = layer("TCP", bytes, at..end, |walk| {
        let source = walk.u16("Source Port", plain)?;
        let destination = walk.u16("Destination Port", plain)?;
        walk.summary = format!("{source} to {destination}");
        walk.u32("Sequence Number", plain)?;
        walk.u32("Acknowledgment Number", plain)?;
        let start = walk.at();
        let offset = usize::from(*walk.rest().first().ok_or(Cut)? >> 4) * 4;
        walk.note("Data Offset", start..start + 1, shown::bytes(offset));
        let flags = flags(walk)?;
        walk.summary.push_str(&format!(" {flags}"));
        walk.u16("Window", plain)?;
        let sum = checksum::read(walk, TCP, ends, at, end.saturating_sub(at))?;
        walk.u16("Urgent Pointer", plain)?;
        match offset.checked_sub(HEADER) {
            Some(0) => {}
            Some(length) => walk.within("Options", length, options)?,
            None => walk.doubt(),
        }
        walk.summary
            .push_str(&format!(", {}", shown::bytes(walk.left())));
        if sum == Sum::Wrong {
            remark = ", with a wrong checksum";
            walk.summary.push_str(remark);
        }
        Ok(())
    });
    let says = format!("TCP {}", layer.summary);
    match found {
        Some(()) if ends.is_piece => Part::before(layer, says, Next::Data),
        Some(()) => Part::before(layer, says, Next::Segment),
        None => Part::last(layer, says),
    }
}

/// Reads the flags; returns the names of those that are set and matter.
fn flags(walk: &mut Walk<'_>) -> Read<String> {
    let start = walk.at();
    let word = walk.skip(2)?;
    let word = u16::from_be_bytes([word[0], word[1]]);
    walk.note("Rsrvd", start..start + 1, plain((word >> 8) & 15));
    for (mask, name) in FLAGS {
        let place = start + 1..start + 2;
        walk.note(name, place, shown::flag(word & mask != 0));
    }
    let told = [(2, "SYN"), (1, "FIN"), (4, "RST"), (16, "ACK")];
    let set = told.iter().filter(|(mask, _)| word & mask != 0);
    Ok(set.map(|(_, name)| *name).collect::<Vec<_>>().join(" "))
}

fn options(walk: &mut Walk<'_>) -> Read<String> {
    let mut names = Vec::new();
    while let Some(&kind) = walk.rest().first() {
        let name = option_name(kind);
        names.push(name);
        if kind <= 1 {
            walk.field(name, 1, |_| String::new())?;
            if kind == 0 {
                // RFC 9293 §3.2: what follows the end of the options is padding.
                if walk.left() > 0 {
                    walk.note_rest("Padding");
                }
                break;
            }
            continue;
        }
        let length = walk.rest().get(1).map_or(0, |length| usize::from(*length));
        if length < 2 {
            walk.doubt();
            walk.note_rest(name);
            break;
        }
        walk.within(name, length, |walk| {
            walk.u8("Kind", plain)?;
            walk.u8("Length", plain)?;
            option(kind, walk)
        })?;
    }
    names.retain(|name| *name != "No-Operation");
    Ok(names.join(", "))
}

fn option(kind: u8, walk: &mut Walk<'_>) -> Read<String> {
    match kind {
        2 => Ok(plain(walk.u16("MSS", plain)?)),
        3 => Ok(plain(walk.u8("shift.cnt", plain)?)),
        4 => Ok(String::new()),
        // RFC 2018 §3.
        5 => {
            let mut blocks = Vec::new();
            while walk.left() > 0 {
                let left = walk.u32("Left Edge", plain)?;
                let right = walk.u32("Right Edge", plain)?;
                blocks.push(format!("{left}-{right}"));
            }
            Ok(blocks.join(", "))
        }
        // RFC 7323 §3.2.
        8 => {
            let value = walk.u32("TSval", plain)?;
            let echo = walk.u32("TSecr", plain)?;
            Ok(format!("{value}, echo {echo}"))
        }
        _ => {
            let value = shown::hex(walk.rest());
            walk.note_rest("Data");
            Ok(value)
        }
    }
}

fn option_name(kind: u8) -> &'static str {
    match kind {
        0 => "End of Option List",
        1 => "No-Operation",
        2 => "Maximum Segment Size",
        3 => "Window Scale",
        4 => "SACK-Permitted",
        5 => "SACK",
        8 => "Timestamps",
        19 => "MD5 Signature",
        29 => "TCP-AO",
        30 => "Multipath TCP",
        34 => "Fast Open",
        _ => "option",
    }
}

const HEADER: usize = 20;
/// RFC 9293 §3.1, in the order of their bits.
const FLAGS: [(u16, &str); 8] = [
    (0x80, "CWR"),
    (0x40, "ECE"),
    (0x20, "URG"),
    (0x10, "ACK"),
    (0x08, "PSH"),
    (0x04, "RST"),
    (0x02, "SYN"),
    (0x01, "FIN"),
];
