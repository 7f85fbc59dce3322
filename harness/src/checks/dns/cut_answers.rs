//! What a device does with an answer that a server cut: it hands the TC bit on, or goes on over TCP
//! itself (RFC 1035 §4.2.1, RFC 2181 §9).

use std::time::Duration;

use ngnlab_reports::Verdict;
use ngnlab_sim::trace::{End, Role};

use crate::checks::ruling::not_applicable;
use crate::dissection::dns::PORT;
use crate::dissection::{Dissection, Transport};

/// Says of a check on cut answers that found none on the LAN that the device itself went on over
/// TCP, if it did so with each of them.
pub(super) fn unless_over_tcp(trace: &Dissection<'_>, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Inconclusive(_) if goes_on_over_tcp(trace) => {
            not_applicable("the device itself goes on over TCP where a server cuts its answer")
        }
        verdict => verdict,
    }
}

fn goes_on_over_tcp(trace: &Dissection<'_>) -> bool {
    let upstream = trace.upstream_dns();
    let by_udp = upstream
        .iter()
        .filter(|exchange| exchange.query.is.transport == Transport::Udp);
    let mut cut = by_udp
        .flat_map(|exchange| &exchange.replies)
        .filter(|reply| reply.is.truncated && reply.arrives + AT_ONCE < trace.end())
        .peekable();
    cut.peek().is_some()
        && cut.all(|reply| {
            trace.connections.iter().any(|connection| {
                connection.on == Role::Wan
                    && connection.opener == End::Device
                    && !connection.injected
                    && connection.server.1 == PORT
                    && connection.at <= reply.arrives + AT_ONCE
                    && connection.last.1 >= reply.arrives
            })
        })
}

/// Who goes on does so at once, or uses a connection that is open.
const AT_ONCE: Duration = Duration::from_secs(1);
