//! The socket of a server in the core network, towards the edge.
//!
//! Nobody does neighbour discovery there: the edge sends to the server, and the server answers to
//! whoever sent. Servers do not answer echo requests (guide Q2).

use std::net::Ipv6Addr;

use rand::Rng;

use crate::frame::Frame;
use crate::message::icmpv6::{DESTINATION_UNREACHABLE, PACKET_TOO_BIG, PORT_UNREACHABLE};
use crate::message::packet::{self, Envelope, Mac, Packet, Payload};
use crate::node::Context;
use crate::node::part::tcp::TcpStack;

/// A server's socket, its addresses, and where frames came from last.
#[derive(Debug)]
pub(crate) struct CorePort {
    port: u8,
    addresses: Vec<Ipv6Addr>,
    ends: Option<Ends>,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    ours: Mac,
    theirs: Mac,
}

impl CorePort {
    pub(crate) fn new(port: u8, addresses: Vec<Ipv6Addr>) -> Self {
        Self {
            port,
            addresses,
            ends: None,
        }
    }

    pub(crate) fn addresses(&self) -> &[Ipv6Addr] {
        &self.addresses
    }

    /// Takes in a frame for TCP, whose stack comes into being with the first one.
    pub(crate) fn receive_tcp<'s>(
        &mut self,
        frame: &Frame,
        stack: &'s mut Option<TcpStack>,
        listens_on: u16,
        cx: &mut Context<'_>,
    ) -> Option<&'s mut TcpStack> {
        let arrival = self.receive(frame, cx)?;
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

    /// Sends an IPv6 packet; without anybody having sent before there is nobody to send to.
    pub(crate) fn send(&self, ip_packet: &[u8], cx: &mut Context<'_>) {
        if let Some(Ends { ours, theirs }) = self.ends {
            cx.send(self.port, packet::frame_ip(ours, theirs, ip_packet));
        }
    }

    /// Takes in a frame, and answers datagrams with Port Unreachable.
    fn receive<'a>(&mut self, frame: &'a Frame, cx: &mut Context<'_>) -> Option<Arrival<'a>> {
        let packet = Packet::parse(frame)?;
        if !self.addresses.contains(&packet.destination) || !packet::is_routable(packet.source) {
            return None;
        }
        let ends = Ends {
            ours: packet.eth_destination,
            theirs: packet.eth_source,
        };
        self.ends = Some(ends);
        match &packet.payload {
            Payload::Tcp(_) => Some(Arrival::Tcp(packet.ip)),
            Payload::Udp(udp) if udp.checksum_ok => {
                let envelope =
                    Envelope::new(ends.ours, ends.theirs, packet.destination, packet.source);
                let body = packet::icmpv6_error_body(0, packet.ip);
                cx.send(
                    self.port,
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

/// What a frame has for the protocols above.
#[derive(Debug, PartialEq, Eq)]
enum Arrival<'a> {
    /// An IPv6 packet with a TCP segment.
    Tcp(&'a [u8]),
    /// A router asks for packets no longer than this.
    TooBig(usize),
}
