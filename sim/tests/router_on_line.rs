//! The reference router on the lines of the edge router, with a terminal behind it.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use hickory_proto::rr::RecordType;
use ipnet::Ipv6Net;

use ngnlab_sim::access;
use ngnlab_sim::line::values::ONS_DOMAINS;
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::packet::{Mac, is_routable};
use ngnlab_sim::node::edge::Edge;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::node::terminal::browser::Choice;
use ngnlab_sim::node::terminal::{Ask, Terminal, TerminalConfig, Transport};
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::trace::{Fact, Resolution, Role, Screen, Seen};
use ngnlab_sim::{Context, Handle, Pace, Time, World};

#[test]
fn a_terminal_gets_online_on_every_line() {
    for area in Area::ALL {
        for (preset, mode) in [
            ("next-ra", Mode::Ra),
            ("next-pd", Mode::Pd),
            ("cross", Mode::Pd),
            ("hgw-pd", Mode::Pd),
            ("hgw-pd", Mode::Ra),
            ("next-ra", Mode::Bridge),
            ("hgw-pd", Mode::Bridge),
        ] {
            let mut site = Site::new(preset, area, mode, []);
            site.run_until(30);
            assert!(site.is_online(), "{preset} {area:?}");
            let assignment = site.assignment();
            let addresses = site.addresses();
            assert!(addresses.iter().all(|address| assignment.contains(address)));
        }
    }
}

#[test]
fn the_wrong_mode_leaves_a_terminal_without_an_address() {
    for (preset, mode) in [
        ("next-ra", Mode::Pd),
        ("next-pd", Mode::Ra),
        ("next-pd", Mode::Bridge),
    ] {
        let mut site = Site::new(preset, Area::East, mode, []);
        site.run_until(120);
        assert!(!site.is_online(), "{preset}");
    }
}

#[test]
fn an_idle_line_stays_up_for_a_day() {
    for (preset, mode) in [
        ("next-ra", Mode::Ra),
        ("next-pd", Mode::Pd),
        ("next-ra", Mode::Bridge),
    ] {
        let mut site = Site::new(preset, Area::East, mode, []);
        site.run_until(86_400);
        assert!(site.is_online(), "{preset}");
        let assignment = site.assignment();
        let addresses = site.addresses();
        assert!(!addresses.is_empty());
        assert!(addresses.iter().all(|address| assignment.contains(address)));
    }
}

#[test]
fn terminals_follow_a_renumbered_line() {
    for (preset, mode) in [("next-ra", Mode::Ra), ("next-pd", Mode::Pd)] {
        let mut site = Site::new(preset, Area::East, mode, []);
        site.run_until(60);
        let before = site.assignment();
        site.world.with(site.edge, Edge::renumber);
        site.run_until(86_400);
        let after = site.assignment();
        assert_ne!(before, after);
        let addresses = site.addresses();
        assert!(
            addresses.iter().any(|address| after.contains(address)),
            "{preset}"
        );
        assert!(
            addresses.iter().all(|address| !before.contains(address)),
            "{preset}"
        );
    }
}

#[test]
fn without_an_answering_proxy_all_is_over_after_minutes() {
    // ngn-facts §3.4: the edge forgets a terminal that nobody answers for.
    let answered = |defects: &[&str]| {
        let named = |name: &&str| Defect::from_name(name).expect("it is a defect");
        let defects = defects.iter().map(named);
        let mut site = Site::new("next-ra", Area::East, Mode::Ra, defects);
        // Asked straight through, since the router answers for itself in any case.
        let server = Some(Area::East.values().ngn_dns[0]);
        for minute in 1..=30 {
            site.run_until(minute * 60);
            site.resolve("assv.asc.flets-east.jp", Transport::Udp, server);
        }
        site.run_until(1900);
        let outcomes = site.facts(|fact| match fact {
            Fact::Resolved { outcome, .. } => Some(*outcome == Resolution::Answered),
            _ => None,
        });
        assert_eq!(outcomes.len(), 30);
        outcomes
    };
    assert!(answered(&[]).into_iter().all(|answered| answered));
    let faulty = answered(&["nd-proxy-one-way"]);
    assert!(faulty[0], "it works at first");
    assert!(faulty[3..].iter().all(|answered| !answered));
}

#[test]
fn names_are_asked_of_the_servers_of_their_domain() {
    for (preset, mode) in [("next-ra", Mode::Ra), ("next-pd", Mode::Pd)] {
        for transport in [Transport::Udp, Transport::Tcp] {
            let mut site = Site::new(preset, Area::East, mode, []);
            site.run_until(40);
            for name in [
                "www.lineauth.mnw",
                "assv.asc.flets-east.jp",
                "pweb.base.oqs-pdl.org",
            ] {
                site.resolve(name, transport, None);
                site.run_for(10);
                let outcomes = site.facts(|fact| match fact {
                    Fact::Resolved { outcome, .. } => Some(*outcome),
                    _ => None,
                });
                let last = outcomes.last();
                let place = format!("{preset} {name} {transport:?}");
                assert_eq!(last, Some(&Resolution::Answered), "{place}");
            }
        }
    }
}

