//! The DNS forwarder's place in the router: its addresses, and the way its packets take.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};

use super::Router;
use super::dns_proxy::{Side, Transmit};
use super::ipv4::lan::LAN_ADDRESS;
use crate::message::fragment::fragments;
use crate::message::packet::ipv4::{Header4, destination};
use crate::message::packet::{ETHERNET_HEADER, Envelope, Icmpv6, Packet, Udp, is_link_local};
use crate::node::Context;
use crate::time::Time;

impl Router {
    /// Hands in a datagram; returns whether the forwarder serves its port.
    pub(super) fn offer_to_dns(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        udp: Udp<'_>,
        cx: &mut Context<'_>,
    ) -> bool {
        let source = SocketAddrV6::new(packet.source, udp.source_port, 0, 0);
        let destination = SocketAddrV6::new(packet.destination, udp.destination_port, 0, 0);
        let now = cx.now();
        let taken = self.ram.dns.handle_udp(
            side(port),
            source,
            destination,
            udp.payload,
            now,
            cx.random(),
        );
        self.flush_dns(cx);
        taken
    }

    /// Hands in a TCP segment.
    pub(super) fn offer_tcp_to_dns(&mut self, port: u8, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let now = cx.now();
        self.ram
            .dns
            .handle_tcp(side(port), packet.ip, now, cx.random());
        self.flush_dns(cx);
    }

    /// Hands in an error about a datagram of ours, behind whose first four bytes the datagram begins.
    pub(super) fn tell_dns_of_closed_port(&mut self, error: Icmpv6<'_>, cx: &mut Context<'_>) {
        let now = cx.now();
        if let Some(quoted) = error.body.get(4..) {
            self.ram.dns.handle_unreachable(quoted, now, cx.random());
        }
        self.flush_dns(cx);
    }

    /// Tells the forwarder its addresses and what the line named.
    pub(super) fn settle_dns(&mut self, now: Time) {
        let mut lan = self.ram.lan.assigned();
        if !self.setup.pppoe.is_empty() {
            lan.push(LAN_ADDRESS.to_ipv6_mapped());
        }
        self.ram.dns.set_addresses(&lan, self.own_source(now));
        self.ram
            .dns
            .set_learnt_servers(&self.ram.client.options().dns);
    }

    pub(super) fn run_dns(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        if self.ram.dns.poll_timeout().is_some_and(|at| at <= now) {
            self.ram.dns.handle_timeout(now, cx.random());
        }
        self.flush_dns(cx);
    }

    pub(super) fn flush_dns(&mut self, cx: &mut Context<'_>) {
        while let Some(transmit) = self.ram.dns.poll_transmit() {
            match transmit {
                Transmit::Udp {
                    side,
                    source,
                    destination,
                    payload,
                } => {
                    if side == Side::Lan {
                        self.learn_domain_routes(&payload);
                    }
                    let ends = (
                        source.ip().to_ipv4_mapped(),
                        destination.ip().to_ipv4_mapped(),
                    );
                    if let (Some(from), Some(to)) = ends {
                        let header = Header4::new(from, to);
                        let ip = header.udp(source.port(), destination.port(), &payload);
                        self.send_ipv4_for_dns(side, (from, to), &ip, cx);
                        continue;
                    }
                    let mac = self.setup.lan_mac;
                    let frame = Envelope::new(mac, mac, *source.ip(), *destination.ip()).udp(
                        source.port(),
                        destination.port(),
                        &payload,
                    );
                    let mtu = self.ram.path_mtus.to(*destination.ip(), cx.now());
                    for ip in fragments(&frame[ETHERNET_HEADER..], mtu) {
                        self.send_for_dns(side, *destination.ip(), &ip, cx);
                    }
                }
                Transmit::Tcp { side, ip } => {
                    if let Some(to) = destination(&ip) {
                        self.send_for_dns(side, to, &ip, cx);
                    }
                }
            }
        }
    }

    fn send_for_dns(&mut self, side: Side, to: Ipv6Addr, ip: &[u8], cx: &mut Context<'_>) {
        if let Some(to) = to.to_ipv4_mapped() {
            let source = ip.get(12..16).and_then(|octets| octets.first_chunk::<4>());
            if let Some(from) = source.map(|octets| Ipv4Addr::from(*octets)) {
                self.send_ipv4_for_dns(side, (from, to), ip, cx);
            }
            return;
        }
        match side {
            // A terminal asked, so it is on the link, whatever its address.
            Side::Lan => self.ram.lan.send(to, ip, cx),
            Side::Wan if is_link_local(to) => self.ram.wan.send(to, ip, cx),
            Side::Wan => self.send_own(to, ip, cx),
        }
    }
}

fn side(port: u8) -> Side {
    match port {
        Router::WAN => Side::Wan,
        _ => Side::Lan,
    }
}
