//! A whole access line with the reference router and terminals behind it, in virtual time.

use std::collections::BTreeSet;
use std::time::Duration;

use ngnlab_sim::access::{self, Access};
use ngnlab_sim::line::{Area, Line, ONS_DOMAINS};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::edge::Edge;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::node::terminal::{Choice, Terminal, TerminalConfig};
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::trace::{Fact, Role, Screen, Seen};
use ngnlab_sim::{Context, Handle, Pace, Time, World};

#[test]
fn one_terminal_authenticates_and_the_other_finds_the_line_authenticated() {
    for area in Area::ALL {
        for preset in ["next-ra", "next-pd", "cross", "hgw-pd"] {
            let mut lab = Lab::new(preset, area);
            lab.run(60);
            lab.with(0, |terminal, cx| terminal.open(SITE, cx));
            lab.with(0, |terminal, cx| terminal.choose(Choice::Accept, cx));
            lab.run(90);
            lab.with(1, |terminal, cx| terminal.open(SITE, cx));
            lab.with(1, |terminal, cx| terminal.open(PORTAL, cx));
            lab.run(120);
            let expected = [Screen::Consent, Screen::M1, Screen::M2, Screen::Login];
            assert_eq!(
                lab.screens(),
                expected,
                "{preset} {area:?}: {:#?}",
                lab.facts()
            );
        }
    }
}

#[test]
fn a_connection_survives_25_seconds_of_silence() {
    let mut lab = Lab::new("next-ra", Area::East);
    lab.run(60);
    let idle = Duration::from_secs(25);
    lab.with(0, |terminal, cx| terminal.hold(SITE, idle, cx));
    lab.run(120);
    let held = Fact::StillConnected {
        idle_ms: 25_000,
        alive: true,
    };
    assert!(lab.facts().contains(&held), "{:#?}", lab.facts());
}

#[test]
fn after_renumbering_the_terminal_uses_the_new_prefix_and_must_authenticate_anew() {
    let mut lab = Lab::new("next-ra", Area::West);
    lab.run(60);
    lab.with(0, |terminal, cx| terminal.open(SITE, cx));
    lab.with(0, |terminal, cx| terminal.choose(Choice::Accept, cx));
    lab.run(90);
    let edge = lab.access.edge;
    lab.world.with(edge, Edge::renumber);
    lab.run(180);
    let new = Line::preset("next-ra", Area::West).map(|line| line.assignment(1));
    let new = new.expect("a known preset");
    let dns = lab.with(0, |terminal, _| terminal.name_servers());
    assert!(dns.iter().any(|server| new.contains(server)), "{dns:?}");
    let addresses = lab.with(0, |terminal, _| terminal.addresses());
    assert!(new.contains(&addresses[0].0), "{addresses:?}");
    lab.with(0, |terminal, cx| terminal.open(SITE, cx));
    lab.run(240);
    let expected = [Screen::Consent, Screen::M1, Screen::Consent];
    assert_eq!(lab.screens(), expected, "{:#?}", lab.facts());
}

const SITE: &str = "https://www.lineauth.mnw/";
const PORTAL: &str = "https://hweb.oqs.onshikaku.org/web/";

struct Lab {
    world: World,
    access: Access,
    terminals: Vec<Handle<Terminal>>,
}

impl Lab {
    fn new(preset: &str, area: Area) -> Self {
        let line = Line::preset(preset, area).expect("a known preset");
        let mut world = World::new(1, Pace::Virtual);
        let access = access::lay(&mut world, &line);
        let router = world.add(
            "router",
            Router::new(RouterConfig {
                setup: setup(&line),
                defects: BTreeSet::new(),
            }),
        );
        let wan = world.connect(router.port(Router::WAN), access.wan);
        world.record_as(wan, Role::Wan);
        let hub = world.add("hub", Segment::new(3));
        let lan = world.connect(router.port(Router::LAN), hub.port(0));
        world.record_as(lan, Role::Lan);
        let terminals = (1..3).map(|number| {
            let config = TerminalConfig {
                mac: Mac([2, 0, 0x5e, 0, 1, number]),
                trusts_ons_root: true,
                fixed_dns: vec![],
                ipv4: None,
            };
            let terminal = world.add(&format!("pc{number}"), Terminal::new(config));
            world.connect(terminal.port(Terminal::PORT), hub.port(number));
            terminal
        });
        Self {
            terminals: terminals.collect(),
            access,
            world,
        }
    }

    fn run(&mut self, until: i64) {
        let stop = self.world.run_until(Time::from_secs(until));
        stop.expect("virtual links do not fail");
    }

    fn with<R>(
        &mut self,
        number: usize,
        act: impl FnOnce(&mut Terminal, &mut Context<'_>) -> R,
    ) -> R {
        self.world.with(self.terminals[number], act)
    }

    fn facts(&self) -> Vec<Fact> {
        let records = self.world.records().iter();
        let facts = records.filter_map(|record| match &record.seen {
            Seen::Fact { node, fact } if node.starts_with("pc") => Some(fact.clone()),
            _ => None,
        });
        facts.collect()
    }

    fn screens(&self) -> Vec<Screen> {
        let screen = |fact| match fact {
            Fact::PageSeen { screen, .. } => screen,
            _ => None,
        };
        self.facts().into_iter().filter_map(screen).collect()
    }
}

/// The configuration of the guide's p.6 and p.7.
fn setup(line: &Line) -> Setup {
    let values = line.area.values();
    let ons = ONS_DOMAINS.iter().map(|name| DomainServers {
        name: (*name).to_owned(),
        servers: values.ons_dns.to_vec(),
    });
    Setup {
        mode: if line.delegates() { Mode::Pd } else { Mode::Ra },
        wan_mac: Mac([2, 0, 0x5e, 0, 0, 1]),
        lan_mac: Mac([2, 0, 0x5e, 0, 0, 2]),
        default_dns: values.ngn_dns.to_vec(),
        domains: ons.collect(),
        pppoe: vec![],
        pppoe_pass_through: false,
        wrong_on_purpose: vec![],
    }
}
