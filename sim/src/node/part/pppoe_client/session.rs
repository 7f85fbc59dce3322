//! One session: waiting, looking for a concentrator, asking it for a session, having one.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::discovery::{self, Offer};
use super::link::{Link, Over};
use crate::message::packet::Mac;
use crate::message::ppp::{IPV4, Ppp};
use crate::message::pppoe::{Code, Pppoe, Stage as Said, Tag};
use crate::node::Context;
use crate::node::router::defect::{Defects, defects};
use crate::setup::PppoeAccount;
use crate::time::Time;

/// A session that is dialled again whenever it is lost.
pub(super) struct Session {
    number: u32,
    account: PppoeAccount,
    defects: Defects,
    /// Whether its user has ended it, and has not dialled again.
    is_off: bool,
    stage: Stage,
    /// When to go on.
    next: Option<Time>,
    /// How often in a row the concentrator did not want us.
    refusals: u32,
    /// How often in a row it did not answer our PADRs.
    vain: u32,
}

enum Stage {
    /// Until it is time to dial.
    Waiting,
    /// PADIs were sent, so many.
    Looking { sent: u32 },
    /// PADRs were sent, so many, to this one.
    Asking { offer: Offer, sent: u32 },
    /// There is a session.
    Connected(Box<Link>),
}

impl Session {
    pub(super) fn new(number: u32, account: PppoeAccount, defects: Defects) -> Self {
        Self {
            number,
            account,
            defects,
            is_off: false,
            stage: Stage::Waiting,
            next: Some(Time::ZERO),
            refusals: 0,
            vain: 0,
        }
    }

    pub(super) fn handle_carrier(&mut self, up: bool, now: Time) {
        self.stage = Stage::Waiting;
        self.next = (up && !self.is_off).then(|| now + AFTER_CARRIER);
    }

    /// Returns whether it is dialled under a name.
    pub(super) fn is_of(&self, account: &str) -> bool {
        self.account.name == account
    }

    /// Ends it as its user wishes, who may press 切断 on the settings page: until it is dialled again
    /// the same way, or the power was out, it stays so.
    pub(super) fn hang_up(&mut self, mac: Mac, now: Time) -> Vec<Pppoe> {
        if self.defects.has(NEVER_HANGS_UP) {
            return Vec::new();
        }
        self.is_off = true;
        let Stage::Connected(link) = &mut self.stage else {
            self.wait(REDIAL, now);
            return Vec::new();
        };
        let out = link.close(now);
        self.go_on(out, None, mac, now)
    }

