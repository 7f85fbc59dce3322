//! What the defect `gateway-must-answer-pings` does: takes the upstream router for dead unless it
//! answers echo requests, which this network's edge never does (ngn-facts §1.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use super::Defects;
use super::defect::Defect;
use super::interface::Interface;
use crate::message::packet::{ETHERNET_HEADER, Envelope};
use crate::node::Context;
use crate::time::Time;

/// Whether the upstream router answers.
pub(super) struct Liveness {
    defects: Defects,
    next: Option<Time>,
    unanswered: u16,
}

impl Liveness {
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
        wan: &mut Interface,
        cx: &mut Context<'_>,
    ) {
        let due = self.next.is_none_or(|at| at <= cx.now());
        if !self.defects.has(Defect::GatewayMustAnswerPings) || !due {
            return;
        }
        let Some(router) = router.filter(|_| wan.is_up()) else {
            return;
        };
        self.next = Some(cx.now() + INTERVAL);
        self.unanswered = self.unanswered.saturating_add(1);
        let body = [&ID.to_be_bytes()[..], &self.unanswered.to_be_bytes()].concat();
        let envelope = Envelope::new(wan.mac(), wan.mac(), wan.link_local(), router);
        let frame = envelope.icmpv6(ECHO_REQUEST, 0, &body);
        wan.send(router, &frame[ETHERNET_HEADER..], cx);
    }
}

const ECHO_REQUEST: u8 = 128;
const ID: u16 = 0x4e47;
const INTERVAL: Duration = Duration::from_secs(5);
const MISSES: u16 = 3;
