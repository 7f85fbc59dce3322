//! One TCP connection of the tester: a smoltcp interface with a single socket, so that a segment costs
//! the same however many connections there are, and the DNS messages in it (RFC 1035 §4.2.2).

use std::collections::VecDeque;
use std::io;
use std::net::Ipv6Addr;

use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint};

use super::ip::{self, Ends};
use segment::Segment;
use wire::Wire;

pub(super) mod segment;
pub(super) mod wire;

/// A connection.
pub(super) struct Stream {
    interface: Interface,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
    /// What comes before each packet that is sent.
    ethernet: [u8; ip::ETHERNET],
    arrived: Vec<u8>,
    leaving: VecDeque<u8>,
    is_closing: bool,
}

/// How many bytes are kept for the peer, and how many from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// What is sent and not yet acknowledged.
    pub(super) to_send: usize,
    /// What has come and not yet been read.
    pub(super) to_read: usize,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The peer has not agreed yet.
    Opening,
    /// Data passes.
    Open,
    /// The peer has said all that it had to say.
    PeerClosed,
    /// Both have, or one of them has reset it.
    Over,
}

impl Stream {
    /// Begins to connect.
    pub(super) fn connect(ends: &Ends, ports: (u16, u16), room: Room, seed: u64) -> Self {
        let (own, other) = ends.addresses;
        let mut stream = Self::new(ends, room, seed);
        let socket = stream.sockets.get_mut::<Socket<'_>>(stream.socket);
        let remote = IpEndpoint::new(address(other), ports.1);
        let local = IpEndpoint::new(address(own), ports.0);
        let connected = socket.connect(stream.interface.context(), remote, local);
        debug_assert!(connected.is_ok(), "both ends have an address and a port");
        stream
    }

    /// Makes the far end of a connection that a segment asks for.
    pub(super) fn accept(asking: &Segment<'_>, room: Room, seed: u64) -> Self {
        let mut stream = Self::new(&asking.ends.turned(), room, seed);
        let socket = stream.sockets.get_mut::<Socket<'_>>(stream.socket);
        let listens = socket.listen(asking.destination_port);
        debug_assert!(listens.is_ok(), "a segment has a port that it goes to");
        stream
    }

    /// Makes one at the first of these ends.
    fn new(ends: &Ends, room: Room, seed: u64) -> Self {
        let buffer = |length| SocketBuffer::new(vec![0; length]);
        let mut socket = Socket::new(buffer(room.to_read), buffer(room.to_send));
        // A message is said at once, and nobody shall wait for an acknowledgement of ours.
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(None);
        let mut sockets = SocketSet::new(Vec::with_capacity(1));
        Self {
            interface: interface(ends.addresses.0, seed),
            socket: sockets.add(socket),
            sockets,
            ethernet: ip::ethernet(ends),
            arrived: Vec::new(),
            leaving: VecDeque::new(),
            is_closing: false,
        }
    }

    /// Takes in a segment, and sends what follows from it.
    pub(super) fn take(&mut self, segment: &Segment<'_>, wire: &mut Wire<'_>) -> io::Result<()> {
        let now = instant(wire.now);
        let mut card = wire.card(&self.ethernet, Some(segment.packet));
        self.interface
            .poll_ingress_single(now, &mut card, &mut self.sockets);
        card.close()?;
        self.read();
        self.go_on(wire)
    }

    /// Sends what is to be sent by now.
    pub(super) fn go_on(&mut self, wire: &mut Wire<'_>) -> io::Result<()> {
        let now = instant(wire.now);
        let ethernet = self.ethernet;
        let mut card = wire.card(&ethernet, None);
        for _ in 0..SEGMENTS_AT_ONCE {
            self.write();
            let sent = self
                .interface
                .poll_egress(now, &mut card, &mut self.sockets);
            if sent == PollResult::None {
                break;
            }
        }
        card.close()
    }

    /// Returns when to go on, whatever comes.
    pub(super) fn due(&mut self, now: u64) -> Option<u64> {
        let at = self.interface.poll_at(instant(now), &self.sockets)?;
        let at = u64::try_from(at.total_micros()).unwrap_or_default();
        Some((at * 1_000).saturating_sub(HEAD_START))
    }

    /// Says a DNS message (RFC 1035 §4.2.2: behind its length).
    pub(super) fn say(&mut self, message: &[u8]) {
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
        self.say_plainly(&length.to_be_bytes());
        self.say_plainly(message);
    }

