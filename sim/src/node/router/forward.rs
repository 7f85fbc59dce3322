//! Passing packets on between line and LAN: routes, hop limit and source check (RFC 7084 §4.2 WPD-5,
//! §4.3 L-14, §4.5 S-2).

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::Router;
use super::border::{gets_lost, is_unique_local, may_cross, spoil};
use super::defect::defects;
use super::icmp_errors::ERRORS_TO_NOBODY;
use super::interface::MTU;
use crate::message::packet::{
    ETHERNET_HEADER, Packet, forward, frame_ip, is_link_local, is_routable,
};
use crate::node::Context;
use crate::node::part::icmp_error::Problem;
use crate::setup::Mode;

/// Where a packet goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hop {
    Lan(Ipv6Addr),
    Wan(Ipv6Addr),
}

impl Router {
    /// Passes a packet on that came from the LAN.
    pub(super) fn forward_from_lan(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let (source, destination) = (packet.source, packet.destination);
        let served = *self.ram.served.get_or_insert(packet.eth_source);
        if served != packet.eth_source && self.defects.has(SERVES_ONE_TERMINAL) {
            return;
        }
        if is_link_local(source) && is_routable(destination) {
            if self.defects.has(SILENT_ABOUT_SCOPE) {
                return;
            }
            return self.complain(Self::LAN, packet, Problem::BeyondScope, cx);
        }
        if source.is_unspecified() && self.defects.has(ERRORS_TO_NOBODY) {
            return self.complain(Self::LAN, packet, Problem::HopLimitExceeded, cx);
        }
        if !may_cross(packet) {
            return;
        }
        let hasty = self.defects.has(FORWARDS_BEFORE_PD) && self.lan_net().is_none();
        let leaks = self.defects.has(ULA_ON_WAN) && is_unique_local(source);
        let checks_source = !(self.defects.has(FOREIGN_SOURCE) || hasty || leaks);
        let stale = self.ram.advertiser.old().next();
        let allowed = stale
            .filter(|_| self.defects.has(STALE_SOURCE_FILTER))
            .or(self.lan_net());
        if checks_source && !allowed.is_some_and(|net| net.contains(&source)) {
            return self.complain(Self::LAN, packet, Problem::BadSource, cx);
        }
        let Some(hop) = self.route(destination) else {
            return self.complain(Self::LAN, packet, Problem::NoRoute, cx);
        };
        if let Hop::Wan(router) = hop {
            if !self.ram.filter.pass_out(packet, cx.now()) {
                return;
            }
            self.ram.discovery.speak(cx.now());
            if self.setup.mode == Mode::Ra {
                self.ram.proxy.announce(source, router, &self.ram.wan, cx);
            }
        }
        self.pass_on(Self::LAN, packet, hop, cx);
    }

    /// Passes a packet on that came from the line.
    pub(super) fn forward_from_wan(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let (source, destination) = (packet.source, packet.destination);
        if !may_cross(packet) || self.is_inside(source) {
            return;
        }
        if packet.ip.len() > PPPOE_MTU && self.defects.has(DROPS_FULL_SIZE_PACKETS) {
            return;
        }
        let Some(granted) = self.granted(cx.now()) else {
            return;
        };
        if !granted.net.contains(&destination) {
            return;
        }
        if self.lan_net().is_some_and(|net| net.contains(&destination)) {
            if self.ram.filter.pass_in(packet, cx.now()) {
                self.pass_on(Self::WAN, packet, Hop::Lan(destination), cx);
            }
            return;
        }
        if self.setup.mode == Mode::Ra && self.lan_net().is_none() {
            // The line's /64 is on its way to the LAN still: sent back, it would go in circles.
            return;
        }
        match self.route(destination) {
            Some(hop) => self.pass_on(Self::WAN, packet, hop, cx),
            None if self.defects.has(SILENT_NULL_ROUTE) => {}
            None => self.complain(Self::WAN, packet, Problem::NoRoute, cx),
        }
    }

    /// Returns whether an address can only be one of our side (RFC 6092 §3.1 REC-6).
    fn is_inside(&self, address: Ipv6Addr) -> bool {
        let within = |net: Option<Ipv6Net>| net.is_some_and(|net| net.contains(&address));
        match self.setup.mode {
            Mode::Pd => within(self.ram.client.lease().map(|lease| lease.net)),
            // The /64 lies on both sides.
            Mode::Ra => within(self.lan_net()) && self.ram.lan.has_neighbor(address),
            Mode::Bridge => false,
        }
    }

