//! The messages the client sends (RFC 8415 §16, §18.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::{DhcpOption, DhcpOptions, IANA, ORO, UnknownOption};
use ipnet::Ipv6Net;
use rand::Rng;

use super::{Client, Kind};
use crate::message::dhcpv6::{self, Delegated, Message, MessageType};
use crate::message::packet::{ALL_DHCP, ETHERNET_HEADER, Envelope, Mac};
use crate::node::Context;
use crate::node::router::defect::Defect;
use crate::node::router::interface::Interface;
use crate::time::Time;

impl Client {
    /// Sends what is waiting for an answer, and sets the next timeout.
    pub(super) fn send_message(&mut self, wan: &mut Interface, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        if exchange.first_sent.is_some() && self.defects.has(Defect::NewXidOnRetransmit) {
            exchange.xid = cx.random().random();
        }
        let first_sent = *exchange.first_sent.get_or_insert(now);
        exchange.retransmission.note_sent(now, cx.random());
        let storms = match exchange.kind {
            Kind::Solicit => self.defects.has(Defect::SolicitStorm),
            Kind::Request(_) => self.defects.has(Defect::RequestStorm),
            Kind::Renew => self.defects.has(Defect::RenewStorm),
            Kind::Rebind | Kind::Verify | Kind::InformationRequest | Kind::Release => false,
        };
        if storms {
            exchange.retransmission.due = now + STORM_INTERVAL;
        }
        let Some(message) = self.message(first_sent, now) else {
            return;
        };
        let to = self.destination();
        let envelope = Envelope::new(wan.mac(), wan.mac(), wan.link_local(), to);
        let bytes = dhcpv6::encode(&message);
        let frame = envelope.udp(dhcpv6::CLIENT_PORT, dhcpv6::SERVER_PORT, &bytes);
        if to == ALL_DHCP {
            wan.send_frame(frame, cx);
        } else {
            wan.send(to, &frame[ETHERNET_HEADER..], cx);
        }
    }

    /// Returns where a message goes: to all servers, but a Renew to one that takes unicast.
    fn destination(&self) -> Ipv6Addr {
        let renews = matches!(&self.exchange, Some(exchange) if exchange.kind == Kind::Renew);
        let binding = self.binding.as_ref().filter(|_| renews);
        binding
            .and_then(|binding| binding.unicast)
            .unwrap_or(ALL_DHCP)
    }

    fn message(&self, first_sent: Time, now: Time) -> Option<Message> {
        let exchange = self.exchange.as_ref()?;
        let (kind, server) = match &exchange.kind {
            Kind::Solicit => (MessageType::Solicit, None),
            Kind::Request(offer) => (MessageType::Request, Some(&offer.server)),
            Kind::Renew => (MessageType::Renew, Some(&self.binding.as_ref()?.server)),
            Kind::Rebind | Kind::Verify => {
                let named = self.defects.has(Defect::RebindWithServerId);
                let binding = self.binding.as_ref()?;
                (MessageType::Rebind, Some(&binding.server).filter(|_| named))
            }
            Kind::Release => (MessageType::Release, Some(&self.abandoned.as_ref()?.server)),
            Kind::InformationRequest => (MessageType::InformationRequest, None),
        };
        let mut options = vec![self.option_request(&exchange.kind)];
        if !self.defects.has(Defect::NoClientId) {
            options.push(DhcpOption::ClientId(self.duid()));
        }
        if let Some(server) = server.filter(|_| !self.defects.has(Defect::NoServerId)) {
            options.push(DhcpOption::ServerId(server.clone()));
        }
        if !self.defects.has(Defect::NoElapsedTime) {
            // RFC 8415 §21.9: hundredths of a second since the first message of the exchange.
            let elapsed = now.since(first_sent).as_millis() / 10;
            let elapsed = u16::try_from(elapsed).unwrap_or(u16::MAX);
            options.push(DhcpOption::ElapsedTime(elapsed));
        }
        if exchange.kind != Kind::Release && !self.defects.has(Defect::NoReconfigureAccept) {
            options.push(DhcpOption::ReconfAccept); // RFC 7084 §4.2 WAA-4
        }
        if exchange.kind == Kind::Solicit && self.defects.has(Defect::SendsSolMaxRt) {
            let value = SOL_MAX_RT.to_be_bytes().to_vec();
            let option = UnknownOption::new(dhcpv6::SOL_MAX_RT, value);
            options.push(DhcpOption::Unknown(option));
        }
        // RFC 7084 §4.2 WAA-6; the line grants none (ngn-facts §2.1).
        let asks = matches!(exchange.kind, Kind::Solicit | Kind::Request(_)) && self.managed;
        if asks && !self.defects.has(Defect::NoAddressRequest) {
            options.push(DhcpOption::IANA(IANA {
                id: self.iaid(),
                t1: 0,
                t2: 0,
                opts: DhcpOptions::new(),
            }));
        }
        options.extend(self.delegation(&exchange.kind));
        Some(dhcpv6::message(kind, exchange.xid, options))
    }

