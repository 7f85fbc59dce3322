//! Addresses and headers that do not cross the border of a site.

use std::net::Ipv6Addr;

use ngnlab_sim::message::packet::IPV6_HEADER;

/// Returns whether an address is in a block that RFC 5156 keeps off the internet and RFC 6092
/// REC-3 names: site-local, IPv4-mapped, IPv4-compatible, ORCHID. The documentation prefix is left
/// out, since it stands for the internet here.
pub(super) fn is_martian(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, ..] = address.segments();
    let embedded = [a, b, c, d, e] == [0; 5] && matches!(f, 0 | 0xffff);
    let embedded = embedded && !address.is_unspecified() && !address.is_loopback();
    let orchid = a == 0x2001 && b & 0xfff0 == 0x0010;
    a & 0xffc0 == 0xfec0 || embedded || orchid
}

/// Returns whether an address is unique local (RFC 4193).
pub(super) fn is_unique_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xfe00 == 0xfc00
}

/// Returns whether a routing header of type 0 comes before any upper-layer protocol (RFC 2460
/// §4.4, RFC 8200 §4).
pub(super) fn has_routing_header_0(ip: &[u8]) -> bool {
    const OPTIONS: [u8; 2] = [0, 60];
    const ROUTING: u8 = 43;
    let Some(mut number) = ip.get(6).copied() else {
        return false;
    };
    let mut at = IPV6_HEADER;
    while let Some([next, length, kind, ..]) = ip.get(at..at + 8) {
        if number == ROUTING && *kind == 0 {
            return true;
        }
        if number != ROUTING && !OPTIONS.contains(&number) {
            return false;
        }
        number = *next;
        at += (usize::from(*length) + 1) * 8;
    }
    false
}
