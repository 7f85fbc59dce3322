//! Who says that nothing came: each question that was left without an answer belongs to one check.
//!
//! It is the check on what is odd about the question, or on what it met with; an ordinary question
//! belongs to `dns.proxy.present`, or to `dns.proxy.tcp`. All others only name that check.

use ngnlab_sim::line::DnsQuirk;
use ngnlab_sim::message::packet::is_routable;
use ngnlab_sim::trace::{End, Role};

use crate::checks::delay::Delay;
use crate::checks::dns::answer_shapes::{
    has_soa, is_format_error, is_malformed, is_nodata, unknown_records_in,
};
use crate::checks::dns::best_answers::{CLASSIC_SIZE, best_upstream, is_for_a_large_answer};
use crate::checks::dns::crowds::{
    has_another_id, is_among_many, is_from_elsewhere, shares_its_id, strays, was_sought,
};
use crate::checks::dns::mutated_answers::mutated;
use crate::checks::dns::oddities::ODDITIES;
use crate::checks::dns::outages::{is_past_an_outage, outages, slow_answer};
use crate::checks::dns::tcp_clients::{
    answer_elsewhere, by_tcp, client, connections, is_beside_idle, is_crowded, is_half_closed,
    is_pipelined,
};
use crate::checks::dns::twins::{PATIENCE, tries, twins, unanswered};
use crate::checks::ruling::{Ruling, because, broken};
use crate::dissection::dns::SERVFAIL;
use crate::dissection::{Connection, Dissection, Dns, Exchange, Found, Transport};

/// The check that ordinary questions belong to.
pub(super) const PRESENT: &str = "dns.proxy.present";

/// The check that ordinary questions over TCP belong to.
pub(super) const TCP: &str = "dns.proxy.tcp";

/// The check that questions of clients belong to that have closed their side.
pub(super) const HALF_CLOSED: &str = "dns.proxy.tcp-half-closed";

