//! Terminals on their way to a site: the name they look up, the connection, the page.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{RecordId, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::ndp::RouterAdvert;
use ngnlab_sim::message::packet::{Mac, is_routable};
use ngnlab_sim::trace::{End, Fact, Resolution, Role};

use crate::checks::delay::Delay;
use crate::checks::dns::own_refusals::{answered, may_be_late};
use crate::checks::evidence::given_prefixes::is_between_prefixes;
use crate::checks::evidence::silent_line::{gives_no_prefix, waits_for_prefix};
use crate::checks::ruling::{Ruling, broken, every, seconds};
use crate::dissection::dns::AAAA;
use crate::dissection::{Connection, Dissection, Dns, Exchange, Found, Stepped};
use crate::scenario::step::Action;

/// Returns the connections that terminals opened to some sites.
pub(in crate::checks) fn opened<'t>(
    trace: &'t Dissection<'_>,
    sites: &[Ipv6Addr],
) -> Vec<&'t Connection> {
    let counts = |connection: &&Connection| {
        connection.on == Role::Lan
            && connection.opener == End::Network
            && connection.syn_arrived
            && !connection.injected
            && connection.server.1 == HTTPS
            && sites.contains(&connection.server.0)
    };
    trace.connections.iter().filter(counts).collect()
}

/// Returns the same connection beyond the device.
pub(in crate::checks) fn beyond<'t>(
    trace: &'t Dissection<'_>,
    connection: &Connection,
) -> Option<&'t Connection> {
    trace.connections.iter().find(|other| {
        other.on == Role::Wan
            && (other.client, other.server) == (connection.client, connection.server)
            && other.at >= connection.at
    })
}

/// Returns which terminal uses an address.
pub(in crate::checks) fn owner(trace: &Dissection<'_>, address: Ipv6Addr) -> Option<Mac> {
    let packet = trace.packets.iter().find(|found| {
        found.on == Role::Lan && found.from == End::Network && found.source == address
    });
    packet.map(|found| found.eth_source)
}

/// Judges each attempt that counts, by when and by whom it was made, up to the point where it
/// stops: the name, the way there, the way back.
pub(in crate::checks) fn reaches(
    trace: &Dissection<'_>,
    names: &[&str],
    sites: &[Ipv6Addr],
    counts: impl Fn(Time, Mac) -> bool,
) -> Verdict {
    let mut connections = opened(trace, sites);
    connections.retain(|connection| {
        owner(trace, connection.client.0).is_some_and(|mac| counts(connection.at, mac))
    });
    if connections.is_empty() {
        let asked = trace.lan_dns().into_iter().filter(|exchange| {
            let query = exchange.query;
            is_one_of(exchange, names)
                && is_for_address(exchange)
                && !query.injected
                && counts(query.at, query.eth_source)
        });
        return every("attempt to open the site", asked, |exchange| {
            resolves(trace, &exchange)
        });
    }
    every("attempt to open the site", connections, |connection| {
        let tls = trace.facts.iter().find(|told| {
            matches!(told.fact, Fact::Tls { host: Some(host), peer, .. }
                if names.contains(&&**host) && *peer == connection.client.0)
                && told.at >= connection.at
        });
        if let Some(told) = tls {
            return Ruling::Holds(vec![connection.syn, told.record]);
        }
        stops_at(trace, connection)
    })
}

fn is_one_of(exchange: &Exchange<'_>, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| exchange.name().eq_ignore_ascii_case(name))
}

/// Returns whether an IPv6 address is asked for.
pub(in crate::checks) fn is_for_address(exchange: &Exchange<'_>) -> bool {
    exchange
        .question()
        .is_some_and(|question| question.kind == AAAA)
}

/// Returns the first step by which a terminal wanted to open a site from then on, if nothing but
/// neighbour discovery left it although the line had a prefix for it.
pub(in crate::checks) fn tried_in_vain<'d>(
    trace: &'d Dissection<'_>,
    since: Time,
) -> Option<&'d Stepped<'d>> {
    let mut steps = trace.steps.iter();
    let tried = steps.find(|step| {
        // Of what the end of the run gave up, the terminal may have had no time to begin it.
        let is_over = step.is_done() || step.at < trace.end();
        let leads = leads_to_a_site(&step.action);
        step.at >= since && is_over && leads && !shows_a_page(trace, step)
    })?;
    let left = trace.packets.iter().any(|found| {
        found.to_device(Role::Lan)
            && !found.injected
            && found.at >= since
            && is_routable(found.source)
    });
    let could = !waits_for_prefix(trace, tried.at) && gives_no_prefix(trace, tried.at).is_none();
    let is_lost = trace.is_lossy(tried.at)
        || trace.is_claimed(tried.at)
        || trace.is_disturbed(tried.at, tried.at)
        || trace.is_line_dumb();
    (!left && could && !is_lost).then_some(tried)
}

