//! Which flow a packet belongs to, by its protocol, addresses and ports.

use std::net::Ipv6Addr;

use crate::message::icmpv6::{ECHO_REPLY, ECHO_REQUEST};
use crate::message::packet::{IPV6_HEADER, Packet, Payload};

/// One flow as the LAN sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flow {
    pub(super) protocol: u8,
    inside: (Ipv6Addr, u16),
    outside: (Ipv6Addr, u16),
}

impl Flow {
    /// Returns the flow a packet from the LAN begins or continues.
    pub(super) fn outbound(packet: &Packet<'_>) -> Option<Self> {
        let (protocol, source, destination) = ports(packet, ECHO_REQUEST)?;
        Some(Self {
            protocol,
            inside: (packet.source, source),
            outside: (packet.destination, destination),
        })
    }

    /// Returns the flow a packet from the line answers.
    pub(super) fn inbound(packet: &Packet<'_>) -> Option<Self> {
        let (protocol, source, destination) = ports(packet, ECHO_REPLY)?;
        Some(Self {
            protocol,
            inside: (packet.destination, destination),
            outside: (packet.source, source),
        })
    }

    /// Returns the same without the port inside, as a defect keeps flows of UDP.
    pub(super) fn without_inside_port(self) -> Self {
        match self.protocol {
            UDP => Self {
                inside: (self.inside.0, 0),
                ..self
            },
            _ => self,
        }
    }

    /// Returns the flow of an outbound packet that an error quotes.
    pub(super) fn quoted(ip: &[u8]) -> Option<Self> {
        let address = |at: usize| {
            let octets: [u8; 16] = ip.get(at..at + 16)?.try_into().ok()?;
            Some(Ipv6Addr::from(octets))
        };
        let port = |at: usize| {
            let bytes = ip.get(IPV6_HEADER + at..IPV6_HEADER + at + 2)?;
            Some(u16::from_be_bytes(bytes.try_into().ok()?))
        };
        let protocol = *ip.get(NEXT_HEADER_OFFSET)?;
        let (source, destination) = match protocol {
            TCP | UDP => (port(0)?, port(2)?),
            ICMPV6 => (port(4)?, port(4)?),
            _ => (0, 0),
        };
        Some(Self {
            protocol,
            inside: (address(SOURCE_OFFSET)?, source),
            outside: (address(DESTINATION_OFFSET)?, destination),
        })
    }
}

/// What a fragment header says (RFC 8200 §4.5), where it comes first, as it does in practice.
#[derive(Clone, Copy)]
pub(super) struct Fragment {
    pub(super) first: bool,
    pub(super) id: u32,
}

impl Fragment {
    pub(super) fn read(packet: &Packet<'_>) -> Option<Self> {
        let header = packet.ip.get(IPV6_HEADER..IPV6_HEADER + 8)?;
        let [_, _, high, low, a, b, c, d] = *header else {
            return None;
        };
        (packet.ip[NEXT_HEADER_OFFSET] == FRAGMENT).then(|| Self {
            first: u16::from_be_bytes([high, low]) & 0xfff8 == 0,
            id: u32::from_be_bytes([a, b, c, d]),
        })
    }
}

/// Returns protocol, source and destination port; for echo both are its identifier.
///
/// The first fragment shows the ports, the others none. Unknown protocols have no ports and are
/// flows between two hosts (REC-12).
fn ports(packet: &Packet<'_>, echo: u8) -> Option<(u8, u16, u16)> {
    match &packet.payload {
        Payload::Udp(udp) => Some((UDP, udp.source_port, udp.destination_port)),
        Payload::Tcp(tcp) => Some((TCP, tcp.source_port(), tcp.destination_port())),
        Payload::Icmpv6(icmpv6) if icmpv6.kind == echo => {
            let id = u16::from_be_bytes(icmpv6.body.get(..2)?.try_into().ok()?);
            Some((ICMPV6, id, id))
        }
        Payload::Icmpv6(_) => None,
        Payload::Other { next_header, bytes } => match Fragment::read(packet) {
            Some(part) if !part.first => None,
            Some(_) if matches!(*next_header, TCP | UDP) => {
                let [a, b, c, d] = *bytes.first_chunk()?;
                let ports = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                Some((*next_header, ports.0, ports.1))
            }
            _ => Some((*next_header, 0, 0)),
        },
    }
}

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMPV6: u8 = 58;
pub(super) const FRAGMENT: u8 = 44;
pub(super) const NEXT_HEADER_OFFSET: usize = 6;
const SOURCE_OFFSET: usize = 8;
const DESTINATION_OFFSET: usize = 24;
