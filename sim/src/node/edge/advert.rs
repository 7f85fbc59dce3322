//! The network's Router Advertisement, exactly as captured (ngn-facts §1.1 and §1.2).

use std::time::Duration;

use ipnet::Ipv6Net;

use crate::line::{EdgeQuirk, Line};
use crate::message::ndp::{NdpOption, PrefixInfo, RouterAdvert};
use crate::message::packet::Mac;

/// Builds the advertisement of a line with the /64 that it has at present, if any. `withdrawn` are
/// prefixes of renumberings past, sent with lifetimes of zero (ngn-facts §1.3).
pub(super) fn advert(
    line: &Line,
    mac: Mac,
    current: Option<Ipv6Net>,
    withdrawn: &[Ipv6Net],
) -> RouterAdvert {
    let mut options = vec![NdpOption::SourceLinkLayer(mac)];
    let gone = withdrawn.iter().map(|prefix| prefix_info(*prefix, 0, 0));
    options.extend(gone.map(NdpOption::Prefix));
    let here = current.map(|prefix| prefix_info(prefix, VALID, PREFERRED));
    options.extend(here.map(NdpOption::Prefix));
    // ngn-facts §1.1: a line without ひかり電話 announces no MTU, as far as is known (§9 row 11).
    if line.delegates() || line.quirks.edge.contains(&EdgeQuirk::MtuOnRa) {
        options.push(NdpOption::Mtu(MTU));
    }
    RouterAdvert {
        hop_limit: 64,
        // The M flag starts DHCPv6-PD (§1.2); with a prefix in the RA it is off (§1.1).
        managed: line.delegates(),
        other: true,
        preference: 0,
        lifetime: ROUTER_LIFETIME,
        reachable: REACHABLE,
        retrans: RETRANS,
        options,
    }
}

/// An option of a type for experiments (RFC 4727 §5), which no host knows.
pub(super) fn unknown_option() -> NdpOption {
    NdpOption::Other(253, b"ngnlab".to_vec())
}

fn prefix_info(prefix: Ipv6Net, valid: u32, preferred: u32) -> PrefixInfo {
    PrefixInfo {
        prefix: prefix.addr(),
        length: prefix.prefix_len(),
        on_link: true,
        autonomous: true,
        valid,
        preferred,
    }
}

/// The MTU option of PD lines, and the MTU of the access link itself (ngn-facts §1.2).
pub(super) const MTU: u32 = 1500;
/// ngn-facts §1.1, reported R+; West equal by inference (§9 row 4).
pub(super) const REACHABLE: Duration = Duration::from_millis(300_000);
/// ngn-facts §1.1, reported R+. A Linux router then takes 10 s for address probing.
pub(super) const RETRANS: Duration = Duration::from_millis(10_000);
const ROUTER_LIFETIME: Duration = Duration::from_secs(1800);
/// 30 days and 7 days (ngn-facts §1.1, reported R+).
const VALID: u32 = 2_592_000;
const PREFERRED: u32 = 604_800;
