//! What a LAN advertisement says besides prefixes: our MAC, the MTU, routes (RFC 4191) and DNS
//! (RFC 8106).

use super::Defects;
use super::defect::Defect;
use super::lan_offer::{LAN_VALID_SECS, Offer};
use super::lease::{Lease, left};
use crate::message::ndp::NdpOption;
use crate::message::packet::Mac;
use crate::time::Time;

/// Returns the link-layer address that hosts are to reach us at.
pub(super) fn own_mac(mac: Mac, defects: &Defects) -> Mac {
    if !defects.has(Defect::ForeignSourceLinkLayer) {
        return mac;
    }
    let Mac([first, rest @ .., last]) = mac;
    let [a, b, c, d] = rest;
    Mac([first, a, b, c, d, last ^ 0x80])
}

/// Returns the MTU of the LAN.
pub(super) fn mtu(defects: &Defects) -> NdpOption {
    if defects.has(Defect::DirtyReservedFields) {
        let [a, b, c, d] = ETHERNET_MTU.to_be_bytes();
        return NdpOption::Other(MTU, vec![0xde, 0xad, a, b, c, d]);
    }
    let jumbo = defects.has(Defect::JumboMtuOnLan);
    NdpOption::Mtu(if jumbo { JUMBO_MTU } else { ETHERNET_MTU })
}

/// Returns routes, DNS servers and search list, for as long as the prefix allows.
pub(super) fn beyond_prefixes(offer: &Offer, now: Time, defects: &Defects) -> Vec<NdpOption> {
    let mut options = Vec::new();
    let Some(lease) = offer.lease else {
        return options;
    };
    // RFC 9096 §3.4: not longer than the prefix.
    let lifetime = if defects.has(Defect::LongDnsLifetimes) {
        A_WEEK
    } else {
        left(now, lease.valid).min(LAN_VALID_SECS)
    };
    // RFC 7084 §4.3 L-3.
    if let Some(delegation) = offer.delegation
        && !defects.has(Defect::NoRouteInformation)
    {
        let times = 1 + usize::from(defects.has(Defect::RouteInformationTwice));
        options.extend(vec![route(delegation, lifetime); times]);
    }
    if defects.has(Defect::NoRdnss) {
        return options;
    }
    if let Some(dns) = offer.dns {
        let lifetime = if defects.has(Defect::ShortDnsLifetimes) {
            SHORT
        } else {
            lifetime
        };
        options.push(if defects.has(Defect::EvenRdnssLength) {
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
    if !offer.search.is_empty() {
        options.push(search(&offer.search, lifetime, defects));
    }
    options
}

/// RFC 4191 §2.3: a route of medium preference; a prefix of at most 64 bits fills eight octets.
fn route(delegation: Lease, lifetime: u32) -> NdpOption {
    let mut bytes = vec![delegation.net.prefix_len(), 0];
    bytes.extend_from_slice(&lifetime.to_be_bytes());
    bytes.extend_from_slice(&delegation.net.network().octets()[..8]);
    NdpOption::Other(ROUTE, bytes)
}

fn search(search: &[String], lifetime: u32, defects: &Defects) -> NdpOption {
    if !defects.has(Defect::UnterminatedSearchList) {
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
