//! The built-in router as a device of the benchmark: in a world of its own, in real time, on another
//! thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ngnlab_sim::link::packets::Packets;
use ngnlab_sim::link::wake::Waker;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::setup::{Macs, Setup};
use ngnlab_sim::time::Pace;
use ngnlab_sim::world::World;
use nix::unistd::gettid;

use super::cores::{Cores, Part};
use crate::dut::reference::{MACS, NAME};
use crate::dut::{Cables, Dut, DutError, Ends};
use crate::error::Error;

/// The built-in router in a thread of its own.
pub(super) struct ApartReference {
    cores: Option<Cores>,
    thread: Arc<AtomicI32>,
    running: Option<Running>,
}

struct Running {
    handle: JoinHandle<io::Result<()>>,
    cuts: Sender<()>,
    stop: Arc<AtomicBool>,
    waker: Waker,
}

impl ApartReference {
    /// Makes one that runs on these processors.
    pub(super) fn new(cores: Option<Cores>) -> Self {
        Self {
            cores,
            thread: Arc::new(AtomicI32::new(0)),
            running: None,
        }
    }

    /// Returns where the number of its thread is told.
    pub(super) fn thread(&self) -> Arc<AtomicI32> {
        Arc::clone(&self.thread)
    }
}

impl Dut for ApartReference {
    fn name(&self) -> &str {
        NAME
    }

    fn pace(&self) -> Pace {
        Pace::Realtime
    }

    fn macs(&self) -> Macs {
        MACS
    }

    fn attach(&mut self, world: &mut World, ends: Ends, setup: &Setup) -> Result<Cables, DutError> {
        let pair = || Packets::pair().map_err(|error| broken("make a cable", error));
        let ((wan, far_wan), (lan, far_lan)) = (pair()?, pair()?);
        let config = RouterConfig {
            setup: setup.clone(),
            defects: std::collections::BTreeSet::new(),
        };
        let (cuts, cut) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (waker_end, waker) = channel();
        let cores = self.cores.clone();
        let (thread, stopped) = (Arc::clone(&self.thread), Arc::clone(&stop));
        let handle = thread::spawn(move || {
            thread.store(gettid().as_raw(), Ordering::Relaxed);
            if let Some(cores) = cores {
                cores.take(Part::Device);
            }
            let mut world = World::new(SEED, Pace::Realtime);
            let router = world.add("router", Router::new(config));
            world.attach(router.port(Router::WAN), far_wan);
            world.attach(router.port(Router::LAN), far_lan);
            let _ = waker_end.send(world.waker()?);
            while !stopped.load(Ordering::Relaxed) {
                world.run_until(world.now() + TURN)?;
                if cut.try_recv().is_ok() {
                    world.with(router, |router, cx| router.power_cycle(cx));
                }
            }
            Ok(())
        });
        let waker = waker
            .recv()
            .map_err(|_| broken("start the built-in router", io::ErrorKind::Other.into()))?;
        self.running = Some(Running {
            handle,
            cuts,
            stop,
            waker,
        });
        Ok(Cables {
            wan: world.attach(ends.wan, wan),
            lan: world.attach(ends.lan, lan),
        })
    }

    fn power_cycle(&mut self, _world: &mut World) -> Result<(), DutError> {
        if let Some(running) = &self.running {
            let _ = running.cuts.send(());
            running.waker.wake();
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), DutError> {
        match &self.running {
            Some(running) if running.handle.is_finished() => Err(broken(
                "run the built-in router",
                io::ErrorKind::Other.into(),
            )),
            _ => Ok(()),
        }
    }
}

impl Drop for ApartReference {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.store(true, Ordering::Relaxed);
            running.waker.wake();
            let _ = running.handle.join();
        }
    }
}

fn broken(doing: &str, source: io::Error) -> DutError {
    DutError::Harness(Error::Missing {
        doing: doing.to_owned(),
        help: String::new(),
        source: Some(source),
    })
}

const SEED: u64 = 1;
/// How often to look whether to end.
const TURN: Duration = Duration::from_millis(100);
