//! What distinguishes one delegating server from another.

use std::time::Duration;

use crate::line::LeaseTimes;

/// How a server treats its clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The lifetimes of a fresh lease.
    pub(crate) lifetimes: Lifetimes,
    /// Whether a client that asks anew during its lease gets what remains of it.
    pub(crate) counts_down: bool,
    /// Whether another client may take over a prefix that is leased.
    pub(crate) takes_over: bool,
    /// What a client hears that cannot get a prefix.
    pub(crate) refusal: Refusal,
    /// Whether everything but Information-Request needs a DUID-LL.
    pub(crate) delegation_needs_duid_ll: bool,
    /// Whether a DUID-LLT does as well there.
    pub(crate) accepts_duid_llt: bool,
    /// Whether Information-Request needs a DUID-LL.
    pub(crate) information_needs_duid_ll: bool,
    /// Whether each Request takes another prefix, and the one before stays taken.
    pub(crate) new_slot_per_request: bool,
    /// Whether all identity associations of a client share one prefix, which an Advertise lists once.
    pub(crate) one_slot_per_client: bool,
    /// Whether wishes for addresses are left unanswered instead of refused.
    pub(crate) ignores_addresses: bool,
}

/// What a client hears that cannot get a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing.
    Silence,
    /// NoPrefixAvail.
    Status,
}

/// Lifetimes and timers of a delegated prefix, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    /// When to renew.
    pub(crate) t1: u32,
    /// When to rebind.
    pub(crate) t2: u32,
    /// How long addresses are preferred.
    pub(crate) preferred: u32,
    /// How long addresses are valid.
    pub(crate) valid: u32,
}

impl From<LeaseTimes> for Lifetimes {
    fn from(times: LeaseTimes) -> Self {
        Self {
            t1: times.t1,
            t2: times.t2,
            preferred: times.preferred,
            valid: times.valid,
        }
    }
}

impl Lifetimes {
    /// All ones is infinity (RFC 8415 §7.7).
    pub(crate) const FOR_EVER: Self = Self {
        t1: u32::MAX,
        t2: u32::MAX,
        preferred: u32::MAX,
        valid: u32::MAX,
    };

    /// Returns the valid lifetime as a span.
    pub(crate) fn valid(self) -> Duration {
        Duration::from_secs(u64::from(self.valid))
    }

    /// Returns the lifetimes of a lease of which `remaining` is left.
    pub(crate) fn after(self, remaining: Duration) -> Self {
        let left = u32::try_from(remaining.as_secs()).unwrap_or(u32::MAX);
        if left >= self.valid {
            return self;
        }
        // What is set to contradict itself does so for a client that comes again, too.
        if self.preferred > self.valid || self.t1 > self.t2 {
            return Self {
                valid: left,
                ..self
            };
        }
        // ngn-facts §2.2: 0.5, 0.8 and 0.875 of what remains; halves round down, as captured.
        let part = |numerator: u64, denominator: u64| {
            let rounded = (2 * numerator * u64::from(left) + denominator - 1) / (2 * denominator);
            u32::try_from(rounded).unwrap_or(u32::MAX)
        };
        Self {
            t1: part(1, 2),
            t2: part(4, 5),
            preferred: part(7, 8),
            valid: left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_that_contradict_themselves_still_do_when_a_lease_has_begun() {
        let odd = Lifetimes {
            t1: 1800,
            t2: 2700,
            preferred: 14_400,
            valid: 7200,
        };
        let later = odd.after(Duration::from_secs(7199));
        assert_eq!((later.preferred, later.valid), (14_400, 7199));
    }

    #[test]
    fn what_remains_of_a_lease_has_the_lifetimes_seen_on_a_cross_line() {
        let full = Lifetimes {
            t1: 7200,
            t2: 10_800,
            preferred: 12_600,
            valid: 14_400,
        };
        let after = |secs| full.after(Duration::from_secs(secs));
        let lifetimes = |t1, t2, preferred, valid| Lifetimes {
            t1,
            t2,
            preferred,
            valid,
        };
        assert_eq!(after(1844), lifetimes(922, 1475, 1613, 1844));
        assert_eq!(after(1633), lifetimes(816, 1306, 1429, 1633));
        assert_eq!(after(14_400), full);
        assert_eq!(after(0).preferred, 0);
    }
}
