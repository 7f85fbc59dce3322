//! Plays scenarios: a scenario, an area, a seed and a device give a trace.
//!
//! `perform` has one arm for each step of the vocabulary in [`crate::scenario::step`].

use std::path::Path;
use std::time::Duration;

use ngnlab_sim::line::Area;
use ngnlab_sim::node::part::tls;
use ngnlab_sim::time::Pace;
use ngnlab_sim::trace::{End, FORMAT, Header, Record, Seen, Trace};
use serde::{Deserialize, Serialize};

use crate::dut::{DeviceFailure, Dut, DutError, Failure};
use crate::error::Error;
use crate::scenario::Scenario;

mod impair;
pub mod inject;
mod inquiry;
mod logged;
mod moves;
pub mod not_yet;
mod perform;
pub mod running;
mod schedule;
pub mod sight;
pub(crate) mod testbed;

use schedule::Schedule;
use testbed::Testbed;

/// What came of one scenario in one area.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What was seen, up to the end or up to the device's failure.
    pub trace: Trace,
    /// How it ended.
    pub ending: Ending,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The scenario went through.
    Complete,
    /// The device did not do its part.
    DeviceFailed(DeviceFailure),
    /// The device does not offer what the scenario asks for, and what that is.
    NotOffered(String),
}

impl Ending {
    /// Returns how something ended, unless it was our own fault.
    pub(crate) fn of(result: Result<(), DutError>) -> Result<Self, Error> {
        match result {
            Ok(()) => Ok(Self::Complete),
            Err(DutError::Failed(failure)) => Ok(Self::DeviceFailed(failure)),
            Err(DutError::NotOffered(what)) => Ok(Self::NotOffered(what)),
            Err(DutError::Harness(error)) => Err(error),
        }
    }
}

/// Runs a scenario in an area with a device; `seed` is the run's, the scenario's follows from it.
pub fn run(
    scenario: &Scenario,
    area: Area,
    seed: u64,
    dut: &mut dyn Dut,
    pace: Pace,
) -> Result<Run, Error> {
    watched(scenario, area, seed, dut, pace, None, &mut |_| false)
}

/// Runs like [`run`], keeps the files that real terminals leave in a folder, and shows `watch` all
/// records now and then, from the moment that the device is plugged in; the run ends early once
/// that has seen enough.
pub fn watched(
    scenario: &Scenario,
    area: Area,
    seed: u64,
    dut: &mut dyn Dut,
    pace: Pace,
    files: Option<&Path>,
    watch: &mut dyn FnMut(&[Record]) -> bool,
) -> Result<Run, Error> {
    let seed = seed_of(seed, &scenario.name, area);
    // Drawing the keys may take seconds, and real time must not stand still for it.
    tls::Pki::shared();
    // What an earlier world of this thread has left behind is not ours.
    drop(tls::take_secrets());
    let mut testbed = Testbed::new(scenario, area, seed, dut.macs(), pace);
    testbed.files = files.map(Path::to_owned);
    let real = pace == Pace::Virtual && scenario.has_real_terminals();
    let ended = match testbed.plug_in(dut) {
        Ok(()) if real => Err(DutError::NotOffered(NEEDS_REAL_TIME.to_owned())),
        Ok(()) => play(scenario, &mut testbed, dut, pace, watch),
        Err(error) => Err(error),
    };
    let ending = Ending::of(ended)?;
    let header = Header {
        format: FORMAT,
        scenario: scenario.name.clone(),
        device: dut.name().to_owned(),
        seed,
        pace,
        line: testbed.line.clone(),
        setup: testbed.setup.clone(),
        terminals: testbed.truths(),
        until: scenario.end(),
        tls_secrets: tls::take_secrets(),
        captured: None,
    };
    let zero = testbed.world.reading_at_zero();
    let (lines, end) = (dut.lines(), testbed.world.now());
    let mut records = testbed.world.into_records();
    if let Some(zero) = zero {
        logged::add(&mut records, lines, zero, end);
    }
    let ending = match ending {
        Ending::Complete if is_silent(&records) => Ending::DeviceFailed(hung()),
        ending => ending,
    };
    Ok(Run {
        trace: Trace { header, records },
        ending,
    })
}

/// Lets the steps and time pass until the scenario ends.
fn play(
    scenario: &Scenario,
    testbed: &mut Testbed,
    dut: &mut dyn Dut,
    pace: Pace,
    watch: &mut dyn FnMut(&[Record]) -> bool,
) -> Result<(), DutError> {
    let mut schedule = Schedule::new(scenario);
    let end = scenario.end();
    loop {
        schedule.advance(testbed, dut)?;
        if testbed.world.is_flooded() {
            return Err(DutError::Failed(flooding()));
        }
        let now = testbed.world.now();
        if watch(testbed.world.records()) {
            return dut.check();
        }
        if now >= end {
            schedule.give_up(testbed)?;
            // What kept the last steps waiting is in no sleep any more.
            testbed.world.own_up();
            return dut.check();
        }
        testbed.world.record_late(dut.starved());
        let mut next = schedule.next(now).min(end);
        next = next.min(now + glance(pace));
        testbed.run_until(next)?;
        dut.check()?;
    }
}

/// Returns whether the device sent nothing at all, though it had power.
fn is_silent(records: &[Record]) -> bool {
    !records.iter().any(|record| {
        let Seen::Frame { from, .. } = &record.seen else {
            return false;
        };
        *from == End::Device
    })
}

fn hung() -> DeviceFailure {
    DeviceFailure {
        how: Failure::Hung,
        message: "the device was ready, but sent nothing on either cable".to_owned(),
        log: None,
    }
}

fn flooding() -> DeviceFailure {
    DeviceFailure {
        how: Failure::Flooding,
        message: "there were more frames on a cable than a trace holds".to_owned(),
        log: None,
    }
}

/// Returns the seed of one scenario in one area, so that adding a scenario changes no other.
pub fn seed_of(seed: u64, scenario: &str, area: Area) -> u64 {
    // FNV-1a over the run's seed and the names.
    let text = format!("{seed} {scenario} {}", area.name());
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What a scenario with real terminals asks for.
pub const NEEDS_REAL_TIME: &str = "its terminals are real, so time must be: --real-time";

/// Returns how often to look after the device, and whether the user has had enough.
fn glance(pace: Pace) -> Duration {
    match pace {
        Pace::Realtime => Duration::from_millis(250),
        Pace::Virtual => Duration::from_secs(3600),
    }
}
