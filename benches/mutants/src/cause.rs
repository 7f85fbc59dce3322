//! Which findings name the cause of a fault: those about what the file does that it is in.

/// Returns whether a finding is about what a file does.
pub(crate) fn is_named_by(file: &str, finding: &str) -> bool {
    let finding = finding.strip_prefix("not judged: ").unwrap_or(finding);
    let rows = TOPICS.iter().filter(|(begin, _)| file.starts_with(begin));
    rows.flat_map(|(_, topics)| *topics)
        .any(|topic| finding.starts_with(topic))
}

/// Files, and how the ids of checks begin that are about them.
const TOPICS: &[(&str, &[&str])] = &[
    (
        "router/dhcpv6_client",
        &[
            "dhcp6c.",
            "pd.",
            "ngn.dhcp6",
            "ngn.pd",
            "lint.dhcp6c",
            "rob.dhcp6",
            "ngn.renumber",
        ],
    ),
    (
        "router/dhcpv6_packets",
        &[
            "dhcp6c.",
            "dhcp6s.",
            "ngn.dhcp6",
            "lint.dhcp6",
            "rob.dhcp6",
            "pd.",
        ],
    ),
    (
        "router/lease",
        &["dhcp6c.", "pd.", "lan.ra", "wan.slaac", "ngn.pd"],
    ),
    ("router/lan_dhcpv6", &["dhcp6s.", "lint.dhcp6s"]),
    (
        "router/lan_advert",
        &[
            "lan.ra",
            "lan.renum",
            "lan.cap",
            "lan.stale",
            "lint.ra",
            "ce.gen",
            "ngn.renumber",
        ],
    ),
    ("router/lan_offer", &["lan.ra", "lan.renum", "lint.ra"]),
    (
        "router/router_discovery",
        &[
            "wan.slaac",
            "wan.nd",
            "wan.route",
            "wan.addr",
            "ngn.ra",
            "rob.ra",
            "lint.nd",
            "ngn.wan",
        ],
    ),
    (
        "router/addressing",
        &[
            "wan.addr",
            "wan.slaac",
            "wan.nd",
            "pd.use",
            "lan.dad",
            "lan.nd",
            "ngn.nd",
            "lint.na",
            "lint.ns",
        ],
    ),
    (
        "router/interface",
        &[
            "wan.nd",
            "lan.nd",
            "lan.dad",
            "ngn.nd",
            "lint.na",
            "lint.ns",
            "lint.nd",
            "lint.ip",
            "wan.addr",
            "icmp6.addr-unreachable",
        ],
    ),
    (
        "router/neighbor_discovery",
        &[
            "wan.nd",
            "lan.nd",
            "lan.dad",
            "ngn.nd",
            "lint.na",
            "lint.ns",
            "lint.nd",
            "lan.ra",
            "wan.slaac",
            "rob.ra",
        ],
    ),
    (
        "router/nd_proxy",
        &[
            "ngn.nd",
            "ngn.ra-only",
            "wan.nd",
            "lan.nd",
            "lan.dad",
            "lint.na",
            "lint.ns",
        ],
    ),
    ("router/filter", &["fw6.", "pmtu.", "ngn.tcp"]),
    ("router/border", &["fw6.", "fwd.", "pmtu."]),
    (
        "router/forward",
        &[
            "fwd.",
            "fw6.",
            "icmp6.",
            "pmtu.",
            "ngn.lan",
            "ngn.ipv6",
            "wan.route",
            "ce.gen",
            "pd.use",
        ],
    ),
    (
        "router/icmp_errors",
        &["icmp6.", "lint.icmp6", "pmtu.", "fwd.ptb", "fwd.hoplimit"],
    ),
    ("router/error_budget", &["icmp6."]),
    (
        "router/packets_for_us",
        &["icmp6.", "dns.", "dhcp6s.", "fw6.no-mgmt", "lint.icmp6"],
    ),
    (
        "router/uplink_probe",
        &["wan.nd", "wan.route", "ce.gen", "lan.ra"],
    ),
    ("router/dns_", &["dns.", "lint.dns", "ons.dns", "rob.dns"]),
];
