//! The addresses and names of each area: one table, each row with its source and confidence.
//!
//! *guide* is オンライン資格確認等システム 接続ガイド 1.2版; the rest are field reports. What is
//! `inferred` is our own deduction; a correction is a change of one line here.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use ipnet::Ipv6Net;

use super::Area;
use crate::message::packet::Mac;

/// Everything that differs between East and West.
#[derive(Clone, Debug)]
pub struct Values {
    /// The NGN DNS servers, preferred first (guide p.7; seed).
    pub ngn_dns: [Ipv6Addr; 2],
    /// The same servers in the order of DHCPv6 option 23, the alternate first
    /// (ngn-facts §2.3; reported R+).
    pub ngn_dns_on_wire: [Ipv6Addr; 2],
    /// The ONS DNS servers, preferred first (guide p.7; seed).
    pub ons_dns: [Ipv6Addr; 2],
    /// The area's service domain (guide p.7; seed).
    pub ngn_domain: &'static str,
    /// DHCPv6 option 24 (ngn-facts §2.3; East reported R+, West inferred).
    pub search: [&'static str; 2],
    /// DHCPv6 option 31 (ngn-facts §2.3; reported R+).
    pub sntp: [Ipv6Addr; 2],
    /// DHCPv6 option 22 (ngn-facts §2.3; West reported, East not captured).
    pub sip: Option<Ipv6Addr>,
    /// Vendor option 17/210, sub-option 204 (ngn-facts §2.3; West reported, East inferred).
    pub sip_domain: &'static str,
    /// Vendor option 17/210, sub-option 210 (ngn-facts §2.3; West reported, East inferred).
    pub firmware_host: &'static str,
    /// The service ranges of the network (ngn-facts §4.1; reported R+).
    pub ngn_ranges: [Ipv6Net; 2],
    /// The range of line-to-line traffic, reached with v6 option only (ngn-facts §4.1, §8 row 25).
    pub folded_range: Ipv6Net,
    /// The prefixes a line gets, one after the other, as /56 (ngn-facts §4.1 sample prefixes;
    /// subnet 0 by §1.1 prefix alignment, inferred).
    pub assignments: [Ipv6Net; 2],
    /// Where a line's prefixes lie when an ISP brings them (ngn-facts §4.1; inferred choice).
    pub isp_assignments: [Ipv6Net; 2],
    /// The address of `www.lineauth.mnw` (guide p.15 East; West inferred).
    pub line_auth: Ipv6Addr,
    /// The address of `assv.asc.flets-east.jp` or `-west.jp` (guide p.15 East; West inferred).
    pub service_check: Ipv6Addr,
    /// The service information site, `flets-east.jp` or `flets-west.jp` (inferred: beside the check
    /// host).
    pub service_site: Ipv6Addr,
    /// `hweb.oqs-st.onshikaku.org`, connection test (guide p.15 East; West inferred).
    pub portal_test: Ipv6Addr,
    /// `hweb.oqs.onshikaku.org`, production (inferred: beside the connection test).
    pub portal: Ipv6Addr,
    /// `crldownload.obn.managedpki.ne.jp` (guide p.15 East; West inferred).
    pub crl: [Ipv6Addr; 2],
    /// The /48 of `pweb` and `ntp.base.oqs-pdl.org`; hosts ::1–::9 and ::10–::15
    /// (guide p.15 East; West inferred).
    pub delivery: Ipv6Addr,
    /// The edge router's MAC, visible in its link-local address (ngn-facts §1.1 and §1.2).
    pub edge_mac: Mac,
    /// The MAC in the DHCPv6 server's DUID-LL (ngn-facts §2.1 sample; West inferred equal).
    pub server_duid_mac: Mac,
}

/// The six ONS domains (guide p.7; seed).
pub const ONS_DOMAINS: [&str; 6] = [
    "onshikaku.org",
    "lineauth.mnw",
    "base.oqs-pdl.org",
    "managedpki.ne.jp",
    "cybertrust.ne.jp",
    "secomtrust.net",
];

/// Returns the values of an area.
pub fn values(area: Area) -> &'static Values {
    static EAST: LazyLock<Values> = LazyLock::new(|| table(Area::East));
    static WEST: LazyLock<Values> = LazyLock::new(|| table(Area::West));
    match area {
        Area::East => &EAST,
        Area::West => &WEST,
    }
}

