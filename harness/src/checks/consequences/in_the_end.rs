//! What a terminal loses in the end, whatever it comes from.

use super::Consequence;

/// The check that says what went wrong explains what terminals then lack.
pub(super) const IN_THE_END: &[Consequence] = &[
    Consequence {
        failures: &["lan.keeps.address", "lan.keeps.dns", "lan.keeps.router"],
        causes: &[
            &[
                "dhcp6c.msg.unknown-type",
                "ngn.closed-network.stays-router",
                "ngn.hgw.takes-60",
                "ngn.ipv6.not-dependent-on-echo",
                "ngn.lan.prefix-inside-assignment",
                "ngn.pd.lan-apart-from-wan",
                "ngn.pd.renumber",
                "ngn.ra.renumber",
                "pd.lifetime.cap-ra",
                "pd.use.while-valid",
                "pd.use.other-withdrawn",
                "rob.ra-flood",
                "wan.nd.ra-validation",
                "wan.slaac.deprecate-now",
                "wan.slaac.support",
            ],
            &[
                "lan.ra.a-l-flags",
                "lan.ra.rdnss",
                "lan.renum.old-dns",
                "lint.ra.prefix-once",
            ],
        ],
    },
    Consequence {
        failures: &["dhcp6c.link.rebind-with-pd"],
        causes: &[&["pd.use.released"]],
    },
    Consequence {
        failures: &["pd.use.while-valid"],
        causes: &[&["lint.ra.prefix-once", "ngn.dhcp6.renew-nonzero"]],
    },
    Consequence {
        failures: &["lan.keeps.dns", "lan.keeps.router"],
        causes: &[&["lan.keeps.address"]],
    },
    Consequence {
        failures: &["ons.portal.stays-reachable"],
        causes: &[&["lan.keeps.address", "lan.keeps.router", "lan.keeps.dns"]],
    },
];
