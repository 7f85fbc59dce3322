//! Questions over UDP: asked again elsewhere when a server is silent, and matched with their
//! answers by everything RFC 5452 §9.1 lists.

use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::own_failures;
use super::own_refusals::OwnRefusals;
use super::servers::DNS_STORM;
use super::wrong_cache::WrongCache;
use super::{Desk, MAX_OUTSTANDING, Side, Transmit, is_failure, spoilt_answers, spoilt_questions};
use crate::message::dns::{self, FORMAT_ERROR, PORT, Question};
use crate::node::router::defect::defects;
use crate::time::Time;

mod unreachable;

/// The questions that wait for an answer, oldest first.
#[derive(Default)]
pub(super) struct OverUdp {
    waiting: Vec<Waiting>,
    next_id: u16,
    /// Whether a defect stopped it for good.
    is_hung: bool,
    /// Empty unless a defect fills it.
    cache: WrongCache,
    refusals: OwnRefusals,
    /// When a defect next asks the servers whether they are there.
    health: Option<Time>,
}

struct Waiting {
    client: Client,
    /// The query as it came.
    query: Vec<u8>,
    /// The query as it goes upstream, but for its id.
    forwarded: Vec<u8>,
    /// The servers that are still to be asked, in reverse order.
    plan: Vec<Ipv6Addr>,
    attempts: Vec<Attempt>,
    /// When the next server is asked.
    retry_at: Time,
    /// What a server said that failed, for the terminal if no other one does better.
    failure: Option<Vec<u8>>,
}

/// Who asked, and where.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Client {
    side: Side,
    from: SocketAddrV6,
    to: SocketAddrV6,
}

/// One query as it went upstream.
#[derive(Clone, Copy)]
struct Attempt {
    server: SocketAddrV6,
    source: SocketAddrV6,
    id: u16,
}

/// What a message from a server is good for.
enum Reply {
    Answer,
    Malformed,
    Forged,
}

impl OverUdp {
    pub(super) fn handle_query(
        &mut self,
        desk: &mut Desk,
        side: Side,
        (from, to): (SocketAddrV6, SocketAddrV6),
        query: &[u8],
        now: Time,
        rng: &mut ChaCha8Rng,
    ) {
        if desk.has(ASKS_ON_ITS_OWN) {
            self.health.get_or_insert(now);
        }
        let client = Client { side, from, to };
        let known = |waiting: &Waiting| waiting.client == client && waiting.query == query;
        // A client's repetition adds nothing: the question is being asked (RFC 5452 §5).
        if !dns::is_query(query) || self.waiting.iter().any(known) || self.ignores(desk, query) {
            return;
        }
        let Some(forwarded) = spoilt_questions::spoil(query, &desk.defects) else {
            return;
        };
        if let Some(response) = self.cache.look_up(query, now) {
            answer(desk, client, Some(response));
            return;
        }
        let open = self.waiting.len();
        if let Some(response) = self.refusals.refuse(query, open, &desk.lan, &desk.defects) {
            answer(desk, client, Some(response));
            return;
        }
        if self.waiting.len() >= MAX_OUTSTANDING {
            let failure = own_failures::failure(query, &desk.defects);
            answer(desk, client, failure);
            return;
        }
        let name = Question::of(query).map_or_else(String::new, |question| question.name_text());
        if let Some(server) = desk.servers.leak_for(&name) {
            self.send(desk, server, &forwarded, rng);
        }
        let mut plan = desk.servers.plan(&name, now);
        plan.reverse();
        let mut waiting = Waiting {
            client,
            query: query.to_vec(),
            forwarded,
            plan,
            attempts: Vec::new(),
            retry_at: now,
            failure: None,
        };
        if desk.has(ASKS_LATE) {
            waiting.retry_at = now + LATE;
            self.waiting.push(waiting);
        } else if self.ask_next(desk, &mut waiting, now, rng) {
            self.waiting.push(waiting);
        }
    }

