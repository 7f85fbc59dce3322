//! What is Ethernet about an interface: its port and MAC address, the frames around its packets
//! (RFC 2464), and where its neighbours are (RFC 4861 §7.2, §7.3).

use std::net::Ipv6Addr;

use crate::frame::Frame;
use crate::message::ndp::{Ndp, NeighborAdvert, NeighborSolicit};
use crate::message::packet::{Envelope, Mac, solicited_node};
use crate::node::Context;
use crate::node::part::neighbors::{Neighbors, Timers, Unreachable};
use crate::node::router::defect::Defects;
use crate::node::router::spoilt_fields::spoil;
use crate::time::Time;

/// The Ethernet port under an interface.
pub(super) struct Ethernet {
    port: u8,
    mac: Mac,
    neighbors: Neighbors,
    defects: Defects,
}

impl Ethernet {
    pub(super) fn new(port: u8, mac: Mac, defects: Defects) -> Self {
        Self {
            port,
            mac,
            defects,
            neighbors: Neighbors::new(mac, mac.link_local()),
        }
    }

    pub(super) fn port(&self) -> u8 {
        self.port
    }

    pub(super) fn mac(&self) -> Mac {
        self.mac
    }

    pub(super) fn set_timers(&mut self, timers: Timers) {
        self.neighbors.set_timers(timers);
    }

    /// Sends an IPv6 packet to a neighbour on this link.
    pub(super) fn send(&mut self, next_hop: Ipv6Addr, ip: &[u8], cx: &mut Context<'_>) {
        let mut out = Vec::new();
        self.neighbors.send(next_hop, ip, cx.now(), &mut out);
        self.flush(out, cx);
    }

    /// Sends a frame as it is.
    pub(super) fn send_frame(&self, frame: Frame, cx: &mut Context<'_>) {
        cx.send(self.port, spoil(frame, &self.defects));
    }

    /// Sends an advertisement to whoever has this link-layer address.
    pub(super) fn advertise(
        &self,
        advert: NeighborAdvert,
        from: Ipv6Addr,
        (to, mac): (Ipv6Addr, Mac),
        cx: &mut Context<'_>,
    ) {
        let envelope = Envelope::new(self.mac, mac, from, to);
        self.send_frame(Ndp::NeighborAdvert(advert).build(envelope), cx);
    }

    /// Multicasts a solicitation; one that detects a duplicate comes from nowhere.
    pub(super) fn solicit(&self, source: Ipv6Addr, target: Ipv6Addr, cx: &mut Context<'_>) {
        let solicit = NeighborSolicit {
            target,
            source_link_layer: (!source.is_unspecified()).then_some(self.mac),
        };
        let envelope = Envelope::new(self.mac, self.mac, source, solicited_node(target));
        self.send_frame(Ndp::NeighborSolicit(solicit).build(envelope), cx);
    }

    /// Notes where a neighbour is.
    pub(super) fn learn(&mut self, ip: Ipv6Addr, mac: Mac, cx: &mut Context<'_>) {
        let mut out = Vec::new();
        self.neighbors.learn(ip, mac, cx.now(), &mut out);
        self.flush(out, cx);
    }

    /// Takes in what a neighbour says of itself.
    pub(super) fn handle_advert(&mut self, advert: &NeighborAdvert, cx: &mut Context<'_>) {
        let mut out = Vec::new();
        self.neighbors.handle_advert(advert, cx.now(), &mut out);
        self.flush(out, cx);
    }

    /// Returns whether a neighbour has answered within ReachableTime.
    pub(super) fn is_reachable(&self, ip: Ipv6Addr, now: Time) -> bool {
        self.neighbors.is_reachable(ip, now)
    }

    /// Returns the link-layer address of a neighbour, if it is known.
    pub(super) fn neighbor_mac(&self, ip: Ipv6Addr) -> Option<Mac> {
        self.neighbors.mac_of(ip)
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.neighbors.poll_timeout()
    }

    /// Goes on looking for neighbours; returns those that stayed silent.
    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) -> Vec<Unreachable> {
        let mut out = Vec::new();
        let silent = self.neighbors.handle_timeout(cx.now(), &mut out);
        self.flush(out, cx);
        silent
    }

    fn flush(&self, out: Vec<Frame>, cx: &mut Context<'_>) {
        for frame in out {
            self.send_frame(frame, cx);
        }
    }
}

/// ngn-facts §1.2.
pub(in super::super) const MTU: usize = 1500;
