use std::time::Duration;

use dhcproto::v6::{DhcpOption, MessageType, OptionCode};
use etherparse::TcpHeader;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use ngnlab_sim::line::Upstream;
use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit, RouterAdvert};
use ngnlab_sim::trace::{End as Side, StepOutcome};

use super::*;
use crate::dissection::builder::{Reply, TraceBuilder, client_message, grant, query};

pub(super) fn id(trace: &TraceBuilder) -> Option<String> {
    diagnose(&Dissection::new(&trace.trace).unwrap()).map(|diagnosis| diagnosis.id)
}

pub(super) fn failed(reason: FetchError) -> Fact {
    Fact::PageFailed {
        url: "https://www.lineauth.mnw/".to_owned(),
        reason,
    }
}

#[test]
fn success_and_silence_need_no_diagnosis() {
    let mut trace = TraceBuilder::new("next-ra");
    assert_eq!(id(&trace), None);
    let peer = trace.pc();
    trace.fact("pc", failed(FetchError::Timeout));
    for screen in [Screen::Consent, Screen::M1, Screen::Login] {
        trace.fact("line-auth", Fact::ScreenServed { peer, screen });
    }
    assert_eq!(id(&trace), None);
}

#[test]
fn an_authenticated_line_that_loses_the_portal_has_lost_its_connection() {
    let mut trace = TraceBuilder::new("next-ra");
    let peer = trace.pc();
    let screen = Screen::M1;
    trace.fact("line-auth", Fact::ScreenServed { peer, screen });
    let resolved = Fact::Resolved {
        name: "hweb.oqs.onshikaku.org".to_owned(),
        addresses: vec![trace.trace.header.line.area.values().portal],
        outcome: Resolution::Answered,
    };
    let failed = Fact::PageFailed {
        url: "https://hweb.oqs.onshikaku.org/web/".to_owned(),
        reason: FetchError::Timeout,
    };
    let portal = trace.trace.header.line.area.values().portal;
    trace.fact("pc", resolved);
    syn(&mut trace, Role::Lan, Side::Network, portal);
    syn(&mut trace, Role::Wan, Side::Device, portal);
    let (edge, target) = (trace.edge().link_local(), peer);
    let seeks = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer: None,
    });
    trace.ndp(Role::Wan, Side::Network, edge, target, &seeks);
    trace.fact("pc", failed);
    assert_eq!(id(&trace).as_deref(), Some("connection-lost"));
    let screen = Screen::Login;
    trace.fact("portal", Fact::ScreenServed { peer, screen });
    assert_eq!(id(&trace), None);
}

#[test]
fn every_screen_has_its_remedy() {
    for (screen, expected) in [
        (Screen::M3, "consent-refused"),
        (Screen::M4, "consent-refused"),
        (Screen::M5, "ineligible-line"),
        (Screen::M6, "no-answer-in-time"),
        (Screen::M7, "not-registered"),
        (Screen::M8, "site-fault"),
        (Screen::M9, "site-busy"),
        (Screen::Consent, "consent-pending"),
    ] {
        let mut trace = TraceBuilder::new("next-ra");
        let peer = trace.pc();
        trace.fact("line-auth", Fact::ScreenServed { peer, screen });
        assert_eq!(id(&trace).as_deref(), Some(expected));
    }
}

#[test]
fn a_mistyped_address_is_the_first_question() {
    let mut trace = TraceBuilder::new("next-ra");
    let url = "https://lineauth.mnw/".to_owned();
    let reason = FetchError::Name;
    trace.fact("pc", Fact::PageFailed { url, reason });
    assert_eq!(id(&trace).as_deref(), Some("wrong-url"));
}

