//! Router Advertisements on the LAN (RFC 4861 §6.2, RFC 7084 §4.3, RFC 9096 §3).
//!
//! Hosts that solicit from an address of theirs are answered by unicast, so that the answer is
//! quick and multicast stays rare.

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use rand::Rng;

use super::defect::{Defects, defects};
use super::interface::Interface;
use super::lan_advert_options;
use super::lan_offer::{LAN_PREFERRED_SECS, LAN_VALID_SECS, Offer};
use super::lease::{Lease, left};
use crate::message::ndp::{Ndp, NdpOption, PrefixInfo, RouterAdvert};
use crate::message::packet::{ALL_NODES, Envelope, Mac};
use crate::node::Context;
use crate::time::Time;

/// The advertising side of the LAN interface.
pub(super) struct Advertiser {
    defects: Defects,
    offer: Offer,
    old: Vec<(Ipv6Net, Time)>,
    old_dns: Vec<(Ipv6Addr, Time)>,
    /// What was advertised before the power cut; withdrawn unless the line grants it again.
    stored: Option<Ipv6Net>,
    burst: u32,
    next: Option<Time>,
    last: Option<Time>,
    solicited: Vec<(Time, Ipv6Addr, Mac)>,
}

impl Advertiser {
    /// Makes an advertiser that remembers the prefix it advertised before it lost its power.
    pub(super) fn new(defects: Defects, stored: Option<Ipv6Net>) -> Self {
        Self {
            defects,
            offer: Offer::default(),
            old: Vec::new(),
            old_dns: Vec::new(),
            stored,
            burst: 0,
            next: None,
            last: None,
            solicited: Vec::new(),
        }
    }

    /// Begins to advertise.
    pub(super) fn start(&mut self, now: Time) {
        self.burst = INITIAL_ADVERTS;
        self.next = Some(now);
    }

    /// Returns the prefixes that are being withdrawn.
    pub(super) fn old(&self) -> impl Iterator<Item = Ipv6Net> {
        self.old.iter().map(|(net, _)| *net)
    }

    pub(super) fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Takes over what the LAN is to hear, and tells it soon if that is news.
    pub(super) fn update(&mut self, offer: Offer, now: Time) {
        if offer == self.offer {
            return;
        }
        let net = |offer: &Offer| offer.lease.map(|lease| lease.net);
        let (before, after) = (net(&self.offer), net(&offer));
        let only_refreshed = Offer {
            lease: self.offer.lease,
            delegation: self.offer.delegation,
            ..offer.clone()
        } == self.offer
            && before == after;
        let dns = self.offer.dns.filter(|dns| offer.dns != Some(*dns));
        self.old_dns.extend(dns.map(|dns| (dns, now + LAN_VALID)));
        self.old_dns.retain(|(dns, _)| offer.dns != Some(*dns));
        let extra = self.old_dns.len().saturating_sub(OLD_MAX);
        self.old_dns.drain(..extra);
        let was_deprecated = self.is_deprecated(now);
        self.offer = offer;
        if only_refreshed {
            if was_deprecated && !self.is_deprecated(now) && self.next.is_some() {
                self.schedule(now, Duration::ZERO);
            }
            return;
        }
        if before != after {
            // RFC 9096 §3.5: what went before is withdrawn for as long as hosts may use it.
            let stored = self.stored.take_if(|_| after.is_some());
            let until = now
                + if self.defects.has(WITHDRAWS_FOR_A_MINUTE) {
                    A_MINUTE
                } else {
                    LAN_VALID
                };
            self.old
                .extend(before.into_iter().chain(stored).map(|net| (net, until)));
            self.old.retain(|(net, _)| Some(*net) != after);
            let extra = self.old.len().saturating_sub(OLD_MAX);
            self.old.drain(..extra);
        }
        self.begin_anew(now);
    }

    /// Takes in that the LAN is there again: who plugs in hears of us at once, and hears what
    /// changed meanwhile, as when the interface began to advertise (RFC 4861 §6.2.4).
    pub(super) fn handle_link_up(&mut self, now: Time) {
        if self.defects.has(SILENT_AFTER_LAN_FLAP) {
            return;
        }
        self.begin_anew(now);
    }

