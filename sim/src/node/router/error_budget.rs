//! How often the router sends ICMPv6 errors (RFC 4443 §2.4 (f)).

use std::time::Duration;

use crate::time::Time;

/// A token bucket for errors.
pub(super) struct Budget {
    tokens: u32,
    filled: Time,
    /// Whether time fills it again, as it does but for a defect.
    refills: bool,
}

impl Budget {
    pub(super) fn new(refills: bool) -> Self {
        Self {
            refills,
            tokens: BURST,
            filled: Time::ZERO,
        }
    }

    /// Takes a token, if there is one.
    pub(super) fn spend(&mut self, now: Time) -> bool {
        let fresh = now.since(self.filled).as_millis() / INTERVAL.as_millis();
        if fresh > 0 && self.refills {
            let fresh = u32::try_from(fresh).unwrap_or(u32::MAX);
            self.tokens = self.tokens.saturating_add(fresh).min(BURST);
            self.filled = now;
        }
        let may = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        may
    }
}

// RFC 4443 §2.4 (f) suggests a token bucket of 10 for a small device.
const BURST: u32 = 10;
const INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_errors_is_cut_and_recovers() {
        let mut budget = Budget::new(true);
        let spent = (0..100).filter(|_| budget.spend(Time::ZERO)).count();
        assert_eq!(spent, 10);
        assert!(budget.spend(Time::from_secs(1)));
    }
}
