//! What a stranger on the line sends in the name of a DHCPv6 server: messages that look like
//! answers and that RFC 8415 §16 has thrown away, each with a prefix that gives it away.

use std::net::Ipv6Addr;

use dhcproto::v6::DhcpOption;
use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::dhcpv6::reconfigure::{Key, Reconfigure, key_in};
use ngnlab_sim::message::dhcpv6::{self, Delegated, Message, MessageType};
use ngnlab_sim::message::packet::{Envelope, Mac};

use super::STRANGER;
use crate::play::not_yet;
use crate::play::sight::Sight;
use crate::scenario::step::crafted::Crafted;

/// Returns the frames, or why there are none.
pub(super) fn frames(crafted: Crafted, sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    if crafted == Crafted::ReplayedReconfigure {
        let last = sight.last_reconfigure();
        return last
            .map(|frame| vec![frame])
            .ok_or_else(|| not_yet::NO_RECONFIGURE.to_owned());
    }
    let Some((client, question)) = sight.last_dhcpv6() else {
        return Err("the device has sent no DHCPv6 message yet".to_owned());
    };
    let forger = Forger {
        sight,
        client,
        question,
    };
    Ok(match crafted {
        Crafted::ForgedAdvertise => forger.answers(MessageType::Advertise),
        Crafted::ForgedReply => forger.answers(MessageType::Reply),
        Crafted::ForgedReconfigure => forger.reconfigures(),
        _ => forger.odd_types(),
    })
}

/// Who knows what the device has asked.
struct Forger<'a> {
    sight: &'a Sight<'a>,
    client: Ipv6Addr,
    question: Message,
}

impl Forger<'_> {
    /// Answers that lack an identifier, or have the wrong one.
    fn answers(&self, kind: MessageType) -> Vec<Frame> {
        let own = dhcpv6::client_id(&self.question).map(<[u8]>::to_vec);
        let xid = self.question.xid();
        let next = [xid[0], xid[1], xid[2].wrapping_add(1)];
        let mut answers = vec![
            (xid, own.clone(), None),
            (xid, Some(STRANGER.duid_ll()), Some(forger_duid(1))),
            (next, own.clone(), Some(forger_duid(2))),
        ];
        // RFC 8415 §16.10: whoever names itself wants to be named.
        if own.is_some() {
            answers.push((xid, None, Some(forger_duid(3))));
        }
        let frames = answers
            .into_iter()
            .map(|(xid, client, server)| self.udp(&self.answer(kind, xid, client, server)));
        frames.collect()
    }

    /// A message of a type that is not assigned, and two that only clients send.
    fn odd_types(&self) -> Vec<Frame> {
        let own = dhcpv6::client_id(&self.question).map(<[u8]>::to_vec);
        let xid = self.question.xid();
        let kinds = [
            MessageType::Unknown(UNASSIGNED),
            MessageType::Solicit,
            MessageType::Request,
        ];
        let frames = kinds.into_iter().zip(4..).map(|(kind, number)| {
            self.udp(&self.answer(kind, xid, own.clone(), Some(forger_duid(number))))
        });
        frames.collect()
    }

    fn answer(
        &self,
        kind: MessageType,
        xid: [u8; 3],
        client: Option<Vec<u8>>,
        server: Option<Vec<u8>>,
    ) -> Vec<u8> {
        let prefix = Delegated {
            // Far away, so that it cannot be the line's own.
            prefix: self.sight.line.area.other().values().assignments[1],
            preferred: 12_600,
            valid: 14_400,
        };
        let delegation = dhcpv6::delegations(&self.question)
            .next()
            .map(|ia| dhcpv6::delegation(ia.id, 7200, 10_800, &[prefix]));
        let options = client
            .map(DhcpOption::ClientId)
            .into_iter()
            .chain(server.map(DhcpOption::ServerId))
            .chain(delegation)
            .chain([
                DhcpOption::Preference(u8::MAX),
                DhcpOption::DomainNameServers(vec![FORGED_DNS]),
            ]);
        dhcpv6::encode(&dhcpv6::message(kind, xid, options))
    }

    /// Reconfigures without a digest, with a wrong one, and without an identifier.
    fn reconfigures(&self) -> Vec<Frame> {
        let client = dhcpv6::client_id(&self.question).map(<[u8]>::to_vec);
        let mut answers = self.sight.dhcpv6_answers();
        let server = answers.find_map(|answer| dhcpv6::server_id(&answer).map(<[u8]>::to_vec));
        let key = self
            .sight
            .dhcpv6_answers()
            .find_map(|answer| key_in(&answer));
        let informs = self.question.msg_type() == MessageType::InformationRequest;
        let kind = if informs {
            MessageType::InformationRequest
        } else {
            MessageType::Renew
        };
        let forged = |server: Option<Vec<u8>>, client: Option<Vec<u8>>, key: Option<Key>| {
            let replay = u64::from(u32::MAX);
            let message = Reconfigure {
                server,
                client,
                kind,
                key,
                replay,
            };
            self.udp(&message.encode())
        };
        let mut frames = vec![
            forged(server.clone(), client.clone(), None),
            forged(server.clone(), client.clone(), Some(WRONG)),
            forged(Some(STRANGER.duid_ll()), client.clone(), Some(WRONG)),
        ];
        // The digest is right, but each lacks what RFC 8415 §16.11 asks for.
        if let Some(key) = key {
            frames.push(forged(None, client, Some(key)));
            frames.push(forged(server, None, Some(key)));
        }
        frames
    }

    fn udp(&self, payload: &[u8]) -> Frame {
        let (to, source) = (self.sight.wan_mac(), STRANGER.link_local());
        let envelope = Envelope::new(STRANGER, to, source, self.client);
        envelope.udp(dhcpv6::SERVER_PORT, dhcpv6::CLIENT_PORT, payload)
    }
}

/// Returns the DUID of a server that does not exist, one for each message.
fn forger_duid(number: u8) -> Vec<u8> {
    let Mac([a, b, c, d, _, _]) = STRANGER;
    Mac([a, b, c, d, 0x0f, number]).duid_ll()
}

/// A DNS server for examples, which nobody has (RFC 3849).
const FORGED_DNS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53);
/// A key that no server gives.
const WRONG: Key = [0x5a; 16];
/// Not assigned to any message.
const UNASSIGNED: u8 = 99;