/// Returns whether a step was done, and brought its terminal a page: one that ends right after a point in time
/// may have sent everything before.
fn shows_a_page(trace: &Dissection<'_>, step: &Stepped<'_>) -> bool {
    let first = trace.header().terminals.first();
    let first = first.map(|terminal| terminal.name.as_str());
    let terminal = step.action.terminal().flatten().or(first);
    let mut told = trace.facts.iter().rev();
    let seen = told.find_map(|told| match told.fact {
        _ if told.record > step.record || Some(told.node) != terminal => None,
        Fact::PageSeen { .. } => Some(true),
        Fact::PageFailed { .. } => Some(false),
        _ => None,
    });
    step.is_done() && seen == Some(true)
}

/// Returns whether a terminal opens a page.
fn leads_to_a_site(action: &Action) -> bool {
    matches!(
        action,
        Action::Authenticate(_)
            | Action::Open(_)
            | Action::OpenPortal(_)
            | Action::LogIn(_)
            | Action::Browse(_)
    )
}

/// A name that did not resolve is the device's fault unless the network did not answer it.
pub(in crate::checks) fn resolves(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> Ruling {
    let query = exchange.query;
    let has_address = |exchange: &Exchange<'_>| {
        let mut replies = exchange.replies.iter();
        replies.any(|reply| !reply.is.aaaa().is_empty()) && came_too_late(trace, exchange).is_none()
    };
    // Who asks the same again has what came in the end.
    let came_later = || {
        trace.lan_dns().iter().any(|again| {
            again.query.eth_source == query.eth_source
                && again.asks_same(exchange)
                && query.at <= again.query.at
                && again.query.at <= query.at + ASKS_AGAIN
                && has_address(again)
        })
    };
    if has_address(exchange) || came_later() {
        return Ruling::Skip;
    }
    if trace.is_line_dumb() {
        return Ruling::Unclear("nothing came from the line".to_owned());
    }
    if trace.is_disturbed(exchange.query.at, exchange.query.at + ASKS_AGAIN) {
        return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
    }
    if trace.is_lossy(query.at) {
        return Ruling::Unclear("a cable was losing frames".to_owned());
    }
    if trace.is_claimed(query.at) {
        return Ruling::Unclear("somebody has claimed the device's addresses".to_owned());
    }
    if is_between_prefixes(trace, exchange.query.at, exchange.query.at) {
        return Ruling::Unclear("the line had just given another prefix".to_owned());
    }
    if waits_for_prefix(trace, exchange.query.at) {
        return Ruling::Unclear("the line was silent, and gave no prefix yet".to_owned());
    }
    if let Some(why) = gives_no_prefix(trace, exchange.query.at) {
        return Ruling::Unclear(why.to_owned());
    }
    if let Some(why) = has_no_next_hop(trace, query.at) {
        return Ruling::Unclear(why.to_owned());
    }
    let right = trace.setup().servers_for(exchange.name());
    let upstream = trace.upstream_dns();
    if let Some((reply, given_up)) = came_too_late(trace, exchange) {
        let is_slow = |other: &Exchange<'_>| {
            let took = other.reply().map(|reply| reply.at.since(other.query.at));
            took.is_none_or(|took| took > SLOW)
        };
        let mut asked = upstream.iter().filter(|other| {
            other.asks_same(exchange) && query.at <= other.query.at && other.query.at <= reply.at
        });
        if asked.any(is_slow) {
            return Ruling::Unclear("the DNS servers were slow".to_owned());
        }
        return broken(
            [query.record, given_up, reply.record],
            format!(
                "an address for {} before the terminal gives up",
                exchange.name()
            ),
            format!("it came after {}", seconds(reply.at.since(query.at))),
        )
        .unless_late(
            trace,
            Delay::Race {
                from: query.at,
                to: reply.at,
            },
        );
    }
    let deaf = upstream.iter().any(|upstream| {
        is_one_of(upstream, &[exchange.name()])
            && is_for_address(upstream)
            && right.contains(&upstream.query.destination)
            && upstream
                .replies
                .iter()
                .all(|reply| reply.is.aaaa().is_empty())
    });
    if deaf {
        return Ruling::Unclear("the right DNS server gave no address".to_owned());
    }
    // That nothing came, or a refusal, is for the checks on the DNS proxy to say.
    match answered(THIS, trace, &upstream, exchange) {
        Ruling::Unclear(why) => return Ruling::Unclear(why),
        Ruling::Skip if exchange.replies.is_empty() => return Ruling::Skip,
        Ruling::Skip
            if upstream
                .first()
                .is_none_or(|first| query.at < first.query.at)
                && early(trace, query.at) =>
        {
            return Ruling::Unclear("the device had just been switched on".to_owned());
        }
        Ruling::Skip | Ruling::Holds(_) | Ruling::Broken(_) => {}
    }
    let fails = broken(
        exchange.records(),
        format!("an address for {}, and a connection to it", exchange.name()),
        "the name did not resolve, so that no connection was tried",
    );
    if !may_be_late(exchange) {
        return fails;
    }
    fails.unless_late(
        trace,
        Delay::Race {
            from: exchange.query.at,
            to: exchange.query.at + ASKS_AGAIN,
        },
    )
}

