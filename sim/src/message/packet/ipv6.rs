//! IPv6 packets around a transport payload, whatever they travel over. Fragments are not put
//! together here.

use std::net::Ipv6Addr;

use etherparse::{
    Icmpv6Slice, IpHeaders, IpNumber, Ipv6Extensions, Ipv6FlowLabel, Ipv6Header, LaxIpSlice,
    PacketBuilder, PacketBuilderStep, TcpHeader, TcpSlice, UdpSlice,
};

/// An IPv6 packet, taken apart.
#[derive(Clone, Debug)]
pub struct Ipv6<'a> {
    /// The source.
    pub source: Ipv6Addr,
    /// The destination.
    pub destination: Ipv6Addr,
    /// The traffic class, DSCP and ECN together.
    pub traffic_class: u8,
    /// The flow label.
    pub flow_label: u32,
    /// The hop limit.
    pub hop_limit: u8,
    /// What is inside.
    pub payload: Payload<'a>,
    /// The whole packet, from the version field to the end of its payload.
    pub ip: &'a [u8],
}

/// What an IPv6 packet carries, after its extension headers.
#[derive(Clone, Debug)]
pub enum Payload<'a> {
    /// A UDP datagram.
    Udp(Udp<'a>),
    /// A TCP segment.
    Tcp(TcpSlice<'a>),
    /// An ICMPv6 message.
    Icmpv6(Icmpv6<'a>),
    /// A fragment, another protocol, or something cut short.
    Other {
        /// The next-header value it was announced with.
        next_header: u8,
        /// Its bytes.
        bytes: &'a [u8],
    },
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug)]
pub struct Udp<'a> {
    /// The source port.
    pub source_port: u16,
    /// The destination port.
    pub destination_port: u16,
    /// The data.
    pub payload: &'a [u8],
    /// Whether the checksum is right; IPv6 forbids leaving it out (RFC 8200 §8.1).
    pub checksum_ok: bool,
}

/// An ICMPv6 message.
#[derive(Clone, Copy, Debug)]
pub struct Icmpv6<'a> {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// Everything after the checksum.
    pub body: &'a [u8],
    /// Whether the checksum is right.
    pub checksum_ok: bool,
}

impl<'a> Ipv6<'a> {
    /// Takes a packet apart, which may be followed by anything; `None` if its header or something of
    /// what that promises is missing.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (LaxIpSlice::Ipv6(packet), _) = LaxIpSlice::from_slice(bytes).ok()? else {
            return None;
        };
        let header = packet.header();
        let length = IPV6_HEADER + usize::from(header.payload_length());
        let ip = bytes.get(..length)?;
        let inner = packet.payload();
        let (source, destination) = (header.source_addr(), header.destination_addr());
        Some(Self {
            source,
            destination,
            traffic_class: header.traffic_class(),
            flow_label: header.flow_label().value(),
            hop_limit: header.hop_limit(),
            payload: Payload::parse(
                inner.ip_number,
                inner.fragmented,
                inner.payload,
                source,
                destination,
            ),
            ip,
        })
    }

    /// Returns the UDP datagram, if that is what it carries and its checksum is right.
    pub fn udp(&self) -> Option<Udp<'a>> {
        match self.payload {
            Payload::Udp(udp) if udp.checksum_ok => Some(udp),
            _ => None,
        }
    }

    /// Returns the ICMPv6 message, if that is what it carries and its checksum is right.
    pub fn icmpv6(&self) -> Option<Icmpv6<'a>> {
        match self.payload {
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok => Some(icmpv6),
            _ => None,
        }
    }

    /// Returns the TCP segment, if that is what it carries.
    pub fn tcp(&self) -> Option<TcpSlice<'a>> {
        match &self.payload {
            Payload::Tcp(tcp) => Some(tcp.clone()),
            _ => None,
        }
    }
}

impl<'a> Payload<'a> {
    fn parse(
        number: IpNumber,
        fragmented: bool,
        bytes: &'a [u8],
        source: Ipv6Addr,
        destination: Ipv6Addr,
    ) -> Self {
        let other = Self::Other {
            next_header: number.0,
            bytes,
        };
        if fragmented {
            return other;
        }
        let (from, to) = (source.octets(), destination.octets());
        match number {
            IpNumber::UDP => UdpSlice::from_slice(bytes).map_or(other, |udp| {
                let header = udp.to_header();
                let sum = header.calc_checksum_ipv6_raw(from, to, udp.payload());
                Self::Udp(Udp {
                    source_port: udp.source_port(),
                    destination_port: udp.destination_port(),
                    payload: udp.payload(),
                    checksum_ok: sum.is_ok_and(|sum| sum == header.checksum),
                })
            }),
            IpNumber::TCP => TcpSlice::from_slice(bytes).map_or(other, Self::Tcp),
            IpNumber::IPV6_ICMP => Icmpv6Slice::from_slice(bytes).map_or(other, |icmpv6| {
                Self::Icmpv6(Icmpv6 {
                    kind: icmpv6.type_u8(),
                    code: icmpv6.code_u8(),
                    body: &bytes[4..],
                    checksum_ok: icmpv6.is_checksum_valid(from, to),
                })
            }),
            _ => other,
        }
    }
}

