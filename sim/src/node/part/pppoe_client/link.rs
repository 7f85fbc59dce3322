//! The PPP link of a session: LCP, authentication, IPCP, and whether the concentrator is still there.

use std::net::Ipv4Addr;
use std::time::Duration;

use rand::Rng as _;

use super::negotiation::{AddressWishes, LinkWishes, Proof};
use crate::message::packet::Mac;
use crate::message::ppp::{
    AUTHENTICATE_ACK, AUTHENTICATE_NAK, AUTHENTICATE_REQUEST, CHALLENGE, CHAP, CODE_REJECT,
    CONFIGURE_ACK, CONFIGURE_REJECT, CONFIGURE_REQUEST, Control, DISCARD_REQUEST, ECHO_REPLY,
    ECHO_REQUEST, FAILURE, IPCP, IPV4, IPV6CP, LCP, PAP, PROTOCOL_REJECT, Ppp, RESPONSE, SUCCESS,
    TERMINATE_REQUEST, chap_md5, with_count,
};
use crate::node::Context;
use crate::node::part::ppp::{
    Automaton, Change, MAX_CONFIGURE, RESTART, answer, echo_reply, frames, protocol_reject,
};
use crate::node::router::defect::{Defects, defects};
use crate::setup::PppoeAccount;
use crate::time::Time;

/// A link to one concentrator.
pub(super) struct Link {
    pub(super) peer: Mac,
    pub(super) id: u16,
    account: PppoeAccount,
    defects: Defects,
    link: Automaton,
    wishes: LinkWishes,
    network: Automaton,
    addresses: AddressWishes,
    authenticated: bool,
    refused: bool,
    /// When to send name and password again, and how often yet.
    next_proof: Option<Time>,
    proofs: u32,
    next_id: u8,
    next_echo: Option<Time>,
    unanswered: u32,
    /// What the last request should have been called, of LCP and of IPCP, for a defect.
    real_ids: [u8; 2],
}

/// Why a link is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// One of the two wished so.
    Ended,
    /// The concentrator says nothing any more.
    Silent,
    /// It does not want us.
    Refused,
}

impl Link {
    pub(super) fn new(
        peer: Mac,
        id: u16,
        account: PppoeAccount,
        defects: &Defects,
        cx: &mut Context<'_>,
    ) -> Self {
        // RFC 1661 §6.4: zero is no magic number.
        let magic = cx.random().random_range(1..=u32::MAX);
        Self {
            peer,
            id,
            account,
            link: Automaton::new(),
            wishes: LinkWishes::new(magic, defects),
            network: Automaton::new(),
            addresses: AddressWishes::new(defects),
            authenticated: false,
            refused: false,
            next_proof: None,
            proofs: 0,
            next_id: 0x80,
            next_echo: None,
            unanswered: 0,
            real_ids: [0; 2],
            defects: defects.clone(),
        }
    }

    /// Returns whether IPv4 may flow.
    pub(super) fn is_up(&self) -> bool {
        self.network.is_open()
    }

    /// Returns the address and the DNS servers that we were given, once IPv4 may flow.
    pub(super) fn addresses(&self) -> Option<(Ipv4Addr, Vec<Ipv4Addr>)> {
        let dns = self.addresses.dns.into_iter();
        let named = dns.filter(|server| !server.is_unspecified()).collect();
        self.is_up().then_some((self.addresses.address, named))
    }

    pub(super) fn open(&mut self, now: Time) -> Vec<Ppp> {
        let mut out = Vec::new();
        self.link.open(&self.wishes, now, &mut out);
        let mut out = self.of(LCP, out);
        if self.defects.has(ECHO_BEFORE_OPEN) {
            out.push(self.ask_for_echo(now));
        }
        if self.defects.has(NETWORK_BEFORE_AUTHENTICATION) {
            out.extend(self.open_network(now));
        }
        out
    }

    /// Begins to end, as its user wishes.
    pub(super) fn close(&mut self, now: Time) -> Vec<Ppp> {
        let mut out = Vec::new();
        self.link.close(now, &mut out);
        self.of(LCP, out)
    }

    /// Returns what a link says that ends by itself, for a defect.
    pub(super) fn last_words(&self) -> Vec<Ppp> {
        let packet = Control {
            code: TERMINATE_REQUEST,
            id: self.next_id,
            data: Vec::new(),
        };
        vec![Ppp::control(LCP, &packet)]
    }

