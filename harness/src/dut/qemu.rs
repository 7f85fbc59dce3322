//! Router images that QEMU plays: network interfaces and a serial console on sockets, as an
//! ordinary user.
//!
//! The harness runs itself again as a worker, which starts QEMU, goes through the device file's
//! steps on the console and runs the world. The state that a machine has once it has booted is
//! saved before the first run, and every run goes on from it. Whoever ends takes everything below
//! with it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ngnlab_sim::cable::Cable;
use ngnlab_sim::line::Area;
use ngnlab_sim::link::Link;
use ngnlab_sim::setup::{Macs, Setup};
use ngnlab_sim::time::Pace;
use ngnlab_sim::world::World;
use nix::unistd::Pid;

use super::description::Description;
use super::description::machine::script::Script;
use super::description::machine::{Machine, NicPort};
use super::description::variables::Variables;
use super::lines::Line;
use super::{Cables, DeviceFailure, Dut, DutError, Ends, Prepared};
use crate::error::Error;
use dialogue::Dialogue;
use guest::Guest;
use saved::{Saved, Start};

mod console;
mod dialogue;
mod emulator;
mod guest;
mod qmp;
mod restarts;
pub mod saved;

/// Serves as a helper of a worker, if this process was started as one.
pub(super) fn hidden_command(name: &str) -> Option<ExitCode> {
    (name == emulator::STARTER_COMMAND).then(emulator::become_emulator)
}

/// Ties this process to its parent, which it must not outlive.
pub(crate) fn enter(parent: Pid) -> Result<(), Error> {
    emulator::end_with(parent).map_err(|error| Error::Missing {
        doing: "tie this worker to its parent".to_owned(),
        help: String::new(),
        source: Some(error),
    })
}

/// Boots a machine once and saves its state.
pub(crate) fn prepare(
    description: &Description,
    machine: &Machine,
    to: &Saved,
    logs: &Path,
) -> Result<(), DutError> {
    let mut guest = Guest::start(machine, description.macs, Start::ToBeSaved(to), logs)?;
    guest.play(Script::boot(machine))?;
    guest.save(to)
}

/// A router image under QEMU, inside the worker.
pub struct QemuDut {
    description: Description,
    machine: Machine,
    area: Area,
    prepared: Option<Prepared>,
    logs: PathBuf,
    attached: Option<Attached>,
    failure: Option<DeviceFailure>,
}

struct Attached {
    guest: Guest,
    configure: Script,
    cables: Cables,
}

impl QemuDut {
    /// Makes the device of a description.
    pub fn new(
        description: &Description,
        machine: &Machine,
        area: Area,
        prepared: Option<Prepared>,
        logs: PathBuf,
    ) -> Self {
        Self {
            description: description.clone(),
            machine: machine.clone(),
            area,
            prepared,
            logs,
            attached: None,
            failure: None,
        }
    }

    fn start(&self) -> Result<Start<'_>, DutError> {
        match &self.prepared {
            None => Ok(Start::Cold),
            Some(Prepared::Saved(saved)) => Ok(Start::Saved(saved)),
            Some(Prepared::Failed(failure)) => Err(DutError::Failed(failure.clone())),
        }
    }

    /// Keeps a failure, which stays true.
    fn kept<T>(&mut self, result: Result<T, DutError>) -> Result<T, DutError> {
        if let Err(DutError::Failed(failure)) = &result {
            self.failure = Some(failure.clone());
        }
        result
    }
}

impl Dut for QemuDut {
    fn name(&self) -> &str {
        &self.description.name
    }

    fn pace(&self) -> Pace {
        Pace::Realtime
    }

    fn macs(&self) -> Macs {
        self.description.macs
    }

    fn attach(&mut self, world: &mut World, ends: Ends, setup: &Setup) -> Result<Cables, DutError> {
        self.description.must_offer(setup)?;
        let variables = Variables::new(self.area, setup, self.machine.names())
            .when_measured(self.description.measured);
        let configure = Script::configure(&self.machine, &variables);
        let configure = configure.map_err(|mistake| self.description.unfit(mistake))?;
        let start = self.start()?;
        let mut script = match start {
            Start::Saved(_) => Script::default(),
            Start::Cold | Start::ToBeSaved(_) => Script::boot(&self.machine),
        };
        let mut guest = Guest::start(&self.machine, self.macs(), start, &self.logs)?;
        script.steps.extend(configure.steps.iter().cloned());
        guest.play(script)?;
        let mut wan = guest.link(NicPort::Wan)?;
        let mut lan = guest.link(NicPort::Lan)?;
        for carrier in [wan.set_carrier(true), lan.set_carrier(true)] {
            carrier.map_err(|error| broken("raise carrier", error))?;
        }
        let cables = Cables {
            wan: world.attach(ends.wan, wan),
            lan: world.attach(ends.lan, lan),
        };
        self.attached = Some(Attached {
            guest,
            configure,
            cables,
        });
        Ok(cables)
    }

    fn power_cycle(&mut self, world: &mut World) -> Result<(), DutError> {
        let Some(attached) = &mut self.attached else {
            return Ok(());
        };
        let mut script = Script::boot(&self.machine);
        if !self.machine.remembers {
            script
                .steps
                .extend(attached.configure.steps.iter().cloned());
        }
        let result = attached.power_cycle(world, script);
        self.kept(result)
    }

    fn check(&mut self) -> Result<(), DutError> {
        if let Some(failure) = &self.failure {
            return Err(DutError::Failed(failure.clone()));
        }
        let result = match &mut self.attached {
            Some(attached) => attached.guest.look(),
            None => Ok(()),
        };
        self.kept(result)
    }

    fn lines(&mut self) -> Vec<Line> {
        let attached = self.attached.as_mut();
        attached.map_or_else(Vec::new, |attached| attached.guest.lines())
    }

    fn starved(&mut self) -> Duration {
        let attached = self.attached.as_mut();
        attached.map_or(Duration::ZERO, |attached| attached.guest.starved())
    }
}

impl Attached {
    fn power_cycle(&mut self, world: &mut World, script: Script) -> Result<(), DutError> {
        self.set_carrier(world, false)?;
        self.guest.reset()?;
        let mut dialogue = Dialogue::new(script);
        while !self.guest.go_on(&mut dialogue)? {
            world
                .run_until(world.now() + LOOK_EVERY)
                .map_err(|error| broken("run the world", error))?;
        }
        self.set_carrier(world, true)
    }

    fn set_carrier(&self, world: &mut World, up: bool) -> Result<(), DutError> {
        let Cables { wan, lan } = self.cables;
        for cable in [wan, lan] as [Cable; 2] {
            world
                .set_carrier(cable, up)
                .map_err(|error| broken("switch carrier", error))?;
        }
        Ok(())
    }
}

fn broken(doing: &str, source: std::io::Error) -> DutError {
    DutError::Harness(Error::Missing {
        doing: doing.to_owned(),
        help: String::new(),
        source: Some(source),
    })
}

const LOOK_EVERY: Duration = Duration::from_millis(20);
