//! What was found with one workload: the rate, and whether it is the device's.

use super::statistics::{Interval, Summary, interval, summary};
use super::{Counts, Limit, Measured, Method, SelfTest, Series, Transport, Trial};

/// The rate that was found with one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What the repetitions come to.
    pub rate: Summary,
    /// Why it is no more than a lower bound, if it is one.
    pub bound: Option<Bound>,
    /// The rate of each repetition.
    pub rates: Vec<f64>,
}

impl Found {
    /// Returns where the true mean is in 95 of 100 cases; a single repetition does not tell.
    pub fn interval(&self) -> Option<Interval> {
        interval(&self.rates)
    }
}

/// Why a rate is a lower bound: the device may well be faster.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// The side of the tester that asks had its limit first, in so many repetitions.
    Generator(usize, String),
    /// The side of the tester that answers had.
    Answerer(usize, String),
    /// The machine was busy.
    Machine(usize, String),
    /// Alone the tester does not do enough more: the rate of its self-test.
    SelfTest(f64),
}

impl Series {
    /// Returns the rate of each repetition.
    pub fn rates(&self) -> Vec<f64> {
        let repetitions = self.repetitions.iter();
        repetitions.map(|repetition| repetition.rate).collect()
    }

    /// Returns what became of the questions of all trials that did not pass, and at which rates
    /// they were, from the least to the greatest; nothing if there is none.
    pub fn not_passed(&self) -> Option<(Counts, f64, f64)> {
        let failed = || {
            let repetitions = self.repetitions.iter();
            repetitions.filter_map(|repetition| repetition.failed.as_ref())
        };
        let rates = || failed().map(|trial| trial.offered);
        let least = rates().min_by(f64::total_cmp)?;
        let greatest = rates().max_by(f64::total_cmp)?;
        let counts = failed().fold(Counts::default(), |sum, trial| sum.plus(&trial.counts));
        Some((counts, least, greatest))
    }

    /// Returns the trial that passed in the repetition nearest to the median.
    pub fn typical(&self) -> Option<&Trial> {
        let median = summary(&self.rates())?.median;
        let repetitions = self.repetitions.iter();
        let passed = repetitions.filter_map(|one| Some((one.rate, one.passed.as_ref()?)));
        let nearest = passed.min_by(|(one, _), (other, _)| {
            let distances = [one, other].map(|rate| (rate - median).abs());
            distances[0].total_cmp(&distances[1])
        });
        nearest.map(|(_, trial)| trial)
    }
}

impl Measured {
    /// Returns the rate of one of its series; nothing if no repetition came to an end.
    pub fn found(&self, series: &Series, method: &Method) -> Option<Found> {
        let rates = series.rates();
        let rate = summary(&rates)?;
        Some(Found {
            rate,
            bound: self.bound(series, method, &rate),
            rates,
        })
    }

    /// Returns what the tester did without the device over a transport.
    pub fn self_test_of(&self, transport: Transport) -> &SelfTest {
        let series = self.series.iter();
        let mut of_it = series.filter(|series| series.workload.transport == transport);
        of_it
            .find_map(|series| series.self_test.as_ref())
            .unwrap_or(&self.self_test)
    }

    fn bound(&self, series: &Series, method: &Method, rate: &Summary) -> Option<Bound> {
        let limits = || {
            series
                .repetitions
                .iter()
                .map(|repetition| &repetition.limit)
        };
        let limited = |is: fn(&Limit) -> Option<&String>| {
            let mut reasons = limits().filter_map(is);
            let first = reasons.next()?;
            Some((1 + reasons.count(), first.clone()))
        };
        let [asking, answering, machine] = [
            limited(|limit| match limit {
                Limit::Generator(why) => Some(why),
                _ => None,
            }),
            limited(|limit| match limit {
                Limit::Answerer(why) => Some(why),
                _ => None,
            }),
            limited(|limit| match limit {
                Limit::Machine(why) => Some(why),
                _ => None,
            }),
        ];
        if let Some((count, why)) = asking {
            return Some(Bound::Generator(count, why));
        }
        if let Some((count, why)) = answering {
            return Some(Bound::Answerer(count, why));
        }
        if let Some((count, why)) = machine {
            return Some(Bound::Machine(count, why));
        }
        // RFC 8219 §9.2.1: the tester has to do more by itself than with the device.
        let alone = self.self_test_of(series.workload.transport).rate;
        (alone < method.self_test_factor * rate.median).then_some(Bound::SelfTest(alone))
    }
}

impl Counts {
    /// Adds those of another trial.
    pub fn plus(&self, other: &Self) -> Self {
        let sum = |field: fn(&Self) -> u64| field(self).saturating_add(field(other));
        Self {
            from_cache: sum(|one| one.from_cache),
            forwarded: sum(|one| one.forwarded),
            late: sum(|one| one.late),
            wrong: sum(|one| one.wrong),
            lost_before: sum(|one| one.lost_before),
            lost_unasked: sum(|one| one.lost_unasked),
            lost_answered: sum(|one| one.lost_answered),
            lost_upstream: sum(|one| one.lost_upstream),
            lost_behind: sum(|one| one.lost_behind),
            unconnected: sum(|one| one.unconnected),
            refused: sum(|one| one.refused),
            reset: sum(|one| one.reset),
            closed: sum(|one| one.closed),
            duplicates: sum(|one| one.duplicates),
            retries: sum(|one| one.retries),
            unasked: sum(|one| one.unasked),
            misdirected: sum(|one| one.misdirected),
            wrong_rcode: sum(|one| one.wrong_rcode),
            wrong_record: sum(|one| one.wrong_record),
            wrong_question: sum(|one| one.wrong_question),
            wrong_truncated: sum(|one| one.wrong_truncated),
            wrong_sender: sum(|one| one.wrong_sender),
            unreadable: sum(|one| one.unreadable),
            connections: sum(|one| one.connections),
        }
    }
}