#[test]
fn wrong_servers_come_before_silent_ones() {
    let mut trace = TraceBuilder::new("next-ra");
    let (right, wrong) = (trace.ons_dns(), trace.trace.header.setup.default_dns[0]);
    trace.lan_ra(|_| {}).at(1000).ask(HOST, RecordType::AAAA);
    trace
        .forward(1, HOST, wrong)
        .fact("pc", failed(FetchError::Name));
    assert_eq!(id(&trace).as_deref(), Some("wrong-dns"));
    trace.ask(HOST, RecordType::AAAA);
    trace
        .forward(2, HOST, right)
        .fact("pc", failed(FetchError::Name));
    // The alternate server of guide p.7 was not tried.
    assert_eq!(id(&trace).as_deref(), Some("dns-proxy-fails"));
    let alternate = trace.trace.header.line.ons_dns()[1];
    trace.trace.records.pop();
    trace
        .forward(3, HOST, alternate)
        .fact("pc", failed(FetchError::Name));
    assert_eq!(id(&trace).as_deref(), Some("dns-unreachable"));
    // It was tried for the addresses of IPv4.
    trace.trace.records.truncate(trace.trace.records.len() - 2);
    let ends = ((trace.router(), 40_003), (alternate, 53));
    let bytes = query(3, HOST, RecordType::A, None);
    trace.udp(Role::Wan, Side::Device, ends, &bytes);
    trace.fact("pc", failed(FetchError::Name));
    assert_eq!(id(&trace).as_deref(), Some("dns-unreachable"));
    trace.trace.header.setup.domains.clear();
    trace.trace.records.pop();
    assert_eq!(id(&trace).as_deref(), Some("wrong-dns"));
}

#[test]
fn ids_are_unique() {
    let mut all: Vec<_> = ids().collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), causes::rows().count());
}

fn steps(trace: &TraceBuilder) -> Vec<(u8, bool)> {
    let diagnosis = diagnose(&Dissection::new(&trace.trace).unwrap()).unwrap();
    let walked = diagnosis.walked.iter();
    walked.map(|walked| (walked.step, walked.yes)).collect()
}

#[test]
fn the_flow_is_walked_question_by_question() {
    let mut trace = TraceBuilder::new("next-ra");
    let wrong = trace.trace.header.setup.default_dns[0];
    trace
        .forward(1, HOST, wrong)
        .fact("pc", failed(FetchError::Name));
    assert_eq!(steps(&trace), [(1, true), (2, false), (3, false)]);
    let peer = trace.pc();
    let screen = Screen::M5;
    trace.fact("line-auth", Fact::ScreenServed { peer, screen });
    assert_eq!(steps(&trace), [(1, true), (2, true), (5, false)]);
    let overcome = overcome(&Dissection::new(&trace.trace).unwrap());
    let ids: Vec<_> = overcome.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["wrong-dns"]);
}

#[test]
fn a_terminal_that_is_authenticated_and_has_lost_the_portal_asks_the_desk() {
    let mut trace = TraceBuilder::new("next-ra");
    let peer = trace.pc();
    let already = Fact::ScreenServed {
        peer,
        screen: Screen::M2b,
    };
    trace.fact("line-auth", already.clone());
    assert_eq!(id(&trace), None);
    let lost = Fact::PageFailed {
        url: "https://hweb.oqs.onshikaku.org/web/".to_owned(),
        reason: FetchError::Timeout,
    };
    trace.fact("pc", lost.clone());
    trace.fact("line-auth", already.clone());
    assert_eq!(id(&trace).as_deref(), Some("service-side"));
    // What was lost while a cable was out is no fault of the service.
    let mut trace = TraceBuilder::new("next-ra");
    trace.at(100_000).fact("pc", lost);
    let pulled = "link-down = { cable = \"lan\", lasting = \"60s\" }";
    trace.at(130_000).done(pulled);
    trace.at(200_000).fact("line-auth", already);
    assert_eq!(id(&trace), None);
}

#[test]
fn a_terminal_that_is_silent_has_ipv6_switched_off() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {}).fact("pc", failed(FetchError::Name));
    assert_eq!(id(&trace).as_deref(), Some("no-ipv6-on-terminal"));
    assert_eq!(
        steps(&trace),
        [(1, true), (2, false), (3, true), (4, false)]
    );
}

