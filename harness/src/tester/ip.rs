//! The headers of Ethernet and IP in a frame, over IPv6 or IPv4: an IPv4 address stands mapped into IPv6
//! (RFC 4291 §2.5.5.2) wherever it is not in a frame.
//!
//! Frames have no tags, IPv6 packets no extension headers, IPv4 packets neither options nor fragments;
//! what has goes to the world.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Between whom packets travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// The Ethernet address of who asks, and of who is asked.
    pub(super) macs: ([u8; 6], [u8; 6]),
    /// The address of who asks, and of who is asked; both of one family.
    pub(super) addresses: (Ipv6Addr, Ipv6Addr),
}

impl Ends {
    /// Returns them the other way round.
    pub(super) fn turned(self) -> Self {
        Self {
            macs: (self.macs.1, self.macs.0),
            addresses: (self.addresses.1, self.addresses.0),
        }
    }
}

/// A packet in a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ip<'a> {
    /// Between whom it travels, the sender first.
    pub(super) ends: Ends,
    /// The number of what it carries.
    pub(super) protocol: u8,
    /// The packet.
    pub(super) packet: &'a [u8],
    /// What is behind its header.
    pub(super) body: &'a [u8],
}

impl<'a> Ip<'a> {
    /// Takes a frame apart, if there is a packet in it.
    pub(super) fn read(frame: &'a [u8]) -> Option<Self> {
        let (ethernet, packet) = frame.split_first_chunk::<ETHERNET>()?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, kind @ ..] = *ethernet;
        let macs = ([g, h, i, j, k, l], [a, b, c, d, e, f]);
        match kind {
            IPV6_TYPE => Self::read_ipv6(macs, packet),
            IPV4_TYPE => Self::read_ipv4(macs, packet),
            _ => None,
        }
    }

    fn read_ipv6(macs: ([u8; 6], [u8; 6]), packet: &'a [u8]) -> Option<Self> {
        let (header, body) = packet.split_first_chunk::<IPV6>()?;
        let address = |at: usize| header[at..].first_chunk::<16>().copied();
        Some(Self {
            ends: Ends {
                macs,
                addresses: (address(8)?.into(), address(24)?.into()),
            },
            protocol: header[6],
            packet,
            body,
        })
    }

    fn read_ipv4(macs: ([u8; 6], [u8; 6]), packet: &'a [u8]) -> Option<Self> {
        let header = packet.first_chunk::<IPV4>()?;
        // Behind a short packet Ethernet has a padding.
        let packet = packet.get(..usize::from(two(header, 2)))?;
        let body = packet.get(IPV4..)?;
        let is_plain = header[0] == FIVE_WORDS && two(header, 6) & FRAGMENT == 0;
        let address = |at: usize| header[at..].first_chunk::<4>().copied();
        let mapped = |octets: [u8; 4]| Ipv4Addr::from(octets).to_ipv6_mapped();
        is_plain.then_some(Self {
            ends: Ends {
                macs,
                addresses: (mapped(address(12)?), mapped(address(16)?)),
            },
            protocol: header[9],
            packet,
            body,
        })
    }
}

/// Returns what stands before packets from the first of these ends to the second.
pub(super) fn ethernet(ends: &Ends) -> [u8; ETHERNET] {
    let mut ethernet = [0; ETHERNET];
    ethernet[..6].copy_from_slice(&ends.macs.1);
    ethernet[6..12].copy_from_slice(&ends.macs.0);
    let kind = match ends.addresses.1.to_ipv4_mapped() {
        Some(_) => IPV4_TYPE,
        None => IPV6_TYPE,
    };
    ethernet[12..].copy_from_slice(&kind);
    ethernet
}

/// Writes the headers of a packet from the first of these ends to the second; its body follows, and then
/// [`finish`].
pub(super) fn begin(frame: &mut Vec<u8>, ends: &Ends, protocol: u8) {
    frame.extend(ethernet(ends));
    let (from, to) = ends.addresses;
    if let (Some(from), Some(to)) = (from.to_ipv4_mapped(), to.to_ipv4_mapped()) {
        // RFC 6864 §4.1: where it must not be fragmented, any id will do.
        frame.extend([
            FIVE_WORDS,
            0,
            0,
            0,
            0,
            0,
            DONT_FRAGMENT,
            0,
            HOP_LIMIT,
            protocol,
        ]);
        frame.extend([0, 0]);
        frame.extend(from.octets());
        frame.extend(to.octets());
    } else {
        frame.extend([0x60, 0, 0, 0, 0, 0, protocol, HOP_LIMIT]);
        frame.extend(from.octets());
        frame.extend(to.octets());
    }
}

