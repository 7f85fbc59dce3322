//! DHCP Unique Identifiers (RFC 8415 §11).

use super::super::shown;
use super::super::walk::{Read, Walk, plain};

/// Reads an identifier up to the end.
pub(in crate::decode) fn fields(walk: &mut Walk<'_>) -> Read<()> {
    let kind = walk.u16("DUID type", |kind| {
        let name = match kind {
            1 => Some("DUID-LLT"),
            2 => Some("DUID-EN"),
            3 => Some("DUID-LL"),
            4 => Some("DUID-UUID"),
            _ => None,
        };
        shown::named(kind, name)
    })?;
    match kind {
        1 => {
            walk.u16("hardware type", plain)?;
            walk.u32("time", |time| format!("{time} s since 2000"))?;
            address(walk)
        }
        2 => {
            walk.u32("enterprise-number", plain)?;
            rest("identifier", walk)
        }
        3 => {
            walk.u16("hardware type", plain)?;
            address(walk)
        }
        4 => rest("UUID", walk),
        _ => rest("identifier", walk),
    }
}

fn address(walk: &mut Walk<'_>) -> Read<()> {
    match walk.left() {
        6 => walk.mac("link-layer address").map(|_| ()),
        _ => rest("link-layer address", walk),
    }
}

fn rest(name: &str, walk: &mut Walk<'_>) -> Read<()> {
    if walk.left() > 0 {
        walk.note_rest(name);
    }
    Ok(())
}
