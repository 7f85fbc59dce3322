//! What the benches share: a line with the reference router and one terminal on it.

use std::collections::BTreeSet;

use ngnlab_sim::access;
use ngnlab_sim::line::{Area, Line, ONS_DOMAINS};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::Handle;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::node::terminal::{Terminal, TerminalConfig};
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::{Pace, World};

/// Lays a line of a preset in virtual time, with the reference router and one terminal.
///
/// # Panics
///
/// If there is no such preset.
pub fn line_with_terminal(preset: &str) -> (World, Handle<Terminal>) {
    let mut world = World::new(1, Pace::Virtual);
    let terminal = lay(&mut world, preset);
    (world, terminal)
}

/// Lays so many lines of a preset in one world, each with its own router and terminal.
///
/// # Panics
///
/// If there is no such preset.
pub fn lines_with_terminals(preset: &str, count: usize) -> (World, Vec<Handle<Terminal>>) {
    let mut world = World::new(1, Pace::Virtual);
    let terminals = (0..count).map(|index| {
        world.build_at(&format!("{index}/"));
        lay(&mut world, preset)
    });
    let terminals = terminals.collect();
    (world, terminals)
}

fn lay(world: &mut World, preset: &str) -> Handle<Terminal> {
    let area = Area::East;
    let line = Line::preset(preset, area).expect("the preset exists");
    let access = access::lay(world, &line);
    let values = area.values();
    let row = |name: &&str| DomainServers {
        name: (*name).to_owned(),
        servers: values.ons_dns.to_vec(),
    };
    let setup = Setup {
        mode: if line.delegates() { Mode::Pd } else { Mode::Ra },
        wan_mac: Mac([2, 0, 0x5e, 0, 0, 1]),
        lan_mac: Mac([2, 0, 0x5e, 0, 0, 2]),
        default_dns: values.ngn_dns.to_vec(),
        domains: ONS_DOMAINS.iter().map(row).collect(),
        pppoe: Vec::new(),
        pppoe_pass_through: false,
        wrong_on_purpose: Vec::new(),
    };
    let defects = BTreeSet::new();
    let router = world.add("router", Router::new(RouterConfig { setup, defects }));
    let config = TerminalConfig {
        mac: Mac([2, 0, 0x5e, 0, 1, 1]),
        trusts_ons_root: true,
        fixed_dns: Vec::new(),
        ipv4: None,
    };
    let terminal = world.add("pc", Terminal::new(config));
    world.connect(router.port(Router::WAN), access.wan);
    world.connect(router.port(Router::LAN), terminal.port(Terminal::PORT));
    terminal
}
