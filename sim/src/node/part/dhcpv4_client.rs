//! A DHCPv4 client (RFC 2131 §4.4), as computers have it.
//!
//! It does not try an address out by ARP first (RFC 2131 §4.4.1 wants that as a SHOULD), and asks
//! for none that it had before.

use std::net::Ipv4Addr;
use std::time::Duration;

use rand::Rng as _;

use crate::frame::Frame;
use crate::message::dhcpv4::{
    self, CLIENT_PORT, DhcpOption, Message, MessageType, Opcode, OptionCode, SERVER_PORT,
};
use crate::message::packet::Mac;
use crate::message::packet::ipv4::{Header4, Ipv4, frame_either};
use crate::node::Context;
use crate::time::Time;

/// A client on one interface.
#[derive(Debug)]
pub(crate) struct Dhcpv4Client {
    mac: Mac,
    xid: u32,
    state: State,
    next: Time,
    /// How often the message of this state was sent.
    sent: u32,
    started: Time,
}

/// What a client was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) address: Ipv4Addr,
    pub(crate) prefix_len: u8,
    pub(crate) router: Option<Ipv4Addr>,
    pub(crate) dns: Vec<Ipv4Addr>,
    server: Ipv4Addr,
    time: Duration,
    since: Time,
}

#[derive(Debug)]
enum State {
    Off,
    Selecting,
    Requesting(Lease),
    Bound(Lease),
}

/// Something to send.
#[derive(Debug)]
pub(crate) enum Departure {
    /// To everybody on the link.
    Broadcast(Frame),
    /// A packet to a neighbour.
    To(Ipv4Addr, Vec<u8>),
}

/// What came of a message or of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Nothing,
    /// An address may be used.
    Bound(Lease),
    /// It may not be used any more.
    Lost(Ipv4Addr),
}

impl Dhcpv4Client {
    pub(crate) fn new(mac: Mac) -> Self {
        Self {
            mac,
            xid: 0,
            state: State::Off,
            next: Time::NEVER,
            sent: 0,
            started: Time::ZERO,
        }
    }

    /// Begins as if it never had had an address.
    pub(crate) fn start(&mut self, cx: &mut Context<'_>) {
        self.state = State::Selecting;
        self.started = cx.now();
        self.xid = cx.random().random();
        self.sent = 0;
        // RFC 2131 §4.4.1 has clients wait up to ten seconds; those of computers do not.
        self.next = cx.now()
            + cx.random()
                .random_range(Duration::ZERO..Duration::from_secs(1));
    }