    /// Returns the association that goes into a message.
    fn delegation(&self, kind: &Kind) -> Option<DhcpOption> {
        let wish = |prefix| {
            let wishes = self.defects.has(Defect::WishesLifetimes);
            let (preferred, valid) = if wishes { (7200, 7500) } else { (0, 0) };
            // RFC 8415 §21.22: a client leaves the lifetimes to the server.
            let wish = Delegated {
                prefix,
                preferred,
                valid,
            };
            dhcpv6::delegation(self.iaid(), 0, 0, &[wish])
        };
        Some(match kind {
            Kind::InformationRequest => return None,
            Kind::Solicit if self.defects.has(Defect::HintsTooLong) => wish(LONG_HINT),
            Kind::Solicit if self.defects.has(Defect::ZeroLengthHint) => wish(ZERO_HINT),
            Kind::Solicit => wish(HINT),
            Kind::Request(offer) => wish(offer.prefix.prefix),
            // ngn-facts §2.2 and §3.3: the network's own terminals repeat what was granted, and home
            // gateways have been seen to drop zeros.
            Kind::Renew | Kind::Rebind | Kind::Verify | Kind::Release => {
                let binding = match kind {
                    Kind::Release => self.abandoned.as_ref(),
                    _ => self.binding.as_ref(),
                };
                let mut granted = binding?.granted;
                if self.defects.has(Defect::ZerosInRenew) {
                    (granted.preferred, granted.valid) = (0, 0);
                }
                let (t1, t2) = (granted.preferred / 2, granted.preferred / 5 * 4);
                dhcpv6::delegation(self.iaid(), t1, t2, &[granted])
            }
        })
    }

    fn option_request(&self, kind: &Kind) -> DhcpOption {
        let mut codes = Vec::new();
        if !self.defects.has(Defect::NoDnsRequest) {
            codes.extend([23, 24]); // RFC 7084 §4.2 WAA-4
        }
        codes.push(dhcpv6::SNTP_SERVERS);
        if *kind == Kind::InformationRequest {
            if !self.defects.has(Defect::NoInfMaxRt) {
                // RFC 8415 §18.2.6: Information Refresh Time and INF_MAX_RT.
                codes.extend([32, u16::from(dhcpv6::INF_MAX_RT)]);
            }
        } else if !self.defects.has(Defect::NoSolMaxRt) {
            codes.push(u16::from(dhcpv6::SOL_MAX_RT)); // RFC 8415 §18.2.1, §18.2.2
        }
        if *kind != Kind::InformationRequest && self.defects.has(Defect::RefreshTimeEverywhere) {
            codes.push(32);
        }
        if self.defects.has(Defect::RepeatsOptionCodes) {
            codes.extend([1, 23]);
        }
        DhcpOption::ORO(ORO {
            opts: codes.into_iter().map(Into::into).collect(),
        })
    }

    /// Returns our identifier: DUID-LL, which the line insists on (ngn-facts §2.1).
    pub(super) fn duid(&self) -> Vec<u8> {
        if self.defects.has(Defect::DuidLlt) {
            // RFC 8415 §11.2: type 1, Ethernet, a time, the address.
            return [&[0, 1, 0, 1, 0x2c, 0, 0, 0], &self.mac.0[..]].concat();
        }
        let mut duid = self.mac.duid_ll();
        if self.defects.has(Defect::NewDuidAfterReboot) {
            duid[8] ^= self.boot_number();
        }
        duid
    }

    /// Returns a number that is another one after each boot.
    fn boot_number(&self) -> u8 {
        u8::try_from(self.booted.since(Time::ZERO).as_secs() % 251).unwrap_or_default()
    }

    /// Returns the identity association's number, the same after every restart (RFC 9096 §3.2).
    pub(super) fn iaid(&self) -> u32 {
        let Mac([_, _, a, b, c, d]) = self.mac;
        let iaid = u32::from_be_bytes([a, b, c, d]);
        if self.defects.has(Defect::NewIaidAfterReboot) {
            return iaid ^ u32::from(self.boot_number());
        }
        iaid
    }
}

const STORM_INTERVAL: Duration = Duration::from_secs(1);
/// RFC 7084 §4.2 WPD-2: room for every LAN; a /56 is what the line delegates.
pub(super) const HINT: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 56);
// What the defects send.
const LONG_HINT: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 72);
const ZERO_HINT: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0);
const SOL_MAX_RT: u32 = 3600;
