//! Which prefix of an answer the client takes, and what it then holds (RFC 8415 §18.2.10.1, §21.21,
//! §21.22).

use std::time::Duration;

use dhcproto::v6::DhcpOption;

use super::{Binding, Client};
use crate::message::dhcpv6::{self, Delegated, DhcpOptions, Message};
use crate::message::packet::is_routable;
use crate::node::router::defect::defects;
use crate::node::router::lease::{Lease, after};
use crate::time::Time;

impl Client {
    /// Returns the prefix to use out of a message with T1 and T2, and prefers the current one.
    pub(super) fn grant(
        &self,
        message: &Message,
        current: Option<Lease>,
    ) -> Option<(Delegated, u32, u32)> {
        let speaks = |options: &DhcpOptions| {
            let mut options = options.iter();
            options.any(|option| matches!(option, DhcpOption::StatusCode(_)))
        };
        if self.defects.has(FAILS_AT_ANY_STATUS) && speaks(message.opts()) {
            return None;
        }
        if self.defects.has(PREFIX_FAILS_WITH_ADDRESS) && dhcpv6::refuses_addresses(message) {
            return None;
        }
        let any = self.defects.has(TAKES_ANY_ASSOCIATION);
        let ours = dhcpv6::delegations(message).filter(|ia| any || ia.id == self.iaid());
        // RFC 8415 §21.21: T1 above T2 spoils the association.
        let lax = self.defects.has(ACCEPTS_T1_ABOVE_T2);
        let sane = ours.filter(|ia| ia.t1 == 0 || ia.t2 == 0 || ia.t1 <= ia.t2 || lax);
        let usable: Vec<_> = sane
            .flat_map(|ia| {
                dhcpv6::prefixes(ia)
                    .into_iter()
                    .map(|prefix| (prefix, ia.t1, ia.t2))
            })
            .filter(|(prefix, ..)| self.is_usable(prefix))
            .collect();
        let is_current = |prefix: &Delegated| Some(prefix.prefix) == current.map(|lease| lease.net);
        // What is valid and preferred no longer has to make room for what is.
        let rank =
            |(prefix, ..): &&(Delegated, u32, u32)| (prefix.preferred == 0, !is_current(prefix));
        match any {
            true => usable.first().copied(),
            false => usable.iter().min_by_key(rank).copied(),
        }
    }

    fn is_usable(&self, delegated: &Delegated) -> bool {
        let length = delegated.prefix.prefix_len();
        let expected = !self.defects.has(ONLY_ACCEPTS_56) || length == 56;
        // RFC 8415 §21.22: a preferred lifetime above the valid one spoils a prefix.
        let lax = self.defects.has(ACCEPTS_PREFERRED_ABOVE_VALID);
        let alive = delegated.valid > 0 && (delegated.preferred <= delegated.valid || lax);
        expected && alive && (16..=64).contains(&length) && is_routable(delegated.prefix.addr())
    }

    pub(super) fn bind(
        &mut self,
        granted: Delegated,
        server: Vec<u8>,
        (t1, t2): (u32, u32),
        now: Time,
    ) {
        let t1 = match self.defects.has(KEEPS_FIRST_T1) {
            true => *self.first_t1.get_or_insert(t1),
            false => t1,
        };
        // RFC 8415 §14.2 and §21.21: zero leaves it to us, and 0.5 and 0.8 are recommended.
        let base = if granted.preferred > 0 {
            granted.preferred
        } else {
            granted.valid
        };
        let at_once = self.defects.has(ZERO_T1_MEANS_AT_ONCE);
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
}

// Ours: no lease is so short that it must be renewed more often.
const T1_MINIMUM: Duration = Duration::from_secs(1);

defects! {
    /// Renews after the T1 that it was given first, whatever later Replies say.
    KEEPS_FIRST_T1 = "keeps-first-t1",
        "後のReplyに何とあっても、最初に与えられたT1で更新する。";
    /// Uses the first IA_PD of an answer, whatever its IAID.
    TAKES_ANY_ASSOCIATION = "takes-any-association",
        "IAIDにかかわらず、応答の最初のIA_PDを使う。";
    /// Takes every status for a failure, a success, too.
    FAILS_AT_ANY_STATUS = "fails-at-any-status",
        "成功を示すステータスも失敗とみなす。";
    /// Takes a T1 of zero for now and renews every second.
    ZERO_T1_MEANS_AT_ONCE = "zero-t1-means-at-once",
        "T1が0のときすぐに更新すべきだとみなし、毎秒更新する。";
    /// Takes a delegation whose T1 lies after its T2.
    ACCEPTS_T1_ABOVE_T2 = "accepts-t1-above-t2",
        "T1がT2より大きい委任を受け入れる。";
    /// Takes a delegation that is preferred longer than it is valid.
    ACCEPTS_PREFERRED_ABOVE_VALID = "accepts-preferred-above-valid",
        "推奨有効期間が有効期間を超える委任を受け入れる。";
    /// Refuses a delegation because no address came with it.
    PREFIX_FAILS_WITH_ADDRESS = "prefix-fails-with-address",
        "アドレスを得られないと、委任されたプレフィックスも使わない。";
    /// Accepts nothing but a /56, so that it gets no prefix from a home gateway (ngn-facts §3.1).
    ONLY_ACCEPTS_56 = "only-accepts-56",
        "/56以外の委任を受け入れず、ひかり電話ルータからプレフィックスを得られない。";
}
