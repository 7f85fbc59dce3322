use std::net::Ipv6Addr;

use ngnlab_sim::trace::StepOutcome;

use super::*;
use crate::checks::test_verdicts::verdict;
use crate::dissection::builder::{TraceBuilder, client_message};

fn syn(trace: &mut TraceBuilder, on: Role, from: End, source: Ipv6Addr) {
    let site = trace.trace.header.line.area.values().line_auth;
    segment(
        trace,
        on,
        from,
        (source, site),
        |header| header.syn = true,
        b"",
    );
}

fn segment(
    trace: &mut TraceBuilder,
    on: Role,
    from: End,
    (source, destination): (Ipv6Addr, Ipv6Addr),
    set: impl FnOnce(&mut etherparse::TcpHeader),
    payload: &[u8],
) {
    let site = trace.trace.header.line.area.values().line_auth;
    let ports = if source == site {
        (443, 50_000)
    } else {
        (50_000, 443)
    };
    let mut header = etherparse::TcpHeader::new(ports.0, ports.1, 1, 1000);
    set(&mut header);
    let envelope = trace.envelope(on, from, source, destination);
    trace.frame(on, from, envelope.tcp(header, payload));
}

/// A terminal that chose 希望する, and what the site served.
fn chosen(screen: Option<Screen>, reaches_lan: bool) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    let (peer, site) = (trace.pc(), trace.trace.header.line.area.values().line_auth);
    let prefix = trace.trace.header.line.assignment(0);
    trace.fact("edge", Fact::Assigned { prefix });
    trace.at(1000);
    syn(&mut trace, Role::Lan, End::Network, peer);
    syn(&mut trace, Role::Wan, End::Device, peer);
    let accept = |header: &mut etherparse::TcpHeader| (header.syn, header.ack) = (true, true);
    segment(
        &mut trace,
        Role::Wan,
        End::Network,
        (site, peer),
        accept,
        b"",
    );
    segment(
        &mut trace,
        Role::Lan,
        End::Device,
        (site, peer),
        accept,
        b"",
    );
    trace.at(2000).fact(
        "line-auth",
        Fact::HttpRequest {
            peer,
            method: "POST".to_owned(),
            host: LINE_AUTH.to_owned(),
            path: "/notice".to_owned(),
            choice: Some(ACCEPT.to_owned()),
        },
    );
    if let Some(screen) = screen {
        trace.fact("line-auth", Fact::ScreenServed { peer, screen });
    }
    let page = |header: &mut etherparse::TcpHeader| {
        header.ack = true;
        header.sequence_number = 2;
    };
    trace.at(2001);
    segment(
        &mut trace,
        Role::Wan,
        End::Network,
        (site, peer),
        page,
        b"page",
    );
    if reaches_lan {
        segment(
            &mut trace,
            Role::Lan,
            End::Device,
            (site, peer),
            page,
            b"page",
        );
    }
    trace
}

#[test]
fn success_has_to_reach_the_terminal() {
    let id = "ons.line-auth.completes";
    assert!(matches!(
        verdict(id, &chosen(Some(Screen::M1), true)),
        Verdict::Pass(_)
    ));
    assert!(matches!(
        verdict(id, &chosen(Some(Screen::M2b), true)),
        Verdict::Pass(_)
    ));
    assert!(matches!(
        verdict(id, &chosen(Some(Screen::M1), false)),
        Verdict::Fail(_)
    ));
}

#[test]
fn a_browser_that_is_closed_with_the_screen_on_it_has_seen_it() {
    let closed = |reaches_lan| {
        let mut trace = chosen(Some(Screen::M1), reaches_lan);
        let (peer, site) = (trace.pc(), trace.trace.header.line.area.values().line_auth);
        let reset = |header: &mut etherparse::TcpHeader| header.rst = true;
        trace.at(2500);
        segment(
            &mut trace,
            Role::Lan,
            End::Network,
            (peer, site),
            reset,
            b"",
        );
        verdict("ons.line-auth.completes", &trace)
    };
    assert!(matches!(closed(true), Verdict::Pass(_)));
    assert!(matches!(closed(false), Verdict::Inconclusive(_)));
}

#[test]
fn what_the_site_says_of_itself_is_not_the_routers_fault() {
    let id = "ons.line-auth.completes";
    for screen in [None, Some(Screen::M6), Some(Screen::M8), Some(Screen::M9)] {
        assert!(matches!(
            verdict(id, &chosen(screen, false)),
            Verdict::Inconclusive(_)
        ));
    }
    let mut trace = chosen(Some(Screen::M7), true);
    trace.trace.header.line.applied_id = None;
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
}

