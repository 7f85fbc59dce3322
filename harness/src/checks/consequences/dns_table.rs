//! Which server is asked: one fault of the per-domain table (guide p.7), seen by several checks.

use super::Consequence;

/// The row of the table before what follows from it.
pub(super) const DNS_TABLE: &[Consequence] = &[
    Consequence {
        failures: &["ons.dns.each-domain"],
        causes: &[&[
            "ons.dns.not-through-home-gateway",
            "ons.dns.any-depth",
            "ons.dns.any-case",
        ]],
    },
    Consequence {
        failures: &["ons.dns.any-depth"],
        causes: &[&["ons.dns.any-case"]],
    },
    Consequence {
        failures: &["ons.dns.per-domain"],
        causes: &[&[
            "ons.dns.not-through-home-gateway",
            "ons.dns.area",
            "ons.dns.any-depth",
            "ons.dns.any-case",
            "ons.dns.added-domains",
            "ons.dns.each-domain",
        ]],
    },
    Consequence {
        failures: &["ons.dns.no-leak"],
        causes: &[&[
            "ons.dns.not-through-home-gateway",
            "ons.dns.area",
            "ons.dns.any-depth",
            "ons.dns.any-case",
            "ons.dns.added-domains",
            "ons.dns.each-domain",
            "ons.dns.per-domain",
        ]],
    },
    Consequence {
        failures: &["ons.dns.preferred-first"],
        causes: &[&[
            "ons.dns.not-through-home-gateway",
            "ons.dns.any-depth",
            "ons.dns.any-case",
            "ons.dns.added-domains",
            "ons.dns.each-domain",
            "ons.dns.per-domain",
            "ons.dns.no-leak",
        ]],
    },
];