    pub(crate) fn lease(&self) -> Option<&Lease> {
        match &self.state {
            State::Bound(lease) => Some(lease),
            State::Off | State::Selecting | State::Requesting(_) => None,
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        (self.next < Time::NEVER).then_some(self.next)
    }

    /// Takes in a packet to port 68.
    pub(crate) fn handle(&mut self, packet: &Ipv4<'_>, cx: &mut Context<'_>) -> Outcome {
        let now = cx.now();
        let Some(message) = packet.udp().and_then(|udp| dhcpv4::decode(udp.payload)) else {
            return Outcome::Nothing;
        };
        let ours = message.opcode() == Opcode::BootReply
            && message.xid() == self.xid
            && dhcpv4::client(&message) == Some(self.mac);
        if !ours {
            return Outcome::Nothing;
        }
        match (&self.state, dhcpv4::kind(&message)) {
            (State::Selecting, Some(MessageType::Offer)) => {
                if let Some(lease) = self.read(&message, None, now) {
                    self.state = State::Requesting(lease);
                    (self.sent, self.next) = (0, now);
                }
                Outcome::Nothing
            }
            (State::Requesting(asked), Some(MessageType::Ack)) => {
                // A server that does not say who it is is the one that was asked.
                let read = self.read(&message, Some(asked.server), self.started);
                match read.filter(|lease| lease.address == asked.address) {
                    Some(lease) => self.bind(lease, now),
                    None => Outcome::Nothing,
                }
            }
            (State::Bound(held), Some(MessageType::Ack)) if self.sent > 0 => {
                let read = self.read(&message, Some(held.server), self.started);
                match read.filter(|lease| lease.address == held.address) {
                    Some(lease) => self.bind(lease, now),
                    None => Outcome::Nothing,
                }
            }
            (State::Requesting(_), Some(MessageType::Nak)) => {
                self.start(cx);
                Outcome::Nothing
            }
            (State::Bound(held), Some(MessageType::Nak)) if self.sent > 0 => {
                let gone = held.address;
                self.start(cx);
                Outcome::Lost(gone)
            }
            _ => Outcome::Nothing,
        }
    }

    /// Sends what is due.
    pub(crate) fn handle_timeout(
        &mut self,
        out: &mut Vec<Departure>,
        cx: &mut Context<'_>,
    ) -> Outcome {
        let now = cx.now();
        if self.next > now {
            return Outcome::Nothing;
        }
        let wait = self.backoff(cx);
        match &self.state {
            State::Off => self.next = Time::NEVER,
            State::Selecting => {
                if self.sent == 0 {
                    self.started = now;
                }
                out.push(Departure::Broadcast(self.discover()));
                (self.sent, self.next) = (self.sent + 1, now + wait);
            }
            // RFC 2131 §3.1.5: after a while the client begins anew.
            State::Requesting(_) if self.sent >= REQUESTS => self.start(cx),
            State::Requesting(lease) => {
                out.push(Departure::Broadcast(self.request(lease)));
                (self.sent, self.next) = (self.sent + 1, now + wait);
            }
            State::Bound(lease) => return self.renew(lease.clone(), out, cx),
        }
        Outcome::Nothing
    }

    /// RFC 2131 §4.4.5: at T1 the server is asked, from T2 on any server.
    fn renew(&mut self, lease: Lease, out: &mut Vec<Departure>, cx: &mut Context<'_>) -> Outcome {
        let now = cx.now();
        let end = lease.since + lease.time;
        if now >= end {
            self.start(cx);
            return Outcome::Lost(lease.address);
        }
        if self.sent == 0 {
            self.xid = cx.random().random();
            self.started = now;
        }
        let rebinding = lease.since + lease.time / 8 * 7;
        out.push(self.extend(&lease, now >= rebinding));
        self.sent += 1;
        let until = if now < rebinding { rebinding } else { end };
        // Half of what is left, and a minute at least.
        let half = until.since(now) / 2;
        self.next = (now + half.max(Duration::from_secs(60))).min(until);
        Outcome::Nothing
    }

    fn bind(&mut self, lease: Lease, now: Time) -> Outcome {
        let half = lease.since + lease.time / 2;
        self.next = if lease.time >= FOR_EVER {
            Time::NEVER
        } else {
            half.max(now)
        };
        self.sent = 0;
        self.state = State::Bound(lease.clone());
        Outcome::Bound(lease)
    }

    fn read(&self, message: &Message, server: Option<Ipv4Addr>, since: Time) -> Option<Lease> {
        let address = message.yiaddr();
        let usable =
            !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast();
        usable.then_some(())?;
        Some(Lease {
            address,
            prefix_len: dhcpv4::prefix_len(message)?,
            router: dhcpv4::routers(message).first().copied(),
            dns: dhcpv4::dns(message).iter().copied().take(DNS_MAX).collect(),
            server: dhcpv4::server(message).or(server)?,
            time: dhcpv4::lease_time(message)?,
            since,
        })
    }

    /// RFC 2131 §4.1: four seconds, then twice as long each time up to 64, a second more or less.
    fn backoff(&self, cx: &mut Context<'_>) -> Duration {
        let jitter = cx
            .random()
            .random_range(Duration::ZERO..Duration::from_secs(2));
        Duration::from_secs(4 << self.sent.min(4)) - Duration::from_secs(1) + jitter
    }

    fn discover(&self) -> Frame {
        let mut message = self.message(MessageType::Discover);
        self.ask_for_parameters(&mut message);
        self.broadcast(&message)
    }

    fn request(&self, lease: &Lease) -> Frame {
        let mut message = self.message(MessageType::Request);
        let options = message.opts_mut();
        options.insert(DhcpOption::RequestedIpAddress(lease.address));
        options.insert(DhcpOption::ServerIdentifier(lease.server));
        self.ask_for_parameters(&mut message);
        self.broadcast(&message)
    }

    /// RFC 2131 §4.3.2: who has an address names it in `ciaddr`, to one server or, later, to all.
    fn extend(&self, lease: &Lease, rebinding: bool) -> Departure {
        let mut message = self.message(MessageType::Request);
        message.set_ciaddr(lease.address);
        self.ask_for_parameters(&mut message);
        let to = match rebinding {
            true => Ipv4Addr::BROADCAST,
            false => lease.server,
        };
        let header = Header4::new(lease.address, to);
        let ip = header.udp(CLIENT_PORT, SERVER_PORT, &dhcpv4::encode(&message));
        match rebinding {
            true => Departure::Broadcast(frame_either(self.mac, Mac::BROADCAST, &ip)),
            false => Departure::To(to, ip),
        }
    }

    fn message(&self, kind: MessageType) -> Message {
        let mut message = Message::default();
        message.set_xid(self.xid).set_chaddr(&self.mac.0);
        message.opts_mut().insert(DhcpOption::MessageType(kind));
        message
    }

    fn ask_for_parameters(&self, message: &mut Message) {
        let wanted = vec![
            OptionCode::SubnetMask,
            OptionCode::Router,
            OptionCode::DomainNameServer,
        ];
        message
            .opts_mut()
            .insert(DhcpOption::ParameterRequestList(wanted));
    }

    fn broadcast(&self, message: &Message) -> Frame {
        let header = Header4::new(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
        let ip = header.udp(CLIENT_PORT, SERVER_PORT, &dhcpv4::encode(message));
        frame_either(self.mac, Mac::BROADCAST, &ip)
    }
}

/// How often an offered address is asked for (RFC 2131 §3.1.5 names four times as an example).
const REQUESTS: u32 = 4;
/// More than anybody needs (ours).
const DNS_MAX: usize = 4;
/// All ones mean for ever (RFC 2131 §3.3).
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);
