//! A device on its line, and what is measured of it.

use std::time::Duration;

use ngnlab_reports::benchmark::{
    AtShare, Measured, Overload, Repetition, SelfTest, Series, Transport, Trial, Workload,
};

use super::limit::limit;
use super::search::{Bounds, search};
use super::{Audience, Candidate, Plan};
use crate::error::Error;
use crate::launch::bench::Bench;
use crate::tester::dnsperf::Heard;
use crate::tester::orders::{DnsperfOrder, Order, Reply, TrialOrder};

/// What came of an order, or why the device could not do its part.
pub(super) enum Ended {
    Done,
    DeviceFailed(String),
}

/// A device on its line.
pub(super) struct Stand {
    bench: Bench,
    name: String,
    ready_within: Duration,
    up: Result<f64, String>,
}

impl Stand {
    pub(super) fn open(
        plan: &Plan,
        candidate: &Candidate,
        audience: &mut Audience<'_>,
    ) -> Result<Self, Error> {
        let mut bench = match &candidate.file {
            None => Bench::of_reference(&plan.wish),
            Some((path, _)) => Bench::of_file(path, candidate.prepared.clone(), &plan.wish)?,
        };
        let within = candidate.ready_within + UP_WITHIN;
        let up = match bench.reply(within, audience.stop)? {
            Reply::Up(ms) => Ok(ms),
            Reply::Failed(message) => Err(message),
            _ => Err(OUT_OF_TURN.to_owned()),
        };
        let name = candidate.name.clone();
        if let Ok(ms) = up {
            (audience.tell)(format!("{name}: first right answer after {ms:.0} ms"));
        }
        Ok(Self {
            bench,
            name,
            ready_within: candidate.ready_within,
            up,
        })
    }

    /// Makes the first entry of a device: the self-test beside it.
    pub(super) fn first(
        &mut self,
        plan: &Plan,
        candidate: &Candidate,
        audience: &mut Audience<'_>,
    ) -> Result<Measured, Error> {
        let failure = self.up.as_ref().err().cloned();
        let self_test = match failure {
            Some(_) => SelfTest {
                rate: 0.0,
                through: String::new(),
                trial: nothing(),
            },
            None => self.self_test(plan, plan.workloads.first().cloned(), audience)?,
        };
        Ok(Measured {
            device: candidate.name.clone(),
            firmware: candidate.firmware.clone(),
            file: candidate.file.as_ref().map(|(_, file)| file.clone()),
            self_test,
            cold_start_ms: self.up.iter().copied().collect(),
            series: Vec::new(),
            failure,
        })
    }

    fn self_test(
        &mut self,
        plan: &Plan,
        workload: Option<Workload>,
        audience: &mut Audience<'_>,
    ) -> Result<SelfTest, Error> {
        let bounds = Bounds {
            start: 20_000.0,
            step: 2.0,
            lowest: 100.0,
            highest: MOST_RATE,
            resolution: 0.1,
        };
        let mut order = order(
            plan,
            workload.unwrap_or_else(default_workload),
            SELF_TEST_LASTS,
        );
        // RFC 8219 §9.2.1: within a quarter of the time limit. What the network takes is not ours.
        order.timeout = order.timeout / 4 + order.delay;
        let mut through = String::new();
        let found = search(&bounds, |rate| {
            order.rate = rate;
            let ordered = Order::SelfTest(order.clone());
            match self.bench.order(&ordered, within(&order), audience.stop)? {
                Reply::SelfTest(trial, between) => {
                    between.words().clone_into(&mut through);
                    Ok(*trial)
                }
                Reply::Failed(message) => Err(broken(&self.name, &message)),
                _ => Err(broken(&self.name, OUT_OF_TURN)),
            }
        })?;
        let trial = found.passed.unwrap_or_else(nothing);
        let rate = trial.offered;
        (audience.tell)(format!(
            "{}: without it the tester answers {rate:.0} questions a second",
            self.name
        ));
        Ok(SelfTest {
            rate,
            through,
            trial,
        })
    }

