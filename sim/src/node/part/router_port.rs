//! One interface of a router we play: its addresses, its neighbours, its NDP answers.
//!
//! Multicast listener reports are ignored, and its own addresses are not probed: they are unique
//! by construction.

use std::net::Ipv6Addr;

use crate::frame::Frame;
use crate::message::icmpv6::{ECHO_REPLY, ECHO_REQUEST};
use crate::message::ndp::{Ndp, NeighborAdvert, NeighborSolicit};
use crate::message::packet::{ALL_NODES, ETHERNET_HEADER, Envelope, Mac, Packet, solicited_node};
use crate::node::Context;
use crate::node::part::neighbors::{Neighbors, Timers, Unreachable};
use crate::time::Time;

/// An interface with a link-local address and any number of others.
pub(crate) struct RouterPort {
    port: u8,
    mac: Mac,
    addresses: Vec<Ipv6Addr>,
    neighbors: Neighbors,
    traffic_class: u8,
}

impl RouterPort {
    /// Makes the interface behind socket `port`; `traffic_class` marks its own ICMPv6 and UDP.
    pub(crate) fn new(port: u8, mac: Mac, traffic_class: u8) -> Self {
        let mut neighbors = Neighbors::new(mac, mac.link_local());
        neighbors.set_traffic_class(traffic_class);
        Self {
            port,
            mac,
            addresses: Vec::new(),
            neighbors,
            traffic_class,
        }
    }

    /// Returns the Ethernet address.
    pub(crate) fn mac(&self) -> Mac {
        self.mac
    }

    /// Returns the link-local address.
    pub(crate) fn link_local(&self) -> Ipv6Addr {
        self.mac.link_local()
    }

    /// Sets the addresses beside the link-local one.
    pub(crate) fn set_addresses(&mut self, addresses: Vec<Ipv6Addr>) {
        self.addresses = addresses;
    }

    /// Sets the timers of unreachability detection.
    pub(crate) fn set_timers(&mut self, timers: Timers) {
        self.neighbors.set_timers(timers);
    }

    /// Returns whether an address is one of this interface.
    pub(crate) fn owns(&self, address: Ipv6Addr) -> bool {
        address == self.link_local() || self.addresses.contains(&address)
    }

    /// Returns whether a frame is meant for this interface, by its Ethernet destination.
    pub(crate) fn hears(&self, packet: &Packet<'_>) -> bool {
        packet.eth_destination == self.mac || packet.eth_destination.is_multicast()
    }

    /// Returns whether a frame is for this interface alone: what came to a group is not passed on.
    pub(crate) fn is_addressed(&self, packet: &Packet<'_>) -> bool {
        packet.eth_destination == self.mac
    }

    /// Returns an envelope from the link-local address to everybody on the link.
    pub(crate) fn to_all_nodes(&self) -> Envelope {
        Envelope::new(self.mac, self.mac, self.link_local(), ALL_NODES)
            .with_traffic_class(self.traffic_class)
    }

    /// Takes in a neighbour or router solicitation or a neighbour advertisement.
    pub(crate) fn handle_ndp(&mut self, ndp: &Ndp, packet: &Packet<'_>, cx: &mut Context<'_>) {
        match ndp {
            Ndp::NeighborSolicit(solicit) => self.answer(solicit, packet, cx),
            Ndp::NeighborAdvert(advert) => {
                // RFC 4861 §7.1.2: an answer to one asker never goes to a group.
                if !(advert.solicited && packet.destination.is_multicast()) {
                    self.update(cx, |neighbors, now, out| {
                        neighbors.handle_advert(advert, now, out);
                    });
                }
            }
            Ndp::RouterSolicit(solicit) => {
                self.learn(packet.source, solicit.source_link_layer, cx);
            }
            Ndp::RouterAdvert(_) => {}
        }
    }

    /// Notes a neighbour's link-layer address from a Source Link-Layer option.
    pub(crate) fn learn(&mut self, address: Ipv6Addr, mac: Option<Mac>, cx: &mut Context<'_>) {
        let Some(mac) = mac.filter(|mac| !mac.is_multicast()) else {
            return;
        };
        if address.is_unspecified() || address.is_multicast() || self.owns(address) {
            return;
        }
        self.update(cx, |neighbors, now, out| {
            neighbors.learn(address, mac, now, out);
        });
    }

