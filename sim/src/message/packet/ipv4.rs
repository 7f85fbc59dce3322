//! IPv4 packets around a transport payload, whatever they travel over. A fragment is one without
//! ports; [`fragment`] puts them together.
//!
//! Above the network layer an IPv4 address is an IPv4-mapped one, as in the sockets API (RFC 3493
//! §3.7), so that what speaks TCP, DNS or HTTP need not know which family carries it.

use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::checksum::Sum16BitWords;
use etherparse::{
    EtherType, Icmpv4Slice, IpFragOffset, IpHeaders, IpNumber, Ipv4Extensions, Ipv4Header,
    LaxIpSlice, PacketBuilder, PacketBuilderStep, TcpHeader, TcpSlice, UdpSlice,
};

use super::ethernet::Ethernet;
use super::ipv6::Udp;
use super::mac::Mac;
use crate::frame::Frame;

pub mod fragment;
pub mod rewrite;

/// An IPv4 packet, taken apart.
#[derive(Clone, Debug)]
pub struct Ipv4<'a> {
    /// The source.
    pub source: Ipv4Addr,
    /// The destination.
    pub destination: Ipv4Addr,
    /// The type of service.
    pub tos: u8,
    /// The time to live.
    pub ttl: u8,
    /// Whether routers must not fragment it.
    pub dont_fragment: bool,
    /// What is inside.
    pub payload: Payload4<'a>,
    /// The whole packet, from the version field to the end of its payload.
    pub ip: &'a [u8],
}

/// What an IPv4 packet carries.
#[derive(Clone, Debug)]
pub enum Payload4<'a> {
    /// A UDP datagram; a checksum of zero means none (RFC 768), and counts as right.
    Udp(Udp<'a>),
    /// A TCP segment.
    Tcp(TcpSlice<'a>),
    /// An ICMP message.
    Icmp(Icmpv4<'a>),
    /// A fragment, another protocol, or something cut short.
    Other {
        /// The protocol number.
        protocol: u8,
        /// Its bytes.
        bytes: &'a [u8],
    },
}

/// An ICMP message.
#[derive(Clone, Copy, Debug)]
pub struct Icmpv4<'a> {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// Everything after the checksum.
    pub body: &'a [u8],
    /// Whether the checksum is right.
    pub checksum_ok: bool,
}

impl<'a> Ipv4<'a> {
    /// Takes a packet apart, which may be followed by anything; `None` if its header, something of
    /// what that promises, or the header's checksum is wrong (RFC 1122 §3.2.1.2).
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (LaxIpSlice::Ipv4(packet), _) = LaxIpSlice::from_slice(bytes).ok()? else {
            return None;
        };
        let header = packet.header();
        let ip = bytes.get(..usize::from(header.total_len()))?;
        let is_whole = ip.len() >= header.slice().len();
        if !is_whole || header.to_header().calc_header_checksum() != header.header_checksum() {
            return None;
        }
        let inner = packet.payload();
        Some(Self {
            source: header.source_addr(),
            destination: header.destination_addr(),
            tos: ip[TOS],
            ttl: header.ttl(),
            dont_fragment: header.dont_fragment(),
            payload: Payload4::parse(
                inner.ip_number,
                inner.fragmented,
                inner.payload,
                header.source(),
                header.destination(),
            ),
            ip,
        })
    }

    /// Returns the UDP datagram, if that is what it carries and its checksum is right.
    pub fn udp(&self) -> Option<Udp<'a>> {
        match self.payload {
            Payload4::Udp(udp) if udp.checksum_ok => Some(udp),
            _ => None,
        }
    }

    /// Returns the ICMP message, if that is what it carries and its checksum is right.
    pub fn icmp(&self) -> Option<Icmpv4<'a>> {
        match self.payload {
            Payload4::Icmp(icmp) if icmp.checksum_ok => Some(icmp),
            _ => None,
        }
    }
}

