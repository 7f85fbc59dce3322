//! Real router programs in user, network, mount and process namespaces of their own.
//!
//! The harness runs itself again as a worker, which opens two TAP interfaces in the device's
//! network and runs the world. Below it a supervisor, out of the device's sight, watches over the
//! programs; pid 1 of their sandbox starts and reaps them. Whoever ends takes everything below with
//! it.

use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ngnlab_sim::cable::Cable;
use ngnlab_sim::line::Area;
use ngnlab_sim::link::Link;
use ngnlab_sim::link::tap::{self, Tap};
use ngnlab_sim::setup::{Macs, Setup};
use ngnlab_sim::time::Pace;
use ngnlab_sim::world::World;
use nix::unistd::Pid;
use toml::Spanned;

use super::description::Description;
use super::description::part::Part as _;
use super::description::programs::plan::Plan;
use super::description::programs::{LAN_INTERFACE, Programs, WAN_INTERFACE};
use super::description::variables::Variables;
use super::lines::Line;
use super::{Cables, DeviceFailure, Dut, DutError, Ends, Failure};
use crate::error::Error;
use messages::{Entry, Event, Order, Seen};
use sandbox::Sandbox;

mod calls;
mod channel;
pub(crate) mod group;
pub(crate) mod hidden;
pub(super) mod hunger;
pub mod init;
mod memory;
pub mod messages;
mod own_program;
mod pid1;
mod processes;
mod program;
mod root;
pub mod sandbox;
pub(crate) mod stranger;
pub mod supervise;
mod supervisor;
pub(crate) mod wall;
mod watch;
mod within;

/// Serves as a helper of a worker, if this process was started as one.
pub(super) fn hidden_command(name: &str) -> Option<ExitCode> {
    match name {
        supervise::COMMAND => Some(supervise::main()),
        init::COMMAND => Some(init::main()),
        _ => None,
    }
}

/// A router made of programs, inside the worker that has entered its namespaces.
pub struct ProcessDut {
    description: Description,
    programs: Programs,
    area: Area,
    sandbox: Sandbox,
    attached: Option<Attached>,
    failure: Option<DeviceFailure>,
    starved: Duration,
}

struct Attached {
    plan: Plan,
    cables: Cables,
}

impl ProcessDut {
    /// Makes the device of a description in a sandbox that was entered for it.
    pub fn new(
        description: &Description,
        programs: &Programs,
        area: Area,
        sandbox: Sandbox,
    ) -> Self {
        Self {
            description: description.clone(),
            programs: programs.clone(),
            area,
            sandbox,
            attached: None,
            failure: None,
            starved: Duration::ZERO,
        }
    }

    fn take_in(&mut self, event: Event) -> Result<bool, DutError> {
        match event {
            Event::Ready => Ok(true),
            Event::Failed(failure) => {
                self.failure = Some(failure.clone());
                Err(DutError::Failed(failure))
            }
            Event::Starved(waited) => {
                self.starved = self.starved.max(waited);
                Ok(false)
            }
            Event::Entered(_) | Event::Wrote(_) | Event::WroteAll | Event::Cannot { .. } => {
                Ok(false)
            }
        }
    }

    fn never_ready(&self, within: Duration) -> DutError {
        DutError::Failed(DeviceFailure {
            how: Failure::NeverReady,
            message: format!("the device was not ready within {within:?}"),
            log: None,
        })
    }

    fn wait_until_ready(&mut self) -> Result<(), DutError> {
        let within = self.programs.ready_within();
        // The supervisor tells every failure by itself; this is for one that hangs.
        loop {
            match self.sandbox.wait(within)? {
                Some(event) => {
                    if self.take_in(event)? {
                        return Ok(());
                    }
                }
                None => return Err(self.never_ready(within)),
            }
        }
    }
}

