//! A browser at the line-authentication site and at the portals, in virtual time.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::line::{Area, Line, LineAuthQuirk};
use ngnlab_sim::message::packet::{self, Envelope, Mac, Packet};
use ngnlab_sim::node::line_auth::{LineAuth, LineAuthConfig};
use ngnlab_sim::node::part::tcp::TcpStack;
use ngnlab_sim::node::part::tls::take_secrets;
use ngnlab_sim::node::portal::{Portal, PortalConfig};
use ngnlab_sim::node::terminal::browser::{Browser, Choice, PageResult};
use ngnlab_sim::registry::Registry;
use ngnlab_sim::trace::{End, Fact, FetchError, LineState, Role, Screen, Seen};
use ngnlab_sim::{Cable, Context, Fate, Frame, Handle, Node, Pace, Time, World};
use proptest::prelude::*;

const URL: &str = "https://www.lineauth.mnw";

#[test]
fn consent_authenticates_the_line_and_the_next_access_says_so() {
    take_secrets();
    let mut site = Site::new(&line());
    assert_eq!(site.open(URL).screen, Some(Screen::Consent));
    assert_eq!(site.choose(Choice::Accept).screen, Some(Screen::M1));
    assert_eq!(site.state(), LineState::Authenticated);
    assert_eq!(site.open(URL).screen, Some(Screen::M2));

    let facts = site.facts();
    let served: Vec<_> = facts.iter().filter_map(served).collect();
    assert_eq!(served, [Screen::Consent, Screen::M1, Screen::M2]);
    assert!(facts.iter().any(|fact| matches!(
        fact,
        Fact::HttpRequest { method, host, choice: Some(choice), .. }
            if method == "POST" && host == LineAuth::HOST && choice == "希望する"
    )));
    assert!(facts.iter().any(|fact| matches!(
        fact,
        Fact::Tls { host: Some(host), error: None, peer }
            if host == LineAuth::HOST && *peer == HOME
    )));
    let prefix = line().assignment(0);
    let state = LineState::Authenticated;
    assert!(facts.contains(&Fact::LineState { prefix, state }));
    assert!(!take_secrets().is_empty());
}

#[test]
fn refusal_fails_and_the_back_button_asks_for_a_fresh_access() {
    let mut site = Site::new(&line());
    site.open(URL);
    assert_eq!(site.choose(Choice::Refuse).screen, Some(Screen::M3));
    assert_eq!(site.back().screen, Some(Screen::M4));
    assert_eq!(site.state(), LineState::Registered);
    assert_eq!(site.open(URL).screen, Some(Screen::Consent));
    assert_eq!(site.choose(Choice::Accept).screen, Some(Screen::M1));
}

#[test]
fn an_ineligible_line_sees_p11019_at_once() {
    let mut site = Site::in_state(&line(), LineState::Ineligible);
    assert_eq!(site.open(URL).screen, Some(Screen::M5));
}

#[test]
fn an_unregistered_line_fails_after_consent() {
    let mut site = Site::in_state(&line(), LineState::Unregistered);
    assert_eq!(site.open(URL).screen, Some(Screen::Consent));
    assert_eq!(site.choose(Choice::Accept).screen, Some(Screen::M7));
    assert_eq!(site.state(), LineState::Unregistered);
}

#[test]
fn a_slow_line_is_silent_for_25_seconds_and_then_sees_p32031() {
    let mut site = Site::new(&with_quirk(LineAuthQuirk::Slow));
    site.open(URL);
    let start = site.world.now();
    let result = site.choose(Choice::Accept);
    assert_eq!(result.screen, Some(Screen::M6));
    assert_eq!(site.world.now().since(start), LineAuth::PATIENCE);
    let silent = |at: Time| at > start && at < start + LineAuth::PATIENCE;
    assert!(site.world.records().iter().all(|seen| !silent(seen.at)));
    assert_eq!(site.state(), LineState::Registered);
}

#[test]
fn faults_have_their_screens() {
    let mut site = Site::new(&with_quirk(LineAuthQuirk::Fault));
    assert_eq!(site.open(URL).screen, Some(Screen::M8));
    let mut site = Site::new(&with_quirk(LineAuthQuirk::Busy));
    site.open(URL);
    assert_eq!(site.choose(Choice::Accept).screen, Some(Screen::M9));
}