    /// Takes in a message from upstream; `false` if nobody waits for one on that port.
    pub(super) fn handle_response(
        &mut self,
        desk: &mut Desk,
        from: SocketAddrV6,
        to: SocketAddrV6,
        response: &[u8],
        now: Time,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        let mut attempts = self.waiting.iter().flat_map(|waiting| &waiting.attempts);
        if !attempts.any(|attempt| attempt.source == to || desk.has(IGNORES_DNS_PORT)) {
            return false;
        }
        let id = dns::id(response);
        let matches = |attempt: &Attempt| {
            (attempt.source == to || desk.has(IGNORES_DNS_PORT))
                && (attempt.server == from || desk.has(IGNORES_DNS_SOURCE))
                && (Some(attempt.id) == id || desk.has(IGNORES_DNS_ID))
        };
        let found = self
            .waiting
            .iter()
            .position(|waiting| waiting.attempts.iter().any(matches));
        let Some(index) = found.filter(|_| dns::is_response(response)) else {
            return true;
        };
        let reply = match judge(&self.waiting[index].forwarded, response) {
            Reply::Forged if desk.has(IGNORES_DNS_QUESTION) => Reply::Answer,
            Reply::Forged if desk.has(FAILS_ON_FORGED) => Reply::Malformed,
            reply => reply,
        };
        match reply {
            Reply::Forged => {}
            Reply::Malformed if desk.has(SILENT_ON_MALFORMED) => {
                self.waiting.remove(index);
            }
            Reply::Malformed => {
                self.is_hung = desk.has(HANGS_ON_MALFORMED);
                let waiting = self.waiting.remove(index);
                let failure = own_failures::failure(&waiting.query, &desk.defects);
                answer(desk, waiting.client, failure);
            }
            Reply::Answer => {
                desk.servers.note_answer(*from.ip());
                self.cache.keep(response, &desk.defects, now);
                let mut waiting = self.waiting.remove(index);
                let goes_on = is_failure(response) || desk.has(ASKS_ON_AFTER_ANSWER);
                if goes_on && desk.tries_others(&mut waiting.plan, *from.ip()) {
                    waiting.failure = Some(response.to_vec());
                    if self.ask_next(desk, &mut waiting, now, rng) {
                        self.waiting.push(waiting);
                    }
                    return true;
                }
                hand_on(desk, &waiting, response);
            }
        }
        true
    }

