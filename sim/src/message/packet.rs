//! Ethernet and IPv6 around a transport payload: parsing, building and forwarding.
//!
//! Only IPv6 is modelled, since ONS uses nothing else (guide Q4). Fragments are not reassembled.

use std::net::Ipv6Addr;

use etherparse::{
    EtherType, Icmpv6Slice, IpNumber, Ipv6FlowLabel, Ipv6Header, LaxNetSlice, LaxSlicedPacket,
    PacketBuilder, TcpHeader, TcpSlice, UdpSlice,
};

use crate::frame::Frame;

mod address;

pub use address::{
    ALL_DHCP, ALL_NODES, ALL_ROUTERS, Mac, is_link_local, is_routable, mac_for, solicited_node,
    with_interface_id,
};

/// An IPv6 packet in an Ethernet frame, taken apart.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// The Ethernet source.
    pub eth_source: Mac,
    /// The Ethernet destination.
    pub eth_destination: Mac,
    /// The IPv6 source.
    pub source: Ipv6Addr,
    /// The IPv6 destination.
    pub destination: Ipv6Addr,
    /// The traffic class, DSCP and ECN together.
    pub traffic_class: u8,
    /// The flow label.
    pub flow_label: u32,
    /// The hop limit.
    pub hop_limit: u8,
    /// What is inside.
    pub payload: Payload<'a>,
    /// The whole IPv6 packet, from the version field to the end of its payload.
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

