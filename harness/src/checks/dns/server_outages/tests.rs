use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::test_verdicts::{assert_fails, assert_open, assert_passes};
use crate::dissection::builder::{Reply, TraceBuilder, response};

const NAME: &str = "www.lineauth.mnw";

const LATER: &str = "b.lineauth.mnw";

#[test]
fn a_slow_answer_has_to_be_handed_on() {
    let id = "dns.proxy.slow-server";
    let (mut trace, asked) = dead();
    let server = trace.ons_dns();
    trace
        .at(4000)
        .upstream_answer(7, NAME, server, Reply::Addresses(&[server]));
    assert_fails(id, &trace);
    trace.answer(asked, NAME, Reply::Code(ResponseCode::ServFail));
    assert_fails(id, &trace);
    let (mut trace, asked) = dead();
    trace
        .at(4000)
        .upstream_answer(7, NAME, server, Reply::Addresses(&[server]))
        .answer(asked, NAME, Reply::Addresses(&[server]));
    assert_passes(id, &trace);
}

#[test]
fn a_quick_answer_is_not_slow_and_a_failure_hides_nothing() {
    let (mut trace, _) = dead();
    let server = trace.ons_dns();
    trace.at(1100);
    trace.upstream_answer(7, NAME, server, Reply::Addresses(&[server]));
    assert_open("dns.proxy.slow-server", &trace);
    let (mut trace, _) = dead();
    trace.at(4000);
    trace.upstream_answer(7, NAME, server, Reply::Code(ResponseCode::ServFail));
    assert_open("dns.proxy.slow-server", &trace);
}

#[test]
fn a_slow_answer_that_is_garbled_need_not_be_handed_on() {
    let id = "dns.proxy.slow-server";
    let (mut trace, asked) = dead();
    let server = trace.ons_dns();
    let ends = ((server, 53), (trace.router(), 40_007));
    let sound = response(7, NAME, Reply::Addresses(&[server]));
    // Neither a question in it, nor anything that could be read.
    let mut bare = sound.clone();
    bare[5] = 0;
    trace.at(4000).udp(Role::Wan, End::Network, ends, &bare);
    assert_open(id, &trace);
    trace.answer(asked, NAME, Reply::Code(ResponseCode::ServFail));
    assert_open(id, &trace);
    // In the time of mutation what can be read may be wrong, too.
    let (mut trace, _) = dead();
    trace.done("dns = { node = \"ons-dns\", mood = \"mutated\" }");
    trace.at(4000).udp(Role::Wan, End::Network, ends, &sound);
    assert_open(id, &trace);
}

#[test]
fn dead_servers_are_asked_a_few_times_only() {
    let id = "dns.proxy.both-dead";
    let (mut trace, _) = dead();
    assert_passes(id, &trace);
    let server = trace.ons_dns();
    for number in 0..60 {
        trace.at(1000 + 50 * u64::from(number));
        trace.forward(100 + number, NAME, server);
    }
    assert_fails(id, &trace);
}

#[test]
fn names_resolve_again_after_the_outage() {
    let id = "dns.proxy.recovers";
    let (mut trace, _) = dead();
    for name in ["ons-dns-1", "ons-dns-2"] {
        silence(&mut trace, name);
    }
    let later = trace.at(40_000).ask(LATER, RecordType::AAAA);
    assert_fails(id, &trace);
    trace.answer(later, LATER, Reply::Code(ResponseCode::ServFail));
    assert_fails(id, &trace);
    let again = trace.at(42_000).ask(LATER, RecordType::AAAA);
    trace.answer(again, LATER, Reply::Addresses(&[]));
    assert_passes(id, &trace);
}

#[test]
fn an_outage_of_one_server_is_no_outage() {
    let (mut trace, _) = dead();
    silence(&mut trace, "ons-dns-1");
    trace.at(40_000).ask(LATER, RecordType::AAAA);
    assert_open("dns.proxy.recovers", &trace);
}

#[test]
fn the_preferred_server_gets_another_chance() {
    let id = "dns.proxy.recovers-to-preferred";
    let (mut trace, _) = dead();
    silence(&mut trace, "ons-dns-1");
    let [preferred, alternate] = trace.trace.header.line.ons_dns();
    trace.at(30_000).forward(8, LATER, alternate);
    assert_open(id, &trace);
    trace.at(58_000).forward(9, LATER, alternate);
    assert_fails(id, &trace);
    trace.at(59_000).forward(10, LATER, preferred);
    assert_passes(id, &trace);
}

/// A terminal asks, the router asks the preferred server, and nobody answers.
fn dead() -> (TraceBuilder, u16) {
    let mut trace = TraceBuilder::new("next-pd");
    let server = trace.ons_dns();
    let asked = trace.lan_ra(|_| {}).at(1000).ask(NAME, RecordType::AAAA);
    trace.forward(7, NAME, server);
    (trace, asked)
}

/// The step that made a server deaf from the beginning until 15 s.
fn silence(trace: &mut TraceBuilder, name: &str) {
    trace.done(&format!(
        "silence = {{ node = \"{name}\", lasting = \"15s\" }}"
    ));
    let records = &mut trace.trace.records;
    let mut step = records.pop().expect("it was put there");
    step.at = Time::ZERO;
    records.insert(0, step);
}
