//! IPv4 fragments (RFC 791 §3.2): cutting a packet, and putting one together again.
//!
//! Only headers without options are cut, as nothing here sends others.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::{HEADER, renew_checksum};
use crate::time::Time;

/// Returns a packet as it travels over a link with this MTU: itself if it fits, else fragments, in
/// order. What is a fragment already is cut further.
pub fn fragments(ip: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    let has_options = ip.first().is_none_or(|first| first & 0xf != 5);
    let Some(place) = place(ip).filter(|_| ip.len() > mtu && !has_options) else {
        return vec![ip.to_vec()];
    };
    let (header, payload) = ip.split_at(HEADER);
    // RFC 791 §3.2: every fragment but the last is a multiple of eight octets long.
    let room = (mtu.saturating_sub(HEADER) & !7).max(8);
    let mut pieces = Vec::new();
    let mut at = 0;
    for bytes in payload.chunks(room) {
        let more = place.more || at + bytes.len() < payload.len();
        pieces.push(packet(header, bytes, place.at + at, more));
        at += bytes.len();
    }
    pieces
}

/// Returns whether a packet is a fragment.
pub fn is_fragment(ip: &[u8]) -> bool {
    place(ip).is_some_and(|place| place.more || place.at > 0)
}

/// What the fragments of one packet have in common (RFC 791 §3.2): source, destination, protocol and
/// identification.
pub type Key = (Ipv4Addr, Ipv4Addr, u8, u16);

/// Returns which packet a fragment is of, and at which of its octets the fragment begins.
pub fn belongs(ip: &[u8]) -> Option<(Key, usize)> {
    let address = |at: usize| -> Option<Ipv4Addr> {
        let octets: &[u8; 4] = ip.get(at..)?.first_chunk()?;
        Some((*octets).into())
    };
    let place = place(ip).filter(|place| place.more || place.at > 0)?;
    let id = u16::from_be_bytes([ip[ID], ip[ID + 1]]);
    let key = (address(SOURCE)?, address(DESTINATION)?, ip[PROTOCOL], id);
    Some((key, place.at))
}

/// Packets of which pieces have come.
#[derive(Clone, Debug, Default)]
pub struct Reassembly {
    /// The oldest first.
    pending: Vec<Pending>,
}

#[derive(Clone, Debug)]
struct Pending {
    key: Key,
    until: Time,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    at: usize,
    more: bool,
    header: Vec<u8>,
    bytes: Vec<u8>,
}

