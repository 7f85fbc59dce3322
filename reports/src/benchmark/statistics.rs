//! What repetitions come to: the middle and the ends, and how far chance alone would move the mean.
//!
//! Where the true mean is, is told by the bootstrap: repetitions are drawn again and again out of
//! those that there are. It always draws the same, so that a file has the same figures every day.
//! Of few repetitions a bootstrap makes too narrow an interval; it is widened by what Student's
//! distribution asks for at so few.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// What the repetitions of one measurement come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many there are.
    pub count: usize,
    /// The middle one (RFC 8219 §9.2); with an even number, the mean of the two in the middle.
    pub median: f64,
    /// The 1st percentile, which is the least of fewer than 100 (RFC 8219 §9.2).
    pub p1: f64,
    /// The 99th percentile, which is the greatest of fewer than 100 (RFC 8219 §9.2).
    pub p99: f64,
    /// The mean.
    pub mean: f64,
}

/// From where to where something may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
}

/// By how much the mean of one set of repetitions differs from that of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The difference, as a share of the old mean: -0.07 is 7 % less.
    pub share: f64,
    /// How far off that may be, either way, in 95 of 100 cases.
    pub margin: f64,
}

impl Change {
    /// Returns whether it is more than chance.
    pub fn is_shown(self) -> bool {
        self.share.abs() > self.margin
    }
}

/// Sums repetitions up; nothing comes of nothing.
pub fn summary(values: &[f64]) -> Option<Summary> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let mean = mean(&sorted);
    let middle = [(sorted.len() - 1) / 2, sorted.len() / 2].map(|at| sorted[at]);
    Some(Summary {
        count: sorted.len(),
        median: middle[0] / 2.0 + middle[1] / 2.0,
        p1: percentile(&sorted, 1).unwrap_or(first),
        p99: percentile(&sorted, 99).unwrap_or(last),
        mean,
    })
}

/// Returns where the true mean is in 95 of 100 cases; a single repetition does not tell.
pub fn interval(values: &[f64]) -> Option<Interval> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values);
    let mut means = Resampled::of(values, OLD).means();
    let (low, high) = ends(&mut means);
    // Rounded as they are, they are to leave the mean inside.
    Some(Interval {
        low: low.min(mean).max(0.0),
        high: high.max(mean),
    })
}

/// Returns the least of sorted values that so many of a hundred do not exceed.
pub fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Holds new repetitions against old ones. Nothing is told of a single repetition, nor of a change
/// from nothing.
pub fn change(old: &[f64], new: &[f64]) -> Option<Change> {
    let (old_mean, new_mean) = (mean(old), mean(new));
    if old.len() < 2 || new.len() < 2 || old_mean <= 0.0 {
        return None;
    }
    let share = new_mean / old_mean - 1.0;
    let olds = Resampled::of(old, OLD).means();
    let news = Resampled::of(new, NEW).means();
    let mut shares: Vec<f64> = olds
        .iter()
        .zip(&news)
        // A mean that a few repetitions put next to nothing would make the rest of no account.
        .map(|(old, new)| new.max(0.0) / old.max(old_mean / 100.0) - 1.0)
        .collect();
    let (low, high) = ends(&mut shares);
    Some(Change {
        share,
        margin: (share - low).max(high - share).max(0.0),
    })
}

/// Returns whether two sets of repetitions may be of the same thing, as far as they tell, where a
/// difference of the share `resolution` is none.
pub fn agree(old: &[f64], new: &[f64], resolution: f64) -> Option<bool> {
    let change = change(old, new)?;
    Some(!change.is_shown() || change.share.abs() <= resolution)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Takes off what is rarer than 95 of 100, half of it at each end.
fn ends(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let cut = values.len() / 40;
    (values[cut], values[last - cut])
}

/// A sample that others are drawn from.
struct Resampled<'a> {
    values: &'a [f64],
    random: ChaCha8Rng,
}

