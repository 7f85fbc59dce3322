//! The IP host inside a terminal: Neighbour Discovery, source selection and sending; what goes to an
//! IPv4-mapped address leaves by its IPv4 side, if it has one.
//!
//! Redirects and multicast listener reports are left out: the LAN is one segment, and nothing on
//! it snoops.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::addresses::{Addresses, Change};
use super::ipv4::{Ipv4Config, Ipv4Side};
use super::outgoing::{Body, Outgoing};
use super::routers::Routers;
use super::{PORT, earliest};
use crate::message::ndp::{Ndp, NdpOption, NeighborAdvert, NeighborSolicit, RouterAdvert};
use crate::message::packet::{
    ALL_NODES, ETHERNET_HEADER, Envelope, Mac, Packet, frame_ip, is_link_local, is_routable,
    mac_for, solicited_node,
};
use crate::node::Context;
use crate::node::part::neighbors::{Neighbors, Timers};
use crate::time::Time;

/// One interface with its addresses, routers and neighbours.
pub(super) struct Host {
    mac: Mac,
    addresses: Addresses,
    routers: Routers,
    neighbors: Option<Neighbors>,
    hop_limit: u8,
    base_reachable: Duration,
    retrans: Duration,
    pub(super) ipv4: Option<Ipv4Side>,
}

/// An advertisement that was taken in, for those who read its other options.
pub(super) struct Advertised {
    pub(super) advert: RouterAdvert,
    /// Prefixes appeared or are deprecated since (RFC 8415 §18.2.12).
    pub(super) prefixes_changed: bool,
}

impl Host {
    pub(super) fn new(mac: Mac) -> Self {
        Self {
            mac,
            addresses: Addresses::new(mac),
            routers: Routers::default(),
            neighbors: None,
            hop_limit: DEFAULT_HOP_LIMIT,
            base_reachable: Timers::default().reachable,
            retrans: Timers::default().retrans,
            ipv4: None,
        }
    }

    /// Gives it IPv4, too.
    pub(super) fn with_ipv4(mut self, config: Option<Ipv4Config>) -> Self {
        self.ipv4 = config.map(|config| Ipv4Side::new(self.mac, config));
        self
    }

    /// Brings the interface up; without `ipv6` it has IPv4 alone.
    pub(super) fn start(&mut self, ipv6: bool, cx: &mut Context<'_>) {
        if ipv6 {
            self.start_ipv6(cx);
        }
        if let Some(ipv4) = &mut self.ipv4 {
            ipv4.start(cx);
        }
    }

    /// Brings IPv6 up on it.
    pub(super) fn start_ipv6(&mut self, cx: &mut Context<'_>) {
        self.addresses.start(cx);
    }

    /// Takes the interface down: everything that was learnt on it is gone.
    pub(super) fn stop(&mut self, cx: &mut Context<'_>) {
        self.addresses.clear(cx);
        let mut ipv4 = self.ipv4.take();
        if let Some(ipv4) = &mut ipv4 {
            ipv4.stop(cx);
        }
        *self = Self::new(self.mac);
        self.ipv4 = ipv4;
    }

    pub(super) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    pub(super) fn link_local(&self) -> Option<Ipv6Addr> {
        self.addresses.link_local()
    }

    pub(super) fn default_router(&self) -> Option<Ipv6Addr> {
        self.routers.default_router()
    }

    /// Returns whether there is a global address and a default router.
    pub(super) fn is_connected(&self, now: Time) -> bool {
        self.routers.default_router().is_some()
            && self
                .addresses
                .usable(now)
                .iter()
                .any(|own| is_routable(own.address))
    }

    /// Returns whether a frame is meant for this host.
    pub(super) fn is_for_us(&self, packet: &Packet<'_>) -> bool {
        let to = packet.destination;
        // Our own MAC as a source means that the wire is looped.
        packet.eth_source != self.mac
            && (packet.eth_destination == self.mac || packet.eth_destination.is_multicast())
            && (to == ALL_NODES || self.addresses.has(to) || self.addresses.listens_to(to))
    }

    /// Returns the source address for a destination (RFC 6724 §5).
    pub(super) fn source_for(&self, destination: Ipv6Addr, now: Time) -> Option<Ipv6Addr> {
        if destination.to_ipv4_mapped().is_some() {
            let own = self.ipv4.as_ref().and_then(Ipv4Side::address);
            return own.map(|own| own.to_ipv6_mapped());
        }
        if self.addresses.has(destination) {
            return Some(destination);
        }
        let local = is_link_local(destination) || is_link_scoped_group(destination);
        if local {
            return self.link_local();
        }
        self.addresses
            .usable(now)
            .iter()
            .map(|own| own.address)
            .find(|address| is_routable(*address))
    }

