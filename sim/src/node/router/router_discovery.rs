//! The WAN as a host sees it: Router Solicitations, the default router, and the prefixes of its
//! advertisements (RFC 4861 §6.3, RFC 4862 §5.5).

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::defect::{Defects, defects};
use super::interface::Interface;
use super::lease::Lease;
use crate::frame::Frame;
use crate::message::ndp::{Ndp, PrefixInfo, RouterAdvert, RouterSolicit};
use crate::message::packet::{ALL_ROUTERS, Envelope, is_routable};
use crate::node::Context;
use crate::time::Time;

/// What is known of the router upstream.
pub(super) struct Discovery {
    defects: Defects,
    solicits: u32,
    next_solicit: Option<Time>,
    routers: Vec<DefaultRouter>,
    prefixes: Vec<Lease>,
    /// Those that were taken back by a preferred lifetime of zero, which is not running out.
    withdrawn: BTreeSet<Ipv6Net>,
    next_rip: Option<Time>,
    /// Since when the line has not said a word after we did, for a defect.
    unanswered: Option<Time>,
}

/// A default router (RFC 4861 §5.1) with its preference (RFC 4191 §2.2).
#[derive(Clone, Copy)]
struct DefaultRouter {
    address: Ipv6Addr,
    until: Time,
    rank: u8,
    /// Whether neighbour discovery looked for it in vain since it advertised itself.
    silent: bool,
}

impl Discovery {
    pub(super) fn new(defects: Defects) -> Self {
        Self {
            defects,
            solicits: 0,
            next_solicit: None,
            routers: Vec::new(),
            prefixes: Vec::new(),
            withdrawn: BTreeSet::new(),
            next_rip: None,
            unanswered: None,
        }
    }

    /// Begins to solicit (RFC 7084 §4.2 W-2: after duplicate address detection).
    pub(super) fn start(&mut self, now: Time) {
        self.solicits = 0;
        self.next_solicit = Some(now);
        self.next_rip = self.defects.has(RIPNG_ON_WAN).then_some(now);
    }

    /// Returns the default router: of those that can be reached, and are preferred most, the one
    /// known longest (RFC 4861 §6.3.6, RFC 4191 §3.2).
    pub(super) fn router(&self) -> Option<Ipv6Addr> {
        let routers = self.routers.iter().rev();
        let sticks = self.defects.has(STICKS_TO_SILENT_ROUTERS);
        let best = match sticks {
            true => routers.max_by_key(|known| known.rank),
            false => routers.max_by_key(|known| (!known.silent, known.rank)),
        };
        best.map(|known| known.address)
    }

    /// Notes that a neighbour does not answer, in case that it is a router.
    pub(super) fn note_silent(&mut self, neighbor: Ipv6Addr) {
        for known in &mut self.routers {
            known.silent |= known.address == neighbor;
        }
    }

    /// Returns the prefixes for addresses, as long as they are valid.
    pub(super) fn prefixes(&self) -> &[Lease] {
        &self.prefixes
    }

    /// Returns the prefix the line has granted: the one that is preferred longest. Where none is
    /// preferred any more, one that nobody took back still works (RFC 4862 §5.5.4).
    pub(super) fn lease(&self, now: Time) -> Option<Lease> {
        let mut preferred = self.prefixes.iter().filter(|prefix| prefix.preferred > now);
        if self.defects.has(IGNORES_ZERO_PREFERRED) {
            return preferred.next().copied();
        }
        let best = preferred.max_by_key(|prefix| prefix.preferred);
        if self.defects.has(DROPS_DEPRECATED_PREFIX) {
            return best.copied();
        }
        best.or_else(|| self.deprecated(now)).copied()
    }

    /// Returns the prefix that is valid longest of those that ran out of being preferred.
    fn deprecated(&self, now: Time) -> Option<&Lease> {
        let usable = |prefix: &&Lease| prefix.valid > now && !self.withdrawn.contains(&prefix.net);
        let usable = self.prefixes.iter().filter(usable);
        usable.max_by_key(|prefix| prefix.valid)
    }

