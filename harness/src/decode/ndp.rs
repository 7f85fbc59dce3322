//! Neighbour Discovery messages and their options (RFC 4861, RFC 4191, RFC 8106).

use ngnlab_sim::message::icmpv6::REDIRECT;
use ngnlab_sim::message::ndp::{
    NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION,
};

use super::names;
use super::shown;
use super::walk::{Cut, Read, Walk, plain};

/// The first type of these messages; the last is that of Redirect.
pub(super) const FIRST: u8 = ROUTER_SOLICITATION;

/// Reads what stands behind the checksum.
pub(super) fn body(kind: u8, walk: &mut Walk<'_>) -> Read<()> {
    match kind {
        ROUTER_SOLICITATION => {
            walk.hex("Reserved", 4)?;
        }
        ROUTER_ADVERTISEMENT => router_advert(walk)?,
        NEIGHBOR_SOLICITATION => {
            walk.hex("Reserved", 4)?;
            let target = walk.address("Target Address")?;
            walk.summary = format!("neighbor solicitation for {target}");
        }
        NEIGHBOR_ADVERTISEMENT => neighbor_advert(walk)?,
        REDIRECT => {
            walk.hex("Reserved", 4)?;
            let target = walk.address("Target Address")?;
            let destination = walk.address("Destination Address")?;
            walk.summary = format!("redirect to {target} for {destination}");
        }
        _ => {}
    }
    options(walk)
}

fn router_advert(walk: &mut Walk<'_>) -> Read<()> {
    walk.u8("Cur Hop Limit", plain)?;
    let start = walk.at();
    let flags = walk.skip(1)?[0];
    let (managed, other) = (flags & 0x80 != 0, flags & 0x40 != 0);
    walk.note("M", start..start + 1, shown::flag(managed));
    walk.note("O", start..start + 1, shown::flag(other));
    walk.note("H", start..start + 1, shown::flag(flags & 0x20 != 0));
    walk.note("Prf", start..start + 1, preference(flags));
    let lifetime = walk.u16("Router Lifetime", |lifetime| format!("{lifetime} s"))?;
    walk.u32("Reachable Time", |time| format!("{time} ms"))?;
    walk.u32("Retrans Timer", |time| format!("{time} ms"))?;
    walk.summary = format!(
        "router advertisement M={} O={} lifetime {lifetime} s",
        u8::from(managed),
        u8::from(other),
    );
    Ok(())
}

fn neighbor_advert(walk: &mut Walk<'_>) -> Read<()> {
    let start = walk.at();
    let flags = walk.skip(4)?[0];
    let mut told = String::new();
    for (mask, name) in [(0x80, "R"), (0x40, "S"), (0x20, "O")] {
        let is_set = flags & mask != 0;
        walk.note(name, start..start + 1, shown::flag(is_set));
        told.push_str(&format!(" {name}={}", u8::from(is_set)));
    }
    let reserved = shown::hex(&walk.all()[start..start + 4]);
    walk.note("Flags and Reserved", start..start + 4, reserved);
    let target = walk.address("Target Address")?;
    walk.summary = format!("neighbor advertisement of {target}{told}");
    Ok(())
}

/// RFC 4191 §2.1.
fn preference(flags: u8) -> &'static str {
    match (flags >> 3) & 3 {
        1 => "high",
        0 => "medium",
        3 => "low",
        _ => "reserved",
    }
}

fn options(walk: &mut Walk<'_>) -> Read<()> {
    while walk.left() > 0 {
        let [kind, units, ..] = *walk.rest() else {
            return Err(Cut);
        };
        // RFC 4861 §4.6: in units of eight bytes, and never zero.
        if units == 0 {
            walk.doubt();
            walk.note_rest("option of length 0");
            return Ok(());
        }
        let mut told = String::new();
        walk.within(option_name(kind), usize::from(units) * 8, |walk| {
            walk.u8("Type", plain)?;
            walk.u8("Length", |units| shown::bytes(usize::from(units) * 8))?;
            option(kind, &mut told, walk)
        })?;
        walk.summary.push_str(&told);
    }
    Ok(())
}

