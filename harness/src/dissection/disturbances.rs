//! What may have kept frames from where they were going, and when: cables and power, losses, doubled
//! frames, and claims of others.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::RecordId;
use ngnlab_sim::trace::Seen;
use ngnlab_sim::{Fate, Time};

use super::{Dissection, Found};
use crate::scenario::step::Action;
use crate::scenario::step::cable::Wire;

impl Dissection<'_> {
    /// Returns whether a step between two points in time made the device begin anew.
    pub fn is_restarted(&self, from: Time, to: Time) -> bool {
        self.steps
            .iter()
            .any(|step| from <= step.at && step.at <= to && step.restarts_device())
    }

    /// Returns from when on the LAN can hear of what happened then: at once, unless its cable was
    /// out.
    pub fn heard_on_lan_from(&self, at: Time) -> Time {
        let mut out = self.steps.iter().filter(|step| step.pulls(Wire::Lan));
        out.find(|step| step.began() <= at && at < step.at)
            .map_or(at, |step| step.at)
    }

    /// Returns whether a cable lost frames or the device its power in this time, or shortly before.
    pub fn is_disturbed(&self, from: Time, to: Time) -> bool {
        let cut = self
            .steps
            .iter()
            .any(|step| from - RECOVERY <= step.over() && step.began() <= to && step.interrupts());
        cut || self.losses.iter().any(|at| from <= *at && *at <= to)
    }

    /// Returns whether something was cut or lost after one point and before another.
    pub fn is_interrupted(&self, from: Time, to: Time) -> bool {
        let cut = self
            .steps
            .iter()
            .any(|step| from < step.over() && step.began() <= to && step.interrupts());
        cut || self
            .packets
            .iter()
            .any(|found| found.lost && from <= found.at && found.at <= to)
    }

    /// Returns whether a cable delivered a frame twice.
    pub fn is_doubled(&self, record: RecordId) -> bool {
        let seen = self.trace.records.get(record).map(|record| &record.seen);
        matches!(
            seen,
            Some(Seen::Frame {
                fate: Fate::Duplicate,
                ..
            })
        )
    }

    /// Returns whether somebody had claimed an address that the device was about to take, so that it
    /// may be without one until somebody looks after it (RFC 4862 §5.4.5).
    pub fn is_claimed(&self, by: Time) -> bool {
        self.claims().any(|claim| {
            let mut probes = self.neighbor_solicits();
            claim.at <= by
                && probes.any(|ns| {
                    ns.by_device(claim.on)
                        && ns.source.is_unspecified()
                        && ns.is.target == claim.is
                        && ns.at <= claim.at
                })
        })
    }

    /// Returns the addresses that strangers claim, or try out as if they were about to have them
    /// (RFC 4862 §5.4.3, §5.4.4).
    pub fn claims(&self) -> impl Iterator<Item = Found<Ipv6Addr>> {
        let adverts = self.neighbor_adverts().filter(|na| na.injected);
        let probes = self.neighbor_solicits();
        let probes = probes.filter(|ns| ns.injected && ns.source.is_unspecified());
        let claimed = adverts.map(|na| na.with(na.is.target));
        claimed.chain(probes.map(|ns| ns.with(ns.is.target)))
    }

    /// Returns whether frames were being lost at a time, or shortly before.
    pub fn is_lossy(&self, at: Time) -> bool {
        let mut lossy = self.lossy();
        lossy.any(|(from, to)| from <= at && at - RECOVERY <= to)
    }

    /// Returns when frames were being lost, by the steps that had them lost: what is asked again and
    /// again may have gone missing every time.
    pub fn lossy(&self) -> impl Iterator<Item = (Time, Time)> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Loss(loss) => {
                let until = loss
                    .lasting
                    .map_or(Time::NEVER, |lasting| step.at + lasting.0);
                Some((step.at, until))
            }
            _ => None,
        })
    }
}

/// What a device may need until all is as before.
const RECOVERY: Duration = Duration::from_secs(30);
