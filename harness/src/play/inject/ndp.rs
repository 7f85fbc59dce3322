//! Crafted Router Advertisements and Neighbor Solicitations: what RFC 4861 and RFC 4862 have
//! thrown away, and what they have heeded with care.
//!
//! What a sound device does not believe comes from a stranger, and each variant names a prefix of
//! its own, so that the one that was believed can be told.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::frame::Frame;
use ngnlab_sim::message::ndp::{
    NEIGHBOR_SOLICITATION, Ndp, NdpOption, PrefixInfo, ROUTER_ADVERTISEMENT, RouterAdvert,
};
use ngnlab_sim::message::packet::{ALL_NODES, ETHERNET_HEADER, Envelope, Mac, solicited_node};

use super::STRANGER;
use crate::play::sight::Sight;

/// RFC 4861 §6.1.2: a hop limit other than 255, a source that is not link-local, a code other
/// than 0, a wrong checksum, an option of length zero.
pub(super) fn invalid_adverts(sight: &Sight<'_>) -> Vec<Frame> {
    let body = |number| advert_bytes(&tempting(sight, number));
    let envelope = from_stranger().with_hop_limit(255);
    let build =
        |envelope: Envelope, code, body: &[u8]| envelope.icmpv6(ROUTER_ADVERTISEMENT, code, body);
    let global = Envelope {
        source: sight.stranger(),
        ..envelope
    };
    let mut wrong_sum = build(envelope, 0, &body(4)).to_vec();
    wrong_sum[CHECKSUM] ^= 0xff;
    let empty_option = [body(5), vec![OPTION_MTU, 0]].concat();
    vec![
        build(envelope.with_hop_limit(254), 0, &body(1)),
        build(global, 0, &body(2)),
        build(envelope, 1, &body(3)),
        wrong_sum.into(),
        build(envelope, 0, &empty_option),
    ]
}

/// RFC 4862 §5.5.3 a), c), d): the A flag clear, preferred longer than valid, and a /56.
pub(super) fn unfit_prefixes(sight: &Sight<'_>) -> Vec<Frame> {
    let fit = |number| PrefixInfo {
        preferred: SHORT,
        valid: SHORT,
        ..marker(number)
    };
    let prefixes = [
        PrefixInfo {
            autonomous: false,
            ..fit(0x11)
        },
        PrefixInfo {
            preferred: SHORT + 1,
            ..fit(0x12)
        },
        PrefixInfo {
            // The whole of 2001:db8:0:1300::/56.
            length: 56,
            ..fit(0x1300)
        },
    ];
    let advert = |prefix| RouterAdvert {
        options: vec![
            NdpOption::SourceLinkLayer(STRANGER),
            NdpOption::Prefix(prefix),
        ],
        ..no_router(sight)
    };
    prefixes.map(|prefix| build(advert(prefix))).to_vec()
}

/// RFC 5942 §4: an address does not make its prefix on-link. `internet` lies in this one.
pub(super) fn prefix_not_on_link(sight: &Sight<'_>) -> Vec<Frame> {
    let prefix = PrefixInfo {
        on_link: false,
        preferred: SHORT,
        valid: SHORT,
        ..marker(0)
    };
    let advert = RouterAdvert {
        options: vec![NdpOption::Prefix(prefix)],
        ..no_router(sight)
    };
    vec![build(advert)]
}

/// RFC 4862 §5.5.3 e): the line's own prefix, as if it were over in five seconds.
pub(super) fn short_lifetimes(sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let (_, last) = sight.last_advert().ok_or(NO_ADVERT)?;
    let prefixes: Vec<_> = last
        .prefixes()
        .map(|prefix| PrefixInfo {
            preferred: 5,
            valid: 5,
            ..*prefix
        })
        .map(NdpOption::Prefix)
        .collect();
    if prefixes.is_empty() {
        return Err("the line advertises no prefix".to_owned());
    }
    let advert = RouterAdvert {
        options: prefixes,
        ..no_router(sight)
    };
    Ok(vec![build(advert)])
}

/// RFC 4861 §6.3.4: the line's own router withdraws itself as default router, and nothing else.
pub(super) fn lifetime_zero(sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let (gateway, last) = sight.last_advert().ok_or(NO_ADVERT)?;
    let envelope = Envelope::new(gateway.mac, gateway.mac, gateway.address, ALL_NODES);
    let advert = RouterAdvert {
        lifetime: Duration::ZERO,
        ..last
    };
    Ok(vec![Ndp::RouterAdvert(advert).build(envelope)])
}

/// The line's own router as it advertised itself last.
pub(super) fn advert_again(sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let (gateway, last) = sight.last_advert().ok_or(NO_ADVERT)?;
    let envelope = Envelope::new(gateway.mac, gateway.mac, gateway.address, ALL_NODES);
    Ok(vec![Ndp::RouterAdvert(last).build(envelope)])
}

