//! When servers were deaf or slow.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::Time;

use crate::checks::dns::twins::{PATIENCE, is_twin};
use crate::dissection::dns::{NXDOMAIN, SERVFAIL};
use crate::dissection::{Dissection, Dns, Exchange, Found, Stepped};
use crate::scenario::step::Action;
use crate::scenario::step::servers::Server;

/// From here on an answer counts as slow.
const SLOW: Duration = Duration::from_secs(2);

/// How soon after an outage names have to resolve again, and the preferred server has to be asked:
/// RFC 2308 §7 allows five minutes, which no user would wait.
const RECOVERY: Duration = Duration::from_secs(15);

/// Returns the answer from upstream that a terminal's question was slow to get, but could still use.
pub(super) fn slow_answer<'d>(
    upstream: &[Exchange<'d>],
    exchange: &Exchange<'_>,
) -> Option<&'d Found<Dns>> {
    let twins = upstream.iter().filter(|other| is_twin(other, exchange));
    let replies = twins.flat_map(|twin| twin.replies.iter().filter(|reply| !reply.lost));
    let first = *replies.min_by_key(|reply| reply.record)?;
    let took = first.at.since(exchange.query.at);
    let is_slow = took >= SLOW && took + SLOW <= PATIENCE;
    (is_slow && [0, NXDOMAIN].contains(&first.is.rcode)).then_some(first)
}

/// A time in which a DNS server was deaf, as the scenario says.
pub(super) struct Outage {
    pub(super) server: Ipv6Addr,
    pub(super) from: Time,
    pub(super) to: Time,
}

/// Returns the times in which servers were deaf.
pub(super) fn outages(trace: &Dissection<'_>) -> Vec<Outage> {
    let values = trace.header().line.area.values();
    let named = [
        (Server::NgnDns1, values.ngn_dns[0]),
        (Server::NgnDns2, values.ngn_dns[1]),
        (Server::OnsDns1, values.ons_dns[0]),
        (Server::OnsDns2, values.ons_dns[1]),
    ];
    let read = |step: &Stepped<'_>| {
        let Action::Silence(silence) = &step.action else {
            return None;
        };
        let (_, server) = named.iter().find(|(known, _)| *known == silence.node)?;
        Some(Outage {
            server: *server,
            from: step.at,
            to: step.at + silence.lasting?.0,
        })
    };
    trace.steps.iter().filter_map(read).collect()
}

/// Returns when a name's servers, all of which were dead at the same time, were back.
fn back_at(trace: &Dissection<'_>, outages: &[Outage], name: &str) -> Option<Time> {
    let servers = trace.setup().servers_for(name);
    let ends = servers.iter().map(|server| {
        let last = outages.iter().rev().find(|one| one.server == *server)?;
        Some((last.from, last.to))
    });
    let ends: Vec<(Time, Time)> = ends.collect::<Option<_>>()?;
    let (began, over) = (
        ends.iter().map(|(from, _)| *from).max()?,
        ends.iter().map(|(_, to)| *to).min()?,
    );
    (began < over).then(|| ends.iter().map(|(_, to)| *to).max())?
}

/// Returns since when the servers of a question were back that had failed terminals before, if it
/// was asked long enough after that.
pub(super) fn is_past_an_outage(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    outages: &[Outage],
    exchange: &Exchange<'_>,
) -> Option<Time> {
    let servers = |name: &str| trace.setup().servers_for(name);
    let back = back_at(trace, outages, exchange.name())?;
    // Only who asked during the outage can remember it.
    let failed_before = lan.iter().any(|other| {
        other.query.at < back
            && servers(other.name()) == servers(exchange.name())
            && other.replies.iter().all(|reply| reply.is.rcode == SERVFAIL)
    });
    (exchange.query.at >= back + RECOVERY && failed_before).then_some(back)
}