    /// Returns what the tester does over the transport of a series without the device, which is
    /// tried where no series before has it.
    fn self_test_of(
        &mut self,
        plan: &Plan,
        one: &mut Measured,
        index: usize,
        audience: &mut Audience<'_>,
    ) -> Result<SelfTest, Error> {
        let workload = one.series[index].workload.clone();
        let is_known = one.series[..index]
            .iter()
            .any(|series| series.workload.transport == workload.transport);
        if index > 0 && !is_known && one.series[index].self_test.is_none() {
            let self_test = self.self_test(plan, Some(workload.clone()), audience)?;
            one.series[index].self_test = Some(self_test);
        }
        Ok(one.self_test_of(workload.transport).clone())
    }

    /// Searches once.
    pub(super) fn repetition(
        &mut self,
        plan: &Plan,
        one: &mut Measured,
        index: usize,
        audience: &mut Audience<'_>,
    ) -> Result<Ended, Error> {
        let method = &plan.method;
        let workload = one.series[index].workload.clone();
        let lowest = 1.0;
        // A tester that passed at no rate is no judge of any, which the limit then says.
        let self_test = self.self_test_of(plan, one, index, audience)?;
        let before = one.series[index].repetitions.last();
        let highest = (self_test.rate / method.self_test_factor).max(lowest);
        let mut failure = None;
        let mut run = |stand: &mut Self, bounds: Bounds, lasts: Duration| {
            let mut order = order(plan, workload.clone(), lasts);
            search(&bounds, |rate| {
                order.rate = rate;
                match stand.trial(order.clone(), audience)? {
                    Ok(trial) => Ok(trial),
                    Err(message) => {
                        failure = Some(message);
                        Err(Error::Stopped)
                    }
                }
            })
        };
        let start = match before {
            Some(before) => Ok(before.rate),
            // Where about it is, is found by trials that count for nothing.
            None => run(
                self,
                Bounds {
                    start: 2000.0,
                    step: 2.0,
                    lowest,
                    highest,
                    resolution: 0.5,
                },
                PROBE_LASTS,
            )
            .map(|found| found.passed.map_or(lowest, |trial| trial.offered)),
        };
        let lasts = Duration::from_secs_f64(method.trial_seconds);
        let found = start.and_then(|start| {
            let bounds = Bounds {
                start: start.max(lowest),
                step: STEP,
                lowest,
                highest,
                resolution: method.resolution,
            };
            run(self, bounds, lasts)
        });
        let found = match (found, failure) {
            (_, Some(message)) => return Ok(Ended::DeviceFailed(message)),
            (found, None) => found?,
        };
        let limit = limit(&found, &self_test, method);
        let rate = found.passed.as_ref().map_or(0.0, |trial| trial.offered);
        let series = &mut one.series[index];
        series.repetitions.push(Repetition {
            rate,
            limit,
            passed: found.passed,
            failed: found.failed,
            trials: found.trials,
        });
        (audience.tell)(format!(
            "{}: {}, search {} of {}: {rate:.0} questions a second",
            self.name,
            words(&workload),
            series.repetitions.len(),
            method.repetitions
        ));
        Ok(Ended::Done)
    }

    /// Measures delays at fixed rates, and what too much does.
    pub(super) fn beyond_rates(
        &mut self,
        plan: &Plan,
        one: &mut Measured,
        index: usize,
        audience: &mut Audience<'_>,
    ) -> Result<Ended, Error> {
        let rate = median(&one.series[index].repetitions);
        if rate < 10.0 {
            return Ok(Ended::Done);
        }
        let workload = one.series[index].workload.clone();
        let alone = plan.shares.iter().map(|percent| (*percent, None));
        let beside = plan.shares.iter().map(|percent| (*percent, plan.beside));
        let beside = beside.filter(|(_, beside)| beside.is_some());
        for (percent, beside) in alone.chain(beside) {
            let series = &mut one.series[index];
            let is_same = |share: &AtShare| {
                share.percent == percent
                    && share.beside_bits_per_second.is_some() == beside.is_some()
            };
            if series.at_shares.iter().any(is_same) {
                continue;
            }
            let lasts = Duration::from_secs_f64(plan.method.trial_seconds);
            let mut order = order(plan, workload.clone(), lasts);
            order.rate = rate * f64::from(percent) / 100.0;
            order.beside = beside;
            order.ends_early = false;
            match self.trial_beside(order, audience)? {
                Ok((trial, beside)) => series.at_shares.push(AtShare {
                    percent,
                    beside_bits_per_second: beside,
                    trial,
                }),
                Err(message) => return Ok(Ended::DeviceFailed(message)),
            }
        }
        if plan.overload && one.series[index].overload.is_none() {
            return self.overload(plan, &mut one.series[index], rate, audience);
        }
        Ok(Ended::Done)
    }

