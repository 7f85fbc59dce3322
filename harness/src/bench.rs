//! Measures how fast devices forward DNS, by the method of RFC 8219 §9.2.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ngnlab_reports::benchmark::{Benchmark, Measured, Method, Workload};
use ngnlab_reports::provenance::DeviceFile;

use crate::dut::Prepared;
use crate::error::Error;
use crate::launch::bench::Wish;
use stand::{Ended, Stand};

pub mod agreement;
mod limit;
mod search;
mod stand;

/// What is to be measured, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How rates are searched for.
    pub method: Method,
    /// What is asked.
    pub workloads: Vec<Workload>,
    /// How many names are asked for again and again.
    pub names: u32,
    /// How many connections stay open, where questions come over such.
    pub connections: u16,
    /// The shares of the rate, in percent, at which delays are measured.
    pub shares: Vec<u32>,
    /// How many bits a second of other traffic go through the devices while delays are measured once
    /// more, if any do.
    pub beside: Option<f64>,
    /// Whether the devices are offered more than they can do.
    pub overload: bool,
    /// How often each device is started anew.
    pub cold_starts: usize,
    /// The line.
    pub wish: Wish,
}

/// A device that is to be measured.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// The version of its firmware, if its file says.
    pub firmware: Option<String>,
    /// Its file and what is known of that; the built-in router has none.
    pub file: Option<(PathBuf, DeviceFile)>,
    /// How long it may take until it is ready.
    pub ready_within: Duration,
    /// What was done for it before.
    pub prepared: Option<Prepared>,
}

impl Plan {
    /// Returns about how long all will take.
    pub fn lasts(&self, devices: usize) -> Duration {
        let trial = self.method.trial_seconds + 1.0;
        let searching = TRIALS_EACH * self.method.repetitions as f64;
        let times = if self.beside.is_some() { 2 } else { 1 };
        let shares = (self.shares.len() * times) as f64;
        let overload = if self.overload { 30.0 } else { 0.0 };
        let series = trial * (searching + shares) + overload;
        let starts = self.cold_starts as f64 * 5.0;
        let device = 60.0 + starts + series * self.workloads.len() as f64;
        Duration::from_secs_f64(device * devices as f64)
    }
}

/// Who hears how it is getting on.
pub struct Audience<'a> {
    /// Hears a sentence about what has ended.
    pub tell: &'a mut dyn FnMut(String),
    /// Is given what is known by now, after each step, to be kept.
    pub keep: &'a mut dyn FnMut(&[Measured]) -> Result<(), Error>,
    /// Whether the user has had enough.
    pub stop: &'a AtomicBool,
}

/// Measures every device, in turn within each repetition, so that what drifts drifts for all; goes on
/// where `measured` ends.
pub fn measure(
    plan: &Plan,
    candidates: &[Candidate],
    mut measured: Vec<Measured>,
    audience: &mut Audience<'_>,
) -> Result<Vec<Measured>, Error> {
    let mut stands = Vec::new();
    for (number, candidate) in candidates.iter().enumerate() {
        let known = measured.get(number).cloned();
        let mut stand = Stand::open(plan, candidate, audience)?;
        let one = match known {
            Some(known) => known,
            None => stand.first(plan, candidate, audience)?,
        };
        match measured.get_mut(number) {
            Some(place) => *place = one,
            None => measured.push(one),
        }
        (audience.keep)(&measured)?;
        stands.push(stand);
    }
    for (index, workload) in plan.workloads.iter().enumerate() {
        for repetition in 0..plan.method.repetitions {
            for (stand, one) in stands.iter_mut().zip(&mut measured) {
                if one.failure.is_some() {
                    continue;
                }
                if one.series.len() == index {
                    one.begin(workload);
                }
                if one.series[index].repetitions.len() > repetition {
                    continue;
                }
                let ended = stand.repetition(plan, one, index, audience);
                keep_failure(one, ended)?;
            }
            (audience.keep)(&measured)?;
        }
        for (stand, one) in stands.iter_mut().zip(&mut measured) {
            if one.failure.is_some() {
                continue;
            }
            let ended = stand.beyond_rates(plan, one, index, audience);
            keep_failure(one, ended)?;
        }
        (audience.keep)(&measured)?;
    }
    for (stand, one) in stands.iter_mut().zip(&mut measured) {
        while one.failure.is_none() && one.cold_start_ms.len() <= plan.cold_starts {
            let ended = stand.cold_start(one, audience);
            keep_failure(one, ended)?;
        }
    }
    (audience.keep)(&measured)?;
    Ok(measured)
}

fn keep_failure(one: &mut Measured, ended: Result<Ended, Error>) -> Result<(), Error> {
    if let Ended::DeviceFailed(message) = ended? {
        one.failure = Some(message);
    }
    Ok(())
}

/// Makes the whole of what was measured.
pub fn benchmark(
    provenance: ngnlab_reports::provenance::Provenance,
    plan: &Plan,
    devices: Vec<Measured>,
) -> Benchmark {
    Benchmark {
        format: ngnlab_reports::benchmark::FORMAT,
        provenance,
        method: plan.method.clone(),
        devices,
    }
}

/// As many trials as a search takes, about.
const TRIALS_EACH: f64 = 7.0;
