//! When a DHCPv6 client sends a message again (RFC 8415 §15).

use std::time::Duration;

use rand::Rng;

use crate::time::Time;

/// How one kind of message is repeated (RFC 8415 §7.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// The first timeout.
    pub(super) first: Duration,
    /// The longest timeout.
    pub(super) longest: Duration,
    /// How often the message is sent, if that is limited.
    pub(super) transmissions: Option<u32>,
    /// Whether the first timeout must be longer than `first` (RFC 8415 §18.2.1, Solicit only).
    pub(super) first_above: bool,
}

/// SOL_TIMEOUT and SOL_MAX_RT.
pub(super) const SOLICIT: Schedule = Schedule {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(3600),
    transmissions: None,
    first_above: true,
};
/// REQ_TIMEOUT, REQ_MAX_RT and REQ_MAX_RC.
pub(super) const REQUEST: Schedule = Schedule {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(30),
    transmissions: Some(10),
    first_above: false,
};
/// REN_TIMEOUT and REN_MAX_RT.
pub(super) const RENEW: Schedule = Schedule {
    first: Duration::from_secs(10),
    longest: Duration::from_secs(600),
    transmissions: None,
    first_above: false,
};
/// REB_TIMEOUT and REB_MAX_RT, which equal those of Renew.
pub(super) const REBIND: Schedule = RENEW;
/// CNF_TIMEOUT and CNF_MAX_RT, for a Rebind that checks a lease (RFC 8415 §18.2.12); its
/// CNF_MAX_RD of ten seconds ends before a fifth message.
pub(super) const VERIFY: Schedule = Schedule {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(4),
    transmissions: Some(4),
    first_above: false,
};
/// INF_TIMEOUT and INF_MAX_RT.
pub(super) const INFORMATION_REQUEST: Schedule = Schedule {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(3600),
    transmissions: None,
    first_above: false,
};

/// The state of one message that is being repeated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retransmission {
    pub(super) schedule: Schedule,
    /// How often the message has left.
    pub(super) sent: u32,
    /// When it is due again.
    pub(super) due: Time,
    timeout: Duration,
}

impl Retransmission {
    /// Makes a message due at `due` for the first time.
    pub(super) fn starting(schedule: Schedule, due: Time) -> Self {
        Self {
            schedule,
            sent: 0,
            due,
            timeout: Duration::ZERO,
        }
    }

    /// Returns whether the message has been sent as often as it may and the last timeout is over.
    pub(super) fn is_exhausted(&self) -> bool {
        self.schedule
            .transmissions
            .is_some_and(|limit| self.sent >= limit)
    }

    /// Notes that the message left at `now` and sets the next timeout.
    pub(super) fn note_sent(&mut self, now: Time, rng: &mut impl Rng) {
        let jitter = |rng: &mut dyn rand::RngCore, from: f64| rng.random_range(from..JITTER);
        let Schedule {
            first,
            longest,
            first_above,
            ..
        } = self.schedule;
        self.timeout = if self.sent == 0 {
            first.mul_f64(1.0 + jitter(rng, if first_above { 0.001 } else { -JITTER }))
        } else {
            self.timeout.mul_f64(2.0 + jitter(rng, -JITTER))
        };
        if self.timeout > longest {
            self.timeout = longest.mul_f64(1.0 + jitter(rng, -JITTER));
        }
        self.sent += 1;
        self.due = now + self.timeout;
    }
}

// RFC 8415 §15: RAND lies between -0.1 and 0.1.
const JITTER: f64 = 0.1;

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn timeouts_double_up_to_the_longest() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut message = Retransmission::starting(RENEW, Time::ZERO);
        let mut timeouts = Vec::new();
        for _ in 0..9 {
            let now = message.due;
            message.note_sent(now, &mut rng);
            timeouts.push(message.due.since(now).as_secs_f64());
        }
        assert!((9.0..=11.0).contains(&timeouts[0]));
        let ratios = timeouts.windows(2).map(|pair| pair[1] / pair[0]);
        assert!(ratios.take(4).all(|ratio| (1.9..=2.1).contains(&ratio)));
        assert!(
            timeouts[7..]
                .iter()
                .all(|timeout| (540.0..=660.0).contains(timeout))
        );
    }

    #[test]
    fn the_first_solicit_waits_more_than_a_second() {
        for seed in 0..50 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut message = Retransmission::starting(SOLICIT, Time::ZERO);
            message.note_sent(Time::ZERO, &mut rng);
            assert!(message.due > Time::from_secs(1));
        }
    }

    #[test]
    fn a_request_is_sent_ten_times() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut message = Retransmission::starting(REQUEST, Time::ZERO);
        while !message.is_exhausted() {
            message.note_sent(message.due, &mut rng);
        }
        assert_eq!(message.sent, 10);
    }
}
