//! IPv6 fragments (RFC 8200 §4.5): cutting a packet, and putting one together again.
//!
//! Only packets without other extension headers are cut or put together; nothing else of ours is
//! longer than the MTU.

use std::net::Ipv6Addr;

use super::packet::IPV6_HEADER;

/// Returns a packet as it travels over a link with this MTU: itself if it fits, else fragments.
pub fn fragments(ip: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    if ip.len() <= mtu || ip.len() < IPV6_HEADER {
        return vec![ip.to_vec()];
    }
    let (header, payload) = ip.split_at(IPV6_HEADER);
    let room = (mtu - IPV6_HEADER - FRAGMENT_HEADER) & !7;
    let id = identification(payload);
    let mut pieces = Vec::new();
    let mut at = 0;
    for piece in payload.chunks(room) {
        let more = at + piece.len() < payload.len();
        let mut packet = header.to_vec();
        let length = FRAGMENT_HEADER + piece.len();
        packet[4..6].copy_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        packet[NEXT_HEADER] = FRAGMENT;
        packet.extend([header[NEXT_HEADER], 0]);
        let place = u16::try_from(at).unwrap_or(u16::MAX) & !7 | u16::from(more);
        packet.extend(place.to_be_bytes());
        packet.extend(id.to_be_bytes());
        packet.extend(piece);
        pieces.push(packet);
        at += piece.len();
    }
    pieces
}

/// Packets of which pieces have come.
#[derive(Clone, Debug, Default)]
pub struct Reassembly {
    /// The oldest first.
    pending: Vec<(Key, Vec<Piece>)>,
}

type Key = (Ipv6Addr, Ipv6Addr, u32);

#[derive(Clone, Debug)]
struct Piece {
    at: usize,
    more: bool,
    /// The header before it, with the next header of the whole packet in its place.
    header: Vec<u8>,
    bytes: Vec<u8>,
}

impl Reassembly {
    /// Takes in an IPv6 packet; returns the whole one if this was its last missing piece.
    pub fn take_in(&mut self, ip: &[u8]) -> Option<Vec<u8>> {
        let (key, piece) = piece(ip)?;
        let known = self.pending.iter().position(|(known, _)| *known == key);
        let index = known.unwrap_or_else(|| {
            if self.pending.len() == MOST_PENDING {
                self.pending.remove(0);
            }
            self.pending.push((key, Vec::new()));
            self.pending.len() - 1
        });
        let pieces = &mut self.pending[index].1;
        // RFC 8200 §4.5: pieces that overlap spoil their packet.
        let overlaps = |other: &Piece| {
            piece.at < other.at + other.bytes.len() && other.at < piece.at + piece.bytes.len()
        };
        if pieces.len() == MOST_PIECES || pieces.iter().any(overlaps) {
            self.pending.remove(index);
            return None;
        }
        pieces.push(piece);
        pieces.sort_by_key(|piece| piece.at);
        let whole = join(pieces)?;
        self.pending.remove(index);
        Some(whole)
    }
}

/// Returns whether a packet is a fragment.
pub fn is_fragment(ip: &[u8]) -> bool {
    ip.get(NEXT_HEADER) == Some(&FRAGMENT)
}

fn piece(ip: &[u8]) -> Option<(Key, Piece)> {
    if !is_fragment(ip) {
        return None;
    }
    let address = |at: usize| -> Option<Ipv6Addr> {
        let octets: &[u8; 16] = ip.get(at..)?.first_chunk()?;
        Some((*octets).into())
    };
    let fixed: &[u8; FRAGMENT_HEADER] = ip.get(IPV6_HEADER..)?.first_chunk()?;
    let place = u16::from_be_bytes([fixed[2], fixed[3]]);
    let id = u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]);
    let mut header = ip[..IPV6_HEADER].to_vec();
    header[NEXT_HEADER] = fixed[0];
    let piece = Piece {
        at: usize::from(place & !7),
        more: place & 1 == 1,
        header,
        bytes: ip[IPV6_HEADER + FRAGMENT_HEADER..].to_vec(),
    };
    // An empty piece would never let an overlap be seen.
    (!piece.bytes.is_empty()).then_some(((address(8)?, address(24)?, id), piece))
}

