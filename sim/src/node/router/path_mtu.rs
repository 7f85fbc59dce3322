//! How long the router's own packets may be, as Packet Too Big messages have said (RFC 8201).

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use super::defect::{Defects, defects};
use super::interface::MTU;
use crate::message::packet::IPV6_HEADER;
use crate::time::Time;

/// What is known of the paths from here.
pub(super) struct PathMtus {
    defects: Defects,
    known: BTreeMap<Ipv6Addr, (usize, Time)>,
}

impl PathMtus {
    pub(super) fn new(defects: Defects) -> Self {
        Self {
            defects,
            known: BTreeMap::new(),
        }
    }

    /// Takes in the body of a Packet Too Big; returns the length that it asks for, if it is about a
    /// packet of ours: `owns` tells which addresses are.
    pub(super) fn learn(
        &mut self,
        body: &[u8],
        owns: impl Fn(Ipv6Addr) -> bool,
        now: Time,
    ) -> Option<usize> {
        let (mtu, quoted) = body.split_first_chunk()?;
        let header: &[u8; IPV6_HEADER] = quoted.first_chunk()?;
        let address = |at: usize| -> Option<Ipv6Addr> {
            let octets: [u8; 16] = header.get(at..at + 16)?.try_into().ok()?;
            Some(octets.into())
        };
        let (source, destination) = (address(8)?, address(24)?);
        if !owns(source) || self.defects.has(IGNORES_PACKET_TOO_BIG) {
            return None;
        }
        let mtu = usize::try_from(u32::from_be_bytes(*mtu)).unwrap_or(usize::MAX);
        // RFC 8201 §4: never below the minimum of IPv6, and never up.
        let mtu = mtu.max(MINIMUM).min(self.to(destination, now));
        if self.defects.has(SHORTENS_TCP_ALONE) {
            return Some(mtu);
        }
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&destination) {
            let oldest = self.known.iter().min_by_key(|(_, (_, until))| *until);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.known.remove(&oldest);
            }
        }
        self.known.insert(destination, (mtu, now + KEPT));
        Some(mtu)
    }

    /// Returns how long a packet to an address may be.
    pub(super) fn to(&self, destination: Ipv6Addr, now: Time) -> usize {
        let known = self.known.get(&destination);
        known.map_or(MTU, |(mtu, until)| if now < *until { *mtu } else { MTU })
    }
}

/// RFC 8200 §5.
const MINIMUM: usize = 1280;
/// RFC 8201 §4 recommends ten minutes before a longer packet is tried.
const KEPT: Duration = Duration::from_secs(600);
/// More narrow paths than a site has at a time (ours).
const KNOWN_MAX: usize = 64;

defects! {
    /// Sends packets of its own as long as before, whatever a Packet Too Big says.
    IGNORES_PACKET_TOO_BIG = "ignores-packet-too-big",
        "Packet Too Bigを受けても、自分が送るパケットを短くしない。";
    /// Makes its own TCP segments shorter after a Packet Too Big, and nothing else.
    SHORTENS_TCP_ALONE = "shortens-tcp-alone",
        "Packet Too Bigを受けると、自分が送るTCPのセグメントだけを短くし、ほかのパケットは元の長さのまま送る。";
}
