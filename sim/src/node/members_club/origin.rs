//! Where a visit comes from, which is what confirms a line (inferred; ngn-facts §4.5, 1 and 7).

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

use crate::line::pppoe::Realm;
use crate::registry::Registry;

/// Where a visit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From the line, over IPv6: the prefix that it was assigned.
    Line(Ipv6Net),
    /// From the line, over its PPPoE session to the NGN's IPv4.
    ServiceSession(Ipv4Addr),
    /// From elsewhere, as over the session to the ISP.
    Elsewhere,
}

impl Origin {
    /// Finds out by the address of the client; an IPv4 address comes mapped (RFC 3493 §3.7).
    pub(super) fn of(peer: Ipv6Addr, registry: &Registry) -> Self {
        if let Some(address) = peer.to_ipv4_mapped() {
            return match Realm::ServiceSite.gives(address) {
                true => Self::ServiceSession(address),
                false => Self::Elsewhere,
            };
        }
        match registry.read().entry_of(peer) {
            Some(entry) => Self::Line(entry.prefix),
            None => Self::Elsewhere,
        }
    }

    /// Returns whether the network knows which line it is.
    pub(super) fn is_known_line(self) -> bool {
        self != Self::Elsewhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::LineState;

    #[test]
    fn prefix_and_session_tell_the_line_and_nothing_else_does() {
        let registry = Registry::default();
        let prefix: Ipv6Net = "2408:3ff:e00:ca00::/56".parse().unwrap();
        registry.write().assign(prefix, LineState::Registered);
        let of = |text: &str| Origin::of(text.parse().unwrap(), &registry);
        assert_eq!(of("2408:3ff:e00:ca01::5"), Origin::Line(prefix));
        assert_eq!(of("2408:3ff:e00:cb01::5"), Origin::Elsewhere);
        let session = Realm::ServiceSite.first_address();
        let mapped = session.to_ipv6_mapped();
        let found = Origin::of(mapped, &registry);
        assert_eq!(found, Origin::ServiceSession(session));
        assert!(found.is_known_line());
        let isp = Realm::Isp.first_address().to_ipv6_mapped();
        assert_eq!(Origin::of(isp, &registry), Origin::Elsewhere);
        assert!(!of("::ffff:192.0.2.1").is_known_line());
    }
}