#[test]
fn a_page_that_still_hangs_at_the_end_is_judged_by_what_was_seen_until_then() {
    let mut trace = TraceBuilder::new("next-ra");
    let site = trace.trace.header.line.area.values().line_auth;
    trace.lan_ra(|_| {}).ask(HOST, RecordType::AAAA);
    trace.fact("pc", resolved(site));
    syn(&mut trace, Role::Lan, Side::Network, site);
    let hangs = StepOutcome::TimedOut;
    trace.step("authenticate = { from = \"pc\" }", hangs.clone());
    assert_eq!(id(&trace).as_deref(), Some("lost-in-router"));
    assert_eq!(steps(&trace), [(1, true), (2, true), (5, true), (6, false)]);
    let found = diagnose(&Dissection::new(&trace.trace).unwrap()).unwrap();
    assert!(found.finding.en.contains("reach the router's LAN side"));
    assert!(found.finding.ja.contains("ルータのLAN側まで届き"));

    let mut trace = TraceBuilder::new("next-ra");
    let server = trace.ons_dns();
    trace.lan_ra(|_| {}).ask(HOST, RecordType::AAAA);
    trace.forward(1, HOST, server);
    trace.step("authenticate = { from = \"pc\" }", hangs);
    let found = diagnose(&Dissection::new(&trace.trace).unwrap()).unwrap();
    assert_eq!(found.id, "dns-unreachable");
    assert!(found.walked[1].because.contains("the run ended while"));
}

#[test]
fn who_fails_is_blamed_the_server_or_the_routers_own_dns() {
    let refused = Reply::Code(ResponseCode::ServFail);
    let mut trace = TraceBuilder::new("next-ra");
    let server = trace.ons_dns();
    let asked = trace.lan_ra(|_| {}).ask(HOST, RecordType::AAAA);
    trace.forward(1, HOST, server);
    trace.upstream_answer(1, HOST, server, refused);
    let refused = Reply::Code(ResponseCode::ServFail);
    trace.answer(asked, HOST, refused);
    trace.fact("pc", failed(FetchError::Name));
    assert_eq!(id(&trace).as_deref(), Some("dns-server-fails"));

    let mut trace = TraceBuilder::new("next-ra");
    let asked = trace.lan_ra(|_| {}).ask(HOST, RecordType::AAAA);
    let refused = Reply::Code(ResponseCode::Refused);
    trace.answer(asked, HOST, refused);
    trace.fact("pc", failed(FetchError::Name));
    assert_eq!(id(&trace).as_deref(), Some("dns-proxy-fails"));
}

#[test]
fn a_terminal_that_resolves_over_link_local_addresses_and_has_no_global_one_lacks_an_address() {
    let mut trace = TraceBuilder::new("next-pd");
    let site = trace.trace.header.line.area.values().line_auth;
    trace.wan_ra(|_| {}).fact("pc", resolved(site));
    trace.fact("pc", failed(FetchError::NoAddress));
    assert_eq!(id(&trace).as_deref(), Some("no-prefix-request"));
    assert_eq!(steps(&trace), [(1, true), (2, true), (4, false)]);
}

#[test]
fn a_router_that_asks_for_addresses_alone_does_not_ask_for_a_prefix() {
    let mut trace = TraceBuilder::new("next-pd");
    let mut solicit = client_message(MessageType::Solicit, 1, 0);
    solicit.opts_mut().remove(OptionCode::IAPD);
    trace
        .wan_ra(|_| {})
        .dhcpv6(Role::Wan, Side::Device, &solicit);
    // Nothing of it is delegated, and nobody is to blame for that but the router.
    let mut refusal = solicit.clone();
    refusal.set_msg_type(MessageType::Advertise);
    trace.dhcpv6(Role::Wan, Side::Network, &refusal);
    trace.step("authenticate = { from = \"pc\" }", StepOutcome::TimedOut);
    assert_eq!(id(&trace).as_deref(), Some("no-prefix-request"));
    let found = diagnose(&Dissection::new(&trace.trace).unwrap()).unwrap();
    let because = &found.walked.last().unwrap().because;
    assert!(because.contains("asks for no prefix"), "{because}");
    let mut trace = TraceBuilder::new("next-pd");
    trace.wan_ra(|_| {});
    for (second, solicit) in [
        (1, solicit),
        (2, client_message(MessageType::Solicit, 2, 0)),
    ] {
        trace
            .at(1000 * second)
            .dhcpv6(Role::Wan, Side::Device, &solicit);
    }
    trace.step("authenticate = { from = \"pc\" }", StepOutcome::TimedOut);
    assert_eq!(id(&trace).as_deref(), Some("no-prefix-delegated"));
}

