//! The Neighbour Discovery proxy of RA mode, where line and LAN share one /64 (after RFC 4389;
//! ngn-facts §3.4 tells what happens without one).
//!
//! A solicitation is answered only once its target has answered on the other side, with our own
//! MAC, R set and O clear. Duplicate address detection is relayed both ways.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::defect::{Defects, defects};
use super::interface::Interface;
use crate::message::ndp::NeighborSolicit;
use crate::message::packet::{Mac, Packet};
use crate::node::Context;
use crate::time::Time;

/// The questions whose answer is sought on the other side.
pub(super) struct NdProxy {
    defects: Defects,
    questions: Vec<Question>,
    announced: BTreeSet<Ipv6Addr>,
}

struct Question {
    target: Ipv6Addr,
    asked_on: u8,
    asker: (Ipv6Addr, Mac),
    probes: u32,
    again: Time,
}

impl NdProxy {
    pub(super) fn new(defects: Defects) -> Self {
        Self {
            defects,
            questions: Vec::new(),
            announced: BTreeSet::new(),
        }
    }

    /// Takes in a solicitation from `near` for an address that is not ours there.
    pub(super) fn handle_solicit(
        &mut self,
        packet: &Packet<'_>,
        solicit: &NeighborSolicit,
        near: &Interface,
        far: &Interface,
        upstream: bool,
        cx: &mut Context<'_>,
    ) {
        let target = solicit.target;
        let detection = packet.source.is_unspecified();
        let asker = (packet.source, packet.eth_source);
        if far.owns(target) {
            return self.answer(near, far, asker, target, cx);
        }
        if upstream && !detection && self.defects.has(ND_PROXY_ANSWERS_ALL) {
            return self.answer(near, far, asker, target, cx);
        }
        let ignored = if upstream {
            ND_PROXY_DEFENDS_NOBODY
        } else {
            ND_PROXY_KEEPS_DAD_TO_ITSELF
        };
        if detection && self.defects.has(ignored) {
            return;
        }
        if upstream && self.defects.has(ND_PROXY_ONE_WAY) {
            return;
        }
        if !detection && upstream && far.is_reachable(target, cx.now()) {
            return self.answer(near, far, asker, target, cx);
        }
        // Neighbours on the same side answer for themselves.
        if !detection && near.has_neighbor(target) {
            return;
        }
        let known = |question: &Question| {
            (question.target, question.asked_on, question.asker.0) == (target, near.port(), asker.0)
        };
        if self.questions.iter().any(known) {
            return;
        }
        // The oldest has been asked about longest without an answer.
        if self.questions.len() == QUESTIONS_MAX {
            self.questions.remove(0);
        }
        far.solicit(target, detection, cx);
        self.questions.push(Question {
            target,
            asked_on: near.port(),
            asker,
            probes: 1,
            again: cx.now() + PROBE_INTERVAL,
        });
    }

    /// Takes in that `target` has answered on `far`, and passes that on to those who asked.
    pub(super) fn handle_advert(
        &mut self,
        target: Ipv6Addr,
        near: &Interface,
        far: &Interface,
        cx: &mut Context<'_>,
    ) {
        let answers =
            |question: &mut Question| question.target == target && question.asked_on != far.port();
        let answered: Vec<Question> = self.questions.extract_if(.., answers).collect();
        for question in answered {
            self.answer(near, far, question.asker, target, cx);
        }
    }

    /// Tells an asker on `near` that the way to a target on `far` is by us.
    fn answer(
        &self,
        near: &Interface,
        far: &Interface,
        asker: (Ipv6Addr, Mac),
        target: Ipv6Addr,
        cx: &mut Context<'_>,
    ) {
        // RFC 4861 §7.2.4: a proxy leaves the O flag clear.
        let replace = self.defects.has(ND_PROXY_OVERRIDES);
        let named = far
            .neighbor_mac(target)
            .filter(|_| self.defects.has(ND_PROXY_NAMES_THE_TERMINAL));
        near.answer_with(asker, target, replace, named.unwrap_or(near.mac()), cx);
    }

