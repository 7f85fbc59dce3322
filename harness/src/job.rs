//! One scenario in one area with one device: what a thread or a worker process is given.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ngnlab_sim::line::Area;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::time::Pace;
use serde::{Deserialize, Serialize};

use crate::dut::Prepared;
use crate::error::Error;
use crate::scenario::Scenario;

/// One scenario in one area with one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The scenario's file.
    pub scenario: PathBuf,
    /// The area.
    pub area: Area,
    /// How the prefix is delivered where the scenario leaves that open; as its preset has it, unless
    /// given.
    pub delivery: Option<Mode>,
    /// The run's seed, from which the scenario's follows.
    pub seed: u64,
    /// How the clock moves, if the user says so.
    pub pace: Option<Pace>,
    /// The device.
    pub device: Device,
    /// What was done for the device before its first run.
    pub prepared: Option<Prepared>,
    /// The folder for this case's trace and the device's logs, if they are kept.
    pub out: Option<PathBuf>,
}

/// The device of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// The built-in router, with these defects.
    Reference(BTreeSet<Defect>),
    /// The device that a file describes.
    File(PathBuf),
}

impl Job {
    /// Reads the job's scenario, with its prefix delivered as the job has it.
    pub fn scenario(&self) -> Result<Scenario, Error> {
        Ok(Scenario::load(&self.scenario)?.delivered_by(self.delivery))
    }

    /// Returns the folder for what real terminals leave, if it is kept.
    pub fn files(&self) -> Option<PathBuf> {
        self.out.as_ref().map(|out| out.join("files"))
    }
}