/// The header of an IPv6 packet that is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The source.
    pub source: Ipv6Addr,
    /// The destination.
    pub destination: Ipv6Addr,
    /// The traffic class.
    pub traffic_class: u8,
    /// The hop limit.
    pub hop_limit: u8,
}

impl Header {
    /// Builds the packet of a UDP datagram.
    pub fn udp(&self, source_port: u16, destination_port: u16, payload: &[u8]) -> Vec<u8> {
        let builder = self.builder().udp(source_port, destination_port);
        let mut bytes = Vec::with_capacity(builder.size(payload.len()));
        builder
            .write(&mut bytes, payload)
            .expect("a payload below 64 KiB fits");
        bytes
    }

    /// Builds the packet of an ICMPv6 message; `body` starts right after the checksum.
    ///
    /// # Panics
    ///
    /// If `body` is shorter than four bytes, which no ICMPv6 message is.
    pub fn icmpv6(&self, kind: u8, code: u8, body: &[u8]) -> Vec<u8> {
        let (head, rest) = body
            .split_first_chunk()
            .expect("an ICMPv6 body has four bytes or more");
        let builder = self.builder().icmpv6_raw(kind, code, *head);
        let mut bytes = Vec::with_capacity(builder.size(rest.len()));
        builder
            .write(&mut bytes, rest)
            .expect("a payload below 64 KiB fits");
        bytes
    }

    /// Builds the packet of a TCP segment; its checksum is computed here.
    pub fn tcp(&self, header: TcpHeader, payload: &[u8]) -> Vec<u8> {
        let builder = self.builder().tcp_header(header);
        let mut bytes = Vec::with_capacity(builder.size(payload.len()));
        builder
            .write(&mut bytes, payload)
            .expect("a payload below 64 KiB fits");
        bytes
    }

    fn builder(&self) -> PacketBuilderStep<IpHeaders> {
        let header = Ipv6Header {
            traffic_class: self.traffic_class,
            flow_label: Ipv6FlowLabel::ZERO,
            payload_length: 0,
            next_header: IpNumber(255),
            hop_limit: self.hop_limit,
            source: self.source.octets(),
            destination: self.destination.octets(),
        };
        PacketBuilder::ip(IpHeaders::Ipv6(header, Ipv6Extensions::default()))
    }
}

/// Returns the packet as a router passes it on: its hop limit less one.
///
/// `None` if the hop limit does not allow it (RFC 8200 §3).
pub fn forward(packet: &Ipv6<'_>) -> Option<Vec<u8>> {
    let hop_limit = packet.hop_limit.checked_sub(1).filter(|left| *left > 0)?;
    let mut ip = packet.ip.to_vec();
    ip[HOP_LIMIT_OFFSET] = hop_limit;
    Some(ip)
}

/// Builds the body of an ICMPv6 error: four bytes of `value`, then as much of the offending
/// packet as fits into the minimum MTU (RFC 4443 §2.4 (c)).
pub fn icmpv6_error_body(value: u32, offending: &[u8]) -> Vec<u8> {
    let room = MINIMUM_MTU - IPV6_HEADER - ICMPV6_HEADER;
    let quoted = &offending[..offending.len().min(room)];
    [&value.to_be_bytes()[..], quoted].concat()
}

/// The length of an IPv6 header without extensions.
pub const IPV6_HEADER: usize = 40;
const ICMPV6_HEADER: usize = 8;
const HOP_LIMIT_OFFSET: usize = 7;
const MINIMUM_MTU: usize = 1280;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_needs_no_frame_around_it() {
        let header = Header {
            source: Ipv6Addr::LOCALHOST,
            destination: Ipv6Addr::LOCALHOST,
            traffic_class: 0x88,
            hop_limit: 3,
        };
        let bytes = header.udp(546, 547, b"hello");
        let packet = Ipv6::parse(&bytes).unwrap();
        assert_eq!(packet.udp().unwrap().payload, b"hello");
        assert_eq!((packet.traffic_class, packet.hop_limit), (0x88, 3));
        assert_eq!(packet.ip, bytes);
        assert!(Ipv6::parse(&bytes[..bytes.len() - 1]).is_none());
        assert!(Ipv6::parse(b"").is_none());
    }
}