#[test]
fn a_slow_visitor_who_leaves_is_forgotten() {
    let mut site = Site::new(&with_quirk(LineAuthQuirk::Slow));
    site.open(URL);
    site.world.with(site.terminal, |terminal, cx| {
        let (stack, now) = (&mut terminal.stack, cx.now());
        assert!(terminal.browser.choose(Choice::Accept, HOME, stack, now));
        terminal.serve(cx);
    });
    site.run_for(Duration::from_secs(5));
    site.world.with(site.terminal, |terminal, cx| {
        terminal.browser.stop(&mut terminal.stack);
        terminal.serve(cx);
    });
    site.run_for(Duration::from_secs(60));
    let served: Vec<_> = site.facts().iter().filter_map(served).collect();
    assert_eq!(served, [Screen::Consent]);
}

#[test]
fn without_the_root_certificate_there_is_a_warning_that_a_user_may_pass() {
    let mut site = Site::with_browser(&line(), LineState::Registered, Browser::new(false));
    assert_eq!(site.open(URL).error, Some(FetchError::Certificate));
    assert!(site.facts().iter().any(|fact| matches!(
        fact,
        Fact::Tls { error: Some(why), .. } if why.contains("UnknownCA")
    )));

    let browser = Browser::new(false).going_on_after_warnings();
    let mut site = Site::with_browser(&line(), LineState::Registered, browser);
    assert_eq!(site.open(URL).screen, Some(Screen::Consent));
    assert_eq!(site.choose(Choice::Accept).screen, Some(Screen::M1));
}

#[test]
fn a_second_terminal_of_the_line_finds_it_authenticated() {
    let mut site = Site::new(&line());
    site.open(URL);
    site.choose(Choice::Accept);
    site.move_to(NEIGHBOUR);
    assert_eq!(site.open(URL).screen, Some(Screen::M2));
}

#[test]
fn another_prefix_starts_from_the_consent_screen() {
    let mut site = Site::new(&line());
    site.open(URL);
    site.choose(Choice::Accept);
    let prefix = line().assignment(1);
    site.registry.write().assign(prefix, LineState::Registered);
    site.move_to(packet::with_interface_id(prefix.addr(), [1; 8]));
    assert_eq!(site.open(URL).screen, Some(Screen::Consent));
}

#[test]
fn an_address_of_no_line_fails_after_consent() {
    let mut site = Site::new(&line());
    site.move_to("2409:1::1".parse().unwrap());
    assert_eq!(site.open(URL).screen, Some(Screen::Consent));
    assert_eq!(site.choose(Choice::Accept).screen, Some(Screen::M7));
}

#[test]
fn lost_frames_delay_the_pages_only() {
    let mut site = Site::new(&line());
    let mut seen = 0;
    site.world
        .impair(site.cable, move |_: &Frame, _, _, _: &mut _| {
            seen += 1;
            if seen % 5 == 0 {
                Fate::Drop
            } else {
                Fate::Pass
            }
        });
    assert_eq!(site.open(URL).screen, Some(Screen::Consent));
    assert_eq!(site.choose(Choice::Accept).screen, Some(Screen::M1));
}

#[test]
fn unknown_paths_and_urls_are_said_to_be_so() {
    let mut site = Site::new(&line());
    let result = site.open("https://www.lineauth.mnw/nowhere");
    assert_eq!((result.status, result.screen), (404, None));
    let mut error = |url| site.open(url).error;
    assert_eq!(error("ftp://www.lineauth.mnw"), Some(FetchError::BadUrl));
    assert_eq!(error("http://www.lineauth.mnw/"), Some(FetchError::Refused));
    let elsewhere = "https://hweb.oqs.onshikaku.org/web/";
    assert_eq!(error(elsewhere), Some(FetchError::Certificate));
}

#[test]
fn nobody_at_the_address_is_a_timeout_and_the_next_address_helps() {
    let mut site = Site::new(&line());
    let nobody: Ipv6Addr = "2404:1a8::dead".parse().unwrap();
    let server = line().area.values().line_auth;
    let result = site.open_at(URL, vec![nobody]);
    assert_eq!(result.error, Some(FetchError::Timeout));
    let result = site.open_at(URL, vec![nobody, server]);
    assert_eq!(result.screen, Some(Screen::Consent));
    let result = site.open_at(URL, Vec::new());
    assert_eq!(result.error, Some(FetchError::Name));
}

#[test]
fn datagrams_are_unreachable_and_echo_requests_unanswered() {
    let mut site = Site::new(&line());
    let server = line().area.values().line_auth;
    let envelope = Envelope::new(TERMINAL_MAC, SERVER_MAC, HOME, server);
    let answers = site.probe(envelope.udp(1, 53, b"x"));
    assert_eq!(answers, [(TERMINAL_MAC, Some((1, 4)))]);
    let answers = site.probe(envelope.icmpv6(128, 0, &[0; 8]));
    assert_eq!(answers, []);
}

