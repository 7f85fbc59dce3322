//! A ひかり電話ルータ: takes the line's /56 and stands between the edge and the device.
//!
//! On its LAN it advertises subnet 00, delegates /60 prefixes and relays DNS (ngn-facts §3); a
//! rental router of フレッツ 光クロス delegates nothing. Its IPv6 filter passes everything unless it
//! stands on 高度, which is more than level 標準 does: nothing outside starts connections here.
//! PPPoE of a router below it passes through (PPPoEブリッジ), and it dials the sessions that it is set up
//! for (接続先設定): they count, and stand until its user presses 切断. Leaves out voice, and IPv4 on its
//! LAN, which they would carry.

use std::net::Ipv6Addr;
use std::ops::Range;
use std::time::Duration;

use ipnet::Ipv6Net;
use rand::Rng;

use crate::frame::Frame;
use crate::line::{HomeGatewayQuirk, Line, Upstream};
use crate::message::dhcpv6::{self, CLIENT_PORT, SERVER_PORT};
use crate::message::ndp::Ndp;
use crate::message::packet::{
    ALL_DHCP, ETHERNET_HEADER, Mac, Packet, Udp, forward, is_link_local, is_routable,
};
use crate::message::pppoe;
use crate::node::edge::offers;
use crate::node::part::advertiser::Advertiser;
use crate::node::part::dhcpv6_server::{Arrival, Dhcpv6Server, Refusal, Rules};
use crate::node::part::icmp_error::{Problem, error_about};
use crate::node::part::neighbors::Timers;
use crate::node::part::pppoe_client::PppoeClient;
use crate::node::part::router_port::RouterPort;
use crate::node::{Context, Node};
use crate::time::Time;

mod advert;
mod dns_relay;
mod prefix_slots;
mod sessions;
mod uplink;

use dns_relay::DnsRelay;
use uplink::Uplink;

/// What a home gateway is made from.
#[derive(Clone, Debug)]
pub struct HomeGatewayConfig {
    /// The contract.
    pub line: Line,
}

/// A ひかり電話ルータ.
pub struct HomeGateway {
    line: Line,
    uplink: Uplink,
    lan: RouterPort,
    advertiser: Advertiser,
    dhcpv6: Dhcpv6Server,
    relay: DnsRelay,
    pppoe: PppoeClient,
    /// The prefix the LAN side was set up with.
    prefix: Option<Ipv6Net>,
    /// LAN prefixes of the past, and until when they are withdrawn in RAs.
    withdrawn: Vec<(Ipv6Net, Time)>,
    hung: bool,
    /// When it will be up; `None` once it is.
    up_at: Option<Time>,
    dhcpv6_from: Time,
}

impl HomeGateway {
    /// The socket towards the network.
    pub const UPLINK: u8 = 0;
    /// The socket towards the device.
    pub const LAN: u8 = 1;
    /// How long a restart takes: an outage of 1–2 min (ngn-facts §3.3, reported).
    pub const REBOOT: Duration = Duration::from_secs(90);

