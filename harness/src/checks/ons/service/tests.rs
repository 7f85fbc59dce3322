use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::ALL_NODES;

use super::super::super::verdicts::verdict;
use super::super::HTTPS;
use super::*;
use crate::dissection::builder::{ROUTER_LAN, ROUTER_WAN, TraceBuilder};

fn syn(trace: &mut TraceBuilder, on: Role, from: End, port: u16) {
    let (pc, portal) = (trace.pc(), trace.trace.header.line.area.values().portal);
    let mut header = etherparse::TcpHeader::new(port, HTTPS, 1, 1000);
    header.syn = true;
    let envelope = trace.envelope(on, from, pc, portal);
    trace.frame(on, from, envelope.tcp(header, &[]));
}

fn accepted(trace: &mut TraceBuilder, on: Role, from: End, port: u16) {
    let (pc, portal) = (trace.pc(), trace.trace.header.line.area.values().portal);
    let mut header = etherparse::TcpHeader::new(HTTPS, port, 1, 1000);
    (header.syn, header.ack) = (true, true);
    let envelope = trace.envelope(on, from, portal, pc);
    trace.frame(on, from, envelope.tcp(header, &[]));
}

fn tls(trace: &mut TraceBuilder) {
    let (host, peer) = (Some(PORTAL.to_owned()), trace.pc());
    trace.fact(
        "portal",
        Fact::Tls {
            host,
            peer,
            error: None,
        },
    );
}

#[test]
fn what_was_reached_once_is_reached_later() {
    let id = "ons.portal.stays-reachable";
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(1000);
    syn(&mut trace, Role::Lan, End::Network, 50_000);
    tls(&mut trace);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    trace.at(40_000);
    syn(&mut trace, Role::Lan, End::Network, 50_001);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    // Whether the site answered at all is not known.
    syn(&mut trace, Role::Wan, End::Device, 50_001);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    tls(&mut trace);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
}

#[test]
fn the_first_terminal_alone_says_nothing_of_the_second() {
    let id = "ons.second-terminal.works";
    let mut trace = TraceBuilder::new("next-ra");
    syn(&mut trace, Role::Lan, End::Network, 50_000);
    tls(&mut trace);
    syn(&mut trace, Role::Lan, End::Network, 50_001);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
}

#[test]
fn ten_connections_at_once_all_pass() {
    let id = "ons.parallel-connections";
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(1000);
    for port in 50_000..50_010 {
        for (on, from) in [(Role::Lan, End::Network), (Role::Wan, End::Device)] {
            syn(&mut trace, on, from, port);
        }
        for (on, from) in [(Role::Wan, End::Network), (Role::Lan, End::Device)] {
            accepted(&mut trace, on, from, port);
        }
    }
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    syn(&mut trace, Role::Lan, End::Network, 50_010);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn terminals_are_told_of_the_router_or_of_the_ons_servers() {
    let id = "ons.terminal.dns-from-router";
    let mut trace = TraceBuilder::new("next-ra");
    let prefix = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix });
    trace.lan_ra(|_| {});
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let names = |trace: &mut TraceBuilder, server: Ipv6Addr| {
        trace.lan_ra(|advert| {
            advert.options.push(NdpOption::Rdnss {
                lifetime: 600,
                servers: vec![server],
            });
        });
    };
    let ons = trace.ons_dns();
    names(&mut trace, ons);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let ngn = trace.trace.header.line.area.values().ngn_dns[0];
    names(&mut trace, ngn);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn a_router_does_not_give_itself_up_for_want_of_pongs() {
    let id = "ngn.ipv6.not-dependent-on-echo";
    let mut trace = TraceBuilder::new("next-ra");
    let edge = trace.edge().link_local();
    trace.lan_ra(|_| {});
    let own = ROUTER_WAN.link_local();
    let envelope = trace.envelope(Role::Wan, End::Device, own, edge);
    trace.at(2000).frame(
        Role::Wan,
        End::Device,
        envelope.icmpv6(128, 0, &[0, 1, 0, 1]),
    );
    trace.at(10_000);
    syn(&mut trace, Role::Lan, End::Network, 50_000);
    syn(&mut trace, Role::Wan, End::Device, 50_000);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    let mut advert = trace.advert();
    advert.lifetime = Duration::ZERO;
    let (source, advert) = (ROUTER_LAN.link_local(), Ndp::RouterAdvert(advert));
    trace.ndp(Role::Lan, End::Device, source, ALL_NODES, &advert);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}
