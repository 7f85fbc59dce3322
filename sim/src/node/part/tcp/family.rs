//! Addresses as smoltcp has them, of either family, and as the rest of us has them: IPv4 mapped into
//! IPv6 (RFC 3493 §3.7).

use std::net::{Ipv6Addr, SocketAddrV6};

use smoltcp::wire::{IpAddress, IpEndpoint};

use super::NOWHERE;

/// Returns whether an address is one of a single host.
pub(super) fn is_unicast(address: Ipv6Addr) -> bool {
    !address.is_multicast() && !address.is_unspecified() && !address.is_loopback()
}

/// Returns an end as the rest of us has it.
pub(super) fn address(endpoint: Option<IpEndpoint>) -> SocketAddrV6 {
    endpoint.map_or(NOWHERE, |endpoint| {
        let address = match endpoint.addr {
            IpAddress::Ipv4(address) => address.to_ipv6_mapped(),
            IpAddress::Ipv6(address) => address,
        };
        SocketAddrV6::new(address, endpoint.port, 0, 0)
    })
}

/// Returns an address as smoltcp has it.
pub(super) fn unmapped(address: Ipv6Addr) -> IpAddress {
    match address.to_ipv4_mapped() {
        Some(address) => IpAddress::Ipv4(address),
        None => IpAddress::Ipv6(address),
    }
}

/// Returns the length of the prefix that is one address.
pub(super) fn host_len(address: IpAddress) -> u8 {
    match address {
        IpAddress::Ipv4(_) => 32,
        IpAddress::Ipv6(_) => 128,
    }
}