#[test]
fn the_portal_lets_authenticated_lines_in() {
    for host in [Portal::HOST, Portal::TEST_HOST] {
        let url = format!("https://{host}/web/");
        let mut site = Site::portal(LineState::Registered, host);
        let result = site.open(&url);
        assert_eq!(result.status, 403);
        assert_eq!(result.screen, Some(Screen::NotAuthenticated));
        let mut site = Site::portal(LineState::Authenticated, host);
        assert_eq!(site.open(&url).screen, Some(Screen::Login));
        let bare = format!("https://{host}");
        assert_eq!(site.open(&bare).screen, Some(Screen::Login));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_frames_upset_nobody(
        frames in prop::collection::vec((0..6_u8, any::<Vec<u8>>()), 0..20),
    ) {
        let mut site = Site::new(&line());
        let server = line().area.values().line_auth;
        let envelope = Envelope::new(TERMINAL_MAC, SERVER_MAC, HOME, server);
        for (kind, bytes) in frames {
            let frame = match kind {
                0 => bytes.into(),
                1 => envelope.udp(1, 443, &bytes),
                2 => envelope.icmpv6(2, 0, &[&[0; 4], &bytes[..]].concat()),
                3 => envelope.icmpv6(1, 4, &[&[0; 4], &bytes[..]].concat()),
                _ => {
                    let mut ip = vec![0x60, 0, 0, 0, 0, 20 + kind, 6, 64];
                    ip.extend(HOME.octets());
                    ip.extend(server.octets());
                    ip.extend(bytes);
                    packet::frame_ip(TERMINAL_MAC, SERVER_MAC, &ip)
                }
            };
            site.world.inject(site.cable, End::Device, frame).expect("no link can fail");
        }
        site.run_for(Duration::from_secs(1));
        prop_assert_eq!(site.open(URL).screen, Some(Screen::Consent));
    }
}

const TERMINAL_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 0x10]);
const SERVER_MAC: Mac = Mac([2, 0, 0x5e, 0, 0, 0x20]);
/// Two addresses in different /64s of one assignment.
const HOME: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xca00, 0, 0, 0, 0x10);
const NEIGHBOUR: Ipv6Addr = Ipv6Addr::new(0x2408, 0x3ff, 0xe00, 0xcaff, 0, 0, 0, 0x11);

fn line() -> Line {
    Line::preset("next-pd", Area::East).expect("a known preset")
}

fn with_quirk(quirk: LineAuthQuirk) -> Line {
    let mut line = line();
    line.quirks.line_auth.push(quirk);
    line
}

fn served(fact: &Fact) -> Option<Screen> {
    match fact {
        Fact::ScreenServed { screen, .. } => Some(*screen),
        _ => None,
    }
}

struct Site {
    world: World,
    registry: Registry,
    terminal: Handle<Terminal>,
    cable: Cable,
    server: Ipv6Addr,
}

impl Site {
    fn new(line: &Line) -> Self {
        Self::in_state(line, LineState::Registered)
    }

    fn in_state(line: &Line, state: LineState) -> Self {
        Self::with_browser(line, state, Browser::new(true))
    }

    fn with_browser(line: &Line, state: LineState, browser: Browser) -> Self {
        let registry = registry(line, state);
        let config = LineAuthConfig {
            line: line.clone(),
            registry: registry.clone(),
        };
        let server = line.area.values().line_auth;
        Self::build(LineAuth::new(config), registry, server, browser)
    }

    fn portal(state: LineState, host: &str) -> Self {
        let registry = registry(&line(), state);
        let config = PortalConfig {
            line: line(),
            registry: registry.clone(),
        };
        let values = line().area.values();
        let server = if host == Portal::HOST {
            values.portal
        } else {
            values.portal_test
        };
        Self::build(Portal::new(config), registry, server, Browser::new(true))
    }

    fn build<N: Node>(node: N, registry: Registry, server: Ipv6Addr, browser: Browser) -> Self {
        let mut world = World::new(1, Pace::Virtual);
        let site = world.add("site", node);
        let terminal = world.add("pc", Terminal::new(browser));
        let cable = world.connect(terminal.port(0), site.port(0));
        world.record_as(cable, Role::Wan);
        Self {
            world,
            registry,
            terminal,
            cable,
            server,
        }
    }

