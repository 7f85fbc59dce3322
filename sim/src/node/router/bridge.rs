//! IPv6 pass-through (IPv6ブリッジ, IPv6パススルー): frames with IPv6 cross between line and LAN as they
//! are, groups included, and no others, so that terminals are on the line itself.
//!
//! A bridge of two sockets need not learn who is where (IEEE 802.1D-2004 §7.8): what it passes on
//! needlessly, nobody takes. It leaves out an address of its own, as for management.

use std::net::Ipv6Addr;
use std::time::Duration;

use etherparse::EtherType;

use super::Router;
use super::defect::{Defects, defects};
use super::forward::rewrite;
use super::lan_dhcpv6;
use crate::frame::Frame;
use crate::message::dhcpv6::{self, SERVER_PORT};
use crate::message::ndp::{Ndp, NdpOption, NeighborAdvert, RouterAdvert};
use crate::message::packet::ethernet::Ethernet;
use crate::message::packet::{
    ALL_NODES, ETHERNET_HEADER, Envelope, Mac, Packet, Payload, Udp, forward, is_routable,
};
use crate::node::Context;

impl Router {
    /// Passes a frame on to the other side, if it has IPv6 in it.
    pub(super) fn bridge(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let Some(ethernet) = Ethernet::parse(frame) else {
            return;
        };
        if let Some(packet) = Packet::parse(frame) {
            self.meddle(port, &packet, cx);
        }
        // IEEE 802.1D-2004 §7.12: a frame for the bridge itself goes no further.
        let own = [self.setup.wan_mac, self.setup.lan_mac];
        let passes = ethernet.kind == EtherType::IPV6 || self.defects.has(BRIDGES_IPV4);
        if own.contains(&ethernet.destination) || !passes || self.keeps(port, &ethernet) {
            return;
        }
        let far = match port {
            Self::WAN => Self::LAN,
            _ => Self::WAN,
        };
        let changed = spoilt(frame, self.interface(far).mac(), &self.defects);
        cx.send(far, changed.clone());
        if self.defects.has(BRIDGES_TWICE) {
            cx.send(far, changed.clone());
        }
        if self.defects.has(BRIDGE_REFLECTS) && ethernet.destination.is_multicast() {
            cx.send(port, changed);
        }
    }

    /// Returns whether a defect keeps a frame from crossing.
    fn keeps(&mut self, port: u8, ethernet: &Ethernet<'_>) -> bool {
        let Ethernet {
            source,
            destination,
            ..
        } = *ethernet;
        let is_group = destination.is_multicast();
        let host = match port {
            Self::WAN => destination,
            _ => source,
        };
        // The first one to speak on the LAN is the one.
        if port == Self::LAN {
            self.ram.served.get_or_insert(source);
        }
        let is_other = self.ram.served.is_some_and(|served| served != host);
        (is_other && !is_group && self.defects.has(BRIDGES_FOR_ONE_TERMINAL))
            || (is_solicited_node(destination) && self.defects.has(BRIDGE_LOSES_GROUPS))
            || (ethernet.payload.len() > PPPOE_MTU && self.defects.has(BRIDGE_LOSES_FULL_SIZE))
    }

    /// Does what a router would do, where a defect has left that on.
    fn meddle(&self, port: u8, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let answer = match (port, Ndp::parse(packet), &packet.payload) {
            (Self::LAN, Some(Ndp::RouterSolicit(_)), _) => self.advertise(),
            (Self::WAN, Some(Ndp::NeighborSolicit(solicit)), _) => {
                self.claim(solicit.target, packet)
            }
            (Self::LAN, None, Payload::Udp(udp)) => self.serve(udp, packet),
            _ => None,
        };
        if let Some(answer) = answer {
            cx.send(port, answer);
        }
    }

    fn advertise(&self) -> Option<Frame> {
        let mac = self.setup.lan_mac;
        let envelope = Envelope::new(mac, mac, mac.link_local(), ALL_NODES).with_hop_limit(255);
        let advert = Ndp::RouterAdvert(default_router(mac)).build(envelope);
        self.defects.has(BRIDGE_ADVERTISES).then_some(advert)
    }

    fn claim(&self, target: Ipv6Addr, asked: &Packet<'_>) -> Option<Frame> {
        let mac = self.setup.wan_mac;
        let claims = is_routable(target) && !asked.source.is_unspecified();
        let advert = Ndp::NeighborAdvert(NeighborAdvert {
            router: true,
            solicited: true,
            replace: true,
            target,
            target_link_layer: Some(mac),
        });
        let envelope = Envelope::new(mac, asked.eth_source, target, asked.source);
        let claims = claims && self.defects.has(BRIDGE_CLAIMS_ADDRESSES);
        claims.then(|| advert.build(envelope.with_hop_limit(255)))
    }

    fn serve(&self, udp: &Udp<'_>, asked: &Packet<'_>) -> Option<Frame> {
        let serves = self.defects.has(BRIDGE_SERVES_DHCPV6) && udp.destination_port == SERVER_PORT;
        let question = dhcpv6::in_datagram(udp).filter(|_| serves)?;
        let mac = self.setup.lan_mac;
        let (own, options) = (mac.link_local(), self.ram.client.options());
        let clean = Defects::default();
        let answer = lan_dhcpv6::answer(&question, &mac.duid_ll(), own, options, &clean)?;
        let envelope = Envelope::new(mac, asked.eth_source, own, asked.source);
        Some(envelope.udp(SERVER_PORT, udp.source_port, &dhcpv6::encode(&answer)))
    }
}

