//! One session as the concentrator sees it: LCP, authentication, IPCP, and whether the host is still
//! there.

use std::net::Ipv4Addr;

use rand::Rng as _;

use super::MRU as OUR_MRU;
use crate::line::Area;
use crate::line::pppoe::{
    Account, CHALLENGES_EVERY, ECHO_INTERVAL, ECHO_MISSES, PATIENCE, PppoeQuirk, Realm, accounts,
};
use crate::message::packet::Mac;
use crate::message::ppp::{
    ACCM, ACFC, AUTHENTICATE_ACK, AUTHENTICATE_NAK, AUTHENTICATE_REQUEST, AUTHENTICATION,
    CHALLENGE, CHAP, CHAP_MD5, ConfigurationOption, Control, DISCARD_REQUEST, ECHO_REPLY,
    ECHO_REQUEST, FAILURE, FCS, IP_ADDRESS, IPCP, IPV4, IPV6, IPV6CP, LCP, MAGIC, MRU, PAP,
    PRIMARY_DNS, PROTOCOL_REJECT, Ppp, RESPONSE, SECONDARY_DNS, SUCCESS, chap_md5, with_count,
};
use crate::node::Context;
use crate::node::part::ppp::{
    Automaton, Change, Opinion, RESTART, Wishes, answer, echo_reply, frames, protocol_reject,
};
use crate::time::Time;

/// One session.
pub(super) struct Subscriber {
    pub(super) ours: Mac,
    pub(super) host: Mac,
    quirks: Vec<PppoeQuirk>,
    link: Automaton,
    wishes: LinkWishes,
    account: Option<Account>,
    network: Automaton,
    addresses: AddressWishes,
    /// What was challenged with, and under which identifier.
    challenge: Option<(u8, [u8; 16])>,
    next_challenge: Option<Time>,
    next_id: u8,
    next_echo: Option<Time>,
    missed: u32,
    /// Until when it has to be authenticated.
    patience: Option<Time>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By the host's PADT.
    ByHost,
    /// By the host's LCP Terminate-Request.
    AtHostsWish,
    /// By the concentrator.
    ByUs,
    /// The host said nothing any more.
    Silent,
}

/// What came of a packet or of time.
pub(super) enum Event {
    /// Nothing.
    None,
    /// The host is who it says.
    Authenticated,
    /// It is not.
    Refused,
    /// IPv4 may flow.
    Up(Ipv4Addr),
    /// The session is over.
    Over(Ended),
}

impl Subscriber {
    pub(super) fn new(ours: Mac, host: Mac, magic: u32, quirks: &[PppoeQuirk], now: Time) -> Self {
        let has = |quirk| quirks.contains(&quirk);
        let authentication = match has(PppoeQuirk::AsksForPap) {
            true => PAP.to_be_bytes().to_vec(),
            false => [&CHAP.to_be_bytes()[..], &[CHAP_MD5]].concat(),
        };
        Self {
            ours,
            host,
            link: Automaton::new(),
            wishes: LinkWishes {
                magic: Some(magic),
                authentication,
                forbidden: has(PppoeQuirk::AsksForForbiddenOptions),
                refuses_magic: has(PppoeQuirk::RejectsMagicNumber),
            },
            account: None,
            network: Automaton::new(),
            addresses: AddressWishes {
                host: Ipv4Addr::UNSPECIFIED,
                dns: [Ipv4Addr::UNSPECIFIED; 2],
            },
            challenge: None,
            next_challenge: None,
            next_id: 0x40,
            next_echo: None,
            missed: 0,
            patience: Some(now + PATIENCE),
            quirks: quirks.to_vec(),
        }
    }

    pub(super) fn realm(&self) -> Option<Realm> {
        self.account.as_ref().map(|account| account.realm)
    }

    /// Returns the address that the host was given.
    pub(super) fn address(&self) -> Ipv4Addr {
        self.addresses.host
    }

    pub(super) fn account(&self) -> Option<String> {
        self.account.as_ref().map(|account| account.name.to_owned())
    }

