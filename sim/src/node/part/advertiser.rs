//! When a router sends its Router Advertisements (RFC 4861 §6.2.4 and §6.2.6).
//!
//! All of them go to all nodes. Leaves out the three quick advertisements of an interface that
//! has just come up: the routers played here have been running for a long time.

use std::ops::Range;
use std::time::Duration;

use rand::Rng;

use crate::time::Time;

/// The schedule of one interface's advertisements.
pub(crate) struct Advertiser {
    interval: Range<Duration>,
    delay: Range<Duration>,
    next: Option<Time>,
    last: Option<Time>,
}

impl Advertiser {
    /// Makes a schedule that has not begun: unsolicited advertisements are one `interval` apart,
    /// solicited ones come after `delay`.
    pub(crate) fn new(interval: Range<Duration>, delay: Range<Duration>) -> Self {
        Self {
            interval,
            delay,
            next: None,
            last: None,
        }
    }

    /// Begins, as if an advertisement had just been sent.
    pub(crate) fn begin(&mut self, now: Time, rng: &mut impl Rng) {
        self.next = Some(now + rng.random_range(self.interval.clone()));
    }

    /// Ends; nothing more is due.
    pub(crate) fn stop(&mut self) {
        self.next = None;
        self.last = None;
    }

    /// Takes in a solicitation; does nothing before [`Advertiser::begin`].
    pub(crate) fn solicit(&mut self, now: Time, rng: &mut impl Rng) {
        let soon = now + rng.random_range(self.delay.clone());
        self.send_by(soon);
    }

    /// Has an advertisement sent as soon as the pause after the last one allows.
    pub(crate) fn hurry(&mut self, now: Time) {
        self.send_by(now);
    }

    /// Returns when the next advertisement is due.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        self.next
    }

    /// Returns whether an advertisement is to be sent, and if so draws the time of the next one.
    pub(crate) fn is_due(&mut self, now: Time, rng: &mut impl Rng) -> bool {
        if self.next.is_none_or(|next| next > now) {
            return false;
        }
        self.last = Some(now);
        self.next = Some(now + rng.random_range(self.interval.clone()));
        true
    }

    fn send_by(&mut self, at: Time) {
        let allowed = self
            .last
            .map_or(at, |last| at.max(last + MIN_DELAY_BETWEEN_RAS));
        self.next = self.next.map(|next| next.min(allowed));
    }
}

/// RFC 4861 §10.
const MIN_DELAY_BETWEEN_RAS: Duration = Duration::from_secs(3);
