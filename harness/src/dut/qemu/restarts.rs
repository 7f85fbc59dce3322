//! How often a machine has restarted by itself.

use std::time::Duration;

use ngnlab_sim::time::Time;

/// The restarts since the machine was switched on.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    last: Option<Time>,
    boots: u32,
    resets: u32,
}

impl Restarts {
    /// Takes in that the machine was reset.
    pub(super) fn note(&mut self, now: Time) {
        self.resets += 1;
        // The firmware resets the machine a few times while it finds out what it runs on.
        if self.last.is_none_or(|last| now.since(last) > ONE_BOOT) {
            self.boots += 1;
        }
        self.last = Some(now);
    }

    /// Forgets what was before.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Returns whether the machine will never get anywhere.
    pub(super) fn is_loop(&self) -> bool {
        self.boots >= MANY_BOOTS || self.resets >= MANY_RESETS
    }
}

const ONE_BOOT: Duration = Duration::from_secs(1);
/// One is the power switch's, and one an image may do on its first boot.
const MANY_BOOTS: u32 = 3;
const MANY_RESETS: u32 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resets_close_together_are_one_boot() {
        let mut restarts = Restarts::default();
        let at = |millis| Time::ZERO + Duration::from_millis(millis);
        for millis in [0, 60, 90, 200] {
            restarts.note(at(millis));
        }
        assert!(!restarts.is_loop());
        restarts.note(at(3000));
        assert!(!restarts.is_loop());
        restarts.note(at(6000));
        assert!(restarts.is_loop());
        restarts.forget();
        for millis in 0..40 {
            restarts.note(at(millis * 300));
        }
        assert!(restarts.is_loop());
    }
}
