//! How long a campaign takes where time is real: known before it starts.

use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;

use super::{Entry, gate, processors};

/// What lies before somebody who has asked for runs in real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// How many scenarios.
    pub scenarios: usize,
    /// How many runs, which are scenarios in areas.
    pub runs: usize,
    /// How many of the runs end at once, since the device does not offer what they ask for.
    pub not_applicable: usize,
    /// How long all of it takes.
    pub time: Duration,
    /// How many run at a time, where that is fixed; else as many as the host keeps up with.
    pub jobs: Option<usize>,
    /// How many scenarios are left out for their length.
    pub left_out: usize,
}

impl Estimate {
    /// Makes the estimate for entries that are started in their order, so many at a time at most.
    pub fn new<E: Borrow<Entry>>(entries: &[E], jobs: usize, left_out: usize) -> Self {
        let entries: Vec<&Entry> = entries.iter().map(Borrow::borrow).collect();
        let lengths: Vec<Length> = entries.iter().map(|one| Length::of(one)).collect();
        let mut names: Vec<&str> = entries.iter().map(|one| &one.scenario.name[..]).collect();
        names.sort_unstable();
        names.dedup();
        Self {
            scenarios: names.len(),
            runs: entries.len(),
            not_applicable: lengths.iter().filter(|one| one.lasts.is_zero()).count(),
            time: time_for(&lengths, jobs),
            jobs: (jobs < entries.len() || jobs == 1).then_some(jobs.min(entries.len())),
            left_out,
        }
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}",
            counted(self.scenarios, "scenario"),
            counted(self.runs, "run")
        )?;
        if self.not_applicable > 0 {
            write!(f, " ({} not applicable)", self.not_applicable)?;
        }
        write!(f, ", about {}", in_words(self.time))?;
        match self.jobs {
            Some(jobs) => write!(f, " with {jobs} at a time")?,
            None => f.write_str(", as many at a time as this machine keeps up with")?,
        }
        if self.left_out > 0 {
            write!(f, "; {} left out (over 2 min, --long)", self.left_out)?;
        }
        Ok(())
    }
}

/// What makes a campaign longer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Length {
    /// How long a run lasts in real time.
    pub(super) lasts: Duration,
    /// For how long after its start no other follows.
    pub(super) start: Duration,
}

impl Length {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            lasts: entry.length(),
            start: gate::apart(entry.cost(), processors()).mul_f64(SOMEBODY_IS_LATE),
        }
    }
}

/// Returns how long runs of these lengths take, started in their order and one after the other, so
/// many at a time at most; what has no length takes no turn.
pub(super) fn time_for(lengths: &[Length], jobs: usize) -> Duration {
    let mut free_at = vec![Duration::ZERO; jobs.clamp(1, lengths.len().max(1))];
    let mut turn = Duration::ZERO;
    for length in lengths.iter().filter(|one| !one.lasts.is_zero()) {
        if let Some(first) = free_at.iter_mut().min() {
            let start = turn.max(*first);
            turn = start + length.start;
            *first = start + length.lasts;
        }
    }
    free_at.into_iter().max().unwrap_or_default()
}

/// Returns a span of time as people say it.
pub(super) fn in_words(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) if minutes < 10 => format!("{minutes} min {seconds} s"),
        (0, minutes, _) => format!("{minutes} min"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// How much longer the pauses between starts are on the whole, since somebody is late now and then.
const SOMEBODY_IS_LATE: f64 = 1.5;

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_ahead_is_said_in_one_line() {
        let estimate = Estimate {
            scenarios: 36,
            runs: 72,
            not_applicable: 0,
            time: Duration::from_secs(360),
            jobs: Some(8),
            left_out: 3,
        };
        assert_eq!(
            estimate.to_string(),
            "36 scenarios, 72 runs, about 6 min with 8 at a time; 3 left out (over 2 min, --long)"
        );
        let one = Estimate {
            scenarios: 1,
            runs: 1,
            not_applicable: 1,
            time: Duration::ZERO,
            jobs: None,
            left_out: 0,
        };
        assert_eq!(
            one.to_string(),
            "1 scenario, 1 run (1 not applicable), about 0 s, as many at a time as this \
             machine keeps up with"
        );
    }

    #[test]
    fn runs_side_by_side_take_as_long_as_the_busiest_place() {
        let start = Duration::from_millis(600);
        let lasting = |seconds| Length {
            lasts: Duration::from_secs(seconds),
            start,
        };
        let lengths = [90, 60, 60, 60].map(lasting);
        assert_eq!(time_for(&lengths, 1), Duration::from_secs(270));
        assert_eq!(time_for(&lengths, 2), Duration::from_secs(150));
        assert_eq!(time_for(&lengths, 9), Duration::from_secs(90));
        let alike = [lasting(60); 100];
        assert_eq!(time_for(&alike, 900), alike[0].lasts + start * 99);
        assert_eq!(time_for(&[], 2), Duration::ZERO);
    }

    #[test]
    fn a_span_is_said_as_people_say_it() {
        let said = [0, 59, 60, 150, 725, 16_200].map(|span| in_words(Duration::from_secs(span)));
        assert_eq!(
            said,
            ["0 s", "59 s", "1 min", "2 min 30 s", "12 min", "4 h 30 min"]
        );
    }
}
