//! The kinds of IPv6 addresses, and those that everybody knows.

use std::net::Ipv6Addr;

/// Returns the address made of the first 64 bits of `prefix` and an interface identifier.
pub fn with_interface_id(prefix: Ipv6Addr, interface_id: [u8; 8]) -> Ipv6Addr {
    let mut octets = prefix.octets();
    octets[8..].copy_from_slice(&interface_id);
    octets.into()
}

/// Returns the solicited-node multicast group of an address (RFC 4291 §2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

/// Returns whether an address is link-local unicast (fe80::/10).
pub fn is_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}

/// Returns whether an address is neither link-local, multicast, unspecified nor loopback.
pub fn is_routable(address: Ipv6Addr) -> bool {
    !is_link_local(address)
        && !address.is_multicast()
        && !address.is_unspecified()
        && !address.is_loopback()
}

/// All nodes on the link.
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// All routers on the link.
pub const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// All DHCPv6 relay agents and servers (RFC 8415 §7.1).
pub const ALL_DHCP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
