//! How long a campaign takes where time is real: known before it starts.

use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;

use super::Entry;

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
    /// How many run at a time.
    pub jobs: usize,
    /// How many scenarios are left out for their length.
    pub left_out: usize,
}

impl Estimate {
    /// Makes the estimate for entries that are started in their order.
    pub fn new<E: Borrow<Entry>>(entries: &[E], jobs: usize, left_out: usize) -> Self {
        let entries: Vec<&Entry> = entries.iter().map(Borrow::borrow).collect();
        let lengths: Vec<Duration> = entries.iter().map(|one| one.length()).collect();
        let mut names: Vec<&str> = entries.iter().map(|one| &one.scenario.name[..]).collect();
        names.sort_unstable();
        names.dedup();
        Self {
            scenarios: names.len(),
            runs: entries.len(),
            not_applicable: lengths.iter().filter(|length| length.is_zero()).count(),
            time: time_for(&lengths, jobs),
            jobs: jobs.min(entries.len()),
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
        write!(
            f,
            ", about {} with {} at a time",
            in_words(self.time),
            self.jobs
        )?;
        if self.left_out > 0 {
            write!(f, "; {} left out (over 2 min, --long)", self.left_out)?;
        }
        Ok(())
    }
}

/// Returns how long runs of these lengths take, started in their order, so many at a time.
pub(super) fn time_for(lengths: &[Duration], jobs: usize) -> Duration {
    let mut free_at = vec![Duration::ZERO; jobs.max(1)];
    for length in lengths {
        if let Some(first) = free_at.iter_mut().min() {
            *first += *length;
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
            jobs: 8,
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
            jobs: 1,
            left_out: 0,
        };
        assert_eq!(
            one.to_string(),
            "1 scenario, 1 run (1 not applicable), about 0 s with 1 at a time"
        );
    }

    #[test]
    fn runs_side_by_side_take_as_long_as_the_busiest_place() {
        let lengths = [90, 60, 60, 60].map(Duration::from_secs);
        assert_eq!(time_for(&lengths, 1), Duration::from_secs(270));
        assert_eq!(time_for(&lengths, 2), Duration::from_secs(150));
        assert_eq!(time_for(&lengths, 9), Duration::from_secs(90));
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
