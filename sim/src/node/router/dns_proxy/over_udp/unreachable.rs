//! Errors about questions upstream: nobody listens at a server (RFC 4443 §3.1).

use std::net::SocketAddrV6;

use rand_chacha::ChaCha8Rng;

use super::{Attempt, FAILS_ON_UNREACHABLE, OverUdp, answer, own_failures};
use crate::message::dns;
use crate::message::packet::IPV6_HEADER;
use crate::node::router::dns_proxy::Desk;
use crate::time::Time;

impl OverUdp {
    /// Takes in an error about a datagram of ours, which it quotes: the next server is asked at once,
    /// as the error is for whoever sent the datagram (RFC 4443 §2.4 d).
    pub(in crate::node::router::dns_proxy) fn handle_unreachable(
        &mut self,
        desk: &mut Desk,
        quoted: &[u8],
        now: Time,
        rng: &mut ChaCha8Rng,
    ) {
        let Some(quoted) = Quoted::of(quoted) else {
            return;
        };
        let is_last = |attempt: Option<&Attempt>| {
            attempt.is_some_and(|attempt| {
                (attempt.source, attempt.server, attempt.id)
                    == (quoted.source, quoted.destination, quoted.id)
            })
        };
        let mut waiting = self.waiting.iter();
        let Some(index) = waiting.position(|waiting| is_last(waiting.attempts.last())) else {
            return;
        };
        let mut waiting = self.waiting.remove(index);
        if desk.has(FAILS_ON_UNREACHABLE) {
            let failure = own_failures::failure(&waiting.query, &desk.defects);
            answer(desk, waiting.client, failure);
        } else if self.ask_next(desk, &mut waiting, now, rng) {
            self.waiting.push(waiting);
        }
    }
}

/// What an error quotes of a question.
struct Quoted {
    source: SocketAddrV6,
    destination: SocketAddrV6,
    id: u16,
}

impl Quoted {
    fn of(packet: &[u8]) -> Option<Self> {
        let (header, rest) = packet.split_first_chunk::<IPV6_HEADER>()?;
        let (udp, message) = rest.split_first_chunk::<UDP_HEADER>()?;
        let address = |at: usize| -> Option<[u8; 16]> { header.get(at..at + 16)?.try_into().ok() };
        let port = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
        (header[NEXT_HEADER] == UDP).then_some(())?;
        Some(Self {
            source: SocketAddrV6::new(address(8)?.into(), port(0), 0, 0),
            destination: SocketAddrV6::new(address(24)?.into(), port(2), 0, 0),
            id: dns::id(message)?,
        })
    }
}

// RFC 8200 §3 and RFC 768.
const NEXT_HEADER: usize = 6;
const UDP: u8 = 17;
const UDP_HEADER: usize = 8;
