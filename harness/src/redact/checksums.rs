//! Internet checksums after bytes have changed, by what changed (RFC 1624): one that was right
//! stays right, and one that was wrong stays wrong.

use std::ops::Range;

/// Mends every checksum of a frame that changed from `before` to `after`.
pub(super) fn mend(before: &[u8], after: &mut [u8]) {
    let mut start = 12;
    let mut tags = 0;
    while let Some(kind) = word(before, start) {
        start += 2;
        match kind {
            // IEEE 802.1Q.
            0x8100 | 0x88a8 if tags < MOST_TAGS => {
                start += 2;
                tags += 1;
            }
            // RFC 2516 §4, RFC 5072 §3, RFC 1332 §2.
            0x8864 => match word(before, start + 6) {
                Some(0x0057) => return ipv6(before, after, start + 8),
                Some(0x0021) => return ipv4(before, after, start + 8),
                _ => return,
            },
            0x86dd => return ipv6(before, after, start),
            0x0800 => return ipv4(before, after, start),
            _ => return,
        }
    }
}

/// Mends the checksum in an IPv6 packet; its addresses count with it (RFC 8200 §8.1).
fn ipv6(before: &[u8], after: &mut [u8], start: usize) {
    let (Some(length), Some(&first)) = (word(before, start + 4), before.get(start + 6)) else {
        return;
    };
    let end = (start + HEADER + usize::from(length)).min(before.len());
    let (mut next, mut at) = (first, start + HEADER);
    // RFC 8200 §4: hop-by-hop options, routing, destination options, fragment.
    while let 0 | 43 | 60 | 44 = next {
        let (Some(&then), Some(&units)) = (before.get(at), before.get(at + 1)) else {
            return;
        };
        if next == 44 {
            // A checksum is in the first fragment alone.
            if word(before, at + 2).is_none_or(|offset| offset >> 3 != 0) {
                return;
            }
            at += 8;
        } else {
            at += 8 * (usize::from(units) + 1);
        }
        next = then;
        if at >= end {
            return;
        }
    }
    transport(before, after, next, start + 8..end, at);
}

/// Mends the checksum of what is in an IPv4 packet, whose addresses are never mapped.
fn ipv4(before: &[u8], after: &mut [u8], start: usize) {
    let (Some(&first), Some(length)) = (before.get(start), word(before, start + 2)) else {
        return;
    };
    let (Some(fragment), Some(&protocol)) = (word(before, start + 6), before.get(start + 9)) else {
        return;
    };
    let end = (start + usize::from(length)).min(before.len());
    if fragment & 0x1fff == 0 {
        let at = start + 4 * usize::from(first & 0x0f);
        transport(before, after, protocol, at..end, at);
    }
}

/// Mends the checksum of what begins at `at`, and counts all that changed in `covered`.
fn transport(before: &[u8], after: &mut [u8], kind: u8, covered: Range<usize>, at: usize) {
    let place = match kind {
        6 => at + 16,
        17 => at + 6,
        58 => at + 2,
        _ => return,
    };
    // RFC 4443 §3: an error quotes the packet that it is about.
    if kind == 58 && matches!(before.get(at), Some(1..=4)) {
        ipv6(before, after, at + 8);
    }
    let Some(old) = word(before, place).filter(|_| place + 2 <= covered.end) else {
        return;
    };
    // RFC 768: none at all.
    if kind == 17 && old == 0 {
        return;
    }
    let mut sum = u64::from(!old);
    let mut changed = false;
    for index in covered.clone().step_by(2) {
        let pair = |bytes: &[u8]| {
            let low = bytes.get(index + 1).filter(|_| index + 1 < covered.end);
            u16::from_be_bytes([bytes[index], low.copied().unwrap_or_default()])
        };
        if index == place || pair(before) == pair(after) {
            continue;
        }
        changed = true;
        sum += u64::from(!pair(before)) + u64::from(pair(after));
    }
    if !changed {
        return;
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let new = match !u16::try_from(sum).unwrap_or_default() {
        // RFC 768: nought would mean none.
        0 if kind == 17 => 0xffff,
        new => new,
    };
    after[place..place + 2].copy_from_slice(&new.to_be_bytes());
}

/// Returns the two bytes at a place, as the network orders them.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes([pair[0], pair[1]]))
}

/// RFC 8200 §3.
const HEADER: usize = 40;
const MOST_TAGS: usize = 2;
