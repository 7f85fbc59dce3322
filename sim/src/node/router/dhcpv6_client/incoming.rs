//! The messages the client hears (RFC 8415 §16, §18.2.9 and §18.2.10).

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;

use super::outgoing::HINT;
use super::{Binding, Client, Credential, Kind, LineOptions, Offer};
use crate::message::dhcpv6::{self, Delegated, Message, MessageType, Status, reconfigure};
use crate::message::packet::is_routable;
use crate::node::Context;
use crate::node::router::defect::Defect;
use crate::node::router::lease::{Lease, after};
use crate::time::Time;

impl Client {
    /// Takes in a message that came to our port 546, whence, and the bytes it was read from.
    pub(in super::super) fn handle_message(
        &mut self,
        message: &Message,
        from: Ipv6Addr,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) {
        if message.msg_type() == MessageType::Reconfigure {
            return self.handle_reconfigure(message, bytes, cx);
        }
        let Some(exchange) = &self.exchange else {
            return;
        };
        if exchange.first_sent.is_none() || !self.is_acceptable(message, exchange.xid) {
            return;
        }
        let (kind, server) = (exchange.kind.clone(), dhcpv6::server_id(message));
        let server = server.unwrap_or_default().to_vec();
        self.note_longest_solicit(message);
        let answer = match message.msg_type() {
            MessageType::Unknown(_) if self.defects.has(Defect::TakesAnyMessageType) => {
                MessageType::Reply
            }
            other => other,
        };
        match (answer, Some(kind)) {
            (MessageType::Advertise, Some(Kind::Solicit)) => {
                self.handle_advertise(message, server, cx)
            }
            (MessageType::Reply, Some(Kind::InformationRequest)) => {
                self.handle_information(message, cx)
            }
            (
                MessageType::Reply,
                Some(kind @ (Kind::Request(_) | Kind::Renew | Kind::Rebind | Kind::Verify)),
            ) => {
                self.note_key(message, &server);
                let is_first = matches!(kind, Kind::Request(_));
                self.handle_reply(message, server, kind, cx);
                if let Some(binding) = &mut self.binding
                    && is_first
                    && self.defects.has(Defect::UnicastRenew)
                {
                    binding.unicast = Some(from);
                }
            }
            _ => {}
        }
    }

    /// RFC 8415 §16.3 and §16.10: both identifiers and the transaction id must be right.
    fn is_acceptable(&self, message: &Message, xid: [u8; 3]) -> bool {
        let anonymous = self.defects.has(Defect::NoClientId);
        let known_client = match dhcpv6::client_id(message) {
            Some(id) => id == self.duid(),
            None => anonymous,
        };
        let genuine = known_client && dhcpv6::server_id(message).is_some() && message.xid() == xid;
        let unknown = |option: &DhcpOption| matches!(option, DhcpOption::Unknown(raw) if u16::from(raw.code()) > HIGHEST_KNOWN);
        let strange = message.opts().iter().any(unknown);
        (genuine || self.defects.has(Defect::AcceptsForgedReplies))
            && !(strange && self.defects.has(Defect::DropsUnknownOptions))
    }

    /// Notes the key that a first Reply brings (RFC 8415 §20.4.3).
    fn note_key(&mut self, message: &Message, server: &[u8]) {
        if let Some(key) = reconfigure::key_in(message) {
            self.credential = Some(Credential {
                server: server.to_vec(),
                key,
                replay: 0,
            });
        }
    }