/// Rules, for a check, on a question that got no answer: broken if that is for this check to say.
pub(super) fn nothing_came(
    check: &str,
    trace: &Dissection<'_>,
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Ruling {
    let is_tcp = exchange.query.is.transport == Transport::Tcp;
    if is_tcp && trace.header().line.quirks.dns.contains(&DnsQuirk::NoTcp) {
        return Ruling::Unclear("the servers upstream have no TCP".to_owned());
    }
    let finding = match unanswered(trace, upstream, exchange) {
        Ruling::Broken(finding) => finding,
        other => return other,
    };
    let lan = trace.lan_dns();
    let owner = owner(trace, &lan, upstream, exchange);
    if owner == PRESENT {
        if tries(&lan, exchange).any(|again| !again.replies.is_empty()) {
            return Ruling::Skip;
        }
        if let Some(why) = excuse(trace, &lan, upstream, exchange) {
            return Ruling::Unclear(why.to_owned());
        }
    }
    if owner == check {
        Ruling::Broken(finding)
    } else {
        because(owner, &format!("nothing came for {}", exchange.name()))
    }
}

/// Rules, for a check, on a TCP connection that the device did not take.
pub(super) fn not_taken(
    check: &str,
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    connection: &Connection,
) -> Ruling {
    let until = connection.at + PATIENCE;
    let taken_later = connections(trace).any(|again| {
        again.syn > connection.syn
            && again.at <= until
            && again.client.0 == connection.client.0
            && again.accepted.is_some()
    });
    if trace.end() < until || taken_later {
        return Ruling::Skip;
    }
    if trace.is_disturbed(connection.at, until) {
        return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
    }
    let takes_others = connections(trace).any(|other| other.accepted.is_some());
    let owner = if takes_others && is_beside_idle(trace, lan, connection) {
        "dns.proxy.tcp-idle"
    } else if takes_others && is_crowded(trace, connection) {
        "dns.proxy.tcp-many-clients"
    } else {
        TCP
    };
    // Who has waited long enough resets what it began.
    let refused = connection.reset.filter(|(_, from)| *from == End::Device);
    let is_reset = refused.is_some();
    let how = if is_reset {
        "it was refused"
    } else {
        "nothing came"
    };
    if owner != check {
        return because(owner, &format!("no connection to TCP port 53, {how}"));
    }
    let shown = refused.map_or(connection.last.0, |(record, _)| record);
    let found = broken([connection.syn, shown], "a connection to TCP port 53", how);
    if is_reset {
        return found;
    }
    found.unless_late(
        trace,
        Delay::InVain {
            from: connection.at,
            to: connection.last.1,
        },
    )
}

/// Returns the check whose business it is that this question got no answer.
fn owner(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> &'static str {
    if is_half_closed(trace, exchange) {
        return HALF_CLOSED;
    }
    if let Some(owner) = gone_astray(trace, lan, exchange) {
        return owner;
    }
    if let Some(owner) = by_what_servers_said(upstream, exchange) {
        return owner;
    }
    if let Some(owner) = since_a_trouble(trace, lan, upstream, exchange) {
        return owner;
    }
    let transport = exchange.query.is.transport;
    let base = match transport {
        Transport::Udp => PRESENT,
        Transport::Tcp => TCP,
    };
    let is_answered = |other: &Exchange<'_>| !other.replies.is_empty();
    let has_nothing_about_it = |one: &Exchange<'_>| {
        is_plain(&one.query.is)
            && by_its_answer(lan, upstream, one).is_none()
            && by_its_company(trace, lan, one).is_none()
    };
    let plain: Vec<&Exchange<'_>> = lan
        .iter()
        .filter(|other| other.query.is.transport == transport && has_nothing_about_it(other))
        .collect();
    // Who answers nothing dislikes nothing in particular.
    if !plain.is_empty() && !plain.iter().any(|other| is_answered(other)) {
        return base;
    }
    for oddity in ODDITIES {
        let Some(value) = (oddity.of)(&exchange.query.is) else {
            continue;
        };
        let is_like_it = |other: &Exchange<'_>| {
            other.query.is.transport == transport && (oddity.of)(&other.query.is) == Some(value)
        };
        if !lan
            .iter()
            .any(|other| is_like_it(other) && is_answered(other))
        {
            return oddity.check;
        }
    }
    by_its_answer(lan, upstream, exchange)
        .or_else(|| by_its_company(trace, lan, exchange))
        .or_else(|| for_its_opt_record(lan, exchange))
        .unwrap_or(base)
}

/// An answer came, but not where it was waited for.
fn gone_astray(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Option<&'static str> {
    if exchange.query.is.transport == Transport::Tcp {
        return answer_elsewhere(trace, lan, exchange).map(|_| "dns.proxy.tcp-same-connection");
    }
    strays(trace, lan, exchange).find_map(|stray| {
        if is_from_elsewhere(stray, exchange) {
            Some("dns.proxy.answers-from-asked-address")
        } else if has_another_id(stray, exchange) {
            Some("dns.proxy.id-restored")
        } else {
            None
        }
    })
}

/// What came from upstream is of a kind that has a check of its own.
fn by_what_servers_said(
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Option<&'static str> {
    if exchange.query.is.transport == Transport::Tcp {
        return None;
    }
    if slow_answer(upstream, exchange).is_some() {
        return Some("dns.proxy.slow-server");
    }
    let replies: Vec<&Found<Dns>> = twins(upstream, exchange)
        .flat_map(|twin| twin.replies.iter().copied())
        .filter(|reply| !reply.lost)
        .collect();
    let all = |is: fn(&Dns) -> bool| replies.iter().all(|reply| is(&reply.is));
    if replies.is_empty() {
        None
    } else if all(is_malformed) {
        Some("dns.proxy.servfail-on-malformed")
    } else if all(is_format_error) {
        Some("dns.proxy.formerr-passed")
    } else if all(|reply| reply.rcode == SERVFAIL && reply.message.is_some()) {
        Some("dns.proxy.servfail-passed")
    } else if all(|reply| reply.rcode == REFUSED && reply.message.is_some()) {
        Some("dns.proxy.refused-passed")
    } else if all(|reply| is_nodata(reply) && !has_soa(reply)) {
        Some("dns.proxy.empty-answer")
    } else {
        None
    }
}

