//! What the asking side hears in a trial, question by question.

use std::time::Duration;

use hdrhistogram::Histogram;
use ngnlab_reports::benchmark::{Counts, Delay, Slice};

use super::callers::Ending;
use super::message::Verdict;
use super::offer::Offer;

/// The answers of a trial as they come in.
pub(super) struct Heard {
    states: Vec<State>,
    delays: Histogram<u64>,
    lateness: Histogram<u64>,
    slices: Vec<Slice>,
    timeout: u64,
    /// The first question that may still be answered in time.
    oldest: u32,
    /// How many questions have neither an answer nor a reason to get none.
    waiting: u32,
    /// Whether it is certain that not every question is answered rightly and in time.
    pub(super) has_failed: bool,
    first_right: Option<Duration>,
    right: u64,
    counts: Counts,
}

/// What became of a question, as far as the asking side knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not sent yet.
    Unsent,
    /// Sent.
    Waiting,
    /// The cable did not take it.
    Refused,
    /// Answered rightly and in time.
    Right,
    /// Answered rightly, too late.
    Late,
    /// Answered wrongly.
    Wrong,
    /// Its connection ended before an answer came.
    Ended(Ending),
}

impl Heard {
    /// Makes an empty one.
    pub(super) fn new(offer: &Offer) -> Self {
        let histogram =
            || Histogram::new_with_bounds(1_000, LONGEST, DIGITS).expect("the bounds are in order");
        let end = offer.due(offer.total) as f64 / 1e9;
        let slice = |index: u32| Slice {
            at: end * f64::from(index) / f64::from(SLICES),
            ..Slice::default()
        };
        Self {
            states: vec![State::Unsent; offer.total as usize],
            delays: histogram(),
            lateness: histogram(),
            slices: (0..SLICES).map(slice).collect(),
            timeout: nanos(offer.timeout),
            oldest: 0,
            waiting: 0,
            has_failed: false,
            first_right: None,
            right: 0,
            counts: Counts::default(),
        }
    }

    /// Returns when the first right answer came, from the trial's start.
    pub(super) fn first_right(&self) -> Option<Duration> {
        self.first_right
    }

    /// Returns how many questions were answered rightly and in time.
    pub(super) fn right(&self) -> u64 {
        self.right
    }

    /// Notes that a question was sent, so long after it was due, or refused.
    pub(super) fn sent(&mut self, number: u32, late: u64, taken: bool) {
        self.lateness.saturating_record(late);
        let slice = self.slice(number);
        self.slices[slice].asked += 1;
        self.states[number as usize] = if taken {
            self.waiting += 1;
            State::Waiting
        } else {
            self.has_failed = true;
            State::Refused
        };
    }

    /// Notes an answer to a question that was due at one moment, at another one.
    pub(super) fn answered(&mut self, number: u32, (due, now): (u64, u64), verdict: Verdict) {
        let delay = now.saturating_sub(due);
        let slice = self.slice(number);
        let state = &mut self.states[number as usize];
        if *state != State::Waiting {
            self.counts.duplicates += u64::from(*state != State::Unsent);
            return;
        }
        self.waiting -= 1;
        if verdict == Verdict::Right && delay <= self.timeout {
            *state = State::Right;
            self.right += 1;
            self.first_right.get_or_insert(Duration::from_nanos(now));
            self.delays.saturating_record(delay);
            let slice = &mut self.slices[slice];
            slice.right += 1;
            slice.slowest = slice.slowest.max(micros(delay));
            return;
        }
        self.has_failed = true;
        if verdict == Verdict::Right {
            *state = State::Late;
            return;
        }
        *state = State::Wrong;
        let kind = match verdict {
            Verdict::Right | Verdict::Record => &mut self.counts.wrong_record,
            Verdict::Rcode => &mut self.counts.wrong_rcode,
            Verdict::Question => &mut self.counts.wrong_question,
            Verdict::Truncated => &mut self.counts.wrong_truncated,
        };
        *kind += 1;
    }

    /// Notes an answer from somebody else than who was asked.
    pub(super) fn answered_elsewhere(&mut self, number: u32) {
        self.has_failed = true;
        if self.states[number as usize] == State::Waiting {
            self.waiting -= 1;
            self.states[number as usize] = State::Wrong;
            self.counts.wrong_sender += 1;
        }
    }

    /// Notes that the connection of a question has ended, which matters where it has no answer.
    pub(super) fn ended(&mut self, number: u32, ending: Ending) {
        if self.states[number as usize] == State::Waiting {
            self.waiting -= 1;
            self.has_failed = true;
            self.states[number as usize] = State::Ended(ending);
        }
    }

    /// Notes something that came back and answers no question.
    pub(super) fn unreadable(&mut self) {
        self.counts.unreadable += 1;
    }

    /// Looks whether a question waits in vain by now, a time from the trial's start.
    pub(super) fn look(&mut self, offer: &Offer, sent: u32, now: u64) {
        while self.oldest < sent && offer.due(self.oldest) + self.timeout < now {
            self.has_failed |= self.states[self.oldest as usize] == State::Waiting;
            self.oldest += 1;
        }
    }

    /// Returns whether nothing more can come.
    pub(super) fn is_complete(&self) -> bool {
        self.waiting == 0
    }

    /// Returns what became of each question that was sent.
    pub(super) fn states(&self) -> impl Iterator<Item = (u32, State)> {
        (0..).zip(self.states.iter().copied())
    }

    /// Returns the counts that the asking side alone knows.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns how long answers took.
    pub(super) fn delay(&self) -> Delay {
        let at = |share: f64| micros(self.delays.value_at_quantile(share));
        let steps = self.delays.iter_log(10_000, HISTOGRAM_STEP);
        let steps = steps.map(|step| {
            (
                micros(step.value_iterated_to()),
                step.count_since_last_iteration(),
            )
        });
        Delay {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: micros(self.delays.max()),
            mean: self.delays.mean() / 1000.0,
            histogram: steps.filter(|(_, count)| *count > 0).collect(),
        }
    }

    /// Returns how late questions were sent, in microseconds: of 99 in 100, and at most.
    pub(super) fn lateness(&self) -> (f64, f64) {
        let p99 = self.lateness.value_at_quantile(0.99);
        (micros(p99), micros(self.lateness.max()))
    }

    /// Returns the slices of the trial.
    pub(super) fn timeline(self) -> Vec<Slice> {
        let asked = |slice: &Slice| slice.asked > 0;
        self.slices.into_iter().filter(asked).collect()
    }

    fn slice(&self, number: u32) -> usize {
        let slices = SLICES as usize;
        (number as usize * slices / self.states.len()).min(slices - 1)
    }
}

/// Returns a span in nanoseconds.
pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

/// Longer than any question waits.
const LONGEST: u64 = 100_000_000_000;
/// Delays are kept to a part in a thousand.
const DIGITS: u8 = 3;
const SLICES: u32 = 60;
/// Each step of the histogram is a quarter longer than the one before.
const HISTOGRAM_STEP: f64 = 1.25;
