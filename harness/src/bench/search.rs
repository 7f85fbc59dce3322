//! The search for the highest rate at which every question is answered (RFC 8219 §9.2).

use ngnlab_reports::benchmark::Trial;

use crate::error::Error;

/// Between which rates is searched, and how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    /// Where to begin.
    pub(super) start: f64,
    /// By how much the first steps go up or down.
    pub(super) step: f64,
    /// The lowest rate that is tried.
    pub(super) lowest: f64,
    /// The highest, beyond which the tester is no judge.
    pub(super) highest: f64,
    /// When passing and failing are near enough, as a share.
    pub(super) resolution: f64,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// The trial at the highest rate that passed, if one did.
    pub(super) passed: Option<Trial>,
    /// The trial at the lowest rate above it that did not, if one did not.
    pub(super) failed: Option<Trial>,
    /// How many trials it took.
    pub(super) trials: usize,
}

/// Searches: steps from the start until one trial passed and another one failed, and halves what is
/// between them.
pub(super) fn search(
    bounds: &Bounds,
    mut offer: impl FnMut(f64) -> Result<Trial, Error>,
) -> Result<Found, Error> {
    let mut found = Found {
        passed: None,
        failed: None,
        trials: 0,
    };
    let mut rate = bounds.start.clamp(bounds.lowest, bounds.highest);
    loop {
        let trial = offer(rate)?;
        found.trials += 1;
        match trial.counts.is_passed() {
            true => found.passed = Some(trial),
            false => found.failed = Some(trial),
        }
        let low = found.passed.as_ref().map(|trial| trial.offered);
        let high = found.failed.as_ref().map(|trial| trial.offered);
        rate = match (low, high) {
            (Some(low), Some(high)) if high / low <= 1.0 + bounds.resolution => return Ok(found),
            (Some(low), Some(high)) => (low * high).sqrt(),
            (Some(low), None) if low >= bounds.highest => return Ok(found),
            (Some(low), None) => (low * bounds.step).min(bounds.highest),
            (None, Some(high)) if high <= bounds.lowest => return Ok(found),
            (None, _) => (rate / bounds.step).max(bounds.lowest),
        };
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ngnlab_reports::benchmark::{Counts, Delay, Effort, Upstream};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_a_device_can_do_is_found_to_the_resolution(limit in 20.0..900_000.0_f64) {
            let found = search(&BOUNDS, |rate| Ok(trial(rate, rate <= limit))).unwrap();
            let passed = found.passed.unwrap().offered;
            prop_assert!(passed <= limit && limit <= passed * 1.02, "{passed} of {limit}");
            prop_assert!(found.trials < 40);
        }
    }

    #[test]
    fn who_never_fails_is_offered_the_most_and_no_more() {
        let found = search(&BOUNDS, |rate| Ok(trial(rate, true))).unwrap();
        assert_eq!(found.passed.unwrap().offered, 1e6);
        assert!(found.failed.is_none());
    }

    #[test]
    fn who_never_passes_is_offered_the_least_and_no_less() {
        let found = search(&BOUNDS, |rate| Ok(trial(rate, false))).unwrap();
        assert_eq!(found.failed.unwrap().offered, 10.0);
        assert!(found.passed.is_none());
    }

    pub(in crate::bench) fn trial(offered: f64, passes: bool) -> Trial {
        Trial {
            offered,
            seconds: 1.0,
            counts: Counts {
                forwarded: 10,
                lost_answered: u64::from(!passes),
                ..Counts::default()
            },
            delay: Delay::default(),
            upstream: Upstream::default(),
            effort: Effort {
                sent_rate: offered,
                ..Effort::default()
            },
            timeline: Vec::new(),
        }
    }

    const BOUNDS: Bounds = Bounds {
        start: 1000.0,
        step: 2.0,
        lowest: 10.0,
        highest: 1e6,
        resolution: 0.02,
    };
}
