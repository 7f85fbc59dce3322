//! IPv4 packets as checks look at them: bare on the LAN, in PPPoE sessions on the WAN, and whole where
//! they travel in fragments.

use std::net::Ipv4Addr;

use ngnlab_reports::RecordId;
use ngnlab_sim::message::dhcpv4;
use ngnlab_sim::message::packet::ipv4::fragment::is_fragment;
use ngnlab_sim::message::packet::ipv4::rewrite::{Ends, Protocol, ends};
use ngnlab_sim::message::packet::ipv4::{Ipv4, Payload4};

use super::{Dissection, Dns, Found, Piece, Transport, dns};

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
    /// Whether routers must not fragment it.
    pub dont_fragment: bool,
    /// Its length.
    pub length: usize,
    /// Whether it is a fragment, and not the last one of its packet.
    pub is_piece: bool,
    /// The fragments that it travelled in, in the order in which they arrived.
    pub pieces: Vec<Piece>,
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
            dont_fragment: packet.dont_fragment,
            length: packet.ip.len(),
            is_piece: is_fragment(packet.ip),
            pieces: Vec::new(),
            ends: ends(packet.ip).filter(|_| !is_fragment(packet.ip)),
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

    /// Returns the longest of its fragments, or itself.
    pub fn longest(&self) -> usize {
        let pieces = self.pieces.iter().map(|piece| piece.length);
        pieces.max().unwrap_or(self.length)
    }

    /// Returns whether its fragments arrived in the order of what they hold.
    pub fn came_in_order(&self) -> bool {
        self.pieces.is_sorted_by_key(|piece| piece.at)
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

impl Dissection<'_> {
    pub(super) fn take_in_ipv4(
        &mut self,
        place: &Found<()>,
        session: Option<u16>,
        packet: &Ipv4<'_>,
    ) {
        let Some((whole, place, pieces)) = self.ipv4_pieces.take_in(place, session, packet.ip)
        else {
            return self.note_ipv4(place, packet, Ipv4Packet::read(session, packet));
        };
        if let Some(whole) = Ipv4::parse(&whole) {
            let read = Ipv4Packet::read(session, &whole);
            self.note_ipv4(&place, &whole, Ipv4Packet { pieces, ..read });
        }
    }

    fn note_ipv4(&mut self, place: &Found<()>, packet: &Ipv4<'_>, read: Ipv4Packet) {
        let place = Found {
            source: packet.source.to_ipv6_mapped(),
            destination: packet.destination.to_ipv6_mapped(),
            ..place.with(())
        };
        if let Some(udp) = packet.udp() {
            let ports = (udp.source_port, udp.destination_port);
            let dhcp = [dhcpv4::CLIENT_PORT, dhcpv4::SERVER_PORT];
            if (ports.0 == dns::PORT || ports.1 == dns::PORT)
                && let Some(dns) = Dns::read(Transport::Udp, ports, udp.payload)
            {
                self.dns.push(place.with(dns));
            } else if dhcp.contains(&ports.1)
                && let Some(message) = dhcpv4::decode(udp.payload)
            {
                self.dhcpv4.push(place.with(message));
            }
        }
        self.ipv4.push(place.with(read));
    }

    /// Returns the IPv4 packet of a record, bare or in a session.
    pub fn ipv4_at(&self, record: RecordId) -> Option<&Ipv4Packet> {
        let at = self
            .ipv4
            .binary_search_by_key(&record, |found| found.record);
        at.ok().map(|at| &self.ipv4[at].is)
    }
}
