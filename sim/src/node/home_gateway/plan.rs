//! How the gateway splits its /56 (ngn-facts §3.1), and its RA (§3.2).

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use crate::message::ndp::{NdpOption, PrefixInfo, RouterAdvert};
use crate::message::packet::Mac;
use crate::node::part::dhcpv6_server::Lifetimes;

/// Returns the /64 of the gateway's own LAN: subnet 00.
pub(super) fn lan_prefix(whole: Ipv6Net) -> Ipv6Net {
    subnet(whole, 0x00, 64)
}

/// Returns the gateway's address on its LAN, which is also its DNS proxy's.
pub(super) fn lan_address(whole: Ipv6Net, mac: Mac) -> Ipv6Addr {
    mac.in_prefix(lan_prefix(whole).addr())
}

/// Returns the source of the gateway's own packets towards the network: in subnet 01.
pub(super) fn packet_source(whole: Ipv6Net, mac: Mac) -> Ipv6Addr {
    mac.in_prefix(subnet(whole, 0x01, 64).addr())
}

/// Returns the fifteen /60 that other routers may get: 10 to F0.
pub(super) fn slots(whole: Ipv6Net) -> Vec<Ipv6Net> {
    (1..=15).map(|slot| subnet(whole, slot << 4, 60)).collect()
}

fn subnet(whole: Ipv6Net, number: u8, length: u8) -> Ipv6Net {
    let mut octets = whole.addr().octets();
    octets[7] |= number;
    Ipv6Net::new(octets.into(), length).expect("64 and 60 are valid prefix lengths")
}

/// Builds the advertisement on the LAN; without a `prefix` the gateway is no default router.
/// `withdrawn` are prefixes that it no longer has.
pub(super) fn advert(mac: Mac, prefix: Option<Ipv6Net>, withdrawn: &[Ipv6Net]) -> RouterAdvert {
    let gone = withdrawn.iter().map(|prefix| (*prefix, 0, 0));
    let here = prefix.map(|prefix| (prefix, VALID, PREFERRED));
    let prefixes = gone.chain(here).map(|(prefix, valid, preferred)| {
        NdpOption::Prefix(PrefixInfo {
            prefix: prefix.addr(),
            length: prefix.prefix_len(),
            on_link: true,
            autonomous: true,
            valid,
            preferred,
        })
    });
    RouterAdvert {
        hop_limit: 64,
        managed: false,
        other: true,
        preference: 0,
        lifetime: prefix.map_or(Duration::ZERO, |_| ROUTER_LIFETIME),
        reachable: REACHABLE,
        retrans: RETRANS,
        options: [NdpOption::SourceLinkLayer(mac)]
            .into_iter()
            .chain(prefixes)
            .collect(),
    }
}

/// ngn-facts §2.2, home gateway to sub-router (PR-400NE, reported).
pub(super) const LIFETIMES: Lifetimes = Lifetimes {
    t1: 7_200,
    t2: 12_600,
    preferred: 14_400,
    valid: 14_400,
};
/// ngn-facts §3.2 (PR-600MI, reported), as are the four below.
pub(super) const REACHABLE: Duration = Duration::from_millis(30_000);
pub(super) const RETRANS: Duration = Duration::from_millis(1000);
const ROUTER_LIFETIME: Duration = Duration::from_secs(5400);
const VALID: u32 = 14_400;
const PREFERRED: u32 = 12_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_56_holds_the_lan_the_own_subnet_and_fifteen_slots() {
        let whole: Ipv6Net = "2408:3ff:e00:ca00::/56".parse().unwrap();
        let mac = Mac([2, 0, 0x5e, 0, 0, 1]);
        assert_eq!(lan_prefix(whole).to_string(), "2408:3ff:e00:ca00::/64");
        let source = packet_source(whole, mac).to_string();
        assert_eq!(source, "2408:3ff:e00:ca01:0:5eff:fe00:1");
        let slots = slots(whole);
        assert_eq!(slots.len(), 15);
        assert_eq!(slots[0].to_string(), "2408:3ff:e00:ca10::/60");
        assert_eq!(slots[14].to_string(), "2408:3ff:e00:caf0::/60");
    }
}