    /// What a faulty proxy does instead: it lets a terminal's own solicitation through once, so
    /// that the router upstream knows the terminal for as long as it does not ask back.
    pub(super) fn announce(
        &mut self,
        terminal: Ipv6Addr,
        router: Ipv6Addr,
        wan: &Interface,
        cx: &mut Context<'_>,
    ) {
        if self.defects.has(ND_PROXY_ONE_WAY)
            && self.announced.len() < QUESTIONS_MAX
            && self.announced.insert(terminal)
        {
            wan.solicit_from(terminal, router, cx);
        }
    }

    /// Forgets questions about addresses that are not in the shared prefix.
    pub(super) fn retain(&mut self, net: Option<Ipv6Net>) {
        self.questions
            .retain(|question| net.is_some_and(|net| net.contains(&question.target)));
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.questions.iter().map(|question| question.again).min()
    }

    pub(super) fn handle_timeout(&mut self, sides: [&Interface; 2], cx: &mut Context<'_>) {
        let now = cx.now();
        let interval = match self.defects.has(ND_PROXY_ASKS_TOO_OFTEN) {
            true => HASTY_INTERVAL,
            false => PROBE_INTERVAL,
        };
        self.questions
            .retain(|question| question.again > now || question.probes < PROBES);
        for question in &mut self.questions {
            if question.again > now {
                continue;
            }
            question.probes += 1;
            question.again = now + interval;
            // Who detects duplicates asks once, and so do we (RFC 4862 §5.1).
            if question.asker.0.is_unspecified() {
                continue;
            }
            for far in sides.iter().filter(|side| side.port() != question.asked_on) {
                far.solicit(question.target, false, cx);
            }
        }
    }
}

// RFC 4861 §10: MAX_MULTICAST_SOLICIT and RETRANS_TIMER.
const PROBES: u32 = 3;
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
// What the defect does.
const HASTY_INTERVAL: Duration = Duration::from_millis(200);
// Ours.
const QUESTIONS_MAX: usize = 64;

defects! {
    /// Relays terminals' solicitations upstream but answers none for them, so that all is over
    /// after minutes (guide FAQ 1, ngn-facts §3.4).
    ND_PROXY_ONE_WAY = "nd-proxy-one-way",
        "端末の近隣要請を回線に中継するが、回線からの近隣要請に端末に代わって応答せず、数分で通信できなくなる。";
    /// Answers upstream solicitations for every address of the /64, present or not.
    ND_PROXY_ANSWERS_ALL = "nd-proxy-answers-all",
        "端末の有無にかかわらず、/64のどのアドレスに対する回線側の近隣要請にも応答する。";
    /// Asks five times a second for a terminal that does not answer at once.
    ND_PROXY_ASKS_TOO_OFTEN = "nd-proxy-asks-too-often",
        "すぐに応答しない端末を、1秒間に5回探す。";
    /// Names the terminal's own MAC when it answers for one, as a relay that copies the answer.
    ND_PROXY_NAMES_THE_TERMINAL = "nd-proxy-names-the-terminal",
        "端末に代わる応答に端末自身のMACアドレスを入れる。応答をそのまま写す中継機がそうする。";
    /// Sets the O flag when it answers for a terminal, as if the address were its own.
    ND_PROXY_OVERRIDES = "nd-proxy-overrides",
        "端末に代わる応答に、自分のアドレスであるかのようにOフラグを立てる。";
    /// Lets terminals take addresses without asking the line for duplicates.
    ND_PROXY_KEEPS_DAD_TO_ITSELF = "nd-proxy-keeps-dad-to-itself",
        "端末の重複アドレス検出を回線に伝えない。";
    /// Does not defend terminals' addresses when somebody on the line checks them for duplicates.
    ND_PROXY_DEFENDS_NOBODY = "nd-proxy-defends-nobody",
        "回線側の重複アドレス検出から端末のアドレスを守らない。";
}
