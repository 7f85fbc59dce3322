//! Neighbour Discovery of a stranger's computer on the LAN: solicitations for the device, one that is
//! in order and those that RFC 4861 §7.1.1 has thrown away, many that look for a router, and a router
//! that is none of the device's business.

use std::net::Ipv6Addr;

use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::ndp::{NEIGHBOR_SOLICITATION, Ndp, NeighborSolicit, RouterSolicit};
use ngnlab_sim::message::packet::{
    ALL_NODES, ALL_ROUTERS, Envelope, Mac, is_link_local, solicited_node,
};

use super::STRANGER;
use super::ndp::tempting;
use crate::play::sight::Sight;

/// Returns a solicitation for the device's link-local address.
pub(super) fn valid_solicits(sight: &Sight<'_>) -> Vec<Frame> {
    let own = own_link_locals(sight).into_iter();
    own.map(|target| {
        let source = STRANGER.link_local();
        let envelope = Envelope::new(STRANGER, STRANGER, source, solicited_node(target));
        Ndp::NeighborSolicit(NeighborSolicit {
            target,
            source_link_layer: Some(STRANGER),
        })
        .build(envelope)
    })
    .collect()
}

/// Returns solicitations of as many hosts as no office has, all at once.
pub(super) fn solicit_flood() -> Vec<Frame> {
    (0..FLOOD)
        .map(|number: u16| {
            let [high, low] = number.to_be_bytes();
            let mac = Mac([0x02, 0x00, 0x5e, 0x33, high, low]);
            let envelope = Envelope::new(mac, mac, mac.link_local(), ALL_ROUTERS);
            Ndp::RouterSolicit(RouterSolicit {
                source_link_layer: Some(mac),
            })
            .build(envelope)
        })
        .collect()
}

/// Returns the advertisement of another router on the LAN that everybody would prefer, to the
/// device alone: a router is no host there (RFC 4861 §6.2.1).
pub(super) fn foreign_advert(sight: &Sight<'_>) -> Vec<Frame> {
    let own = own_link_locals(sight).into_iter();
    own.map(|to| {
        let envelope = Envelope::new(STRANGER, sight.lan_mac(), STRANGER.link_local(), to);
        Ndp::RouterAdvert(tempting(sight, LAN_MARKER)).build(envelope)
    })
    .collect()
}

/// Returns the device's link-local addresses on the LAN.
pub(super) fn own_link_locals(sight: &Sight<'_>) -> Vec<Ipv6Addr> {
    let mut own = sight.device_lan_addresses();
    own.retain(|address| is_link_local(*address));
    own
}

/// Returns invalid solicitations for each of the device's addresses on the LAN.
pub(super) fn invalid_solicits(sight: &Sight<'_>) -> Vec<Frame> {
    sight
        .device_lan_addresses()
        .into_iter()
        .flat_map(invalid)
        .collect()
}

fn invalid(target: Ipv6Addr) -> [Frame; 5] {
    let own = [1, 1].into_iter().chain(STRANGER.0).collect::<Vec<u8>>();
    let solicit = |envelope: Envelope, code, options: &[u8]| {
        let body = [&[0; 4], &target.octets()[..], options].concat();
        envelope.icmpv6(NEIGHBOR_SOLICITATION, code, &body)
    };
    let from = |source, to| Envelope::new(STRANGER, STRANGER, source, to).with_hop_limit(255);
    let (group, source) = (solicited_node(target), STRANGER.link_local());
    let nowhere = Ipv6Addr::UNSPECIFIED;
    [
        // One that was forwarded, another code, and an option of length zero.
        solicit(from(source, group).with_hop_limit(254), 0, &own),
        solicit(from(source, group), 1, &own),
        solicit(from(source, group), 0, &[1, 0, 2, 0, 0x5e, 0x30, 0, 1]),
        // Duplicate address detection with a link-layer address, and to the wrong group.
        solicit(from(nowhere, group), 0, &own),
        solicit(from(nowhere, ALL_NODES), 0, &[]),
    ]
}

const FLOOD: u16 = 200;
/// The number of a prefix for examples that the router on the LAN advertises.
const LAN_MARKER: u16 = 0x4a;
