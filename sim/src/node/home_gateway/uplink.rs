//! The gateway as a customer of the line: router discovery and a DHCPv6-PD client
//! (RFC 8415 §18.2) with a DUID-LL, since the network takes no other (ngn-facts §2.1).

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::{DhcpOption, ORO};
use ipnet::Ipv6Net;
use rand::Rng;

use crate::message::dhcpv6::{
    self, CLIENT_PORT, Delegated, Message, MessageType, SERVER_PORT, Status,
};
use crate::message::ndp::{Ndp, NdpOption, RouterAdvert, RouterSolicit};
use crate::message::packet::{
    ALL_DHCP, ALL_ROUTERS, ETHERNET_HEADER, Envelope, Mac, Packet, is_link_local,
};
use crate::node::Context;
use crate::node::part::neighbors::Timers;
use crate::node::part::router_port::RouterPort;
use crate::time::Time;

/// The gateway's side towards the network.
pub(super) struct Uplink {
    pub(super) port: RouterPort,
    socket: u8,
    router: Option<(Ipv6Addr, Time)>,
    /// How long the next solicitation waits for an advertisement, and when it is due.
    discovery: Option<(Duration, Time)>,
    exchange: Option<Exchange>,
    lease: Option<Lease>,
}

/// What the network delegated.
pub(super) struct Lease {
    /// The prefix.
    pub(super) prefix: Ipv6Net,
    /// The DNS servers that came with it.
    pub(super) dns: Vec<Ipv6Addr>,
    server: Vec<u8>,
    /// T1, T2 and the lifetimes as they were granted.
    granted: (u32, u32, Delegated),
    t1: Time,
    t2: Time,
    until: Time,
}

/// A message that waits for its answer.
struct Exchange {
    kind: MessageType,
    xid: [u8; 3],
    server: Option<Vec<u8>>,
    began: Time,
    timeout: Duration,
    next: Time,
    sent: u32,
}

impl Uplink {
    /// Makes an uplink that has not begun.
    pub(super) fn new(socket: u8, mac: Mac) -> Self {
        Self {
            port: RouterPort::new(socket, mac, 0),
            socket,
            router: None,
            discovery: None,
            exchange: None,
            lease: None,
        }
    }