impl<'a> Payload4<'a> {
    fn parse(
        number: IpNumber,
        fragmented: bool,
        bytes: &'a [u8],
        from: [u8; 4],
        to: [u8; 4],
    ) -> Self {
        let other = Self::Other {
            protocol: number.0,
            bytes,
        };
        if fragmented {
            return other;
        }
        match number {
            IpNumber::UDP => UdpSlice::from_slice(bytes).map_or(other, |udp| {
                let header = udp.to_header();
                let sum = header.calc_checksum_ipv4_raw(from, to, udp.payload());
                let right = sum.is_ok_and(|sum| sum == header.checksum);
                Self::Udp(Udp {
                    source_port: udp.source_port(),
                    destination_port: udp.destination_port(),
                    payload: udp.payload(),
                    checksum_ok: header.checksum == 0 || right,
                })
            }),
            IpNumber::TCP => TcpSlice::from_slice(bytes).map_or(other, Self::Tcp),
            IpNumber::ICMP => Icmpv4Slice::from_slice(bytes).map_or(other, |icmp| {
                Self::Icmp(Icmpv4 {
                    kind: icmp.type_u8(),
                    code: icmp.code_u8(),
                    body: &bytes[4..],
                    checksum_ok: Sum16BitWords::new().add_slice(bytes).ones_complement() == 0,
                })
            }),
            _ => other,
        }
    }
}

/// The header of an IPv4 packet that is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Header4 {
    /// The source.
    pub source: Ipv4Addr,
    /// The destination.
    pub destination: Ipv4Addr,
    /// The time to live.
    pub ttl: u8,
    /// What its fragments are known by, if it may be cut into some.
    identification: Option<u16>,
}

impl Header4 {
    /// Returns a header with the usual time to live (RFC 1700, "IP time to live").
    pub fn new(source: Ipv4Addr, destination: Ipv4Addr) -> Self {
        Self {
            source,
            destination,
            ttl: 64,
            identification: None,
        }
    }

    /// Returns the same header with another time to live.
    pub fn with_ttl(mut self, ttl: u8) -> Self {
        self.ttl = ttl;
        self
    }

    /// Returns the same header without DF: others on the way may be cut at the same time, and have
    /// another identification (RFC 6864 §4.3).
    pub fn that_may_be_cut(mut self, identification: u16) -> Self {
        self.identification = Some(identification);
        self
    }

    /// Builds the packet of a UDP datagram.
    pub fn udp(&self, source_port: u16, destination_port: u16, payload: &[u8]) -> Vec<u8> {
        let builder = self.builder().udp(source_port, destination_port);
        let mut bytes = Vec::with_capacity(builder.size(payload.len()));
        builder
            .write(&mut bytes, payload)
            .expect("a payload below 64 KiB fits");
        bytes
    }

