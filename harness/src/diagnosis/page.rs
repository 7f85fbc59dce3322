//! A page that does not come although its name resolves: how far the connection comes.

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::Ipv6Net;
use ngnlab_reports::RecordId;
use ngnlab_sim::line::Upstream;
use ngnlab_sim::message::ndp::RouterAdvert;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::{Mode, in_domain};
use ngnlab_sim::trace::{End as Side, Fact, FetchError, Resolution, Role};

use super::attempt::DELIVERY_DOMAIN;
use super::causes::Cause;
use super::stop::Stop;
use super::{Outcome, Walk, same_name};
use crate::dissection::{Connection, Found, Kind};

impl<'d> Walk<'d, '_> {
    /// The name resolves, and yet the page did not come; without a reason if it was still on its
    /// way.
    pub(super) fn on_the_way(&self, host: &str, reason: Option<FetchError>) -> Outcome {
        let here = [self.attempt.record];
        if reason == Some(FetchError::Certificate) {
            return Outcome::new(Cause::Certificate, None, here, "");
        }
        if in_domain(host, DELIVERY_DOMAIN) && !self.trace.header().line.v6_option {
            return Outcome::new(Cause::V6Option, None, here, "");
        }
        let Some(near) = self.opened(host) else {
            return self.nothing_sent(&format!("a connection to {host}"));
        };
        let Some(far) = self.beyond(near) else {
            let mut syn = self.trace.packets.iter();
            let syn = syn.find(|found| found.record == near.syn);
            if syn.is_some_and(|syn| self.leaves_damaged(syn)) {
                return self.damaged(near.syn);
            }
            if let Some((reset, Side::Device)) = near.reset {
                let because = format!("the router resets the connection to {}", near.server.0);
                let records = [near.syn, reset];
                return Outcome::new(Cause::LostInRouter, Stop::RouterAnswers, records, because);
            }
            if let Some(end) = syn.and_then(|syn| self.runs_out_of_hops(syn)) {
                return end;
            }
            let because = format!("the SYN to {} is not passed on", near.server.0);
            return Outcome::new(Cause::LostInRouter, Stop::RouterOut, [near.syn], because);
        };
        match far.accepted {
            None => self.unaccepted(near, far),
            Some(_) => self.broken_off(near, far),
        }
    }

    /// The SYN left the router, and none came back.
    fn unaccepted(&self, near: &Connection, far: &Connection) -> Outcome {
        let server = far.server.0;
        if let Some(end) = self.loses_its_hops(near, far) {
            return end;
        }
        if let Some((reset, Side::Network)) = far.reset {
            let because = format!("{server} refuses the connection");
            let records = [far.syn, reset];
            return Outcome::new(Cause::ServiceSide, Stop::Server, records, because);
        }
        if let Some(end) = self.left_behind(far.syn) {
            return end;
        }
        let because = format!("{server} does not answer");
        Outcome::new(Cause::ServiceSide, Stop::Server, [far.syn], because)
    }

    /// The connection stood, and broke off or fell silent.
    fn broken_off(&self, near: &Connection, far: &Connection) -> Outcome {
        let lost = |stop, because: String| {
            let records = [near.last.0, far.last.0];
            Outcome::new(Cause::LostInRouter, stop, records, because)
        };
        if near.accepted.is_none() && self.is_sent_past(far) {
            let because = format!("what comes for {} is not sent to the router", far.client.0);
            let records = [near.syn, far.last.0];
            return Outcome::new(Cause::ConnectionLost, Stop::LineBack, records, because);
        }
        if near.accepted.is_none() {
            let because = format!("the answer of {} is not passed on", far.server.0);
            return lost(Stop::RouterBack, because);
        }
        if let Some(end) = self.arrives_changed(near, far) {
            return end;
        }
        if near.down < far.down {
            let because = format!("{} of {} bytes came to the LAN", near.down, far.down);
            return lost(Stop::RouterBack, because);
        }
        if far.up < near.up {
            let because = format!("{} of {} bytes left for the line", far.up, near.up);
            return lost(Stop::RouterOut, because);
        }
        if let Some((reset, Side::Device)) = near.reset
            && !matches!(far.reset, Some((_, Side::Network)))
        {
            let because = "the router resets the connection";
            return Outcome::new(Cause::LostInRouter, Stop::RouterAnswers, [reset], because);
        }
        if let Some((sought, target)) = self.is_sought_for(far.client.0) {
            let because = format!("the line looks for {target}");
            let records = [far.last.0, sought];
            return Outcome::new(Cause::ConnectionLost, Stop::LineBack, records, because);
        }
        if let Some(denied) = self.denies_being_router() {
            let because = "the router's Neighbor Advertisement says that it is none";
            let records = [denied, near.last.0];
            return Outcome::new(Cause::NoRouterOnTerminal, Stop::Terminal, records, because);
        }
        let because = format!("{} falls silent", far.server.0);
        Outcome::new(Cause::ServiceSide, Stop::Server, [far.last.0], because)
    }

    /// Returns whether the line sends the answers to another MAC address than the router's.
    fn is_sent_past(&self, far: &Connection) -> bool {
        let macs = self.trace.device_macs();
        let Some((accepted, _)) = far.accepted else {
            return false;
        };
        let mut packets = self.trace.packets.iter();
        // Behind a bridge the terminal's own is the right one.
        let is_past = |to| macs.contains(to) == self.trace.is_bridge();
        packets.any(|found| found.record == accepted && is_past(&found.eth_destination))
    }

    /// The terminal has an address, and yet nothing came from it.
    pub(super) fn nothing_sent(&self, what: &str) -> Outcome {
        if let Some(record) = self.fell_silent() {
            let because = "the router answered before, and sends nothing any more";
            return Outcome::new(Cause::GaveLineUp, Stop::Terminal, [record], because);
        }
        if let Some((record, target)) = self.router_is_silent() {
            let because = format!("nobody answers for {target}");
            return Outcome::new(Cause::RouterSilent, Stop::Terminal, [record], because);
        }
        let because = format!("the terminal did not send {what}");
        if let Some(never) = self.never_was_router() {
            let stop = Stop::Terminal;
            return Outcome::new(Cause::NoRouterOnTerminal, stop, [never], because);
        }
        if let Some(withdrawn) = self.withdrew_itself() {
            let stop = Stop::Terminal;
            return Outcome::new(Cause::GaveLineUp, stop, [withdrawn], because);
        }
        let shows = self.denies_being_router().unwrap_or(self.attempt.record);
        Outcome::new(Cause::NoRouterOnTerminal, Stop::Terminal, [shows], because)
    }

    /// Returns where the router took itself out of the terminals' default routers although the
    /// line's router is there: it says so once it takes the line for dead (RFC 7084 G-4).
    pub(super) fn withdrew_itself(&self) -> Option<RecordId> {
        let last = self.adverts(Role::Lan).last()?;
        let line = self.adverts(Role::Wan).last()?;
        // Who never was one has not given anything up.
        let mut adverts = self.adverts(Role::Lan);
        let was_one = adverts.any(|before| !before.is.lifetime.is_zero());
        (was_one && last.is.lifetime.is_zero() && !line.is.lifetime.is_zero())
            .then_some(last.record)
    }

    /// Returns where the router advertised a prefix, and never that it is a router.
    fn never_was_router(&self) -> Option<RecordId> {
        let is_router = |found: &Found<&RouterAdvert>| !found.is.lifetime.is_zero();
        if self.adverts(Role::Lan).any(|found| is_router(&found)) {
            return None;
        }
        let mut adverts = self.adverts(Role::Lan);
        let usable = adverts.find(|found| found.is.prefixes().any(|prefix| prefix.valid > 0));
        usable.map(|found| found.record)
    }

    /// Returns the advertisements that the router sent on the LAN, or that came to it.
    fn adverts(&self, on: Role) -> impl Iterator<Item = Found<&'d RouterAdvert>> {
        let cut = self.attempt.record;
        let adverts = self.trace.router_adverts();
        let adverts = adverts.filter(move |found| found.record <= cut);
        adverts.filter(move |found| match on {
            Role::Lan => found.by_device(on) && !found.lost,
            _ => found.to_device(on),
        })
    }

    /// Returns where the terminal sought the router in vain that had answered before, and has sent
    /// nothing to anybody since.
    fn fell_silent(&self) -> Option<RecordId> {
        let (last, target) = self.router_is_silent()?;
        let mut adverts = self.trace.neighbor_adverts();
        adverts.find(|found| found.by_device(Role::Lan) && found.is.target == target)?;
        let mut sent = self.trace.packets.iter().rev();
        let sent = sent.find(|found| {
            found.record <= self.attempt.record
                && (found.by_device(Role::Lan) || found.by_device(Role::Wan))
        })?;
        (sent.record < last && sent.at + SILENT <= self.trace.trace.records[last].at)
            .then_some(last)
    }

    /// Returns where the terminal sought the router last, if it sought it in vain.
    pub(super) fn router_is_silent(&self) -> Option<(RecordId, Ipv6Addr)> {
        // Probes for duplicates come from nobody (RFC 4862 §5.4.2).
        let solicits = self.trace.neighbor_solicits();
        let unanswered = solicits.filter(|found| {
            self.is_terminals(found)
                && !found.lost
                && !found.source.is_unspecified()
                && self.is_answer_missing(found.is.target, found.record)
        });
        unanswered
            .last()
            .map(|found| (found.record, found.is.target))
    }

    /// Returns where the router said of itself that it is none (RFC 4861 §7.2.5: hosts then take it
    /// out of their default routers).
    fn denies_being_router(&self) -> Option<RecordId> {
        let mut adverts = self.trace.neighbor_adverts();
        let denied = adverts.find(|found| {
            found.by_device(Role::Lan)
                && !found.lost
                && !found.is.router
                && found.record <= self.attempt.record
                && found.eth_source == self.trace.setup().lan_mac
        });
        denied.map(|found| found.record)
    }

    /// Returns whether the router owns an address and did not say so in a way that tells its MAC,
    /// as it must to whoever asks by multicast (RFC 4861 §4.4).
    fn is_answer_missing(&self, target: Ipv6Addr, asked: RecordId) -> bool {
        let is_routers = !is_routable(target) || self.trace.is_device_address(target);
        let mut adverts = self.trace.neighbor_adverts();
        is_routers
            && !adverts.any(|advert| {
                advert.by_device(Role::Lan)
                    && advert.is.target == target
                    && advert.is.target_link_layer.is_some()
                    && advert.record > asked
            })
    }

    /// Returns why nothing comes back for what the router sent, if it is to be seen before the
    /// server.
    pub(super) fn left_behind(&self, record: RecordId) -> Option<Outcome> {
        let sent = self
            .trace
            .packets
            .iter()
            .find(|found| found.record == record)?;
        let class = sent.is.traffic_class;
        if !self.is_assigned(sent) {
            let because = format!("{} is not of this line", sent.source);
            return Some(Outcome::new(
                Cause::WrongSource,
                Stop::Line,
                [record],
                because,
            ));
        }
        // Marks that the network drops (ngn-facts §4.2, §8 row 24).
        if class & DSCP == MARKED {
            let because = format!("its traffic class is {class:#04x}");
            return Some(Outcome::new(Cause::Marked, Stop::Line, [record], because));
        }
        if let Some(other) = self.sent_to_another(sent) {
            let to = sent.eth_destination;
            let because = format!("it is sent to {to}, which is not the line's router");
            let records = [record, other];
            return Some(Outcome::new(
                Cause::WrongRouter,
                Stop::Line,
                records,
                because,
            ));
        }
        if let Some((sought, target)) = self.is_sought_for(sent.source) {
            let because = format!("the line looks for {target}");
            let records = [record, sought];
            return Some(Outcome::new(
                Cause::ConnectionLost,
                Stop::LineBack,
                records,
                because,
            ));
        }
        if self.trace.header().line.upstream == Upstream::Onu {
            return None;
        }
        let (stop, because) = match self.beyond_upstream(sent) {
            (false, _) => (
                Stop::Upstream,
                format!("the packet for {} goes no further", sent.destination),
            ),
            (true, true) => (
                Stop::UpstreamBack,
                format!("what {} answers goes no further", sent.destination),
            ),
            (true, false) => return None,
        };
        Some(Outcome::new(Cause::LostUpstream, stop, [record], because))
    }

    /// Returns whether a packet's source is one that the line would answer to.
    fn is_assigned<T>(&self, sent: &Found<T>) -> bool {
        let trace = self.trace;
        let Some((_, whole)) = trace.assignments().filter(|(at, _)| *at <= sent.at).last() else {
            return true;
        };
        let adverts = trace.router_adverts().filter(|found| {
            found.to_device(Role::Wan) && !found.injected && found.record < sent.record
        });
        let named = adverts.flat_map(|found| found.is.prefixes().collect::<Vec<_>>());
        let latest = named.filter(|one| {
            Ipv6Net::new(one.prefix, one.length).is_ok_and(|net| net.contains(&sent.source))
        });
        let is_advertised = latest.last().is_some_and(|one| one.valid > 0);
        let granted = trace.dhcpv6.iter().rev().find(|found| {
            found.record < sent.record
                && found.to_device(Role::Wan)
                && found.is.kind == Kind::Reply
                && !found.is.granted().is_empty()
        });
        match granted.filter(|_| trace.setup().mode == Mode::Pd) {
            _ if is_advertised => true,
            None => whole.contains(&sent.source),
            Some(granted) => {
                // What a home gateway hands out is right to use, even if the line has taken it back
                // and the gateway does not know it yet.
                let by_line = trace.header().line.upstream == Upstream::Onu;
                let mut granted = granted.is.granted().into_iter();
                (whole.contains(&sent.source) || !by_line)
                    && granted.any(|(_, one)| one.prefix.contains(&sent.source))
            }
        }
    }

    /// Returns an advertisement of the line's router if a packet was sent to somebody else.
    fn sent_to_another<T>(&self, sent: &Found<T>) -> Option<RecordId> {
        let adverts = self.trace.router_adverts();
        let mut routers = adverts.filter(|found| {
            found.to_device(Role::Wan)
                && !found.injected
                && found.record < sent.record
                && !found.is.lifetime.is_zero()
        });
        let first = routers.next()?;
        let is_one = |found: &Found<_>| found.eth_source == sent.eth_destination;
        let known = is_one(&first) || routers.any(|found| is_one(&found));
        (!known).then_some(first.record)
    }

    /// Returns whether a packet was seen beyond what stands above the router, and an answer there.
    fn beyond_upstream<T>(&self, sent: &Found<T>) -> (bool, bool) {
        let seen = |source, destination| {
            let mut packets = self.trace.packets.iter();
            packets.any(|other| {
                other.on == Role::Uplink
                    && other.record > sent.record
                    && (other.source, other.destination) == (source, destination)
            })
        };
        let out = seen(sent.source, sent.destination);
        (out, seen(sent.destination, sent.source))
    }

    /// Returns the terminal's last connection to a host.
    fn opened(&self, host: &str) -> Option<&'d Connection> {
        let addresses: Vec<Ipv6Addr> = self
            .told()
            .filter_map(|told| match told.fact {
                Fact::Resolved {
                    name,
                    addresses,
                    outcome: Resolution::Answered,
                } if same_name(name, host) => Some(addresses),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        let trace = self.trace;
        let ours = |connection: &&Connection| {
            connection.on == Role::Lan
                && connection.opener == Side::Network
                && connection.syn_arrived
                && !connection.injected
                && addresses.contains(&connection.server.0)
                && connection.syn <= self.attempt.record
                && self
                    .attempt
                    .after
                    .is_none_or(|after| connection.last.0 > after)
                && self.is_mine(connection)
        };
        trace.connections.iter().rfind(ours)
    }

    fn is_mine(&self, connection: &Connection) -> bool {
        let mut packets = self.trace.packets.iter();
        packets.any(|found| found.record == connection.syn && self.is_terminals(found))
    }

    /// Returns the same connection on the line.
    fn beyond(&self, near: &Connection) -> Option<&'d Connection> {
        let trace = self.trace;
        trace.connections.iter().find(|far| {
            far.on == Role::Wan
                && (far.client, far.server) == (near.client, near.server)
                && far.at >= near.at
        })
    }
}

/// A router that works speaks more often where terminals look for it (RFC 4861 §10:
/// MAX_MULTICAST_SOLICIT questions, RETRANS_TIMER apart).
const SILENT: Duration = Duration::from_secs(2);
/// The six bits of a traffic class that are the DSCP (RFC 2474 §3).
const DSCP: u8 = 0xfc;
/// AF41, which the network drops unless it is its own (ngn-facts §4.2).
const MARKED: u8 = 0x88;
