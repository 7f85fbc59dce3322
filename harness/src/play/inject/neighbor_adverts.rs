//! Neighbor Advertisements that RFC 4861 §7.1.2 has thrown away, and one of a router that gives up.

use std::net::Ipv6Addr;

use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::ndp::{NEIGHBOR_ADVERTISEMENT, Ndp, NeighborAdvert};
use ngnlab_sim::message::packet::{ALL_NODES, Envelope, Mac};

use super::STRANGER;
use super::ndp::CHECKSUM;
use crate::play::sight::Gateway;

/// Returns advertisements to the device that move a neighbour to where nobody is: with a hop limit
/// other than 255, another code, a wrong checksum, an option of length zero, and solicited although
/// it is multicast.
pub(super) fn invalid(of: Ipv6Addr, device: Mac) -> Vec<Frame> {
    let to_device = Envelope::new(STRANGER, device, of, device.link_local()).with_hop_limit(255);
    let to_all = Envelope::new(STRANGER, Mac::multicast(ALL_NODES), of, ALL_NODES);
    let build = |envelope: Envelope, code, options: &[u8]| {
        let body = [&FLAGS[..], &of.octets(), options].concat();
        envelope.icmpv6(NEIGHBOR_ADVERTISEMENT, code, &body)
    };
    let moved = [&[TARGET_LINK_LAYER, 1][..], &NOBODY.0].concat();
    let empty_option = [&moved[..], &[TARGET_LINK_LAYER, 0]].concat();
    let mut wrong_sum = build(to_device, 0, &moved).to_vec();
    wrong_sum[CHECKSUM] ^= 0xff;
    vec![
        build(to_device.with_hop_limit(254), 0, &moved),
        build(to_device, 1, &moved),
        wrong_sum.into(),
        build(to_device, 0, &empty_option),
        build(to_all.with_hop_limit(255), 0, &moved),
    ]
}

/// Returns what a router says to all that forwards no more (RFC 4861 §7.2.6, §7.2.5).
pub(super) fn flag_cleared(router: Gateway) -> Frame {
    let advert = NeighborAdvert {
        target: router.address,
        router: false,
        solicited: false,
        replace: true,
        target_link_layer: Some(router.mac),
    };
    let envelope = Envelope::new(router.mac, router.mac, router.address, ALL_NODES);
    Ndp::NeighborAdvert(advert).build(envelope)
}

/// RFC 4861 §4.4: router, solicited, override.
const FLAGS: [u8; 4] = [0xe0, 0, 0, 0];
/// RFC 4861 §4.6.1.
const TARGET_LINK_LAYER: u8 = 2;
/// Where nobody is.
const NOBODY: Mac = Mac([0x02, 0x00, 0x5e, 0x32, 0xba, 0xd0]);
