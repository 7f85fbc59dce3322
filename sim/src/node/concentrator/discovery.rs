//! Discovery as the concentrator sees it (RFC 2516 §5).

use md5::{Digest as _, Md5};
use rand::Rng as _;

use super::Concentrator;
use super::subscriber::Ended;
use crate::line::pppoe::{AC_NAME, OFFERS_AFTER, OFFERS_LATE_AFTER, PppoeQuirk};
use crate::message::packet::Mac;
use crate::message::pppoe;
use crate::message::pppoe::{
    AC_COOKIE, AC_SYSTEM_ERROR, Code, HOST_UNIQ, PPP_MAX_PAYLOAD, Pppoe, RELAY_SESSION_ID,
    SERVICE_NAME, SERVICE_NAME_ERROR, Stage, Tag, tag,
};
use crate::node::Context;
use crate::trace::{Fact, PppEvent};

impl Concentrator {
    pub(super) fn discover(
        &mut self,
        packet: &Pppoe,
        code: Code,
        tags: &[Tag],
        cx: &mut Context<'_>,
    ) {
        match code {
            Code::Initiation if packet.destination == Mac::BROADCAST && packet.session == 0 => {
                self.offer(packet.source, tags, cx);
            }
            Code::Request if packet.session == 0 => {
                if Self::MACS.contains(&packet.destination) {
                    self.confirm(packet, tags, cx);
                }
            }
            Code::Termination => {
                let known = self.sessions.get(&packet.session);
                if known.is_some_and(|it| it.host == packet.source) {
                    self.drop_session(packet.session, Some(Ended::ByHost), cx);
                }
            }
            Code::Initiation | Code::Request | Code::Offer | Code::Confirmation => {}
        }
    }

    /// RFC 2516 §5.2: one AC-Name, the service that was asked for, the cookie, and what was in the
    /// question for its sender or for an agent.
    fn offer(&mut self, host: Mac, asked: &[Tag], cx: &mut Context<'_>) {
        // There is one service, which has no name (ngn-facts §4.5, reported).
        if tag(asked, SERVICE_NAME).is_none_or(|name| !name.is_empty()) {
            return;
        }
        let after = match self.has(PppoeQuirk::OffersLate) {
            true => OFFERS_LATE_AFTER,
            false => OFFERS_AFTER,
        };
        let both = self.has(PppoeQuirk::OffersTwice);
        for ours in Self::MACS.into_iter().take(1 + usize::from(both)) {
            let cookie = self.cookie(ours, host, cx);
            let mut tags = vec![
                Tag::new(SERVICE_NAME, []),
                Tag::new(AC_NAME_TAG, AC_NAME),
                Tag::new(AC_COOKIE, cookie),
            ];
            self.add_common(&mut tags, asked);
            let frame = answer(ours, host, 0, Code::Offer, tags);
            self.delayed.push((cx.now() + after, frame.frame()));
        }
    }

    /// RFC 2516 §5.4: a session, or why there is none.
    fn confirm(&mut self, packet: &Pppoe, asked: &[Tag], cx: &mut Context<'_>) {
        let (ours, host) = (packet.destination, packet.source);
        let cookie = self.cookie(ours, host, cx);
        // RFC 2516 appendix A: who has not the cookie has not heard the offer.
        if tag(asked, AC_COOKIE) != Some(&cookie) {
            return;
        }
        let mut tags = vec![Tag::new(SERVICE_NAME, [])];
        self.add_common(&mut tags, asked);
        let known = tag(asked, HOST_UNIQ).unwrap_or_default().to_vec();
        if tag(asked, SERVICE_NAME).is_none_or(|name| !name.is_empty()) {
            tags.push(Tag::new(SERVICE_NAME_ERROR, []));
            let refusal = answer(ours, host, 0, Code::Confirmation, tags);
            cx.send(Self::ACCESS, refusal.frame());
            return;
        }
        if self.sessions.len() >= self.limit {
            self.refuse(ours, host, tags, cx);
            return;
        }
        let loses = self.has(PppoeQuirk::LosesFirstConfirmation) && self.lost.len() < MOST_LOST;
        if loses && !self.lost.contains(&known) {
            self.lost.push(known);
            return;
        }
        let id = self.make_session(ours, host, cx);
        cx.send(
            Self::ACCESS,
            answer(ours, host, id, Code::Confirmation, tags).frame(),
        );
        if let Some(subscriber) = self.sessions.get_mut(&id) {
            let out = subscriber.open(cx.now());
            self.send_all(id, out, cx);
        }
    }

    /// How the next session beyond the contract is refused stands in no source: an error in the PADS
    /// (RFC 2516 §5.4, appendix A), or silence by a quirk (inferred).
    fn refuse(&mut self, ours: Mac, host: Mac, mut tags: Vec<Tag>, cx: &mut Context<'_>) {
        cx.record(Fact::Ppp {
            session: 0,
            account: None,
            event: PppEvent::TooMany,
        });
        if self.has(PppoeQuirk::SilentAboutLimit) {
            return;
        }
        tags.push(Tag::new(AC_SYSTEM_ERROR, *b"no more sessions on this line"));
        let refusal = answer(ours, host, 0, Code::Confirmation, tags);
        cx.send(Self::ACCESS, refusal.frame());
    }

    /// Adds what belongs into every answer.
    fn add_common(&self, tags: &mut Vec<Tag>, asked: &[Tag]) {
        // RFC 2516 appendix A: both are returned as they came.
        for kind in [HOST_UNIQ, RELAY_SESSION_ID] {
            if let Some(value) = tag(asked, kind) {
                tags.push(Tag::new(kind, value));
            }
        }
        let relayed = self.has(PppoeQuirk::Relayed);
        if relayed && tag(asked, RELAY_SESSION_ID).is_none() {
            tags.push(Tag::new(RELAY_SESSION_ID, *b"agent-07"));
        }
        if self.has(PppoeQuirk::UnknownTags) {
            tags.insert(0, Tag::new(UNKNOWN, *b"of no use"));
            tags.push(Tag::new(UNKNOWN, []));
        }
        // RFC 4638 §4: what is not understood is not returned, and sessions stay as they are. The
        // network's MTU is 1454 (ngn-facts §4.5).
        debug_assert!(tag(tags, PPP_MAX_PAYLOAD).is_none());
    }

    /// RFC 2516 appendix A: made so that it can be made again from what a host sends.
    fn cookie(&mut self, ours: Mac, host: Mac, cx: &mut Context<'_>) -> Vec<u8> {
        let secret = *self.secret.get_or_insert_with(|| cx.random().random());
        let mut hash = Md5::new();
        hash.update(secret);
        hash.update(ours.0);
        hash.update(host.0);
        hash.finalize().to_vec()
    }
}

fn answer(ours: Mac, host: Mac, session: u16, code: Code, tags: Vec<Tag>) -> Pppoe {
    Pppoe {
        source: ours,
        destination: host,
        session,
        stage: Stage::Discovery { code, tags },
    }
}

/// So many sessions lose their first confirmation, and no more.
const MOST_LOST: usize = 64;
/// The tag of the concentrator's name.
const AC_NAME_TAG: u16 = pppoe::AC_NAME;
/// A tag of no known meaning.
const UNKNOWN: u16 = 0x7a7a;
