//! Which checks are asked of a router, and which of a bridge.
//!
//! A bridge has no prefix, no DNS and no filter: the line serves the terminals. What is asked of
//! routers is not asked of it, but for what terminals reach in the end; what a bridge owes is not
//! asked of a router. A check that stands in no list here is one of routers.

use super::ruling::IS_A_BRIDGE;

/// Returns why a check is not asked of a device of this kind, if it is not.
pub(super) fn why_not(id: &str, is_bridge: bool) -> Option<&'static str> {
    let is_of_bridges = id.starts_with(OF_BRIDGES);
    match is_bridge {
        true if is_of_bridges || OF_EITHER.contains(&id) => None,
        true => Some(IS_A_BRIDGE),
        false => is_of_bridges.then_some("the device is a router, and no bridge"),
    }
}

/// What the id of every check of a bridge begins with.
const OF_BRIDGES: &str = "bridge.";

/// What terminals reach in the end, whatever stands between them and the line.
pub(super) const OF_EITHER: &[&str] = &[
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
            let of = |is_bridge| why_not(check.id, is_bridge).is_none();
            assert!(of(true) || of(false), "{}", check.id);
        }
        assert_eq!(why_not("lan.dad", true), Some(IS_A_BRIDGE));
        assert!(why_not("bridge.frames.cross", false).is_some());
        assert!(why_not("no.such.check", true).is_some());
    }
}
