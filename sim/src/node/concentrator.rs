//! The PPPoE concentrator of the network: discovery, sessions by contract, and the PPP link of each.
//!
//! A realm decides where a session leads; how many a line may have is in its contract (ngn-facts
//! §4.5). What no source fixes stands in [`crate::line::pppoe`].

mod discovery;
mod subscriber;
mod transport;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use rand::Rng as _;

use crate::frame::Frame;
use crate::line::pppoe::{MTU, PppoeQuirk, Realm};
use crate::line::{Area, Line};
use crate::message::packet::Mac;
use crate::message::ppp::{CHALLENGE, Control, IPV4, Ppp};
use crate::message::pppoe::{Code, Pppoe, Stage, Tag};
use crate::node::{Context, Node};
use crate::time::Time;
use crate::trace::{Fact, PppEnd, PppEvent};

use subscriber::{Ended, Subscriber};

pub use transport::Routes;

/// The concentrator of one line.
pub struct Concentrator {
    area: Area,
    quirks: Vec<PppoeQuirk>,
    /// How many sessions the contract has.
    limit: usize,
    sessions: BTreeMap<u16, Subscriber>,
    next_session: u16,
    /// What it makes cookies of.
    secret: Option<[u8; 16]>,
    /// What leaves later.
    delayed: Vec<(Time, Frame)>,
    silent_until: Time,
    /// How many addresses of each realm were given.
    given: BTreeMap<Realm, u8>,
    /// Whose first confirmation was lost.
    lost: Vec<Vec<u8>>,
    routes: Routes,
}

/// How a session ends from the network's side.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// By PADT.
    Padt,
    /// By LCP Terminate-Request.
    Terminate,
    /// By forgetting it, without a word.
    Forgotten,
}

/// What the concentrator says in a session besides what the protocol asks of it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Saying {
    /// An LCP packet of a code that nobody knows (RFC 1661 §5.6).
    UnknownCode,
    /// A frame of a protocol that nobody knows (RFC 1661 §5.7).
    UnknownProtocol,
    /// An LCP Echo-Request (RFC 1661 §5.8).
    Echo,
    /// An LCP Discard-Request (RFC 1661 §5.9).
    Discard,
    /// A CHAP challenge in the middle of a session (RFC 1994 §2).
    Challenge,
    /// A PADT for a session that does not exist.
    PadtOfAnotherSession,
    /// A PADT for this session from another address.
    PadtFromAnotherAddress,
}

impl Concentrator {
    /// The socket towards the line.
    pub const ACCESS: u8 = 0;
    /// The first of the sockets towards hosts.
    pub const CORE: u8 = 1;
    /// Its address (inferred), and that of another one which offers the same.
    pub const MACS: [Mac; 2] = [
        Mac([0x02, 0x00, 0x5e, 0x00, 0x88, 0x63]),
        Mac([0x02, 0x00, 0x5e, 0x00, 0x88, 0x64]),
    ];

    /// Makes the concentrator of a line.
    pub fn new(line: &Line) -> Self {
        Self {
            area: line.area,
            quirks: line.quirks.pppoe.clone(),
            limit: usize::from(line.pppoe_sessions),
            sessions: BTreeMap::new(),
            next_session: 1,
            secret: None,
            delayed: Vec::new(),
            silent_until: Time::ZERO,
            given: BTreeMap::new(),
            lost: Vec::new(),
            routes: Routes::new(),
        }
    }

