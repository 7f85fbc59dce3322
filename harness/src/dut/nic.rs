//! A router on two cables: two network interfaces of this machine, in the namespace it is run in.
//!
//! Nothing is sent before both interfaces have been named in the device file and found to be
//! nobody else's (`guard.rs`). Power and carrier are switched by commands of the file, so that a
//! switched socket, a relay or labgrid can do it.

use std::path::Path;
use std::time::Duration;

use ngnlab_sim::line::Area;
use ngnlab_sim::link::Link as _;
use ngnlab_sim::link::nic::{Nic, NicError};
use ngnlab_sim::setup::{Macs, Setup};
use ngnlab_sim::time::Pace;
use ngnlab_sim::world::World;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

use super::description::Description;
use super::description::cabled::{Cabled, Socket};
use super::description::templates::Templates;
use super::description::variables::Variables;
use super::lines::Line;
use super::{Cables, DeviceFailure, Dut, DutError, Ends, Failure};
use crate::error::Error;
use hooks::{Hook, Progress};
use log::Log;

mod guard;
mod hooks;
mod log;

/// A router on two cables.
pub struct NicDut {
    description: Description,
    file: Cabled,
    area: Area,
    log: Log,
    variables: Option<Variables>,
}

impl NicDut {
    /// Makes the device of a description; what its commands write goes into a file of `logs`.
    pub fn new(description: &Description, file: &Cabled, area: Area, logs: &Path) -> Self {
        Self {
            description: description.clone(),
            file: file.clone(),
            area,
            log: Log::new(logs.join("commands.log")),
            variables: None,
        }
    }

    fn hook(&self, name: &str, template: &toml::Spanned<String>) -> Result<Hook, DutError> {
        let variables = self.variables.as_ref().expect("hooks are run after attach");
        let filled = Templates::new(variables).fill(name, template);
        let script = filled.map_err(|mistake| self.description.unfit(mistake))?;
        Ok(Hook {
            name: name.to_owned(),
            script,
            log: self.log.clone(),
            within: self.file.within.0,
        })
    }

    /// Opens one interface; its carrier is switched as the file says.
    fn open(&self, name: &str, socket: &Socket) -> Result<Nic, DutError> {
        let nic = open(socket, self.file.shared_with_host)?;
        let Some(carrier) = &socket.carrier else {
            return Ok(nic);
        };
        let down = self.hook(&format!("{name} carrier down"), &carrier.down)?;
        let up = self.hook(&format!("{name} carrier up"), &carrier.up)?;
        let nic = nic.with_carrier(move |is_up| if is_up { &up } else { &down }.run());
        Ok(nic.map_err(missing)?)
    }

    /// Runs commands one after the other while time passes.
    fn run(&self, hooks: Vec<Hook>, world: &mut World) -> Result<(), DutError> {
        for hook in hooks {
            let mut running = hook.start().map_err(|error| self.failed(&hook, &error))?;
            loop {
                match running.progress() {
                    Ok(Progress::Ended) => break,
                    Ok(Progress::Running) => {}
                    Err(error) => return Err(self.failed(&hook, &error)),
                }
                world
                    .run_until(world.now() + LOOK_EVERY)
                    .map_err(|error| broken("run the world", error))?;
            }
        }
        Ok(())
    }

    fn failed(&self, hook: &Hook, error: &std::io::Error) -> DutError {
        let how = match hook.name.as_str() {
            "ready" => Failure::NeverReady,
            _ => Failure::NeverStarted,
        };
        DutError::Failed(DeviceFailure {
            how,
            message: format!("the command `{}` {error}", hook.name),
            log: Some(self.log.path().display().to_string()),
        })
    }

