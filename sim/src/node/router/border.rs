//! What may not cross the router whoever sends it (RFC 4291 §2.5; RFC 6092 §3.1), and what its
//! defects do to packets on their way.

use std::net::Ipv6Addr;

use super::Router;
use super::defect::{Defect, Defects, defects};
use super::interface::MTU;
use crate::message::packet::{
    ALL_NODES, ETHERNET_HEADER, IPV6_HEADER, Mac, Packet, forward, frame_ip, is_link_local,
    is_routable,
};
use crate::node::Context;

/// Returns whether a packet may cross as far as its own headers say.
pub(super) fn may_cross(packet: &Packet<'_>) -> bool {
    let forbidden = |address| !is_routable(address) || is_martian(address);
    !forbidden(packet.source) && !forbidden(packet.destination) && !has_routing_header_0(packet.ip)
}

/// RFC 4193: such addresses do not cross the border by default (RFC 7084 §4.3 ULA-4).
pub(super) fn is_unique_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xfe00 == 0xfc00
}

/// RFC 6092 §3.1 REC-3, with the blocks of RFC 5156: site-local, IPv4-mapped, IPv4-compatible,
/// ORCHID. The documentation prefix is left out, since it stands for the internet here.
fn is_martian(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, ..] = address.segments();
    let embedded = [a, b, c, d, e] == [0; 5] && matches!(f, 0 | 0xffff);
    let orchid = a == 0x2001 && b & 0xfff0 == 0x0010;
    a & 0xffc0 == 0xfec0 || embedded || orchid
}

/// RFC 5095; the extension headers are those of RFC 8200 §4 and RFC 4302.
fn has_routing_header_0(ip: &[u8]) -> bool {
    let (mut number, mut at) = (ip[NEXT_HEADER], IPV6_HEADER);
    while let Some([next, length, kind, ..]) = ip.get(at..at + 8) {
        let length = usize::from(*length);
        at += match number {
            HOP_BY_HOP | DESTINATION_OPTIONS => (length + 1) * 8,
            ROUTING if *kind == 0 => return true,
            ROUTING => (length + 1) * 8,
            FRAGMENT => 8,
            AUTHENTICATION => (length + 2) * 4,
            _ => return false,
        };
        number = *next;
    }
    false
}

/// Returns whether a packet gets lost in a faulty router although it may pass.
pub(super) fn gets_lost(packet: &Packet<'_>, defects: &Defects) -> bool {
    let number = packet.ip[NEXT_HEADER];
    let extended = matches!(
        number,
        HOP_BY_HOP | DESTINATION_OPTIONS | ROUTING | AUTHENTICATION
    );
    let is_empty = packet.udp().is_some_and(|udp| udp.payload.is_empty());
    is_empty && defects.has(DROPS_EMPTY_DATAGRAMS)
        || extended && defects.has(DROPS_EXTENSION_HEADERS)
        || number == ROUTING && defects.has(DROPS_ROUTING_HEADERS)
        || number == FRAGMENT && defects.has(DROPS_FRAGMENTS)
        || packet.ip.len() + ETHERNET_HEADER > MTU && defects.has(COUNTS_ETHERNET_INTO_MTU)
}

/// Changes a packet as a faulty router does; `ip` is what it passes on.
pub(super) fn spoil(ip: &mut [u8], defects: &Defects) {
    if defects.has(CLEARS_TRAFFIC_CLASS) {
        ip[0] &= 0xf0;
        ip[1] &= 0x0f;
    }
    if defects.has(CLEARS_FLOW_LABEL) {
        ip[1] &= 0xf0;
        ip[2..4].fill(0);
    }
    if defects.has(ZEROES_UDP_CHECKSUMS)
        && ip[NEXT_HEADER] == UDP
        && let Some(checksum) = ip.get_mut(IPV6_HEADER + 6..IPV6_HEADER + 8)
    {
        checksum.fill(0);
    }
}

