//! The DHCPv6 client on the WAN (RFC 8415 §18.2): prefix delegation in PD mode, an
//! Information-Request in RA mode.
//!
//! Where addresses are managed it asks for one, which the line never grants (ngn-facts §2.1). It
//! leaves out Rapid Commit, which the line does not know.

pub(super) mod granting;
pub(super) mod incoming;
pub(super) mod outgoing;
pub(super) mod reconfigured;
mod retransmission;

use std::net::Ipv6Addr;
use std::time::Duration;

use rand::Rng;

use self::retransmission::{
    INFORMATION_REQUEST, REBIND, RENEW, REQUEST, Retransmission, SOLICIT, Schedule, VERIFY,
};
use super::defect::{Defects, defects};
use super::interface::Interface;
use super::lease::Lease;
use crate::message::dhcpv6::Delegated;
use crate::message::dhcpv6::reconfigure::Key;
use crate::message::packet::Mac;
use crate::node::Context;
use crate::setup::Mode;
use crate::time::Time;

/// The client of one WAN interface.
pub(super) struct Client {
    mac: Mac,
    mode: Mode,
    defects: Defects,
    exchange: Option<Exchange>,
    binding: Option<Binding>,
    options: LineOptions,
    refresh: Option<Time>,
    longest_solicit: Duration,
    longest_information: Duration,
    failures: u32,
    /// Whether the line says that addresses are managed.
    managed: bool,
    booted: Time,
    /// The first T1, for a defect.
    first_t1: Option<u32>,
    /// The last transaction id, for the defect that counts.
    last_xid: u32,
    only_xid: Option<[u8; 3]>,
    /// What proves a Reconfigure.
    credential: Option<Credential>,
    gave_up: bool,
    /// What a restart has yet to release, for the defect that does.
    abandoned: Option<Binding>,
}

/// What a server gave us so that its Reconfigures can be told from others.
#[derive(Clone, Debug)]
struct Credential {
    server: Vec<u8>,
    key: Key,
    /// The greatest counter so far.
    replay: u64,
}

/// What the line tells besides a prefix (ngn-facts §2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LineOptions {
    /// The DNS servers.
    pub(super) dns: Vec<Ipv6Addr>,
    /// The search list.
    pub(super) search: Vec<String>,
    /// The SNTP servers, as option 31 has them.
    pub(super) sntp: Vec<u8>,
}

/// A delegated prefix and who granted it.
#[derive(Clone, Debug)]
struct Binding {
    lease: Lease,
    granted: Delegated,
    server: Vec<u8>,
    /// Where the server takes unicast, if it does (RFC 8415 §21.12).
    unicast: Option<Ipv6Addr>,
    t1: Time,
    t2: Time,
}

/// A message that waits for its answer.
struct Exchange {
    kind: Kind,
    xid: [u8; 3],
    first_sent: Option<Time>,
    retransmission: Retransmission,
    offer: Option<Offer>,
    /// Whether a Reconfigure began it.
    told: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Solicit,
    Request(Offer),
    Renew,
    Rebind,
    /// A Rebind that checks a lease after the link came back (RFC 8415 §18.2.12).
    Verify,
    InformationRequest,
    Release,
}

/// What a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    server: Vec<u8>,
    preference: u8,
    prefix: Delegated,
}

impl Client {
    pub(super) fn new(mac: Mac, mode: Mode, defects: Defects) -> Self {
        Self {
            mac,
            mode,
            defects,
            exchange: None,
            binding: None,
            options: LineOptions::default(),
            refresh: None,
            longest_solicit: SOLICIT.longest,
            longest_information: INFORMATION_REQUEST.longest,
            failures: 0,
            managed: false,
            booted: Time::ZERO,
            first_t1: None,
            last_xid: 0,
            only_xid: None,
            credential: None,
            gave_up: false,
            abandoned: None,
        }
    }

