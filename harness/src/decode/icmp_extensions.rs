//! What an ICMP error may say behind the packet that it quotes (RFC 4884 §7).

use ngnlab_reports::decoded::Layer;

use super::checksum;
use super::shown;
use super::walk::{Read, Walk, layer, plain};

/// Reads the extension structure that stands from `at` on.
pub(super) fn structure(bytes: &[u8], at: usize, end: usize) -> Layer {
    let (layer, _) = layer("ICMP extensions", bytes, at..end, |walk| {
        let start = walk.at();
        let version = walk.skip(2)?[0] >> 4;
        walk.note("Version", start..start + 1, plain(version));
        let reserved = shown::hex(&walk.all()[start..start + 2]);
        walk.note("Version and Reserved", start..start + 2, reserved);
        if version != VERSION {
            walk.doubt();
        }
        checksum::read_alone(walk, "Checksum", bytes.get(at..end))?;
        let mut names = Vec::new();
        while walk.left() > 0 {
            names.push(object(walk)?);
        }
        walk.summary = names.join(", ");
        Ok(())
    });
    layer
}

/// Reads an object (RFC 4884 §8); returns its name.
fn object(walk: &mut Walk<'_>) -> Read<&'static str> {
    let class = walk.rest().get(2).copied().unwrap_or_default();
    let name = class_name(class).unwrap_or("object");
    let length = walk
        .rest()
        .first_chunk()
        .map_or(0, |it| usize::from(u16::from_be_bytes(*it)));
    walk.within(name, length.max(HEADER), |walk| {
        walk.u16("Length", |it| shown::bytes(it.into()))?;
        walk.u8("Class-Num", |it| shown::named(it, class_name(it)))?;
        let kind = walk.u8("C-Type", plain)?;
        if length < HEADER {
            walk.doubt();
        }
        if (class, kind) == (LABELS, 1) {
            return labels(walk);
        }
        let words = shown::hex(walk.rest());
        if walk.left() > 0 {
            walk.note_rest("Object payload");
        }
        Ok(words)
    })?;
    Ok(name)
}

/// Reads the labels that a packet had (RFC 4950 §3, RFC 3032 §2.1).
fn labels(walk: &mut Walk<'_>) -> Read<String> {
    let mut told = Vec::new();
    while walk.left() > 0 {
        let start = walk.at();
        let entry = walk.skip(4)?;
        let word = u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let label = word >> 12;
        walk.note("Label", start..start + 3, plain(label));
        walk.note("TC", start + 2..start + 3, plain((word >> 9) & 7));
        walk.note("S", start + 2..start + 3, shown::flag(word & 0x100 != 0));
        walk.note("TTL", start + 3..start + 4, plain(word & 0xff));
        told.push(label.to_string());
    }
    Ok(told.join(", "))
}

/// RFC 4950, RFC 5837 and RFC 8335.
fn class_name(class: u8) -> Option<&'static str> {
    match class {
        LABELS => Some("MPLS Label Stack"),
        2 => Some("Interface Information"),
        3 => Some("Interface Identification"),
        _ => None,
    }
}

const VERSION: u8 = 2;
const HEADER: usize = 4;
const LABELS: u8 = 1;
