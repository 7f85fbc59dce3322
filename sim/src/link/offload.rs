//! What a network interface leaves out of frames, and puts into them: VLAN tags and checksums.

use etherparse::{
    EtherType, Ethernet2Slice, Icmpv6Slice, IpNumber, Ipv6Slice, TcpHeaderSlice, UdpSlice,
};

use crate::frame::Frame;

/// Returns a frame with the tag of a VLAN (IEEE 802.1Q §9.6).
pub(super) fn tagged(frame: &Frame, vlan: u16) -> Vec<u8> {
    let at = ADDRESSES.min(frame.len());
    let tag = [TAG.to_be_bytes(), (vlan & 0x0fff).to_be_bytes()];
    [&frame[..at], &tag.concat(), &frame[at..]].concat()
}

/// Takes the tag off a frame that has one.
pub(super) fn take_tag(bytes: &mut Vec<u8>) -> Option<u16> {
    let tag = bytes.get(ADDRESSES..ADDRESSES + TAG_SIZE)?;
    let kind = u16::from_be_bytes([tag[0], tag[1]]);
    let tag = u16::from_be_bytes([tag[2], tag[3]]);
    if kind != TAG {
        return None;
    }
    bytes.drain(ADDRESSES..ADDRESSES + TAG_SIZE);
    Some(tag)
}

/// Computes the checksum that a sender without hardware left to nobody: that of TCP, UDP or ICMPv6
/// in IPv6. What is none of them, or is cut, stays as it is.
pub(super) fn complete_checksum(bytes: &mut [u8]) {
    if let Some((at, sum)) = missing(bytes)
        && let Some(place) = bytes.get_mut(at..at + 2)
    {
        place.copy_from_slice(&sum.to_be_bytes());
    }
}

/// Returns the frame with its checksum where a sender left that to its hardware, and `None` where it
/// did not. Linux leaves the sum over the pseudo-header in its place.
pub fn with_checksum(frame: &[u8]) -> Option<Frame> {
    let (at, sum) = missing(frame)?;
    let there = u16::from_be_bytes(*frame.get(at..at + 2)?.first_chunk()?);
    if there == sum || there != pseudo_header_sum(frame)? {
        return None;
    }
    let mut bytes = frame.to_vec();
    complete_checksum(&mut bytes);
    Some(bytes.into())
}

/// Returns the sum over addresses, length and protocol (RFC 8200 §8.1), not yet complemented.
fn pseudo_header_sum(frame: &[u8]) -> Option<u16> {
    let ethernet = Ethernet2Slice::from_slice_without_fcs(frame).ok()?;
    let ip = Ipv6Slice::from_slice(ethernet.payload_slice()).ok()?;
    let payload = ip.payload();
    let header = ip.header();
    let addresses = [header.source(), header.destination()].concat();
    let words = addresses.chunks_exact(2);
    let sum: u32 = words
        .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])))
        .sum();
    let length = u32::try_from(payload.payload.len()).ok()?;
    let mut sum = sum + length + u32::from(payload.ip_number.0);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).ok()
}

/// Returns where the checksum belongs, and what it is.
fn missing(bytes: &[u8]) -> Option<(usize, u16)> {
    let ethernet = Ethernet2Slice::from_slice_without_fcs(bytes).ok()?;
    if ethernet.ether_type() != EtherType::IPV6 {
        return None;
    }
    let ip = Ipv6Slice::from_slice(ethernet.payload_slice()).ok()?;
    let payload = ip.payload();
    if payload.fragmented {
        return None;
    }
    let (from, to) = (ip.header().source(), ip.header().destination());
    // A slice of the same bytes: its place is where it begins.
    let start = payload.payload.as_ptr().addr() - bytes.as_ptr().addr();
    let (offset, sum) = match payload.ip_number {
        IpNumber::TCP => {
            let header = TcpHeaderSlice::from_slice(payload.payload).ok()?;
            let body = payload.payload.get(header.slice().len()..)?;
            let sum = header.calc_checksum_ipv6_raw(from, to, body).ok()?;
            (16, sum)
        }
        IpNumber::UDP => {
            let udp = UdpSlice::from_slice(payload.payload).ok()?;
            let header = udp.to_header();
            let sum = header
                .calc_checksum_ipv6_raw(from, to, udp.payload())
                .ok()?;
            (6, sum)
        }
        IpNumber::IPV6_ICMP => {
            let message = Icmpv6Slice::from_slice(payload.payload).ok()?;
            let kind = message.icmp_type();
            let sum = kind.calc_checksum(from, to, message.payload()).ok()?;
            (2, sum)
        }
        _ => return None,
    };
    Some((start + offset, sum))
}

/// Two MAC addresses.
const ADDRESSES: usize = 12;
const TAG_SIZE: usize = 4;
/// The TPID of a customer's tag.
const TAG: u16 = 0x8100;

#[cfg(test)]
mod tests {
    use etherparse::TcpHeader;
    use proptest::prelude::*;

    use super::*;
    use crate::message::packet::{Envelope, Mac};

    #[test]
    fn a_tag_goes_on_and_comes_off() {
        let plain = Frame::from(vec![7; 60]);
        let mut bytes = tagged(&plain, 101);
        assert_eq!(bytes[12..16], [0x81, 0, 0, 101]);
        assert_eq!(take_tag(&mut bytes), Some(101));
        assert_eq!(bytes, plain.to_vec());
        assert_eq!(take_tag(&mut bytes), None);
    }

    #[test]
    fn a_checksum_that_was_left_out_is_computed() {
        for right in frames() {
            let mut bytes = right.to_vec();
            let at = missing(&bytes).unwrap().0;
            bytes[at] ^= 0x55;
            assert_ne!(bytes, right.to_vec());
            complete_checksum(&mut bytes);
            assert_eq!(bytes, right.to_vec());
        }
    }

    #[test]
    fn a_checksum_that_was_left_to_the_hardware_is_told_from_a_wrong_one() {
        for right in frames() {
            let (at, _) = missing(&right).unwrap();
            let mut left = right.to_vec();
            left[at..at + 2].copy_from_slice(&pseudo_header_sum(&right).unwrap().to_be_bytes());
            assert_eq!(with_checksum(&left), Some(right.clone()));
            left[at] ^= 0x55;
            assert_eq!(with_checksum(&left), None);
            assert_eq!(with_checksum(&right), None);
        }
    }

    fn frames() -> [Frame; 3] {
        let mac = |number| Mac([2, 0, 0x5e, 0, 0, number]);
        let (from, to) = (mac(1), mac(2));
        let envelope = Envelope::new(from, to, from.link_local(), to.link_local());
        let mut segment = TcpHeader::new(1024, 443, 7, 512);
        segment.set_options_raw(&[2, 4, 5, 0xa0]).unwrap();
        [
            envelope.udp(1024, 53, b"question"),
            envelope.tcp(segment, b"hello"),
            envelope.icmpv6(128, 0, &[0, 1, 0, 2, 9, 9]),
        ]
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut taken = bytes.clone();
            complete_checksum(&mut taken);
            with_checksum(&bytes);
            prop_assert_eq!(taken.len(), bytes.len());
            take_tag(&mut taken);
        }
    }
}