    /// RFC 8415 §18.2.9: taken over even from an Advertise that is of no use; §21.24 has the range.
    fn note_longest_solicit(&mut self, message: &Message) {
        let Some(secs) = seconds(message, u16::from(dhcpv6::SOL_MAX_RT)) else {
            return;
        };
        let any = self.defects.has(Defect::TakesAnySolMaxRt);
        if self.defects.has(Defect::IgnoresSolMaxRt) {
            return;
        }
        if (60..=86400).contains(&secs) || any {
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
            return self.handle_empty_offer(server, cx);
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
        let best = preference == u8::MAX && !self.defects.has(Defect::IgnoresPreference);
        let hasty = self.defects.has(Defect::RequestsAtOnce);
        if best || hasty || exchange.retransmission.sent > 1 {
            return self.begin(Kind::Request(offer), Duration::ZERO, cx);
        }
        let first_wins = self.defects.has(Defect::FirstOfferWins);
        if exchange
            .offer
            .as_ref()
            .is_none_or(|best| best.preference < preference && !first_wins)
        {
            exchange.offer = Some(offer);
        }
    }

    /// RFC 8415 §18.2.9: an Advertise without any offer is ignored.
    fn handle_empty_offer(&mut self, server: Vec<u8>, cx: &mut Context<'_>) {
        if self.defects.has(Defect::SolicitsWhenRefused) {
            self.begin(Kind::Solicit, HASTE, cx);
        } else if self.defects.has(Defect::RequestsEmptyOffers) {
            let prefix = Delegated {
                prefix: HINT,
                preferred: 0,
                valid: 0,
            };
            let offer = Offer {
                server,
                preference: 0,
                prefix,
            };
            self.begin(Kind::Request(offer), Duration::ZERO, cx);
        }
    }

    fn handle_information(&mut self, message: &Message, cx: &mut Context<'_>) {
        self.take_options(message);
        let least = if self.defects.has(Defect::RefreshesTooOften) {
            0
        } else {
            IRT_MINIMUM
        };
        let refresh = message.opts().iter().find_map(|option| match option {
            DhcpOption::InformationRefreshTime(secs) => Some(*secs),
            _ => None,
        });
        let refresh = refresh
            .or_else(|| seconds(message, REFRESH_TIME))
            .map(|secs| secs.max(least));
        self.refresh = if self.defects.has(Defect::NeverRefreshesInformation) {
            Some(Time::NEVER)
        } else {
            Some(after(cx.now(), refresh.unwrap_or(IRT_DEFAULT)))
        };
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
            (Some(Status::UnspecFail), _) => {
                if self.defects.has(Defect::RetriesUnspecFailAtOnce)
                    && let Some(exchange) = &mut self.exchange
                {
                    exchange.retransmission.due = cx.now() + HASTE;
                }
                return;
            }
            (Some(Status::UseMulticast), _) => return self.leave_unicast(kind, cx),
            (Some(Status::NoBinding), Kind::Renew | Kind::Rebind | Kind::Verify) => {
                if self.defects.has(Defect::IgnoresNoBinding) {
                    return;
                }
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
            let unicast = message.opts().iter().find_map(|option| match option {
                DhcpOption::ServerUnicast(address) => Some(*address),
                _ => None,
            });
            self.bind(granted, server, (t1, t2), cx.now());
            if let Some(binding) = &mut self.binding {
                binding.unicast = unicast;
            }
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

    /// Sends a message again by multicast, and under another transaction id: home gateways drop
    /// the one they refused (RFC 8415 §18.2.10; ngn-facts §3.3).
    fn leave_unicast(&mut self, kind: Kind, cx: &mut Context<'_>) {
        if self.defects.has(Defect::InsistsOnUnicast) {
            return;
        }
        if let Some(binding) = &mut self.binding
            && binding.unicast.take().is_some()
        {
            self.begin(kind, Duration::ZERO, cx);
        }
    }

    /// Solicits again, the later the more often it failed (RFC 8415 §14.1).
    pub(super) fn begin_anew(&mut self, cx: &mut Context<'_>) {
        self.failures += 1;
        let delay = FAILURE_PAUSE * self.failures.min(60);
        self.begin(Kind::Solicit, delay, cx);
    }

    /// Returns the prefix to use out of a message with T1 and T2, and prefers the current one.
    fn grant(&self, message: &Message, current: Option<Lease>) -> Option<(Delegated, u32, u32)> {
        if self.defects.has(Defect::PrefixFailsWithAddress) && dhcpv6::refuses_addresses(message) {
            return None;
        }
        let ours = dhcpv6::delegations(message).filter(|ia| ia.id == self.iaid());
        // RFC 8415 §21.21: T1 above T2 spoils the association.
        let lax = self.defects.has(Defect::AcceptsT1AboveT2);
        let sane = ours.filter(|ia| ia.t1 == 0 || ia.t2 == 0 || ia.t1 <= ia.t2 || lax);
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
        let lax = self.defects.has(Defect::AcceptsPreferredAboveValid);
        let alive = delegated.valid > 0 && (delegated.preferred <= delegated.valid || lax);
        expected && alive && (16..=64).contains(&length) && is_routable(delegated.prefix.addr())
    }

    fn bind(&mut self, granted: Delegated, server: Vec<u8>, (t1, t2): (u32, u32), now: Time) {
        // RFC 8415 §14.2 and §21.21: zero leaves it to us, and 0.5 and 0.8 are recommended.
        let base = if granted.preferred > 0 {
            granted.preferred
        } else {
            granted.valid
        };
        let at_once = self.defects.has(Defect::ZeroT1MeansAtOnce);
        let point = |given: u32, tenths: u64| match (given, base) {
            (0, _) if at_once => now + T1_MINIMUM,
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
            unicast: None,
            t1: point(t1, 5),
            t2: point(t2, 8),
        });
    }

    fn take_options(&mut self, message: &Message) {
        let mut search = dhcpv6::search_list(message);
        if search.is_empty() && self.defects.has(Defect::KeepsWithdrawnOptions) {
            search.clone_from(&self.options.search);
        }
        self.options = LineOptions {
            dns: dhcpv6::dns_servers(message),
            search,
            sntp: dhcpv6::raw_option(message, dhcpv6::SNTP_SERVERS)
                .unwrap_or_default()
                .to_vec(),
        };
    }
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

// Information Refresh Time (RFC 8415 §21.23).
const REFRESH_TIME: u16 = 32;
// RFC 8415 §7.6: IRT_DEFAULT and IRT_MINIMUM.
const IRT_DEFAULT: u32 = 86400;
const IRT_MINIMUM: u32 = 600;
// Ours: no lease is so short that it must be renewed more often.
const T1_MINIMUM: Duration = Duration::from_secs(1);
// Ours: how long a refused client rests.
const FAILURE_PAUSE: Duration = Duration::from_secs(10);
// How soon the defects try again.
const HASTE: Duration = Duration::from_millis(100);
// No option has a higher code yet.
const HIGHEST_KNOWN: u16 = 1000;