    /// Offers twice what the device can do, and then a tenth of it until that is answered as fast
    /// as before.
    fn overload(
        &mut self,
        plan: &Plan,
        series: &mut Series,
        rate: f64,
        audience: &mut Audience<'_>,
    ) -> Result<Ended, Error> {
        let calm = rate / 10.0;
        let mut trials = Vec::new();
        for (rate, lasts) in [
            (calm, CALM_LASTS),
            (rate * 2.0, OVERLOAD_LASTS),
            (calm, WATCHED),
        ] {
            let mut order = order(plan, series.workload.clone(), lasts);
            order.rate = rate;
            order.ends_early = false;
            match self.trial(order, audience)? {
                Ok(trial) => trials.push(trial),
                Err(message) => {
                    return Ok(Ended::DeviceFailed(format!(
                        "at twice its rate, or after it: {message}"
                    )));
                }
            }
        }
        let [before, trial, after] =
            <[Trial; 3]>::try_from(trials).expect("there is one for each row");
        series.overload = Some(Overload {
            recovered_ms: recovered(&before, &after),
            trial,
            watched_ms: after.seconds * 1000.0,
        });
        Ok(Ended::Done)
    }

    pub(super) fn cold_start(
        &mut self,
        one: &mut Measured,
        audience: &mut Audience<'_>,
    ) -> Result<Ended, Error> {
        let within = self.ready_within * 2 + UP_WITHIN;
        match self.bench.order(&Order::ColdStart, within, audience.stop)? {
            Reply::Started(ms) => {
                one.cold_start_ms.push(ms);
                (audience.tell)(format!(
                    "{}: first right answer {ms:.0} ms after its power",
                    self.name
                ));
                Ok(Ended::Done)
            }
            Reply::Failed(message) => Ok(Ended::DeviceFailed(message)),
            _ => Err(broken(&self.name, OUT_OF_TURN)),
        }
    }

    /// Offers questions of the first workload at a rate; the inner error is the device's.
    pub(super) fn at_rate(
        &mut self,
        plan: &Plan,
        rate: f64,
        audience: &mut Audience<'_>,
    ) -> Result<Result<Trial, String>, Error> {
        let lasts = Duration::from_secs_f64(plan.method.trial_seconds);
        let mut order = order(plan, plan.workloads[0].clone(), lasts);
        order.rate = rate;
        order.ends_early = false;
        self.trial(order, audience)
    }

    /// Has dnsperf ask at a rate, or as fast as it is answered; the inner error is the device's.
    pub(super) fn dnsperf(
        &mut self,
        plan: &Plan,
        rate: Option<f64>,
        audience: &mut Audience<'_>,
    ) -> Result<Result<Heard, String>, Error> {
        let method = &plan.method;
        let order = Order::Dnsperf(DnsperfOrder {
            rate,
            lasts: Duration::from_secs_f64(method.trial_seconds),
            timeout: Duration::from_millis(method.timeout_ms),
            delay: Duration::from_millis(method.answers_after_ms),
            cached: plan.workloads[0].cached_percent > 0,
            names: plan.names,
        });
        match self.bench.order(&order, UP_WITHIN * 2, audience.stop)? {
            Reply::Dnsperf(heard) => Ok(Ok(heard)),
            Reply::Failed(message) => Ok(Err(message)),
            _ => Err(broken(&self.name, OUT_OF_TURN)),
        }
    }