fn table(area: Area) -> Values {
    let ip = |text: &str| text.parse().expect("the table holds valid addresses");
    let net = |text: &str| text.parse().expect("the table holds valid prefixes");
    match area {
        Area::East => Values {
            ngn_dns: [ip("2404:1a8:7f01:a::3"), ip("2404:1a8:7f01:b::3")],
            ngn_dns_on_wire: [ip("2404:1a8:7f01:b::3"), ip("2404:1a8:7f01:a::3")],
            ons_dns: [ip("2404:1a8:f583:d00::53:1"), ip("2404:1a8:f583:d00::53:2")],
            ngn_domain: "flets-east.jp",
            search: ["flets-east.jp", "iptvf.jp"],
            sntp: [ip("2404:1a8:1102::b"), ip("2404:1a8:1102::a")],
            sip: None,
            sip_domain: "ntt-east.ne.jp",
            firmware_host: "www.verinfo.hgw.flets-east.jp",
            ngn_ranges: [net("2404:1a8::/32"), net("2001:c90::/33")],
            folded_range: net("2408:210::/30"),
            assignments: [net("2408:3ff:e00:ca00::/56"), net("2408:3ff:e00:2000::/56")],
            isp_assignments: [net("2409:10:e00:ca00::/56"), net("2409:10:e00:2000::/56")],
            line_auth: ip("2404:1a8:f583:af0::1"),
            service_check: ip("2404:1a8:ff43:1612::f"),
            service_site: ip("2404:1a8:ff43:1612::10"),
            portal_test: ip("2404:1a8:f583:1b00:ad7d:7594:6198:6ce0"),
            portal: ip("2404:1a8:f583:1b00:ad7d:7594:6198:6ce1"),
            crl: [
                ip("2404:1a8:f583:4a06:a0c6:842b:cc00:fa1f"),
                ip("2404:1a8:f583:4a07:6905:9f85:2d17:d650"),
            ],
            delivery: ip("2408:210:9c0::"),
            edge_mac: Mac([0xc4, 0x7d, 0x4f, 0xb3, 0x2b, 0xc6]),
            server_duid_mac: Mac([0x00, 0x19, 0xe7, 0x13, 0x6c, 0x1b]),
        },
        Area::West => Values {
            ngn_dns: [ip("2001:a7ff:5f01::a"), ip("2001:a7ff:5f01:1::a")],
            ngn_dns_on_wire: [ip("2001:a7ff:5f01:1::a"), ip("2001:a7ff:5f01::a")],
            ons_dns: [
                ip("2001:a7ff:f014:d00::53:1"),
                ip("2001:a7ff:f014:d00::53:2"),
            ],
            ngn_domain: "flets-west.jp",
            search: ["flets-west.jp", "iptvf.jp"],
            sntp: [ip("2001:a7ff:102::a"), ip("2001:a7ff:102::b")],
            sip: Some(ip("2001:a7ff:310b:200::4")),
            sip_domain: "ntt-west.ne.jp",
            firmware_host: "www.verinfo.hgw.flets-west.jp",
            ngn_ranges: [net("2001:a7ff::/32"), net("2001:d70::/30")],
            folded_range: net("2001:a000::/21"),
            assignments: [
                net("2001:a251:e00:ca00::/56"),
                net("2001:a251:e00:2000::/56"),
            ],
            isp_assignments: [
                net("2400:4050:e00:ca00::/56"),
                net("2400:4050:e00:2000::/56"),
            ],
            line_auth: ip("2001:a7ff:f014:af0::1"),
            service_check: ip("2001:a7ff:ff43:1612::f"),
            service_site: ip("2001:a7ff:ff43:1612::10"),
            portal_test: ip("2001:a7ff:f014:1b00:ad7d:7594:6198:6ce0"),
            portal: ip("2001:a7ff:f014:1b00:ad7d:7594:6198:6ce1"),
            crl: [
                ip("2001:a7ff:f014:4a06:a0c6:842b:cc00:fa1f"),
                ip("2001:a7ff:f014:4a07:6905:9f85:2d17:d650"),
            ],
            delivery: ip("2001:a210:9c0::"),
            edge_mac: Mac([0xa4, 0x11, 0xbb, 0x7d, 0xee, 0x11]),
            server_duid_mac: Mac([0x00, 0x19, 0xe7, 0x13, 0x6c, 0x1b]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::packet::is_routable;

    #[test]
    fn the_edge_has_the_link_local_addresses_seen_on_real_lines() {
        let address = |area| values(area).edge_mac.link_local().to_string();
        assert_eq!(address(Area::East), "fe80::c67d:4fff:feb3:2bc6");
        assert_eq!(address(Area::West), "fe80::a611:bbff:fe7d:ee11");
    }

    #[test]
    fn delivery_hosts_lie_in_the_folded_range() {
        for area in Area::ALL {
            let values = values(area);
            assert!(values.folded_range.contains(&values.delivery));
            assert!(values.ngn_ranges[0].contains(&values.line_auth));
            assert!(is_routable(values.assignments[0].addr()));
        }
    }
}
