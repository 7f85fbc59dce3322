//! The part that all web sites of the network share: TCP, TLS and HTTP on one socket.
//!
//! A site takes out requests one by one, and answers each whenever it likes. Nothing listens on
//! any port but 443, so other ports are reset.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use crate::frame::Frame;
use crate::node::Context;
use crate::node::part::core_port::CorePort;
use crate::node::part::http::{BadRequest, Request, RequestReader, Response};
use crate::node::part::tcp::{ConnId, TcpStack};
use crate::node::part::tls::{TlsSession, TlsState};
use crate::time::Time;
use crate::trace::Fact;

/// Web sites on the addresses of one server.
pub(crate) struct WebServer {
    core: CorePort,
    /// The host whose certificate is shown on each address.
    sites: Vec<(Ipv6Addr, &'static str)>,
    stack: Option<TcpStack>,
    visits: BTreeMap<ConnId, Visit>,
}

/// A request that waits for its answer.
pub(crate) struct Asked {
    pub(crate) by: Visitor,
    pub(crate) request: Request,
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    connection: ConnId,
    pub(crate) peer: Ipv6Addr,
}

/// One connection of a client.
struct Visit {
    tls: TlsSession,
    reader: RequestReader,
    peer: Ipv6Addr,
    told: bool,
    pending: Option<Pending>,
    ending: bool,
    last_used: Time,
}

/// What must be known about a request when it is answered.
struct Pending {
    head_only: bool,
    close: bool,
}

impl WebServer {
    pub(crate) fn new(sites: Vec<(Ipv6Addr, &'static str)>) -> Self {
        let addresses = sites.iter().map(|(address, _)| *address).collect();
        Self {
            core: CorePort::new(addresses),
            sites,
            stack: None,
            visits: BTreeMap::new(),
        }
    }

    /// Takes in a frame; afterwards there may be requests.
    pub(crate) fn receive(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        let stack = &mut self.stack;
        let Some(stack) = self.core.receive_tcp((port, frame), stack, HTTPS, cx) else {
            return;
        };
        while let Some(connection) = stack.accept() {
            let local = *stack.local(connection).ip();
            let site = self.sites.iter().find(|(address, _)| *address == local);
            let tls = site.and_then(|(_, host)| TlsSession::server(connection, host));
            let Some(tls) = tls else {
                stack.abort(connection);
                stack.forget(connection);
                continue;
            };
            let peer = *stack.peer(connection).ip();
            let visit = Visit::new(tls, peer, cx.now());
            self.visits.insert(connection, visit);
            Self::make_room(&mut self.visits, stack);
        }
        for visit in self.visits.values_mut() {
            visit.take_in(stack, cx);
        }
    }

    /// Takes out the next request that waits for an answer.
    pub(crate) fn next_request(&mut self, cx: &mut Context<'_>) -> Option<Asked> {
        for (connection, visit) in &mut self.visits {
            if visit.pending.is_some() || visit.ending {
                continue;
            }
            match visit.reader.take() {
                Ok(None) => {}
                Ok(Some(request)) => {
                    visit.pending = Some(Pending {
                        head_only: request.method == "HEAD",
                        close: request.close,
                    });
                    cx.record(Fact::HttpRequest {
                        peer: visit.peer,
                        method: shortened(&request.method),
                        host: shortened(&request.host),
                        path: shortened(&request.path),
                        choice: request.form_field("choice").map(shortened),
                    });
                    let by = Visitor {
                        connection: *connection,
                        peer: visit.peer,
                    };
                    return Some(Asked { by, request });
                }
                Err(BadRequest(status)) => visit.answer(
                    &Pending {
                        head_only: false,
                        close: true,
                    },
                    &Response::page(status, "<!DOCTYPE html><title>Bad request</title>\n"),
                ),
            }
        }
        None
    }

    /// Answers a request, unless its client has left.
    pub(crate) fn answer(&mut self, to: Visitor, response: &Response) {
        if let Some(visit) = self.visits.get_mut(&to.connection)
            && let Some(pending) = visit.pending.take()
        {
            visit.answer(&pending, response);
        }
    }

    /// Returns whether a client still waits for its answer.
    pub(crate) fn is_waiting(&self, visitor: Visitor) -> bool {
        let visit = self.visits.get(&visitor.connection);
        visit.is_some_and(|visit| visit.pending.is_some())
    }

    /// Sends everything that is to be sent.
    pub(crate) fn flush(&mut self, cx: &mut Context<'_>) {
        let Some(stack) = &mut self.stack else { return };
        self.visits.retain(|connection, visit| {
            visit.take_in(stack, cx);
            let keep = match visit.tls.state() {
                TlsState::Handshaking | TlsState::Open => !visit.ending,
                TlsState::Closed | TlsState::Failed(_) => false,
            };
            if !keep {
                visit.tls.close(stack);
                stack.forget(*connection);
            }
            keep
        });
        for packet in stack.poll(cx.now()) {
            self.core.send(&packet, cx);
        }
    }

    /// Returns when [`WebServer::flush`] is next needed.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        self.stack.as_ref()?.poll_timeout()
    }

