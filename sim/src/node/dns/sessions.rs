//! The TCP connections of DNS clients: length framing, pipelining, idle time (RFC 7766).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::message::dns;
use crate::node::part::tcp::{ConnId, ConnState, TcpStack};
use crate::time::Time;

/// The connections that clients have opened.
#[derive(Debug, Default)]
pub(in crate::node) struct Sessions {
    open: BTreeMap<ConnId, Session>,
}

#[derive(Debug)]
struct Session {
    incoming: Vec<u8>,
    /// Queries that have not been answered yet.
    pending: usize,
    idle_at: Time,
}

/// What a broken server does with its connections.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::node) struct Habits {
    /// It closes a connection whose first segment is no whole message.
    pub(in crate::node) reads_once: bool,
    /// It hears one connection alone, the oldest.
    pub(in crate::node) one_client: bool,
    /// It closes every connection beside the two oldest.
    pub(in crate::node) two_clients: bool,
    /// It closes a connection whose client has closed its side, whatever is unanswered.
    pub(in crate::node) ends_half_closed: bool,
}

impl Sessions {
    /// Returns the queries that have become whole, each with its connection, and ends the
    /// connections that are over.
    pub(in crate::node) fn collect(
        &mut self,
        stack: &mut TcpStack,
        now: Time,
    ) -> Vec<(ConnId, Vec<u8>)> {
        self.collect_with(stack, Habits::default(), now)
    }

    /// Does so as a broken server does.
    pub(in crate::node) fn collect_with(
        &mut self,
        stack: &mut TcpStack,
        habits: Habits,
        now: Time,
    ) -> Vec<(ConnId, Vec<u8>)> {
        while let Some(id) = stack.accept() {
            let session = Session {
                incoming: Vec::new(),
                pending: 0,
                idle_at: now + IDLE,
            };
            self.open.insert(id, session);
            self.make_room(stack);
        }
        let mut queries = Vec::new();
        let oldest = self.open.keys().next().copied();
        let second = self.open.keys().nth(1).copied();
        self.open.retain(|id, session| {
            if habits.one_client && Some(*id) != oldest {
                session.idle_at = now + IDLE;
                return true;
            }
            if habits.two_clients && ![oldest, second].contains(&Some(*id)) {
                stack.forget(*id);
                return false;
            }
            let bytes = stack.read(*id);
            if !bytes.is_empty() {
                session.incoming.extend(bytes);
                session.idle_at = now + IDLE;
            }
            while let Some(query) = dns::take_from_stream(&mut session.incoming) {
                session.pending += 1;
                queries.push((*id, query));
            }
            let cut_short = habits.reads_once && !session.incoming.is_empty();
            let keep = session.pending <= MAX_PENDING
                && !cut_short
                && match stack.state(*id) {
                    ConnState::Connecting | ConnState::Open => now < session.idle_at,
                    // RFC 7766 §6.2.4: what was asked before is still answered.
                    ConnState::PeerClosed => {
                        session.pending > 0 && now < session.idle_at && !habits.ends_half_closed
                    }
                    ConnState::Refused | ConnState::Closed => false,
                };
            if !keep {
                stack.forget(*id);
            }
            keep
        });
        queries.retain(|(id, _)| self.open.contains_key(id));
        queries
    }

    /// Ends the connections that have been idle longest, if there are too many (RFC 7766 §6.2.3
    /// leaves it to the server when to do so).
    fn make_room(&mut self, stack: &mut TcpStack) {
        while self.open.len() > TcpStack::MAX_SERVED {
            let longest = self.open.iter().min_by_key(|(_, session)| session.idle_at);
            let Some(id) = longest.map(|(id, _)| *id) else {
                return;
            };
            self.end(stack, id);
        }
    }

    /// Sends the answer to one query of a connection, or none at all.
    pub(in crate::node) fn answer(
        &mut self,
        stack: &mut TcpStack,
        id: ConnId,
        response: Option<&[u8]>,
    ) {
        let Some(session) = self.open.get_mut(&id) else {
            return;
        };
        session.pending = session.pending.saturating_sub(1);
        if let Some(response) = response {
            stack.write(id, &dns::to_stream(response));
        }
        if session.pending == 0 && stack.state(id) == ConnState::PeerClosed {
            self.open.remove(&id);
            stack.forget(id);
        }
    }

    /// Ends a connection, whatever is still unanswered on it.
    pub(in crate::node) fn end(&mut self, stack: &mut TcpStack, id: ConnId) {
        if self.open.remove(&id).is_some() {
            stack.forget(id);
        }
    }

    /// Returns when [`Sessions::collect`] is next needed though no segment arrives.
    pub(in crate::node) fn poll_timeout(&self) -> Option<Time> {
        self.open.values().map(|session| session.idle_at).min()
    }
}

/// RFC 7766 §6.2.3 speaks of a few seconds.
const IDLE: Duration = Duration::from_secs(10);
/// More queries on one connection than any client has at a time.
const MAX_PENDING: usize = 100;