impl Router {
    /// Passes on what no router may; returns whether a defect made it do so.
    pub(super) fn forward_by_mistake(
        &mut self,
        port: u8,
        packet: &Packet<'_>,
        cx: &mut Context<'_>,
    ) -> bool {
        let (source, to) = (packet.source, packet.destination);
        let either = |test: fn(Ipv6Addr) -> bool| test(source) || test(to);
        let inside = self.lan_net().is_some_and(|net| net.contains(&source));
        // Groups of a site and wider (RFC 4291 §2.7).
        let wide_group = to.is_multicast() && to.octets()[1] & 0x0f >= 5;
        let unicast = is_routable(to) && !self.owns(to);
        let mistakes = [
            (FORWARDS_MULTICAST_SOURCES, unicast && source.is_multicast()),
            (FORWARDS_MULTICAST, wide_group && is_routable(source)),
            (FORWARDS_LINK_LOCAL, unicast && is_link_local(source)),
            (
                FORWARDS_LOOPBACK,
                source.is_loopback() && unicast || to.is_loopback(),
            ),
            (FORWARDS_UNSPECIFIED, unicast && source.is_unspecified()),
            (FORWARDS_MARTIANS, unicast && either(is_martian)),
            (FORWARDS_UNIQUE_LOCAL, unicast && either(is_unique_local)),
            (
                FORWARDS_ROUTING_HEADER_0,
                unicast && has_routing_header_0(packet.ip),
            ),
            (
                TRUSTS_INSIDE_SOURCES,
                unicast && inside && port == Self::WAN,
            ),
        ];
        let mistaken = |(defect, applies): &(Defect, bool)| *applies && self.defects.has(*defect);
        if !mistakes.iter().any(mistaken) {
            return false;
        }
        let mac = self.ram.lan.mac();
        let Some(passed) = forward(packet, mac, mac) else {
            return false;
        };
        let ip = &passed[ETHERNET_HEADER..];
        let far = if port == Self::WAN {
            Self::LAN
        } else {
            Self::WAN
        };
        if to.is_multicast() {
            let far = self.interface(far);
            far.send_frame(frame_ip(far.mac(), Mac::multicast(to), ip), cx);
        } else if port == Self::WAN {
            self.ram.lan.send(to, ip, cx);
        } else if let Some(router) = self.ram.discovery.router() {
            self.ram.wan.send(router, ip, cx);
        }
        true
    }

    /// Sends a packet to all of the LAN.
    pub(super) fn flood_lan(&self, ip: &[u8], cx: &mut Context<'_>) {
        let lan = &self.ram.lan;
        lan.send_frame(frame_ip(lan.mac(), Mac::multicast(ALL_NODES), ip), cx);
    }
}

const NEXT_HEADER: usize = 6;
const HOP_BY_HOP: u8 = 0;
const UDP: u8 = 17;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;

