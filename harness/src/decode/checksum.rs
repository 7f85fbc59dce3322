//! Internet checksums: over addresses and payload (RFC 8200 §8.1, RFC 768, RFC 9293 §3.1), and over
//! bytes alone (RFC 791 §3.1, RFC 792).

use etherparse::IpNumber;
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
        .map(|bytes| is_right(pseudo_header(bytes.len(), protocol, ends), bytes));
    // RFC 768: a sender that computes none writes zero; RFC 8200 §8.1: over IPv6 all compute it.
    let may_be_none = ends.is_ipv4 && IpNumber(protocol) == IpNumber::UDP;
    field(walk, "Checksum", right, may_be_none)
}

/// Reads the checksum of bytes to which no addresses belong; without the bytes it cannot be checked.
pub(super) fn read_alone(walk: &mut Walk<'_>, name: &str, bytes: Option<&[u8]>) -> Read<Sum> {
    let right = bytes.map(|bytes| is_right(Sum16BitWords::new(), bytes));
    field(walk, name, right, false)
}

fn field(walk: &mut Walk<'_>, name: &str, right: Option<bool>, may_be_none: bool) -> Read<Sum> {
    let mut sum = Sum::Fine;
    walk.u16(name, |value| match right {
        _ if value == 0 && may_be_none => format!("{value:#06x} (none)"),
        Some(true) => format!("{value:#06x} (right)"),
        Some(false) => {
            sum = Sum::Wrong;
            format!("{value:#06x} (wrong)")
        }
        None => format!("{value:#06x}"),
    })?;
    Ok(sum)
}

fn pseudo_header(length: usize, protocol: u8, ends: Ends) -> Sum16BitWords {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let mut sum = Sum16BitWords::new()
        .add_4bytes(length.to_be_bytes())
        .add_2bytes([0, protocol]);
    for end in [ends.source, ends.destination] {
        sum = match end.to_ipv4_mapped().filter(|_| ends.is_ipv4) {
            Some(end) => sum.add_4bytes(end.octets()),
            None => sum.add_16bytes(end.octets()),
        };
    }
    sum
}

fn is_right(sum: Sum16BitWords, bytes: &[u8]) -> bool {
    sum.add_slice(bytes).ones_complement() == 0
}