#[test]
fn line_authentication_succeeds_through_the_router() {
    for (preset, mode) in [("next-ra", Mode::Ra), ("next-pd", Mode::Pd)] {
        for area in Area::ALL {
            let mut site = Site::new(preset, area, mode, []);
            site.run_until(40);
            site.at_the_terminal(|pc, cx| pc.open("https://www.lineauth.mnw/", cx));
            site.run_until(70);
            site.at_the_terminal(|pc, cx| pc.choose(Choice::Accept, cx));
            site.run_until(100);
            let screens = site.facts(|fact| match fact {
                Fact::PageSeen { screen, .. } => *screen,
                _ => None,
            });
            assert_eq!(screens, [Screen::Consent, Screen::M1], "{preset} {area:?}");
        }
    }
}

struct Site {
    world: World,
    edge: Handle<Edge>,
    terminal: Handle<Terminal>,
}

impl Site {
    fn new(
        preset: &str,
        area: Area,
        mode: Mode,
        defects: impl IntoIterator<Item = Defect>,
    ) -> Self {
        let line = Line::preset(preset, area).expect("it is a preset");
        let values = area.values();
        let setup = Setup {
            mode,
            wan_mac: Mac([2, 0, 0x5e, 0, 0, 1]),
            lan_mac: Mac([2, 0, 0x5e, 0, 0, 2]),
            default_dns: values.ngn_dns.to_vec(),
            domains: ONS_DOMAINS
                .iter()
                .map(|name| DomainServers {
                    name: (*name).to_owned(),
                    servers: values.ons_dns.to_vec(),
                })
                .collect(),
            pppoe: Vec::new(),
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        };
        let mut world = World::new(1, Pace::Virtual);
        let access = access::lay(&mut world, &line);
        let defects = defects.into_iter().collect::<BTreeSet<_>>();
        let router = world.add("router", Router::new(RouterConfig { setup, defects }));
        let segment = world.add("lan", Segment::new(2));
        let terminal = world.add(
            "pc",
            Terminal::new(TerminalConfig {
                mac: Mac([2, 0, 0x5e, 0, 0, 9]),
                trusts_ons_root: true,
                fixed_dns: Vec::new(),
                ipv4: None,
            }),
        );
        let wan = world.connect(router.port(Router::WAN), access.wan);
        world.record_as(wan, Role::Wan);
        let lan = world.connect(router.port(Router::LAN), segment.port(0));
        world.record_as(lan, Role::Lan);
        world.connect(segment.port(1), terminal.port(Terminal::PORT));
        Self {
            world,
            edge: access.edge,
            terminal,
        }
    }

    fn run_until(&mut self, secs: i64) {
        self.world
            .run_until(Time::from_secs(secs))
            .expect("there are no links");
    }

    fn is_online(&mut self) -> bool {
        self.world
            .with(self.terminal, |terminal, _| terminal.is_online())
    }

    fn addresses(&mut self) -> Vec<Ipv6Addr> {
        let addresses = self
            .world
            .with(self.terminal, |terminal, _| terminal.addresses());
        let addresses = addresses.into_iter().map(|(address, _)| address);
        addresses.filter(|address| is_routable(*address)).collect()
    }

    fn assignment(&mut self) -> Ipv6Net {
        self.world.with(self.edge, |edge, _| edge.assignment())
    }

    fn run_for(&mut self, secs: i64) {
        self.run_until(self.world.now().as_millis() / 1000 + secs);
    }

    fn at_the_terminal(&mut self, act: impl FnOnce(&mut Terminal, &mut Context<'_>)) {
        self.world.with(self.terminal, act);
    }

    fn resolve(&mut self, name: &str, transport: Transport, server: Option<Ipv6Addr>) {
        let ask = Ask {
            name: name.to_owned(),
            kind: RecordType::AAAA,
            transport,
            edns: None,
            server,
        };
        self.at_the_terminal(|terminal, cx| terminal.resolve(ask, cx));
    }

    fn facts<T>(&self, wanted: impl Fn(&Fact) -> Option<T>) -> Vec<T> {
        let facts = self
            .world
            .records()
            .iter()
            .filter_map(|record| match &record.seen {
                Seen::Fact { fact, .. } => wanted(fact),
                _ => None,
            });
        facts.collect()
    }
}
