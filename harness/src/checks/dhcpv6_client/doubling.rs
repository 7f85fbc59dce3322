//! Intervals that double from one retransmission to the next (RFC 8415 §15).

use std::time::Duration;

use crate::checks::delay::Delay;
use crate::checks::ruling::{Ruling, expect, seconds};
use crate::dissection::{Dhcpv6, Dissection, Found};

/// What must remain of doubling: 1.9 times with the jitter of RFC 8415 §15, and host jitter.
pub(super) const GROWTH: f64 = 1.6;

/// From here on a client may have reached its longest interval: 120 s in RFC 3315 §5.5.
pub(super) const LONGEST: Duration = Duration::from_secs(100);

/// Rules on three messages in a row: the second interval is about twice the first, or has come near
/// the `longest`.
pub(super) fn doubles(
    trace: &Dissection<'_>,
    [first, second, third]: [&Found<Dhcpv6>; 3],
    longest: Duration,
) -> Ruling {
    let (before, after) = (second.at.since(first.at), third.at.since(second.at));
    // Noticed later, the second one makes the first interval longer and the other shorter.
    let by = before
        .mul_f64(GROWTH)
        .saturating_sub(after)
        .div_f64(GROWTH + 1.0);
    expect(
        [first.record, second.record, third.record],
        after >= longest || after.as_secs_f64() >= GROWTH * before.as_secs_f64(),
        format!("an interval of about twice {}", seconds(before)),
        seconds(after),
    )
    .unless_late(
        trace,
        Delay::TooSoon {
            after: second.at,
            by,
        },
    )
}