defects! {
    /// Clears the flow label of what it forwards.
    CLEARS_FLOW_LABEL = "clears-flow-label",
        "中継するパケットのフローラベルを0にする。";
    /// Clears the traffic class of what it forwards, as a router that trusts no marks.
    CLEARS_TRAFFIC_CLASS = "clears-traffic-class",
        "中継するパケットのトラフィッククラスを0にする。印を信用しないルータがそうする。";
    /// Drops packets that have extension headers.
    DROPS_EXTENSION_HEADERS = "drops-extension-headers",
        "拡張ヘッダのあるパケットを破棄する。";
    /// Drops packets with a routing header, of whatever type.
    DROPS_ROUTING_HEADERS = "drops-routing-headers",
        "タイプにかかわらず、ルーティングヘッダのあるパケットを破棄する。";
    /// Drops fragments, since they show no ports.
    DROPS_FRAGMENTS = "drops-fragments",
        "ポート番号がないことを理由に、フラグメントを破棄する。";
    /// Counts the Ethernet header into the MTU, so that packets of 1500 bytes do not pass.
    COUNTS_ETHERNET_INTO_MTU = "counts-ethernet-into-mtu",
        "EthernetヘッダまでMTUに数え、1500バイトのパケットを通さない。";
    /// Sets the UDP checksum of what it forwards to zero, as a broken offload.
    ZEROES_UDP_CHECKSUMS = "zeroes-udp-checksums",
        "中継するUDPのチェックサムを0にする。オフロード機能の不具合でそうなる。";
    /// Forwards packets with a link-local source.
    FORWARDS_LINK_LOCAL = "forwards-link-local",
        "送信元がリンクローカルアドレスのパケットを中継する。";
    /// Forwards packets from and to the loopback address.
    FORWARDS_LOOPBACK = "forwards-loopback",
        "送信元または宛先がループバックアドレスのパケットを中継する。";
    /// Forwards packets from the unspecified address.
    FORWARDS_UNSPECIFIED = "forwards-unspecified",
        "送信元が未指定アドレスのパケットを中継する。";
    /// Forwards packets with a multicast source.
    FORWARDS_MULTICAST_SOURCES = "forwards-multicast-sources",
        "送信元がマルチキャストアドレスのパケットを中継する。";
    /// Forwards what is for groups of the site to the other side.
    FORWARDS_MULTICAST = "forwards-multicast",
        "サイト内のグループ宛てのパケットを反対側に中継する。";
    /// Drops UDP datagrams that carry no data.
    DROPS_EMPTY_DATAGRAMS = "drops-empty-datagrams",
        "データのないUDPデータグラムを破棄する。";
    /// Forwards packets from and to addresses that the internet does not have.
    FORWARDS_MARTIANS = "forwards-martians",
        "送信元または宛先がインターネットに存在しないアドレスのパケットを中継する。";
    /// Forwards packets with a routing header of type 0.
    FORWARDS_ROUTING_HEADER_0 = "forwards-routing-header-0",
        "タイプ0のルーティングヘッダを持つパケットを中継する。";
    /// Lets packets in whose source claims to be inside.
    TRUSTS_INSIDE_SOURCES = "trusts-inside-sources",
        "内側のアドレスを詐称した外部からのパケットを中継する。";
    /// Forwards packets from and to unique local addresses.
    FORWARDS_UNIQUE_LOCAL = "forwards-unique-local",
        "送信元または宛先がユニークローカルアドレスのパケットを中継する。";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::packet::Envelope;

    #[test]
    fn addresses_that_the_internet_does_not_have_do_not_cross() {
        let pc = "2408:3ff:e00:ca01::2".parse().unwrap();
        for (address, crosses) in [
            ("2404:1a8:f583:af0::1", true),
            ("2001:a7ff:5f01::1", true),
            ("fec0::1", false),
            ("::ffff:192.0.2.1", false),
            ("::192.0.2.1", false),
            ("2001:10::1", false),
            ("fe80::1", false),
            ("::1", false),
            ("ff05::1", false),
        ] {
            let address = address.parse().unwrap();
            for (from, to) in [(pc, address), (address, pc)] {
                let frame = Envelope::new(MAC, MAC, from, to).udp(1, 2, b"");
                let packet = Packet::parse(&frame).unwrap();
                assert_eq!(may_cross(&packet), crosses, "{address}");
            }
        }
    }

    #[test]
    fn a_routing_header_0_is_found_behind_options() {
        let options = [ROUTING, 0, 1, 4, 0, 0, 0, 0];
        let mut ip = vec![0; IPV6_HEADER];
        ip[NEXT_HEADER] = DESTINATION_OPTIONS;
        ip.extend(options);
        ip.extend([UDP, 0, 0, 1, 0, 0, 0, 0]);
        assert!(has_routing_header_0(&ip));
        ip[IPV6_HEADER + 10] = 4;
        assert!(!has_routing_header_0(&ip));
        assert!(!has_routing_header_0(&ip[..IPV6_HEADER + 4]));
    }

    const MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 1]);
}