    fn begin_anew(&mut self, now: Time) {
        if self.next.is_some() {
            self.burst = INITIAL_ADVERTS;
            self.schedule(now, Duration::ZERO);
        }
    }

    /// Takes in a solicitation.
    pub(super) fn handle_solicit(
        &mut self,
        source: Ipv6Addr,
        source_link_layer: Option<Mac>,
        cx: &mut Context<'_>,
    ) {
        let ignored = source.is_unspecified() && self.defects.has(IGNORES_ANONYMOUS_SOLICITS);
        if self.next.is_none() || ignored {
            return;
        }
        // RFC 4861 §6.2.6: MAX_RA_DELAY_TIME.
        let mut delay = cx.random().random_range(Duration::ZERO..MAX_RA_DELAY);
        if self.defects.has(SLOW_RA_ANSWER) {
            delay += SLOW;
        }
        match source_link_layer.filter(|_| !source.is_unspecified()) {
            Some(mac) if self.solicited.len() < SOLICITED_MAX => {
                if self
                    .solicited
                    .iter()
                    .all(|(_, waiting, _)| *waiting != source)
                {
                    self.solicited.push((cx.now() + delay, source, mac));
                }
            }
            _ => self.schedule(cx.now(), delay),
        }
    }

    /// Brings the next multicast forward, but not closer than allowed to the last one.
    fn schedule(&mut self, now: Time, delay: Duration) {
        let earliest = self.last.map_or(now, |last| last + MIN_DELAY_BETWEEN_RAS);
        let at = (now + delay).max(earliest);
        self.next = Some(self.next.map_or(at, |next| next.min(at).max(earliest)));
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let solicited = self.solicited.iter().map(|(at, ..)| *at);
        solicited.chain(self.next).min()
    }

    pub(super) fn handle_timeout(
        &mut self,
        lan: &Interface,
        wan: &Interface,
        cx: &mut Context<'_>,
    ) {
        let now = cx.now();
        self.old.retain(|(_, until)| *until > now);
        self.old_dns.retain(|(_, until)| *until > now);
        let due: Vec<_> = self
            .solicited
            .extract_if(.., |(at, ..)| *at <= now)
            .collect();
        for (_, source, mac) in due {
            self.send(lan, source, mac, cx);
        }
        if self.next.is_none_or(|at| at > now) {
            return;
        }
        self.send(lan, ALL_NODES, lan.mac(), cx);
        if self.defects.has(RA_ON_WAN) && wan.is_up() {
            self.send(wan, ALL_NODES, wan.mac(), cx);
        }
        self.last = Some(now);
        self.burst = self.burst.saturating_sub(1);
        let interval = if self.defects.has(RA_FLOOD) {
            FLOOD_INTERVAL
        } else if self.burst > 0 && !self.defects.has(NO_INITIAL_BURST) {
            MAX_INITIAL_INTERVAL
        } else if self.defects.has(FIXED_RA_INTERVAL) {
            MAX_INTERVAL
        } else {
            let drawn = cx.random().random_range(MIN_INTERVAL..=MAX_INTERVAL);
            let longest = self.before_it_is_over(now).min(MAX_INTERVAL);
            let part = longest.as_secs_f64() / MAX_INTERVAL.as_secs_f64();
            drawn.mul_f64(part).max(MIN_DELAY_BETWEEN_RAS)
        };
        let stops = self.burst == 0 && self.defects.has(STOPS_ADVERTISING);
        self.next = Some(if stops { Time::NEVER } else { now + interval });
    }

    /// Returns how long the next advertisement has time, so that terminals hear of a prefix again
    /// before what they heard runs out (RFC 4861 §4.6.2).
    fn before_it_is_over(&self, now: Time) -> Duration {
        let ends = self.offer.lease.map(|lease| [lease.preferred, lease.valid]);
        let left = ends.into_iter().flatten().map(|end| end.since(now));
        let soonest = left.filter(|left| !left.is_zero()).min();
        soonest.map_or(MAX_INTERVAL, |left| left / 2)
    }

