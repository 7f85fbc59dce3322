//! An edge router between a subscriber and a server that are crafted frames.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use ipnet::Ipv6Net;
use ngnlab_sim::line::{Area, EdgeQuirk, Line};
use ngnlab_sim::link::memory::MemoryLink;
use ngnlab_sim::message::dhcpv6::{Message, MessageType};
use ngnlab_sim::message::packet::{Envelope, Mac, Packet};
use ngnlab_sim::node::edge::{Edge, EdgeConfig};
use ngnlab_sim::registry::Registry;
use ngnlab_sim::trace::{Fact, Seen};
use ngnlab_sim::{Frame, Handle, Pace, Time, World};

use crate::subscriber::{Subscriber, WAN};

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) edge: Handle<Edge>,
    pub(crate) line: Line,
    pub(crate) registry: Registry,
    pub(crate) subscriber: Subscriber,
    pub(crate) core: MemoryLink,
}

impl Bench {
    pub(crate) fn new(preset: &str, area: Area) -> Self {
        Self::with_quirks(preset, area, &[])
    }

    pub(crate) fn with_quirks(preset: &str, area: Area, quirks: &[EdgeQuirk]) -> Self {
        let mut line = Line::preset(preset, area).unwrap();
        line.quirks.edge = quirks.to_vec();
        Self::of(line)
    }

    pub(crate) fn of(line: Line) -> Self {
        let values = line.area.values();
        let mut world = World::new(1, Pace::Virtual);
        let registry = Registry::default();
        let edge = world.add(
            "edge",
            Edge::new(EdgeConfig {
                line: line.clone(),
                registry: registry.clone(),
                routes: vec![
                    (values.ngn_ranges[0], Edge::CORE),
                    (Ipv6Net::new(values.delivery, 48).unwrap(), Edge::CORE),
                ],
            }),
        );
        let subscriber = Subscriber::of(values.edge_mac);
        let core = MemoryLink::default();
        world.attach(edge.port(Edge::ACCESS), subscriber.link.clone());
        world.attach(edge.port(Edge::CORE), core.clone());
        Self {
            world,
            edge,
            line,
            registry,
            subscriber,
            core,
        }
    }

    pub(crate) fn run_to(&mut self, time: Time) {
        self.world.run_until(time).unwrap();
    }

    pub(crate) fn run_for(&mut self, secs: u64) {
        self.run_to(self.world.now() + Duration::from_secs(secs));
    }

    pub(crate) fn run_ms(&mut self, millis: u64) {
        let end = self.world.now() + Duration::from_millis(millis);
        self.world.run_until(end).unwrap();
    }

    pub(crate) fn send(&self, frame: Frame) {
        self.subscriber.send(frame);
    }

    /// Takes what the edge sent to the subscriber.
    pub(crate) fn received(&self) -> Vec<Frame> {
        self.subscriber.received()
    }

    pub(crate) fn edge_address(&self) -> Ipv6Addr {
        self.subscriber.router.link_local()
    }

    pub(crate) fn to_edge(&self, source: Ipv6Addr, to: Ipv6Addr) -> Envelope {
        self.subscriber.through(source, to)
    }

    /// Returns the subscriber's address in the first /64 of the assignment.
    pub(crate) fn host(&self) -> Ipv6Addr {
        WAN.in_prefix(self.line.assignment(0).addr())
    }

    /// Returns an address in the given /64 of the assignment.
    pub(crate) fn in_assignment(&self, subnet: u8) -> Ipv6Addr {
        let mut octets = self.host().octets();
        octets[7] = subnet;
        octets.into()
    }

    pub(crate) fn server_sends(&self, to: Ipv6Addr) {
        let server = self.line.area.values().line_auth;
        let mac = Mac([2, 0, 0x5e, 0, 0, 9]);
        self.core
            .push(Envelope::new(mac, mac, server, to).udp(9, 9, b"x"));
    }

    /// Lets the edge know where an address is, as a host does when it asks for its router.
    pub(crate) fn introduce(&mut self, address: Ipv6Addr) {
        self.subscriber.introduce(address);
        self.run_for(1);
        self.received();
    }

    pub(crate) fn passes(&mut self, source: Ipv6Addr) -> bool {
        self.passes_to(source, self.line.area.values().line_auth)
    }

    pub(crate) fn passes_to(&mut self, source: Ipv6Addr, to: Ipv6Addr) -> bool {
        self.send(self.to_edge(source, to).udp(9, 9, b"x"));
        self.run_for(1);
        std::iter::from_fn(|| self.core.pop())
            .filter(|frame| {
                Packet::parse(frame)
                    .is_some_and(|packet| packet.destination == to && packet.hop_limit == 63)
            })
            .count()
            == 1
    }

    pub(crate) fn ask(
        &mut self,
        kind: MessageType,
        options: impl IntoIterator<Item = DhcpOption>,
    ) -> Option<Message> {
        self.subscriber.ask(&mut self.world, kind, options)
    }

    /// Goes through the four messages, and returns the server's DUID.
    pub(crate) fn delegate(&mut self) -> Vec<u8> {
        self.subscriber.delegate(&mut self.world, 1).0
    }

    pub(crate) fn assigned(&self) -> Vec<Ipv6Net> {
        self.world
            .records()
            .iter()
            .filter_map(|record| match &record.seen {
                Seen::Fact {
                    fact: Fact::Assigned { prefix },
                    ..
                } => Some(*prefix),
                _ => None,
            })
            .collect()
    }
}
