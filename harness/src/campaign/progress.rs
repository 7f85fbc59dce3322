//! How far a campaign is, for somebody who watches: where time is real, the bar moves with it.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ngnlab_reports::escape;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;

use super::Entry;
use super::estimate::{self, Length, in_words};

/// A bar on standard error, or nothing at all.
pub(super) struct Progress {
    bar: ProgressBar,
    clock: Clock,
    /// How long each entry takes in real time.
    lengths: Vec<Length>,
    whole: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: BTreeMap<usize, Time>,
    ended: usize,
    ended_length: Duration,
    over: bool,
}

impl Progress {
    /// Starts counting; nothing is shown unless somebody watches.
    pub(super) fn new<E: Borrow<Entry>>(entries: &[E], jobs: usize, watched: bool) -> Self {
        // Lengths are asked for only where they are shown.
        let lengths: Vec<Length> = match watched {
            true => entries.iter().map(|one| Length::of(one.borrow())).collect(),
            false => vec![Length::default(); entries.len()],
        };
        let whole = estimate::time_for(&lengths, jobs);
        let progress = Self {
            bar: ProgressBar::hidden(),
            clock: Clock::starting_at(Time::ZERO),
            lengths,
            whole,
            state: Mutex::new(State::default()),
        };
        match watched {
            true => Self {
                bar: progress.visible_bar(),
                ..progress
            },
            false => progress,
        }
    }

    /// Takes in that an entry was started.
    pub(super) fn start(&self, index: usize, entry: &Entry) {
        self.state().running.insert(index, self.clock.now());
        if !self.is_real_time() {
            let name = escape::line(&entry.scenario.name).into_owned();
            self.bar.set_message(name);
        }
    }

    /// Takes in that an entry has ended.
    pub(super) fn end(&self, index: usize) {
        let mut state = self.state();
        state.running.remove(&index);
        state.ended += 1;
        state.ended_length += self.lasts(index);
        drop(state);
        self.draw();
    }

    /// Moves the bar with time until [`Progress::finish`]; for a thread of its own.
    pub(super) fn keep_moving(&self) {
        while self.is_real_time() && !self.state().over {
            self.draw();
            thread::park_timeout(TICK);
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.state().over = true;
        self.bar.finish_and_clear();
    }

    fn draw(&self) {
        let state = self.state();
        if state.over {
            return;
        }
        if self.is_real_time() {
            let now = self.clock.now();
            self.bar.set_message(self.words(&state, now));
            self.bar.set_position(millis(self.done(&state, now)));
        } else {
            self.bar.set_position(state.ended as u64);
        }
    }

    /// Returns how much time of all runs is behind us.
    fn done(&self, state: &State, now: Time) -> Duration {
        let running = state
            .running
            .iter()
            .map(|(index, started)| now.since(*started).min(self.lasts(*index)));
        state.ended_length + running.sum::<Duration>()
    }

    fn lasts(&self, index: usize) -> Duration {
        self.lengths.get(index).copied().unwrap_or_default().lasts
    }

    fn words(&self, state: &State, now: Time) -> String {
        format!(
            "{}/{} runs done, {} of about {}",
            state.ended,
            self.lengths.len(),
            in_words(now.since(Time::ZERO)),
            in_words(self.whole),
        )
    }

    fn is_real_time(&self) -> bool {
        !self.whole.is_zero()
    }

    fn visible_bar(&self) -> ProgressBar {
        let (length, template) = match self.is_real_time() {
            true => {
                let lengths = self.lengths.iter().map(|one| one.lasts);
                (millis(lengths.sum()), "{bar:30} {wide_msg}")
            }
            false => (
                self.lengths.len() as u64,
                "{bar:30} {pos}/{len} {elapsed} {wide_msg}",
            ),
        };
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(length).with_style(style)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

const TICK: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_the_bar_but_never_beyond_a_run() {
        let progress = with(&[60, 60, 90]);
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let mut state = State::default();
        state.running.insert(0, at(0));
        state.running.insert(2, at(10));
        assert_eq!(progress.done(&state, at(30)), Duration::from_secs(50));
        assert_eq!(progress.done(&state, at(900)), Duration::from_secs(150));
        state.running.remove(&0);
        state.ended = 1;
        state.ended_length = Duration::from_secs(60);
        assert_eq!(progress.done(&state, at(40)), Duration::from_secs(90));
        assert_eq!(
            progress.words(&state, at(40)),
            "1/3 runs done, 40 s of about 2 min 30 s"
        );
    }

    fn with(seconds: &[u64]) -> Progress {
        let lasting = |seconds: &u64| Length {
            lasts: Duration::from_secs(*seconds),
            ..Length::default()
        };
        let lengths = seconds.iter().map(lasting).collect();
        Progress {
            bar: ProgressBar::hidden(),
            clock: Clock::starting_at(Time::ZERO),
            lengths,
            whole: Duration::from_secs(150),
            state: Mutex::new(State::default()),
        }
    }
}
