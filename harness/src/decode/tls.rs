//! TLS records (RFC 8446 §5.1), and what is inside of them.

use ngnlab_reports::decoded::Layer;

use super::shown;
use super::walk::{Read, Walk, layer, plain};

mod extensions;
mod handshake;
mod keys;
mod numbers;
mod session;

pub(super) use handshake::Version;
pub(super) use keys::Secrets;
pub(super) use session::{Session, Sight};

/// Reads a record of which this is to be seen.
pub(super) fn record(sight: &Sight, bytes: &[u8], at: usize, end: usize) -> Layer {
    let (layer, _) = layer("TLS", bytes, at..end, |walk| {
        let kind = walk.u8("type", |kind| shown::named(kind, numbers::content(kind)))?;
        walk.u16("legacy_record_version", numbers::version)?;
        let length = usize::from(walk.u16("length", plain)?);
        let name = numbers::content(kind).unwrap_or("record").replace('_', " ");
        match sight {
            Sight::Clear(version) => {
                walk.summary = name;
                let mut words = String::new();
                walk.within("fragment", length, |walk| {
                    words = content(kind, *version, walk)?;
                    Ok(words.clone())
                })?;
                if !words.is_empty() {
                    walk.summary = words;
                }
            }
            Sight::Continued => {
                walk.summary = "part of a handshake message".to_owned();
                walk.field("fragment", length, shown::hex)?;
            }
            Sight::Sealed(why) => {
                walk.summary = format!("{name}, {why}");
                walk.field("encrypted_record", length, shown::hex)?;
            }
        }
        Ok(())
    });
    layer
}

/// Reads what was in a record, or in several of them together.
pub(super) fn inside(kind: u8, version: Version, bytes: &[u8]) -> Layer {
    let (layer, _) = layer("TLS", bytes, 0..bytes.len(), |walk| {
        walk.summary = content(kind, version, walk)?;
        Ok(())
    });
    layer
}

/// Returns how long the record is that begins here: `Some(None)` if that is not there so far, and
/// `None` if no record begins like this (RFC 8446 §5.1, §5.2).
pub(super) fn record_length(stream: &[u8]) -> Option<Option<usize>> {
    let is_other = |kind: &u8| numbers::content(*kind).is_none();
    if stream.first().is_some_and(is_other) || stream.get(1).is_some_and(|major| *major != 3) {
        return None;
    }
    let Some([_, _, minor, high, low]) = stream.first_chunk() else {
        return Some(None);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let fits = *minor <= 4 && length <= LONGEST_RECORD;
    fits.then_some(Some(5 + length))
}

/// Reads the content of a record; returns what it is.
fn content(kind: u8, version: Version, walk: &mut Walk<'_>) -> Read<String> {
    match kind {
        numbers::CHANGE_CIPHER_SPEC => {
            walk.u8("change_cipher_spec", plain)?;
            Ok("Change Cipher Spec".to_owned())
        }
        numbers::ALERT => {
            let level = walk.u8("level", |level| {
                shown::named(level, numbers::alert_level(level))
            })?;
            let alert = walk.u8("description", |alert| {
                shown::named(alert, numbers::alert(alert))
            })?;
            let level = numbers::alert_level(level).unwrap_or("unknown");
            let alert = numbers::alert(alert).map_or_else(|| plain(alert), str::to_owned);
            Ok(format!("Alert {level} {alert}"))
        }
        numbers::HANDSHAKE => handshake::messages(version, walk),
        _ => {
            let length = walk.left();
            walk.note_rest("data");
            Ok(shown::bytes(length))
        }
    }
}

/// RFC 5246 §6.2.3, which allows more than RFC 8446 §5.2.
const LONGEST_RECORD: usize = (1 << 14) + 2048;
