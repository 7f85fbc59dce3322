//! One interface as IPv6 sees it: its addresses with duplicate address detection (RFC 4862 §5.4), and
//! its answers to solicitations for them. What is below that is Ethernet.

mod ethernet;

use std::net::Ipv6Addr;
use std::time::Duration;

use rand::Rng;

pub(super) use self::ethernet::MTU;

use self::ethernet::Ethernet;
use super::defect::{Defects, defects};
use crate::frame::Frame;
use crate::message::ndp::{NeighborAdvert, NeighborSolicit};
use crate::message::packet::{ALL_NODES, Mac, Packet};
use crate::node::Context;
use crate::node::part::neighbors::{Timers, Unreachable};
use crate::time::Time;

/// One interface of the router.
pub(super) struct Interface {
    link: Ethernet,
    addresses: Vec<Address>,
    dad_timer: Duration,
    base_timers: Option<(Duration, Duration)>,
    carrier: bool,
    defects: Defects,
}

struct Address {
    ip: Ipv6Addr,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting to send the solicitation of duplicate address detection.
    Delayed { until: Time },
    /// Waiting for somebody to object.
    Tentative { until: Time },
    /// Ours.
    Assigned,
    /// Somebody else's; never used (RFC 4862 §5.4.5).
    Duplicate,
}

impl Interface {
    pub(super) fn new(port: u8, mac: Mac, defects: Defects) -> Self {
        Self {
            link: Ethernet::new(port, mac, defects.clone()),
            addresses: Vec::new(),
            dad_timer: RETRANS_TIMER,
            base_timers: None,
            carrier: true,
            defects,
        }
    }

    /// Notes whether the cable is in. What was still being probed is probed anew when it comes
    /// back: a link that the interface is attached to again is a new one (RFC 4862 §5.3, §5.4).
    pub(super) fn set_carrier(&mut self, up: bool, now: Time) {
        self.carrier = up;
        for address in &mut self.addresses {
            if matches!(address.state, State::Tentative { .. }) {
                address.state = State::Delayed { until: now };
            }
        }
    }

    /// Returns whether the cable is in.
    pub(super) fn carrier(&self) -> bool {
        self.carrier
    }

    pub(super) fn mac(&self) -> Mac {
        self.link.mac()
    }

    pub(super) fn port(&self) -> u8 {
        self.link.port()
    }

    pub(super) fn link_local(&self) -> Ipv6Addr {
        self.mac().link_local()
    }

    /// Takes over the timers of a Router Advertisement (RFC 4861 §6.3.4); zero says nothing.
    pub(super) fn set_timers(
        &mut self,
        reachable: Duration,
        retrans: Duration,
        cx: &mut Context<'_>,
    ) {
        let base = |given: Duration, default| if given.is_zero() { default } else { given };
        let base = (
            base(reachable, REACHABLE_TIME),
            base(retrans, RETRANS_TIMER),
        );
        if self.base_timers != Some(base) {
            self.base_timers = Some(base);
            self.dad_timer = base.1;
            self.link
                .set_timers(Timers::drawn(base.0, base.1, cx.random()));
        }
    }

    /// Forms an address unless it exists; it is ours once nobody has objected.
    ///
    /// With `delayed`, detection starts after a random time (RFC 4862 §5.4.2).
    pub(super) fn form(&mut self, ip: Ipv6Addr, delayed: bool, cx: &mut Context<'_>) {
        if self.addresses.iter().any(|address| address.ip == ip) {
            return;
        }
        let state = if self.defects.has(NO_DAD) {
            State::Assigned
        } else {
            let delay = if delayed {
                cx.random().random_range(Duration::ZERO..MAX_DAD_DELAY)
            } else {
                Duration::ZERO
            };
            State::Delayed {
                until: cx.now() + delay,
            }
        };
        self.addresses.push(Address { ip, state });
    }

    /// Keeps the link-local address and those `keep` wants.
    pub(super) fn retain(&mut self, keep: impl Fn(Ipv6Addr) -> bool) {
        let link_local = self.link_local();
        self.addresses
            .retain(|address| address.ip == link_local || keep(address.ip));
    }

    /// Returns whether an address is assigned here.
    pub(super) fn owns(&self, ip: Ipv6Addr) -> bool {
        self.addresses
            .iter()
            .any(|address| address.ip == ip && address.state == State::Assigned)
    }

