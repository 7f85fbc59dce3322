//! Rules on questions that a forwarder has to let through as they are.

use ngnlab_reports::Verdict;

use crate::checks::dns::twins::{twins, unanswered};
use crate::checks::ruling::{Ruling, broken, every};
use crate::dissection::{Dissection, Dns, Exchange};

/// Rules that a question was let through: answered, and not refused for its shape by the
/// forwarder alone.
pub(super) fn let_through(
    trace: &Dissection<'_>,
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Ruling {
    let Some(reply) = exchange.reply() else {
        return unanswered(trace, upstream, exchange);
    };
    let mut twins = twins(upstream, exchange).peekable();
    let was_forwarded = twins.peek().is_some();
    let servers_say_so = twins.any(|twin| {
        let mut replies = twin.replies.iter();
        replies.any(|other| other.is.rcode == reply.is.rcode)
    });
    let refuses = [FORMERR, NOTIMP].contains(&reply.is.rcode);
    if refuses && !servers_say_so && !was_forwarded {
        return broken(
            exchange.records(),
            "the question upstream",
            format!("the device itself answers response code {}", reply.is.rcode),
        );
    }
    Ruling::Holds(exchange.records())
}

/// Judges that every question with something odd about it was let through.
pub(super) fn all_let_through(
    trace: &Dissection<'_>,
    what: &str,
    is_odd: impl Fn(&Dns) -> bool,
) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let odd = lan.iter().filter(|exchange| is_odd(&exchange.query.is));
    every(what, odd, |exchange| {
        let_through(trace, &upstream, exchange)
    })
}

/// Response codes that say the question was not liked (RFC 1035 §4.1.1).
const FORMERR: u8 = 1;

const NOTIMP: u8 = 4;
