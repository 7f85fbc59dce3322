//! Questions over TCP, which go upstream over TCP (RFC 5625 §4.4.1): many on one connection, in
//! any order (RFC 7766 §6.2.1.1).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use etherparse::TcpSlice;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::own_failures;
use super::own_refusals::OwnRefusals;
use super::{
    Desk, MAX_OUTSTANDING, NO_DNS_PROXY, Side, Transmit, is_failure, spoilt_answers,
    spoilt_questions,
};
use crate::message::dns::{self, PORT, Question};
use crate::message::packet::{IPV6_HEADER, ipv4};
use crate::node::dns::sessions::{Habits, Sessions};
use crate::node::part::tcp::{ConnId, ConnState, TcpStack};
use crate::node::router::defect::defects;
use crate::time::Time;

/// The forwarder's TCP: clients on one hand, servers on the other.
#[derive(Default)]
pub(super) struct OverTcp {
    /// Made when the first segment comes, since its seed is drawn at random.
    stack: Option<TcpStack>,
    sessions: Sessions,
    upstreams: BTreeMap<ConnId, Upstream>,
    waiting: Vec<Waiting>,
    refusals: OwnRefusals,
    /// Clients out on the line, with the defect that serves them.
    outside: BTreeSet<Ipv6Addr>,
}

/// A connection to a server.
struct Upstream {
    server: Ipv6Addr,
    incoming: Vec<u8>,
    idle_at: Time,
}

struct Waiting {
    client: ConnId,
    query: Vec<u8>,
    forwarded: Vec<u8>,
    /// The servers that are still to be asked, in reverse order.
    plan: Vec<Ipv6Addr>,
    /// The connection it was sent on, and the id it has there.
    asked: Option<(ConnId, u16)>,
    retry_at: Time,
    /// What a server said that failed, for the terminal if no other one does better.
    failure: Option<Vec<u8>>,
}

impl OverTcp {
    pub(super) fn set_addresses(&mut self, desk: &Desk) {
        if let Some(stack) = &mut self.stack {
            stack.set_addresses(&addresses(desk));
        }
    }

    pub(super) fn lower_mtu(&mut self, mtu: usize) {
        if let Some(stack) = &mut self.stack {
            stack.lower_mtu(mtu);
        }
    }

    pub(super) fn handle_packet(
        &mut self,
        desk: &mut Desk,
        side: Side,
        ip: &[u8],
        now: Time,
        rng: &mut ChaCha8Rng,
    ) {
        if side == Side::Wan && !self.admits(desk, ip) {
            return;
        }
        let stack = self.stack.get_or_insert_with(|| {
            let mut stack = TcpStack::new(rng.random());
            stack.set_addresses(&addresses(desk));
            if !desk.has(NO_DNS_TCP) && !desk.has(NO_DNS_PROXY) {
                stack.listen(PORT);
            }
            stack
        });
        stack.receive(ip, now);
        self.drive(desk, now, rng);
    }

    /// Returns whether a packet from the line may come in: as an answer, or if the defect lets it.
    fn admits(&mut self, desk: &Desk, ip: &[u8]) -> bool {
        let Ok(segment) = TcpSlice::from_slice(segment(ip)) else {
            return false;
        };
        if segment.destination_port() != PORT {
            return segment.source_port() == PORT && (segment.ack() || !segment.syn());
        }
        let serves = desk.serves(Side::Wan) || desk.has(DNS_TCP_OPEN_ON_WAN);
        let open = serves && self.outside.len() < MAX_OUTSTANDING;
        if let Some(source) = address(ip, 8).filter(|_| open) {
            self.outside.insert(source);
        }
        open
    }

    /// Moves everything on that can move.
    pub(super) fn drive(&mut self, desk: &mut Desk, now: Time, rng: &mut ChaCha8Rng) {
        let Some(mut stack) = self.stack.take() else {
            return;
        };
        let habits = habits(desk);
        for (client, query) in self.sessions.collect_with(&mut stack, habits, now) {
            self.take_query(desk, &mut stack, client, &query, now, rng);
        }
        self.take_answers(desk, &mut stack, now);
        self.retry(desk, &mut stack, now, rng);
        for ip in stack.poll(now) {
            desk.outbox.push_back(Transmit::Tcp {
                side: self.side_of(&ip),
                ip,
            });
        }
        self.stack = Some(stack);
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let stack = self.stack.as_ref().and_then(TcpStack::poll_timeout);
        let idle = self.upstreams.values().map(|upstream| upstream.idle_at);
        let retries = self.waiting.iter().map(|waiting| waiting.retry_at);
        let timers = stack.into_iter().chain(self.sessions.poll_timeout());
        timers.chain(idle).chain(retries).min()
    }