    /// Has a trial made; the inner error is the device's.
    fn trial(
        &mut self,
        order: TrialOrder,
        audience: &mut Audience<'_>,
    ) -> Result<Result<Trial, String>, Error> {
        let made = self.trial_beside(order, audience)?;
        Ok(made.map(|(trial, _)| trial))
    }

    /// Has a trial made, and returns as well how much else went through the device.
    fn trial_beside(
        &mut self,
        order: TrialOrder,
        audience: &mut Audience<'_>,
    ) -> Result<Result<(Trial, Option<f64>), String>, Error> {
        let within = within(&order);
        let ordered = Order::Trial(order);
        match self.bench.order(&ordered, within, audience.stop)? {
            Reply::Trial(trial, beside) => Ok(Ok((*trial, beside))),
            Reply::Failed(message) => Ok(Err(message)),
            _ => Err(broken(&self.name, OUT_OF_TURN)),
        }
    }
}

/// Returns when answers were as fast as before, and stayed so.
fn recovered(before: &Trial, after: &Trial) -> Option<f64> {
    let usual = before.delay.p99.max(LEAST_DELAY) * 2.0;
    let slow = after.timeline.iter().rposition(|slice| {
        slice.right < slice.asked || slice.slowest > usual.max(before.delay.max)
    });
    match slow {
        None => Some(0.0),
        Some(last) => after.timeline.get(last + 1).map(|slice| slice.at * 1000.0),
    }
}

fn order(plan: &Plan, workload: Workload, lasts: Duration) -> TrialOrder {
    TrialOrder {
        workload,
        rate: 0.0,
        lasts,
        timeout: Duration::from_millis(plan.method.timeout_ms),
        delay: Duration::from_millis(plan.method.answers_after_ms),
        names: plan.names,
        connections: plan.connections,
        beside: None,
        ends_early: true,
    }
}

/// Returns how long the worker may take for a trial.
fn within(order: &TrialOrder) -> Duration {
    order.lasts * 2 + order.timeout * 2 + UP_WITHIN
}

fn median(repetitions: &[Repetition]) -> f64 {
    let mut rates: Vec<f64> = repetitions.iter().map(|one| one.rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

fn words(workload: &Workload) -> String {
    let transport = match workload.transport {
        Transport::Udp => "",
        Transport::Tcp => "TCP, ",
        Transport::TcpKeptOpen => "TCP kept open, ",
    };
    format!("{transport}{} % cached", workload.cached_percent)
}

fn default_workload() -> Workload {
    use ngnlab_reports::benchmark::{Asked, Domains};
    Workload {
        transport: Transport::Udp,
        asked: Asked::Aaaa,
        cached_percent: 0,
        domains: Domains::Ons,
    }
}

/// A trial in which nothing was asked.
fn nothing() -> Trial {
    use ngnlab_reports::benchmark::{Counts, Delay, Effort, Upstream};
    Trial {
        offered: 0.0,
        seconds: 0.0,
        counts: Counts::default(),
        delay: Delay::default(),
        upstream: Upstream::default(),
        effort: Effort::default(),
        timeline: Vec::new(),
    }
}

fn broken(name: &str, message: &str) -> Error {
    Error::Worker {
        scenario: name.to_owned(),
        message: message.to_owned(),
    }
}

/// What a worker never does, unless we broke it.
const OUT_OF_TURN: &str = "its answer fits no order";
/// More than any thread of ours sends.
const MOST_RATE: f64 = 2_000_000.0;
const STEP: f64 = 1.1;
const PROBE_LASTS: Duration = Duration::from_secs(1);
const SELF_TEST_LASTS: Duration = Duration::from_secs(2);
const OVERLOAD_LASTS: Duration = Duration::from_secs(10);
const CALM_LASTS: Duration = Duration::from_secs(3);
const WATCHED: Duration = Duration::from_secs(15);
/// What a line may take besides what the device takes.
const UP_WITHIN: Duration = Duration::from_secs(300);
/// In microseconds: what is faster is as good.
const LEAST_DELAY: f64 = 1000.0;
