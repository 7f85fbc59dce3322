//! TCP for nodes: a thin adapter around smoltcp that takes in and gives out bare IP packets. An IPv4
//! address is an IPv4-mapped one here, as in the sockets API (RFC 3493 §3.7).
//!
//! smoltcp sees nothing but TCP segments for its own addresses, since it answers much else
//! strangely; neighbour discovery, Ethernet and ICMP belong to the node around it. It resets
//! segments that belong to no connection by itself.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use smoltcp::iface::{Config, Interface, PollIngressSingleResult, PollResult, SocketHandle};
use smoltcp::iface::{SocketSet, SocketStorage};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpCidr, IpEndpoint};

use crate::time::Time;
use device::Queues;
use family::{address, host_len, is_unicast, unmapped};
use segment::Segment;
use upkeep::Connection;

mod device;
mod family;
mod segment;
mod upkeep;

/// The TCP connections of one node.
pub struct TcpStack {
    rng: ChaCha8Rng,
    addresses: Vec<Ipv6Addr>,
    queues: Queues,
    interface: Interface,
    sockets: SocketSet<'static>,
    listeners: BTreeMap<u16, Option<SocketHandle>>,
    connections: BTreeMap<ConnId, Connection>,
    accepted: VecDeque<ConnId>,
    next_id: u64,
    now: Time,
    next: Option<Time>,
    touched: bool,
    /// Whether what belongs to no connection stays unanswered.
    stealthy: bool,
}

/// Names one connection of a [`TcpStack`]; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(u64);

/// What a connection can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnState {
    /// The peer has not answered yet.
    Connecting,
    /// Data passes, at least towards us.
    Open,
    /// The peer has sent all it had to say; some of it may still be unread.
    PeerClosed,
    /// The peer reset the attempt to connect.
    Refused,
    /// It is over: closed by both, reset, or unknown.
    Closed,
}

impl TcpStack {
    /// Makes a stack without addresses; its ports and sequence numbers follow from `seed`.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut queues = Queues::new(MTU);
        Self {
            interface: interface(&mut queues, rng.random(), &[]),
            rng,
            addresses: Vec::new(),
            queues,
            // Most stacks have one socket, which listens, for as long as they live.
            sockets: SocketSet::new(Vec::<SocketStorage<'static>>::with_capacity(1)),
            listeners: BTreeMap::new(),
            connections: BTreeMap::new(),
            accepted: VecDeque::new(),
            next_id: 0,
            now: Time::from_nanos(i64::MIN),
            next: None,
            touched: false,
            stealthy: false,
        }
    }

    /// Leaves what belongs to no connection unanswered, as the firewall of Windows does, instead of
    /// resetting it.
    pub fn hide(&mut self) {
        self.stealthy = true;
    }

    /// Replaces the addresses that are answered for; at most [`TcpStack::MAX_ADDRESSES`] count.
    ///
    /// Connections of an address that went away stay, but hear nothing more.
    pub fn set_addresses(&mut self, addresses: &[Ipv6Addr]) {
        self.addresses = addresses
            .iter()
            .filter(|address| is_unicast(**address))
            .take(Self::MAX_ADDRESSES)
            .copied()
            .collect();
        give_addresses(&mut self.interface, &self.addresses);
    }

    /// The number of addresses a stack can have (smoltcp's `iface-max-addr-count-8`).
    pub const MAX_ADDRESSES: usize = 8;

    /// How many connections a server may serve at a time, so that there is always room for clients
    /// that connect and for those that leave.
    pub const MAX_SERVED: usize = 24;

    /// Accepts connections on a port of every address, up to a bound: beyond it, those that are
    /// half-open or forgotten make room, the oldest first. Whoever listens lets go of some of its
    /// own before it has [`TcpStack::MAX_SERVED`].
    pub fn listen(&mut self, port: u16) {
        if port != 0 {
            self.listeners.entry(port).or_default();
            self.arm_listeners();
        }
    }

