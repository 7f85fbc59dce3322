//! How the gateway splits its /56 (ngn-facts §3.1): its own subnets, and the slots that other routers
//! may get.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

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

/// ngn-facts §2.2, home gateway to sub-router (PR-400NE, reported).
pub(super) const LIFETIMES: Lifetimes = Lifetimes {
    t1: 7_200,
    t2: 12_600,
    preferred: 14_400,
    valid: 14_400,
};

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
