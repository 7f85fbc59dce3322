//! The device under test: what a run needs of it, whatever its driver. What each driver does is the
//! table in `launch/drivers.rs`.
//!
//! `Drop` unplugs a device and cleans up behind it, even when a run fails halfway.

use std::process::ExitCode;
use std::time::Duration;

use ngnlab_sim::cable::{Cable, Port};
use ngnlab_sim::setup::{Hand, Macs, Setup};
use ngnlab_sim::time::Pace;
use ngnlab_sim::world::World;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use lines::Line;

pub mod description;
pub mod lines;
mod log;
pub mod needs;
pub mod nic;
pub mod process;
pub mod qemu;
pub mod reference;

/// Serves as a helper of a driver, if this process was started as one.
pub(crate) fn hidden_command(name: &str) -> Option<ExitCode> {
    process::hidden_command(name).or_else(|| qemu::hidden_command(name))
}

/// A router under test.
pub trait Dut {
    /// Returns the name that stands in traces and reports.
    fn name(&self) -> &str;

    /// Returns how the clock moves unless the user says otherwise.
    fn pace(&self) -> Pace;

    /// Returns the MAC addresses of its two interfaces, which never change.
    fn macs(&self) -> Macs;

    /// Configures the device and plugs it into the world's free ends: by `connect` if it is a
    /// node, by `attach` if it is not.
    fn attach(&mut self, world: &mut World, ends: Ends, setup: &Setup) -> Result<Cables, DutError>;

    /// Takes the device's power away and gives it back.
    fn power_cycle(&mut self, world: &mut World) -> Result<(), DutError>;

    /// Presses 切断 or 接続 on the device's settings page for its PPPoE sessions of an account, or for all
    /// of them.
    fn press(
        &mut self,
        _world: &mut World,
        _hand: Hand,
        _account: Option<&str>,
    ) -> Result<(), DutError> {
        Err(DutError::NotOffered("PPPoE sessions by hand".to_owned()))
    }

    /// Looks whether the device still does its part; called at every step and when the world is
    /// woken.
    fn check(&mut self) -> Result<(), DutError> {
        Ok(())
    }

    /// Hands out what the device has written, if it writes where that can be read.
    fn lines(&mut self) -> Vec<Line> {
        Vec::new()
    }

    /// Returns how long the host kept the device waiting for a processor since this was asked last.
    fn starved(&mut self) -> Duration {
        Duration::ZERO
    }
}

/// The sockets of the testbed that wait for a device.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// The line's.
    pub wan: Port,
    /// The terminals' hub's.
    pub lan: Port,
}

/// The cables that a device hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Cables {
    /// Towards the line.
    pub wan: Cable,
    /// Towards the terminals.
    pub lan: Cable,
}

/// What was done for a device before its first run, so that no run has to do it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prepared {
    /// It has booted; each run goes on from its saved state.
    Saved(qemu::saved::Saved),
    /// It did not boot, and no run would fare better.
    Failed(DeviceFailure),
}

/// Why a device is not, or no longer, on the line.
#[derive(Debug)]
pub enum DutError {
    /// The device did not do its part: a result.
    Failed(DeviceFailure),
    /// The device does not offer what the scenario asks for: a result.
    NotOffered(String),
    /// We could not do ours: an error.
    Harness(Error),
}

impl From<Error> for DutError {
    fn from(error: Error) -> Self {
        Self::Harness(error)
    }
}

/// A device that did not do its part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFailure {
    /// In which way.
    pub how: Failure,
    /// The whole sentence.
    pub message: String,
    /// Where its log is, if there is one.
    pub log: Option<String>,
}

/// In which way a device did not do its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It could not be started.
    NeverStarted,
    /// It started, but its readiness condition was never met.
    NeverReady,
    /// It ended by itself.
    Crashed,
    /// It does not move.
    Hung,
    /// It sends or writes without end.
    Flooding,
    /// Its kernel has given up.
    Panicked,
    /// It restarts again and again.
    BootLoop,
    /// It has no room left to write to.
    DiskFull,
    /// Nobody listens at its console any more.
    ConsoleClosed,
    /// It takes more and more memory.
    Bloated,
    /// It has more and more processes, or holds more and more descriptors.
    Crowded,
    /// It deleted an interface of its own.
    Unplugged,
}

impl Failure {
    /// Returns the failure in one or two words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NeverStarted => "never started",
            Self::NeverReady => "never ready",
            Self::Crashed => "crashed",
            Self::Hung => "hung",
            Self::Flooding => "flooding",
            Self::Panicked => "kernel panic",
            Self::BootLoop => "boot loop",
            Self::DiskFull => "disk full",
            Self::ConsoleClosed => "console closed",
            Self::Bloated => "bloated",
            Self::Crowded => "crowded",
            Self::Unplugged => "unplugged",
        }
    }
}