#[test]
fn a_request_that_fails_was_answered() {
    let mut trace = TraceBuilder::new("next-pd");
    let request = client_message(MessageType::Request, 2, 0);
    trace.wan_ra(|_| {}).dhcpv6(
        Role::Wan,
        Side::Device,
        &client_message(MessageType::Solicit, 1, 0),
    );
    let given = "2408:3ff:e00:ca00::/56".parse().unwrap();
    let mut offer = grant(1, given, [7200, 10800, 12600, 14400]);
    offer.set_msg_type(MessageType::Advertise);
    trace.dhcpv6(Role::Wan, Side::Network, &offer);
    let mut request = request;
    request
        .opts_mut()
        .insert(DhcpOption::ServerId(vec![0, 3, 0, 1]));
    trace.dhcpv6(Role::Wan, Side::Device, &request);
    let because = |trace: &TraceBuilder| {
        let found = diagnose(&Dissection::new(&trace.trace).unwrap()).unwrap();
        assert_eq!(found.id, "no-prefix-delegated");
        found.walked.last().unwrap().because.clone()
    };
    let cut = StepOutcome::TimedOut;
    trace.step("authenticate = { from = \"pc\" }", cut.clone());
    assert!(because(&trace).contains("is not answered"));
    trace.trace.records.pop();
    let mut refusal = request.clone();
    refusal.set_msg_type(MessageType::Reply);
    trace.dhcpv6(Role::Wan, Side::Network, &refusal);
    trace.step("authenticate = { from = \"pc\" }", cut);
    assert!(because(&trace).contains("is answered without a prefix"));
}

#[test]
fn only_who_was_a_default_router_has_given_the_line_up() {
    let cut = |trace: &mut TraceBuilder| {
        let site = trace.trace.header.line.area.values().line_auth;
        let withdrawn = |advert: &mut RouterAdvert| advert.lifetime = Duration::ZERO;
        trace.wan_ra(|_| {}).lan_ra(withdrawn);
        let address = trace.pc();
        let temporary = false;
        trace.fact("pc", Fact::AddressReady { address, temporary });
        trace.fact("pc", resolved(site));
        trace.fact("pc", failed(FetchError::Timeout));
    };
    let mut trace = TraceBuilder::new("next-ra");
    cut(&mut trace);
    assert_eq!(id(&trace).as_deref(), Some("no-router-on-terminal"));
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    cut(&mut trace);
    assert_eq!(id(&trace).as_deref(), Some("line-given-up"));
}

#[test]
fn every_remedy_names_only_what_stands_there() {
    let modes = [Mode::Ra, Mode::Pd];
    let above = [Upstream::Onu, Upstream::HomeGateway, Upstream::RentalRouter];
    for row in causes::rows() {
        for (mode, upstream, delegates) in modes
            .into_iter()
            .flat_map(|mode| above.map(|upstream| (mode, upstream)))
            .flat_map(|(mode, upstream)| [true, false].map(|line| (mode, upstream, line)))
        {
            // A rental router hands on RA alone, a home gateway delegates (ngn-facts §3.1).
            let delegates = match upstream {
                Upstream::HomeGateway => true,
                Upstream::RentalRouter => false,
                _ => delegates,
            };
            for asks_past in [true, false] {
                let place = Place {
                    upstream,
                    delegates,
                    mode,
                    asks_past,
                };
                if !can_end_here(row.cause, &place) {
                    continue;
                }
                let chosen = row.remedies.iter().find(|one| one.when.fits(&place));
                let chosen = &chosen.expect("there is always something to do").text;
                for words in [&chosen.ja, &chosen.en, &row.finding.ja, &row.finding.en] {
                    names_what_stands_there(row.id, words, &place);
                }
            }
        }
    }
}

