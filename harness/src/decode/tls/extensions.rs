//! Extensions of the messages of a handshake (RFC 8446 §4.2).

use super::super::shown;
use super::super::walk::{Read, Walk, plain};
use super::numbers::{self, CLIENT_HELLO, SERVER_HELLO};

/// Reads the extensions of a message, which need not be there; returns the server's name.
pub(super) fn all(message: u8, walk: &mut Walk<'_>) -> Read<String> {
    let mut server = String::new();
    if walk.left() == 0 {
        return Ok(server);
    }
    let length = walk.u16("extensions length", plain)?;
    if length == 0 {
        return Ok(server);
    }
    walk.within("extensions", usize::from(length), |walk| {
        while walk.left() > 0 {
            let number = |at: usize| {
                let bytes = walk.rest().get(at..).and_then(<[u8]>::first_chunk);
                bytes.map_or(0, |bytes| u16::from_be_bytes(*bytes))
            };
            let (kind, length) = (number(0), usize::from(number(2)));
            let name = numbers::extension(kind).unwrap_or("extension");
            walk.within(name, 4 + length, |walk| {
                walk.u16("extension_type", plain)?;
                walk.u16("length", plain)?;
                let words = body(kind, message, walk)?;
                if kind == SERVER_NAME && message == CLIENT_HELLO {
                    server.clone_from(&words);
                }
                Ok(words)
            })?;
        }
        Ok(String::new())
    })?;
    Ok(server)
}

fn body(kind: u16, message: u8, walk: &mut Walk<'_>) -> Read<String> {
    let is_client = message == CLIENT_HELLO;
    match kind {
        _ if walk.left() == 0 => Ok(String::new()),
        SERVER_NAME => server_name(walk),
        10 => list(walk, "NamedGroup", numbers::group),
        13 | 50 => list(walk, "SignatureScheme", numbers::signature),
        // RFC 7301 §3.1.
        16 => {
            walk.u16("ProtocolNameList length", plain)?;
            let mut names = Vec::new();
            while walk.left() > 0 {
                let length = walk.u8("length", plain)?;
                let name = walk.field("ProtocolName", usize::from(length), shown::text)?;
                names.push(shown::text(name));
            }
            Ok(names.join(", "))
        }
        SUPPORTED_VERSIONS if is_client => {
            walk.u8("versions length", plain)?;
            let mut versions = Vec::new();
            while walk.left() > 0 {
                versions.push(numbers::version(walk.u16("version", numbers::version)?));
            }
            Ok(versions.join(", "))
        }
        SUPPORTED_VERSIONS if message == SERVER_HELLO => {
            let version = walk.u16("selected_version", numbers::version)?;
            Ok(numbers::version(version))
        }
        51 if is_client => {
            walk.u16("client_shares length", plain)?;
            let mut groups = Vec::new();
            while walk.left() > 0 {
                groups.push(key_share(walk)?);
            }
            Ok(groups.join(", "))
        }
        51 if message == SERVER_HELLO && walk.left() == 2 => {
            Ok(numbers::group(walk.u16("selected_group", numbers::group)?))
        }
        51 => key_share(walk),
        _ => {
            let words = shown::hex(walk.rest());
            walk.note_rest("extension_data");
            Ok(words)
        }
    }
}

/// Reads a ServerNameList (RFC 6066 §3).
fn server_name(walk: &mut Walk<'_>) -> Read<String> {
    walk.u16("ServerNameList length", plain)?;
    let mut names = Vec::new();
    while walk.left() > 0 {
        walk.u8("name_type", plain)?;
        let length = walk.u16("length", plain)?;
        let name = walk.field("HostName", usize::from(length), shown::text)?;
        names.push(shown::text(name));
    }
    Ok(names.join(", "))
}

fn key_share(walk: &mut Walk<'_>) -> Read<String> {
    let group = walk.u16("group", numbers::group)?;
    let length = walk.u16("key_exchange length", plain)?;
    walk.hex("key_exchange", usize::from(length))?;
    Ok(numbers::group(group))
}

fn list(walk: &mut Walk<'_>, name: &str, words: fn(u16) -> String) -> Read<String> {
    walk.u16("length", plain)?;
    let mut all = Vec::new();
    while walk.left() > 0 {
        all.push(words(walk.u16(name, words)?));
    }
    Ok(all.join(", "))
}

/// The extension that tells which version was agreed on.
pub(super) const SUPPORTED_VERSIONS: u16 = 43;
const SERVER_NAME: u16 = 0;
