//! A terminal with both families behind the reference, which dials PPPoE: what goes where.
#![expect(
    clippy::expect_used,
    reason = "a test says with a panic what went wrong"
)]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use etherparse::EtherType;
use ngnlab_sim::access::{self, Access};
use ngnlab_sim::cable::Role;
use ngnlab_sim::line::internet::{
    ECHO, PUBLIC_DNS, SERVICE_SITE, WEB, service_domain, service_host,
};
use ngnlab_sim::line::pppoe::{Realm, accounts};
use ngnlab_sim::line::{Area, Line};
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::message::packet::ipv4::renew_checksum;
use ngnlab_sim::node::Context;
use ngnlab_sim::node::Node as _;
use ngnlab_sim::node::concentrator::Concentrator;
use ngnlab_sim::node::internet_host::Stranger;
use ngnlab_sim::node::router::defect::Defect;
use ngnlab_sim::node::router::{Router, RouterConfig};
use ngnlab_sim::node::segment::Segment;
use ngnlab_sim::node::terminal::{
    Ask, Ipv4Config, RecordType, Terminal, TerminalConfig, Transport,
};
use ngnlab_sim::setup::{DomainServers, Mode, PppoeAccount, Setup};
use ngnlab_sim::trace::{Fact, Seen};
use ngnlab_sim::{Handle, Pace, Time, World};
use proptest::prelude::*;

#[test]
fn a_terminal_gets_an_address_a_router_and_a_dns_server() {
    let mut site = Site::new(Area::East, []);
    site.run_until(10);
    let ready = site.facts(|fact| match fact {
        Fact::Ipv4Ready {
            address,
            router,
            dns,
            ..
        } => Some((*address, *router, dns.clone())),
        _ => None,
    });
    let router = Ipv4Addr::new(192, 168, 1, 1);
    let first = (Ipv4Addr::new(192, 168, 1, 2), Some(router), vec![router]);
    assert_eq!(ready, [first]);
}

#[test]
fn each_host_is_reached_by_its_own_session() {
    for area in Area::ALL {
        let mut site = Site::new(area, []);
        site.run_until(30);
        let service = format!("https://{}/", service_host(area));
        let web = format!("http://{}/", WEB.0);
        site.with(|terminal, cx| terminal.open(&service, cx));
        site.with(|terminal, cx| terminal.download(&web, cx));
        site.with(|terminal, cx| terminal.ping(ECHO.1.to_ipv6_mapped(), None, cx));
        site.run_until(60);
        let loaded = site.facts(|fact| match fact {
            Fact::Downloaded { url, .. } | Fact::PageSeen { url, .. } => Some(url.clone()),
            _ => None,
        });
        assert_eq!(loaded.len(), 2, "{area:?}: {loaded:?}");
        assert_eq!(site.pings(), [true]);
        assert_eq!(site.peers(SERVICE_SITE).len(), 1);
    }
}

#[test]
fn without_domain_routing_the_service_site_is_not_there() {
    let url = format!("https://{}/", service_host(Area::East));
    for defect in ["no-domain-routing", "asks-isp-for-service-site"] {
        let mut site = Site::new(Area::East, Defect::from_name(defect));
        site.run_until(30);
        site.with(|terminal, cx| terminal.open(&url, cx));
        site.run_until(200);
        let loaded = site.facts(|fact| matches!(fact, Fact::PageSeen { .. }).then_some(()));
        assert!(loaded.is_empty(), "{defect}");
    }
}

#[test]
fn a_public_resolver_does_not_know_the_service_site() {
    let mut site = Site::new(Area::East, []);
    site.run_until(30);
    site.with(|terminal, cx| {
        let mut ask = Ask {
            name: service_host(Area::East).to_owned(),
            kind: RecordType::A,
            transport: Transport::Udp,
            edns: None,
            server: Some(PUBLIC_DNS[0].to_ipv6_mapped()),
        };
        terminal.resolve(ask.clone(), cx);
        ask.name = WEB.0.to_owned();
        terminal.resolve(ask.clone(), cx);
        ask.transport = Transport::Tcp;
        terminal.resolve(ask, cx);
    });
    site.run_until(60);
    let found = site.facts(|fact| match fact {
        Fact::Resolved { addresses, .. } => Some(addresses.len()),
        _ => None,
    });
    let mut sorted = found.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 1]);
}

#[test]
fn a_full_size_packet_is_answered_in_time_with_or_without_clamping() {
    let url = format!("http://{}/", WEB.0);
    for defect in [None, Defect::from_name("no-mss-clamp")] {
        let mut site = Site::new(Area::East, defect);
        site.run_until(30);
        site.with(|terminal, cx| terminal.download(&url, cx));
        site.run_until(60);
        let loaded = site.facts(|fact| matches!(fact, Fact::Downloaded { .. }).then_some(()));
        assert_eq!(loaded.len(), 1, "{defect:?}");
    }
}

