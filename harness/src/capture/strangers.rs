//! The conversations of others on the router's cable, which a hub or a mirrored port shows as well.
//!
//! Whom a frame is for stands in it, but not where a cooked header does: there the kind that Linux
//! gives it tells, and whose address it goes to.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use ngnlab_sim::message::packet::ethernet::Ethernet;
use ngnlab_sim::message::packet::{Mac, Packet};

use super::Kept;
use super::encapsulation::{UNKNOWN, Way};

/// What tells the router's own frames from those of others, on one side of it.
pub(super) struct Strangers {
    router: Mac,
    /// Whether the router itself captured, so that Linux knew what was for it.
    is_ours: bool,
    /// The addresses that were sent from, and whether the router sent from them, too.
    addresses: BTreeMap<Ipv6Addr, bool>,
}

impl Strangers {
    /// Learns from all frames of one side of a router.
    pub(super) fn among<'k>(frames: impl IntoIterator<Item = &'k Kept>, router: Mac) -> Self {
        let mut found = Self {
            router,
            is_ours: false,
            addresses: BTreeMap::new(),
        };
        for kept in frames {
            let (Some(cooked), Some(packet)) = (kept.cooked, Packet::parse(&kept.frame)) else {
                continue;
            };
            let is_router = packet.eth_source == router;
            found.is_ours |= is_router && cooked.way == Way::Out;
            if packet.eth_source != UNKNOWN {
                *found.addresses.entry(packet.source).or_default() |= is_router;
            }
        }
        found
    }

    /// Returns whether a frame went from somebody else to somebody else.
    pub(super) fn has(&self, kept: &Kept) -> bool {
        let Some(ethernet) = Ethernet::parse(&kept.frame) else {
            return false;
        };
        let (from, to) = (ethernet.source, ethernet.destination);
        if from == self.router || to == self.router || to.is_multicast() {
            return false;
        }
        match kept.cooked {
            None => true,
            Some(_) if to != UNKNOWN => false,
            Some(cooked) => {
                let packet = Packet::parse(&kept.frame);
                let is_theirs =
                    packet.is_some_and(|it| self.addresses.get(&it.destination) == Some(&false));
                is_theirs || (self.is_ours && cooked.way == Way::ToAnother)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ngnlab_sim::message::packet::Envelope;

    use super::super::encapsulation::Cooked;
    use super::super::points::Place;
    use super::*;

    const ROUTER: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const EDGE: Mac = Mac([2, 0, 0, 0, 0, 2]);
    const OTHER: Mac = Mac([2, 0, 0, 0, 0, 3]);

    #[test]
    fn what_has_both_addresses_is_the_routers_by_them() {
        let strangers = Strangers::among(&[], ROUTER);
        assert!(strangers.has(&kept(EDGE, OTHER, OTHER, None)));
        assert!(!strangers.has(&kept(EDGE, ROUTER, ROUTER, None)));
        assert!(!strangers.has(&kept(ROUTER, OTHER, OTHER, None)));
        let all = Mac([0x33, 0x33, 0, 0, 0, 1]);
        assert!(!strangers.has(&kept(EDGE, all, OTHER, None)));
        let mut session = kept(EDGE, OTHER, OTHER, None);
        let payload = [0x11, 0, 0, 7, 0, 2, 0xc0, 0x21];
        session.frame = Ethernet {
            source: EDGE,
            destination: OTHER,
            kind: ngnlab_sim::message::pppoe::SESSION,
            payload: &payload,
        }
        .frame();
        assert!(strangers.has(&session));
    }

    #[test]
    fn what_has_one_alone_is_told_by_its_kind_where_the_router_captured_and_by_who_lives_there() {
        let own = [kept(ROUTER, UNKNOWN, EDGE, Some(Way::Out))];
        let by_kind = Strangers::among(&own, ROUTER);
        assert!(by_kind.has(&kept(EDGE, UNKNOWN, OTHER, Some(Way::ToAnother))));
        assert!(!by_kind.has(&kept(EDGE, UNKNOWN, ROUTER, Some(Way::In))));
        // On a mirror all is for others.
        let mirror = [
            kept(ROUTER, UNKNOWN, EDGE, Some(Way::ToAnother)),
            kept(OTHER, UNKNOWN, EDGE, Some(Way::ToAnother)),
        ];
        let by_owner = Strangers::among(&mirror, ROUTER);
        assert!(by_owner.has(&kept(EDGE, UNKNOWN, OTHER, Some(Way::ToAnother))));
        assert!(!by_owner.has(&kept(EDGE, UNKNOWN, ROUTER, Some(Way::ToAnother))));
        let nobody = Mac([2, 0, 0, 0, 0, 4]);
        assert!(!by_owner.has(&kept(EDGE, UNKNOWN, nobody, Some(Way::ToAnother))));
    }

    fn kept(from: Mac, to: Mac, whose: Mac, way: Option<Way>) -> Kept {
        let envelope = Envelope::new(from, to, from.link_local(), whose.link_local());
        Kept {
            place: Place {
                file: 0,
                interface: 0,
                cooked: None,
                vlan: None,
            },
            at: 0,
            frame: envelope.udp(1, 2, b"any"),
            cooked: way.map(|way| Cooked {
                interface: None,
                way,
            }),
        }
    }
}
