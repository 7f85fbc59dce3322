//! The DNS forwarder of the reference router: per-domain servers (guide p.7), and transparent
//! apart from ids and ports (RFC 5625).
//!
//! It has no cache. The router around it hands in what arrives for its own addresses and sends
//! what [`DnsProxy::poll_transmit`] gives out.

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddrV6};

use rand_chacha::ChaCha8Rng;

use super::defect::{Defect, Defects, defects};
use crate::message::dns::{self, PORT, REFUSED, SERVER_FAILURE};
use crate::setup::Setup;
use crate::time::Time;

use self::over_tcp::OverTcp;
use self::over_udp::OverUdp;
use self::servers::Servers;

mod edit;
pub(super) mod over_tcp;
pub(super) mod over_udp;
pub(super) mod own_failures;
pub(super) mod own_refusals;
pub(super) mod servers;
pub(super) mod spoilt_answers;
pub(super) mod spoilt_questions;
pub(super) mod wrong_cache;

/// A DNS forwarder without sockets.
pub struct DnsProxy {
    desk: Desk,
    udp: OverUdp,
    tcp: OverTcp,
}

/// What both transports share.
struct Desk {
    defects: Defects,
    servers: Servers,
    /// The addresses terminals ask.
    lan: Vec<Ipv6Addr>,
    /// The address servers are asked from.
    wan: Option<Ipv6Addr>,
    /// The servers that are asked over IPv4.
    sessions: Vec<SessionServers>,
    outbox: VecDeque<Transmit>,
}

/// Which side of the router a packet comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The terminals.
    Lan,
    /// The line.
    Wan,
}

/// The DNS servers that a PPPoE session has named; all addresses are IPv4-mapped (RFC 3493 §3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionServers {
    /// Our address in the session.
    pub own: Ipv6Addr,
    /// The servers in order of preference.
    pub servers: Vec<Ipv6Addr>,
    /// The domains that the session is for; without any it is for all that has no servers else.
    pub domains: Vec<String>,
}

/// Something to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// A UDP datagram.
    Udp {
        /// Where to.
        side: Side,
        /// Our address and port.
        source: SocketAddrV6,
        /// The other's.
        destination: SocketAddrV6,
        /// The DNS message.
        payload: Vec<u8>,
    },
    /// A whole IP packet with a TCP segment in it.
    Tcp {
        /// Where to.
        side: Side,
        /// The packet, from its version field on.
        ip: Vec<u8>,
    },
}

impl DnsProxy {
    /// Makes a forwarder that knows its servers but has no addresses yet.
    pub fn new(setup: &Setup, defects: Defects) -> Self {
        Self {
            desk: Desk {
                servers: Servers::new(setup, defects.clone()),
                defects,
                lan: Vec::new(),
                wan: None,
                sessions: Vec::new(),
                outbox: VecDeque::new(),
            },
            udp: OverUdp::default(),
            tcp: OverTcp::default(),
        }
    }

    /// Says which addresses terminals may ask, and from which one servers are to be asked.
    pub fn set_addresses(&mut self, lan: &[Ipv6Addr], wan: Option<Ipv6Addr>) {
        if self.desk.lan != lan || self.desk.wan != wan {
            lan.clone_into(&mut self.desk.lan);
            self.desk.wan = wan;
            self.tcp.set_addresses(&self.desk);
        }
    }

    /// Says which servers the line named, for a device that has no default servers configured.
    pub fn set_learnt_servers(&mut self, servers: &[Ipv6Addr]) {
        self.desk.servers.set_learnt(servers);
    }

    /// Says which servers there are over IPv4.
    pub fn set_sessions(&mut self, sessions: Vec<SessionServers>) {
        if self.desk.sessions != sessions {
            self.desk.servers.set_sessions(&sessions);
            self.desk.sessions = sessions;
            self.tcp.set_addresses(&self.desk);
        }
    }

    /// Takes in a datagram for one of the router's addresses; `false` if it is none of ours.
    pub fn handle_udp(
        &mut self,
        side: Side,
        source: SocketAddrV6,
        destination: SocketAddrV6,
        payload: &[u8],
        now: Time,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        if destination.port() == PORT {
            let served = self.desk.serves(side);
            if served {
                let (from, to) = (source, destination);
                self.udp
                    .handle_query(&mut self.desk, side, (from, to), payload, now, rng);
            }
            return served;
        }
        side == Side::Wan
            && self
                .udp
                .handle_response(&mut self.desk, source, destination, payload, now, rng)
    }

