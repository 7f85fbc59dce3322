//! What a check needs before there is anything to judge, where another check judges that.

use super::Consequence;

/// The checks that are left without anything to judge, and those whose failure leaves them so.
pub(super) const PREMISES: &[Consequence] = &[
    // Nobody answers on the LAN, or nobody is told to ask there.
    Consequence {
        failures: &[
            "dhcp6s.echo-client-id",
            "dhcp6s.echo-xid",
            "dhcp6s.foreign-serverid",
            "dhcp6s.inf-with-ia",
            "dhcp6s.pass-options",
            "dhcp6s.search",
            "dhcp6s.server-id",
            "dhcp6s.solicit-with-serverid",
            "dhcp6s.unicast-answer",
            "dhcp6s.unicast-solicit",
            "lint.dhcp6s.lists",
            "lint.dhcp6s.options-in-place",
            "lint.dhcp6s.whole",
        ],
        causes: &[&["dhcp6s.mode", "lan.ra.m0-o1"]],
    },
    Consequence {
        failures: &["dhcp6s.dns"],
        causes: &[&["dhcp6s.mode", "lan.ra.m0-o1"]],
    },
    Consequence {
        failures: &["dhcp6s.mode"],
        causes: &[&["lan.ra.m0-o1"]],
    },
    // The client has not said that it takes a Reconfigure, so none is sent (RFC 8415 §18.3.11).
    Consequence {
        failures: &[
            "dhcp6c.rcf.auth",
            "dhcp6c.rcf.one-at-a-time",
            "dhcp6c.rcf.renew",
        ],
        causes: &[&["dhcp6c.rcf.accept"]],
    },
    // Who takes the first Advertise has no choice.
    Consequence {
        failures: &["dhcp6c.sol.preference-order"],
        causes: &[&["dhcp6c.sol.wait-first-rt"]],
    },
    Consequence {
        failures: &["dhcp6c.sol-max-rt.range"],
        causes: &[&["dhcp6c.oro.sol-max-rt"]],
    },
    // Who does not ask does not ask again.
    Consequence {
        failures: &["dhcp6c.link.rebind-backoff"],
        causes: &[&["dhcp6c.link.rebind-with-pd"]],
    },
    Consequence {
        failures: &["lan.ra.rio-no-duplicate"],
        causes: &[&["lan.ra.rio"]],
    },
];