    /// Returns whether it is still being found out if an address can be ours.
    pub(super) fn is_probing(&self, ip: Ipv6Addr) -> bool {
        self.addresses.iter().any(|address| {
            let probed = matches!(
                address.state,
                State::Delayed { .. } | State::Tentative { .. }
            );
            address.ip == ip && probed
        })
    }

    /// Returns the addresses that are ours.
    pub(super) fn assigned(&self) -> Vec<Ipv6Addr> {
        let ours = self.addresses.iter();
        ours.filter(|address| address.state == State::Assigned)
            .map(|address| address.ip)
            .collect()
    }

    pub(super) fn is_up(&self) -> bool {
        self.owns(self.link_local())
    }

    /// Sends an IPv6 packet to a neighbour on this link.
    pub(super) fn send(&mut self, next_hop: Ipv6Addr, ip: &[u8], cx: &mut Context<'_>) {
        self.link.send(next_hop, ip, cx);
    }

    /// Sends a frame as it is.
    pub(super) fn send_frame(&self, frame: Frame, cx: &mut Context<'_>) {
        self.link.send_frame(frame, cx);
    }

    /// Notes where a neighbour is.
    pub(super) fn learn(&mut self, ip: Ipv6Addr, mac: Mac, cx: &mut Context<'_>) {
        self.link.learn(ip, mac, cx);
    }

    /// Returns whether a neighbour has answered within ReachableTime.
    pub(super) fn is_reachable(&self, ip: Ipv6Addr, now: Time) -> bool {
        self.link.is_reachable(ip, now)
    }

    /// Returns the link-layer address of a neighbour, if it is known.
    pub(super) fn neighbor_mac(&self, ip: Ipv6Addr) -> Option<Mac> {
        self.link.neighbor_mac(ip)
    }

    pub(super) fn has_neighbor(&self, ip: Ipv6Addr) -> bool {
        self.link.neighbor_mac(ip).is_some()
    }

    /// Takes in a solicitation; returns whether its target is an address of this interface.
    pub(super) fn handle_solicit(
        &mut self,
        packet: &Packet<'_>,
        solicit: &NeighborSolicit,
        cx: &mut Context<'_>,
    ) -> bool {
        let Some(address) = self
            .addresses
            .iter_mut()
            .find(|address| address.ip == solicit.target)
        else {
            return false;
        };
        let detection = packet.source.is_unspecified();
        match address.state {
            // RFC 4862 §5.4.3: somebody else is about to take the same address.
            State::Delayed { .. } | State::Tentative { .. }
                if detection
                    && !self.defects.has(IGNORES_DUPLICATES)
                    && !self.defects.has(IGNORES_PROBES_OF_OTHERS) =>
            {
                address.state = State::Duplicate;
            }
            State::Assigned => {
                if let Some(mac) = solicit.source_link_layer
                    && !detection
                {
                    self.learn(packet.source, mac, cx);
                }
                self.answer(packet, solicit.target, true, cx);
            }
            State::Delayed { .. } | State::Tentative { .. } | State::Duplicate => {}
        }
        true
    }

    /// Answers a solicitation with our own MAC; a proxy does not override (RFC 4861 §7.2.8).
    pub(super) fn answer(
        &self,
        packet: &Packet<'_>,
        target: Ipv6Addr,
        replace: bool,
        cx: &mut Context<'_>,
    ) {
        let asker = (packet.source, packet.eth_source);
        self.answer_with(asker, target, replace, self.mac(), cx);
    }

    /// Answers an asker that somebody with this link-layer address has the target.
    pub(super) fn answer_with(
        &self,
        asker: (Ipv6Addr, Mac),
        target: Ipv6Addr,
        replace: bool,
        link_layer: Mac,
        cx: &mut Context<'_>,
    ) {
        let (source, mac) = asker;
        let solicited = !source.is_unspecified();
        let to = if solicited { source } else { ALL_NODES };
        let from = if self.owns(target) {
            target
        } else {
            self.link_local()
        };
        let on_lan = |defect| self.port() == LAN && self.defects.has(defect);
        if on_lan(NO_LAN_NEIGHBOR_ADVERTS) {
            return;
        }
        let advert = NeighborAdvert {
            target,
            router: !on_lan(NO_ROUTER_FLAG),
            solicited,
            replace,
            target_link_layer: (!on_lan(NO_TARGET_LINK_LAYER)).then_some(link_layer),
        };
        self.link.advertise(advert, from, (to, mac), cx);
    }

