//! The values of options that are made of several things.

use std::fmt::Display;
use std::net::Ipv4Addr;

use super::super::dhcpv6;
use super::super::names;
use super::super::shown;
use super::super::walk::{Read, Walk, plain};
use super::option_names as known;

/// Reads addresses up to the end; there must be one (RFC 2132 §3.5).
pub(super) fn addresses(walk: &mut Walk<'_>) -> Read<Vec<Ipv4Addr>> {
    let mut addresses = vec![walk.ipv4("address")?];
    while walk.left() > 0 {
        addresses.push(walk.ipv4("address")?);
    }
    Ok(addresses)
}

/// Returns several things in a row.
pub(super) fn joined(all: &[impl Display]) -> String {
    let words: Vec<String> = all.iter().map(|one| one.to_string()).collect();
    words.join(", ")
}

/// Reads two addresses at a time (RFC 2132 §4.3, §5.8).
pub(super) fn pairs(one: &str, other: &str, walk: &mut Walk<'_>) -> Read<String> {
    let mut pairs = Vec::new();
    while walk.left() > 0 {
        let first = walk.ipv4(one)?;
        pairs.push(format!("{first} {}", walk.ipv4(other)?));
    }
    Ok(pairs.join(", "))
}

/// Reads what a client is known by (RFC 2132 §9.14, RFC 4361 §6.1).
pub(super) fn client_id(walk: &mut Walk<'_>) -> Read<String> {
    let kind = walk.u8("type", |it| match it {
        1 => "Ethernet (1)".to_owned(),
        255 => "IAID and DUID (255)".to_owned(),
        it => plain(it),
    })?;
    match (kind, walk.left()) {
        (1, 6) => Ok(walk.mac("identifier")?.to_string()),
        (255, 4..) => {
            let iaid = walk.u32("IAID", |id| format!("{id:#x}"))?;
            let duid = shown::hex(walk.rest());
            dhcpv6::duid_fields(walk)?;
            Ok(format!("IAID {iaid:#x}, DUID {duid}"))
        }
        (0, _) => {
            let text = shown::text(walk.rest());
            walk.field("identifier", walk.left(), |_| text.clone())?;
            Ok(text)
        }
        _ => {
            let words = shown::hex(walk.rest());
            walk.note_rest("identifier");
            Ok(words)
        }
    }
}

/// Reads strings with a length of one byte each (RFC 3004 §4).
pub(super) fn user_class(walk: &mut Walk<'_>) -> Read<String> {
    let mut words = Vec::new();
    while walk.left() > 0 {
        let length = walk.u8("UC_Len", plain)?;
        words.push(shown::text(walk.field(
            "User_Class_Data",
            length.into(),
            shown::text,
        )?));
    }
    Ok(words.join(", "))
}

/// Reads the client's name, as labels or, as it once was, as text (RFC 4702 §2).
pub(super) fn full_name(walk: &mut Walk<'_>) -> Read<String> {
    let start = walk.at();
    let flags = walk.skip(1)?[0];
    for (mask, name) in [(8, "N"), (4, "E"), (2, "O"), (1, "S")] {
        walk.note(name, start..start + 1, shown::flag(flags & mask != 0));
    }
    walk.u8("RCODE1", plain)?;
    walk.u8("RCODE2", plain)?;
    let bytes = walk.rest();
    let name = match flags & 4 {
        0 => shown::text(bytes),
        // RFC 4702 §2.3: a part of a name has no final empty label.
        _ => {
            let ended = [bytes, &[0]].concat();
            names::name(&ended, 0, 0).map_or_else(|| shown::hex(bytes), |(name, _)| name)
        }
    };
    walk.field("Domain Name", bytes.len(), |_| name.clone())?;
    Ok(name)
}

/// Reads what a relay agent put in (RFC 3046 §2.0).
pub(super) fn relay_agent(walk: &mut Walk<'_>) -> Read<String> {
    let mut names = Vec::new();
    while walk.left() > 0 {
        let (code, whole) = ahead(walk);
        let name = known::relay_suboption(code);
        walk.within(name.unwrap_or("suboption"), whole, |walk| {
            walk.u8("SubOpt", |it| shown::named(it, name))?;
            walk.u8("Len", plain)?;
            let words = shown::hex(walk.rest());
            if walk.left() > 0 {
                walk.note_rest("Sub-option Value");
            }
            Ok(words)
        })?;
        names.push(name.map_or_else(|| plain(code), str::to_owned));
    }
    Ok(names.join(", "))
}

