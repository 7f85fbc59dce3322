//! What the LAN is to hear of prefixes, routers and DNS servers, and for how long at most.

use std::net::Ipv6Addr;

use super::lease::Lease;

/// What the LAN is to hear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// The LAN's /64.
    pub(super) lease: Option<Lease>,
    /// Whether another /64 is about to take the place of the last one, once our address in it is
    /// ours: the LAN keeps its router meanwhile.
    pub(super) awaits_next: bool,
    /// The whole delegation that it is a part of.
    pub(super) delegation: Option<Lease>,
    /// Whether there is a router upstream.
    pub(super) has_uplink: bool,
    /// Our own address as DNS server, once it is ours.
    pub(super) dns: Option<Ipv6Addr>,
    /// The search list.
    pub(super) search: Vec<String>,
}

// RFC 9096 §4: ND_PREFERRED_LIMIT and ND_VALID_LIMIT.
pub(super) const LAN_PREFERRED_SECS: u32 = 2700;
pub(super) const LAN_VALID_SECS: u32 = 5400;