    /// Says what is behind it.
    pub fn with_routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }

    /// Hears and says nothing until then.
    pub fn silence(&mut self, until: Time) {
        self.silent_until = until;
    }

    /// Ends every session of a realm, or all; returns how many there were.
    pub fn end(&mut self, realm: Option<Realm>, how: Ending, cx: &mut Context<'_>) -> usize {
        let chosen = self.chosen(realm);
        for id in &chosen {
            match how {
                Ending::Padt => self.drop_session(*id, Some(Ended::ByUs), cx),
                Ending::Forgotten => self.drop_session(*id, None, cx),
                Ending::Terminate => {
                    if let Some(subscriber) = self.sessions.get_mut(id) {
                        let out = subscriber.terminate(cx.now());
                        self.send_all(*id, out, cx);
                    }
                }
            }
        }
        chosen.len()
    }

    /// Says something in every session of a realm, or in all; returns in how many.
    pub fn say(&mut self, realm: Option<Realm>, what: Saying, cx: &mut Context<'_>) -> usize {
        let chosen = self.chosen(realm);
        for id in &chosen {
            let Some(subscriber) = self.sessions.get_mut(id) else {
                continue;
            };
            let (ours, host) = (subscriber.ours, subscriber.host);
            match what {
                Saying::PadtOfAnotherSession => {
                    let other = id.wrapping_add(0x4000);
                    self.send_padt(ours, host, other, cx);
                }
                Saying::PadtFromAnotherAddress => {
                    let stranger = Mac([0x02, 0x00, 0x5e, 0x00, 0x88, 0xff]);
                    self.send_padt(stranger, host, *id, cx);
                }
                Saying::Challenge => {
                    let out = subscriber.challenge(cx);
                    self.send_all(*id, out, cx);
                }
                Saying::UnknownCode => {
                    let packet = lcp(UNKNOWN_CODE, subscriber.magic());
                    self.send_all(*id, vec![packet], cx);
                }
                Saying::Echo => {
                    let packet = lcp(crate::message::ppp::ECHO_REQUEST, subscriber.magic());
                    self.send_all(*id, vec![packet], cx);
                }
                Saying::Discard => {
                    let packet = lcp(crate::message::ppp::DISCARD_REQUEST, subscriber.magic());
                    self.send_all(*id, vec![packet], cx);
                }
                Saying::UnknownProtocol => {
                    let packet = Control {
                        code: CHALLENGE,
                        id: 1,
                        data: vec![0; 4],
                    };
                    let ppp = Ppp::control(UNKNOWN_PROTOCOL, &packet);
                    self.send_all(*id, vec![ppp], cx);
                }
            }
        }
        chosen.len()
    }

    /// Returns the addresses of the sessions of a realm by which IPv4 may flow.
    pub fn addresses(&self, realm: Realm) -> Vec<Ipv4Addr> {
        let up = self.sessions.values().filter(|it| it.is_up());
        up.filter(|it| it.realm() == Some(realm))
            .map(Subscriber::address)
            .collect()
    }

    /// Returns how many sessions there are.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    fn has(&self, quirk: PppoeQuirk) -> bool {
        self.quirks.contains(&quirk)
    }

    fn chosen(&self, realm: Option<Realm>) -> Vec<u16> {
        let up = self.sessions.iter().filter(|(_, it)| it.is_up());
        up.filter(|(_, it)| realm.is_none_or(|realm| it.realm() == Some(realm)))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Makes a session and returns its id; RFC 2516 §4 keeps two values for other uses.
    fn make_session(&mut self, ours: Mac, host: Mac, cx: &mut Context<'_>) -> u16 {
        while self.sessions.contains_key(&self.next_session) || self.next_session == u16::MAX {
            self.next_session = self.next_session.wrapping_add(1).max(1);
        }
        let id = self.next_session;
        self.next_session = self.next_session.wrapping_add(1).max(1);
        let magic = cx.random().random_range(1..=u32::MAX);
        let subscriber = Subscriber::new(ours, host, magic, &self.quirks, cx.now());
        self.sessions.insert(id, subscriber);
        id
    }

    fn handle_session(&mut self, packet: &Pppoe, ppp: &[u8], cx: &mut Context<'_>) {
        let Some(subscriber) = self.sessions.get_mut(&packet.session) else {
            return;
        };
        let ours = subscriber.host == packet.source && subscriber.ours == packet.destination;
        let Some(ppp) = Ppp::parse(ppp).filter(|_| ours) else {
            return;
        };
        let (out, event) = subscriber.handle(&ppp, self.area, cx);
        if ppp.protocol == IPV4 {
            self.pass_up(packet.session, &ppp.information, cx);
        }
        self.send_all(packet.session, out, cx);
        self.take_in(packet.session, event, cx);
    }

    /// Does what an event in a session asks for.
    fn take_in(&mut self, id: u16, event: subscriber::Event, cx: &mut Context<'_>) {
        match event {
            subscriber::Event::None => {}
            subscriber::Event::Authenticated => {
                let address = self.next_address(id);
                let Some(subscriber) = self.sessions.get_mut(&id) else {
                    return;
                };
                if let Some(address) = address {
                    let out = subscriber.open_network(address, cx.now());
                    self.send_all(id, out, cx);
                }
            }
            subscriber::Event::Refused => {
                self.record(id, PppEvent::WrongPassword, cx);
                if let Some(subscriber) = self.sessions.get_mut(&id) {
                    let out = subscriber.terminate(cx.now());
                    self.send_all(id, out, cx);
                }
            }
            subscriber::Event::Up(address) => {
                self.record(id, PppEvent::Up { address }, cx);
            }
            subscriber::Event::Over(ended) => self.drop_session(id, Some(ended), cx),
        }
    }

    /// Returns the address for an authenticated session: the next of its realm.
    fn next_address(&mut self, id: u16) -> Option<Ipv4Addr> {
        let realm = self.sessions.get(&id)?.realm()?;
        let given = self.given.entry(realm).or_default();
        let first = u32::from(realm.first_address());
        let address = first + u32::from(*given % 64);
        *given = given.wrapping_add(1);
        Some(address.into())
    }

    /// Forgets a session; says so unless it is to be without a word, or was the host's wish.
    fn drop_session(&mut self, id: u16, ended: Option<Ended>, cx: &mut Context<'_>) {
        let how = match ended {
            None => PppEnd::Forgotten,
            Some(Ended::ByHost | Ended::AtHostsWish) => PppEnd::ByDevice,
            Some(Ended::ByUs) => PppEnd::ByNetwork,
            Some(Ended::Silent) => PppEnd::Silence,
        };
        self.record(id, PppEvent::Ended { how }, cx);
        let Some(gone) = self.sessions.remove(&id) else {
            return;
        };
        if !matches!(ended, None | Some(Ended::ByHost)) {
            self.send_padt(gone.ours, gone.host, id, cx);
        }
    }

    fn record(&self, session: u16, event: PppEvent, cx: &mut Context<'_>) {
        let account = self.sessions.get(&session).and_then(Subscriber::account);
        cx.record(Fact::Ppp {
            session,
            account,
            event,
        });
    }

    fn send_all(&self, id: u16, out: Vec<Ppp>, cx: &mut Context<'_>) {
        let Some(subscriber) = self.sessions.get(&id) else {
            return;
        };
        for ppp in out {
            let packet = Pppoe {
                source: subscriber.ours,
                destination: subscriber.host,
                session: id,
                stage: Stage::Session(ppp.to_bytes()),
            };
            cx.send(Self::ACCESS, packet.frame());
        }
    }

    fn send_padt(&self, source: Mac, host: Mac, session: u16, cx: &mut Context<'_>) {
        let padt = Pppoe {
            source,
            destination: host,
            session,
            stage: Stage::Discovery {
                code: Code::Termination,
                tags: Vec::<Tag>::new(),
            },
        };
        cx.send(Self::ACCESS, padt.frame());
    }

    fn is_silent(&self, now: Time) -> bool {
        now < self.silent_until
    }
}

