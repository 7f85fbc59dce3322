//! The network's Router Advertisement, exactly as captured (ngn-facts §1.1 and §1.2).

use std::time::Duration;

use ipnet::Ipv6Net;

use crate::line::Delivery;
use crate::message::ndp::{NdpOption, PrefixInfo, RouterAdvert};
use crate::message::packet::Mac;

/// Builds the advertisement of a line. `withdrawn` are prefixes of renumberings past, sent with
/// lifetimes of zero (ngn-facts §1.3).
pub(super) fn advert(
    delivery: Delivery,
    mac: Mac,
    assignment: Ipv6Net,
    withdrawn: &[Ipv6Net],
) -> RouterAdvert {
    let mut options = vec![NdpOption::SourceLinkLayer(mac)];
    match delivery {
        Delivery::NextRa => {
            let gone = withdrawn.iter().map(|prefix| prefix_info(*prefix, 0, 0));
            options.extend(gone.map(NdpOption::Prefix));
            options.push(NdpOption::Prefix(prefix_info(assignment, VALID, PREFERRED)));
        }
        Delivery::NextPd | Delivery::Cross => options.push(NdpOption::Mtu(MTU)),
    }
    RouterAdvert {
        hop_limit: 64,
        // The M flag starts DHCPv6-PD (§1.2); with a prefix in the RA it is off (§1.1).
        managed: delivery != Delivery::NextRa,
        other: true,
        preference: 0,
        lifetime: ROUTER_LIFETIME,
        reachable: REACHABLE,
        retrans: RETRANS,
        options,
    }
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
