//! The messages of a TLS handshake (RFC 8446 §4, RFC 5246 §7.4).

use super::super::shown;
use super::super::walk::{Read, Walk, plain};
use super::numbers::{CLIENT_HELLO, FINISHED, KEY_UPDATE, SERVER_HELLO};
use super::{extensions, numbers};

/// The version of TLS that was agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Version {
    /// None so far.
    #[default]
    Open,
    /// TLS 1.2 or one before it.
    Old,
    /// TLS 1.3.
    New,
}

/// Reads messages one after the other; returns their names. The last one may go on in the next
/// record.
pub(super) fn messages(version: Version, walk: &mut Walk<'_>) -> Read<String> {
    let mut names: Vec<String> = Vec::new();
    while walk.left() > 0 {
        let length = match *walk.rest() {
            [_, a, b, c, ..] => u32::from_be_bytes([0, a, b, c]) as usize,
            _ => usize::MAX,
        };
        if length > walk.left().saturating_sub(4) {
            walk.note_rest("goes on in the next record");
            names.push("part of a handshake message".to_owned());
            break;
        }
        let kind = walk.rest()[0];
        let name = numbers::handshake(kind).unwrap_or("unknown message");
        let mut told = name.to_owned();
        walk.within(name, 4 + length, |walk| {
            walk.u8("msg_type", |kind| {
                shown::named(kind, numbers::handshake(kind))
            })?;
            walk.u24("length", plain)?;
            let words = body(kind, version, walk)?;
            if kind == CLIENT_HELLO && !words.is_empty() {
                told.push_str(&format!(" for {words}"));
            }
            Ok(words)
        })?;
        names.push(told);
    }
    Ok(names.join(", "))
}

fn body(kind: u8, version: Version, walk: &mut Walk<'_>) -> Read<String> {
    match kind {
        CLIENT_HELLO => {
            walk.u16("legacy_version", numbers::version)?;
            walk.hex("random", 32)?;
            vector8("legacy_session_id", walk)?;
            suites(walk)?;
            vector8("legacy_compression_methods", walk)?;
            extensions::all(kind, walk)
        }
        SERVER_HELLO => {
            walk.u16("legacy_version", numbers::version)?;
            walk.field("random", 32, |random| match random == RETRY {
                true => "HelloRetryRequest".to_owned(),
                false => shown::hex(random),
            })?;
            vector8("legacy_session_id_echo", walk)?;
            let suite = walk.u16("cipher_suite", numbers::suite)?;
            walk.u8("legacy_compression_method", plain)?;
            extensions::all(kind, walk)?;
            Ok(numbers::suite(suite))
        }
        NEW_SESSION_TICKET if version == Version::New => {
            walk.u32("ticket_lifetime", |time| format!("{time} s"))?;
            walk.hex("ticket_age_add", 4)?;
            vector8("ticket_nonce", walk)?;
            vector16("ticket", walk)?;
            extensions::all(kind, walk)
        }
        ENCRYPTED_EXTENSIONS => extensions::all(kind, walk),
        CERTIFICATE => certificates(version, walk),
        CERTIFICATE_REQUEST if version == Version::New => {
            vector8("certificate_request_context", walk)?;
            extensions::all(kind, walk)
        }
        CERTIFICATE_VERIFY => {
            walk.u16("algorithm", numbers::signature)?;
            vector16("signature", walk)?;
            Ok(String::new())
        }
        KEY_UPDATE => {
            walk.u8("request_update", plain)?;
            Ok(String::new())
        }
        _ => {
            let name = if kind == FINISHED {
                "verify_data"
            } else {
                "body"
            };
            if walk.left() > 0 {
                walk.note_rest(name);
            }
            Ok(String::new())
        }
    }
}

fn suites(walk: &mut Walk<'_>) -> Read<()> {
    let length = walk.u16("cipher_suites length", plain)?;
    walk.within("cipher_suites", usize::from(length), |walk| {
        let mut count = 0;
        while walk.left() > 0 {
            walk.u16("cipher_suite", numbers::suite)?;
            count += 1;
        }
        Ok(format!("{count} suites"))
    })
}

fn certificates(version: Version, walk: &mut Walk<'_>) -> Read<String> {
    if version == Version::New {
        vector8("certificate_request_context", walk)?;
    }
    let length = walk.u24("certificate_list length", plain)? as usize;
    let mut count = 0;
    walk.within("certificate_list", length, |walk| {
        while walk.left() > 0 {
            let length = walk.u24("cert_data length", plain)? as usize;
            walk.field("cert_data", length, |_| format!("X.509, {length} bytes"))?;
            if version == Version::New {
                extensions::all(CERTIFICATE, walk)?;
            }
            count += 1;
        }
        Ok(String::new())
    })?;
    Ok(match count {
        1 => "1 certificate".to_owned(),
        count => format!("{count} certificates"),
    })
}

/// Reads bytes whose length stands before them in one byte.
fn vector8(name: &str, walk: &mut Walk<'_>) -> Read<()> {
    let length = walk.u8(&format!("{name} length"), plain)?;
    if length > 0 {
        walk.hex(name, usize::from(length))?;
    }
    Ok(())
}

/// Reads bytes whose length stands before them in two bytes.
fn vector16(name: &str, walk: &mut Walk<'_>) -> Read<()> {
    let length = walk.u16(&format!("{name} length"), plain)?;
    if length > 0 {
        walk.hex(name, usize::from(length))?;
    }
    Ok(())
}

const NEW_SESSION_TICKET: u8 = 4;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const CERTIFICATE_VERIFY: u8 = 15;
/// The random of a ServerHello that asks for another ClientHello (RFC 8446 §4.1.3).
pub(super) const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
