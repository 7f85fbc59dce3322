//! A DNS server of the network: the NGN's own, or that of the ONS domains (guide p.7).
//!
//! It hangs on a core port of the edge, so it answers to the Ethernet source of whatever it got.
//! It answers neither echo requests (guide Q2) nor fragments, but sends some.

use std::collections::VecDeque;
use std::net::Ipv6Addr;

use rand::Rng as _;

use crate::frame::Frame;
use crate::line::DnsQuirk;
use crate::message::dns::{self, CLASSIC_LIMIT, PORT};
use crate::message::fragment::fragments;
use crate::message::icmpv6::{DESTINATION_UNREACHABLE, PORT_UNREACHABLE};
use crate::message::packet::{self, ETHERNET_HEADER, Envelope, Mac, Packet, Payload, Udp};
use crate::node::part::tcp::TcpStack;
use crate::node::{Context, Node};
use crate::time::Time;

use self::sessions::Sessions;
use answer::{Transport, UDP_LIMIT, answer};
pub use laboratory::{LABORATORY, SHORT_TTL, TXT_SIZES, UNKNOWN_DATA, UNKNOWN_TYPE};
use mood::{Astray, Datagram};
pub use mood::{FORGED, FORGED_A, Mood};
use oddities::bend;
pub use zones::Zones;

pub(in crate::node) mod answer;
mod laboratory;
mod mood;
mod oddities;
pub(in crate::node) mod sessions;
pub mod zones;

/// A DNS server.
pub struct DnsServer {
    config: DnsServerConfig,
    silent_until: Time,
    mood: Option<(Mood, Time)>,
    /// Answers that leave later, in the order of their questions.
    later: VecDeque<(Time, Vec<Frame>)>,
    /// How many questions it has answered.
    answered: u32,
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
            mood: None,
            later: VecDeque::new(),
            answered: 0,
            stack: None,
            sessions: Sessions::default(),
            ends: (Mac([0; 6]), Mac([0; 6])),
        }
    }

    /// Makes the server answer nothing until a point in time.
    pub fn silence(&mut self, until: Time) {
        self.silent_until = until;
    }

    /// Makes the server misbehave until a point in time.
    pub fn set_mood(&mut self, mood: Mood, until: Time) {
        self.mood = Some((mood, until));
    }

    fn mood(&self, now: Time) -> Option<Mood> {
        self.mood
            .and_then(|(mood, until)| (now < until).then_some(mood))
    }

    fn has(&self, quirk: DnsQuirk) -> bool {
        self.config.quirks.contains(&quirk)
    }

    fn handle_query(&mut self, packet: &Packet<'_>, udp: Udp<'_>, cx: &mut Context<'_>) {
        let limit = if self.has(DnsQuirk::TruncatesAt512) {
            CLASSIC_LIMIT
        } else {
            UDP_LIMIT
        };
        let transport = Transport::Udp { limit };
        let DnsServerConfig {
            address,
            zones,
            quirks,
        } = &self.config;
        self.answered += 1;
        let Some(response) = answer(udp.payload, zones, transport, cx.random())
            .and_then(|response| bend(quirks, (*address, self.answered), response))
        else {
            return;
        };
        let datagrams = match self.mood(cx.now()) {
            Some(mood) => mood::over_udp(mood, response, cx.random()),
            None => vec![Datagram::plain(response)],
        };
        for datagram in datagrams {
            let frames = datagram_frames(packet, udp, &datagram);
            if datagram.after.is_zero() {
                for frame in frames {
                    cx.send(Self::PORT, frame);
                }
            } else {
                // Whoever asked for the oldest has asked again since, or given up.
                if self.later.len() == LATER_MAX {
                    self.later.pop_front();
                }
                self.later.push_back((cx.now() + datagram.after, frames));
            }
        }
    }

    fn send_later(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let (due, kept) = std::mem::take(&mut self.later)
            .into_iter()
            .partition::<VecDeque<_>, _>(|(at, _)| *at <= now);
        self.later = kept;
        for frame in due.into_iter().flat_map(|(_, frames)| frames) {
            cx.send(Self::PORT, frame);
        }
    }
}

