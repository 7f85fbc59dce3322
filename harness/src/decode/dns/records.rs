//! Resource records (RFC 1035 §4.1.3).

use super::super::names;
use super::super::shown;
use super::super::walk::{Read, Walk, plain};
use super::edns::{self, Opt};
use super::{numbers, rdata};

/// Reads a record of a message that begins at `origin`; returns what an OPT record says.
pub(super) fn record(section: &str, origin: usize, walk: &mut Walk<'_>) -> Read<Option<Opt>> {
    let mut opt = None;
    walk.group(section, |walk| {
        let name = names::field(walk, "NAME", origin)?;
        let kind = walk.u16("TYPE", numbers::kind)?;
        if kind == edns::OPT {
            let (found, words) = edns::record(walk)?;
            opt = Some(found);
            return Ok(words);
        }
        walk.u16("CLASS", numbers::class)?;
        let lifetime = walk.u32("TTL", |ttl| format!("{ttl} s"))?;
        let length = usize::from(walk.u16("RDLENGTH", plain)?);
        let mut words = String::new();
        walk.within("RDATA", length, |walk| {
            words = rdata::words(kind, walk.all(), origin, walk.at(), walk.left())
                .unwrap_or_else(|| shown::hex(walk.rest()));
            rdata::fields(kind, origin, walk)?;
            Ok(words.clone())
        })?;
        let kind = numbers::short_kind(kind);
        Ok(format!("{name} {lifetime} s {kind} {words}"))
    })?;
    Ok(opt)
}
