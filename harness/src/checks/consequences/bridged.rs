//! What a bridge that does not do as it owes keeps terminals from.

use super::Consequence;
use crate::checks::asked_of::OF_EITHER;

/// Whatever terminals lack behind a bridge comes from what it does to their frames, or says itself.
pub(super) const BRIDGED: &[Consequence] = &[
    Consequence {
        failures: OF_EITHER,
        causes: &[&[
            "bridge.frames.unchanged",
            "bridge.frames.not-reflected",
            "bridge.multicast.crosses",
            "bridge.nd.claims-nothing",
            "bridge.full-size",
            "bridge.frames.cross",
            "bridge.lan.no-router",
            "bridge.lan.no-dhcpv6-server",
            "bridge.frames.once",
        ]],
    },
    // Who is told that the bridge has an address sends there what is for another.
    Consequence {
        failures: &["bridge.frames.cross"],
        causes: &[&["bridge.nd.claims-nothing"]],
    },
];