    /// Sends an IPv6 packet to a neighbour.
    pub(crate) fn send(&mut self, next_hop: Ipv6Addr, ip: &[u8], cx: &mut Context<'_>) {
        self.update(cx, |neighbors, now, out| {
            neighbors.send(next_hop, ip, now, out);
        });
    }

    /// Sends a datagram of our own to a neighbour.
    pub(crate) fn send_udp(
        &mut self,
        source: Ipv6Addr,
        to: (Ipv6Addr, u16),
        source_port: u16,
        payload: &[u8],
        cx: &mut Context<'_>,
    ) {
        let frame = Envelope::new(self.mac, self.mac, source, to.0)
            .with_traffic_class(self.traffic_class)
            .udp(source_port, to.1, payload);
        if to.0.is_multicast() {
            cx.send(self.port, frame);
        } else {
            self.send(to.0, &frame[ETHERNET_HEADER..], cx);
        }
    }

    /// Sends a datagram from one of our addresses to somebody behind a neighbour.
    pub(crate) fn send_udp_via(
        &mut self,
        next_hop: Ipv6Addr,
        source: Ipv6Addr,
        to: (Ipv6Addr, u16),
        source_port: u16,
        payload: &[u8],
        cx: &mut Context<'_>,
    ) {
        let frame = Envelope::new(self.mac, self.mac, source, to.0)
            .with_traffic_class(self.traffic_class)
            .udp(source_port, to.1, payload);
        self.send(next_hop, &frame[ETHERNET_HEADER..], cx);
    }

    /// Answers an echo request to one of our addresses (RFC 4443 §4.2).
    pub(crate) fn answer_echo(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let Some(request) = packet
            .icmpv6()
            .filter(|message| message.kind == ECHO_REQUEST)
        else {
            return;
        };
        if !self.owns(packet.destination) || packet.source.is_unspecified() {
            return;
        }
        let frame = Envelope::new(
            self.mac,
            packet.eth_source,
            packet.destination,
            packet.source,
        )
        .with_traffic_class(self.traffic_class)
        .icmpv6(ECHO_REPLY, 0, request.body);
        cx.send(self.port, frame);
    }

    /// Returns when [`RouterPort::handle_timeout`] is next needed.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        self.neighbors.poll_timeout()
    }

    /// Asks neighbours again where that is due, and returns those that stayed silent.
    pub(crate) fn handle_timeout(&mut self, cx: &mut Context<'_>) -> Vec<Unreachable> {
        let mut silent = Vec::new();
        self.update(cx, |neighbors, now, out| {
            silent = neighbors.handle_timeout(now, out);
        });
        silent
    }

    /// Forgets every neighbour.
    pub(crate) fn forget_neighbors(&mut self) {
        self.neighbors.clear();
    }

    fn answer(&mut self, solicit: &NeighborSolicit, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let probe = packet.source.is_unspecified();
        // RFC 4861 §7.1.1: a probe goes to the target's group and carries no address option.
        let valid_probe = packet.destination == solicited_node(solicit.target)
            && solicit.source_link_layer.is_none();
        if !self.owns(solicit.target) || (probe && !valid_probe) {
            return;
        }
        let advert = Ndp::NeighborAdvert(NeighborAdvert {
            target: solicit.target,
            router: true,
            solicited: !probe,
            replace: true,
            target_link_layer: Some(self.mac),
        });
        let (eth, to) = if probe {
            (self.mac, ALL_NODES)
        } else {
            self.learn(packet.source, solicit.source_link_layer, cx);
            let eth = solicit.source_link_layer.unwrap_or(packet.eth_source);
            (eth, packet.source)
        };
        let envelope =
            Envelope::new(self.mac, eth, solicit.target, to).with_traffic_class(self.traffic_class);
        cx.send(self.port, advert.build(envelope));
    }

    fn update(
        &mut self,
        cx: &mut Context<'_>,
        f: impl FnOnce(&mut Neighbors, Time, &mut Vec<Frame>),
    ) {
        let mut out = Vec::new();
        f(&mut self.neighbors, cx.now(), &mut out);
        for frame in out {
            cx.send(self.port, frame);
        }
    }
}