impl Dut for ProcessDut {
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
        let variables = Variables::new(self.area, setup, Programs::names())
            .when_measured(self.description.measured);
        let plan = Plan::render(&self.programs, &variables);
        let plan = plan.map_err(|mistake| self.description.unfit(mistake))?;
        let (mut wan, mut lan) = open_taps(self.macs())?;
        self.sandbox.order(&Order::Start(plan.clone()))?;
        self.wait_until_ready()?;
        let waker = world
            .waker()
            .map_err(|error| broken("wake the world", error))?;
        self.sandbox.wake_with(waker);
        for link in [&mut wan, &mut lan] {
            link.set_carrier(true)
                .map_err(|error| broken("raise carrier", error))?;
        }
        let cables = Cables {
            wan: world.attach(ends.wan, wan),
            lan: world.attach(ends.lan, lan),
        };
        self.attached = Some(Attached { plan, cables });
        // Starting is hard work, and nobody was asked anything yet.
        self.starved = Duration::ZERO;
        Ok(cables)
    }

    fn power_cycle(&mut self, world: &mut World) -> Result<(), DutError> {
        let Some(attached) = &self.attached else {
            return Ok(());
        };
        let (plan, cables) = (attached.plan.clone(), attached.cables);
        let both = [cables.wan, cables.lan];
        for cable in both {
            set_carrier(world, cable, false)?;
        }
        for name in [WAN_INTERFACE, LAN_INTERFACE, "lo"] {
            // Addresses and routes go with it; a device that deleted its interface has none.
            let _ = tap::set_up(name, false);
        }
        self.sandbox.order(&Order::Start(plan))?;
        let within = self.programs.ready_within();
        let deadline = world.now() + within;
        while world.now() < deadline {
            world
                .run_until(world.now() + LOOK_EVERY)
                .map_err(|error| broken("run the world", error))?;
            let Some(event) = self.sandbox.event()? else {
                continue;
            };
            if self.take_in(event)? {
                for cable in both {
                    set_carrier(world, cable, true)?;
                }
                return Ok(());
            }
        }
        Err(self.never_ready(within))
    }

    fn check(&mut self) -> Result<(), DutError> {
        if let Some(failure) = &self.failure {
            return Err(DutError::Failed(failure.clone()));
        }
        while let Some(event) = self.sandbox.event()? {
            self.take_in(event)?;
        }
        Ok(())
    }

    fn lines(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        if self.sandbox.order(&Order::Recall).is_err() {
            return lines;
        }
        // Without them the run is what it is, all the same.
        while let Ok(Some(event)) = self.sandbox.wait(RECALLED_WITHIN) {
            match event {
                Event::Wrote(more) => lines.extend(more),
                Event::WroteAll => break,
                Event::Entered(_)
                | Event::Ready
                | Event::Starved(_)
                | Event::Failed(_)
                | Event::Cannot { .. } => {}
            }
        }
        lines
    }

    fn starved(&mut self) -> Duration {
        mem::take(&mut self.starved)
    }
}

/// Moves this process, which must not outlive `parent`, into a sandbox for the programs.
pub(crate) fn enter(
    parent: Pid,
    needs: &[String],
    programs: &Programs,
    logs: &Path,
    gates: &[PathBuf],
) -> Result<Sandbox, Error> {
    let paths = |paths: &[Spanned<PathBuf>]| -> Vec<PathBuf> {
        paths.iter().map(|path| path.get_ref().clone()).collect()
    };
    let seen = |path: PathBuf| Seen {
        host: path.clone(),
        at: path,
    };
    let mut sees = paths(&programs.sees);
    sees.extend(own_programs(programs, needs));
    sees.sort();
    // What lies in another one is seen with it.
    sees.dedup_by(|path, before| path.starts_with(before));
    let entry = Entry {
        private: match &programs.private {
            Some(private) => paths(private),
            // What it brings along shall not be covered.
            None if programs.root.is_some() => Vec::new(),
            None => PRIVATE.map(PathBuf::from).into(),
        },
        root_users: programs.root_users.clone(),
        sees: sees.into_iter().map(seen).collect(),
        root: programs.root.as_ref().map(|path| path.get_ref().clone()),
        root_is_layered: false,
        mounts: programs.mounts,
        logs: logs.to_owned(),
    };
    Sandbox::enter(parent, entry, gates)
}

/// Returns the programs that a device file names by their place on the host.
fn own_programs(programs: &Programs, needs: &[String]) -> Vec<PathBuf> {
    if programs.root.is_some() {
        return Vec::new();
    }
    let started = programs
        .run
        .iter()
        .filter_map(|run| run.daemon.as_ref()?.first());
    let started = started.map(|word| word.get_ref());
    let named = needs.iter().chain(started).map(PathBuf::from);
    let mut own: Vec<PathBuf> = named
        .filter(|path| path.is_absolute() && path.is_file() && !root::is_seen(path))
        .collect();
    own.sort();
    own.dedup();
    own
}

/// Makes the device's two interfaces in the network namespace of this process.
pub(crate) fn open_taps(macs: Macs) -> Result<(Tap, Tap), Error> {
    let open = |name, mac| {
        Tap::open(name, mac).map_err(|error| Error::Missing {
            doing: error.to_string(),
            help: error.advice().to_owned(),
            source: None,
        })
    };
    Ok((
        open(WAN_INTERFACE, macs.wan)?,
        open(LAN_INTERFACE, macs.lan)?,
    ))
}

fn set_carrier(world: &mut World, cable: Cable, up: bool) -> Result<(), DutError> {
    world
        .set_carrier(cable, up)
        .map_err(|error| broken("switch carrier", error))
}

fn broken(doing: &str, source: io::Error) -> DutError {
    DutError::Harness(Error::Missing {
        doing: doing.to_owned(),
        help: String::new(),
        source: Some(source),
    })
}

/// What is private unless the device file says otherwise.
const PRIVATE: [&str; 3] = ["/tmp", "/var/lib", "/var/log"];
/// The supervisor has them at hand.
const RECALLED_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(10);
