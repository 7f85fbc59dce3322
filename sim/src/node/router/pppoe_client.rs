//! The PPPoE client: a session for each account that is set up, beside IPv6 on the same WAN (guide
//! Q4: ONS itself does not use PPPoE).
//!
//! Sessions know nothing of one another. What travels over them is IPv4's: `ipv4.rs`.

pub(super) mod discovery;
pub(super) mod link;
pub(super) mod negotiation;
pub(super) mod session;

use std::net::Ipv4Addr;

use super::Router;
use super::defect::Defects;
use super::interface::Interface;
use crate::frame::Frame;
use crate::message::pppoe::Pppoe;
use crate::node::Context;
use crate::setup::PppoeAccount;
use crate::time::Time;

use session::Session;

/// A session by which IPv4 may flow.
pub(super) struct Up {
    /// Which of those that are set up.
    pub(super) session: usize,
    /// The address that it has given us.
    pub(super) address: Ipv4Addr,
    /// The DNS servers that it has named.
    pub(super) dns: Vec<Ipv4Addr>,
}

/// All sessions.
pub(super) struct PppoeClient {
    sessions: Vec<Session>,
    carrier: bool,
}

impl PppoeClient {
    pub(super) fn new(accounts: &[PppoeAccount], defects: &Defects) -> Self {
        let numbered = (1..).zip(accounts);
        Self {
            sessions: numbered
                .map(|(number, account)| Session::new(number, account.clone(), defects.clone()))
                .collect(),
            carrier: true,
        }
    }

    /// Takes in a frame of PPPoE's; returns the IPv4 packet in it with the session that it came by.
    pub(super) fn handle_frame(
        &mut self,
        frame: &Frame,
        wan: &Interface,
        cx: &mut Context<'_>,
    ) -> Option<(usize, Vec<u8>)> {
        let packet = Pppoe::parse(frame)?;
        let mut arrived = None;
        for (number, session) in self.sessions.iter_mut().enumerate() {
            if let Some(ip) = session.ipv4_in(&packet, wan.mac()) {
                arrived = Some((number, ip));
            }
            let out = session.handle(&packet, wan.mac(), cx);
            send(out, wan, cx);
        }
        arrived
    }

    /// Returns the sessions by which IPv4 may flow.
    pub(super) fn up(&self) -> Vec<Up> {
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
    pub(super) fn send_ipv4(
        &self,
        session: usize,
        ip: Vec<u8>,
        wan: &Interface,
        cx: &mut Context<'_>,
    ) {
        if let Some(session) = self.sessions.get(session) {
            send(session.ipv4_out(ip, wan.mac()), wan, cx);
        }
    }

    /// Takes in that the cable of the WAN was pulled or put back.
    pub(super) fn handle_carrier(&mut self, up: bool, now: Time) {
        self.carrier = up;
        for session in &mut self.sessions {
            session.handle_carrier(up, now);
        }
    }

    pub(super) fn handle_timeout(&mut self, wan: &Interface, cx: &mut Context<'_>) {
        if !self.carrier {
            return;
        }
        for session in &mut self.sessions {
            let out = session.handle_timeout(wan.mac(), cx);
            send(out, wan, cx);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let sessions = self.sessions.iter().filter(|_| self.carrier);
        sessions.filter_map(Session::poll_timeout).min()
    }
}

impl Router {
    /// Takes in a frame of PPPoE's on the WAN. From the LAN none is passed on: pass-through
    /// (PPPoEパススルー) is another device's.
    pub(super) fn handle_pppoe(&mut self, port: u8, frame: &Frame, cx: &mut Context<'_>) {
        if port == Self::WAN && !self.ram.hung {
            let ram = &mut self.ram;
            let arrived = ram.pppoe.handle_frame(frame, &ram.wan, cx);
            self.settle_ipv4();
            if let Some((session, ip)) = arrived {
                self.handle_session_ipv4(session, &ip, cx);
            }
        }
    }
}

fn send(packets: Vec<Pppoe>, wan: &Interface, cx: &mut Context<'_>) {
    for packet in packets {
        wan.send_frame(packet.frame(), cx);
    }
}