    /// Returns whether what the LAN has is valid, but not preferred any more.
    fn is_deprecated(&self, now: Time) -> bool {
        self.offer.lease.is_some_and(|lease| lease.preferred <= now)
    }

    fn send(&self, on: &Interface, to: Ipv6Addr, mac: Mac, cx: &mut Context<'_>) {
        if self.defects.has(NO_LAN_RA) {
            return;
        }
        let global = self.offer.dns.filter(|_| self.defects.has(RA_FROM_GLOBAL));
        let source = global.unwrap_or(on.link_local());
        let advert = Ndp::RouterAdvert(self.advert(on.mac(), cx.now()));
        on.send_frame(advert.build(Envelope::new(on.mac(), mac, source, to)), cx);
    }

    fn advert(&self, mac: Mac, now: Time) -> RouterAdvert {
        let mut options = vec![
            NdpOption::SourceLinkLayer(lan_advert_options::own_mac(mac, &self.defects)),
            lan_advert_options::mtu(&self.defects),
        ];
        if let Some(lease) = self.offer.lease {
            options.push(self.prefix(lease, now));
        }
        for (net, _) in &self.old {
            // RFC 9096 §3.5: both lifetimes zero, flags as before.
            let (preferred, valid) = if self.defects.has(KEEPS_OLD_PREFIX) {
                (LAN_PREFERRED_SECS, LAN_VALID_SECS)
            } else if self.defects.has(WITHDRAWS_OVER_TWO_HOURS) {
                (0, TWO_HOURS_SECS)
            } else {
                (0, 0)
            };
            options.push(self.prefix_option(*net, preferred, valid));
        }
        options.extend(lan_advert_options::beyond_prefixes(
            &self.offer,
            now,
            &self.defects,
        ));
        options.extend(self.withdrawn_dns());
        RouterAdvert {
            hop_limit: lan_advert_options::hop_limit(&self.defects),
            managed: self.defects.has(MANAGED_FLAG_ON_LAN),
            other: true, // RFC 7084 §4.3 L-9
            preference: 0,
            lifetime: self.router_lifetime(now),
            reachable: Duration::ZERO,
            retrans: Duration::ZERO,
            options,
        }
    }

    /// Returns what takes old DNS servers back (RFC 8106 §5.1): they went with their prefix.
    fn withdrawn_dns(&self) -> Option<NdpOption> {
        let servers: Vec<Ipv6Addr> = self.old_dns.iter().map(|(dns, _)| *dns).collect();
        let silent =
            self.defects.has(LEAVES_OLD_DNS) || self.defects.has(lan_advert_options::NO_RDNSS);
        // Until there is another one, it is better than none.
        let replaced = self.offer.dns.is_some() && !servers.is_empty();
        (replaced && !silent).then_some(NdpOption::Rdnss {
            lifetime: 0,
            servers,
        })
    }

    /// RFC 7084 §4.1 G-4, G-5 and §4.3 L-4: no default router without prefix and uplink.
    fn router_lifetime(&self, now: Time) -> Duration {
        if self.defects.has(NEVER_DEFAULT_ROUTER) {
            return Duration::ZERO;
        }
        let has_prefix = self.offer.lease.is_some_and(|lease| lease.valid > now);
        let has_prefix = has_prefix || self.offer.awaits_next;
        if !(has_prefix && self.offer.has_uplink || self.defects.has(DEFAULT_WITHOUT_PREFIX)) {
            return Duration::ZERO;
        }
        if self.defects.has(LONG_ROUTER_LIFETIME) {
            return LONG_LIFETIME;
        }
        ROUTER_LIFETIME
    }

