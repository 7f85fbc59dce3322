//! How much later an answer comes because it goes through a world.
//!
//! A computer with an interface to each pings the edge of a line in real pace, recorded as in any
//! scenario, and in turn a loop that does nothing but echo. Both ends are TAP interfaces of the same
//! namespace, so that what differs is ours.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ngnlab_reports::benchmark::statistics::{interval, percentile, summary};
use ngnlab_sim::access;
use ngnlab_sim::line::{Area, EdgeQuirk, Line};
use ngnlab_sim::link::lent_tap::LentTap;
use ngnlab_sim::link::wake::Waker;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::trace::Role;
use ngnlab_sim::{Pace, Time, World};
use serde::Serialize;

use crate::error::Error;
use crate::terminal::pinger::{Assignment, Pinger, Told};

mod echo;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often to turn from the loop to the world and back.
    pub rounds: u32,
    /// How many pings each gets in a round.
    pub pings: u32,
    /// Between two pings.
    pub gap: Duration,
    /// Where the line is.
    pub area: Area,
    /// Where its randomness comes from.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// How many rounds there were.
    pub rounds: u32,
    /// How many pings each got in a round.
    pub pings: u32,
    /// What was not answered.
    pub lost: u64,
    /// How late the answers of the loop were.
    pub bare: Latency,
    /// How late those of the world were.
    pub world: Latency,
    /// The world's median, divided by the loop's of the same round.
    pub ratio_median: Ratio,
    /// The same for the 99th percentile.
    pub ratio_p99: Ratio,
}

/// How late answers were, all rounds taken together.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// The middle one, in microseconds.
    pub median_us: f64,
    /// What one in a hundred exceeds.
    pub p99_us: f64,
}

/// The mean of what the rounds gave.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ratio {
    /// The mean.
    pub mean: f64,
    /// Where the true mean is in 95 of 100 cases.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Measures.
pub fn measure(plan: Plan) -> Result<Measured, Error> {
    let broken = |source: io::Error| cannot("measure the latency of the world", source);
    let mut pinger = Pinger::start(Assignment {
        neighbours: [echo::MAC, plan.area.values().edge_mac].map(Mac::link_local),
        rounds: plan.rounds,
        pings: plan.pings,
        gap: plan.gap,
    })
    .map_err(broken)?;
    let taps = [told(&mut pinger)?, told(&mut pinger)?];
    let [
        (Told::Plugged(0), Some(bare)),
        (Told::Plugged(1), Some(far)),
    ] = taps
    else {
        return Err(broken(io::Error::other("its interfaces did not come")));
    };
    // It ends with its interface, which ends with the computer.
    thread::spawn(move || echo::serve(&bare));
    let line = Alive::begin(plan, far).map_err(broken)?;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        match told(&mut pinger)? {
            (Told::Round(round), _) => rounds.push(round),
            (other, _) => {
                let text = format!("it said {other:?} out of turn");
                return Err(broken(io::Error::other(text)));
            }
        }
    }
    line.end().map_err(broken)?;
    summed_up(plan, &rounds).ok_or_else(|| broken(io::Error::other("a round went without answers")))
}

/// A line that lives until it is ended.
struct Alive {
    stop: Arc<AtomicBool>,
    waker: Waker,
    thread: JoinHandle<io::Result<()>>,
}

impl Alive {
    fn begin(plan: Plan, tap: LentTap) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (sender, woken_by) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let mut line = Line::preset("next-ra", plan.area).expect("the preset exists");
            line.quirks.edge.push(EdgeQuirk::AnswersEcho);
            let mut world = World::new(plan.seed, Pace::Realtime);
            let access = access::lay(&mut world, &line);
            let cable = world.attach(access.wan, tap);
            world.record_as(cable, Role::Wan);
            let _ = sender.send(world.waker()?);
            while !stopped.load(Ordering::Relaxed) {
                world.run_until(Time::NEVER)?;
            }
            Ok(())
        });
        match woken_by.recv() {
            Ok(waker) => Ok(Self {
                stop,
                waker,
                thread,
            }),
            Err(_) => Err(io::Error::other("the world did not begin")),
        }
    }

    fn end(self) -> io::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.waker.wake();
        self.thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the world panicked")))
    }
}

fn told(pinger: &mut Pinger) -> Result<(Told, Option<LentTap>), Error> {
    let said = pinger.told(WITHIN);
    match said.map_err(|source| cannot("hear from a computer that pings", source))? {
        (Told::Cannot { doing, help }, _) => Err(Error::Missing {
            doing,
            help,
            source: None,
        }),
        told => Ok(told),
    }
}

fn summed_up(plan: Plan, rounds: &[[Vec<u64>; 2]]) -> Option<Measured> {
    let answered: usize = rounds.iter().flatten().map(Vec::len).sum();
    let asked = u64::from(plan.rounds) * u64::from(plan.pings) * 2;
    let micros = |nanos: &Vec<u64>| -> Vec<f64> {
        let mut micros: Vec<f64> = nanos.iter().map(|nanos| *nanos as f64 / 1e3).collect();
        micros.sort_by(f64::total_cmp);
        micros
    };
    let all = |number: usize| {
        let nanos = rounds.iter().flat_map(|round| round[number].clone());
        latency(&micros(&nanos.collect()))
    };
    let pairs = rounds.iter().map(|round| {
        let [bare, world] = [0, 1].map(|number| latency(&micros(&round[number])));
        let (bare, world) = (bare?, world?);
        Some((world.median_us / bare.median_us, world.p99_us / bare.p99_us))
    });
    let (medians, p99s): (Vec<f64>, Vec<f64>) =
        pairs.collect::<Option<Vec<_>>>()?.into_iter().unzip();
    Some(Measured {
        rounds: plan.rounds,
        pings: plan.pings,
        lost: asked.saturating_sub(answered as u64),
        bare: all(0)?,
        world: all(1)?,
        ratio_median: ratio(&medians)?,
        ratio_p99: ratio(&p99s)?,
    })
}

fn latency(sorted: &[f64]) -> Option<Latency> {
    Some(Latency {
        median_us: summary(sorted)?.median,
        p99_us: percentile(sorted, 99)?,
    })
}

fn ratio(values: &[f64]) -> Option<Ratio> {
    let (mean, ends) = (summary(values)?.mean, interval(values)?);
    Some(Ratio {
        mean,
        low: ends.low,
        high: ends.high,
    })
}

fn cannot(doing: &str, source: io::Error) -> Error {
    Error::Missing {
        doing: doing.to_owned(),
        help: String::new(),
        source: Some(source),
    }
}

/// More than a round takes, and than the kernel needs to take an address as its own.
const WITHIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_held_against_themselves() {
        let round = |bare: u64, world: u64| [vec![bare; 100], vec![world; 100]];
        let rounds = [round(1_000, 2_000), round(10_000, 30_000)];
        let measured = summed_up(plan(2, 101), &rounds).unwrap();
        assert_eq!(measured.ratio_median.mean, 2.5);
        assert_eq!(measured.ratio_p99.mean, 2.5);
        assert_eq!(measured.lost, 4);
        assert_eq!(measured.bare.median_us, 5.5);
        assert_eq!(measured.world.p99_us, 30.0);
    }

    #[test]
    fn a_round_without_answers_is_no_round() {
        let rounds = [[vec![1], vec![1]], [vec![1], Vec::new()]];
        assert!(summed_up(plan(2, 1), &rounds).is_none());
    }

    fn plan(rounds: u32, pings: u32) -> Plan {
        Plan {
            rounds,
            pings,
            gap: Duration::ZERO,
            area: Area::East,
            seed: 1,
        }
    }
}
