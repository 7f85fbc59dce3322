//! The OPT pseudo-record and its options (RFC 6891 §6.1).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::shown;
use super::super::walk::{Read, Walk, plain};

/// The type of the record.
pub(super) const OPT: u16 = 41;

/// What the record says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opt {
    /// The UDP payload size.
    pub(super) payload_size: u16,
    /// The upper eight bits of the response code.
    pub(super) extended_code: u8,
}

/// Reads what stands behind the type.
pub(super) fn record(walk: &mut Walk<'_>) -> Read<(Opt, String)> {
    let payload_size = walk.u16("requestor's UDP payload size", plain)?;
    let extended_code = walk.u8("EXTENDED-RCODE", plain)?;
    let version = walk.u8("VERSION", plain)?;
    let start = walk.at();
    let flags = walk.skip(2)?;
    let is_secure = flags[0] & 0x80 != 0;
    walk.note("DO", start..start + 1, shown::flag(is_secure));
    let zero = u16::from_be_bytes([flags[0], flags[1]]) & 0x7fff;
    walk.note("Z", start..start + 2, format!("{zero:#06x}"));
    let length = usize::from(walk.u16("RDLENGTH", plain)?);
    if length > 0 {
        walk.within("RDATA", length, |walk| {
            let mut names = Vec::new();
            while walk.left() > 0 {
                names.push(option(walk)?);
            }
            Ok(names.join(", "))
        })?;
    }
    let secure = if is_secure { ", DO" } else { "" };
    let words = format!("OPT version {version}, size {payload_size}{secure}");
    let opt = Opt {
        payload_size,
        extended_code,
    };
    Ok((opt, words))
}

fn option(walk: &mut Walk<'_>) -> Read<&'static str> {
    let number = |at: usize| {
        let bytes = walk.rest().get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u16::from_be_bytes(*bytes))
    };
    let (code, length) = (number(0), usize::from(number(2)));
    let name = match code {
        3 => "NSID",
        8 => "Client Subnet",
        10 => "COOKIE",
        11 => "TCP Keepalive",
        12 => "Padding",
        15 => "Extended DNS Error",
        _ => "option",
    };
    walk.within(name, 4 + length, |walk| {
        walk.u16("OPTION-CODE", plain)?;
        walk.u16("OPTION-LENGTH", plain)?;
        match code {
            8 => subnet(walk),
            // RFC 7873 §4.
            10 => {
                walk.hex("Client Cookie", 8)?;
                if walk.left() > 0 {
                    walk.note_rest("Server Cookie");
                }
                Ok(String::new())
            }
            // RFC 7828 §3.1: in tenths of a second.
            11 if walk.left() > 0 => {
                let words = |tenths| format!("{}.{} s", tenths / 10, tenths % 10);
                Ok(words(walk.u16("TIMEOUT", words)?))
            }
            // RFC 8914 §2.
            15 => {
                let code = walk.u16("INFO-CODE", plain)?;
                let text = shown::text(walk.rest());
                let length = walk.left();
                walk.field("EXTRA-TEXT", length, |_| text.clone())?;
                Ok(format!("{code} {text}").trim_end().to_owned())
            }
            _ => {
                let words = shown::hex(walk.rest());
                if walk.left() > 0 {
                    walk.note_rest("OPTION-DATA");
                }
                Ok(words)
            }
        }
    })?;
    Ok(name)
}

/// Reads a Client Subnet (RFC 7871 §6).
fn subnet(walk: &mut Walk<'_>) -> Read<String> {
    let family = walk.u16("FAMILY", plain)?;
    let length = walk.u8("SOURCE PREFIX-LENGTH", plain)?;
    walk.u8("SCOPE PREFIX-LENGTH", plain)?;
    let mut octets = [0; 16];
    let given = walk.rest();
    let count = given.len().min(16);
    octets[..count].copy_from_slice(&given[..count]);
    let [a, b, c, d, ..] = octets;
    let address = match family {
        1 => Ipv4Addr::new(a, b, c, d).to_string(),
        2 => Ipv6Addr::from(octets).to_string(),
        _ => shown::hex(given),
    };
    walk.field("ADDRESS", count, |_| address.clone())?;
    Ok(format!("{address}/{length}"))
}