/// The device has answered nothing any more since something befell it.
fn since_a_trouble(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Option<&'static str> {
    let is_silent_since = |record| {
        let mut later = lan.iter().filter(|other| other.query.record > record);
        later.all(|other| other.replies.is_empty())
    };
    let mut replies = upstream.iter().flat_map(|other| &other.replies);
    let malformed = replies.find(|reply| is_malformed(&reply.is) && !reply.lost);
    if let Some(reply) = malformed
        && reply.record < exchange.query.record
        && is_silent_since(reply.record)
    {
        return Some("dns.proxy.malformed-survive");
    }
    if mutated(trace).is_some_and(|during| *during.end() < exchange.query.at) {
        let mut later = lan
            .iter()
            .filter(|other| other.query.at >= exchange.query.at);
        if later.all(|other| other.replies.is_empty()) {
            return Some("rob.dns.fuzz");
        }
    }
    is_past_an_outage(trace, lan, &outages(trace), exchange).map(|_| "dns.proxy.recovers")
}

/// The answer is of a kind that the device hands on to nobody.
fn by_its_answer(
    lan: &[Exchange<'_>],
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Option<&'static str> {
    let is_large = |one: &Exchange<'_>| {
        is_for_a_large_answer(one)
            && best_upstream(upstream, one).is_some_and(|best| best.is.size > CLASSIC_SIZE)
    };
    let has_unknown = |one: &Exchange<'_>| {
        twins(upstream, one)
            .flat_map(|twin| &twin.replies)
            .any(|reply| !unknown_records_in(&reply.is).is_empty())
    };
    // To a client with less room, or over TCP, another answer goes.
    let is_like_it = |other: &Exchange<'_>| {
        let (one, other) = (&exchange.query.is, &other.query.is);
        other.transport == one.transport && other.room() >= one.room()
    };
    let is_never_answered = |is: &dyn Fn(&Exchange<'_>) -> bool| {
        let mut alike = lan.iter().filter(|other| is_like_it(other) && is(other));
        is(exchange) && alike.all(|other| other.replies.is_empty())
    };
    if is_never_answered(&is_large) {
        Some("ons.dns.large-answer")
    } else if is_never_answered(&has_unknown) {
        Some("dns.proxy.rr-unknown")
    } else {
        None
    }
}

/// Others asked at the same time, or on the same connection.
fn by_its_company(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Option<&'static str> {
    if exchange.query.is.transport == Transport::Udp {
        return if shares_its_id(lan, exchange) {
            Some("dns.proxy.same-id-clients")
        } else if is_among_many(lan, exchange) {
            Some("dns.proxy.concurrent")
        } else {
            None
        };
    }
    let own: Vec<&Exchange<'_>> = by_tcp(lan)
        .filter(|other| client(other) == client(exchange))
        .collect();
    let connection = connections(trace).find(|one| one.client == client(exchange));
    if exchange.query.is.pieces > 1 {
        Some("dns.proxy.tcp-partial-read")
    } else if is_pipelined(&own) {
        Some("dns.proxy.tcp-pipelining")
    } else if connection.is_some_and(|one| is_beside_idle(trace, lan, one)) {
        Some("dns.proxy.tcp-idle")
    } else if connection.is_some_and(|one| is_crowded(trace, one)) {
        Some("dns.proxy.tcp-many-clients")
    } else {
        None
    }
}