    fn take_query(
        &mut self,
        desk: &mut Desk,
        stack: &mut TcpStack,
        client: ConnId,
        query: &[u8],
        now: Time,
        rng: &mut ChaCha8Rng,
    ) {
        if desk.has(NEVER_ANSWERS_TCP) {
            return;
        }
        let open = self.waiting.len();
        if let Some(response) = self.refusals.refuse(query, open, &desk.lan, &desk.defects) {
            self.sessions.answer(stack, client, Some(&response));
            return;
        }
        let spoilt = spoilt_questions::spoil(query, &desk.defects);
        let Some(forwarded) = spoilt.filter(|_| dns::is_query(query)) else {
            self.sessions.answer(stack, client, None);
            return;
        };
        let name = Question::of(query).map_or_else(String::new, |question| question.name_text());
        let mut plan = desk.servers.plan(&name, now);
        if let (Some(server), Some(wan)) = (plan.first(), desk.wan)
            && desk.has(ASKS_UDP_FIRST)
        {
            desk.outbox.push_back(Transmit::Udp {
                side: Side::Wan,
                source: SocketAddrV6::new(wan, rng.random_range(49_152..=u16::MAX), 0, 0),
                destination: SocketAddrV6::new(*server, PORT, 0, 0),
                payload: forwarded.clone(),
            });
        }
        if self.waiting.len() >= MAX_OUTSTANDING {
            plan.clear();
        }
        plan.reverse();
        let mut waiting = Waiting {
            client,
            query: query.to_vec(),
            forwarded,
            plan,
            asked: None,
            retry_at: now,
            failure: None,
        };
        if self.ask_next(desk, stack, &mut waiting, now, rng) {
            self.waiting.push(waiting);
        }
    }

    /// Takes in what servers sent, and lets go of connections that are over.
    fn take_answers(&mut self, desk: &mut Desk, stack: &mut TcpStack, now: Time) {
        let ids: Vec<ConnId> = self.upstreams.keys().copied().collect();
        for id in ids {
            let Some(mut upstream) = self.upstreams.remove(&id) else {
                continue;
            };
            upstream.incoming.extend(stack.read(id));
            while let Some(response) = dns::take_from_stream(&mut upstream.incoming) {
                upstream.idle_at = now + IDLE;
                self.take_answer(desk, stack, id, &response, now);
            }
            let on_it = |waiting: &Waiting| waiting.asked.is_some_and(|(on, _)| on == id);
            let busy = self.waiting.iter().any(on_it);
            let alive = matches!(stack.state(id), ConnState::Connecting | ConnState::Open);
            if alive && (busy || now < upstream.idle_at) {
                if busy {
                    upstream.idle_at = upstream.idle_at.max(now + IDLE);
                }
                self.upstreams.insert(id, upstream);
                continue;
            }
            stack.forget(id);
            if desk.has(WAITS_FOR_CLOSED_CONNECTIONS) {
                continue;
            }
            for waiting in &mut self.waiting {
                if on_it(waiting) {
                    // RFC 7766 §6.2.4: what was not answered is asked again.
                    waiting.asked = None;
                    waiting.retry_at = now;
                    if desk.has(FAILS_WITH_CONNECTIONS) {
                        waiting.plan.clear();
                    }
                }
            }
        }
    }

    fn take_answer(
        &mut self,
        desk: &mut Desk,
        stack: &mut TcpStack,
        on: ConnId,
        response: &[u8],
        now: Time,
    ) {
        let answers = |waiting: &Waiting| {
            // RFC 7766 §7: by the id, and by the question, if there is one.
            let same = match (Question::of(&waiting.forwarded), Question::of(response)) {
                (Some(asked), Some(answered)) => {
                    asked.is_same(&answered) || desk.has(IGNORES_TCP_QUESTION)
                }
                _ => true,
            };
            same && waiting.asked.is_some_and(|(conn, id)| {
                let same_id = Some(id) == dns::id(response) || desk.has(IGNORES_TCP_ID);
                conn == on && same_id && dns::is_response(response)
            })
        };
        let Some(index) = self.waiting.iter().position(answers) else {
            return;
        };
        let mut waiting = self.waiting.remove(index);
        let server = *stack.peer(on).ip();
        desk.servers.note_answer(server);
        if is_failure(response) && desk.tries_others(&mut waiting.plan, server) {
            waiting.failure = Some(response.to_vec());
            waiting.asked = None;
            waiting.retry_at = now;
            self.waiting.push(waiting);
            return;
        }
        self.hand_on(desk, stack, &waiting, response);
    }