    /// Takes in an advertisement that came from a link-local address.
    pub(super) fn handle_advert(&mut self, from: Ipv6Addr, advert: &RouterAdvert, now: Time) {
        let waiting = self.next_solicit.is_some() || self.router().is_some();
        if !waiting && self.defects.has(ONLY_SOLICITED_RA) {
            return;
        }
        if !advert.lifetime.is_zero() || self.defects.has(ANY_ADVERTISER_IS_ROUTER) {
            self.note_router(from, advert, now);
            // RFC 4861 §6.3.7.
            if !self.defects.has(KEEPS_SOLICITING) {
                self.next_solicit = None;
            }
        } else if !self.defects.has(IGNORES_ROUTER_LIFETIME_ZERO) {
            // RFC 4861 §6.3.4.
            self.routers.retain(|known| known.address != from);
        }
        for prefix in advert.prefixes() {
            self.note_prefix(prefix, now);
        }
    }

    /// RFC 4861 §6.3.4. A full table keeps what it has: neighbours can forge as many as they like.
    fn note_router(&mut self, from: Ipv6Addr, advert: &RouterAdvert, now: Time) {
        // RFC 4191 §2.2: 01 is high and 11 low; the reserved value counts as medium.
        let rank = match advert.preference {
            1 => 2,
            3 => 0,
            _ => 1,
        };
        let hijacked = self.defects.has(ANY_ADVERTISER_IS_ROUTER);
        let fresh = DefaultRouter {
            address: from,
            until: now
                + advert
                    .lifetime
                    .max(if hijacked { HIJACKED } else { Duration::ZERO }),
            rank: if hijacked { HIGHEST } else { rank },
            silent: false,
        };
        if let Some(known) = self.routers.iter_mut().find(|known| known.address == from) {
            *known = fresh;
            return;
        }
        if self.routers.len() == ROUTERS_MAX {
            if !self.defects.has(KEEPS_NEWEST_ROUTERS) {
                return;
            }
            self.routers.remove(0);
        }
        if hijacked {
            self.routers.insert(0, fresh);
        } else {
            self.routers.push(fresh);
        }
    }

    /// RFC 4862 §5.5.3.
    fn note_prefix(&mut self, info: &PrefixInfo, now: Time) {
        let has = |defect| self.defects.has(defect);
        let fit = !has(NO_SLAAC)
            && (info.autonomous || has(IGNORES_A_FLAG))
            && (info.length == 64 || has(SLAAC_FROM_ANY_LENGTH))
            && (info.preferred <= info.valid || has(TAKES_PREFERRED_ABOVE_VALID));
        let Some(net) = Ipv6Net::new(info.prefix, info.length)
            .ok()
            .filter(|_| fit && is_routable(info.prefix))
        else {
            return;
        };
        let fresh = Lease::starting(net.trunc(), info.preferred, info.valid, now);
        self.note_withdrawal(fresh.net, info.preferred);
        let Some(known) = self
            .prefixes
            .iter_mut()
            .find(|known| known.net == fresh.net)
        else {
            if info.valid > 0 && self.prefixes.len() < PREFIXES_MAX {
                self.prefixes.push(fresh);
            }
            return;
        };
        if info.preferred > 0 || !self.defects.has(IGNORES_ZERO_PREFERRED) {
            known.preferred = fresh.preferred;
        }
        // RFC 4862 §5.5.3 e): nobody may cut a valid lifetime below two hours.
        known.valid = if self.defects.has(CUTS_VALID_LIFETIMES) {
            fresh.valid
        } else {
            fresh.valid.max(known.valid.min(now + TWO_HOURS))
        };
    }

    fn note_withdrawal(&mut self, net: Ipv6Net, preferred: u32) {
        let is_known = self.prefixes.iter().any(|known| known.net == net);
        if preferred == 0 && is_known {
            self.withdrawn.insert(net);
        } else {
            self.withdrawn.remove(&net);
        }
    }

    /// Drops the default router: it says that it is none.
    pub(super) fn drop_router(&mut self) {
        let current = self.router();
        self.routers.retain(|known| Some(known.address) != current);
    }

    /// Drops every default router: there is no line any more.
    pub(super) fn drop_routers(&mut self) {
        self.routers.clear();
    }

