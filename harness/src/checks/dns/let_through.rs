//! Questions that a forwarder has to let through as they are.

use ngnlab_reports::Verdict;

use crate::checks::dns::oddities::is_odd_for;
use crate::checks::dns::own_refusals::answered;
use crate::checks::ruling::every;
use crate::dissection::Dissection;

/// Judges that every question with the oddity that a check is about was let through: answered, and
/// not refused for its shape by the forwarder alone.
pub(super) fn all_let_through(trace: &Dissection<'_>, check: &str, what: &str) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let odd = lan.iter().filter(|exchange| {
        let query = &exchange.query.is;
        query.opcode() == 0 && is_odd_for(check, query)
    });
    every(what, odd, |exchange| {
        answered(check, trace, &upstream, exchange)
    })
}
