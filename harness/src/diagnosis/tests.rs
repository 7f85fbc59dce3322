use hickory_proto::rr::RecordType;
use ngnlab_sim::message::ndp::Ndp;
use ngnlab_sim::message::packet::ALL_NODES;
use ngnlab_sim::trace::{End as Side, StepOutcome};

use super::*;
use crate::dissection::builder::TraceBuilder;

fn id(trace: &TraceBuilder) -> Option<String> {
    diagnose(&Dissection::new(&trace.trace).unwrap()).map(|diagnosis| diagnosis.id)
}

fn failed(reason: FetchError) -> Fact {
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
    trace.fact("pc", resolved).fact("pc", failed);
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
    trace
        .forward(2, HOST, right)
        .fact("pc", failed(FetchError::Name));
    assert_eq!(id(&trace).as_deref(), Some("dns-unreachable"));
    trace.trace.header.setup.domains.clear();
    trace.trace.records.pop();
    assert_eq!(id(&trace).as_deref(), Some("wrong-dns"));
}

#[test]
fn a_terminal_without_an_address_points_to_the_delivery() {
    let mut trace = TraceBuilder::new("next-ra");
    trace.step("authenticate = { from = \"pc\" }", StepOutcome::TimedOut);
    assert_eq!(id(&trace).as_deref(), Some("no-ipv6-address"));
    let (mut advert, edge) = (trace.advert(), trace.edge().link_local());
    advert.options.clear();
    let advert = Ndp::RouterAdvert(advert);
    trace.ndp(Role::Wan, Side::Network, edge, ALL_NODES, &advert);
    assert_eq!(id(&trace).as_deref(), Some("wrong-delivery"));
}

#[test]
fn ids_are_unique() {
    let mut all: Vec<_> = ids().collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), ROWS.len());
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
    trace.fact("pc", lost).fact("line-auth", already);
    assert_eq!(id(&trace).as_deref(), Some("service-side"));
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
