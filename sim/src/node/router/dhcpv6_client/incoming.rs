//! The messages the client hears (RFC 8415 §16, §18.2.9 and §18.2.10).

use std::net::Ipv6Addr;
use std::ops::RangeInclusive;
use std::time::Duration;

use dhcproto::v6::DhcpOption;

use super::outgoing::{HINT, NO_CLIENT_ID};
use super::{Client, Credential, Kind, LineOptions, Offer};
use crate::message::dhcpv6::{self, Delegated, Message, MessageType, Status, reconfigure};
use crate::node::Context;
use crate::node::router::defect::defects;
use crate::node::router::lease::after;
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
        self.note_longest_information(message);
        let answer = match message.msg_type() {
            MessageType::Unknown(_) if self.defects.has(TAKES_ANY_MESSAGE_TYPE) => {
                MessageType::Reply
            }
            other => other,
        };
        if answer == MessageType::Reply && self.defects.has(IGNORES_REPLIES) {
            return;
        }
        match (answer, Some(kind)) {
            (MessageType::Advertise, Some(Kind::Solicit)) => {
                self.handle_advertise(message, server, cx)
            }
            (MessageType::Reply, Some(Kind::InformationRequest)) => {
                self.handle_information(message, cx)
            }
            (MessageType::Reply, Some(Kind::Solicit))
                if self.defects.has(TAKES_REPLIES_TO_SOLICIT) =>
            {
                self.handle_reply(message, server, Kind::Solicit, cx);
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
                    && self.defects.has(UNICAST_RENEW)
                {
                    binding.unicast = Some(from);
                }
            }
            _ => {}
        }
    }

    /// RFC 8415 §16.3 and §16.10: both identifiers and the transaction id must be right.
    fn is_acceptable(&self, message: &Message, xid: [u8; 3]) -> bool {
        let anonymous = self.defects.has(NO_CLIENT_ID);
        let known_client = match dhcpv6::client_id(message) {
            Some(id) => id == self.duid(),
            None => anonymous,
        };
        let genuine = known_client && dhcpv6::server_id(message).is_some() && message.xid() == xid;
        let unknown = |option: &DhcpOption| matches!(option, DhcpOption::Unknown(raw) if u16::from(raw.code()) > HIGHEST_KNOWN);
        let strange = message.opts().iter().any(unknown);
        (genuine || self.defects.has(ACCEPTS_FORGED_REPLIES))
            && !(strange && self.defects.has(DROPS_UNKNOWN_OPTIONS))
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
        let any = self.defects.has(TAKES_ANY_SOL_MAX_RT);
        if self.defects.has(IGNORES_SOL_MAX_RT) {
            return;
        }
        if MAX_RT_RANGE.contains(&secs) || any {
            self.longest_solicit = Duration::from_secs(u64::from(secs));
            if let Some(exchange) = &mut self.exchange
                && exchange.kind == Kind::Solicit
            {
                exchange.retransmission.schedule.longest = self.longest_solicit;
            }
        }
    }

    /// RFC 8415 §21.25, with the same range.
    fn note_longest_information(&mut self, message: &Message) {
        let given = seconds(message, u16::from(dhcpv6::INF_MAX_RT));
        if let Some(secs) = given.filter(|secs| MAX_RT_RANGE.contains(secs))
            && !self.defects.has(IGNORES_INF_MAX_RT)
        {
            self.longest_information = Duration::from_secs(u64::from(secs));
        }
    }

    fn handle_advertise(&mut self, message: &Message, server: Vec<u8>, cx: &mut Context<'_>) {
        // No server of this network grants one.
        if self.defects.has(INSISTS_ON_ADDRESS) {
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
        let best = preference == u8::MAX && !self.defects.has(IGNORES_PREFERENCE);
        let hasty = self.defects.has(REQUESTS_AT_ONCE);
        if best || hasty || exchange.retransmission.sent > 1 {
            return self.begin(Kind::Request(offer), Duration::ZERO, cx);
        }
        let first_wins = self.defects.has(FIRST_OFFER_WINS);
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
        if self.defects.has(SOLICITS_WHEN_REFUSED) {
            self.begin(Kind::Solicit, HASTE, cx);
        } else if self.defects.has(REQUESTS_EMPTY_OFFERS) {
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
        let least = if self.defects.has(REFRESHES_TOO_OFTEN) {
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
        self.refresh = if self.defects.has(NEVER_REFRESHES_INFORMATION) {
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
                if self.defects.has(RETRIES_UNSPEC_FAIL_AT_ONCE)
                    && let Some(exchange) = &mut self.exchange
                {
                    exchange.retransmission.due = cx.now() + HASTE;
                }
                return;
            }
            (Some(Status::UseMulticast), _) => return self.leave_unicast(kind, cx),
            (Some(Status::NoBinding), Kind::Renew | Kind::Rebind | Kind::Verify) => {
                if self.defects.has(IGNORES_NO_BINDING) {
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
        let ends_any = self.defects.has(TAKES_ANY_WITHDRAWAL)
            && dhcpv6::delegations(message)
                .flat_map(dhcpv6::prefixes)
                .any(|prefix| prefix.valid == 0);
        if ends_any && current.is_some() {
            self.binding = None;
            return self.begin_anew(cx);
        }
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
        let withdrawn = withdrawn && !self.defects.has(KEEPS_WHAT_WAS_WITHDRAWN);
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
        if self.defects.has(INSISTS_ON_UNICAST) {
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

    fn take_options(&mut self, message: &Message) {
        let mut search = dhcpv6::search_list(message);
        if search.is_empty() && self.defects.has(KEEPS_WITHDRAWN_OPTIONS) {
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

// RFC 8415 §21.24 and §21.25.
const MAX_RT_RANGE: RangeInclusive<u32> = 60..=86400;
// Information Refresh Time (RFC 8415 §21.23).
const REFRESH_TIME: u16 = 32;
// RFC 8415 §7.6: IRT_DEFAULT and IRT_MINIMUM.
const IRT_DEFAULT: u32 = 86400;
const IRT_MINIMUM: u32 = 600;
// Ours: how long a refused client rests.
const FAILURE_PAUSE: Duration = Duration::from_secs(10);
// How soon the defects try again.
const HASTE: Duration = Duration::from_millis(100);
// No option has a higher code yet.
const HIGHEST_KNOWN: u16 = 1000;

defects! {
    /// Drops its prefix when a Reply withdraws another one.
    TAKES_ANY_WITHDRAWAL = "takes-any-withdrawal",
        "Replyが別のプレフィックスを失効させても、自分のプレフィックスを破棄する。";
    /// Never asks again for what an Information-Request once brought.
    NEVER_REFRESHES_INFORMATION = "never-refreshes-information",
        "Information-Requestで一度得た情報を更新しない。";
    /// Follows an Information Refresh Time below ten minutes to the second.
    REFRESHES_TOO_OFTEN = "refreshes-too-often",
        "600秒に満たないInformation Refresh Timeにもそのまま従う。";
    /// Does not follow the SOL_MAX_RT of a refusal.
    IGNORES_SOL_MAX_RT = "ignores-sol-max-rt",
        "提供を断るAdvertiseのSOL_MAX_RTに従わない。";
    /// Does not follow INF_MAX_RT.
    IGNORES_INF_MAX_RT = "ignores-inf-max-rt",
        "INF_MAX_RTに従わない。";
    /// Follows a SOL_MAX_RT below the least that is allowed.
    TAKES_ANY_SOL_MAX_RT = "takes-any-sol-max-rt",
        "許される下限より小さいSOL_MAX_RTにも従う。";
    /// Sends another Solicit at once whenever an Advertise has nothing to offer.
    SOLICITS_WHEN_REFUSED = "solicits-when-refused",
        "何も提供しないAdvertiseを受け取るたびに、すぐにSolicitを送り直す。";
    /// Sends a Request after an Advertise that has nothing to offer.
    REQUESTS_EMPTY_OFFERS = "requests-empty-offers",
        "何も提供しないAdvertiseにRequestを送る。";
    /// Takes the first Advertise at once without waiting for better ones.
    REQUESTS_AT_ONCE = "requests-at-once",
        "よりよい提供を待たず、最初のAdvertiseにすぐにRequestを送る。";
    /// Takes the first of several offers whatever their preference.
    FIRST_OFFER_WINS = "first-offer-wins",
        "プリファレンスにかかわらず、最初に届いた提供を選ぶ。";
    /// Waits for more offers even after one with preference 255.
    IGNORES_PREFERENCE = "ignores-preference",
        "プリファレンス255のAdvertiseを受け取っても、ほかの提供を待つ。";
    /// Repeats a Request that failed with UnspecFail at once.
    RETRIES_UNSPEC_FAIL_AT_ONCE = "retries-unspec-fail-at-once",
        "UnspecFailを受け取ると、すぐにRequestを送り直す。";
    /// Takes in DHCPv6 answers whatever their transaction id, client and server.
    ACCEPTS_FORGED_REPLIES = "accepts-forged-replies",
        "トランザクションID、クライアント、サーバのどれが違っていても、DHCPv6の応答を受け入れる。";
    /// Drops DHCPv6 messages with options that it does not know.
    DROPS_UNKNOWN_OPTIONS = "drops-unknown-options",
        "未知のオプションを含むDHCPv6のメッセージを破棄する。";
    /// Goes on with a prefix whose lifetimes a renewal has set to zero.
    KEEPS_WHAT_WAS_WITHDRAWN = "keeps-what-was-withdrawn",
        "更新で有効期間が0になったプレフィックスを使い続ける。";
    /// Takes a Reply for a lease that it got to a Solicit.
    TAKES_REPLIES_TO_SOLICIT = "takes-replies-to-solicit",
        "Solicitに対して届いたReplyを、そのままリースとして受け入れる。";
    /// Takes in DHCPv6 messages of unknown type as if they were Replies.
    TAKES_ANY_MESSAGE_TYPE = "takes-any-message-type",
        "種別が未知のDHCPv6のメッセージをReplyとして受け入れる。";
    /// Takes Advertise messages in, and no Reply.
    IGNORES_REPLIES = "ignores-replies",
        "Advertiseは受け入れるが、Replyを受け入れない。";
    /// Sends Renew to the address the answer came from, uninvited.
    UNICAST_RENEW = "unicast-renew",
        "許可されていないのに、Replyを送ったアドレスにRenewをユニキャストで送る。";
    /// Goes on by unicast after UseMulticast.
    INSISTS_ON_UNICAST = "insists-on-unicast",
        "UseMulticastを受け取っても、ユニキャストで送り続ける。";
    /// Goes on with Renew although the server has no binding.
    IGNORES_NO_BINDING = "ignores-no-binding",
        "サーバがNoBindingを返しても、Renewを送り続ける。";
    /// Keeps the search list that a later Reply lacks.
    KEEPS_WITHDRAWN_OPTIONS = "keeps-withdrawn-options",
        "後のReplyに検索リストがなくても、前に得たものを使い続ける。";
    /// Wants an address with its prefix, and takes no delegation that comes without one, which the
    /// network never grants (ngn-facts §2.1).
    INSISTS_ON_ADDRESS = "insists-on-address",
        "プレフィックスとともにアドレスも求め、アドレスのない委任を受け入れない。網はアドレスを割り当てない。";
}
