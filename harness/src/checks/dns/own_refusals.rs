//! Refusals that a forwarder makes up: errors, and the word that there is nothing, for which it
//! asked nobody, or which the servers did not say.
//!
//! Refusing ordinary questions is the business of `dns.proxy.present`, which fails for it; checks
//! on what is answered, or let through, are left without anything to judge then. Refusing odd
//! questions alone is the business of the check on what is odd about them.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_sim::Time;
use ngnlab_sim::line::ONS_DOMAINS;
use ngnlab_sim::message::dns::{OPT, Section};
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::setup::in_domain;
use ngnlab_sim::trace::Role;

use crate::checks::delay::Delay;
use crate::checks::dns::answer_shapes::{has_soa, is_malformed};
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::oddities::is_common;
use crate::checks::dns::silence::{PRESENT, nothing_came};
use crate::checks::dns::twins::{PATIENCE, is_twin, only_knocks, repetitions, same};
use crate::checks::evidence::given_prefixes::is_between_prefixes;
use crate::checks::evidence::lan_adverts::is_unnumbered;
use crate::checks::evidence::silent_line::{gives_no_prefix, waits_for_prefix};
use crate::checks::ruling::{Ruling, because, broken};
use crate::dissection::dns::{AAAA, Flag, NXDOMAIN, SERVFAIL};
use crate::dissection::{Dissection, Dns, Exchange, Found};

/// Where an answer to a terminal comes from.
pub(super) enum Answer {
    /// From the servers, or it tells that they failed.
    Given,
    /// From the device alone, which refuses; the words say who refuses how.
    Refused(String),
    /// From a device that had no way to ask anybody.
    Helpless,
}

/// Returns where the first answer to a question comes from; what was not answered, or is none of
/// ours to judge, counts as given.
pub(super) fn answer(
    trace: &Dissection<'_>,
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Answer {
    let Some(reply) = exchange.reply() else {
        return Answer::Given;
    };
    if exchange.question().is_none() || exchange.query.is.opcode() != 0 {
        return Answer::Given;
    }
    let earlier: Vec<&Exchange<'_>> = upstream
        .iter()
        .filter(|other| other.query.record < reply.record)
        .collect();
    let Some(code) = error_name(&reply.is) else {
        return made_up(trace, &earlier, exchange, reply);
    };
    let name = exchange.name();
    let says_it_cannot = [SERVFAIL, REFUSED].contains(&reply.is.rcode);
    if says_it_cannot && is_special(name) {
        return Answer::Given;
    }
    let asked = |other: &&&Exchange<'_>| same(other.question(), exchange.question());
    // What waits for its answer already is not asked once more.
    let is_open = |other: &&&Exchange<'_>| {
        exchange.query.at <= other.query.at + PATIENCE
            // An answer that nobody can read is none: the device goes on asking (RFC 5625 §6.3).
            && other
                .replies
                .iter()
                .all(|old| old.at >= exchange.query.at || is_malformed(&old.is))
    };
    if earlier
        .iter()
        .filter(asked)
        .any(|other| is_twin(other, exchange) || is_open(&other))
    {
        return if contradicts(trace, &earlier, exchange, reply) {
            Answer::Refused(format!(
                "the device itself answers {code}, though the servers gave an answer"
            ))
        } else {
            Answer::Given
        };
    }
    // RFC 2308 §7.1: a failure may be remembered for five minutes.
    let is_remembered = earlier.iter().filter(asked).any(|other| {
        let mut replies = other.replies.iter();
        replies.any(|old| old.is.rcode == reply.is.rcode && reply.at <= old.at + REMEMBERED)
    });
    // Nor did a server answer that takes no connection.
    let failed = || server_fails(trace, &earlier, name, reply) || only_knocks(trace, exchange);
    if is_remembered || reply.is.rcode == SERVFAIL && failed() {
        Answer::Given
    } else if says_it_cannot && is_helpless(trace, upstream, exchange, reply) {
        Answer::Helpless
    } else {
        Answer::Refused(format!("the device itself answers {code} and asks nobody"))
    }
}

/// Returns whether one of the servers for a name did not answer, or failed, when it was asked last:
/// such a server may be left alone for a while (RFC 2308 §7.2). What befell others, or what it made
/// good since, is no reason.
fn server_fails(
    trace: &Dissection<'_>,
    earlier: &[&Exchange<'_>],
    name: &str,
    reply: &Found<Dns>,
) -> bool {
    let right = trace.setup().servers_for(name);
    let is_for_it = |other: &Exchange<'_>| {
        right.contains(&other.query.destination) || trace.setup().servers_for(other.name()) == right
    };
    let mut last: BTreeMap<Ipv6Addr, &Exchange<'_>> = BTreeMap::new();
    for other in earlier.iter().filter(|other| is_for_it(other)) {
        last.insert(other.query.destination, other);
    }
    last.values().any(|other| {
        let mut replies = other.replies.iter();
        reply.at <= other.query.at + SHUNNED && replies.all(|old| error_name(&old.is).is_some())
    })
}

