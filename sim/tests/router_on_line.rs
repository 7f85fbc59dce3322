//! The reference router on the lines of the edge router, with a terminal behind it.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use ipnet::Ipv6Net;

use ngnlab_sim::line::values::ONS_DOMAINS;
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::packet::{Mac, Packet, is_routable};
use ngnlab_sim::node::dns::zones::Zones;
use ngnlab_sim::node::dns::{DnsServer, DnsServerConfig};
use ngnlab_sim::node::edge::{Edge, EdgeConfig};
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::node::terminal::{Ask, Terminal, TerminalConfig, Transport};
use ngnlab_sim::registry::Registry;
use ngnlab_sim::setup::{DomainServers, Mode, Setup};
use ngnlab_sim::trace::{End, Fact, Resolution, Role, Seen};
use ngnlab_sim::{Context, Handle, Pace, Time, World};

#[test]
fn a_terminal_gets_online_on_every_line() {
    for area in Area::ALL {
        for (preset, mode) in [
            ("next-ra", Mode::Ra),
            ("next-pd", Mode::Pd),
            ("cross", Mode::Pd),
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
    for (preset, mode) in [("next-ra", Mode::Pd), ("next-pd", Mode::Ra)] {
        let mut site = Site::new(preset, Area::East, mode, []);
        site.run_until(120);
        assert!(!site.is_online(), "{preset}");
    }
}

#[test]
fn an_idle_line_stays_up_for_a_day() {
    for (preset, mode) in [("next-ra", Mode::Ra), ("next-pd", Mode::Pd)] {
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
    for (defects, minutes_alive) in [(&[][..], 29), (&[Defect::NdProxyOneWay], 1)] {
        let defects = defects.iter().copied();
        let mut site = Site::new("next-ra", Area::East, Mode::Ra, defects);
        // The edge knows no way there and says so, which needs the way back.
        let far = "2404:1a8:f583:af0::1".parse().unwrap();
        for minute in 1..30 {
            site.run_until(minute * 60);
            let ping = |terminal: &mut Terminal, cx: &mut Context<'_>| terminal.ping(far, None, cx);
            site.world.with(site.terminal, ping);
        }
        site.run_until(1830);
        let answers = site.answers_from_the_line();
        assert!(answers.len() >= minutes_alive, "{answers:?}");
        let last = answers.last().copied().unwrap();
        assert_eq!(
            last > Time::from_secs(1700),
            minutes_alive == 29,
            "{answers:?}"
        );
    }
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
                let ask = Ask {
                    name: name.to_owned(),
                    kind: RecordType::AAAA,
                    transport,
                    edns: None,
                    server: None,
                };
                let resolve = |pc: &mut Terminal, cx: &mut Context<'_>| pc.resolve(ask, cx);
                site.world.with(site.terminal, resolve);
                let later = site.world.now() + Duration::from_secs(10);
                site.world.run_until(later).unwrap();
                let outcome =
                    site.world
                        .records()
                        .iter()
                        .rev()
                        .find_map(|record| match &record.seen {
                            Seen::Fact {
                                fact: Fact::Resolved { outcome, .. },
                                ..
                            } => Some(*outcome),
                            _ => None,
                        });
                assert_eq!(
                    outcome,
                    Some(Resolution::Answered),
                    "{preset} {name} {transport:?}"
                );
            }
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
            wrong_on_purpose: Vec::new(),
        };
        let mut world = World::new(1, Pace::Virtual);
        let registry = Registry::default();
        let servers: Vec<_> = [
            (values.ngn_dns[0], Zones::ngn(&line)),
            (values.ons_dns[0], Zones::ons(&line)),
        ]
        .into_iter()
        .map(|(address, zones)| {
            let quirks = Vec::new();
            let server = DnsServer::new(DnsServerConfig {
                address,
                zones,
                quirks,
            });
            (
                Ipv6Net::from(address),
                world.add(&format!("dns {address}"), server),
            )
        })
        .collect();
        let ports = Edge::CORE..;
        let routes = servers
            .iter()
            .zip(ports)
            .map(|((net, _), port)| (*net, port))
            .collect();
        let edge = world.add(
            "edge",
            Edge::new(EdgeConfig {
                line,
                registry,
                routes,
            }),
        );
        for ((_, server), port) in servers.iter().zip(Edge::CORE..) {
            world.connect(edge.port(port), server.port(DnsServer::PORT));
        }
        let defects = defects.into_iter().collect::<BTreeSet<_>>();
        let router = world.add("router", Router::new(RouterConfig { setup, defects }));
        let segment = world.add("lan", Segment::new(2));
        let terminal = world.add(
            "pc",
            Terminal::new(TerminalConfig {
                mac: Mac([2, 0, 0x5e, 0, 0, 9]),
                trusts_ons_root: true,
                fixed_dns: Vec::new(),
            }),
        );
        let wan = world.connect(router.port(Router::WAN), edge.port(Edge::ACCESS));
        world.record_as(wan, Role::Wan);
        let lan = world.connect(router.port(Router::LAN), segment.port(0));
        world.record_as(lan, Role::Lan);
        world.connect(segment.port(1), terminal.port(Terminal::PORT));
        Self {
            world,
            edge,
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

    /// Returns when ICMPv6 errors came in for a terminal.
    fn answers_from_the_line(&self) -> Vec<Time> {
        let records = self.world.records().iter();
        let answers = records.filter(|record| match &record.seen {
            Seen::Frame {
                on: Role::Wan,
                from: End::Network,
                frame,
                ..
            } => Packet::parse(frame).is_some_and(|packet| {
                let message = packet.icmpv6();
                is_routable(packet.destination) && message.is_some_and(|message| message.kind < 128)
            }),
            _ => false,
        });
        answers.map(|record| record.at).collect()
    }
}
