//! A field that is wrong, and what follows from it.

use super::Consequence;

/// What receivers drop, or take for something else, explains what then does not come about.
pub(super) const FORMS: &[Consequence] = &[
    // A message that receivers drop, or take for another one, before what it was about.
    Consequence {
        failures: &[
            "fwd.hoplimit.time-exceeded",
            "icmp6.addr-unreachable",
            "icmp6.err.not-for-bad-source",
            "icmp6.err.rate-limit",
            "icmp6.no-route",
            "icmp6.port-unreachable",
            "icmp6.unknown-next-header",
            "lan.stale.icmp-code5",
            "lint.icmp6.source-scope",
            "pd.use.null-route-icmp",
        ],
        causes: &[&[
            "lint.ip.checksum",
            "lint.icmp6.destination",
            "lint.icmp6.code",
        ]],
    },
    Consequence {
        failures: &[
            "lan.dad",
            "ngn.nd.dad-defended",
            "ngn.nd.dad-relayed",
            "wan.nd.rs-after-dad",
            "wan.slaac.dad",
        ],
        causes: &[&[
            "lint.nd.options",
            "lint.nd.nameless-from-nowhere",
            "lint.ns.destination",
        ]],
    },
    Consequence {
        failures: &[
            "dhcp6c.m-flag.iana",
            "ngn.dhcp6.information-request",
            "pd.start.m-or-o",
        ],
        causes: &[&["lint.dhcp6c.whole", "lint.nd.header"]],
    },
    Consequence {
        failures: &[
            "lan.ra.advertising",
            "lan.ra.initial-burst",
            "ngn.ra.first-prefix",
            "wan.slaac.support",
        ],
        causes: &[&["lint.nd.header"]],
    },
    Consequence {
        failures: &["ngn.pd.no-iana"],
        causes: &[&["lint.nd.source-link-layer"]],
    },
    Consequence {
        failures: &["dhcp6s.mode"],
        causes: &[&["lint.dhcp6s.whole"]],
    },
    Consequence {
        failures: &["lint.ra.preference-without-lifetime"],
        causes: &[&["lint.ra.preference"]],
    },
    Consequence {
        failures: &["ngn.lan.prefix-inside-assignment", "ngn.nd.dad-relayed"],
        causes: &[&["lint.ra.prefix-link-local"]],
    },
    Consequence {
        failures: &["ons.terminal.three-addresses"],
        causes: &[&["lint.ra.prefix-once", "lint.ra.destination"]],
    },
    Consequence {
        failures: &["ons.terminal.dns-from-router"],
        causes: &[&["lint.ra.dns-server-address"]],
    },
    Consequence {
        failures: &["lan.ra.rio"],
        causes: &[&["lint.ra.route-host-bits"]],
    },
    Consequence {
        failures: &[
            "dns.proxy.bypass",
            "dns.proxy.edns-pass",
            "dns.proxy.edns-size-kept",
            "dns.proxy.tsig",
            "dns.proxy.verbatim",
        ],
        causes: &[&[
            "lint.dns.answer-whole",
            "lint.dns.question-header",
            "lint.dns.one-question",
        ]],
    },
    // What belongs into no message of its kind, after the check that knows what it brings about.
    Consequence {
        failures: &["lint.dhcp6c.options-in-place"],
        causes: &[&[
            "dhcp6c.inf.no-ia",
            "dhcp6c.msg.no-foreign-options",
            "dhcp6c.reb.at-t2",
        ]],
    },
    Consequence {
        failures: &["lint.icmp6.pointer"],
        causes: &[&["icmp6.unknown-info"]],
    },
];