/// Returns the whole packet if its pieces, in order, leave no gap.
fn join(pieces: &[Piece]) -> Option<Vec<u8>> {
    let last = pieces.last().filter(|last| !last.more)?;
    let length = last.at + last.bytes.len();
    let mut end = 0;
    for piece in pieces {
        if piece.at != end {
            return None;
        }
        end += piece.bytes.len();
    }
    let mut whole = pieces.first()?.header.clone();
    whole[4..6].copy_from_slice(&u16::try_from(length).ok()?.to_be_bytes());
    whole.extend(pieces.iter().flat_map(|piece| &piece.bytes));
    Some(whole)
}

/// Returns a number that two packets on the way at the same time hardly share (RFC 7739 §5): the
/// first bytes hold a checksum and a DNS id, which are as good as random.
fn identification(payload: &[u8]) -> u32 {
    payload.iter().take(64).fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

const NEXT_HEADER: usize = 6;
const FRAGMENT: u8 = 44;
const FRAGMENT_HEADER: usize = 8;
/// More packets in pieces than ever wait at a time.
const MOST_PENDING: usize = 64;
/// The longest packet over links of the minimum MTU of IPv6 (RFC 8200 §5) comes in 54 pieces.
const MOST_PIECES: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::packet::{ETHERNET_HEADER, Envelope, Mac, Packet, frame_ip};

    #[test]
    fn a_short_packet_stays_whole_and_a_long_one_comes_together_in_any_order() {
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        let (a, b) = (mac.link_local(), mac.link_local());
        let frame = Envelope::new(mac, mac, a, b).udp(53, 5000, &[7; 4096]);
        let ip = &frame[ETHERNET_HEADER..];
        assert_eq!(fragments(ip, 9000).len(), 1);
        let mut pieces = fragments(ip, 1500);
        assert_eq!(pieces.len(), 3);
        assert!(pieces.iter().all(|piece| piece.len() <= 1500));
        pieces.rotate_left(1);
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.take_in(&pieces[0]), None);
        assert_eq!(reassembly.take_in(&pieces[1]), None);
        let whole = reassembly.take_in(&pieces[2]).unwrap();
        assert_eq!(whole, ip);
        let frame = frame_ip(mac, mac, &whole);
        assert_eq!(
            Packet::parse(&frame).unwrap().udp().unwrap().payload.len(),
            4096
        );
    }

    #[test]
    fn pieces_that_overlap_are_thrown_away() {
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        let frame =
            Envelope::new(mac, mac, mac.link_local(), mac.link_local()).udp(1, 2, &[7; 2000]);
        let pieces = fragments(&frame[ETHERNET_HEADER..], 1500);
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.take_in(&pieces[0]), None);
        assert_eq!(reassembly.take_in(&pieces[0]), None);
        assert_eq!(reassembly.take_in(&pieces[1]), None);
    }

    #[test]
    fn endless_pieces_leave_room_for_the_next_packet() {
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        let frame =
            Envelope::new(mac, mac, mac.link_local(), mac.link_local()).udp(1, 2, &[7; 2000]);
        let pieces = fragments(&frame[ETHERNET_HEADER..], 1500);
        let mut reassembly = Reassembly::default();
        let mut stray = pieces[0].clone();
        for number in 0..100_000_u32 {
            stray[IPV6_HEADER + 4..IPV6_HEADER + 8].copy_from_slice(&number.to_be_bytes());
            assert_eq!(reassembly.take_in(&stray), None);
        }
        assert_eq!(reassembly.pending.len(), MOST_PENDING);
        assert_eq!(reassembly.take_in(&pieces[1]), None);
        assert_eq!(reassembly.take_in(&stray), None);
        assert!(reassembly.take_in(&pieces[0]).is_some());
    }

    proptest! {
        #[test]
        fn hostile_fragments_do_no_harm(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..20),
        ) {
            let mut reassembly = Reassembly::default();
            for mut packet in packets {
                if let Some(next) = packet.get_mut(NEXT_HEADER) {
                    *next = FRAGMENT;
                }
                reassembly.take_in(&packet);
            }
        }
    }
}