/// Whether the flow can end so at a place: what is about delegations needs a router that asks for
/// one, and so on.
fn can_end_here(cause: Cause, place: &Place) -> bool {
    match cause {
        Cause::NoRequest
        | Cause::WrongDuid
        | Cause::InvalidRequest
        | Cause::OfferNotTaken
        | Cause::NoPrefixDelegated
        | Cause::LeaseRanOut => place.mode == Mode::Pd && place.delegates,
        Cause::WrongDelivery => (place.mode == Mode::Pd) != place.delegates,
        Cause::NoPrefixFromLine => place.mode == Mode::Ra,
        Cause::LostUpstream => place.upstream != Upstream::Onu,
        _ => true,
    }
}

#[test]
fn who_is_not_authenticated_because_the_site_is_out_of_reach_learns_why() {
    let mut trace = TraceBuilder::new("next-ra");
    let peer = trace.pc();
    let refused = Reply::Code(ResponseCode::Refused);
    let asked = trace.lan_ra(|_| {}).at(1000).ask(HOST, RecordType::AAAA);
    trace
        .answer(asked, HOST, refused)
        .fact("pc", failed(FetchError::Name));
    let screen = Screen::NotAuthenticated;
    trace
        .at(2000)
        .fact("portal", Fact::ScreenServed { peer, screen });
    assert_eq!(id(&trace).as_deref(), Some("dns-proxy-fails"));
    // Who got as far as the site and did not finish there has to go on.
    let consent = Screen::M3;
    trace.at(3000).fact(
        "line-auth",
        Fact::ScreenServed {
            peer,
            screen: consent,
        },
    );
    trace
        .at(4000)
        .fact("portal", Fact::ScreenServed { peer, screen });
    assert_eq!(id(&trace).as_deref(), Some("not-authenticated"));
}

#[test]
fn a_name_that_leads_elsewhere_is_no_name_that_resolves() {
    let elsewhere = "2001:db8::1".parse().unwrap();
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    let asked = trace.at(1000).ask(HOST, RecordType::AAAA);
    trace
        .answer(asked, HOST, Reply::Addresses(&[elsewhere]))
        .fact("pc", resolved(elsewhere));
    syn(&mut trace, Role::Lan, Side::Network, elsewhere);
    trace.fact("pc", failed(FetchError::Timeout));
    assert_eq!(id(&trace).as_deref(), Some("dns-proxy-fails"));
    assert_eq!(steps(&trace)[..3], [(1, true), (2, false), (3, true)]);
}

fn names_what_stands_there(id: &str, words: &str, place: &Place) {
    let is_about_both = id == "wrong-delivery" && words.contains("合っていません");
    let names = |any: &[&str]| any.iter().any(|one| words.contains(one)) && !is_about_both;
    let told = format!("{id} at {place:?}: {words}");
    if names(&["ひかり電話ルータ", "home gateway", "/60", "60 bits"]) {
        assert_eq!(place.upstream, Upstream::HomeGateway, "{told}");
    }
    if names(&["レンタルルータ", "rental router"]) {
        assert_eq!(place.upstream, Upstream::RentalRouter, "{told}");
    }
    if names(&["上位", "above", "upstream"]) {
        assert_ne!(place.upstream, Upstream::Onu, "{told}");
    }
    if names(&["NDプロキシ", "ND proxy"]) {
        assert_eq!(place.mode, Mode::Ra, "{told}");
    }
    if names(&[
        "DHCPv6-PDに変更",
        "redistribution to DHCPv6-PD",
        "RA to DHCPv6-PD",
    ]) {
        assert!(place.mode == Mode::Ra && place.delegates, "{told}");
    }
    if names(&["RAに変更", "to RA"]) {
        assert!(place.mode == Mode::Pd && !place.delegates, "{told}");
    }
    if names(&["委任されたプレフィックス", "delegated"]) {
        assert!(place.delegates && place.mode == Mode::Pd, "{told}");
    }
}

fn resolved(site: Ipv6Addr) -> Fact {
    Fact::Resolved {
        name: HOST.to_owned(),
        addresses: vec![site],
        outcome: Resolution::Answered,
    }
}

/// The terminal opens a connection; seen on a cable.
fn syn(trace: &mut TraceBuilder, on: Role, from: Side, server: Ipv6Addr) {
    let mut header = TcpHeader::new(50_000, 443, 1, 1000);
    header.syn = true;
    let envelope = trace.envelope(on, from, trace.pc(), server);
    trace.frame(on, from, envelope.tcp(header, &[]));
}
