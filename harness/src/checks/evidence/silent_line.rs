//! Whether a device that began anew could have a prefix yet: it cannot while the servers that give
//! one are silent, and need not have one before it asks again.

use std::time::Duration;

use ngnlab_sim::Time;

use crate::checks::evidence::dhcpv6_exchanges::sent;
use crate::checks::evidence::given_prefixes::given;
use crate::dissection::{Dissection, Kind};
use crate::scenario::step::Action;
use crate::scenario::step::servers::Server;

/// Returns whether the line has given no prefix since the device lost its power, because it was
/// silent when the device asked, and the device need not have asked again yet.
pub(in crate::checks) fn waits_for_prefix(trace: &Dissection<'_>, at: Time) -> bool {
    let mut cuts = trace.steps.iter().rev();
    let cut = cuts.find(|step| step.cuts_power() && step.at <= at);
    let since = cut.map_or(Time::ZERO, |cut| cut.at);
    let gave = given(trace)
        .iter()
        .any(|given| given.preferred > 0 && since < given.at && given.at <= at);
    !gave
        && trace.steps.iter().any(|step| {
            let Action::Silence(silence) = &step.action else {
                return false;
            };
            let until = match silence.lasting {
                Some(lasting) => step.at + lasting.0,
                None => trace.end(),
            };
            let heard = match silence.node {
                Server::Dhcpv6 => next_solicit(trace, since, at),
                // A host that solicited in vain waits for the next unsolicited advertisement
                // (RFC 4861 §6.3.7), which is ten minutes away at most (ngn-facts §9 row 1).
                Server::RouterAdvertisements => until + UNSOLICITED,
                _ => return false,
            };
            step.at <= at && since < until && at <= heard.max(until)
        })
}

/// Returns until when the device has to ask again, by the pause before it asked last: each is at
/// most 2.1 times the one before (RFC 8415 §15).
fn next_solicit(trace: &Dissection<'_>, since: Time, at: Time) -> Time {
    let solicits = sent(trace).filter(|found| found.is.kind == Kind::Solicit);
    let times: Vec<Time> = solicits
        .map(|found| found.at)
        .filter(|asked| since <= *asked && *asked <= at)
        .collect();
    match times[..] {
        [.., before, last] => last + last.since(before).max(SOL_TIMEOUT).mul_f64(2.1),
        [only] => only + SOL_TIMEOUT.mul_f64(2.1),
        [] => since,
    }
}

/// RFC 8415 §7.6.
const SOL_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest time between two unsolicited advertisements (ngn-facts §1.1, inferred).
const UNSOLICITED: Duration = Duration::from_secs(600);
