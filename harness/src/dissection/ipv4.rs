//! IPv4 packets as checks look at them: bare on the LAN, in PPPoE sessions on the WAN.

use std::net::Ipv4Addr;

use ngnlab_sim::message::packet::ipv4::rewrite::{Ends, Protocol, ends};
use ngnlab_sim::message::packet::ipv4::{Ipv4, Payload4};

/// One IPv4 packet.
#[derive(Clone, Debug)]
pub struct Ipv4Packet {
    /// The SESSION_ID of the session that it travels by, if it does.
    pub session: Option<u16>,
    /// The source.
    pub source: Ipv4Addr,
    /// The destination.
    pub destination: Ipv4Addr,
    /// The time to live.
    pub ttl: u8,
    /// Its length.
    pub length: usize,
    /// Addresses and ports, of TCP, UDP and the queries of ICMP.
    pub ends: Option<Ends>,
    /// Whether the checksum of what it carries is right.
    pub checksum_ok: bool,
    /// What it says of TCP.
    pub tcp: Option<Segment>,
    /// The error that it is.
    pub error: Option<Icmpv4Error>,
    /// What it carries behind the ports.
    pub data: Vec<u8>,
}

/// What checks need of a TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Whether it opens a connection.
    pub syn: bool,
    /// Whether it acknowledges.
    pub ack: bool,
    /// Whether it resets.
    pub rst: bool,
    /// Its sequence number.
    pub sequence: u32,
    /// The maximum segment size that it asks for.
    pub mss: Option<u16>,
}

/// An ICMP error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icmpv4Error {
    /// Type and code.
    pub kind: (u8, u8),
    /// The MTU that it names, of "fragmentation needed" (RFC 1191 §4).
    pub mtu: u16,
    /// Whose packet it is about, as it quotes that.
    pub quoted: Option<Ends>,
}

impl Ipv4Packet {
    /// Takes a packet apart.
    pub fn read(session: Option<u16>, packet: &Ipv4<'_>) -> Self {
        let mut this = Self {
            session,
            source: packet.source,
            destination: packet.destination,
            ttl: packet.ttl,
            length: packet.ip.len(),
            ends: ends(packet.ip),
            checksum_ok: true,
            tcp: None,
            error: None,
            data: Vec::new(),
        };
        match &packet.payload {
            Payload4::Udp(udp) => {
                this.checksum_ok = udp.checksum_ok;
                this.data = udp.payload.to_vec();
            }
            Payload4::Tcp(tcp) => {
                let header = tcp.to_header();
                let (from, to) = (packet.source.octets(), packet.destination.octets());
                let sum = header.calc_checksum_ipv4_raw(from, to, tcp.payload());
                this.checksum_ok = sum.is_ok_and(|sum| sum == tcp.checksum());
                this.data = tcp.payload().to_vec();
                this.tcp = Some(Segment {
                    syn: tcp.syn(),
                    ack: tcp.ack(),
                    rst: tcp.rst(),
                    sequence: tcp.sequence_number(),
                    mss: tcp.options_iterator().find_map(|option| match option {
                        Ok(etherparse::TcpOptionElement::MaximumSegmentSize(mss)) => Some(mss),
                        _ => None,
                    }),
                });
            }
            Payload4::Icmp(icmp) => {
                this.checksum_ok = icmp.checksum_ok;
                this.data = icmp.body.get(4..).unwrap_or_default().to_vec();
                let is_query = this.ends.is_some();
                let mtu = icmp.body.get(2..4).and_then(|it| it.first_chunk());
                this.error = (!is_query).then(|| Icmpv4Error {
                    kind: (icmp.kind, icmp.code),
                    mtu: mtu.map_or(0, |mtu| u16::from_be_bytes(*mtu)),
                    quoted: ends(&this.data),
                });
            }
            Payload4::Other { bytes, .. } => this.data = bytes.to_vec(),
        }
        this
    }

    /// Returns the protocol, if it has ports or an identifier.
    pub fn protocol(&self) -> Option<Protocol> {
        self.ends.map(|ends| ends.protocol)
    }

    /// Returns whether this is another packet after it crossed a NAPT on its way out: the same
    /// destination, and the same words.
    pub fn is_outside_of(&self, inside: &Self) -> bool {
        let (Some(out), Some(own)) = (self.ends, inside.ends) else {
            return false;
        };
        let sequence = |packet: &Self| packet.tcp.map(|tcp| (tcp.sequence, tcp.syn, tcp.ack));
        let to = |ends: Ends| match ends.protocol {
            // An identifier is changed, too.
            Protocol::Query => (ends.destination.0, 0),
            Protocol::Tcp | Protocol::Udp => ends.destination,
        };
        out.protocol == own.protocol
            && to(out) == to(own)
            && sequence(self) == sequence(inside)
            && self.data == inside.data
    }

    /// Returns whether this is another packet after it crossed a NAPT on its way in.
    pub fn is_inside_of(&self, outside: &Self) -> bool {
        let (Some(own), Some(out)) = (self.ends, outside.ends) else {
            return false;
        };
        let sequence = |packet: &Self| packet.tcp.map(|tcp| (tcp.sequence, tcp.syn, tcp.ack));
        let from = |ends: Ends| match ends.protocol {
            Protocol::Query => (ends.source.0, 0),
            Protocol::Tcp | Protocol::Udp => ends.source,
        };
        own.protocol == out.protocol
            && from(own) == from(out)
            && sequence(self) == sequence(outside)
            && self.data == outside.data
    }
}
