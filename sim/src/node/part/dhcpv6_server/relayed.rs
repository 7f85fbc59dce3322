//! Messages that a relay agent passes on (RFC 8415 §19).

use dhcproto::v6::DhcpOption;

use super::associations::{no_prefix, refused_addresses};
use super::{Arrival, Dhcpv6Server};
use crate::line::Dhcpv6Quirk;
use crate::message::dhcpv6::relay::RelayForward;
use crate::message::dhcpv6::{self, Message, MessageType, Status};

impl Dhcpv6Server {
    /// Takes in what may be a Relay-forward and returns the Relay-replies, which go back to the
    /// port of servers.
    ///
    /// Unless a quirk says otherwise there are none: the line ends at one customer router, which is
    /// a client itself, and no capture shows a relay agent there (inferred).
    pub(crate) fn handle_relayed(&mut self, bytes: &[u8], arrival: Arrival) -> Vec<Vec<u8>> {
        let (answers, refuses) = (
            self.has(Dhcpv6Quirk::AnswersRelayed),
            self.has(Dhcpv6Quirk::RefusesRelayed),
        );
        if !answers && !refuses {
            return Vec::new();
        }
        // RFC 8415 §19.3: from the outermost wrapping to the client's message and back.
        let Some(outermost) = RelayForward::parse(bytes) else {
            return Vec::new();
        };
        let mut wrappings = vec![outermost];
        let message = loop {
            let inner = &wrappings[wrappings.len() - 1].relayed;
            if let Some(message) = dhcpv6::decode(inner) {
                break message;
            }
            match RelayForward::parse(inner) {
                Some(next) if wrappings.len() < MOST_RELAYS => wrappings.push(next),
                _ => return Vec::new(),
            }
        };
        // What the client sent to the group comes from its relay by whatever way.
        let arrival = Arrival {
            unicast: false,
            ..arrival
        };
        let told = if refuses {
            self.refuse_relayed(&message).into_iter().collect()
        } else {
            self.handle(&message, arrival)
        };
        let wrap = |answer: Message| {
            let innermost = Some(dhcpv6::encode(&answer));
            wrappings
                .iter()
                .rev()
                .fold(innermost, |inner, wrapping| wrapping.reply(&inner?))
        };
        told.into_iter().filter_map(wrap).collect()
    }

    /// Says no in the way of the message (RFC 8415 §18.3.9, §18.3.10): an offer of nothing, a grant
    /// of nothing, or a failure.
    fn refuse_relayed(&self, message: &Message) -> Option<Message> {
        if !self.is_acceptable(message) {
            return None;
        }
        let kind = match message.msg_type() {
            MessageType::Solicit => MessageType::Advertise,
            _ => MessageType::Reply,
        };
        let mut refusals: Vec<DhcpOption> = dhcpv6::delegations(message)
            .map(|wanted| no_prefix(wanted.id))
            .chain(refused_addresses(message))
            .collect();
        if refusals.is_empty() {
            let text = "relayed messages are not served";
            refusals.push(dhcpv6::status_option(Status::UnspecFail, text));
        }
        Some(self.answer(kind, message, refusals))
    }
}

/// So many relay agents are passed at most: HOP_COUNT_LIMIT and the first (RFC 8415 §7.6).
const MOST_RELAYS: usize = 9;