    /// Returns the client as it is after the power came back.
    pub(super) fn after_restart(&mut self, now: Time) -> Self {
        let releases = self.defects.has(RELEASES_AT_RESTART);
        Self {
            booted: now,
            abandoned: self.binding.take().filter(|_| releases),
            ..Self::new(self.mac, self.mode, self.defects.clone())
        }
    }

    /// Takes in the flags of an advertisement: either shows that there is DHCPv6 (RFC 7084 §4.2
    /// WPD-4).
    pub(super) fn handle_flags(&mut self, managed: bool, other: bool, cx: &mut Context<'_>) {
        self.managed = managed;
        let waits = self.defects.has(WAITS_FOR_M_FLAG) && self.mode == Mode::Pd;
        if managed || (other && !waits) {
            self.start(cx);
        }
    }

    /// Begins, unless begun already.
    fn start(&mut self, cx: &mut Context<'_>) {
        let begun = self.exchange.is_some() || self.binding.is_some() || self.refresh.is_some();
        let anew = self.binding.is_some() && self.defects.has(SOLICITS_AT_EACH_ADVERT);
        if begun && !anew || self.gave_up {
            return;
        }
        if self.abandoned.is_some() {
            return self.begin(Kind::Release, Duration::ZERO, cx);
        }
        // RFC 8415 §18.2.1 and §18.2.6: up to a second, so that clients do not collide.
        let delay = cx.random().random_range(Duration::ZERO..MAX_FIRST_DELAY);
        match self.mode {
            Mode::Pd => self.begin(Kind::Solicit, delay, cx),
            Mode::Ra if self.defects.has(NO_INFORMATION_REQUEST) => {}
            Mode::Bridge => {}
            Mode::Ra => self.begin(Kind::InformationRequest, delay, cx),
        }
    }

    /// Asks again after the link came back (RFC 8415 §18.2.12).
    pub(super) fn handle_link_up(&mut self, cx: &mut Context<'_>) {
        let delay = cx.random().random_range(Duration::ZERO..MAX_FIRST_DELAY);
        if self.binding.is_some() && self.defects.has(RELEASES_WHAT_IT_USES) {
            self.abandoned = self.binding.clone();
            return self.begin(Kind::Release, delay, cx);
        }
        if self.binding.is_some() {
            if !self.defects.has(NO_REBIND_AFTER_LINK_UP) {
                self.begin(Kind::Verify, delay, cx);
            }
        } else if self.refresh.is_some() && !self.defects.has(NO_INFORMATION_AFTER_LINK_UP) {
            self.refresh = None;
            self.begin(Kind::InformationRequest, delay, cx);
        } else if let Some(exchange) = &self.exchange {
            // Who was asking into a cable that was out asks anew, as when the interface came up
            // first (§18.2.1, §18.2.6), instead of waiting for its next turn.
            match exchange.kind {
                Kind::Solicit | Kind::Request(_) => self.begin(Kind::Solicit, delay, cx),
                Kind::InformationRequest => self.begin(Kind::InformationRequest, delay, cx),
                Kind::Renew | Kind::Rebind | Kind::Verify | Kind::Release => {}
            }
        }
    }

    /// Returns the delegated prefix.
    pub(super) fn lease(&self) -> Option<Lease> {
        self.binding.as_ref().map(|binding| binding.lease)
    }

    /// Returns what else the line told.
    pub(super) fn options(&self) -> &LineOptions {
        &self.options
    }

