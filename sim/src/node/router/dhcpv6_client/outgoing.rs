//! The messages the client sends (RFC 8415 §16, §18.2).

use std::time::Duration;

use dhcproto::v6::{DhcpOption, ORO};
use rand::Rng;

use super::{Client, Kind};
use crate::message::dhcpv6::{self, Delegated, Message, MessageType};
use crate::message::packet::{ALL_DHCP, Envelope, Mac};
use crate::node::Context;
use crate::node::router::defect::Defect;
use crate::node::router::interface::Interface;
use crate::time::Time;

impl Client {
    /// Sends what is waiting for an answer, and sets the next timeout.
    pub(super) fn send_message(&mut self, wan: &Interface, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        if exchange.first_sent.is_some() && self.defects.has(Defect::NewXidOnRetransmit) {
            exchange.xid = cx.random().random();
        }
        let first_sent = *exchange.first_sent.get_or_insert(now);
        exchange.retransmission.note_sent(now, cx.random());
        if exchange.kind == Kind::Solicit && self.defects.has(Defect::SolicitStorm) {
            exchange.retransmission.due = now + STORM_INTERVAL;
        }
        let Some(message) = self.message(first_sent, now) else {
            return;
        };
        let envelope = Envelope::new(wan.mac(), wan.mac(), wan.link_local(), ALL_DHCP);
        let bytes = dhcpv6::encode(&message);
        wan.send_frame(
            envelope.udp(dhcpv6::CLIENT_PORT, dhcpv6::SERVER_PORT, &bytes),
            cx,
        );
    }

    fn message(&self, first_sent: Time, now: Time) -> Option<Message> {
        let exchange = self.exchange.as_ref()?;
        let (kind, server) = match &exchange.kind {
            Kind::Solicit => (MessageType::Solicit, None),
            Kind::Request(offer) => (MessageType::Request, Some(&offer.server)),
            Kind::Renew => (MessageType::Renew, Some(&self.binding.as_ref()?.server)),
            Kind::Rebind => (MessageType::Rebind, None),
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
        options.extend(self.delegation(&exchange.kind));
        Some(dhcpv6::message(kind, exchange.xid, options))
    }

    /// Returns the association that goes into a message.
    fn delegation(&self, kind: &Kind) -> Option<DhcpOption> {
        Some(match kind {
            Kind::InformationRequest => return None,
            Kind::Solicit => dhcpv6::delegation(self.iaid(), 0, 0, &[]),
            // RFC 8415 §21.22: a client leaves the lifetimes to the server.
            Kind::Request(offer) => {
                let wish = Delegated {
                    preferred: 0,
                    valid: 0,
                    ..offer.prefix
                };
                dhcpv6::delegation(self.iaid(), 0, 0, &[wish])
            }
            // ngn-facts §2.2 and §3.3: the network's own terminals repeat what was granted, and home
            // gateways have been seen to drop zeros.
            Kind::Renew | Kind::Rebind => {
                let granted = self.binding.as_ref()?.granted;
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
            // RFC 8415 §18.2.6: Information Refresh Time and INF_MAX_RT.
            codes.extend([32, u16::from(dhcpv6::INF_MAX_RT)]);
        } else if !self.defects.has(Defect::NoSolMaxRt) {
            codes.push(u16::from(dhcpv6::SOL_MAX_RT)); // RFC 8415 §18.2.1, §18.2.2
        }
        DhcpOption::ORO(ORO {
            opts: codes.into_iter().map(Into::into).collect(),
        })
    }

    /// Returns our identifier: DUID-LL, which the line insists on (ngn-facts §2.1).
    fn duid(&self) -> Vec<u8> {
        if self.defects.has(Defect::DuidLlt) {
            // RFC 8415 §11.2: type 1, Ethernet, a time, the address.
            return [&[0, 1, 0, 1, 0x2c, 0, 0, 0], &self.mac.0[..]].concat();
        }
        self.mac.duid_ll()
    }

    /// Returns the identity association's number, the same after every restart (RFC 9096 §3.2).
    pub(super) fn iaid(&self) -> u32 {
        let Mac([_, _, a, b, c, d]) = self.mac;
        u32::from_be_bytes([a, b, c, d])
    }
}

const STORM_INTERVAL: Duration = Duration::from_secs(1);
