//! The best that servers said for a question, and whether it is large.

use ngnlab_sim::setup::in_domain;

use crate::dissection::dns::AAAA;
use crate::dissection::{Dns, Exchange, Found};

/// The size that every DNS message over UDP may have (RFC 1035 §2.3.4).
pub(super) const CLASSIC_SIZE: usize = 512;

/// Returns the best answer that came from upstream for the question of an exchange.
pub(super) fn best_upstream<'d>(
    upstream: &[Exchange<'d>],
    exchange: &Exchange<'_>,
) -> Option<&'d Found<Dns>> {
    let question = exchange.question()?;
    upstream
        .iter()
        .filter(|other| other.question().is_some_and(|asked| asked.same(question)))
        .flat_map(|other| other.replies.iter().copied())
        .filter(|reply| reply.is.rcode == 0 && !reply.is.truncated && !reply.lost)
        .max_by_key(|reply| reply.is.answer_count)
}

/// Returns whether a question is for one of the names whose answers are large.
pub(super) fn is_for_a_large_answer(exchange: &Exchange<'_>) -> bool {
    let question = exchange.question();
    // guide p.15: the two names with fifteen addresses of each kind.
    in_domain(exchange.name(), "base.oqs-pdl.org")
        && question.is_some_and(|question| question.kind == AAAA)
}