    pub(super) fn magic(&self) -> u32 {
        self.wishes.magic.unwrap_or_default()
    }

    /// Returns whether IPv4 may flow.
    pub(super) fn is_up(&self) -> bool {
        self.network.is_open()
    }

    /// Begins with LCP.
    pub(super) fn open(&mut self, now: Time) -> Vec<Ppp> {
        let mut out = Vec::new();
        self.link.open(&self.wishes, now, &mut out);
        frames(LCP, &out)
    }

    /// Begins with IPCP: the host gets this address.
    pub(super) fn open_network(&mut self, address: Ipv4Addr, now: Time) -> Vec<Ppp> {
        let Some(realm) = self.realm() else {
            return Vec::new();
        };
        self.addresses = AddressWishes {
            host: address,
            dns: realm.dns(),
        };
        let mut out = Vec::new();
        self.network.open(&self.addresses, now, &mut out);
        let mut out = frames(IPCP, &out);
        if self.quirks.contains(&PppoeQuirk::NegotiatesIpv6) {
            // RFC 5072 §4.1: an interface identifier.
            let option = ConfigurationOption::new(
                INTERFACE_IDENTIFIER,
                [2, 0, 0x5e, 0xff, 0xfe, 0, 0x88, 0x63],
            );
            let packet = Control::with_options(1, 0x61, &[option]);
            out.push(Ppp::control(IPV6CP, &packet));
        }
        out
    }

    /// Begins to end.
    pub(super) fn terminate(&mut self, now: Time) -> Vec<Ppp> {
        let mut out = Vec::new();
        self.link.close(now, &mut out);
        frames(LCP, &out)
    }

    /// Asks for the password, at first or again.
    pub(super) fn challenge(&mut self, cx: &mut Context<'_>) -> Vec<Ppp> {
        let value: [u8; 16] = cx.random().random();
        self.next_id = self.next_id.wrapping_add(1);
        self.challenge = Some((self.next_id, value));
        self.next_challenge = Some(cx.now() + RESTART);
        let mut data = with_count(&value);
        data.extend(crate::line::pppoe::AC_NAME);
        let packet = Control {
            code: CHALLENGE,
            id: self.next_id,
            data,
        };
        vec![Ppp::control(CHAP, &packet)]
    }

    pub(super) fn handle(
        &mut self,
        ppp: &Ppp,
        area: Area,
        cx: &mut Context<'_>,
    ) -> (Vec<Ppp>, Event) {
        self.missed = 0;
        if self.link.is_open() && self.is_unknown(ppp.protocol) {
            self.next_id = self.next_id.wrapping_add(1);
            return (vec![protocol_reject(self.next_id, ppp)], Event::None);
        }
        let Some(packet) = ppp.packet() else {
            return (Vec::new(), Event::None);
        };
        match ppp.protocol {
            LCP => self.handle_link(&packet, cx),
            _ if !self.link.is_open() => (Vec::new(), Event::None),
            PAP if packet.code == AUTHENTICATE_REQUEST => self.handle_pap(&packet, area),
            CHAP if packet.code == RESPONSE => self.handle_response(&packet, area, cx),
            IPCP if self.account.is_some() => {
                let mut out = Vec::new();
                let change = self
                    .network
                    .handle(&packet, &mut self.addresses, cx.now(), &mut out);
                let event = match change {
                    Change::Up => Event::Up(self.addresses.host),
                    Change::None | Change::Down | Change::Finished => Event::None,
                };
                (frames(IPCP, &out), event)
            }
            _ => (Vec::new(), Event::None),
        }
    }

    /// Returns whether a protocol is none of these sessions': of IPv6 there is nothing in them, unless
    /// the quirk asks for it.
    fn is_unknown(&self, protocol: u16) -> bool {
        match protocol {
            LCP | PAP | CHAP | IPCP | IPV4 => false,
            IPV6CP | IPV6 => !self.quirks.contains(&PppoeQuirk::NegotiatesIpv6),
            _ => true,
        }
    }

