//! IPv6 packets in Ethernet frames: both taken apart, built and forwarded together. Each has a file
//! of its own, and neither needs the other.
//!
//! [`Packet`] is IPv6 alone, since ONS uses nothing else (guide Q4); IPv4 is in [`ipv4`].

use std::net::Ipv6Addr;
use std::ops::Deref;

use etherparse::{EtherType, TcpHeader};

use crate::frame::Frame;
use ethernet::Ethernet;
use ipv6::Header;

mod address;
pub mod ethernet;
pub mod ipv4;
pub mod ipv6;
mod mac;

pub use address::{
    ALL_DHCP, ALL_NODES, ALL_ROUTERS, is_link_local, is_routable, solicited_node, with_interface_id,
};
pub use ethernet::ETHERNET_HEADER;
pub use ipv6::{IPV6_HEADER, Icmpv6, Ipv6, Payload, Udp, icmpv6_error_body};
pub use mac::{Mac, mac_for};

/// An IPv6 packet in an Ethernet frame, taken apart.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// The Ethernet source.
    pub eth_source: Mac,
    /// The Ethernet destination.
    pub eth_destination: Mac,
    /// The packet.
    pub ipv6: Ipv6<'a>,
}

impl<'a> Packet<'a> {
    /// Takes an Ethernet frame apart; `None` if there is no complete IPv6 packet in it.
    pub fn parse(frame: &'a [u8]) -> Option<Self> {
        let ethernet = Ethernet::parse(frame)?;
        if ethernet.kind != EtherType::IPV6 {
            return None;
        }
        Some(Self {
            eth_source: ethernet.source,
            eth_destination: ethernet.destination,
            ipv6: Ipv6::parse(ethernet.payload)?,
        })
    }
}

impl<'a> Deref for Packet<'a> {
    type Target = Ipv6<'a>;

    fn deref(&self) -> &Ipv6<'a> {
        &self.ipv6
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
        self.around(&self.header().udp(source_port, destination_port, payload))
    }

    /// Builds the frame of an ICMPv6 message; `body` starts right after the checksum.
    ///
    /// # Panics
    ///
    /// If `body` is shorter than four bytes, which no ICMPv6 message is.
    pub fn icmpv6(&self, kind: u8, code: u8, body: &[u8]) -> Frame {
        self.around(&self.header().icmpv6(kind, code, body))
    }

    /// Builds the frame of a TCP segment; its checksum is computed here.
    pub fn tcp(&self, header: TcpHeader, payload: &[u8]) -> Frame {
        self.around(&self.header().tcp(header, payload))
    }

    fn header(&self) -> Header {
        Header {
            source: self.source,
            destination: self.destination,
            traffic_class: self.traffic_class,
            hop_limit: self.hop_limit,
        }
    }

    fn around(&self, ip: &[u8]) -> Frame {
        frame_ip(self.eth_source, self.eth_destination, ip)
    }
}

/// Puts an IPv6 packet into an Ethernet frame as it is.
pub fn frame_ip(eth_source: Mac, eth_destination: Mac, ip: &[u8]) -> Frame {
    let ethernet = Ethernet {
        source: eth_source,
        destination: eth_destination,
        kind: EtherType::IPV6,
        payload: ip,
    };
    ethernet.frame()
}

/// Returns the frame a router passes on: new Ethernet addresses, hop limit less one.
///
/// `None` if the hop limit does not allow it (RFC 8200 §3).
pub fn forward(packet: &Ipv6<'_>, eth_source: Mac, eth_destination: Mac) -> Option<Frame> {
    let ip = ipv6::forward(packet)?;
    Some(frame_ip(eth_source, eth_destination, &ip))
}

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
