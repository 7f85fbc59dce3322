//! What オンライン資格確認 needs in the end: terminals with addresses, and the way to the sites.

use std::net::Ipv6Addr;
use std::time::Duration;

use ngnlab_reports::{Level, RecordId, Text, Verdict};
use ngnlab_sim::Time;
use ngnlab_sim::message::packet::Mac;
use ngnlab_sim::setup::Aspect;
use ngnlab_sim::trace::{End, Fact, Role};

use super::{Check, ONS, Ruling, broken, every, expect};
use crate::dissection::{Connection, Dissection, Exchange};

pub(super) mod line_auth;
pub(super) mod service;
mod sites;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ons.terminal.three-addresses",
        source: "guide p.14",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery],
        title: Text::new(
            "端末がグローバル、一時、リンクローカルの3つのIPv6アドレスを持つ",
            "Terminals get a global, a temporary and a link-local address",
        ),
        hint: Text::new(
            "LAN側のRAでプレフィックスのAフラグを立ててください。",
            "Set the A flag of the prefix in the LAN's Router Advertisements.",
        ),
        judge: three_addresses,
    },
    Check {
        id: "ons.line-auth.reaches-site",
        source: "guide p.16",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末から回線認証サイトにTLSで接続できる",
            "Terminals reach the line-authentication site over TLS",
        ),
        hint: Text::new(
            "www.lineauth.mnwの名前解決と、IPv6のTCP 443番の通過を確認してください。",
            "Look at how www.lineauth.mnw resolves, and let TCP port 443 pass over IPv6.",
        ),
        judge: reaches_line_auth,
    },
    Check {
        id: "ons.portal.reachable",
        source: "guide p.18",
        level: Level::Must,
        profiles: ONS,
        aspects: &[Aspect::Delivery, Aspect::Dns],
        title: Text::new(
            "端末からオンライン資格確認等システムの画面に接続できる",
            "Terminals reach the ONS portal over TLS",
        ),
        hint: Text::new(
            "onshikaku.orgの名前解決と、IPv6のTCP 443番の通過を確認してください。",
            "Look at how onshikaku.org resolves, and let TCP port 443 pass over IPv6.",
        ),
        judge: reaches_portal,
    },
];

/// Time for a terminal to form its addresses: its own duplicate address detection takes a second
/// (RFC 4862 §5.4).
const ADDRESSES_AFTER: Duration = Duration::from_secs(5);

fn three_addresses(trace: &Dissection<'_>) -> Verdict {
    let advert = trace
        .router_adverts()
        .find(|advert| advert.by_device(Role::Lan) && advert.is.prefixes().any(|p| p.valid > 0));
    let Some(advert) = advert else {
        return Verdict::Inconclusive("no prefix was advertised on the LAN".to_owned());
    };
    let terminals = trace.header().terminals.iter().filter(|terminal| {
        trace
            .packets
            .iter()
            .any(|found| found.to_device(Role::Lan) && found.eth_source == terminal.mac)
    });
    every("emulated terminal on the LAN", terminals, |terminal| {
        let ready: Vec<_> = trace
            .facts
            .iter()
            .filter(|told| told.node == terminal.name)
            .filter_map(|told| match told.fact {
                Fact::AddressReady { address, temporary } if !address.is_unicast_link_local() => {
                    Some((told.record, *temporary))
                }
                _ => None,
            })
            .collect();
        let of = |kind| {
            ready
                .iter()
                .filter(move |(_, temporary)| *temporary == kind)
        };
        let has_both = of(true).count() > 0 && of(false).count() > 0;
        if !has_both && trace.end() < advert.at + ADDRESSES_AFTER {
            return Ruling::Skip;
        }
        let records = [advert.record]
            .into_iter()
            .chain(ready.iter().map(|(record, _)| *record));
        expect(
            records,
            has_both,
            format!("a global and a temporary address on {}", terminal.name),
            format!(
                "{} global, {} temporary",
                of(false).count(),
                of(true).count()
            ),
        )
    })
}

fn reaches_line_auth(trace: &Dissection<'_>) -> Verdict {
    let site = trace.header().line.area.values().line_auth;
    reaches(trace, &[LINE_AUTH], &[site], |_, _| true)
}

fn reaches_portal(trace: &Dissection<'_>) -> Verdict {
    let values = trace.header().line.area.values();
    let sites = [values.portal, values.portal_test];
    reaches(trace, &[PORTAL, TEST_PORTAL], &sites, |_, _| true)
}

