//! What keeps a PPPoE session from coming up, and terminals from what is behind it.

use super::Consequence;

/// A session that does not come up stops somewhere between PADI and IPCP.
pub(super) const DIALLED: &[Consequence] = &[
    Consequence {
        failures: &["ppp.session.comes-up"],
        causes: &[&[
            "ppp.padi.broadcast",
            "ppp.padi.service-name",
            "ppp.padi.max-size",
            "ppp.disc.unknown-tag",
            "ppp.padr.unicast",
            "ppp.disc.cookie-returned",
            "ppp.disc.relay-id-returned",
            "ppp.disc.multi-pado",
            "ppp.padr.retry-then-padi",
            "ppp.disc.error-is-no-session",
            "ppp.lcp.forbidden-options",
            "ppp.lcp.mru-1492",
            "ppp.lcp.reject-obeyed",
            "ppp.lcp.request-id",
            "ppp.lcp.ack-exact",
            "ppp.auth.chap",
            "ppp.auth.chap-value",
            "ppp.auth.pap-credentials",
            "ppp.auth.no-nlp-before",
            "ppp.ncp.independent",
            "ppp.ipcp.address",
            "ppp.session.id",
            "ppp.session.redial",
        ]],
    },
    Consequence {
        failures: &["ppp.session.id"],
        causes: &[&["ppp.disc.error-is-no-session"]],
    },
    // Who answers under another SESSION_ID answers nobody.
    Consequence {
        failures: &["ppp.lcp.echo-reply", "ppp.lcp.terminate-ack"],
        causes: &[&["ppp.session.id"]],
    },
    // What never ended, or came back by itself, is not dialled by hand.
    Consequence {
        failures: &["ppp.hand.connects"],
        causes: &[&["ppp.hand.disconnects"]],
    },
    // The page is what all of it is for.
    Consequence {
        failures: &["v4.service-site.opens"],
        causes: &[&[
            "v4.dns.session-servers",
            "v4.route.service-site",
            "nat4.private-source",
            "nat4.checksum",
            "nat4.answers-come-in",
            "ppp.mss-clamp",
        ]],
    },
];