    /// Hands on what a server answered, under the id of the question.
    fn hand_on(
        &mut self,
        desk: &mut Desk,
        stack: &mut TcpStack,
        waiting: &Waiting,
        response: &[u8],
    ) {
        let mut response = match dns::records(response) {
            Some(_) => spoilt_answers::spoil(response, false, &desk.defects),
            None => own_failures::failure(&waiting.query, &desk.defects),
        };
        if let (Some(response), Some(id)) = (&mut response, dns::id(&waiting.query)) {
            dns::set_id(response, id);
        }
        if let Some(payload) = response.take_if(|_| desk.has(ANSWERS_TCP_OVER_UDP)) {
            desk.outbox.push_back(Transmit::Udp {
                side: Side::Lan,
                source: stack.local(waiting.client),
                destination: stack.peer(waiting.client),
                payload,
            });
        }
        self.sessions
            .answer(stack, waiting.client, response.as_deref());
        if desk.has(CLOSES_AFTER_ONE_ANSWER) {
            self.sessions.end(stack, waiting.client);
        }
    }

    /// Asks the next server where one was silent or closed the connection.
    fn retry(&mut self, desk: &mut Desk, stack: &mut TcpStack, now: Time, rng: &mut ChaCha8Rng) {
        let (due, kept) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|waiting| waiting.retry_at <= now);
        self.waiting = kept;
        for mut waiting in due {
            if let Some((on, _)) = waiting.asked.take() {
                desk.servers.note_silence(*stack.peer(on).ip(), now);
            }
            if self.ask_next(desk, stack, &mut waiting, now, rng) {
                self.waiting.push(waiting);
            }
        }
    }

    /// Asks the next server; if there is none left, the question fails and `false` is returned.
    fn ask_next(
        &mut self,
        desk: &mut Desk,
        stack: &mut TcpStack,
        waiting: &mut Waiting,
        now: Time,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        let server = waiting.plan.pop();
        let upstream = server.and_then(|server| self.upstream(desk, stack, server, now));
        let Some(upstream) = upstream else {
            let failure = waiting.failure.take();
            match failure.or_else(|| own_failures::failure(&waiting.query, &desk.defects)) {
                Some(failure) => self.hand_on(desk, stack, waiting, &failure),
                None => self.sessions.answer(stack, waiting.client, None),
            }
            return false;
        };
        let taken = |id: u16| {
            let mut asked = self.waiting.iter().filter_map(|waiting| waiting.asked);
            asked.any(|known| known == (upstream, id))
        };
        let mut id: u16 = rng.random();
        while taken(id) {
            id = id.wrapping_add(1);
        }
        let mut message = waiting.forwarded.clone();
        dns::set_id(&mut message, id);
        stack.write(upstream, &dns::to_stream(&message));
        waiting.asked = Some((upstream, id));
        waiting.retry_at = now + PATIENCE;
        true
    }

    /// Returns a connection to a server, the one there is or a fresh one.
    fn upstream(
        &mut self,
        desk: &Desk,
        stack: &mut TcpStack,
        server: Ipv6Addr,
        now: Time,
    ) -> Option<ConnId> {
        let wan = desk.source_to(server)?;
        let open = self.upstreams.iter().find(|(id, upstream)| {
            let alive = matches!(stack.state(**id), ConnState::Connecting | ConnState::Open);
            alive && upstream.server == server && *stack.local(**id).ip() == wan
        });
        if let Some((id, _)) = open {
            return Some(*id);
        }
        let id = stack.connect(wan, SocketAddrV6::new(server, PORT, 0, 0), now)?;
        let upstream = Upstream {
            server,
            incoming: Vec::new(),
            idle_at: now + IDLE,
        };
        self.upstreams.insert(id, upstream);
        Some(id)
    }

    /// Returns where a packet of ours goes: to a server, or back to a client.
    fn side_of(&self, ip: &[u8]) -> Side {
        let to_client = segment(ip).get(..2) == Some(&PORT.to_be_bytes());
        let outside = ipv4::destination(ip).is_some_and(|to| self.outside.contains(&to));
        if to_client && !outside {
            Side::Lan
        } else {
            Side::Wan
        }
    }
}

