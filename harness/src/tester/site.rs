//! A line that is up with a device on it, and the tester on both sides of that.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ngnlab_reports::benchmark::{Domains, Family, Transport, Trial};
use ngnlab_sim::line::Area;
use ngnlab_sim::link::clock::Clock;
use ngnlab_sim::time::{Pace, Time};

use super::bulk::Bulk;
use super::callers::PORTS;
use super::cores::{Cores, Part};
use super::ip::Ends;
use super::lan::Outcome;
use super::ledger::Ledger;
use super::loopback::{self, Through};
use super::offer::Offer;
use super::online::{self, Online, failed};
use super::orders::TrialOrder;
use super::place::Place;
use super::result::{Before, Meanwhile, trial};
use super::sides::Sides;
use super::whose::{Device, Whose};
use super::zone::zones;
use crate::dut::{Dut, DutError};
use crate::error::Error;
use crate::play::testbed::Testbed;

/// What a benchmark is played on.
pub(super) struct Site<'d> {
    testbed: Testbed,
    dut: &'d mut dyn Dut,
    area: Area,
    pub(super) sides: Sides,
    family: Family,
    pub(super) ends: Ends,
    /// An address of the terminal that reaches beyond the LAN, if it has one.
    beyond: Option<Ipv6Addr>,
    device: Device,
    cores: Option<Cores>,
    /// What the tester's own sides are joined by in a self-test.
    through: Through,
    stop: Arc<AtomicBool>,
    /// The number that the names of the next trial carry.
    trial: u16,
    /// How many questions there have been.
    asked: u32,
    /// The number that names carry which are asked for again and again.
    set: u16,
}

impl<'d> Site<'d> {
    /// Plugs a device in, waits until terminals are online, and goes between them and it.
    pub(super) fn new(
        place: &Place<'_>,
        dut: &'d mut dyn Dut,
        device: impl FnOnce() -> Whose,
        (cores, through): (Option<Cores>, Through),
    ) -> Result<Self, DutError> {
        let Place {
            scenario,
            family,
            area,
            seed,
            ..
        } = *place;
        let mut testbed = Testbed::new(scenario, area, seed, dut.macs(), Pace::Realtime);
        if let Some(cores) = &cores {
            // What is started from here on inherits it.
            cores.take(Part::Device);
        }
        testbed.plug_in(dut)?;
        if let Some(cores) = &cores {
            cores.take(Part::Answerer);
        }
        let Online { ends, beyond } = online::wait(&mut testbed, dut, family)?;
        let values = area.values();
        let servers: BTreeSet<Ipv6Addr> =
            values.ngn_dns.into_iter().chain(values.ons_dns).collect();
        if servers.contains(&ends.addresses.1) {
            return Err(failed(
                "its terminals are told to ask the network's own DNS servers, so that it forwards no \
                 questions"
                    .to_owned(),
            ));
        }
        let cables = testbed.cables();
        let aside = |testbed: &mut Testbed, cable| {
            let taken = testbed.world.take_aside(cable);
            taken.map_err(|error| broken("take over the device's cables", error))
        };
        let (wan, lan) = (
            aside(&mut testbed, cables.wan)?,
            aside(&mut testbed, cables.lan)?,
        );
        let sides = Sides::start(lan, wan, servers, cores.as_ref());
        let processors = cores.as_ref().map(Cores::of_device);
        Ok(Self {
            testbed,
            dut,
            area,
            sides,
            family,
            ends,
            beyond,
            device: Device {
                whose: device(),
                processors: processors.unwrap_or_default().to_vec(),
            },
            cores,
            through,
            stop: Arc::clone(&place.stop),
            // Two calls in a row shall not ask a device that stays on for the same names.
            trial: seed as u16,
            asked: 0,
            set: (seed >> 16) as u16,
        })
    }

    /// Waits for the first right answer, and returns how long that took from a moment on.
    pub(super) fn first_answer(
        &mut self,
        clock: &Clock,
        within: Duration,
    ) -> Result<Duration, DutError> {
        let order = TrialOrder::probe();
        while clock.now().since(Time::ZERO) < within {
            let began = clock.now();
            self.ends = online::again(&mut self.testbed, self.ends, self.family);
            let offer = self.offer(&order)?;
            let outcome = self.run(offer)?;
            if let Some(after) = outcome.heard.first_right() {
                return Ok(began.since(Time::ZERO) + after);
            }
        }
        Err(failed("it gave no right answer to any question".to_owned()))
    }

    /// Takes the device's power away and gives it back, and returns how long it took until the
    /// first right answer.
    pub(super) fn cold_start(&mut self, within: Duration) -> Result<Duration, DutError> {
        let clock = Clock::starting_at(Time::ZERO);
        self.dut.power_cycle(&mut self.testbed.world)?;
        self.first_answer(&clock, within)
    }

    /// Offers questions to the device, and returns as well how much else went through it.
    pub(super) fn trial(&mut self, order: &TrialOrder) -> Result<(Trial, Option<f64>), DutError> {
        if order.workload.cached_percent > 0 {
            self.warm_up(order)?;
        }
        let offer = self.offer(order)?;
        let before = Before::look(&self.sides, &self.device);
        let clock = Clock::starting_at(Time::ZERO);
        let outcome = self.run(offer.clone())?;
        let all = clock.now().since(Time::ZERO);
        let meanwhile = Meanwhile::since(&before, &self.sides, &self.device);
        let beside = outcome.beside;
        Ok((trial(&offer, outcome, &meanwhile, all), beside))
    }