    /// Begins to look for the network's router.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>) {
        self.discovery = Some((RTR_SOLICITATION_INTERVAL, cx.now()));
    }

    /// Returns what the network delegated.
    pub(super) fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Returns the default router.
    pub(super) fn router(&self, now: Time) -> Option<Ipv6Addr> {
        let (address, until) = self.router?;
        (until > now).then_some(address)
    }

    /// Sends an IPv6 packet towards the network, and returns whether there is a router.
    pub(super) fn send(&mut self, ip: &[u8], cx: &mut Context<'_>) -> bool {
        let Some(router) = self.router(cx.now()) else {
            return false;
        };
        self.port.send(router, ip, cx);
        true
    }

    /// Sends a datagram of the gateway's own towards the network.
    pub(super) fn send_udp(
        &mut self,
        source: (Ipv6Addr, u16),
        to: (Ipv6Addr, u16),
        payload: &[u8],
        cx: &mut Context<'_>,
    ) {
        let mac = self.port.mac();
        let frame = Envelope::new(mac, mac, source.0, to.0).udp(source.1, to.1, payload);
        self.send(&frame[ETHERNET_HEADER..], cx);
    }

    /// Takes in a Neighbour Discovery message.
    pub(super) fn handle_ndp(&mut self, ndp: &Ndp, packet: &Packet<'_>, cx: &mut Context<'_>) {
        match ndp {
            Ndp::RouterAdvert(advert) => self.handle_advert(advert, packet.source, cx),
            Ndp::RouterSolicit(_) => {}
            Ndp::NeighborSolicit(_) | Ndp::NeighborAdvert(_) => {
                self.port.handle_ndp(ndp, packet, cx);
            }
        }
    }

    fn handle_advert(&mut self, advert: &RouterAdvert, from: Ipv6Addr, cx: &mut Context<'_>) {
        if !is_link_local(from) {
            return;
        }
        self.discovery = None;
        self.router = (!advert.lifetime.is_zero()).then(|| (from, cx.now() + advert.lifetime));
        let mac = advert.options.iter().find_map(|option| match option {
            NdpOption::SourceLinkLayer(mac) => Some(*mac),
            _ => None,
        });
        self.port.learn(from, mac, cx);
        let timers = Timers::drawn(advert.reachable, advert.retrans, cx.random());
        self.port.set_timers(timers);
        if advert.managed && self.lease.is_none() && self.exchange.is_none() {
            self.start(MessageType::Solicit, None, cx);
        }
    }

    /// Takes in a message of a server.
    pub(super) fn handle_dhcpv6(&mut self, message: &Message, cx: &mut Context<'_>) {
        let Some(exchange) = &self.exchange else {
            return;
        };
        let wanted = match exchange.kind {
            MessageType::Solicit => MessageType::Advertise,
            _ => MessageType::Reply,
        };
        let for_us = message.xid() == exchange.xid
            && dhcpv6::client_id(message) == Some(&self.port.mac().duid_ll()[..]);
        let Some(server) = dhcpv6::server_id(message).map(<[u8]>::to_vec) else {
            return;
        };
        if message.msg_type() != wanted || !for_us {
            return;
        }
        let granted = dhcpv6::delegations(message)
            .find(|delegation| delegation.id == IAID)
            .filter(|delegation| dhcpv6::status(&delegation.opts) == Status::Success)
            .and_then(|delegation| {
                let prefix = dhcpv6::prefixes(delegation)
                    .into_iter()
                    .find(|delegated| delegated.valid > 0)?;
                Some((delegation.t1, delegation.t2, prefix))
            });
        match (wanted, granted) {
            // RFC 8415 §18.2.9: an offer of nothing is passed over.
            (MessageType::Advertise, None) => {}
            (MessageType::Advertise, Some(_)) => {
                self.start(MessageType::Request, Some(server), cx);
            }
            (_, None) => {
                self.lease = None;
                self.start(MessageType::Solicit, None, cx);
            }
            (_, Some((t1, t2, delegated))) => {
                let dns = dhcpv6::dns_servers(message);
                self.accept((t1, t2, delegated), server, dns, cx.now());
            }
        }
    }

    fn accept(
        &mut self,
        granted: (u32, u32, Delegated),
        server: Vec<u8>,
        dns: Vec<Ipv6Addr>,
        now: Time,
    ) {
        let (t1, t2, delegated) = granted;
        let after = |secs: u32| now + Duration::from_secs(u64::from(secs));
        // RFC 8415 §18.2.4: a server that leaves the timers to the client says 0.
        let or_share = |timer: u32, share: f64| {
            if timer > 0 {
                after(timer)
            } else {
                now + Duration::from_secs(u64::from(delegated.preferred)).mul_f64(share)
            }
        };
        self.exchange = None;
        self.lease = Some(Lease {
            prefix: delegated.prefix,
            dns,
            server,
            granted,
            t1: or_share(t1, 0.5),
            t2: or_share(t2, 0.8),
            until: after(delegated.valid),
        });
    }

    /// Does what has become due.
    pub(super) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        // What waits for a silent router is lost; whoever sent it will try again.
        self.port.handle_timeout(cx);
        if let Some((interval, due)) = self.discovery
            && due <= now
        {
            self.solicit_router(cx);
            // RFC 7559 §2: the interval doubles up to an hour.
            let next = (interval * 2).min(MAX_RTR_SOLICITATION_INTERVAL);
            self.discovery = Some((next, now + interval));
        }
        if let Some(lease) = &self.lease {
            let running = self.exchange.as_ref().map(|exchange| exchange.kind);
            let server = lease.server.clone();
            if lease.until <= now {
                self.lease = None;
                self.start(MessageType::Solicit, None, cx);
            } else if lease.t2 <= now && running != Some(MessageType::Rebind) {
                self.start(MessageType::Rebind, None, cx);
            } else if lease.t1 <= now && running.is_none() {
                self.start(MessageType::Renew, Some(server), cx);
            }
        }
        if self
            .exchange
            .as_ref()
            .is_some_and(|exchange| exchange.next <= now)
        {
            self.transmit(cx);
        }
    }

    /// Returns when [`Uplink::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let lease = self.lease.as_ref().map(|lease| match &self.exchange {
            None => lease.t1,
            Some(exchange) if exchange.kind == MessageType::Rebind => lease.until,
            Some(_) => lease.t2,
        });
        [
            self.port.poll_timeout(),
            self.discovery.map(|(_, due)| due),
            self.exchange.as_ref().map(|exchange| exchange.next),
            lease,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn solicit_router(&mut self, cx: &mut Context<'_>) {
        let mac = self.port.mac();
        let solicit = Ndp::RouterSolicit(RouterSolicit {
            source_link_layer: Some(mac),
        });
        let envelope = Envelope::new(mac, mac, mac.link_local(), ALL_ROUTERS);
        cx.send(self.socket, solicit.build(envelope));
    }

    fn start(&mut self, kind: MessageType, server: Option<Vec<u8>>, cx: &mut Context<'_>) {
        self.exchange = Some(Exchange {
            kind,
            xid: cx.random().random(),
            server,
            began: cx.now(),
            timeout: Duration::ZERO,
            next: cx.now(),
            sent: 0,
        });
        self.transmit(cx);
    }

    /// Sends the message of the exchange, and sets the time of the next try (RFC 8415 §15).
    fn transmit(&mut self, cx: &mut Context<'_>) {
        // ngn-facts §2.2: a Renew of an NTT terminal carries real values, not zeros.
        let delegation = match &self.lease {
            Some(lease) => {
                let (t1, t2, delegated) = lease.granted;
                dhcpv6::delegation(IAID, t1, t2, &[delegated])
            }
            None => dhcpv6::delegation(IAID, 0, 0, &[]),
        };
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let (first, most, tries) = match exchange.kind {
            MessageType::Solicit => (SECOND, Duration::from_secs(3600), None),
            MessageType::Request => (SECOND, Duration::from_secs(30), Some(10)),
            _ => (Duration::from_secs(10), Duration::from_secs(600), None),
        };
        if tries.is_some_and(|tries| exchange.sent >= tries) {
            self.start(MessageType::Solicit, None, cx);
            return;
        }
        let base = match exchange.timeout {
            Duration::ZERO => first,
            timeout => (timeout * 2).min(most),
        };
        // Solicit only ever waits longer, so that its first wait is a full second.
        let spread = match exchange.kind {
            MessageType::Solicit => 1.0..1.1,
            _ => 0.9..1.1,
        };
        exchange.timeout = base.mul_f64(cx.random().random_range(spread));
        exchange.next = cx.now() + exchange.timeout;
        exchange.sent += 1;
        let hundredths = cx.now().since(exchange.began).as_millis() / 10;
        let elapsed = u16::try_from(hundredths).unwrap_or(u16::MAX);
        let requested = REQUESTED.into_iter().map(Into::into).collect();
        let mut options = vec![
            DhcpOption::ClientId(self.port.mac().duid_ll()),
            DhcpOption::ElapsedTime(elapsed),
            DhcpOption::ORO(ORO { opts: requested }),
            delegation,
        ];
        options.extend(exchange.server.clone().map(DhcpOption::ServerId));
        let message = dhcpv6::message(exchange.kind, exchange.xid, options);
        let source = self.port.link_local();
        let to = (ALL_DHCP, SERVER_PORT);
        let bytes = dhcpv6::encode(&message);
        self.port.send_udp(source, to, CLIENT_PORT, &bytes, cx);
    }
}

const IAID: u32 = 1;
/// The option request list of an NTT terminal (ngn-facts §2.3).
const REQUESTED: [u16; 9] = [17, 21, 22, 23, 24, 31, 56, 64, 67];
const SECOND: Duration = Duration::from_secs(1);
/// RFC 4861 §10.
const RTR_SOLICITATION_INTERVAL: Duration = Duration::from_secs(4);
/// RFC 7559 §2.1.
const MAX_RTR_SOLICITATION_INTERVAL: Duration = Duration::from_secs(3600);