    fn handle_link(&mut self, packet: &Control, cx: &mut Context<'_>) -> (Vec<Ppp>, Event) {
        match packet.code {
            ECHO_REQUEST if self.link.is_open() => {
                let reply = echo_reply(packet, self.magic());
                return (vec![Ppp::control(LCP, &reply)], Event::None);
            }
            ECHO_REQUEST | ECHO_REPLY | DISCARD_REQUEST | PROTOCOL_REJECT => {
                return (Vec::new(), Event::None);
            }
            _ => {}
        }
        let mut out = Vec::new();
        let change = self
            .link
            .handle(packet, &mut self.wishes, cx.now(), &mut out);
        let mut out = frames(LCP, &out);
        let event = match change {
            Change::Up => {
                self.next_echo = Some(cx.now() + ECHO_INTERVAL);
                if !self.quirks.contains(&PppoeQuirk::AsksForPap) {
                    out.extend(self.challenge(cx));
                }
                Event::None
            }
            Change::Finished => Event::Over(Ended::ByUs),
            Change::None | Change::Down => Event::None,
        };
        (out, event)
    }

    fn handle_pap(&mut self, packet: &Control, area: Area) -> (Vec<Ppp>, Event) {
        let known = packet.pap_credentials().and_then(|(name, password)| {
            let mut accounts = accounts(area).into_iter();
            accounts.find(|it| it.name.as_bytes() == name && it.password.as_bytes() == password)
        });
        let (code, said): (u8, &[u8]) = match known {
            Some(_) => (AUTHENTICATE_ACK, b""),
            None => (AUTHENTICATE_NAK, b"authentication failure"),
        };
        let reply = answer(code, packet, with_count(said));
        let event = self.note(known);
        (vec![Ppp::control(PAP, &reply)], event)
    }

    fn handle_response(
        &mut self,
        packet: &Control,
        area: Area,
        cx: &mut Context<'_>,
    ) -> (Vec<Ppp>, Event) {
        let Some((id, challenge)) = self.challenge.filter(|(id, _)| *id == packet.id) else {
            return (Vec::new(), Event::None);
        };
        let known = packet.chap_value().and_then(|(value, name)| {
            let mut accounts = accounts(area).into_iter();
            accounts.find(|it| {
                let right = chap_md5(id, it.password.as_bytes(), &challenge);
                it.name.as_bytes() == name && right[..] == value[..]
            })
        });
        let (code, said): (u8, &[u8]) = match known {
            Some(_) => (SUCCESS, b"welcome"),
            None => (FAILURE, b"authentication failure"),
        };
        let again = self.quirks.contains(&PppoeQuirk::ChallengesAgain);
        self.next_challenge = again.then(|| cx.now() + CHALLENGES_EVERY);
        let reply = answer(code, packet, said.to_vec());
        let event = self.note(known);
        (vec![Ppp::control(CHAP, &reply)], event)
    }

