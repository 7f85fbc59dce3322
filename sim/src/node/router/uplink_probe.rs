//! What the defects `gateway-must-answer-pings` and `needs-internet` do: take the line for dead
//! unless its edge answers echo requests, or a host in the internet accepts connections. Neither
//! happens on this network (ngn-facts §1.2, §4.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use etherparse::TcpHeader;

use super::defect::{Defects, defects};
use super::interface::Interface;
use crate::message::packet::{ETHERNET_HEADER, Envelope};
use crate::node::Context;
use crate::time::Time;

/// Whether the upstream router answers.
pub(super) struct UplinkProbe {
    defects: Defects,
    next: Option<Time>,
    unanswered: u16,
}

impl UplinkProbe {
    pub(super) fn new(defects: Defects) -> Self {
        Self {
            defects,
            next: None,
            unanswered: 0,
        }
    }

    /// Returns whether the upstream router is given up.
    pub(super) fn is_lost(&self) -> bool {
        self.unanswered > MISSES
    }

    /// Takes in an answer.
    pub(super) fn answered(&mut self) {
        self.unanswered = 0;
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.next
    }

    /// Asks the upstream router whether it is there.
    pub(super) fn handle_timeout(
        &mut self,
        router: Option<Ipv6Addr>,
        source: Option<Ipv6Addr>,
        wan: &mut Interface,
        cx: &mut Context<'_>,
    ) {
        let due = self.next.is_none_or(|at| at <= cx.now());
        let Some(router) = router.filter(|_| wan.is_up() && due) else {
            return;
        };
        if let Some(source) = source.filter(|_| self.defects.has(NEEDS_INTERNET)) {
            self.next = Some(cx.now() + INTERVAL);
            self.unanswered = self.unanswered.saturating_add(1);
            let mut syn = TcpHeader::new(PROBE_PORT, HTTPS, 1, 1024);
            syn.syn = true;
            let frame = Envelope::new(wan.mac(), wan.mac(), source, SOMEBODY).tcp(syn, &[]);
            wan.send(router, &frame[ETHERNET_HEADER..], cx);
        }
        if !self.defects.has(GATEWAY_MUST_ANSWER_PINGS) {
            return;
        }
        self.next = Some(cx.now() + INTERVAL);
        self.unanswered = self.unanswered.saturating_add(1);
        let body = [&ID.to_be_bytes()[..], &self.unanswered.to_be_bytes()].concat();
        let envelope = Envelope::new(wan.mac(), wan.mac(), wan.link_local(), router);
        let frame = envelope.icmpv6(ECHO_REQUEST, 0, &body);
        wan.send(router, &frame[ETHERNET_HEADER..], cx);
    }
}

/// A public resolver, as consumer routers probe.
const SOMEBODY: Ipv6Addr = Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111);
const HTTPS: u16 = 443;
const PROBE_PORT: u16 = 40_443;
const ECHO_REQUEST: u8 = 128;
const ID: u16 = 0x4e47;
const INTERVAL: Duration = Duration::from_secs(5);
const MISSES: u16 = 3;

defects! {
    /// Takes the upstream router for dead unless it answers pings, which the edge never does
    /// (ngn-facts §1.2).
    GATEWAY_MUST_ANSWER_PINGS = "gateway-must-answer-pings",
        "上位ルータがpingに応答しないと停止しているとみなす。網のエッジは応答しない。";
    /// Takes the line for dead because a host in the internet, which is not behind it, resets its
    /// connections (ngn-facts §4.2).
    NEEDS_INTERNET = "needs-internet",
        "インターネット上のホストが接続を拒否すると、回線が切れているとみなす。この回線はインターネットにつながっていない。";
}