    pub(super) fn handle_timeout(&mut self, desk: &mut Desk, now: Time, rng: &mut ChaCha8Rng) {
        if self.health.is_some_and(|at| at <= now) {
            self.health = Some(now + HEALTH_INTERVAL);
            for server in desk.servers.all() {
                self.send(desk, server, HEALTH, rng);
            }
        }
        let (due, kept) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|waiting| waiting.retry_at <= now);
        self.waiting = kept;
        for mut waiting in due {
            if let Some(attempt) = waiting.attempts.last() {
                desk.servers.note_silence(*attempt.server.ip(), now);
            }
            if self.ask_next(desk, &mut waiting, now, rng) {
                self.waiting.push(waiting);
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let retries = self.waiting.iter().map(|waiting| waiting.retry_at);
        retries.chain(self.health).min()
    }

    /// Asks the next server; if there is none left, the question fails and `false` is returned.
    fn ask_next(
        &mut self,
        desk: &mut Desk,
        waiting: &mut Waiting,
        now: Time,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        let server = waiting.plan.pop();
        let attempt = server.and_then(|server| self.send(desk, server, &waiting.forwarded, rng));
        let Some(attempt) = attempt else {
            match &waiting.failure {
                Some(failure) => hand_on(desk, waiting, failure),
                None => {
                    let failure = own_failures::failure(&waiting.query, &desk.defects);
                    answer(desk, waiting.client, failure);
                }
            }
            return false;
        };
        if desk.has(FORGETS_EARLIER_TRIES) {
            waiting.attempts.clear();
        }
        waiting.attempts.push(attempt);
        waiting.retry_at = now + if desk.has(DNS_STORM) { STORM } else { PATIENCE };
        true
    }

    /// Sends a query upstream under an id and from a port of its own (RFC 5452 §9.2).
    fn send(
        &mut self,
        desk: &mut Desk,
        server: Ipv6Addr,
        query: &[u8],
        rng: &mut ChaCha8Rng,
    ) -> Option<Attempt> {
        let id = if desk.has(SEQUENTIAL_DNS_IDS) {
            self.next_id = self.next_id.wrapping_add(1);
            self.next_id
        } else if desk.has(DNS_IDS_OF_EIGHT_BITS) {
            rng.random_range(0..=0xff)
        } else {
            rng.random()
        };
        let port = if desk.has(FIXED_DNS_PORT) {
            FIXED_PORT
        } else if desk.has(SIXTEEN_DNS_PORTS) {
            FIXED_PORT + rng.random_range(0..16)
        } else {
            self.free_port(rng)?
        };
        let attempt = Attempt {
            server: SocketAddrV6::new(server, PORT, 0, 0),
            source: SocketAddrV6::new(desk.source_to(server)?, port, 0, 0),
            id,
        };
        let mut payload = query.to_vec();
        dns::set_id(&mut payload, id);
        desk.outbox.push_back(Transmit::Udp {
            side: Side::Wan,
            source: attempt.source,
            destination: attempt.server,
            payload,
        });
        Some(attempt)
    }

    /// Returns whether a broken forwarder forgets a question, as for one that is open.
    fn ignores(&self, desk: &Desk, query: &[u8]) -> bool {
        let same_id = |waiting: &Waiting| dns::id(&waiting.query) == dns::id(query);
        self.is_hung
            || desk.has(ONE_QUESTION_AT_A_TIME) && !self.waiting.is_empty()
            || desk.has(FORTY_QUESTIONS_AT_ONCE) && self.waiting.len() >= FORTY
            || desk.has(MIXES_UP_IDS) && self.waiting.iter().any(same_id)
    }

    fn free_port(&self, rng: &mut ChaCha8Rng) -> Option<u16> {
        let taken = |port: u16| {
            let mut attempts = self.waiting.iter().flat_map(|waiting| &waiting.attempts);
            attempts.any(|attempt| attempt.source.port() == port)
        };
        (0..64)
            .map(|_| rng.random_range(FIRST_PORT..=u16::MAX))
            .find(|port| !taken(*port))
    }
}

/// Hands on what a server answered, under the id of the question.
fn hand_on(desk: &mut Desk, waiting: &Waiting, response: &[u8]) {
    let mut response = spoilt_answers::spoil(response, true, &desk.defects);
    if let (Some(response), Some(id)) = (&mut response, dns::id(&waiting.query))
        && !desk.has(LEAKS_UPSTREAM_IDS)
    {
        dns::set_id(response, id);
    }
    answer(desk, waiting.client, response);
}

fn answer(desk: &mut Desk, client: Client, response: Option<Vec<u8>>) {
    let Some(payload) = response else {
        return;
    };
    let mut source = client.to;
    let other = desk.lan.iter().find(|own| *own != source.ip());
    if let Some(other) = other.filter(|_| desk.has(ANSWERS_FROM_OTHER_ADDRESS)) {
        source.set_ip(*other);
    }
    let mut payload = payload;
    if let Some(flags) = payload.get_mut(2).filter(|_| desk.has(CLEARS_RD)) {
        // RFC 1035 §4.1.1: the lowest bit of the third byte.
        *flags &= !1;
    }
    let transmit = Transmit::Udp {
        side: client.side,
        source,
        destination: client.from,
        payload,
    };
    if desk.has(ANSWERS_TWICE) {
        desk.outbox.push_back(transmit.clone());
    }
    desk.outbox.push_back(transmit);
}

/// Compares a response that came to the right place under the right id with its query.
fn judge(query: &[u8], response: &[u8]) -> Reply {
    match (Question::of(query), Question::of(response)) {
        (Some(asked), Some(answered)) if !asked.is_same(&answered) => Reply::Forged,
        // A server that does not understand the query may not repeat it.
        (Some(_), None) if !is_bare_error(response) => Reply::Malformed,
        // What a server cut short may end in the middle of a record.
        _ if dns::is_truncated(response) || dns::records(response).is_some() => Reply::Answer,
        _ => Reply::Malformed,
    }
}

fn is_bare_error(response: &[u8]) -> bool {
    response.get(4..6) == Some(&[0, 0])
        && dns::response_code(response).is_some_and(|code| code >= FORMAT_ERROR)
}

/// How long one server may take; a terminal that asks again after two seconds is served first.
const PATIENCE: Duration = Duration::from_millis(1500);
/// RFC 5452 §9.2 wants the ports above 1023.
const FIRST_PORT: u16 = 1024;
const FIXED_PORT: u16 = 10_053;
/// What a defect asks every server each second, as the health checks of a load balancer do: the
/// address of a root server (RFC 1035 §4.1).
const HEALTH: &[u8] = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x01a\x0croot-servers\x03net\0\0\x01\0\x01";
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);
/// What the defect has room for.
const FORTY: usize = 40;
const STORM: Duration = Duration::from_millis(50);
/// Longer than terminals wait for an answer.
const LATE: Duration = Duration::from_secs(6);