    /// Says bytes as they are.
    pub(super) fn say_plainly(&mut self, bytes: &[u8]) {
        self.leaving.extend(bytes);
    }

    /// Says as many bytes as there is room for, and returns how many these are.
    pub(super) fn pour(&mut self, bytes: &[u8]) -> usize {
        self.socket().send_slice(bytes).unwrap_or_default()
    }

    /// Returns the next DNS message that is whole.
    pub(super) fn hear(&mut self) -> Option<Vec<u8>> {
        let (length, rest) = self.arrived.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let message = rest.get(..length)?.to_vec();
        self.arrived.drain(..2 + length);
        Some(message)
    }

    /// Lets acknowledgements wait for the next segment, as a terminal does (RFC 9293 §3.8.6.3).
    pub(super) fn delay_acknowledgements(&mut self) {
        self.socket().set_ack_delay(Some(ACK_DELAY));
    }

    /// Returns the bytes that have come, whatever they are.
    pub(super) fn drink(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.arrived)
    }

    /// Says that nothing more will be said.
    pub(super) fn close(&mut self) {
        self.is_closing = true;
    }

    /// Resets it.
    pub(super) fn abort(&mut self) {
        self.leaving.clear();
        self.socket().abort();
    }

    /// Returns how far it is.
    pub(super) fn stage(&mut self) -> Stage {
        match self.socket().state() {
            State::Listen | State::SynSent | State::SynReceived => Stage::Opening,
            State::Established | State::FinWait1 | State::FinWait2 => Stage::Open,
            State::CloseWait => Stage::PeerClosed,
            State::Closing | State::LastAck | State::TimeWait | State::Closed => Stage::Over,
        }
    }

    /// Returns whether no segment matters to it any more: what is left is to wait.
    pub(super) fn is_gone(&mut self) -> bool {
        matches!(self.socket().state(), State::TimeWait | State::Closed)
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.socket)
    }

    fn read(&mut self) {
        let socket = self.sockets.get_mut::<Socket<'_>>(self.socket);
        while socket.can_recv() {
            let taken = socket.recv(|piece| {
                self.arrived.extend_from_slice(piece);
                (piece.len(), piece.len())
            });
            if !taken.is_ok_and(|count| count > 0) {
                break;
            }
        }
    }

    fn write(&mut self) {
        let socket = self.sockets.get_mut::<Socket<'_>>(self.socket);
        while socket.can_send() && !self.leaving.is_empty() {
            let (piece, _) = self.leaving.as_slices();
            match socket.send_slice(piece) {
                Ok(taken) if taken > 0 => drop(self.leaving.drain(..taken)),
                _ => break,
            }
        }
        if self.is_closing && self.leaving.is_empty() && socket.may_send() {
            socket.close();
        }
    }
}

/// Resets a connection that there is none of (RFC 9293 §3.5.2).
pub(super) fn refuse(segment: &Segment<'_>, wire: &mut Wire<'_>) -> io::Result<()> {
    let ends = segment.ends.turned();
    let ethernet = ip::ethernet(&ends);
    let now = instant(wire.now);
    let mut none = SocketSet::new(Vec::new());
    let mut card = wire.card(&ethernet, Some(segment.packet));
    interface(ends.addresses.0, 0).poll_ingress_single(now, &mut card, &mut none);
    card.close()
}

fn interface(own: Ipv6Addr, seed: u64) -> Interface {
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = seed;
    let mut interface = Interface::new(config, &mut wire::Nowhere, Instant::ZERO);
    interface.update_ip_addrs(|known| {
        let own = address(own);
        let bits = match own {
            IpAddress::Ipv4(_) => 32,
            IpAddress::Ipv6(_) => 128,
        };
        let pushed = known.push(IpCidr::new(own, bits));
        debug_assert!(pushed.is_ok(), "there is room for one address");
    });
    interface
}

/// Returns an address as smoltcp has it: of IPv4 where it is a mapped one.
fn address(address: Ipv6Addr) -> IpAddress {
    IpAddress::from(address.to_canonical())
}

/// smoltcp takes a zero instant for "at once", so its clock starts a second before ours.
fn instant(now: u64) -> Instant {
    Instant::from_micros(((now + HEAD_START) / 1_000) as i64)
}

/// Half a second at most, says RFC 9293 §3.8.6.3; a new segment ends it earlier.
const ACK_DELAY: smoltcp::time::Duration = smoltcp::time::Duration::from_millis(10);
const HEAD_START: u64 = 1_000_000_000;
/// As many as a window has.
const SEGMENTS_AT_ONCE: usize = 512;
