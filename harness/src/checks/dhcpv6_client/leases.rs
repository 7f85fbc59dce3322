//! Leases of the DHCPv6 client: what a Reply gave, and until when.

use ngnlab_sim::Time;

use crate::checks::evidence::dhcpv6_exchanges::received;
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};

/// A lease of the device, until it got another one.
pub(super) struct Held<'d> {
    pub(super) reply: &'d Found<Dhcpv6>,
    pub(super) t1: u32,
    pub(super) t2: u32,
    pub(super) valid: u32,
    /// When the next Reply with a prefix came.
    pub(super) replaced: Option<Time>,
}

/// Returns the leases of the device, in order.
pub(super) fn leases<'d>(trace: &'d Dissection<'_>) -> Vec<Held<'d>> {
    let grants: Vec<_> = received(trace)
        .filter(|found| found.is.kind == Kind::Reply)
        .filter_map(|found| {
            let granted = found.is.granted();
            let valid = granted.iter().map(|(_, prefix)| prefix.valid).max()?;
            let (ia, _) = granted.first()?;
            Some((found, ia.t1, ia.t2, valid))
        })
        .collect();
    let nexts = grants.iter().skip(1).map(|(found, ..)| Some(found.arrives));
    let nexts = nexts.chain([None]);
    grants
        .iter()
        .zip(nexts)
        .map(|((reply, t1, t2, valid), replaced)| Held {
            reply,
            t1: *t1,
            t2: *t2,
            valid: *valid,
            replaced,
        })
        .collect()
}
