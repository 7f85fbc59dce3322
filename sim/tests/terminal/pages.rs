//! The terminal's browser and its held connections, against the ONS nodes.

use std::time::Duration;

use ngnlab_sim::line::{Area, DnsQuirk, Line};
use ngnlab_sim::node::dns::{DnsServer, DnsServerConfig, Zones};
use ngnlab_sim::node::line_auth::{LineAuth, LineAuthConfig};
use ngnlab_sim::node::terminal::browser::Choice;
use ngnlab_sim::node::terminal::{Ask, RecordType, Transport};
use ngnlab_sim::registry::Registry;
use ngnlab_sim::trace::{Fact, FetchError, Resolution, Screen};

use crate::lab::{Lab, ask, lab, lab_of};
use crate::peer::{DNS, SECOND_DNS};

#[test]
fn a_user_goes_through_line_authentication() {
    let mut lab = ons(vec![]);
    lab.run(20);
    lab.open(SITE);
    lab.choose(Choice::Accept);
    lab.open(SITE);
    lab.run(40);
    assert_eq!(
        lab.screens(),
        [Screen::Consent, Screen::M1, Screen::M2].map(Some)
    );
    assert_eq!(lab.resolved().len(), 2);
    assert!(!lab.is_busy());
}

#[test]
fn the_back_button_after_a_refusal_leads_to_m4() {
    let mut lab = ons(vec![]);
    lab.run(20);
    lab.open(SITE);
    lab.choose(Choice::Refuse);
    lab.world
        .with(lab.terminal, |terminal, cx| terminal.back(cx));
    lab.run(40);
    assert_eq!(
        lab.screens(),
        [Screen::Consent, Screen::M3, Screen::M4].map(Some)
    );
}

#[test]
fn without_the_root_certificate_the_browser_warns() {
    let mut lab = lab_of(vec![], false);
    lab.plug_ons(vec![]);
    lab.run(20);
    lab.open(SITE);
    lab.run(40);
    assert_eq!(lab.page_failures(), [FetchError::Certificate]);
}

#[test]
fn pages_fail_for_the_reason_that_stood_in_the_way() {
    let mut lab = ons(vec![]);
    lab.run(20);
    lab.open("gopher://www.lineauth.mnw/");
    lab.open("https://nowhere.lineauth.mnw/");
    lab.peer(|peer| peer.deaf = vec![values().line_auth]);
    lab.open(SITE);
    lab.run(200);
    assert_eq!(
        lab.page_failures(),
        [FetchError::BadUrl, FetchError::Name, FetchError::Timeout]
    );
    assert!(!lab.is_busy());
}

#[test]
fn a_button_that_is_not_there_is_noted() {
    let mut lab = lab(vec![]);
    lab.run(20);
    lab.choose(Choice::Accept);
    assert_eq!(lab.facts(|fact| matches!(fact, Fact::Note(_))).len(), 1);
    assert!(!lab.is_busy());
}

#[test]
fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let mut lab = ons(vec![]);
    lab.run(20);
    lab.ask(ask("pweb.base.oqs-pdl.org"));
    lab.run(30);
    let [(Resolution::Answered, addresses)] = &lab.resolved()[..] else {
        panic!("{:?}", lab.resolved());
    };
    assert_eq!(addresses.len(), 15);
    let tcp = lab.sent().iter().any(|(_, frame)| {
        ngnlab_sim::message::packet::Packet::parse(frame)
            .is_some_and(|packet| packet.tcp().is_some())
    });
    assert!(tcp);
}

#[test]
fn edns_and_tcp_from_the_start_bring_large_answers_too() {
    let mut lab = ons(vec![]);
    lab.run(20);
    let large = || ask("ntp.base.oqs-pdl.org");
    lab.ask(Ask {
        edns: Some(4096),
        ..large()
    });
    lab.ask(Ask {
        transport: Transport::Tcp,
        kind: RecordType::A,
        server: Some(SECOND_DNS),
        ..large()
    });
    lab.run(30);
    let resolved = lab.resolved();
    assert_eq!(resolved.len(), 2);
    for (outcome, addresses) in resolved {
        assert_eq!((outcome, addresses.len()), (Resolution::Answered, 15));
    }
}

