//! Which checks are asked of a router, which of a bridge, and which of who dials PPPoE.
//!
//! A bridge has no prefix, no DNS and no filter: the line serves the terminals. What is asked of
//! routers is not asked of it, but for what terminals reach in the end; what a bridge owes is not
//! asked of a router. A check that stands in no list here is one of routers.

use super::ruling::IS_A_BRIDGE;
use crate::dissection::Dissection;

/// Returns why a check is not asked of the device of a trace, if it is not.
pub(super) fn why_not(id: &str, trace: &Dissection<'_>) -> Option<&'static str> {
    // What a capture does not tell, frames do.
    let dials = !trace.setup().pppoe.is_empty() || trace.header().captured.is_some();
    match OF_PPPOE.iter().any(|family| id.starts_with(family)) {
        true if trace.is_bridge() => Some(IS_A_BRIDGE),
        true => (!dials).then_some("no PPPoE session is set up in this scenario"),
        false => of_router_or_bridge(id, trace.is_bridge()),
    }
}

fn of_router_or_bridge(id: &str, is_bridge: bool) -> Option<&'static str> {
    let is_of_bridges = id.starts_with(OF_BRIDGES);
    match is_bridge {
        true if is_of_bridges || OF_EITHER.contains(&id) => None,
        true => Some(IS_A_BRIDGE),
        false => is_of_bridges.then_some("the device is a router, and no bridge"),
    }
}

/// What the id of every check of who dials PPPoE begins with: of the sessions, and of the IPv4 in them.
const OF_PPPOE: [&str; 4] = ["ppp.", "v4.", "nat4.", "dhcp4s."];

/// What the id of every check of a bridge begins with.
const OF_BRIDGES: &str = "bridge.";

/// What terminals reach in the end, whatever stands between them and the line.
pub(super) const OF_EITHER: &[&str] = &[
    "members.line.confirmed",
    "members.pages.shown",
    "members.site.reached",
    "ngn.tcp.survives-silence",
    "ons.crl.downloads",
    "ons.delivery.reachable",
    "ons.large-download",
    "ons.line-auth.after-power-cut",
    "ons.line-auth.completes",
    "ons.line-auth.one-source",
    "ons.line-auth.reaches-site",
    "ons.ntp.answers",
    "ons.parallel-connections",
    "ons.portal.reachable",
    "ons.portal.stays-reachable",
    "ons.second-terminal.works",
    "ons.terminal.three-addresses",
    "ons.test-portal.reachable",
    "rob.flap.recover",
    "rob.loss.recover",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{all, find};

    #[test]
    fn what_is_asked_of_either_is_a_check() {
        for id in OF_EITHER {
            assert!(find(id).is_some(), "{id} is no check");
        }
    }

    #[test]
    fn every_check_is_asked_of_somebody() {
        for check in all() {
            let of = |is_bridge| of_router_or_bridge(check.id, is_bridge).is_none();
            assert!(of(true) || of(false), "{}", check.id);
        }
        assert_eq!(of_router_or_bridge("lan.dad", true), Some(IS_A_BRIDGE));
        assert!(of_router_or_bridge("bridge.frames.cross", false).is_some());
        assert!(of_router_or_bridge("no.such.check", true).is_some());
    }
}
