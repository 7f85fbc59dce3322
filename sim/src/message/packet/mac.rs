//! Ethernet addresses, and the addresses and identifiers of IPv6 that follow from them.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::with_interface_id;

/// An Ethernet address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(
    inline,
    extend("pattern" = "^[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}$", "examples" = ["02:00:5e:00:00:01"])
)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The address of everybody (IEEE 802.3 §3.2.3).
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Returns the Ethernet address of an IPv6 multicast group (RFC 2464 §7).
    pub fn multicast(group: Ipv6Addr) -> Self {
        let [.., a, b, c, d] = group.octets();
        Self([0x33, 0x33, a, b, c, d])
    }

    /// Returns whether the group bit is set.
    pub fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// Returns the modified EUI-64 interface identifier (RFC 4291 appendix A).
    pub fn interface_id(self) -> [u8; 8] {
        let [a, b, c, d, e, f] = self.0;
        [a ^ 0x02, b, c, 0xff, 0xfe, d, e, f]
    }

    /// Returns the link-local address with the EUI-64 interface identifier.
    pub fn link_local(self) -> Ipv6Addr {
        self.in_prefix(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0))
    }

    /// Returns the address with the EUI-64 interface identifier in a /64.
    pub fn in_prefix(self, prefix: Ipv6Addr) -> Ipv6Addr {
        with_interface_id(prefix, self.interface_id())
    }

    /// Returns the DUID-LL of this address (RFC 8415 §11.4).
    pub fn duid_ll(self) -> Vec<u8> {
        [&[0, 3, 0, 1], &self.0[..]].concat()
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a MAC address such as 02:00:5e:00:00:01");
        let bytes: Vec<u8> = text
            .split(':')
            .map(|part| u8::from_str_radix(part, 16))
            .collect::<Result<_, _>>()
            .map_err(|_| bad())?;
        bytes.try_into().map(Self).map_err(|_| bad())
    }
}

impl TryFrom<String> for Mac {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

/// Returns the Ethernet destination for a multicast address, or `unicast` otherwise.
pub fn mac_for(destination: Ipv6Addr, unicast: Mac) -> Mac {
    if destination.is_multicast() {
        Mac::multicast(destination)
    } else {
        unicast
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_from_a_mac() {
        let mac: Mac = "c4:7d:4f:b3:2b:c6".parse().unwrap();
        // ngn-facts §1.1: the router link-local address seen on an East line.
        assert_eq!(mac.link_local().to_string(), "fe80::c67d:4fff:feb3:2bc6");
        assert_eq!(
            mac.duid_ll(),
            [0, 3, 0, 1, 0xc4, 0x7d, 0x4f, 0xb3, 0x2b, 0xc6]
        );
        assert!("c4:7d".parse::<Mac>().is_err());
    }
}