    /// Returns an own address of the family of `to`: `from`, if it is one, else the first.
    pub fn of_the_family(&self, from: Ipv6Addr, to: Ipv6Addr) -> Ipv6Addr {
        let is_ipv4 = |address: &Ipv6Addr| address.to_ipv4_mapped().is_some();
        let fits = |address: &Ipv6Addr| is_ipv4(address) == is_ipv4(&to);
        let own = [from].into_iter().chain(self.addresses.iter().copied());
        own.into_iter().find(fits).unwrap_or(from)
    }

    /// Starts connecting from one of its own addresses; `None` if that cannot work.
    pub fn connect(&mut self, from: Ipv6Addr, to: SocketAddrV6, now: Time) -> Option<ConnId> {
        self.note_time(now);
        if !self.addresses.contains(&from) || self.connections.len() >= MAX_CONNECTIONS {
            return None;
        }
        let port = self.ephemeral_port()?;
        let mut socket = socket();
        let remote = IpEndpoint::new(unmapped(*to.ip()), to.port());
        let local = IpEndpoint::new(unmapped(from), port);
        let context = self.interface.context();
        socket.connect(context, remote, local).ok()?;
        let handle = self.sockets.add(socket);
        let local = SocketAddrV6::new(from, port, 0, 0);
        let id = self.admit(Connection::new(handle, false, local, to, Time::NEVER));
        self.touched = true;
        Some(id)
    }

    /// Takes in an IP packet; all but TCP for its own addresses is ignored.
    ///
    /// Its effects on connections can be seen at once; what it makes the stack send comes out of
    /// [`TcpStack::poll`].
    pub fn receive(&mut self, ip_packet: &[u8], now: Time) {
        self.note_time(now);
        let Some(segment) = Segment::of(ip_packet).filter(|segment| self.is_for_us(segment)) else {
            return;
        };
        if self.stealthy && !self.is_known(&segment) {
            return;
        }
        if self.opens_a_known_connection(&segment) {
            self.hang_up();
        } else {
            self.prick_up_ears(&segment);
        }
        self.queues.arrived = Some(ip_packet.to_vec());
        let instant = instant(self.now);
        let seen = self
            .interface
            .poll_ingress_single(instant, &mut self.queues, &mut self.sockets);
        if seen != PollIngressSingleResult::None {
            self.touched = true;
        }
        self.note_changes();
    }

    /// Returns the IP packets that are to be sent.
    pub fn poll(&mut self, now: Time) -> Vec<Vec<u8>> {
        self.note_time(now);
        let instant = instant(self.now);
        self.reap();
        for _ in 0..POLL_BUDGET {
            self.flush();
            let sent = self
                .interface
                .poll_egress(instant, &mut self.queues, &mut self.sockets);
            if sent == PollResult::None {
                break;
            }
        }
        self.note_changes();
        self.reap();
        self.touched = false;
        // What is still due was left over by the budget: time must pass before the next turn.
        let soonest = self.now + PAUSE;
        self.next = self
            .interface
            .poll_at(instant, &self.sockets)
            .map(|at| time(at).max(soonest));
        std::mem::take(&mut self.queues.departing)
    }

    /// Returns when [`TcpStack::poll`] is next needed.
    pub fn poll_timeout(&self) -> Option<Time> {
        if self.touched {
            Some(self.now)
        } else {
            self.next
        }
    }

    /// Returns the next connection that a client has established to a listening port.
    pub fn accept(&mut self) -> Option<ConnId> {
        self.accepted.pop_front()
    }

    /// Returns the other end of a connection; unspecified if the connection is unknown.
    pub fn peer(&self, c: ConnId) -> SocketAddrV6 {
        self.connections.get(&c).map_or(NOWHERE, |known| known.peer)
    }

    /// Returns our end of a connection; unspecified if the connection is unknown.
    pub fn local(&self, c: ConnId) -> SocketAddrV6 {
        self.connections
            .get(&c)
            .map_or(NOWHERE, |known| known.local)
    }