    /// Takes in an advertisement.
    pub(super) fn handle_advert(&mut self, advert: &NeighborAdvert, cx: &mut Context<'_>) {
        let heeds = !self.defects.has(IGNORES_DUPLICATES);
        for address in &mut self.addresses {
            // RFC 4862 §5.4.4.
            if heeds && address.ip == advert.target && address.state != State::Assigned {
                address.state = State::Duplicate;
            }
        }
        self.link.handle_advert(advert, cx);
    }

    /// Multicasts a solicitation from our link-local address, or from nowhere to detect a duplicate.
    pub(super) fn solicit(&self, target: Ipv6Addr, detection: bool, cx: &mut Context<'_>) {
        let source = if detection || self.defects.has(LOOKS_FROM_NOWHERE) {
            Ipv6Addr::UNSPECIFIED
        } else {
            self.link_local()
        };
        self.solicit_from(source, target, cx);
    }

    pub(super) fn solicit_from(&self, source: Ipv6Addr, target: Ipv6Addr, cx: &mut Context<'_>) {
        self.link.solicit(source, target, cx);
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        // Without a cable nobody can be asked whose an address is.
        let probed = self.addresses.iter().filter(|_| self.carrier);
        let detection = probed.filter_map(|address| match address.state {
            State::Delayed { until } | State::Tentative { until } => Some(until),
            State::Assigned | State::Duplicate => None,
        });
        detection.chain(self.link.poll_timeout()).min()
    }

    /// Goes on with detection and neighbours; returns the neighbours that stayed silent.
    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) -> Vec<Unreachable> {
        let now = cx.now();
        let mut asks = Vec::new();
        for address in self.addresses.iter_mut().filter(|_| self.carrier) {
            match address.state {
                State::Delayed { until } if until <= now => {
                    // RFC 4862 §5.1: DupAddrDetectTransmits is 1.
                    asks.push(address.ip);
                    address.state = State::Tentative {
                        until: now + self.dad_timer,
                    };
                }
                State::Tentative { until } if until <= now => address.state = State::Assigned,
                _ => {}
            }
        }
        for ip in asks {
            self.solicit(ip, true, cx);
        }
        self.link.handle_timeout(cx)
    }
}

/// The port towards the line.
pub(super) const WAN: u8 = 0;
/// The port towards the terminals.
pub(super) const LAN: u8 = 1;
// RFC 4861 §10; the first address of a link is formed before anybody could say otherwise.
const RETRANS_TIMER: Duration = Duration::from_secs(1);
const REACHABLE_TIME: Duration = Duration::from_secs(30);
// RFC 4862 §5.4.2: up to MAX_RTR_SOLICITATION_DELAY.
const MAX_DAD_DELAY: Duration = Duration::from_secs(1);

defects! {
    /// Looks for terminals, as a proxy, from the unspecified address.
    LOOKS_FROM_NOWHERE = "looks-from-nowhere",
        "近隣探索のプロキシとして端末を探すとき、未指定アドレスから送る。";
    /// Does not answer Neighbor Solicitations on the LAN, as behind a filter for ICMPv6.
    NO_LAN_NEIGHBOR_ADVERTS = "no-lan-neighbor-adverts",
        "LANの近隣要請に応答しない。ICMPv6を遮断するフィルタがあるとそうなる。";
    /// Clears the R flag in its Neighbor Advertisements, as Linux on an interface that does not
    /// forward.
    NO_ROUTER_FLAG = "no-router-flag",
        "近隣広告のRフラグを落とす。転送を有効にしていないインタフェースのLinuxがそうする。";
    /// Leaves its MAC address out of its Neighbor Advertisements.
    NO_TARGET_LINK_LAYER = "no-target-link-layer",
        "近隣広告に自分のMACアドレスを入れない。";
    /// Uses addresses without duplicate address detection.
    NO_DAD = "no-dad",
        "重複アドレス検出を行わずにアドレスを使う。";
    /// Takes an address that somebody else tries out at the same time.
    IGNORES_PROBES_OF_OTHERS = "ignores-probes-of-others",
        "ほかのノードが同時に確かめているアドレスも、そのまま使う。";
    /// Uses addresses although duplicate address detection found another owner.
    IGNORES_DUPLICATES = "ignores-duplicates",
        "重複アドレス検出で別の使用者が見つかったアドレスも使う。";
}
