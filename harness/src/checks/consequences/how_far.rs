//! How far somebody who wants to open a site had come when it failed.

use ngnlab_reports::RecordId;
use ngnlab_sim::trace::{End, Fact, Role};

use crate::checks::evidence::site_visits::hosts;
use crate::dissection::Dissection;

/// How far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HowFar {
    /// No connection was tried: no address, no router, no name.
    NotSent,
    /// The terminal opened a connection, and the device did not pass it on.
    ToTheRouter,
    /// The device passed the connection on.
    ToTheLine,
}

impl HowFar {
    /// Returns how far it went by the records that show the failure.
    pub(super) fn of(trace: &Dissection<'_>, records: &[RecordId]) -> Self {
        let opens = |on: Role| {
            let mut connections = trace.connections.iter();
            connections.any(|one| one.on == on && records.contains(&one.syn))
        };
        let heard = || {
            let mut facts = trace.facts.iter();
            facts.any(|told| {
                let by_the_site = matches!(
                    told.fact,
                    Fact::HttpRequest { .. } | Fact::ScreenServed { .. } | Fact::Tls { .. }
                );
                by_the_site && records.contains(&told.record)
            })
        };
        if opens(Role::Wan) || heard() {
            Self::ToTheLine
        } else if opens(Role::Lan) {
            Self::ToTheRouter
        } else {
            Self::NotSent
        }
    }

    /// Returns how far the last try to open a site went, after the last page that came.
    pub(super) fn in_the_end(trace: &Dissection<'_>) -> Self {
        let club = trace.header().line.area.values().service_site;
        let [line_auth, portal, test_portal] = hosts(trace);
        let sites = [line_auth, portal, test_portal, club];
        let mut pages = trace.facts.iter().rev();
        let page = pages.find(|told| matches!(told.fact, Fact::PageSeen { .. }));
        let since = page.map_or(0, |told| told.record);
        let mut tries = trace.connections.iter().filter(|one| {
            one.on == Role::Lan
                && one.opener == End::Network
                && !one.injected
                && one.syn > since
                && sites.contains(&one.server.0)
        });
        let Some(last) = tries.next_back() else {
            return Self::NotSent;
        };
        let mut connections = trace.connections.iter();
        let passed = connections.any(|one| {
            one.on == Role::Wan
                && (one.client, one.server) == (last.client, last.server)
                && one.syn > last.syn
        });
        match passed {
            true => Self::ToTheLine,
            false => Self::ToTheRouter,
        }
    }
}
