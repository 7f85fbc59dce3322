//! Answers from upstream, put beside the terminal's question that they answer.

use crate::checks::dns::twins::is_twin;
use crate::dissection::{Dissection, Dns, Exchange, Found, Transport};

/// A terminal's question over UDP, with what came from upstream for it before it was answered.
pub(super) struct Relayed<'d> {
    pub(super) lan: Exchange<'d>,
    pub(super) replies: Vec<&'d Found<Dns>>,
}

impl Relayed<'_> {
    /// Returns whether something came from upstream, and `ok` holds for all of it.
    pub(super) fn all(&self, ok: impl Fn(&Dns) -> bool) -> bool {
        !self.replies.is_empty() && self.replies.iter().all(|reply| ok(&reply.is))
    }
}

/// Returns the terminals' questions over UDP that the device had to ask upstream for.
pub(super) fn relayed<'d>(trace: &'d Dissection<'_>) -> Vec<Relayed<'d>> {
    let upstream = trace.upstream_dns();
    let mut lan = trace.lan_dns();
    lan.retain(|exchange| exchange.query.is.transport == Transport::Udp);
    let mut relayed = Vec::new();
    for lan in lan {
        let answered = lan.reply().map(|reply| reply.record);
        let in_time = |reply: &&Found<Dns>| {
            !reply.lost && answered.is_none_or(|record| reply.record <= record)
        };
        let mut replies = Vec::new();
        for twin in upstream.iter().filter(|other| is_twin(other, &lan)) {
            replies.extend(twin.replies.iter().copied().filter(in_time));
        }
        relayed.push(Relayed { lan, replies });
    }
    relayed
}