    fn begin(&mut self, kind: Kind, delay: Duration, cx: &mut Context<'_>) {
        let schedule = match kind {
            Kind::Solicit => Schedule {
                longest: self.longest_solicit,
                first: if self.defects.has(IMPATIENT_SOLICIT) {
                    IMPATIENT
                } else {
                    SOLICIT.first
                },
                ..SOLICIT
            },
            Kind::Request(_) => REQUEST,
            Kind::Renew => RENEW,
            Kind::Rebind => REBIND,
            Kind::Verify if self.defects.has(VERIFIES_SLOWLY) => REBIND,
            Kind::Verify | Kind::Release => VERIFY,
            Kind::InformationRequest => Schedule {
                longest: self.longest_information,
                ..INFORMATION_REQUEST
            },
        };
        let mut xid = cx.random().random();
        if self.defects.has(SEQUENTIAL_XIDS) {
            self.last_xid += 1;
            let [_, counter @ ..] = self.last_xid.to_be_bytes();
            xid = counter;
        }
        if self.defects.has(REUSES_XIDS) {
            xid = *self.only_xid.get_or_insert(xid);
        }
        self.exchange = Some(Exchange {
            kind,
            xid,
            first_sent: None,
            retransmission: Retransmission::starting(schedule, cx.now() + delay),
            offer: None,
            told: false,
        });
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let message = self
            .exchange
            .as_ref()
            .map(|exchange| exchange.retransmission.due);
        let binding = self
            .binding
            .as_ref()
            .map(|binding| self.next_phase(binding));
        message.into_iter().chain(binding).chain(self.refresh).min()
    }

    /// Returns when a binding next needs something by itself.
    fn next_phase(&self, binding: &Binding) -> Time {
        let renews = !self.defects.has(NO_RENEW);
        let next = match &self.exchange {
            None if renews => binding.t1,
            Some(Exchange {
                kind: Kind::Renew, ..
            }) if !self.defects.has(NO_REBIND) => binding.t2,
            None | Some(_) => binding.lease.valid,
        };
        next.min(binding.lease.valid)
    }

    pub(super) fn handle_timeout(&mut self, wan: &mut Interface, cx: &mut Context<'_>) {
        let now = cx.now();
        self.advance_binding(cx);
        if self.refresh.is_some_and(|at| at <= now) {
            self.refresh = None;
            let delay = cx.random().random_range(Duration::ZERO..MAX_FIRST_DELAY);
            self.begin(Kind::InformationRequest, delay, cx);
        }
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        if exchange.retransmission.due > now {
            return;
        }
        if let Some(offer) = exchange.offer.take() {
            self.begin(Kind::Request(offer), Duration::ZERO, cx);
        } else if exchange.kind == Kind::Release && exchange.first_sent.is_some() {
            self.abandoned = None;
            self.begin(Kind::Solicit, Duration::ZERO, cx);
        } else if exchange.kind == Kind::Verify && exchange.retransmission.is_exhausted() {
            // RFC 8415 §18.2.12: who hears nothing goes on with what it has. Behind a gateway that
            // restarts for minutes that is nothing, so the search for a server goes on, too.
            self.begin(Kind::Rebind, Duration::ZERO, cx);
        } else if exchange.retransmission.is_exhausted() && !self.defects.has(REQUEST_STORM) {
            return self.begin_anew(cx);
        } else if exchange.kind == Kind::Solicit
            && exchange.retransmission.sent >= PATIENCE
            && self.defects.has(GIVES_UP_SOLICITING)
        {
            self.exchange = None;
            self.gave_up = true;
            return;
        }
        self.send_message(wan, cx);
    }

    fn advance_binding(&mut self, cx: &mut Context<'_>) {
        let Some(binding) = &self.binding else {
            return;
        };
        if self.next_phase(binding) > cx.now() {
            return;
        }
        if binding.lease.valid <= cx.now() || self.defects.has(DROPS_LEASE_AT_T1) {
            // RFC 8415 §18.2.5: nothing is left, so everything begins anew.
            self.binding = None;
            if self.defects.has(NO_SOLICIT_AFTER_EXPIRY) {
                self.exchange = None;
                self.gave_up = true;
                return;
            }
            self.begin(Kind::Solicit, Duration::ZERO, cx);
        } else if binding.t2 <= cx.now() || self.defects.has(REBINDS_AT_T1) {
            let told = self.exchange.as_ref().is_some_and(|before| before.told);
            self.begin(Kind::Rebind, Duration::ZERO, cx);
            if let Some(exchange) = &mut self.exchange {
                exchange.told = told;
            }
        } else {
            self.begin(Kind::Renew, Duration::ZERO, cx);
        }
    }
}