impl<'a> Packet<'a> {
    /// Takes an Ethernet frame apart; `None` if there is no complete IPv6 header in it.
    pub fn parse(frame: &'a [u8]) -> Option<Self> {
        let sliced = LaxSlicedPacket::from_ethernet(frame).ok()?;
        let link = sliced.link.as_ref()?;
        let etherparse::LinkSlice::Ethernet2(eth) = link else {
            return None;
        };
        if eth.ether_type() != EtherType::IPV6 {
            return None;
        }
        let Some(LaxNetSlice::Ipv6(net)) = sliced.net.as_ref() else {
            return None;
        };
        let header = net.header();
        let ip = frame.get(ETHERNET_HEADER..)?;
        let length = IPV6_HEADER + usize::from(header.payload_length());
        let ip = ip.get(..length)?;
        let inner = net.payload();
        let (source, destination) = (header.source_addr(), header.destination_addr());
        Some(Self {
            eth_source: Mac(eth.source()),
            eth_destination: Mac(eth.destination()),
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

/// The headers around a payload that is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    /// The Ethernet source.
    pub eth_source: Mac,
    /// The Ethernet destination.
    pub eth_destination: Mac,
    /// The IPv6 source.
    pub source: Ipv6Addr,
    /// The IPv6 destination.
    pub destination: Ipv6Addr,
    /// The traffic class.
    pub traffic_class: u8,
    /// The hop limit.
    pub hop_limit: u8,
}

impl Envelope {
    /// Returns an envelope with hop limit 64 and traffic class 0.
    ///
    /// The Ethernet destination follows from a multicast destination; else it is `to`.
    pub fn new(eth_source: Mac, to: Mac, source: Ipv6Addr, destination: Ipv6Addr) -> Self {
        Self {
            eth_source,
            eth_destination: mac_for(destination, to),
            source,
            destination,
            traffic_class: 0,
            hop_limit: 64,
        }
    }

    /// Returns the same envelope with another hop limit.
    pub fn with_hop_limit(mut self, hop_limit: u8) -> Self {
        self.hop_limit = hop_limit;
        self
    }

    /// Returns the same envelope with another traffic class.
    pub fn with_traffic_class(mut self, traffic_class: u8) -> Self {
        self.traffic_class = traffic_class;
        self
    }

    /// Builds the frame of a UDP datagram.
    pub fn udp(&self, source_port: u16, destination_port: u16, payload: &[u8]) -> Frame {
        let builder = PacketBuilder::ethernet2(self.eth_source.0, self.eth_destination.0)
            .ip(self.ip_headers().into())
            .udp(source_port, destination_port);
        let mut bytes = Vec::with_capacity(builder.size(payload.len()));
        builder
            .write(&mut bytes, payload)
            .expect("a payload below 64 KiB fits");
        bytes.into()
    }

    /// Builds the frame of an ICMPv6 message; `body` starts right after the checksum.
    ///
    /// # Panics
    ///
    /// If `body` is shorter than four bytes, which no ICMPv6 message is.
    pub fn icmpv6(&self, kind: u8, code: u8, body: &[u8]) -> Frame {
        let (head, rest) = body
            .split_first_chunk()
            .expect("an ICMPv6 body has four bytes or more");
        let builder = PacketBuilder::ethernet2(self.eth_source.0, self.eth_destination.0)
            .ip(self.ip_headers().into())
            .icmpv6_raw(kind, code, *head);
        let mut bytes = Vec::with_capacity(builder.size(rest.len()));
        builder
            .write(&mut bytes, rest)
            .expect("a payload below 64 KiB fits");
        bytes.into()
    }

    /// Builds the frame of a TCP segment; its checksum is computed here.
    pub fn tcp(&self, header: TcpHeader, payload: &[u8]) -> Frame {
        let builder = PacketBuilder::ethernet2(self.eth_source.0, self.eth_destination.0)
            .ip(self.ip_headers().into())
            .tcp_header(header);
        let mut bytes = Vec::with_capacity(builder.size(payload.len()));
        builder
            .write(&mut bytes, payload)
            .expect("a payload below 64 KiB fits");
        bytes.into()
    }

    fn ip_headers(&self) -> Ipv6Headers {
        Ipv6Headers(Ipv6Header {
            traffic_class: self.traffic_class,
            flow_label: Ipv6FlowLabel::ZERO,
            payload_length: 0,
            next_header: IpNumber(255),
            hop_limit: self.hop_limit,
            source: self.source.octets(),
            destination: self.destination.octets(),
        })
    }
}

struct Ipv6Headers(Ipv6Header);

impl From<Ipv6Headers> for etherparse::IpHeaders {
    fn from(headers: Ipv6Headers) -> Self {
        Self::Ipv6(headers.0, etherparse::Ipv6Extensions::default())
    }
}

/// Puts an IPv6 packet into an Ethernet frame as it is.
pub fn frame_ip(eth_source: Mac, eth_destination: Mac, ip: &[u8]) -> Frame {
    let mut bytes = Vec::with_capacity(ETHERNET_HEADER + ip.len());
    bytes.extend_from_slice(&eth_destination.0);
    bytes.extend_from_slice(&eth_source.0);
    bytes.extend_from_slice(&EtherType::IPV6.0.to_be_bytes());
    bytes.extend_from_slice(ip);
    bytes.into()
}

/// Returns the frame a router passes on: new Ethernet addresses, hop limit less one.
///
/// `None` if the hop limit does not allow it (RFC 8200 §3).
pub fn forward(packet: &Packet<'_>, eth_source: Mac, eth_destination: Mac) -> Option<Frame> {
    let hop_limit = packet.hop_limit.checked_sub(1).filter(|left| *left > 0)?;
    let mut ip = packet.ip.to_vec();
    ip[HOP_LIMIT_OFFSET] = hop_limit;
    Some(frame_ip(eth_source, eth_destination, &ip))
}

/// Builds the body of an ICMPv6 error: four bytes of `value`, then as much of the offending
/// packet as fits into the minimum MTU (RFC 4443 §2.4 (c)).
pub fn icmpv6_error_body(value: u32, offending: &[u8]) -> Vec<u8> {
    let room = MINIMUM_MTU - IPV6_HEADER - ICMPV6_HEADER;
    let quoted = &offending[..offending.len().min(room)];
    [&value.to_be_bytes()[..], quoted].concat()
}

/// The length of an Ethernet header without tags.
pub const ETHERNET_HEADER: usize = 14;
/// The length of an IPv6 header without extensions.
pub const IPV6_HEADER: usize = 40;
const ICMPV6_HEADER: usize = 8;
const HOP_LIMIT_OFFSET: usize = 7;
const MINIMUM_MTU: usize = 1280;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_datagram_parses_with_a_right_checksum() {
        let frame = envelope().udp(546, 547, b"hello");
        let packet = Packet::parse(&frame).unwrap();
        let udp = packet.udp().unwrap();
        assert_eq!((udp.source_port, udp.destination_port), (546, 547));
        assert_eq!(udp.payload, b"hello");
        assert_eq!(packet.eth_destination, Mac([0x33, 0x33, 0, 1, 0, 2]));
        assert_eq!(packet.hop_limit, 64);
    }

    #[test]
    fn a_flipped_bit_spoils_the_checksum() {
        let frame = envelope().icmpv6(128, 0, &[0, 1, 0, 2, 3]);
        let mut bytes = frame.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        assert!(Packet::parse(&frame).unwrap().icmpv6().is_some());
        assert!(Packet::parse(&bytes).unwrap().icmpv6().is_none());
    }

    #[test]
    fn forwarding_takes_one_from_the_hop_limit_and_stops_at_zero() {
        let frame = envelope().with_hop_limit(2).udp(1, 2, b"");
        let packet = Packet::parse(&frame).unwrap();
        let passed = forward(&packet, MAC, MAC).unwrap();
        let passed = Packet::parse(&passed).unwrap();
        assert_eq!(passed.hop_limit, 1);
        assert!(passed.udp().is_some());
        assert!(forward(&passed, MAC, MAC).is_none());
    }

    const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);

    fn envelope() -> Envelope {
        Envelope::new(MAC, MAC, MAC.link_local(), ALL_DHCP)
    }
}