/// RFC 3118 §2.
pub(super) fn authentication(walk: &mut Walk<'_>) -> Read<String> {
    walk.u8("Protocol", |it| match it {
        0 => "configuration token (0)".to_owned(),
        1 => "delayed (1)".to_owned(),
        3 => "reconfigure key (3)".to_owned(),
        it => plain(it),
    })?;
    walk.u8("Algorithm", plain)?;
    walk.u8("RDM", plain)?;
    walk.array("Replay Detection", |bytes: [u8; 8]| {
        format!("{:#x}", u64::from_be_bytes(bytes))
    })?;
    if walk.left() > 0 {
        walk.note_rest("Authentication Information");
    }
    Ok(String::new())
}

/// Reads domains, which may point back into the option (RFC 3397 §2).
pub(super) fn search_list(walk: &mut Walk<'_>) -> Read<String> {
    let origin = walk.at();
    let mut domains = Vec::new();
    while walk.left() > 0 {
        domains.push(names::field(walk, "Searchstring", origin)?);
    }
    Ok(domains.join(", "))
}

/// RFC 3361 §3.
pub(super) fn sip_servers(walk: &mut Walk<'_>) -> Read<String> {
    let kind = walk.u8("enc", |it| match it {
        0 => "names (0)".to_owned(),
        1 => "addresses (1)".to_owned(),
        it => plain(it),
    })?;
    match kind {
        0 => search_list(walk),
        1 => Ok(joined(&addresses(walk)?)),
        _ => {
            let words = shown::hex(walk.rest());
            walk.note_rest("value");
            Ok(words)
        }
    }
}

/// Reads routes whose destinations have no more bytes than they need (RFC 3442).
pub(super) fn classless_routes(walk: &mut Walk<'_>) -> Read<String> {
    let mut routes = Vec::new();
    while walk.left() > 0 {
        let width = walk.u8("width", plain)?;
        if width > 32 {
            walk.doubt();
            walk.note_rest("route");
            break;
        }
        let count = usize::from(width).div_ceil(8);
        let whole = |bytes: &[u8]| {
            let mut octets = [0; 4];
            octets[..bytes.len()].copy_from_slice(bytes);
            Ipv4Addr::from(octets)
        };
        let net = match count {
            0 => Ipv4Addr::UNSPECIFIED,
            _ => whole(walk.field("subnet", count, |bytes| whole(bytes).to_string())?),
        };
        let router = walk.ipv4("router")?;
        routes.push(format!("{net}/{width} {router}"));
    }
    Ok(routes.join(", "))
}

/// Reads what several vendors say, each with its enterprise number (RFC 3925 §3, §4).
pub(super) fn by_enterprise(has_options: bool, walk: &mut Walk<'_>) -> Read<String> {
    let mut told = Vec::new();
    while walk.left() > 0 {
        let enterprise = walk.u32("enterprise-number", plain)?;
        let length = usize::from(walk.u8("data-len", plain)?);
        told.push(format!("enterprise {enterprise}"));
        if length == 0 {
            continue;
        }
        walk.within("data", length, |walk| match has_options {
            true => {
                while walk.left() > 0 {
                    let (_, whole) = ahead(walk);
                    walk.within("suboption", whole, |walk| {
                        walk.u8("subopt-code", plain)?;
                        walk.u8("subopt-len", plain)?;
                        let words = shown::hex(walk.rest());
                        if walk.left() > 0 {
                            walk.note_rest("sub-option-data");
                        }
                        Ok(words)
                    })?;
                }
                Ok(String::new())
            }
            false => {
                let length = walk.u8("data-len", plain)?;
                let text = walk.field("vendor-class-data", length.into(), shown::text)?;
                if walk.left() > 0 {
                    walk.note_rest("vendor-class-data");
                }
                Ok(shown::text(text))
            }
        })?;
    }
    Ok(told.join(", "))
}

/// RFC 5969 §7.1.1.
pub(super) fn six_rd(walk: &mut Walk<'_>) -> Read<String> {
    walk.u8("IPv4MaskLen", plain)?;
    let length = walk.u8("6rdPrefixLen", plain)?;
    let prefix = walk.address("6rdPrefix")?;
    let relays = joined(&addresses(walk)?);
    Ok(format!("{prefix}/{length} by {relays}"))
}

/// Returns the code that comes, and how long all of it is; zero where they are not there.
fn ahead(walk: &Walk<'_>) -> (u8, usize) {
    match *walk.rest() {
        [code, length, ..] => (code, 2 + usize::from(length)),
        [code] => (code, 2),
        [] => (0, 2),
    }
}
