//! IPv6 headers that the ordinary builders do not write: extensions, fragments, flow labels.

use std::net::Ipv6Addr;

use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::packet::{ETHERNET_HEADER, Envelope, IPV6_HEADER, frame_ip};

/// Builds a packet of any protocol; nothing in it is checked.
pub(super) fn packet(envelope: Envelope, next_header: u8, payload: &[u8]) -> Frame {
    let mut ip = envelope.udp(0, 0, &[])[ETHERNET_HEADER..][..IPV6_HEADER].to_vec();
    ip[NEXT_HEADER] = next_header;
    ip.extend_from_slice(payload);
    finish(ip, envelope)
}

/// Puts a flow label into a packet.
pub(super) fn relabel(frame: &Frame, flow_label: u32) -> Frame {
    let mut bytes = frame.to_vec();
    let [_, high, middle, low] = flow_label.to_be_bytes();
    let at = ETHERNET_HEADER;
    bytes[at + 1] = (bytes[at + 1] & 0xf0) | (high & 0x0f);
    (bytes[at + 2], bytes[at + 3]) = (middle, low);
    bytes.into()
}

/// Puts an extension header right after the IPv6 header; `body` follows its next-header byte.
pub(super) fn insert(frame: &Frame, number: u8, body: &[u8]) -> Frame {
    let mut bytes = frame.to_vec();
    let inner = bytes[ETHERNET_HEADER + NEXT_HEADER];
    bytes[ETHERNET_HEADER + NEXT_HEADER] = number;
    let header = [&[inner][..], body].concat();
    let at = ETHERNET_HEADER + IPV6_HEADER;
    bytes.splice(at..at, header);
    with_length(bytes)
}

/// Puts a routing header of type 0 with one address and one segment left into a packet (RFC 2460
/// §4.4).
pub(super) fn routing_header_0(frame: &Frame, by_way_of: Ipv6Addr) -> Frame {
    let body = [&[2, 0, 1, 0, 0, 0, 0][..], &by_way_of.octets()].concat();
    insert(frame, ROUTING, &body)
}

/// Puts a routing header of type 2 into a packet, for a host that is at home: no segment is left (RFC
/// 6275 §6.4.1).
pub(super) fn routing_header_2(frame: &Frame, home: Ipv6Addr) -> Frame {
    let body = [&[2, 2, 0, 0, 0, 0, 0][..], &home.octets()].concat();
    insert(frame, ROUTING, &body)
}

/// Cuts a packet in two (RFC 8200 §4.5).
pub(super) fn fragments(frame: &Frame) -> Vec<Frame> {
    let (head, payload) = frame.split_at(ETHERNET_HEADER + IPV6_HEADER);
    let inner = head[ETHERNET_HEADER + NEXT_HEADER];
    let id = u32::from(u16::from_be_bytes([payload[0], payload[1]])) << 8 | 0x4e;
    let piece = |from: usize, to: usize| {
        let more = u16::from(to < payload.len());
        let place = u16::try_from(from).expect("a test packet is short") | more;
        let mut bytes = head.to_vec();
        bytes[ETHERNET_HEADER + NEXT_HEADER] = FRAGMENT;
        bytes.extend([inner, 0]);
        bytes.extend(place.to_be_bytes());
        bytes.extend(id.to_be_bytes());
        bytes.extend_from_slice(&payload[from..to]);
        with_length(bytes)
    };
    vec![piece(0, FIRST), piece(FIRST, payload.len())]
}

fn finish(ip: Vec<u8>, envelope: Envelope) -> Frame {
    let frame = frame_ip(envelope.eth_source, envelope.eth_destination, &ip);
    with_length(frame.to_vec())
}

fn with_length(mut bytes: Vec<u8>) -> Frame {
    let length = bytes.len() - ETHERNET_HEADER - IPV6_HEADER;
    let length = u16::try_from(length).expect("a test packet is short");
    let at = ETHERNET_HEADER + PAYLOAD_LENGTH;
    bytes[at..at + 2].copy_from_slice(&length.to_be_bytes());
    bytes.into()
}

/// RFC 8200 §3.
const PAYLOAD_LENGTH: usize = 4;
const NEXT_HEADER: usize = 6;
/// How much of a packet the first fragment has: a multiple of eight below the minimum MTU.
const FIRST: usize = 1200;
/// RFC 8200 §4: the numbers of the extension headers.
pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const DESTINATION_OPTIONS: u8 = 60;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
/// RFC 4303 §2 and RFC 4302 §2.
pub(super) const ESP: u8 = 50;
pub(super) const AUTHENTICATION: u8 = 51;
/// RFC 8200 §4.2: no further eight bytes, and PadN over the remaining six.
pub(super) const PADDING: [u8; 7] = [0, 1, 4, 0, 0, 0, 0];
/// The same with eight bytes more.
pub(super) const MORE_PADDING: [u8; 15] = [1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// RFC 4302 §2: a length of 4, reserved, SPI 0x1000, sequence number 1, 96 bits of check value.
pub(super) const AH_BODY: [u8; 23] = [
    4, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
];

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::packet::{Mac, Packet, Payload};

    use super::*;

    #[test]
    fn what_is_built_can_be_taken_apart() {
        let frame = envelope().udp(1, 2, b"ngnlab");
        for number in [HOP_BY_HOP, DESTINATION_OPTIONS] {
            let longer = insert(&frame, number, &PADDING);
            let packet = Packet::parse(&longer).unwrap();
            assert_eq!(packet.udp().unwrap().payload, b"ngnlab");
            assert_eq!(packet.ip[NEXT_HEADER], number);
        }
        let longer = insert(&frame, AUTHENTICATION, &AH_BODY);
        assert!(Packet::parse(&longer).unwrap().udp().is_some());
        let labelled = relabel(&frame, 0xa_bcde);
        let packet = Packet::parse(&labelled).unwrap();
        assert_eq!((packet.flow_label, packet.traffic_class), (0xa_bcde, 0));
        let other = super::packet(envelope(), 253, b"x");
        let packet = Packet::parse(&other).unwrap();
        assert!(matches!(
            packet.payload,
            Payload::Other {
                next_header: 253,
                bytes: b"x"
            }
        ));
        assert_eq!(packet.hop_limit, 64);
    }

    #[test]
    fn two_fragments_hold_the_whole_packet() {
        let whole = envelope().udp(1, 2, &[7; 2000]);
        let parts = fragments(&whole);
        let sizes: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(sizes, [14 + 40 + 8 + 1200, 14 + 40 + 8 + 808]);
        for part in &parts {
            let packet = Packet::parse(part).unwrap();
            assert!(matches!(
                packet.payload,
                Payload::Other {
                    next_header: 17,
                    ..
                }
            ));
        }
    }

    fn envelope() -> Envelope {
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        Envelope::new(mac, mac, mac.link_local(), Ipv6Addr::LOCALHOST)
    }
}
