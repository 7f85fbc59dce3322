//! IPv4 packets that travel in fragments: each is put together where its last fragment stands, on both
//! sides of the device, and in each session by itself.

use std::collections::BTreeMap;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::ipv4::fragment::{Key, Reassembly, belongs};
use ngnlab_sim::trace::{End, Role};

use super::Found;

/// One fragment of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its record.
    pub record: RecordId,
    /// How long it is.
    pub length: usize,
    /// Which octet of the packet it begins with.
    pub at: usize,
    arrives: Time,
    lost: bool,
}

/// What has been seen of packets in fragments.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    wires: BTreeMap<Wire, Seen>,
}

/// A cable, one way, and the session on it.
type Wire = (Role, bool, Option<u16>);

#[derive(Debug, Default)]
struct Seen {
    reassembly: Reassembly,
    pieces: BTreeMap<Key, Vec<Piece>>,
}

impl Pieces {
    /// Takes in a fragment; returns the whole packet if this was its last missing one, where that stands,
    /// and its fragments in the order in which they arrived. What the cable lost had been sent.
    pub(super) fn take_in(
        &mut self,
        place: &Found<()>,
        session: Option<u16>,
        ip: &[u8],
    ) -> Option<(Vec<u8>, Found<()>, Vec<Piece>)> {
        let (key, at) = belongs(ip)?;
        let wire = (place.on, place.from == End::Device, session);
        let seen = self.wires.entry(wire).or_default();
        seen.pieces.entry(key).or_default().push(Piece {
            record: place.record,
            length: ip.len(),
            at,
            arrives: place.arrives,
            lost: place.lost,
        });
        let whole = seen.reassembly.take_in(ip, place.at)?;
        let mut pieces = seen.pieces.remove(&key)?;
        pieces.sort_by_key(|piece| (piece.arrives, piece.record));
        let last = Found {
            arrives: pieces.last()?.arrives,
            lost: pieces.iter().any(|piece| piece.lost),
            ..place.with(())
        };
        Some((whole, last, pieces))
    }
}
