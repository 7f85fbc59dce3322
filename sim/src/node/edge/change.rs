//! What happens to a line while it runs: another prefix, none at all, ひかり電話, an edge that
//! restarts (ngn-facts §1.3, §8 rows 11 and 12).

use std::time::Duration;

use ipnet::Ipv6Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{Edge, offers};
use crate::line::Isp;
use crate::node::Context;
use crate::node::part::dhcpv6_server::Lease;
use crate::time::Time;
use crate::trace::Fact;

/// How a line's prefix changes.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    IntoStaticStr,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Renumbering {
    /// The old prefix goes with lifetimes of zero, the next one comes with it.
    #[default]
    OldWithdrawn,
    /// The next prefix comes, and nothing is said of the old one.
    OldForgotten,
    /// The old prefix goes with lifetimes of zero, and none comes; on RA lines only.
    NoneInstead,
}

impl Edge {
    /// Gives the line its next prefix, and withdraws the old one.
    pub fn renumber(&mut self, cx: &mut Context<'_>) {
        self.change_prefix(Renumbering::OldWithdrawn, cx);
    }

    /// Has another contract bring the line's prefixes from now on (guide p.16, Q17).
    pub fn change_isp(&mut self, isp: Isp) {
        self.line.isp = isp;
    }

    /// Changes the line's prefix.
    ///
    /// On an RA line it is advertised at once (ngn-facts §1.3). On a PD line a running lease holds
    /// until the client renews, asks anew, releases or lets it run out, unless it is forgotten;
    /// the next answer then brings the new prefix, and the old one with lifetimes of zero.
    pub fn change_prefix(&mut self, how: Renumbering, cx: &mut Context<'_>) {
        let next = self.line.assignment(self.index + 1);
        self.index += 1;
        if self.line.delegates() {
            self.dhcpv6.set_pool(vec![next]);
            self.pending = Some(next);
            if how == Renumbering::OldForgotten {
                self.dhcpv6.clear();
            } else {
                self.reconfigure(cx);
            }
            self.settle_renumbering(cx);
            return;
        }
        let gone = self.assignment;
        self.withdrawn
            .retain(|(prefix, _)| *prefix != next && *prefix != gone);
        // What comes back after a time without any prefix is not withdrawn.
        if how != Renumbering::OldForgotten && (gone != next || how == Renumbering::NoneInstead) {
            let until = cx.now() + WITHDRAWN_FOR;
            self.withdrawn.push((gone, until));
            let extra = self.withdrawn.len().saturating_sub(WITHDRAWN_MAX);
            self.withdrawn.drain(..extra);
        }
        if how == Renumbering::NoneInstead {
            self.registry.write().withdraw(self.assignment);
            self.bereft = true;
        } else {
            self.move_to(next, cx);
        }
        self.advertiser.hurry(cx.now());
    }

    /// Adds ひかり電話 to an RA line: a prefix is delegated, and the RA carries none (ngn-facts §8
    /// row 12). Returns whether it was an RA line.
    pub fn add_hikari_denwa(&mut self, cx: &mut Context<'_>) -> bool {
        if self.line.delegates() {
            return false;
        }
        self.line.hikari_denwa = true;
        self.index += 1;
        // ngn-facts §1.1, prefix permanence: adding ひかり電話 changes the prefix.
        let next = self.line.assignment(self.index);
        self.dhcpv6.set_options(offers::options(&self.line));
        self.dhcpv6.set_pool(vec![next]);
        self.withdrawn.clear();
        self.move_to(next, cx);
        self.advertiser.hurry(cx.now());
        true
    }

    /// Restarts: nothing passes for a while, and leases are forgotten.
    pub fn restart(&mut self, outage: Duration, another: bool, cx: &mut Context<'_>) {
        self.down_until = cx.now() + outage;
        self.dhcpv6.clear();
        if another {
            self.change_prefix(Renumbering::OldForgotten, cx);
        }
        self.advertiser.hurry(self.down_until);
    }

    /// Takes the line's authentication away, as the service may at any time (guide Q17).
    pub fn revoke(&mut self, cx: &mut Context<'_>) {
        let state = self.line.first_state();
        let address = self.assignment.addr();
        if let Some(prefix) = self.registry.write().set_state(address, state) {
            cx.record(Fact::LineState { prefix, state });
        }
    }

    /// Moves a PD line on to its next assignment once nobody holds the old one.
    pub(super) fn settle_renumbering(&mut self, cx: &mut Context<'_>) {
        let held = |lease: &Lease| self.assignment.contains(&lease.prefix);
        if let Some(next) = self.pending
            && !self.dhcpv6.leases().any(held)
        {
            self.pending = None;
            self.move_to(next, cx);
        }
    }

    /// Notes what the line has in the network's book.
    pub(super) fn assign(&mut self, cx: &mut Context<'_>) {
        for prefix in self.side.into_iter().chain([self.assignment]) {
            let state = self.line.first_state();
            self.registry.write().assign(prefix, state);
            cx.record(Fact::Assigned { prefix });
        }
    }

    fn move_to(&mut self, next: Ipv6Net, cx: &mut Context<'_>) {
        for prefix in self.side.into_iter().chain([self.assignment]) {
            self.registry.write().withdraw(prefix);
        }
        self.bereft = false;
        self.assignment = next;
        self.side = self.line.side_prefix(self.index);
        self.assign(cx);
    }

    /// Returns whether it restarts at this moment.
    pub(super) fn is_down(&self, now: Time) -> bool {
        now < self.down_until
    }
}

/// So many options fit into an advertisement with room to spare; the oldest go first (ours).
const WITHDRAWN_MAX: usize = 16;
/// How long RAs go on withdrawing a prefix: hosts keep it for two hours (RFC 4862 §5.5.3 e).
const WITHDRAWN_FOR: Duration = Duration::from_secs(7200);