    /// Makes the home gateway of a line.
    pub fn new(config: HomeGatewayConfig) -> Self {
        let line = config.line;
        let has = |quirk| line.quirks.home_gateway.contains(&quirk);
        let rules = Rules {
            lifetimes: line.lease.map_or(prefix_slots::LIFETIMES, Into::into),
            counts_down: false,
            takes_over: false,
            // ngn-facts §3.1: who finds no free slot gets nothing.
            refusal: Refusal::Silence,
            delegation_needs_duid_ll: has(HomeGatewayQuirk::DropsForeignDuid),
            accepts_duid_llt: false,
            information_needs_duid_ll: has(HomeGatewayQuirk::DropsForeignDuid),
            new_slot_per_request: has(HomeGatewayQuirk::NewSlotPerRequest),
            one_slot_per_client: has(HomeGatewayQuirk::OneSlotPerClient),
            ignores_addresses: false,
        };
        // ngn-facts §3.2: the LAN MAC forms the server's DUID.
        let mut dhcpv6 = Dhcpv6Server::new(LAN_MAC.duid_ll(), rules);
        dhcpv6.set_quirks(line.quirks.dhcpv6.clone(), LAN_MAC.link_local());
        Self {
            uplink: Uplink::new(Self::UPLINK, UPLINK_MAC),
            lan: RouterPort::new(Self::LAN, LAN_MAC, 0),
            advertiser: Advertiser::new(UNSOLICITED, SOLICITED),
            dhcpv6,
            relay: DnsRelay::default(),
            pppoe: sessions::of(&line),
            prefix: None,
            withdrawn: Vec::new(),
            hung: has(HomeGatewayQuirk::HungDhcpv6),
            up_at: Some(Time::ZERO),
            dhcpv6_from: Time::ZERO,
            line,
        }
    }

    /// Returns the address of every home gateway on its LAN, which is also that of its DNS proxy,
    /// while the network assigns this prefix.
    pub fn lan_address(assignment: Ipv6Net) -> Ipv6Addr {
        prefix_slots::lan_address(assignment, LAN_MAC)
    }

    /// Returns the link-local address of every home gateway on its LAN.
    pub fn lan_link_local() -> Ipv6Addr {
        LAN_MAC.link_local()
    }

    /// Switches off and on again: silence for a while, an empty table of slots, and DHCPv6 some
    /// minutes later than the rest, which clients hear by Reconfigure where it is used
    /// (ngn-facts §3.3). Slots are handed out from where it stopped.
    pub fn reboot(&mut self, cx: &mut Context<'_>) {
        self.uplink = Uplink::new(Self::UPLINK, UPLINK_MAC);
        self.lan.forget_neighbors();
        self.lan.set_addresses(Vec::new());
        self.advertiser.stop();
        let up_at = cx.now() + Self::REBOOT;
        self.dhcpv6_from = up_at + DHCPV6_AFTER_REBOOT;
        self.dhcpv6.restart(self.dhcpv6_from);
        self.dhcpv6.set_pool(Vec::new());
        self.relay.clear();
        self.pppoe = sessions::of(&self.line);
        self.prefix = None;
        self.withdrawn.clear();
        self.hung = false;
        self.up_at = Some(up_at);
    }

    fn has(&self, quirk: HomeGatewayQuirk) -> bool {
        self.line.quirks.home_gateway.contains(&quirk)
    }

    /// Returns whether it is up, and starts it when the time has come.
    fn is_up(&mut self, cx: &mut Context<'_>) -> bool {
        if self.up_at.is_some_and(|up_at| up_at > cx.now()) {
            return false;
        }
        if self.up_at.take().is_some() {
            let timers = Timers::drawn(advert::REACHABLE, advert::RETRANS, cx.random());
            self.lan.set_timers(timers);
            self.uplink.begin(cx);
        }
        true
    }

