//! Questions of any shape, as DNS test tools send them: the bytes are given, nothing is repeated.
//!
//! Over UDP each question has a port of its own; over TCP a connection of its own, or all share
//! one, and the stream may come in pieces (RFC 7766 §8).

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use rand::Rng;

use super::outgoing::{Body, Outgoing};
use super::resolver::Means;
use super::{DNS_PORT, earliest, ephemeral_port};
use crate::message::dns;
use crate::message::packet::Udp;
use crate::node::Context;
use crate::node::part::tcp::{ConnId, ConnState, TcpStack};
use crate::time::Time;

/// Questions that leave at the same time.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Whom to ask.
    pub server: Ipv6Addr,
    /// The DNS messages; their ids are replaced.
    pub messages: Vec<Vec<u8>>,
    /// The id that all of them have; random ones, unless given.
    pub id: Option<u16>,
    /// What they travel by.
    pub carrier: Carrier,
}

/// What the questions of an [`Inquiry`] travel by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A datagram each.
    Datagrams,
    /// TCP.
    Streams {
        /// Whether all share one connection.
        pipelined: bool,
        /// How long a connection is silent before its first byte.
        idle: Duration,
        /// Where the stream is cut into pieces that follow one another with a pause.
        cuts: Vec<usize>,
        /// Whether we close our side once all is asked.
        half_close: bool,
    },
}

/// The questions under way.
#[derive(Default)]
pub(super) struct Asker {
    datagrams: Vec<Datagram>,
    streams: Vec<Stream>,
}

struct Datagram {
    port: u16,
    id: Option<u16>,
    deadline: Time,
}

struct Stream {
    conn: ConnId,
    pieces: VecDeque<Vec<u8>>,
    idle: Duration,
    half_close: bool,
    /// When the next piece is due; set once the connection is open.
    next_at: Option<Time>,
    incoming: Vec<u8>,
    unanswered: usize,
    deadline: Time,
}

/// How a connection is used.
#[derive(Clone, Copy)]
struct Plan<'a> {
    idle: Duration,
    cuts: &'a [usize],
    half_close: bool,
}

impl Asker {
    /// Sends questions, or begins to.
    pub(super) fn start(&mut self, inquiry: Inquiry, means: &mut Means<'_>, cx: &mut Context<'_>) {
        let mut messages = inquiry.messages;
        for message in &mut messages {
            let id = inquiry.id.unwrap_or_else(|| cx.random().random());
            dns::set_id(message, id);
        }
        match inquiry.carrier {
            Carrier::Datagrams => {
                for message in messages {
                    self.send(inquiry.server, &message, means, cx);
                }
            }
            Carrier::Streams {
                pipelined,
                idle,
                cuts,
                half_close,
            } => {
                let plan = Plan {
                    idle,
                    cuts: &cuts,
                    half_close,
                };
                let framed: Vec<Vec<u8>> = messages
                    .iter()
                    .map(|message| dns::to_stream(message))
                    .collect();
                if pipelined {
                    self.connect(inquiry.server, &framed, plan, means, cx);
                } else {
                    for message in framed {
                        self.connect(inquiry.server, &[message], plan, means, cx);
                    }
                }
            }
        }
    }

    fn send(&mut self, to: Ipv6Addr, message: &[u8], means: &mut Means<'_>, cx: &mut Context<'_>) {
        let port = ephemeral_port(cx);
        let out = Outgoing {
            to,
            hop_limit: None,
            body: Body::Udp {
                from_port: port,
                to_port: DNS_PORT,
                payload: message,
                may_be_cut: false,
            },
        };
        means.host.send(out, cx);
        self.datagrams.push(Datagram {
            port,
            id: dns::id(message),
            deadline: cx.now() + PATIENCE,
        });
    }

