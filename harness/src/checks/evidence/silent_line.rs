//! Whether a device that began anew could have a prefix yet: it cannot while the servers that give
//! one are silent, and need not have one before it asks again.

use std::time::Duration;

use ngnlab_sim::Time;
use ngnlab_sim::line::{Dhcpv6Quirk, EdgeQuirk, HomeGatewayQuirk, Upstream};
use ngnlab_sim::setup::Mode;
use ngnlab_sim::trace::Role;

use crate::checks::evidence::dhcpv6_exchanges::{received, sent};
use crate::checks::evidence::given_prefixes::{Given, given, is_usable};
use crate::dissection::{Dhcpv6, Dissection, Found, Kind};
use crate::scenario::step::Action;
use crate::scenario::step::servers::Server;

/// Returns whether the line has given no prefix since the device lost its power, because it was
/// silent when the device asked, and the device need not have asked again yet.
pub(in crate::checks) fn waits_for_prefix(trace: &Dissection<'_>, at: Time) -> bool {
    let mut cuts = trace.steps.iter().rev();
    let cut = cuts.find(|step| step.cuts_power() && step.at <= at);
    let since = cut.map_or(Time::ZERO, |cut| cut.at);
    let gave = given(trace)
        .iter()
        .any(|given| given.preferred > 0 && since < given.at && given.at <= at);
    // An edge that ignores solicitations (ngn-facts §9 row 1) says nothing until its next turn.
    let ignores = EdgeQuirk::IgnoresSolicitations;
    let is_ignored = trace.header().line.quirks.edge.contains(&ignores);
    let mut adverts = trace.router_adverts();
    let hears = adverts.any(|ra| ra.to_device(Role::Wan) && since <= ra.at && ra.at <= at);
    if !gave && is_ignored && !hears && at <= since + UNSOLICITED {
        return true;
    }
    // Another router's lease is over after 40 s, and then the device asks again (ngn-facts §9 row 7).
    let held = EdgeQuirk::HeldByAnotherRouter;
    let is_held = trace.header().line.quirks.edge.contains(&held);
    if !gave && is_held && at <= next_solicit(trace, since, at).max(Time::ZERO + HELD) {
        return true;
    }
    !gave
        && trace.steps.iter().any(|step| {
            let Action::Silence(silence) = &step.action else {
                // Nobody answers while what is upstream begins anew, either.
                let heard = next_solicit(trace, since, at).max(step.over());
                let is_away = step.restarts_network() && since < step.over();
                return is_away && step.began() <= at && at <= heard;
            };
            let until = match silence.lasting {
                Some(lasting) => step.at + lasting.0,
                None => trace.end(),
            };
            let heard = match silence.node {
                Server::Dhcpv6 => next_solicit(trace, since, at),
                // A host that solicited in vain waits for the next unsolicited advertisement
                // (RFC 4861 §6.3.7), which is ten minutes away at most (ngn-facts §9 row 1).
                Server::RouterAdvertisements => until + UNSOLICITED,
                _ => return false,
            };
            step.at <= at && since < until && at <= heard.max(until)
        })
}

/// Returns why the device can have no prefix by then, if the line took back what it gave, leaves
/// every Request unanswered, or has a home gateway that gives none (ngn-facts §8 rows 6 and 8).
pub(in crate::checks) fn gives_no_prefix(trace: &Dissection<'_>, at: Time) -> Option<&'static str> {
    let mut before = given(trace);
    before.retain(|one| one.at <= at);
    if is_taken_back(trace, at, &before) {
        return Some("the line had taken its prefix back, and given no other");
    }
    if advertises_none(trace, at, &before) {
        return Some("the line has advertised no prefix since the power was cut");
    }
    let ignores = Dhcpv6Quirk::IgnoresRequests;
    let asks = |found: &Found<Dhcpv6>| found.is.kind == Kind::Request && found.at <= at;
    let quirks = &trace.header().line.quirks;
    let is_ignored = quirks.dhcpv6.contains(&ignores);
    let gives_none = [HomeGatewayQuirk::NoFreeSlot, HomeGatewayQuirk::HungDhcpv6];
    let gives_none = gives_none
        .iter()
        .any(|one| quirks.home_gateway.contains(one));
    if before.is_empty() && gives_none && sent(trace).any(|found| found.at <= at) {
        return Some("the home gateway gives no prefix");
    }
    let line = &trace.header().line;
    let has_none = line.upstream == Upstream::RentalRouter && !line.delegates();
    if before.is_empty() && has_none {
        return Some("the line delegates nothing that the rental router could hand on");
    }
    let offered = received(trace).filter(|found| found.at <= at);
    let offered: Vec<_> = offered.flat_map(|found| found.is.granted()).collect();
    let usable = offered.iter().any(|(ia, prefix)| is_usable(ia, prefix));
    if trace.setup().mode == Mode::Pd && !offered.is_empty() && !usable {
        return Some("nothing of what the line's server offers can be used");
    }
    (before.is_empty() && is_ignored && sent(trace).any(asks))
        .then_some("the line's server answers no Request")
}

/// Returns whether all that was given is gone.
fn is_taken_back(trace: &Dissection<'_>, at: Time, given: &[Given]) -> bool {
    let is_last = |one: &Given| {
        let mut later = given.iter().filter(|other| other.record > one.record);
        later.all(|other| other.net != one.net)
    };
    // Who asks for no renewal lets his own lease run out.
    let asks = |since: Time| sent(trace).any(|found| since < found.at && found.at <= at);
    let may_renew = |one: &Given| trace.setup().mode != Mode::Pd || asks(one.at);
    let ends = |one: &Given| one.at + Duration::from_secs(u64::from(one.preferred));
    let is_gone = |one: &Given| one.preferred == 0 || (ends(one) < at && may_renew(one));
    let mut last = given.iter().filter(|one| is_last(one));
    !given.is_empty() && last.all(is_gone)
}

/// Returns whether the line advertised itself to a router that remembers nothing, and no prefix.
fn advertises_none(trace: &Dissection<'_>, at: Time, given: &[Given]) -> bool {
    let mut cuts = trace.steps.iter().rev();
    let Some(cut) = cuts.find(|step| step.cuts_power() && step.at <= at) else {
        return false;
    };
    let is_since = |when: Time| cut.at < when && when <= at;
    let mut adverts = trace.router_adverts();
    let mut living = given.iter().filter(|one| one.preferred > 0);
    trace.setup().mode == Mode::Ra
        && adverts.any(|ra| ra.to_device(Role::Wan) && !ra.injected && is_since(ra.arrives))
        && !living.any(|one| is_since(one.at))
}

/// Returns until when the device has to ask again, by the pause before it asked last: each is at
/// most 2.1 times the one before (RFC 8415 §15).
fn next_solicit(trace: &Dissection<'_>, since: Time, at: Time) -> Time {
    let solicits = sent(trace).filter(|found| found.is.kind == Kind::Solicit);
    let times: Vec<Time> = solicits
        .map(|found| found.at)
        .filter(|asked| since <= *asked && *asked <= at)
        .collect();
    match times[..] {
        [.., before, last] => last + last.since(before).max(SOL_TIMEOUT).mul_f64(2.1),
        [only] => only + SOL_TIMEOUT.mul_f64(2.1),
        [] => since,
    }
}

/// How long the router before holds the delegation (ngn-facts §9 row 7).
const HELD: Duration = Duration::from_secs(40);
/// RFC 8415 §7.6.
const SOL_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest time between two unsolicited advertisements (ngn-facts §1.1, inferred).
const UNSOLICITED: Duration = Duration::from_secs(600);
