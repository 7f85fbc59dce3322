//! The DHCPv6 client on the WAN (RFC 8415 §18.2): prefix delegation in PD mode, an
//! Information-Request in RA mode.
//!
//! It leaves out addresses, Rapid Commit, unicast and Reconfigure, none of which the line needs
//! (ngn-facts §2.1, §2.2).

mod outgoing;

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use rand::Rng;

use super::Defects;
use super::defect::Defect;
use super::interface::Interface;
use super::lease::{Lease, after};
use super::retransmission::{
    INFORMATION_REQUEST, REBIND, RENEW, REQUEST, Retransmission, SOLICIT, Schedule,
};
use crate::message::dhcpv6::{self, Delegated, Message, MessageType, Status};
use crate::message::packet::{Mac, is_routable};
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
    failures: u32,
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
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Solicit,
    Request(Offer),
    Renew,
    Rebind,
    InformationRequest,
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
            failures: 0,
        }
    }

    /// Begins, unless begun already: the line has shown that there is DHCPv6.
    pub(super) fn start(&mut self, cx: &mut Context<'_>) {
        if self.exchange.is_some() || self.binding.is_some() || self.refresh.is_some() {
            return;
        }
        // RFC 8415 §18.2.1 and §18.2.6: up to a second, so that clients do not collide.
        let delay = cx.random().random_range(Duration::ZERO..MAX_FIRST_DELAY);
        match self.mode {
            Mode::Pd => self.begin(Kind::Solicit, delay, cx),
            Mode::Ra if self.defects.has(Defect::NoInformationRequest) => {}
            Mode::Ra => self.begin(Kind::InformationRequest, delay, cx),
        }
    }

    /// Asks again after the link came back (RFC 8415 §18.2.12).
    pub(super) fn handle_link_up(&mut self, cx: &mut Context<'_>) {
        let delay = cx.random().random_range(Duration::ZERO..MAX_FIRST_DELAY);
        if self.binding.is_some() {
            self.begin(Kind::Rebind, delay, cx);
        } else if self.refresh.take().is_some() {
            self.begin(Kind::InformationRequest, delay, cx);
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
                ..SOLICIT
            },
            Kind::Request(_) => REQUEST,
            Kind::Renew => RENEW,
            Kind::Rebind => REBIND,
            Kind::InformationRequest => INFORMATION_REQUEST,
        };
        self.exchange = Some(Exchange {
            kind,
            xid: cx.random().random(),
            first_sent: None,
            retransmission: Retransmission::starting(schedule, cx.now() + delay),
            offer: None,
        });
    }

    /// Takes in a message that came from `source_port` to our port 546.
    pub(super) fn handle_message(&mut self, message: &Message, cx: &mut Context<'_>) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let known_client = match dhcpv6::client_id(message) {
            Some(id) => id == self.mac.duid_ll() || self.defects.has(Defect::DuidLlt),
            None => {
                exchange.kind == Kind::InformationRequest || self.defects.has(Defect::NoClientId)
            }
        };
        // RFC 8415 §16.3 and §16.10.
        let Some(server) = dhcpv6::server_id(message) else {
            return;
        };
        if !known_client || message.xid() != exchange.xid || exchange.first_sent.is_none() {
            return;
        }
        let server = server.to_vec();
        self.note_longest_solicit(message);
        match (message.msg_type(), exchange_kind(&self.exchange)) {
            (MessageType::Advertise, Some(Kind::Solicit)) => {
                self.handle_advertise(message, server, cx)
            }
            (MessageType::Reply, Some(Kind::InformationRequest)) => {
                self.handle_information(message, cx)
            }
            (MessageType::Reply, Some(kind @ (Kind::Request(_) | Kind::Renew | Kind::Rebind))) => {
                self.handle_reply(message, server, kind, cx);
            }
            _ => {}
        }
    }

    /// RFC 8415 §18.2.9: taken over even from an Advertise that is of no use; §21.24 has the range.
    fn note_longest_solicit(&mut self, message: &Message) {
        let Some(secs) = seconds(message, u16::from(dhcpv6::SOL_MAX_RT)) else {
            return;
        };
        if (60..=86400).contains(&secs) {
            self.longest_solicit = Duration::from_secs(u64::from(secs));
            if let Some(exchange) = &mut self.exchange
                && exchange.kind == Kind::Solicit
            {
                exchange.retransmission.schedule.longest = self.longest_solicit;
            }
        }
    }

    fn handle_advertise(&mut self, message: &Message, server: Vec<u8>, cx: &mut Context<'_>) {
        // No server of this network grants one.
        if self.defects.has(Defect::InsistsOnAddress) {
            return;
        }
        let Some((prefix, ..)) = self.grant(message, None) else {
            return;
        };
        let preference = preference(message);
        let offer = Offer {
            server,
            preference,
            prefix,
        };
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        // RFC 8415 §18.2.1: offers are collected for the first timeout.
        if preference == u8::MAX || exchange.retransmission.sent > 1 {
            return self.begin(Kind::Request(offer), Duration::ZERO, cx);
        }
        if exchange
            .offer
            .as_ref()
            .is_none_or(|best| best.preference < preference)
        {
            exchange.offer = Some(offer);
        }
    }

    fn handle_information(&mut self, message: &Message, cx: &mut Context<'_>) {
        self.take_options(message);
        let refresh = message.opts().iter().find_map(|option| match option {
            DhcpOption::InformationRefreshTime(secs) => Some((*secs).max(IRT_MINIMUM)),
            _ => None,
        });
        self.refresh = Some(after(cx.now(), refresh.unwrap_or(IRT_DEFAULT)));
        self.exchange = None;
    }

    fn handle_reply(
        &mut self,
        message: &Message,
        server: Vec<u8>,
        kind: Kind,
        cx: &mut Context<'_>,
    ) {
        let statuses = dhcpv6::delegations(message).map(|ia| dhcpv6::status(&ia.opts));
        let status = statuses
            .chain([dhcpv6::status(message.opts())])
            .find(|status| *status != Status::Success);
        match (status, &kind) {
            // RFC 8415 §18.2.10: asked again when the timeout is over, always by multicast.
            (Some(Status::UnspecFail | Status::UseMulticast), _) => return,
            (Some(Status::NoBinding), Kind::Renew | Kind::Rebind) => {
                if let Some(binding) = &self.binding {
                    let offer = Offer {
                        server,
                        preference: 0,
                        prefix: binding.granted,
                    };
                    self.begin(Kind::Request(offer), Duration::ZERO, cx);
                }
                return;
            }
            _ => {}
        }
        let current = self.binding.as_ref().map(|binding| binding.lease);
        if let Some((granted, t1, t2)) = self.grant(message, current) {
            self.take_options(message);
            self.bind(granted, server, t1, t2, cx.now());
            return;
        }
        let withdrawn = dhcpv6::delegations(message)
            .flat_map(dhcpv6::prefixes)
            .any(|prefix| {
                prefix.valid == 0 && Some(prefix.prefix) == current.map(|lease| lease.net)
            });
        if withdrawn {
            self.binding = None;
        }
        if withdrawn || matches!(kind, Kind::Request(_)) {
            self.begin_anew(cx);
        }
    }

    /// Solicits again, the later the more often it failed (RFC 8415 §14.1).
    fn begin_anew(&mut self, cx: &mut Context<'_>) {
        self.failures += 1;
        let delay = FAILURE_PAUSE * self.failures.min(60);
        self.begin(Kind::Solicit, delay, cx);
    }

    /// Returns the prefix to use out of a message with T1 and T2, and prefers the current one.
    fn grant(&self, message: &Message, current: Option<Lease>) -> Option<(Delegated, u32, u32)> {
        let ours = dhcpv6::delegations(message).filter(|ia| ia.id == self.iaid());
        // RFC 8415 §21.21: T1 above T2 spoils the association.
        let sane = ours.filter(|ia| ia.t1 == 0 || ia.t2 == 0 || ia.t1 <= ia.t2);
        let usable: Vec<_> = sane
            .flat_map(|ia| {
                dhcpv6::prefixes(ia)
                    .into_iter()
                    .map(|prefix| (prefix, ia.t1, ia.t2))
            })
            .filter(|(prefix, ..)| self.is_usable(prefix))
            .collect();
        usable
            .iter()
            .find(|(prefix, ..)| Some(prefix.prefix) == current.map(|lease| lease.net))
            .or(usable.first())
            .copied()
    }

    fn is_usable(&self, delegated: &Delegated) -> bool {
        let length = delegated.prefix.prefix_len();
        let expected = !self.defects.has(Defect::OnlyAccepts56) || length == 56;
        // RFC 8415 §21.22: a preferred lifetime above the valid one spoils a prefix.
        let alive = delegated.valid > 0 && delegated.preferred <= delegated.valid;
        expected && alive && (16..=64).contains(&length) && is_routable(delegated.prefix.addr())
    }

    fn bind(&mut self, granted: Delegated, server: Vec<u8>, t1: u32, t2: u32, now: Time) {
        // RFC 8415 §14.2 and §21.21: zero leaves it to us, and 0.5 and 0.8 are recommended.
        let base = if granted.preferred > 0 {
            granted.preferred
        } else {
            granted.valid
        };
        let point = |given: u32, tenths: u64| match (given, base) {
            (0, u32::MAX) => Time::NEVER,
            (0, base) => {
                now + Duration::from_millis(u64::from(base) * tenths * 100).max(T1_MINIMUM)
            }
            (given, _) => after(now, given),
        };
        self.failures = 0;
        self.exchange = None;
        self.binding = Some(Binding {
            lease: Lease::starting(granted.prefix, granted.preferred, granted.valid, now),
            granted,
            server,
            t1: point(t1, 5),
            t2: point(t2, 8),
        });
    }

    fn take_options(&mut self, message: &Message) {
        self.options = LineOptions {
            dns: dhcpv6::dns_servers(message),
            search: dhcpv6::search_list(message),
            sntp: dhcpv6::raw_option(message, dhcpv6::SNTP_SERVERS)
                .unwrap_or_default()
                .to_vec(),
        };
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
        let renews = !self.defects.has(Defect::NoRenew);
        let next = match &self.exchange {
            None if renews => binding.t1,
            Some(Exchange {
                kind: Kind::Renew, ..
            }) => binding.t2,
            None | Some(_) => binding.lease.valid,
        };
        next.min(binding.lease.valid)
    }

    pub(super) fn handle_timeout(&mut self, wan: &Interface, cx: &mut Context<'_>) {
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
        } else if exchange.retransmission.is_exhausted() {
            self.begin_anew(cx);
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
        if binding.lease.valid <= cx.now() {
            // RFC 8415 §18.2.5: nothing is left, so everything begins anew.
            self.binding = None;
            self.begin(Kind::Solicit, Duration::ZERO, cx);
        } else if binding.t2 <= cx.now() {
            self.begin(Kind::Rebind, Duration::ZERO, cx);
        } else {
            self.begin(Kind::Renew, Duration::ZERO, cx);
        }
    }
}

fn exchange_kind(exchange: &Option<Exchange>) -> Option<Kind> {
    exchange.as_ref().map(|exchange| exchange.kind.clone())
}

fn preference(message: &Message) -> u8 {
    let given = message.opts().iter().find_map(|option| match option {
        DhcpOption::Preference(preference) => Some(*preference),
        _ => None,
    });
    given.unwrap_or(0)
}

fn seconds(message: &Message, code: u16) -> Option<u32> {
    let bytes = dhcpv6::raw_option(message, code)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

// RFC 8415 §7.6: SOL_MAX_DELAY and INF_MAX_DELAY, IRT_DEFAULT and IRT_MINIMUM.
const MAX_FIRST_DELAY: Duration = Duration::from_secs(1);
const IRT_DEFAULT: u32 = 86400;
const IRT_MINIMUM: u32 = 600;
// Ours: no lease is so short that it must be renewed more often.
const T1_MINIMUM: Duration = Duration::from_secs(1);
// Ours: how long a refused client rests.
const FAILURE_PAUSE: Duration = Duration::from_secs(10);
