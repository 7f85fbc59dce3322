//! A stub resolver: UDP first, TCP after a truncated answer, every server in turn (RFC 1035).
//!
//! It caches nothing, so that every look-up of a scenario is seen on the wire.

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use rand::Rng;

use super::host::Host;
use super::outgoing::{Body, Outgoing};
use super::{Ask, Transport, earliest, ephemeral_port};
use crate::message::packet::Udp;
use crate::node::Context;
use crate::node::part::tcp::{ConnId, ConnState, TcpStack};
use crate::time::Time;
use crate::trace::Resolution;

/// The look-ups under way.
#[derive(Default)]
pub(super) struct Resolver {
    lookups: Vec<Lookup>,
    ended: Vec<Ended>,
    next_id: u64,
}

/// Names one look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LookupId(u64);

/// How a look-up ended.
pub(super) struct Ended {
    pub(super) id: LookupId,
    /// The name as it was asked for.
    pub(super) name: String,
    /// What was asked for.
    pub(super) kind: RecordType,
    /// IPv4 addresses are mapped (RFC 4291 §2.5.5.2).
    pub(super) addresses: Vec<Ipv6Addr>,
    pub(super) outcome: Resolution,
}

/// What a look-up needs of the terminal around it.
pub(super) struct Means<'a> {
    pub(super) host: &'a mut Host,
    pub(super) tcp: &'a mut TcpStack,
}

struct Lookup {
    id: LookupId,
    asked: String,
    names: VecDeque<Name>,
    kind: RecordType,
    edns: Option<u16>,
    servers: Vec<Ipv6Addr>,
    /// Those of another interface, and what they are asked for then.
    others: Vec<Ipv6Addr>,
    all_names: VecDeque<Name>,
    transport: Transport,
    /// Whom to ask next, and after that.
    plan: VecDeque<Ipv6Addr>,
    tries: Vec<Try>,
    stream: Option<Stream>,
    deadline: Time,
    failure: Resolution,
}

/// A query that may still be answered over UDP.
struct Try {
    server: Ipv6Addr,
    port: u16,
    id: u16,
}

struct Stream {
    conn: ConnId,
    server: Ipv6Addr,
    id: u16,
    sent: bool,
    buffer: Vec<u8>,
}

/// What an answer means for its look-up.
enum Judged {
    NotOurs,
    Truncated,
    Failed,
    Final(Resolution, Vec<Ipv6Addr>),
}

impl Resolver {
    /// Starts a look-up; a name of one label is tried in every domain of the search list. The servers
    /// of another interface are asked once the first know nothing of a name.
    pub(super) fn start(
        &mut self,
        ask: Ask,
        (servers, others): (Vec<Ipv6Addr>, Vec<Ipv6Addr>),
        search: &[String],
        means: &mut Means<'_>,
        cx: &mut Context<'_>,
    ) -> LookupId {
        self.next_id += 1;
        let id = LookupId(self.next_id);
        let names = candidates(&ask.name, search);
        let (servers, others) = match ask.server {
            Some(server) => (vec![server], Vec::new()),
            None if servers.is_empty() => (others, Vec::new()),
            None => (servers, others),
        };
        let mut lookup = Lookup {
            id,
            all_names: names.clone(),
            names,
            asked: ask.name,
            kind: ask.kind,
            edns: ask.edns,
            servers,
            others,
            transport: ask.transport,
            plan: VecDeque::new(),
            tries: Vec::new(),
            stream: None,
            deadline: Time::NEVER,
            failure: Resolution::Timeout,
        };
        let impossible = if lookup.names.is_empty() {
            Some(Resolution::NxDomain)
        } else if lookup.servers.is_empty() {
            Some(Resolution::NoServer)
        } else {
            None
        };
        let ended = match impossible {
            Some(outcome) => Some((outcome, Vec::new())),
            None => {
                lookup.plan_tries();
                lookup.try_next(means, cx)
            }
        };
        self.keep(lookup, ended, means);
        id
    }

    /// Stops a look-up whose answer does not matter any more.
    pub(super) fn cancel(&mut self, id: LookupId, tcp: &mut TcpStack) {
        for lookup in &mut self.lookups {
            if lookup.id == id {
                lookup.drop_stream(tcp);
            }
        }
        self.lookups.retain(|lookup| lookup.id != id);
        self.ended.retain(|ended| ended.id != id);
    }