    fn connect(
        &mut self,
        server: Ipv6Addr,
        messages: &[Vec<u8>],
        plan: Plan<'_>,
        means: &mut Means<'_>,
        cx: &mut Context<'_>,
    ) {
        let now = cx.now();
        let to = SocketAddrV6::new(server, DNS_PORT, 0, 0);
        let from = means.host.source_for(server, now);
        let Some(conn) = from.and_then(|from| means.tcp.connect(from, to, now)) else {
            return;
        };
        self.streams.push(Stream {
            conn,
            pieces: pieces(&messages.concat(), plan.cuts),
            idle: plan.idle,
            half_close: plan.half_close,
            next_at: None,
            incoming: Vec::new(),
            unanswered: messages.len(),
            deadline: now + plan.idle + PATIENCE,
        });
    }

    /// Takes in a datagram from port 53.
    pub(super) fn handle_udp(&mut self, udp: &Udp<'_>) {
        let answers =
            |own: &Datagram| own.port == udp.destination_port && own.id == dns::id(udp.payload);
        self.datagrams.retain(|own| !answers(own));
    }

    /// Sends the pieces that are due, reads answers, and gives up what took too long.
    pub(super) fn handle_timeout(&mut self, tcp: &mut TcpStack, now: Time) {
        self.datagrams.retain(|own| now < own.deadline);
        self.streams.retain_mut(|stream| {
            let goes_on = stream.go_on(tcp, now);
            if !goes_on {
                tcp.close(stream.conn);
                tcp.forget(stream.conn);
            }
            goes_on
        });
    }

    /// Returns when [`Asker::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let datagrams = self.datagrams.iter().map(|own| own.deadline);
        let streams = self.streams.iter().map(|own| {
            let next = own.next_at.filter(|_| !own.pieces.is_empty());
            next.map_or(own.deadline, |next| next.min(own.deadline))
        });
        earliest(datagrams.chain(streams))
    }

    /// Returns whether an answer is still waited for.
    pub(super) fn is_busy(&self) -> bool {
        !self.datagrams.is_empty() || !self.streams.is_empty()
    }
}

impl Stream {
    /// Returns whether there is anything left to wait for.
    fn go_on(&mut self, tcp: &mut TcpStack, now: Time) -> bool {
        let state = tcp.state(self.conn);
        if state == ConnState::Open {
            let mut due = *self.next_at.get_or_insert(now + self.idle);
            while due <= now
                && let Some(piece) = self.pieces.pop_front()
            {
                tcp.write(self.conn, &piece);
                due = now + PAUSE;
                if self.pieces.is_empty() && self.half_close {
                    tcp.close(self.conn);
                }
            }
            self.next_at = Some(due);
        }
        self.incoming.extend(tcp.read(self.conn));
        while dns::take_from_stream(&mut self.incoming).is_some() {
            self.unanswered = self.unanswered.saturating_sub(1);
        }
        self.unanswered > 0
            && now < self.deadline
            && matches!(state, ConnState::Connecting | ConnState::Open)
    }
}

fn pieces(stream: &[u8], cuts: &[usize]) -> VecDeque<Vec<u8>> {
    let mut pieces = VecDeque::new();
    let mut from = 0;
    for cut in cuts.iter().copied().chain([stream.len()]) {
        let to = cut.min(stream.len());
        if let Some(piece) = stream.get(from..to).filter(|piece| !piece.is_empty()) {
            pieces.push_back(piece.to_vec());
            from = to;
        }
    }
    pieces
}

/// How long an answer is waited for: what `dig` gives a server (inferred).
const PATIENCE: Duration = Duration::from_secs(5);
/// Long enough for every piece to become a segment of its own.
const PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_where_told() {
        let cut = |cuts: &[usize]| -> Vec<usize> {
            let pieces = pieces(&[7; 10], cuts);
            pieces.iter().map(Vec::len).collect()
        };
        assert_eq!(cut(&[]), [10]);
        assert_eq!(cut(&[1, 2, 6]), [1, 1, 4, 4]);
        assert_eq!(cut(&[20, 3]), [10]);
        assert_eq!(cut(&[6, 2]), [6, 4]);
    }
}
