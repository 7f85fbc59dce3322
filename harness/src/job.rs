//! One scenario in one area with one device: what a thread or a worker process is given.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use ngnlab_sim::line::Area;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::time::Pace;
use serde::{Deserialize, Serialize};

use crate::dut::reference::Reference;
use crate::dut::{Dut as _, Prepared};
use crate::error::Error;
use crate::launch;
use crate::play::{self, Run};
use crate::scenario::Scenario;

/// One scenario in one area with one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The scenario's file.
    pub scenario: PathBuf,
    /// The area.
    pub area: Area,
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
    /// Reads the job's scenario.
    pub fn scenario(&self) -> Result<Scenario, Error> {
        Scenario::load(&self.scenario)
    }

    /// Returns the folder for what real terminals leave, if it is kept.
    pub fn files(&self) -> Option<PathBuf> {
        self.out.as_ref().map(|out| out.join("files"))
    }

    /// Runs the job to its end, in this thread or in a worker process, as its driver does.
    pub fn run(&self) -> Result<Run, Error> {
        self.run_unless_stopped(&AtomicBool::new(false))
    }

    /// Runs the job like [`Job::run`]; once `stop` is set it may end early, as an error.
    pub fn run_unless_stopped(&self, stop: &AtomicBool) -> Result<Run, Error> {
        match &self.device {
            Device::Reference(defects) => {
                let mut dut = Reference::new(defects.clone()).stopped_by(stop);
                let pace = self.pace.unwrap_or(dut.pace());
                let files = self.files();
                let scenario = self.scenario()?;
                let (area, seed) = (self.area, self.seed);
                play::watched(
                    &scenario,
                    area,
                    seed,
                    &mut dut,
                    pace,
                    files.as_deref(),
                    &mut |_| false,
                )
            }
            Device::File(path) => launch::run(self, path, stop),
        }
    }
}