    pub(super) fn handle(&mut self, ppp: &Ppp, cx: &mut Context<'_>) -> (Vec<Ppp>, Option<Over>) {
        let now = cx.now();
        self.unanswered = 0;
        let mut packet = ppp.packet();
        self.restore_id(ppp.protocol, packet.as_mut());
        match (ppp.protocol, packet) {
            (LCP, Some(packet)) => self.handle_link(&packet, now),
            // RFC 1661 §3.4: before LCP is open nothing else is heard.
            _ if !self.link.is_open() => (Vec::new(), None),
            (PAP, Some(packet)) => self.handle_pap(&packet, now),
            (CHAP, Some(packet)) => self.handle_chap(&packet, now),
            (IPCP, Some(packet)) if self.authenticated => self.handle_network(&packet, now),
            (IPCP | PAP | CHAP | IPV4, _) => (Vec::new(), None),
            (IPV6CP, _) if self.defects.has(GIVES_UP_AT_IPV6) => {
                let mut out = Vec::new();
                self.link.close(now, &mut out);
                (self.of(LCP, out), None)
            }
            _ => (self.reject(ppp), None),
        }
    }

    /// RFC 1661 §5.7.
    fn reject(&mut self, ppp: &Ppp) -> Vec<Ppp> {
        if self.defects.has(NO_PROTOCOL_REJECT) {
            return Vec::new();
        }
        self.next_id = self.next_id.wrapping_add(1);
        vec![protocol_reject(self.next_id, ppp)]
    }

    fn handle_link(&mut self, packet: &Control, now: Time) -> (Vec<Ppp>, Option<Over>) {
        match packet.code {
            ECHO_REQUEST => return (self.answer_echo(packet), None),
            ECHO_REPLY | DISCARD_REQUEST | PROTOCOL_REJECT => return (Vec::new(), None),
            TERMINATE_REQUEST if self.defects.has(NO_TERMINATE_ACK) => {
                return (Vec::new(), Some(Over::Ended));
            }
            _ => {}
        }
        let mut out = Vec::new();
        let change = self.link.handle(packet, &mut self.wishes, now, &mut out);
        if self.defects.has(NO_CODE_REJECT) {
            out.retain(|packet| packet.code != CODE_REJECT);
        }
        let mut out = self.of(LCP, out);
        match change {
            Change::Up => {
                self.next_echo = (!self.defects.has(NO_KEEPALIVE)).then(|| now + ECHO_INTERVAL);
                match self.wishes.proof {
                    Some(Proof::Pap) => out.extend(self.prove(now)),
                    Some(Proof::Chap) => {}
                    None => {
                        self.authenticated = true;
                        out.extend(self.open_network(now));
                    }
                }
                (out, None)
            }
            Change::Finished => (out, Some(self.over())),
            Change::Down if self.link.is_stopping() && self.defects.has(HANGS_UP_AT_ONCE) => {
                (out, Some(Over::Ended))
            }
            Change::None | Change::Down => (out, None),
        }
    }

    /// Returns packets as they leave: as they should, but for what defects do to them.
    fn of(&mut self, protocol: u16, packets: Vec<Control>) -> Vec<Ppp> {
        let mut changed = Vec::new();
        for mut packet in packets {
            if packet.code == CONFIGURE_REQUEST && self.defects.has(SAME_REQUEST_ID) {
                self.real_ids[usize::from(protocol == IPCP)] = packet.id;
                packet.id = SAME_ID;
            }
            if packet.code == CONFIGURE_ACK
                && self.defects.has(REORDERS_OPTIONS)
                && let Some(mut options) = packet.options()
            {
                options.reverse();
                packet = Control::with_options(packet.code, packet.id, &options);
            }
            changed.push(packet);
        }
        frames(protocol, &changed)
    }

    /// Takes back what [`Link::of`] did to the identifier of our requests.
    fn restore_id(&self, protocol: u16, packet: Option<&mut Control>) {
        if let Some(packet) = packet
            && matches!(packet.code, CONFIGURE_ACK..=CONFIGURE_REJECT)
            && matches!(protocol, LCP | IPCP)
            && self.defects.has(SAME_REQUEST_ID)
        {
            packet.id = self.real_ids[usize::from(protocol == IPCP)];
        }
    }

    fn over(&self) -> Over {
        match self.refused {
            true => Over::Refused,
            false => Over::Ended,
        }
    }

