//! A check: what has to hold, where it is written, and for whom.

use ngnlab_reports::{CheckInfo, Level, Profile, Text, Verdict};
use ngnlab_sim::setup::Aspect;

use crate::checks::ruling::not_applicable;
use crate::checks::{asked_of, passive};
use crate::dissection::Dissection;

/// One requirement.
#[derive(Debug)]
pub struct Check {
    /// The stable id, `topic.what-holds`.
    pub id: &'static str,
    /// Where the requirement stands.
    pub source: &'static str,
    /// How binding it is.
    pub level: Level,
    /// The profiles that ask for it.
    pub profiles: &'static [Profile],
    /// The parts of the configuration it depends on: one wrong on purpose, and it does not apply.
    pub aspects: &'static [Aspect],
    /// What holds when it is green.
    pub title: Text,
    /// What to do when it is not.
    pub hint: Text,
    /// Looks for it in a trace.
    pub judge: fn(&Dissection<'_>) -> Verdict,
}

impl Check {
    /// Returns what the check says about a trace.
    pub fn verdict(&self, trace: &Dissection<'_>) -> Verdict {
        if let Some(why) = asked_of::why_not(self.id, trace) {
            return not_applicable(why);
        }
        if let Some(at) = trace.header().captured {
            return passive::verdict(self.id, self.judge, trace, at);
        }
        match self.aspects.iter().find(|aspect| trace.is_wrong(**aspect)) {
            Some(Aspect::Delivery) => {
                not_applicable("the way the prefix is delivered is configured wrong on purpose")
            }
            Some(Aspect::Dns) => not_applicable("the DNS servers are configured wrong on purpose"),
            None => (self.judge)(trace),
        }
    }
}

/// Returns what there is to know about a check without any trace.
pub fn check_info(check: &Check) -> CheckInfo {
    CheckInfo {
        id: check.id.to_owned(),
        source: check.source.to_owned(),
        level: check.level,
        profiles: check.profiles.to_vec(),
        title: check.title.clone(),
        hint: check.hint.clone(),
    }
}

/// Every profile.
pub(super) const EVERYONE: &[Profile] = &[
    Profile::OnsEast,
    Profile::OnsWest,
    Profile::HomeGateway,
    Profile::CeRouter,
];

/// Whoever has to reach ONS, whatever stands upstream.
pub(super) const ONS: &[Profile] = &[Profile::OnsEast, Profile::OnsWest, Profile::HomeGateway];

/// What RFC 7084 and RFC 9096 ask, and the guide does not.
pub(super) const CE_ROUTER: &[Profile] = &[Profile::CeRouter];

/// What names need on the way to ONS, and of every DNS forwarder.
pub(super) const EVERY_FORWARDER: &[Profile] = &[
    Profile::OnsEast,
    Profile::OnsWest,
    Profile::HomeGateway,
    Profile::CeRouter,
    Profile::DnsProxy,
];

/// What RFC 5625 asks of a DNS forwarder, and ONS can do without.
pub(super) const DNS_PROXY: &[Profile] = &[Profile::CeRouter, Profile::DnsProxy];

/// What a PPPoE client owes.
pub(super) const PPPOE: &[Profile] = &[Profile::Pppoe];

/// What a router owes so that the members club confirms the line.
pub(super) const MEMBERS: &[Profile] = &[Profile::Members];

/// Whoever has to reach ONS, and who wants the members club.
pub(super) const ONS_AND_MEMBERS: &[Profile] = &[
    Profile::OnsEast,
    Profile::OnsWest,
    Profile::HomeGateway,
    Profile::Members,
];
