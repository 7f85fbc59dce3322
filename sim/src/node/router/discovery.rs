//! The WAN as a host sees it: Router Solicitations, the default router, and the prefixes of its
//! advertisements (RFC 4861 §6.3, RFC 4862 §5.5).

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;

use super::Defects;
use super::defect::Defect;
use super::interface::Interface;
use super::lease::Lease;
use crate::message::ndp::{Ndp, PrefixInfo, RouterAdvert, RouterSolicit};
use crate::message::packet::{ALL_ROUTERS, Envelope, is_routable};
use crate::node::Context;
use crate::time::Time;

/// What is known of the router upstream.
pub(super) struct Discovery {
    defects: Defects,
    solicits: u32,
    next_solicit: Option<Time>,
    router: Option<(Ipv6Addr, Time)>,
    prefixes: Vec<Lease>,
}

impl Discovery {
    pub(super) fn new(defects: Defects) -> Self {
        Self {
            defects,
            solicits: 0,
            next_solicit: None,
            router: None,
            prefixes: Vec::new(),
        }
    }

    /// Begins to solicit (RFC 7084 §4.2 W-2: after duplicate address detection).
    pub(super) fn start(&mut self, now: Time) {
        self.solicits = 0;
        self.next_solicit = Some(now);
    }

    /// Returns the default router.
    pub(super) fn router(&self) -> Option<Ipv6Addr> {
        self.router.map(|(address, _)| address)
    }

    /// Returns the prefixes for addresses, as long as they are valid.
    pub(super) fn prefixes(&self) -> &[Lease] {
        &self.prefixes
    }

    /// Returns the prefix the line has granted: the one that is preferred longest.
    pub(super) fn lease(&self, now: Time) -> Option<Lease> {
        let preferred = self.prefixes.iter().filter(|prefix| prefix.preferred > now);
        preferred.max_by_key(|prefix| prefix.preferred).copied()
    }

    /// Takes in an advertisement that came from a link-local address.
    pub(super) fn handle_advert(&mut self, from: Ipv6Addr, advert: &RouterAdvert, now: Time) {
        if !advert.lifetime.is_zero() {
            self.router = Some((from, now + advert.lifetime));
            // RFC 4861 §6.3.7.
            if !self.defects.has(Defect::KeepsSoliciting) {
                self.next_solicit = None;
            }
        } else if self.router() == Some(from) {
            self.router = None;
        }
        for prefix in advert.prefixes() {
            self.note_prefix(prefix, now);
        }
    }

    /// RFC 4862 §5.5.3.
    fn note_prefix(&mut self, info: &PrefixInfo, now: Time) {
        let fit = info.autonomous && info.length == 64 && info.preferred <= info.valid;
        let Some(net) = Ipv6Net::new(info.prefix, info.length)
            .ok()
            .filter(|_| fit && is_routable(info.prefix))
        else {
            return;
        };
        let fresh = Lease::starting(net.trunc(), info.preferred, info.valid, now);
        let Some(known) = self
            .prefixes
            .iter_mut()
            .find(|known| known.net == fresh.net)
        else {
            if info.valid > 0 && self.prefixes.len() < PREFIXES_MAX {
                self.prefixes.push(fresh);
            }
            return;
        };
        known.preferred = fresh.preferred;
        // RFC 4862 §5.5.3 e): nobody may cut a valid lifetime below two hours.
        known.valid = fresh.valid.max(known.valid.min(now + TWO_HOURS));
    }

    /// Drops the default router: it says that it is none.
    pub(super) fn drop_router(&mut self) {
        self.router = None;
    }

    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let router = self.router.map(|(_, until)| until);
        let prefixes = self.prefixes.iter().map(|prefix| prefix.valid);
        prefixes.chain(router).chain(self.next_solicit).min()
    }

    pub(super) fn handle_timeout(&mut self, wan: &Interface, cx: &mut Context<'_>) {
        let now = cx.now();
        self.prefixes.retain(|prefix| prefix.valid > now);
        if self.router.is_some_and(|(_, until)| until <= now) {
            self.router = None;
        }
        if self.next_solicit.is_some_and(|at| at <= now) {
            self.solicit(wan, cx);
        }
    }

    fn solicit(&mut self, wan: &Interface, cx: &mut Context<'_>) {
        self.solicits += 1;
        let unspecified = self.defects.has(Defect::RsFromUnspecified);
        let source = if unspecified {
            Ipv6Addr::UNSPECIFIED
        } else {
            wan.link_local()
        };
        let solicit = RouterSolicit {
            source_link_layer: (!unspecified).then_some(wan.mac()),
        };
        let envelope = Envelope::new(wan.mac(), wan.mac(), source, ALL_ROUTERS);
        wan.send_frame(Ndp::RouterSolicit(solicit).build(envelope), cx);
        let storm = self.defects.has(Defect::RsStorm);
        let endless = storm || self.defects.has(Defect::KeepsSoliciting);
        let interval = if storm {
            STORM_INTERVAL
        } else {
            RTR_SOLICITATION_INTERVAL
        };
        let again = endless || self.solicits < MAX_RTR_SOLICITATIONS;
        self.next_solicit = again.then_some(cx.now() + interval);
    }
}

// RFC 4861 §10.
const MAX_RTR_SOLICITATIONS: u32 = 3;
const RTR_SOLICITATION_INTERVAL: Duration = Duration::from_secs(4);
const STORM_INTERVAL: Duration = Duration::from_secs(1);
const TWO_HOURS: Duration = Duration::from_secs(7200);
const PREFIXES_MAX: usize = 16;
