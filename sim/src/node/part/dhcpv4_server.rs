//! A DHCPv4 server for one small network (RFC 2131): it answers each message by itself, and
//! remembers who has which address.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::frame::Frame;
use crate::message::dhcpv4::{
    self, CLIENT_PORT, DhcpOption, Message, MessageType, Opcode, SERVER_PORT,
};
use crate::message::packet::Mac;
use crate::message::packet::ipv4::{Header4, Ipv4, frame_either};

/// A server and its leases.
#[derive(Debug)]
pub(crate) struct Dhcpv4Server {
    mac: Mac,
    config: Dhcpv4Config,
    leases: BTreeMap<Ipv4Addr, Mac>,
}

/// What a server gives.
#[derive(Clone, Debug)]
pub(crate) struct Dhcpv4Config {
    /// The server's own address, which is the router, too.
    pub(crate) own: Ipv4Addr,
    /// The network that it serves.
    pub(crate) net: Ipv4Net,
    /// The first address that is given, and how many there are.
    pub(crate) pool: (Ipv4Addr, u8),
    /// How long an address may be used.
    pub(crate) lease: Duration,
    /// Whether its acknowledgements say whose they are, as they must.
    pub(crate) names_itself: bool,
    /// The DNS servers.
    pub(crate) dns: Vec<Ipv4Addr>,
}

impl Dhcpv4Server {
    pub(crate) fn new(mac: Mac, config: Dhcpv4Config) -> Self {
        Self {
            mac,
            config,
            leases: BTreeMap::new(),
        }
    }

    /// Answers a packet, if it holds a client's message that wants an answer.
    pub(crate) fn answer(&mut self, packet: &Ipv4<'_>) -> Option<Frame> {
        let udp = packet.udp()?;
        if udp.destination_port != SERVER_PORT {
            return None;
        }
        let message = dhcpv4::decode(udp.payload)?;
        let client = dhcpv4::client(&message).filter(|mac| !mac.is_multicast())?;
        if message.opcode() != Opcode::BootRequest || !message.giaddr().is_unspecified() {
            return None;
        }
        let (kind, address) = self.decide(&message, client)?;
        let reply = self.reply(&message, kind, address);
        Some(self.frame(&message, &reply, client))
    }

    /// Returns the kind of the answer and the address in it (RFC 2131 §4.3).
    fn decide(
        &mut self,
        message: &Message,
        client: Mac,
    ) -> Option<(MessageType, Option<Ipv4Addr>)> {
        match dhcpv4::kind(message)? {
            MessageType::Discover => {
                let wanted = dhcpv4::requested(message);
                let address = self.address_for(client, wanted)?;
                Some((MessageType::Offer, Some(address)))
            }
            MessageType::Request => {
                // RFC 2131 §4.3.2: another server was chosen.
                if dhcpv4::server(message).is_some_and(|server| server != self.config.own) {
                    return None;
                }
                let ciaddr = message.ciaddr();
                let wanted = dhcpv4::requested(message).unwrap_or(ciaddr);
                if !self.may_have(client, wanted) {
                    return Some((MessageType::Nak, None));
                }
                self.leases.retain(|_, mac| *mac != client);
                self.leases.insert(wanted, client);
                Some((MessageType::Ack, Some(wanted)))
            }
            MessageType::Inform => Some((MessageType::Ack, None)),
            MessageType::Release | MessageType::Decline => {
                self.leases.retain(|_, mac| *mac != client);
                None
            }
            _ => None,
        }
    }

    /// RFC 2131 §4.3.1: what the client has, what it asks for, what is free.
    fn address_for(&self, client: Mac, wanted: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
        let has = self.leases.iter().find(|(_, mac)| **mac == client);
        let has = has.map(|(address, _)| *address);
        let wanted = wanted.filter(|wanted| self.may_have(client, *wanted));
        let free = || {
            self.pool()
                .find(|address| !self.leases.contains_key(address))
        };
        has.or(wanted).or_else(free)
    }

    fn may_have(&self, client: Mac, address: Ipv4Addr) -> bool {
        let others = self.leases.get(&address).is_some_and(|mac| *mac != client);
        self.pool().any(|own| own == address) && !others
    }

    fn pool(&self) -> impl Iterator<Item = Ipv4Addr> {
        let (first, count) = self.config.pool;
        let first = u32::from(first);
        (0..u32::from(count)).map(move |number| Ipv4Addr::from(first + number))
    }

    fn reply(&self, to: &Message, kind: MessageType, address: Option<Ipv4Addr>) -> Message {
        let config = &self.config;
        let mut reply = Message::default();
        reply
            .set_opcode(Opcode::BootReply)
            .set_xid(to.xid())
            .set_flags(to.flags())
            .set_chaddr(to.chaddr())
            .set_yiaddr(address.unwrap_or(Ipv4Addr::UNSPECIFIED));
        if kind == MessageType::Ack {
            reply.set_ciaddr(to.ciaddr());
        }
        let options = reply.opts_mut();
        options.insert(DhcpOption::MessageType(kind));
        if config.names_itself || kind == MessageType::Offer {
            options.insert(DhcpOption::ServerIdentifier(config.own));
        }
        // RFC 2131 table 3: a DHCPNAK says nothing else.
        if kind == MessageType::Nak {
            return reply;
        }
        options.insert(DhcpOption::SubnetMask(config.net.netmask()));
        options.insert(DhcpOption::Router(vec![config.own]));
        options.insert(DhcpOption::DomainNameServer(config.dns.clone()));
        if address.is_some() {
            let seconds = u32::try_from(config.lease.as_secs()).unwrap_or(u32::MAX);
            options.insert(DhcpOption::AddressLeaseTime(seconds));
        }
        reply
    }

    /// RFC 2131 §4.1: to whom an answer goes.
    fn frame(&self, to: &Message, reply: &Message, client: Mac) -> Frame {
        let nak = dhcpv4::kind(reply) == Some(MessageType::Nak);
        let (mac, address) = match () {
            () if nak => (Mac::BROADCAST, Ipv4Addr::BROADCAST),
            () if !to.ciaddr().is_unspecified() => (client, to.ciaddr()),
            () if to.flags().broadcast() => (Mac::BROADCAST, Ipv4Addr::BROADCAST),
            () => (client, reply.yiaddr()),
        };
        let header = Header4::new(self.config.own, address);
        let ip = header.udp(SERVER_PORT, CLIENT_PORT, &dhcpv4::encode(reply));
        frame_either(self.mac, mac, &ip)
    }
}