defects! {
    /// Asks every server, one after the other, before it hands an answer to the terminal.
    ASKS_ON_AFTER_ANSWER = "asks-on-after-answer",
        "答えを得ても、残りのDNSサーバにも問い合わせてから端末に返す。";
    /// Takes no answer to a question once it has asked again.
    FORGETS_EARLIER_TRIES = "forgets-earlier-tries",
        "再送すると、その前の問い合わせへの応答を受け入れない。";
    /// Asks the servers six seconds after it was asked, when terminals have given up.
    ASKS_LATE = "asks-late",
        "問い合わせを受けてから6秒後に上位に尋ね、端末が待つのをやめた後に応答する。";
    /// Answers under the id that it used upstream.
    LEAKS_UPSTREAM_IDS = "leaks-upstream-ids",
        "端末への応答に、上位への問い合わせに使ったIDを入れる。";
    /// Sends every answer twice.
    ANSWERS_TWICE = "answers-twice",
        "どの応答も2回ずつ送る。";
    /// Answers from another of its addresses than the one that was asked.
    ANSWERS_FROM_OTHER_ADDRESS = "answers-from-other-address",
        "問い合わせを受けたアドレスとは別の自分のアドレスから応答する。";
    /// Forgets questions that come while another one is open.
    ONE_QUESTION_AT_A_TIME = "one-question-at-a-time",
        "前の問い合わせが終わるまでに届いた問い合わせを無視する。";
    /// Forgets questions that come while forty others are open.
    FORTY_QUESTIONS_AT_ONCE = "forty-questions-at-once",
        "40件の問い合わせが未応答の間に届いた問い合わせを無視する。";
    /// Asks every server each second for a name of its own, to see whether it is there.
    ASKS_ON_ITS_OWN = "asks-on-its-own",
        "どの端末も尋ねていない名前を、生存確認のために毎秒すべてのDNSサーバに問い合わせる。";
    /// Answers with RD clear, whatever was asked.
    CLEARS_RD = "clears-rd",
        "問い合わせにかかわらず、RDを0にして応答する。";
    /// Takes questions with the same id for one, whoever asks.
    MIXES_UP_IDS = "mixes-up-ids",
        "IDが同じ問い合わせを、別の端末からのものでも同じ問い合わせとみなす。";
    /// Numbers its upstream questions one after the other.
    SEQUENTIAL_DNS_IDS = "sequential-dns-ids",
        "上位への問い合わせのIDを1ずつ増やす。";
    /// Asks every upstream question from the same port.
    FIXED_DNS_PORT = "fixed-dns-port",
        "上位への問い合わせを常に同じポートから送る。";
    /// Draws the ids of its upstream questions from 256 at random.
    DNS_IDS_OF_EIGHT_BITS = "dns-ids-of-eight-bits",
        "上位への問い合わせのIDを256通りの中から乱数で選ぶ。";
    /// Asks its upstream questions from sixteen ports.
    SIXTEEN_DNS_PORTS = "sixteen-dns-ports",
        "上位への問い合わせを16個のポートのいずれかから送る。";
    /// Believes answers whatever their id.
    IGNORES_DNS_ID = "ignores-dns-id",
        "IDの異なる応答も受け入れる。";
    /// Believes answers that come to another port than the question left from.
    IGNORES_DNS_PORT = "ignores-dns-port",
        "問い合わせの送信元とは別のポートに届いた応答も受け入れる。";
    /// Believes answers from addresses that it did not ask.
    IGNORES_DNS_SOURCE = "ignores-dns-source",
        "問い合わせていないアドレスからの応答も受け入れる。";
    /// Believes answers to questions that it did not ask.
    IGNORES_DNS_QUESTION = "ignores-dns-question",
        "問い合わせていない内容への応答も受け入れる。";
    /// Gives a question up as failed when an answer to another question comes for it.
    FAILS_ON_FORGED = "fails-on-forged",
        "問い合わせていない内容への応答が届くと、正しい応答を待たずにSERVFAILを返す。";
    /// Gives a question up as failed when nobody listens at the first server.
    FAILS_ON_UNREACHABLE = "fails-on-unreachable",
        "最初のDNSサーバからPort Unreachableが届くと、もう一方に問い合わせずにSERVFAILを返す。";
    /// Throws malformed answers away without telling the terminal.
    SILENT_ON_MALFORMED = "silent-on-malformed",
        "不正な応答を破棄し、端末には何も返さない。";
    /// Never answers again once a malformed answer came.
    HANGS_ON_MALFORMED = "hangs-on-malformed",
        "不正な応答を一度受け取ると、以後は応答しなくなる。";
}
