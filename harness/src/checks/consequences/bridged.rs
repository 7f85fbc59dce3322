//! What a bridge that does not do as it owes keeps terminals from.

use super::Consequence;

/// Whatever terminals lack behind a bridge comes from what it does to their frames, or says itself.
pub(super) const BRIDGED: &[Consequence] = &[
    Consequence {
        failures: &[
            "ngn.tcp.survives-silence",
            "ons.crl.downloads",
            "ons.delivery.reachable",
            "ons.large-download",
            "ons.line-auth.after-power-cut",
            "ons.line-auth.completes",
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
        ],
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