    /// Notes that something came from the line.
    pub(super) fn hear(&mut self) {
        self.unanswered = None;
    }

    /// Notes that something goes to the line.
    pub(super) fn speak(&mut self, now: Time) {
        if !self.defects.has(GIVES_UP_SILENT_ROUTER) {
            return;
        }
        let since = *self.unanswered.get_or_insert(now);
        if now.since(since) > SILENCE_MAX {
            self.drop_routers();
        }
    }

    /// Returns whether an address lies in a prefix of the line, on-link or not.
    pub(super) fn covers(&self, address: Ipv6Addr) -> bool {
        let mut nets = self.prefixes.iter().map(|prefix| prefix.net);
        nets.any(|net| net.contains(&address))
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let routers = self.routers.iter().map(|known| known.until);
        let prefixes = self.prefixes.iter().map(|prefix| prefix.valid);
        let own = self.next_solicit.into_iter().chain(self.next_rip);
        prefixes.chain(routers).chain(own).min()
    }

    pub(super) fn handle_timeout(&mut self, wan: &Interface, cx: &mut Context<'_>) {
        let now = cx.now();
        self.prefixes.retain(|prefix| prefix.valid > now);
        let prefixes = &self.prefixes;
        let is_known = |net: &Ipv6Net| prefixes.iter().any(|known| known.net == *net);
        self.withdrawn.retain(is_known);
        self.routers.retain(|known| known.until > now);
        if self.next_rip.is_some_and(|at| at <= now) {
            self.next_rip = Some(now + RIP_INTERVAL);
            wan.send_frame(rip_request(wan), cx);
        }
        if self.next_solicit.is_some_and(|at| at <= now) {
            self.solicit(wan, cx);
        }
    }

    fn solicit(&mut self, wan: &Interface, cx: &mut Context<'_>) {
        self.solicits += 1;
        let unspecified = self.defects.has(RS_FROM_UNSPECIFIED);
        let source = if unspecified {
            Ipv6Addr::UNSPECIFIED
        } else {
            wan.link_local()
        };
        let solicit = RouterSolicit {
            source_link_layer: (!unspecified).then_some(wan.mac()),
        };
        let envelope = Envelope::new(wan.mac(), wan.mac(), source, ALL_ROUTERS);
        wan.send_frame(Ndp::RouterSolicit(solicit).build(envelope), cx);
        let storm = self.defects.has(RS_STORM);
        let endless =
            storm || self.defects.has(KEEPS_SOLICITING) || self.defects.has(NEVER_BACKS_OFF);
        let interval = if storm {
            STORM_INTERVAL
        } else {
            RTR_SOLICITATION_INTERVAL
        };
        let again = endless || self.solicits < MAX_RTR_SOLICITATIONS;
        self.next_solicit = again.then_some(cx.now() + interval);
    }
}

/// RFC 2080 §2.4.1: a request for the whole routing table.
fn rip_request(wan: &Interface) -> Frame {
    const RIP_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 9);
    const RIP_PORT: u16 = 521;
    let mut body = vec![1, 1, 0, 0];
    body.extend_from_slice(&[0; 19]);
    body.push(16);
    let envelope = Envelope::new(wan.mac(), wan.mac(), wan.link_local(), RIP_ROUTERS);
    envelope.with_hop_limit(255).udp(RIP_PORT, RIP_PORT, &body)
}

// RFC 4861 §10.
const MAX_RTR_SOLICITATIONS: u32 = 3;
const RTR_SOLICITATION_INTERVAL: Duration = Duration::from_secs(4);
const STORM_INTERVAL: Duration = Duration::from_secs(1);
const TWO_HOURS: Duration = Duration::from_secs(7200);
// Ours: bounds against hostile neighbours.
const PREFIXES_MAX: usize = 16;
const ROUTERS_MAX: usize = 8;
// What the defects do; RFC 2080 §2.3 for the interval.
const HIJACKED: Duration = Duration::from_secs(1800);
const HIGHEST: u8 = 3;
const SILENCE_MAX: Duration = Duration::from_secs(10);
const RIP_INTERVAL: Duration = Duration::from_secs(30);

