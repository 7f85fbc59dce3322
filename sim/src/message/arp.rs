//! ARP for IPv4 on Ethernet (RFC 826).

use std::net::Ipv4Addr;

use etherparse::{ArpEthIpv4Packet, ArpOperation, ArpPacketSlice, EtherType};

use super::packet::Mac;
use super::packet::ethernet::Ethernet;
use crate::frame::Frame;

/// An ARP packet, with the addresses of the frame it came in left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Whether it asks.
    pub is_request: bool,
    /// Who sent it.
    pub sender: (Mac, Ipv4Addr),
    /// Whom it is about; the MAC address is zero in a request.
    pub target: (Mac, Ipv4Addr),
}

impl Arp {
    /// Takes the packet out of a frame; `None` if it is none, or of other protocols.
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let ethernet = Ethernet::parse(frame)?;
        (ethernet.kind == EtherType::ARP).then_some(())?;
        let packet = ArpPacketSlice::from_slice(ethernet.payload).ok()?;
        let packet = packet.to_packet().try_eth_ipv4().ok()?;
        let is_request = match packet.operation {
            ArpOperation::REQUEST => true,
            ArpOperation::REPLY => false,
            _ => return None,
        };
        Some(Self {
            is_request,
            sender: (Mac(packet.sender_mac), packet.sender_ipv4.into()),
            target: (Mac(packet.target_mac), packet.target_ipv4.into()),
        })
    }

    /// Builds the frame: a request goes to all, an answer to its target.
    pub fn frame(&self) -> Frame {
        let packet = ArpEthIpv4Packet {
            operation: match self.is_request {
                true => ArpOperation::REQUEST,
                false => ArpOperation::REPLY,
            },
            sender_mac: self.sender.0.0,
            sender_ipv4: self.sender.1.octets(),
            target_mac: self.target.0.0,
            target_ipv4: self.target.1.octets(),
        };
        let ethernet = Ethernet {
            source: self.sender.0,
            destination: match self.is_request {
                true => Mac::BROADCAST,
                false => self.target.0,
            },
            kind: EtherType::ARP,
            payload: &packet.to_bytes(),
        };
        ethernet.frame()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_is_read() {
        let asked = Arp {
            is_request: true,
            sender: (Mac([2, 0, 0x5e, 0, 0, 1]), Ipv4Addr::new(192, 168, 1, 2)),
            target: (Mac([0; 6]), Ipv4Addr::new(192, 168, 1, 1)),
        };
        assert_eq!(Arp::parse(&asked.frame()), Some(asked));
        assert_eq!(Arp::parse(&asked.frame()[..40]), None);
    }
}
