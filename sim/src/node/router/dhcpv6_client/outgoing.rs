//! The messages the client sends (RFC 8415 §16, §18.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::{DhcpOption, DhcpOptions, IANA, ORO, UnknownOption};
use ipnet::Ipv6Net;
use rand::Rng;

use super::{Client, Kind, REQUEST_STORM};
use crate::message::dhcpv6::{self, Delegated, Message, MessageType};
use crate::message::packet::{ALL_DHCP, ETHERNET_HEADER, Envelope, Mac};
use crate::node::Context;
use crate::node::router::defect::defects;
use crate::node::router::interface::Interface;
use crate::time::Time;

impl Client {
    /// Sends what is waiting for an answer, and sets the next timeout.
    pub(super) fn send_message(&mut self, wan: &mut Interface, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        if exchange.first_sent.is_some() && self.defects.has(NEW_XID_ON_RETRANSMIT) {
            exchange.xid = cx.random().random();
        }
        let first_sent = *exchange.first_sent.get_or_insert(now);
        exchange.retransmission.note_sent(now, cx.random());
        let storms = match exchange.kind {
            Kind::Solicit => self.defects.has(SOLICIT_STORM),
            Kind::Request(_) => self.defects.has(REQUEST_STORM),
            Kind::Renew => self.defects.has(RENEW_STORM),
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
        let ports = match self.defects.has(SWAPS_DHCPV6_PORTS) {
            true => (dhcpv6::SERVER_PORT, dhcpv6::CLIENT_PORT),
            false => (dhcpv6::CLIENT_PORT, dhcpv6::SERVER_PORT),
        };
        let frame = envelope.udp(ports.0, ports.1, &bytes);
        if to == ALL_DHCP {
            wan.send_frame(frame, cx);
        } else {
            wan.send(to, &frame[ETHERNET_HEADER..], cx);
        }
    }

    /// Returns where a message goes: to all servers, but a Renew to one that takes unicast.
    fn destination(&self) -> Ipv6Addr {
        let any = self.defects.has(REBINDS_BY_UNICAST);
        let renews = self
            .exchange
            .as_ref()
            .is_some_and(|exchange| match exchange.kind {
                Kind::Renew => true,
                Kind::Rebind | Kind::Verify => any,
                Kind::Solicit | Kind::Request(_) | Kind::InformationRequest | Kind::Release => {
                    false
                }
            });
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
                let named = self.defects.has(REBIND_WITH_SERVER_ID);
                let binding = self.binding.as_ref()?;
                (MessageType::Rebind, Some(&binding.server).filter(|_| named))
            }
            Kind::Release => (MessageType::Release, Some(&self.abandoned.as_ref()?.server)),
            Kind::InformationRequest => (MessageType::InformationRequest, None),
        };
        // Who gives a lease back asks for nothing more (RFC 8415 Appendix B).
        let releases = exchange.kind == Kind::Release;
        let request = (!releases).then(|| self.option_request(&exchange.kind));
        let mut options = Vec::from_iter(request);
        if !self.defects.has(NO_CLIENT_ID) {
            options.push(DhcpOption::ClientId(self.duid()));
        }
        if let Some(server) = server.filter(|_| !self.defects.has(NO_SERVER_ID)) {
            options.push(DhcpOption::ServerId(server.clone()));
        }
        if !self.defects.has(NO_ELAPSED_TIME) {
            // RFC 8415 §21.9: hundredths of a second since the first message of the exchange.
            let elapsed = match now.since(first_sent).as_millis() {
                _ if self.defects.has(ELAPSED_TIME_STANDS_STILL) => 0,
                elapsed => elapsed / 10,
            };
            let elapsed = u16::try_from(elapsed).unwrap_or(u16::MAX);
            options.push(DhcpOption::ElapsedTime(elapsed));
        }
        if !releases && !self.defects.has(NO_RECONFIGURE_ACCEPT) {
            options.push(DhcpOption::ReconfAccept); // RFC 7084 §4.2 WAA-4
        }
        if exchange.kind == Kind::Solicit && self.defects.has(SENDS_SOL_MAX_RT) {
            let value = SOL_MAX_RT.to_be_bytes().to_vec();
            let option = UnknownOption::new(dhcpv6::SOL_MAX_RT, value);
            options.push(DhcpOption::Unknown(option));
        }
        // RFC 7084 §4.2 WAA-6; the line grants none (ngn-facts §2.1).
        let asks = matches!(exchange.kind, Kind::Solicit | Kind::Request(_)) && self.managed;
        if asks && !self.defects.has(NO_ADDRESS_REQUEST) {
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
            let wishes = self.defects.has(WISHES_LIFETIMES);
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
            Kind::InformationRequest if self.defects.has(PREFIX_IN_INFORMATION_REQUEST) => {
                wish(HINT)
            }
            Kind::InformationRequest => return None,
            Kind::Solicit if self.defects.has(HINTS_TOO_LONG) => wish(LONG_HINT),
            Kind::Solicit if self.defects.has(ZERO_LENGTH_HINT) => wish(ZERO_HINT),
            Kind::Solicit if self.defects.has(SOLICITS_WITHOUT_PREFIX) => return None,
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
                if self.defects.has(ZEROS_IN_RENEW) {
                    (granted.preferred, granted.valid) = (0, 0);
                }
                let (t1, t2) = (granted.preferred / 2, granted.preferred / 5 * 4);
                let named = match self.defects.has(RENEWS_WITHOUT_PREFIX) {
                    true => &[][..],
                    false => &[granted],
                };
                dhcpv6::delegation(self.iaid(), t1, t2, named)
            }
        })
    }

    fn option_request(&self, kind: &Kind) -> DhcpOption {
        let mut codes = Vec::new();
        if !self.defects.has(NO_DNS_REQUEST) {
            codes.extend([23, 24]); // RFC 7084 §4.2 WAA-4
        }
        codes.push(dhcpv6::SNTP_SERVERS);
        if *kind == Kind::InformationRequest {
            if !self.defects.has(NO_INF_MAX_RT) {
                // RFC 8415 §18.2.6: Information Refresh Time and INF_MAX_RT.
                codes.extend([32, u16::from(dhcpv6::INF_MAX_RT)]);
            }
        } else if !self.defects.has(NO_SOL_MAX_RT) {
            codes.push(u16::from(dhcpv6::SOL_MAX_RT)); // RFC 8415 §18.2.1, §18.2.2
        }
        if *kind != Kind::InformationRequest && self.defects.has(REFRESH_TIME_EVERYWHERE) {
            codes.push(32);
        }
        if self.defects.has(REPEATS_OPTION_CODES) {
            codes.extend([1, 23]);
        }
        DhcpOption::ORO(ORO {
            opts: codes.into_iter().map(Into::into).collect(),
        })
    }

    /// Returns our identifier: DUID-LL, which the line insists on (ngn-facts §2.1).
    pub(super) fn duid(&self) -> Vec<u8> {
        if self.defects.has(DUID_LLT) {
            // RFC 8415 §11.2: type 1, Ethernet, a time, the address.
            return [&[0, 1, 0, 1, 0x2c, 0, 0, 0], &self.mac.0[..]].concat();
        }
        let mut duid = self.mac.duid_ll();
        if self.defects.has(NEW_DUID_AFTER_REBOOT) {
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
        if self.defects.has(NEW_IAID_AFTER_REBOOT) {
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

defects! {
    /// Says in every DHCPv6 message that no time has elapsed.
    ELAPSED_TIME_STANDS_STILL = "elapsed-time-stands-still",
        "どのDHCPv6メッセージでも、Elapsed Timeを0のままにする。";
    /// Sends Rebind to its server alone where that takes unicast.
    REBINDS_BY_UNICAST = "rebinds-by-unicast",
        "サーバがユニキャストを許すと、Rebindまでそのサーバだけに送る。";
    /// Sends its DHCPv6 messages to the port at which clients listen.
    SWAPS_DHCPV6_PORTS = "swaps-dhcpv6-ports",
        "DHCPv6のメッセージを、サーバではなくクライアントのポート（546）に送る。";
    /// Leaves the prefix that it holds out of Renew and Rebind.
    RENEWS_WITHOUT_PREFIX = "renews-without-prefix",
        "RenewとRebindに、持っているプレフィックスを入れない。";
    /// Identifies itself by DUID-LLT, as the default of OpenWrt 25.12, which the network drops
    /// (ngn-facts §2.1).
    DUID_LLT = "duid-llt",
        "DUIDにDUID-LLTを使う。OpenWrt 25.12の既定値であり、網はその要求を破棄する。";
    /// Makes itself another DUID whenever it boots.
    NEW_DUID_AFTER_REBOOT = "new-duid-after-reboot",
        "起動するたびに新しいDUIDを作る。";
    /// Numbers its identity association anew whenever it boots.
    NEW_IAID_AFTER_REBOOT = "new-iaid-after-reboot",
        "起動するたびにIAIDを変える。";
    /// Sends DHCPv6 messages without a Client Identifier.
    NO_CLIENT_ID = "no-client-id",
        "DHCPv6のメッセージにClient Identifierを入れない。";
    /// Sends DHCPv6 messages without an Elapsed Time.
    NO_ELAPSED_TIME = "no-elapsed-time",
        "DHCPv6のメッセージにElapsed Timeを入れない。";
    /// Takes a fresh transaction id for every retransmission.
    NEW_XID_ON_RETRANSMIT = "new-xid-on-retransmit",
        "再送のたびにトランザクションIDを変える。";
    /// Leaves SOL_MAX_RT out of its Option Request.
    NO_SOL_MAX_RT = "no-sol-max-rt",
        "Option RequestにSOL_MAX_RTを入れない。";
    /// Sends SOL_MAX_RT with a value of its own instead of asking for it.
    SENDS_SOL_MAX_RT = "sends-sol-max-rt",
        "SOL_MAX_RTを要求せず、自分で決めた値を送る。";
    /// Leaves the refresh time and INF_MAX_RT out of its Information-Request.
    NO_INF_MAX_RT = "no-inf-max-rt",
        "Information-RequestでInformation Refresh TimeとINF_MAX_RTを要求しない。";
    /// Asks for a prefix in its Information-Request, too, which no server answers (RFC 8415 §16.12).
    PREFIX_IN_INFORMATION_REQUEST = "prefix-in-information-request",
        "Information-Requestでプレフィックスまで要求し、どのサーバからも応答されない。";
    /// Asks for the Information Refresh Time in Solicit and Request, too.
    REFRESH_TIME_EVERYWHERE = "refresh-time-everywhere",
        "SolicitとRequestでもInformation Refresh Timeを要求する。";
    /// Names option codes twice in its Option Request, and its own Client Identifier with them.
    REPEATS_OPTION_CODES = "repeats-option-codes",
        "Option Requestに同じ番号を重複して入れ、自分のClient Identifierの番号まで入れる。";
    /// Leaves the DNS servers out of its Option Request.
    NO_DNS_REQUEST = "no-dns-request",
        "Option RequestにDNSサーバを入れない。";
    /// Sends Request and Renew without the Server Identifier.
    NO_SERVER_ID = "no-server-id",
        "RequestとRenewにServer Identifierを入れない。";
    /// Repeats Solicit every second without backing off.
    SOLICIT_STORM = "solicit-storm",
        "再送間隔を延ばさず、毎秒Solicitを送る。";
    /// Renews with lifetimes of zero, as systemd-networkd, which home gateways drop (ngn-facts
    /// §3.3).
    ZEROS_IN_RENEW = "zeros-in-renew",
        "Renewの有効期間をどれも0にする。systemd-networkdがそうし、ひかり電話ルータはその要求を破棄する。";
    /// Repeats Renew every second while the server is silent.
    RENEW_STORM = "renew-storm",
        "サーバが応答しない間、Renewを毎秒送る。";
    /// Sends Rebind with the Server Identifier of the server that is silent.
    REBIND_WITH_SERVER_ID = "rebind-with-server-id",
        "応答しないサーバのServer IdentifierをRebindに入れる。";
    /// Does not say that it accepts Reconfigure, so that it hears of a new prefix hours late
    /// (ngn-facts §2.2).
    NO_RECONFIGURE_ACCEPT = "no-reconfigure-accept",
        "Reconfigureを受け付けることをサーバに伝えず、プレフィックスの変更に何時間も気づかない。";
    /// Asks for no address although the line says that addresses are managed.
    NO_ADDRESS_REQUEST = "no-address-request",
        "回線がアドレスの管理を示していても、アドレスを要求しない。";
    /// Solicits without asking for a prefix.
    SOLICITS_WITHOUT_PREFIX = "solicits-without-prefix",
        "Solicitでプレフィックスを要求しない。";
    /// Hints at a /72, which has no room for a LAN.
    HINTS_TOO_LONG = "hints-too-long",
        "LANに割り当てる余地のない/72のプレフィックスを希望する。";
    /// Hints at a prefix of length zero.
    ZERO_LENGTH_HINT = "zero-length-hint",
        "長さ0のプレフィックスを希望する。";
    /// Wishes for lifetimes of its own in Solicit and Request.
    WISHES_LIFETIMES = "wishes-lifetimes",
        "SolicitとRequestで、自分の希望する有効期間を示す。";
}
