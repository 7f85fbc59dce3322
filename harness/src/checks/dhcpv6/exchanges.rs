//! A client's messages put together with their repetitions and their answers.

use super::{received, sent};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

/// A message with its retransmissions, and what answered it.
pub(in super::super) struct Asked<'d> {
    /// The messages, never none.
    pub(in super::super) messages: Vec<&'d Found<Dhcpv6>>,
    /// The answers, in order.
    pub(in super::super) answers: Vec<&'d Found<Dhcpv6>>,
}

/// Returns the device's exchanges in the order in which they began.
pub(in super::super) fn exchanges<'d>(trace: &'d Dissection<'_>) -> Vec<Asked<'d>> {
    let mut all: Vec<Asked<'d>> = Vec::new();
    for found in sent(trace) {
        let last = all.iter_mut().rev().find(|asked| {
            let first = asked.messages[0];
            (first.is.kind, first.is.xid) == (found.is.kind, found.is.xid)
                && !trace.is_restarted(first.at, found.at)
        });
        match last {
            Some(asked) => asked.messages.push(found),
            None => all.push(Asked {
                messages: vec![found],
                answers: Vec::new(),
            }),
        }
    }
    for asked in &mut all {
        let first = asked.messages[0];
        let kind = match first.is.kind {
            Kind::Solicit => Kind::Advertise,
            _ => Kind::Reply,
        };
        asked.answers = received(trace)
            .filter(|answer| {
                answer.is.kind == kind && answer.is.xid == first.is.xid && answer.at >= first.at
            })
            .collect();
    }
    all
}
