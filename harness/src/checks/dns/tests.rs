use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::super::verdicts::verdict;
use super::*;
use crate::dissection::builder::{Reply, TraceBuilder, query, response};

const NAME: &str = "www.lineauth.mnw";

fn asked(name: &str, kind: RecordType) -> (TraceBuilder, u16) {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    let id = trace.at(1000).ask(name, kind);
    (trace, id)
}

#[test]
fn a_proxy_that_never_answers_is_not_present() {
    let (mut trace, id) = asked(NAME, RecordType::AAAA);
    assert!(matches!(
        verdict("dns.proxy.present", &trace),
        Verdict::Fail(_)
    ));
    let server = trace.ons_dns();
    trace.forward(5, NAME, server);
    assert!(matches!(
        verdict("dns.proxy.present", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.answer(id, NAME, Reply::Addresses(&[server]));
    assert!(matches!(
        verdict("dns.proxy.present", &trace),
        Verdict::Pass(_)
    ));
}

#[test]
fn filtered_aaaa_records_are_missed() {
    let (mut trace, id) = asked(NAME, RecordType::AAAA);
    let server = trace.ons_dns();
    trace.forward(5, NAME, server);
    trace.upstream_answer(5, NAME, server, Reply::Addresses(&[server]));
    trace.answer(id, NAME, Reply::Addresses(&[]));
    assert!(matches!(
        verdict("ons.dns.aaaa-kept", &trace),
        Verdict::Fail(_)
    ));
}

#[test]
fn a_name_error_has_to_arrive_as_one() {
    for (code, passes) in [
        (ResponseCode::NXDomain, true),
        (ResponseCode::NoError, false),
    ] {
        let (mut trace, id) = asked(NAME, RecordType::AAAA);
        let server = trace.ons_dns();
        trace.forward(5, NAME, server);
        let no = Reply::Code(ResponseCode::NXDomain);
        trace
            .upstream_answer(5, NAME, server, no)
            .answer(id, NAME, Reply::Code(code));
        let verdict = verdict("dns.proxy.upstream-servfail", &trace);
        assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
    }
}

#[test]
fn capital_letters_come_back() {
    let (mut trace, id) = asked("WWW.LineAuth.mnw", RecordType::AAAA);
    assert!(matches!(
        verdict("dns.proxy.case-kept", &trace),
        Verdict::Inconclusive(_)
    ));
    trace.answer(id, "www.lineauth.mnw", Reply::Addresses(&[]));
    assert!(matches!(
        verdict("dns.proxy.case-kept", &trace),
        Verdict::Fail(_)
    ));
}

#[test]
fn an_unknown_type_is_answered_or_passed_on() {
    let (trace, _) = asked(NAME, RecordType::Unknown(65400));
    assert!(matches!(
        verdict("dns.proxy.qtype-any", &trace),
        Verdict::Fail(_)
    ));
    let (trace, _) = asked(NAME, RecordType::A);
    assert!(matches!(
        verdict("dns.proxy.qtype-any", &trace),
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn ids_and_ports_must_vary() {
    let mut trace = TraceBuilder::new("next-ra");
    let server = trace.ons_dns();
    trace.lan_ra(|_| {});
    for id in 1..=9 {
        trace.forward_with(id, 40_000, NAME, server, None);
    }
    assert!(matches!(
        verdict("dns.sec.random-id", &trace),
        Verdict::Fail(_)
    ));
    assert!(matches!(
        verdict("dns.sec.random-port", &trace),
        Verdict::Fail(_)
    ));
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {});
    for id in 1..=9u16 {
        trace.forward(id.wrapping_mul(40_503), NAME, server);
    }
    assert!(matches!(
        verdict("dns.sec.random-id", &trace),
        Verdict::Pass(_)
    ));
    assert!(matches!(
        verdict("dns.sec.random-port", &trace),
        Verdict::Pass(_)
    ));
}

#[test]
fn a_question_that_goes_to_both_servers_is_one() {
    let mut trace = TraceBuilder::new("next-ra");
    let servers = [trace.ons_dns(), trace.trace.header.setup.default_dns[0]];
    trace.lan_ra(|_| {});
    for id in 1..=9u16 {
        for server in servers {
            trace.forward(id.wrapping_mul(40_503), NAME, server);
        }
    }
    assert!(matches!(
        verdict("dns.sec.random-id", &trace),
        Verdict::Pass(_)
    ));
}

#[test]
fn the_wan_gets_no_answer() {
    let mut trace = TraceBuilder::new("next-ra");
    let (server, router) = (trace.ons_dns(), trace.router());
    let ends = ((server, 5000), (router, 53));
    let bytes = query(3, NAME, RecordType::AAAA, None);
    trace
        .lan_ra(|_| {})
        .udp(Role::Wan, End::Network, ends, &bytes);
    assert!(matches!(
        verdict("dns.sec.not-open-on-wan", &trace),
        Verdict::Pass(_)
    ));
    let bytes = response(3, NAME, Reply::Code(ResponseCode::Refused));
    trace.udp(Role::Wan, End::Device, (ends.1, ends.0), &bytes);
    assert!(matches!(
        verdict("dns.sec.not-open-on-wan", &trace),
        Verdict::Fail(_)
    ));
}
