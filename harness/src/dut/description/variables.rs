//! What the templates of a device file may name: one documented set of variables.

use std::net::Ipv6Addr;

use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::setup::{DomainServers, Macs, Mode, PppoeAccount, Setup};
use serde::Serialize;

use crate::scenario::DeviceSpec;
use crate::scenario::{Dialled, setup};

/// The variables of a device file.
#[derive(Clone, Debug, Serialize)]
pub struct Variables {
    /// `east` or `west`.
    pub area: &'static str,
    /// `ra` or `pd`.
    pub mode: Mode,
    /// The interface towards the line.
    pub wan: Interface,
    /// The interface towards the terminals.
    pub lan: Interface,
    /// The DUID-LL of the WAN interface, in hexadecimal (RFC 8415 §11.4).
    pub duid_ll: String,
    /// The DNS servers.
    pub dns: Dns,
    /// The PPPoE sessions to dial, each with `name` and `password`, and where they are entered
    /// `domains` and `source`.
    pub pppoe: Vec<PppoeAccount>,
    /// Whether PPPoE of terminals passes.
    pub pppoe_pass_through: bool,
    /// A directory of the device's own, empty at the start.
    pub run_dir: String,
    /// Whether the device's speed is measured, so that it had better log no single question.
    pub measured: bool,
}

/// What a driver calls things inside the device.
#[derive(Clone, Debug)]
pub struct Names {
    /// The interface towards the line.
    pub wan: String,
    /// The interface towards the terminals.
    pub lan: String,
    /// The directory of the device's own.
    pub run_dir: String,
}

/// One interface of the device.
#[derive(Clone, Debug, Serialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its MAC address.
    pub mac: Mac,
    /// Its link-local address.
    pub link_local: Ipv6Addr,
}

/// The DNS servers that the scenario gives the device.
#[derive(Clone, Debug, Serialize)]
pub struct Dns {
    /// For names without a row in `domains`, preferred first.
    pub default: Vec<Ipv6Addr>,
    /// The per-domain table, each row with `name` and `servers`.
    pub domains: Vec<DomainServers>,
}

impl Variables {
    /// Returns the variables for one configuration.
    pub fn new(area: Area, setup: &Setup, names: Names) -> Self {
        Self {
            area: area.name(),
            mode: setup.mode,
            wan: Interface::new(names.wan, setup.wan_mac),
            lan: Interface::new(names.lan, setup.lan_mac),
            duid_ll: hex(&setup.wan_mac.duid_ll()),
            dns: Dns {
                default: setup.default_dns.clone(),
                domains: setup.domains.clone(),
            },
            pppoe: setup.pppoe.clone(),
            pppoe_pass_through: setup.pppoe_pass_through,
            run_dir: names.run_dir,
            measured: false,
        }
    }

    /// Tells the templates whether the device's speed is measured.
    pub fn when_measured(self, measured: bool) -> Self {
        Self { measured, ..self }
    }
}

/// A device whose templates are tried before anything is started.
#[derive(Clone, Copy)]
pub struct Samples<'a> {
    /// The MAC addresses of its interfaces.
    pub(super) macs: Macs,
    /// How it can get its prefix.
    pub(super) modes: &'a [Mode],
    /// Whether it dials PPPoE sessions.
    pub(super) dials: bool,
    /// Whether it lets those of terminals pass.
    pub(super) passes: bool,
}

impl<'a> Samples<'a> {
    /// Returns the variables of each area and mode, where a driver calls things by these names.
    pub(super) fn with(self, names: Names) -> impl Iterator<Item = Variables> + 'a {
        let Self {
            macs,
            dials,
            passes,
            ..
        } = self;
        Area::ALL.into_iter().flat_map(move |area| {
            let names = names.clone();
            let ways = [false, true];
            let ways = self
                .modes
                .iter()
                .flat_map(move |mode| ways.map(|way| (mode, way)));
            ways.map(move |(mode, measured)| {
                let (default_dns, domains) = setup::table(&simplest(area), area);
                let setup = Setup {
                    mode: *mode,
                    wan_mac: macs.wan,
                    lan_mac: macs.lan,
                    default_dns,
                    domains,
                    // Nobody dials where speed is measured, so that both ways are tried.
                    pppoe: match dials && !measured {
                        true => sessions(area),
                        false => Vec::new(),
                    },
                    pppoe_pass_through: passes && !measured,
                    wrong_on_purpose: Vec::new(),
                };
                Variables::new(area, &setup, names.clone()).when_measured(measured)
            })
        })
    }
}

impl Interface {
    fn new(name: String, mac: Mac) -> Self {
        Self {
            name,
            mac,
            link_local: mac.link_local(),
        }
    }
}

/// The table of guide p.7 is the same for every line of an area without domains of its own.
fn simplest(area: Area) -> Line {
    let [preset, ..] = Line::PRESETS;
    Line::preset(preset, area).expect("it is one of the presets")
}

/// As many sessions as a line has in principle (ngn-facts §4.5), with all that may be entered.
fn sessions(area: Area) -> Vec<PppoeAccount> {
    let device = DeviceSpec {
        source_bound: true,
        ..DeviceSpec::default()
    };
    [Dialled::Isp, Dialled::ServiceSite]
        .into_iter()
        .zip(1..)
        .map(|(dialled, number)| dialled.account(area, number, &device))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
