//! How far a campaign is, for somebody who watches: where time is real, the bar moves with it.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ngnlab_reports::escape;
use ngnlab_reports::words::Lang;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::Time;

use super::Entry;
use super::estimate::{self, Length, in_words};

/// Who watches a campaign.
#[derive(Clone, Copy, Debug)]
pub enum Watched {
    /// Nobody does.
    ByNobody,
    /// Somebody in front of a terminal, on whose standard error a bar moves, with words.
    OnTerminal(Lang),
    /// Whoever reads a log, into which this says a line now and then.
    InLog(fn(&str), Lang),
}

impl Watched {
    /// Returns the same, spoken to in this language.
    pub fn in_language(self, lang: Lang) -> Self {
        match self {
            Self::ByNobody => Self::ByNobody,
            Self::OnTerminal(_) => Self::OnTerminal(lang),
            Self::InLog(say, _) => Self::InLog(say, lang),
        }
    }

    fn lang(self) -> Lang {
        match self {
            Self::ByNobody => Lang::En,
            Self::OnTerminal(lang) | Self::InLog(_, lang) => lang,
        }
    }
}

/// A bar on standard error, lines in a log, or nothing at all.
pub(super) struct Progress {
    bar: ProgressBar,
    watched: Watched,
    clock: Clock,
    /// How long each entry takes in real time, and what it is called.
    lengths: Vec<Length>,
    names: Vec<String>,
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
    pub(super) fn new<E: Borrow<Entry>>(entries: &[E], jobs: usize, watched: Watched) -> Self {
        let entries = entries.iter().map(Borrow::borrow);
        // Lengths are asked for only where they are shown.
        let lengths: Vec<Length> = match watched {
            Watched::ByNobody => entries.clone().map(|_| Length::default()).collect(),
            Watched::OnTerminal(_) | Watched::InLog(..) => {
                entries.clone().map(Length::of).collect()
            }
        };
        let names = entries.map(|one| escape::line(&one.scenario.name).into_owned());
        let whole = estimate::time_for(&lengths, jobs);
        let progress = Self {
            bar: ProgressBar::hidden(),
            watched,
            clock: Clock::starting_at(Time::ZERO),
            lengths,
            names: names.collect(),
            whole,
            state: Mutex::new(State::default()),
        };
        match watched {
            Watched::OnTerminal(_) => Self {
                bar: progress.visible_bar(),
                ..progress
            },
            Watched::ByNobody | Watched::InLog(..) => progress,
        }
    }

