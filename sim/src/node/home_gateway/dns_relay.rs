//! The gateway's DNS proxy: datagrams to the network's server and back, with another id.
//!
//! It knows no domains, so that the names of ONS fail here (guide p.5 and p.30). A question that
//! comes again goes to the next server. Leaves out TCP and caching.

use std::collections::VecDeque;
use std::net::Ipv6Addr;
use std::time::Duration;

use rand::Rng;

use super::{DNS_PORT, HomeGateway, UPLINK_MAC, prefix_slots};
use crate::line::HomeGatewayQuirk;
use crate::message::packet::{Packet, Udp};
use crate::node::Context;
use crate::time::Time;

/// The questions under way.
#[derive(Default)]
pub(super) struct DnsRelay {
    pending: VecDeque<Question>,
}

/// A client's question under way.
pub(super) struct Question {
    /// The client's address and port.
    pub(super) client: (Ipv6Addr, u16),
    /// The address it asked.
    pub(super) asked: Ipv6Addr,
    id: [u8; 2],
    relayed_id: [u8; 2],
    port: u16,
    server: Ipv6Addr,
    text: Vec<u8>,
    until: Time,
}

impl DnsRelay {
    /// Takes in a question, and returns the source port, the server and the bytes to send.
    pub(super) fn ask(
        &mut self,
        client: (Ipv6Addr, u16),
        asked: Ipv6Addr,
        servers: &[Ipv6Addr],
        question: &[u8],
        now: Time,
        rng: &mut impl Rng,
    ) -> Option<(u16, Ipv6Addr, Vec<u8>)> {
        let id = *question.first_chunk()?;
        if question.len() < HEADER || question[FLAGS] & RESPONSE != 0 {
            return None;
        }
        self.pending.retain(|question| question.until > now);
        let text = question[2..].to_vec();
        let tries = self
            .pending
            .iter()
            .filter(|other| other.client.0 == client.0 && other.text == text)
            .count();
        let server = *servers.get(tries.checked_rem(servers.len())?)?;
        if self.pending.len() == PENDING_MAX {
            self.pending.pop_front();
        }
        let relayed_id: [u8; 2] = rng.random();
        let port = rng.random_range(49_152..=u16::MAX);
        self.pending.push_back(Question {
            client,
            asked,
            id,
            relayed_id,
            port,
            server,
            text,
            until: now + PATIENCE,
        });
        Some((port, server, with_id(question, relayed_id)))
    }

    /// Takes in a server's answer, and returns whose it is and the bytes to hand on.
    pub(super) fn answer(
        &mut self,
        server: Ipv6Addr,
        port: u16,
        answer: &[u8],
        now: Time,
    ) -> Option<(Question, Vec<u8>)> {
        if answer.len() < HEADER || answer[FLAGS] & RESPONSE == 0 {
            return None;
        }
        let index = self.pending.iter().position(|question| {
            question.until > now
                && question.server == server
                && question.port == port
                && answer.starts_with(&question.relayed_id)
        })?;
        let question = self.pending.remove(index)?;
        let bytes = with_id(answer, question.id);
        Some((question, bytes))
    }

    /// Forgets every question.
    pub(super) fn clear(&mut self) {
        self.pending.clear();
    }
}

impl HomeGateway {
    /// Takes in a question of the LAN.
    pub(super) fn relay_question(
        &mut self,
        packet: &Packet<'_>,
        udp: Udp<'_>,
        cx: &mut Context<'_>,
    ) {
        if packet.destination.is_multicast() || packet.source.is_unspecified() {
            return;
        }
        let (Some(prefix), Some(lease)) = (self.prefix, self.uplink.lease()) else {
            return;
        };
        let servers = lease.dns.clone();
        if self.has(HomeGatewayQuirk::SuppressesAaaa)
            && let Some(bytes) = without_data(udp.payload)
        {
            let client = (packet.source, udp.source_port);
            if let Some(next_hop) = self.next_hop(client.0, cx.now()) {
                let asked = packet.destination;
                self.lan
                    .send_udp_via(next_hop, asked, client, DNS_PORT, &bytes, cx);
            }
            return;
        }
        let client = (packet.source, udp.source_port);
        let asked = packet.destination;
        let now = cx.now();
        let question = self
            .relay
            .ask(client, asked, &servers, udp.payload, now, cx.random());
        if let Some((port, server, bytes)) = question {
            let source = prefix_slots::packet_source(prefix, UPLINK_MAC);
            self.uplink
                .send_udp((source, port), (server, DNS_PORT), &bytes, cx);
        }
    }

    /// Takes in a datagram from the network's DNS port.
    pub(super) fn relay_answer(&mut self, packet: &Packet<'_>, udp: Udp<'_>, cx: &mut Context<'_>) {
        let port = udp.destination_port;
        let answer = self
            .relay
            .answer(packet.source, port, udp.payload, cx.now());
        let Some((question, bytes)) = answer else {
            return;
        };
        let ignores = self.has(HomeGatewayQuirk::RelayIgnoresUnknownNames);
        if ignores && is_name_error(&bytes) {
            return;
        }
        let Some(next_hop) = self.next_hop(question.client.0, cx.now()) else {
            return;
        };
        self.lan.send_udp_via(
            next_hop,
            question.asked,
            question.client,
            DNS_PORT,
            &bytes,
            cx,
        );
    }
}

/// Returns an empty answer to a question for AAAA, as the suppression switch gives (ngn-facts
/// §3.5).
pub(super) fn without_data(question: &[u8]) -> Option<Vec<u8>> {
    const AAAA: [u8; 2] = [0, 28];
    let header = question.get(..HEADER)?;
    let mut end = HEADER;
    while let length @ 1.. = usize::from(*question.get(end)?) {
        end += length + 1;
    }
    end += 1;
    let kind = question.get(end..end + 2)?;
    let is_query = header[FLAGS] & RESPONSE == 0 && header[4..6] == [0, 1];
    let asked = question.get(HEADER..end + 4)?;
    (is_query && kind == AAAA).then(|| {
        // RFC 1035 §4.1.1: QR and RA set, RD as asked, and one question without answers.
        let flags = [RESPONSE | header[FLAGS] & 1, RESPONSE];
        [&header[..2], &flags, &[0, 1, 0, 0, 0, 0, 0, 0], asked].concat()
    })
}

/// Returns whether an answer says that the name does not exist (RFC 1035 §4.1.1: RCODE 3).
pub(super) fn is_name_error(answer: &[u8]) -> bool {
    answer.get(FLAGS + 1).is_some_and(|flags| flags & 0x0f == 3)
}

fn with_id(message: &[u8], id: [u8; 2]) -> Vec<u8> {
    [&id, &message[2..]].concat()
}

/// The length of a DNS header (RFC 1035 §4.1.1).
const HEADER: usize = 12;
const FLAGS: usize = 2;
const RESPONSE: u8 = 0x80;
/// Longer than a stub resolver waits (inferred).
const PATIENCE: Duration = Duration::from_secs(10);
const PENDING_MAX: usize = 256;