    /// RFC 1661 §5.8: with our own magic number, in opened state alone.
    fn answer_echo(&self, packet: &Control) -> Vec<Ppp> {
        if !self.link.is_open() || self.defects.has(NO_ECHO_REPLY) {
            return Vec::new();
        }
        let mut reply = echo_reply(packet, self.wishes.agreed_magic());
        if self.defects.has(RETURNS_FOREIGN_MAGIC) {
            reply.data.clone_from(&packet.data);
        }
        vec![Ppp::control(LCP, &reply)]
    }

    /// RFC 1334 §2.2.1.
    fn prove(&mut self, now: Time) -> Vec<Ppp> {
        self.proofs += 1;
        self.next_proof = Some(now + RESTART);
        let name = with_count(self.account.name.as_bytes());
        let cut = self.defects.has(CUTS_PASSWORD);
        let length = self
            .account
            .password
            .len()
            .min(if cut { 4 } else { usize::MAX });
        let password = with_count(&self.account.password.as_bytes()[..length]);
        self.next_id = self.next_id.wrapping_add(1);
        let packet = Control {
            code: AUTHENTICATE_REQUEST,
            id: self.next_id,
            data: [name, password].concat(),
        };
        vec![Ppp::control(PAP, &packet)]
    }

    fn handle_pap(&mut self, packet: &Control, now: Time) -> (Vec<Ppp>, Option<Over>) {
        let asked = self.wishes.proof == Some(Proof::Pap);
        match packet.code {
            AUTHENTICATE_ACK if asked && packet.id == self.next_id => {
                (self.authenticated(now), None)
            }
            AUTHENTICATE_NAK if asked && packet.id == self.next_id => (self.refused(now), None),
            _ => (Vec::new(), None),
        }
    }

    fn handle_chap(&mut self, packet: &Control, now: Time) -> (Vec<Ppp>, Option<Over>) {
        if self.wishes.proof != Some(Proof::Chap) {
            return (Vec::new(), None);
        }
        match packet.code {
            CHALLENGE => (self.respond(packet), None),
            SUCCESS => (self.authenticated(now), None),
            FAILURE => (self.refused(now), None),
            _ => (Vec::new(), None),
        }
    }

    /// RFC 1994 §4.1: under the identifier of the challenge, whenever it comes.
    fn respond(&self, packet: &Control) -> Vec<Ppp> {
        let again = self.authenticated && self.defects.has(IGNORES_RECHALLENGE);
        let Some((challenge, _)) = packet.chap_value().filter(|_| !again) else {
            return Vec::new();
        };
        let secret = self.account.password.as_bytes();
        let id = match self.defects.has(HASHES_ANOTHER_ID) {
            true => packet.id.wrapping_add(1),
            false => packet.id,
        };
        let mut data = with_count(&chap_md5(id, secret, &challenge));
        data.extend(self.account.name.as_bytes());
        let mut response = answer(RESPONSE, packet, data);
        if self.defects.has(RESPONDS_UNDER_OWN_ID) {
            response.id = response.id.wrapping_add(1);
        }
        vec![Ppp::control(CHAP, &response)]
    }

    fn authenticated(&mut self, now: Time) -> Vec<Ppp> {
        self.next_proof = None;
        let first = !self.authenticated;
        self.authenticated = true;
        match first && !self.network.is_begun() {
            true => self.open_network(now),
            false => Vec::new(),
        }
    }

    fn refused(&mut self, now: Time) -> Vec<Ppp> {
        self.next_proof = None;
        self.refused = true;
        let mut out = Vec::new();
        self.link.close(now, &mut out);
        self.of(LCP, out)
    }

    fn open_network(&mut self, now: Time) -> Vec<Ppp> {
        let mut out = Vec::new();
        self.network.open(&self.addresses, now, &mut out);
        self.of(IPCP, out)
    }

    fn handle_network(&mut self, packet: &Control, now: Time) -> (Vec<Ppp>, Option<Over>) {
        let mut out = Vec::new();
        let change = self
            .network
            .handle(packet, &mut self.addresses, now, &mut out);
        let over = (change == Change::Finished).then_some(Over::Ended);
        (self.of(IPCP, out), over)
    }

    pub(super) fn handle_timeout(&mut self, now: Time) -> (Vec<Ppp>, Option<Over>) {
        let mut packets = Vec::new();
        let change = self.link.handle_timeout(&self.wishes, now, &mut packets);
        let mut out = self.of(LCP, std::mem::take(&mut packets));
        if change == Change::Finished {
            let over = match self.over() {
                Over::Ended => Over::Silent,
                over => over,
            };
            return (out, Some(over));
        }
        let change = self
            .network
            .handle_timeout(&self.addresses, now, &mut packets);
        out.extend(self.of(IPCP, packets));
        if change == Change::Finished {
            return (out, Some(Over::Silent));
        }
        if self.next_proof.is_some_and(|at| at <= now) {
            if self.proofs >= MAX_CONFIGURE {
                return (out, Some(Over::Silent));
            }
            out.extend(self.prove(now));
        }
        if self.next_echo.is_some_and(|at| at <= now) && self.link.is_open() {
            if self.unanswered >= ECHO_MISSES {
                return (out, Some(Over::Silent));
            }
            out.push(self.ask_for_echo(now));
        }
        (out, None)
    }

