//! The gateway's Router Advertisement on its LAN (ngn-facts §3.2).

use std::time::Duration;

use ipnet::Ipv6Net;

use crate::message::ndp::{NdpOption, PrefixInfo, RouterAdvert};
use crate::message::packet::Mac;

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

/// ngn-facts §3.2 (PR-600MI, reported), as are the four below.
pub(super) const REACHABLE: Duration = Duration::from_millis(30_000);
pub(super) const RETRANS: Duration = Duration::from_millis(1000);
const ROUTER_LIFETIME: Duration = Duration::from_secs(5400);
const VALID: u32 = 14_400;
const PREFERRED: u32 = 12_600;