    fn prefix(&self, lease: Lease, now: Time) -> NdpOption {
        let (preferred, valid) = (left(now, lease.preferred), left(now, lease.valid));
        let (preferred, valid) = if self.defects.has(LIFETIMES_OUTLIVE_THE_LEASE) {
            (604_800, 2_592_000)
        } else if self.defects.has(LONG_LAN_LIFETIMES) {
            (preferred, valid)
        } else {
            (preferred.min(LAN_PREFERRED_SECS), valid.min(LAN_VALID_SECS))
        };
        if self.defects.has(SHORT_LAN_PREFIX) {
            return self.prefix_option(lease.net, SHORT_SECS, SHORT_SECS);
        }
        if self.defects.has(PREFERRED_ABOVE_VALID) {
            return self.prefix_option(lease.net, valid, preferred);
        }
        let delegation = self.offer.delegation;
        match delegation.filter(|_| self.defects.has(ADVERTISES_WHOLE_DELEGATION)) {
            Some(whole) => self.prefix_option(whole.net, preferred, valid),
            None => self.prefix_option(lease.net, preferred, valid),
        }
    }

    fn prefix_option(&self, net: Ipv6Net, preferred: u32, valid: u32) -> NdpOption {
        NdpOption::Prefix(PrefixInfo {
            prefix: net.addr(),
            length: net.prefix_len(),
            on_link: true, // RFC 7084 §4.3 L-6, and the next one
            autonomous: !self.defects.has(NO_A_FLAG),
            valid,
            preferred,
        })
    }
}

// RFC 9096 §4: what was advertised may be in use for so long; the router lifetime equals
// ND_PREFERRED_LIMIT.
const LAN_VALID: Duration = Duration::from_secs(LAN_VALID_SECS as u64);
const ROUTER_LIFETIME: Duration = Duration::from_secs(2700);
// RFC 4861 §6.2.1 and §10.
const MIN_INTERVAL: Duration = Duration::from_secs(200);
const MAX_INTERVAL: Duration = Duration::from_secs(600);
const MAX_INITIAL_INTERVAL: Duration = Duration::from_secs(16);
const INITIAL_ADVERTS: u32 = 3;
const MIN_DELAY_BETWEEN_RAS: Duration = Duration::from_secs(3);
const MAX_RA_DELAY: Duration = Duration::from_millis(500);
// Ours: bounds against hostile hosts and lines.
const SOLICITED_MAX: usize = 16;
const OLD_MAX: usize = 4;
// What the defects do.
const SLOW: Duration = Duration::from_secs(3);
const FLOOD_INTERVAL: Duration = Duration::from_millis(300);
const A_MINUTE: Duration = Duration::from_secs(60);
const TWO_HOURS_SECS: u32 = 7200;
const SHORT_SECS: u32 = 20;
const LONG_LIFETIME: Duration = Duration::from_secs(9000);

