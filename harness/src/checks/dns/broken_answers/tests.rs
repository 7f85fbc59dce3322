use std::net::Ipv6Addr;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use ngnlab_sim::trace::End;

use super::*;
use crate::checks::test_verdicts::{assert_fails, assert_open, assert_passes};
use crate::dissection::builder::{Reply, TraceBuilder, response};

const NAME: &str = "www.lineauth.mnw";

const TRUE: Ipv6Addr = Ipv6Addr::new(0x2404, 0, 0, 0, 0, 0, 0, 1);

const PORT_ASKED: u16 = 40_007;

#[test]
fn whoever_gets_nonsense_tells_the_terminal() {
    let id = "dns.proxy.servfail-on-malformed";
    let mut trace = malformed();
    assert_fails(id, &trace);
    let failed = Reply::Code(ResponseCode::ServFail);
    let asked = trace.fresh_id() - 1;
    trace.answer(asked, NAME, failed);
    assert_passes(id, &trace);
    assert_open(id, &self::asked());
}

#[test]
fn an_answer_cut_within_its_question_may_be_ignored() {
    let mut trace = asked();
    let mut bytes = response(7, NAME, Reply::Addresses(&[TRUE]));
    bytes.truncate(20);
    let ends = ((trace.ons_dns(), 53), (trace.router(), PORT_ASKED));
    trace.udp(Role::Wan, End::Network, ends, &bytes);
    assert_open("dns.proxy.servfail-on-malformed", &trace);
}

#[test]
fn the_proxy_lives_on_after_nonsense() {
    let id = "dns.proxy.malformed-survive";
    let mut trace = malformed();
    assert_open(id, &trace);
    let later = trace.at(20_000).ask("b.lineauth.mnw", RecordType::AAAA);
    assert_fails(id, &trace);
    trace.answer(later, "b.lineauth.mnw", Reply::Addresses(&[TRUE]));
    assert_passes(id, &trace);
}

#[test]
fn the_proxy_lives_on_after_mutants() {
    let mut trace = TraceBuilder::new("next-pd");
    assert_open("rob.dns.fuzz", &trace);
    trace
        .at(500)
        .done("dns = { node = \"ons-dns\", mood = \"mutated\", lasting = \"10s\" }");
    trace.lan_ra(|_| {}).at(1000).ask(NAME, RecordType::AAAA);
    let server = trace.ons_dns();
    trace.forward(7, NAME, server);
    trace.upstream_answer(7, NAME, server, Reply::Truncated);
    let later = trace.at(20_000).ask("b.lineauth.mnw", RecordType::AAAA);
    assert_fails("rob.dns.fuzz", &trace);
    // A server that says nothing is no fault of the proxy.
    trace.forward(9, "b.lineauth.mnw", server);
    assert_open("rob.dns.fuzz", &trace);
    trace.answer(later, "b.lineauth.mnw", Reply::Addresses(&[TRUE]));
    assert_passes("rob.dns.fuzz", &trace);
}

/// A terminal has asked, and the router has asked upstream.
fn asked() -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-pd");
    let server = trace.ons_dns();
    trace.lan_ra(|_| {}).at(1000).ask(NAME, RecordType::AAAA);
    trace.forward_with(7, PORT_ASKED, NAME, server, None);
    trace
}

/// The only answer from upstream breaks off behind its question.
fn malformed() -> TraceBuilder {
    let mut trace = asked();
    let mut bytes = response(7, NAME, Reply::Addresses(&[TRUE]));
    bytes.truncate(bytes.len() - 20);
    let ends = ((trace.ons_dns(), 53), (trace.router(), PORT_ASKED));
    trace.udp(Role::Wan, End::Network, ends, &bytes);
    trace
}
