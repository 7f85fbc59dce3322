//! What a worker is told, and what it answers.

use std::path::PathBuf;

use ngnlab_reports::benchmark::Family;
use ngnlab_sim::line::Area;
use ngnlab_sim::setup::Mode;
use serde::{Deserialize, Serialize};

use super::signs::Sign;
use crate::dut::Prepared;
use crate::dut::qemu::saved::Saved;
use crate::play::Ending;
use crate::stages::Reached;
use crate::tester::orders::Reply;

/// What a worker is given on its standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// The device's file.
    pub(super) device: PathBuf,
    /// What to run; without, the device is only prepared, and it is tried whether the machine
    /// gives what it needs.
    pub(super) task: Option<Task>,
    /// Where to save the state of a device that has booted.
    pub(super) save: Option<Saved>,
    /// The process it must not outlive.
    pub(super) parent: i32,
    /// Where the device's logs go.
    pub(super) logs: PathBuf,
    /// What leads into the control groups of the device.
    pub(super) gates: Vec<PathBuf>,
}

/// What a worker runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    /// The scenario's file.
    pub(super) scenario: PathBuf,
    /// The area.
    pub(super) area: Area,
    /// How the prefix is delivered where the scenario leaves that open.
    pub(super) delivery: Option<Mode>,
    /// The run's seed.
    pub(super) seed: u64,
    /// Where the trace goes.
    pub(super) trace: PathBuf,
    /// What was done for the device before.
    pub(super) prepared: Option<Prepared>,
    /// Whether to tell how far the device comes, and to end when it has come all the way.
    pub(super) staged: bool,
    /// Where the files of real terminals go, if they are kept.
    pub(super) files: Option<PathBuf>,
    /// Whether the scenario is not played, but the device measured, and over what questions come:
    /// orders follow, one a line.
    #[serde(default)]
    pub(super) measured: Option<Family>,
}

/// What there is to tell before a run has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// The device has come so far.
    Reached(Reached),
    /// How the run is getting on.
    Sign(Sign),
    /// What came of an order.
    Reply(Reply),
}

/// What a worker tells on its standard output, each in a line of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// Something while the task is run; more follows.
    News(News),
    /// The task was run, and there is a trace; or nothing is in the way of one.
    Ended(Ending),
    /// The machine lacks something.
    Missing {
        /// What was tried.
        doing: String,
        /// How to get it.
        help: String,
    },
    /// Anything else of ours that could not be done.
    Broken(String),
    /// Something of ours panicked: what it said, and where.
    Panicked(String),
}
