//! What lies behind the PPPoE sessions over IPv4. No source gives these addresses and names but those
//! of the public resolver and the service information site's name (members-club article; ngn-facts §4.3):
//! the rest is inferred, from the ranges for documentation (RFC 5737 §3, RFC 2606), and one line here.

use std::net::Ipv4Addr;

use super::Area;
use super::pppoe::Realm;

/// A public resolver, which does not know closed names (members-club article).
pub const PUBLIC_DNS: [Ipv4Addr; 2] = [Ipv4Addr::new(1, 1, 1, 1), Ipv4Addr::new(1, 0, 0, 1)];
/// The domain of the hosts in the internet.
pub const INTERNET_DOMAIN: &str = "example.jp";
/// A web host in the internet.
pub const WEB: (&str, Ipv4Addr) = ("www.example.jp", Ipv4Addr::new(192, 0, 2, 80));
/// A host in the internet that answers echo requests, and may send what nobody asked for.
pub const ECHO: (&str, Ipv4Addr) = ("echo.example.jp", Ipv4Addr::new(192, 0, 2, 7));
/// The host of オンライン請求, which is reached over PPPoE (guide p.7, Q4).
pub const CLAIMS: (&str, Ipv4Addr) = ("seikyu.example.jp", Ipv4Addr::new(192, 0, 2, 81));
/// The service information site, in its own session alone.
pub const SERVICE_SITE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 8);

/// Returns the domain of the service information site over IPv4, which is what a router routes to its
/// session (members-club article; the West's is hear-say, ngn-facts §4.5).
pub fn service_domain(area: Area) -> &'static str {
    match area {
        Area::East => "v4flets-east.jp",
        Area::West => "v4flets-west.jp",
    }
}

/// Returns the name of the service information site over IPv4.
pub const fn service_host(area: Area) -> &'static str {
    match area {
        Area::East => "www.v4flets-east.jp",
        Area::West => "www.v4flets-west.jp",
    }
}

impl Realm {
    /// Returns the address that the concentrator has in sessions of this realm.
    pub fn gateway(self) -> Ipv4Addr {
        match self {
            Self::Isp => Ipv4Addr::new(203, 0, 113, 254),
            Self::ServiceSite => Ipv4Addr::new(198, 51, 100, 254),
        }
    }
}
