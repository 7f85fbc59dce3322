//! ICMPv6 errors with the packet they quote, and echoes (RFC 4443).

use std::net::Ipv6Addr;

use ngnlab_sim::message::icmpv6::{ECHO_REPLY, ECHO_REQUEST, FIRST_INFORMATIONAL};
use ngnlab_sim::message::packet::Icmpv6;

/// An ICMPv6 error message (RFC 4443 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// Its type, below 128.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// The four bytes after the checksum: the MTU in Packet Too Big.
    pub value: u32,
    /// The packet it is about, as far as it is quoted.
    pub quoted: Option<Quoted>,
}

/// The start of a packet as an error quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// The source.
    pub source: Ipv6Addr,
    /// The destination.
    pub destination: Ipv6Addr,
    /// The next header.
    pub next_header: u8,
    /// The first four bytes after the IPv6 header: the ports of TCP and UDP.
    pub ports: Option<(u16, u16)>,
    /// The identifier, of an echo request or reply.
    pub echo: Option<u16>,
}

/// An echo request or reply (RFC 4443 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Whether it is a reply.
    pub reply: bool,
    /// The identifier.
    pub id: u16,
    /// The sequence number.
    pub sequence: u16,
    /// What it carries for the other side to send back.
    pub data: Vec<u8>,
}

impl IcmpError {
    /// Reads an error message.
    pub fn read(message: &Icmpv6<'_>) -> Option<Self> {
        let (value, packet) = message.body.split_first_chunk()?;
        (message.kind < FIRST_INFORMATIONAL).then(|| Self {
            kind: message.kind,
            code: message.code,
            value: u32::from_be_bytes(*value),
            quoted: Quoted::read(packet),
        })
    }
}

impl Quoted {
    fn read(packet: &[u8]) -> Option<Self> {
        let address = |at: usize| {
            let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
            Some(Ipv6Addr::from(octets))
        };
        let echo = |bytes: &[u8]| match (packet.get(6), bytes) {
            (Some(&ICMPV6), [ECHO_REQUEST | ECHO_REPLY, _, _, _, a, b]) => {
                Some(u16::from_be_bytes([*a, *b]))
            }
            _ => None,
        };
        Some(Self {
            source: address(8)?,
            destination: address(24)?,
            next_header: *packet.get(6)?,
            ports: packet.get(40..44).map(|bytes| {
                let port = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
                (port(0), port(2))
            }),
            echo: packet.get(40..46).and_then(echo),
        })
    }
}

impl Echo {
    /// Reads an echo message.
    pub fn read(message: &Icmpv6<'_>) -> Option<Self> {
        let ([a, b, c, d], data) = message.body.split_first_chunk()?;
        matches!(message.kind, ECHO_REQUEST | ECHO_REPLY).then(|| Self {
            reply: message.kind == ECHO_REPLY,
            id: u16::from_be_bytes([*a, *b]),
            sequence: u16::from_be_bytes([*c, *d]),
            data: data.to_vec(),
        })
    }
}

/// The protocol number.
const ICMPV6: u8 = 58;