/// Reads an option's body, and adds to the summary what it tells.
fn option(kind: u8, told: &mut String, walk: &mut Walk<'_>) -> Read<String> {
    match kind {
        SOURCE_LINK_LAYER | TARGET_LINK_LAYER if walk.left() == 6 => {
            Ok(walk.mac("Link-Layer Address")?.to_string())
        }
        PREFIX => prefix(told, walk),
        REDIRECTED => {
            walk.hex("Reserved", 6)?;
            walk.note_rest("IP header and data");
            Ok(String::new())
        }
        MTU => {
            walk.hex("Reserved", 2)?;
            Ok(plain(walk.u32("MTU", plain)?))
        }
        ROUTE => route(walk),
        RDNSS => {
            walk.hex("Reserved", 2)?;
            let lifetime = walk.u32("Lifetime", shown::seconds)?;
            let mut servers = Vec::new();
            while walk.left() > 0 {
                servers.push(walk.address("Address")?.to_string());
            }
            for server in &servers {
                told.push_str(&format!(", DNS {server}"));
            }
            Ok(format!(
                "{} for {}",
                servers.join(", "),
                shown::seconds(lifetime)
            ))
        }
        DNSSL => {
            walk.hex("Reserved", 2)?;
            let lifetime = walk.u32("Lifetime", shown::seconds)?;
            let domains = names::list(walk, "Domain Name")?;
            Ok(format!(
                "{} for {}",
                domains.join(", "),
                shown::seconds(lifetime)
            ))
        }
        NONCE => {
            walk.note_rest("Nonce");
            Ok(String::new())
        }
        CAPTIVE_PORTAL => {
            let uri = shown::text(walk.rest());
            let uri = uri.trim_end_matches('\0').to_owned();
            let length = walk.left();
            walk.field("URI", length, |_| uri.clone())?;
            Ok(uri)
        }
        _ => {
            walk.note_rest("Data");
            Ok(String::new())
        }
    }
}

fn prefix(told: &mut String, walk: &mut Walk<'_>) -> Read<String> {
    let length = walk.u8("Prefix Length", plain)?;
    let start = walk.at();
    let flags = walk.skip(1)?[0];
    let (on_link, autonomous) = (flags & 0x80 != 0, flags & 0x40 != 0);
    walk.note("L", start..start + 1, shown::flag(on_link));
    walk.note("A", start..start + 1, shown::flag(autonomous));
    let valid = walk.u32("Valid Lifetime", shown::seconds)?;
    let preferred = walk.u32("Preferred Lifetime", shown::seconds)?;
    walk.hex("Reserved", 4)?;
    let prefix = walk.address("Prefix")?;
    *told = format!(
        ", prefix {prefix}/{length} L={} A={} valid {valid} preferred {preferred}",
        u8::from(on_link),
        u8::from(autonomous),
    );
    Ok(format!("{prefix}/{length}"))
}

/// Reads a Route Information option, whose prefix is as long as it has to be (RFC 4191 §2.3).
fn route(walk: &mut Walk<'_>) -> Read<String> {
    let length = walk.u8("Prefix Length", plain)?;
    let start = walk.at();
    let flags = walk.skip(1)?[0];
    walk.note("Prf", start..start + 1, preference(flags));
    let lifetime = walk.u32("Route Lifetime", shown::seconds)?;
    let mut octets = [0; 16];
    let given = walk.rest();
    let count = given.len().min(16);
    octets[..count].copy_from_slice(&given[..count]);
    let prefix = std::net::Ipv6Addr::from(octets);
    walk.field("Prefix", count, |_| prefix.to_string())?;
    Ok(format!(
        "{prefix}/{length} for {}",
        shown::seconds(lifetime)
    ))
}

fn option_name(kind: u8) -> &'static str {
    match kind {
        SOURCE_LINK_LAYER => "Source Link-Layer Address",
        TARGET_LINK_LAYER => "Target Link-Layer Address",
        PREFIX => "Prefix Information",
        REDIRECTED => "Redirected Header",
        MTU => "MTU",
        NONCE => "Nonce",
        ROUTE => "Route Information",
        RDNSS => "Recursive DNS Server",
        DNSSL => "DNS Search List",
        CAPTIVE_PORTAL => "Captive Portal",
        _ => "option",
    }
}

// RFC 4861 §4.6, RFC 3971 §5.3.2, RFC 4191 §2.3, RFC 8106 §5, RFC 8910 §2.3.
const SOURCE_LINK_LAYER: u8 = 1;
const TARGET_LINK_LAYER: u8 = 2;
const PREFIX: u8 = 3;
const REDIRECTED: u8 = 4;
const MTU: u8 = 5;
const NONCE: u8 = 14;
const ROUTE: u8 = 24;
const RDNSS: u8 = 25;
const DNSSL: u8 = 31;
const CAPTIVE_PORTAL: u8 = 37;