    /// Brings the LAN side in line with what the network delegated.
    fn follow_uplink(&mut self, cx: &mut Context<'_>) {
        let prefix = self.uplink.lease().map(|lease| lease.prefix);
        if prefix == self.prefix {
            return;
        }
        let now = cx.now();
        let changed = self.prefix.is_some() && prefix.is_some();
        if let Some(old) = self.prefix {
            self.withdrawn
                .push((prefix_slots::lan_prefix(old), now + WITHDRAWN_FOR));
            let extra = self.withdrawn.len().saturating_sub(WITHDRAWN_MAX);
            self.withdrawn.drain(..extra);
        }
        self.prefix = prefix;
        self.withdrawn
            .retain(|(old, _)| prefix.map(prefix_slots::lan_prefix) != Some(*old));
        let lan = prefix.map(|prefix| prefix_slots::lan_address(prefix, LAN_MAC));
        self.lan.set_addresses(lan.into_iter().collect());
        let own = prefix.map(|prefix| prefix_slots::packet_source(prefix, UPLINK_MAC));
        self.uplink.port.set_addresses(own.into_iter().collect());
        let no_slot =
            self.has(HomeGatewayQuirk::NoFreeSlot) || self.line.upstream == Upstream::RentalRouter;
        let slots = prefix.filter(|_| !no_slot).map(prefix_slots::slots);
        self.dhcpv6.set_pool(slots.unwrap_or_default());
        // ngn-facts §9 row 10: the DNS server is the gateway's own LAN address.
        let options = lan.map(|address| offers::configuration(&self.line, vec![address]));
        self.dhcpv6.set_options(options.unwrap_or_default());
        if changed {
            // ngn-facts §3.3: clients that use Reconfigure hear of another prefix at once.
            self.dhcpv6.reconfigure(now);
        }
        if self.advertiser.poll_timeout().is_none() {
            self.advertiser.begin(now, cx.random());
        }
        self.advertiser.hurry(now);
    }

    fn advertise(&mut self, cx: &mut Context<'_>) {
        self.withdrawn.retain(|(_, until)| *until > cx.now());
        let withdrawn: Vec<_> = self.withdrawn.iter().map(|(prefix, _)| *prefix).collect();
        let prefix = self.prefix.map(prefix_slots::lan_prefix);
        let advert = advert::advert(LAN_MAC, prefix, &withdrawn);
        cx.send(
            Self::LAN,
            Ndp::RouterAdvert(advert).build(self.lan.to_all_nodes()),
        );
    }

    fn handle_uplink(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if !self.uplink.port.hears(packet) {
            return;
        }
        if !packet.destination.is_multicast() && !self.uplink.port.owns(packet.destination) {
            let passes = self.holds(packet.destination)
                && is_routable(packet.source)
                && !self.blocks(packet.source);
            if passes && self.uplink.port.is_addressed(packet) {
                self.pass_inward(packet, Self::UPLINK, cx);
            }
        } else if let Some(ndp) = Ndp::parse(packet) {
            self.uplink.handle_ndp(&ndp, packet, cx);
        } else if let Some(udp) = packet.udp() {
            if udp.destination_port == CLIENT_PORT {
                if let Some(message) = dhcpv6::decode(udp.payload) {
                    self.uplink.handle_dhcpv6(&message, cx);
                }
            } else if udp.source_port == DNS_PORT {
                self.relay_answer(packet, udp, cx);
            }
        } else {
            self.uplink.port.answer_echo(packet, cx);
        }
    }

    fn handle_lan(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if !self.lan.hears(packet) {
            return;
        }
        if !packet.destination.is_multicast() && !self.lan.owns(packet.destination) {
            if self.lan.is_addressed(packet) {
                self.pass_outward(packet, cx);
            }
        } else if let Some(ndp) = Ndp::parse(packet) {
            if let Ndp::RouterSolicit(solicit) = &ndp {
                if packet.source.is_unspecified() && solicit.source_link_layer.is_some() {
                    return;
                }
                self.advertiser.solicit(cx.now(), cx.random());
            }
            self.lan.handle_ndp(&ndp, packet, cx);
        } else if let Some(udp) = packet.udp() {
            match udp.destination_port {
                SERVER_PORT => self.handle_dhcpv6(packet, udp, cx),
                DNS_PORT => self.relay_question(packet, udp, cx),
                _ => {}
            }
        } else {
            self.lan.answer_echo(packet, cx);
        }
    }