// RFC 8415 §7.6: SOL_MAX_DELAY and INF_MAX_DELAY.
const MAX_FIRST_DELAY: Duration = Duration::from_secs(1);
// What two of the defects do.
const IMPATIENT: Duration = Duration::from_millis(900);
const PATIENCE: u32 = 5;

defects! {
    /// Begins anew with a Solicit whenever the line advertises itself, although it holds a lease.
    SOLICITS_AT_EACH_ADVERT = "solicits-at-each-advert",
        "リースがあるのに、回線のRAを受け取るたびにSolicitからやり直す。";
    /// Drops its lease when it is to be renewed, and solicits another one.
    DROPS_LEASE_AT_T1 = "drops-lease-at-t1",
        "T1を過ぎるとリースを破棄し、Solicitからやり直す。";
    /// Repeats the Rebind that checks its lease after the link came back as any other Rebind.
    VERIFIES_SLOWLY = "verifies-slowly",
        "リンク復旧後にリースを確かめるRebindを、通常のRebindと同じ間隔で再送する。";
    /// Sends no Information-Request on RA lines, as OpenWrt from 2025-12 on (ngn-facts §2.4).
    NO_INFORMATION_REQUEST = "no-information-request",
        "RA回線でInformation-Requestを送らない。2025年12月以降のOpenWrtがそうする。";
    /// Sends no Information-Request when the cable of an RA line comes back.
    NO_INFORMATION_AFTER_LINK_UP = "no-information-after-link-up",
        "RA回線がリンク断から復旧しても、Information-Requestを送らない。";
    /// Counts its DHCPv6 transaction ids up, from one after every boot.
    SEQUENTIAL_XIDS = "sequential-xids",
        "DHCPv6のトランザクションIDを、起動のたびに1から順に増やす。";
    /// Uses the transaction id of its first DHCPv6 message for all that follow.
    REUSES_XIDS = "reuses-xids",
        "最初のDHCPv6メッセージのトランザクションIDを、以後のメッセージにも使い回す。";
    /// Repeats its first Solicit before a second is over.
    IMPATIENT_SOLICIT = "impatient-solicit",
        "最初のSolicitを1秒以内に再送する。";
    /// Gives up after five Solicits until it is switched off and on.
    GIVES_UP_SOLICITING = "gives-up-soliciting",
        "Solicitを5回送ってあきらめ、電源を入れ直すまで再開しない。";
    /// Repeats Request every second for ever.
    REQUEST_STORM = "request-storm",
        "Requestを毎秒、いつまでも送り続ける。";
    /// Never renews its delegated prefix, so that it runs out after hours (ngn-facts §2.2).
    NO_RENEW = "no-renew",
        "委任されたプレフィックスを更新せず、数時間で失効させる。";
    /// Sends Rebind when the time for Renew has come.
    REBINDS_AT_T1 = "rebinds-at-t1",
        "T1を過ぎるとRenewを送らず、いきなりRebindを送る。";
    /// Goes on with Renew after T2.
    NO_REBIND = "no-rebind",
        "T2を過ぎてもRenewを送り続け、Rebindを送らない。";
    /// Falls silent once its lease has run out.
    NO_SOLICIT_AFTER_EXPIRY = "no-solicit-after-expiry",
        "リースが切れると、何も送らなくなる。";
    /// Takes its lease for good when the cable comes back.
    NO_REBIND_AFTER_LINK_UP = "no-rebind-after-link-up",
        "リンク断から復旧しても、リースがまだ有効かどうかを確かめない。";
    /// Releases its lease when the link comes back, and goes on using it.
    RELEASES_WHAT_IT_USES = "releases-what-it-uses",
        "リンクが復旧するとリースをReleaseし、そのまま使い続ける。";
    /// Releases its delegation when it starts again.
    RELEASES_AT_RESTART = "releases-at-restart",
        "再起動すると委任を解放する。";
    /// Asks for a delegation only where the line says that addresses are managed.
    WAITS_FOR_M_FLAG = "waits-for-m-flag",
        "回線がアドレスの管理を示しているときにしか、プレフィックスの委任を要求しない。";
}
