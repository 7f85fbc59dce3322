//! What records hold: the fields of the types that occur, and words for all that hickory-proto
//! knows.

use hickory_proto::rr::{RData, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, Restrict};

use super::super::names;
use super::super::shown;
use super::super::walk::{Read, Walk, plain};

/// Returns the data of a record in words, as zone files have them.
pub(super) fn words(
    kind: u16,
    bytes: &[u8],
    origin: usize,
    at: usize,
    length: usize,
) -> Option<String> {
    let message = bytes.get(origin..at + length)?;
    let mut decoder = BinDecoder::new(message).clone(u16::try_from(at - origin).ok()?);
    let length = Restrict::new(u16::try_from(length).ok()?);
    let data = RData::read(&mut decoder, RecordType::from(kind), length).ok()?;
    match data {
        RData::Unknown { .. } => None,
        data => Some(data.to_string()),
    }
}

/// Reads the data field by field up to its end.
pub(super) fn fields(kind: u16, origin: usize, walk: &mut Walk<'_>) -> Read<()> {
    match kind {
        1 => walk
            .array("ADDRESS", |octets: [u8; 4]| {
                std::net::Ipv4Addr::from(octets).to_string()
            })
            .map(|_| ()),
        28 => walk.address("ADDRESS").map(|_| ()),
        2 => name("NSDNAME", origin, walk),
        5 => name("CNAME", origin, walk),
        12 => name("PTRDNAME", origin, walk),
        39 => name("TARGET", origin, walk),
        6 => {
            name("MNAME", origin, walk)?;
            name("RNAME", origin, walk)?;
            walk.u32("SERIAL", plain)?;
            for field in ["REFRESH", "RETRY", "EXPIRE", "MINIMUM"] {
                walk.u32(field, |time| format!("{time} s"))?;
            }
            Ok(())
        }
        15 => {
            walk.u16("PREFERENCE", plain)?;
            name("EXCHANGE", origin, walk)
        }
        16 => {
            while walk.left() > 0 {
                string("TXT-DATA", walk)?;
            }
            Ok(())
        }
        33 => {
            walk.u16("Priority", plain)?;
            walk.u16("Weight", plain)?;
            walk.u16("Port", plain)?;
            name("Target", origin, walk)
        }
        35 => {
            walk.u16("ORDER", plain)?;
            walk.u16("PREFERENCE", plain)?;
            for field in ["FLAGS", "SERVICES", "REGEXP"] {
                string(field, walk)?;
            }
            name("REPLACEMENT", origin, walk)
        }
        // RFC 9460 §2.2.
        64 | 65 => {
            walk.u16("SvcPriority", plain)?;
            name("TargetName", origin, walk)?;
            while walk.left() > 0 {
                let bytes = walk.rest().get(2..).and_then(<[u8]>::first_chunk);
                let length = bytes.map_or(0, |bytes| usize::from(u16::from_be_bytes(*bytes)));
                walk.within("SvcParam", 4 + length, |walk| {
                    let key = walk.u16("SvcParamKey", plain)?;
                    walk.u16("length", plain)?;
                    if walk.left() > 0 {
                        walk.note_rest("SvcParamValue");
                    }
                    Ok(format!("key {key}"))
                })?;
            }
            Ok(())
        }
        // RFC 8659 §4.1.
        257 => {
            walk.u8("Flags", plain)?;
            string("Tag", walk)?;
            let value = shown::text(walk.rest());
            let length = walk.left();
            walk.field("Value", length, |_| value)?;
            Ok(())
        }
        _ => {
            if walk.left() > 0 {
                walk.note_rest("data");
            }
            Ok(())
        }
    }
}

fn name(field: &str, origin: usize, walk: &mut Walk<'_>) -> Read<()> {
    names::field(walk, field, origin).map(|_| ())
}

/// Reads a character string with its length (RFC 1035 §3.3).
fn string(name: &str, walk: &mut Walk<'_>) -> Read<()> {
    let length = walk.rest().first().map_or(0, |length| usize::from(*length));
    walk.field(name, 1 + length, |bytes| shown::text(&bytes[1..]))?;
    Ok(())
}