    /// Takes in that an entry was started.
    pub(super) fn start(&self, index: usize) {
        self.state().running.insert(index, self.clock.now());
        self.draw();
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

    /// Moves the bar with time, or says how far it is, until [`Progress::finish`]; for a thread of
    /// its own.
    pub(super) fn keep_moving(&self) {
        let mut due = Time::ZERO + LINE_EVERY;
        while !self.state().over && !matches!(self.watched, Watched::ByNobody) {
            self.draw();
            if let Watched::InLog(say, _) = self.watched
                && let Some(line) = self.line(self.clock.now(), &mut due)
            {
                say(&line);
            }
            thread::park_timeout(TICK);
        }
    }

    /// Returns the next line for a log, once it is due.
    fn line(&self, now: Time, due: &mut Time) -> Option<String> {
        if now < *due {
            return None;
        }
        *due = now + LINE_EVERY;
        Some(self.words(&self.state(), now))
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.state().over = true;
        self.bar.finish_and_clear();
    }

    fn draw(&self) {
        let state = self.state();
        if state.over || self.bar.is_hidden() {
            return;
        }
        let now = self.clock.now();
        let mut parts = self.parts(&state, now);
        let lang = self.watched.lang();
        self.bar.set_prefix(parts.remove(0));
        self.bar.set_message(parts.join(lang.semicolon()));
        self.bar.set_position(match self.is_real_time() {
            true => millis(self.done(&state, now)),
            false => state.ended as u64,
        });
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

    /// Says how far it is, what runs, and what comes last, in a line.
    fn words(&self, state: &State, now: Time) -> String {
        self.parts(state, now).join(self.watched.lang().semicolon())
    }

    /// Says first how far it is, then what runs, and what comes last.
    fn parts(&self, state: &State, now: Time) -> Vec<String> {
        let (ended, all) = (state.ended, self.names.len());
        let mut words = format!(
            "{ended}/{all} runs done, {}",
            in_words(now.since(Time::ZERO))
        );
        if self.is_real_time() {
            words.push_str(&format!(" of about {}", in_words(self.whole)));
        }
        let mut parts = vec![words];
        let mut running: Vec<(&Time, &str)> = Vec::new();
        for (index, started) in &state.running {
            running.extend(self.names.get(*index).map(|name| (started, &name[..])));
        }
        // Whoever has run for longest is who is waited for.
        running.sort();
        let names: Vec<&str> = running.iter().map(|(_, name)| *name).collect();
        match &names[..] {
            [] if ended < all => parts.push("waits until this machine keeps up".to_owned()),
            [] => {}
            [one] => parts.push(format!("runs {one}")),
            [one, other] => parts.push(format!("runs {one} and {other}")),
            [one, others @ ..] => parts.push(format!("runs {one} and {} others", others.len())),
        }
        let last = all
            .checked_sub(1)
            .filter(|last| !state.running.contains_key(last));
        if let Some(last) = last.and_then(|last| self.names.get(last))
            && ended + names.len() < all
        {
            parts.push(format!("{last} comes last"));
        }
        let lang = self.watched.lang();
        let said = parts.iter().map(|part| lang.say(part).into_owned());
        said.collect()
    }

    fn is_real_time(&self) -> bool {
        !self.whole.is_zero()
    }

    fn visible_bar(&self) -> ProgressBar {
        let length = match self.is_real_time() {
            true => millis(self.lengths.iter().map(|one| one.lasts).sum()),
            false => self.lengths.len() as u64,
        };
        // On a line of their own, names are seen whole on most terminals.
        let style = ProgressStyle::with_template("{bar:20} {prefix}\n{wide_msg}");
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
const LINE_EVERY: Duration = Duration::from_secs(30);

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
            "1/3 runs done, 40 s of about 2 min 30 s; runs dns/2"
        );
    }

    #[test]
    fn it_says_what_runs_and_what_comes_last() {
        let said = |seconds: &[u64], running: &[usize], ended| {
            let mut state = State {
                ended,
                ..State::default()
            };
            for (order, index) in running.iter().enumerate() {
                state
                    .running
                    .insert(*index, Time::ZERO + Duration::from_secs(order as u64));
            }
            let words = with(seconds).words(&state, Time::ZERO + Duration::from_secs(9));
            words.split_once("; ").map(|(_, said)| said.to_owned())
        };
        let said = |running: &[usize], ended| said(&[60; 5], running, ended).unwrap_or_default();
        assert_eq!(
            said(&[], 0),
            "waits until this machine keeps up; dns/4 comes last"
        );
        assert_eq!(said(&[1, 0], 0), "runs dns/1 and dns/0; dns/4 comes last");
        assert_eq!(
            said(&[0, 1, 2], 1),
            "runs dns/0 and 2 others; dns/4 comes last"
        );
        assert_eq!(said(&[4], 3), "runs dns/4");
        assert_eq!(said(&[], 5), "");
    }

    #[test]
    fn it_speaks_japanese_to_whoever_reads_that() {
        let progress = Progress {
            watched: Watched::OnTerminal(Lang::Ja),
            ..with(&[60; 5])
        };
        let running = |indices: &[usize]| {
            let mut state = State::default();
            let started = indices.iter().map(|index| (*index, Time::ZERO));
            state.running.extend(started);
            progress.words(&state, Time::ZERO + Duration::from_secs(9))
        };
        let is_ours = |letter: char| letter.is_ascii_alphabetic();
        for indices in [&[][..], &[0], &[0, 1], &[0, 1, 2]] {
            let said = running(indices);
            let foreign = said.replace("dns/", "");
            assert!(!foreign.contains(is_ours), "{said}");
        }
        assert_eq!(
            running(&[0, 1, 2]),
            "試験0/5回終了、9秒経過（全体で約2分30秒）；実行中：dns/0、ほか2件；最後はdns/4"
        );
    }

    #[test]
    fn in_a_log_there_is_a_line_every_half_minute() {
        let progress = with(&[60, 60, 90]);
        let mut due = Time::ZERO + LINE_EVERY;
        let ticks = (0..600).map(|tick| Time::ZERO + TICK * tick);
        let lines: Vec<String> = ticks
            .filter_map(|now| progress.line(now, &mut due))
            .collect();
        let begin = lines.iter().map(|line| line.split(" of about").next());
        let begin: Vec<&str> = begin.flatten().collect();
        assert_eq!(
            begin,
            [
                "0/3 runs done, 30 s",
                "0/3 runs done, 1 min",
                "0/3 runs done, 1 min 30 s"
            ]
        );
    }

    #[test]
    fn in_a_log_nothing_is_said_at_once() {
        let progress = Progress {
            watched: Watched::InLog(|line| panic!("{line}"), Lang::En),
            ..with(&[60])
        };
        thread::scope(|scope| {
            let mover = scope.spawn(|| progress.keep_moving());
            progress.start(0);
            progress.end(0);
            progress.finish();
            mover.thread().unpark();
        });
    }

    fn with(seconds: &[u64]) -> Progress {
        let lasting = |seconds: &u64| Length {
            lasts: Duration::from_secs(*seconds),
            ..Length::default()
        };
        let lengths: Vec<Length> = seconds.iter().map(lasting).collect();
        Progress {
            bar: ProgressBar::hidden(),
            watched: Watched::OnTerminal(Lang::En),
            names: (0..lengths.len())
                .map(|index| format!("dns/{index}"))
                .collect(),
            clock: Clock::starting_at(Time::ZERO),
            lengths,
            whole: Duration::from_secs(150),
            state: Mutex::new(State::default()),
        }
    }
}