    /// Returns the commands that take the power away and give it back, and wait for the router.
    fn boot(&self) -> Result<Vec<Hook>, DutError> {
        let mut hooks = Vec::new();
        if let Some(power) = &self.file.power {
            hooks.push(self.hook("power off", &power.off)?);
            hooks.push(self.hook("power on", &power.on)?);
        }
        if let Some(ready) = &self.file.ready {
            hooks.push(self.hook("ready", ready)?);
        }
        Ok(hooks)
    }
}

impl Dut for NicDut {
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
        self.variables = Some(
            Variables::new(self.area, setup, self.file.names())
                .when_measured(self.description.measured),
        );
        let mut wan = self.open("wan", &self.file.wan)?;
        let mut lan = self.open("lan", &self.file.lan)?;
        let mut hooks = Vec::new();
        if let Some(configure) = &self.file.configure {
            hooks.push(self.hook("configure", configure)?);
        }
        hooks.extend(self.boot()?);
        for nic in [&mut wan, &mut lan] {
            switch(nic, false)?;
        }
        for hook in hooks {
            hook.run().map_err(|error| self.failed(&hook, &error))?;
        }
        for nic in [&mut wan, &mut lan] {
            switch(nic, true)?;
            // What came before is none of this run's.
            while nic.try_recv().is_ok_and(|frame| frame.is_some()) {}
        }
        Ok(Cables {
            wan: world.attach(ends.wan, wan),
            lan: world.attach(ends.lan, lan),
        })
    }

    fn power_cycle(&mut self, world: &mut World) -> Result<(), DutError> {
        if self.file.power.is_none() {
            let what = "its power switched, and its file has no [power]";
            return Err(DutError::NotOffered(what.to_owned()));
        }
        self.run(self.boot()?, world)
    }

    fn check(&mut self) -> Result<(), DutError> {
        // What goes on in the background, as a console that is read along, writes at any time.
        self.log.look();
        Ok(())
    }

    fn lines(&mut self) -> Vec<Line> {
        self.log.lines()
    }
}

/// Ties this process to its parent, as every worker is.
pub(crate) fn enter(parent: Pid) -> Result<(), Error> {
    let missing = |errno: Errno| Error::Missing {
        doing: "tie this worker to its parent".to_owned(),
        help: String::new(),
        source: Some(errno.into()),
    };
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(missing)?;
    match getppid() == parent {
        true => Ok(()),
        false => Err(missing(Errno::ESRCH)),
    }
}

/// Tries whether both interfaces can be used.
pub(crate) fn attempt(file: &Cabled) -> Result<(), Error> {
    for socket in [&file.wan, &file.lan] {
        open(socket, file.shared_with_host)?;
    }
    Ok(())
}

fn missing(error: NicError) -> Error {
    Error::Missing {
        doing: error.to_string(),
        help: error.advice(),
        source: None,
    }
}

fn open(socket: &Socket, shared: bool) -> Result<Nic, Error> {
    let name = socket.interface.get_ref();
    let interface = ngnlab_sim::link::nic::find(name).map_err(missing)?;
    if !shared {
        guard::check(&interface)?;
    }
    Nic::open(name, socket.vlan.as_ref().map(|vlan| *vlan.get_ref())).map_err(missing)
}

fn switch(nic: &mut Nic, up: bool) -> Result<(), DutError> {
    nic.set_carrier(up).map_err(|error| {
        DutError::Harness(Error::Missing {
            doing: "switch carrier".to_owned(),
            help: "setting an interface down and up needs CAP_NET_ADMIN: `sudo setcap \
                   cap_net_raw,cap_net_admin+ep \"$(command -v ngnlab)\"`; or give it \
                   `carrier = { down = \"…\", up = \"…\" }` in the device file"
                .to_owned(),
            source: Some(error),
        })
    })
}

fn broken(doing: &str, source: std::io::Error) -> DutError {
    DutError::Harness(Error::Missing {
        doing: doing.to_owned(),
        help: String::new(),
        source: Some(source),
    })
}

const LOOK_EVERY: Duration = Duration::from_millis(10);
