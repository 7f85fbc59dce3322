//! The hosts that ONS has files and the time from: the CRL download, the delivery hosts and their
//! NTP service (guide p.15).
//!
//! Their ports and files are not known: plain HTTP with one file, and NTP on every host, are
//! inferred. Only what fills a connection is modelled, not what is in it.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use crate::frame::Frame;
use crate::message::packet::{Envelope, Packet, is_routable};
use crate::node::part::core_port::CorePort;
use crate::node::part::http::RequestReader;
use crate::node::part::tcp::{ConnId, ConnState, TcpStack};
use crate::node::{Context, Node};
use crate::time::Time;
use crate::trace::Fact;

/// Hosts with one file each, and the time.
pub struct Depot {
    core: CorePort,
    size: usize,
    stack: Option<TcpStack>,
    visits: BTreeMap<ConnId, Visit>,
}

/// One connection of a client.
struct Visit {
    reader: RequestReader,
    since: Time,
}

/// What a depot is about.
#[derive(Clone, Debug)]
pub struct DepotConfig {
    /// Its addresses, no more than a TCP stack can have.
    pub addresses: Vec<Ipv6Addr>,
    /// How long its file is.
    pub size: usize,
}

impl Depot {
    /// The socket towards the edge.
    pub const PORT: u8 = 0;

    /// The length of the certificate revocation list (inferred: large lists of public CAs are).
    pub const CRL_SIZE: usize = 1_000_000;

    /// The length of a file that the delivery hosts have (inferred).
    pub const DELIVERY_SIZE: usize = 20_000;

    /// Makes the hosts.
    pub fn new(config: DepotConfig) -> Self {
        Self {
            core: CorePort::new(config.addresses),
            size: config.size,
            stack: None,
            visits: BTreeMap::new(),
        }
    }

    fn serve(&mut self, cx: &mut Context<'_>) {
        let size = self.size;
        let Some(stack) = &mut self.stack else { return };
        while let Some(connection) = stack.accept() {
            let visit = Visit {
                reader: RequestReader::default(),
                since: cx.now(),
            };
            self.visits.insert(connection, visit);
            // Whoever has been here longest goes, be it that it never asks or never reads.
            if self.visits.len() > TcpStack::MAX_SERVED
                && let Some((oldest, _)) = self.visits.pop_first()
            {
                stack.abort(oldest);
                stack.forget(oldest);
            }
        }
        let mut over = Vec::new();
        for (connection, Visit { reader, since }) in &mut self.visits {
            if cx.now() >= *since + PATIENCE {
                stack.abort(*connection);
            }
            reader.push(&stack.read(*connection));
            match reader.take() {
                Ok(Some(request)) => {
                    cx.record(Fact::HttpRequest {
                        peer: *stack.peer(*connection).ip(),
                        method: request.method.chars().take(MAX_TEXT).collect(),
                        host: request.host.chars().take(MAX_TEXT).collect(),
                        path: request.path.chars().take(MAX_TEXT).collect(),
                        choice: None,
                    });
                    stack.write(*connection, &answer(size));
                    stack.close(*connection);
                }
                Ok(None) if reader.len() < MAX_WAITING => {}
                Ok(None) | Err(_) => stack.abort(*connection),
            }
            match stack.state(*connection) {
                ConnState::Connecting | ConnState::Open => {}
                ConnState::PeerClosed | ConnState::Refused | ConnState::Closed => {
                    over.push(*connection);
                }
            }
        }
        for connection in over {
            self.visits.remove(&connection);
            stack.forget(connection);
        }
        for packet in stack.poll(cx.now()) {
            self.core.send(&packet, cx);
        }
    }

    /// Answers an NTP client (RFC 5905 §7.3), and returns whether it was one.
    fn tell_time(&self, frame: &Frame, cx: &mut Context<'_>) -> bool {
        let Some(packet) = Packet::parse(frame) else {
            return false;
        };
        let ours = self.core.addresses().contains(&packet.destination);
        let Some(udp) = packet.udp().filter(|udp| udp.destination_port == NTP) else {
            return false;
        };
        let (Some(first), Some(stamp)) = (udp.payload.first(), udp.payload.get(40..48)) else {
            return false;
        };
        if !ours || !is_routable(packet.source) || first & 0x07 != NTP_CLIENT {
            return false;
        }
        let mut answer = [0; 48];
        // The client's version, mode server, and stratum 2.
        answer[0] = (first & 0x38) | NTP_SERVER;
        answer[1] = 2;
        answer[24..32].copy_from_slice(stamp);
        let envelope = Envelope::new(
            packet.eth_destination,
            packet.eth_source,
            packet.destination,
            packet.source,
        );
        cx.send(Self::PORT, envelope.udp(NTP, udp.source_port, &answer));
        true
    }
}

impl Node for Depot {
    fn handle_frame(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if self.tell_time(frame, cx) {
            return;
        }
        let stack = &mut self.stack;
        if self
            .core
            .receive_tcp((port, frame), stack, HTTP, cx)
            .is_some()
        {
            self.serve(cx);
        }
    }

    fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.serve(cx);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let stack = self.stack.as_ref()?.poll_timeout();
        let visits = self.visits.values().map(|visit| visit.since + PATIENCE);
        visits.chain(stack).min()
    }
}

/// Returns a response with a file of this size.
fn answer(size: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\
         Connection: close\r\nContent-Length: {size}\r\n\r\n"
    );
    // A prime that does not divide the size of a segment, so that pieces differ.
    let file = (0..size).map(|at| u8::try_from(at % 251).unwrap_or_default());
    head.bytes().chain(file).collect()
}

const HTTP: u16 = 80;
const NTP: u16 = 123;
const NTP_CLIENT: u8 = 3;
const NTP_SERVER: u8 = 4;
/// The longest head of a request (ours).
const MAX_WAITING: usize = 16 * 1024;
/// Longer than its files take on any line here (ours).
const PATIENCE: Duration = Duration::from_secs(120);
const MAX_TEXT: usize = 200;
