use std::net::Ipv6Addr;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use ngnlab_sim::message::ndp::{Ndp, NeighborSolicit};
use ngnlab_sim::trace::{End, Role};

use super::*;
use crate::checks::dns::test_talk::{Talk, add, opt, question, response};
use crate::checks::test_verdicts::{assert_fails, assert_open, assert_passes, verdict};
use crate::dissection::builder::{ROUTER_LAN, Reply, TraceBuilder};

const NAME: &str = "www.lineauth.mnw";
const OTHER: &str = "hweb.oqs.onshikaku.org";

#[test]
fn a_question_that_only_was_lost_is_not_about_what_is_in_answers() {
    let mut trace = served_with(Some(1232));
    let server = trace.ons_dns();
    trace.at(3000).ask_with(OTHER, RecordType::AAAA, Some(1232));
    trace.forward(6, OTHER, server);
    trace.upstream_answer(6, OTHER, server, Reply::Addresses(&[server]));
    assert_fails(PRESENT, &trace);
    names("dns.proxy.edns-pass", &trace, PRESENT);
}

#[test]
fn what_is_odd_about_all_questions_without_an_answer_is_to_blame() {
    let plain = question(NAME, |_| {});
    let svcb = |query: &mut Vec<u8>| {
        let at = query.len() - 3;
        query[at] = 64;
    };
    let underscore = question("_dns.lineauth.mnw", |_| {});
    let both = question("_dns.lineauth.mnw", svcb);
    let (types, odd) = ("dns.proxy.qtype-any", "dns.proxy.odd-names");
    // The name passes, so that it is the type.
    let mut talk = Talk::new();
    talk.relay(5000, &plain, &response(&plain, 0, &[]));
    talk.relay(5001, &underscore, &response(&underscore, 0, &[]));
    talk.ask(5002, &both);
    talk.fails("dns.proxy.https-type");
    talk.is_inconclusive(odd);
    talk.is_inconclusive(types);
    talk.passes(PRESENT);
    // The type passes, so that it is the name.
    let alike = question("dns.lineauth.mnw", svcb);
    let mut talk = Talk::new();
    talk.relay(5000, &plain, &response(&plain, 0, &[]));
    talk.relay(5001, &alike, &response(&alike, 0, &[]));
    talk.ask(5002, &both);
    talk.fails(odd);
    talk.is_inconclusive("dns.proxy.https-type");
}

#[test]
fn who_answers_nothing_dislikes_nothing_in_particular() {
    let signed = question(NAME, |query| add(query, &opt(1232, 0, 0x8000, &[])));
    let mut talk = Talk::new();
    talk.ask(5000, &question(OTHER, |_| {}));
    talk.trace.at(2000);
    talk.ask(5001, &signed);
    talk.fails(PRESENT);
    talk.is_inconclusive("dns.proxy.edns-do");
    talk.is_inconclusive("dns.proxy.edns-pass");
}

#[test]
fn questions_with_an_opt_record_are_dropped_where_only_those_without_are_answered() {
    let mut trace = served();
    trace.at(3000).ask_with(OTHER, RecordType::AAAA, Some(1232));
    assert_fails("dns.proxy.edns-pass", &trace);
    let mut trace = served_with(Some(1232));
    trace.at(3000).ask_with(OTHER, RecordType::AAAA, Some(1232));
    assert_fails(PRESENT, &trace);
    names("dns.proxy.edns-pass", &trace, PRESENT);
}

#[test]
fn what_came_over_tcp_in_the_end_came() {
    let query = question(OTHER, |_| {});
    let answer = response(&query, 0, &[]);
    let plain = question(NAME, |_| {});
    let mut talk = Talk::new();
    talk.relay(5000, &plain, &response(&plain, 0, &[]));
    talk.trace.at(2000);
    talk.ask(5001, &query);
    talk.fails(PRESENT);
    talk.trace.at(3000);
    let mut stream = talk.connect(0, 5002);
    talk.send_message(0, &mut stream, End::Network, &query);
    talk.forward(&query).reply(&answer);
    talk.send_message(0, &mut stream, End::Device, &answer);
    talk.passes(PRESENT);
}