    /// Sends clients away if there are too many: of those that have not come through their
    /// handshake the first, if they are many, else whoever has been silent longest.
    ///
    /// There is no limit on silence itself, since long silence is what some scenarios are about.
    fn make_room(visits: &mut BTreeMap<ConnId, Visit>, stack: &mut TcpStack) {
        while visits.len() > TcpStack::MAX_SERVED {
            let mut handshaking = visits.iter().filter(|(_, visit)| !visit.told);
            let victim = if handshaking.clone().count() > HANDSHAKES_KEPT {
                handshaking.next()
            } else {
                let silent = visits.iter().filter(|(_, visit)| visit.told);
                silent.min_by_key(|(_, visit)| visit.last_used)
            };
            let Some(connection) = victim.map(|(connection, _)| *connection) else {
                return;
            };
            visits.remove(&connection);
            stack.abort(connection);
            stack.forget(connection);
        }
    }
}

impl Visit {
    fn new(tls: TlsSession, peer: Ipv6Addr, now: Time) -> Self {
        Self {
            tls,
            reader: RequestReader::default(),
            peer,
            told: false,
            pending: None,
            ending: false,
            last_used: now,
        }
    }

    fn take_in(&mut self, stack: &mut TcpStack, cx: &mut Context<'_>) {
        self.tls.pump(stack);
        let bytes = self.tls.read();
        if !bytes.is_empty() {
            self.last_used = cx.now();
            self.reader.push(&bytes);
        }
        // A client that keeps sending instead of waiting for answers is not a browser.
        if self.reader.len() > MAX_WAITING {
            self.ending = true;
        }
        let error = match self.tls.state() {
            TlsState::Handshaking => return,
            TlsState::Open | TlsState::Closed => None,
            TlsState::Failed(failure) => Some(failure.reason),
        };
        if !self.told {
            self.told = true;
            cx.record(Fact::Tls {
                host: self.tls.host().map(str::to_owned),
                peer: self.peer,
                error,
            });
        }
    }

    fn answer(&mut self, pending: &Pending, response: &Response) {
        let mut response = response.clone();
        response.close |= pending.close;
        self.ending |= response.close;
        self.tls.write(&response.encode(pending.head_only));
    }
}

/// Keeps what a client wrote from filling the trace.
fn shortened(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

const HTTPS: u16 = 443;
/// So many handshakes are not disturbed by others; the other half is for those that came through.
const HANDSHAKES_KEPT: usize = TcpStack::MAX_SERVED / 2;
/// More than a browser sends before it waits for an answer.
const MAX_WAITING: usize = 256 * 1024;
const MAX_TEXT: usize = 200;
