//! The testbed of one run: the line, the terminals on their hub, and the device between them.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv6Addr;
use std::path::PathBuf;

use ngnlab_sim::access::{self, Access};
use ngnlab_sim::cable::{Cable, Port};
use ngnlab_sim::frame::Frame;
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::link::Link;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::Handle;
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::node::terminal::{Terminal, TerminalConfig};
use ngnlab_sim::setup::{Macs, Setup};
use ngnlab_sim::time::{Pace, Time};
use ngnlab_sim::trace::{End, Fact, Role, Screen, Seen, StepOutcome, TerminalTruth};
use ngnlab_sim::world::World;

use super::sight::Sight;
use crate::dut::{Cables, Dut, DutError, Ends};
use crate::error::Error;
use crate::period::Period;
use crate::scenario::step::Action;
use crate::scenario::step::cable::Wire;
use crate::scenario::step::target::Target;
use crate::scenario::{MOST_REAL_TERMINALS, Scenario};

/// Everything that stands on the table.
pub(crate) struct Testbed {
    pub(crate) world: World,
    pub(crate) access: Access,
    pub(crate) line: Line,
    pub(crate) setup: Setup,
    terminals: Vec<Desk>,
    lan: Port,
    cables: Option<Cables>,
    scenario: String,
    hub: Handle<Segment>,
    real_terminals: u8,
    /// How many have pulled a cable.
    pulled: BTreeMap<Cable, usize>,
    /// Where files go that real terminals leave.
    pub(crate) files: Option<PathBuf>,
}

/// A terminal with its name.
struct Desk {
    truth: TerminalTruth,
    handle: Handle<Terminal>,
}

impl Testbed {
    /// Lays the line and the LAN; the device is not plugged in yet.
    pub(crate) fn new(scenario: &Scenario, area: Area, seed: u64, macs: Macs, pace: Pace) -> Self {
        let mut world = World::new(seed, pace);
        let line = scenario.line(area);
        let access = access::lay(&mut world, &line);
        let hub = world.add("hub", Segment::new(SOCKETS + MOST_REAL_TERMINALS));
        let mut terminals = Vec::new();
        for (name, number) in scenario.terminals().zip(1..SOCKETS) {
            // 5e:10 and 5e:20 are the devices of `dut`.
            let mac = Mac([0x02, 0x00, 0x5e, 0x40, 0x00, number]);
            let spec = scenario.terminal_spec(name);
            let config = TerminalConfig {
                mac,
                trusts_ons_root: spec.is_none_or(|spec| spec.trusts_ons_root),
                fixed_dns: spec.map_or_else(Vec::new, |spec| spec.fixed_dns(&line)),
                ipv4: scenario.terminal_ipv4(name, area),
            };
            let mut terminal = Terminal::new(config);
            if spec.is_some_and(|spec| spec.ignores_warnings) {
                terminal = terminal.going_on_after_warnings();
            }
            if spec.is_some_and(|spec| !spec.ipv6) {
                terminal = terminal.without_ipv6();
            }
            let handle = world.add(name, terminal);
            world.connect(handle.port(Terminal::PORT), hub.port(number));
            let truth = TerminalTruth {
                name: name.to_owned(),
                mac,
                dials: spec.is_some_and(|spec| spec.dials.is_some()),
            };
            terminals.push(Desk { truth, handle });
        }
        Self {
            setup: scenario.setup(area, macs),
            world,
            access,
            line,
            terminals,
            lan: hub.port(0),
            cables: None,
            scenario: scenario.name.clone(),
            hub,
            real_terminals: 0,
            pulled: BTreeMap::new(),
            files: None,
        }
    }

    /// Plugs the device in.
    pub(crate) fn plug_in(&mut self, dut: &mut dyn Dut) -> Result<(), DutError> {
        let ends = Ends {
            wan: self.access.wan,
            lan: self.lan,
        };
        let cables = dut.attach(&mut self.world, ends, &self.setup)?;
        self.world.record_as(cables.wan, Role::Wan);
        self.world.record_as(cables.lan, Role::Lan);
        self.cables = Some(cables);
        Ok(())
    }

    /// Returns the number of the next real terminal, the first of which is 1.
    pub(crate) fn next_real_terminal(&mut self) -> u8 {
        self.real_terminals += 1;
        self.real_terminals
    }

    /// Plugs a real terminal into the LAN.
    pub(crate) fn plug_in_terminal(&mut self, number: u8, link: impl Link + 'static) -> Cable {
        let socket = SOCKETS + number - 1;
        self.world.attach(self.hub.port(socket), link)
    }

    /// Returns the device's cables; there are none before it is plugged in.
    pub(crate) fn cables(&self) -> Cables {
        self.cables
            .expect("steps are played after the device was plugged in")
    }