    /// Returns the hop limit of what has none of its own.
    pub(super) fn hop_limit(&self) -> u8 {
        self.hop_limit
    }

    /// Sends from the address RFC 6724 selects; returns it, or `None` if there is none.
    pub(super) fn send(&mut self, out: Outgoing<'_>, cx: &mut Context<'_>) -> Option<Ipv6Addr> {
        if let Some(to) = out.to.to_ipv4_mapped() {
            let ipv4 = self.ipv4.as_mut()?;
            let source = ipv4.send(to, out.hop_limit, out.body, cx)?;
            return Some(source.to_ipv6_mapped());
        }
        let source = self.source_for(out.to, cx.now())?;
        self.send_from(source, out, cx);
        Some(source)
    }

    pub(super) fn send_from(&mut self, source: Ipv6Addr, out: Outgoing<'_>, cx: &mut Context<'_>) {
        let envelope = Envelope::new(self.mac, self.mac, source, out.to)
            .with_hop_limit(out.hop_limit.unwrap_or(self.hop_limit));
        let frame = match out.body {
            Body::Udp {
                from_port,
                to_port,
                payload,
                may_be_cut: _,
            } => {
                // Longer ones would need fragments, which are not modelled.
                let payload = &payload[..payload.len().min(MAX_PAYLOAD)];
                envelope.udp(from_port, to_port, payload)
            }
            Body::Icmpv6 { kind, body } => envelope.icmpv6(kind, 0, body),
        };
        self.send_ip(&frame[ETHERNET_HEADER..], out.to, cx);
    }

    /// Sends a whole IP packet to where its destination is reached.
    pub(super) fn send_ip(&mut self, ip: &[u8], to: Ipv6Addr, cx: &mut Context<'_>) {
        if let Some(to) = to.to_ipv4_mapped() {
            if let Some(ipv4) = &mut self.ipv4 {
                ipv4.send_ip(ip, to, cx);
            }
            return;
        }
        if to.is_multicast() {
            cx.send(PORT, frame_ip(self.mac, mac_for(to, self.mac), ip));
            return;
        }
        let Some(next_hop) = self.routers.next_hop(to) else {
            return;
        };
        let Some(neighbors) = &mut self.neighbors else {
            return;
        };
        let mut frames = Vec::new();
        neighbors.send(next_hop, ip, cx.now(), &mut frames);
        frames.into_iter().for_each(|frame| cx.send(PORT, frame));
    }

    /// Takes in a Neighbour Discovery message; returns an advertisement that was valid.
    pub(super) fn handle_ndp(
        &mut self,
        packet: &Packet<'_>,
        message: Ndp,
        cx: &mut Context<'_>,
    ) -> Option<Advertised> {
        match message {
            Ndp::RouterAdvert(advert) => self.handle_router_advert(packet, advert, cx),
            Ndp::NeighborSolicit(solicit) => {
                self.handle_solicit(packet, &solicit, cx);
                None
            }
            Ndp::NeighborAdvert(advert) => {
                self.handle_advert(packet, &advert, cx);
                None
            }
            Ndp::RouterSolicit(_) => None,
        }
    }