defects! {
    /// Goes on sending to the router that is preferred most, although it answers nobody.
    STICKS_TO_SILENT_ROUTERS = "sticks-to-silent-routers",
        "近隣探索に応答しなくても、最も優先度の高いルータに送り続ける。";
    /// Sends Router Solicitations on the WAN from the unspecified address.
    RS_FROM_UNSPECIFIED = "rs-from-unspecified",
        "WANのRSを未指定アドレスから送る。";
    /// Sends a Router Solicitation every second until an advertisement comes.
    RS_STORM = "rs-storm",
        "RAが届くまで、毎秒RSを送る。";
    /// Sends a Router Solicitation every four seconds for as long as no advertisement comes.
    NEVER_BACKS_OFF = "never-backs-off",
        "RAが届かない間、間隔を延ばさずに4秒ごとにRSを送り続ける。";
    /// Keeps sending Router Solicitations although it has its advertisement.
    KEEPS_SOLICITING = "keeps-soliciting",
        "RAを受け取っても、RSを送り続ける。";
    /// Takes whoever advertises as its default router, even with a router lifetime of zero.
    ANY_ADVERTISER_IS_ROUTER = "any-advertiser-is-router",
        "ルータ有効期間が0であっても、RAを送ってきた相手をデフォルトルータにする。";
    /// Goes on using a default router that has withdrawn itself.
    IGNORES_ROUTER_LIFETIME_ZERO = "ignores-router-lifetime-zero",
        "デフォルトルータでなくなったと広告したルータを使い続ける。";
    /// Forgets the oldest default router when too many advertise, as tables of fixed size that
    /// evict the oldest entry.
    KEEPS_NEWEST_ROUTERS = "keeps-newest-routers",
        "広告するルータが多すぎると、最も古いデフォルトルータを忘れる。大きさの決まった表から最も古いものを追い出す機器がそうする。";
    /// Gives its router up for good when the line was silent for ten seconds, as gateway monitors
    /// that never look again.
    GIVES_UP_SILENT_ROUTER = "gives-up-silent-router",
        "回線が10秒間沈黙すると、上位ルータを二度と使わない。監視で一度失敗すると確かめ直さない機器がそうする。";
    /// Forms no address from the prefix that is advertised on the WAN.
    NO_SLAAC = "no-slaac",
        "WANで広告されたプレフィックスからアドレスを生成しない。";
    /// Forms addresses from prefixes whose A flag is clear.
    IGNORES_A_FLAG = "ignores-a-flag",
        "Aフラグのないプレフィックスからもアドレスを生成する。";
    /// Forms addresses from prefixes that are preferred longer than they are valid.
    TAKES_PREFERRED_ABOVE_VALID = "takes-preferred-above-valid",
        "推奨有効期間が有効期間を超えるプレフィックスからもアドレスを生成する。";
    /// Forms addresses from prefixes of any length.
    SLAAC_FROM_ANY_LENGTH = "slaac-from-any-length",
        "どの長さのプレフィックスからもアドレスを生成する。";
    /// Lets any advertisement cut the valid lifetime of its addresses below two hours.
    CUTS_VALID_LIFETIMES = "cuts-valid-lifetimes",
        "どのRAによっても、アドレスの有効期間を2時間未満に縮める。";
    /// Goes on preferring an address whose preferred lifetime an advertisement has set to zero.
    IGNORES_ZERO_PREFERRED = "ignores-zero-preferred",
        "RAで推奨有効期間が0になったアドレスを優先して使い続ける。";
    /// Drops the prefix of its LAN as soon as it is preferred no more, although it is valid.
    DROPS_DEPRECATED_PREFIX = "drops-deprecated-prefix",
        "推奨有効期間が切れると、まだ有効なプレフィックスでもLANから取り下げる。";
    /// Speaks RIPng on the WAN, as routing daemons that run on every interface.
    RIPNG_ON_WAN = "ripng-on-wan",
        "WANでRIPngを送る。すべてのインタフェースで動く経路制御デーモンがそうする。";
    /// Hears Router Advertisements only while it solicits.
    ONLY_SOLICITED_RA = "only-solicited-ra",
        "RSを送っている間に届いたRAしか受け取らない。";
}
