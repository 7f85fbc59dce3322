use std::net::Ipv6Addr;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use ngnlab_sim::trace::End;

use super::super::verdicts::{assert_fails, assert_open, assert_passes, verdict};
use super::*;
use crate::dissection::builder::{Reply, TraceBuilder, response};

const NAME: &str = "www.lineauth.mnw";
const TRUE: Ipv6Addr = Ipv6Addr::new(0x2404, 0, 0, 0, 0, 0, 0, 1);
const FALSE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xbad);
const PORT_ASKED: u16 = 40_007;

/// Who forges, to which port, under which id, for which name.
type Forgery = (Ipv6Addr, u16, u16, &'static str);

fn forgeries(server: Ipv6Addr) -> [(&'static str, Forgery); 4] {
    let stranger = "2404:1a8:f583:d00::153:1".parse().unwrap();
    [
        ("dns.sec.match-id", (server, PORT_ASKED, 8, NAME)),
        ("dns.sec.match-port", (server, PORT_ASKED + 1, 7, NAME)),
        ("dns.sec.match-address", (stranger, PORT_ASKED, 7, NAME)),
        (
            "dns.sec.match-question",
            (server, PORT_ASKED, 7, "zww.lineauth.mnw"),
        ),
    ]
}

#[test]
fn a_forged_answer_must_not_reach_the_lan() {
    let server = TraceBuilder::new("next-pd").ons_dns();
    for (id, forgery) in forgeries(server) {
        for (told, passes) in [(TRUE, true), (FALSE, false)] {
            let trace = forged(forgery, told);
            let verdict = verdict(id, &trace);
            assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
            assert_eq!(matches!(verdict, Verdict::Fail(_)), !passes, "{verdict:?}");
            for (other, _) in forgeries(server).iter().filter(|(other, _)| *other != id) {
                assert_open(other, &trace);
            }
        }
    }
}

#[test]
fn the_alternate_server_may_answer_for_the_preferred_one_and_late_answers_forge_nothing() {
    let [server, alternate] = TraceBuilder::new("next-pd").trace.header.line.ons_dns();
    let trace = forged((alternate, PORT_ASKED, 7, NAME), FALSE);
    assert_open("dns.sec.match-address", &trace);
    let mut trace = asked();
    trace.upstream_answer(7, NAME, server, Reply::Addresses(&[TRUE]));
    let bytes = response(8, NAME, Reply::Addresses(&[FALSE]));
    let ends = ((server, 53), (trace.router(), PORT_ASKED));
    trace.udp(Role::Wan, End::Network, ends, &bytes);
    assert_open("dns.sec.match-id", &trace);
}

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
    trace.answer(later, "b.lineauth.mnw", Reply::Addresses(&[]));
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
    trace.answer(later, "b.lineauth.mnw", Reply::Addresses(&[]));
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

/// A forged answer comes first, then the true one; the terminal is told an address.
fn forged((from, port, id, name): Forgery, told: Ipv6Addr) -> TraceBuilder {
    let mut trace = asked();
    let asked = trace.fresh_id() - 1;
    let (server, router) = (trace.ons_dns(), trace.router());
    let lie = response(id, name, Reply::Addresses(&[FALSE]));
    trace.udp(Role::Wan, End::Network, ((from, 53), (router, port)), &lie);
    trace.at(1300);
    let truth = response(7, NAME, Reply::Addresses(&[TRUE]));
    let ends = ((server, 53), (router, PORT_ASKED));
    trace.udp(Role::Wan, End::Network, ends, &truth);
    trace.answer(asked, NAME, Reply::Addresses(&[told]));
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