impl Node for Concentrator {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if port != Self::ACCESS {
            if !self.is_silent(cx.now()) {
                self.pass_down(port, frame, cx);
            }
            return;
        }
        // RFC 2516 §7 leaves no room for more; whoever sends more shall not make us answer with more.
        if frame.len() > LONGEST_FRAME || self.is_silent(cx.now()) {
            return;
        }
        let Some(packet) = Pppoe::parse(frame) else {
            return;
        };
        match &packet.stage {
            Stage::Discovery { code, tags } => self.discover(&packet, *code, tags, cx),
            Stage::Session(ppp) => self.handle_session(&packet, ppp, cx),
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let (due, later) = std::mem::take(&mut self.delayed)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.delayed = later;
        for (_, frame) in due {
            cx.send(Self::ACCESS, frame);
        }
        // Deaf and dumb is not stopped: what nobody answered counts.
        let silent = self.is_silent(now);
        let ids: Vec<u16> = self.sessions.keys().copied().collect();
        for id in ids {
            let Some(subscriber) = self.sessions.get_mut(&id) else {
                continue;
            };
            let (out, event) = subscriber.handle_timeout(cx);
            if !silent {
                self.send_all(id, out, cx);
                self.take_in(id, event, cx);
            } else if let subscriber::Event::Over(_) = event {
                self.drop_session(id, None, cx);
            }
        }
    }

    fn poll_timeout(&self) -> Option<Time> {
        let sessions = self.sessions.values().filter_map(Subscriber::poll_timeout);
        let delayed = self.delayed.iter().map(|(at, _)| *at);
        sessions.chain(delayed).min()
    }
}

/// Returns an LCP packet with a magic number in it.
fn lcp(code: u8, magic: u32) -> Ppp {
    let packet = Control {
        code,
        id: 0x5a,
        data: magic.to_be_bytes().to_vec(),
    };
    Ppp::control(crate::message::ppp::LCP, &packet)
}

/// A code that no RFC gives LCP.
const UNKNOWN_CODE: u8 = 0x63;
/// A protocol number that is not assigned, of the kind of network control protocols (RFC 1661 §2).
const UNKNOWN_PROTOCOL: u16 = 0x8077;

/// The longest frame of Ethernet without tags (IEEE 802.3 §3.2.7).
const LONGEST_FRAME: usize = 1514;
/// What a session's packets may hold at most: what the concentrator asks for as its MRU.
const MRU: u16 = MTU;