impl<'a> Resampled<'a> {
    fn of(values: &'a [f64], seed: u64) -> Self {
        Self {
            values,
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Returns the means of samples of the same size, drawn with replacement.
    fn means(mut self) -> Vec<f64> {
        let count = self.values.len();
        let draws = u32::try_from(count).unwrap_or(u32::MAX);
        let (mean, stretch) = (mean(self.values), stretch(count));
        let samples = (MOST_DRAWS / count).clamp(FEWEST_SAMPLES, SAMPLES);
        let sample = |_| {
            let drawn = (0..count).map(|_| {
                let at = self.random.random_range(0..draws);
                self.values[at as usize]
            });
            mean + stretch * (drawn.sum::<f64>() / count as f64 - mean)
        };
        (0..samples).map(sample).collect()
    }
}

/// Returns by how much an interval of so few values has to be wider than the bootstrap makes it:
/// the bootstrap divides by n where n - 1 is right, and knows the normal distribution alone.
fn stretch(count: usize) -> f64 {
    let free = count.saturating_sub(1);
    let student = match STUDENT.get(free.saturating_sub(1)) {
        Some(student) => *student,
        // Within a thousandth from 30 on.
        None => NORMAL + 2.4 / free as f64,
    };
    (count as f64 / free.max(1) as f64).sqrt() * student / NORMAL
}

/// Where 95 of 100 lie in the normal distribution.
const NORMAL: f64 = 1.960;

/// Where 95 of 100 lie in Student's distribution with 1, 2, … degrees of freedom.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

const SAMPLES: usize = 4_000;
const FEWEST_SAMPLES: usize = 200;
/// However many repetitions a file claims to have.
const MOST_DRAWS: usize = 2_000_000;
/// The old and the new are to be drawn apart from each other.
const OLD: u64 = 8219;
const NEW: u64 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends_are_those_of_rfc_8219() {
        let twenty: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        let summary = summary(&twenty).unwrap();
        assert_eq!((summary.count, summary.median), (20, 10.5));
        assert_eq!((summary.p1, summary.p99, summary.mean), (1.0, 20.0, 10.5));
        let thousand: Vec<f64> = (1..=1000).map(f64::from).collect();
        assert_eq!(percentile(&thousand, 1), Some(10.0));
        assert_eq!(percentile(&thousand, 99), Some(990.0));
        assert_eq!(percentile(&[], 1), None);
    }

    #[test]
    fn of_nothing_nothing_is_said_and_of_one_no_interval() {
        assert_eq!(summary(&[]), None);
        let one = summary(&[7.0]).unwrap();
        assert_eq!((one.median, one.p1, one.p99), (7.0, 7.0, 7.0));
        assert_eq!(interval(&[7.0]), None);
        assert_eq!(change(&[7.0], &[7.0, 8.0]), None);
        assert_eq!(change(&[0.0, 0.0], &[7.0, 8.0]), None);
    }

    #[test]
    fn the_same_repetitions_have_the_same_interval_and_equal_ones_have_none_to_speak_of() {
        let rates = [100.0, 103.0, 98.0, 101.0, 99.0];
        assert_eq!(interval(&rates), interval(&rates));
        let equal = interval(&[50.0; 5]).unwrap();
        assert!((equal.low - 50.0).abs() < 1e-9 && (equal.high - 50.0).abs() < 1e-9);
    }

    #[test]
    fn the_interval_holds_the_true_mean_as_often_as_it_says_of_few_repetitions_too() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for count in [3, 5, 10] {
            let held = (0..200).filter(|_| {
                let rates: Vec<f64> = (0..count).map(|_| 1000.0 + noise(&mut random)).collect();
                let interval = interval(&rates).unwrap();
                (interval.low..=interval.high).contains(&1000.0)
            });
            let held = held.count();
            assert!((184..=198).contains(&held), "{held} of 200, {count} each");
        }
    }

    #[test]
    fn what_is_slower_by_7_percent_is_found_to_be_so_and_noise_is_not() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut run =
            |mean: f64| -> Vec<f64> { (0..20).map(|_| mean + noise(&mut random)).collect() };
        let slower = change(&run(1000.0), &run(930.0)).unwrap();
        assert!(slower.is_shown(), "{slower:?}");
        assert!((slower.share + 0.07).abs() < slower.margin, "{slower:?}");
        assert!(slower.margin < 0.02, "{slower:?}");
        let wrong = (0..100).filter(|_| change(&run(1000.0), &run(1000.0)).unwrap().is_shown());
        assert!(wrong.count() <= 10);
        assert_eq!(agree(&run(1000.0), &run(1002.0), 0.01), Some(true));
        assert_eq!(agree(&run(1000.0), &run(900.0), 0.01), Some(false));
    }

    #[test]
    fn a_difference_that_the_search_cannot_see_is_none() {
        assert_eq!(agree(&[1000.0; 5], &[1004.0; 5], 0.01), Some(true));
        assert_eq!(agree(&[1000.0; 5], &[1004.0; 5], 0.001), Some(false));
    }

    #[test]
    fn figures_stay_figures_however_great_or_small_they_are() {
        for rates in [[1e15; 4], [0.0; 4], [1e-300; 4], [0.0, 0.0, 0.0, 1e15]] {
            let summary = summary(&rates).unwrap();
            let interval = interval(&rates).unwrap();
            for value in [summary.median, summary.mean, interval.low, interval.high] {
                assert!(value.is_finite() && value >= 0.0, "{summary:?}");
            }
            if let Some(change) = change(&rates, &rates) {
                assert!(change.margin.is_finite(), "{change:?}");
            }
        }
    }

    /// About normal, with a deviation of 20.
    fn noise(random: &mut ChaCha8Rng) -> f64 {
        let twelve: f64 = (0..12).map(|_| random.random_range(-0.5..0.5)).sum();
        20.0 * twelve
    }
}
