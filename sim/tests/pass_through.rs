//! A terminal that dials its PPPoE session itself, through the reference router.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ngnlab_sim::access::{self, Access};
use ngnlab_sim::line::internet::{CLAIMS, ECHO};
use ngnlab_sim::line::pppoe::{Realm, accounts};
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::node::concentrator::Ending;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::node::terminal::{Ipv4Config, Terminal, TerminalConfig};
use ngnlab_sim::setup::{Mode, PppoeAccount, Setup};
use ngnlab_sim::trace::{Fact, Seen};
use ngnlab_sim::{Handle, Pace, Time, World};

#[test]
fn a_terminal_reaches_the_internet_by_a_session_of_its_own() {
    for preset in ["next-ra", "next-pd", "hgw-pd", "hgw-ra"] {
        let mut site = Site::new(preset, true, []);
        site.run_until(40);
        assert_eq!(site.addresses(), [Realm::Isp.first_address()], "{preset}");
        let claims = format!("http://{}/", CLAIMS.0);
        site.world.with(site.terminal, |terminal, cx| {
            terminal.download(&claims, cx);
            terminal.ping(ECHO.1.to_ipv6_mapped(), None, cx);
        });
        site.run_until(80);
        let reached = site.facts(|fact| match fact {
            Fact::Downloaded { .. } | Fact::Pinged { answered: true, .. } => Some(()),
            _ => None,
        });
        assert_eq!(reached.len(), 2, "{preset}");
    }
}

#[test]
fn it_dials_again_when_its_session_ends_or_its_cable_was_out() {
    let mut site = Site::new("next-ra", true, []);
    site.run_until(10);
    let concentrator = site.access.concentrator;
    let ended = site
        .world
        .with(concentrator, |it, cx| it.end(None, Ending::Padt, cx));
    assert_eq!(ended, 1);
    site.run_until(60);
    assert_eq!(site.addresses().len(), 2);
    for up in [false, true] {
        let pulled = site.world.set_carrier(site.cable, up);
        pulled.expect("it is one of this world");
    }
    // The old session is still there, and the line has two.
    site.run_until(120);
    assert_eq!(site.addresses().len(), 3);
}

#[test]
fn without_pass_through_there_is_no_session() {
    let mut site = Site::new("next-ra", false, []);
    site.run_until(60);
    assert!(site.addresses().is_empty());
    let unasked = Defect::from_name("passes-pppoe-unasked");
    let mut site = Site::new("next-ra", false, unasked);
    site.run_until(60);
    assert_eq!(site.addresses().len(), 1);
}

/// A line with the reference and a terminal that dials.
struct Site {
    world: World,
    access: Access,
    terminal: Handle<Terminal>,
    cable: ngnlab_sim::cable::Cable,
}

impl Site {
    fn new(preset: &str, passes: bool, defects: impl IntoIterator<Item = Defect>) -> Self {
        let line = Line::preset(preset, Area::East).expect("it is a preset");
        let mut world = World::new(7, Pace::Virtual);
        let access = access::lay(&mut world, &line);
        let setup = Setup {
            mode: match line.delegates_to_device() {
                true => Mode::Pd,
                false => Mode::Ra,
            },
            wan_mac: Mac([2, 0, 0, 0, 0, 1]),
            lan_mac: Mac([2, 0, 0, 0, 0, 2]),
            default_dns: Area::East.values().ngn_dns.to_vec(),
            domains: Vec::new(),
            pppoe: Vec::new(),
            pppoe_pass_through: passes,
            wrong_on_purpose: Vec::new(),
        };
        let defects: BTreeSet<_> = defects.into_iter().collect();
        let router = world.add("device", Router::new(RouterConfig { setup, defects }));
        let [isp, _] = accounts(Area::East);
        let config = TerminalConfig {
            mac: Mac([2, 0, 0x5e, 0, 0, 9]),
            trusts_ons_root: true,
            fixed_dns: Vec::new(),
            ipv4: Some(Ipv4Config::Dialled(PppoeAccount {
                name: isp.name.to_owned(),
                password: isp.password.to_owned(),
                domains: Vec::new(),
                source: None,
            })),
        };
        let terminal = world.add("claims-pc", Terminal::new(config));
        world.connect(router.port(Router::WAN), access.wan);
        let cable = world.connect(router.port(Router::LAN), terminal.port(Terminal::PORT));
        Self {
            world,
            access,
            terminal,
            cable,
        }
    }

    fn run_until(&mut self, secs: i64) {
        let ran = self.world.run_until(Time::from_secs(secs));
        ran.expect("no link of memory breaks");
    }

    /// Returns the addresses that sessions have given it, one after the other.
    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.facts(|fact| match fact {
            Fact::Ipv4Ready {
                address,
                in_session: true,
                ..
            } => Some(*address),
            _ => None,
        })
    }

    fn facts<T>(&self, choose: impl Fn(&Fact) -> Option<T>) -> Vec<T> {
        let records = self.world.records().iter();
        let facts = records.filter_map(|record| match &record.seen {
            Seen::Fact { fact, .. } => choose(fact),
            _ => None,
        });
        facts.collect()
    }
}
