//! The reference router: a model customer edge router for this line, and the device that every
//! check is calibrated with.
//!
//! In PD mode the LAN gets a /64 of the delegation; in RA mode it shares the line's /64 through a
//! Neighbour Discovery proxy (guide p.6). RFC 7084 with RFC 9096 says the rest. It leaves out what
//! ONS does not use: addresses by DHCPv6, unique local addresses. Beside that it dials the PPPoE
//! sessions that are set up, has IPv4 for their sake, and lets those of terminals pass. As a bridge it is no router at
//! all: `bridge.rs` is what it does then, and the other parts rest.

pub mod defect;
pub mod dns_proxy;

mod addressing;
mod all_defects;
mod border;
mod bridge;
mod dhcpv6_client;
mod dhcpv6_packets;
mod dns_packets;
mod error_budget;
mod filter;
mod forward;
mod icmp_errors;
mod interface;
mod ipv4;
mod lan_advert_options;
mod lan_advertiser;
mod lan_dhcpv6;
mod lan_offer;
mod lease;
mod nd_proxy;
mod neighbor_discovery;
mod packets_for_us;
mod path_mtu;
mod pppoe;
mod router_discovery;
mod spoilt_fields;
mod uplink_probe;

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use crate::frame::Frame;
use crate::message::fragment::Reassembly;
use crate::message::ndp::{NEIGHBOR_ADVERTISEMENT, ROUTER_SOLICITATION};
use crate::message::packet::{Mac, Packet, Payload, is_link_local};
use crate::message::pppoe::is_pppoe;
use crate::node::part::pppoe_client::PppoeClient;
use crate::node::{Context, Node};
use crate::setup::{Mode, Setup};
use crate::time::Time;

use defect::{Defect, Defects, defects};
use dhcpv6_client::Client;
use dns_proxy::DnsProxy;
use error_budget::Budget;
use filter::Filter;
use icmp_errors::{NO_ERRORS_AFTER_A_BURST, SILENT_ABOUT_SILENT_ROUTERS};
use interface::Interface;
use ipv4::Ipv4Router;
use lan_advertiser::{Advertiser, DEFAULT_WITHOUT_PREFIX};
use lan_offer::Offer;
use lease::Lease;
use nd_proxy::NdProxy;
use path_mtu::PathMtus;
use router_discovery::Discovery;
use uplink_probe::UplinkProbe;

/// What a reference router is made of.
#[derive(Clone, Debug)]
pub struct RouterConfig {
    /// How it is configured.
    pub setup: Setup,
    /// What it does wrong.
    pub defects: BTreeSet<Defect>,
}

/// A router between the line and a LAN.
pub struct Router {
    setup: Setup,
    defects: Defects,
    /// The prefix it advertised last, in memory that outlives a power cut (RFC 9096 §3.5).
    stored: Option<Ipv6Net>,
    ram: Ram,
}

/// Everything that a power cut erases.
struct Ram {
    boot: Option<Time>,
    /// Whether a defect has stopped it for good.
    hung: bool,
    soliciting: bool,
    advertising: bool,
    silent_until: Option<Time>,
    wan: Interface,
    lan: Interface,
    discovery: Discovery,
    client: Client,
    advertiser: Advertiser,
    proxy: NdProxy,
    dns: DnsProxy,
    filter: Filter,
    /// What has come of packets in fragments that are addressed to us.
    fragments: Reassembly,
    path_mtus: PathMtus,
    errors: Budget,
    probe: UplinkProbe,
    pppoe: PppoeClient,
    ipv4: Ipv4Router,
    /// The terminal that is served, where only one is.
    served: Option<Mac>,
}

impl Router {
    /// The port towards the line.
    pub const WAN: u8 = interface::WAN;
    /// The port towards the terminals.
    pub const LAN: u8 = interface::LAN;

    /// Makes a router that boots when the world begins.
    pub fn new(config: RouterConfig) -> Self {
        let defects = Defects::new(config.defects);
        Self {
            ram: Ram::new(&config.setup, &defects, None, Time::ZERO),
            setup: config.setup,
            defects,
            stored: None,
        }
    }