/// Rules, for a check, that a question was answered, and not refused by the device itself.
pub(in crate::checks) fn answered(
    check: &str,
    trace: &Dissection<'_>,
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Ruling {
    if exchange.reply().is_none() {
        return nothing_came(check, trace, upstream, exchange);
    }
    match answer(trace, upstream, exchange) {
        Answer::Given => Ruling::Holds(exchange.records()),
        Answer::Helpless => Ruling::Skip,
        Answer::Refused(how) => {
            let lan = trace.lan_dns();
            let failed = |owner: &str| because(owner, &how);
            if is_aaaa_withheld(upstream, exchange) {
                failed("ons.dns.aaaa-kept")
            } else if is_made_good(trace, &lan, upstream, exchange) {
                Ruling::Skip
            } else if refused_first(trace, &lan, upstream).is_some() {
                failed(PRESENT)
            } else {
                let refused = broken(exchange.records(), "the question upstream", how);
                match failed_by_delay(exchange) {
                    Some(delay) => refused.unless_late(trace, delay),
                    None => refused,
                }
            }
        }
    }
}

/// Returns whether waiting for a processor can be why a question came to nothing: it was not
/// answered, or the device said that it failed.
pub(in crate::checks) fn may_be_late(exchange: &Exchange<'_>) -> bool {
    let mut replies = exchange.replies.iter();
    replies.all(|reply| reply.is.rcode == SERVFAIL)
}

/// Returns how a late host may have made the device say by itself that it failed; no delay makes it
/// say anything else.
pub(super) fn failed_by_delay(exchange: &Exchange<'_>) -> Option<Delay> {
    let reply = exchange
        .reply()
        .filter(|reply| reply.is.rcode == SERVFAIL)?;
    let (from, to) = (exchange.query.at, reply.at);
    Some(Delay::Race { from, to })
}

/// Returns the first ordinary question that the device refused by itself for good, and how.
pub(super) fn refused_first<'a, 'd>(
    trace: &Dissection<'_>,
    lan: &'a [Exchange<'d>],
    upstream: &[Exchange<'_>],
) -> Option<(&'a Exchange<'d>, String)> {
    refusals(trace, lan, upstream).next()
}

/// Returns the ordinary questions that the device refused by itself for good, and how.
pub(super) fn refusals<'a, 'd>(
    trace: &Dissection<'_>,
    lan: &'a [Exchange<'d>],
    upstream: &[Exchange<'_>],
) -> impl Iterator<Item = (&'a Exchange<'d>, String)> {
    lan.iter()
        .filter(|exchange| is_ordinary(exchange) && !is_aaaa_withheld(upstream, exchange))
        .filter_map(move |exchange| match answer(trace, upstream, exchange) {
            Answer::Refused(how) if !is_made_good(trace, lan, upstream, exchange) => {
                Some((exchange, how))
            }
            Answer::Refused(_) | Answer::Given | Answer::Helpless => None,
        })
}

/// Returns whether the terminal had an answer in the end, as it asked again.
fn is_made_good(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> bool {
    repetitions(lan, exchange).any(|again| {
        again.reply().is_some_and(|reply| is_good(&reply.is))
            && matches!(answer(trace, upstream, again), Answer::Given)
    })
}

/// Returns whether an answer says that AAAA records do not exist, or not even the name that the
/// servers know (RFC 4074 §4.2), where nobody was asked for them.
pub(super) fn is_aaaa_withheld(upstream: &[Exchange<'_>], exchange: &Exchange<'_>) -> bool {
    let asks = exchange
        .question()
        .is_some_and(|question| question.kind == AAAA && question.class == INTERNET);
    let Some(reply) = exchange.reply().filter(|_| asks) else {
        return false;
    };
    let is_known = || {
        let mut same_name = upstream.iter().filter(|other| {
            other.query.record < reply.record && other.name().eq_ignore_ascii_case(exchange.name())
        });
        same_name.any(|other| other.replies.iter().any(|old| old.is.full_rcode() == 0))
    };
    is_nodata(exchange, &reply.is) || reply.is.rcode == NXDOMAIN && is_known()
}

/// Rules on what a device can only have from a server: an address, or the word that there is none.
fn made_up(
    trace: &Dissection<'_>,
    earlier: &[&Exchange<'_>],
    exchange: &Exchange<'_>,
    reply: &Found<Dns>,
) -> Answer {
    let name = exchange.name();
    // What other names are about, the device may well know by itself (RFC 6303, RFC 6761).
    let is_ours = ONS_DOMAINS.iter().any(|domain| in_domain(name, domain));
    let mut rows = trace.setup().domains.iter();
    let is_set = is_ours || rows.any(|row| in_domain(name, &row.name));
    if is_set && let Some(address) = made_up_address(trace, earlier, exchange, reply) {
        return Answer::Refused(format!(
            "the device itself answers {address}, which no server said"
        ));
    }
    let is_nothing = reply.is.rcode == NXDOMAIN || is_nodata(exchange, &reply.is);
    if !is_nothing || !is_ours {
        return Answer::Given;
    }
    // RFC 8020 §2: below a name that does not exist nothing does, whatever the type.
    let heard = |other: &&&Exchange<'_>| {
        let names_nothing =
            |old: &&Found<Dns>| old.is.rcode == NXDOMAIN && in_domain(name, other.name());
        same(other.question(), exchange.question()) || other.replies.iter().any(names_nothing)
    };
    if earlier.iter().any(|other| heard(&other)) {
        return Answer::Given;
    }
    let word = match reply.is.rcode {
        NXDOMAIN => "NXDOMAIN",
        _ => "that there is no such record",
    };
    Answer::Refused(format!("the device itself answers {word} and asks nobody"))
}

/// Returns an address of an answer that nobody on the line has said before, forged or not, where the
/// device cannot have it from a cache: it is the device's own, or the servers have just given others.
fn made_up_address(
    trace: &Dissection<'_>,
    earlier: &[&Exchange<'_>],
    exchange: &Exchange<'_>,
    reply: &Found<Dns>,
) -> Option<Ipv6Addr> {
    let is_said = |address: &Ipv6Addr| {
        let asked = earlier.iter().flat_map(|other| &other.replies);
        let mut replies = asked.copied().chain(&trace.dns);
        replies.any(|old| {
            old.record < reply.record
                && old.to_device(Role::Wan)
                && old.is.response
                && old.is.aaaa().contains(address)
        })
    };
    let mut twins = earlier.iter().filter(|other| is_twin(other, exchange));
    let is_fresh = twins.any(|twin| twin.replies.iter().any(|old| !old.is.aaaa().is_empty()));
    let is_own = |address: &Ipv6Addr| {
        let mut given = trace.assignments();
        given.any(|(_, whole)| whole.contains(address))
    };
    let addresses = reply.is.aaaa().into_iter();
    let mut made_up = addresses.filter(|address| is_fresh || is_own(address));
    made_up.find(|address| !is_said(address))
}

/// Returns whether the servers had given all they were asked for when the device refused.
fn contradicts(
    trace: &Dissection<'_>,
    earlier: &[&Exchange<'_>],
    exchange: &Exchange<'_>,
    reply: &Found<Dns>,
) -> bool {
    let is_mutated = mutated(trace).is_some_and(|during| during.contains(&exchange.query.at));
    let mut twins = earlier
        .iter()
        .filter(|other| is_twin(other, exchange))
        .peekable();
    let is_sound = |old: &&Found<Dns>| {
        old.record < reply.record
            && !old.lost
            && !old.injected
            && !old.is.truncated
            && old.is.message.is_some()
            && is_good(&old.is)
            // RFC 2308 §2.2: without an SOA record it may as well be of somebody who knows nothing.
            && (old.is.rcode != 0 || old.is.answer_count > 0 || has_soa(&old.is))
            && same(old.is.question.as_ref(), exchange.question())
    };
    !is_mutated
        && twins.peek().is_some()
        && twins.all(|twin| !twin.replies.is_empty() && twin.replies.iter().all(is_sound))
}

/// Returns whether a device could not have asked anybody when it refused.
fn is_helpless(
    trace: &Dissection<'_>,
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
    reply: &Found<Dns>,
) -> bool {
    let begins_later = upstream.first().is_some_and(|first| {
        // Who says that it failed says nothing of its own; who refuses chooses to.
        let soon = first.query.at <= reply.at + PATIENCE;
        reply.record < first.query.record && (soon || reply.is.rcode == SERVFAIL)
    });
    // Who spoke to servers before, and lets nothing out any more, has lost its way out.
    let fell_silent = || {
        let adverts = trace.router_adverts();
        let last = adverts.filter(|found| found.by_device(Role::Lan) && found.at <= reply.at);
        let withdrew = last.last().is_some_and(|last| last.is.lifetime.is_zero());
        (withdrew || trace.is_disturbed(Time::ZERO, reply.at))
            && !upstream.is_empty()
            && !trace.packets.iter().any(|found| {
                found.by_device(Role::Wan)
                    && is_routable(found.source)
                    && reply.at - PATIENCE <= found.at
            })
    };
    begins_later
        || fell_silent()
        || trace.is_line_dumb()
        || trace.is_disturbed(exchange.query.at, reply.at)
        || trace.is_lossy(reply.at)
        || trace.lan_prefixes().is_empty()
        || reply.is.rcode == SERVFAIL
            && (is_unnumbered(trace, reply.at)
                || trace.is_claimed(reply.at)
                || !trace.has_router(reply.at)
                || trace.seeks_router_in_vain(exchange.query.at, reply.at))
        || waits_for_prefix(trace, reply.at)
        || reply.is.rcode == SERVFAIL && gives_no_prefix(trace, reply.at).is_some()
        || is_between_prefixes(trace, reply.at, reply.at)
}

/// Returns whether a question has nothing about it that a device could dislike.
fn is_ordinary(exchange: &Exchange<'_>) -> bool {
    let query = &exchange.query.is;
    let is_plain_opt = || {
        query.opt().is_none_or(|opt| {
            let refused = exchange.reply().map_or(0, |reply| reply.is.rcode);
            opt.version == 0
                && !opt.has_unknown_flag()
                && opt.options.iter().all(|(code, _)| *code < LOCAL_OPTIONS)
                && ![FORMERR, NOTIMP].contains(&refused)
        })
    };
    !exchange.query.injected
        && query.opcode() == 0
        && query.has(Flag::Rd)
        && !query.has(Flag::Cd)
        && !query.has(Flag::Z)
        && query.records().iter().all(|record| record.kind == OPT)
        && is_plain_opt()
        && exchange.question().is_some_and(|question| {
            question.class == INTERNET
                && is_common(question.kind)
                && (1..=SHORT).contains(&question.name.len())
                && question
                    .name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        })
}

/// Returns whether a device may know by itself what to say of a name (RFC 6303, RFC 6761).
fn is_special(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or("");
    !name.is_empty() && !name.contains('.')
        || SPECIAL.iter().any(|own| own.eq_ignore_ascii_case(last))
}

/// Returns whether an answer says what there is, or that there is nothing.
pub(super) fn is_good(dns: &Dns) -> bool {
    [0, NXDOMAIN].contains(&dns.rcode)
}

/// Returns whether a question for all there is to know is answered with nothing.
fn is_nodata(exchange: &Exchange<'_>, dns: &Dns) -> bool {
    let is_empty = dns.full_rcode() == 0 && !dns.truncated && dns.answer_count == 0;
    is_empty && exchange.query.is.has(Flag::Rd) && !is_referral(dns)
}

/// Returns whether a message names servers that know more (RFC 2308 §2.2).
fn is_referral(dns: &Dns) -> bool {
    let records = dns.records();
    let has = |kind| {
        let mut records = records.iter();
        records.any(|record| record.section == Section::Authority && record.kind == kind)
    };
    has(NS) && !has(SOA)
}

/// Returns the name of a response code by which a question is refused.
fn error_name(dns: &Dns) -> Option<&'static str> {
    match dns.rcode {
        FORMERR => Some("FORMERR"),
        SERVFAIL => Some("SERVFAIL"),
        NOTIMP => Some("NOTIMP"),
        REFUSED => Some("REFUSED"),
        _ => None,
    }
}

// RFC 1035 §4.1.1.
const FORMERR: u8 = 1;
const NOTIMP: u8 = 4;
const REFUSED: u8 = 5;

// RFC 1035 §3.2.2, §3.2.4.
const NS: u16 = 2;
const SOA: u16 = 6;
const INTERNET: u16 = 1;

/// Options from here on are for local use (RFC 6891 §9).
const LOCAL_OPTIONS: u16 = 65_001;

/// Names of people end long before.
const SHORT: usize = 200;

/// RFC 2308 §7.1.
const REMEMBERED: Duration = Duration::from_secs(300);

/// As long as real resolvers leave a server alone that was silent (Unbound's `infra-host-ttl`).
const SHUNNED: Duration = Duration::from_secs(900);

/// Names below these are not for servers on the line.
const SPECIAL: [&str; 8] = [
    "alt",
    "arpa",
    "internal",
    "invalid",
    "local",
    "localhost",
    "onion",
    "test",
];

#[cfg(test)]
mod tests;