    /// Takes in an IP packet with a TCP segment for one of the router's addresses.
    pub fn handle_tcp(&mut self, side: Side, ip: &[u8], now: Time, rng: &mut ChaCha8Rng) {
        self.tcp.handle_packet(&mut self.desk, side, ip, now, rng);
    }

    /// Takes in that packets on the way to a server must not be longer than `mtu`.
    pub fn handle_packet_too_big(&mut self, mtu: usize) {
        self.tcp.lower_mtu(mtu);
    }

    /// Takes in that a datagram of ours found nobody who listens; `quoted` is how the datagram began.
    pub fn handle_unreachable(&mut self, quoted: &[u8], now: Time, rng: &mut ChaCha8Rng) {
        self.udp
            .handle_unreachable(&mut self.desk, quoted, now, rng);
    }

    /// Does everything that has become due.
    pub fn handle_timeout(&mut self, now: Time, rng: &mut ChaCha8Rng) {
        self.udp.handle_timeout(&mut self.desk, now, rng);
        self.tcp.drive(&mut self.desk, now, rng);
    }

    /// Returns when [`DnsProxy::handle_timeout`] is next needed.
    pub fn poll_timeout(&self) -> Option<Time> {
        let timers = [self.udp.poll_timeout(), self.tcp.poll_timeout()];
        timers.into_iter().flatten().min()
    }

    /// Returns the next thing to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.desk.outbox.pop_front()
    }
}

impl Desk {
    fn has(&self, defect: Defect) -> bool {
        self.defects.has(defect)
    }

    /// Returns whether queries from a side are answered (RFC 5625 §6.2: not those of the line).
    fn serves(&self, side: Side) -> bool {
        match side {
            Side::Lan => !self.has(NO_DNS_PROXY),
            Side::Wan => self.has(DNS_OPEN_ON_WAN),
        }
    }

    /// Returns the address that a server is asked from.
    fn source_to(&self, server: Ipv6Addr) -> Option<Ipv6Addr> {
        if server.to_ipv4_mapped().is_none() {
            return self.wan;
        }
        let mut sessions = self.sessions.iter();
        let session = sessions.find(|session| session.servers.contains(&server));
        session.map(|session| session.own)
    }

    /// Takes a server that failed off the list of those to be asked; returns whether another one is
    /// left (RFC 1034 §5.3.3).
    fn tries_others(&self, plan: &mut Vec<Ipv6Addr>, failed: Ipv6Addr) -> bool {
        plan.retain(|server| *server != failed);
        // Once, and not in a circle: the preferred server has the lower address.
        let is_preferred = plan.iter().any(|other| failed < *other);
        if is_preferred && self.has(ASKS_FAILED_AGAIN) {
            plan.insert(0, failed);
        }
        !plan.is_empty() && !self.has(BELIEVES_FIRST_FAILURE)
    }
}

/// Returns whether a server says that it failed, or that it will not answer.
fn is_failure(response: &[u8]) -> bool {
    dns::response_code(response).is_some_and(|code| [SERVER_FAILURE, REFUSED].contains(&code))
}

/// More questions than a site has at a time; beyond it, they fail at once.
const MAX_OUTSTANDING: usize = 512;

defects! {
    /// Hands on the failure of the first server without asking the other one.
    BELIEVES_FIRST_FAILURE = "believes-first-failure",
        "最初に尋ねたDNSサーバの失敗を、もう一方のサーバに問い合わせずに端末に返す。";
    /// Asks a server that failed once more, behind the other one.
    ASKS_FAILED_AGAIN = "asks-failed-again",
        "失敗を返したDNSサーバに、もう一度同じ問い合わせを送る。";
    /// Names itself as DNS server but does not answer.
    NO_DNS_PROXY = "no-dns-proxy",
        "自分をDNSサーバとして広告するが、問い合わせに応答しない。";
    /// Answers DNS questions that come in on the WAN.
    DNS_OPEN_ON_WAN = "dns-open-on-wan",
        "WAN側から届いたDNSの問い合わせに応答する。";
}