/// Returns where the body is in a frame with the headers that [`begin`] writes.
pub(super) fn body(frame: &[u8]) -> usize {
    ETHERNET + if is_ipv4(frame) { IPV4 } else { IPV6 }
}

/// Fills in what the headers of a frame say of its body.
pub(super) fn finish(frame: &mut [u8]) {
    let packet = (frame.len() - ETHERNET) as u16;
    let at = |at: usize| ETHERNET + at..ETHERNET + at + 2;
    if is_ipv4(frame) {
        frame[at(2)].copy_from_slice(&packet.to_be_bytes());
        frame[at(10)].fill(0);
        let checksum = complement(sum(&frame[ETHERNET..ETHERNET + IPV4]));
        frame[at(10)].copy_from_slice(&checksum.to_be_bytes());
    } else {
        let body = packet - IPV6 as u16;
        frame[at(4)].copy_from_slice(&body.to_be_bytes());
    }
}

/// The sum over the pseudo-header of a whole frame (RFC 8200 §8.1, RFC 768).
pub(super) fn pseudo_sum(frame: &[u8]) -> u32 {
    let length = (frame.len() - body(frame)) as u32;
    let (addresses, protocol) = match is_ipv4(frame) {
        true => (12..20, frame[ETHERNET + 9]),
        false => (8..40, frame[ETHERNET + 6]),
    };
    sum(&frame[ETHERNET..][addresses]) + length + u32::from(protocol)
}

/// The sum of RFC 1071, before it is folded; of less than 64 KiB.
pub(super) fn sum(bytes: &[u8]) -> u32 {
    let pairs = bytes.chunks_exact(2);
    let odd = pairs.remainder().first();
    let odd = odd.map_or(0, |last| u32::from(*last) << 8);
    pairs.map(|pair| u32::from(two(pair, 0))).sum::<u32>() + odd
}

/// Returns the checksum of what has a sum (RFC 1071 §1).
pub(super) fn complement(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

pub(super) fn two(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn is_ipv4(frame: &[u8]) -> bool {
    frame[12..14] == IPV4_TYPE
}

pub(super) const ETHERNET: usize = 14;
/// RFC 2464 §3.
const IPV6_TYPE: [u8; 2] = [0x86, 0xdd];
/// RFC 894.
const IPV4_TYPE: [u8; 2] = [0x08, 0x00];
/// RFC 8200 §3.
const IPV6: usize = 40;
/// RFC 791 §3.1, without options: version 4, and a header of five words.
const IPV4: usize = 20;
const FIVE_WORDS: u8 = 0x45;
/// RFC 791 §3.1: the bit DF, in the byte that it is in.
const DONT_FRAGMENT: u8 = 0x40;
/// RFC 791 §3.1: MF and the offset, one of which every fragment has.
const FRAGMENT: u16 = 0x3fff;
/// What hosts send with (RFC 1700, "IP TIME TO LIVE PARAMETER").
const HOP_LIMIT: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_a_short_packet_is_not_taken_for_it() {
        let mut frame = written();
        frame.extend([0; 20]);
        let ip = Ip::read(&frame).unwrap();
        assert_eq!((ip.body, ip.packet.len()), (&b"body"[..], IPV4 + 4));
        assert_eq!(ip.ends, ENDS);
        // A packet that says it is longer than it is.
        frame[ETHERNET + 2] = 1;
        assert!(Ip::read(&frame).is_none());
    }

    #[test]
    fn fragments_and_options_are_left_to_the_world() {
        let spoilt = |at: usize, by: u8| {
            let mut frame = written();
            frame[ETHERNET + at] ^= by;
            Ip::read(&frame).is_some()
        };
        assert!(spoilt(6, DONT_FRAGMENT));
        // MF, the first and the last bit of the offset, six words.
        for (at, by) in [(6, 0x20), (6, 0x10), (7, 0x01), (0, 0x03)] {
            assert!(!spoilt(at, by), "{at}");
        }
    }

    fn written() -> Vec<u8> {
        let mut frame = Vec::new();
        begin(&mut frame, &ENDS, 17);
        frame.extend(b"body");
        finish(&mut frame);
        frame
    }

    const ENDS: Ends = Ends {
        macs: ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]),
        addresses: (
            Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped(),
            Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped(),
        ),
    };
}