    fn handle_dhcpv6(&mut self, packet: &Packet<'_>, udp: Udp<'_>, cx: &mut Context<'_>) {
        let unicast = !packet.destination.is_multicast();
        let heard = unicast || packet.destination == ALL_DHCP;
        let silent = self.hung || self.prefix.is_none() || cx.now() < self.dhcpv6_from;
        if silent || !heard || !is_link_local(packet.source) {
            return;
        }
        let arrival = Arrival {
            from: packet.source,
            unicast,
            now: cx.now(),
        };
        let Some(message) = dhcpv6::decode(udp.payload) else {
            let source = self.lan.link_local();
            // RFC 8415 §7.2: relay agents listen on the port of servers.
            for answer in self.dhcpv6.handle_relayed(udp.payload, arrival) {
                let to = (packet.source, SERVER_PORT);
                self.lan.send_udp(source, to, SERVER_PORT, &answer, cx);
            }
            return;
        };
        for answer in self.dhcpv6.handle(&message, arrival) {
            self.send_dhcpv6(packet.source, &dhcpv6::encode(&answer), cx);
        }
    }

    fn send_dhcpv6(&mut self, to: Ipv6Addr, bytes: &[u8], cx: &mut Context<'_>) {
        let random_port = HomeGatewayQuirk::RandomSourcePort;
        let port = if self.line.quirks.home_gateway.contains(&random_port) {
            cx.random().random_range(EPHEMERAL)
        } else {
            SERVER_PORT
        };
        let source = self.lan.link_local();
        self.lan
            .send_udp(source, (to, CLIENT_PORT), port, bytes, cx);
    }

    /// Passes on what comes from the LAN.
    fn pass_outward(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        if !is_routable(packet.source) || !is_routable(packet.destination) {
            return;
        }
        if self.holds(packet.destination) {
            self.pass_inward(packet, Self::LAN, cx);
            return;
        }
        if self.blocks(packet.destination) {
            return;
        }
        if packet.hop_limit <= 1 {
            self.report(packet.ip, Problem::HopLimitExceeded, Self::LAN, cx);
            return;
        }
        let mac = self.uplink.port.mac();
        let Some(frame) = forward(packet, mac, mac) else {
            return;
        };
        if !self.uplink.send(&frame[ETHERNET_HEADER..], cx) {
            self.report(packet.ip, Problem::NoRoute, Self::LAN, cx);
        }
    }

    /// Passes a packet on to the LAN; errors go back to where it came `from`.
    fn pass_inward(&mut self, packet: &Packet<'_>, from: u8, cx: &mut Context<'_>) {
        if packet.hop_limit <= 1 {
            self.report(packet.ip, Problem::HopLimitExceeded, from, cx);
            return;
        }
        let Some(next_hop) = self.next_hop(packet.destination, cx.now()) else {
            self.report(packet.ip, Problem::NoRoute, from, cx);
            return;
        };
        let mac = self.lan.mac();
        if let Some(frame) = forward(packet, mac, mac) {
            self.lan.send(next_hop, &frame[ETHERNET_HEADER..], cx);
        }
    }

    /// Returns whether an address lies in the prefix the network delegated.
    fn holds(&self, address: Ipv6Addr) -> bool {
        self.prefix.is_some_and(|prefix| prefix.contains(&address))
    }

    /// Returns whether the filter lets nothing pass to or from an address: that of another line.
    fn blocks(&self, address: Ipv6Addr) -> bool {
        let values = self.line.area.values();
        self.has(HomeGatewayQuirk::BlocksFolding)
            && values.folded_range.contains(&address)
            && !values
                .ngn_ranges
                .iter()
                .any(|range| range.contains(&address))
    }

    /// Returns the neighbour on the LAN towards an address: hosts of subnet 00 are on the link,
    /// a /60 lies behind the router it was delegated to, and nothing else has a way
    /// (ngn-facts §3.4, inferred).
    fn next_hop(&self, to: Ipv6Addr, now: Time) -> Option<Ipv6Addr> {
        if is_link_local(to) {
            return Some(to);
        }
        let prefix = self.prefix.filter(|prefix| prefix.contains(&to))?;
        if prefix_slots::lan_prefix(prefix).contains(&to) {
            return Some(to);
        }
        self.dhcpv6.lease_of(to, now).map(|lease| lease.client)
    }