#[test]
fn an_answer_for_somebody_else_much_later_is_none_for_who_asked_first() {
    let mut trace = served();
    let server = trace.ons_dns();
    trace.at(3000).ask(OTHER, RecordType::AAAA);
    trace.forward(6, OTHER, server);
    // Exactly ten seconds later another terminal asks the same, and the servers are back.
    let ends = (
        (Ipv6Addr::from_bits(trace.pc().to_bits() ^ 1), 40_000),
        (trace.router(), 53),
    );
    let query = crate::dissection::builder::query(77, OTHER, RecordType::AAAA, None);
    trace.at(13_000).udp(Role::Lan, End::Network, ends, &query);
    trace.forward(7, OTHER, server);
    trace.upstream_answer(7, OTHER, server, Reply::Addresses(&[server]));
    let answer = crate::dissection::builder::response(77, OTHER, Reply::Addresses(&[server]));
    trace.udp(Role::Lan, End::Device, (ends.1, ends.0), &answer);
    assert_passes(PRESENT, &trace);
}

#[test]
fn an_answer_to_a_try_that_was_given_up_is_as_good_as_none() {
    let mut trace = served();
    let server = trace.ons_dns();
    trace.at(3000).ask(OTHER, RecordType::AAAA);
    trace.forward(6, OTHER, server);
    trace
        .at(13_000)
        .ask_with(OTHER, RecordType::AAAA, Some(1232));
    trace.forward(7, OTHER, server);
    trace
        .at(13_050)
        .upstream_answer(6, OTHER, server, Reply::Addresses(&[server]));
    assert_passes(PRESENT, &trace);
}

#[test]
fn a_terminal_that_is_looked_for_may_lose_an_answer() {
    let mut trace = served();
    let server = trace.ons_dns();
    trace.at(3000).ask(OTHER, RecordType::AAAA);
    trace.forward(6, OTHER, server);
    trace.upstream_answer(6, OTHER, server, Reply::Addresses(&[server]));
    assert_fails(PRESENT, &trace);
    let (target, own) = (trace.pc(), ROUTER_LAN.link_local());
    let group = ngnlab_sim::message::packet::solicited_node(target);
    let solicit = Ndp::NeighborSolicit(NeighborSolicit {
        target,
        source_link_layer: Some(ROUTER_LAN),
    });
    trace.ndp(Role::Lan, End::Device, own, group, &solicit);
    assert_passes(PRESENT, &trace);
}

#[test]
fn answers_that_go_astray_belong_to_the_checks_on_that() {
    let query = question(NAME, |_| {});
    let answer = response(&query, 0, &[]);
    let mut talk = Talk::new();
    let elsewhere = ROUTER_LAN.link_local();
    talk.ask(5000, &query).forward(&query).reply(&answer);
    talk.answer_from(elsewhere, 5000, &answer);
    talk.fails("dns.proxy.answers-from-asked-address");
    names(PRESENT, &talk.trace, "dns.proxy.answers-from-asked-address");
}

#[test]
fn failures_that_nobody_was_told_of_belong_to_the_check_on_that() {
    let mut trace = served();
    let server = trace.ons_dns();
    trace.at(3000).ask(OTHER, RecordType::AAAA);
    trace.forward(6, OTHER, server);
    trace.upstream_answer(6, OTHER, server, Reply::Code(ResponseCode::ServFail));
    assert_fails("dns.proxy.servfail-passed", &trace);
    assert_passes(PRESENT, &trace);
}

#[test]
fn servers_that_take_no_connection_are_silent() {
    let mut trace = served();
    let server = trace.ons_dns();
    trace.at(3000).ask(OTHER, RecordType::AAAA);
    assert_fails(PRESENT, &trace);
    let mut syn = etherparse::TcpHeader::new(50_000, 53, 1, 1000);
    syn.syn = true;
    let envelope = trace.envelope(Role::Wan, End::Device, trace.router(), server);
    trace.frame(Role::Wan, End::Device, envelope.tcp(syn, &[]));
    assert_passes(PRESENT, &trace);
}

/// A terminal had an answer already, without EDNS.
fn served() -> TraceBuilder {
    served_with(None)
}

/// A terminal had an answer already.
fn served_with(edns: Option<u16>) -> TraceBuilder {
    let mut trace = TraceBuilder::new("next-ra");
    trace.lan_ra(|_| {}).at(1000);
    let server = trace.ons_dns();
    let id = trace.ask_with(NAME, RecordType::AAAA, edns);
    trace.forward_with(5, 40_005, NAME, server, edns);
    trace.upstream_answer(5, NAME, server, Reply::Addresses(&[server]));
    trace.answer(id, NAME, Reply::Addresses(&[server]));
    trace
}

#[track_caller]
fn names(id: &str, trace: &TraceBuilder, owner: &str) {
    assert_open(id, trace);
    let text = format!("{:?}", verdict(id, trace));
    assert!(text.contains(&format!("because {owner} failed")), "{text}");
}
