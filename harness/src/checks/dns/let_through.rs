//! Questions that a forwarder has to let through as they are.

use ngnlab_reports::Verdict;

use crate::checks::dns::own_refusals::answered;
use crate::checks::ruling::every;
use crate::dissection::{Dissection, Dns};

/// Judges that every question with something odd about it was let through: answered, and not
/// refused for its shape by the forwarder alone.
pub(super) fn all_let_through(
    trace: &Dissection<'_>,
    what: &str,
    is_odd: impl Fn(&Dns) -> bool,
) -> Verdict {
    let (lan, upstream) = (trace.lan_dns(), trace.upstream_dns());
    let odd = lan.iter().filter(|exchange| is_odd(&exchange.query.is));
    every(what, odd, |exchange| answered(trace, &upstream, exchange))
}