    /// Offers questions to the tester's own other side.
    pub(super) fn self_test(&mut self, order: &TrialOrder) -> Result<(Trial, Through), DutError> {
        let server = loopback::server(self.family);
        let (mut sides, through) = loopback::start(self.through, server, self.cores.as_ref())
            .map_err(|error| broken("plug the tester's sides into each other", error))?;
        // What cannot be had once is not tried again.
        self.through = through;
        let mut order = order.clone();
        order.workload.domains = Domains::Ons;
        order.workload.cached_percent = 0;
        let offer = loopback::asked_alone(server, self.offer(&order)?);
        let before = Before::look(&sides, &Device::NOBODYS);
        let clock = Clock::starting_at(Time::ZERO);
        sides.begin(offer.clone());
        let outcome = sides
            .wait()
            .map_err(|error| broken("run the tester", error))?;
        let all = clock.now().since(Time::ZERO);
        let meanwhile = Meanwhile::since(&before, &sides, &Device::NOBODYS);
        Ok((trial(&offer, outcome, &meanwhile, all), through))
    }

    /// Lets the world go on for a moment, and looks after the device.
    pub(super) fn idle(&mut self) -> Result<(), DutError> {
        let next = self.testbed.world.now() + TURN;
        self.testbed.run_until(next)?;
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped.into());
        }
        self.dut.check()
    }

    /// Asks for every name that is going to be asked for again, so that the device knows it.
    pub(super) fn warm_up(&mut self, order: &TrialOrder) -> Result<(), DutError> {
        let rate = order.rate.min(WARM_UP_RATE);
        let mut order = TrialOrder {
            rate,
            lasts: Duration::from_secs_f64(f64::from(order.names) / rate),
            ends_early: false,
            beside: None,
            ..order.clone()
        };
        order.workload.cached_percent = 100;
        // What is known is known however it was asked for.
        order.workload.transport = Transport::Udp;
        // A second time, for those that were lost.
        for _ in 0..2 {
            let offer = self.offer(&order)?;
            let total = u64::from(offer.total);
            let outcome = self.run(offer)?;
            if outcome.heard.right() == total {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn offer(&mut self, order: &TrialOrder) -> Result<Offer, DutError> {
        let workload = &order.workload;
        let total = order.rate * order.lasts.as_secs_f64();
        if !(1.0..=MOST_QUESTIONS).contains(&total) {
            let what = format!("a trial of {total:.0} questions cannot be kept track of");
            let help = "choose shorter trials with --trial".to_owned();
            return Err(Error::Usage {
                what,
                help: Some(help),
            }
            .into());
        }
        let total = total as u32;
        self.trial = self.trial.wrapping_add(1);
        let zones = zones(workload.domains, self.area, &self.testbed.setup);
        let numbers = (self.trial, self.set);
        let names = (total as usize, order.names as usize);
        let first_port = match workload.transport {
            Transport::Udp => FIRST_PORT + (self.trial % PORT_RANGES) * PORTS_EACH,
            // Where the trial before may have ended.
            Transport::Tcp | Transport::TcpKeptOpen => {
                let ports = u32::from(PORTS.end - PORTS.start);
                PORTS.start + (self.asked % ports) as u16
            }
        };
        self.asked = self.asked.wrapping_add(total);
        let ledger = Ledger::new(numbers, names, zones, workload.asked).after(order.delay);
        Ok(Offer {
            rate: order.rate,
            total,
            cached_percent: workload.cached_percent,
            names: order.names,
            timeout: order.timeout,
            long: workload.asked == ngnlab_reports::benchmark::Asked::Txt1300,
            ends_early: order.ends_early,
            ends: self.ends,
            transport: workload.transport,
            connections: order.connections,
            bulk: order.beside.map(|rate| self.bulk(rate)).transpose()?,
            first_port,
            ledger: Arc::new(ledger),
        })
    }

    /// Returns what goes through the device beside questions: over IPv6, whatever these come over.
    fn bulk(&self, bits_per_second: f64) -> Result<Bulk, DutError> {
        let Some(terminal) = self.beyond else {
            return Err(failed(
                "its terminals have no IPv6 address for the traffic beside the questions; `--bulk 0` \
                 leaves that out"
                    .to_owned(),
            ));
        };
        Ok(Bulk {
            ends: Ends {
                macs: (self.ends.macs.0, self.testbed.setup.lan_mac.0),
                addresses: (terminal, self.area.values().portal),
            },
            port: BULK_PORTS + self.trial % PORT_RANGES,
            bits_per_second,
        })
    }

    fn run(&mut self, offer: Offer) -> Result<Outcome, DutError> {
        self.sides.begin(offer);
        loop {
            self.idle()?;
            let outcome = self.sides.outcome();
            if let Some(outcome) = outcome.map_err(|error| broken("run the tester", error))? {
                return Ok(outcome);
            }
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

const TURN: Duration = Duration::from_millis(20);
const WARM_UP_RATE: f64 = 500.0;
/// Each takes some bytes of memory.
const MOST_QUESTIONS: f64 = 200_000_000.0;
/// Trials ask from ports of their own, so that answers of the one before are not taken for theirs.
const FIRST_PORT: u16 = 20_000;
const PORT_RANGES: u16 = 32;
/// Below all others.
const BULK_PORTS: u16 = 1_500;
const PORTS_EACH: u16 = 1_000;