/// RFC 4861 §7.1.1: a hop limit other than 255, a code other than 0, and a source link-layer
/// address without a source.
pub(super) fn invalid_solicits(sight: &Sight<'_>) -> Result<Vec<Frame>, String> {
    let target = sight
        .own_wan_addresses()
        .into_iter()
        .next()
        .ok_or("the device has shown no address")?;
    let group = solicited_node(target);
    let from = |source| Envelope::new(STRANGER, STRANGER, source, group).with_hop_limit(255);
    // RFC 4861 §4.3: reserved, the target, the source link-layer address.
    let body = [&[0; 4][..], &target.octets(), &[1, 1], &STRANGER.0].concat();
    let build = |envelope: Envelope, code| envelope.icmpv6(NEIGHBOR_SOLICITATION, code, &body);
    Ok(vec![
        build(from(STRANGER.link_local()).with_hop_limit(254), 0),
        build(from(STRANGER.link_local()), 1),
        build(from(Ipv6Addr::UNSPECIFIED), 0),
    ])
}

/// As many routers and prefixes as a table has no room for, all of them gone in five seconds.
pub(super) fn flood(sight: &Sight<'_>) -> Vec<Frame> {
    (0..FLOOD)
        .map(|number: u16| {
            let [high, low] = number.to_be_bytes();
            let mac = Mac([0x02, 0x00, 0x5e, 0x31, high, low]);
            let prefix = PrefixInfo {
                on_link: false,
                preferred: FLEETING,
                valid: FLEETING,
                ..marker(0x2000 + number)
            };
            let advert = RouterAdvert {
                lifetime: Duration::from_secs(u64::from(FLEETING)),
                preference: LOW,
                options: vec![NdpOption::SourceLinkLayer(mac), NdpOption::Prefix(prefix)],
                ..no_router(sight)
            };
            Ndp::RouterAdvert(advert).build(Envelope::new(mac, mac, mac.link_local(), ALL_NODES))
        })
        .collect()
}

/// RFC 4861 §6.3.6: a router that neighbour discovery does not find is no choice, however much it is
/// preferred (RFC 4191 §3.2).
pub(super) fn silent_router(sight: &Sight<'_>) -> Vec<Frame> {
    vec![build(RouterAdvert {
        preference: HIGH,
        lifetime: Duration::from_secs(1800),
        ..no_router(sight)
    })]
}

/// Returns an advertisement with all that the line says of timers and flags, by no router.
pub(super) fn no_router(sight: &Sight<'_>) -> RouterAdvert {
    let last = sight.last_advert().map(|(_, last)| last);
    RouterAdvert {
        hop_limit: 0,
        managed: last.as_ref().is_some_and(|last| last.managed),
        other: last.as_ref().is_some_and(|last| last.other),
        preference: 0,
        lifetime: Duration::ZERO,
        reachable: Duration::ZERO,
        retrans: Duration::ZERO,
        options: Vec::new(),
    }
}

/// Returns an advertisement of a router that everybody would prefer.
pub(super) fn tempting(sight: &Sight<'_>, number: u16) -> RouterAdvert {
    RouterAdvert {
        preference: HIGH,
        lifetime: Duration::from_secs(1800),
        options: vec![
            NdpOption::SourceLinkLayer(STRANGER),
            NdpOption::Prefix(marker(number)),
        ],
        ..no_router(sight)
    }
}

/// Returns a prefix for examples (RFC 3849) that nobody else advertises.
fn marker(number: u16) -> PrefixInfo {
    PrefixInfo {
        prefix: Ipv6Addr::new(0x2001, 0xdb8, 0, number, 0, 0, 0, 0),
        length: 64,
        on_link: true,
        autonomous: true,
        valid: LONG,
        preferred: LONG,
    }
}

fn build(advert: RouterAdvert) -> Frame {
    Ndp::RouterAdvert(advert).build(from_stranger())
}

fn from_stranger() -> Envelope {
    Envelope::new(STRANGER, STRANGER, STRANGER.link_local(), ALL_NODES)
}

/// Returns what follows the checksum.
pub(super) fn advert_bytes(advert: &RouterAdvert) -> Vec<u8> {
    let frame = build(advert.clone());
    frame.get(CHECKSUM + 2..).unwrap_or_default().to_vec()
}

/// Where the checksum of an ICMPv6 message stands in a frame without extension headers.
pub(super) const CHECKSUM: usize = ETHERNET_HEADER + 40 + 2;
const OPTION_MTU: u8 = 5;
/// RFC 4191 §2.1.
const HIGH: u8 = 1;
const LOW: u8 = 3;
/// In seconds: outlives the run, is over soon, is over at once.
const LONG: u32 = 2_592_000;
const SHORT: u32 = 600;
const FLEETING: u32 = 5;
const FLOOD: u16 = 200;
const NO_ADVERT: &str = "the line has not advertised a router";