    /// Returns what a connection can do.
    pub fn state(&self, c: ConnId) -> ConnState {
        let Some(connection) = self.connections.get(&c) else {
            return ConnState::Closed;
        };
        match self.sockets.get::<Socket<'_>>(connection.handle).state() {
            State::SynSent | State::SynReceived => ConnState::Connecting,
            State::Established | State::FinWait1 | State::FinWait2 => ConnState::Open,
            State::CloseWait => ConnState::PeerClosed,
            State::Closing | State::LastAck | State::TimeWait => ConnState::Closed,
            State::Closed | State::Listen => {
                if connection.opened || connection.aborted {
                    ConnState::Closed
                } else {
                    ConnState::Refused
                }
            }
        }
    }

    /// Takes out everything that has arrived on a connection.
    pub fn read(&mut self, c: ConnId) -> Vec<u8> {
        let Some(connection) = self.connections.get(&c) else {
            return Vec::new();
        };
        let socket = self.sockets.get_mut::<Socket<'_>>(connection.handle);
        let mut bytes = Vec::new();
        // The ring buffer gives its content in two pieces where it wraps around.
        while socket.can_recv() {
            let taken = socket.recv(|piece| {
                bytes.extend_from_slice(piece);
                (piece.len(), piece.len())
            });
            if !taken.is_ok_and(|count| count > 0) {
                break;
            }
        }
        // The window that was freed may have to be announced.
        self.touched |= !bytes.is_empty();
        bytes
    }

    /// Queues bytes for sending; a connection whose queue grows too long is aborted.
    pub fn write(&mut self, c: ConnId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&c) else {
            return;
        };
        if connection.closing || connection.aborted {
            return;
        }
        if connection.outbox.len() + bytes.len() > MAX_OUTBOX {
            self.abort(c);
            return;
        }
        connection.outbox.extend(bytes);
        self.touched = true;
    }

    /// Says that nothing more will be written; what was written is still delivered.
    pub fn close(&mut self, c: ConnId) {
        if let Some(connection) = self.connections.get_mut(&c) {
            connection.closing = true;
            self.touched = true;
        }
    }

    /// Resets a connection.
    pub fn abort(&mut self, c: ConnId) {
        if let Some(connection) = self.connections.get_mut(&c) {
            connection.aborted = true;
            connection.outbox.clear();
            self.sockets
                .get_mut::<Socket<'_>>(connection.handle)
                .abort();
            self.touched = true;
        }
    }

    /// Closes a connection and lets go of it; its name means nothing from here on.
    pub fn forget(&mut self, c: ConnId) {
        self.close(c);
        let expiry = self.now + LINGER;
        if let Some(connection) = self.connections.get_mut(&c) {
            connection.forgotten = true;
            connection.expiry = expiry;
        }
    }

    /// Makes packets no longer than `mtu` from here on, as a Packet Too Big message asks.
    ///
    /// Never goes below the minimum MTU of IPv6 (RFC 8201 §4), and never up.
    pub fn lower_mtu(&mut self, mtu: usize) {
        let mtu = mtu.max(MINIMUM_MTU);
        if mtu < self.queues.mtu {
            self.queues.mtu = mtu;
            // smoltcp reads the MTU only when an interface is made.
            let seed = self.rng.random();
            self.interface = interface(&mut self.queues, seed, &self.addresses);
        }
    }

    fn note_time(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    fn is_for_us(&self, segment: &Segment) -> bool {
        is_unicast(*segment.peer.ip()) && self.addresses.contains(segment.local.ip())
    }

    /// Returns whether a SYN is one of a connection that is there already: a copy, or a
    /// retransmission (RFC 9293 §3.10.7.4). A listening socket would take it for another one.
    fn opens_a_known_connection(&self, segment: &Segment) -> bool {
        segment.opens
            && self.connections.values().any(|known| {
                let socket = self.sockets.get::<Socket<'_>>(known.handle);
                let is_over = matches!(
                    socket.state(),
                    State::Closed | State::Listen | State::TimeWait
                );
                !is_over && (known.peer, known.local) == (segment.peer, segment.local)
            })
    }

    /// Returns whether a segment belongs to a connection, even one that is over.
    fn is_known(&self, segment: &Segment) -> bool {
        let mut known = self.connections.values();
        known.any(|known| (known.peer, known.local) == (segment.peer, segment.local))
    }

    /// Lets the socket of a port listen as long as a segment is taken in that opens a connection to
    /// it: its buffers are large, and most segments open nothing.
    fn prick_up_ears(&mut self, segment: &Segment) {
        let port = segment.local.port();
        if segment.opens
            && let Some(Some(handle)) = self.listeners.get(&port)
        {
            let mut socket = socket();
            // It fails for port 0 alone, which nobody listens on.
            let _ = socket.listen(port);
            *self.sockets.get_mut::<Socket<'_>>(*handle) = socket;
        }
    }

    fn ephemeral_port(&mut self) -> Option<u16> {
        (0..64).find_map(|_| {
            // RFC 6335 §6: the dynamic ports.
            let port = self.rng.random_range(49_152..=65_535);
            let taken = |known: &Connection| known.local.port() == port;
            (!self.connections.values().any(taken) && !self.listeners.contains_key(&port))
                .then_some(port)
        })
    }

    fn admit(&mut self, connection: Connection) -> ConnId {
        let id = ConnId(self.next_id);
        self.next_id += 1;
        self.connections.insert(id, connection);
        id
    }
}