    /// Returns whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.lookups.is_empty() && self.ended.is_empty()
    }

    /// Returns whether look-ups ended since the last [`Resolver::take_ended`].
    pub(super) fn has_ended(&self) -> bool {
        !self.ended.is_empty()
    }

    /// Returns the look-ups that ended since the last call.
    pub(super) fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// Takes in a datagram from port 53.
    pub(super) fn handle_udp(
        &mut self,
        from: Ipv6Addr,
        udp: &Udp<'_>,
        means: &mut Means<'_>,
        cx: &mut Context<'_>,
    ) {
        self.each(means, cx, |lookup, means, cx| {
            let to_port = udp.destination_port;
            let expected = lookup
                .tries
                .iter()
                .find(|own| own.server == from && own.port == to_port)?;
            let judged = lookup.judge(expected.id, udp.payload);
            lookup.react(judged, from, means, cx)
        });
    }

    /// Takes in that a query could not be delivered (RFC 4443 §3.1).
    pub(super) fn handle_unreachable(
        &mut self,
        server: Ipv6Addr,
        from_port: u16,
        means: &mut Means<'_>,
        cx: &mut Context<'_>,
    ) {
        self.each(means, cx, |lookup, means, cx| {
            let latest = lookup.tries.last()?;
            if (latest.server, latest.port) != (server, from_port) {
                return None;
            }
            lookup.react(Judged::Failed, server, means, cx)
        });
    }

    /// Reads the streams, and goes on where a server stayed silent.
    pub(super) fn handle_timeout(&mut self, means: &mut Means<'_>, cx: &mut Context<'_>) {
        self.each(means, cx, |lookup, means, cx| {
            if lookup.stream.is_some()
                && let Some(ended) = lookup.read_stream(means, cx)
            {
                return Some(ended);
            }
            if lookup.deadline > cx.now() {
                return None;
            }
            lookup.drop_stream(means.tcp);
            lookup.try_next(means, cx)
        });
    }

    /// Returns when [`Resolver::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        earliest(self.lookups.iter().map(|lookup| lookup.deadline))
    }

    /// Lets every look-up react, and sorts out those that ended.
    fn each(
        &mut self,
        means: &mut Means<'_>,
        cx: &mut Context<'_>,
        mut react: impl FnMut(&mut Lookup, &mut Means<'_>, &mut Context<'_>) -> Option<End>,
    ) {
        for mut lookup in std::mem::take(&mut self.lookups) {
            let ended = react(&mut lookup, means, cx);
            self.keep(lookup, ended, means);
        }
    }

    fn keep(&mut self, mut lookup: Lookup, ended: Option<End>, means: &mut Means<'_>) {
        let Some((outcome, addresses)) = ended else {
            self.lookups.push(lookup);
            return;
        };
        lookup.drop_stream(means.tcp);
        self.ended.push(Ended {
            id: lookup.id,
            name: lookup.asked,
            kind: lookup.kind,
            addresses,
            outcome,
        });
    }
}

type End = (Resolution, Vec<Ipv6Addr>);

impl Lookup {
    fn plan_tries(&mut self) {
        self.tries.clear();
        self.plan = (0..ROUNDS).flat_map(|_| self.servers.clone()).collect();
    }

    /// Begins anew with the servers of another interface, if there are any.
    fn turn_to_others(&mut self) -> bool {
        self.servers = std::mem::take(&mut self.others);
        self.names.clone_from(&self.all_names);
        self.plan_tries();
        !self.servers.is_empty()
    }

    /// Asks the next server; returns the end if there is none left.
    fn try_next(&mut self, means: &mut Means<'_>, cx: &mut Context<'_>) -> Option<End> {
        if self.plan.is_empty() && !self.turn_to_others() {
            return Some((self.failure, Vec::new()));
        }
        let server = self.plan.pop_front()?;
        let id = cx.random().random();
        match self.transport {
            Transport::Udp => {
                let port = ephemeral_port(cx);
                self.tries.push(Try { server, port, id });
                self.deadline = cx.now() + UDP_TIMEOUT;
                let query = self.query(id);
                means.host.send(
                    Outgoing {
                        to: server,
                        hop_limit: None,
                        body: Body::Udp {
                            from_port: port,
                            to_port: DNS_PORT,
                            payload: &query,
                            may_be_cut: false,
                        },
                    },
                    cx,
                );
            }
            Transport::Tcp => {
                self.deadline = cx.now() + TCP_TIMEOUT;
                let to = SocketAddrV6::new(server, DNS_PORT, 0, 0);
                let from = means.host.source_for(server, cx.now());
                let conn = from.and_then(|from| means.tcp.connect(from, to, cx.now()));
                self.stream = conn.map(|conn| Stream {
                    conn,
                    server,
                    id,
                    sent: false,
                    buffer: Vec::new(),
                });
            }
        }
        None
    }

