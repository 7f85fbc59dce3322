//! A host in the internet that answers echo requests, sends back datagrams that come to its echo port
//! (RFC 862), and sends what nobody asked for, as strangers do. What came without DF may be cut on its
//! way back, too.

use std::net::Ipv4Addr;

use etherparse::TcpHeader;
use rand::Rng as _;

use crate::frame::Frame;
use crate::message::icmpv4::{ECHO_REPLY, ECHO_REQUEST};
use crate::message::packet::Mac;
use crate::message::packet::ipv4::fragment::{Reassembly, fragments};
use crate::message::packet::ipv4::{Header4, Ipv4, Payload4, frame_either, in_frame};
use crate::node::{Context, Node};
use crate::time::Time;

/// The host.
pub struct InternetHost {
    address: Ipv4Addr,
    /// From where datagrams came to the echo port, the latest last.
    heard: Vec<(Ipv4Addr, u16)>,
    pieces: Reassembly,
}

/// What a stranger sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// A datagram to a port.
    Udp(u16),
    /// The opening of a connection to a port.
    Tcp(u16),
    /// An echo request.
    Echo,
    /// One more datagram to whoever sent the last one here.
    LateAnswer,
    /// A datagram to the same, from another host.
    AnswerOfAnother,
}

impl InternetHost {
    /// The socket towards the concentrator.
    pub const PORT: u8 = 0;

    /// Makes a host.
    pub fn new(address: Ipv4Addr) -> Self {
        Self {
            address,
            heard: Vec::new(),
            pieces: Reassembly::default(),
        }
    }

    /// Sends something to an address that it has never heard of.
    pub fn send(&mut self, to: Ipv4Addr, what: Stranger, cx: &mut Context<'_>) {
        let header = Header4::new(self.address, to);
        let ip = match what {
            Stranger::LateAnswer | Stranger::AnswerOfAnother => {
                let Some((to, port)) = self.heard(0) else {
                    return;
                };
                let header = match what {
                    Stranger::AnswerOfAnother => Header4::new(ANOTHER, to),
                    _ => Header4::new(self.address, to),
                };
                header.udp(ECHO_PORT, port, b"are you still there?")
            }
            Stranger::Udp(port) => header.udp(ECHO_PORT, port, b"is anybody there?"),
            Stranger::Tcp(port) => {
                let mut syn = TcpHeader::new(STRANGERS_PORT, port, 1, u16::MAX);
                syn.syn = true;
                header.tcp(syn, &[])
            }
            Stranger::Echo => header.icmp(ECHO_REQUEST, 0, &[0x77, 0x77, 0, 1, 1, 2, 3, 4]),
        };
        cx.send(Self::PORT, frame_either(OURS, THEIRS, &ip));
    }

    /// Returns from where a datagram came to the echo port last, or before so many others.
    pub fn heard(&self, before: usize) -> Option<(Ipv4Addr, u16)> {
        self.heard.iter().nth_back(before).copied()
    }

    fn answer(&mut self, packet: &Ipv4<'_>, cx: &mut Context<'_>) {
        let mut header = Header4::new(packet.destination, packet.source);
        if !packet.dont_fragment {
            header = header.that_may_be_cut(cx.random().random());
        }
        let ip = match &packet.payload {
            Payload4::Icmp(icmp)
                if icmp.checksum_ok && icmp.kind == ECHO_REQUEST && icmp.body.len() >= 4 =>
            {
                header.icmp(ECHO_REPLY, 0, icmp.body)
            }
            Payload4::Udp(udp) if udp.checksum_ok && udp.destination_port == ECHO_PORT => {
                let from = (packet.source, udp.source_port);
                self.heard.retain(|known| *known != from);
                self.heard.push(from);
                let many = self.heard.len().saturating_sub(MOST_HEARD);
                self.heard.drain(..many);
                header.udp(ECHO_PORT, udp.source_port, udp.payload)
            }
            _ => return,
        };
        for piece in fragments(&ip, WIRE_MTU) {
            cx.send(Self::PORT, frame_either(OURS, THEIRS, &piece));
        }
    }
}

impl Node for InternetHost {
    fn handle_frame(&mut self, _port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let Some((_, _, packet)) = in_frame(frame) else {
            return;
        };
        if packet.destination != self.address {
            return;
        }
        let whole = self.pieces.complete(packet.ip, cx.now());
        if let Some(packet) = whole.as_deref().and_then(Ipv4::parse) {
            self.answer(&packet, cx);
        }
    }

    fn handle_timeout(&mut self, _cx: &mut Context<'_>) {}

    fn poll_timeout(&self) -> Option<Time> {
        None
    }
}

/// Another host beside it (RFC 5737 §3; inferred).
const ANOTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 99);
/// That of Ethernet (RFC 894).
const WIRE_MTU: usize = 1500;
/// More than meet at a time (ours).
const MOST_HEARD: usize = 16;
/// RFC 862.
const ECHO_PORT: u16 = 7;
/// Where a stranger connects from (ours).
const STRANGERS_PORT: u16 = 61_000;
/// Addresses of the wire to the concentrator, which no device sees.
const OURS: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x89, 0x01]);
const THEIRS: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x89, 0x00]);