/// Returns why the device could send nothing to the line at that time, if it could not.
fn has_no_next_hop(trace: &Dissection<'_>, at: Time) -> Option<&'static str> {
    if !trace.has_router(at) {
        Some("the line had no default router at that time")
    } else if trace.seeks_router_in_vain(at, at + ASKS_AGAIN) {
        Some("the device was looking for a router that answers nobody")
    } else {
        None
    }
}

/// Returns whether a device may still be starting.
fn early(trace: &Dissection<'_>, at: Time) -> bool {
    let cuts = trace.steps.iter().filter(|step| step.cuts_power());
    let cut = cuts.map(|step| step.at).rfind(|cut| *cut <= at);
    at <= cut.unwrap_or(Time::ZERO) + STARTING
}

/// Returns the answer with an address that came after the terminal had given its question up, and
/// where it did.
fn came_too_late<'e>(
    trace: &Dissection<'_>,
    exchange: &'e Exchange<'_>,
) -> Option<(&'e Found<Dns>, RecordId)> {
    let mut replies = exchange.replies.iter();
    let reply = replies.find(|reply| !reply.is.aaaa().is_empty())?;
    let terminal = trace
        .header()
        .terminals
        .iter()
        .find(|terminal| terminal.mac == exchange.query.eth_source)?;
    let mut facts = trace.facts.iter();
    let given_up = facts.find(|told| {
        let of_it = matches!(told.fact, Fact::Resolved { name, outcome: Resolution::Timeout, .. }
            if name.trim_end_matches('.').eq_ignore_ascii_case(exchange.name()));
        of_it
            && told.node == terminal.name
            && exchange.query.record < told.record
            && told.record < reply.record
    })?;
    Some((reply, given_up.record))
}

fn stops_at(trace: &Dissection<'_>, connection: &Connection) -> Ruling {
    if connection.at + STILL_OPENING > trace.end() {
        return Ruling::Skip;
    }
    if trace.is_disturbed(connection.at, connection.last.1) {
        return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
    }
    let Some(beyond) = beyond(trace, connection) else {
        if kept_in_the_dark(trace, connection) {
            let why = "the cable lost what told the terminal of the line's other prefix";
            return Ruling::Unclear(why.to_owned());
        }
        if let Some(why) = has_no_next_hop(trace, connection.at) {
            return Ruling::Unclear(why.to_owned());
        }
        let hops = trace.packets.iter().find(|found| {
            // RFC 8200 §3: here they end.
            found.record == connection.syn && found.hop_limit <= 1
        });
        let seen = match (hops, connection.reset) {
            (Some(_), _) => "nothing left on the WAN, as it came with a hop limit of 1 or less",
            (None, Some((_, End::Device))) => "the device itself reset it",
            (None, _) => "nothing left on the WAN",
        };
        return broken(
            [connection.syn],
            "the connection passed on to the line",
            seen,
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: connection.at,
                to: connection.last.1,
            },
        );
    };
    if let Some(sought) = sought_in_vain(trace, beyond) {
        return broken(
            [connection.syn, beyond.syn, sought],
            "an answer to the line's solicitations for the terminal, so that answers come through",
            "the line looked for the terminal, and nobody answered",
        )
        .unless_late(
            trace,
            Delay::InVain {
                from: connection.at,
                to: connection.last.1,
            },
        );
    }
    if beyond.accepted.is_none() {
        return Ruling::Unclear("the site did not answer".to_owned());
    }
    let (near, far) = (connection, beyond);
    if near.accepted.is_some() && (near.up, near.down_hash) == (far.up, far.down_hash) {
        return Ruling::Unclear("all that both ends sent came through".to_owned());
    }
    let (records, seen) = match (near.accepted, far.accepted) {
        (None, Some((accepted, _))) => (
            [near.syn, far.syn, accepted],
            "the site's answer came to the WAN, and did not leave on the LAN",
        ),
        _ => (
            [near.syn, far.syn, far.last.0],
            "the connection was answered, but TLS never got through",
        ),
    };
    broken(records, "TLS established with the site", seen).unless_late(
        trace,
        Delay::InVain {
            from: connection.at,
            to: beyond.last.1,
        },
    )
}

