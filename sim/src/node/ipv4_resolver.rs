//! A DNS resolver over IPv4, behind a PPPoE session: an ISP's, the service information site's, or a
//! public one. It has no moods and no oddities.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::frame::Frame;
use crate::message::dns::PORT as DNS;
use crate::message::packet::ipv4::{Header4, frame_either, in_frame};
use crate::node::dns::Zones;
use crate::node::dns::answer::{Transport, answer};
use crate::node::dns::sessions::Sessions;
use crate::node::part::core_port::CorePort;
use crate::node::part::tcp::TcpStack;
use crate::node::{Context, Node};
use crate::time::Time;

/// A resolver on some addresses.
pub struct Ipv4Resolver {
    addresses: Vec<Ipv4Addr>,
    zones: Zones,
    core: CorePort,
    stack: Option<TcpStack>,
    sessions: Sessions,
    silent_until: Time,
}

impl Ipv4Resolver {
    /// The socket towards the concentrator.
    pub const PORT: u8 = 0;

    /// Makes a resolver.
    pub fn new(addresses: Vec<Ipv4Addr>, zones: Zones) -> Self {
        let mapped: Vec<Ipv6Addr> = addresses.iter().map(Ipv4Addr::to_ipv6_mapped).collect();
        Self {
            addresses,
            zones,
            core: CorePort::new(mapped),
            stack: None,
            sessions: Sessions::default(),
            silent_until: Time::ZERO,
        }
    }

    /// Hears and says nothing until then.
    pub fn silence(&mut self, until: Time) {
        self.silent_until = until;
    }

    /// Answers a question over UDP; returns whether the frame held one.
    fn answer_datagram(&self, frame: &Frame, cx: &mut Context<'_>) -> bool {
        let Some((theirs, ours, packet)) = in_frame(frame) else {
            return false;
        };
        let Some(udp) = packet.udp().filter(|udp| udp.destination_port == DNS) else {
            return false;
        };
        if !self.addresses.contains(&packet.destination) {
            return false;
        }
        let transport = Transport::Udp { limit: UDP_LIMIT };
        if let Some(response) = answer(udp.payload, &self.zones, transport, cx.random()) {
            let header = Header4::new(packet.destination, packet.source);
            let ip = header.udp(DNS, udp.source_port, &response);
            cx.send(Self::PORT, frame_either(ours, theirs, &ip));
        }
        true
    }

    fn drive_tcp(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(stack) = &mut self.stack else {
            return;
        };
        if now < self.silent_until {
            return;
        }
        for (id, query) in self.sessions.collect(stack, now) {
            let response = answer(&query, &self.zones, Transport::Tcp, cx.random());
            self.sessions.answer(stack, id, response.as_deref());
        }
        for ip in stack.poll(now) {
            self.core.send(&ip, cx);
        }
    }
}

impl Node for Ipv4Resolver {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if cx.now() < self.silent_until || self.answer_datagram(frame, cx) {
            return;
        }
        let stack = &mut self.stack;
        if self
            .core
            .receive_tcp((port, frame), stack, DNS, cx)
            .is_some()
        {
            self.drive_tcp(cx);
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.drive_tcp(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let stack = self.stack.as_ref().and_then(TcpStack::poll_timeout);
        let due = stack.into_iter().chain(self.sessions.poll_timeout()).min();
        due.map(|due| due.max(self.silent_until))
    }
}

/// What passes a session of [`crate::line::pppoe::MTU`] in one piece.
const UDP_LIMIT: usize = crate::line::pppoe::MTU as usize - 28;