/// Returns the connections that terminals opened to some sites.
fn opened<'t>(trace: &'t Dissection<'_>, sites: &[Ipv6Addr]) -> Vec<&'t Connection> {
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
fn beyond<'t>(trace: &'t Dissection<'_>, connection: &Connection) -> Option<&'t Connection> {
    trace.connections.iter().find(|other| {
        other.on == Role::Wan
            && (other.client, other.server) == (connection.client, connection.server)
            && other.at >= connection.at
    })
}

/// Returns which terminal uses an address.
fn owner(trace: &Dissection<'_>, address: Ipv6Addr) -> Option<Mac> {
    let packet = trace.packets.iter().find(|found| {
        found.on == Role::Lan && found.from == End::Network && found.source == address
    });
    packet.map(|found| found.eth_source)
}

/// Judges each attempt that counts, by when and by whom it was made, up to the point where it
/// stops: the name, the way there, the way back.
fn reaches(
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
            is_one_of(exchange, names) && !query.injected && counts(query.at, query.eth_source)
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

/// A name that did not resolve is the device's fault unless the network did not answer it.
fn resolves(trace: &Dissection<'_>, exchange: &Exchange<'_>) -> Ruling {
    if exchange
        .replies
        .iter()
        .any(|reply| !reply.is.aaaa().is_empty())
    {
        return Ruling::Skip;
    }
    if trace.is_line_dumb() {
        return Ruling::Unclear("nothing came from the line".to_owned());
    }
    let right = trace.setup().servers_for(exchange.name());
    let deaf = trace.upstream_dns().into_iter().any(|upstream| {
        is_one_of(&upstream, &[exchange.name()])
            && right.contains(&upstream.query.destination)
            && upstream
                .replies
                .iter()
                .all(|reply| reply.is.aaaa().is_empty())
    });
    if deaf {
        return Ruling::Unclear("the right DNS server gave no address".to_owned());
    }
    broken(
        exchange.records(),
        format!("an address for {}, and a connection to it", exchange.name()),
        "the name did not resolve, so that no connection was tried",
    )
}

fn stops_at(trace: &Dissection<'_>, connection: &Connection) -> Ruling {
    if connection.at + STILL_OPENING > trace.end() {
        return Ruling::Skip;
    }
    if trace.is_disturbed(connection.at, connection.last.1) {
        return Ruling::Unclear("a cable or the power was cut meanwhile".to_owned());
    }
    let Some(beyond) = beyond(trace, connection) else {
        return broken(
            [connection.syn],
            "the connection passed on to the line",
            "nothing left on the WAN",
        );
    };
    if let Some(sought) = sought_in_vain(trace, beyond) {
        return broken(
            [connection.syn, beyond.syn, sought],
            "an answer to the line's solicitations for the terminal, so that answers come through",
            "the line looked for the terminal, and nobody answered",
        );
    }
    if beyond.accepted.is_none() {
        return Ruling::Unclear("the site did not answer".to_owned());
    }
    let (near, far) = (connection, beyond);
    if near.accepted.is_some() && (near.up, near.down_hash) == (far.up, far.down_hash) {
        return Ruling::Unclear("all that both ends sent came through".to_owned());
    }
    broken(
        [connection.syn, beyond.syn, beyond.last.0],
        "TLS established with the site",
        "the connection was answered, but TLS never got through",
    )
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

/// The line-authentication site (guide p.16).
const LINE_AUTH: &str = "www.lineauth.mnw";
/// The production portal (guide p.18).
const PORTAL: &str = "hweb.oqs.onshikaku.org";
/// The connection-test portal (guide p.18).
const TEST_PORTAL: &str = "hweb.oqs-st.onshikaku.org";
/// The port of the sites (guide p.16, p.18).
const HTTPS: u16 = 443;
/// A connection younger than this at the end of the trace proves nothing.
const STILL_OPENING: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::RecordType;
    use ngnlab_sim::Time;

    use super::super::verdicts::verdict;
    use super::*;
    use crate::dissection::builder::{Reply, TraceBuilder};

    fn advertised() -> TraceBuilder {
        let mut trace = TraceBuilder::new("next-ra");
        trace.at(1000).lan_ra(|_| {});
        trace.ask("www.lineauth.mnw", RecordType::AAAA);
        trace
    }

    #[test]
    fn a_terminal_needs_a_global_and_a_temporary_address() {
        let mut trace = advertised();
        assert!(matches!(
            verdict("ons.terminal.three-addresses", &trace),
            Verdict::Fail(_)
        ));
        for temporary in [false, true] {
            let address = trace.pc();
            trace.fact("pc", Fact::AddressReady { address, temporary });
        }
        assert!(matches!(
            verdict("ons.terminal.three-addresses", &trace),
            Verdict::Pass(_)
        ));
    }

    #[test]
    fn a_terminal_that_got_its_prefix_at_the_very_end_is_still_forming_addresses() {
        let mut trace = advertised();
        let address = trace.pc();
        let temporary = true;
        trace.fact("pc", Fact::AddressReady { address, temporary });
        let id = "ons.terminal.three-addresses";
        assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
        trace.trace.header.until = Time::ZERO + Duration::from_secs(3);
        assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    }

    #[test]
    fn a_site_whose_name_does_not_resolve_is_not_reached() {
        let mut trace = advertised();
        let id = trace.ask("www.lineauth.mnw", RecordType::AAAA);
        trace.answer(id, "www.lineauth.mnw", Reply::Code(ResponseCode::NXDomain));
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Fail(_)
        ));
        let server = trace.ons_dns();
        trace.forward(9, "www.lineauth.mnw", server);
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn a_site_is_reached_once_tls_began() {
        let mut trace = advertised();
        let site = trace.trace.header.line.area.values().line_auth;
        let header = {
            let mut header = etherparse::TcpHeader::new(50_000, HTTPS, 1, 1000);
            header.syn = true;
            header
        };
        let pc = trace.pc();
        let envelope = trace.envelope(Role::Lan, End::Network, pc, site);
        trace
            .at(2000)
            .frame(Role::Lan, End::Network, envelope.tcp(header, &[]));
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Fail(_)
        ));
        let host = Some("www.lineauth.mnw".to_owned());
        trace.fact(
            "line-auth",
            Fact::Tls {
                host,
                peer: pc,
                error: None,
            },
        );
        assert!(matches!(
            verdict("ons.line-auth.reaches-site", &trace),
            Verdict::Pass(_)
        ));
    }
}
