//! Advertisements on the WAN that invite to DHCPv6, and what the device begins on them.

use std::time::Duration;

use ngnlab_reports::Verdict;
use ngnlab_sim::Time;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Role;

use crate::checks::delay::Delay;
use crate::checks::evidence::dhcpv6_exchanges::of_kind;
use crate::checks::ruling::{Ruling, broken, every, only_in};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

/// Slow duplicate address detection (design §12) and programs that start one another.
const STARTED_AFTER: Duration = Duration::from_secs(40);

/// Returns the advertisements that reached the device and show that there is DHCPv6.
fn invitations(trace: &Dissection<'_>, managed: bool) -> Option<(usize, Time)> {
    trace
        .router_adverts()
        .find(|ra| {
            let invites = ra.is.managed || (ra.is.other && !managed);
            ra.to_device(Role::Wan) && !ra.injected && invites
        })
        .map(|ra| (ra.record, ra.arrives))
}

/// Judges that the device sends a Solicit of a kind once it is invited to.
pub(in crate::checks) fn begins(
    trace: &Dissection<'_>,
    managed: bool,
    what: &str,
    is_right: impl Fn(&&Found<Dhcpv6>) -> bool,
) -> Verdict {
    only_in(Mode::Pd, trace, || {
        let flag = "Router Advertisement that shows it";
        every(flag, invitations(trace, managed), |(record, arrives)| {
            let deadline = arrives + STARTED_AFTER;
            match of_kind(trace, &[Kind::Solicit]).find(&is_right) {
                Some(found) => Ruling::Holds(vec![record, found.record]),
                None if trace.end() < deadline || trace.is_disturbed(arrives, deadline) => {
                    Ruling::Skip
                }
                None => {
                    let missing = broken(
                        [record],
                        format!("{what}, since the advertisement has its flag"),
                        "none",
                    );
                    // What a Solicit lacks is not late.
                    match of_kind(trace, &[Kind::Solicit]).next() {
                        Some(_) => missing,
                        None => missing.unless_late(
                            trace,
                            Delay::Silence {
                                from: arrives,
                                due: deadline,
                            },
                        ),
                    }
                }
            }
        })
    })
}