#[test]
fn sources_are_those_of_the_line() {
    let id = "ons.line-auth.one-source";
    let mut trace = chosen(Some(Screen::M1), true);
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
    syn(
        &mut trace,
        Role::Wan,
        End::Device,
        "2001:db8::1".parse().unwrap(),
    );
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
}

#[test]
fn a_router_has_a_minute_to_come_back() {
    let id = "ons.line-auth.after-power-cut";
    let mut trace = chosen(Some(Screen::M1), true);
    trace.trace.header.until = ngnlab_sim::Time::from_secs(120);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    trace.at(20_000).done("power-cycle = {}");
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    trace
        .at(70_000)
        .step("open-portal = {}", StepOutcome::TimedOut);
    assert!(matches!(verdict(id, &trace), Verdict::Inconclusive(_)));
    trace
        .at(90_000)
        .step("open-portal = {}", StepOutcome::TimedOut);
    assert!(matches!(verdict(id, &trace), Verdict::Fail(_)));
    let peer = Ipv6Addr::from_bits(trace.pc().to_bits() + 1);
    syn(&mut trace, Role::Lan, End::Network, peer);
    let host = Some(LINE_AUTH.to_owned());
    let error = None;
    trace.fact("line-auth", Fact::Tls { host, peer, error });
    assert!(matches!(verdict(id, &trace), Verdict::Pass(_)));
}

#[test]
fn a_gateway_that_began_anew_is_given_time_to_be_asked_again() {
    let id = "ons.line-auth.after-power-cut";
    // It is up again at 130 s. The last Solicit came at 104 s, 32 s after the one before, so that the
    // next may be as late as 171 s.
    for (reboots, tried, fails) in [(true, 160, false), (true, 200, true), (false, 160, true)] {
        let mut trace = TraceBuilder::new("hgw-pd");
        trace.trace.header.until = ngnlab_sim::Time::from_secs(300);
        trace.at(500).wan_ra(|_| {});
        trace.at(45_000).done("power-cycle = {}");
        for (number, at) in [46, 48, 56, 72, 104].into_iter().enumerate() {
            let elapsed = u16::try_from((at - 46) * 100).unwrap();
            let kind = dhcproto::v6::MessageType::Solicit;
            let solicit = client_message(kind, u32::from(number == 0), elapsed);
            trace.at(at * 1000).dhcpv6(Role::Wan, End::Device, &solicit);
        }
        if reboots {
            trace.at(130_000).done("reboot-home-gateway = {}");
        }
        trace
            .at(tried * 1000)
            .step("open-portal = {}", StepOutcome::TimedOut);
        let verdict = verdict(id, &trace);
        assert_eq!(
            matches!(verdict, Verdict::Fail(_)),
            fails,
            "{tried} {verdict:?}"
        );
    }
}

#[test]
fn a_line_that_was_silent_is_given_time_to_be_asked_again() {
    let id = "ons.line-auth.after-power-cut";
    // The server is silent from 30 to 330 s, the power is cut at 40 s. The last Solicit came at
    // 296 s, 128 s after the one before, so that the next may be as late as 564 s.
    for (silent, tried, fails) in [
        (true, 320, false),
        (true, 500, false),
        (true, 600, true),
        (false, 500, true),
    ] {
        let mut trace = TraceBuilder::new("next-pd");
        trace.trace.header.until = ngnlab_sim::Time::from_secs(1200);
        trace.at(500).wan_ra(|_| {});
        if silent {
            trace
                .at(30_000)
                .done("silence = { node = \"dhcpv6\", lasting = \"300s\" }");
        }
        trace.at(40_000).done("power-cycle = {}");
        for (number, at) in [41, 42, 44, 48, 56, 72, 104, 168, 296]
            .into_iter()
            .enumerate()
        {
            let elapsed = u16::try_from((at - 41) * 100).unwrap();
            let kind = dhcproto::v6::MessageType::Solicit;
            let solicit = client_message(kind, u32::from(number == 0), elapsed);
            trace.at(at * 1000).dhcpv6(Role::Wan, End::Device, &solicit);
        }
        trace
            .at(tried * 1000)
            .step("open-portal = {}", StepOutcome::TimedOut);
        let verdict = verdict(id, &trace);
        assert_eq!(
            matches!(verdict, Verdict::Fail(_)),
            fails,
            "{tried}: {verdict:?}"
        );
    }
}