/// Returns a socket that holds the place of one that will listen, without its buffers.
fn place() -> Socket<'static> {
    Socket::new(SocketBuffer::new(Vec::new()), SocketBuffer::new(Vec::new()))
}

fn socket() -> Socket<'static> {
    let buffer = || SocketBuffer::new(vec![0; BUFFER]);
    let mut socket = Socket::new(buffer(), buffer());
    // Requests and answers come in single writes; waiting would only add timers.
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(None);
    socket
}

fn interface(queues: &mut Queues, seed: u64, addresses: &[Ipv6Addr]) -> Interface {
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = seed;
    let mut interface = Interface::new(config, queues, Instant::ZERO);
    // Any gateway will do: without Ethernet nobody looks at it.
    let gateway = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    let routed = interface.routes_mut().add_default_ipv6_route(gateway);
    debug_assert!(routed.is_ok(), "a fresh table has room for one route");
    let gateway = Ipv4Addr::new(192, 0, 2, 1);
    let routed = interface.routes_mut().add_default_ipv4_route(gateway);
    debug_assert!(
        routed.is_ok(),
        "a table has room for a route of each family"
    );
    give_addresses(&mut interface, addresses);
    interface
}

fn give_addresses(interface: &mut Interface, addresses: &[Ipv6Addr]) {
    interface.update_ip_addrs(|known| {
        known.clear();
        known.extend(
            addresses
                .iter()
                .map(|address| unmapped(*address))
                .map(|address| IpCidr::new(address, host_len(address)))
                .take(TcpStack::MAX_ADDRESSES),
        );
    });
}

/// smoltcp takes a zero instant for "at once", so its clock starts one hour earlier than ours.
fn instant(time: Time) -> Instant {
    Instant::from_micros(
        time.as_nanos()
            .div_euclid(1_000)
            .saturating_add(HEAD_START)
            .max(0),
    )
}

fn time(instant: Instant) -> Time {
    let micros = instant.total_micros().saturating_sub(HEAD_START);
    Time::from_nanos(micros.saturating_mul(1_000))
}

const NOWHERE: SocketAddrV6 = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0);
const HEAD_START: i64 = 3_600_000_000;
const MTU: usize = 1_500;
const MINIMUM_MTU: usize = 1_280;
/// A window that needs no scaling.
const BUFFER: usize = 65_535;
const MAX_OUTBOX: usize = 1 << 20;
/// With two buffers each, 16 MiB (ours).
const MAX_CONNECTIONS: usize = 128;
/// Those that are served, and eight that come or go (ours).
const MAX_PER_PORT: usize = TcpStack::MAX_SERVED + 8;
/// So many attempts are not disturbed by others; as many places are left for those that leave.
const HALF_OPEN_KEPT: usize = 4;
const POLL_BUDGET: usize = 256;
const PAUSE: Duration = Duration::from_millis(1);
const HANDSHAKE: Duration = Duration::from_secs(20);
const LINGER: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
