//! A subscriber made of crafted frames: what a router or host on the line would send.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use ngnlab_sim::link::memory::MemoryLink;
use ngnlab_sim::message::dhcpv6::{self, Delegated, Message, MessageType};
use ngnlab_sim::message::ndp::{Ndp, NeighborAdvert, NeighborSolicit, RouterAdvert, RouterSolicit};
use ngnlab_sim::message::packet::{ALL_DHCP, ALL_ROUTERS, Envelope, Mac, Packet, solicited_node};
use ngnlab_sim::{Frame, World};

/// The subscriber's Ethernet address.
pub(crate) const WAN: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x00, 0x01]);

/// The far end of the line.
pub(crate) struct Subscriber {
    /// The link to the router.
    pub(crate) link: MemoryLink,
    /// The router's Ethernet address.
    pub(crate) router: Mac,
    xid: u8,
}

impl Subscriber {
    /// Makes a subscriber of the router with this Ethernet address.
    pub(crate) fn of(router: Mac) -> Self {
        Self {
            link: MemoryLink::default(),
            router,
            xid: 0,
        }
    }

    /// Sends a frame.
    pub(crate) fn send(&self, frame: Frame) {
        self.link.push(frame);
    }

    /// Takes what has arrived.
    pub(crate) fn received(&self) -> Vec<Frame> {
        std::iter::from_fn(|| self.link.pop()).collect()
    }

    /// Returns an envelope to somewhere behind the router.
    pub(crate) fn through(&self, source: Ipv6Addr, to: Ipv6Addr) -> Envelope {
        Envelope::new(WAN, self.router, source, to)
    }

    /// Asks for the router's link-local address, which tells it where `source` is.
    pub(crate) fn introduce(&self, source: Ipv6Addr) {
        self.send(ns(source, self.router.link_local(), Some(WAN)));
    }

    /// Answers a solicitation about `target`.
    pub(crate) fn answer(&self, target: Ipv6Addr) {
        let advert = Ndp::NeighborAdvert(NeighborAdvert {
            target,
            router: true,
            solicited: true,
            replace: false,
            target_link_layer: Some(WAN),
        });
        self.send(advert.build(self.through(target, self.router.link_local())));
    }

    /// Builds a message with a fresh transaction id.
    pub(crate) fn message(
        &mut self,
        kind: MessageType,
        options: impl IntoIterator<Item = DhcpOption>,
    ) -> Message {
        self.xid += 1;
        dhcpv6::message(kind, [1, 2, self.xid], options)
    }

    /// Sends a message to the servers' group, and returns the frame of the answer.
    pub(crate) fn ask_for_frame(&self, world: &mut World, message: &Message) -> Option<Frame> {
        self.received();
        self.introduce(WAN.link_local());
        let envelope = Envelope::new(WAN, WAN, WAN.link_local(), ALL_DHCP);
        self.send(envelope.udp(546, 547, &dhcpv6::encode(message)));
        world
            .run_until(world.now() + Duration::from_millis(1))
            .unwrap();
        self.received()
            .into_iter()
            .find(|frame| answer_in(frame).is_some_and(|answer| answer.xid() == message.xid()))
    }

    /// Sends a message to the servers' group, and returns the answer.
    pub(crate) fn ask(
        &mut self,
        world: &mut World,
        kind: MessageType,
        options: impl IntoIterator<Item = DhcpOption>,
    ) -> Option<Message> {
        let message = self.message(kind, options);
        answer_in(&self.ask_for_frame(world, &message)?)
    }

    /// Goes through the four messages, and returns the server's DUID and what it granted.
    pub(crate) fn delegate(&mut self, world: &mut World, iaid: u32) -> (Vec<u8>, Delegated) {
        let solicit = [client_id(), ia(iaid, &[])];
        let advertise = self.ask(world, MessageType::Solicit, solicit).unwrap();
        let server = dhcpv6::server_id(&advertise).unwrap().to_vec();
        let options = [
            client_id(),
            DhcpOption::ServerId(server.clone()),
            ia(iaid, &[]),
        ];
        let reply = self.ask(world, MessageType::Request, options).unwrap();
        let granted = dhcpv6::prefixes(dhcpv6::delegations(&reply).next().unwrap());
        (server, granted[0])
    }
}

/// Returns the subscriber's client identifier.
pub(crate) fn client_id() -> DhcpOption {
    DhcpOption::ClientId(WAN.duid_ll())
}

/// Returns an IA_PD.
pub(crate) fn ia(id: u32, hints: &[Delegated]) -> DhcpOption {
    dhcpv6::delegation(id, 0, 0, hints)
}

/// Returns a Router Solicitation.
pub(crate) fn rs() -> Frame {
    let solicit = Ndp::RouterSolicit(RouterSolicit {
        source_link_layer: Some(WAN),
    });
    solicit.build(Envelope::new(WAN, WAN, WAN.link_local(), ALL_ROUTERS))
}

/// Returns a Neighbor Solicitation to the target's group.
pub(crate) fn ns(source: Ipv6Addr, target: Ipv6Addr, source_link_layer: Option<Mac>) -> Frame {
    let solicit = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer,
    });
    solicit.build(Envelope::new(WAN, WAN, source, solicited_node(target)))
}

/// Returns the DHCPv6 message in a frame.
pub(crate) fn answer_in(frame: &Frame) -> Option<Message> {
    dhcpv6::in_datagram(&Packet::parse(frame)?.udp()?)
}

/// Returns the Router Advertisement in a frame.
pub(crate) fn router_advert(frame: &Frame) -> Option<RouterAdvert> {
    match Ndp::parse(&Packet::parse(frame)?)? {
        Ndp::RouterAdvert(advert) => Some(advert),
        _ => None,
    }
}

/// Returns the Neighbor Advertisement in a frame.
pub(crate) fn neighbor_advert(frame: &Frame) -> Option<NeighborAdvert> {
    match Ndp::parse(&Packet::parse(frame)?)? {
        Ndp::NeighborAdvert(advert) => Some(advert),
        _ => None,
    }
}