/// Returns whether a terminal still uses an address that the line took away because every
/// advertisement of the prefix that came instead was lost on the way to it.
fn kept_in_the_dark(trace: &Dissection<'_>, connection: &Connection) -> bool {
    let before = |at: Time| at <= connection.at;
    let Some((since, now)) = trace.assignments().filter(|(at, _)| before(*at)).last() else {
        return false;
    };
    let tells = |ra: &Found<&RouterAdvert>| {
        let mut prefixes = ra.is.prefixes();
        prefixes.any(|info| info.preferred > 0 && now.contains(&info.prefix))
    };
    let mut told = trace
        .router_adverts()
        .filter(|ra| ra.by_device(Role::Lan) && since <= ra.at && before(ra.at) && tells(ra))
        .peekable();
    !now.contains(&connection.client.0) && told.peek().is_some() && told.all(|ra| ra.lost)
}

/// Returns the solicitation by which the line looked for a client in vain while it was opening a
/// connection.
fn sought_in_vain(trace: &Dissection<'_>, connection: &Connection) -> Option<RecordId> {
    let mut sought = trace.neighbor_solicits().filter(|found| {
        found.to_device(Role::Wan)
            && !found.injected
            && !found.source.is_unspecified()
            && found.is.target == connection.client.0
            && found.at >= connection.at
            && found.at <= connection.last.1 + STILL_OPENING
            && found.at + STILL_OPENING <= trace.end()
    });
    let answered = trace.neighbor_adverts().any(|found| {
        found.by_device(Role::Wan)
            && found.is.target == connection.client.0
            && found.at >= connection.at
    });
    let first = sought.next()?;
    (!answered && connection.accepted.is_none()).then_some(first.record)
}

/// No check on DNS has this name, so that all of them own what is theirs.
const THIS: &str = "ons.line-auth.reaches-site";

/// The line-authentication site (guide p.16).
pub(in crate::checks) const LINE_AUTH: &str = "www.lineauth.mnw";

/// The production portal (guide p.18).
pub(in crate::checks) const PORTAL: &str = "hweb.oqs.onshikaku.org";

/// The connection-test portal (guide p.18).
pub(in crate::checks) const TEST_PORTAL: &str = "hweb.oqs-st.onshikaku.org";

/// The port of the sites (guide p.16, p.18).
pub(in crate::checks) const HTTPS: u16 = 443;

/// A connection younger than this at the end of the trace proves nothing.
pub(in crate::checks) const STILL_OPENING: Duration = Duration::from_secs(5);

/// What a device may need until it asks servers (ours).
const STARTING: Duration = Duration::from_secs(60);

/// What a server that is well needs at most (ours).
const SLOW: Duration = Duration::from_secs(1);

/// How long a resolver asks again before it gives up (the ten seconds of a patient one).
const ASKS_AGAIN: Duration = Duration::from_secs(10);

/// Returns the hosts of line authentication, the portal and the test portal.
pub(in crate::checks) fn hosts(trace: &Dissection<'_>) -> [Ipv6Addr; 3] {
    let values = trace.header().line.area.values();
    [values.line_auth, values.portal, values.portal_test]
}
