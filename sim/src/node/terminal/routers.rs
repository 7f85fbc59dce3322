//! The routers and prefixes a host learns from advertisements (RFC 4861 §6.3, RFC 4191).

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::{PORT, earliest};
use crate::message::ndp::{Ndp, PrefixInfo, RouterSolicit};
use crate::message::packet::{ALL_ROUTERS, Envelope, Mac, is_link_local};
use crate::node::Context;
use crate::time::Time;

/// The default router list, the prefix list, and the solicitations that fill them.
#[derive(Default)]
pub(super) struct Routers {
    routers: Vec<Router>,
    on_link: Vec<OnLink>,
    solicit_at: Option<Time>,
    solicited: u8,
}

struct Router {
    address: Ipv6Addr,
    until: Time,
    preference: u8,
    silent: bool,
}

struct OnLink {
    prefix: Ipv6Net,
    until: Time,
}

impl Routers {
    /// Starts soliciting, three times, four seconds apart (RFC 4861 §6.3.7).
    pub(super) fn start_soliciting(&mut self, cx: &mut Context<'_>) {
        self.solicited = 0;
        // The delay before duplicate address detection was this section's delay, too.
        self.solicit_at = Some(cx.now());
    }

    /// Takes in a router's lifetime and preference (RFC 4861 §6.3.4).
    pub(super) fn advertised(
        &mut self,
        address: Ipv6Addr,
        lifetime: Duration,
        preference: u8,
        now: Time,
    ) {
        if lifetime.is_zero() {
            self.remove(address);
            return;
        }
        self.solicit_at = None;
        let router = Router {
            address,
            until: now + lifetime,
            preference,
            silent: false,
        };
        if let Some(known) = self.routers.iter_mut().find(|own| own.address == address) {
            *known = router;
        } else if self.routers.len() < ROUTERS_MAX {
            self.routers.push(router);
        }
    }

    /// Takes in a prefix with the L flag.
    pub(super) fn prefix_advertised(&mut self, info: &PrefixInfo, now: Time) {
        let Ok(prefix) = Ipv6Net::new(info.prefix, info.length) else {
            return;
        };
        if !info.on_link || is_link_local(info.prefix) {
            return;
        }
        let prefix = prefix.trunc();
        self.on_link.retain(|own| own.prefix != prefix);
        if info.valid > 0 && self.on_link.len() < PREFIXES_MAX {
            let until = now + Duration::from_secs(info.valid.into());
            self.on_link.push(OnLink { prefix, until });
        }
    }

    /// Takes a router from the list, because it said it is none any more.
    pub(super) fn remove(&mut self, address: Ipv6Addr) {
        self.routers.retain(|own| own.address != address);
    }

    /// Notes whether a router answers; one that does not is the last choice (RFC 4861 §6.3.6).
    pub(super) fn set_silent(&mut self, address: Ipv6Addr, silent: bool) {
        for router in &mut self.routers {
            if router.address == address {
                router.silent = silent;
            }
        }
    }

    /// Returns the router that gets what is not on the link.
    pub(super) fn default_router(&self) -> Option<Ipv6Addr> {
        let rank = |router: &&Router| (router.silent, preference_rank(router.preference));
        self.routers
            .iter()
            .min_by_key(rank)
            .map(|router| router.address)
    }

    /// Returns where to send a packet for `destination`.
    pub(super) fn next_hop(&self, destination: Ipv6Addr) -> Option<Ipv6Addr> {
        let on_link = is_link_local(destination)
            || self
                .on_link
                .iter()
                .any(|own| own.prefix.contains(&destination));
        if on_link {
            return Some(destination);
        }
        self.default_router()
    }

    /// Sends the solicitation that is due, and forgets what has expired.
    pub(super) fn handle_timeout(&mut self, mac: Mac, source: Ipv6Addr, cx: &mut Context<'_>) {
        let now = cx.now();
        self.routers.retain(|own| own.until > now);
        self.on_link.retain(|own| own.until > now);
        if self.solicit_at.is_some_and(|at| at <= now) {
            let solicit = Ndp::RouterSolicit(RouterSolicit {
                source_link_layer: Some(mac),
            });
            cx.send(
                PORT,
                solicit.build(Envelope::new(mac, mac, source, ALL_ROUTERS)),
            );
            self.solicited += 1;
            let again = self.solicited < MAX_RTR_SOLICITATIONS;
            self.solicit_at = again.then(|| now + RTR_SOLICITATION_INTERVAL);
        }
    }

    /// Returns when [`Routers::handle_timeout`] is next needed.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let routers = self.routers.iter().map(|own| own.until);
        let prefixes = self.on_link.iter().map(|own| own.until);
        earliest(routers.chain(prefixes).chain(self.solicit_at))
    }
}

/// RFC 4191 §2.2: 1 is high, 3 is low, and the reserved 2 counts as medium.
fn preference_rank(preference: u8) -> u8 {
    match preference {
        1 => 0,
        3 => 2,
        _ => 1,
    }
}

// RFC 4861 §10.
const MAX_RTR_SOLICITATIONS: u8 = 3;
const RTR_SOLICITATION_INTERVAL: Duration = Duration::from_secs(4);
const ROUTERS_MAX: usize = 8;
const PREFIXES_MAX: usize = 16;