impl DnsServer {
    /// Says that nobody listens (RFC 4443 §3.1).
    fn turn_away(packet: &Packet<'_>, cx: &mut Context<'_>) {
        let body = packet::icmpv6_error_body(0, packet.ip);
        let error = back(packet).icmpv6(DESTINATION_UNREACHABLE, PORT_UNREACHABLE, &body);
        cx.send(Self::PORT, error);
    }

    /// Resets whatever comes over TCP: a stack that listens nowhere does (RFC 9293 §3.5.2).
    fn reset(&self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let mut stack = TcpStack::new(cx.random().random());
        stack.set_addresses(&[self.config.address]);
        stack.receive(packet.ip, cx.now());
        for ip in stack.poll(cx.now()) {
            let (own, edge) = (packet.eth_destination, packet.eth_source);
            cx.send(Self::PORT, packet::frame_ip(own, edge, &ip));
        }
    }

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
        let mood = self.mood(now);
        let Some(stack) = &mut self.stack else {
            return;
        };
        if now < self.silent_until {
            return;
        }
        let DnsServerConfig {
            address,
            zones,
            quirks,
        } = &self.config;
        for (id, query) in self.sessions.collect(stack, now) {
            self.answered += 1;
            let response = answer(&query, zones, Transport::Tcp, cx.random())
                .and_then(|response| bend(quirks, (*address, self.answered), response));
            let messages = match (mood, response) {
                (Some(mood), Some(response)) => mood::over_tcp(mood, response, cx.random()),
                (_, response) => response.into_iter().collect(),
            };
            let stream: Vec<u8> = messages
                .iter()
                .flat_map(|message| dns::to_stream(message))
                .collect();
            stack.write(id, &stream);
            self.sessions.answer(stack, id, None);
            if mood == Some(Mood::HangsUp) {
                self.sessions.end(stack, id);
            }
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
            Payload::Udp(udp)
                if udp.destination_port == PORT && self.mood(cx.now()) != Some(Mood::Closed) =>
            {
                self.handle_query(&packet, udp, cx);
            }
            Payload::Udp(_) => Self::turn_away(&packet, cx),
            Payload::Tcp(_) if self.mood(cx.now()) == Some(Mood::Closed) => self.reset(&packet, cx),
            Payload::Tcp(_) => self.handle_segment(&packet, cx),
            Payload::Icmpv6(_) | Payload::Other { .. } => {}
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.send_later(cx);
        self.drive_tcp(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let stack = self.stack.as_ref().and_then(TcpStack::poll_timeout);
        // A silent server does not even retransmit.
        let due = stack.into_iter().chain(self.sessions.poll_timeout()).min();
        let due = due.map(|due| due.max(self.silent_until));
        let later = self.later.iter().map(|(at, _)| *at);
        later.chain(due).min()
    }
}

/// Returns the frames of one datagram of an answer, in fragments if it is long.
fn datagram_frames(packet: &Packet<'_>, udp: Udp<'_>, datagram: &Datagram) -> Vec<Frame> {
    let mut envelope = back(packet);
    let mut port = udp.source_port;
    match datagram.astray {
        Astray::Nothing => {}
        Astray::Port => port = port.wrapping_add(1).max(1024),
        // Another address of the same place, as of a server with several.
        Astray::Source => {
            let mut segments = envelope.source.segments();
            segments[7] ^= 0x0100;
            envelope.source = segments.into();
        }
    }
    let whole = envelope.udp(PORT, port, &datagram.message);
    fragments(&whole[ETHERNET_HEADER..], MTU)
        .into_iter()
        .map(|ip| packet::frame_ip(envelope.eth_source, envelope.eth_destination, &ip))
        .collect()
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

/// More questions than a line has open at a time (ours).
const LATER_MAX: usize = 256;
/// The line's MTU (ngn-facts §1.2).
const MTU: usize = 1500;
