//! A home gateway between an edge router and a LAN whose frames are crafted.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use ngnlab_sim::line::{Area, HomeGatewayQuirk, Line};
use ngnlab_sim::link::memory::MemoryLink;
use ngnlab_sim::message::dhcpv6::{self, MessageType};
use ngnlab_sim::message::packet::{Envelope, Mac, Packet};
use ngnlab_sim::node::edge::{Edge, EdgeConfig};
use ngnlab_sim::node::home_gateway::{HomeGateway, HomeGatewayConfig};
use ngnlab_sim::registry::Registry;
use ngnlab_sim::{Frame, Handle, Pace, World};

use crate::subscriber::Subscriber;

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) edge: Handle<Edge>,
    pub(crate) gateway: Handle<HomeGateway>,
    pub(crate) line: Line,
    pub(crate) lan: Subscriber,
    pub(crate) core: MemoryLink,
}

impl Bench {
    pub(crate) fn new(area: Area, quirks: &[HomeGatewayQuirk]) -> Self {
        let mut line = Line::preset("hgw-pd", area).unwrap();
        line.quirks.home_gateway = quirks.to_vec();
        Self::of(line)
    }

    pub(crate) fn of(line: Line) -> Self {
        let area = line.area;
        let mut world = World::new(1, Pace::Virtual);
        let edge = world.add(
            "edge",
            Edge::new(EdgeConfig {
                line: line.clone(),
                registry: Registry::default(),
                routes: vec![(area.values().ngn_ranges[0], Edge::CORE)],
            }),
        );
        let gateway = world.add(
            "home-gateway",
            HomeGateway::new(HomeGatewayConfig { line: line.clone() }),
        );
        world.connect(gateway.port(HomeGateway::UPLINK), edge.port(Edge::ACCESS));
        let lan = Subscriber::of(GATEWAY);
        let core = MemoryLink::default();
        world.attach(gateway.port(HomeGateway::LAN), lan.link.clone());
        world.attach(edge.port(Edge::CORE), core.clone());
        Self {
            world,
            edge,
            gateway,
            line,
            lan,
            core,
        }
    }

    /// Makes a bench in the East that has been running for ten seconds.
    pub(crate) fn started(quirks: &[HomeGatewayQuirk]) -> Self {
        let mut bench = Self::new(Area::East, quirks);
        bench.run_for(10);
        bench.lan.received();
        bench
    }

    pub(crate) fn run_for(&mut self, secs: u64) {
        self.run_ms(secs * 1000);
    }

    pub(crate) fn run_ms(&mut self, millis: u64) {
        let end = self.world.now() + Duration::from_millis(millis);
        self.world.run_until(end).unwrap();
    }

    pub(crate) fn ask(
        &mut self,
        kind: MessageType,
        options: impl IntoIterator<Item = DhcpOption>,
    ) -> Option<dhcpv6::Message> {
        self.lan.ask(&mut self.world, kind, options)
    }

    pub(crate) fn whole(&self) -> ipnet::Ipv6Net {
        self.line.assignment(0)
    }

    /// Returns the gateway's address on its LAN.
    pub(crate) fn own_address(&self) -> Ipv6Addr {
        GATEWAY.in_prefix(self.whole().addr())
    }

    pub(crate) fn core_received(&self) -> Vec<Frame> {
        std::iter::from_fn(|| self.core.pop()).collect()
    }

    pub(crate) fn server_sends(&self, to: Ipv6Addr) {
        let server = self.line.area.values().line_auth;
        let mac = Mac([2, 0, 0x5e, 0, 0, 9]);
        self.core
            .push(Envelope::new(mac, mac, server, to).udp(9, 9, b"x"));
    }

    pub(crate) fn reaches_core(&mut self, source: Ipv6Addr) -> bool {
        let to = self.line.area.values().line_auth;
        self.lan.send(self.lan.through(source, to).udp(9, 9, b"x"));
        self.run_ms(1);
        self.core_received()
            .iter()
            .filter_map(|frame| Packet::parse(frame))
            .any(|packet| packet.destination == to && packet.hop_limit == 62)
    }
}

/// The gateway's Ethernet address on its LAN.
pub(crate) const GATEWAY: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x67, 0x01]);
