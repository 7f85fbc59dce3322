//! A DNS server of the network: the NGN's own, or that of the ONS domains (guide p.7).
//!
//! It hangs on a core port of the edge, so it answers to the Ethernet source of whatever it got.
//! It answers neither echo requests (guide Q2) nor fragments.

use std::net::Ipv6Addr;

use rand::Rng as _;

use crate::frame::Frame;
use crate::line::DnsQuirk;
use crate::message::dns::{CLASSIC_LIMIT, PORT, PTR, Question};
use crate::message::icmpv6::{DESTINATION_UNREACHABLE, PORT_UNREACHABLE};
use crate::message::packet::{self, Envelope, Mac, Packet, Payload, Udp};
use crate::node::part::tcp::TcpStack;
use crate::node::{Context, Node};
use crate::time::Time;

use self::sessions::Sessions;
use answer::{Transport, UDP_LIMIT, answer};
pub use zones::Zones;

mod answer;
pub(in crate::node) mod sessions;
pub mod zones;

/// A DNS server.
pub struct DnsServer {
    config: DnsServerConfig,
    silent_until: Time,
    /// Made when the first segment comes, since its seed is drawn at random.
    stack: Option<TcpStack>,
    sessions: Sessions,
    /// Our Ethernet address and the edge's, as the last frame had them.
    ends: (Mac, Mac),
}

/// What makes one DNS server differ from another.
#[derive(Clone, Debug)]
pub struct DnsServerConfig {
    /// The one address it answers on.
    pub address: Ipv6Addr,
    /// What it knows.
    pub zones: Zones,
    /// Its oddities.
    pub quirks: Vec<DnsQuirk>,
}

impl DnsServer {
    /// The socket towards the edge.
    pub const PORT: u8 = 0;

    /// Makes a server.
    pub fn new(config: DnsServerConfig) -> Self {
        Self {
            config,
            silent_until: Time::ZERO,
            stack: None,
            sessions: Sessions::default(),
            ends: (Mac([0; 6]), Mac([0; 6])),
        }
    }

    /// Makes the server answer nothing until a point in time.
    pub fn silence(&mut self, until: Time) {
        self.silent_until = until;
    }

    fn has(&self, quirk: DnsQuirk) -> bool {
        self.config.quirks.contains(&quirk)
    }

    fn handle_query(&mut self, packet: &Packet<'_>, udp: Udp<'_>, cx: &mut Context<'_>) {
        if self.has(DnsQuirk::IgnoresPtr) && asks_for_ptr(udp.payload) {
            return;
        }
        let limit = if self.has(DnsQuirk::TruncatesAt512) {
            CLASSIC_LIMIT
        } else {
            UDP_LIMIT
        };
        let transport = Transport::Udp { limit };
        if let Some(response) = answer(udp.payload, &self.config.zones, transport, cx.random()) {
            cx.send(
                Self::PORT,
                back(packet).udp(PORT, udp.source_port, &response),
            );
        }
    }
}

impl DnsServer {
    fn handle_segment(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let listens = !self.has(DnsQuirk::NoTcp);
        let address = self.config.address;
        let stack = self.stack.get_or_insert_with(|| {
            let mut stack = TcpStack::new(cx.random().random());
            stack.set_addresses(&[address]);
            if listens {
                stack.listen(PORT);
            }
            stack
        });
        self.ends = (packet.eth_destination, packet.eth_source);
        stack.receive(packet.ip, cx.now());
        self.drive_tcp(cx);
    }

    fn drive_tcp(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(stack) = &mut self.stack else {
            return;
        };
        if now < self.silent_until {
            return;
        }
        let DnsServerConfig { zones, quirks, .. } = &self.config;
        let ignores_ptr = quirks.contains(&DnsQuirk::IgnoresPtr);
        for (id, query) in self.sessions.collect(stack, now) {
            let response = if ignores_ptr && asks_for_ptr(&query) {
                None
            } else {
                answer(&query, zones, Transport::Tcp, cx.random())
            };
            self.sessions.answer(stack, id, response.as_deref());
        }
        let (own, edge) = self.ends;
        for ip in stack.poll(now) {
            cx.send(Self::PORT, packet::frame_ip(own, edge, &ip));
        }
    }
}

impl Node for DnsServer {
    fn handle_frame(&mut self, _port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        if packet.destination != self.config.address
            || !packet::is_routable(packet.source)
            || cx.now() < self.silent_until
        {
            return;
        }
        match packet.payload {
            Payload::Udp(udp) if !udp.checksum_ok => {}
            Payload::Udp(udp) if udp.destination_port == PORT => {
                self.handle_query(&packet, udp, cx);
            }
            Payload::Udp(_) => {
                let body = packet::icmpv6_error_body(0, packet.ip);
                let error = back(&packet).icmpv6(DESTINATION_UNREACHABLE, PORT_UNREACHABLE, &body);
                cx.send(Self::PORT, error);
            }
            Payload::Tcp(_) => self.handle_segment(&packet, cx),
            Payload::Icmpv6(_) | Payload::Other { .. } => {}
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.drive_tcp(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let stack = self.stack.as_ref().and_then(TcpStack::poll_timeout);
        // A silent server does not even retransmit.
        let due = stack.into_iter().chain(self.sessions.poll_timeout()).min();
        due.map(|due| due.max(self.silent_until))
    }
}

fn asks_for_ptr(query: &[u8]) -> bool {
    Question::of(query).is_some_and(|question| question.kind == PTR)
}

/// Returns the envelope of an answer: everything the other way round.
fn back(packet: &Packet<'_>) -> Envelope {
    Envelope::new(
        packet.eth_destination,
        packet.eth_source,
        packet.destination,
        packet.source,
    )
}