/// No question with an OPT record was answered, and one without was.
fn for_its_opt_record(lan: &[Exchange<'_>], exchange: &Exchange<'_>) -> Option<&'static str> {
    let has_answer = |with: bool| {
        lan.iter().any(|other| {
            let query = &other.query.is;
            query.edns().is_some() == with && is_plain(query) && !other.replies.is_empty()
        })
    };
    let drops = exchange.query.is.edns().is_some() && has_answer(false) && !has_answer(true);
    drops.then_some("dns.proxy.edns-pass")
}

fn is_plain(query: &Dns) -> bool {
    ODDITIES.iter().all(|oddity| (oddity.of)(query).is_none())
}

/// Returns why an ordinary question may have been left without an answer after all.
fn excuse(
    trace: &Dissection<'_>,
    lan: &[Exchange<'_>],
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> Option<&'static str> {
    let query = exchange.query;
    let until = query.at + PATIENCE;
    let was_ever_answered = lan.iter().any(|other| !other.replies.is_empty());
    if query.injected {
        Some("the question was forged")
    } else if was_sought(trace, exchange) {
        // RFC 4861 §7.2.2: who looks for a neighbour need not keep all packets for it.
        Some("the device was looking for the terminal meanwhile")
    } else if mutated(trace).is_some_and(|during| during.contains(&query.at)) {
        Some("the servers' answers were changed on the way")
    } else if !was_ever_answered {
        None
    } else if upstream.first().is_some_and(|first| until < first.query.at) {
        Some("the device had asked nobody yet")
    } else if has_lost_its_way(trace, exchange) {
        Some("the device had no way to ask anybody")
    } else if !is_current(trace, query) {
        Some("the address of the terminal, or the one it asked, was no longer in use")
    } else if shuns_silent_servers(trace, upstream, exchange) {
        Some("the servers upstream had not answered before")
    } else {
        None
    }
}

/// Returns whether the device could send nothing to the line, and was alive otherwise.
fn has_lost_its_way(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> bool {
    let asked = exchange.query.at;
    let speaks = |on: Role| {
        trace.packets.iter().any(|found| {
            found.by_device(on)
                && (on == Role::Lan || is_routable(found.source))
                && asked <= found.at + PATIENCE
                && found.at <= asked + PATIENCE
        })
    };
    trace.is_line_dumb() || !speaks(Role::Wan) && speaks(Role::Lan)
}

/// Returns whether both addresses of a question are link-local, or of a prefix that is advertised.
fn is_current(trace: &Dissection<'_>, query: &Found<Dns>) -> bool {
    [query.source, query.destination].iter().all(|address| {
        let prefixes = trace
            .router_adverts()
            .filter(|advert| advert.by_device(Role::Lan) && advert.record < query.record);
        let last = prefixes
            .flat_map(|advert| advert.is.prefixes().cloned().collect::<Vec<_>>())
            .filter(|prefix| covers(prefix.prefix, prefix.length, *address))
            .last();
        !is_routable(*address) || last.is_some_and(|prefix| prefix.preferred > 0)
    })
}

fn covers(prefix: std::net::Ipv6Addr, length: u8, address: std::net::Ipv6Addr) -> bool {
    ipnet::Ipv6Net::new(prefix, length).is_ok_and(|net| net.contains(&address))
}

/// Returns whether the device asked nobody, since those to ask were silent the last time.
fn shuns_silent_servers(
    trace: &Dissection<'_>,
    upstream: &[Exchange<'_>],
    exchange: &Exchange<'_>,
) -> bool {
    let servers = trace.setup().servers_for(exchange.name());
    let mut before = upstream.iter().filter(|other| {
        servers.contains(&other.query.destination) && other.query.record < exchange.query.record
    });
    let asks = twins(upstream, exchange).next().is_some();
    !asks
        && before
            .next_back()
            .is_some_and(|last| last.replies.is_empty())
}

/// RFC 1035 §4.1.1.
const REFUSED: u8 = 5;

#[cfg(test)]
mod tests;
