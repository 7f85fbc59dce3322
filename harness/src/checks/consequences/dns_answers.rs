//! One fault of the DNS forwarder, seen by several checks of what it answers.

use super::Consequence;

/// What the forwarder says by itself, whom it believes, and what it does when a server turns away.
pub(super) const DNS_ANSWERS: &[Consequence] = &[
    Consequence {
        failures: &[
            "lint.dns.answer-header",
            "lint.dns.answer-whole",
            "dns.proxy.failure-edns",
        ],
        causes: &[&["dns.proxy.failure-form"]],
    },
    Consequence {
        failures: &["dns.proxy.failure-edns", "dns.proxy.question-echoed"],
        causes: &[&["dns.proxy.formerr-passed"]],
    },
    // Whose word was taken for the answer, before that it is not the server's.
    Consequence {
        failures: &[
            "dns.proxy.tcp",
            "dns.proxy.tcp-half-closed",
            "dns.proxy.verbatim",
            "dns.sec.true-answer-follows",
        ],
        causes: &[&["dns.sec.match-id", "dns.sec.match-question"]],
    },
    Consequence {
        failures: &["dns.proxy.upstream-failover"],
        causes: &[&["dns.proxy.tcp-closed-upstream"]],
    },
    Consequence {
        failures: &["ons.dns.added-domains"],
        causes: &[&["ons.dns.ngn-domain"]],
    },
];
