//! Ethernet II headers: what stands before a packet of whatever kind. Tags are not taken apart.

use etherparse::{EtherType, Ethernet2Slice};

use super::mac::Mac;
use crate::frame::Frame;

/// An Ethernet frame, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Ethernet<'a> {
    /// The source.
    pub source: Mac,
    /// The destination.
    pub destination: Mac,
    /// What kind of packet it holds.
    pub kind: EtherType,
    /// The packet, and what the frame was filled up with.
    pub payload: &'a [u8],
}

impl<'a> Ethernet<'a> {
    /// Takes a frame apart; `None` if it is too short for a header.
    pub fn parse(frame: &'a [u8]) -> Option<Self> {
        let slice = Ethernet2Slice::from_slice_without_fcs(frame).ok()?;
        Some(Self {
            source: Mac(slice.source()),
            destination: Mac(slice.destination()),
            kind: slice.ether_type(),
            payload: slice.payload_slice(),
        })
    }

    /// Builds the frame.
    pub fn frame(&self) -> Frame {
        let mut bytes = Vec::with_capacity(ETHERNET_HEADER + self.payload.len());
        bytes.extend_from_slice(&self.destination.0);
        bytes.extend_from_slice(&self.source.0);
        bytes.extend_from_slice(&self.kind.0.to_be_bytes());
        bytes.extend_from_slice(self.payload);
        bytes.into()
    }
}

/// The length of an Ethernet header without tags.
pub const ETHERNET_HEADER: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_kind_of_packet_comes_out_as_it_went_in() {
        let built = Ethernet {
            source: Mac([2, 0, 0x5e, 0, 0, 1]),
            destination: Mac([2, 0, 0x5e, 0, 0, 2]),
            kind: EtherType(0x8864),
            payload: b"a session",
        };
        let frame = built.frame();
        let parsed = Ethernet::parse(&frame).unwrap();
        assert_eq!(
            (parsed.source, parsed.destination),
            (built.source, built.destination)
        );
        assert_eq!((parsed.kind, parsed.payload), (built.kind, built.payload));
        assert!(Ethernet::parse(&frame[..13]).is_none());
    }
}