    fn state(&self) -> LineState {
        let registry = self.registry.read();
        registry.entry_of(HOME).expect("it is assigned").state
    }

    fn facts(&self) -> Vec<Fact> {
        let records = self.world.records().iter();
        records
            .filter_map(|record| match &record.seen {
                Seen::Fact { fact, .. } => Some(fact.clone()),
                _ => None,
            })
            .collect()
    }

    fn move_to(&mut self, address: Ipv6Addr) {
        self.world
            .with(self.terminal, |terminal, _| terminal.move_to(address));
    }

    fn open(&mut self, url: &str) -> PageResult {
        self.open_at(url, vec![self.server])
    }

    fn open_at(&mut self, url: &str, addresses: Vec<Ipv6Addr>) -> PageResult {
        self.act(|terminal, now| {
            let (from, stack) = (terminal.address, &mut terminal.stack);
            terminal.browser.open(url, addresses, from, stack, now);
            true
        })
    }

    fn choose(&mut self, choice: Choice) -> PageResult {
        self.act(|terminal, now| {
            let (from, stack) = (terminal.address, &mut terminal.stack);
            terminal.browser.choose(choice, from, stack, now)
        })
    }

    fn back(&mut self) -> PageResult {
        self.act(|terminal, now| {
            let (from, stack) = (terminal.address, &mut terminal.stack);
            terminal.browser.go_back(from, stack, now)
        })
    }

    fn act(&mut self, f: impl FnOnce(&mut Terminal, Time) -> bool) -> PageResult {
        self.world.with(self.terminal, |terminal, cx| {
            terminal.result = None;
            assert!(f(terminal, cx.now()), "the browser can do that");
            terminal.serve(cx);
        });
        let end = self.world.now() + Browser::PATIENCE;
        loop {
            let result = self
                .world
                .with(self.terminal, |terminal, _| terminal.result.take());
            if let Some(result) = result {
                return result;
            }
            assert!(self.world.now() <= end, "the browser never gave up");
            self.run_for(Duration::from_millis(100));
        }
    }

    /// Returns the Ethernet destinations, ICMPv6 types and codes of what comes back.
    fn probe(&mut self, frame: Frame) -> Vec<(Mac, Option<(u8, u8)>)> {
        let before = self.world.records().len();
        self.world
            .inject(self.cable, End::Device, frame)
            .expect("no link can fail");
        self.run_for(Duration::from_secs(1));
        let records = self.world.records()[before..].iter();
        records
            .filter_map(|record| match &record.seen {
                Seen::Frame {
                    from: End::Network,
                    frame,
                    ..
                } => Packet::parse(frame),
                _ => None,
            })
            .map(|packet| {
                let kind = packet.icmpv6().map(|icmpv6| (icmpv6.kind, icmpv6.code));
                (packet.eth_destination, kind)
            })
            .collect()
    }

    fn run_for(&mut self, span: Duration) {
        let until = self.world.now() + span;
        self.world.run_until(until).expect("no link can fail");
    }
}

fn registry(line: &Line, state: LineState) -> Registry {
    let registry = Registry::default();
    registry.write().assign(line.assignment(0), state);
    registry
}

/// Nothing but a browser and its TCP.
struct Terminal {
    browser: Browser,
    stack: TcpStack,
    address: Ipv6Addr,
    result: Option<PageResult>,
}

impl Terminal {
    fn new(browser: Browser) -> Self {
        let mut terminal = Self {
            browser,
            stack: TcpStack::new(7),
            address: HOME,
            result: None,
        };
        terminal.move_to(HOME);
        terminal
    }

    fn move_to(&mut self, address: Ipv6Addr) {
        self.address = address;
        self.stack.set_addresses(&[address]);
    }

    fn serve(&mut self, cx: &mut Context<'_>) {
        if let Some(result) = self.browser.poll(&mut self.stack, cx.now()) {
            self.result = Some(result);
        }
        for ip in self.stack.poll(cx.now()) {
            cx.send(0, packet::frame_ip(TERMINAL_MAC, SERVER_MAC, &ip));
        }
    }
}

impl Node for Terminal {
    fn handle_frame(&mut self, _port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if let Some(packet) = Packet::parse(frame) {
            self.stack.receive(packet.ip, cx.now());
        }
        self.serve(cx);
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.serve(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let due = [self.browser.poll_timeout(), self.stack.poll_timeout()];
        due.into_iter().flatten().min()
    }
}