#[test]
fn strangers_meet_silence() {
    let mut site = Site::new(Area::East, []);
    site.run_until(30);
    let to = Realm::Isp.first_address();
    let echo = site.access.behind_sessions.echo;
    for what in [Stranger::Udp(5000), Stranger::Tcp(80), Stranger::Echo] {
        site.world.with(echo, |host, cx| host.send(to, what, cx));
    }
    let before = site.frames_on_lan();
    site.run_until(33);
    assert_eq!(site.frames_on_lan(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes in IPv4 or ARP from the LAN or in a session is no end of router or terminal.
    #[test]
    fn no_ipv4_is_too_odd(
        frames in prop::collection::vec(
            (any::<bool>(), any::<bool>(), 0_u8..20, prop::collection::vec(any::<u8>(), 0..90)),
            1..20,
        )
    ) {
        let mut site = Site::new(Area::East, []);
        site.run_until(8);
        for (of_session, is_arp, protocol, mut body) in frames {
            // A header that is right, so that what is behind it is looked at.
            if let Some(header) = body.get_mut(..20) {
                header[0] = 0x45 | header[0] & 1;
                let length = if protocol > 4 { 90 } else { header[3] % 91 };
                header[2..4].copy_from_slice(&u16::from(length).to_be_bytes());
                header[6] &= 0x40;
                header[9] = [1, 6, 17, 2][usize::from(protocol) % 4];
                let to = match of_session {
                    true => Realm::Isp.first_address(),
                    false => Ipv4Addr::new(192, 168, 1, protocol),
                };
                header[16..20].copy_from_slice(&to.octets());
            }
            body.resize(90, 0);
            renew_checksum(&mut body);
            let kind = match is_arp {
                true => EtherType::ARP,
                false => EtherType::IPV4,
            };
            let out = |destination| Ethernet {
                source: Mac([2, 0, 0x5e, 0, 0, 7]),
                destination,
                kind,
                payload: &body,
            }
            .frame();
            let frames = [out(Mac([2, 0, 0, 0, 0, 2])), out(Mac([2, 0, 0x5e, 0, 0, 9])), out(Mac::BROADCAST)];
            for frame in frames {
                let (router, terminal) = (site.router, site.terminal);
                site.world.with(router, |it, cx| it.handle_frame(Router::LAN, &frame, cx));
                site.world.with(terminal, |it, cx| it.handle_frame(Terminal::PORT, &frame, cx));
            }
            let concentrator = site.access.concentrator;
            if of_session {
                let frame = Ethernet {
                    source: Mac([2, 0, 0x5e, 0, 0x89, 1]),
                    destination: Mac([2, 0, 0x5e, 0, 0x89, 0]),
                    kind: EtherType::IPV4,
                    payload: &body,
                };
                let frame = frame.frame();
                site.world.with(concentrator, |it, cx| {
                    it.handle_frame(Concentrator::CORE, &frame, cx);
                });
            }
        }
        site.run_until(60);
    }
}

/// A line with the reference and one terminal.
struct Site {
    world: World,
    access: Access,
    router: Handle<Router>,
    terminal: Handle<Terminal>,
}

impl Site {
    fn new(area: Area, defects: impl IntoIterator<Item = Defect>) -> Self {
        let line = Line::preset("next-pd", area).expect("it is a preset");
        let mut world = World::new(7, Pace::Virtual);
        let access = access::lay(&mut world, &line);
        let pppoe = accounts(area).into_iter().map(|account| PppoeAccount {
            name: account.name.to_owned(),
            password: account.password.to_owned(),
            domains: match account.realm {
                Realm::Isp => Vec::new(),
                Realm::ServiceSite => vec![service_domain(area).to_owned()],
            },
            source: None,
        });
        let setup = Setup {
            mode: Mode::Pd,
            wan_mac: Mac([2, 0, 0, 0, 0, 1]),
            lan_mac: Mac([2, 0, 0, 0, 0, 2]),
            default_dns: Vec::new(),
            domains: vec![DomainServers {
                name: area.values().ngn_domain.to_owned(),
                servers: area.values().ngn_dns.to_vec(),
            }],
            pppoe: pppoe.collect(),
            pppoe_pass_through: false,
            wrong_on_purpose: Vec::new(),
        };
        let defects: BTreeSet<_> = defects.into_iter().collect();
        let router = world.add("device", Router::new(RouterConfig { setup, defects }));
        let segment = world.add("lan", Segment::new(2));
        let config = TerminalConfig {
            mac: Mac([2, 0, 0x5e, 0, 0, 9]),
            trusts_ons_root: true,
            fixed_dns: Vec::new(),
            ipv4: Some(Ipv4Config::Automatic),
        };
        let terminal = world.add("pc", Terminal::new(config));
        let wan = world.connect(router.port(Router::WAN), access.wan);
        world.record_as(wan, Role::Wan);
        let lan = world.connect(router.port(Router::LAN), segment.port(0));
        world.record_as(lan, Role::Lan);
        world.connect(segment.port(1), terminal.port(Terminal::PORT));
        Self {
            world,
            access,
            router,
            terminal,
        }
    }

    fn run_until(&mut self, secs: i64) {
        let ran = self.world.run_until(Time::from_secs(secs));
        ran.expect("no link of memory breaks");
    }

    fn with(&mut self, does: impl FnOnce(&mut Terminal, &mut Context<'_>)) {
        self.world.with(self.terminal, does);
    }

    fn facts<T>(&self, choose: impl Fn(&Fact) -> Option<T>) -> Vec<T> {
        let records = self.world.records().iter();
        let facts = records.filter_map(|record| match &record.seen {
            Seen::Fact { fact, .. } => choose(fact),
            _ => None,
        });
        facts.collect()
    }

    fn frames_on_lan(&self) -> usize {
        let records = self.world.records().iter();
        let on_lan = |record: &&ngnlab_sim::trace::Record| {
            matches!(&record.seen, Seen::Frame { on: Role::Lan, frame, .. }
                if ngnlab_sim::message::packet::ipv4::in_frame(frame).is_some())
        };
        records.filter(on_lan).count()
    }

    fn pings(&self) -> Vec<bool> {
        self.facts(|fact| match fact {
            Fact::Pinged { answered, .. } => Some(*answered),
            _ => None,
        })
    }

    /// Returns who asked a site for a page.
    fn peers(&self, _site: Ipv4Addr) -> Vec<String> {
        self.facts(|fact| match fact {
            Fact::HttpRequest { peer, host, .. } if host.starts_with("www.v4flets") => {
                Some(peer.to_string())
            }
            _ => None,
        })
    }
}
