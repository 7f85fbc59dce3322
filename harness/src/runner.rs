//! A scenario, an area, a seed and a device give a trace.

use ngnlab_sim::line::Area;
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::time::Pace;
use ngnlab_sim::trace::{FORMAT, Header, Role, Trace};
use ngnlab_sim::world::World;
use serde::{Deserialize, Serialize};

use crate::dut::{DeviceFailure, Dut, DutError, Ends};
use crate::error::Error;
use crate::scenario::Scenario;

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

/// Runs a scenario in an area with a device; `seed` is the run's, the scenario's follows from it.
pub fn run(
    scenario: &Scenario,
    area: Area,
    seed: u64,
    dut: &mut dyn Dut,
    pace: Pace,
) -> Result<Run, Error> {
    let seed = seed_of(seed, &scenario.name, area);
    let mut world = World::new(seed, pace);
    let setup = scenario.setup(area, dut.macs());
    let header = Header {
        format: FORMAT,
        scenario: scenario.name.clone(),
        device: dut.name().to_owned(),
        seed,
        pace,
        line: scenario.line(area),
        setup: setup.clone(),
        terminals: Vec::new(),
        until: scenario.end(),
        tls_secrets: Vec::new(),
    };
    let line = world.add("line", Segment::new(1));
    let hub = world.add("hub", Segment::new(LAN_SOCKETS));
    let ends = Ends {
        wan: line.port(0),
        lan: hub.port(0),
    };
    let ending = match dut.attach(&mut world, ends, &setup) {
        Ok(cables) => {
            world.record_as(cables.wan, Role::Wan);
            world.record_as(cables.lan, Role::Lan);
            world
                .run_until(scenario.end())
                .map_err(|source| Error::World {
                    scenario: scenario.name.clone(),
                    source,
                })?;
            Ending::Complete
        }
        Err(DutError::Failed(failure)) => Ending::DeviceFailed(failure),
        Err(DutError::NotOffered(what)) => Ending::NotOffered(what),
        Err(DutError::Harness(error)) => return Err(error),
    };
    let trace = Trace {
        header,
        records: world.into_records(),
    };
    Ok(Run { trace, ending })
}

/// Returns the seed of one scenario in one area, so that adding a scenario changes no other.
pub fn seed_of(seed: u64, scenario: &str, area: Area) -> u64 {
    // FNV-1a over the run's seed and the names.
    let text = format!("{seed} {scenario} {}", area.name());
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One for the device, the others for terminals.
const LAN_SOCKETS: u8 = 8;