#[test]
fn truncation_without_tcp_is_a_failure_that_ends() {
    let mut lab = ons(vec![DnsQuirk::NoTcp]);
    lab.run(20);
    lab.ask(ask("pweb.base.oqs-pdl.org"));
    lab.run(80);
    assert_eq!(lab.resolved().len(), 1);
    assert_ne!(lab.resolved()[0].0, Resolution::Answered);
}

#[test]
fn a_held_connection_is_found_alive() {
    let mut lab = ons(vec![]);
    lab.run(20);
    lab.hold(SITE, Duration::from_secs(25));
    lab.run(44);
    assert!(lab.is_busy());
    lab.run(50);
    assert_eq!(lab.held(), [(25_000, true)]);
    assert!(!lab.is_busy());
}

#[test]
fn a_held_connection_is_found_dead_when_the_path_forgot_it() {
    let mut lab = ons(vec![]);
    lab.run(20);
    lab.hold(SITE, Duration::from_secs(25));
    lab.run(25);
    lab.peer(|peer| peer.deaf = vec![values().line_auth]);
    lab.run(80);
    assert_eq!(lab.held(), [(25_000, false)]);
}

#[test]
fn a_connection_that_never_was_is_a_failed_page() {
    let mut lab = ons(vec![]);
    lab.peer(|peer| peer.deaf = vec![values().line_auth]);
    lab.run(20);
    lab.hold(SITE, Duration::from_secs(25));
    lab.run(80);
    assert_eq!(lab.page_failures(), [FetchError::Timeout]);
    assert!(lab.held().is_empty());
}

const SITE: &str = "https://www.lineauth.mnw/";

fn line() -> Line {
    Line::preset("next-ra", Area::East).expect("a known preset")
}

fn values() -> &'static ngnlab_sim::line::Values {
    Area::East.values()
}

fn ons(quirks: Vec<DnsQuirk>) -> Lab {
    let mut lab = lab(vec![]);
    lab.plug_ons(quirks);
    lab
}

impl Lab {
    fn plug_ons(&mut self, quirks: Vec<DnsQuirk>) {
        let registry = Registry::default();
        let line = line();
        registry
            .write()
            .assign(line.assignment(0), line.first_state());
        for (port, address) in [(2, DNS), (3, SECOND_DNS)] {
            let server = DnsServer::new(DnsServerConfig {
                address,
                zones: Zones::ons(&line),
                quirks: quirks.clone(),
            });
            let server = self.world.add(&format!("dns {port}"), server);
            self.world
                .connect(self.peer.port(port), server.port(DnsServer::PORT));
            self.peer(|peer| peer.routes.push((address, port)));
        }
        let site = LineAuth::new(LineAuthConfig { line, registry });
        let site = self.world.add("line-auth", site);
        self.world
            .connect(self.peer.port(1), site.port(LineAuth::PORT));
        self.peer(|peer| peer.routes.push((values().line_auth, 1)));
    }

    fn open(&mut self, url: &str) {
        self.world
            .with(self.terminal, |terminal, cx| terminal.open(url, cx));
    }

    fn choose(&mut self, choice: Choice) {
        self.world
            .with(self.terminal, |terminal, cx| terminal.choose(choice, cx));
    }

    fn hold(&mut self, url: &str, idle: Duration) {
        self.world
            .with(self.terminal, |terminal, cx| terminal.hold(url, idle, cx));
    }

    fn is_busy(&mut self) -> bool {
        self.world
            .with(self.terminal, |terminal, _| terminal.is_busy())
    }

    fn screens(&self) -> Vec<Option<Screen>> {
        let screen = |fact| match fact {
            Fact::PageSeen { screen, .. } => Some(screen),
            _ => None,
        };
        self.facts(|_| true)
            .into_iter()
            .filter_map(screen)
            .collect()
    }

    fn page_failures(&self) -> Vec<FetchError> {
        let reason = |fact| match fact {
            Fact::PageFailed { reason, .. } => Some(reason),
            _ => None,
        };
        self.facts(|_| true)
            .into_iter()
            .filter_map(reason)
            .collect()
    }

    fn held(&self) -> Vec<(u64, bool)> {
        let held = |fact| match fact {
            Fact::StillConnected { idle_ms, alive } => Some((idle_ms, alive)),
            _ => None,
        };
        self.facts(|_| true).into_iter().filter_map(held).collect()
    }
}