    /// Dials it, as its user wishes.
    pub(super) fn dial(&mut self, now: Time) {
        if self.defects.has(NEVER_DIALS_BY_HAND) {
            return;
        }
        self.is_off = false;
        self.refusals = 0;
        if !matches!(self.stage, Stage::Connected(_)) {
            self.stage = Stage::Waiting;
            self.next = Some(now);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let link = match &self.stage {
            Stage::Connected(link) => link.poll_timeout(),
            _ => None,
        };
        self.next.into_iter().chain(link).min()
    }

    pub(super) fn handle(&mut self, packet: &Pppoe, mac: Mac, cx: &mut Context<'_>) -> Vec<Pppoe> {
        if packet.destination != mac {
            return Vec::new();
        }
        match &packet.stage {
            Said::Discovery { code, tags } => self.handle_discovery(packet, *code, tags, mac, cx),
            Said::Session(ppp) => self.handle_ppp(packet, ppp, mac, cx),
        }
    }

    /// Returns the IPv4 packet in a packet of this session.
    pub(super) fn ipv4_in(&self, packet: &Pppoe, mac: Mac) -> Option<Vec<u8>> {
        let (Stage::Connected(link), Said::Session(ppp)) = (&self.stage, &packet.stage) else {
            return None;
        };
        let ours = packet.session == link.id && packet.source == link.peer;
        (ours && packet.destination == mac && link.is_up()).then_some(())?;
        let ppp = Ppp::parse(ppp)?;
        (ppp.protocol == IPV4).then_some(ppp.information)
    }

    /// Wraps an IPv4 packet up, if it may flow.
    pub(super) fn ipv4_out(&self, ip: Vec<u8>, mac: Mac) -> Vec<Pppoe> {
        let Stage::Connected(link) = &self.stage else {
            return Vec::new();
        };
        if !link.is_up() {
            return Vec::new();
        }
        let ppp = Ppp {
            protocol: IPV4,
            information: ip,
        };
        self.wrap(link, vec![ppp], mac)
    }

    /// Returns the address and the DNS servers that the session has given us, if it is up.
    pub(super) fn addresses(&self) -> Option<(Ipv4Addr, Vec<Ipv4Addr>)> {
        match &self.stage {
            Stage::Connected(link) => link.addresses(),
            Stage::Waiting | Stage::Looking { .. } | Stage::Asking { .. } => None,
        }
    }

    fn handle_discovery(
        &mut self,
        packet: &Pppoe,
        code: Code,
        tags: &[Tag],
        mac: Mac,
        cx: &mut Context<'_>,
    ) -> Vec<Pppoe> {
        let now = cx.now();
        match (&self.stage, code) {
            (Stage::Looking { .. }, Code::Offer) => {
                match discovery::take_offer(packet, tags, self.number, &self.defects) {
                    Some(offer) => self.ask(offer, 1, mac, now),
                    None => Vec::new(),
                }
            }
            (Stage::Asking { .. }, Code::Offer) if self.defects.has(ANSWERS_EVERY_OFFER) => {
                match discovery::take_offer(packet, tags, self.number, &self.defects) {
                    Some(offer) => {
                        vec![discovery::request(&offer, self.number, mac, &self.defects)]
                    }
                    None => Vec::new(),
                }
            }
            (Stage::Asking { offer, .. }, Code::Confirmation)
                if packet.source == offer.from && discovery::is_ours(tags, self.number) =>
            {
                let refused = packet.session == 0 || discovery::is_refusal(tags);
                if refused && !self.defects.has(TAKES_REFUSAL_FOR_SESSION) {
                    self.refused(now);
                    return Vec::new();
                }
                let account = self.account.clone();
                let mut link = Link::new(packet.source, packet.session, account, &self.defects, cx);
                let out = link.open(now);
                let out = self.wrap(&link, out, mac);
                self.stage = Stage::Connected(Box::new(link));
                self.next = None;
                out
            }
            (Stage::Connected(link), Code::Termination) => {
                let same = packet.session == link.id && packet.source == link.peer;
                let anybody = self.defects.has(BELIEVES_ANY_PADT);
                if !same && !anybody {
                    return Vec::new();
                }
                let mut out = Vec::new();
                if self.defects.has(TERMINATES_AFTER_PADT) {
                    let said = link.last_words();
                    out = self.wrap(link, said, mac);
                }
                if !self.defects.has(IGNORES_PADT) {
                    self.wait(REDIAL, now);
                }
                out
            }
            _ => Vec::new(),
        }
    }

    fn handle_ppp(
        &mut self,
        packet: &Pppoe,
        ppp: &[u8],
        mac: Mac,
        cx: &mut Context<'_>,
    ) -> Vec<Pppoe> {
        let Stage::Connected(link) = &mut self.stage else {
            return Vec::new();
        };
        if packet.session != link.id || packet.source != link.peer {
            return Vec::new();
        }
        let Some(ppp) = Ppp::parse(ppp) else {
            return Vec::new();
        };
        let (out, over) = link.handle(&ppp, cx);
        if link.is_up() {
            (self.refusals, self.vain) = (0, 0);
        }
        self.go_on(out, over, mac, cx.now())
    }

    pub(super) fn handle_timeout(&mut self, mac: Mac, cx: &mut Context<'_>) -> Vec<Pppoe> {
        let now = cx.now();
        if let Stage::Connected(link) = &mut self.stage {
            let (out, over) = link.handle_timeout(now);
            return self.go_on(out, over, mac, now);
        }
        if self.next.is_none_or(|at| at > now) {
            return Vec::new();
        }
        match &self.stage {
            Stage::Waiting => self.look(1, mac, now),
            Stage::Looking { sent } => {
                let sent = *sent + 1;
                self.look(sent, mac, now)
            }
            // RFC 2516 §8: after a few PADRs discovery begins anew.
            Stage::Asking { sent, .. } if *sent >= MOST_REQUESTS => match self.defects {
                ref defects if defects.has(NEVER_LOOKS_AGAIN) => {
                    self.next = None;
                    Vec::new()
                }
                _ => {
                    self.vain += 1;
                    let wait = FIRST_WAIT.saturating_mul(1 << self.vain.min(8));
                    self.wait(wait.min(LONGEST_AFTER_REQUESTS), now);
                    Vec::new()
                }
            },
            Stage::Asking { offer, sent } => {
                let (offer, sent) = (offer.clone(), *sent + 1);
                self.ask(offer, sent, mac, now)
            }
            Stage::Connected(_) => Vec::new(),
        }
    }

    /// Sends what a link has to say, and does what its end asks for.
    fn go_on(&mut self, out: Vec<Ppp>, over: Option<Over>, mac: Mac, now: Time) -> Vec<Pppoe> {
        let Stage::Connected(link) = &self.stage else {
            return Vec::new();
        };
        let mut packets = self.wrap(link, out, mac);
        match over {
            None => {}
            // RFC 2516 §5.5: who ends a session says so.
            Some(Over::Ended | Over::Silent) => {
                packets.push(self.good_bye(link, mac));
                self.wait(REDIAL, now);
            }
            Some(Over::Refused) => {
                packets.push(self.good_bye(link, mac));
                self.refused(now);
            }
        }
        packets
    }

    fn good_bye(&self, link: &Link, mac: Mac) -> Pppoe {
        let to = match self.defects.has(PADT_TO_EVERYBODY) {
            true => Mac::BROADCAST,
            false => link.peer,
        };
        discovery::terminate(to, link.id, mac)
    }

    fn wrap(&self, link: &Link, out: Vec<Ppp>, mac: Mac) -> Vec<Pppoe> {
        let changes = self.defects.has(CHANGES_SESSION_ID) && link.is_up();
        let packets = out.into_iter().map(|ppp| Pppoe {
            source: mac,
            destination: link.peer,
            session: link.id.wrapping_add(u16::from(changes)),
            stage: Said::Session(ppp.to_bytes()),
        });
        packets.collect()
    }

    /// RFC 2516 §8: the waiting time doubles with each PADI.
    fn look(&mut self, sent: u32, mac: Mac, now: Time) -> Vec<Pppoe> {
        self.stage = Stage::Looking { sent };
        let doubled = FIRST_WAIT.saturating_mul(1 << (sent - 1).min(8));
        let wait = match self.defects.has(PADI_EVERY_SECOND) {
            true => Duration::from_secs(1),
            false => doubled.min(LONGEST_WAIT),
        };
        self.next = Some(now + wait);
        discovery::initiate(self.number, mac, &self.defects)
    }

    fn ask(&mut self, offer: Offer, sent: u32, mac: Mac, now: Time) -> Vec<Pppoe> {
        let request = discovery::request(&offer, self.number, mac, &self.defects);
        self.stage = Stage::Asking { offer, sent };
        let gives_up = self.defects.has(NEVER_ASKS_AGAIN);
        self.next = (!gives_up).then(|| now + FIRST_WAIT.saturating_mul(sent));
        vec![request]
    }

    /// Waits longer with each refusal, so that nobody has to suffer a storm of them: no standard says
    /// how long (inferred).
    fn refused(&mut self, now: Time) {
        self.refusals += 1;
        let doubled = AFTER_REFUSAL.saturating_mul(1 << (self.refusals - 1).min(8));
        let wait = match self.defects.has(LOGIN_STORM) {
            true => Duration::from_secs(1),
            false => doubled.min(LONGEST_AFTER_REFUSAL),
        };
        self.wait(wait, now);
    }

    fn wait(&mut self, wait: Duration, now: Time) {
        self.stage = Stage::Waiting;
        let stays_off = self.is_off && !self.defects.has(REDIALS_BY_ITSELF);
        let never = self.defects.has(NEVER_DIALS_AGAIN) || stays_off;
        self.next = (!never).then(|| now + wait);
    }
}

/// How long to wait for a PADO at first (inferred; RFC 2516 §8 leaves it open).
const FIRST_WAIT: Duration = Duration::from_secs(3);
/// How long at most (inferred).
const LONGEST_WAIT: Duration = Duration::from_secs(192);
/// How often to ask one concentrator (RFC 2516 §8; the number is inferred).
const MOST_REQUESTS: u32 = 3;
/// How long to wait at most when PADRs were in vain (inferred: RFC 2516 §8 has the time doubled).
const LONGEST_AFTER_REQUESTS: Duration = Duration::from_secs(60);
/// How long to wait when a session is lost (ngn-facts §4.5, SEIL: 6 s).
const REDIAL: Duration = Duration::from_secs(6);
/// How long to wait when a concentrator did not want us, at first and at most (inferred).
const AFTER_REFUSAL: Duration = Duration::from_secs(30);
const LONGEST_AFTER_REFUSAL: Duration = Duration::from_secs(600);
/// How long to leave a cable alone that was put back (inferred).
const AFTER_CARRIER: Duration = Duration::from_secs(1);

defects! {
    /// Sends a PADI every second, however long nobody offers anything.
    PADI_EVERY_SECOND = "padi-every-second",
        "PADOがなくても、PADIを毎秒送り続ける。";
    /// Asks for a session with each concentrator that offers one.
    ANSWERS_EVERY_OFFER = "answers-every-offer",
        "PADOが複数届くと、そのすべてにPADRを送る。";
    /// Does not repeat a PADR whose answer was lost.
    NEVER_ASKS_AGAIN = "never-asks-again",
        "PADSが失われてもPADRを再送しない。";
    /// Does not go back to PADI when PADRs stay unanswered.
    NEVER_LOOKS_AGAIN = "never-looks-again",
        "PADRに応答がないままでも、PADIからやり直さない。";
    /// Takes no notice of a PADT.
    IGNORES_PADT = "ignores-padt",
        "PADTを受け取ってもセッションが続いているとみなす。";
    /// Says good-bye by LCP in a session that a PADT has ended.
    TERMINATES_AFTER_PADT = "terminates-after-padt",
        "PADTで終わったセッションにLCPのTerminate-Requestを送る。";
    /// Sends its PADT to everybody.
    PADT_TO_EVERYBODY = "padt-to-everybody",
        "PADTをブロードキャストで送る。";
    /// Ends its session at a PADT for another session, or from somebody else.
    BELIEVES_ANY_PADT = "believes-any-padt",
        "ほかのセッション宛て、またはほかの送信元のPADTでもセッションを切る。";
    /// Takes a refusal for a session, and speaks PPP in it.
    TAKES_REFUSAL_FOR_SESSION = "takes-refusal-for-session",
        "エラーの入ったPADSをセッションの確立とみなし、PPPを始める。";
    /// Sends its session packets under another SESSION_ID once IPv4 may flow.
    CHANGES_SESSION_ID = "changes-session-id",
        "IPCPが完了すると、別のSESSION_IDを使い始める。";
    /// Tries again every second when the concentrator refuses it.
    LOGIN_STORM = "login-storm",
        "接続を拒否されても、毎秒接続し直す。";
    /// Keeps a session that its user wishes to end.
    NEVER_HANGS_UP = "never-hangs-up",
        "利用者が切断を指示しても、PPPoEセッションを切らない。";
    /// Dials again by itself what its user has ended.
    REDIALS_BY_ITSELF = "redials-by-itself",
        "利用者が切断したPPPoEセッションに、自動で接続し直す。";
    /// Does not dial when its user wishes so.
    NEVER_DIALS_BY_HAND = "never-dials-by-hand",
        "利用者が接続を指示しても、PPPoEセッションを張らない。";
    /// Dials once, and never again.
    NEVER_DIALS_AGAIN = "never-dials-again",
        "セッションが切れると、二度と接続しない。";
}
