//! What a LAN advertisement says besides prefixes: our MAC, the MTU, routes (RFC 4191) and DNS
//! (RFC 8106).

use std::net::Ipv6Addr;

use super::defect::{Defects, defects};
use super::lan_offer::{LAN_VALID_SECS, Offer};
use super::lease::{Lease, left};
use crate::message::ndp::NdpOption;
use crate::message::packet::{Mac, with_interface_id};
use crate::time::Time;

/// Returns the link-layer address that hosts are to reach us at.
pub(super) fn own_mac(mac: Mac, defects: &Defects) -> Mac {
    if !defects.has(FOREIGN_SOURCE_LINK_LAYER) {
        return mac;
    }
    let Mac([first, rest @ .., last]) = mac;
    let [a, b, c, d] = rest;
    Mac([first, a, b, c, d, last ^ 0x80])
}

/// Returns the MTU of the LAN.
pub(super) fn mtu(defects: &Defects) -> NdpOption {
    if defects.has(DIRTY_RESERVED_FIELDS) {
        let [a, b, c, d] = ETHERNET_MTU.to_be_bytes();
        return NdpOption::Other(MTU, vec![0xde, 0xad, a, b, c, d]);
    }
    let jumbo = defects.has(JUMBO_MTU_ON_LAN);
    NdpOption::Mtu(if jumbo { JUMBO_MTU } else { ETHERNET_MTU })
}

/// RFC 4861 §6.2.1: the diameter of the internet, 64 by the assigned numbers.
pub(super) fn hop_limit(defects: &Defects) -> u8 {
    match defects.has(HOP_LIMIT_OF_ONE) {
        true => 1,
        false => 64,
    }
}

/// Returns routes, DNS servers and search list, for as long as the prefix allows.
pub(super) fn beyond_prefixes(offer: &Offer, now: Time, defects: &Defects) -> Vec<NdpOption> {
    let mut options = Vec::new();
    let Some(lease) = offer.lease else {
        return options;
    };
    // RFC 9096 §3.4: not longer than the prefix.
    let lifetime = if defects.has(LONG_DNS_LIFETIMES) {
        A_WEEK
    } else {
        left(now, lease.valid).min(LAN_VALID_SECS)
    };
    // RFC 7084 §4.3 L-3.
    if let Some(delegation) = offer.delegation
        && !defects.has(NO_ROUTE_INFORMATION)
    {
        let times = 1 + usize::from(defects.has(ROUTE_INFORMATION_TWICE));
        options.extend(vec![route(delegation, lifetime); times]);
    }
    if defects.has(NO_RDNSS) {
        return options;
    }
    if let Some(dns) = offer.dns.map(|dns| told_dns(dns, defects)) {
        let lifetime = if defects.has(SHORT_DNS_LIFETIMES) {
            SHORT
        } else {
            lifetime
        };
        options.push(if defects.has(EVEN_RDNSS_LENGTH) {
            let lifetime = lifetime.to_be_bytes();
            NdpOption::Other(
                RDNSS,
                [&[0; 2], &lifetime[..], &dns.octets(), &[0; 8]].concat(),
            )
        } else {
            NdpOption::Rdnss {
                lifetime,
                servers: vec![dns],
            }
        });
    }
    if let Some(dns) = offer.dns.filter(|_| defects.has(WITHDRAWS_NAMED_DNS)) {
        options.push(NdpOption::Rdnss {
            lifetime: 0,
            servers: vec![dns],
        });
    }
    if !offer.search.is_empty() {
        options.push(search(&offer.search, lifetime, defects));
    }
    options
}

/// Returns the address that terminals are told to ask.
pub(super) fn told_dns(dns: Ipv6Addr, defects: &Defects) -> Ipv6Addr {
    match defects.has(NAMES_ABSENT_DNS) {
        true => with_interface_id(dns, [0, 0, 0, 0, 0, 0, 0, 0x53]),
        false => dns,
    }
}

/// RFC 4191 §2.3: a route of medium preference; a prefix of at most 64 bits fills eight octets.
fn route(delegation: Lease, lifetime: u32) -> NdpOption {
    let mut bytes = vec![delegation.net.prefix_len(), 0];
    bytes.extend_from_slice(&lifetime.to_be_bytes());
    bytes.extend_from_slice(&delegation.net.network().octets()[..8]);
    NdpOption::Other(ROUTE, bytes)
}