    /// Returns where an address lies; `None` in the unused part of the delegation, too.
    fn route(&self, to: Ipv6Addr) -> Option<Hop> {
        let uplink = self.ram.discovery.router();
        if self.lan_net().is_some_and(|net| net.contains(&to)) {
            let upstream = self.setup.mode == Mode::Ra && !self.ram.lan.has_neighbor(to);
            return Some(if upstream { Hop::Wan(to) } else { Hop::Lan(to) });
        }
        let delegated = self.ram.client.lease().map(|lease| lease.net);
        let unused = delegated.is_some_and(|net| net.contains(&to));
        let local = is_unique_local(to) && !self.defects.has(ULA_ON_WAN);
        if (unused && !self.defects.has(NO_NULL_ROUTE)) || local {
            return None;
        }
        if self.defects.has(ASSUMES_ON_LINK) && self.ram.discovery.covers(to) {
            return Some(Hop::Wan(to));
        }
        uplink.map(Hop::Wan)
    }

    /// Lowers the hop limit and sends a packet to its next hop.
    fn pass_on(&mut self, from: u8, packet: &Packet<'_>, hop: Hop, cx: &mut Context<'_>) {
        if gets_lost(packet, &self.defects) {
            return;
        }
        if packet.ip.len() > MTU {
            return self.complain(from, packet, Problem::TooBig(MTU as u32), cx);
        }
        if packet.hop_limit <= 2 && self.defects.has(DROPS_LAST_HOP) {
            return self.complain(from, packet, Problem::HopLimitExceeded, cx);
        }
        let passed = if self.defects.has(KEEPS_HOP_LIMIT) {
            Some(frame_ip(self.ram.lan.mac(), self.ram.lan.mac(), packet.ip))
        } else {
            forward(packet, self.ram.lan.mac(), self.ram.lan.mac())
        };
        let Some(passed) = passed else {
            if !self.defects.has(NO_TIME_EXCEEDED) {
                self.complain(from, packet, Problem::HopLimitExceeded, cx);
            }
            return;
        };
        let mut passed = passed.to_vec();
        let ip = &mut passed[ETHERNET_HEADER..];
        spoil(ip, &self.defects);
        if from == Self::WAN && self.defects.has(REWRITES_TCP) {
            rewrite(ip);
        }
        match hop {
            Hop::Lan(_) if self.defects.has(FLOODS_THE_LAN) => self.flood_lan(ip, cx),
            Hop::Lan(next) => self.ram.lan.send(next, ip, cx),
            Hop::Wan(next) if self.defects.has(MARKS_AS_AF41) => {
                self.ram.wan.send(next, &marked(ip), cx);
            }
            Hop::Wan(next) if self.defects.has(SENDS_HOP_LIMIT_OF_ONE) => {
                ip[HOP_LIMIT] = 1;
                self.ram.wan.send(next, ip, cx);
            }
            Hop::Wan(next) => {
                if self.defects.has(FORWARDS_TWICE) {
                    self.ram.wan.send(next, ip, cx);
                }
                self.ram.wan.send(next, ip, cx);
            }
        }
    }

    /// Sends an IPv6 packet of our own to where its destination lies.
    pub(super) fn send_own(&mut self, to: Ipv6Addr, ip: &[u8], cx: &mut Context<'_>) {
        match self.route(to) {
            Some(Hop::Lan(next)) => self.ram.lan.send(next, ip, cx),
            Some(Hop::Wan(next)) => self.ram.wan.send(next, ip, cx),
            None => {}
        }
    }
}

/// Returns a packet with traffic class 0x88 (RFC 8200 §3: the eight bits after the version).
fn marked(ip: &[u8]) -> Vec<u8> {
    let mut ip = ip.to_vec();
    if let [first, second, ..] = &mut ip[..] {
        *first = 0x68;
        *second = 0x80 | (*second & 0x0f);
    }
    ip
}

/// Swaps two words of what a TCP segment carries, which its checksum does not show.
pub(super) fn rewrite(ip: &mut [u8]) {
    if ip[NEXT_HEADER] == TCP
        && let Some([a, b, _, _, c, d]) = ip.get_mut(WELL_INSIDE..WELL_INSIDE + 6)
    {
        std::mem::swap(a, c);
        std::mem::swap(b, d);
    }
}

