//! The socket of a server in the core network, towards the edge.
//!
//! Nobody does neighbour discovery there: the edge sends to the server, and the server answers to
//! whoever sent. Servers do not answer echo requests (guide Q2). An IPv4 address is an IPv4-mapped one
//! here (RFC 3493 §3.7).

use std::net::{Ipv4Addr, Ipv6Addr};

use rand::Rng;

use crate::frame::Frame;
use crate::message::icmpv4;
use crate::message::icmpv6::{DESTINATION_UNREACHABLE, PACKET_TOO_BIG, PORT_UNREACHABLE};
use crate::message::packet::ipv4::{self, Header4, Ipv4, Payload4, frame_either, in_frame};
use crate::message::packet::{self, Envelope, Mac, Packet, Payload};
use crate::node::Context;
use crate::node::part::tcp::TcpStack;

/// A server's sockets, its addresses, and where frames of each family came from last: IPv6 comes from
/// the edge, and IPv4 from the concentrator.
#[derive(Debug)]
pub(crate) struct CorePort {
    addresses: Vec<Ipv6Addr>,
    ipv6_ends: Option<Ends>,
    ipv4_ends: Option<Ends>,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    port: u8,
    ours: Mac,
    theirs: Mac,
}

impl CorePort {
    pub(crate) fn new(addresses: Vec<Ipv6Addr>) -> Self {
        Self {
            addresses,
            ipv6_ends: None,
            ipv4_ends: None,
        }
    }

    pub(crate) fn addresses(&self) -> &[Ipv6Addr] {
        &self.addresses
    }

    /// Takes in a frame for TCP, whose stack comes into being with the first one.
    pub(crate) fn receive_tcp<'s>(
        &mut self,
        (port, frame): (u8, &Frame),
        stack: &'s mut Option<TcpStack>,
        listens_on: u16,
        cx: &mut Context<'_>,
    ) -> Option<&'s mut TcpStack> {
        let arrival = self.receive(port, frame, cx)?;
        let stack = stack.get_or_insert_with(|| {
            let mut stack = TcpStack::new(cx.random().random());
            stack.set_addresses(&self.addresses);
            stack.listen(listens_on);
            stack
        });
        match arrival {
            Arrival::Tcp(packet) => stack.receive(packet, cx.now()),
            Arrival::TooBig(mtu) => stack.lower_mtu(mtu),
        }
        Some(stack)
    }

    /// Sends an IP packet; without anybody having sent before there is nobody to send to.
    pub(crate) fn send(&self, ip_packet: &[u8], cx: &mut Context<'_>) {
        let is_ipv4 = ip_packet.first().is_some_and(|first| first >> 4 == 4);
        let ends = match is_ipv4 {
            true => self.ipv4_ends,
            false => self.ipv6_ends,
        };
        if let Some(Ends { port, ours, theirs }) = ends {
            cx.send(port, frame_either(ours, theirs, ip_packet));
        }
    }

    /// Takes in a frame, and answers datagrams with Port Unreachable.
    fn receive<'a>(
        &mut self,
        port: u8,
        frame: &'a Frame,
        cx: &mut Context<'_>,
    ) -> Option<Arrival<'a>> {
        if let Some((theirs, ours, packet)) = in_frame(frame) {
            return self.receive_ipv4(&packet, Ends { port, ours, theirs }, cx);
        }
        let packet = Packet::parse(frame)?;
        if !self.addresses.contains(&packet.destination) || !packet::is_routable(packet.source) {
            return None;
        }
        let ends = Ends {
            port,
            ours: packet.eth_destination,
            theirs: packet.eth_source,
        };
        self.ipv6_ends = Some(ends);
        match &packet.payload {
            Payload::Tcp(_) => Some(Arrival::Tcp(packet.ip)),
            Payload::Udp(udp) if udp.checksum_ok => {
                let envelope =
                    Envelope::new(ends.ours, ends.theirs, packet.destination, packet.source);
                let body = packet::icmpv6_error_body(0, packet.ip);
                cx.send(
                    port,
                    envelope.icmpv6(DESTINATION_UNREACHABLE, PORT_UNREACHABLE, &body),
                );
                None
            }
            Payload::Icmpv6(icmpv6) if icmpv6.checksum_ok && icmpv6.kind == PACKET_TOO_BIG => {
                let (mtu, quoted) = icmpv6.body.split_first_chunk()?;
                let source: [u8; 16] = quoted.get(8..24)?.try_into().ok()?;
                let mtu = usize::try_from(u32::from_be_bytes(*mtu)).ok()?;
                // RFC 8201 §4: only what was sent from here can have been too big.
                self.addresses
                    .contains(&source.into())
                    .then_some(Arrival::TooBig(mtu))
            }
            Payload::Udp(_) | Payload::Icmpv6(_) | Payload::Other { .. } => None,
        }
    }
}

impl CorePort {
    fn receive_ipv4<'a>(
        &mut self,
        packet: &Ipv4<'a>,
        ends: Ends,
        cx: &mut Context<'_>,
    ) -> Option<Arrival<'a>> {
        let own = |address: Ipv4Addr| self.addresses.contains(&address.to_ipv6_mapped());
        if !own(packet.destination) {
            return None;
        }
        self.ipv4_ends = Some(ends);
        match &packet.payload {
            Payload4::Tcp(_) => Some(Arrival::Tcp(packet.ip)),
            Payload4::Udp(udp) if udp.checksum_ok => {
                let body = ipv4::icmp_error_body(0, packet.ip);
                let (kind, code) = (icmpv4::DESTINATION_UNREACHABLE, icmpv4::PORT_UNREACHABLE);
                let error = Header4::new(packet.destination, packet.source).icmp(kind, code, &body);
                self.send(&error, cx);
                None
            }
            Payload4::Icmp(icmp)
                if icmp.checksum_ok
                    && (icmp.kind, icmp.code)
                        == (
                            icmpv4::DESTINATION_UNREACHABLE,
                            icmpv4::FRAGMENTATION_NEEDED,
                        ) =>
            {
                let ([_, _, high, low], quoted) = icmp.body.split_first_chunk()?;
                let source: [u8; 4] = quoted.get(12..16)?.try_into().ok()?;
                let mtu = u16::from_be_bytes([*high, *low]);
                own(source.into()).then_some(Arrival::TooBig(mtu.into()))
            }
            Payload4::Udp(_) | Payload4::Icmp(_) | Payload4::Other { .. } => None,
        }
    }
}

/// What a frame has for the protocols above.
#[derive(Debug, PartialEq, Eq)]
enum Arrival<'a> {
    /// An IP packet with a TCP segment.
    Tcp(&'a [u8]),
    /// A router asks for packets no longer than this.
    TooBig(usize),
}
