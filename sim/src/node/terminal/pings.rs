//! Echo requests that wait for their answers.

use std::net::Ipv6Addr;
use std::time::Duration;

use rand::Rng;

use super::host::Host;
use super::outgoing::{Body, Outgoing};
use crate::message::icmpv6::{ECHO_REPLY, ECHO_REQUEST};
use crate::message::packet::Packet;
use crate::node::Context;
use crate::time::Time;
use crate::trace::Fact;

/// The pings under way.
#[derive(Default)]
pub(super) struct Pings {
    pings: Vec<Ping>,
}

struct Ping {
    to: Ipv6Addr,
    id: u16,
    deadline: Time,
}

impl Pings {
    /// Sends an echo request.
    pub(super) fn start(
        &mut self,
        to: Ipv6Addr,
        hop_limit: Option<u8>,
        host: &mut Host,
        cx: &mut Context<'_>,
    ) {
        let id: u16 = cx.random().random();
        let body = [&id.to_be_bytes()[..], &[0, 1], DATA].concat();
        let deadline = cx.now() + TIMEOUT;
        self.pings.push(Ping { to, id, deadline });
        let body = Body::Icmpv6 {
            kind: ECHO_REQUEST,
            body: &body,
        };
        let out = Outgoing {
            to,
            hop_limit,
            body,
        };
        host.send(out, cx);
    }

    /// Returns whether one is under way.
    pub(super) fn is_busy(&self) -> bool {
        !self.pings.is_empty()
    }

    /// Takes in a packet, in case it is an echo reply.
    pub(super) fn handle(&mut self, packet: &Packet<'_>, cx: &mut Context<'_>) {
        let reply = packet.icmpv6().filter(|icmpv6| icmpv6.kind == ECHO_REPLY);
        let Some((id, _)) = reply.and_then(|reply| reply.body.split_first_chunk()) else {
            return;
        };
        self.answered(packet.source, u16::from_be_bytes(*id), cx);
    }

    /// Takes in an echo reply, of whatever family.
    pub(super) fn answered(&mut self, from: Ipv6Addr, id: u16, cx: &mut Context<'_>) {
        self.end(cx, |ping| {
            // A group is answered by its members.
            let sender = ping.to == from || ping.to.is_multicast();
            (ping.id == id && sender).then_some(true)
        });
    }

    /// Gives up what was not answered in time.
    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        self.end(cx, |ping| (ping.deadline <= now).then_some(false));
    }

    /// Returns when [`Pings::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.pings.iter().map(|ping| ping.deadline).min()
    }

    fn end(&mut self, cx: &mut Context<'_>, answered: impl Fn(&Ping) -> Option<bool>) {
        self.pings.retain(|ping| {
            let ended = answered(ping);
            if let Some(answered) = ended {
                cx.record(Fact::Pinged {
                    to: ping.to,
                    answered,
                });
            }
            ended.is_none()
        });
    }
}

const TIMEOUT: Duration = Duration::from_secs(2);
const DATA: &[u8] = b"abcdefghijklmnopqrstuvwabcdefghi";