/// Returns a frame as it leaves: as it came, but for what defects do to it.
fn spoilt(frame: &Frame, mac: Mac, defects: &Defects) -> Frame {
    let mut frame = frame.clone();
    if defects.has(BRIDGE_LOWERS_HOP_LIMIT)
        && let Some(packet) = Packet::parse(&frame)
        && let Some(passed) = forward(&packet, packet.eth_source, packet.eth_destination)
    {
        frame = passed;
    }
    if defects.has(BRIDGE_SENDS_AS_ITSELF) {
        let mut bytes = frame.to_vec();
        // IEEE 802.3 §3.1.1: the source is the second address.
        bytes[6..12].copy_from_slice(&mac.0);
        frame = bytes.into();
    }
    if defects.has(BRIDGE_REWRITES_TCP) && Packet::parse(&frame).is_some() {
        let mut bytes = frame.to_vec();
        rewrite(&mut bytes[ETHERNET_HEADER..]);
        frame = bytes.into();
    }
    frame
}

/// What a router without a prefix says that goes on for half an hour (RFC 4861 §6.2.1).
fn default_router(mac: Mac) -> RouterAdvert {
    RouterAdvert {
        hop_limit: 64,
        managed: false,
        other: false,
        preference: 0,
        lifetime: Duration::from_secs(1800),
        reachable: Duration::ZERO,
        retrans: Duration::ZERO,
        options: vec![NdpOption::SourceLinkLayer(mac)],
    }
}

/// Returns whether a frame is for a group of those who have certain addresses: `ff02::1:ff00:0/104`
/// (RFC 4291 §2.7.1) in a frame (RFC 2464 §7).
fn is_solicited_node(mac: Mac) -> bool {
    mac.0.starts_with(&[0x33, 0x33, 0xff])
}

/// What the defect `bridge-loses-full-size` lets through: 1500 less PPPoE and a tunnel of the carrier
/// (ngn-facts §4.5).
const PPPOE_MTU: usize = 1454;

defects! {
    /// As a bridge, takes one from the hop limit, so that no Neighbour Discovery message is valid on the
    /// other side (RFC 4861 §6.1).
    BRIDGE_LOWERS_HOP_LIMIT = "bridge-lowers-hop-limit",
        "IPv6ブリッジなのにホップリミットを1減らし、近隣探索のメッセージを無効にする。";
    /// As a bridge, puts its own address in the place of a frame's source, as wireless ones do.
    BRIDGE_SENDS_AS_ITSELF = "bridge-sends-as-itself",
        "IPv6ブリッジなのに、フレームの送信元MACアドレスを自分のものに書き換える。無線の中継機がそうする。";
    /// As a bridge, has an ALG on that changes what TCP segments carry.
    BRIDGE_REWRITES_TCP = "bridge-rewrites-tcp",
        "IPv6ブリッジなのにALGが動き、TCPセグメントの中身を書き換える。";
    /// As a bridge, loses frames for solicited-node groups, as one that snoops MLD too strictly.
    BRIDGE_LOSES_GROUPS = "bridge-loses-groups",
        "IPv6ブリッジで、要請ノードマルチキャスト宛てのフレームを失う。MLDスヌーピングが厳しすぎるとそうなる。";
    /// As a bridge, loses frames that are larger than a PPPoE session has room for.
    BRIDGE_LOSES_FULL_SIZE = "bridge-loses-full-size",
        "IPv6ブリッジで、PPPoEのMTUを超えるフレームを失う。";
    /// As a bridge, passes frames on for the first terminal alone, groups excepted.
    BRIDGES_FOR_ONE_TERMINAL = "bridges-for-one-terminal",
        "IPv6ブリッジで、最初の1台以外の端末のユニキャストを通さない。";
    /// As a bridge, passes every frame on twice.
    BRIDGES_TWICE = "bridges-twice",
        "IPv6ブリッジで、どのフレームも2回送る。";
    /// As a bridge, sends frames for groups back to where they came from, too.
    BRIDGE_REFLECTS = "bridge-reflects",
        "IPv6ブリッジで、マルチキャストのフレームを受け取った側にも送り返す。";
    /// As a bridge, goes on advertising itself as default router of the LAN.
    BRIDGE_ADVERTISES = "bridge-advertises",
        "IPv6ブリッジに切り替えても、LANのデフォルトルータとして自分を広告し続ける。";
    /// As a bridge, goes on answering DHCPv6 clients on the LAN, and names itself as DNS server.
    BRIDGE_SERVES_DHCPV6 = "bridge-serves-dhcpv6",
        "IPv6ブリッジに切り替えても、LANのDHCPv6に応答し続け、自分をDNSサーバとして知らせる。";
    /// As a bridge, goes on answering upstream solicitations in the terminals' names.
    BRIDGE_CLAIMS_ADDRESSES = "bridge-claims-addresses",
        "IPv6ブリッジに切り替えても、端末のアドレスへの回線側の近隣要請に自分のMACアドレスで応答し続ける。";
    /// As a bridge, passes ARP and IPv4 on, too.
    BRIDGES_IPV4 = "bridges-ipv4",
        "IPv6ブリッジなのに、ARPとIPv4のフレームも通す。";
}