// RFC 8200 §3; and a place behind every header of TCP, of an even number.
const NEXT_HEADER: usize = 6;
const HOP_LIMIT: usize = 7;
const TCP: u8 = 6;
const WELL_INSIDE: usize = 100;

/// What the defect `drops-full-size-packets` lets through: 1500 less PPPoE and a tunnel of the
/// carrier (ngn-facts §4.5).
const PPPOE_MTU: usize = 1454;

defects! {
    /// Sends what it passes on to the line twice.
    FORWARDS_TWICE = "forwards-twice",
        "回線に中継するパケットを2回ずつ送る。";
    /// Drops packets from link-local addresses that would leave the link, without a word.
    SILENT_ABOUT_SCOPE = "silent-about-scope",
        "リンクローカルアドレスからリンクの外に宛てたパケットを、通知せずに破棄する。";
    /// Takes a hop limit of two for one that has run out.
    DROPS_LAST_HOP = "drops-last-hop",
        "ホップリミット2のパケットを、尽きたものとみなして中継しない。";
    /// Sends packets for unused parts of its delegated prefix back to the line.
    NO_NULL_ROUTE = "no-null-route",
        "委任されたプレフィックスの未使用部分に宛てたパケットを、回線に送り返す。";
    /// Drops packets for unused parts of its delegated prefix without saying so.
    SILENT_NULL_ROUTE = "silent-null-route",
        "委任されたプレフィックスの未使用部分に宛てたパケットを、通知せずに破棄する。";
    /// Passes on what terminals send from the old prefix alone after the line was renumbered.
    STALE_SOURCE_FILTER = "stale-source-filter",
        "プレフィックスが変わっても、端末の古いプレフィックスのパケットだけを中継する。";
    /// Looks on the WAN for every address of a prefix it has an address in, on-link or not.
    ASSUMES_ON_LINK = "assumes-on-link",
        "自分のアドレスと同じプレフィックスの宛先を、オンリンクかどうかにかかわらずWAN上で探す。";
    /// Forwards packets whose source lies outside the assignment.
    FOREIGN_SOURCE = "foreign-source",
        "割り当て外の送信元アドレスのパケットを中継する。";
    /// Forwards packets of the LAN before the line has delegated a prefix.
    FORWARDS_BEFORE_PD = "forwards-before-pd",
        "プレフィックスが委任される前から、LANのパケットを中継する。";
    /// Lets unique local addresses cross the border to the line.
    ULA_ON_WAN = "ula-on-wan",
        "ユニークローカルアドレスのパケットを、回線との境界を越えて中継する。";
    /// Passes on the packets of one terminal only.
    SERVES_ONE_TERMINAL = "serves-one-terminal",
        "1台の端末のパケットしか中継しない。";
    /// Marks what it passes on to the line as AF41, which the network drops (ngn-facts §4.2).
    MARKS_AS_AF41 = "marks-as-af41",
        "回線へ中継するパケットにAF41の印を付ける。網はそのパケットを破棄する。";
    /// Changes what TCP segments from the line carry, as devices that look into connections.
    REWRITES_TCP = "rewrites-tcp",
        "回線から届いたTCPの中身を書き換えて中継する。通信を検査する機器がそうする。";
    /// Sends packets on to the line with a hop limit of 1.
    SENDS_HOP_LIMIT_OF_ONE = "sends-hop-limit-of-one",
        "ホップリミットを1にして回線へ中継する。";
    /// Forwards packets without lowering their hop limit.
    KEEPS_HOP_LIMIT = "keeps-hop-limit",
        "ホップリミットを減らさずに中継する。";
    /// Drops packets whose hop limit ran out without saying so.
    NO_TIME_EXCEEDED = "no-time-exceeded",
        "ホップリミットが尽きたパケットを、通知せずに破棄する。";
    /// Sends everything for terminals to all of them, in multicast frames.
    FLOODS_THE_LAN = "floods-the-lan",
        "端末宛てのパケットを、すべてマルチキャストのフレームで全端末に送る。";
    /// Drops packets above 1454 bytes in silence, as with the MTU of PPPoE left over on IPoE.
    DROPS_FULL_SIZE_PACKETS = "drops-full-size-packets",
        "1454バイトを超えるパケットを、通知せずに破棄する。PPPoE用のMTU設定をIPoEの回線で使い続ける機器がそうする。";
}
