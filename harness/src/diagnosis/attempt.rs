//! Attempts to authenticate a line or to use it, and how each ended.

use ngnlab_reports::RecordId;
use ngnlab_sim::setup::in_domain;
use ngnlab_sim::trace::{Fact, FetchError, Screen};

use crate::dissection::{Dissection, Told};
use crate::scenario::step::Action;

/// One attempt, up to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'t> {
    /// The record of its end.
    pub(super) record: RecordId,
    /// How it ended.
    pub(super) end: End<'t>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End<'t> {
    /// A screen came.
    Screen(Screen),
    /// The browser gave up on this host.
    Failed(&'t str, FetchError),
    /// Another page than the site was asked for.
    OtherPage(&'t str),
    /// The terminal got nowhere near a browser.
    Stuck,
}

impl<'t> Attempt<'t> {
    /// Returns every attempt, in order.
    pub(super) fn all(trace: &Dissection<'t>) -> Vec<Self> {
        let told = trace.facts.iter().filter_map(|told| {
            let (record, end) = (told.record, end(told)?);
            Some(Attempt { record, end })
        });
        let mut all: Vec<Self> = told.collect();
        if all.is_empty() {
            let stuck = trace
                .steps
                .iter()
                .find(|step| matches!(step.action, Action::Authenticate(_)) && !step.is_done());
            all.extend(stuck.map(|step| Self {
                record: step.record,
                end: End::Stuck,
            }));
        }
        all
    }

    /// Returns whether this is the portal, which comes after authentication, out of reach.
    pub(super) fn lost_the_portal(&self) -> bool {
        matches!(self.end, End::Failed(host, _) if in_domain(host, PORTAL_DOMAIN))
    }
}

fn end<'t>(told: &Told<'t>) -> Option<End<'t>> {
    match told.fact {
        Fact::ScreenServed { screen, .. } => Some(End::Screen(*screen)),
        Fact::PageSeen { url, screen, .. } => match screen {
            Some(screen) => Some(End::Screen(*screen)),
            None => looks_alike(url).then_some(End::OtherPage(url)),
        },
        Fact::PageFailed { url, reason } => {
            if looks_alike(url) {
                return Some(End::OtherPage(url));
            }
            let host = host_of(url).filter(|host| is_ours(host))?;
            Some(End::Failed(host, *reason))
        }
        _ => None,
    }
}

fn is_ours(host: &str) -> bool {
    host == HOST || in_domain(host, PORTAL_DOMAIN) || in_domain(host, DELIVERY_DOMAIN)
}

fn host_of(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    rest.split(['/', ':']).next()
}

/// Returns whether somebody who types this wants the site, and does not get it.
fn looks_alike(url: &str) -> bool {
    url.contains("lineauth") && host_of(url) != Some(HOST)
}

/// The host of the line-authentication site (guide p.16).
pub(super) const HOST: &str = "www.lineauth.mnw";
/// The domain of the portal (guide p.18), which an authenticated line loses in FAQ 1.
const PORTAL_DOMAIN: &str = "onshikaku.org";
/// The domain of the delivery hosts, which need the v6 option (guide p.4, p.15).
pub(super) const DELIVERY_DOMAIN: &str = "base.oqs-pdl.org";
