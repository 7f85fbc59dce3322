//! The built-in router as a device: a node, so that time can be virtual.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::Handle;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::setup::{Hand, Macs, Setup};
use ngnlab_sim::time::Pace;
use ngnlab_sim::world::World;

use super::{Cables, Dut, DutError, Ends};
use crate::error::Error;

/// The name that stands for it on the command line and in reports.
pub const NAME: &str = "reference";

/// The built-in router.
pub struct Reference<'a> {
    defects: BTreeSet<Defect>,
    router: Option<Handle<Router>>,
    stop: Option<&'a AtomicBool>,
}

impl<'a> Reference<'a> {
    /// Makes one with these defects; none make it the model of a router.
    pub fn new(defects: BTreeSet<Defect>) -> Self {
        Self {
            defects,
            router: None,
            stop: None,
        }
    }

    /// Has its runs end early once `stop` is set.
    pub fn stopped_by(mut self, stop: &'a AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }
}

impl Dut for Reference<'_> {
    fn name(&self) -> &str {
        NAME
    }

    fn pace(&self) -> Pace {
        Pace::Virtual
    }

    fn macs(&self) -> Macs {
        MACS
    }

    fn attach(&mut self, world: &mut World, ends: Ends, setup: &Setup) -> Result<Cables, DutError> {
        let config = RouterConfig {
            setup: setup.clone(),
            defects: self.defects.clone(),
        };
        let router = world.add("router", Router::new(config));
        self.router = Some(router);
        Ok(Cables {
            wan: world.connect(router.port(Router::WAN), ends.wan),
            lan: world.connect(router.port(Router::LAN), ends.lan),
        })
    }

    fn power_cycle(&mut self, world: &mut World) -> Result<(), DutError> {
        if let Some(router) = self.router {
            world.with(router, |router, cx| router.power_cycle(cx));
        }
        Ok(())
    }

    fn press(
        &mut self,
        world: &mut World,
        hand: Hand,
        account: Option<&str>,
    ) -> Result<(), DutError> {
        if let Some(router) = self.router {
            world.with(router, |router, cx| router.press(hand, account, cx));
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), DutError> {
        match self.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => Err(Error::Stopped.into()),
            Some(_) | None => Ok(()),
        }
    }
}

/// The MAC addresses of the reference router; locally administered, so nobody's.
pub const MACS: Macs = Macs {
    wan: Mac([0x02, 0x00, 0x5e, 0x10, 0x00, 0x01]),
    lan: Mac([0x02, 0x00, 0x5e, 0x10, 0x00, 0x02]),
};