fn search(search: &[String], lifetime: u32, defects: &Defects) -> NdpOption {
    if !defects.has(UNTERMINATED_SEARCH_LIST) {
        return NdpOption::Dnssl {
            lifetime,
            domains: search.to_vec(),
        };
    }
    let mut bytes = [&[0; 2], &lifetime.to_be_bytes()[..]].concat();
    for label in search.iter().flat_map(|domain| domain.split('.')) {
        bytes.push(u8::try_from(label.len()).unwrap_or(63));
        bytes.extend_from_slice(label.as_bytes());
    }
    // Padded with what the buffer held before.
    bytes.resize((bytes.len() + 2).next_multiple_of(8) - 2, 0x61);
    NdpOption::Other(DNSSL, bytes)
}

/// RFC 2464 §2.
const ETHERNET_MTU: u32 = 1500;
const MTU: u8 = 5;
const ROUTE: u8 = 24;
const RDNSS: u8 = 25;
const DNSSL: u8 = 31;
// What the defects do.
const JUMBO_MTU: u32 = 9000;
const A_WEEK: u32 = 604_800;
const SHORT: u32 = 20;

defects! {
    /// Advertises no DNS server on the LAN.
    NO_RDNSS = "no-rdnss",
        "LANのRAでDNSサーバを広告しない。";
    /// Names its DNS server and takes it back in the same advertisement.
    WITHDRAWS_NAMED_DNS = "withdraws-named-dns",
        "同じRAで、DNSサーバを広告すると同時に有効期間0で取り消す。";
    /// Names a DNS server on the LAN, by RA and by DHCPv6, that is nobody's address.
    NAMES_ABSENT_DNS = "names-absent-dns",
        "RAとDHCPv6で、誰も使っていないLANのアドレスをDNSサーバとして知らせる。";
    /// Gives the RDNSS option room for half an address more than it holds.
    EVEN_RDNSS_LENGTH = "even-rdnss-length",
        "RDNSSオプションの長さに、含まれるアドレスより半個分の余りを加える。";
    /// Names DNS servers for less than the time between two advertisements.
    SHORT_DNS_LIFETIMES = "short-dns-lifetimes",
        "DNSサーバの有効期間を、RAの送信間隔より短くする。";
    /// Advertises routes, DNS servers and search list for a week, whatever becomes of the prefix.
    LONG_DNS_LIFETIMES = "long-dns-lifetimes",
        "プレフィックスの有効期間にかかわらず、経路、DNSサーバ、検索リストを1週間有効として広告する。";
    /// Leaves the final zero out of the names in its DNSSL option, and pads it with leftovers.
    UNTERMINATED_SEARCH_LIST = "unterminated-search-list",
        "DNSSLオプションの名前を0で終わらせず、残りをメモリに残っていた値で埋める。";
    /// Advertises no route to the prefix it was delegated.
    NO_ROUTE_INFORMATION = "no-route-information",
        "委任されたプレフィックスへの経路を広告しない。";
    /// Advertises the route to its delegated prefix twice in one advertisement.
    ROUTE_INFORMATION_TWICE = "route-information-twice",
        "1つのRAに、委任されたプレフィックスへの経路を2回入れる。";
    /// Names another MAC address than its own in its advertisements.
    FOREIGN_SOURCE_LINK_LAYER = "foreign-source-link-layer",
        "RAに自分のものでないMACアドレスを入れる。";
    /// Advertises an MTU of jumbo frames, which its line does not carry.
    JUMBO_MTU_ON_LAN = "jumbo-mtu-on-lan",
        "回線が運べないジャンボフレームのMTUを広告する。";
    /// Advertises a hop limit of 1, so that what terminals send ends at the router.
    HOP_LIMIT_OF_ONE = "hop-limit-of-one",
        "ホップリミット1を広告し、端末のパケットがルータの先に届かない。";
    /// Leaves what its memory held in the reserved fields of its advertisements.
    DIRTY_RESERVED_FIELDS = "dirty-reserved-fields",
        "RAの予約フィールドに、メモリに残っていた値を入れる。";
}