    /// Builds the packet of an ICMP message; `body` starts right after the checksum.
    ///
    /// # Panics
    ///
    /// If `body` is shorter than four bytes, which no ICMP message is.
    pub fn icmp(&self, kind: u8, code: u8, body: &[u8]) -> Vec<u8> {
        let (head, rest) = body
            .split_first_chunk()
            .expect("an ICMP body has four bytes or more");
        let builder = self.builder().icmpv4_raw(kind, code, *head);
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

    /// RFC 6864 §4.1: a packet that is not to be fragmented may have any identification.
    fn builder(&self) -> PacketBuilderStep<IpHeaders> {
        let header = Ipv4Header {
            dont_fragment: self.identification.is_none(),
            identification: self.identification.unwrap_or_default(),
            fragment_offset: IpFragOffset::ZERO,
            time_to_live: self.ttl,
            source: self.source.octets(),
            destination: self.destination.octets(),
            ..Ipv4Header::default()
        };
        PacketBuilder::ip(IpHeaders::Ipv4(header, Ipv4Extensions::default()))
    }
}

/// Returns the IPv4 packet in an Ethernet frame, with the source and destination of the frame.
pub fn in_frame(frame: &[u8]) -> Option<(Mac, Mac, Ipv4<'_>)> {
    let ethernet = Ethernet::parse(frame)?;
    (ethernet.kind == EtherType::IPV4).then_some(())?;
    Some((
        ethernet.source,
        ethernet.destination,
        Ipv4::parse(ethernet.payload)?,
    ))
}

/// Puts an IP packet of either family into an Ethernet frame as it is.
pub fn frame_either(source: Mac, destination: Mac, ip: &[u8]) -> Frame {
    let is_ipv4 = ip.first().is_some_and(|first| first >> 4 == 4);
    let ethernet = Ethernet {
        source,
        destination,
        kind: match is_ipv4 {
            true => EtherType::IPV4,
            false => EtherType::IPV6,
        },
        payload: ip,
    };
    ethernet.frame()
}

/// Returns the destination of an IP packet of either family, an IPv4 address mapped.
pub fn destination(ip: &[u8]) -> Option<Ipv6Addr> {
    match ip.first()? >> 4 {
        4 => {
            let octets: [u8; 4] = ip.get(DESTINATION..DESTINATION + 4)?.try_into().ok()?;
            Some(Ipv4Addr::from(octets).to_ipv6_mapped())
        }
        6 => {
            let octets: [u8; 16] = ip.get(24..40)?.try_into().ok()?;
            Some(octets.into())
        }
        _ => None,
    }
}

/// Returns the packet as a router passes it on: its time to live less one.
///
/// `None` if the time to live does not allow it (RFC 1812 §5.3.1).
pub fn forward(packet: &Ipv4<'_>) -> Option<Vec<u8>> {
    let ttl = packet.ttl.checked_sub(1).filter(|left| *left > 0)?;
    let mut ip = packet.ip.to_vec();
    ip[TTL] = ttl;
    renew_checksum(&mut ip);
    Some(ip)
}

/// Builds the body of an ICMP error: four bytes of `value`, then the header of the offending packet
/// and as much of its data as makes 576 octets in all (RFC 1812 §4.3.2.3).
pub fn icmp_error_body(value: u32, offending: &[u8]) -> Vec<u8> {
    let room = ERROR_LENGTH - HEADER - ICMP_HEADER;
    let quoted = &offending[..offending.len().min(room)];
    [&value.to_be_bytes()[..], quoted].concat()
}

/// Writes the right checksum into the header of a packet.
pub fn renew_checksum(ip: &mut [u8]) {
    let Some(length) = ip.first().map(|first| usize::from(first & 0xf) * 4) else {
        return;
    };
    let Some(header) = ip.get_mut(..length).filter(|header| header.len() >= HEADER) else {
        return;
    };
    header[CHECKSUM..CHECKSUM + 2].fill(0);
    // It is in the order of the host's memory already.
    let checksum = Sum16BitWords::new().add_slice(header).ones_complement();
    header[CHECKSUM..CHECKSUM + 2].copy_from_slice(&checksum.to_ne_bytes());
}

/// The length of a header without options (RFC 791 §3.1).
pub const HEADER: usize = 20;
const ICMP_HEADER: usize = 8;
const ERROR_LENGTH: usize = 576;
/// Where the fields stand (RFC 791 §3.1).
const TOS: usize = 1;
const TTL: usize = 8;
const CHECKSUM: usize = 10;
const DESTINATION: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_datagram_parses_with_right_checksums() {
        let bytes = header().udp(68, 67, b"hello");
        let packet = Ipv4::parse(&bytes).unwrap();
        assert_eq!(packet.udp().unwrap().payload, b"hello");
        assert_eq!((packet.ttl, packet.dont_fragment), (64, true));
        assert_eq!(destination(&bytes), Some(TO.to_ipv6_mapped()));
    }

    #[test]
    fn a_flipped_bit_spoils_header_or_data() {
        let bytes = header().icmp(8, 0, &[0, 1, 0, 2, 3]);
        let mut data = bytes.clone();
        *data.last_mut().unwrap() ^= 1;
        assert!(Ipv4::parse(&data).unwrap().icmp().is_none());
        let mut head = bytes;
        head[12] ^= 1;
        assert!(Ipv4::parse(&head).is_none());
    }

    #[test]
    fn a_packet_that_is_shorter_than_its_header_is_none() {
        for length in 0..20_u8 {
            let mut bytes = header().udp(1, 2, b"x");
            bytes[2..4].copy_from_slice(&[0, length]);
            renew_checksum(&mut bytes);
            assert!(Ipv4::parse(&bytes).is_none(), "{length}");
        }
    }

    #[test]
    fn forwarding_takes_one_from_the_time_to_live_and_stops_at_zero() {
        let bytes = header().with_ttl(2).udp(1, 2, b"");
        let passed = forward(&Ipv4::parse(&bytes).unwrap()).unwrap();
        let passed = Ipv4::parse(&passed).unwrap();
        assert_eq!(passed.ttl, 1);
        assert!(passed.udp().is_some());
        assert!(forward(&passed).is_none());
    }

    #[test]
    fn the_padding_of_a_short_frame_is_none_of_the_packet() {
        let bytes = header().udp(1, 2, b"x");
        let mut frame = frame_either(MAC, MAC, &bytes).to_vec();
        frame.resize(60, 0);
        let (_, _, packet) = in_frame(&frame).unwrap();
        assert_eq!(packet.ip, bytes);
        assert_eq!(packet.udp().unwrap().payload, b"x");
    }

    const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
    const TO: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

    fn header() -> Header4 {
        Header4::new(Ipv4Addr::new(192, 168, 1, 2), TO)
    }
}
