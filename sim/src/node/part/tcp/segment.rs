//! What a stack has to know of a segment before smoltcp sees it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};

/// A segment by its ends.
pub(super) struct Segment {
    pub(super) peer: SocketAddrV6,
    pub(super) local: SocketAddrV6,
    /// Whether it opens a connection.
    pub(super) opens: bool,
}

impl Segment {
    /// Looks into an IP packet; `None` if what follows its header is no TCP segment.
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        let (source, destination, segment) = match packet.first()? >> 4 {
            4 => {
                let header = usize::from(packet.first()? & 0xf) * 4;
                (*packet.get(IPV4_PROTOCOL)? == TCP).then_some(())?;
                let address = |from: usize| -> Option<Ipv6Addr> {
                    let octets: [u8; 4] = packet.get(from..from + 4)?.try_into().ok()?;
                    Some(Ipv4Addr::from(octets).to_ipv6_mapped())
                };
                (address(12)?, address(16)?, packet.get(header..)?)
            }
            6 => {
                (*packet.get(IPV6_NEXT_HEADER)? == TCP).then_some(())?;
                let address = |from: usize| -> Option<Ipv6Addr> {
                    let octets: [u8; 16] = packet.get(from..from + 16)?.try_into().ok()?;
                    Some(octets.into())
                };
                (address(8)?, address(24)?, packet.get(IPV6_HEADER..)?)
            }
            _ => return None,
        };
        let (tcp, _) = segment.split_first_chunk::<TCP_HEADER>()?;
        let port = |at: usize| u16::from_be_bytes([tcp[at], tcp[at + 1]]);
        Some(Self {
            peer: SocketAddrV6::new(source, port(0), 0, 0),
            local: SocketAddrV6::new(destination, port(2), 0, 0),
            opens: tcp[FLAGS] & (SYN | ACK) == SYN,
        })
    }
}

const TCP: u8 = 6;
const TCP_HEADER: usize = 20;
/// Where the protocol stands (RFC 791 §3.1, RFC 8200 §3).
const IPV4_PROTOCOL: usize = 9;
const IPV6_NEXT_HEADER: usize = 6;
const IPV6_HEADER: usize = 40;
/// RFC 9293 §3.1: where the control bits are, and two of them.
const FLAGS: usize = 13;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
