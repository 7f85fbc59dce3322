//! Prefixes and addresses on the WAN by hand, for the tests of checks.

use std::net::Ipv6Addr;

use ngnlab_sim::message::ndp::{Ndp, NdpOption, NeighborAdvert, NeighborSolicit, PrefixInfo};
use ngnlab_sim::message::packet::{ALL_NODES, Mac, solicited_node};
use ngnlab_sim::trace::{End, Role};

use crate::dissection::builder::{ROUTER_WAN, TraceBuilder};

pub(in crate::checks) const OTHER: Mac = Mac([2, 0, 0x5e, 0x30, 0, 9]);

pub(in crate::checks) fn info(prefix: &str, length: u8) -> PrefixInfo {
    PrefixInfo {
        prefix: prefix.parse().unwrap(),
        length,
        on_link: true,
        autonomous: true,
        valid: 600,
        preferred: 600,
    }
}

pub(in crate::checks) fn advertise(trace: &mut TraceBuilder, at: u64, prefix: PrefixInfo) {
    trace
        .at(at)
        .wan_ra(|advert| advert.options = vec![NdpOption::Prefix(prefix)]);
}

pub(in crate::checks) fn solicit(
    trace: &mut TraceBuilder,
    on: Role,
    end: End,
    source: Ipv6Addr,
    target: Ipv6Addr,
) {
    let ns = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer: None,
    });
    trace.ndp(on, end, source, solicited_node(target), &ns);
}

pub(in crate::checks) fn probe(trace: &mut TraceBuilder, at: u64, target: Ipv6Addr) {
    trace.at(at);
    solicit(trace, Role::Wan, End::Device, Ipv6Addr::UNSPECIFIED, target);
}

pub(in crate::checks) fn answer(trace: &mut TraceBuilder, at: u64, end: End, target: Ipv6Addr) {
    let na = Ndp::NeighborAdvert(NeighborAdvert {
        target,
        router: true,
        solicited: end == End::Device,
        replace: true,
        target_link_layer: Some(OTHER),
    });
    let to = match end {
        End::Device => trace.edge().link_local(),
        End::Network => ALL_NODES,
    };
    trace.at(at).ndp(Role::Wan, end, target, to, &na);
}

/// A line that advertises its prefix, and a device that has an address in it.
pub(in crate::checks) fn settled() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let own = PrefixInfo {
        valid: 2_592_000,
        preferred: 604_800,
        ..info(&trace.prefix().to_string(), 64)
    };
    advertise(&mut trace, 1_000, own);
    let address = ROUTER_WAN.in_prefix(trace.prefix());
    probe(&mut trace, 1_500, address);
    trace
}