    /// Takes in who the host is.
    fn note(&mut self, known: Option<Account>) -> Event {
        let Some(account) = known else {
            return Event::Refused;
        };
        self.patience = None;
        let first = self.account.is_none();
        self.account = Some(account);
        match first {
            true => Event::Authenticated,
            false => Event::None,
        }
    }

    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) -> (Vec<Ppp>, Event) {
        let now = cx.now();
        if self.patience.is_some_and(|at| at <= now) {
            return (Vec::new(), Event::Over(Ended::Silent));
        }
        let mut out = Vec::new();
        let mut packets = Vec::new();
        let ended = match self.link.is_stopping() {
            true => Ended::AtHostsWish,
            false => Ended::Silent,
        };
        let change = self.link.handle_timeout(&self.wishes, now, &mut packets);
        out.extend(frames(LCP, &std::mem::take(&mut packets)));
        if change == Change::Finished {
            return (out, Event::Over(ended));
        }
        let change = self
            .network
            .handle_timeout(&self.addresses, now, &mut packets);
        out.extend(frames(IPCP, &packets));
        if change == Change::Finished {
            return (out, Event::Over(Ended::Silent));
        }
        if self.next_challenge.is_some_and(|at| at <= now) && self.link.is_open() {
            out.extend(self.challenge(cx));
        }
        if self.next_echo.is_some_and(|at| at <= now) && self.link.is_open() {
            if self.missed >= ECHO_MISSES {
                return (out, Event::Over(Ended::Silent));
            }
            self.missed += 1;
            self.next_echo = Some(now + ECHO_INTERVAL);
            self.next_id = self.next_id.wrapping_add(1);
            let packet = Control {
                code: ECHO_REQUEST,
                id: self.next_id,
                data: self.magic().to_be_bytes().to_vec(),
            };
            out.push(Ppp::control(LCP, &packet));
        }
        (out, Event::None)
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let open = self.link.is_open();
        [
            self.link.poll_timeout(),
            self.network.poll_timeout(),
            self.next_challenge.filter(|_| open),
            self.next_echo.filter(|_| open),
            self.patience,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// What the concentrator wishes in LCP.
struct LinkWishes {
    magic: Option<u32>,
    authentication: Vec<u8>,
    forbidden: bool,
    refuses_magic: bool,
}

impl Wishes for LinkWishes {
    fn options(&self) -> Vec<ConfigurationOption> {
        let mut options = vec![
            ConfigurationOption::new(MRU, OUR_MRU.to_be_bytes()),
            ConfigurationOption::new(AUTHENTICATION, self.authentication.clone()),
        ];
        options.extend(
            self.magic
                .map(|magic| ConfigurationOption::new(MAGIC, magic.to_be_bytes())),
        );
        if self.forbidden {
            options.push(ConfigurationOption::new(ACCM, [0; 4]));
            options.push(ConfigurationOption::new(ACFC, []));
            options.push(ConfigurationOption::new(FCS, [1]));
        }
        options
    }

    fn opinion(&mut self, option: &ConfigurationOption) -> Opinion {
        match option.kind {
            MRU => match option.value[..].try_into().map(u16::from_be_bytes) {
                // RFC 2516 §7: nothing above 1492. The rest is the host's affair.
                Ok(mru) if mru <= LARGEST_MRU => Opinion::Fine,
                _ => Opinion::Rather(ConfigurationOption::new(MRU, OUR_MRU.to_be_bytes())),
            },
            MAGIC if self.refuses_magic => Opinion::No,
            MAGIC => Opinion::Fine,
            _ => Opinion::No,
        }
    }

    fn take_nak(&mut self, _option: &ConfigurationOption) {}

    fn take_reject(&mut self, option: &ConfigurationOption) {
        match option.kind {
            MAGIC => self.magic = None,
            // RFC 2516 §7 has the host do this.
            ACCM | ACFC | FCS => self.forbidden = false,
            _ => {}
        }
    }
}

/// What the concentrator wishes in IPCP.
struct AddressWishes {
    host: Ipv4Addr,
    dns: [Ipv4Addr; 2],
}

impl Wishes for AddressWishes {
    fn options(&self) -> Vec<ConfigurationOption> {
        vec![ConfigurationOption::address(IP_ADDRESS, OUR_ADDRESS)]
    }

    fn opinion(&mut self, option: &ConfigurationOption) -> Opinion {
        let own = match option.kind {
            IP_ADDRESS => self.host,
            PRIMARY_DNS => self.dns[0],
            SECONDARY_DNS => self.dns[1],
            _ => return Opinion::No,
        };
        match option.as_address() {
            Some(wished) if wished == own => Opinion::Fine,
            _ => Opinion::Rather(ConfigurationOption::address(option.kind, own)),
        }
    }

    fn take_nak(&mut self, _option: &ConfigurationOption) {}

    fn take_reject(&mut self, _option: &ConfigurationOption) {}
}

/// The concentrator's own address in every session (RFC 5737 §3; inferred).
const OUR_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// RFC 2516 §7.
const LARGEST_MRU: u16 = 1492;
/// The option of IPV6CP (RFC 5072 §4.1).
const INTERFACE_IDENTIFIER: u8 = 1;
