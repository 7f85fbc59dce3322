//! A frame with a TCP segment in it, as far as it has to be known whose it is.

use std::net::Ipv6Addr;

/// A segment.
#[derive(Clone, Copy, Debug)]
pub(in crate::tester) struct Segment<'a> {
    /// The Ethernet address of who sent it, and of whom it is for.
    pub(in crate::tester) macs: ([u8; 6], [u8; 6]),
    /// Who sent it.
    pub(in crate::tester) source: Ipv6Addr,
    /// Whom it is for.
    pub(in crate::tester) destination: Ipv6Addr,
    /// From which port.
    pub(in crate::tester) source_port: u16,
    /// To which port.
    pub(in crate::tester) destination_port: u16,
    /// Whether it asks for a connection.
    pub(in crate::tester) opens: bool,
    /// The IPv6 packet.
    pub(in crate::tester) packet: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Takes a frame apart, if there is a TCP segment in it.
    pub(in crate::tester) fn read(frame: &'a [u8]) -> Option<Self> {
        let packet = frame.get(ETHERNET..)?;
        if frame[12..14] != IPV6_TYPE || packet.len() < IPV6 + TCP || packet[6] != TCP_PROTOCOL {
            return None;
        }
        let address = |at: usize| <[u8; 16]>::try_from(&packet[at..at + 16]).ok();
        let port = |at: usize| u16::from_be_bytes([packet[IPV6 + at], packet[IPV6 + at + 1]]);
        Some(Self {
            macs: (frame[6..12].try_into().ok()?, frame[..6].try_into().ok()?),
            source: address(8)?.into(),
            destination: address(24)?.into(),
            source_port: port(0),
            destination_port: port(2),
            opens: packet[IPV6 + 13] & (SYN | ACK) == SYN,
            packet,
        })
    }
}

pub(in crate::tester) const ETHERNET: usize = 14;
pub(in crate::tester) const IPV6_TYPE: [u8; 2] = [0x86, 0xdd];
const IPV6: usize = 40;
/// The least that a header has (RFC 9293 §3.1).
const TCP: usize = 20;
const TCP_PROTOCOL: u8 = 6;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
