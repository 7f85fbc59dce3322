use ngnlab_sim::trace::{End, FetchError, Role, Screen};

use super::*;
use crate::checks::evidence::site_visits::HTTPS;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::TraceBuilder;

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
fn who_opened_a_page_just_before_has_nothing_more_to_send() {
    let id = "ons.portal.stays-reachable";
    for (reason, fails) in [(None, false), (Some(FetchError::Name), true)] {
        let mut trace = TraceBuilder::new("next-ra");
        trace.at(15_160);
        syn(&mut trace, Role::Lan, End::Network, 50_000);
        tls(&mut trace);
        let url = format!("https://{PORTAL}/");
        let (status, screen) = (200, Some(Screen::Login));
        let fact = match reason {
            None => Fact::PageSeen {
                url,
                status,
                screen,
            },
            Some(reason) => Fact::PageFailed { url, reason },
        };
        // Thirty seconds after the first one, and begun a little earlier.
        trace.at(45_100).fact("pc", fact);
        trace.at(45_200).done("open-portal = {}");
        assert_eq!(matches!(verdict(id, &trace), Verdict::Fail(_)), fails);
    }
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