    /// Sends an ICMPv6 error about a packet back to the side it came from.
    fn report(&mut self, ip: &[u8], problem: Problem, side: u8, cx: &mut Context<'_>) {
        let Some(prefix) = self.prefix else {
            return;
        };
        let source = if side == Self::LAN {
            prefix_slots::lan_address(prefix, LAN_MAC)
        } else {
            prefix_slots::packet_source(prefix, UPLINK_MAC)
        };
        let Some((to, error)) = error_about(ip, problem, source, 0) else {
            return;
        };
        match self.next_hop(to, cx.now()) {
            Some(next_hop) => self.lan.send(next_hop, &error, cx),
            None if side == Self::UPLINK => {
                self.uplink.send(&error, cx);
            }
            None => {}
        }
    }
}

impl Node for HomeGateway {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if pppoe::is_pppoe(frame) {
            return self.handle_pppoe(port, frame, cx);
        }
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        if !self.is_up(cx) {
            return;
        }
        if port == Self::UPLINK {
            self.handle_uplink(&packet, cx);
            self.follow_uplink(cx);
        } else {
            self.handle_lan(&packet, cx);
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        if !self.is_up(cx) {
            return;
        }
        self.uplink.handle_timeout(cx);
        self.pppoe.handle_timeout(cx);
        self.follow_uplink(cx);
        self.dhcpv6.expire(cx.now());
        for (to, bytes) in self.dhcpv6.reconfigures(cx.now()) {
            self.send_dhcpv6(to, &bytes, cx);
        }
        if self.advertiser.is_due(cx.now(), cx.random()) {
            self.advertise(cx);
        }
        for silent in self.lan.handle_timeout(cx) {
            for ip in &silent.waiting {
                let side = if source_of(ip).is_some_and(|source| self.holds(source)) {
                    Self::LAN
                } else {
                    Self::UPLINK
                };
                self.report(ip, Problem::AddressUnreachable, side, cx);
            }
        }
    }

    fn poll_timeout(&self) -> Option<Time> {
        if self.up_at.is_some() {
            return self.up_at;
        }
        [
            self.uplink.poll_timeout(),
            self.pppoe.poll_timeout(),
            self.advertiser.poll_timeout(),
            self.lan.poll_timeout(),
            self.dhcpv6.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// Returns the source of an IPv6 packet.
fn source_of(ip: &[u8]) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = ip.get(8..24)?.try_into().ok()?;
    Some(octets.into())
}

/// Locally administered, since no capture is tied to one model.
const UPLINK_MAC: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x67, 0x00]);
/// ngn-facts §3.2: the link-local address on the LAN is its EUI-64.
const LAN_MAC: Mac = Mac([0x02, 0x00, 0x5e, 0x00, 0x67, 0x01]);
const DNS_PORT: u16 = 53;
/// Where a Reply may come from; 49153 was seen (ngn-facts §3.3).
const EPHEMERAL: Range<u16> = 49_152..65_535;
/// RFC 4861 §6.2.6: a random delay of up to half a second.
const SOLICITED: Range<Duration> = Duration::ZERO..Duration::from_millis(500);
/// RFC 4861's ratio to the router lifetime of 5400 s (inferred).
const UNSOLICITED: Range<Duration> = Duration::from_secs(600)..Duration::from_secs(1800);
/// DHCPv6 needs a few minutes after a reboot (ngn-facts §3.3, reported; the number is inferred).
const DHCPV6_AFTER_REBOOT: Duration = Duration::from_secs(180);
/// So many options fit into an advertisement with room to spare; the oldest go first (ours).
const WITHDRAWN_MAX: usize = 16;
/// As long as an old prefix may be in use on the LAN: two hours (RFC 4862 §5.5.3 e).
const WITHDRAWN_FOR: Duration = Duration::from_secs(7200);