    /// Returns one of the device's cables.
    pub(crate) fn cable(&self, wire: Wire) -> Cable {
        match wire {
            Wire::Wan => self.cables().wan,
            Wire::Lan => self.cables().lan,
        }
    }

    /// Pulls a cable or puts it back, which is out as long as one of those who pulled it has not put
    /// it back.
    pub(crate) fn set_carrier(&mut self, cable: Cable, up: bool) -> Result<(), Error> {
        let pulled = self.pulled.entry(cable).or_default();
        *pulled = match up {
            true => pulled.saturating_sub(1),
            false => *pulled + 1,
        };
        if up && *pulled > 0 {
            return Ok(());
        }
        let result = self.world.set_carrier(cable, up);
        result.map_err(|source| self.broken(source))
    }

    /// Puts a frame on a cable, on its way to the device.
    pub(crate) fn inject(&mut self, cable: Cable, frame: Frame) -> Result<(), Error> {
        let result = self.world.inject(cable, End::Network, frame);
        result.map_err(|source| self.broken(source))
    }

    /// Returns when something ends that begins now; without a period it never does.
    pub(super) fn end_of(&self, lasting: Option<Period>) -> Time {
        lasting.map_or(Time::NEVER, |lasting| self.world.now() + lasting.0)
    }

    /// Records a step as the scenario file says it, and how it ended.
    pub(super) fn record_step(&mut self, step: &Action, outcome: StepOutcome) {
        let step = serde_json::to_value(step).expect("steps are plain data");
        self.world.record_step(step, outcome);
    }

    /// Lets time pass until a deadline, or until something outside wants attention.
    pub(crate) fn run_until(&mut self, deadline: Time) -> Result<(), Error> {
        let result = self.world.run_until(deadline);
        result.map(drop).map_err(|source| self.broken(source))
    }

    fn broken(&self, source: io::Error) -> Error {
        Error::World {
            scenario: self.scenario.clone(),
            source,
        }
    }

    /// Returns what an onlooker knows.
    pub(crate) fn sight(&self) -> Sight<'_> {
        Sight {
            records: self.world.records(),
            line: &self.line,
            setup: &self.setup,
        }
    }

    /// Returns the terminals for the trace's header.
    pub(crate) fn truths(&self) -> Vec<TerminalTruth> {
        self.terminals
            .iter()
            .map(|desk| desk.truth.clone())
            .collect()
    }

    /// Returns the number of a terminal; the first one is meant where none is named.
    pub(crate) fn terminal(&self, name: Option<&str>) -> usize {
        let named = |desk: &Desk| Some(desk.truth.name.as_str()) == name;
        self.terminals.iter().position(named).unwrap_or(0)
    }

    /// Returns a terminal's handle.
    pub(crate) fn handle(&self, terminal: usize) -> Handle<Terminal> {
        self.terminals[terminal].handle
    }

    /// Returns whether a terminal is online.
    pub(crate) fn is_online(&mut self, terminal: usize) -> bool {
        let handle = self.handle(terminal);
        self.world.with(handle, |terminal, _| terminal.is_online())
    }

    /// Returns whether a terminal has something under way.
    pub(crate) fn is_busy(&mut self, terminal: usize) -> bool {
        let handle = self.handle(terminal);
        self.world.with(handle, |terminal, _| terminal.is_busy())
    }

    /// Returns the screen of the page that a terminal shows.
    pub(crate) fn screen(&self, terminal: usize) -> Option<Screen> {
        let name = &self.terminals[terminal].truth.name;
        let shown = self
            .world
            .records()
            .iter()
            .rev()
            .find_map(|record| match &record.seen {
                Seen::Fact { node, fact } if node == name => match fact {
                    Fact::PageSeen { screen, .. } => Some(*screen),
                    Fact::PageFailed { .. } => Some(None),
                    _ => None,
                },
                _ => None,
            });
        shown.flatten()
    }

    /// Returns the address of a host.
    pub(crate) fn address(&self, target: Target) -> Option<Ipv6Addr> {
        let values = self.line.area.values();
        match target {
            Target::Device => self.sight().device_lan_addresses().last().copied(),
            Target::LineAuth => Some(values.line_auth),
            Target::Portal => Some(values.portal),
            Target::NgnDns(index) => values.ngn_dns.get(index).copied(),
            Target::OnsDns(index) => values.ons_dns.get(index).copied(),
            // RFC 3849: an address for examples, which nobody has.
            Target::Internet => Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
            Target::Address(address) => Some(address),
        }
    }
}

/// One for the device, the others for terminals.
const SOCKETS: u8 = 8;
