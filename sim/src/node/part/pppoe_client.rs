//! The PPPoE client of routers, and of terminals that dial themselves: a session for each account
//! that is set up, beside IPv6 on the same wire (guide Q4: ONS itself does not use PPPoE).
//!
//! Sessions know nothing of one another. What travels over them is IPv4's, with the node around.
//! The mistakes that it can make are the reference router's.

pub(in crate::node) mod discovery;
pub(in crate::node) mod link;
pub(in crate::node) mod negotiation;
pub(in crate::node) mod session;

use std::net::Ipv4Addr;

use crate::frame::Frame;
use crate::message::packet::Mac;
use crate::message::pppoe::Pppoe;
use crate::node::Context;
use crate::node::router::defect::Defects;
use crate::setup::PppoeAccount;
use crate::time::Time;

use session::Session;

/// A session by which IPv4 may flow.
pub(in crate::node) struct Up {
    /// Which of those that are set up.
    pub(in crate::node) session: usize,
    /// The address that it has given us.
    pub(in crate::node) address: Ipv4Addr,
    /// The DNS servers that it has named.
    pub(in crate::node) dns: Vec<Ipv4Addr>,
}

/// All sessions.
pub(in crate::node) struct PppoeClient {
    port: u8,
    mac: Mac,
    sessions: Vec<Session>,
    carrier: bool,
}

impl PppoeClient {
    pub(in crate::node) fn new(
        (port, mac): (u8, Mac),
        accounts: &[PppoeAccount],
        defects: &Defects,
    ) -> Self {
        let numbered = (1..).zip(accounts);
        Self {
            port,
            mac,
            sessions: numbered
                .map(|(number, account)| Session::new(number, account.clone(), defects.clone()))
                .collect(),
            carrier: true,
        }
    }

    /// Takes in a frame of PPPoE's; returns the IPv4 packet in it with the session that it came by.
    pub(in crate::node) fn handle_frame(
        &mut self,
        frame: &Frame,
        cx: &mut Context<'_>,
    ) -> Option<(usize, Vec<u8>)> {
        let packet = Pppoe::parse(frame)?;
        let mut arrived = None;
        for (number, session) in self.sessions.iter_mut().enumerate() {
            if let Some(ip) = session.ipv4_in(&packet, self.mac) {
                arrived = Some((number, ip));
            }
            let out = session.handle(&packet, self.mac, cx);
            send(out, self.port, cx);
        }
        arrived
    }

    /// Returns the sessions by which IPv4 may flow.
    pub(in crate::node) fn up(&self) -> Vec<Up> {
        let numbered = self.sessions.iter().enumerate();
        numbered
            .filter_map(|(number, session)| {
                let (address, dns) = session.addresses()?;
                Some(Up {
                    session: number,
                    address,
                    dns,
                })
            })
            .collect()
    }

    /// Sends an IPv4 packet by a session, if it is up.
    pub(in crate::node) fn send_ipv4(&self, session: usize, ip: Vec<u8>, cx: &mut Context<'_>) {
        if let Some(session) = self.sessions.get(session) {
            send(session.ipv4_out(ip, self.mac), self.port, cx);
        }
    }

    /// Has its user end the sessions of an account, or all of them.
    pub(in crate::node) fn hang_up(&mut self, account: Option<&str>, cx: &mut Context<'_>) {
        let sessions = self.sessions.iter_mut();
        for session in sessions.filter(|it| account.is_none_or(|name| it.is_of(name))) {
            send(session.hang_up(self.mac, cx.now()), self.port, cx);
        }
    }

    /// Has its user dial the sessions of an account, or all of them.
    pub(in crate::node) fn dial(&mut self, account: Option<&str>, now: Time) {
        let sessions = self.sessions.iter_mut();
        for session in sessions.filter(|it| account.is_none_or(|name| it.is_of(name))) {
            session.dial(now);
        }
    }

    /// Takes in that the cable of the WAN was pulled or put back.
    pub(in crate::node) fn handle_carrier(&mut self, up: bool, now: Time) {
        self.carrier = up;
        for session in &mut self.sessions {
            session.handle_carrier(up, now);
        }
    }

    pub(in crate::node) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        if !self.carrier {
            return;
        }
        for session in &mut self.sessions {
            let out = session.handle_timeout(self.mac, cx);
            send(out, self.port, cx);
        }
    }

    pub(in crate::node) fn poll_timeout(&self) -> Option<Time> {
        let sessions = self.sessions.iter().filter(|_| self.carrier);
        sessions.filter_map(Session::poll_timeout).min()
    }
}

fn send(packets: Vec<Pppoe>, port: u8, cx: &mut Context<'_>) {
    for packet in packets {
        cx.send(port, packet.frame());
    }
}