impl Reassembly {
    /// Returns a packet that is none in fragments as it is, and one that is once all of it has come.
    pub fn complete<'a>(&mut self, ip: &'a [u8], now: Time) -> Option<Cow<'a, [u8]>> {
        match is_fragment(ip) {
            true => self.take_in(ip, now).map(Cow::Owned),
            false => Some(Cow::Borrowed(ip)),
        }
    }

    /// Takes in a fragment; returns the whole packet if this was its last missing piece.
    pub fn take_in(&mut self, ip: &[u8], now: Time) -> Option<Vec<u8>> {
        let (key, _) = belongs(ip)?;
        let place = place(ip)?;
        let length = usize::from(ip[0] & 0xf) * 4;
        let piece = Piece {
            at: place.at,
            more: place.more,
            header: ip.get(..length)?.to_vec(),
            // An empty piece would never let an overlap be seen.
            bytes: ip.get(length..).filter(|it| !it.is_empty())?.to_vec(),
        };
        self.pending.retain(|pending| pending.until > now);
        let known = self.pending.iter().position(|pending| pending.key == key);
        let index = known.unwrap_or_else(|| {
            // RFC 4787 §11 REQ-14 a): a flood of fragments must not be in the way of others.
            if self.pending.len() == MOST_PENDING {
                self.pending.remove(0);
            }
            self.pending.push(Pending {
                key,
                until: now + PATIENCE,
                pieces: Vec::new(),
            });
            self.pending.len() - 1
        });
        let pieces = &mut self.pending[index].pieces;
        // A network may deliver one twice.
        let is_same = |other: &Piece| (other.at, &other.bytes) == (piece.at, &piece.bytes);
        if pieces.iter().any(is_same) {
            return None;
        }
        let overlaps = |other: &Piece| {
            piece.at < other.at + other.bytes.len() && other.at < piece.at + piece.bytes.len()
        };
        // RFC 1858 §3: who overlaps them means harm.
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

#[derive(Clone, Copy, Debug)]
struct Place {
    at: usize,
    more: bool,
}

fn place(ip: &[u8]) -> Option<Place> {
    let header = ip.get(..HEADER)?;
    let word = u16::from_be_bytes([header[FLAGS], header[FLAGS + 1]]);
    Some(Place {
        at: usize::from(word & OFFSET) * 8,
        more: word & MORE != 0,
    })
}

/// Returns the whole packet if its pieces, in order, leave no gap. It may be cut anew, as it was before.
fn join(pieces: &[Piece]) -> Option<Vec<u8>> {
    pieces.last().filter(|last| !last.more)?;
    let mut end = 0;
    for piece in pieces {
        if piece.at != end {
            return None;
        }
        end += piece.bytes.len();
    }
    let header = &pieces.first()?.header;
    // A total length has sixteen bits.
    u16::try_from(header.len() + end).ok()?;
    let bytes: Vec<u8> = pieces
        .iter()
        .flat_map(|piece| piece.bytes.clone())
        .collect();
    Some(packet(header, &bytes, 0, false))
}

/// Builds a packet of the header of another one that may be cut.
fn packet(header: &[u8], bytes: &[u8], at: usize, more: bool) -> Vec<u8> {
    let mut packet = [header, bytes].concat();
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    packet[LENGTH..LENGTH + 2].copy_from_slice(&length.to_be_bytes());
    let at = u16::try_from(at / 8).unwrap_or(OFFSET) & OFFSET;
    let word = at | if more { MORE } else { 0 };
    packet[FLAGS..FLAGS + 2].copy_from_slice(&word.to_be_bytes());
    renew_checksum(&mut packet);
    packet
}

/// Where the fields stand (RFC 791 §3.1).
const LENGTH: usize = 2;
const ID: usize = 4;
const FLAGS: usize = 6;
const PROTOCOL: usize = 9;
const SOURCE: usize = 12;
const DESTINATION: usize = 16;
const MORE: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;
/// How long the rest may take (RFC 1122 §3.3.2: between 60 and 120 seconds).
const PATIENCE: Duration = Duration::from_secs(60);
/// More packets in pieces than ever wait at a time (ours).
const MOST_PENDING: usize = 64;
/// More pieces than the longest packet of ours has (ours).
const MOST_PIECES: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Header4, Ipv4};
    use super::*;

    #[test]
    fn a_short_packet_stays_whole_and_a_long_one_comes_together_in_any_order() {
        let ip = long();
        assert_eq!(fragments(&ip, 9000), std::slice::from_ref(&ip));
        let pieces = fragments(&ip, 1454);
        assert_eq!(pieces.len(), 3);
        assert!(pieces.iter().all(|it| it.len() <= 1454 && is_fragment(it)));
        for turn in 0..3 {
            let mut pieces = pieces.clone();
            pieces.rotate_left(turn);
            let mut reassembly = Reassembly::default();
            assert_eq!(reassembly.take_in(&pieces[0], Time::ZERO), None);
            assert_eq!(reassembly.take_in(&pieces[1], Time::ZERO), None);
            // What comes twice counts once.
            assert_eq!(reassembly.take_in(&pieces[1], Time::ZERO), None);
            let whole = reassembly.take_in(&pieces[2], Time::ZERO).unwrap();
            assert_eq!(whole, ip);
            assert_eq!(
                Ipv4::parse(&whole).unwrap().udp().unwrap().payload.len(),
                4000
            );
        }
    }

    #[test]
    fn a_fragment_that_is_cut_again_keeps_its_place() {
        let ip = long();
        let twice = fragments(&ip, 1500).into_iter();
        let twice: Vec<Vec<u8>> = twice.flat_map(|piece| fragments(&piece, 1454)).collect();
        assert_eq!(twice.len(), 5);
        let mut reassembly = Reassembly::default();
        let whole = twice
            .iter()
            .find_map(|it| reassembly.take_in(it, Time::ZERO));
        assert_eq!(whole.unwrap(), ip);
    }

    #[test]
    fn pieces_that_overlap_or_come_too_late_make_nothing() {
        let pieces = fragments(&long(), 1454);
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.take_in(&pieces[0], Time::ZERO), None);
        let overlapping = &fragments(&long(), 1000)[1];
        assert_eq!(reassembly.take_in(overlapping, Time::ZERO), None);
        assert_eq!(reassembly.take_in(&pieces[1], Time::ZERO), None);
        assert_eq!(reassembly.take_in(&pieces[2], Time::ZERO), None);
        let late = Time::ZERO + PATIENCE;
        assert_eq!(reassembly.take_in(&pieces[0], late), None);
    }

    #[test]
    fn a_flood_of_fragments_leaves_room_for_the_next_packet() {
        let pieces = fragments(&long(), 1454);
        let mut reassembly = Reassembly::default();
        for id in 100..10_000_u16 {
            let stray = Header4::new(ONE, TWO)
                .that_may_be_cut(id)
                .udp(1, 2, &[7; 2000]);
            let stray = &fragments(&stray, 1454)[0];
            assert_eq!(reassembly.take_in(stray, Time::ZERO), None);
        }
        assert_eq!(reassembly.pending.len(), MOST_PENDING);
        let mut pieces = pieces.iter();
        let whole = pieces.find_map(|it| reassembly.take_in(it, Time::ZERO));
        assert!(whole.is_some());
    }

    proptest! {
        #[test]
        fn hostile_fragments_do_no_harm(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..20),
            mtu in 0..100_usize,
        ) {
            let mut reassembly = Reassembly::default();
            for packet in packets {
                reassembly.take_in(&packet, Time::ZERO);
                fragments(&packet, mtu);
            }
        }
    }

    const ONE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
    const TWO: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 16);

    fn long() -> Vec<u8> {
        Header4::new(ONE, TWO)
            .that_may_be_cut(7)
            .udp(7, 5000, &[7; 4000])
    }
}
