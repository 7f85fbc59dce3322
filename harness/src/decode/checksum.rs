//! Internet checksums over the addresses and the payload (RFC 8200 §8.1).

use etherparse::checksum::Sum16BitWords;

use super::next::Ends;
use super::walk::{Read, Walk};

/// What a checksum turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// It is right, or cannot be checked.
    Fine,
    /// It is wrong.
    Wrong,
}

/// Reads the checksum of a payload that begins at `from` and takes `length` bytes.
pub(super) fn read(
    walk: &mut Walk<'_>,
    protocol: u8,
    ends: Ends,
    from: usize,
    length: usize,
) -> Read<Sum> {
    let whole = walk.all().get(from..from + length);
    let right = whole
        .filter(|_| ends.is_whole)
        .map(|bytes| is_right(bytes, protocol, ends));
    let mut sum = Sum::Fine;
    walk.u16("Checksum", |value| match right {
        Some(true) => format!("{value:#06x} (right)"),
        Some(false) => {
            sum = Sum::Wrong;
            format!("{value:#06x} (wrong)")
        }
        None => format!("{value:#06x}"),
    })?;
    Ok(sum)
}

fn is_right(bytes: &[u8], protocol: u8, ends: Ends) -> bool {
    let mut sum = Sum16BitWords::new();
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    sum = sum
        .add_4bytes(length.to_be_bytes())
        .add_2bytes([0, protocol]);
    for end in [ends.source, ends.destination] {
        sum = match end.to_ipv4_mapped() {
            Some(end) => sum.add_4bytes(end.octets()),
            None => sum.add_16bytes(end.octets()),
        };
    }
    sum.add_slice(bytes).ones_complement() == 0
}
