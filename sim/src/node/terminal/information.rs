//! Stateless DHCPv6: asks for DNS servers when the routers say so (RFC 8415 §18.2.6).
//!
//! A terminal never asks for addresses: the line grants none (ngn-facts §2.1).

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::DhcpOption;
use rand::Rng;

use super::PORT;
use crate::message::dhcpv6::{
    self, CLIENT_PORT, INF_MAX_RT, Message, MessageType, ORO, OptionCode, SERVER_PORT,
};
use crate::message::packet::{ALL_DHCP, Envelope, Mac, Udp};
use crate::node::Context;
use crate::time::Time;

/// The exchange of an Information-Request, and its refresh.
#[derive(Default)]
pub(super) struct Information {
    state: State,
    last_start: Option<Time>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Asking(Exchange),
    Known {
        refresh_at: Time,
    },
}

struct Exchange {
    xid: [u8; 3],
    started: Option<Time>,
    timeout: Duration,
    next: Time,
}

/// What a Reply brought.
pub(super) struct Learnt {
    pub(super) servers: Vec<Ipv6Addr>,
    pub(super) search: Vec<String>,
}

impl Information {
    /// Takes in the flags of an advertisement; `moved` says that the prefixes changed.
    pub(super) fn advertised(&mut self, wanted: bool, moved: bool, cx: &mut Context<'_>) {
        // RFC 8415 §18.2.12: changed prefixes mean that other configuration may have changed.
        let needed = match self.state {
            State::Idle => wanted,
            State::Asking(_) => false,
            State::Known { .. } => wanted && moved,
        };
        // A flood of advertisements must not become a flood of requests.
        let recent = self
            .last_start
            .is_some_and(|last| cx.now().since(last) < MIN_RESTART);
        if needed && !recent {
            self.begin(cx);
        }
    }

    fn begin(&mut self, cx: &mut Context<'_>) {
        let delay = cx.random().random_range(Duration::ZERO..INF_MAX_DELAY);
        self.last_start = Some(cx.now());
        self.state = State::Asking(Exchange {
            xid: cx.random().random(),
            started: None,
            timeout: Duration::ZERO,
            next: cx.now() + delay,
        });
    }

    /// Takes in a datagram for the client port.
    pub(super) fn handle(&mut self, udp: &Udp<'_>, mac: Mac, now: Time) -> Option<Learnt> {
        let State::Asking(exchange) = &self.state else {
            return None;
        };
        let reply = dhcpv6::decode(udp.payload)?;
        // RFC 8415 §16.10.
        let valid = reply.msg_type() == MessageType::Reply
            && reply.xid() == exchange.xid
            && dhcpv6::server_id(&reply).is_some()
            && dhcpv6::client_id(&reply).is_none_or(|duid| duid == mac.duid_ll());
        if !valid {
            return None;
        }
        self.state = State::Known {
            refresh_at: now + refresh_time(&reply),
        };
        Some(Learnt {
            servers: dhcpv6::dns_servers(&reply),
            search: dhcpv6::search_list(&reply),
        })
    }

    /// Sends what is due from the link-local address.
    pub(super) fn handle_timeout(&mut self, mac: Mac, source: Ipv6Addr, cx: &mut Context<'_>) {
        let now = cx.now();
        if matches!(self.state, State::Known { refresh_at } if refresh_at <= now) {
            self.begin(cx);
        }
        let State::Asking(exchange) = &mut self.state else {
            return;
        };
        if exchange.next > now {
            return;
        }
        // RFC 8415 §15: doubling, randomised by a tenth.
        let factor = cx.random().random_range(0.9..1.1);
        exchange.timeout = if exchange.timeout.is_zero() {
            INF_TIMEOUT.mul_f64(factor)
        } else {
            (exchange.timeout.mul_f64(1.0 + factor)).min(INF_MAX.mul_f64(factor))
        };
        exchange.next = now + exchange.timeout;
        let started = *exchange.started.get_or_insert(now);
        let request = request(exchange.xid, mac, now.since(started));
        let envelope = Envelope::new(mac, mac, source, ALL_DHCP);
        cx.send(PORT, envelope.udp(CLIENT_PORT, SERVER_PORT, &request));
    }

    /// Returns when [`Information::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        match &self.state {
            State::Idle => None,
            State::Asking(exchange) => Some(exchange.next),
            State::Known { refresh_at } => Some(*refresh_at),
        }
    }
}

fn request(xid: [u8; 3], mac: Mac, elapsed: Duration) -> Vec<u8> {
    let hundredths = u16::try_from(elapsed.as_millis() / 10).unwrap_or(u16::MAX);
    let wanted = ORO {
        opts: vec![
            OptionCode::DomainNameServers,
            OptionCode::DomainSearchList,
            OptionCode::InformationRefreshTime,
            INF_MAX_RT,
        ],
    };
    dhcpv6::encode(&dhcpv6::message(
        MessageType::InformationRequest,
        xid,
        [
            DhcpOption::ClientId(mac.duid_ll()),
            DhcpOption::ElapsedTime(hundredths),
            DhcpOption::ORO(wanted),
        ],
    ))
}

fn refresh_time(reply: &Message) -> Duration {
    let told = reply.opts().iter().find_map(|option| match option {
        DhcpOption::InformationRefreshTime(seconds) => Some(Duration::from_secs((*seconds).into())),
        _ => None,
    });
    told.unwrap_or(IRT_DEFAULT).max(IRT_MINIMUM)
}

// RFC 8415 §7.6.
const INF_MAX_DELAY: Duration = Duration::from_secs(1);
const INF_TIMEOUT: Duration = Duration::from_secs(1);
const INF_MAX: Duration = Duration::from_secs(3600);
const IRT_DEFAULT: Duration = Duration::from_secs(86_400);
const IRT_MINIMUM: Duration = Duration::from_secs(600);
const MIN_RESTART: Duration = Duration::from_secs(5);