    /// Cuts the power and restores it: all but the identifiers and the stored prefix is forgotten.
    pub fn power_cycle(&mut self, cx: &mut Context<'_>) {
        if self.defects.has(FORGETS_DNS_TABLE) {
            self.setup.domains.clear();
        }
        let forgets = self.defects.has(FORGETS_PREFIX_OVER_POWER_CUT);
        let stored = self.stored.filter(|_| !forgets);
        let client = self.ram.client.after_restart(cx.now());
        let carriers = [&self.ram.wan, &self.ram.lan].map(Interface::carrier);
        self.ram = Ram::new(&self.setup, &self.defects, stored, cx.now());
        self.ram.client = client;
        let [wan, lan] = carriers;
        self.ram.wan.set_carrier(wan, cx.now());
        self.ram.lan.set_carrier(lan, cx.now());
    }

    /// Returns whether it passes frames on instead of packets.
    fn is_bridge(&self) -> bool {
        self.setup.mode == Mode::Bridge
    }

    fn interface(&self, port: u8) -> &Interface {
        match port {
            Self::WAN => &self.ram.wan,
            _ => &self.ram.lan,
        }
    }

    /// Boots: the link-local addresses come first (RFC 4862 §5.3).
    fn boot(&mut self, cx: &mut Context<'_>) {
        let ram = &mut self.ram;
        ram.boot = None;
        ram.wan.form(ram.wan.link_local(), true, cx);
        ram.lan.form(ram.lan.link_local(), true, cx);
        if self.defects.has(RS_BEFORE_DAD) {
            ram.soliciting = true;
            ram.discovery.start(cx.now());
        }
    }

    /// Brings addresses and advertisements in line with what the line granted.
    fn settle(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        if self.ram.wan.is_up() && !self.ram.soliciting {
            self.ram.soliciting = true;
            self.ram.discovery.start(now);
        }
        let lease = self.lan_lease(now);
        self.settle_wan(cx);
        self.settle_lan(lease, cx);
        // The LAN hears of a prefix once our own addresses in it are ours, so that it hears of the
        // DNS forwarder with it. On an RA line that takes ten seconds (ngn-facts §1.1).
        let ready = self.own_source(now).is_some();
        let address = lease.map(|lease| self.address_in(lease.net));
        let dns = address.filter(|address| ready && self.ram.lan.owns(*address));
        let probes = address.is_some_and(|address| self.ram.lan.is_probing(address));
        let lease = self.as_first_told(lease);
        let gives_way = self.defects.has(GIVES_WAY_WHILE_RENUMBERING);
        let told = self.ram.advertiser.offer();
        let replaces = (told.lease.is_some() || told.awaits_next) && !gives_way;
        let shares = self.setup.mode == Mode::Ra && probes;
        let on_wan = lease.is_some_and(|lease| self.probes_on_wan(lease));
        let awaits_next = replaces && (shares || on_wan);
        if probes && replaces && self.setup.mode == Mode::Pd && self.ram.lan.carrier() {
            // One prefix takes another's place: terminals hear of both at once, and have a router
            // all the time.
            return self.settle_dns(now);
        }
        let offer = Offer {
            lease: lease.filter(|_| dns.is_some()),
            awaits_next,
            delegation: self.ram.client.lease().filter(|_| dns.is_some()),
            has_uplink: self.has_uplink(),
            dns: self.told_dns(dns),
            search: self.ram.client.options().search.clone(),
        };
        self.start_advertising(offer.lease.is_some(), now);
        if offer.lease.is_some() {
            self.stored = offer.lease.map(|lease| lease.net);
        }
        self.ram.advertiser.update(offer, now);
        self.ram.proxy.retain(lease.map(|lease| lease.net));
        self.settle_dns(now);
    }

    /// Returns whether our address on the WAN in a prefix that it shares with the LAN is tried out.
    fn probes_on_wan(&self, lease: Lease) -> bool {
        let address = self.setup.wan_mac.in_prefix(lease.net.addr());
        self.setup.mode == Mode::Ra && self.ram.wan.is_probing(address)
    }

    /// Returns the lease as the LAN is told of it: where renewals change nothing, as at first.
    fn as_first_told(&self, lease: Option<Lease>) -> Option<Lease> {
        let told = self.ram.advertiser.offer().lease;
        let same = |told: &Lease| lease.is_some_and(|lease| lease.net == told.net);
        let stays = self.defects.has(ADVERTISES_FIRST_LIFETIMES);
        told.filter(|told| stays && same(told)).or(lease)
    }

    /// Returns the DNS server that the LAN is told of.
    fn told_dns(&self, dns: Option<Ipv6Addr>) -> Option<Ipv6Addr> {
        let told = self.ram.advertiser.offer().dns;
        let stays = self.defects.has(KEEPS_OLD_DNS);
        dns.and_then(|dns| told.filter(|_| stays).or(Some(dns)))
    }