fn habits(desk: &Desk) -> Habits {
    Habits {
        reads_once: desk.has(READS_TCP_ONCE),
        one_client: desk.has(ONE_TCP_CLIENT),
        two_clients: desk.has(TWO_TCP_CLIENTS),
        ends_half_closed: desk.has(ENDS_HALF_CLOSED),
    }
}

fn addresses(desk: &Desk) -> Vec<Ipv6Addr> {
    let sessions = desk.sessions.iter().map(|session| session.own);
    let own = desk.wan.into_iter().chain(desk.lan.clone());
    let mut addresses: Vec<Ipv6Addr> = own.chain(sessions).collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

/// Returns the segment in an IP packet.
fn segment(ip: &[u8]) -> &[u8] {
    let is_ipv4 = ip.first().is_some_and(|first| first >> 4 == 4);
    let header = match is_ipv4 {
        true => usize::from(ip[0] & 0xf) * 4,
        false => IPV6_HEADER,
    };
    ip.get(header..).unwrap_or_default()
}

fn address(ip: &[u8], at: usize) -> Option<Ipv6Addr> {
    let octets: &[u8; 16] = ip.get(at..)?.first_chunk()?;
    Some((*octets).into())
}

/// How long one server may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a connection to a server is kept for the next question.
const IDLE: Duration = Duration::from_secs(5);

defects! {
    /// Answers DNS questions that come in on the WAN over TCP.
    DNS_TCP_OPEN_ON_WAN = "dns-tcp-open-on-wan",
        "WAN側からTCPで届いたDNSの問い合わせに応答する。";
    /// Has no DNS over TCP on its LAN, as Yamaha proxies (ngn-facts §4.4).
    NO_DNS_TCP = "no-dns-tcp",
        "LAN側でDNSをTCPで待ち受けない。ヤマハのDNSプロキシがそうする。";
    /// Takes questions over TCP and answers none.
    NEVER_ANSWERS_TCP = "never-answers-tcp",
        "TCPの接続は受け付けるが、問い合わせには一切応答しない。";
    /// Asks servers over UDP first whatever comes in over TCP.
    ASKS_UDP_FIRST = "asks-udp-first",
        "TCPで受けた問い合わせも、先にUDPで上位に送る。";
    /// Answers questions that came over TCP with a datagram.
    ANSWERS_TCP_OVER_UDP = "answers-tcp-over-udp",
        "TCPで受けた問い合わせにUDPで応答する。";
    /// Closes a TCP connection once it has answered one question.
    CLOSES_AFTER_ONE_ANSWER = "closes-after-one-answer",
        "応答を1つ返すとTCP接続を閉じる。";
    /// Takes what one segment brings for a whole DNS message, and closes if it is not.
    READS_TCP_ONCE = "reads-tcp-once",
        "TCPの1セグメントをDNSメッセージの全体とみなし、足りなければ接続を閉じる。";
    /// Closes a TCP connection whose client has closed its side, whatever is unanswered.
    ENDS_HALF_CLOSED = "ends-half-closed",
        "端末が送信側を閉じたTCP接続を、未応答の問い合わせがあっても閉じる。";
    /// Waits for servers that have closed their connection as for those that say nothing.
    WAITS_FOR_CLOSED_CONNECTIONS = "waits-for-closed-connections",
        "サーバがTCP接続を閉じても、未応答の問い合わせの応答を時間切れまで待つ。";
    /// Gives a question up as failed when its server closes the TCP connection.
    FAILS_WITH_CONNECTIONS = "fails-with-connections",
        "サーバがTCP接続を閉じると、未応答の問い合わせを送り直さずにSERVFAILを返す。";
    /// Believes answers over TCP whatever their id.
    IGNORES_TCP_ID = "ignores-tcp-id",
        "TCPでは、IDの異なる応答も受け入れる。";
    /// Believes answers over TCP to questions that it did not ask.
    IGNORES_TCP_QUESTION = "ignores-tcp-question",
        "TCPでは、問い合わせていない内容への応答も受け入れる。";
    /// Serves one TCP client at a time, the others when it has gone.
    ONE_TCP_CLIENT = "one-tcp-client",
        "TCPでは一度に1台の端末にしか応答せず、ほかの端末を待たせる。";
    /// Serves two TCP connections at a time, and closes the third unheard.
    TWO_TCP_CLIENTS = "two-tcp-clients",
        "TCPの接続を同時に二つまでしか扱わず、三つ目は問い合わせを聞かずに閉じる。";
}