    /// Does everything that has become due.
    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        if let Some(ipv4) = &mut self.ipv4 {
            ipv4.handle_timeout(cx);
        }
        let had_link_local = self.link_local().is_some();
        self.addresses.handle_timeout(self.retrans, cx);
        let Some(link_local) = self.link_local() else {
            return;
        };
        if !had_link_local {
            self.neighbors = Some(Neighbors::new(self.mac, link_local));
            self.routers.start_soliciting(cx);
        }
        self.routers.handle_timeout(self.mac, link_local, cx);
        let Some(neighbors) = &mut self.neighbors else {
            return;
        };
        let mut frames = Vec::new();
        for silent in neighbors.handle_timeout(cx.now(), &mut frames) {
            self.routers.set_silent(silent.address, true);
        }
        frames.into_iter().for_each(|frame| cx.send(PORT, frame));
    }

    /// Returns when [`Host::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        earliest([
            self.addresses.poll_timeout(),
            self.link_local().and_then(|_| self.routers.poll_timeout()),
            self.neighbors.as_ref().and_then(Neighbors::poll_timeout),
            self.ipv4.as_ref().and_then(Ipv4Side::poll_timeout),
        ])
    }

    fn handle_router_advert(
        &mut self,
        packet: &Packet<'_>,
        advert: RouterAdvert,
        cx: &mut Context<'_>,
    ) -> Option<Advertised> {
        let now = cx.now();
        // RFC 4861 §6.1.2; before it is up, the interface does not listen.
        if !is_link_local(packet.source) || self.link_local().is_none() {
            return None;
        }
        if advert.hop_limit != 0 {
            self.hop_limit = advert.hop_limit;
        }
        self.set_timers(&advert, cx);
        self.routers
            .advertised(packet.source, advert.lifetime, advert.preference, now);
        let mut prefixes_changed = false;
        for option in &advert.options {
            match option {
                NdpOption::SourceLinkLayer(mac) => self.learn(packet.source, *mac, cx),
                NdpOption::Prefix(info) => {
                    self.routers.prefix_advertised(info, now);
                    prefixes_changed |= self.addresses.advertised(info, cx) == Change::Prefixes;
                }
                NdpOption::TargetLinkLayer(_)
                | NdpOption::Mtu(_)
                | NdpOption::Rdnss { .. }
                | NdpOption::Dnssl { .. }
                | NdpOption::Other(..) => {}
            }
        }
        Some(Advertised {
            advert,
            prefixes_changed,
        })
    }

    fn set_timers(&mut self, advert: &RouterAdvert, cx: &mut Context<'_>) {
        let before = (self.base_reachable, self.retrans);
        if !advert.reachable.is_zero() {
            self.base_reachable = advert.reachable.min(MAX_REACHABLE);
        }
        if !advert.retrans.is_zero() {
            self.retrans = advert.retrans.clamp(MIN_RETRANS, MAX_RETRANS);
        }
        let Some(neighbors) = &mut self.neighbors else {
            return;
        };
        // RFC 4861 §6.3.4: a new random value is drawn when the base changes.
        if before != (self.base_reachable, self.retrans) {
            neighbors.set_timers(Timers::drawn(
                self.base_reachable,
                self.retrans,
                cx.random(),
            ));
        }
    }

    fn handle_solicit(
        &mut self,
        packet: &Packet<'_>,
        solicit: &NeighborSolicit,
        cx: &mut Context<'_>,
    ) {
        let unspecified = packet.source.is_unspecified();
        // RFC 4861 §7.1.1.
        let valid = !unspecified
            || (packet.destination == solicited_node(solicit.target)
                && solicit.source_link_layer.is_none());
        if !valid {
            return;
        }
        if !self.addresses.has(solicit.target) {
            // RFC 4862 §5.4.3: somebody else is asking for what we are asking for.
            if unspecified {
                self.addresses.collided(solicit.target, cx);
            }
            return;
        }
        let to = if unspecified {
            ALL_NODES
        } else {
            packet.source
        };
        if let Some(mac) = solicit.source_link_layer {
            self.learn(packet.source, mac, cx);
        }
        let answer = Ndp::NeighborAdvert(NeighborAdvert {
            target: solicit.target,
            router: false,
            solicited: !unspecified,
            replace: true,
            target_link_layer: Some(self.mac),
        });
        let back = solicit.source_link_layer.unwrap_or(packet.eth_source);
        let envelope = Envelope::new(self.mac, back, solicit.target, to);
        cx.send(PORT, answer.build(envelope));
    }

    fn handle_advert(
        &mut self,
        packet: &Packet<'_>,
        advert: &NeighborAdvert,
        cx: &mut Context<'_>,
    ) {
        // RFC 4861 §7.1.2.
        if packet.destination.is_multicast() && advert.solicited {
            return;
        }
        self.addresses.collided(advert.target, cx);
        let Some(neighbors) = &mut self.neighbors else {
            return;
        };
        let mut frames = Vec::new();
        neighbors.handle_advert(advert, cx.now(), &mut frames);
        frames.into_iter().for_each(|frame| cx.send(PORT, frame));
        self.routers.set_silent(advert.target, false);
        // RFC 4861 §7.2.5: what was a router and says it is none is none.
        if !advert.router {
            self.routers.remove(advert.target);
        }
    }

    fn learn(&mut self, address: Ipv6Addr, mac: Mac, cx: &mut Context<'_>) {
        let Some(neighbors) = &mut self.neighbors else {
            return;
        };
        let mut frames = Vec::new();
        neighbors.learn(address, mac, cx.now(), &mut frames);
        frames.into_iter().for_each(|frame| cx.send(PORT, frame));
    }
}

/// Returns whether a group reaches no further than the link (RFC 4291 §2.7).
fn is_link_scoped_group(address: Ipv6Addr) -> bool {
    address.is_multicast() && address.segments()[0] & 0xf <= 2
}

const DEFAULT_HOP_LIMIT: u8 = 64;
// RFC 4861 §6.2.1 lets routers advertise no more than an hour.
const MAX_REACHABLE: Duration = Duration::from_secs(3600);
const MIN_RETRANS: Duration = Duration::from_millis(10);
/// Bounds what a hostile router can do to duplicate address detection.
const MAX_RETRANS: Duration = Duration::from_secs(60);
/// The longest UDP payload in one packet of 1500 bytes.
const MAX_PAYLOAD: usize = 1452;