defects! {
    /// Advertises nothing of its own accord when its LAN cable comes back.
    SILENT_AFTER_LAN_FLAP = "silent-after-lan-flap",
        "LANのケーブルが戻っても、自分からはRAを送らない。";
    /// Advertises nothing of its own accord after the first advertisements.
    STOPS_ADVERTISING = "stops-advertising",
        "起動直後のRAの後は、自分からはRAを送らない。";
    /// Does not answer Router Solicitations of hosts that have no address yet.
    IGNORES_ANONYMOUS_SOLICITS = "ignores-anonymous-solicits",
        "まだアドレスのないホストからのRSに応答しない。";
    /// Sends no Router Advertisement on the LAN.
    NO_LAN_RA = "no-lan-ra",
        "LANにRAを送らない。";
    /// Advertises the LAN prefix without the A flag, so that terminals form no address.
    NO_A_FLAG = "no-a-flag",
        "LANのプレフィックスをAフラグを立てずに広告し、端末がアドレスを生成できない。";
    /// Advertises the whole delegation on the LAN instead of a /64 of it, so that terminals form no
    /// address.
    ADVERTISES_WHOLE_DELEGATION = "advertises-whole-delegation",
        "LANに/64ではなく委任されたプレフィックス全体を広告し、端末がアドレスを生成できない。";
    /// Swaps the two lifetimes of the prefix it advertises.
    PREFERRED_ABOVE_VALID = "preferred-above-valid",
        "広告するプレフィックスの推奨有効期間と有効期間を入れ替える。";
    /// Advertises the LAN prefix for twenty seconds, and not again before they are over.
    SHORT_LAN_PREFIX = "short-lan-prefix",
        "LANのプレフィックスを20秒間だけ有効として広告し、次の広告までに失効させる。";
    /// Advertises a router lifetime of zero although it has a prefix and a router upstream.
    NEVER_DEFAULT_ROUTER = "never-default-router",
        "プレフィックスも上位ルータもあるのに、ルータ有効期間0を広告する。";
    /// Does not take the DNS server back that went with a prefix.
    LEAVES_OLD_DNS = "leaves-old-dns",
        "失効したプレフィックスとともに使えなくなったDNSサーバを取り消さない。";
    /// Sets the M flag on the LAN without having addresses to give.
    MANAGED_FLAG_ON_LAN = "managed-flag-on-lan",
        "配るアドレスがないのに、LANのRAにMフラグを立てる。";
    /// Answers Router Solicitations several seconds late.
    SLOW_RA_ANSWER = "slow-ra-answer",
        "RSに数秒遅れて応答する。";
    /// Multicasts Router Advertisements several times a second.
    RA_FLOOD = "ra-flood",
        "RAを毎秒何度もマルチキャストする。";
    /// Sends one advertisement when it starts and waits its full interval for the next one.
    NO_INITIAL_BURST = "no-initial-burst",
        "起動時にRAを1回だけ送り、次は通常の送信間隔まで待つ。";
    /// Advertises at the beat of a clock instead of a random interval.
    FIXED_RA_INTERVAL = "fixed-ra-interval",
        "RAを乱数の間隔ではなく、一定の間隔で送る。";
    /// Sends Router Advertisements from a global address.
    RA_FROM_GLOBAL = "ra-from-global",
        "RAをグローバルアドレスから送る。";
    /// Advertises the LAN prefix for 30 days whatever the line granted.
    LIFETIMES_OUTLIVE_THE_LEASE = "lifetimes-outlive-the-lease",
        "回線から得た有効期間にかかわらず、LANのプレフィックスを30日間有効として広告する。";
    /// Keeps advertising the old prefix after the line was renumbered, as Yamaha without `ngn type`
    /// (ngn-facts §1.3).
    KEEPS_OLD_PREFIX = "keeps-old-prefix",
        "回線のプレフィックスが変わっても、古いプレフィックスを広告し続ける。ngn typeを設定していないヤマハのルータがそうする。";
    /// Withdraws an old prefix with the two hours of RFC 7084 instead of at once.
    WITHDRAWS_OVER_TWO_HOURS = "withdraws-over-two-hours",
        "古いプレフィックスをすぐに失効させず、RFC 7084の2時間をかける。";
    /// Withdraws an old prefix for a minute, so that terminals that sleep do not hear of it.
    WITHDRAWS_FOR_A_MINUTE = "withdraws-for-a-minute",
        "古いプレフィックスの失効を1分間しか広告せず、スリープ中の端末に伝わらない。";
    /// Advertises lifetimes above the limits of RFC 9096 even when the line would allow them.
    LONG_LAN_LIFETIMES = "long-lan-lifetimes",
        "回線が認める範囲であれば、RFC 9096の上限を超える有効期間も広告する。";
    /// Advertises a router lifetime above the limit of RFC 9096.
    LONG_ROUTER_LIFETIME = "long-router-lifetime",
        "RFC 9096の上限を超えるルータ有効期間を広告する。";
    /// Advertises itself as default router before it has a prefix or an upstream router.
    DEFAULT_WITHOUT_PREFIX = "default-without-prefix",
        "プレフィックスも上位ルータもないうちから、自分をデフォルトルータとして広告する。";
    /// Sends Router Advertisements on the WAN.
    RA_ON_WAN = "ra-on-wan",
        "WANにRAを送る。";
}
