//! A terminal without an address: from the terminal to the line, as question 4 of guide p.30 asks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::RecordId;
use ngnlab_sim::Time;
use ngnlab_sim::line::{EdgeQuirk, HomeGatewayQuirk, Upstream};
use ngnlab_sim::message::ndp::PrefixInfo;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::{Fact, Role};

use super::causes::Cause;
use super::{Outcome, Walk};
use crate::dissection::{Dhcpv6, Found, Kind};

impl<'d> Walk<'d, '_> {
    /// Returns what shows a terminal's global address: its word, or a packet from it where terminals
    /// tell nothing. A terminal may talk to its router by link-local addresses alone.
    pub(super) fn address(&self) -> Option<RecordId> {
        let tells = |fact: &Fact| matches!(fact, Fact::AddressReady { .. });
        if self.trace.facts.iter().any(|told| tells(told.fact)) {
            return self.address_as_told();
        }
        let mut packets = self.trace.packets.iter();
        let shows = |found: &&Found<_>| self.is_terminals(found) && is_routable(found.source);
        packets.find(shows).map(|found| found.record)
    }

    fn address_as_told(&self) -> Option<RecordId> {
        let mut held: BTreeMap<(&str, Ipv6Addr), RecordId> = BTreeMap::new();
        for told in self.facts() {
            let other = self.attempt.terminal.is_some_and(|name| name != told.node);
            match told.fact {
                Fact::AddressReady { address, .. } if is_routable(*address) && !other => {
                    held.insert((told.node, *address), told.record);
                }
                Fact::AddressGone { address } => {
                    held.remove(&(told.node, *address));
                }
                _ => {}
            }
        }
        held.into_values().next_back()
    }

    /// The line has taken back all that it gave.
    pub(super) fn taken_back(&self) -> Option<Outcome> {
        let mut last = BTreeMap::new();
        for (record, prefix, preferred) in self.given() {
            last.insert(prefix, (record, preferred));
        }
        let newest = last.values().map(|(record, _)| *record).max()?;
        let is_back = last.values().all(|(_, preferred)| *preferred == 0);
        let cause = match self.trace.setup().mode {
            Mode::Ra | Mode::Bridge => Cause::NoPrefixFromLine,
            Mode::Pd => Cause::NoPrefixDelegated,
        };
        let why = "the line has taken its prefix back, and given no other";
        is_back.then(|| Outcome::new(cause, None, [newest], why))
    }

    /// The router lost its power, and has had no prefix since.
    pub(super) fn none_since_power_cut(&self) -> Option<Outcome> {
        let has_one = self.given().iter().any(|(_, _, preferred)| *preferred > 0);
        self.power_came_back()?;
        if has_one || self.address().is_none() {
            return None;
        }
        let mut end = match self.trace.setup().mode {
            Mode::Ra => self.no_advertised_prefix(),
            Mode::Pd => self.no_delegated_prefix(),
            // What a bridge does not know it cannot forget.
            Mode::Bridge => None,
        }?;
        end.because = format!("since its power was cut, {}", end.because);
        Some(end)
    }

    /// Returns what the line gave by the way the router is configured for, each with how long it is
    /// preferred: since the power came back, as a router remembers nothing from before.
    fn given(&self) -> Vec<(RecordId, Ipv6Addr, u32)> {
        let trace = self.trace;
        let mut given: Vec<(RecordId, Ipv6Addr, u32)> = Vec::new();
        match trace.setup().mode {
            Mode::Ra | Mode::Bridge => {
                for found in trace.router_adverts() {
                    if found.to_device(Role::Wan) && !found.injected && self.counts(found.record) {
                        let prefixes = found.is.prefixes();
                        given.extend(prefixes.map(|one| (found.record, one.prefix, one.preferred)));
                    }
                }
            }
            Mode::Pd => {
                for found in &trace.dhcpv6 {
                    let is_reply = found.to_device(Role::Wan) && found.is.kind == Kind::Reply;
                    if is_reply && self.counts(found.record) {
                        let prefixes = found
                            .is
                            .delegations()
                            .into_iter()
                            .flat_map(|ia| ia.prefixes);
                        given.extend(
                            prefixes.map(|one| (found.record, one.prefix.addr(), one.preferred)),
                        );
                    }
                }
            }
        }
        given
    }

    /// Returns whether a router may know of a record: it came since the router began, and before the
    /// attempt failed.
    fn counts(&self, record: RecordId) -> bool {
        let is_bridge = self.trace.setup().mode == Mode::Bridge;
        let began = self.power_came_back().filter(|_| !is_bridge);
        began.is_none_or(|began| began < record) && record <= self.attempt.record
    }

    /// Returns where the power of the router came back last, if it was cut.
    fn power_came_back(&self) -> Option<RecordId> {
        let mut steps = self.trace.steps.iter();
        let cut = steps.rfind(|step| step.cuts_power() && step.record <= self.attempt.record);
        cut.map(|step| step.record)
    }

    /// Why there is no address.
    pub(super) fn no_address(&self) -> Outcome {
        let trace = self.trace;
        let cut = self.attempt.record;
        if let Some(end) = self.not_formed().or_else(|| self.spoils_discovery()) {
            return end;
        }
        let mut packets = trace.packets.iter();
        if trace.is_line_dumb()
            && let Some(sent) = packets.find(|found| found.by_device(Role::Wan))
        {
            let why = "the router solicits, and nothing comes from the line";
            return Outcome::new(Cause::NoIpv6FromLine, None, [sent.record], why);
        }
        let on_lan = || trace.packets.iter().filter(|found| found.on == Role::Lan);
        if on_lan().next().is_some() && on_lan().all(|found| found.lost) {
            let why = "nothing passes the cable between router and terminal";
            return Outcome::new(Cause::NoAddress, None, [cut], why);
        }
        if let Some(record) = self.invalid_advert() {
            let why = "the router's advertisements on the LAN are not valid (RFC 4861 §6.1.2)";
            return Outcome::new(Cause::NotRedistributed, None, [record], why);
        }
        if let Some(end) = self.advert_not_taken() {
            return end;
        }
        let found = match trace.setup().mode {
            Mode::Ra | Mode::Bridge => self.no_advertised_prefix(),
            Mode::Pd => self.no_delegated_prefix(),
        };
        found.unwrap_or_else(|| {
            let why = "no terminal has a global address";
            Outcome::new(Cause::NoAddress, None, [cut], why)
        })
    }

    /// The router advertises a prefix, and the terminal makes no address of it.
    fn not_formed(&self) -> Option<Outcome> {
        let trace = self.trace;
        let adverts = trace.router_adverts().filter(|found| {
            found.by_device(Role::Lan) && !found.lost && found.record <= self.attempt.record
        });
        let last = adverts
            .filter(|found| found.is.prefixes().any(|prefix| prefix.valid > 0))
            .last()?;
        let speaks = trace.packets.iter().any(|found| self.is_terminals(found));
        if !speaks {
            let why = "the terminal sent no IPv6 packet although the LAN has a prefix";
            return Some(Outcome::new(
                Cause::TerminalWithoutIpv6,
                None,
                [last.record],
                why,
            ));
        }
        let mut living = last.is.prefixes().filter(|prefix| prefix.valid > 0);
        if living.any(is_usable) {
            return None;
        }
        let why = "terminals cannot make an address of the prefix that the router advertises";
        Some(Outcome::new(
            Cause::NotRedistributed,
            None,
            [last.record],
            why,
        ))
    }

    /// Returns an advertisement on the LAN that hosts throw away.
    fn invalid_advert(&self) -> Option<RecordId> {
        let trace = self.trace;
        let valid: BTreeSet<RecordId> = trace.router_adverts().map(|found| found.record).collect();
        let invalid = trace.packets.iter().find(|found| {
            found.by_device(Role::Lan)
                && found.record <= self.attempt.record
                && found
                    .is
                    .icmpv6()
                    .is_some_and(|message| message.kind == ROUTER_ADVERT)
                && !valid.contains(&found.record)
        });
        invalid.map(|found| found.record)
    }

    /// The line's advertisements come, and the router goes on soliciting for them (RFC 4861 §6.3.7)
    /// without doing anything about them.
    fn advert_not_taken(&self) -> Option<Outcome> {
        let trace = self.trace;
        let cut = self.attempt.record;
        let mut adverts = trace.router_adverts().filter(|found| {
            found.to_device(Role::Wan)
                && !found.injected
                && !found.is.lifetime.is_zero()
                && found.record <= cut
        });
        let mut solicits = trace
            .router_solicits()
            .filter(|found| found.by_device(Role::Wan) && found.record <= cut);
        let asked = solicits.next()?;
        let first = adverts.find(|found| found.record > asked.record)?;
        let again = solicits.find(|found| first.at + UNDER_WAY < found.at)?;
        let acts = trace.packets.iter().any(|found| {
            found.by_device(Role::Wan) && found.record <= cut && is_routable(found.source)
        });
        let asks = trace.dhcpv6.iter().any(|found| found.by_device(Role::Wan));
        let why = "the line's advertisements reach the router, and it goes on soliciting for them";
        let records = [first.record, again.record];
        let end = Outcome::new(Cause::AdvertNotTaken, None, records, why);
        (!acts && !asks).then_some(end)
    }

    /// The router waits for an advertised prefix.
    fn no_advertised_prefix(&self) -> Option<Outcome> {
        let trace = self.trace;
        let adverts = trace.router_adverts();
        let last = adverts
            .filter(|found| found.to_device(Role::Wan) && self.counts(found.record))
            .last()?;
        let (cause, why) = match last.is.prefixes().any(|prefix| prefix.valid > 0) {
            true => (
                Cause::NotRedistributed,
                "the line's prefix is not advertised on the LAN",
            ),
            // Guide Q1: such a line delegates its prefix.
            false if last.is.managed || trace.header().line.delegates_to_device() => (
                Cause::WrongDelivery,
                "the line advertises no prefix, and the router waits for one",
            ),
            false => (
                Cause::NoPrefixFromLine,
                "the line advertises itself without a prefix",
            ),
        };
        Some(Outcome::new(cause, None, [last.record], why))
    }

    /// The router is to ask for a prefix.
    fn no_delegated_prefix(&self) -> Option<Outcome> {
        let trace = self.trace;
        let cut = self.attempt.record;
        let messages = || {
            trace
                .dhcpv6
                .iter()
                .filter(|found| self.counts(found.record))
        };
        // What asks for addresses alone may be a client of its own.
        let wants = |found: &&Found<Dhcpv6>| {
            found.by_device(Role::Wan) && !found.is.delegations().is_empty()
        };
        let ours: BTreeSet<u32> = messages().filter(wants).map(|found| found.is.xid).collect();
        let sent = |kind| {
            let mut sent = messages().filter(move |found| found.is.kind == kind);
            sent.rfind(wants)
        };
        let came = |kind| {
            let came = messages().filter(move |found| found.is.kind == kind);
            // Another router may be on the same segment.
            came.filter(|found| found.to_device(Role::Wan) && ours.contains(&found.is.xid))
        };
        if !trace.header().line.delegates_to_device() {
            let mut adverts = trace.router_adverts();
            let full =
                adverts.find(|ra| ra.to_device(Role::Wan) && ra.is.prefixes().next().is_some())?;
            let why = "the line advertises its prefix, and the router waits for another";
            return Some(Outcome::new(Cause::WrongDelivery, None, [full.record], why));
        }
        let mut granted = came(Kind::Reply).filter(|found| !found.is.granted().is_empty());
        let again = granted.clone().find_map(|reply| {
            let again = messages().find(|found| {
                found.by_device(Role::Wan)
                    && found.record > reply.record
                    && (found.is.kind, found.is.xid) == (Kind::Request, reply.is.xid)
            })?;
            Some([reply.record, again.record])
        });
        if let Some(records) = again {
            let why = "the Reply with the prefix reaches the router, and it asks again";
            return Some(Outcome::new(Cause::OfferNotTaken, None, records, why));
        }
        if let Some(granted) = granted.next_back() {
            return Some(self.granted(granted));
        }
        let Some(solicit) = sent(Kind::Solicit).or_else(|| sent(Kind::Request)) else {
            let is_solicit = |found: &&Found<Dhcpv6>| found.is.kind == Kind::Solicit;
            let mut others = messages().filter(|found| found.by_device(Role::Wan));
            let (record, why) = match others.rfind(is_solicit) {
                // RFC 8415 §6.3: who wants a prefix says so by an IA_PD.
                Some(other) => (other.record, "the router's Solicit asks for no prefix"),
                None => (cut, "the router sends no Solicit"),
            };
            return Some(Outcome::new(Cause::NoRequest, None, [record], why));
        };
        if messages().all(|found| !found.by_device(Role::Wan) || found.is.delegations().is_empty())
        {
            let why = "the router's Solicit asks for no prefix (it has no IA_PD)";
            return Some(Outcome::new(Cause::NoRequest, None, [solicit.record], why));
        }
        let offers = |found: &&Found<Dhcpv6>| !found.is.granted().is_empty();
        if let Some(offer) = came(Kind::Advertise).rfind(offers) {
            return Some(match sent(Kind::Request) {
                None => {
                    let why = "the Advertise reaches the router, and no Request follows";
                    Outcome::new(Cause::OfferNotTaken, None, [offer.record], why)
                }
                Some(request) if request.is.server_id().is_none() => {
                    let why = "the Request lacks the Server Identifier (RFC 8415 §16.4)";
                    Outcome::new(Cause::InvalidRequest, None, [request.record], why)
                }
                Some(request) => {
                    let mut failed = came(Kind::Reply);
                    let (records, why) = match failed.rfind(|one| one.record > request.record) {
                        Some(failed) => (
                            vec![request.record, failed.record],
                            "the router's Request is answered without a prefix",
                        ),
                        None => (vec![request.record], "the router's Request is not answered"),
                    };
                    Outcome::new(Cause::NoPrefixDelegated, None, records, why)
                }
            });
        }
        if let Some(refusal) = came(Kind::Advertise).next_back() {
            let why = "the router's Solicit is answered without a prefix";
            return Some(Outcome::new(
                Cause::NoPrefixDelegated,
                None,
                [refusal.record],
                why,
            ));
        }
        let (cause, why) = match solicit.is.client_id() {
            None => (
                Cause::InvalidRequest,
                "the Solicit lacks the Client Identifier (RFC 8415 §16.2)",
            ),
            Some(duid) if !duid.starts_with(&DUID_LL) && self.wants_duid_ll() => {
                (Cause::WrongDuid, "the Solicit's DUID is not a DUID-LL")
            }
            Some(_) if self.gave_up_asking() => {
                (Cause::NoRequest, "the router has stopped sending Solicits")
            }
            Some(_) => (
                Cause::NoPrefixDelegated,
                "the router asks for a prefix, and nobody answers",
            ),
        };
        Some(Outcome::new(cause, None, [solicit.record], why))
    }

    /// Whether the next Solicit is overdue: each pause is at most 2.1 times the one before
    /// (RFC 8415 §15).
    fn gave_up_asking(&self) -> bool {
        let trace = self.trace;
        let cut = self.attempt.record;
        let sent = trace.dhcpv6.iter().rev().filter(|found| {
            found.by_device(Role::Wan)
                && self.counts(found.record)
                && found.is.kind == Kind::Solicit
                && !found.is.delegations().is_empty()
        });
        let times: Vec<Time> = sent.take(2).map(|found| found.at).collect();
        let [last, before] = times[..] else {
            return false;
        };
        let pause = last.since(before).mul_f64(LONGEST_PAUSE);
        trace.trace.records[cut].at.since(last) > pause
    }

    /// A prefix was delegated once.
    fn granted(&self, granted: &Found<Dhcpv6>) -> Outcome {
        let trace = self.trace;
        let cut = self.attempt.record;
        let now = trace.trace.records[cut].at;
        let lifetimes = granted.is.granted().into_iter();
        let valid = lifetimes.map(|(_, prefix)| prefix.valid).max();
        if u64::from(valid.unwrap_or_default()) < now.since(granted.at).as_secs() {
            let why = "the lifetime of the last delegation is over";
            return Outcome::new(Cause::LeaseRanOut, None, [granted.record], why);
        }
        let again = trace.dhcpv6.iter().find(|found| {
            found.by_device(Role::Wan)
                && found.record > granted.record
                && found.record <= cut
                && matches!(found.is.kind, Kind::Solicit | Kind::Request)
        });
        match again {
            Some(again) => {
                let why = "the Reply with the prefix reaches the router, and it asks again";
                let records = [granted.record, again.record];
                Outcome::new(Cause::OfferNotTaken, None, records, why)
            }
            None => {
                let why = match self.was_advertised() {
                    true => "the prefix was advertised on the LAN, and not again before it ran out",
                    false => "a prefix was delegated, and is not advertised on the LAN",
                };
                Outcome::new(Cause::NotRedistributed, None, [granted.record], why)
            }
        }
    }

    /// Whether the router advertised a prefix that a terminal could use at that time.
    fn was_advertised(&self) -> bool {
        let mut adverts = self.trace.router_adverts();
        adverts.any(|found| {
            found.by_device(Role::Lan)
                && found.record <= self.attempt.record
                && found
                    .is
                    .prefixes()
                    .any(|prefix| prefix.valid > 0 && is_usable(prefix))
        })
    }

    /// Whether whoever answers here drops DUIDs of other types (ngn-facts §2.1, §8 row 2).
    fn wants_duid_ll(&self) -> bool {
        let line = &self.trace.header().line;
        match line.upstream {
            Upstream::HomeGateway => {
                let quirks = &line.quirks.home_gateway;
                quirks.contains(&HomeGatewayQuirk::DropsForeignDuid)
            }
            _ => !line.quirks.edge.contains(&EdgeQuirk::AcceptsAnyDuid),
        }
    }
}

/// Returns whether hosts make an address of it (RFC 4862 §5.5.3).
fn is_usable(prefix: &PrefixInfo) -> bool {
    prefix.autonomous && prefix.length == 64 && prefix.preferred <= prefix.valid
}

/// What crosses on the wire is no answer to each other.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How much longer a pause may be than the one before (RFC 8415 §15).
const LONGEST_PAUSE: f64 = 2.1;
/// The ICMPv6 type of Router Advertisements (RFC 4861 §4.2).
const ROUTER_ADVERT: u8 = 134;
/// The type of a DUID-LL (RFC 8415 §11.4).
const DUID_LL: [u8; 2] = [0, 3];

#[cfg(test)]
mod tests;