    fn ask_for_echo(&mut self, now: Time) -> Ppp {
        self.unanswered += 1;
        self.next_echo = Some(now + ECHO_INTERVAL);
        self.next_id = self.next_id.wrapping_add(1);
        let packet = Control {
            code: ECHO_REQUEST,
            id: self.next_id,
            data: self.wishes.agreed_magic().to_be_bytes().to_vec(),
        };
        Ppp::control(LCP, &packet)
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let echo = self.next_echo.filter(|_| self.link.is_open());
        [
            self.link.poll_timeout(),
            self.network.poll_timeout(),
            self.next_proof,
            echo,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// How often to ask whether the concentrator is there (inferred), and how many misses end the link
/// (ngn-facts §4.5, SEIL: three).
const ECHO_INTERVAL: Duration = Duration::from_secs(20);
const ECHO_MISSES: u32 = 3;
/// The identifier that a defect uses for everything.
const SAME_ID: u8 = 1;

defects! {
    /// Starts IPCP before it is authenticated.
    NETWORK_BEFORE_AUTHENTICATION = "network-before-authentication",
        "認証が終わる前にIPCPを始める。";
    /// Leaves protocols that it does not know unanswered.
    NO_PROTOCOL_REJECT = "no-protocol-reject",
        "知らないPPPプロトコルにProtocol-Rejectを返さない。";
    /// Leaves LCP codes that it does not know unanswered.
    NO_CODE_REJECT = "no-code-reject",
        "知らないLCPのコードにCode-Rejectを返さない。";
    /// Goes at a Terminate-Request without acknowledging it.
    NO_TERMINATE_ACK = "no-terminate-ack",
        "Terminate-RequestにTerminate-Ackを返さない。";
    /// Acknowledges a Terminate-Request and sends a PADT at once.
    HANGS_UP_AT_ONCE = "hangs-up-at-once",
        "Terminate-Ackを返すと同時に、相手を待たずPADTを送る。";
    /// Leaves LCP Echo-Requests unanswered.
    NO_ECHO_REPLY = "no-ppp-echo-reply",
        "LCPのEcho-Requestに応答しない。";
    /// Never asks whether the concentrator is still there.
    NO_KEEPALIVE = "no-ppp-keepalive",
        "コンセントレータの生存をLCPエコーで確かめない。";
    /// Answers a challenge under an identifier of its own.
    RESPONDS_UNDER_OWN_ID = "responds-under-own-id",
        "CHAPのチャレンジに、別の識別子で応答する。";
    /// Hashes another identifier into its response than that of the challenge.
    HASHES_ANOTHER_ID = "hashes-another-id",
        "チャレンジの識別子とは別の値でMD5を計算する。";
    /// Cuts a password off behind its fourth character.
    CUTS_PASSWORD = "cuts-password",
        "パスワードを4文字で切り詰める。";
    /// Gives the whole link up when the other side would negotiate IPv6, too.
    GIVES_UP_AT_IPV6 = "gives-up-at-ipv6cp",
        "IPv6CPが届くと、リンク全体を切断する。";
    /// Returns the other side's magic number in its Echo-Replies.
    RETURNS_FOREIGN_MAGIC = "returns-foreign-magic",
        "Echo-Replyに相手のMagic-Numberをそのまま入れる。";
    /// Sends LCP Echo-Requests before LCP is open.
    ECHO_BEFORE_OPEN = "echo-before-open",
        "LCPが開く前にEcho-Requestを送る。";
    /// Agrees to options in another order than they were asked for.
    REORDERS_OPTIONS = "reorders-options",
        "Configure-Ackでオプションの順序を入れ替える。";
    /// Sends every Configure-Request under the same identifier.
    SAME_REQUEST_ID = "same-request-id",
        "Configure-Requestの識別子を変えない。";
    /// Leaves a challenge in the middle of a session unanswered.
    IGNORES_RECHALLENGE = "ignores-rechallenge",
        "セッション中の再チャレンジに応答しない。";
}
