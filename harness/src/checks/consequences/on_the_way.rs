//! What lies on the way to the sites, and keeps terminals from reaching them.

use super::Consequence;

/// Who asks the wrong server for a name does not get the right answer.
const WRONG_SERVER: &[&str] = &[
    "ons.dns.not-through-home-gateway",
    "ons.dns.area",
    "ons.dns.any-depth",
    "ons.dns.any-case",
    "ons.dns.added-domains",
    "ons.dns.each-domain",
    "ons.dns.per-domain",
    "ons.dns.no-leak",
    "ons.dns.ngn-domain",
    "ons.dns.preferred-first",
];

/// No answer that a terminal can use.
const NO_NAMES: &[&str] = &[
    "ons.terminal.dns-from-router",
    "dns.proxy.answers-from-asked-address",
    "dns.proxy.id-restored",
    "dns.proxy.malformed-survive",
    "rob.dns.fuzz",
    "dns.proxy.present",
    "ons.dns.aaaa-kept",
    "dns.proxy.upstream-failover",
    "dns.proxy.slow-server",
    "dns.proxy.recovers",
    "dns.proxy.edns-pass",
    "dns.proxy.tcp",
];

/// No prefix from the line.
const NO_PREFIX: &[&str] = &[
    "ngn.dhcp6.duid-ll",
    "pd.start.m-or-o",
    "ngn.dhcp6.reply-from-any-port",
    "dhcp6c.msg.unknown-option",
    "dhcp6c.sol.no-give-up",
    "dhcp6c.link.rebind-with-pd",
    "dhcp6c.reb.expiry-to-solicit",
    "wan.nd.ra-unknown-option",
    "wan.slaac.support",
    "rob.ra.fuzz",
    "rob.dhcp6.fuzz",
    "rob.flap.recover",
    "rob.loss.recover",
    "ngn.hgw.takes-60",
    "ngn.pd.no-iana",
    "pd.accept.without-iana",
    "pd.accept.other-size",
    "ngn.ra.renumber",
    "ngn.pd.renumber",
    "ngn.hgw.recovers-after-reboot",
];

/// No address, or no router, for a terminal.
const NO_LAN: &[&str] = &[
    "lan.ra.linklocal-source",
    "lan.ra.one-64-per-lan",
    "lan.ra.preferred-le-valid",
    "lan.ra.a-l-flags",
    "lan.ra.advertising",
    "lan.ra.rdnss",
    "ngn.lan.prefix-inside-assignment",
];

/// Packets that do not get across.
const NO_WAY: &[&str] = &[
    "ngn.nd.own-link-layer",
    "ngn.nd.answers-for-lan",
    "ngn.renumber.passes-new-prefix",
    "ngn.wan.source-in-assignment",
    "wan.nd.default-route-from-ra",
    "wan.nd.router-lifetime-zero",
    "rob.ra-flood",
    "fwd.to-right-mac",
    "fwd.mtu.full-size",
    "ngn.tcp.survives-silence",
    "ons.second-terminal.works",
    "ons.parallel-connections",
];

/// What is not reached at all cannot be used.
const SITES: &[&str] = &[
    "ons.line-auth.reaches-site",
    "ons.portal.reachable",
    "ons.line-auth.after-power-cut",
];

/// What is not reached because of something on the way there. What was seen only after it was in
/// vain is no cause of it.
pub(super) const ON_THE_WAY: &[Consequence] = &[
    Consequence {
        failures: &[
            "ons.line-auth.reaches-site",
            "ons.line-auth.after-power-cut",
        ],
        causes: &[NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES, NO_WAY],
    },
    Consequence {
        failures: &[
            "ons.portal.reachable",
            "ons.test-portal.reachable",
            "ons.delivery.reachable",
        ],
        causes: &[
            NO_PREFIX,
            NO_LAN,
            WRONG_SERVER,
            NO_NAMES,
            NO_WAY,
            &["ons.line-auth.reaches-site"],
        ],
    },
    Consequence {
        failures: &["dns.proxy.present", "dns.proxy.recovers"],
        causes: &[NO_PREFIX],
    },
    Consequence {
        failures: &["ons.portal.stays-reachable", "ons.line-auth.completes"],
        causes: &[NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES, NO_WAY, SITES],
    },
    Consequence {
        failures: &["ons.large-download", "ons.crl.downloads"],
        causes: &[&["fwd.mtu.full-size", "fwd.ptb.relay"]],
    },
    Consequence {
        failures: &["ons.terminal.three-addresses"],
        causes: &[NO_LAN, NO_PREFIX],
    },
];

/// What explains why a promise about a site was not kept, the likeliest first.
pub(super) const OF_PROMISES: &[&[&str]] =
    &[SITES, NO_PREFIX, NO_LAN, WRONG_SERVER, NO_NAMES, NO_WAY];