    /// Returns whether there is a router upstream (RFC 7084 §4.1 G-4, G-5).
    fn has_uplink(&self) -> bool {
        let stays = self.defects.has(KEEPS_DEFAULT_AFTER_WAN_LOSS);
        let found = self.ram.discovery.router().is_some() && !self.ram.probe.is_lost();
        found || stays && self.ram.advertiser.offer().has_uplink
    }

    /// Advertises as soon as there is a prefix, and after a while in any case.
    fn start_advertising(&mut self, has_prefix: bool, now: Time) {
        if !self.ram.lan.is_up() || self.ram.advertising {
            return;
        }
        let silent_until = *self.ram.silent_until.get_or_insert(now + PREFIX_PATIENCE);
        let hasty = self.defects.has(DEFAULT_WITHOUT_PREFIX);
        if has_prefix || hasty || silent_until <= now {
            self.ram.advertising = true;
            self.ram.silent_until = None;
            self.ram.advertiser.start(now);
        }
    }
}

impl Node for Router {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if self.is_bridge() {
            return self.bridge(port, frame, cx);
        }
        if is_pppoe(frame) {
            return self.handle_pppoe(port, frame, cx);
        }
        let Some(packet) = Packet::parse(frame) else {
            if port == Self::LAN {
                self.handle_ipv4(frame, cx);
            }
            return;
        };
        let mac = self.interface(port).mac();
        let for_us = packet.eth_destination == mac
            || packet.eth_destination.is_multicast()
            || self.defects.has(TAKES_FRAMES_OF_OTHERS);
        if !for_us || packet.eth_source == mac || self.ram.hung {
            return;
        }
        if self.forward_by_mistake(port, &packet, cx) || packet.source.is_multicast() {
            return;
        }
        if port == Self::WAN {
            self.ram.discovery.hear();
        }
        let to = packet.destination;
        match &packet.payload {
            Payload::Icmpv6(message) if is_discovery(message.kind) => {
                self.handle_ndp(port, &packet, cx);
            }
            _ if to.is_multicast() => self.handle_own(port, &packet, cx),
            _ if is_link_local(to) => {
                if self.interface(port).owns(to) {
                    self.handle_own(port, &packet, cx);
                }
            }
            _ if self.owns(to) => self.handle_own(port, &packet, cx),
            _ if port == Self::WAN => self.forward_from_wan(&packet, cx),
            _ => self.forward_from_lan(&packet, cx),
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        if self.ram.hung || self.is_bridge() {
            return;
        }
        if self.ram.boot.is_some_and(|at| at <= cx.now()) {
            self.boot(cx);
        }
        let mut silent = self.ram.wan.handle_timeout(cx);
        for neighbor in &silent {
            self.ram.discovery.note_silent(neighbor.address);
        }
        if self.defects.has(SILENT_ABOUT_SILENT_ROUTERS) {
            silent.clear();
        }
        self.give_up(Self::WAN, silent, cx);
        let silent = self.ram.lan.handle_timeout(cx);
        self.give_up(Self::LAN, silent, cx);
        let source = self.own_source(cx.now());
        let Ram {
            wan,
            lan,
            discovery,
            client,
            proxy,
            probe,
            pppoe,
            ..
        } = &mut self.ram;
        discovery.handle_timeout(wan, cx);
        pppoe.handle_timeout(cx);
        probe.handle_timeout(discovery.router(), source, wan, cx);
        client.handle_timeout(wan, cx);
        proxy.handle_timeout([wan, lan], cx);
        self.handle_ipv4_timeout(cx);
        self.settle(cx);
        let Ram {
            wan,
            lan,
            advertiser,
            ..
        } = &mut self.ram;
        advertiser.handle_timeout(lan, wan, cx);
        self.run_dns(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let ram = &self.ram;
        if ram.hung || self.is_bridge() {
            return None;
        }
        [
            ram.boot,
            ram.silent_until,
            ram.wan.poll_timeout(),
            ram.lan.poll_timeout(),
            ram.discovery.poll_timeout(),
            ram.client.poll_timeout(),
            ram.advertiser.poll_timeout(),
            ram.proxy.poll_timeout(),
            ram.dns.poll_timeout(),
            ram.probe.poll_timeout(),
            ram.pppoe.poll_timeout(),
            ram.ipv4.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .filter(|at| *at < Time::NEVER)
        .min()
    }

    fn handle_carrier(&mut self, port: u8, up: bool, cx: &mut Context<'_>) {
        if self.is_bridge() {
            return;
        }
        match port {
            Self::WAN => self.ram.wan.set_carrier(up, cx.now()),
            _ => self.ram.lan.set_carrier(up, cx.now()),
        }
        if port == Self::WAN {
            self.ram.pppoe.handle_carrier(up, cx.now());
        }
        if port == Self::LAN && up && !self.ram.hung {
            self.ram.advertiser.handle_link_up(cx.now());
        }
        if port != Self::WAN || !self.ram.wan.is_up() {
            return;
        }
        if !up {
            // RFC 7084 §4.1 G-5: terminals learn that there is no way out.
            self.ram.discovery.drop_routers();
            self.settle(cx);
            return;
        }
        if !self.defects.has(NO_SOLICIT_AFTER_FLAP) {
            self.ram.discovery.start(cx.now());
            self.ram.client.handle_link_up(cx);
        }
    }
}

impl Ram {
    fn new(setup: &Setup, defects: &Defects, stored: Option<Ipv6Net>, boot: Time) -> Self {
        let defects = || defects.clone();
        Self {
            boot: Some(boot),
            hung: false,
            soliciting: false,
            advertising: false,
            silent_until: None,
            wan: Interface::new(Router::WAN, setup.wan_mac, defects()),
            lan: Interface::new(Router::LAN, setup.lan_mac, defects()),
            discovery: Discovery::new(defects()),
            client: Client::new(setup.wan_mac, setup.mode, defects()),
            advertiser: Advertiser::new(defects(), stored),
            proxy: NdProxy::new(defects()),
            dns: DnsProxy::new(setup, defects()),
            filter: Filter::new(defects()),
            fragments: Reassembly::default(),
            path_mtus: PathMtus::new(defects()),
            errors: Budget::new(!defects().has(NO_ERRORS_AFTER_A_BURST)),
            probe: UplinkProbe::new(defects()),
            pppoe: PppoeClient::new((Router::WAN, setup.wan_mac), &setup.pppoe, &defects()),
            ipv4: Ipv4Router::new(setup, &defects()),
            served: None,
        }
    }
}

fn is_discovery(kind: u8) -> bool {
    (ROUTER_SOLICITATION..=NEIGHBOR_ADVERTISEMENT + 1).contains(&kind)
}

/// How long terminals are left alone at the start: long enough for the line to grant a prefix.
const PREFIX_PATIENCE: Duration = Duration::from_secs(20);

defects! {
    /// Takes frames that are for another host, as with a promiscuous interface.
    TAKES_FRAMES_OF_OTHERS = "takes-frames-of-others",
        "ほかのホスト宛てのフレームも受け取って中継する。";
    /// Loses its per-domain table in a power cut, as a configuration that was never saved (guide
    /// p.7).
    FORGETS_DNS_TABLE = "forgets-dns-table",
        "停電でドメインごとのDNS設定を失う。設定を保存していない機器がそうなる。";
    /// Forgets over a power cut which prefix it advertised, so that it withdraws none.
    FORGETS_PREFIX_OVER_POWER_CUT = "forgets-prefix-over-power-cut",
        "広告していたプレフィックスを停電で忘れ、失効させない。";
    /// Is no router for the LAN until it has tried out its address in a new prefix.
    GIVES_WAY_WHILE_RENUMBERING = "gives-way-while-renumbering",
        "新しいプレフィックスの自分のアドレスを確かめ終えるまで、LANのデフォルトルータをやめる。";
    /// Goes on as default router of the LAN when the line's router has withdrawn itself.
    KEEPS_DEFAULT_AFTER_WAN_LOSS = "keeps-default-after-wan-loss",
        "回線のルータがデフォルトルータでなくなっても、LANのデフォルトルータであり続ける。";
    /// Lets the lifetimes on the LAN run down as they were at first, whatever a renewal brings.
    ADVERTISES_FIRST_LIFETIMES = "advertises-first-lifetimes",
        "リースが更新されても、LANで広告する有効期間を最初のまま減らし続ける。";
    /// Goes on naming the DNS server that it named first, when the prefix has changed.
    KEEPS_OLD_DNS = "keeps-old-dns",
        "プレフィックスが変わっても、最初に知らせたDNSサーバを知らせ続ける。";
    /// Sends Router Solicitations before duplicate address detection is over.
    RS_BEFORE_DAD = "rs-before-dad",
        "重複アドレス検出が終わる前にRSを送る。";
    /// Does not solicit when the WAN cable is plugged in again.
    NO_SOLICIT_AFTER_FLAP = "no-solicit-after-flap",
        "WANのケーブルを挿し直しても、RSを送らない。";
}