    fn query(&self, id: u16) -> Vec<u8> {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        if let Some(name) = self.names.front() {
            message.add_query(Query::query(name.clone(), self.kind));
        }
        if let Some(size) = self.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(size);
            message.set_edns(edns);
        }
        message.to_vec().unwrap_or_default()
    }

    fn judge(&self, id: u16, bytes: &[u8]) -> Judged {
        let Ok(message) = Message::from_vec(bytes) else {
            return Judged::NotOurs;
        };
        let header = &message.metadata;
        let same_question = message.queries.first().is_some_and(|query| {
            query.query_type == self.kind
                && self
                    .names
                    .front()
                    .is_some_and(|name| name.eq_ignore_root(&query.name))
        });
        let ours = header.id == id && header.message_type == MessageType::Response && same_question;
        if !ours {
            return Judged::NotOurs;
        }
        if header.truncation {
            return Judged::Truncated;
        }
        match header.response_code {
            ResponseCode::NoError => {}
            ResponseCode::NXDomain => return Judged::Final(Resolution::NxDomain, Vec::new()),
            _ => return Judged::Failed,
        }
        let of_kind = |kind| self.kind == RecordType::ANY || kind == self.kind;
        let matching = message
            .answers
            .iter()
            .filter(|record| of_kind(record.record_type()));
        let outcome = if matching.clone().next().is_some() {
            Resolution::Answered
        } else {
            Resolution::NoData
        };
        let addresses = matching.filter_map(|record| match &record.data {
            RData::AAAA(address) => Some(address.0),
            RData::A(address) => Some(address.0.to_ipv6_mapped()),
            _ => None,
        });
        Judged::Final(outcome, addresses.take(ADDRESSES_MAX).collect())
    }

    fn react(
        &mut self,
        judged: Judged,
        server: Ipv6Addr,
        means: &mut Means<'_>,
        cx: &mut Context<'_>,
    ) -> Option<End> {
        match judged {
            Judged::NotOurs => None,
            // RFC 7766 §5: what did not fit is asked for again over TCP.
            Judged::Truncated if self.transport == Transport::Udp => {
                self.transport = Transport::Tcp;
                self.tries.clear();
                self.plan.push_front(server);
                self.try_next(means, cx)
            }
            Judged::Truncated | Judged::Failed => {
                self.failure = Resolution::ServerFailure;
                self.plan.retain(|own| *own != server);
                self.tries.retain(|own| own.server != server);
                self.drop_stream(means.tcp);
                self.try_next(means, cx)
            }
            Judged::Final(Resolution::Answered, addresses) => {
                Some((Resolution::Answered, addresses))
            }
            Judged::Final(outcome, addresses) => {
                self.names.pop_front();
                self.drop_stream(means.tcp);
                if self.names.is_empty() && !self.turn_to_others() {
                    return Some((outcome, addresses));
                }
                self.plan_tries();
                self.try_next(means, cx)
            }
        }
    }

    fn read_stream(&mut self, means: &mut Means<'_>, cx: &mut Context<'_>) -> Option<End> {
        let (conn, state) = {
            let conn = self.stream.as_ref()?.conn;
            (conn, means.tcp.state(conn))
        };
        let id = self.stream.as_ref()?.id;
        let query = self.query(id);
        let stream = self.stream.as_mut()?;
        if state == ConnState::Open && !stream.sent {
            stream.sent = true;
            // RFC 1035 §4.2.2.
            let length = u16::try_from(query.len()).unwrap_or(u16::MAX);
            means
                .tcp
                .write(conn, &[&length.to_be_bytes()[..], &query].concat());
        }
        stream.buffer.extend(means.tcp.read(conn));
        let server = stream.server;
        if let Some((length, rest)) = stream.buffer.split_first_chunk()
            && let Some(answer) = rest.get(..u16::from_be_bytes(*length).into())
        {
            let answer = answer.to_vec();
            let judged = match self.judge(id, &answer) {
                Judged::NotOurs => Judged::Failed,
                judged => judged,
            };
            return self.react(judged, server, means, cx);
        }
        match state {
            ConnState::Connecting | ConnState::Open => None,
            ConnState::PeerClosed | ConnState::Refused | ConnState::Closed => {
                self.react(Judged::Failed, server, means, cx)
            }
        }
    }

    fn drop_stream(&mut self, tcp: &mut TcpStack) {
        if let Some(stream) = self.stream.take() {
            match tcp.state(stream.conn) {
                ConnState::Connecting => tcp.abort(stream.conn),
                _ => tcp.close(stream.conn),
            }
            tcp.forget(stream.conn);
        }
    }
}

/// Returns the names to try: the name itself, or below every domain of the search list.
fn candidates(name: &str, search: &[String]) -> VecDeque<Name> {
    let absolute = |text: &str| {
        let mut name = Name::from_ascii(text).ok()?;
        name.set_fqdn(true);
        Some(name)
    };
    if name.is_empty() || name.contains('.') || search.is_empty() {
        let given = if name.is_empty() {
            None
        } else {
            absolute(name)
        };
        return given.into_iter().collect();
    }
    search
        .iter()
        .filter_map(|domain| absolute(&format!("{name}.{domain}")))
        .collect()
}

const DNS_PORT: u16 = 53;
// The time-out that shows in the transcript of the guide's p.15.
const UDP_TIMEOUT: Duration = Duration::from_secs(2);
const TCP_TIMEOUT: Duration = Duration::from_secs(5);
/// More than any host of the line has; an answer has room for thousands.
const ADDRESSES_MAX: usize = 64;
/// How often every server is asked.
const ROUNDS: usize = 3;
